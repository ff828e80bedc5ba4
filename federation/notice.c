#include "federation/notice.h"

#include "federation/audience.h"
#include "storage/actor.h"
#include "storage/domain_block.h"
#include "storage/edge.h"
#include "storage/mute.h"

#define NOTICE_ARENA_BYTES ((size_t)8 << 20)

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
    if (is_of_office(n))
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
    if (n->from && (actor_get(txn, (actor_id){n->from}, &arena, &from) || from->deleted_ms ||
                    from->suspended_ms))
        return false;
    if (n->post &&
        (post_get(txn, (post_id){n->post}, &arena, &post) || !audience_may_read(txn, post, owner)))
        return false;
    return notice_is_wanted(txn, owner, n, now_ms);
}
