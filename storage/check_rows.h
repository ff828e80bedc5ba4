/*
 * check_rows - what one row must keep, table by table; check.c walks the rows.
 *
 * A row function sees one row of a consistent snapshot, looks up whatever the row promises
 * and reports what is missing with check_wrong. It answers an error only when the store itself
 * cannot be read.
 */
#ifndef WARD_STORAGE_CHECK_ROWS_H
#define WARD_STORAGE_CHECK_ROWS_H

#include "storage/audit.h"
#include "storage/check.h"
#include "storage/record.h"

struct check {
    /* set by check_store */
    void (*say)(void *context, const char *table, const char *key, const char *what);
    void *context;
    struct check_report *report;

    /* of the page and row being looked at */
    struct txn *txn;
    struct arena arena; /* cleared after every row */
    enum table table;
    struct bytes key, value;
    unsigned steps; /* rows read in this page, counted ones too */

    /* carried along the audit log */
    uint64_t audit_seq;
    uint8_t audit_hash[AUDIT_HASH_BYTES];

    uint64_t words; /* rows of TABLE_WORD so far */
};

/* Says that the current row is wrong. */
void check_wrong(struct check *check, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* An expected answer is no trouble: ERR_NOTFOUND and ERR_CORRUPT become OK. */
enum err check_trouble(enum err e);
/* Unpacks the row's value; false, and said, when it is no such record. */
bool check_decode(struct check *check, const ProtobufCMessageDescriptor *type, void *out);
/* The 8-byte number at `offset` of the key; 0 when the key is too short (which is said). */
uint64_t check_key_u64(struct check *check, size_t offset);
bool check_has(struct check *check, enum table table, struct key key);
/* Reads another record; NULL when it is missing or no such record. */
void *check_record(struct check *check, enum table table, uint64_t id,
                   const ProtobufCMessageDescriptor *type);
/* A text+id row: its id, and its text in the arena; NULL, and said, when it is none. */
const char *check_text(struct check *check, uint64_t *out_id);
/* Does the key begin with h(text)? */
bool check_hashes(struct check *check, const char *text);
/* Rows under a prefix. */
enum err check_count(struct check *check, enum table table, struct key prefix, uint64_t *out);

typedef enum err check_row(struct check *check);
check_row check_actor, check_actor_uri, check_actor_handle, check_key_uri, check_account,
    check_private_key;
check_row check_actor_word, check_word;
/* The words of a post, for its row. */
enum err check_post_words(struct check *check, const Post *post);
check_row check_post, check_post_uri, check_post_history, check_orphan, check_tombstone,
    check_stream, check_notification, check_notified, check_fetched, check_poll_due;
check_row check_edge, check_edge_rev, check_edge_uri, check_counter, check_follow_digest;
check_row check_peer, check_peer_host, check_peer_health, check_peer_due, check_outqueue,
    check_outbody, check_ledger;
check_row check_parked, check_parked_by, check_want, check_want_due, check_seen;
check_row check_token, check_token_id, check_token_of, check_application, check_auth_code,
    check_session;
check_row check_unquoted, check_authorized, check_consent, check_consent_of;
check_row check_media, check_emoji, check_emoji_media;
check_row check_tag_follow, check_domain_block;
check_row check_audit, check_audit_end, check_report, check_report_of;
check_row check_event;
check_row check_edge_order;
check_row check_idempotency, check_scheduled, check_scheduled_due;
check_row check_card_wanted;
check_row check_list, check_filter;
/* Open reports of a peer, counted. */
enum err check_count_reports(struct check *check, uint64_t peer, uint64_t *out);
check_row check_backfill, check_backfill_of, check_backfill_run, check_backfill_item,
    check_backfill_by;
check_row check_notification_request;
check_row check_marker, check_conversation, check_push;

/* The media of a post, for its row. */
void check_post_media(struct check *check, const Post *post);

/* What only one snapshot of several tables can tell: totals, and references of bodies. */
enum err check_totals(struct check *check);

#endif
