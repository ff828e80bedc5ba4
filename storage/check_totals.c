#include "storage/check_rows.h"

#include "storage/edge.h"

#include <stdlib.h>

#define TOTALS_ARENA_BYTES (32 << 20)

/* Ids that were met, for counting how often. */
struct ids {
    uint64_t *v;
    size_t count, room;
};

static void ids_clear(struct ids *ids)
{
    xfree(&ids->v);
}

static void ids_add(struct ids *ids, uint64_t id)
{
    if (ids->count == ids->room) {
        ids->room = ids->room ? 2 * ids->room : 1024;
        ids->v = xrealloc(ids->v, ids->room * sizeof *ids->v);
    }
    ids->v[ids->count++] = id;
}

static int by_number(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void ids_sort(struct ids *ids)
{
    if (ids->count)
        qsort(ids->v, ids->count, sizeof *ids->v, by_number);
}

/* How many are below `id`, in sorted ids. */
static size_t below(const struct ids *ids, uint64_t id)
{
    size_t lo = 0, hi = ids->count;
    while (lo < hi) {
        size_t middle = lo + (hi - lo) / 2;
        if (ids->v[middle] < id)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo;
}

static uint64_t times_met(const struct ids *ids, uint64_t id)
{
    return (id == UINT64_MAX ? ids->count : below(ids, id + 1)) - below(ids, id);
}

/* Calls `see` for every record of a table that decodes (the others were reported by their row). */
static enum err each_record(struct check *check, enum table table,
                            const ProtobufCMessageDescriptor *type,
                            void (*see)(struct check *check, const void *record, void *context),
                            void *context)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(TOTALS_ARENA_BYTES);
    AUTO(range_close) struct range range = {0};
    struct bytes value;
    enum err e =
        range_open(check->txn, table, (struct bytes){0}, (struct bytes){0}, RANGE_UP, &range);
    if (e)
        return e;
    check->table = table;
    while ((e = range_next(&range, &check->key, &value)) == OK) {
        void *record;
        if (record_decode(type, value, &arena, &record) == OK)
            see(check, record, context);
        arena_clear(&arena);
    }
    return e == ERR_NOTFOUND ? OK : e;
}

static void total_check(struct check *check, enum counter_kind kind, uint64_t owner,
                        uint64_t counted)
{
    struct key key = {0};
    uint64_t says = counter_get(check->txn, kind, owner);
    key_add_u8(&key, (uint8_t)kind);
    key_add_u64(&key, owner);
    check->table = TABLE_COUNTER;
    check->key = key_bytes(&key);
    if (says != counted)
        check_wrong(check, "says %llu, there are %llu", (unsigned long long)says,
                    (unsigned long long)counted);
}

struct actor_totals {
    uint64_t remote, local_posts, open_posts, remote_posts;
};

static void see_actor(struct check *check, const void *record, void *context)
{
    const Actor *actor = record;
    struct actor_totals *totals = context;
    uint64_t posts = counter_get(check->txn, COUNTER_POSTS, actor->id);
    if (actor->host[0]) {
        totals->remote++;
        totals->remote_posts += posts;
    } else {
        totals->local_posts += posts;
        totals->open_posts += counter_get(check->txn, COUNTER_OPEN_POSTS, actor->id);
    }
}

/* Posts are summed over their authors: each author's counter was proved by its own row. */
static enum err store_totals(struct check *check)
{
    struct actor_totals totals = {0};
    uint64_t accounts, applications;
    enum err e = check_count(check, TABLE_ACCOUNT, (struct key){0}, &accounts);
    if (!e)
        e = check_count(check, TABLE_APPLICATION, (struct key){0}, &applications);
    if (!e)
        e = each_record(check, TABLE_ACTOR, &actor__descriptor, see_actor, &totals);
    if (e)
        return e;
    total_check(check, COUNTER_STORE, STORE_ACCOUNTS, accounts);
    total_check(check, COUNTER_STORE, STORE_APPLICATIONS, applications);
    total_check(check, COUNTER_STORE, STORE_REMOTE_ACTORS, totals.remote);
    total_check(check, COUNTER_STORE, STORE_LOCAL_POSTS, totals.local_posts);
    total_check(check, COUNTER_STORE, STORE_REMOTE_POSTS, totals.remote_posts);
    total_check(check, COUNTER_STORE, STORE_OPEN_POSTS, totals.open_posts);
    return OK;
}

static void see_job(struct check *check, const void *record, void *context)
{
    const OutJob *job = record;
    (void)check;
    ids_add(context, job->body);
}

static void see_body(struct check *check, const void *record, void *context)
{
    const OutBody *body = record;
    uint64_t jobs = times_met(context, check_key_u64(check, 0));
    if (jobs != body->references)
        check_wrong(check, "says %u jobs name it, there are %llu", body->references,
                    (unsigned long long)jobs);
}

/* Bodies know their jobs; and what was ever queued has ended in one way or waits. */
static enum err queue_totals(struct check *check)
{
    static const DeliveryState ends[] = {DELIVERY_STATE__DELIVERED, DELIVERY_STATE__REFUSED,
                                         DELIVERY_STATE__EXPIRED, DELIVERY_STATE__CANCELLED};
    AUTO(ids_clear) struct ids jobs = {0};
    enum err e = each_record(check, TABLE_OUTQUEUE, &out_job__descriptor, see_job, &jobs);
    ids_sort(&jobs);
    if (!e)
        e = each_record(check, TABLE_OUTBODY, &out_body__descriptor, see_body, &jobs);
    if (e)
        return e;
    uint64_t queued = jobs.count;
    for (size_t i = 0; i < COUNT(ends); i++)
        queued += counter_get(check->txn, COUNTER_DELIVERY, ends[i]);
    total_check(check, COUNTER_DELIVERY, DELIVERY_STATE__QUEUED, queued);
    total_check(check, COUNTER_DELIVERY, DELIVERY_STATE__RETRY, 0);
    return OK;
}

static void see_parked(struct check *check, const void *record, void *context)
{
    const Parked *parked = record;
    (void)check;
    ids_add(context, parked->peer);
}

static enum err parked_totals(struct check *check)
{
    AUTO(ids_clear) struct ids peers = {0};
    AUTO(range_close) struct range range = {0};
    uint8_t kind = COUNTER_PARKED;
    struct bytes key;
    enum err e = each_record(check, TABLE_PARKED, &parked__descriptor, see_parked, &peers);
    ids_sort(&peers);
    if (!e)
        e = range_prefix(check->txn, TABLE_COUNTER, (struct bytes){&kind, 1}, RANGE_UP, &range);
    if (e)
        return e;
    while ((e = range_next(&range, &key, NULL)) == OK) {
        size_t at = 1;
        uint64_t peer;
        if (key_read_u64(key, &at, &peer) == OK)
            total_check(check, COUNTER_PARKED, peer, times_met(&peers, peer));
    }
    return e == ERR_NOTFOUND ? OK : e;
}

enum err check_totals(struct check *check)
{
    enum err e = store_totals(check);
    if (!e)
        e = queue_totals(check);
    return e ? e : parked_totals(check);
}
