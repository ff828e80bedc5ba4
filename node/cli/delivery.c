#include "node/cli/nouns.h"
#include "node/cli/peer.h"
#include "storage/actor.h"
#include "storage/base/clock.h"
#include "storage/edge.h"
#include "storage/outqueue.h"
#include "storage/peer.h"

#include "federation/act/act.h"

#include <string.h>

#define PAGE 100
#define DROP_AT_ONCE 100    /* jobs ended in one transaction */
#define HASTEN_AT_ONCE 1000 /* jobs in one transaction */

/* ---- delivery ------------------------------------------------------------------------------- */

struct line {
    Delivery *delivery;
    const char *host;
};

static enum err read_ledger(struct cli_store *store, struct arena *arena, struct ledger_key *key,
                            struct line line[PAGE], size_t *n)
{
    AUTO(txn_end) struct txn *txn = NULL;
    Peer *peer;
    enum err e = engine_read_begin(store->engine, &txn);
    for (*n = 0; !e && *n < PAGE; ++*n) {
        e = ledger_next(txn, key, arena, &line[*n].delivery);
        if (e)
            break;
        e = peer_get(txn, (peer_id){key->peer}, arena, &peer);
        if (e == ERR_NOTFOUND) { /* forgotten since */
            line[*n].host = "(forgotten)";
            e = OK;
        } else if (!e) {
            line[*n].host = peer->host;
        }
    }
    return e == ERR_NOTFOUND ? OK : e;
}

static const char *state_name(DeliveryState state)
{
    static const char *const name[] = {"queued",  "delivered", "retry",
                                       "refused", "expired",   "cancelled"};
    return (size_t)state < COUNT(name) ? name[state] : "?";
}

static void print_line(struct output *out, const struct line *line)
{
    const Delivery *d = line->delivery;
    output_row(out);
    output_str(out, "host", line->host);
    output_str(out, "activity", d->activity_type);
    output_str(out, "state", state_name(d->state));
    output_int(out, "attempts", d->attempts);
    output_int(out, "last_status", d->last_status);
    output_time(out, "queued", d->queued_ms);
    output_time(out, "ended", d->ended_ms);
    output_time(out, "next_attempt", d->next_attempt_ms);
    output_str(out, "why", *d->why ? d->why : NULL);
}

static enum err cli_delivery(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    struct line line[PAGE];
    size_t n;
    post_id post;
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_find_post(&store, cli->argument[0], &post, why);
    if (e)
        return e;
    struct ledger_key key = {.subject = post.v};
    output_begin(&cli->output, OUTPUT_LIST);
    do {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(CLI_ARENA_BYTES);
        e = read_ledger(&store, &arena, &key, line, &n);
        if (e)
            return cli_failed(e, cli->argument[0], why);
        for (size_t i = 0; i < n; i++)
            print_line(&cli->output, &line[i]);
    } while (n == PAGE);
    output_end(&cli->output);
    return OK;
}

/* ---- queue list ----------------------------------------------------------------------------- */

struct queue_line {
    Peer *peer;
    PeerHealth *health;
    OutJob *oldest;
    uint64_t waiting;
};

static enum err read_queues(struct cli_store *store, struct arena *arena, peer_id *after,
                            struct queue_line line[PAGE], size_t *n, bool *is_end)
{
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = engine_read_begin(store->engine, &txn);
    *n = 0;
    for (size_t seen = 0; !e && seen < PAGE; seen++) {
        struct queue_line *l = &line[*n];
        e = peer_next(txn, *after, arena, &l->peer);
        if (e)
            break;
        after->v = l->peer->id;
        l->waiting = counter_get(txn, COUNTER_QUEUED, after->v);
        if (l->waiting == 0)
            continue;
        e = outqueue_next(txn, *after, 0, arena, &l->oldest);
        if (!e)
            e = peer_health(txn, *after, arena, &l->health);
        ++*n;
    }
    *is_end = e == ERR_NOTFOUND;
    return *is_end ? OK : e;
}

static void print_queue(struct output *out, const struct queue_line *line)
{
    output_row(out);
    output_str(out, "host", line->peer->host);
    output_int(out, "waiting", (int64_t)line->waiting);
    output_time(out, "oldest", line->oldest->queued_ms);
    output_int(out, "failures", line->health->failures);
    output_time(out, "failing_since", line->health->failing_since_ms);
    output_time(out, "next_attempt", line->health->next_attempt_ms);
    output_int(out, "last_status", line->health->last_status);
    output_str(out, "last_error", *line->health->last_error ? line->health->last_error : NULL);
}

static enum err cli_queue_list(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    struct queue_line line[PAGE];
    peer_id after = {0};
    bool is_end = false;
    size_t n;
    enum err e = cli_store_open(cli, &store, why);
    if (e)
        return e;
    output_begin(&cli->output, OUTPUT_LIST);
    while (!is_end) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(CLI_ARENA_BYTES);
        e = read_queues(&store, &arena, &after, line, &n, &is_end);
        if (e)
            return cli_failed(e, "queues", why);
        for (size_t i = 0; i < n; i++)
            print_queue(&cli->output, &line[i]);
    }
    output_end(&cli->output);
    return OK;
}

/* ---- queue retry, drop ---------------------------------------------------------------------- */

static enum err report(struct cli *cli, const char *name, int64_t v)
{
    output_begin(&cli->output, OUTPUT_THING);
    output_str(&cli->output, "host", cli->argument[0]);
    output_int(&cli->output, name, v);
    output_end(&cli->output);
    return OK;
}

static enum err count_waiting(struct cli_store *store, peer_id peer, uint64_t *out)
{
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = engine_read_begin(store->engine, &txn);
    if (!e)
        *out = counter_get(txn, COUNTER_QUEUED, peer.v);
    return e;
}

struct hasten {
    struct mutation mutation;
    peer_id peer;
    uint64_t from, after; /* where this transaction starts, and (out) where it ended */
    bool is_more;         /* out */
};

static enum err hasten_apply(struct txn *txn, struct mutation *m)
{
    struct hasten *hasten = container_of(m, struct hasten, mutation);
    hasten->after = hasten->from;
    enum err e = outqueue_hasten(txn, hasten->peer, HASTEN_AT_ONCE, &hasten->after);
    hasten->is_more = e == OK;
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err hasten_jobs(struct cli_store *store, peer_id peer)
{
    struct hasten hasten = {.mutation = {.apply = hasten_apply}, .peer = peer, .is_more = true};
    enum err e = OK;
    while (!e && hasten.is_more) {
        e = writer_run(store->writer, &hasten.mutation);
        hasten.from = hasten.after;
        hasten.is_more = hasten.is_more && !store->is_dry_run;
    }
    return e;
}

static enum err cli_queue_retry(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    uint64_t waiting = 0;
    peer_id peer;
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_find_peer(&store, cli->argument[0], &peer, why);
    if (!e)
        e = cli_failed(count_waiting(&store, peer, &waiting), cli->argument[0], why);
    if (!e)
        e = cli_failed(hasten_jobs(&store, peer), cli->argument[0], why);
    if (!e)
        e = cli_peer_expedite(&store, peer, cli->argument[0], why);
    return e ? e : report(cli, "waiting", (int64_t)waiting);
}

struct drop {
    struct mutation mutation;
    peer_id peer;
    const char *reason;
    size_t dropped; /* out: in this transaction */
};

static enum err drop_apply(struct txn *txn, struct mutation *m)
{
    struct drop *drop = container_of(m, struct drop, mutation);
    uint64_t before = counter_get(txn, COUNTER_QUEUED, drop->peer.v), left = before;
    enum err e = outqueue_cancel(txn, drop->peer, DELIVERY_STATE__CANCELLED, DROP_AT_ONCE,
                                 drop->reason, clock_ms(), &left);
    drop->dropped = (size_t)(before - left);
    return e;
}

/* In steps: one huge transaction would make every writer of the node wait. */
static enum err cli_queue_drop(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    struct drop drop = {.mutation = {.apply = drop_apply}, .reason = "dropped by an administrator"};
    size_t all = 0;
    enum err e = cli_confirm(cli, "give up everything that waits for this peer", why);
    if (!e)
        e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_find_peer(&store, cli->argument[0], &drop.peer, why);
    if (e)
        return e;
    do {
        e = act_run(&store.fed, &drop.mutation, &store.by, "queue.drop", cli->argument[0]);
        if (e)
            return cli_failed(e, cli->argument[0], why);
        all += drop.dropped;
    } while (drop.dropped == DROP_AT_ONCE && !cli->is_dry_run);
    return report(cli, "dropped", (int64_t)all);
}

/* ---- the tables ----------------------------------------------------------------------------- */

static const struct cli_command delivery_commands[] = {
    {NULL, "POST", "where a post went: a line per host with state, attempts and reason", NULL, 0,
     cli_delivery},
    {0}};
const struct cli_noun cli_delivery_noun = {"delivery", "where a post went", delivery_commands};

static const struct cli_command queue_commands[] = {
    {"list", "", "peers that something waits for", NULL, 0, cli_queue_list},
    {"retry", "HOST", "try again now", NULL, CLI_CHANGES, cli_queue_retry},
    {"drop", "HOST", "give up what waits; its authors see \"cancelled\"", NULL,
     CLI_CHANGES | CLI_DESTROYS, cli_queue_drop},
    {0}};
const struct cli_noun cli_queue_noun = {"queue", "what waits to be sent", queue_commands};
