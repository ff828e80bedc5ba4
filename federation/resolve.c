#include "federation/resolve.h"

#include "federation/act/approval.h"
#include "federation/act/post.h"
#include "federation/backfill.h"
#include "federation/delivery.h"
#include "federation/featured.h"
#include "federation/group.h"
#include "federation/inbox.h"
#include "federation/key.h"
#include "federation/reader.h"
#include "federation/sanitize.h"
#include "federation/synchronize.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/parked.h"

#include <string.h>
#include <strings.h>

#define RESOLVE_ARENA_BYTES (12 * 1024 * 1024)
/* An actor is read for every post that goes to them: their record must stay small. */
#define SUMMARY_MAX_BYTES 65536
#define FIELD_MAX_BYTES 4096
#define EMOJI_MAX 16
#define WANT_DEFER_MS (60 * 1000) /* fetched: not again while what waited is being resumed */

/* ---- is the document believable? ---- */

static enum err check_hosts(const struct as2_actor *document, struct why *why)
{
    const struct {
        const char *name, *uri;
    } part[] = {
        {"inbox", document->inbox},         {"outbox", document->outbox},
        {"followers", document->followers}, {"following", document->following},
        {"featured", document->featured},   {"sharedInbox", document->shared_inbox},
    };
    for (size_t i = 0; i < COUNT(part); i++)
        if (part[i].uri && !uri_same_host(part[i].uri, document->id))
            return why_set(why, ERR_DENIED, "the actor's %s is on another host", part[i].name);
    if (!document->inbox)
        return why_set(why, ERR_INVALID, "the actor has no inbox");
    return OK;
}

/* Keys on the actor's host, owned by the actor, within our limits; others are left out. */
static void take_keys(const struct as2_actor *document, struct arena *arena, Actor *actor,
                      int64_t now_ms)
{
    actor->keys = arena_calloc(arena, document->key_count, sizeof *actor->keys);
    for (size_t i = 0; i < document->key_count; i++) {
        const struct as2_key *from = &document->keys[i];
        AUTO(public_key_free) struct public_key *key = NULL;
        struct why why = {""};
        if (!from->id || !uri_same_host(from->id, document->id) ||
            (from->owner && strcmp(from->owner, document->id) != 0))
            continue;
        enum err e = from->pem ? public_key_parse_pem(from->pem, &key, &why)
                               : public_key_parse_multikey(from->multibase, &key, &why);
        if (e) {
            log_info("actor.key_refused", STR("key", from->id), STR("why", why.text));
            continue;
        }
        ActorKey *to = arena_alloc(arena, sizeof *to);
        actor_key__init(to);
        to->id = arena_strdup(arena, from->id);
        to->pem = arena_strdup(arena, from->pem ? from->pem : "");
        to->multibase = arena_strdup(arena, from->multibase ? from->multibase : "");
        to->learnt_ms = now_ms;
        actor->keys[actor->n_keys++] = to;
    }
}

static void take_fields(const struct as2_actor *document, struct arena *arena, Actor *actor)
{
    actor->fields = arena_calloc(arena, document->field_count, sizeof *actor->fields);
    for (size_t i = 0; i < document->field_count; i++) {
        AUTO(buf_clear) struct buf html = BUF_INIT(FIELD_MAX_BYTES);
        const char *value = document->fields[i].value;
        if (sanitize_html(value ? value : "", &html, NULL))
            continue;
        ActorField *field = arena_alloc(arena, sizeof *field);
        actor_field__init(field);
        field->name = (char *)sanitize_line(
            document->fields[i].name ? document->fields[i].name : "", 255, arena);
        field->value_html = arena_strdup(arena, buf_text(&html));
        actor->fields[actor->n_fields++] = field;
    }
}

static void take_emoji(const struct as2_actor *document, struct arena *arena, Actor *actor)
{
    actor->emoji = arena_calloc(arena, EMOJI_MAX, sizeof *actor->emoji);
    for (size_t i = 0; i < document->emoji_count && actor->n_emoji < EMOJI_MAX; i++) {
        Emoji *emoji = arena_alloc(arena, sizeof *emoji);
        if (!emoji)
            return;
        emoji__init(emoji);
        emoji->shortcode = (char *)sanitize_line(document->emoji[i].name, 64, arena);
        emoji->url = arena_strdup(arena, document->emoji[i].href);
        actor->emoji[actor->n_emoji++] = emoji;
    }
}

static char *copy(struct arena *arena, const char *text)
{
    return arena_strdup(arena, text ? text : "");
}

/* preferredUsername, or what the URI ends with. */
static char *username_of(const struct as2_actor *document, struct arena *arena)
{
    const char *name = document->username;
    if (!name || !*name) {
        const char *slash = strrchr(document->id, '/');
        name = slash && slash[1] ? slash + 1 : "unknown";
    }
    return (char *)sanitize_line(name, HANDLE_NAME_MAX_BYTES, arena);
}

static void take_profile(const struct as2_actor *document, struct arena *arena, Actor *actor)
{
    AUTO(buf_clear) struct buf html = BUF_INIT(SUMMARY_MAX_BYTES);
    if (sanitize_html(document->summary ? document->summary : "", &html, NULL))
        buf_reset(&html);
    actor->summary_html = arena_strdup(arena, buf_text(&html));
    actor->username = username_of(document, arena);
    actor->display_name = (char *)sanitize_line(
        document->name && *document->name ? document->name : actor->username, 255, arena);
    actor->url =
        copy(arena, uri_check(document->url, URI_HTTP_TOO, NULL) ? document->id : document->url);
    actor->inbox = copy(arena, document->inbox);
    actor->shared_inbox = copy(arena, document->shared_inbox);
    actor->outbox = copy(arena, document->outbox);
    actor->followers = copy(arena, document->followers);
    actor->following = copy(arena, document->following);
    actor->featured = copy(arena, document->featured);
    actor->icon_url = copy(arena, document->icon);
    actor->image_url = copy(arena, document->image);
    actor->moderators = copy(arena, document->moderators);
    actor->moved_to = copy(arena, document->moved_to);
    actor->also_known_as =
        arena_calloc(arena, document->also_known_as.n, sizeof *actor->also_known_as);
    for (size_t i = 0; i < document->also_known_as.n; i++)
        actor->also_known_as[actor->n_also_known_as++] =
            copy(arena, document->also_known_as.item[i]);
}

enum err resolve_check_actor(struct federation *fed, const char *uri,
                             const struct as2_actor *document, struct arena *arena, Actor **out,
                             struct why *why)
{
    char host[URI_HOST_BYTES];
    int64_t now_ms = clock_ms();
    if (!document->id)
        return why_set(why, ERR_INVALID, "the actor has no id");
    if (federation_own_path(fed, document->id))
        return why_set(why, ERR_DENIED, "the actor claims to be ours");
    if (!uri_same_host(document->id, uri) || uri_host(document->id, host))
        return why_set(why, ERR_DENIED, "the actor's id is not on the host it came from");
    enum err e = check_hosts(document, why);
    if (e)
        return e;

    Actor *actor = arena_alloc(arena, sizeof *actor);
    actor__init(actor);
    actor->uri = copy(arena, document->id);
    actor->type = document->type;
    actor->host = copy(arena, host);
    actor->is_locked = document->is_locked;
    /* who lets people in one by one has a private group: so Lemmy says it */
    actor->is_members_only = document->type == ACTOR_TYPE__GROUP && document->is_locked;
    actor->moderators = copy(arena, document->moderators);
    actor->is_discoverable = document->is_discoverable;
    actor->is_indexable = document->is_indexable;
    actor->understands = document->knows_ed25519   ? SIGNATURE_SCHEME__RFC9421_ED25519
                         : document->knows_rfc9421 ? SIGNATURE_SCHEME__RFC9421
                                                   : SIGNATURE_SCHEME__UNTRIED;
    actor->created_ms = document->published_ms ? document->published_ms : now_ms;
    actor->fetched_ms = now_ms;
    actor->updated_ms = now_ms;
    take_profile(document, arena, actor);
    take_fields(document, arena, actor);
    take_emoji(document, arena, actor);
    take_keys(document, arena, actor, now_ms);
    if (arena->is_full)
        return why_set(why, ERR_LIMIT, "the actor document is too large");
    *out = actor;
    return OK;
}

/* ---- storing ---- */

struct store_actor {
    struct mutation mutation;
    const Actor *actor;
    const char *want; /* the want this answers; NULL: none */
    int64_t now_ms;
    actor_id id; /* out */
};

static enum err want_change(struct txn *txn, const char *uri, int64_t next_attempt_ms,
                            int64_t failed_ms, const char *error)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024);
    Want *want;
    enum err e = want_get(txn, uri, &arena, &want);
    if (e)
        return e == ERR_NOTFOUND ? OK : e;
    want->next_attempt_ms = next_attempt_ms;
    want->failed_ms = failed_ms;
    want->last_error = (char *)error;
    return want_put(txn, want);
}

/* FEP-844e: what its node understands, said at its origin. */
static enum err note_understood(struct txn *txn, const Actor *actor)
{
    char host[URI_HOST_BYTES];
    peer_id peer;
    if (uri_host(actor->uri, host))
        return OK;
    enum err e = peer_find(txn, host, &peer);
    if (e)
        return e == ERR_NOTFOUND ? OK : e;
    return delivery_advertised(txn, peer.v, actor->understands);
}

static enum err store_actor_apply(struct txn *txn, struct mutation *m)
{
    struct store_actor *s = container_of(m, struct store_actor, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    Actor actor = *s->actor, *stored;
    actor_id known;

    enum err e = actor_find(txn, actor.uri, &known);
    if (!e)
        e = actor_get(txn, known, &arena, &stored);
    if (!e) {
        actor.id = stored->id;
        actor.created_ms = stored->created_ms;
        actor.suspended_ms = stored->suspended_ms;
        actor.deleted_ms = stored->deleted_ms; /* a fetch brings nobody back (T41) */
        actor.moved_ms = stored->moved_ms;
        actor.followers_asked_ms = stored->followers_asked_ms;
        actor.key_refetched_ms = s->now_ms;
    } else if (e != ERR_NOTFOUND) {
        return e;
    }
    e = actor_put(txn, &actor, s->now_ms);
    s->id = (actor_id){actor.id};
    if (!e)
        e = note_understood(txn, &actor);
    if (e || !s->want)
        return e;
    return want_change(txn, s->want, s->now_ms + WANT_DEFER_MS, 0, "");
}

static enum err store_actor(struct federation *fed, const Actor *actor, const char *want,
                            actor_id *out)
{
    struct store_actor s = {{.apply = store_actor_apply}, actor, want, clock_ms(), {0}};
    enum err e = writer_run(fed->writer, &s.mutation);
    if (!e)
        *out = s.id;
    return e;
}

struct store_post {
    struct mutation mutation;
    const struct federation *fed;
    const Post *post;
    const char *want;
    int64_t now_ms;
    post_id id; /* out */
};

/* It was fetched because its author features it. */
static enum err pin_featured(struct txn *txn, const struct store_post *s)
{
    const char *outcome;
    return act_pin_store(txn, (actor_id){s->post->author}, s->id, s->now_ms, &outcome);
}

static enum err store_post_apply(struct txn *txn, struct mutation *m)
{
    struct store_post *s = container_of(m, struct store_post, mutation);
    Post post = *s->post;
    actor_id featured_by = featured_owner(txn, s->want);
    bool is_featured = featured_by.v && featured_by.v == post.author;
    bool is_news = !is_featured && s->now_ms - post.published_ms < BACKFILL_NOTIFY_MS;
    enum err e = is_news ? act_post_store(txn, &post, s->now_ms)
                         : act_post_store_quietly(txn, &post, s->now_ms);
    s->id = (post_id){post.id};
    if (!e && !is_featured)
        e = backfill_consider(txn, s->fed, &post, s->now_ms);
    if (!e)
        e = group_distribute(txn, s->fed, &post, "Create", (struct bytes){NULL, 0}, s->now_ms);
    if (e == ERR_EXISTS) { /* fetched anew: because it changed, somebody says */
        const char *outcome;
        e = act_edit_store(txn, s->post, s->now_ms, &outcome);
        if (!e)
            e = post_find(txn, post.uri, &s->id);
    }
    if (!e && is_featured)
        e = pin_featured(txn, s);
    if (e == ERR_DENIED) /* deleted since: nothing to store, and nothing to wait for */
        e = OK;
    return e || !s->want ? e : want_change(txn, s->want, s->now_ms + WANT_DEFER_MS, 0, "");
}

/* ERR_NOTFOUND: its author is not stored yet. */
static enum err store_note(struct federation *fed, const struct as2_note *note, const char *want,
                           post_id *out, struct why *why)
{
    AUTO(act_free) struct act *act = act_create(fed);
    struct store_post s = {{.apply = store_post_apply}, fed, NULL, want, clock_ms(), {0}};
    AUTO(txn_end) struct txn *txn = NULL;
    actor_id author;
    Post *post;

    act->now_ms = s.now_ms;
    enum err e = engine_read_begin(fed->engine, &txn);
    if (!e)
        e = actor_find(txn, note->attributed_to, &author);
    if (!e)
        e = act_post_from_note(act, txn, note, author, &post, why);
    if (e)
        return e;
    txn_end(&txn);
    s.post = post;
    e = writer_run(fed->writer, &s.mutation);
    if (!e)
        *out = s.id;
    return e;
}

static enum err check_note(struct federation *fed, const struct as2_note *note, const char *uri,
                           struct why *why)
{
    if (!note->id || strcmp(note->id, uri) != 0)
        return why_set(why, ERR_DENIED, "the document at %s calls itself %s", uri,
                       note->id ? note->id : "nothing");
    if (federation_own_path(fed, note->id))
        return why_set(why, ERR_DENIED, "the object claims to be ours");
    if (!note->attributed_to || !uri_same_host(note->attributed_to, note->id))
        return why_set(why, ERR_DENIED, "its author is not on its host");
    return OK;
}

/* ---- what becomes of a document the fetcher brought ---- */

struct fail_want {
    struct mutation mutation;
    const char *uri, *error;
    int64_t now_ms;
};

static enum err fail_want_apply(struct txn *txn, struct mutation *m)
{
    struct fail_want *f = container_of(m, struct fail_want, mutation);
    return want_change(txn, f->uri, 0, f->now_ms, f->error);
}

static void give_up_for(struct federation *fed, const char *uri, BackfillReason reason,
                        const struct why *why)
{
    struct fail_want f = {{.apply = fail_want_apply}, uri, why->text, clock_ms()};
    enum err e = writer_run(fed->writer, &f.mutation);
    if (e)
        log_error("fetch.record", STR("uri", uri), STR("error", err_name(e)));
    log_info("fetch.failed", STR("uri", uri), STR("why", why->text));
    inbox_resume(fed, uri, why);
    reader_wake(uri);
    backfill_missed(fed, uri, reason);
}

static void give_up(struct federation *fed, const char *uri, const struct why *why)
{
    give_up_for(fed, uri, BACKFILL_REASON__MISSING_NOT_UNDERSTOOD, why);
}

/* A want nothing waits for any more goes. */
static enum err tidy_want_apply(struct txn *txn, struct mutation *m)
{
    struct fail_want *f = container_of(m, struct fail_want, mutation);
    uint64_t waiting;
    enum err e = parked_next(txn, f->uri, 0, &waiting);
    if (e != ERR_NOTFOUND)
        return e;
    e = want_del(txn, f->uri);
    return e == ERR_NOTFOUND || e == ERR_INVALID ? OK : e; /* INVALID: a backfill waits for it */
}

static void tidy(struct federation *fed, const char *uri)
{
    struct fail_want f = {{.apply = tidy_want_apply}, uri, NULL, clock_ms()};
    enum err e = writer_run(fed->writer, &f.mutation);
    if (e)
        log_error("fetch.record", STR("uri", uri), STR("error", err_name(e)));
}

static void resume(struct federation *fed, const char *uri)
{
    inbox_resume(fed, uri, NULL);
    reader_wake(uri);
    backfill_came(fed, uri);
    tidy(fed, uri);
}

/* ---- what the origin says is no more ---- */

static enum err gone_apply(struct txn *txn, struct mutation *m)
{
    struct fail_want *g = container_of(m, struct fail_want, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(RESOLVE_ARENA_BYTES);
    actor_id who;
    post_id id;
    Post *post;
    Actor *actor;
    enum err e = post_find(txn, g->uri, &id);
    if (!e)
        e = post_get(txn, id, &arena, &post);
    if (!e)
        return post->is_local ? OK : post_delete(txn, id, g->now_ms);
    if (e == ERR_NOTFOUND)
        e = actor_find(txn, g->uri, &who);
    if (!e)
        e = actor_get(txn, who, &arena, &actor);
    if (!e && actor->host[0])
        e = act_delete_actor(txn, who, g->now_ms);
    return e == ERR_NOTFOUND ? OK : e;
}

/* The URI itself was asked, so whoever answered speaks for its host (a redirect stays there). */
static void forget(struct federation *fed, const char *uri)
{
    struct fail_want g = {{.apply = gone_apply}, uri, NULL, clock_ms()};
    enum err e = writer_run(fed->writer, &g.mutation);
    if (e)
        log_error("fetch.gone", STR("uri", uri), STR("error", err_name(e)));
    else
        log_info("fetch.gone", STR("uri", uri));
}

/* The document says it is really somewhere else on the same host: look there, once. */
static void look_elsewhere(struct federation *fed, const char *uri, const char *other,
                           struct why *why)
{
    if (!other || strcmp(uri, other) == 0 || !uri_same_host(uri, other)) {
        why_set(why, ERR_DENIED, "the document at %s belongs elsewhere", uri);
        give_up(fed, uri, why);
        return;
    }
    inbox_repark(fed, uri, other);
    reader_redirect(fed, uri, other);
    backfill_moved(fed, uri, other);
    tidy(fed, uri); /* what was parked there since stays: it is fetched again, and comes along */
}

static void got_actor(struct federation *fed, const char *uri, const struct as2_actor *document,
                      struct arena *arena, struct why *why)
{
    Actor *actor;
    actor_id id;
    if (document->id && strcmp(document->id, uri) != 0) {
        look_elsewhere(fed, uri, document->id, why);
        return;
    }
    if (resolve_check_actor(fed, uri, document, arena, &actor, why)) {
        give_up(fed, uri, why);
        return;
    }
    enum err e = store_actor(fed, actor, uri, &id);
    if (e)
        log_error("fetch.store", STR("uri", uri), STR("error", err_name(e)));
    else
        resume(fed, uri);
}

static void got_note(struct federation *fed, const char *uri, const struct as2_note *note,
                     struct bytes body, unsigned rounds, struct why *why)
{
    post_id id;
    if (check_note(fed, note, uri, why)) {
        if (note->id && strcmp(note->id, uri) != 0)
            look_elsewhere(fed, uri, note->id, why);
        else
            give_up(fed, uri, why);
        return;
    }
    enum err e = store_note(fed, note, uri, &id, why);
    if (e == ERR_NOTFOUND) {
        e = inbox_park_document(fed, uri, body, note->attributed_to, rounds);
        if (e == ERR_INVALID) {
            why_set(why, e, "its author %s cannot be had", note->attributed_to);
            give_up(fed, uri, why);
        }
    } else if (!e) {
        resume(fed, uri);
    } else if (e == ERR_INVALID || e == ERR_LIMIT) {
        give_up(fed, uri, why);
    }
    if (e)
        log_error("fetch.store", STR("uri", uri), STR("error", err_name(e)));
}

/* What it allows is looked up by what it says (consent.h). */
static void got_authorization(struct federation *fed, const char *uri,
                              const struct as2_document *document, struct why *why)
{
    if (!document->id || strcmp(document->id, uri) != 0) {
        why_set(why, ERR_DENIED, "the authorization at %s calls itself another", uri);
        give_up(fed, uri, why);
        return;
    }
    enum err e = act_consent_given(fed, document);
    if (e)
        log_error("fetch.store", STR("uri", uri), STR("error", err_name(e)));
    else
        resume(fed, uri);
}

void resolve_fetched(struct federation *fed, const char *uri, WantKind kind, enum err e,
                     const struct fetched *fetched, const struct why *failure)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(RESOLVE_ARENA_BYTES);
    struct as2_document *document = arena_alloc(&arena, sizeof *document);
    struct why why = {""};

    if (e) {
        why = failure ? *failure : (struct why){""};
        if (fetched && fetched->status == 410)
            forget(fed, uri);
        give_up_for(fed, uri, backfill_reason(e, fetched ? fetched->status : 0), &why);
        return;
    }
    if (as2_decode_document(fetched->body, &arena, document, &why)) {
        give_up(fed, uri, &why);
        return;
    }
    if (kind == WANT_KIND__COLLECTION_DOCUMENT &&
        (synchronize_fetched(fed, uri, document) || featured_fetched(fed, uri, document)))
        return;
    switch (document->kind) {
    case AS2_DOCUMENT_ACTOR:
        got_actor(fed, uri, &document->actor, &arena, &why);
        break;
    case AS2_DOCUMENT_KEY: /* its owner must list it: ask the owner */
        look_elsewhere(fed, uri, document->key.owner, &why);
        break;
    case AS2_DOCUMENT_OTHER:
        if (document->interacting_object) {
            got_authorization(fed, uri, document, &why);
            break;
        }
        why_set(&why, ERR_INVALID, "the document is a %s",
                document->type ? document->type : "thing");
        give_up(fed, uri, &why);
        break;
    case AS2_DOCUMENT_TOMBSTONE:
        why_set(&why, ERR_INVALID, "it was deleted");
        if (document->id && strcmp(document->id, uri) == 0)
            forget(fed, uri);
        give_up_for(fed, uri, BACKFILL_REASON__MISSING_GONE, &why);
        break;
    case AS2_DOCUMENT_COLLECTION:
        if (kind == WANT_KIND__COLLECTION_DOCUMENT) {
            backfill_collection(fed, uri, document);
            resume(fed, uri);
            break;
        }
        why_set(&why, ERR_INVALID, "the document is a collection");
        give_up(fed, uri, &why);
        break;
    case AS2_DOCUMENT_NOTE:
        if (kind == WANT_KIND__OBJECT_DOCUMENT) {
            got_note(fed, uri, &document->note, fetched->body, 0, &why);
            break;
        }
        /* fall through */
    default:
        why_set(&why, ERR_INVALID, "the document is no %s but a %s",
                kind == WANT_KIND__ACTOR_DOCUMENT ? "actor" : "post",
                document->type ? document->type : "thing without a type");
        give_up(fed, uri, &why);
    }
}

void resolve_document_again(struct federation *fed, const char *uri, struct bytes body,
                            unsigned rounds)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(RESOLVE_ARENA_BYTES);
    struct as2_document *document = arena_alloc(&arena, sizeof *document);
    struct why why = {""};
    if (as2_decode_document(body, &arena, document, &why) || document->kind != AS2_DOCUMENT_NOTE)
        give_up(fed, uri, &why);
    else
        got_note(fed, uri, &document->note, body, rounds, &why);
}

/* ---- waiting look-ups, for the CLI ---- */

static enum err fetch_document(struct federation *fed, const char *uri, struct arena *arena,
                               struct as2_document *out, struct why *why)
{
    struct fetched fetched;
    enum err e = fetch_now(fed, uri, FETCH_ACTIVITY, arena, &fetched, why);
    return e ? e : as2_decode_document(fetched.body, arena, out, why);
}

static enum err fetch_actor(struct federation *fed, const char *uri, struct arena *arena,
                            Actor **out, struct why *why)
{
    struct as2_document *document = arena_alloc(arena, sizeof *document);
    enum err e = fetch_document(fed, uri, arena, document, why);
    if (e)
        return e;
    if (document->kind != AS2_DOCUMENT_ACTOR)
        return why_set(why, ERR_INVALID, "%s is no actor", uri);
    if (!document->actor.id || strcmp(document->actor.id, uri) != 0)
        return why_set(why, ERR_DENIED, "the document at %s calls itself %s", uri,
                       document->actor.id ? document->actor.id : "nothing");
    return resolve_check_actor(fed, uri, &document->actor, arena, out, why);
}

static enum err find_known(struct federation *fed, const char *text, bool is_uri, actor_id *out)
{
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = engine_read_begin(fed->engine, &txn);
    if (e)
        return e;
    return is_uri ? actor_find(txn, text, out) : actor_find_handle(txn, text, out);
}

/* Percent-encoding is needed by nothing a handle may contain but '@' and ':'. */
static enum err webfinger(struct federation *fed, const struct handle *handle, struct arena *arena,
                          const char **out_self, struct why *why)
{
    const char *scheme = fed->config->insecure_http ? "http" : "https";
    const char *uri = arena_printf(arena, "%s://%s/.well-known/webfinger?resource=acct:%s@%s",
                                   scheme, handle->host, handle->name, handle->host);
    const char *asked = arena_printf(arena, "acct:%s@%s", handle->name, handle->host);
    const char *subject, *self;
    struct fetched fetched;
    struct why step = {""};
    enum err e = fetch_now(fed, uri, FETCH_JRD, arena, &fetched, &step);
    if (!e)
        e = as2_decode_webfinger(fetched.body, arena, &subject, &self, &step);
    if (e)
        return why_set(why, e, "WebFinger at %s: %s", handle->host, step.text);
    if (strcasecmp(subject, asked) != 0)
        return why_set(why, ERR_DENIED, "WebFinger at %s answers for %s, not for %s", handle->host,
                       subject, asked);
    *out_self = self;
    return OK;
}

/* The actor a handle leads to must carry that handle, or anyone could borrow it (T34). */
static enum err resolve_handle(struct federation *fed, const struct handle *handle,
                               struct arena *arena, Actor **out, struct why *why)
{
    const char *self = NULL;
    enum err e = webfinger(fed, handle, arena, &self, why);
    if (!e && !self)
        e = ERR_INVALID;
    if (!e)
        e = uri_check(self, fed->config->insecure_http ? URI_HTTP_TOO : URI_HTTPS_ONLY, why);
    if (!e)
        e = fetch_actor(fed, self, arena, out, why);
    if (e)
        return e;
    if (strcasecmp((*out)->username, handle->name) != 0 || strcmp((*out)->host, handle->host) != 0)
        return why_set(why, ERR_DENIED, "%s@%s leads to %s@%s", handle->name, handle->host,
                       (*out)->username, (*out)->host);
    return OK;
}

enum err resolve_actor(struct federation *fed, const char *text, actor_id *out, struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(RESOLVE_ARENA_BYTES);
    bool is_uri = strstr(text, "://") != NULL;
    struct handle handle;
    Actor *actor = NULL;
    enum err e;

    if (is_uri) {
        if (find_known(fed, text, true, out) == OK)
            return OK;
        e = fetch_actor(fed, text, &arena, &actor, why);
        return e ? e : store_actor(fed, actor, NULL, out);
    }
    e = handle_parse(text, &arena, &handle, why);
    if (e)
        return e;
    bool is_ours = !handle.host[0] || strcmp(handle.host, fed->config->host) == 0;
    const char *known =
        is_ours ? handle.name : arena_printf(&arena, "%s@%s", handle.name, handle.host);
    e = find_known(fed, known, false, out);
    if (e == OK)
        return OK;
    if (is_ours)
        return why_set(why, e, "there is no account %s here", handle.name);
    e = resolve_handle(fed, &handle, &arena, &actor, why);
    return e ? e : store_actor(fed, actor, NULL, out);
}

enum err resolve_actor_afresh(struct federation *fed, const char *text, actor_id *out,
                              struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(RESOLVE_ARENA_BYTES);
    AUTO(txn_end) struct txn *txn = NULL;
    Actor *known, *fetched = NULL;
    enum err e = resolve_actor(fed, text, out, why);
    if (!e)
        e = engine_read_begin(fed->engine, &txn);
    if (!e)
        e = actor_get(txn, *out, &arena, &known);
    if (e || !known->host[0])
        return e;
    txn_end(&txn);
    e = fetch_actor(fed, known->uri, &arena, &fetched, why);
    return e ? e : store_actor(fed, fetched, NULL, out);
}

enum err resolve_post(struct federation *fed, const char *text, post_id *out, struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(RESOLVE_ARENA_BYTES);
    struct as2_document *document = arena_alloc(&arena, sizeof *document);
    AUTO(txn_end) struct txn *txn = NULL;
    actor_id author;
    uint64_t id;
    Post *post;

    enum err e = engine_read_begin(fed->engine, &txn);
    if (e)
        return why_set(why, e, "the store cannot be read");
    if (id_parse(text, &id) == OK) {
        *out = (post_id){id};
        e = post_get(txn, *out, &arena, &post);
    } else {
        e = post_find(txn, text, out);
    }
    txn_end(&txn);
    if (e != ERR_NOTFOUND)
        return e;
    if (!strstr(text, "://") || federation_own_path(fed, text))
        return why_set(why, e, "there is no post %s here", text);
    e = fetch_document(fed, text, &arena, document, why);
    if (e)
        return e;
    if (document->kind != AS2_DOCUMENT_NOTE)
        return why_set(why, ERR_INVALID, "%s is no post", text);
    e = check_note(fed, &document->note, text, why);
    if (!e)
        e = resolve_actor(fed, document->note.attributed_to, &author, why);
    return e ? e : store_note(fed, &document->note, NULL, out, why);
}
