/*
 * relay - which relays there are, and what goes to them (relay.c says how they work).
 *
 * Threads  act_relay_post: inside a mutation; the local doors wait for the disk; the rest any
 * Source   FEP-ae0c
 */
#ifndef WARD_FEDERATION_ACT_RELAY_H
#define WARD_FEDERATION_ACT_RELAY_H

#include "federation/act/act.h"
#include "federation/audience.h"

#define RELAYS_MAX 16

/* Asked for or accepted; accepted. */
bool act_relay_is_known(struct txn *txn, actor_id relay);
bool act_relay_is_accepted(struct txn *txn, actor_id relay);
/* An Accept or Reject of ours by a relay: true, and act->apply is set. */
bool act_relay_answered(struct act *act, struct txn *txn);
/* A new public post of ours: to relays that take it itself by `list`, to others as an Announce. */
MUST_CHECK enum err act_relay_post(struct txn *txn, const struct federation *fed, const Post *post,
                                   struct destinations *list, int64_t now_ms, struct arena *arena);

enum act_relay_style { ACT_RELAY_MASTODON, ACT_RELAY_LITEPUB };
MUST_CHECK enum err act_relay_add_local(struct federation *fed, actor_id relay,
                                        enum act_relay_style style, const struct by *by,
                                        struct why *why);
MUST_CHECK enum err act_relay_remove_local(struct federation *fed, actor_id relay,
                                           const struct by *by, struct why *why);

#endif
