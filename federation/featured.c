#include "federation/featured.h"

#include "federation/act/common.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/follow_digest.h"

#include <string.h>

#define FEATURED_ARENA_BYTES ((size_t)4 * 1024 * 1024)

/* ---- wanting ---- */

static enum err want_for(struct txn *txn, const char *uri, WantKind kind, actor_id who,
                         int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT((size_t)64 * 1024);
    Want *want;
    enum err e = want_ensure(txn, uri, kind, now_ms);
    if (!e)
        e = want_get(txn, uri, &arena, &want);
    if (e)
        return e;
    want->is_asked_again = want->featured_of == who.v && kind == WANT_KIND__COLLECTION_DOCUMENT;
    want->featured_of = who.v;
    return want_put(txn, want);
}

enum err featured_want(struct txn *txn, const Actor *who, int64_t now_ms)
{
    if (!who->host[0] || !who->featured[0] || !uri_same_host(who->featured, who->uri))
        return OK;
    return want_for(txn, who->featured, WANT_KIND__COLLECTION_DOCUMENT, (actor_id){who->id},
                    now_ms);
}

enum err featured_want_first(struct txn *txn, actor_id who_id, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(FEATURED_ARENA_BYTES);
    struct follow_digest ours;
    Actor *who;
    enum err e = follow_digest_get(txn, who_id, "", &ours);
    if (e || ours.count)
        return e;
    e = actor_get(txn, who_id, &arena, &who);
    return e ? e : featured_want(txn, who, now_ms);
}

actor_id featured_owner(struct txn *txn, const char *uri)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT((size_t)64 * 1024);
    Want *want;
    return (actor_id){uri && want_get(txn, uri, &arena, &want) == OK ? want->featured_of : 0};
}

/* ---- what was removed ---- */

/* No URI has a space in it: this is the name of nothing else. */
static const char *removed_name(const Actor *who, const char *post, struct arena *arena)
{
    return arena_printf(arena, "%s %s", who->featured, post);
}

enum err featured_remember_removed(struct txn *txn, const Actor *who, const char *post,
                                   int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT((size_t)64 * 1024);
    Tombstone tombstone = TOMBSTONE__INIT;
    tombstone.uri = (char *)removed_name(who, post, &arena);
    tombstone.host = who->host;
    tombstone.by = who->id;
    tombstone.deleted_ms = now_ms;
    enum err e = tombstone.uri ? tombstone_add(txn, &tombstone) : ERR_LIMIT;
    return e == ERR_EXISTS ? OK : e;
}

bool featured_was_removed(struct txn *txn, const Actor *who, const char *post)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT((size_t)64 * 1024);
    const char *name = removed_name(who, post, &arena);
    Tombstone *tombstone;
    return name && tombstone_get(txn, name, &arena, &tombstone) == OK;
}

/* ---- the collection that came ---- */

struct feature {
    struct mutation mutation;
    const char *uri;
    const struct as2_document *document;
    int64_t now_ms;
    bool is_done; /* out */
};

/* The first FEATURED_MAX: pinned, or wanted when they are not here. */
static enum err pin_listed(struct txn *txn, const struct feature *f, const Actor *who)
{
    enum err e = OK;
    for (size_t i = 0; !e && i < f->document->items.n && i < FEATURED_MAX; i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(FEATURED_ARENA_BYTES);
        const char *uri = f->document->items.item[i], *outcome;
        Tombstone *deleted;
        post_id post;
        if (!uri_same_host(uri, who->uri))
            continue;
        e = post_find(txn, uri, &post);
        if (!e)
            e = act_pin_store(txn, (actor_id){who->id}, post, f->now_ms, &outcome);
        else if (e == ERR_NOTFOUND && tombstone_get(txn, uri, &arena, &deleted) == OK)
            e = OK;
        else if (e == ERR_NOTFOUND)
            e = want_for(txn, uri, WANT_KIND__OBJECT_DOCUMENT, (actor_id){who->id}, f->now_ms);
    }
    return e;
}

static bool is_listed(const struct as2_document *document, const char *uri)
{
    for (size_t i = 0; i < document->items.n && i < FEATURED_MAX; i++)
        if (strcmp(document->items.item[i], uri) == 0)
            return true;
    return false;
}

static enum err unpin_unlisted(struct txn *txn, const struct feature *f, const Actor *who)
{
    struct edge_key key = {EDGE_PIN, who->id, 0};
    enum err e;
    while ((e = edge_next(txn, &key)) == OK) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(FEATURED_ARENA_BYTES);
        Post *post;
        e = post_get(txn, (post_id){key.whom}, &arena, &post);
        if (!e && !is_listed(f->document, post->uri))
            e = edge_del(txn, key);
        if (e)
            return e;
    }
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err take_list(struct txn *txn, const struct feature *f, const Actor *who)
{
    const char *first = f->document->first;
    if (!f->document->items.n && first && strcmp(f->uri, who->featured) == 0 &&
        strcmp(first, f->uri) != 0)
        return uri_same_host(first, who->uri) ? want_for(txn, first, WANT_KIND__COLLECTION_DOCUMENT,
                                                         (actor_id){who->id}, f->now_ms)
                                              : OK;
    enum err e = unpin_unlisted(txn, f, who);
    return e ? e : pin_listed(txn, f, who);
}

static enum err feature_apply(struct txn *txn, struct mutation *m)
{
    struct feature *f = container_of(m, struct feature, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(FEATURED_ARENA_BYTES);
    Actor *who;
    Want *want;
    f->is_done = false;
    enum err e = want_get(txn, f->uri, &arena, &want);
    if (e || !want->featured_of)
        return e == ERR_NOTFOUND ? OK : e;
    e = actor_get(txn, (actor_id){want->featured_of}, &arena, &who);
    if (e)
        return e;
    f->is_done = true;
    if (want->is_asked_again) { /* it changed since, perhaps after this answer was written */
        want->is_asked_again = false;
        want->attempts = 0;
        want->next_attempt_ms = f->now_ms;
        return want_put(txn, want);
    }
    e = take_list(txn, f, who);
    if (e)
        return e;
    e = want_del(txn, f->uri);
    if (e != ERR_INVALID)
        return e;
    f->is_done = false; /* something else waits for it, too */
    want->featured_of = 0;
    return want_put(txn, want);
}

bool featured_fetched(struct federation *fed, const char *uri, const struct as2_document *document)
{
    struct feature f = {{.apply = feature_apply}, uri, document, clock_ms(), false};
    AUTO(txn_end) struct txn *txn = NULL;
    if (document->kind != AS2_DOCUMENT_COLLECTION || engine_read_begin(fed->engine, &txn) ||
        !featured_owner(txn, uri).v)
        return false;
    txn_end(&txn);
    enum err e = writer_run(fed->writer, &f.mutation);
    if (e) /* its want stays, and is due again */
        log_error("featured.store", STR("uri", uri), STR("error", err_name(e)));
    else
        log_info("featured.fetched", STR("uri", uri), INT("items", document->items.n));
    if (fed->wake_fetcher)
        fed->wake_fetcher(fed);
    return e || f.is_done;
}
