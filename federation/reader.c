#include "federation/reader.h"

#include "federation/audience.h"
#include "federation/key.h"
#include "federation/policy.h"
#include "storage/actor.h"
#include "storage/base/clock.h"
#include "storage/parked.h"
#include "storage/peer.h"
#include "storage/post.h"

#include <pthread.h>
#include <string.h>

#define KEY_REFETCH_MS (5 * 60 * 1000) /* one key of one actor, at most this often (T20) */

struct waiter {
    struct waiter *next;
    char *uri;
    int64_t deadline_ms; /* monotonic */
    void (*ready)(void *context);
    void *context;
};

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
/* under mu */
static struct waiter *waiting;
static size_t waiting_count;

static enum err find_key(struct txn *txn, const char *key_id, struct arena *arena,
                         struct public_key **out, Actor **out_owner, struct why *why)
{
    actor_id id;
    Actor *actor;
    enum err e = actor_find_key(txn, key_id, &id);
    if (!e)
        e = actor_get(txn, id, arena, &actor);
    if (e)
        return e;
    *out_owner = actor;
    if (actor->suspended_ms || actor->deleted_ms)
        return why_set(why, ERR_DENIED, "the actor is suspended or deleted");
    for (size_t i = 0; i < actor->n_keys; i++) {
        const ActorKey *key = actor->keys[i];
        if (strcmp(key->id, key_id) == 0)
            return key->pem[0] ? public_key_parse_pem(key->pem, out, why)
                               : public_key_parse_multikey(key->multibase, out, why);
    }
    return ERR_NOTFOUND;
}

static enum err key_missing(struct txn *txn, const char *key_id, struct arena *arena,
                            struct reader *out, struct why *why)
{
    Want *want;
    out->needs = uri_without_fragment(key_id, arena);
    if (!out->needs)
        return why_set(why, ERR_LIMIT, "the key id is too long");
    if (want_get(txn, out->needs, arena, &want) == OK && want->failed_ms)
        return why_set(why, ERR_DENIED, "the key could not be fetched");
    return ERR_LATER;
}

enum err reader_identify(struct federation *fed, struct txn *txn, const struct http_message *msg,
                         struct arena *arena, struct reader *out, struct why *why)
{
    AUTO(public_key_free) struct public_key *key = NULL;
    const struct federation_config *config = fed->config;
    int64_t now_ms = clock_ms();
    struct signature signature;

    *out = (struct reader){.needs = NULL};
    enum err e = signature_parse(msg, arena, &signature, why);
    if (e)
        return e;
    if (uri_check(signature.key_id, config->insecure_http ? URI_HTTP_TOO : URI_HTTPS_ONLY, why) ||
        uri_host(signature.key_id, out->host))
        return ERR_DENIED;
    if (strcmp(out->host, config->host) == 0)
        return why_set(why, ERR_DENIED, "the key claims to be ours");
    e = policy_admit(txn, config, out->host, now_ms, &out->peer, why);
    if (!e)
        e = policy_check_names(out->host, msg->client_names, why);
    out->is_stranger = e == ERR_DENIED;
    if (!e)
        e = signature_precheck(msg, &signature, now_ms, config->host, why);
    if (e)
        return e;
    Actor *owner;
    e = find_key(txn, signature.key_id, arena, &key, &owner, why);
    if (e == ERR_NOTFOUND)
        return key_missing(txn, signature.key_id, arena, out, why);
    if (e)
        return e;
    out->inbox = audience_inbox(owner);
    e = signature_verify(msg, &signature, key, why);
    if (e && now_ms - owner->fetched_ms >= KEY_REFETCH_MS) /* they may have a new key */
        return key_missing(txn, signature.key_id, arena, out, why);
    return e;
}

/* ---- what they got ---- */

struct note_fetched {
    struct mutation mutation;
    const struct reader *reader;
    post_id post;
    int64_t now_ms;
};

static enum err note_fetched_apply(struct txn *txn, struct mutation *m)
{
    struct note_fetched *n = container_of(m, struct note_fetched, mutation);
    peer_id peer;
    enum err e = peer_ensure(txn, n->reader->host, n->now_ms, &peer);
    return e ? e : fetched_add(txn, n->post, peer, n->reader->inbox);
}

static bool is_noted(struct federation *fed, const struct reader *reader, post_id post)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024);
    AUTO(txn_end) struct txn *txn = NULL;
    peer_id at = {reader->peer.v - 1};
    const char *inbox;
    return reader->peer.v && engine_read_begin(fed->engine, &txn) == OK &&
           fetched_next(txn, post, &at, &arena, &inbox) == OK && at.v == reader->peer.v;
}

enum err reader_note_fetched(struct federation *fed, const struct reader *reader, post_id post)
{
    struct note_fetched n = {{.apply = note_fetched_apply}, reader, post, clock_ms()};
    return is_noted(fed, reader, post) ? OK : writer_run(fed->writer, &n.mutation);
}

/* ---- those who wait ---- */

struct want_mutation {
    struct mutation mutation;
    const char *uri;
    int64_t now_ms;
};

static enum err want_apply(struct txn *txn, struct mutation *m)
{
    struct want_mutation *w = container_of(m, struct want_mutation, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024);
    Want *known;
    enum err e = want_get(txn, w->uri, &arena, &known);
    if (e != ERR_NOTFOUND)
        return e; /* wanted already */
    Want want = WANT__INIT;
    want.uri = (char *)w->uri;
    want.kind = WANT_KIND__ACTOR_DOCUMENT;
    want.next_attempt_ms = w->now_ms;
    want.created_ms = w->now_ms;
    return want_put(txn, &want);
}

static enum err want_it(struct federation *fed, const char *uri)
{
    struct want_mutation w = {{.apply = want_apply}, uri, clock_ms()};
    enum err e = writer_run(fed->writer, &w.mutation);
    if (!e && fed->wake_fetcher)
        fed->wake_fetcher(fed);
    return e;
}

enum err reader_wait(struct federation *fed, const char *needs, void (*ready)(void *context),
                     void *context)
{
    struct waiter *waiter = xcalloc(1, sizeof *waiter);
    *waiter = (struct waiter){.uri = xstrdup(needs),
                              .deadline_ms = clock_mono_ms() + READER_WAIT_MS,
                              .ready = ready,
                              .context = context};
    pthread_mutex_lock(&mu);
    bool is_full = waiting_count >= READERS_WAITING_MAX;
    if (!is_full) {
        waiter->next = waiting;
        waiting = waiter;
        waiting_count++;
    }
    pthread_mutex_unlock(&mu);
    if (is_full) {
        xfree(&waiter->uri);
        xfree(&waiter);
        return ERR_LIMIT;
    }
    /* From here on `waiter` may be gone: the key may come at any time. */
    if (want_it(fed, needs))
        reader_wake(needs); /* the store refuses: they are answered without the key */
    return OK;
}

/* Takes out of the list what `uri` names (NULL: what is overdue at `now_ms`). */
static struct waiter *take(const char *uri, int64_t now_ms)
{
    struct waiter *taken = NULL;
    pthread_mutex_lock(&mu);
    for (struct waiter **at = &waiting; *at;) {
        struct waiter *w = *at;
        if (uri ? strcmp(w->uri, uri) == 0 : w->deadline_ms <= now_ms) {
            *at = w->next;
            waiting_count--;
            w->next = taken;
            taken = w;
        } else {
            at = &w->next;
        }
    }
    pthread_mutex_unlock(&mu);
    return taken;
}

static void call(struct waiter *list)
{
    while (list) {
        struct waiter *w = list;
        list = w->next;
        w->ready(w->context);
        xfree(&w->uri);
        xfree(&w);
    }
}

void reader_wake(const char *uri)
{
    call(take(uri, 0));
}

void reader_redirect(struct federation *fed, const char *uri, const char *other)
{
    bool moved = false;
    pthread_mutex_lock(&mu);
    for (struct waiter *w = waiting; w; w = w->next) {
        if (strcmp(w->uri, uri) == 0) {
            xfree(&w->uri);
            w->uri = xstrdup(other);
            moved = true;
        }
    }
    pthread_mutex_unlock(&mu);
    if (moved && want_it(fed, other))
        reader_wake(other);
}

void reader_expire(enum reader_expiry which, int64_t now_mono_ms)
{
    call(take(NULL, which == READERS_ALL ? INT64_MAX : now_mono_ms));
}
