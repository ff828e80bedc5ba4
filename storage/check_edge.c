#include "storage/check_rows.h"

#include "storage/edge.h"
#include "storage/follow_digest.h"

#include <string.h>

static struct key edge_key_of(uint8_t kind, uint64_t first, uint64_t second)
{
    struct key key = {0};
    key_add_u8(&key, kind);
    key_add_u64(&key, first);
    key_add_u64(&key, second);
    return key;
}

static bool is_counted(struct check *check, uint8_t kind, uint64_t who, uint64_t whom)
{
    switch ((enum edge_kind)kind) {
    case EDGE_FOLLOW:
        return counter_get(check->txn, COUNTER_FOLLOWING, who) &&
               counter_get(check->txn, COUNTER_FOLLOWERS, whom);
    case EDGE_LIKE:
        return counter_get(check->txn, COUNTER_LIKES, whom) > 0;
    case EDGE_BOOST:
        return counter_get(check->txn, COUNTER_BOOSTS, whom) > 0;
    case EDGE_REACTION:
        return counter_get(check->txn, COUNTER_REACTIONS, whom) > 0;
    case EDGE_FOLLOW_REQUEST:
    case EDGE_BLOCK:
    case EDGE_MUTE:
    case EDGE_BOOKMARK:
    case EDGE_PIN:
    case EDGE_VOTE:
    case EDGE_MODERATOR:
    case EDGE_BAN:
    case EDGE_RELAY:
    case EDGE_THREAD_MUTE:
    case EDGE_NOTE:
    case EDGE_LISTED:
    case EDGE_NOTIFY:
    case EDGE_ADMITTED:
        break;
    }
    return true;
}

static bool leads_to_post(uint8_t kind)
{
    switch ((enum edge_kind)kind) {
    case EDGE_LIKE:
    case EDGE_BOOST:
    case EDGE_BOOKMARK:
    case EDGE_PIN:
    case EDGE_REACTION:
    case EDGE_VOTE:
    case EDGE_THREAD_MUTE:
        return true;
    default:
        return false;
    }
}

/* A follower who is stored is in the digest of their host. */
static bool is_digested(struct check *check, uint64_t who, uint64_t whom)
{
    Actor *follower = check_record(check, TABLE_ACTOR, who, &actor__descriptor);
    return !follower || check_has(check, TABLE_FOLLOW_DIGEST,
                                  follow_digest_key(check->txn, (actor_id){whom}, follower->host));
}

static void check_listed(struct check *check, uint64_t list, uint64_t member, uint64_t owner)
{
    if (!check_has(check, TABLE_LIST, key_ids(owner, list)))
        check_wrong(check, "is of a list that does not exist");
    if (member != owner && !check_has(check, TABLE_EDGE, edge_key_of(EDGE_FOLLOW, owner, member)))
        check_wrong(check, "lists somebody whom the owner does not follow");
}

static void check_notify(struct check *check, uint8_t kind, uint64_t who, uint64_t whom)
{
    struct key key = edge_key_of(EDGE_FOLLOW, who, whom);
    Edge *follow;
    bool is_told = check_has(check, TABLE_EDGE, edge_key_of(EDGE_NOTIFY, who, whom));
    bool asks = record_get(check->txn, TABLE_EDGE, key_bytes(&key), &edge__descriptor,
                           &check->arena, &follow) == OK &&
                follow->notify;
    if (is_told != asks)
        check_wrong(check, kind == EDGE_NOTIFY ? "is of no follow that asks to be told"
                                               : "asks to be told, or not, and its NOTIFY differs");
}

enum err check_edge(struct check *check)
{
    Edge *edge;
    if (!check_decode(check, &edge__descriptor, &edge))
        return OK;
    uint8_t kind = check->key.p[0];
    uint64_t who = check_key_u64(check, 1), whom = check_key_u64(check, 9);
    if (kind < EDGE_FOLLOW || kind > EDGE_ADMITTED)
        check_wrong(check, "is of no known kind");
    if (!check_has(check, TABLE_EDGE_REV, edge_key_of(kind, whom, who)))
        check_wrong(check, "has no edge_rev");
    if (leads_to_post(kind) && !check_has(check, TABLE_POST, key_id(whom)))
        check_wrong(check, "leads to a post that does not exist");
    if (!is_counted(check, kind, who, whom))
        check_wrong(check, "is not counted");
    if (edge->order && !check_has(check, TABLE_EDGE_ORDER, edge_key_of(kind, who, edge->order)))
        check_wrong(check, "has no edge_order");
    if (kind == EDGE_FOLLOW && !is_digested(check, who, whom))
        check_wrong(check, "is in no follow_digest");
    if (kind == EDGE_FOLLOW || kind == EDGE_NOTIFY)
        check_notify(check, kind, who, whom);
    if (kind == EDGE_LISTED)
        check_listed(check, who, whom, edge->post);
    if (kind != EDGE_BOOST || !edge->post)
        return OK;
    Post *boost = check_record(check, TABLE_POST, edge->post, &post__descriptor);
    if (!boost || boost->boost_of != whom || boost->author != who)
        check_wrong(check, "names a post that is not its boost");
    return OK;
}

enum err check_edge_rev(struct check *check)
{
    struct key forward =
        edge_key_of(check->key.p[0], check_key_u64(check, 9), check_key_u64(check, 1));
    if (!check_has(check, TABLE_EDGE, forward))
        check_wrong(check, "has no edge");
    return OK;
}

enum err check_edge_order(struct check *check)
{
    size_t at = 0;
    uint64_t whom;
    Edge *edge;
    if (key_read_u64(check->value, &at, &whom)) {
        check_wrong(check, "the value is too short");
        return OK;
    }
    struct key key = edge_key_of(check->key.p[0], check_key_u64(check, 1), whom);
    if (record_get(check->txn, TABLE_EDGE, key_bytes(&key), &edge__descriptor, &check->arena,
                   &edge) ||
        edge->order != check_key_u64(check, 9))
        check_wrong(check, "names no edge of this order");
    return OK;
}

enum err check_edge_uri(struct check *check)
{
    const size_t head = 17; /* kind:1 who:8 whom:8 */
    struct bytes value = check->value;
    Edge *edge;
    if (value.n < head) {
        check_wrong(check, "the value is too short");
        return OK;
    }
    const char *uri = arena_strndup(&check->arena, value.p + head, value.n - head);
    if (!uri || !check_hashes(check, uri))
        check_wrong(check, "the key is not the hash of the URI");
    else if (record_get(check->txn, TABLE_EDGE, (struct bytes){value.p, head}, &edge__descriptor,
                        &check->arena, &edge) ||
             strcmp(edge->uri, uri) != 0)
        check_wrong(check, "names no edge that has this URI: %s", uri);
    return OK;
}

static bool is_open(const Post *post)
{
    return post->visibility == VISIBILITY__PUBLIC || post->visibility == VISIBILITY__UNLISTED;
}

/* Posts of an author that are no boosts; of one of ours, those that are open to all. */
static enum err count_posts(struct check *check, uint8_t kind, uint64_t author, uint64_t *out)
{
    AUTO(range_close) struct range range = {0};
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4 << 20);
    struct key prefix = {0};
    struct bytes key;
    key_add_u8(&prefix, STREAM_AUTHOR);
    key_add_u64(&prefix, author);
    *out = 0;
    enum err e = range_prefix(check->txn, TABLE_STREAM, key_bytes(&prefix), RANGE_UP, &range);
    if (e)
        return e;
    for (; (e = range_next(&range, &key, NULL)) == OK; check->steps++) {
        Post *post;
        arena_clear(&arena);
        if (key.n == 17 && record_get(check->txn, TABLE_POST, (struct bytes){key.p + 9, 8},
                                      &post__descriptor, &arena, &post) == OK)
            *out += post->boost_of == 0 && (kind == COUNTER_POSTS || is_open(post));
    }
    return e == ERR_NOTFOUND ? OK : e;
}

/* What a counter counts, counted; *known is false for those that check_totals proves. */
static enum err recount(struct check *check, uint8_t kind, uint64_t owner, uint64_t *out,
                        bool *known)
{
    static const struct {
        enum table table;
        uint8_t prefix; /* 0: the owner alone is the prefix */
    } rows[] = {
        [COUNTER_FOLLOWERS] = {TABLE_EDGE_REV, EDGE_FOLLOW},
        [COUNTER_FOLLOWING] = {TABLE_EDGE, EDGE_FOLLOW},
        [COUNTER_LIKES] = {TABLE_EDGE_REV, EDGE_LIKE},
        [COUNTER_BOOSTS] = {TABLE_EDGE_REV, EDGE_BOOST},
        [COUNTER_REPLIES] = {TABLE_STREAM, STREAM_REPLY},
        [COUNTER_QUEUED] = {TABLE_OUTQUEUE, 0},
        [COUNTER_REACTIONS] = {TABLE_EDGE_REV, EDGE_REACTION},
    };
    *known = true;
    if (kind == COUNTER_POSTS || kind == COUNTER_OPEN_POSTS)
        return count_posts(check, kind, owner, out);
    if (kind == COUNTER_REPORTS)
        return check_count_reports(check, owner, out);
    if (kind >= COUNT(rows) || rows[kind].table == TABLE_META) {
        *known = false;
        return OK;
    }
    struct key prefix = {0};
    if (rows[kind].prefix)
        key_add_u8(&prefix, rows[kind].prefix);
    key_add_u64(&prefix, owner);
    return check_count(check, rows[kind].table, prefix, out);
}

enum err check_counter(struct check *check)
{
    uint64_t count = 0, counted = 0;
    size_t at = 0;
    bool known;
    uint8_t kind = check->key.p[0];
    if (key_read_u64(check->value, &at, &count) || kind < COUNTER_FOLLOWERS ||
        kind > COUNTER_REPORTS) {
        check_wrong(check, "is no counter");
        return OK;
    }
    enum err e = recount(check, kind, check_key_u64(check, 1), &counted, &known);
    if (!e && known && counted != count)
        check_wrong(check, "says %llu, there are %llu", (unsigned long long)count,
                    (unsigned long long)counted);
    return e;
}

/* Every follower of the row's host, counted and summed again. */
enum err check_follow_digest(struct check *check)
{
    struct follow_digest said, found = {0};
    actor_id followed = {check_key_u64(check, 0)};
    struct edge_key key = {.kind = EDGE_FOLLOW, .whom = followed.v};
    enum err e;
    if (follow_digest_read(check->value, &said)) {
        check_wrong(check, "is no digest");
        return OK;
    }
    for (; (e = edge_rev_next(check->txn, &key)) == OK; check->steps++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
        struct key follower = key_id(key.who), row;
        Actor *actor;
        if (record_get(check->txn, TABLE_ACTOR, key_bytes(&follower), &actor__descriptor, &arena,
                       &actor))
            continue;
        row = follow_digest_key(check->txn, followed, actor->host);
        if (!bytes_equal(key_bytes(&row), check->key))
            continue;
        found.count++;
        follow_digest_mix(found.sum, actor->uri);
    }
    if (e != ERR_NOTFOUND)
        return e;
    if (found.count != said.count || !said.count)
        check_wrong(check, "says %llu followers, there are %llu", (unsigned long long)said.count,
                    (unsigned long long)found.count);
    else if (memcmp(found.sum, said.sum, sizeof found.sum) != 0)
        check_wrong(check, "is not the sum of its followers");
    return OK;
}
