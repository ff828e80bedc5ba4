/*
 * forward - passing on to followers of ours what somebody else addressed to them.
 *
 * Who answers a post of ours and addresses our followers cannot know who they are: we do. So a
 * Create, Update or Delete is passed on, byte for byte, when
 *
 *   - it is seen for the first time, and its actor's proof is in it: without one nobody could
 *     believe what we pass on,
 *   - its post belongs to a thread with a post of ours: what it answers, or where the thread began,
 *   - it names the followers collection of that post's author; an Update or a Delete of what was
 *     passed on goes to whoever got it, whatever it names.
 *
 * It is signed over HTTP by the owner of the collection and goes to the inboxes of their followers,
 * but not back to the host of its author or of who brought it, nor to hosts it names somebody of.
 * A group of ours announces instead (group.h).
 *
 * Threads  forward_judge: any with a txn; forward_queue: inside the mutation of the act
 * Source   ActivityPub #inbox-forwarding; FEP-8b32; threat T86
 */
#ifndef WARD_FEDERATION_FORWARD_H
#define WARD_FEDERATION_FORWARD_H

#include "federation/act/act.h"

/* Is it to be passed on, if it is new? Then act->forward is set. `by_host`: who brought it. */
void forward_judge(struct act *act, struct txn *txn, const char *by_host);

/*
 * Queues it. A Delete: before it is applied, while its post is still there; others after. Nothing
 * when the thread or the addresses do not allow it.
 */
MUST_CHECK enum err forward_queue(struct txn *txn, struct act *act);

#endif
