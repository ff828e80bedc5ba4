/*
 * sfv - structured field values: dictionaries, lists, items, and writing them again.
 *
 * The whole of RFC 8941 plus Date; Display Strings (RFC 9651) are refused, no field of ours has
 * them. Several header lines of one name are joined by the caller with ", " first.
 *
 * Memory   everything lives in the caller's arena
 * Threads  pure
 * Errors   ERR_INVALID malformed; ERR_LIMIT over SFV_MAX_MEMBERS or the arena is full
 * Source   RFC 9651 §4.2 (parsing), §4.1 (serialising)
 */
#ifndef WARD_FEDERATION_SFV_H
#define WARD_FEDERATION_SFV_H

#include "storage/base/arena.h"
#include "storage/base/base.h"
#include "storage/base/buf.h"

#define SFV_MAX_MEMBERS                                                                            \
    1024 /* of one list, dictionary or parameter list; the RFC asks for 1024                       \
          */

enum sfv_type {
    SFV_INTEGER,
    SFV_DECIMAL,
    SFV_STRING,
    SFV_TOKEN,
    SFV_BYTES,
    SFV_BOOLEAN,
    SFV_DATE,
};

struct sfv_value {
    enum sfv_type type;
    int64_t number;     /* integer; date in seconds; boolean 0 or 1; decimal in thousandths */
    struct bytes bytes; /* string, token (NUL follows, no NUL inside) or byte sequence */
};

struct sfv_param {
    const char *key;
    struct sfv_value value;
};

struct sfv_params {
    struct sfv_param *p;
    size_t n;
};

struct sfv_item {
    struct sfv_value value;
    struct sfv_params params;
};

/* A member of a list or dictionary: one item, or an inner list. */
struct sfv_member {
    const char *key; /* NULL in a list */
    bool is_list;
    struct sfv_item *items; /* one when !is_list */
    size_t item_count;
    struct sfv_params params; /* of the inner list; those of an item are in the item */
};

struct sfv_field {
    struct sfv_member *p;
    size_t n;
};

MUST_CHECK enum err sfv_parse_dictionary(struct bytes text, struct arena *arena,
                                         struct sfv_field *out);
MUST_CHECK enum err sfv_parse_list(struct bytes text, struct arena *arena, struct sfv_field *out);
MUST_CHECK enum err sfv_parse_item(struct bytes text, struct arena *arena, struct sfv_item *out);

/* The member of that key; NULL when there is none. */
const struct sfv_member *sfv_find(const struct sfv_field *field, const char *key);
const struct sfv_value *sfv_param_find(const struct sfv_params *params, const char *key);

/* Canonical form. Members as `key=value` in a dictionary. */
void sfv_write_dictionary(struct buf *out, const struct sfv_field *field);
void sfv_write_list(struct buf *out, const struct sfv_field *field);
void sfv_write_item(struct buf *out, const struct sfv_item *item);
/* The value of one member without its key: what RFC 9421 §2.3 signs as "@signature-params". */
void sfv_write_member(struct buf *out, const struct sfv_member *member);

#endif
