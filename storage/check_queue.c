#include "storage/check_rows.h"

#include "storage/edge.h"
#include "storage/outqueue.h"
#include "storage/parked.h"
#include "storage/peer.h"

#include <string.h>

/* ---- peers, jobs and the ledger ---- */

static struct key due_key(struct check *check, uint64_t peer)
{
    PeerHealth *health = NULL;
    int64_t next_ms = 0;
    if (peer_health(check->txn, (peer_id){peer}, &check->arena, &health) == OK)
        next_ms = health->next_attempt_ms;
    return key_ids(next_ms < 0 ? 0 : (uint64_t)next_ms, peer);
}

enum err check_peer(struct check *check)
{
    Peer *peer;
    peer_id found = {0};
    if (!check_decode(check, &peer__descriptor, &peer))
        return OK;
    if (peer->id != check_key_u64(check, 0))
        check_wrong(check, "the record has another id");
    if (check_trouble(peer_find(check->txn, peer->host, &found)) || found.v != peer->id)
        check_wrong(check, "peer_host does not name it: %s", peer->host);
    if (counter_get(check->txn, COUNTER_QUEUED, peer->id) &&
        !check_has(check, TABLE_PEER_DUE, due_key(check, peer->id)))
        check_wrong(check, "has jobs and no peer_due at its next attempt: %s", peer->host);
    return OK;
}

enum err check_peer_host(struct check *check)
{
    uint64_t id;
    const char *host = check_text(check, &id);
    if (!host)
        return OK;
    Peer *peer = check_record(check, TABLE_PEER, id, &peer__descriptor);
    if (!peer || strcmp(peer->host, host) != 0)
        check_wrong(check, "names a peer that %s: %s", peer ? "has another host" : "does not exist",
                    host);
    return OK;
}

enum err check_peer_health(struct check *check)
{
    PeerHealth *health;
    if (check_decode(check, &peer_health__descriptor, &health) &&
        !check_has(check, TABLE_PEER, key_id(check_key_u64(check, 0))))
        check_wrong(check, "is of a peer that does not exist");
    return OK;
}

enum err check_peer_due(struct check *check)
{
    uint64_t peer = check_key_u64(check, 8);
    struct key right = due_key(check, peer);
    if (counter_get(check->txn, COUNTER_QUEUED, peer) == 0)
        check_wrong(check, "the peer has no jobs");
    else if (!bytes_equal(check->key, key_bytes(&right)))
        check_wrong(check, "is not at the peer's next attempt");
    return OK;
}

static bool is_waiting(const Delivery *line)
{
    return line->state == DELIVERY_STATE__QUEUED || line->state == DELIVERY_STATE__RETRY;
}

enum err check_outqueue(struct check *check)
{
    OutJob *job;
    if (!check_decode(check, &out_job__descriptor, &job))
        return OK;
    uint64_t peer = check_key_u64(check, 0);
    if (job->seq != check_key_u64(check, 8))
        check_wrong(check, "the record has another number");
    if (!check_has(check, TABLE_PEER, key_id(peer)))
        check_wrong(check, "is for a peer that does not exist");
    if (!check_has(check, TABLE_OUTBODY, key_id(job->body)))
        check_wrong(check, "its body does not exist");
    if (counter_get(check->txn, COUNTER_QUEUED, peer) == 0)
        check_wrong(check, "is not counted");
    if (!job->subject)
        return OK;
    struct key key = key_ids(job->subject, peer);
    Delivery *line;
    key_add_u64(&key, job->seq);
    if (record_get(check->txn, TABLE_LEDGER, key_bytes(&key), &delivery__descriptor, &check->arena,
                   &line) ||
        !is_waiting(line))
        check_wrong(check, "its ledger line is missing or closed");
    return OK;
}

enum err check_outbody(struct check *check)
{
    OutBody *body;
    if (check_decode(check, &out_body__descriptor, &body) && body->references == 0)
        check_wrong(check, "no job names it");
    return OK;
}

enum err check_ledger(struct check *check)
{
    Delivery *line;
    if (!check_decode(check, &delivery__descriptor, &line) || !is_waiting(line))
        return OK;
    struct key key = key_ids(check_key_u64(check, 8), check_key_u64(check, 16));
    OutJob *job;
    if (record_get(check->txn, TABLE_OUTQUEUE, key_bytes(&key), &out_job__descriptor, &check->arena,
                   &job) ||
        job->subject != check_key_u64(check, 0))
        check_wrong(check, "is open and has no job");
    return OK;
}

/* ---- parked items and wants ---- */

enum err check_parked(struct check *check)
{
    Parked *parked;
    Want *want;
    if (!check_decode(check, &parked__descriptor, &parked))
        return OK;
    struct key by = {0};
    uint8_t hash[KEY_HASH_BYTES];
    text_hash(check->txn, parked->needs, hash);
    key_add_bytes(&by, (struct bytes){hash, sizeof hash});
    key_add_u64(&by, parked->id);
    if (parked->id != check_key_u64(check, 0))
        check_wrong(check, "the record has another id");
    if (!check_has(check, TABLE_PARKED_BY, by))
        check_wrong(check, "has no parked_by: %s", parked->needs);
    if (want_get(check->txn, parked->needs, &check->arena, &want))
        check_wrong(check, "nobody wants what it needs: %s", parked->needs);
    if (counter_get(check->txn, COUNTER_PARKED, parked->peer) == 0)
        check_wrong(check, "is not counted for its peer");
    return OK;
}

enum err check_parked_by(struct check *check)
{
    Parked *parked = check_record(check, TABLE_PARKED, check_key_u64(check, KEY_HASH_BYTES),
                                  &parked__descriptor);
    if (!parked)
        check_wrong(check, "names an item that does not exist");
    else if (!check_hashes(check, parked->needs))
        check_wrong(check, "names an item that needs something else: %s", parked->needs);
    return OK;
}

enum err check_want(struct check *check)
{
    Want *want;
    if (!check_decode(check, &want__descriptor, &want))
        return OK;
    if (!check_hashes(check, want->uri))
        check_wrong(check, "the key is not the hash of the URI: %s", want->uri);
    if (want->failed_ms)
        return OK; /* negative cache */
    struct key due = key_id(want->next_attempt_ms < 0 ? 0 : (uint64_t)want->next_attempt_ms);
    key_add_bytes(&due, check->key);
    if (!check_has(check, TABLE_WANT_DUE, due))
        check_wrong(check, "has no want_due at its next attempt: %s", want->uri);
    return OK;
}

enum err check_want_due(struct check *check)
{
    uint64_t next_ms = check_key_u64(check, 0);
    Want *want;
    if (check->key.n != 8 + KEY_HASH_BYTES ||
        record_get(check->txn, TABLE_WANT, (struct bytes){check->key.p + 8, KEY_HASH_BYTES},
                   &want__descriptor, &check->arena, &want))
        check_wrong(check, "names a want that does not exist");
    else if (want->failed_ms || (uint64_t)want->next_attempt_ms != next_ms)
        check_wrong(check, "is not at the want's next attempt: %s", want->uri);
    return OK;
}

enum err check_seen(struct check *check)
{
    Seen *seen;
    if (check_decode(check, &seen__descriptor, &seen) && !check_hashes(check, seen->uri))
        check_wrong(check, "the key is not the hash of the URI: %s", seen->uri);
    return OK;
}
