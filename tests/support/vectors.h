/*
 * vectors - the published test vectors under tests/vectors/, as JSON.
 *
 * Errors   a file that is missing or malformed fails the test
 */
#ifndef WARD_TESTS_SUPPORT_VECTORS_H
#define WARD_TESTS_SUPPORT_VECTORS_H

#include <jansson.h>

#include "federation/http_message.h"
#include "storage/base/arena.h"

/* $WARD_VECTORS/`path`; the caller releases it (json_auto_t). */
json_t *vectors_load(const char *path);
/* The same from another directory. */
json_t *vectors_load_from(const char *directory, const char *path);

/* A string member; "" when there is none. Borrowed from `object`. */
const char *vectors_text(const json_t *object, const char *key);

/*
 * {method, target, headers: [[name, value]...], body} as a message for https; what is missing is
 * empty. `extra` more header places are left free behind header_count. Borrows from `object`.
 */
struct http_message vectors_message(const json_t *object, struct arena *arena, size_t extra);
/* Fills one of those places. */
void vectors_add_header(struct http_message *msg, const char *name, const char *value);

#endif
