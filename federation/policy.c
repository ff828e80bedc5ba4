#include "federation/policy.h"

#include "federation/delivery.h"
#include "federation/uri.h"
#include "storage/audit.h"
#include "storage/base/clock.h"

#include <string.h>
#include <strings.h>

#define PEER_ARENA_BYTES ((size_t)64 * 1024)
#define PIN_HEX_BYTES 64 /* SHA-256 */

/* A record that says nothing (unknown, or its agreement ended) leaves it to the node's mode. */
static enum err judge_peer(const struct federation_config *config, const Peer *peer, int64_t now_ms,
                           struct why *why)
{
    if (peer->state == PEER_STATE__BLOCKED)
        return why_set(why, ERR_DENIED, "%s is blocked", peer->host);
    if (config->mode == FEDERATION_OPEN)
        return OK;
    if (peer->state == PEER_STATE__UNKNOWN)
        return why_set(why, ERR_DENIED, "%s is not a peer", peer->host);
    if (peer->expires_ms && now_ms >= peer->expires_ms)
        return why_set(why, ERR_DENIED, "the agreement with %s has ended", peer->host);
    return OK;
}

/* A block covers what lies below the host too: whoever has evil.example has any name under it. */
static bool is_under_blocked(struct txn *txn, const char *host, struct arena *arena)
{
    for (const char *dot = strchr(host, '.'); dot; dot = strchr(dot + 1, '.')) {
        peer_id id;
        Peer *peer;
        if (peer_find(txn, dot + 1, &id) == OK && peer_get(txn, id, arena, &peer) == OK &&
            peer->state == PEER_STATE__BLOCKED)
            return true;
    }
    return false;
}

enum err policy_admit(struct txn *txn, const struct federation_config *config, const char *host,
                      int64_t now_ms, peer_id *out_peer, struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(PEER_ARENA_BYTES);
    peer_id id = {0};
    Peer *peer;

    if (strcmp(host, config->host) == 0)
        return why_set(why, ERR_DENIED, "this is our own host");
    enum err e = peer_find(txn, host, &id);
    if (e == ERR_NOTFOUND) {
        if (config->mode != FEDERATION_OPEN)
            return why_set(why, ERR_DENIED, "%s is not a peer", host);
        if (is_under_blocked(txn, host, &arena))
            return why_set(why, ERR_DENIED, "%s is under a blocked host", host);
        *out_peer = (peer_id){0};
        return OK;
    }
    if (e)
        return e;
    e = peer_get(txn, id, &arena, &peer);
    if (e)
        return e;
    e = judge_peer(config, peer, now_ms, why);
    if (!e && peer->state == PEER_STATE__UNKNOWN && is_under_blocked(txn, host, &arena))
        e = why_set(why, ERR_DENIED, "%s is under a blocked host", host);
    if (e)
        return e;
    *out_peer = id;
    return OK;
}

PeerState policy_shows(struct txn *txn, const char *host)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(PEER_ARENA_BYTES);
    PeerState state = PEER_STATE__UNKNOWN;
    peer_id id;
    Peer *peer;
    if (!host[0])
        return PEER_STATE__ALLOWED;
    if (peer_find(txn, host, &id) == OK && peer_get(txn, id, &arena, &peer) == OK)
        state = peer->state;
    if (state == PEER_STATE__UNKNOWN && is_under_blocked(txn, host, &arena))
        state = PEER_STATE__BLOCKED;
    return state;
}

enum err policy_check_names(const char *host, const char *names, struct why *why)
{
    size_t length = strcspn(host, ":"); /* a certificate names no port */
    if (!names)
        return OK;
    if (!*names)
        return why_set(why, ERR_DENIED, "the connection shows no client certificate");
    for (const char *name = names; *name == ' ';) {
        size_t n = strcspn(++name, " ");
        if (n == length && strncasecmp(name, host, n) == 0)
            return OK;
        name += n;
    }
    return why_set(why, ERR_DENIED, "the client certificate is not for %s", host);
}

static bool is_within(PeerScope scope, Visibility visibility)
{
    switch (visibility) {
    case VISIBILITY__PUBLIC:
    case VISIBILITY__UNLISTED:
        return true;
    case VISIBILITY__FOLLOWERS:
        return scope == PEER_SCOPE__ALL || scope == PEER_SCOPE__UP_TO_FOLLOWERS;
    case VISIBILITY__DIRECT:
        return scope == PEER_SCOPE__ALL;
    default: /* LOCAL, and what a later version may have written */
        return false;
    }
}

enum err policy_may_send(struct txn *txn, const struct federation_config *config, peer_id id,
                         Visibility visibility, int64_t now_ms, struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(PEER_ARENA_BYTES);
    Peer *peer;
    enum err e = peer_get(txn, id, &arena, &peer);
    if (e)
        return e;
    e = judge_peer(config, peer, now_ms, why);
    if (e)
        return e;
    if (!is_within(peer->scope, visibility))
        return why_set(why, ERR_DENIED, "the agreement with %s does not cover posts this private",
                       peer->host);
    return OK;
}

/* ---- decisions ---- */

struct decision {
    struct mutation mutation;
    const struct federation_config *config;
    const char *host, *act;
    const struct by *by;
    const struct peer_terms *terms; /* NULL: only the state changes */
    PeerState state;
    int64_t now_ms;
};

static enum err audit(struct txn *txn, const struct decision *d)
{
    AuditRecord record = AUDIT_RECORD__INIT;
    record.who = (char *)(d->by->who ? d->by->who : "");
    record.act = (char *)d->act;
    record.object = (char *)d->host;
    record.outcome = (char *)"done";
    record.reason = (char *)(d->by->reason ? d->by->reason : "");
    return audit_add(txn, &record, d->now_ms);
}

static void take_terms(Peer *peer, const struct peer_terms *terms)
{
    if (terms->agreement)
        peer->agreement = (char *)terms->agreement;
    if (terms->expires_ms >= 0)
        peer->expires_ms = terms->expires_ms;
    if (terms->scope >= 0)
        peer->scope = (PeerScope)terms->scope;
    if (terms->pin_sha256)
        peer->pin_sha256 = (char *)terms->pin_sha256;
}

static enum err decide_apply(struct txn *txn, struct mutation *m)
{
    struct decision *d = container_of(m, struct decision, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(PEER_ARENA_BYTES);
    peer_id id;
    Peer *peer;

    enum err e = peer_ensure(txn, d->host, d->now_ms, &id);
    if (e)
        return e;
    e = peer_get(txn, id, &arena, &peer);
    if (e)
        return e;
    peer->state = d->state;
    if (d->terms)
        take_terms(peer, d->terms);
    peer->changed_ms = d->now_ms;
    e = peer_put(txn, peer, d->now_ms);
    if (e)
        return e;
    /* the delivery looks at once: a new peer gets its mail, a blocked one's queue is closed */
    e = delivery_expedite(txn, id.v, d->now_ms);
    return e ? e : audit(txn, d);
}

static enum err forget_apply(struct txn *txn, struct mutation *m)
{
    struct decision *d = container_of(m, struct decision, mutation);
    peer_id id;
    enum err e = peer_find(txn, d->host, &id);
    if (e)
        return e;
    e = peer_del(txn, id);
    return e ? e : audit(txn, d);
}

static enum err decide(struct federation *fed, struct decision *d, const char *host,
                       struct why *why)
{
    char canonical[URI_HOST_BYTES];
    if (uri_host_canonical(host, canonical) != OK)
        return why_set(why, ERR_INVALID, "\"%s\" is no host name", host);
    if (strcmp(canonical, fed->config->host) == 0)
        return why_set(why, ERR_INVALID, "%s is this node itself", canonical);
    d->config = fed->config;
    d->host = canonical;
    d->now_ms = clock_ms();

    enum err e = writer_run(fed->writer, &d->mutation);
    if (e == ERR_NOTFOUND)
        return why_set(why, e, "%s is not known here", canonical);
    if (e)
        return why_set(why, e, "%s: not changed", canonical);
    if (fed->wake_delivery)
        fed->wake_delivery(fed);
    return OK;
}

static bool is_pin(const char *text)
{
    return *text == '\0' ||
           (strlen(text) == PIN_HEX_BYTES && strspn(text, "0123456789abcdef") == PIN_HEX_BYTES);
}

enum err policy_allow_peer(struct federation *fed, const char *host, const struct peer_terms *terms,
                           const struct by *by, struct why *why)
{
    if (terms && terms->scope > PEER_SCOPE__ONLY_PUBLIC)
        return why_set(why, ERR_INVALID, "there is no scope %d", terms->scope);
    if (terms && terms->pin_sha256 && !is_pin(terms->pin_sha256))
        return why_set(why, ERR_INVALID, "a pin is 64 lower-case hexadecimal digits");
    struct decision d = {.mutation = {.apply = decide_apply},
                         .act = "peer.allow",
                         .by = by,
                         .terms = terms,
                         .state = PEER_STATE__ALLOWED};
    return decide(fed, &d, host, why);
}

static const char *act_of_state(PeerState state)
{
    switch (state) {
    case PEER_STATE__ALLOWED:
        return "peer.allow";
    case PEER_STATE__LIMITED:
        return "peer.limit";
    case PEER_STATE__BLOCKED:
        return "peer.block";
    default:
        return "peer.undecide";
    }
}

enum err policy_set_peer(struct federation *fed, const char *host, PeerState state,
                         const struct by *by, struct why *why)
{
    struct decision d = {
        .mutation = {.apply = decide_apply}, .act = act_of_state(state), .by = by, .state = state};
    return decide(fed, &d, host, why);
}

enum err policy_forget_peer(struct federation *fed, const char *host, const struct by *by,
                            struct why *why)
{
    struct decision d = {.mutation = {.apply = forget_apply}, .act = "peer.forget", .by = by};
    enum err e = decide(fed, &d, host, why);
    if (e == ERR_INVALID && d.host)
        return why_set(why, e, "%s still has mail waiting; block it first", host);
    return e;
}
