/*
 * media - the files that go with posts and profiles of ours: what they are, and whose. The bytes
 * lie beside the store, in a file named by the id.
 *
 * A record is made with its post (by command), or waits for one: an upload belongs to its owner
 * alone, who may use it in one post within MEDIA_WAIT_MS. When the post goes, its media wait again,
 * so that it can be written anew; who waits too long is removed, and the file follows.
 *
 * A preview is a record of its own (use PREVIEW) that goes with the one it shows.
 *
 * Threads  reads: any thread with a txn. Writes: inside a mutation only.
 * On disk  media
 */
#ifndef WARD_STORAGE_MEDIA_H
#define WARD_STORAGE_MEDIA_H

#include "storage/record.h"

#define MEDIA_WAIT_MS ((int64_t)24 * 3600 * 1000)

/* ERR_EXISTS: the id is taken. */
MUST_CHECK enum err media_add(struct txn *txn, const Media *media);
MUST_CHECK enum err media_put(struct txn *txn, const Media *media);
MUST_CHECK enum err media_get(struct txn *txn, uint64_t id, struct arena *arena, Media **out);
/* And its preview. ERR_NOTFOUND: there is none. */
MUST_CHECK enum err media_del(struct txn *txn, uint64_t id);
/* An avatar or header: for everyone. */
bool media_is_of_profile(const Media *media);
/* The post it is shown with (a preview: what it shows); 0: it waits for one. */
MUST_CHECK enum err media_post(struct txn *txn, const Media *media, struct arena *arena,
                               uint64_t *out);
/* An upload of `owner` that waits: ready or not (media->state). ERR_NOTFOUND: no such one. */
MUST_CHECK enum err media_waiting(struct txn *txn, uint64_t id, uint64_t owner, struct arena *arena,
                                  Media **out);
/* It waits no longer: it is the post's. ERR_LATER: still being worked at; ERR_INVALID: that failed.
 */
MUST_CHECK enum err media_attach(struct txn *txn, uint64_t id, uint64_t owner, uint64_t post,
                                 struct arena *arena, Media **out);
/* The post is without it: it waits again, as `attachment` describes it. */
MUST_CHECK enum err media_detach(struct txn *txn, const Attachment *attachment, int64_t now_ms);
/* All of a post that goes; for post.c. */
MUST_CHECK enum err media_detach_all(struct txn *txn, const Post *post, int64_t now_ms);
/* All of a post, for good: a recall. */
MUST_CHECK enum err media_drop_of(struct txn *txn, const Post *post);
/* Has waited too long: nobody can want it any more. */
bool media_is_stale(const Media *media, int64_t now_ms);

#endif
