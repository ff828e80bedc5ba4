#include "federation/backfill.h"

#include "federation/policy.h"
#include "federation/uri.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/parked.h"
#include "storage/post.h"
#include "storage/stream.h"
#include "storage/thread.h"

#include <string.h>

#define SEEK_ARENA_BYTES ((size_t)16 * 1024 * 1024)
#define POST_ARENA_BYTES ((size_t)4 * 1024 * 1024)

/* One backfill being moved on, inside a mutation. */
struct seek {
    struct txn *txn;
    const struct federation *fed;
    struct arena *arena;
    Backfill *b; /* NULL: it was given up for another one of the same thread */
    int64_t now_ms;
};

static bool is_of_posts(BackfillKind kind)
{
    return kind == BACKFILL_KIND__WANTED_ANCESTOR || kind == BACKFILL_KIND__WANTED_POST;
}

/* ---- what is missing ---- */

static BackfillMissing *missing_of(struct seek *s, const char *host, BackfillReason reason)
{
    Backfill *b = s->b;
    for (size_t i = 0; i < b->n_missing; i++)
        if (b->missing[i]->reason == reason &&
            (strcmp(b->missing[i]->host, host) == 0 || i + 1 == BACKFILL_HOSTS_MAX))
            return b->missing[i];
    if (b->n_missing >= BACKFILL_HOSTS_MAX)
        return b->missing[b->n_missing - 1];
    BackfillMissing **list = arena_calloc(s->arena, b->n_missing + 1, sizeof *list);
    BackfillMissing *one = arena_alloc(s->arena, sizeof *one);
    if (!list || !one)
        return NULL;
    backfill_missing__init(one);
    one->host = arena_strdup(s->arena, host);
    one->reason = reason;
    if (b->n_missing)
        memcpy(list, b->missing, b->n_missing * sizeof *list);
    list[b->n_missing++] = one;
    b->missing = list;
    return one->host ? one : NULL;
}

static enum err miss(struct seek *s, const char *uri, BackfillKind kind, BackfillReason reason)
{
    char host[URI_HOST_BYTES];
    BackfillMissing *one = missing_of(s, uri_host(uri, host) ? "" : host, reason);
    if (!one)
        return ERR_LIMIT;
    *(is_of_posts(kind) ? &one->posts : &one->collections) += 1;
    return OK;
}

static bool is_host_silent(const Backfill *b, const char *host)
{
    for (size_t i = 0; i < b->n_missing; i++)
        if (b->missing[i]->reason == BACKFILL_REASON__MISSING_UNREACHABLE &&
            strcmp(b->missing[i]->host, host) == 0)
            return true;
    return false;
}

/* ---- items ---- */

/* Counts one more of its kind; false: that would be too many. */
static bool is_within_limits(Backfill *b, BackfillKind kind, unsigned depth)
{
    const struct {
        uint32_t *n, max;
    } of[] = {[BACKFILL_KIND__WANTED_ANCESTOR] = {&b->ancestors, BACKFILL_ANCESTORS_MAX},
              [BACKFILL_KIND__WANTED_POST] = {&b->posts, BACKFILL_POSTS_MAX},
              [BACKFILL_KIND__WANTED_PAGE] = {&b->pages, BACKFILL_PAGES_MAX},
              [BACKFILL_KIND__WANTED_REPLIES] = {&b->collections, BACKFILL_COLLECTIONS_MAX}};
    if (depth > BACKFILL_DEPTH_MAX || *of[kind].n >= of[kind].max)
        return false;
    ++*of[kind].n;
    return true;
}

static enum err add(struct seek *s, const char *uri, BackfillKind kind, unsigned depth)
{
    post_id known;
    BackfillItem item = BACKFILL_ITEM__INIT, *old;
    if (uri_check(uri, s->fed->config->insecure_http ? URI_HTTP_TOO : URI_HTTPS_ONLY, NULL))
        return miss(s, uri, kind, BACKFILL_REASON__MISSING_NOT_UNDERSTOOD);
    if (is_of_posts(kind) && post_find(s->txn, uri, &known) == OK)
        return OK;
    if (federation_own_path(s->fed, uri)) /* of ours, and not here any more */
        return is_of_posts(kind) ? miss(s, uri, kind, BACKFILL_REASON__MISSING_GONE) : OK;
    enum err e = backfill_item_get(s->txn, s->b->id, uri, s->arena, &old);
    if (e != ERR_NOTFOUND)
        return e;
    if (!is_within_limits(s->b, kind, depth))
        return miss(s, uri, kind, BACKFILL_REASON__MISSING_LIMIT);
    item.uri = (char *)uri;
    item.kind = kind;
    item.depth = depth;
    return backfill_item_add(s->txn, s->b->id, &item);
}

/* Why it is of no use to ask for this one now; OK: nothing speaks against it. */
static bool is_in_vain(struct seek *s, const BackfillItem *item, BackfillReason *out)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(POST_ARENA_BYTES);
    char host[URI_HOST_BYTES];
    Tombstone *tombstone;
    peer_id peer;
    Want *want;
    if (uri_host(item->uri, host) ||
        policy_admit(s->txn, s->fed->config, host, s->now_ms, &peer, NULL))
        *out = BACKFILL_REASON__MISSING_NO_PEER;
    else if (tombstone_get(s->txn, item->uri, &arena, &tombstone) == OK)
        *out = BACKFILL_REASON__MISSING_GONE;
    else if (is_host_silent(s->b, host) ||
             (want_get(s->txn, item->uri, &arena, &want) == OK && want->failed_ms))
        *out = BACKFILL_REASON__MISSING_UNREACHABLE;
    else
        return false;
    return true;
}

static enum err settle_missed(struct seek *s, BackfillItem *item, BackfillReason reason)
{
    enum err e = miss(s, item->uri, item->kind, reason);
    return e ? e : backfill_item_settle(s->txn, s->b, item);
}

static enum err want(struct seek *s, BackfillItem *item)
{
    BackfillReason reason;
    post_id known;
    if (is_of_posts(item->kind) && post_find(s->txn, item->uri, &known) == OK)
        return backfill_item_settle(s->txn, s->b, item); /* it came by itself */
    if (is_in_vain(s, item, &reason))
        return settle_missed(s, item, reason);
    return backfill_item_want(s->txn, s->b, item, s->now_ms);
}

/* ---- one phase after the other ---- */

static enum err give_way(struct seek *s)
{
    enum err e = backfill_del(s->txn, s->b);
    s->b = NULL;
    return e;
}

static bool is_recent(const Backfill *b, int64_t now_ms)
{
    int64_t age = now_ms - b->ended_ms;
    return !b->ended_ms || (age >= 0 && age < BACKFILL_AGAIN_MS);
}

/* The ancestors showed which thread it is: it may have been looked for before. */
static enum err take_root(struct seek *s, uint64_t root)
{
    Backfill *other;
    if (root == s->b->root)
        return OK;
    enum err e = backfill_find(s->txn, (post_id){root}, s->arena, &other);
    if (e == ERR_NOTFOUND)
        return backfill_move(s->txn, s->b, root);
    if (e)
        return e;
    if (is_recent(other, s->now_ms))
        return give_way(s);
    e = backfill_del(s->txn, other);
    return e ? e : backfill_move(s->txn, s->b, root);
}

static bool is_fetchable_context(struct seek *s, const char *context)
{
    return context[0] && strncmp(context, "http", 4) == 0 &&
           uri_check(context, s->fed->config->insecure_http ? URI_HTTP_TOO : URI_HTTPS_ONLY,
                     NULL) == OK &&
           !federation_own_path(s->fed, context);
}

static enum err seek_context(struct seek *s, const Post *seed)
{
    Post *root;
    enum err e = take_root(s, seed->thread_root);
    if (e || !s->b)
        return e;
    e = post_get(s->txn, (post_id){seed->thread_root}, s->arena, &root);
    if (e && e != ERR_NOTFOUND)
        return e;
    const char *context = !e && root->context[0] ? root->context : seed->context;
    s->b->phase = BACKFILL_PHASE__SEEK_CONTEXT;
    return is_fetchable_context(s, context) ? add(s, context, BACKFILL_KIND__WANTED_PAGE, 0) : OK;
}

static enum err add_replies(struct seek *s, const Post *post, unsigned depth)
{
    if (post->is_local || !post->replies[0])
        return OK;
    return add(s, post->replies, BACKFILL_KIND__WANTED_REPLIES, depth);
}

static enum err seek_replies(struct seek *s)
{
    struct stream_key thread = {STREAM_THREAD, s->b->root};
    post_id id = {0};
    enum err e = OK;
    s->b->phase = BACKFILL_PHASE__SEEK_REPLIES;
    for (unsigned n = 0; !e && n < BACKFILL_POSTS_MAX; n++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(POST_ARENA_BYTES);
        Post *post;
        e = stream_above(s->txn, thread, &id);
        if (!e)
            e = post_get(s->txn, id, &arena, &post);
        if (!e)
            e = add_replies(s, post, 0);
    }
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err end(struct seek *s)
{
    log_info("backfill.ended", INT("root", (int64_t)s->b->root), INT("came", s->b->came),
             INT("missing", (int64_t)s->b->n_missing));
    return backfill_end(s->txn, s->b, s->now_ms);
}

static enum err next_phase(struct seek *s)
{
    Post *seed;
    enum err e = post_get(s->txn, (post_id){s->b->seed}, s->arena, &seed);
    if (e)
        return e == ERR_NOTFOUND ? end(s) : e;
    if (s->b->phase == BACKFILL_PHASE__SEEK_ANCESTORS)
        return seek_context(s, seed);
    if (s->b->phase == BACKFILL_PHASE__SEEK_CONTEXT && !s->b->has_context)
        return seek_replies(s);
    return end(s);
}

/* Moves on as far as it goes without an answer from anybody. */
static enum err step(struct seek *s)
{
    while (s->b && !s->b->ended_ms) {
        enum err e = OK;
        while (!e && s->b->wanted < BACKFILL_AHEAD) {
            AUTO(arena_clear) struct arena arena = ARENA_INIT(POST_ARENA_BYTES);
            BackfillItem *item;
            e = backfill_item_first(s->txn, s->b->id, BACKFILL_STATE__ITEM_QUEUED, &arena, &item);
            if (!e)
                e = want(s, item);
        }
        if (e && e != ERR_NOTFOUND)
            return e;
        if (s->b->wanted)
            break;
        e = next_phase(s);
        if (e)
            return e;
    }
    return s->b ? backfill_put(s->txn, s->b) : OK;
}

/* ---- starting ---- */

static enum err begin(struct seek *s, const Post *post)
{
    Backfill *b = arena_alloc(s->arena, sizeof *b);
    if (!b)
        return ERR_LIMIT;
    backfill__init(b);
    b->root = post->thread_root;
    b->seed = post->id;
    b->started_ms = s->now_ms;
    enum err e = backfill_add(s->txn, b, s->now_ms);
    s->b = b;
    if (!e && thread_is_orphan(post))
        e = add(s, post->in_reply_to_uri, BACKFILL_KIND__WANTED_ANCESTOR, 1);
    return e ? e : step(s);
}

static bool is_room_for_one_more(struct txn *txn)
{
    uint64_t id = 0;
    for (unsigned n = 0; n < BACKFILL_RUNNING_MAX; n++)
        if (backfill_next(txn, &id))
            return true;
    return false;
}

/* Is there a thread of somebody else's around it that may be incomplete? */
static bool is_worth_it(struct txn *txn, const Post *post, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(POST_ARENA_BYTES);
    uint64_t id = 0;
    Post *root;
    if (post->is_local || post->boost_of || backfill_wants(txn, post->uri, &id) == OK)
        return false;
    if (thread_is_orphan(post))
        return true;
    if (post_get(txn, (post_id){post->thread_root}, &arena, &root) || root->is_local)
        return false;
    return root->id != post->id || now_ms - post->published_ms > BACKFILL_FRESH_MS;
}

enum err backfill_consider(struct txn *txn, const struct federation *fed, const Post *post,
                           int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SEEK_ARENA_BYTES);
    struct seek s = {txn, fed, &arena, NULL, now_ms};
    Backfill *old;
    if (!is_worth_it(txn, post, now_ms))
        return OK;
    enum err e = backfill_find(txn, (post_id){post->thread_root}, &arena, &old);
    if (!e && is_recent(old, now_ms))
        return OK;
    if (!e)
        e = backfill_del(txn, old);
    if (e && e != ERR_NOTFOUND)
        return e;
    return is_room_for_one_more(txn) ? begin(&s, post) : OK;
}

struct start {
    struct mutation mutation;
    struct federation *fed;
    post_id post;
    int64_t now_ms;
};

static enum err start_apply(struct txn *txn, struct mutation *m)
{
    struct start *start = container_of(m, struct start, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SEEK_ARENA_BYTES);
    struct seek s = {txn, start->fed, &arena, NULL, start->now_ms};
    Backfill *old;
    Post *post;
    enum err e = post_get(txn, start->post, &arena, &post);
    if (!e && post->boost_of)
        e = post_get(txn, (post_id){post->boost_of}, &arena, &post);
    if (e)
        return e;
    e = backfill_find(txn, (post_id){post->thread_root}, &arena, &old);
    if (!e && !old->ended_ms)
        return OK;
    if (!e)
        e = backfill_del(txn, old);
    return e && e != ERR_NOTFOUND ? e : begin(&s, post);
}

enum err backfill_start(struct federation *fed, post_id post, struct why *why)
{
    struct start start = {{.apply = start_apply}, fed, post, clock_ms()};
    enum err e = writer_run(fed->writer, &start.mutation);
    if (e == ERR_NOTFOUND)
        return why_set(why, e, "there is no such post");
    if (e)
        return why_set(why, e, "the store refused: %s", err_name(e));
    if (fed->wake_fetcher)
        fed->wake_fetcher(fed);
    return OK;
}

/* ---- what became of a URI ---- */

struct settle {
    struct mutation mutation;
    struct federation *fed;
    const char *uri;
    bool has_come;
    BackfillReason reason;           /* it has not */
    const struct as2_document *page; /* NULL: no collection */
    const char *other;               /* it is elsewhere on its host */
    int64_t now_ms;
};

static enum err settle_post(struct seek *s, const struct settle *settle, BackfillItem *item)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(POST_ARENA_BYTES);
    post_id id;
    Post *post;
    if (!settle->has_come)
        return settle_missed(s, item, settle->reason);
    enum err e = post_find(s->txn, item->uri, &id);
    if (!e)
        e = post_get(s->txn, id, &arena, &post);
    if (e == ERR_NOTFOUND) /* deleted here, so it was not taken */
        return settle_missed(s, item, BACKFILL_REASON__MISSING_GONE);
    if (!e)
        e = backfill_item_settle(s->txn, s->b, item);
    if (e)
        return e;
    s->b->came++;
    if (thread_is_orphan(post))
        e = add(s, post->in_reply_to_uri, BACKFILL_KIND__WANTED_ANCESTOR, item->depth + 1);
    if (!e && s->b->phase == BACKFILL_PHASE__SEEK_REPLIES)
        e = add_replies(s, post, item->depth + 1);
    return e;
}

/* The items of a page, and the page after it, which must be on the same host. */
static enum err settle_page(struct seek *s, const struct settle *settle, BackfillItem *item)
{
    const struct as2_document *page = settle->page;
    if (!settle->has_come || !page)
        return settle_missed(
            s, item, settle->has_come ? BACKFILL_REASON__MISSING_NOT_UNDERSTOOD : settle->reason);
    const char *next = page->next ? page->next : page->items.n ? NULL : page->first;
    enum err e = backfill_item_settle(s->txn, s->b, item);
    if (item->kind == BACKFILL_KIND__WANTED_PAGE)
        s->b->has_context = true;
    for (size_t i = 0; !e && i < page->items.n; i++)
        e = add(s, page->items.item[i], BACKFILL_KIND__WANTED_POST, item->depth);
    if (!e && next && uri_same_host(next, item->uri))
        e = add(s, next, item->kind, item->depth);
    return e;
}

static enum err settle_one(struct txn *txn, const struct settle *settle, uint64_t id)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SEEK_ARENA_BYTES);
    struct seek s = {txn, settle->fed, &arena, NULL, settle->now_ms};
    BackfillItem *item;
    enum err e = backfill_get(txn, id, &arena, &s.b);
    if (!e)
        e = backfill_item_get(txn, id, settle->uri, &arena, &item);
    if (e)
        return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
    if (settle->other) {
        e = backfill_item_settle(txn, s.b, item);
        if (!e)
            e = add(&s, settle->other, item->kind, item->depth + 1);
        return e ? e : step(&s);
    }
    e = is_of_posts(item->kind) ? settle_post(&s, settle, item) : settle_page(&s, settle, item);
    return e ? e : step(&s);
}

static enum err settle_apply(struct txn *txn, struct mutation *m)
{
    struct settle *settle = container_of(m, struct settle, mutation);
    uint64_t id = 0;
    enum err e;
    while ((e = backfill_wants(txn, settle->uri, &id)) == OK)
        if ((e = settle_one(txn, settle, id)))
            return e;
    return e == ERR_NOTFOUND ? OK : e;
}

static void run_settle(struct federation *fed, struct settle settle)
{
    uint64_t id = 0;
    AUTO(txn_end) struct txn *txn = NULL;
    if (engine_read_begin(fed->engine, &txn) || backfill_wants(txn, settle.uri, &id))
        return;
    txn_end(&txn);
    settle.mutation.apply = settle_apply;
    settle.fed = fed;
    settle.now_ms = clock_ms();
    enum err e = writer_run(fed->writer, &settle.mutation);
    if (e) /* its want stays, and is due again */
        log_error("backfill.store", STR("uri", settle.uri), STR("error", err_name(e)));
    if (fed->wake_fetcher)
        fed->wake_fetcher(fed);
}

void backfill_came(struct federation *fed, const char *uri)
{
    run_settle(fed, (struct settle){.uri = uri, .has_come = true});
}

void backfill_missed(struct federation *fed, const char *uri, BackfillReason reason)
{
    run_settle(fed, (struct settle){.uri = uri, .reason = reason});
}

void backfill_collection(struct federation *fed, const char *uri, const struct as2_document *page)
{
    run_settle(fed, (struct settle){.uri = uri, .has_come = true, .page = page});
}

void backfill_moved(struct federation *fed, const char *uri, const char *other)
{
    run_settle(fed, (struct settle){.uri = uri, .other = other});
}

BackfillReason backfill_reason(enum err e, int status)
{
    switch (status) {
    case 401:
    case 403:
        return BACKFILL_REASON__MISSING_NOT_ALLOWED;
    case 404: /* many a server says so of what is not for us, too */
    case 410:
        return BACKFILL_REASON__MISSING_GONE;
    default:
        break;
    }
    if (e == ERR_DENIED)
        return BACKFILL_REASON__MISSING_NO_PEER;
    return e == ERR_LATER || e == ERR_STORE ? BACKFILL_REASON__MISSING_UNREACHABLE
                                            : BACKFILL_REASON__MISSING_NOT_UNDERSTOOD;
}

/* ---- time ---- */

/* What was asked for did not answer in time, what waited for its turn is over the limit. */
static enum err time_out(struct seek *s)
{
    enum err e = OK;
    while (!e) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(POST_ARENA_BYTES);
        BackfillReason reason = BACKFILL_REASON__MISSING_UNREACHABLE;
        BackfillItem *item;
        e = backfill_item_first(s->txn, s->b->id, BACKFILL_STATE__ITEM_WANTED, &arena, &item);
        if (e == ERR_NOTFOUND) {
            reason = BACKFILL_REASON__MISSING_LIMIT;
            e = backfill_item_first(s->txn, s->b->id, BACKFILL_STATE__ITEM_QUEUED, &arena, &item);
        }
        if (!e)
            e = settle_missed(s, item, reason);
    }
    return e == ERR_NOTFOUND ? end(s) : e;
}

/* A crash may have come between the answer and its record: nothing is gained by waiting. */
static enum err hasten(struct seek *s)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(POST_ARENA_BYTES);
    uint8_t hash[KEY_HASH_BYTES] = {0};
    int64_t due_ms = s->now_ms;
    Want *due;
    enum err e;
    while ((e = want_due_next(s->txn, &due_ms, hash, &arena, &due)) == OK) {
        uint64_t id = 0;
        if (backfill_wants(s->txn, due->uri, &id))
            continue;
        due->next_attempt_ms = s->now_ms;
        e = want_put(s->txn, due);
        if (e)
            return e;
    }
    return e == ERR_NOTFOUND ? OK : e;
}

enum err backfill_sweep(struct txn *txn, const struct federation *fed,
                        enum backfill_occasion occasion, int64_t now_ms)
{
    uint64_t id = 0;
    enum err e;
    bool is_any = false;
    while ((e = backfill_next(txn, &id)) == OK) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(SEEK_ARENA_BYTES);
        struct seek s = {txn, fed, &arena, NULL, now_ms};
        is_any = true;
        e = backfill_get(txn, id, &arena, &s.b);
        if (!e && (now_ms - s.b->started_ms > BACKFILL_LIFE_MS || now_ms < s.b->started_ms))
            e = time_out(&s);
        if (e)
            return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
    }
    if (e != ERR_NOTFOUND || occasion != BACKFILL_AT_START || !is_any)
        return e == ERR_NOTFOUND ? OK : e;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SEEK_ARENA_BYTES);
    struct seek s = {txn, fed, &arena, NULL, now_ms};
    return hasten(&s);
}
