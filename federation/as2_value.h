/*
 * as2_value - one JSON value of ActivityStreams, of whatever type it turns out to be.
 *
 * For as2*.c only: the helpers that make "id or object, one or many, string or map, or something
 * else altogether" plain, so that the decoders read as a list of properties.
 *
 * Memory   what takes a reader is copied into its arena; the rest is borrowed from the tree
 * Errors   none: unusable is NULL or 0. A reader remembers what must refuse the whole document:
 *          an id over URI_MAX_BYTES (T89), a full arena. as2_reader_check() says so at the end.
 */
#ifndef WARD_FEDERATION_AS2_VALUE_H
#define WARD_FEDERATION_AS2_VALUE_H

#include "federation/as2.h"

#include <jansson.h>

#define AS2_NAME_MAX 1024 /* names, languages, media types: what is shown on one line */
#define AS2_TYPE_MAX 128

struct as2_reader {
    struct arena *arena;
    const char *refused; /* what was wrong with an id; NULL: nothing yet */
    bool is_cut;
};

enum as2_class {
    AS2_CLASS_UNKNOWN,
    AS2_CLASS_NONE, /* no type at all */
    AS2_CLASS_ACTIVITY,
    AS2_CLASS_NOTE,
    AS2_CLASS_ACTOR,
    AS2_CLASS_COLLECTION,
    AS2_CLASS_TOMBSTONE,
};

/* Prescan, parse, refuse what T35 names. *out is released with json_decref (json_auto_t). */
MUST_CHECK enum err as2_load(struct bytes body, json_t **out, struct why *why);
MUST_CHECK enum err as2_reader_check(const struct as2_reader *r, struct why *why);
/* T35: ERR_INVALID for @graph, @included, @reverse and contexts that remap terms we use. */
MUST_CHECK enum err as2_context_check(json_t *document, struct why *why);

/* A property under its plain name, else with one of the well-known prefixes (as:, toot:, schema:).
 */
const json_t *as2_get(const json_t *object, const char *name);
/* One or many: 0 for absent and null, 1 for anything that is no array. */
size_t as2_count(const json_t *value);
const json_t *as2_item(const json_t *value, size_t i);

/* The type: the first known one of several, else the first; NULL: none. */
const char *as2_type(struct as2_reader *r, const json_t *object, enum as2_class *out_class);
/* Is `name` among the object's types? */
bool as2_is(const json_t *object, const char *name);

/* A string, cut at `max` bytes between characters; NULL for "" and everything else. */
const char *as2_string(struct as2_reader *r, const json_t *value, size_t max);
/* `name`, else any language of `map_name`; *out_language is NULL when it is not known. */
const char *as2_text(struct as2_reader *r, const json_t *object, const char *name,
                     const char *map_name, size_t max, const char **out_language);
/* The entries of `map_name` in other languages than the text that was chosen, each once. */
size_t as2_translations(struct as2_reader *r, const json_t *object, const char *map_name,
                        const char *chosen, struct as2_text **out);
bool as2_bool(const json_t *value);
int64_t as2_time(const json_t *value);
/* An integer within 0..max; -1 for anything else. */
int64_t as2_integer(const json_t *value, int64_t max);
/* A number cut to low..high; 0 for anything else. */
float as2_fraction(const json_t *value, float low, float high);

/* Something that could be fetched: http(s), no white space or control characters. */
bool as2_is_http(const char *text);
/* The id of a string, an object, or the first of many: borrowed, any length; NULL: none. */
const char *as2_id_of(const json_t *value);
/* The same, copied. Too long refuses the document. */
const char *as2_id(struct as2_reader *r, const json_t *value);
/* A link that is not an identity: too long is dropped. */
const char *as2_link(struct as2_reader *r, const json_t *value);
/* A URL: string, Link, object with url, or many of them, text/html preferred. */
const char *as2_url(struct as2_reader *r, const json_t *value, const char **out_media_type);
/* The ids of one or many, at most `max`, each once; what is over is cut (T58). */
struct as2_list as2_ids(struct as2_reader *r, const json_t *value, size_t max);

/* Mentions, hashtags and emoji that can be used; more than AS2_TAGS_MAX are cut. */
size_t as2_read_tags(struct as2_reader *r, const json_t *values, struct as2_tag **out);
/* The image of the emoji called `name`, else of the first one; NULL: none. */
const char *as2_read_icon(struct as2_reader *r, const json_t *tags, const char *name);
/* What else is said beside the text: poll, policy, where and when. */
void as2_read_poll(struct as2_reader *r, const json_t *object, struct as2_note *out);
void as2_read_policy(struct as2_reader *r, const json_t *object, struct as2_policy *out);
void as2_read_note(struct as2_reader *r, const json_t *object, const char *actor,
                   struct as2_note *out);
/* ERR_INVALID: without an id, or with endpoints on another host (T33). */
MUST_CHECK enum err as2_read_actor(struct as2_reader *r, const json_t *object,
                                   struct as2_actor *out, struct why *why);
void as2_read_key(struct as2_reader *r, const json_t *value, struct as2_key *out);
/* ERR_INVALID: no type, or no actor. */
MUST_CHECK enum err as2_read_activity(struct as2_reader *r, const json_t *object,
                                      struct as2_activity *out, struct why *why);

#endif
