#include "storage/check_rows.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PAGE_STEPS 1000 /* rows read before the snapshot is let go */
#define ROW_ARENA_BYTES (32 << 20)

void check_wrong(struct check *check, const char *fmt, ...)
{
    char key[2 * KEY_MAX_BYTES + 1], what[WHY_MAX_BYTES];
    struct bytes shown = check->key;
    va_list args;
    if (shown.n > KEY_MAX_BYTES)
        shown.n = KEY_MAX_BYTES;
    hex_encode(shown, key);
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    check->report->wrong++;
    if (check->say)
        check->say(check->context, table_name(check->table), key, what);
}

enum err check_trouble(enum err e)
{
    return e == ERR_NOTFOUND || e == ERR_CORRUPT ? OK : e;
}

bool check_decode(struct check *check, const ProtobufCMessageDescriptor *type, void *out)
{
    if (record_decode(type, check->value, &check->arena, out) == OK)
        return true;
    check_wrong(check, "the record does not decode as %s", type->short_name);
    return false;
}

uint64_t check_key_u64(struct check *check, size_t offset)
{
    uint64_t v = 0;
    if (key_read_u64(check->key, &offset, &v))
        check_wrong(check, "the key is too short");
    return v;
}

bool check_has(struct check *check, enum table table, struct key key)
{
    struct bytes any;
    return engine_get(check->txn, table, key_bytes(&key), &any) == OK;
}

void *check_record(struct check *check, enum table table, uint64_t id,
                   const ProtobufCMessageDescriptor *type)
{
    struct key key = key_id(id);
    void *record = NULL;
    if (record_get(check->txn, table, key_bytes(&key), type, &check->arena, &record))
        return NULL;
    return record;
}

const char *check_text(struct check *check, uint64_t *out_id)
{
    size_t at = 0;
    const char *text = NULL;
    if (key_read_u64(check->value, &at, out_id) == OK)
        text = arena_strndup(&check->arena, check->value.p + at, check->value.n - at);
    if (!text || !check_hashes(check, text)) {
        check_wrong(check, "the key is not the hash of the text");
        return NULL;
    }
    return text;
}

bool check_hashes(struct check *check, const char *text)
{
    uint8_t hash[KEY_HASH_BYTES];
    text_hash(check->txn, text, hash);
    return check->key.n >= KEY_HASH_BYTES && memcmp(check->key.p, hash, KEY_HASH_BYTES) == 0;
}

enum err check_count(struct check *check, enum table table, struct key prefix, uint64_t *out)
{
    AUTO(range_close) struct range range = {0};
    struct bytes key;
    *out = 0;
    enum err e = range_prefix(check->txn, table, key_bytes(&prefix), RANGE_UP, &range);
    if (e)
        return e;
    while ((e = range_next(&range, &key, NULL)) == OK) {
        ++*out;
        check->steps++;
    }
    return e == ERR_NOTFOUND ? OK : e;
}

enum err check_audit(struct check *check)
{
    AuditRecord *record;
    if (!check_decode(check, &audit_record__descriptor, &record))
        return OK;
    uint64_t seq = check_key_u64(check, 0);
    if (record->seq != seq)
        check_wrong(check, "the record says it is number %llu", (unsigned long long)record->seq);
    if (seq != check->audit_seq + 1)
        check_wrong(check, "number %llu is missing", (unsigned long long)check->audit_seq + 1);
    else if (record->previous.len != (seq == 1 ? 0 : AUDIT_HASH_BYTES) ||
             memcmp(record->previous.data ? record->previous.data : check->audit_hash,
                    check->audit_hash, record->previous.len) != 0)
        check_wrong(check, "the record before was changed: its hash differs");
    check->audit_seq = seq;
    return audit_hash(check->value, check->audit_hash) ? OK : ERR_STORE;
}

enum err check_audit_end(struct check *check)
{
    uint8_t hash[AUDIT_HASH_BYTES];
    uint64_t seq = 0;
    enum err e = audit_head(check->txn, &seq, hash);
    if (e && check_trouble(e))
        return e;
    struct key last = key_id(seq);
    check->key = key_bytes(&last);
    if (seq != check->audit_seq)
        check_wrong(check, "the log ends at number %llu, it was written up to %llu",
                    (unsigned long long)check->audit_seq, (unsigned long long)seq);
    else if (!e && memcmp(hash, check->audit_hash, sizeof hash) != 0)
        check_wrong(check, "the last record was changed: its hash differs");
    return OK;
}

/* Every table, in the order of keyspace.h; `end` sees the snapshot in which the walk ended. */
static const struct {
    check_row *row, *end;
} checks[TABLE_COUNT] = {
    [TABLE_ACTOR] = {check_actor, NULL},
    [TABLE_ACTOR_URI] = {check_actor_uri, NULL},
    [TABLE_ACTOR_HANDLE] = {check_actor_handle, NULL},
    [TABLE_KEY_URI] = {check_key_uri, NULL},
    [TABLE_ACCOUNT] = {check_account, NULL},
    [TABLE_PRIVATE_KEY] = {check_private_key, NULL},
    [TABLE_POST] = {check_post, NULL},
    [TABLE_POST_URI] = {check_post_uri, NULL},
    [TABLE_POST_HISTORY] = {check_post_history, NULL},
    [TABLE_ORPHAN] = {check_orphan, NULL},
    [TABLE_UNQUOTED] = {check_unquoted, NULL},
    [TABLE_AUTHORIZED] = {check_authorized, NULL},
    [TABLE_CONSENT] = {check_consent, NULL},
    [TABLE_CONSENT_OF] = {check_consent_of, NULL},
    [TABLE_BACKFILL] = {check_backfill, NULL},
    [TABLE_BACKFILL_OF] = {check_backfill_of, NULL},
    [TABLE_BACKFILL_RUN] = {check_backfill_run, NULL},
    [TABLE_BACKFILL_ITEM] = {check_backfill_item, NULL},
    [TABLE_BACKFILL_BY] = {check_backfill_by, NULL},
    [TABLE_TOMBSTONE] = {check_tombstone, NULL},
    [TABLE_STREAM] = {check_stream, NULL},
    [TABLE_EDGE] = {check_edge, NULL},
    [TABLE_EDGE_REV] = {check_edge_rev, NULL},
    [TABLE_EDGE_URI] = {check_edge_uri, NULL},
    [TABLE_COUNTER] = {check_counter, NULL},
    [TABLE_NOTIFICATION] = {check_notification, NULL},
    [TABLE_NOTIFIED] = {check_notified, NULL},
    [TABLE_NOTIFICATION_REQUEST] = {check_notification_request, NULL},
    [TABLE_PEER] = {check_peer, NULL},
    [TABLE_PEER_HOST] = {check_peer_host, NULL},
    [TABLE_PEER_HEALTH] = {check_peer_health, NULL},
    [TABLE_PEER_DUE] = {check_peer_due, NULL},
    [TABLE_OUTQUEUE] = {check_outqueue, NULL},
    [TABLE_OUTBODY] = {check_outbody, NULL},
    [TABLE_LEDGER] = {check_ledger, NULL},
    [TABLE_PARKED] = {check_parked, NULL},
    [TABLE_PARKED_BY] = {check_parked_by, NULL},
    [TABLE_WANT] = {check_want, NULL},
    [TABLE_WANT_DUE] = {check_want_due, NULL},
    [TABLE_POLL_DUE] = {check_poll_due, NULL},
    [TABLE_SEEN] = {check_seen, NULL},
    [TABLE_FETCHED] = {check_fetched, NULL},
    [TABLE_TOKEN] = {check_token, NULL},
    [TABLE_TOKEN_ID] = {check_token_id, NULL},
    [TABLE_TOKEN_OF] = {check_token_of, NULL},
    [TABLE_APPLICATION] = {check_application, NULL},
    [TABLE_AUTH_CODE] = {check_auth_code, NULL},
    [TABLE_SESSION] = {check_session, NULL},
    [TABLE_AUDIT] = {check_audit, check_audit_end},
    [TABLE_MEDIA] = {check_media, NULL},
    [TABLE_EMOJI] = {check_emoji, NULL},
    [TABLE_EMOJI_MEDIA] = {check_emoji_media, NULL},
    [TABLE_TAG_FOLLOW] = {check_tag_follow, NULL},
    [TABLE_DOMAIN_BLOCK] = {check_domain_block, NULL},
    [TABLE_REPORT] = {check_report, NULL},
    [TABLE_REPORT_OF] = {check_report_of, NULL},
    [TABLE_LIST] = {check_list, NULL},
    [TABLE_FILTER] = {check_filter, NULL},
    [TABLE_FOLLOW_DIGEST] = {check_follow_digest, NULL},
    [TABLE_EDGE_ORDER] = {check_edge_order, NULL},
    [TABLE_IDEMPOTENCY] = {check_idempotency, NULL},
    [TABLE_SCHEDULED] = {check_scheduled, NULL},
    [TABLE_SCHEDULED_DUE] = {check_scheduled_due, NULL},
    [TABLE_CARD_WANTED] = {check_card_wanted, NULL},
    [TABLE_EVENT] = {check_event, NULL},
    [TABLE_ACTOR_WORD] = {check_actor_word, NULL},
    [TABLE_MARKER] = {check_marker, NULL},
    [TABLE_CONVERSATION] = {check_conversation, NULL},
    [TABLE_PUSH] = {check_push, NULL},
    [TABLE_WORD] = {check_word, NULL},
};

/* One page: from the key after *last. ERR_NOTFOUND when the table is at its end. */
static enum err page_check(struct check *check, struct engine *engine, struct key *last)
{
    AUTO(txn_end) struct txn *txn = NULL;
    AUTO(range_close) struct range range = {0};
    enum err e = engine_read_begin(engine, &txn);
    if (!e)
        e = range_open(txn, check->table, key_bytes(last), (struct bytes){0}, RANGE_UP, &range);
    check->txn = txn;
    for (check->steps = 0; !e && check->steps < PAGE_STEPS; check->steps++) {
        e = range_next(&range, &check->key, &check->value);
        if (e)
            break;
        check->report->records++;
        *last = (struct key){0};
        key_add_bytes(last, check->key);
        key_add_u8(last, 0); /* the first key after it */
        e = checks[check->table].row ? checks[check->table].row(check) : OK;
        arena_clear(&check->arena);
    }
    if (e == ERR_NOTFOUND && checks[check->table].end && checks[check->table].end(check))
        e = ERR_STORE;
    return e;
}

enum err check_store(struct engine *engine,
                     void (*say)(void *context, const char *table, const char *key,
                                 const char *what),
                     void *context, struct check_report *out)
{
    *out = (struct check_report){0};
    struct check check = {
        .say = say, .context = context, .report = out, .arena = ARENA_INIT(ROW_ARENA_BYTES)};
    enum err e = OK;
    for (enum table table = 0; !e && table < TABLE_COUNT; table++) {
        struct key last = {0};
        check.table = table;
        while ((e = page_check(&check, engine, &last)) == OK)
            ;
        if (e == ERR_NOTFOUND)
            e = OK;
    }
    AUTO(txn_end) struct txn *txn = NULL;
    if (!e)
        e = engine_read_begin(engine, &txn);
    check.txn = txn;
    if (!e)
        e = check_totals(&check);
    arena_clear(&check.arena);
    return e;
}
