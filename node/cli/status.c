#include "node/cli/nouns.h"
#include "node/cli/peer.h"
#include "node/control.h"
#include "storage/check.h"
#include "storage/edge.h"
#include "storage/peer.h"

#include <string.h>

/* ---- status --------------------------------------------------------------------------------- */

struct facts {
    struct engine_stats disk;
    uint64_t accounts, remote_actors, posts, remote_posts;
    uint64_t peers, healthy, failing, waiting;
    uint64_t parked;
};

static enum err count_peers(struct txn *txn, struct facts *out)
{
    peer_id after = {0};
    enum err e = OK;
    while (!e) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
        Peer *peer;
        PeerHealth *health;
        e = peer_next(txn, after, &arena, &peer);
        if (e)
            break;
        after.v = peer->id;
        e = peer_health(txn, after, &arena, &health);
        if (e)
            break;
        const char *name = cli_peer_health_name(health);
        out->peers++;
        out->healthy += !strcmp(name, "healthy");
        out->failing += !strcmp(name, "failing");
        out->waiting += counter_get(txn, COUNTER_QUEUED, after.v);
        out->parked += counter_get(txn, COUNTER_PARKED, after.v);
    }
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err read_facts(struct engine *engine, struct facts *out)
{
    AUTO(txn_end) struct txn *txn = NULL;
    *out = (struct facts){0};
    enum err e = engine_stat(engine, &out->disk);
    if (!e)
        e = engine_read_begin(engine, &txn);
    if (e)
        return e;
    out->accounts = counter_get(txn, COUNTER_STORE, 1);
    out->remote_actors = counter_get(txn, COUNTER_STORE, 2);
    out->posts = counter_get(txn, COUNTER_STORE, 3);
    out->remote_posts = counter_get(txn, COUNTER_STORE, 4);
    return count_peers(txn, out);
}

static void print_facts(struct output *out, const struct facts *f)
{
    output_int(out, "accounts", (int64_t)f->accounts);
    output_int(out, "posts", (int64_t)f->posts);
    output_int(out, "remote_actors", (int64_t)f->remote_actors);
    output_int(out, "remote_posts", (int64_t)f->remote_posts);
    output_int(out, "peers", (int64_t)f->peers);
    output_int(out, "peers_healthy", (int64_t)f->healthy);
    output_int(out, "peers_failing", (int64_t)f->failing);
    output_int(out, "deliveries_waiting", (int64_t)f->waiting);
    output_int(out, "activities_parked", (int64_t)f->parked);
    output_size(out, "store_used", f->disk.used_bytes);
    output_size(out, "store_file", f->disk.file_bytes);
    output_size(out, "store_max", f->disk.map_bytes);
    output_size(out, "disk_free", f->disk.disk_free_bytes);
}

/* The number after "key": in the daemon's line; -1 when it is not there. */
static int64_t number_in(const char *json, const char *key)
{
    char quoted[48];
    snprintf(quoted, sizeof quoted, "\"%s\":", key);
    const char *at = strstr(json, quoted);
    long long v = -1;
    return at && sscanf(at + strlen(quoted), "%lld", &v) == 1 ? v : -1;
}

static enum err cli_status(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    AUTO(buf_clear) struct buf answer = BUF_INIT(CONTROL_ANSWER_BYTES);
    struct output *out = &cli->output;
    struct facts facts;
    enum err e = cli_store_open(cli, &store, why);
    if (e)
        return e;
    e = read_facts(store.engine, &facts);
    if (e)
        return cli_failed(e, "status", why);
    bool is_up = control_ask(cli->config->node.data, "status", &answer) == OK;
    const char *daemon = is_up ? buf_text(&answer) : "";
    output_begin(out, OUTPUT_THING);
    output_str(out, "version", PACKAGE_VERSION);
    output_str(out, "host", cli->config->node.host);
    output_bool(out, "running", is_up);
    output_int(out, "uptime_s", is_up ? number_in(daemon, "uptime_s") : 0);
    output_int(out, "workers_waiting", is_up ? number_in(daemon, "workers_waiting") : 0);
    output_int(out, "writer_waiting", is_up ? number_in(daemon, "writer_waiting") : 0);
    output_size(out, "memory", is_up ? (uint64_t)number_in(daemon, "resident_bytes") : 0);
    print_facts(out, &facts);
    output_end(out);
    return OK;
}

/* ---- check ---------------------------------------------------------------------------------- */

static void say(void *context, const char *table, const char *key, const char *what)
{
    struct output *out = context;
    output_row(out);
    output_str(out, "table", table);
    output_str(out, "key", key);
    output_str(out, "wrong", what);
}

static enum err cli_check(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    struct check_report report = {0};
    enum err e = cli_store_open(cli, &store, why);
    if (e)
        return e;
    output_begin(&cli->output, OUTPUT_LIST);
    e = check_store(store.engine, say, &cli->output, &report);
    output_end(&cli->output);
    if (e)
        return cli_failed(e, "check", why);
    if (report.wrong)
        return why_set(why, ERR_CORRUPT,
                       "%llu things are wrong in %llu records; restore the last backup",
                       (unsigned long long)report.wrong, (unsigned long long)report.records);
    if (!cli->is_json)
        fprintf(cli->out, "%llu records, nothing is wrong\n", (unsigned long long)report.records);
    return OK;
}

/* ---- the tables ----------------------------------------------------------------------------- */

static const struct cli_command status_commands[] = {
    {NULL, "", "version, uptime, counts, queues, disk and peers", NULL, 0, cli_status}, {0}};
const struct cli_noun cli_status_noun = {"status", "how this node fares", status_commands};

static const struct cli_command check_commands[] = {
    {NULL, "", "verify every record, index and reference; print what is wrong", NULL, 0, cli_check},
    {0}};
const struct cli_noun cli_check_noun = {"check", "verify the database", check_commands};
