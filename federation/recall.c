#include "federation/recall.h"

#include "storage/account.h"
#include "storage/actor.h"
#include "storage/peer.h"

#include <string.h>

#define LINE_ARENA_BYTES ((size_t)256 * 1024)

/* ---- which post is meant ---- */

static enum err take_post(const Post *post, struct recall *out, struct why *why)
{
    if (!post->is_local)
        return why_set(why, ERR_DENIED, "it was written elsewhere; only its author may recall it");
    if (post->boost_of)
        return why_set(why, ERR_INVALID, "that is a boost: take it back with unboost");
    *out = (struct recall){
        .post = {post->id}, .author = {post->author}, .uri = post->uri, .was_open = false};
    return OK;
}

static enum err take_tombstone(struct txn *txn, const struct federation *fed, const char *uri,
                               struct arena *arena, struct recall *out)
{
    Tombstone *tombstone;
    enum err e = uri && federation_own_path(fed, uri) ? tombstone_get(txn, uri, arena, &tombstone)
                                                      : ERR_NOTFOUND;
    if (e || !tombstone->post)
        return e ? e : ERR_NOTFOUND;
    *out = (struct recall){.post = {tombstone->post},
                           .author = {tombstone->by},
                           .uri = tombstone->uri,
                           .is_deleted = true,
                           .was_open = tombstone->was_open};
    return OK;
}

/* Our URIs are made of name and id; a tombstone is found by its URI alone. */
static enum err find_deleted(struct txn *txn, const struct federation *fed, uint64_t id,
                             struct arena *arena, struct recall *out)
{
    actor_id after = {0};
    for (;;) {
        AUTO(arena_clear) struct arena scratch = ARENA_INIT(4 * LINE_ARENA_BYTES);
        Account *account;
        Actor *actor;
        enum err e = account_next(txn, after, &scratch, &account);
        if (!e)
            e = actor_get(txn, (actor_id){account->actor}, &scratch, &actor);
        if (e)
            return e;
        after.v = account->actor;
        e = take_tombstone(
            txn, fed, arena_printf(&scratch, "%s/posts/%llu", actor->uri, (unsigned long long)id),
            arena, out);
        if (e != ERR_NOTFOUND)
            return e;
    }
}

enum err recall_find(struct txn *txn, const struct federation *fed, const char *text,
                     struct arena *arena, struct recall *out, struct why *why)
{
    post_id post = {0};
    Post *found;
    bool is_id = id_parse(text, &post.v) == OK;
    enum err e = is_id ? OK : post_find(txn, text, &post);
    if (!e)
        e = post_get(txn, post, arena, &found);
    if (!e)
        return take_post(found, out, why);
    if (e == ERR_NOTFOUND)
        e = is_id ? find_deleted(txn, fed, post.v, arena, out)
                  : take_tombstone(txn, fed, text, arena, out);
    if (e == ERR_NOTFOUND)
        return why_set(why, e, "there is no post of ours \"%.120s\", and there was none", text);
    return e;
}

/* ---- what the ledger says ---- */

enum reach { REACH_NO, REACH_MAYBE, REACH_YES };

/* Did what this line is about arrive? An attempt without an answer may have. */
static enum reach reach_of(const Delivery *d)
{
    if (d->state == DELIVERY_STATE__DELIVERED)
        return REACH_YES;
    bool is_open = d->state == DELIVERY_STATE__QUEUED || d->state == DELIVERY_STATE__RETRY;
    bool was_refused = d->last_status >= 400 && d->last_status < 500;
    return (is_open || d->attempts) && !was_refused ? REACH_MAYBE : REACH_NO;
}

/* What the lines of one host add up to. */
struct fold {
    struct recall_line *line;
    enum reach reach;
    bool has_other, has_delete;
    DeliveryState delete;
};

static void fold_delete(struct fold *fold, const struct ledger_key *key, const Delivery *d)
{
    struct recall_line *line = fold->line;
    if (fold->has_delete && fold->delete == DELIVERY_STATE__DELIVERED)
        return; /* one 2xx is what counts */
    bool is_open = d->state == DELIVERY_STATE__QUEUED || d->state == DELIVERY_STATE__RETRY;
    fold->has_delete = true;
    fold->delete = d->state;
    line->seq = is_open ? key->seq : 0;
    line->at_ms = d->ended_ms;
    line->next_ms = is_open ? d->next_attempt_ms : 0;
    line->attempts = d->attempts;
    line->status = d->last_status;
}

static void fold_end(struct fold *fold)
{
    static const enum recall_state state[] = {
        [DELIVERY_STATE__QUEUED] = RECALL_WAITING,  [DELIVERY_STATE__DELIVERED] = RECALL_CONFIRMED,
        [DELIVERY_STATE__RETRY] = RECALL_WAITING,   [DELIVERY_STATE__REFUSED] = RECALL_REFUSED,
        [DELIVERY_STATE__EXPIRED] = RECALL_EXPIRED, [DELIVERY_STATE__CANCELLED] = RECALL_BARRED};
    if (!fold->line)
        return;
    if (!fold->has_other) /* it fetched the post by itself */
        fold->reach = REACH_YES;
    enum recall_state said = !fold->has_delete                     ? RECALL_UNASKED
                             : (size_t)fold->delete < COUNT(state) ? state[fold->delete]
                                                                   : RECALL_UNASKED;
    bool may_come = said == RECALL_CONFIRMED || said == RECALL_WAITING;
    fold->line->state = fold->reach == REACH_NO && !may_come ? RECALL_UNREACHED : said;
    fold->line->had_it = fold->reach == REACH_YES;
}

static enum err line_begin(struct txn *txn, struct arena *arena, struct recall *recall,
                           peer_id peer, struct recall_line **out)
{
    AUTO(arena_clear) struct arena scratch = ARENA_INIT(LINE_ARENA_BYTES);
    Peer *record;
    enum err e = peer_get(txn, peer, &scratch, &record);
    if (e && e != ERR_NOTFOUND)
        return e;
    if (recall->n == recall->room) {
        recall->room = recall->room ? 2 * recall->room : 64;
        recall->line = xrealloc(recall->line, recall->room * sizeof *recall->line);
    }
    *out = &recall->line[recall->n++];
    **out = (struct recall_line){.peer = peer, .why = "", .inbox = ""};
    (*out)->host = e ? "(forgotten)" : arena_strdup(arena, record->host);
    return (*out)->host ? OK : ERR_LIMIT;
}

enum err recall_read(struct txn *txn, struct arena *arena, struct recall *recall)
{
    struct ledger_key key = {.subject = recall->post.v};
    struct fold fold = {0};
    enum err e;
    recall->n = 0;
    for (;;) {
        AUTO(arena_clear) struct arena scratch = ARENA_INIT(LINE_ARENA_BYTES);
        uint64_t before = key.peer;
        Delivery *d;
        e = ledger_next(txn, &key, &scratch, &d);
        if (e)
            break;
        if (key.peer != before || !fold.line) {
            fold_end(&fold);
            fold = (struct fold){0};
            if ((e = line_begin(txn, arena, recall, (peer_id){key.peer}, &fold.line)))
                return e;
        }
        bool is_delete = strcmp(d->activity_type, "Delete") == 0;
        bool is_news = !is_delete || fold.delete != DELIVERY_STATE__DELIVERED;
        if (is_delete)
            fold_delete(&fold, &key, d);
        else if (reach_of(d) > fold.reach)
            fold.reach = reach_of(d);
        fold.has_other |= !is_delete;
        if (is_news && d->inbox[0])
            fold.line->inbox = arena_strdup(arena, d->inbox);
        if (is_delete && is_news)
            fold.line->why = arena_strdup(arena, d->why);
        if (!fold.line->inbox || !fold.line->why)
            return ERR_LIMIT;
    }
    fold_end(&fold);
    return e == ERR_NOTFOUND ? OK : e;
}

void recall_clear(struct recall *recall)
{
    xfree(&recall->line);
    recall->n = recall->room = 0;
}

size_t recall_missing(const struct recall *recall)
{
    size_t missing = 0;
    for (size_t i = 0; i < recall->n; i++)
        missing +=
            recall->line[i].state != RECALL_CONFIRMED && recall->line[i].state != RECALL_UNREACHED;
    return missing;
}
