#include "node/cli/peer.h"

#include "federation/act/act.h"
#include "federation/delivery.h"
#include "federation/fetch.h"
#include "federation/policy.h"
#include "node/cli/nouns.h"
#include "node/cli/store.h"
#include "storage/base/clock.h"
#include "storage/edge.h"
#include "storage/peer.h"

#include <string.h>

#define PAGE 100

static const char *state_name(PeerState state)
{
    switch (state) {
    case PEER_STATE__ALLOWED:
        return "allowed";
    case PEER_STATE__LIMITED:
        return "limited";
    case PEER_STATE__BLOCKED:
        return "blocked";
    default:
        return "unknown";
    }
}

static const struct {
    const char *name;
    PeerScope scope;
} scopes[] = {
    {"all", PEER_SCOPE__ALL},
    {"followers", PEER_SCOPE__UP_TO_FOLLOWERS},
    {"public", PEER_SCOPE__ONLY_PUBLIC},
};

static const char *scope_name(PeerScope scope)
{
    for (size_t i = 0; i < COUNT(scopes); i++)
        if (scopes[i].scope == scope)
            return scopes[i].name;
    return "?";
}

const char *cli_peer_health_name(const PeerHealth *health)
{
    if (health->failing_since_ms)
        return "failing";
    return health->last_success_ms || health->heard_ms ? "healthy" : "untried";
}

/* ---- allow, block, limit, forget ------------------------------------------------------------ */

static enum err parse_terms(struct cli *cli, struct peer_terms *terms, struct why *why)
{
    const char *scope = cli_option(cli, "scope"), *expires = cli_option(cli, "expires");
    *terms = (struct peer_terms){.agreement = cli_option(cli, "agreement"),
                                 .expires_ms = -1,
                                 .scope = -1,
                                 .pin_sha256 = cli_option(cli, "pin")};
    for (size_t i = 0; scope && i < COUNT(scopes); i++)
        if (!strcmp(scope, scopes[i].name))
            terms->scope = (int)scopes[i].scope;
    if (scope && terms->scope < 0)
        return why_set(why, ERR_INVALID, "--scope \"%.40s\" is none of public, followers, all",
                       scope);
    const char *pin = terms->pin_sha256;
    if (pin && (strlen(pin) != 64 || strspn(pin, "0123456789abcdef") != 64))
        return why_set(why, ERR_INVALID,
                       "--pin is the SHA-256 of the certificate's public key, 64 lower-case "
                       "hexadecimal digits");
    if (!expires)
        return OK;
    enum err e = cli_date(expires, &terms->expires_ms, why);
    if (!e && terms->expires_ms && terms->expires_ms <= clock_ms())
        return why_set(why, ERR_INVALID, "--expires %.40s is in the past", expires);
    return e;
}

static void report(struct cli *cli, const char *host, const char *state)
{
    output_begin(&cli->output, OUTPUT_THING);
    output_str(&cli->output, "host", host);
    output_str(&cli->output, "state", state);
    output_end(&cli->output);
}

static enum err cli_peer_allow(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    struct peer_terms terms;
    const char *host;
    enum err e = parse_terms(cli, &terms, why);
    if (!e)
        e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_host(&store, cli->argument[0], &host, why);
    if (!e && !strcmp(host, store.fed.config->host))
        e = why_set(why, ERR_INVALID, "%s is this node itself", host);
    if (!e)
        e = policy_allow_peer(&store.fed, host, &terms, &store.by, why);
    if (e)
        return e;
    cli_store_changed_policy(&store);
    report(cli, host, "allowed");
    return OK;
}

static enum err set_state(struct cli *cli, PeerState state, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    const char *host;
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_host(&store, cli->argument[0], &host, why);
    if (!e)
        e = policy_set_peer(&store.fed, host, state, &store.by, why);
    if (e)
        return e;
    cli_store_changed_policy(&store);
    report(cli, host, state_name(state));
    return OK;
}

static enum err cli_peer_block(struct cli *cli, struct why *why)
{
    enum err e = cli_confirm(cli, "block this peer: nothing is exchanged with it any more", why);
    return e ? e : set_state(cli, PEER_STATE__BLOCKED, why);
}

static enum err cli_peer_limit(struct cli *cli, struct why *why)
{
    return set_state(cli, PEER_STATE__LIMITED, why);
}

static enum err cli_peer_forget(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    const char *host;
    enum err e = cli_confirm(cli, "forget this peer and its agreement", why);
    if (!e)
        e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_host(&store, cli->argument[0], &host, why);
    if (!e)
        e = policy_forget_peer(&store.fed, host, &store.by, why);
    if (e)
        return e;
    cli_store_changed_policy(&store);
    report(cli, host, "forgotten");
    return OK;
}

/* ---- list, show ----------------------------------------------------------------------------- */

struct line {
    Peer *peer;
    PeerHealth *health;
    uint64_t waiting;
};

/* One page of peers, copied out so that no snapshot is held while somebody reads. */
static enum err read_page(struct cli_store *store, struct arena *arena, peer_id after,
                          struct line *line, size_t *n)
{
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = engine_read_begin(store->engine, &txn);
    for (*n = 0; !e && *n < PAGE; ++*n) {
        e = peer_next(txn, after, arena, &line[*n].peer);
        if (e)
            break;
        after.v = line[*n].peer->id;
        e = peer_health(txn, after, arena, &line[*n].health);
        line[*n].waiting = counter_get(txn, COUNTER_QUEUED, after.v);
    }
    return e == ERR_NOTFOUND ? OK : e;
}

static void print_line(struct output *out, const struct line *line)
{
    output_str(out, "host", line->peer->host);
    output_str(out, "state", state_name(line->peer->state));
    output_str(out, "health", cli_peer_health_name(line->health));
    output_int(out, "waiting", (int64_t)line->waiting);
    output_str(out, "scope", scope_name(line->peer->scope));
    output_time(out, "expires", line->peer->expires_ms);
    output_str(out, "agreement", line->peer->agreement);
}

static enum err cli_peer_list(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    struct line line[PAGE];
    peer_id after = {0};
    size_t n;
    enum err e = cli_store_open(cli, &store, why);
    if (e)
        return e;
    output_begin(&cli->output, OUTPUT_LIST);
    do {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(CLI_ARENA_BYTES);
        e = read_page(&store, &arena, after, line, &n);
        if (e)
            return cli_failed(e, "peers", why);
        for (size_t i = 0; i < n; i++) {
            output_row(&cli->output);
            print_line(&cli->output, &line[i]);
            after.v = line[i].peer->id;
        }
    } while (n == PAGE);
    output_end(&cli->output);
    return OK;
}

static enum err read_one(struct cli_store *store, peer_id id, struct line *line)
{
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = engine_read_begin(store->engine, &txn);
    if (!e)
        e = peer_get(txn, id, &store->arena, &line->peer);
    if (!e)
        e = peer_health(txn, id, &store->arena, &line->health);
    if (!e)
        line->waiting = counter_get(txn, COUNTER_QUEUED, id.v);
    return e;
}

static const char *scheme_name(SignatureScheme scheme)
{
    switch (scheme) {
    case SIGNATURE_SCHEME__CAVAGE:
        return "draft-cavage-12";
    case SIGNATURE_SCHEME__RFC9421:
        return "RFC 9421";
    case SIGNATURE_SCHEME__RFC9421_ED25519:
        return "RFC 9421, Ed25519";
    default:
        return "not tried";
    }
}

static enum err cli_peer_show(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    struct output *out = &cli->output;
    struct line line;
    peer_id id;
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_find_peer(&store, cli->argument[0], &id, why);
    if (e)
        return e;
    e = read_one(&store, id, &line);
    if (e)
        return cli_failed(e, cli->argument[0], why);
    output_begin(out, OUTPUT_THING);
    print_line(out, &line);
    output_str(out, "pin", line.peer->pin_sha256);
    output_time(out, "created", line.peer->created_ms);
    output_time(out, "changed", line.peer->changed_ms);
    output_int(out, "failures", line.health->failures);
    output_time(out, "failing_since", line.health->failing_since_ms);
    output_str(out, "last_error", line.health->last_error);
    output_time(out, "last_success", line.health->last_success_ms);
    output_time(out, "next_attempt", line.health->next_attempt_ms);
    output_time(out, "heard", line.health->heard_ms);
    output_str(out, "signature", scheme_name(line.health->scheme));
    output_end(out);
    return OK;
}

/* ---- probe ---------------------------------------------------------------------------------- */

struct expedite {
    struct mutation mutation;
    peer_id peer;
};

static enum err expedite_apply(struct txn *txn, struct mutation *m)
{
    return delivery_expedite(txn, container_of(m, struct expedite, mutation)->peer.v, clock_ms());
}

enum err cli_peer_expedite(struct cli_store *store, peer_id peer, const char *host, struct why *why)
{
    struct expedite expedite = {.mutation = {.apply = expedite_apply}, .peer = peer};
    return cli_failed(act_run(&store->fed, &expedite.mutation, &store->by, "queue.retry", host),
                      host, why);
}

static enum err cli_peer_probe(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    struct fetched fetched = {0};
    const char *host = NULL;
    peer_id peer = {0};
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_find_peer(&store, cli->argument[0], &peer, why);
    if (!e)
        e = cli_host(&store, cli->argument[0], &host, why);
    if (e)
        return e;
    const char *uri = arena_printf(&store.arena, "%s://%s/.well-known/nodeinfo",
                                   store.fed.config->insecure_http ? "http" : "https", host);
    int64_t before = clock_mono_ms();
    e = fetch_now(&store.fed, uri, FETCH_JSON, &store.arena, &fetched, why);
    if (e)
        return e;
    int64_t took_ms = clock_mono_ms() - before;
    e = cli_peer_expedite(&store, peer, host, why); /* it lives: what waits goes now */
    if (e)
        return e;
    output_begin(&cli->output, OUTPUT_THING);
    output_str(&cli->output, "host", host);
    output_int(&cli->output, "status", fetched.status);
    output_int(&cli->output, "took_ms", took_ms);
    output_end(&cli->output);
    return OK;
}

/* ---- the table ------------------------------------------------------------------------------ */

static const struct cli_option allow_options[] = {
    {"agreement", "REF", "reference of the agreement with this institution"},
    {"expires", "DATE", "last day of the agreement (2027-03-31), or never"},
    {"scope", "public|followers|all", "the most private kind of post that is sent there"},
    {"pin", "SHA256", "SHA-256 of the public key its certificate must have"},
    {0}};

static const struct cli_command commands[] = {
    {"allow", "HOST", "talk to this node, on these terms; terms not given stay", allow_options,
     CLI_CHANGES, cli_peer_allow},
    {"block", "HOST", "exchange nothing with this node any more", NULL, CLI_CHANGES | CLI_DESTROYS,
     cli_peer_block},
    {"limit", "HOST", "only followers see what comes from this node", NULL, CLI_CHANGES,
     cli_peer_limit},
    {"forget", "HOST", "remove what is stored about this node and its agreement", NULL,
     CLI_CHANGES | CLI_DESTROYS, cli_peer_forget},
    {"list", "", "all nodes that are known", NULL, 0, cli_peer_list},
    {"show", "HOST", "terms and health of one node", NULL, 0, cli_peer_show},
    {"probe", "HOST", "contact it now; if it answers, what waits for it is sent", NULL, CLI_CHANGES,
     cli_peer_probe},
    {0}};
const struct cli_noun cli_peer_noun = {"peer", "other nodes: who may talk to us", commands};
