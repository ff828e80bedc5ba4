#include "storage/check.h"

#include "storage/account.h"
#include "storage/actor.h"
#include "storage/application.h"
#include "storage/audit.h"
#include "storage/backfill.h"
#include "storage/consent.h"
#include "storage/domain_block.h"
#include "storage/edge.h"
#include "storage/event.h"
#include "storage/follow_digest.h"
#include "storage/list.h"
#include "storage/media.h"
#include "storage/migrate.h"
#include "storage/notification.h"
#include "storage/outqueue.h"
#include "storage/own_emoji.h"
#include "storage/parked.h"
#include "storage/peer.h"
#include "storage/poll.h"
#include "storage/post.h"
#include "storage/report.h"
#include "storage/scheduled.h"
#include "storage/seen.h"
#include "storage/stream.h"
#include "storage/tag_follow.h"
#include "storage/token.h"
#include "tests/support/builders.h"
#include "tests/support/store.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARENA_BYTES (8 << 20)

/* What check_store said, one line a finding. */
struct said {
    char text[16384];
    size_t n;
};

static void hear(void *context, const char *table, const char *key, const char *what)
{
    struct said *said = context;
    int n =
        snprintf(said->text + said->n, sizeof said->text - said->n, "%s %s %s\n", table, key, what);
    if (n > 0 && (size_t)n < sizeof said->text - said->n)
        said->n += (size_t)n;
}

static uint64_t wrong(struct store *store, struct said *said)
{
    struct check_report report;
    *said = (struct said){.n = 0};
    assert_int_equal(check_store(store->engine, hear, said, &report), OK);
    return report.wrong;
}

/* A store with something of everything. */
struct world {
    struct store store;
    actor_id alice, bob;
    post_id post, reply, orphan, boost;
    peer_id peer;
    uint64_t job, body, parked;
};

static void fill_people(struct world *world, struct txn *txn)
{
    Actor actor = ACTOR__INIT;
    Account account = ACCOUNT__INIT;
    PrivateKeys keys = PRIVATE_KEYS__INIT;
    actor.uri = (char *)"https://ward.example/users/alice";
    actor.username = account.name = (char *)"alice";
    assert_int_equal(account_add(txn, &actor, &account, &keys, BUILD_NOW_MS), OK);
    world->alice.v = actor.id;
    world->bob = build_actor(txn, "bob", "peer.example");
    Edge follow = EDGE__INIT;
    follow.uri = (char *)"https://peer.example/follow/1";
    assert_int_equal(
        edge_add(txn, (struct edge_key){EDGE_FOLLOW, world->bob.v, world->alice.v}, &follow), OK);
}

static void fill_posts(struct world *world, struct txn *txn)
{
    world->post = build_post(txn, &(struct build_post){.uri = "https://ward.example/p/1",
                                                       .author = world->alice,
                                                       .tags = {"icu"},
                                                       .mentions = {world->bob}});
    world->reply = build_post(txn, &(struct build_post){.uri = "https://peer.example/1",
                                                        .author = world->bob,
                                                        .in_reply_to = "https://ward.example/p/1"});
    world->orphan = build_post(txn, &(struct build_post){.uri = "https://peer.example/2",
                                                         .author = world->bob,
                                                         .in_reply_to = "https://gone.example/1"});
    world->boost = build_boost(txn, "https://peer.example/b/1", world->bob, world->post);
    Notification mention = NOTIFICATION__INIT;
    mention.post = world->reply.v;
    mention.from = world->bob.v;
    assert_int_equal(notification_add(txn, world->alice, &mention, BUILD_NOW_MS), OK);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    Post *edit;
    assert_int_equal(post_get(txn, world->post, &arena, &edit), OK);
    assert_int_equal(post_edit(txn, edit, BUILD_NOW_MS + 5), OK);
    Tombstone tombstone = TOMBSTONE__INIT;
    tombstone.uri = (char *)"https://peer.example/never";
    assert_int_equal(tombstone_add(txn, &tombstone), OK);
}

static void fill_queues(struct world *world, struct txn *txn)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    OutJob *job;
    Parked parked = PARKED__INIT;
    Token token = TOKEN__INIT;
    AuditRecord audit = AUDIT_RECORD__INIT;
    const char *secret;
    uint8_t digest[32] = {1};
    bool same;
    world->peer = build_peer(txn, "peer.example");
    PeerHealth health = PEER_HEALTH__INIT;
    assert_int_equal(peer_put_health(txn, world->peer, &health), OK);
    world->job = build_job(txn, world->peer, world->post.v);
    assert_int_equal(outqueue_get(txn, world->peer, world->job, &arena, &job), OK);
    world->body = job->body;
    assert_int_equal(fetched_add(txn, world->post, world->peer, "https://peer.example/inbox"), OK);
    parked.needs = (char *)"https://peer.example/users/carol";
    parked.peer = world->peer.v;
    assert_int_equal(parked_put(txn, &parked, WANT_KIND__ACTOR_DOCUMENT, BUILD_NOW_MS), OK);
    world->parked = parked.id;
    assert_int_equal(seen_add(txn, "https://peer.example/act/1", digest, 1, &same), OK);
    token.actor = world->alice.v;
    assert_int_equal(token_create(txn, &token, BUILD_NOW_MS, &arena, &secret), OK);
    audit.act = (char *)"peer.allow";
    for (int i = 0; i < 3; i++)
        assert_int_equal(audit_add(txn, &audit, BUILD_NOW_MS), OK);
}

static int world_open(void **state)
{
    struct world *world = xcalloc(1, sizeof *world);
    world->store = store_open();
    struct txn *txn = store_write(&world->store);
    fill_people(world, txn);
    fill_posts(world, txn);
    fill_queues(world, txn);
    store_commit(&txn);
    *state = world;
    return 0;
}

static int world_close(void **state)
{
    struct world *world = *state;
    store_close(&world->store);
    xfree(&world);
    return 0;
}

static void a_store_made_by_the_rules_is_clean(void **state)
{
    struct world *world = *state;
    struct said said;
    struct check_report report;
    if (wrong(&world->store, &said))
        fail_msg("%s", said.text);
    assert_int_equal(check_store(world->store.engine, NULL, NULL, &report), OK);
    assert_true(report.records > 40);
}

/* Breaks the store by hand, asks what is wrong, and puts nothing back: one world a breach. */
static void find(struct world *world, struct txn *txn, const char *table, const char *what)
{
    struct said said;
    store_commit(&txn);
    assert_true(wrong(&world->store, &said) > 0);
    char expected[64];
    const char *line;
    snprintf(expected, sizeof expected, "%s ", table);
    for (line = said.text; line && *line;
         line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
        const char *end = strchr(line, '\n');
        const char *found = strstr(line, what);
        if (strncmp(line, expected, strlen(expected)) == 0 && found && found < end)
            return;
    }
    fail_msg("not found: %s: %s\nsaid:\n%s", table, what, said.text);
}

static struct key hash_of(struct txn *txn, const char *text)
{
    struct key key = {0};
    uint8_t hash[KEY_HASH_BYTES];
    text_hash(txn, text, hash);
    key_add_bytes(&key, (struct bytes){hash, sizeof hash});
    return key;
}

static void drop(struct txn *txn, enum table table, struct key key)
{
    assert_int_equal(engine_del(txn, table, key_bytes(&key)), OK);
}

static void put(struct txn *txn, enum table table, struct key key, struct bytes value)
{
    assert_int_equal(engine_put(txn, table, key_bytes(&key), value), OK);
}

static struct key kind_key(uint8_t kind, uint64_t a, uint64_t b)
{
    struct key key = {0};
    key_add_u8(&key, kind);
    key_add_u64(&key, a);
    key_add_u64(&key, b);
    return key;
}

static void promise_1_actor_indexes(void **state)
{
    struct world *world = *state;
    struct txn *txn = store_write(&world->store);
    drop(txn, TABLE_ACTOR_URI, hash_of(txn, "https://peer.example/users/bob"));
    find(world, txn, "actor", "actor_uri does not name it");
    txn = store_write(&world->store);
    assert_int_equal(text_index_add(txn, TABLE_ACTOR_HANDLE, "eve@x.example", world->bob.v), OK);
    find(world, txn, "actor_handle", "another handle: eve@x.example");
    txn = store_write(&world->store);
    assert_int_equal(text_index_add(txn, TABLE_KEY_URI, "https://x.example/key", world->bob.v), OK);
    find(world, txn, "key_uri", "without that key");
    txn = store_write(&world->store);
    assert_int_equal(text_index_add(txn, TABLE_ACTOR_URI, "https://x.example/nobody", 77), OK);
    find(world, txn, "actor_uri", "does not exist: https://x.example/nobody");
}

static void promise_2_accounts(void **state)
{
    struct world *world = *state;
    struct txn *txn = store_write(&world->store);
    drop(txn, TABLE_PRIVATE_KEY, key_id(world->alice.v));
    find(world, txn, "account", "has no private keys: alice");
    txn = store_write(&world->store);
    drop(txn, TABLE_ACTOR_HANDLE, hash_of(txn, "alice"));
    find(world, txn, "account", "actor_handle does not name it: alice");
    txn = store_write(&world->store);
    drop(txn, TABLE_ACTOR, key_id(world->alice.v));
    find(world, txn, "account", "has no actor: alice");
}

static void promise_3_posts(void **state)
{
    struct world *world = *state;
    struct txn *txn = store_write(&world->store);
    drop(txn, TABLE_POST_URI, hash_of(txn, "https://peer.example/1"));
    find(world, txn, "post", "post_uri does not name it: https://peer.example/1");
    txn = store_write(&world->store);
    struct key orphan = hash_of(txn, "https://gone.example/1");
    key_add_u64(&orphan, world->orphan.v);
    drop(txn, TABLE_ORPHAN, orphan);
    find(world, txn, "post", "has no orphan row: https://peer.example/2");
    txn = store_write(&world->store);
    Tombstone tombstone = TOMBSTONE__INIT;
    tombstone.uri = (char *)"https://ward.example/p/1";
    struct key buried = hash_of(txn, tombstone.uri);
    assert_int_equal(record_put(txn, TABLE_TOMBSTONE, key_bytes(&buried), &tombstone.base), OK);
    find(world, txn, "post", "has a tombstone: https://ward.example/p/1");
    txn = store_write(&world->store);
    drop(txn, TABLE_ACTOR, key_id(world->bob.v));
    find(world, txn, "post", "its author does not exist");
}

static void promise_4_streams(void **state)
{
    struct world *world = *state;
    struct txn *txn = store_write(&world->store);
    assert_int_equal(stream_add(txn, (struct stream_key){STREAM_PUBLIC, 0}, world->boost), OK);
    find(world, txn, "stream", "does not belong in this stream: https://peer.example/b/1");
    txn = store_write(&world->store);
    assert_int_equal(stream_add(txn, (struct stream_key){STREAM_LOCAL, 0}, (post_id){3}), OK);
    find(world, txn, "stream", "names a post that does not exist");
    txn = store_write(&world->store);
    assert_int_equal(
        stream_del(txn, (struct stream_key){STREAM_MENTION, world->bob.v}, world->post), OK);
    find(world, txn, "post", "is not in its stream MENTION: https://ward.example/p/1");
}

static void promise_5_edges(void **state)
{
    struct world *world = *state;
    struct txn *txn = store_write(&world->store);
    drop(txn, TABLE_EDGE_REV, kind_key(EDGE_FOLLOW, world->alice.v, world->bob.v));
    find(world, txn, "edge", "has no edge_rev");
    txn = store_write(&world->store);
    drop(txn, TABLE_EDGE, kind_key(EDGE_FOLLOW, world->bob.v, world->alice.v));
    find(world, txn, "edge_uri", "names no edge that has this URI");
    txn = store_write(&world->store);
    put(txn, TABLE_EDGE_REV, kind_key(EDGE_BLOCK, 1, 2), (struct bytes){0});
    find(world, txn, "edge_rev", "has no edge");
    txn = store_write(&world->store);
    Edge edge = EDGE__INIT;
    assert_int_equal(edge_add(txn, (struct edge_key){EDGE_LIKE, world->bob.v, 99}, &edge), OK);
    find(world, txn, "edge", "leads to a post that does not exist");
}

static void promise_26_likes_and_bookmarks_in_order(void **state)
{
    struct world *world = *state;
    struct txn *txn = store_write(&world->store);
    Edge edge = EDGE__INIT;
    edge.order = 5;
    assert_int_equal(
        edge_add(txn, (struct edge_key){EDGE_BOOKMARK, world->alice.v, world->post.v}, &edge), OK);
    drop(txn, TABLE_EDGE_ORDER, kind_key(EDGE_BOOKMARK, world->alice.v, 5));
    find(world, txn, "edge", "has no edge_order");
    txn = store_write(&world->store);
    struct key whom = key_id(world->post.v);
    put(txn, TABLE_EDGE_ORDER, kind_key(EDGE_BOOKMARK, world->alice.v, 6), key_bytes(&whom));
    find(world, txn, "edge_order", "names no edge of this order");
}

static void promise_27_and_28_keys_of_requests_and_scheduled_posts(void **state)
{
    struct world *world = *state;
    struct txn *txn = store_write(&world->store);
    Idempotency once = IDEMPOTENCY__INIT;
    Scheduled row = SCHEDULED__INIT;
    struct key none = key_ids(1, 2), due = key_ids(7, world->alice.v);
    once.key = (char *)"k";
    assert_int_equal(record_put(txn, TABLE_IDEMPOTENCY, key_bytes(&none), &once.base), OK);
    find(world, txn, "idempotency", "the key is not the hash of token and text");
    txn = store_write(&world->store);
    row.id = 5;
    row.owner = world->alice.v;
    row.due_ms = 7;
    key_add_u64(&due, row.id);
    assert_int_equal(scheduled_put(txn, &row), OK);
    drop(txn, TABLE_SCHEDULED_DUE, due);
    find(world, txn, "scheduled", "waits and is not due, or the reverse");
    txn = store_write(&world->store);
    put(txn, TABLE_SCHEDULED_DUE, due, (struct bytes){0});
    row.owner = world->bob.v;
    assert_int_equal(scheduled_put(txn, &row), OK);
    find(world, txn, "scheduled", "its owner has no account");
    txn = store_write(&world->store);
    due = key_ids(8, world->alice.v);
    key_add_u64(&due, row.id);
    put(txn, TABLE_SCHEDULED_DUE, due, (struct bytes){0});
    find(world, txn, "scheduled_due", "names no scheduled post of that time");
}

static void promise_15_digests_of_followers(void **state)
{
    struct world *world = *state;
    struct txn *txn = store_write(&world->store);
    struct key key = follow_digest_key(txn, world->alice, "peer.example");
    uint8_t row[8 + FOLLOW_DIGEST_BYTES] = {[7] = 1};
    drop(txn, TABLE_FOLLOW_DIGEST, key);
    find(world, txn, "edge", "is in no follow_digest");
    txn = store_write(&world->store);
    put(txn, TABLE_FOLLOW_DIGEST, key, (struct bytes){row, sizeof row});
    find(world, txn, "follow_digest", "is not the sum of its followers");
    txn = store_write(&world->store);
    row[7] = 2;
    put(txn, TABLE_FOLLOW_DIGEST, key, (struct bytes){row, sizeof row});
    find(world, txn, "follow_digest", "says 2 followers, there are 1");
    txn = store_write(&world->store);
    put(txn, TABLE_FOLLOW_DIGEST, key, (struct bytes){row, 3});
    find(world, txn, "follow_digest", "is no digest");
}

static void promise_22_lists_and_filters(void **state)
{
    struct world *world = *state;
    struct txn *txn = store_write(&world->store);
    Edge edge = EDGE__INIT;
    List list = LIST__INIT;
    list.owner = world->alice.v;
    list.title = (char *)"list";
    assert_int_equal(list_add(txn, &list, BUILD_NOW_MS), OK);
    edge.post = world->alice.v;
    assert_int_equal(edge_add(txn, (struct edge_key){EDGE_LISTED, list.id, world->bob.v}, &edge),
                     OK);
    find(world, txn, "edge", "lists somebody whom the owner does not follow");
    txn = store_write(&world->store);
    drop(txn, TABLE_LIST, key_ids(world->alice.v, list.id));
    find(world, txn, "edge", "is of a list that does not exist");
    txn = store_write(&world->store);
    struct key key = key_ids(world->bob.v, 5);
    assert_int_equal(record_put(txn, TABLE_LIST, key_bytes(&key), &list.base), OK);
    find(world, txn, "list", "the record says it is");
    txn = store_write(&world->store);
    Filter filter = FILTER__INIT;
    filter.owner = world->bob.v;
    filter.id = 5;
    assert_int_equal(record_put(txn, TABLE_FILTER, key_bytes(&key), &filter.base), OK);
    find(world, txn, "filter", "its owner has no account");
}

static void promise_6_counters_and_notifications(void **state)
{
    static const struct {
        enum counter_kind kind;
        const char *said;
    } counters[] = {
        {COUNTER_FOLLOWERS, "says 2, there are 1"},  {COUNTER_POSTS, "says 2, there are 1"},
        {COUNTER_OPEN_POSTS, "says 2, there are 1"}, {COUNTER_REPLIES, "says 1, there are 0"},
        {COUNTER_LIKES, "says 1, there are 0"},
    };
    struct world *world = *state;
    for (size_t i = 0; i < COUNT(counters); i++) {
        struct txn *txn = store_write(&world->store);
        assert_int_equal(counter_add(txn, counters[i].kind, world->alice.v, 1), OK);
        find(world, txn, "counter", counters[i].said);
    }
    struct txn *txn = store_write(&world->store);
    assert_int_equal(counter_add(txn, COUNTER_STORE, STORE_REMOTE_POSTS, 5), OK);
    find(world, txn, "counter", "says 7, there are 2");
    txn = store_write(&world->store);
    assert_int_equal(counter_add(txn, COUNTER_STORE, STORE_OPEN_POSTS, 1), OK);
    find(world, txn, "counter", "says 2, there are 1");
    txn = store_write(&world->store);
    assert_int_equal(counter_add(txn, COUNTER_FOLLOWING, world->bob.v, -1), OK);
    find(world, txn, "edge", "is not counted");
    txn = store_write(&world->store);
    struct key same = key_ids(world->reply.v, world->alice.v);
    key_add_u8(&same, NOTIFICATION_TYPE__MENTION);
    key_add_u64(&same, world->bob.v);
    key_add_u64(&same, 0);
    drop(txn, TABLE_NOTIFIED, same);
    find(world, txn, "notification", "notified does not name it");
}

static void promise_13_quotes_and_consents(void **state)
{
    struct world *world = *state;
    struct txn *txn = store_write(&world->store);
    struct key row = hash_of(txn, "https://gone.example/1");
    key_add_u64(&row, world->post.v);
    put(txn, TABLE_UNQUOTED, row, (struct bytes){0});
    find(world, txn, "unquoted", "does not wait for this one");
    txn = store_write(&world->store);
    put(txn, TABLE_AUTHORIZED, row, (struct bytes){0});
    find(world, txn, "authorized", "without this authorization");
    txn = store_write(&world->store);
    row = key_id(world->post.v);
    key_add_u8(&row, 3);
    struct key nobody = key_ids(1, 2);
    put(txn, TABLE_CONSENT_OF, row, key_bytes(&nobody));
    find(world, txn, "consent_of", "names a consent that does not exist");
    txn = store_write(&world->store);
    Consent consent = CONSENT__INIT;
    consent.owner = world->alice.v;
    consent.id = 7;
    row = key_ids(consent.owner, consent.id);
    assert_int_equal(record_put(txn, TABLE_CONSENT, key_bytes(&row), &consent.base), OK);
    find(world, txn, "consent", "is about a post that does not exist");
}

static void promise_13_a_consent_and_its_index_name_each_other(void **state)
{
    struct world *world = *state;
    struct txn *txn = store_write(&world->store);
    Consent consent = CONSENT__INIT;
    consent.owner = world->alice.v;
    consent.target = world->post.v;
    consent.kind = CONSENT_LIKE;
    consent.object = (char *)"https://peer.example/like/1";
    assert_int_equal(consent_put(txn, &consent, BUILD_NOW_MS), OK);
    struct key of = key_id(world->post.v), hash = hash_of(txn, consent.object);
    key_add_u8(&of, CONSENT_LIKE);
    key_add_bytes(&of, key_bytes(&hash));
    drop(txn, TABLE_CONSENT_OF, of);
    find(world, txn, "consent", "consent_of does not name it: https://peer.example/like/1");
}

static void promise_14_media_and_posts_name_each_other(void **state)
{
    struct world *world = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    struct txn *txn = store_write(&world->store);
    Media media = MEDIA__INIT;
    Attachment picture = ATTACHMENT__INIT, *pictures[] = {&picture};
    struct key key = key_id(world->reply.v);
    Post *post;
    media.id = 77;
    media.post = world->reply.v;
    assert_int_equal(media_add(txn, &media), OK);
    find(world, txn, "media", "belongs to no post");
    txn = store_write(&world->store);
    assert_int_equal(post_get(txn, world->reply, &arena, &post), OK);
    picture.media = media.id;
    post->attachments = pictures;
    post->n_attachments = 1;
    assert_int_equal(record_put(txn, TABLE_POST, key_bytes(&key), &post->base), OK);
    drop(txn, TABLE_MEDIA, key_id(media.id));
    find(world, txn, "post", "its picture 77 has no record");
}

static void promise_17_a_report_and_its_index_name_each_other(void **state)
{
    struct world *world = *state;
    struct txn *txn = store_write(&world->store);
    Report report = REPORT__INIT;
    report.from = world->alice.v;
    report.about = world->bob.v;
    assert_int_equal(report_add(txn, &report, BUILD_NOW_MS), OK);
    drop(txn, TABLE_REPORT_OF, key_ids(report.about, report.id));
    find(world, txn, "report", "has no report_of");
    txn = store_write(&world->store);
    put(txn, TABLE_REPORT_OF, key_ids(world->alice.v, report.id), (struct bytes){0});
    find(world, txn, "report_of", "names no report about this account");
    txn = store_write(&world->store);
    struct key key = key_id(report.id);
    report.about = 99;
    assert_int_equal(record_put(txn, TABLE_REPORT, key_bytes(&key), &report.base), OK);
    find(world, txn, "report", "is about an actor that does not exist");
}

/* A running backfill that wants one thing: its id. */
static uint64_t fill_backfill(struct world *world, struct txn *txn, BackfillItem *item)
{
    Backfill backfill = BACKFILL__INIT;
    backfill.root = world->post.v;
    assert_int_equal(backfill_add(txn, &backfill, BUILD_NOW_MS), OK);
    assert_int_equal(backfill_item_add(txn, backfill.id, item), OK);
    assert_int_equal(backfill_item_want(txn, &backfill, item, BUILD_NOW_MS), OK);
    assert_int_equal(backfill_put(txn, &backfill), OK);
    return backfill.id;
}

static void promise_18_backfills_and_what_they_want(void **state)
{
    struct world *world = *state;
    struct said said;
    BackfillItem item = BACKFILL_ITEM__INIT;
    item.uri = (char *)"https://peer.example/wanted";
    struct txn *txn = store_write(&world->store);
    uint64_t id = fill_backfill(world, txn, &item);
    struct key by = hash_of(txn, item.uri), row = key_id(id);
    struct key hash = by;
    key_add_u64(&by, id);
    store_commit(&txn);
    if (wrong(&world->store, &said))
        fail_msg("%s", said.text);

    txn = store_write(&world->store);
    drop(txn, TABLE_WANT, hash);
    find(world, txn, "backfill_item", "nobody wants what it needs: https://peer.example/wanted");
    txn = store_write(&world->store);
    drop(txn, TABLE_BACKFILL_BY, by);
    find(world, txn, "backfill_item", "has no backfill_by: https://peer.example/wanted");
    txn = store_write(&world->store);
    put(txn, TABLE_BACKFILL_BY, key_ids(1, 2), (struct bytes){0});
    find(world, txn, "backfill_by", "names an item that does not exist");
    txn = store_write(&world->store);
    drop(txn, TABLE_BACKFILL_OF, key_id(world->post.v));
    find(world, txn, "backfill", "has no backfill_of");
    txn = store_write(&world->store);
    put(txn, TABLE_BACKFILL_OF, key_id(world->reply.v), key_bytes(&row));
    find(world, txn, "backfill_of", "names a backfill that does not name it back");
    txn = store_write(&world->store);
    drop(txn, TABLE_BACKFILL_RUN, row);
    find(world, txn, "backfill", "is not said to run");
    find(world, store_write(&world->store), "backfill_item", "belongs to no running backfill");
    txn = store_write(&world->store);
    put(txn, TABLE_BACKFILL_RUN, key_id(9), (struct bytes){0});
    find(world, txn, "backfill_run", "names a backfill that does not exist");
}

static void promise_7_peers_are_due_exactly_once(void **state)
{
    struct world *world = *state;
    struct txn *txn = store_write(&world->store);
    put(txn, TABLE_PEER_DUE, key_ids(5, world->peer.v), (struct bytes){0});
    find(world, txn, "peer_due", "is not at the peer's next attempt");
    txn = store_write(&world->store);
    drop(txn, TABLE_PEER_DUE, key_ids(0, world->peer.v));
    find(world, txn, "peer", "has jobs and no peer_due at its next attempt: peer.example");
    txn = store_write(&world->store);
    put(txn, TABLE_PEER_DUE, key_ids(0, build_peer(txn, "idle.example").v), (struct bytes){0});
    find(world, txn, "peer_due", "the peer has no jobs");
    txn = store_write(&world->store);
    drop(txn, TABLE_PEER_HOST, hash_of(txn, "idle.example"));
    find(world, txn, "peer", "peer_host does not name it: idle.example");
}

static void promise_16_polls_are_due_once_and_count_their_voters(void **state)
{
    struct world *world = *state;
    struct txn *txn = store_write(&world->store);
    post_id id;
    Poll poll = POLL__INIT;
    Post post = POST__INIT;
    put(txn, TABLE_POLL_DUE, key_ids(5, 77), (struct bytes){0});
    find(world, txn, "poll_due", "names no poll that is due");
    txn = store_write(&world->store);
    assert_int_equal(post_find(txn, "https://ward.example/p/1", &id), OK);
    post.id = id.v;
    post.poll = &poll;
    poll.is_awaited = true;
    poll.ends_ms = BUILD_NOW_MS;
    assert_int_equal(poll_put(txn, &post), OK);
    drop(txn, TABLE_POLL_DUE, key_ids(BUILD_NOW_MS, id.v));
    find(world, txn, "post", "its poll is due and has no poll_due");
    txn = store_write(&world->store);
    assert_int_equal(poll_put(txn, &post), OK);
    put(txn, TABLE_POLL_DUE, key_ids(5, id.v), (struct bytes){0});
    find(world, txn, "poll_due", "is not when the poll is due");
    txn = store_write(&world->store);
    poll.voters = 2;
    assert_int_equal(poll_put(txn, &post), OK);
    find(world, txn, "post", "its poll has 2 voters, there are 0 votes");
}

static void promise_8_bodies_know_their_jobs(void **state)
{
    struct world *world = *state;
    struct txn *txn = store_write(&world->store);
    OutBody body = OUT_BODY__INIT;
    body.references = 2;
    struct key key = key_id(world->body);
    assert_int_equal(record_put(txn, TABLE_OUTBODY, key_bytes(&key), &body.base), OK);
    find(world, txn, "outbody", "says 2 jobs name it, there are 1");
    txn = store_write(&world->store);
    uint64_t lonely;
    assert_int_equal(outqueue_add_body(txn, bytes_of("{}"), 1, &lonely), OK);
    find(world, txn, "outbody", "no job names it");
    txn = store_write(&world->store);
    drop(txn, TABLE_OUTBODY, key);
    find(world, txn, "outqueue", "its body does not exist");
}

static void promise_9_jobs_and_ledger_agree_and_add_up(void **state)
{
    struct world *world = *state;
    struct txn *txn = store_write(&world->store);
    struct key line = key_ids(world->post.v, world->peer.v);
    key_add_u64(&line, world->job);
    drop(txn, TABLE_LEDGER, line);
    find(world, txn, "outqueue", "its ledger line is missing or closed");
    txn = store_write(&world->store);
    Delivery open = DELIVERY__INIT;
    line = key_ids(world->post.v, world->peer.v);
    key_add_u64(&line, 9);
    assert_int_equal(record_put(txn, TABLE_LEDGER, key_bytes(&line), &open.base), OK);
    find(world, txn, "ledger", "is open and has no job");
    txn = store_write(&world->store);
    assert_int_equal(counter_add(txn, COUNTER_DELIVERY, DELIVERY_STATE__QUEUED, 3), OK);
    find(world, txn, "counter", "says 4, there are 1");
}

static void promise_10_parked_items_and_wants(void **state)
{
    static const char needs[] = "https://peer.example/users/carol";
    struct world *world = *state;
    struct txn *txn = store_write(&world->store);
    put(txn, TABLE_WANT_DUE, key_id(1), (struct bytes){0});
    find(world, txn, "want_due", "names a want that does not exist");
    txn = store_write(&world->store);
    struct key due = key_id(BUILD_NOW_MS), hash = hash_of(txn, needs);
    key_add_bytes(&due, key_bytes(&hash));
    drop(txn, TABLE_WANT_DUE, due);
    find(world, txn, "want", "has no want_due at its next attempt");
    txn = store_write(&world->store);
    struct key by = hash_of(txn, needs);
    key_add_u64(&by, world->parked);
    drop(txn, TABLE_PARKED_BY, by);
    find(world, txn, "parked", "has no parked_by");
    txn = store_write(&world->store);
    drop(txn, TABLE_WANT, hash_of(txn, needs));
    find(world, txn, "parked", "nobody wants what it needs");
    txn = store_write(&world->store);
    assert_int_equal(counter_add(txn, COUNTER_PARKED, world->peer.v, 1), OK);
    find(world, txn, "counter", "says 2, there are 1");
}

static void t84_promise_11_a_missing_changed_or_cut_off_audit_record_is_found(void **state)
{
    struct world *world = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    AuditRecord *record;
    struct txn *txn = store_write(&world->store);
    struct key key = key_id(3);
    assert_int_equal(audit_next(txn, 2, &arena, &record), OK);
    drop(txn, TABLE_AUDIT, key);
    find(world, txn, "audit", "the log ends at number 2, it was written up to 3");
    txn = store_write(&world->store);
    record->act = (char *)"peer.block";
    assert_int_equal(record_put(txn, TABLE_AUDIT, key_bytes(&key), &record->base), OK);
    find(world, txn, "audit", "the last record was changed");
    txn = store_write(&world->store);
    key = key_id(2);
    assert_int_equal(audit_next(txn, 1, &arena, &record), OK);
    record->reason = (char *)"other";
    assert_int_equal(record_put(txn, TABLE_AUDIT, key_bytes(&key), &record->base), OK);
    find(world, txn, "audit", "the record before was changed");
    txn = store_write(&world->store);
    drop(txn, TABLE_AUDIT, key);
    find(world, txn, "audit", "number 2 is missing");
}

static void promise_21_hashtags_and_hosts_of_an_account_stand_under_their_names(void **state)
{
    struct world *world = *state;
    struct txn *txn = store_write(&world->store);
    put(txn, TABLE_TAG_FOLLOW, key_ids(world->alice.v, 5), bytes_of("icu"));
    find(world, txn, "tag_follow", "the key is not that of the tag");
    txn = store_write(&world->store);
    assert_int_equal(tag_follow_add(txn, (actor_id){4}, "icu"), OK);
    find(world, txn, "tag_follow", "is of no account");
    txn = store_write(&world->store);
    put(txn, TABLE_DOMAIN_BLOCK, key_ids(world->alice.v, 5), bytes_of("a.example"));
    find(world, txn, "domain_block", "the key is not that of the host");
    txn = store_write(&world->store);
    assert_int_equal(domain_block_add(txn, (actor_id){4}, "a.example"), OK);
    find(world, txn, "domain_block", "is of no account");
}

static void promise_5_who_asks_to_be_told_is_found_from_whom_they_follow(void **state)
{
    struct world *world = *state;
    Edge edge = EDGE__INIT;
    struct txn *txn = store_write(&world->store);
    assert_int_equal(
        edge_add(txn, (struct edge_key){EDGE_NOTIFY, world->alice.v, world->alice.v}, &edge), OK);
    find(world, txn, "edge", "is of no follow that asks to be told");
}

static void promise_30_what_waits_is_in_its_request(void **state)
{
    struct world *world = *state;
    Notification follow = NOTIFICATION__INIT;
    follow.type = NOTIFICATION_TYPE__FOLLOW;
    follow.from = 99;
    follow.is_filtered = true;
    struct txn *txn = store_write(&world->store);
    struct key row = key_ids(world->alice.v, 99);
    assert_int_equal(notification_add(txn, world->alice, &follow, BUILD_NOW_MS), OK);
    key_add_u64(&row, follow.id);
    assert_int_equal(engine_del(txn, TABLE_NOTIFICATION_REQUEST, key_bytes(&row)), OK);
    find(world, txn, "notification", "is filtered and stands in no request");
    txn = store_write(&world->store);
    row = key_ids(world->alice.v, 99);
    key_add_u64(&row, 7);
    put(txn, TABLE_NOTIFICATION_REQUEST, row, (struct bytes){0});
    find(world, txn, "notification_request", "names a notification that does not exist");
    txn = store_write(&world->store);
    follow.is_filtered = false;
    follow.from = 98;
    assert_int_equal(notification_add(txn, world->alice, &follow, BUILD_NOW_MS), OK);
    row = key_ids(world->alice.v, 98);
    key_add_u64(&row, follow.id);
    put(txn, TABLE_NOTIFICATION_REQUEST, row, (struct bytes){0});
    find(world, txn, "notification_request",
         "names a notification that does not wait, or is from somebody else");
}

static void promise_12_every_record_decodes_and_names_its_key(void **state)
{
    static const enum table tables[] = {
        TABLE_ACTOR,        TABLE_ACCOUNT, TABLE_PRIVATE_KEY,  TABLE_POST,        TABLE_TOMBSTONE,
        TABLE_NOTIFICATION, TABLE_PEER,    TABLE_PEER_HEALTH,  TABLE_OUTBODY,     TABLE_WANT,
        TABLE_SEEN,         TABLE_TOKEN,   TABLE_AUDIT,        TABLE_PARKED,      TABLE_OUTQUEUE,
        TABLE_LEDGER,       TABLE_EDGE,    TABLE_POST_HISTORY, TABLE_APPLICATION, TABLE_AUTH_CODE,
        TABLE_SESSION};
    struct world *world = *state;
    for (size_t i = 0; i < COUNT(tables); i++) {
        struct txn *txn = store_write(&world->store);
        struct key key = key_ids(8, 8);
        key_add_u64(&key, 8);
        put(txn, tables[i], key, bytes_of("\xff\xff"));
        find(world, txn, table_name(tables[i]), "does not decode");
    }
    struct txn *txn = store_write(&world->store);
    Post post = POST__INIT;
    post.id = 4;
    struct key key = key_id(5);
    assert_int_equal(record_put(txn, TABLE_POST, key_bytes(&key), &post.base), OK);
    find(world, txn, "post", "the record has another id");
}

static void promise_25_tokens_their_ids_and_their_owners(void **state)
{
    struct world *world = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    Application application = APPLICATION__INIT;
    Token token = TOKEN__INIT;
    const char *secret;
    struct txn *txn = store_write(&world->store);
    assert_int_equal(application_add(txn, &application, BUILD_NOW_MS, &arena, &secret), OK);
    token.app = application.id;
    assert_int_equal(token_create(txn, &token, BUILD_NOW_MS, &arena, &secret), OK);
    struct key owner = {0};
    key_add_u8(&owner, TOKEN_OF_APPLICATION);
    key_add_u64(&owner, token.app);
    key_add_u64(&owner, token.id);
    drop(txn, TABLE_TOKEN_OF, owner);
    find(world, txn, "token", "token_of does not name it as its application's");
    txn = store_write(&world->store);
    put(txn, TABLE_TOKEN_OF, owner, (struct bytes){0});
    drop(txn, TABLE_APPLICATION, key_id(application.id));
    find(world, txn, "token", "its application is not there");
    txn = store_write(&world->store);
    drop(txn, TABLE_TOKEN_ID, key_id(token.id));
    find(world, txn, "token", "token_id does not name it");
    txn = store_write(&world->store);
    put(txn, TABLE_TOKEN_ID, key_id(7), bytes_of("x"));
    find(world, txn, "token_id", "names no token");
}

static void promise_19_emoji_and_their_pictures(void **state)
{
    struct world *world = *state;
    OwnEmoji emoji = OWN_EMOJI__INIT;
    emoji.shortcode = (char *)"pill";
    emoji.media = 7;
    struct txn *txn = store_write(&world->store);
    assert_int_equal(own_emoji_add(txn, &emoji), OK);
    drop(txn, TABLE_EMOJI_MEDIA, key_id(7));
    find(world, txn, "emoji", "has no emoji_media");
    txn = store_write(&world->store);
    put(txn, TABLE_EMOJI_MEDIA, key_id(8), bytes_of("none"));
    find(world, txn, "emoji_media", "names no emoji with this picture");
    txn = store_write(&world->store);
    assert_int_equal(record_put(txn, TABLE_EMOJI, bytes_of("other"), &emoji.base), OK);
    find(world, txn, "emoji", "the record says it is another");
}

static void promise_20_events_are_numbered_without_a_gap(void **state)
{
    struct world *world = *state;
    uint64_t last;
    struct txn *txn = store_write(&world->store);
    for (int i = 0; i < 3; i++)
        assert_int_equal(event_add_for(txn, EVENT_KIND__EVENT_FILTERS, (actor_id){1}, 0, 1), OK);
    assert_int_equal(event_last(txn, &last), OK);
    drop(txn, TABLE_EVENT, key_id(last - 1));
    find(world, txn, "event", "is missing");
    txn = store_write(&world->store);
    Event event = EVENT__INIT;
    event.seq = 1;
    struct key key = key_id(last + 1);
    assert_int_equal(record_put(txn, TABLE_EVENT, key_bytes(&key), &event.base), OK);
    find(world, txn, "event", "the record says it is number 1");
}

static void a_store_larger_than_a_page_is_read_in_several(void **state)
{
    struct world *world = *state;
    struct said said;
    struct check_report report;
    struct txn *txn = store_write(&world->store);
    uint8_t digest[32] = {0};
    bool same;
    for (int i = 0; i < 2500; i++) {
        char uri[64];
        snprintf(uri, sizeof uri, "https://peer.example/act/many/%d", i);
        assert_int_equal(seen_add(txn, uri, digest, 1, &same), OK);
    }
    store_commit(&txn);
    if (wrong(&world->store, &said))
        fail_msg("%s", said.text);
    assert_int_equal(check_store(world->store.engine, NULL, NULL, &report), OK);
    assert_true(report.records > 2500);
}

/* Writes all the time, in commits of one operation each. */
struct churn {
    struct world *world;
    atomic_bool stop;
    atomic_uint rounds;
};

static void *churn_run(void *context)
{
    struct churn *churn = context;
    struct world *world = churn->world;
    for (; !atomic_load(&churn->stop); atomic_fetch_add(&churn->rounds, 1)) {
        struct txn *txn = store_write(&world->store);
        struct build_post with = {.uri = "https://peer.example/churn",
                                  .author = world->bob,
                                  .in_reply_to = "https://ward.example/p/1"};
        char uri[64];
        snprintf(uri, sizeof uri, "https://peer.example/churn/%u", atomic_load(&churn->rounds));
        with.uri = uri;
        post_id id = build_post(txn, &with);
        uint64_t job = build_job(txn, world->peer, id.v);
        store_commit(&txn);
        txn = store_write(&world->store);
        if (outqueue_end(txn, world->peer, job, DELIVERY_STATE__DELIVERED, 202, "", 1) ||
            post_delete(txn, id, BUILD_NOW_MS))
            abort();
        store_commit(&txn);
    }
    return NULL;
}

static void a_live_store_raises_no_false_alarm(void **state)
{
    struct world *world = *state;
    struct churn churn = {.world = world};
    struct said said;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, churn_run, &churn), 0);
    uint64_t alarms = 0;
    for (int i = 0; !alarms && (i < 10 || atomic_load(&churn.rounds) < 3); i++)
        alarms = wrong(&world->store, &said);
    atomic_store(&churn.stop, true);
    pthread_join(thread, NULL);
    if (alarms)
        fail_msg("%s", said.text);
}

static void t95_a_store_of_a_newer_version_is_refused(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    struct key newer = key_id(STORE_VERSION + 1), oldest = key_id(0);
    struct why why;
    assert_int_equal(migrate_store(txn, &why), OK);
    assert_int_equal(engine_put(txn, TABLE_META, bytes_of("version"), key_bytes(&newer)), OK);
    assert_int_equal(migrate_store(txn, &why), ERR_INVALID);
    assert_string_equal(why.text, "the store has version 2, this program knows 1");
    assert_int_equal(engine_put(txn, TABLE_META, bytes_of("version"), key_bytes(&oldest)), OK);
    assert_int_equal(migrate_store(txn, &why), ERR_CORRUPT);
    assert_int_equal(engine_del(txn, TABLE_META, bytes_of("version")), OK);
    assert_int_equal(migrate_store(txn, &why), ERR_CORRUPT);
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, world_open, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(a_store_made_by_the_rules_is_clean),
        IN_A_WORLD(promise_1_actor_indexes),
        IN_A_WORLD(promise_2_accounts),
        IN_A_WORLD(promise_3_posts),
        IN_A_WORLD(promise_4_streams),
        IN_A_WORLD(promise_5_edges),
        IN_A_WORLD(promise_5_who_asks_to_be_told_is_found_from_whom_they_follow),
        IN_A_WORLD(promise_15_digests_of_followers),
        IN_A_WORLD(promise_22_lists_and_filters),
        IN_A_WORLD(promise_26_likes_and_bookmarks_in_order),
        IN_A_WORLD(promise_27_and_28_keys_of_requests_and_scheduled_posts),
        IN_A_WORLD(promise_6_counters_and_notifications),
        IN_A_WORLD(promise_30_what_waits_is_in_its_request),
        IN_A_WORLD(promise_7_peers_are_due_exactly_once),
        IN_A_WORLD(promise_13_quotes_and_consents),
        IN_A_WORLD(promise_13_a_consent_and_its_index_name_each_other),
        IN_A_WORLD(promise_14_media_and_posts_name_each_other),
        IN_A_WORLD(promise_17_a_report_and_its_index_name_each_other),
        IN_A_WORLD(promise_18_backfills_and_what_they_want),
        IN_A_WORLD(promise_16_polls_are_due_once_and_count_their_voters),
        IN_A_WORLD(promise_8_bodies_know_their_jobs),
        IN_A_WORLD(promise_9_jobs_and_ledger_agree_and_add_up),
        IN_A_WORLD(promise_10_parked_items_and_wants),
        IN_A_WORLD(t84_promise_11_a_missing_changed_or_cut_off_audit_record_is_found),
        IN_A_WORLD(promise_12_every_record_decodes_and_names_its_key),
        IN_A_WORLD(promise_21_hashtags_and_hosts_of_an_account_stand_under_their_names),
        IN_A_WORLD(promise_19_emoji_and_their_pictures),
        IN_A_WORLD(promise_20_events_are_numbered_without_a_gap),
        IN_A_WORLD(promise_25_tokens_their_ids_and_their_owners),
        IN_A_WORLD(a_store_larger_than_a_page_is_read_in_several),
        IN_A_WORLD(a_live_store_raises_no_false_alarm),
        cmocka_unit_test(t95_a_store_of_a_newer_version_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
