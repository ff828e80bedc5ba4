/*
 * params - the parameters of a call, however they came: query, form, multipart or JSON.
 *
 * All of them end as one flat list of names and values, in the order sent (the query first), in
 * the names Rails forms have: "status", "media_ids[]", "poll[options][]", "source[privacy]",
 * "fields_attributes[0][name]". JSON is flattened into the same; "a[0]" is the same as "a[]", and
 * asking for "a[]" finds "a" too, and the reverse. Objects in a list ("keywords_attributes") keep
 * their number: "keywords_attributes[0][keyword]"; forms that write "[]" there begin a new one
 * when a name comes again.
 *
 * Bounds   PARAMS_MAX parameters; JSON depth 8; names 200 bytes
 * Memory   in the caller's arena; a file's bytes stay in the body
 * Threads  pure
 * Errors   ERR_INVALID with why: 400 (422 where apps expect that); ERR_LIMIT too many
 * Source   HTML forms; RFC 7578; threats T57, T58
 */
#ifndef WARD_NODE_API_PARAMS_H
#define WARD_NODE_API_PARAMS_H

#include "storage/base/arena.h"
#include "storage/base/base.h"

#define PARAMS_MAX 1024
#define PARAM_NAME_MAX_BYTES 200
#define PARAMS_JSON_DEPTH_MAX 8

struct param {
    const char *name, *value; /* JSON null is no parameter */
};

/* A part of a multipart body that is a file. */
struct param_file {
    const char *name, *file_name; /* file_name as claimed: never used as a path */
    uint64_t at, size;            /* in the body */
};

/* A request's body: in memory, or (file >= 0) in a file. */
struct params_body {
    const char *type; /* the Content-Type, or NULL */
    struct bytes bytes;
    int file;
    uint64_t size; /* of the file */
};

#define PARAMS_TEXT_MAX_BYTES ((uint64_t)1 << 20) /* of a body in a file, without the files */
#define PARAM_FILES_MAX 8
struct params {
    struct param *item;
    size_t n, room;
    struct param_file file[PARAM_FILES_MAX];
    size_t n_files;
};

/* `query`: the raw query, `type`: the Content-Type or NULL. */
MUST_CHECK enum err params_read(struct bytes query, const char *type, struct bytes body,
                                struct arena *arena, struct params *out, struct why *why);
/* The same of a body that may be in a file: what is no multipart is at most PARAMS_TEXT_MAX_BYTES.
 */
MUST_CHECK enum err params_read_body(struct bytes query, const struct params_body *body,
                                     struct arena *arena, struct params *out, struct why *why);

/* The last value of that name; NULL when it was not sent. */
const char *params_get(const struct params *params, const char *name);
bool params_has(const struct params *params, const char *name);
/* Every value of a list, in order; at most `max`. Returns how many. */
size_t params_list(const struct params *params, const char *name, const char **out, size_t max);
/* true, 1, on, t / false, 0, off, f; `standard` when it was not sent or is something else. */
bool params_bool(const struct params *params, const char *name, bool standard);
/* `standard` when it was not sent; ERR_INVALID when it is no integer. */
MUST_CHECK enum err params_number(const struct params *params, const char *name, int64_t standard,
                                  int64_t *out);
/* An id; 0 when it was not sent; ERR_INVALID when it is none. */
MUST_CHECK enum err params_id(const struct params *params, const char *name, uint64_t *out);
/* The file of that name, or NULL. */
const struct param_file *params_file(const struct params *params, const char *name);

#endif
