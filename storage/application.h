/*
 * application - the programs people may let act for them: each registers itself.
 *
 * Many register once for every person and device, so a record is small and one that nobody let in
 * for long goes again (application_expire), never while a token of it lives.
 *
 * Memory   records live in the caller's arena
 * Threads  reads: any thread with a txn. Writes: inside a mutation only.
 * On disk  application
 * Source   RFC 6749 §2; T110
 */
#ifndef WARD_STORAGE_APPLICATION_H
#define WARD_STORAGE_APPLICATION_H

#include "storage/record.h"
#include "storage/token.h"

/* Unused so long, it is forgotten. */
#define APPLICATION_LIFE_MS ((int64_t)90 * 24 * 3600 * 1000)

#define APPLICATIONS_MAX 1000000 /* strangers make them; what is unused goes */

/* Gives it its id and its secret (in the arena: the only time it is visible). ERR_LATER: there are
 * too many. */
MUST_CHECK enum err application_add(struct txn *txn, Application *application, int64_t now_ms,
                                    struct arena *arena, const char **out_secret);
MUST_CHECK enum err application_get(struct txn *txn, uint64_t id, struct arena *arena,
                                    Application **out);
bool application_secret_is(const Application *application, const char *secret);
/* Somebody let it in now. */
MUST_CHECK enum err application_touch(struct txn *txn, uint64_t id, int64_t now_ms);
/* With every token that was given to it. */
MUST_CHECK enum err application_del(struct txn *txn, uint64_t id);
MUST_CHECK enum err application_next(struct txn *txn, uint64_t after, struct arena *arena,
                                     Application **out);
/*
 * Forgets those that have no token and were last used before `before_ms`, looking at up to `max`
 * after *id (start with 0), which is moved on. ERR_NOTFOUND: that was the last of them.
 */
MUST_CHECK enum err application_expire(struct txn *txn, uint64_t *id, unsigned max,
                                       int64_t before_ms);

#endif
