#include "federation/poll_clock.h"

#include "federation/act/post.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/parked.h"
#include "storage/poll.h"

#include <stdatomic.h>

#define POLL_ARENA_BYTES ((size_t)8 * 1024 * 1024)
#define POLLS_PER_STEP 16
#define VOTERS_PER_STEP 256 /* told of the end at a time */

struct poll_clock {
    struct mutation mutation;
    struct federation *fed;

    /* the writer's while is_busy, the ticking thread's otherwise */
    int64_t now_ms;

    _Atomic bool is_busy;
};

static enum err send_counts(struct txn *txn, const struct poll_clock *clock, Post *post,
                            const Actor *author)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024);
    AUTO(buf_clear) struct buf json = BUF_INIT(DOCUMENT_MAX_BYTES);
    const char *uri = arena_printf(&arena, "%s#counts/%lld", post->uri, (long long)clock->now_ms);
    post->poll->is_dirty = false;
    post->poll->told_ms = clock->now_ms;
    enum err e = document_update_counts(post, author, &json);
    return e ? e
             : act_post_queue(txn, clock->fed, post, "Update", uri, buf_bytes(&json),
                              clock->now_ms);
}

/* Its last counts come with its document; that nobody waits for it is no matter. */
static enum err fetch_again(struct txn *txn, const struct poll_clock *clock, const Post *post)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024);
    char host[URI_HOST_BYTES];
    peer_id peer;
    Want want = WANT__INIT, *known;
    if (uri_host(post->uri, host) ||
        policy_admit(txn, clock->fed->config, host, clock->now_ms, &peer, NULL) ||
        want_get(txn, post->uri, &arena, &known) == OK)
        return OK;
    want.uri = post->uri;
    want.kind = WANT_KIND__OBJECT_DOCUMENT;
    want.created_ms = want.next_attempt_ms = clock->now_ms;
    return want_put(txn, &want);
}

/* The next voters of ours; *out_all: there are no others. */
static enum err tell_voters(struct txn *txn, const struct poll_clock *clock, Post *post,
                            bool *out_all)
{
    struct edge_key key = {EDGE_VOTE, post->poll->told_voter, post->id};
    enum err e = OK;
    for (unsigned i = 0; i < VOTERS_PER_STEP; i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
        Actor *voter;
        e = edge_rev_next(txn, &key);
        if (!e)
            e = actor_get(txn, (actor_id){key.who}, &arena, &voter);
        if (!e)
            e = act_notify(txn, voter, NOTIFICATION_TYPE__POLL_ENDED, (actor_id){post->author},
                           (post_id){post->id}, clock->now_ms);
        if (e)
            break;
        post->poll->told_voter = key.who;
    }
    *out_all = e == ERR_NOTFOUND;
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err end_poll(struct txn *txn, const struct poll_clock *clock, Post *post,
                         const Actor *author)
{
    bool is_all;
    enum err e = OK;
    if (!post->poll->told_voter) { /* the first step of it */
        if (post->is_local) {
            post->poll->closed_ms = post->poll->ends_ms;
            e = send_counts(txn, clock, post, author);
        } else {
            e = fetch_again(txn, clock, post);
        }
        if (!e) /* act_notify passes over oneself: from nobody */
            e = act_notify(txn, author, NOTIFICATION_TYPE__POLL_ENDED, (actor_id){0},
                           (post_id){post->id}, clock->now_ms);
    }
    if (!e)
        e = tell_voters(txn, clock, post, &is_all);
    if (!e && is_all)
        post->poll->is_awaited = false;
    return e;
}

static enum err step(struct txn *txn, const struct poll_clock *clock, post_id id)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(POLL_ARENA_BYTES);
    Post *post;
    Actor *author;
    enum err e = post_get(txn, id, &arena, &post);
    if (!e)
        e = actor_get(txn, (actor_id){post->author}, &arena, &author);
    if (e)
        return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
    bool has_ended = post->poll->is_awaited && !poll_is_open(post->poll, clock->now_ms);
    e = has_ended ? end_poll(txn, clock, post, author) : send_counts(txn, clock, post, author);
    return e ? e : poll_put(txn, post);
}

static enum err poll_apply(struct txn *txn, struct mutation *m)
{
    struct poll_clock *clock = container_of(m, struct poll_clock, mutation);
    enum err e = OK;
    for (unsigned i = 0; !e && i < POLLS_PER_STEP; i++) {
        post_id id;
        e = poll_due_first(txn, clock->now_ms, &id);
        if (e == ERR_NOTFOUND)
            return OK;
        if (!e)
            e = step(txn, clock, id);
    }
    return e;
}

static void poll_done(struct mutation *m, enum err e)
{
    struct poll_clock *clock = container_of(m, struct poll_clock, mutation);
    struct federation *fed = clock->fed;
    if (e)
        log_warn("poll.failed", STR("error", err_name(e)));
    clock->is_busy = false;
    if (!e && fed->wake_delivery)
        fed->wake_delivery(fed);
    if (!e && fed->wake_fetcher)
        fed->wake_fetcher(fed);
}

static bool is_any_due(struct poll_clock *clock)
{
    AUTO(txn_end) struct txn *txn = NULL;
    post_id id;
    return engine_read_begin(clock->fed->engine, &txn) == OK &&
           poll_due_first(txn, clock_ms(), &id) == OK;
}

void poll_clock_tick(struct poll_clock *clock)
{
    if (clock->is_busy || !is_any_due(clock))
        return;
    clock->now_ms = clock_ms();
    clock->is_busy = true;
    if (writer_push(clock->fed->writer, &clock->mutation))
        clock->is_busy = false; /* it has other things to do: the next tick */
}

struct poll_clock *poll_clock_create(struct federation *fed)
{
    struct poll_clock *clock = xcalloc(1, sizeof *clock);
    clock->mutation = (struct mutation){.apply = poll_apply, .done = poll_done};
    clock->fed = fed;
    return clock;
}

void poll_clock_free(struct poll_clock **clock)
{
    xfree(clock);
}
