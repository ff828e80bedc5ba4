/*
 * mediatype - is this Content-Type one of those?
 *
 * Threads  pure
 * Source   RFC 9110 §8.3.1; ActivityPub #retrieving-objects; threats.md T09
 */
#ifndef WARD_NODE_HTTP_MEDIATYPE_H
#define WARD_NODE_HTTP_MEDIATYPE_H

#include "storage/base/base.h"

/*
 * `value` is a whole Content-Type; `wanted` is "type/subtype", or with
 * `; profile="uri"` when that profile must be among those named. Any other well-formed
 * parameters are welcome; a malformed value never matches.
 */
bool mediatype_matches(struct bytes value, const char *wanted);

/* The two types an ActivityPub inbox takes, for a route's `types`. */
extern const char *const mediatype_activity[];

#endif
