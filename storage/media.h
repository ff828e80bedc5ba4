/*
 * media - the files that go with posts of ours: what they are, and whose. The bytes lie beside the
 * store, in a file named by the id.
 *
 * A record is born with its post and dies with it; the file follows, in its own time.
 *
 * On disk  media
 */
#ifndef WARD_STORAGE_MEDIA_H
#define WARD_STORAGE_MEDIA_H

#include "storage/record.h"

/* ERR_EXISTS: the id is taken. */
MUST_CHECK enum err media_add(struct txn *txn, const Media *media);
MUST_CHECK enum err media_get(struct txn *txn, uint64_t id, struct arena *arena, Media **out);
/* Those of a post that goes; for post.c. */
MUST_CHECK enum err media_drop_of(struct txn *txn, const Post *post);

#endif
