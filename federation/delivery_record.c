#include "federation/delivery.h"

#include "storage/peer.h"

enum err delivery_expedite(struct txn *txn, uint64_t peer, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(DELIVERY_HEALTH_BYTES);
    PeerHealth *health;
    enum err e = peer_health(txn, (peer_id){peer}, &arena, &health);
    if (e)
        return e;
    if (health->next_attempt_ms <= now_ms)
        return OK; /* due anyway */
    health->next_attempt_ms = now_ms;
    return peer_put_health(txn, (peer_id){peer}, health);
}

enum err delivery_heard(struct txn *txn, uint64_t peer, SignatureScheme proved, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(DELIVERY_HEALTH_BYTES);
    PeerHealth *health;
    enum err e = peer_health(txn, (peer_id){peer}, &arena, &health);
    if (e)
        return e;
    bool upgrades =
        health->scheme == SIGNATURE_SCHEME__UNTRIED && proved > SIGNATURE_SCHEME__CAVAGE;
    bool is_early = health->failing_since_ms && health->next_attempt_ms > now_ms &&
                    now_ms - health->heard_ms >= DELIVERY_HEARD_EVERY_MS;
    bool is_news = now_ms - health->heard_ms >= DELIVERY_HEARD_NOTE_MS || now_ms < health->heard_ms;
    if (!upgrades && !is_early && !is_news)
        return OK;
    if (upgrades)
        health->scheme = proved;
    if (is_early)
        health->next_attempt_ms = now_ms;
    health->heard_ms = now_ms;
    return peer_put_health(txn, (peer_id){peer}, health);
}
