#include "storage/keyspace.h"

#include <assert.h>
#include <string.h>

const char *table_name(enum table table)
{
    static const char *const name[TABLE_COUNT] = {
        [TABLE_META] = "meta",
        [TABLE_ACTOR] = "actor",
        [TABLE_ACTOR_URI] = "actor_uri",
        [TABLE_ACTOR_HANDLE] = "actor_handle",
        [TABLE_KEY_URI] = "key_uri",
        [TABLE_ACCOUNT] = "account",
        [TABLE_PRIVATE_KEY] = "private_key",
        [TABLE_POST] = "post",
        [TABLE_POST_URI] = "post_uri",
        [TABLE_POST_HISTORY] = "post_history",
        [TABLE_ORPHAN] = "orphan",
        [TABLE_TOMBSTONE] = "tombstone",
        [TABLE_STREAM] = "stream",
        [TABLE_EDGE] = "edge",
        [TABLE_EDGE_REV] = "edge_rev",
        [TABLE_EDGE_URI] = "edge_uri",
        [TABLE_COUNTER] = "counter",
        [TABLE_NOTIFICATION] = "notification",
        [TABLE_NOTIFIED] = "notified",
        [TABLE_PEER] = "peer",
        [TABLE_PEER_HOST] = "peer_host",
        [TABLE_PEER_HEALTH] = "peer_health",
        [TABLE_PEER_DUE] = "peer_due",
        [TABLE_OUTQUEUE] = "outqueue",
        [TABLE_OUTBODY] = "outbody",
        [TABLE_LEDGER] = "ledger",
        [TABLE_PARKED] = "parked",
        [TABLE_PARKED_BY] = "parked_by",
        [TABLE_WANT] = "want",
        [TABLE_WANT_DUE] = "want_due",
        [TABLE_POLL_DUE] = "poll_due",
        [TABLE_SEEN] = "seen",
        [TABLE_FETCHED] = "fetched",
        [TABLE_TOKEN] = "token",
        [TABLE_AUDIT] = "audit",
        [TABLE_UNQUOTED] = "unquoted",
        [TABLE_AUTHORIZED] = "authorized",
        [TABLE_CONSENT] = "consent",
        [TABLE_CONSENT_OF] = "consent_of",
        [TABLE_MEDIA] = "media",
        [TABLE_FOLLOW_DIGEST] = "follow_digest",
        [TABLE_REPORT] = "report",
        [TABLE_REPORT_OF] = "report_of",
        [TABLE_BACKFILL] = "backfill",
        [TABLE_BACKFILL_OF] = "backfill_of",
        [TABLE_BACKFILL_RUN] = "backfill_run",
        [TABLE_BACKFILL_ITEM] = "backfill_item",
        [TABLE_BACKFILL_BY] = "backfill_by",
        [TABLE_EMOJI] = "emoji",
        [TABLE_EMOJI_MEDIA] = "emoji_media",
        [TABLE_EVENT] = "event",
        [TABLE_TAG_FOLLOW] = "tag_follow",
        [TABLE_DOMAIN_BLOCK] = "domain_block",
        [TABLE_ACTOR_WORD] = "actor_word",
        [TABLE_MARKER] = "marker",
        [TABLE_CONVERSATION] = "conversation",
        [TABLE_LIST] = "list",
        [TABLE_FILTER] = "filter",
        [TABLE_TOKEN_ID] = "token_id",
        [TABLE_TOKEN_OF] = "token_of",
        [TABLE_APPLICATION] = "application",
        [TABLE_AUTH_CODE] = "auth_code",
        [TABLE_SESSION] = "session",
        [TABLE_EDGE_ORDER] = "edge_order",
        [TABLE_PUSH] = "push",
        [TABLE_WORD] = "word",
        [TABLE_IDEMPOTENCY] = "idempotency",
        [TABLE_SCHEDULED] = "scheduled",
        [TABLE_SCHEDULED_DUE] = "scheduled_due",
        [TABLE_NOTIFICATION_REQUEST] = "notification_request",
        [TABLE_CARD_WANTED] = "card_wanted",
    };
    assert((size_t)table < TABLE_COUNT && name[table]);
    return name[table];
}

void key_add_bytes(struct key *key, struct bytes v)
{
    assert(v.n <= KEY_MAX_BYTES && key->n <= KEY_MAX_BYTES - v.n);
    if (v.n)
        memcpy(key->p + key->n, v.p, v.n);
    key->n += v.n;
}

void key_add_u8(struct key *key, uint8_t v)
{
    key_add_bytes(key, (struct bytes){&v, 1});
}

void key_add_u64(struct key *key, uint64_t v)
{
    uint8_t big_endian[8];
    for (size_t i = 0; i < 8; i++)
        big_endian[i] = (uint8_t)(v >> (56 - 8 * i));
    key_add_bytes(key, (struct bytes){big_endian, 8});
}

struct bytes key_bytes(const struct key *key)
{
    return (struct bytes){key->p, key->n};
}

enum err key_read_u8(struct bytes key, size_t *offset, uint8_t *out)
{
    if (*offset >= key.n)
        return ERR_CORRUPT;
    *out = key.p[(*offset)++];
    return OK;
}

enum err key_read_u64(struct bytes key, size_t *offset, uint64_t *out)
{
    if (key.n < 8 || *offset > key.n - 8)
        return ERR_CORRUPT;
    uint64_t v = 0;
    for (size_t i = 0; i < 8; i++)
        v = v << 8 | key.p[*offset + i];
    *offset += 8;
    *out = v;
    return OK;
}
