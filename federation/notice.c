#include "federation/notice.h"

#include "federation/audience.h"
#include "storage/account.h"
#include "storage/actor.h"
#include "storage/domain_block.h"
#include "storage/edge.h"
#include "storage/mute.h"
#include "storage/peer.h"

#define NOTICE_ARENA_BYTES ((size_t)8 << 20)
#define DAY_MS ((int64_t)24 * 3600 * 1000)
#define FOLLOWER_AGE_MS (3 * DAY_MS) /* younger follows do not count yet */
#define ACCOUNT_AGE_MS (30 * DAY_MS)

/* What one has to know whomever one blocks: it is about one's own post, account or office. */
static bool is_of_office(const Notification *notification)
{
    switch (notification->type) {
    case NOTIFICATION_TYPE__NOT_DELIVERED:
    case NOTIFICATION_TYPE__POLL_ENDED:
    case NOTIFICATION_TYPE__REPORTED:
        return true;
    default:
        return false;
    }
}

/* What the node itself writes: a letter (delivery_letter.h). */
static bool is_from_node(struct txn *txn, const Notification *notification)
{
    actor_id node;
    return notification->from && actor_instance(txn, &node) == OK && node.v == notification->from;
}

static bool is_blocked(struct txn *txn, actor_id owner, uint64_t from)
{
    return edge_has(txn, (struct edge_key){EDGE_BLOCK, owner.v, from}) ||
           edge_has(txn, (struct edge_key){EDGE_BLOCK, from, owner.v});
}

static bool is_of_blocked_host(struct txn *txn, actor_id owner, uint64_t from, struct arena *arena)
{
    Actor *actor;
    return actor_get(txn, (actor_id){from}, arena, &actor) == OK &&
           domain_block_has(txn, owner, actor->host);
}

static bool is_thread_muted(struct txn *txn, actor_id owner, uint64_t post, struct arena *arena)
{
    Post *about;
    return post && post_get(txn, (post_id){post}, arena, &about) == OK &&
           edge_has(txn, (struct edge_key){EDGE_THREAD_MUTE, owner.v, about->thread_root});
}

bool notice_is_wanted(struct txn *txn, actor_id owner, const Notification *n, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(NOTICE_ARENA_BYTES);
    if (is_of_office(n) || is_from_node(txn, n))
        return true;
    if (n->from && n->from != owner.v &&
        (is_blocked(txn, owner, n->from) ||
         mute_hides_notifications(txn, owner, (actor_id){n->from}, now_ms) ||
         is_of_blocked_host(txn, owner, n->from, &arena)))
        return false;
    return !is_thread_muted(txn, owner, n->post, &arena);
}

bool notice_is_shown(struct txn *txn, actor_id owner, const Notification *n, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(NOTICE_ARENA_BYTES);
    Actor *from;
    Post *post;
    if (n->is_filtered)
        return false;
    if (n->from && (actor_get(txn, (actor_id){n->from}, &arena, &from) || from->deleted_ms ||
                    from->suspended_ms))
        return false;
    if (n->post &&
        (post_get(txn, (post_id){n->post}, &arena, &post) || !audience_may_read(txn, post, owner)))
        return false;
    return notice_is_wanted(txn, owner, n, now_ms);
}

/* ---- the owner's policy --------------------------------------------------------------------- */

struct judged {
    struct txn *txn;
    struct arena *arena;
    actor_id owner;
    const Notification *notification;
    int64_t now_ms;
};

static bool is_judged(const Notification *n)
{
    switch (n->type) {
    case NOTIFICATION_TYPE__MENTION:
    case NOTIFICATION_TYPE__FOLLOW:
    case NOTIFICATION_TYPE__FOLLOW_REQUEST:
    case NOTIFICATION_TYPE__LIKE:
    case NOTIFICATION_TYPE__REACTION:
    case NOTIFICATION_TYPE__BOOST:
    case NOTIFICATION_TYPE__QUOTED:
        return n->from;
    default:
        return false;
    }
}

static bool is_let_through(const struct judged *j)
{
    Account *account;
    uint64_t from = j->notification->from;
    return from == j->owner.v ||
           edge_has(j->txn, (struct edge_key){EDGE_ADMITTED, j->owner.v, from}) ||
           (account_get(j->txn, (actor_id){from}, j->arena, &account) == OK &&
            (account->role == ROLE__MODERATOR || account->role == ROLE__ADMIN));
}

static bool is_follower(const struct judged *j)
{
    Edge *follow;
    return edge_get(j->txn, (struct edge_key){EDGE_FOLLOW, j->notification->from, j->owner.v},
                    j->arena, &follow) == OK &&
           follow->created_ms + FOLLOWER_AGE_MS <= j->now_ms;
}

static bool is_new_account(const struct judged *j)
{
    Actor *from;
    return actor_get(j->txn, (actor_id){j->notification->from}, j->arena, &from) == OK &&
           from->created_ms + ACCOUNT_AGE_MS > j->now_ms;
}

static bool is_limited(const struct judged *j)
{
    Actor *from;
    Peer *peer;
    peer_id id;
    return actor_get(j->txn, (actor_id){j->notification->from}, j->arena, &from) == OK &&
           from->host[0] && peer_find(j->txn, from->host, &id) == OK &&
           peer_get(j->txn, id, j->arena, &peer) == OK && peer->state == PEER_STATE__LIMITED;
}

/* A direct post that answers none of the owner's. */
static bool is_private_mention(const struct judged *j)
{
    Post *post, *parent;
    if (j->notification->type != NOTIFICATION_TYPE__MENTION ||
        post_get(j->txn, (post_id){j->notification->post}, j->arena, &post) ||
        post->visibility != VISIBILITY__DIRECT)
        return false;
    return !post->in_reply_to ||
           post_get(j->txn, (post_id){post->in_reply_to}, j->arena, &parent) != OK ||
           parent->author != j->owner.v;
}

NotificationVerdict notice_judge(struct txn *txn, actor_id owner, const Notification *n,
                                 int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(NOTICE_ARENA_BYTES);
    struct judged j = {txn, &arena, owner, n, now_ms};
    NotificationVerdict verdict = NOTIFICATION_VERDICT__ADMIT;
    Account *account;
    if (!is_judged(n) || account_get(txn, owner, &arena, &account) || !account->notifications ||
        is_let_through(&j))
        return verdict;
    const NotificationPolicy *policy = account->notifications;
    bool is_followed = edge_has(txn, (struct edge_key){EDGE_FOLLOW, owner.v, n->from});
    if (policy->not_following > verdict && !is_followed)
        verdict = policy->not_following;
    if (policy->not_followers > verdict && !is_follower(&j))
        verdict = policy->not_followers;
    if (policy->new_accounts > verdict && !is_followed && is_new_account(&j))
        verdict = policy->new_accounts;
    if (policy->private_mentions > verdict && !is_followed && is_private_mention(&j))
        verdict = policy->private_mentions;
    if (policy->limited_accounts > verdict && !is_followed && is_limited(&j))
        verdict = policy->limited_accounts;
    return verdict;
}
