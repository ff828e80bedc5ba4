/*
 * canonical - JSON as the one sequence of bytes that everybody hashes alike: JCS.
 *
 * No white space; members in the order of their names' UTF-16 code units; numbers as ECMAScript
 * writes a double (the shortest digits that read back as the same one); strings with no escapes but
 * those JSON demands. A number is a double here, also a large integer: 9007199254740993 becomes
 * 9007199254740992, for us as for everybody else.
 *
 * Memory   appended to the caller's buf, whose maximum bounds it
 * Threads  pure
 * Errors   ERR_INVALID not JSON (two equal names, bad UTF-8, a number that is no double);
 *          ERR_LIMIT depth or tokens (as2_prescan), or the buf is full
 * Source   RFC 8785
 */
#ifndef WARD_FEDERATION_CANONICAL_H
#define WARD_FEDERATION_CANONICAL_H

#include "storage/base/buf.h"

#include <jansson.h>

#define CANONICAL_NUMBER_BYTES 64 /* enough and to spare: the longest takes 25 */
/* Every body within the limits of as2.h: a short number may become twenty-one digits. */
#define CANONICAL_MAX_BYTES ((size_t)4 * 1024 * 1024)

MUST_CHECK enum err canonical_json(struct bytes json, struct buf *out, struct why *why);

/* A tree whose depth as2_prescan bounded. */
MUST_CHECK enum err canonical_tree(const json_t *value, struct buf *out);

/* A finite number; "" for what is none. */
void canonical_number(double number, char out[CANONICAL_NUMBER_BYTES]);

#endif
