#include "federation/inbox.h"

#include "federation/act/common.h"
#include "federation/backfill.h"
#include "federation/delivery.h"
#include "federation/digest.h"
#include "federation/forward.h"
#include "federation/forwarded.h"
#include "federation/policy.h"
#include "federation/resolve.h"
#include "federation/synchronize.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/parked.h"
#include "storage/seen.h"

#include <string.h>

#define KEY_REFETCH_MS (5 * 60 * 1000) /* one key of one actor, at most this often (T20) */
#define PARKED_ROUNDS_MAX 8            /* needs found one after the other before we give up */

/* ---- judging: everything below reads `txn` and changes nothing ---- */

struct judge {
    struct federation *fed;
    const struct received *in;
    struct txn *txn;
    struct arena *arena;
    struct signature signature;
    struct ingest *out;
};

static bool reject(struct judge *j, int status)
{
    j->out->verdict = INGEST_REJECT;
    j->out->status = status;
    return false;
}

static bool needs(struct judge *j, const char *uri, WantKind kind)
{
    j->out->verdict = INGEST_NEEDS;
    j->out->needs = arena_strdup(j->arena, uri);
    j->out->needs_kind = kind;
    return false;
}

static bool ignore(struct judge *j, const char *outcome)
{
    j->out->verdict = INGEST_DONE;
    j->out->act->apply = NULL;
    j->out->act->outcome = outcome;
    return false;
}

/* Who says they are talking, and may their host talk to us? Nothing is looked up before (T16). */
static bool judge_sender(struct judge *j)
{
    struct ingest *out = j->out;
    const struct federation_config *config = j->fed->config;
    enum err e = signature_parse(&j->in->message, j->arena, &j->signature, &out->why);
    if (e == ERR_NOTFOUND)
        why_set(&out->why, e, "the request is not signed");
    if (e)
        return reject(j, e == ERR_INVALID ? 400 : 401);
    if (uri_check(j->signature.key_id, config->insecure_http ? URI_HTTP_TOO : URI_HTTPS_ONLY,
                  &out->why) ||
        uri_host(j->signature.key_id, out->host))
        return reject(j, 401);
    if (strcmp(out->host, config->host) == 0) {
        why_set(&out->why, ERR_DENIED, "the key claims to be ours");
        return reject(j, 403);
    }
    if (policy_admit(j->txn, config, out->host, j->out->act->now_ms, &out->peer, &out->why) ||
        policy_check_names(out->host, j->in->message.client_names, &out->why))
        return reject(j, 403);
    return true;
}

/* Size, shape, what the signature covers, digest and date: all that needs no key. */
static bool judge_form(struct judge *j)
{
    struct ingest *out = j->out;
    struct act *act = out->act;
    enum err e = signature_precheck(&j->in->message, &j->signature, j->in->received_ms,
                                    j->fed->config->host, &out->why);
    if (e)
        return reject(j, e == ERR_INVALID ? 400 : 401);
    struct as2_activity *activity = arena_alloc(&act->arena, sizeof *activity);
    if (as2_prescan(j->in->message.body, &out->why) ||
        as2_decode_activity(j->in->message.body, &act->arena, activity, &out->why))
        return reject(j, 400);
    act->activity = activity;
    act->body = arena_bytes(&act->arena, j->in->message.body);
    sha256(j->in->message.body, act->body_digest);
    if (!activity->actor) {
        why_set(&out->why, ERR_INVALID, "the activity has no actor");
        return reject(j, 400);
    }
    return true;
}

/* A Delete or Update of themselves by somebody never heard of: thousands of these come when
 * somebody leaves a large server, and their key is gone too. */
static bool is_farewell_of_unknown(struct judge *j)
{
    const struct as2_activity *activity = j->out->act->activity;
    actor_id known;
    return activity->object_id && strcmp(activity->object_id, activity->actor) == 0 &&
           (strcmp(activity->type, "Delete") == 0 || strcmp(activity->type, "Update") == 0) &&
           actor_find(j->txn, activity->actor, &known) == ERR_NOTFOUND;
}

static bool fetch_failed_lately(struct judge *j, const char *uri)
{
    Want *want;
    return want_get(j->txn, uri, j->arena, &want) == OK && want->failed_ms;
}

static bool needs_key(struct judge *j)
{
    char *uri = uri_without_fragment(j->signature.key_id, j->arena);
    if (is_farewell_of_unknown(j)) /* first: their key is gone, 401 would have them try for days */
        return ignore(j, "ignored: farewell of somebody unknown");
    if (!uri || fetch_failed_lately(j, uri)) {
        why_set(&j->out->why, ERR_DENIED, "the key could not be fetched");
        return reject(j, 401);
    }
    return needs(j, uri, WANT_KIND__ACTOR_DOCUMENT);
}

static enum err load_key(const Actor *owner, const char *key_id, struct public_key **out,
                         struct why *why)
{
    for (size_t i = 0; i < owner->n_keys; i++) {
        const ActorKey *key = owner->keys[i];
        if (strcmp(key->id, key_id) == 0)
            return key->pem[0] ? public_key_parse_pem(key->pem, out, why)
                               : public_key_parse_multikey(key->multibase, out, why);
    }
    return why_set(why, ERR_NOTFOUND, "the actor has no such key");
}

/* The actor who owns the key, ours by now. */
static enum err find_owner(struct judge *j, Actor **out)
{
    actor_id id;
    enum err e = actor_find_key(j->txn, j->signature.key_id, &id);
    if (e == ERR_NOTFOUND) {
        char *uri = uri_without_fragment(j->signature.key_id, j->arena);
        e = uri ? actor_find(j->txn, uri, &id) : ERR_LIMIT;
    }
    return e ? e : actor_get(j->txn, id, j->arena, out);
}

static bool judge_signature(struct judge *j)
{
    struct ingest *out = j->out;
    AUTO(public_key_free) struct public_key *key = NULL;
    Actor *owner;

    if (find_owner(j, &owner))
        return needs_key(j);
    enum err e = load_key(owner, j->signature.key_id, &key, &out->why);
    if (!e)
        e = signature_verify(&j->in->message, &j->signature, key, &out->why);
    if (e) {
        int64_t learnt = owner->fetched_ms > owner->key_refetched_ms ? owner->fetched_ms
                                                                     : owner->key_refetched_ms;
        /* They may have a new key: one look, then the answer stands. */
        return out->act->now_ms - learnt < KEY_REFETCH_MS ? reject(j, 401) : needs_key(j);
    }
    out->is_verified = true;
    out->principal = owner->uri;
    if (j->signature.scheme == SIGNATURE_RFC9421)
        out->act->scheme = public_key_type(key) == KEY_ED25519 ? SIGNATURE_SCHEME__RFC9421_ED25519
                                                               : SIGNATURE_SCHEME__RFC9421;
    if (owner->suspended_ms || owner->deleted_ms) {
        why_set(&out->why, ERR_DENIED, "the actor is suspended or deleted");
        return reject(j, 403);
    }
    return true;
}

/* On one host people need not pass on what their neighbours say: the neighbour's own key is there.
 */
static bool reject_neighbour(struct judge *j)
{
    why_set(&j->out->why, ERR_DENIED, "the key is not the actor's, but its neighbour's");
    return reject(j, 403);
}

/* Somebody else than its actor sent it: what makes it believable (T17, T86, T109)? */
static bool judge_forwarded(struct judge *j)
{
    struct ingest *out = j->out;
    struct act *act = out->act;
    const struct forwarded question = {.activity = act->activity,
                                       .json = j->in->message.body,
                                       .by_host = out->host,
                                       .fetched = act->fetched,
                                       .now_ms = act->now_ms};
    struct forwarded_answer answer;
    enum forwarded_verdict verdict =
        forwarded_judge(j->fed, j->txn, &question, &act->arena, &answer, &out->why);
    bool is_about_key = answer.needs && answer.needs_kind == WANT_KIND__ACTOR_DOCUMENT;
    bool is_unproved =
        verdict == FORWARDED_FETCHED || (verdict == FORWARDED_NEEDS && !is_about_key);
    if (is_unproved && strcmp(answer.host, out->host) == 0)
        return reject_neighbour(j);
    switch (verdict) {
    case FORWARDED_PROVED:
        act->who = answer.who;
        act->who_host = arena_strdup(&act->arena, answer.host);
        act->peer = answer.peer;
        return true;
    case FORWARDED_NEEDS:
        return needs(j, answer.needs, answer.needs_kind);
    case FORWARDED_FETCHED:
        act->is_hearsay = true;
        return ignore(j, "dropped: what its origin says counts");
    default:
        return reject(j, 403);
    }
}

/* Only what the sender signed, and of somebody who is talking for themselves. */
static void take_synchronization(struct judge *j)
{
    struct act *act = j->out->act;
    const char *field;
    if (signature_covers(&j->signature, "collection-synchronization") &&
        http_message_field_count(&j->in->message, SYNCHRONIZE_FIELD) == 1 &&
        http_message_field(&j->in->message, SYNCHRONIZE_FIELD, &act->arena, &field) == OK)
        act->synchronization = field;
}

/* Who signed must be who acts, and the activity must be theirs to name (T17, T27, T29). */
static bool judge_origin(struct judge *j)
{
    struct ingest *out = j->out;
    struct act *act = out->act;
    act->sender = out->peer;
    act->who_host = arena_strdup(&act->arena, out->host);
    if (strcmp(act->activity->actor, out->principal) != 0)
        return judge_forwarded(j);
    if (act->activity->id && (federation_own_path(j->fed, act->activity->id) ||
                              !uri_same_host(act->activity->id, act->activity->actor))) {
        why_set(&out->why, ERR_DENIED, "the activity's id is not on its actor's host");
        return reject(j, 403);
    }
    if (actor_find(j->txn, act->activity->actor, &act->who))
        return needs(j, act->activity->actor, WANT_KIND__ACTOR_DOCUMENT);
    act->peer = out->peer;
    take_synchronization(j);
    return true;
}

static bool judge_act(struct judge *j)
{
    struct ingest *out = j->out;
    struct act *act = out->act;
    act_remote *remote = act_find_remote(act->activity->type);
    struct act_answer answer = {.status = 400};

    if (act->activity->id && seen_has(j->txn, act->activity->id))
        return ignore(j, "duplicate");
    if (!remote)
        return ignore(j, "ignored: a type we do not act on");
    switch (remote(act, j->txn, &answer, &out->why)) {
    case ACT_NEEDS:
        return needs(j, answer.needs, answer.needs_kind);
    case ACT_REJECT:
        return reject(j, answer.status);
    default:
        out->verdict = INGEST_DONE;
        return true;
    }
}

void ingest(struct federation *fed, const struct received *in, struct arena *arena,
            struct ingest *out)
{
    AUTO(txn_end) struct txn *txn = NULL;
    *out = (struct ingest){.act = act_create(fed)};
    struct judge j = {.fed = fed, .in = in, .arena = arena, .out = out};

    out->act->now_ms = clock_ms();
    out->act->fetched = arena_strdup(&out->act->arena, in->fetched);
    out->act->received_ms = in->received_ms;
    if (engine_read_begin(fed->engine, &txn)) {
        why_set(&out->why, ERR_STORE, "the store cannot be read");
        reject(&j, 503);
        return;
    }
    j.txn = txn;
    if (judge_sender(&j) && judge_form(&j) && judge_signature(&j) && judge_origin(&j) &&
        judge_act(&j))
        forward_judge(out->act, txn, out->host);
}

/* ---- applying ---- */

static enum err unpark(struct txn *txn, uint64_t parked)
{
    enum err e = parked ? parked_del(txn, parked) : OK;
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err act_apply(struct txn *txn, struct mutation *m)
{
    struct act *act = container_of(m, struct act, mutation);
    bool same;
    enum err e = OK;

    if (act->activity->id && !act->is_hearsay)
        e = seen_add(txn, act->activity->id, act->body_digest, act->now_ms, &same);
    if (e == ERR_EXISTS) {
        act->outcome = same ? "duplicate" : "conflict: the first version stays";
        return unpark(txn, act->parked);
    }
    bool is_delete = act->forward && strcmp(act->activity->type, "Delete") == 0;
    if (!e && is_delete) /* while it is still there */
        e = forward_queue(txn, act);
    if (!e && act->apply)
        e = act->apply(txn, act);
    if (!e && act->forward && !is_delete)
        e = forward_queue(txn, act);
    if (!e && act->synchronization)
        e = synchronize_notice(txn, act->who, act->synchronization, act->now_ms,
                               &act->wants_followers);
    if (!e)
        e = act->sender.v ? delivery_heard(txn, act->sender.v, act->scheme, act->now_ms) : OK;
    return e ? e : unpark(txn, act->parked);
}

static void log_outcome(const struct act *act)
{
    bool is_conflict = act->outcome && strncmp(act->outcome, "conflict", 8) == 0;
    log_event(is_conflict ? LOG_WARN : LOG_INFO, "inbox.accepted",
              (const struct log_field[]){STR("peer", act->who_host),
                                         STR("type", act->activity ? act->activity->type : ""),
                                         STR("activity", act->activity ? act->activity->id : ""),
                                         STR("outcome", act->outcome),
                                         {NULL, NULL, 0}});
}

static void log_refusal(const struct ingest *in, int status)
{
    log_info("inbox.refused", STR("peer", in->host), INT("status", status),
             STR("activity", in->act && in->act->activity ? in->act->activity->id : ""),
             STR("why", in->why.text));
}

static void count(struct federation *fed, const char *event)
{
    if (fed->count)
        fed->count(fed, event);
}

/* ---- receiving ---- */

struct reception { /* one request on its way to the disk */
    inbox_done *done;
    void *context;
};

static void act_done(struct mutation *m, enum err e)
{
    struct act *act = container_of(m, struct act, mutation);
    struct reception *reception = act->context;
    struct federation *fed = act->fed;
    struct why why = {""};

    if (e) {
        why_set(&why, e, "the store refused (%s): send it again", err_name(e));
        log_error("inbox.store", STR("peer", act->who_host), STR("error", err_name(e)));
        reception->done(reception->context, 503, &why);
    } else {
        log_outcome(act);
        count(fed, "inbox.accepted");
        reception->done(reception->context, 202, NULL);
        if (fed->wake_delivery)
            fed->wake_delivery(fed);
        if (fed->wake_fetcher) /* a thread, followers or an authorization may be wanted */
            fed->wake_fetcher(fed);
    }
    xfree(&reception);
    act_free(&act);
}

struct park {
    struct mutation mutation;
    struct arena arena;
    struct federation *fed;
    Parked parked;
    WantKind kind;
    uint64_t replaces; /* the parked item this one follows; 0: none */
    struct reception *reception;
    int64_t now_ms;
};

static enum err park_apply(struct txn *txn, struct mutation *m)
{
    struct park *park = container_of(m, struct park, mutation);
    Parked parked = park->parked; /* parked_put fills in the id, and apply may run again */
    enum err e = unpark(txn, park->replaces);
    return e ? e : parked_put(txn, &parked, park->kind, park->now_ms);
}

static struct park *park_new(struct federation *fed, const struct received *in,
                             const struct ingest *judged)
{
    struct park *park = xcalloc(1, sizeof *park);
    struct arena *arena = &park->arena;
    const struct http_message *msg = &in->message;

    arena->max_bytes = ACT_ARENA_BYTES;
    park->fed = fed;
    park->mutation.apply = park_apply;
    park->now_ms = clock_ms();
    park->kind = judged->needs_kind;
    parked__init(&park->parked);
    park->parked.needs = arena_strdup(arena, judged->needs);
    park->parked.target = arena_strdup(arena, msg->target);
    park->parked.host = arena_strdup(arena, msg->host);
    park->parked.headers = arena_calloc(arena, msg->header_count, sizeof(HeaderLine *));
    for (size_t i = 0; i < msg->header_count; i++) {
        HeaderLine *line = arena_alloc(arena, sizeof *line);
        header_line__init(line);
        line->name = arena_strdup(arena, msg->headers[i].name);
        line->value = arena_strdup(arena, msg->headers[i].value);
        park->parked.headers[park->parked.n_headers++] = line;
    }
    struct bytes body = arena_bytes(arena, msg->body);
    park->parked.body.data = (uint8_t *)body.p;
    park->parked.body.len = body.n;
    park->parked.received_ms = in->received_ms;
    park->parked.peer = judged->peer.v;
    park->parked.is_verified = judged->is_verified;
    park->parked.principal = arena_strdup(arena, judged->principal ? judged->principal : "");
    return park;
}

static void park_free(struct park **park)
{
    arena_clear(&(*park)->arena);
    xfree(park);
}

static void park_done(struct mutation *m, enum err e)
{
    struct park *park = container_of(m, struct park, mutation);
    struct reception *reception = park->reception;
    struct why why = {""};

    if (e) {
        why_set(&why, e, e == ERR_LIMIT ? "too much of yours waits already" : "the store refused");
        reception->done(reception->context, 503, &why);
    } else {
        log_info("inbox.parked", STR("needs", park->parked.needs), INT("peer", park->parked.peer));
        count(park->fed, "inbox.parked");
        reception->done(reception->context, 202, NULL);
        if (park->fed->wake_fetcher)
            park->fed->wake_fetcher(park->fed);
    }
    xfree(&reception);
    park_free(&park);
}

/* The store is too busy to take it: nothing was promised. */
static void overloaded(struct reception *reception)
{
    struct why why;
    why_set(&why, ERR_LIMIT, "overloaded: send it again");
    reception->done(reception->context, 503, &why);
    xfree(&reception);
}

static void push_act(struct federation *fed, struct act *act, struct reception *reception)
{
    act->mutation = (struct mutation){.apply = act_apply, .done = act_done};
    act->context = reception;
    if (writer_push(fed->writer, &act->mutation)) {
        overloaded(reception);
        act_free(&act);
    }
}

static void push_park(struct federation *fed, struct park *park, struct reception *reception)
{
    park->mutation.done = park_done;
    park->reception = reception;
    if (writer_push(fed->writer, &park->mutation)) {
        overloaded(reception);
        park_free(&park);
    }
}

void inbox_receive(struct federation *fed, const struct received *in, inbox_done *done,
                   void *context)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ACT_ARENA_BYTES);
    struct ingest judged;
    ingest(fed, in, &arena, &judged);

    if (judged.verdict == INGEST_DONE && judged.act->apply) {
        struct reception *reception = xcalloc(1, sizeof *reception);
        *reception = (struct reception){done, context};
        push_act(fed, judged.act, reception);
        return;
    }
    if (judged.verdict == INGEST_NEEDS) {
        struct reception *reception = xcalloc(1, sizeof *reception);
        *reception = (struct reception){done, context};
        push_park(fed, park_new(fed, in, &judged), reception);
    } else if (judged.verdict == INGEST_DONE) {
        log_outcome(judged.act);
        count(fed, "inbox.ignored");
        done(context, 202, NULL);
    } else {
        log_refusal(&judged, judged.status);
        count(fed, "inbox.refused");
        done(context, judged.status, &judged.why);
    }
    act_free(&judged.act);
}

/* ---- resuming what was parked ---- */

struct drop {
    struct mutation mutation;
    uint64_t parked;
};

static enum err drop_apply(struct txn *txn, struct mutation *m)
{
    return unpark(txn, container_of(m, struct drop, mutation)->parked);
}

static enum err drop_parked(struct federation *fed, const Parked *parked, const char *why)
{
    struct drop drop = {{.apply = drop_apply}, parked->id};
    log_warn("inbox.dropped", STR("needs", parked->needs), STR("why", why));
    count(fed, "inbox.dropped");
    return writer_run(fed->writer, &drop.mutation);
}

/* The request as it came, out of its record. */
static void restore(const Parked *parked, struct arena *arena, struct received *out)
{
    struct http_header *headers = arena_calloc(arena, parked->n_headers, sizeof *headers);
    for (size_t i = 0; i < parked->n_headers; i++)
        headers[i] = (struct http_header){parked->headers[i]->name, parked->headers[i]->value};
    *out = (struct received){.message = {.method = "POST",
                                         .target = parked->target,
                                         .host = parked->host,
                                         .headers = headers,
                                         .header_count = parked->n_headers,
                                         .body = {parked->body.data, parked->body.len}},
                             .received_ms = parked->received_ms,
                             .fetched = parked->needs};
}

static enum err repark(struct federation *fed, const struct received *in,
                       const struct ingest *judged, const Parked *parked)
{
    struct park *park = park_new(fed, in, judged);
    park->replaces = parked->id;
    park->parked.rounds = parked->rounds + 1;
    enum err e = writer_run(fed->writer, &park->mutation);
    park_free(&park);
    if (!e && fed->wake_fetcher)
        fed->wake_fetcher(fed);
    return e;
}

static enum err resume_request(struct federation *fed, const Parked *parked)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ACT_ARENA_BYTES);
    struct received in;
    struct ingest judged;
    enum err e;

    restore(parked, &arena, &in);
    in.message.scheme = fed->config->insecure_http ? "http" : "https";
    ingest(fed, &in, &arena, &judged);
    AUTO(act_free) struct act *act = judged.act;

    if (judged.verdict == INGEST_NEEDS) {
        if (strcmp(judged.needs, parked->needs) == 0)
            return drop_parked(fed, parked, "what it needed was fetched and does not help");
        if (parked->rounds >= PARKED_ROUNDS_MAX)
            return drop_parked(fed, parked, "it needs one thing after another");
        return repark(fed, &in, &judged, parked);
    }
    if (judged.verdict == INGEST_REJECT)
        return drop_parked(fed, parked, judged.why.text);
    if (!act->activity)
        return drop_parked(fed, parked, "nothing to apply");
    act->parked = parked->id;
    act->mutation = (struct mutation){.apply = act_apply};
    e = writer_run(fed->writer, &act->mutation);
    if (!e) {
        log_outcome(act);
        count(fed, "inbox.accepted");
    }
    return e;
}

static enum err resume_one(struct federation *fed, const Parked *parked, const struct why *gone)
{
    bool is_document = parked->target[0] == '\0';
    if (gone) {
        enum err e = drop_parked(fed, parked, gone->text);
        if (!e && is_document) /* then what waits for the document waits in vain too */
            inbox_resume(fed, parked->principal, gone);
        if (!e && is_document)
            backfill_missed(fed, parked->principal, BACKFILL_REASON__MISSING_NOT_UNDERSTOOD);
        return e;
    }
    if (is_document) { /* a fetched document that waited for its author */
        struct bytes body = {parked->body.data, parked->body.len};
        struct drop drop = {{.apply = drop_apply}, parked->id};
        enum err e = writer_run(fed->writer, &drop.mutation);
        if (!e) /* a crash here: its own want stands, it is fetched again */
            resolve_document_again(fed, parked->principal, body, parked->rounds + 1);
        return e;
    }
    return resume_request(fed, parked);
}

void inbox_resume(struct federation *fed, const char *uri, const struct why *gone)
{
    uint64_t id = 0;
    for (;;) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(ACT_ARENA_BYTES);
        AUTO(txn_end) struct txn *txn = NULL;
        Parked *parked;
        if (engine_read_begin(fed->engine, &txn) || parked_next(txn, uri, id, &id) ||
            parked_get(txn, id, &arena, &parked))
            break;
        txn_end(&txn);
        enum err e = resume_one(fed, parked, gone);
        if (e) /* it stays parked, and its want: it will be tried again */
            log_error("inbox.resume", STR("needs", uri), STR("error", err_name(e)));
    }
    if (fed->wake_delivery)
        fed->wake_delivery(fed);
    if (fed->wake_fetcher)
        fed->wake_fetcher(fed);
}

struct reneed { /* one parked item changes what it waits for */
    struct mutation mutation;
    uint64_t parked;
    const char *other;
    int64_t now_ms;
};

static enum err reneed_apply(struct txn *txn, struct mutation *m)
{
    struct reneed *r = container_of(m, struct reneed, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ACT_ARENA_BYTES);
    Parked *parked;
    enum err e = parked_get(txn, r->parked, &arena, &parked);
    if (!e)
        e = parked_del(txn, r->parked);
    if (e)
        return e;
    parked->id = 0;
    parked->rounds++;
    parked->needs = (char *)r->other;
    return parked_put(txn, parked, WANT_KIND__ACTOR_DOCUMENT, r->now_ms);
}

void inbox_repark(struct federation *fed, const char *uri, const char *other)
{
    struct why gone = {"it is said to be somewhere else again and again"};
    uint64_t id = 0;
    for (;;) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(ACT_ARENA_BYTES);
        AUTO(txn_end) struct txn *txn = NULL;
        Parked *parked;
        if (engine_read_begin(fed->engine, &txn) || parked_next(txn, uri, id, &id) ||
            parked_get(txn, id, &arena, &parked))
            break;
        txn_end(&txn);
        struct reneed r = {{.apply = reneed_apply}, id, other, clock_ms()};
        enum err e = parked->rounds >= PARKED_ROUNDS_MAX ? resume_one(fed, parked, &gone)
                                                         : writer_run(fed->writer, &r.mutation);
        if (e)
            log_error("inbox.repark", STR("needs", uri), STR("error", err_name(e)));
    }
    if (fed->wake_fetcher)
        fed->wake_fetcher(fed);
}

/* On whose quota a document counts: its host's. */
static uint64_t peer_of(struct federation *fed, const char *uri)
{
    AUTO(txn_end) struct txn *txn = NULL;
    char host[URI_HOST_BYTES];
    peer_id peer;
    if (uri_host(uri, host) || engine_read_begin(fed->engine, &txn) || peer_find(txn, host, &peer))
        return 0;
    return peer.v;
}

enum err inbox_park_document(struct federation *fed, const char *uri, struct bytes body,
                             const char *needed, unsigned rounds)
{
    struct received in = {.message = {.target = "", .host = "", .body = body},
                          .received_ms = clock_ms()};
    struct ingest judged = {
        .needs = needed, .needs_kind = WANT_KIND__ACTOR_DOCUMENT, .principal = uri};
    if (rounds >= PARKED_ROUNDS_MAX)
        return ERR_INVALID;
    struct park *park = park_new(fed, &in, &judged);
    park->parked.rounds = rounds;
    park->parked.peer = peer_of(fed, uri);
    enum err e = writer_run(fed->writer, &park->mutation);
    park_free(&park);
    if (!e && fed->wake_fetcher)
        fed->wake_fetcher(fed);
    return e;
}
