#include "federation/synchronize.h"

#include "federation/act/common.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/follow_digest.h"

#include <string.h>

#define SYNCHRONIZE_ARENA_BYTES ((size_t)4 * 1024 * 1024)

static void write_hex(const uint8_t *sum, char out[2 * FOLLOW_DIGEST_BYTES + 1])
{
    static const char digit[] = "0123456789abcdef";
    for (size_t i = 0; i < FOLLOW_DIGEST_BYTES; i++) {
        out[2 * i] = digit[sum[i] >> 4];
        out[2 * i + 1] = digit[sum[i] & 15];
    }
    out[2 * FOLLOW_DIGEST_BYTES] = '\0';
}

const char *synchronize_field(struct txn *txn, const Actor *actor, const char *host,
                              struct arena *arena)
{
    struct follow_digest digest;
    char hex[2 * FOLLOW_DIGEST_BYTES + 1];
    if (follow_digest_get(txn, (actor_id){actor->id}, host, &digest) || !digest.count)
        return NULL;
    write_hex(digest.sum, hex);
    return arena_printf(arena,
                        "collectionId=\"%s\", url=\"%s/" SYNCHRONIZE_PATH "\", digest=\"%s\"",
                        actor->followers, actor->uri, hex);
}

/* ---- what another node tells ---- */

/* The value of name="value" in a list of such, without escapes; NULL: not there. */
static char *parameter(const char *field, const char *name, struct arena *arena)
{
    for (const char *p = field; *p;) {
        p += strspn(p, ", \t");
        size_t name_n = strcspn(p, "=");
        const char *value = p + name_n;
        if (value[0] != '=' || value[1] != '"')
            return NULL;
        value += 2;
        size_t n = strcspn(value, "\"");
        if (value[n] != '"')
            return NULL;
        if (strlen(name) == name_n && strncmp(p, name, name_n) == 0)
            return arena_strndup(arena, (const uint8_t *)value, n);
        p = value + n + 1;
    }
    return NULL;
}

struct told {
    const char *collection, *url, *digest;
};

static bool read_field(const char *field, const Actor *who, struct arena *arena, struct told *out)
{
    if (strlen(field) > SYNCHRONIZE_FIELD_MAX_BYTES)
        return false;
    *out = (struct told){.collection = parameter(field, "collectionId", arena),
                         .url = parameter(field, "url", arena),
                         .digest = parameter(field, "digest", arena)};
    return out->collection && out->url && out->digest && who->followers[0] &&
           strcmp(out->collection, who->followers) == 0 && uri_same_host(out->url, who->uri) &&
           strlen(out->digest) == (size_t)2 * FOLLOW_DIGEST_BYTES &&
           strspn(out->digest, "0123456789abcdef") == strlen(out->digest);
}

static enum err want_list(struct txn *txn, const struct told *told, actor_id who, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT((size_t)64 * 1024);
    Want *known;
    enum err e = want_get(txn, told->url, &arena, &known);
    if (e != ERR_NOTFOUND)
        return e; /* being fetched, or it failed lately */
    Want want = WANT__INIT;
    want.uri = (char *)told->url;
    want.kind = WANT_KIND__COLLECTION_DOCUMENT;
    want.created_ms = want.next_attempt_ms = now_ms;
    want.followers_of = who.v;
    want.digest = (char *)told->digest;
    return want_put(txn, &want);
}

enum err synchronize_notice(struct txn *txn, actor_id who_id, const char *field, int64_t now_ms,
                            bool *out_wants)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SYNCHRONIZE_ARENA_BYTES);
    char ours[2 * FOLLOW_DIGEST_BYTES + 1];
    struct follow_digest digest;
    struct told told;
    Actor *who;
    *out_wants = false;
    enum err e = actor_get(txn, who_id, &arena, &who);
    if (e || !read_field(field, who, &arena, &told))
        return e;
    e = follow_digest_get(txn, who_id, "", &digest);
    if (e)
        return e;
    write_hex(digest.sum, ours);
    if (strcmp(ours, told.digest) == 0 || now_ms - who->followers_asked_ms < SYNCHRONIZE_PAUSE_MS)
        return OK;
    who->followers_asked_ms = now_ms;
    e = actor_put(txn, who, now_ms);
    if (!e)
        e = want_list(txn, &told, who_id, now_ms);
    *out_wants = !e;
    return e;
}

/* ---- the list that came ---- */

struct agree {
    struct mutation mutation;
    struct federation *fed;
    const char *uri;
    const struct as2_document *document;
    int64_t now_ms;
    bool is_ours; /* out: the want was one of these */
    bool is_believed;
    unsigned removed, undone;
};

/* Whole, and what its owner said it is. */
static bool is_believable(const struct as2_document *document, const char *digest)
{
    uint8_t sum[FOLLOW_DIGEST_BYTES] = {0};
    char hex[2 * FOLLOW_DIGEST_BYTES + 1];
    if (document->kind != AS2_DOCUMENT_COLLECTION || document->first || document->next ||
        document->items.n >= AS2_ITEMS_MAX)
        return false;
    for (size_t i = 0; i < document->items.n; i++)
        follow_digest_mix(sum, document->items.item[i]);
    write_hex(sum, hex);
    return strcmp(hex, digest) == 0;
}

static enum err drop_unlisted(struct txn *txn, struct agree *a, actor_id followed)
{
    struct edge_key key = {.kind = EDGE_FOLLOW, .whom = followed.v};
    enum err e;
    while ((e = edge_rev_next(txn, &key)) == OK) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(SYNCHRONIZE_ARENA_BYTES);
        Actor *follower;
        e = actor_get(txn, (actor_id){key.who}, &arena, &follower);
        if (!e && !follower->host[0] && !as2_list_has(&a->document->items, follower->uri)) {
            e = edge_del(txn, key);
            a->removed++;
        }
        if (e)
            return e;
    }
    return e == ERR_NOTFOUND ? OK : e;
}

/* A follow that was asked for and not answered here may be answered there already: it stays. */
static enum err undo_one(struct txn *txn, struct agree *a, const char *uri, const Actor *followed)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SYNCHRONIZE_ARENA_BYTES);
    actor_id id;
    Actor *ours;
    if (!federation_own_path(a->fed, uri) || actor_find(txn, uri, &id) ||
        actor_get(txn, id, &arena, &ours) || ours->host[0] ||
        edge_has(txn, (struct edge_key){EDGE_FOLLOW, id.v, followed->id}) ||
        edge_has(txn, (struct edge_key){EDGE_FOLLOW_REQUEST, id.v, followed->id}))
        return OK;
    struct plain_activity follow = {.id = act_new_uri(txn, ours, "follows", a->now_ms, &arena),
                                    .type = "Follow",
                                    .actor = ours->uri,
                                    .object = followed->uri};
    struct plain_activity undo = {.id = act_new_uri(txn, ours, "undos", a->now_ms, &arena),
                                  .type = "Undo",
                                  .actor = ours->uri,
                                  .inner = &follow,
                                  .to = followed->uri};
    a->undone++;
    return act_queue_plain(txn, a->fed, &undo, id, (actor_id){followed->id}, 0, a->now_ms);
}

static enum err agree_apply(struct txn *txn, struct mutation *m)
{
    struct agree *a = container_of(m, struct agree, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SYNCHRONIZE_ARENA_BYTES);
    Actor *followed;
    Want *want;
    a->is_ours = a->is_believed = false;
    a->removed = a->undone = 0;
    enum err e = want_get(txn, a->uri, &arena, &want);
    if (e || !want->followers_of)
        return e == ERR_NOTFOUND ? OK : e;
    a->is_ours = true;
    e = want_del(txn, a->uri);
    if (e || !is_believable(a->document, want->digest))
        return e == ERR_INVALID ? OK : e; /* something else waits for it: that is told below */
    a->is_believed = true;
    e = actor_get(txn, (actor_id){want->followers_of}, &arena, &followed);
    if (!e)
        e = drop_unlisted(txn, a, (actor_id){followed->id});
    for (size_t i = 0; !e && i < a->document->items.n; i++)
        e = undo_one(txn, a, a->document->items.item[i], followed);
    return e;
}

bool synchronize_fetched(struct federation *fed, const char *uri,
                         const struct as2_document *document)
{
    struct agree a = {.mutation = {.apply = agree_apply},
                      .fed = fed,
                      .uri = uri,
                      .document = document,
                      .now_ms = clock_ms()};
    enum err e = writer_run(fed->writer, &a.mutation);
    if (e)
        log_error("followers.synchronize", STR("uri", uri), STR("error", err_name(e)));
    else if (a.is_ours)
        log_info("followers.synchronized", STR("uri", uri),
                 STR("outcome", a.is_believed ? "agreed" : "ignored: not the list that was told"),
                 INT("removed", a.removed), INT("undone", a.undone));
    if (!e && a.undone && fed->wake_delivery)
        fed->wake_delivery(fed);
    return a.is_ours;
}
