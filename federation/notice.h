/*
 * notice - which notifications one of ours wants.
 *
 * Asked when one is about to be written, and again at each reading, so that a block, a mute or the
 * muting of a thread takes effect at once on what was written before. Not wanted: what comes from
 * whom they block or are blocked by, have muted with their notifications (until the mute ends), or
 * whose host they block, and what happens in a thread they muted. What the node itself has to say,
 * and reports to moderators, are always wanted.
 *
 * Threads  the txn's
 */
#ifndef WARD_FEDERATION_NOTICE_H
#define WARD_FEDERATION_NOTICE_H

#include "storage/record.h"

/* What the owner's policy says of it. Never of what is of the owner's own making or office, of whom
 * they let through (edge ADMITTED), or of moderators of this node. */
NotificationVerdict notice_judge(struct txn *txn, actor_id owner, const Notification *notification,
                                 int64_t now_ms);
/* Of its type, from and post. */
bool notice_is_wanted(struct txn *txn, actor_id owner, const Notification *notification,
                      int64_t now_ms);
/* Wanted and not waiting, and what it is about may (still) be read by them, and whoever it is from
 * is there. */
bool notice_is_shown(struct txn *txn, actor_id owner, const Notification *notification,
                     int64_t now_ms);

#endif
