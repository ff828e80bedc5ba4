#include "federation/audience.h"

#include "federation/consent.h"
#include "federation/document/activity.h"
#include "federation/group.h"
#include "federation/policy.h"
#include "federation/proof.h"
#include "federation/uri.h"
#include "storage/base/clock.h"
#include "storage/edge.h"
#include "storage/narrow.h"
#include "storage/outqueue.h"
#include "storage/post.h"

#include <string.h>

#define ACTOR_ARENA_BYTES ((size_t)512 * 1024)
#define INDEX_FIRST_SLOTS 64

Visibility audience_visibility(const struct as2_list *to, const struct as2_list *cc,
                               const char *followers)
{
    if (as2_list_has(to, AS2_PUBLIC))
        return VISIBILITY__PUBLIC;
    if (as2_list_has(cc, AS2_PUBLIC))
        return VISIBILITY__UNLISTED;
    if (followers && *followers && (as2_list_has(to, followers) || as2_list_has(cc, followers)))
        return VISIBILITY__FOLLOWERS;
    return VISIBILITY__DIRECT;
}

/* Is this one of a list's actors, a group known here, whose followers it names too? */
static bool is_group_named(struct txn *txn, const struct as2_note *note, const char *uri,
                           actor_id *out)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ACTOR_ARENA_BYTES);
    Actor *group;
    return actor_find(txn, uri, out) == OK && actor_get(txn, *out, &arena, &group) == OK &&
           group->type == ACTOR_TYPE__GROUP && group->followers[0] &&
           (as2_list_has(&note->to, group->followers) || as2_list_has(&note->cc, group->followers));
}

struct audience audience_of_note(struct txn *txn, const struct as2_note *note, const Actor *author)
{
    struct audience audience = {audience_visibility(&note->to, &note->cc, author->followers), {0}};
    const struct as2_list *lists[] = {&note->to, &note->cc, &note->audience};
    if (audience.visibility != VISIBILITY__DIRECT)
        return audience;
    for (size_t i = 0; i < COUNT(lists); i++)
        for (size_t j = 0; j < lists[i]->n; j++) {
            actor_id group;
            if (is_group_named(txn, note, lists[i]->item[j], &group))
                return (struct audience){VISIBILITY__FOLLOWERS, group};
        }
    return audience;
}

static bool is_open_to_all(const Post *post)
{
    return post->visibility == VISIBILITY__PUBLIC || post->visibility == VISIBILITY__UNLISTED;
}

/* What only a group's members may read is not for whoever a member names in it. */
static bool is_addressed(const Post *post, actor_id reader)
{
    if (group_is_restricted(post))
        return false;
    for (size_t i = 0; i < post->n_mentions; i++)
        if (post->mentions[i]->actor == reader.v)
            return true;
    return false;
}

static bool is_blocked_by_author(struct txn *txn, const Post *post, uint64_t reader)
{
    return edge_has(txn, (struct edge_key){EDGE_BLOCK, post->author, reader});
}

static bool is_shut_out(struct txn *txn, const Post *post, const Actor *reader)
{
    return reader->suspended_ms || reader->deleted_ms ||
           is_blocked_by_author(txn, post, reader->id);
}

static bool is_among_followers(struct txn *txn, uint64_t reader, uint64_t owner)
{
    return reader == owner || (edge_has(txn, (struct edge_key){EDGE_FOLLOW, reader, owner}) &&
                               !edge_has(txn, (struct edge_key){EDGE_BLOCK, owner, reader}));
}

/* FOLLOWERS: of all of those whom it is for. */
static bool is_in_circle(struct txn *txn, const Post *post, uint64_t reader)
{
    if (!is_among_followers(txn, reader, post_audience_owner(post)))
        return false;
    for (size_t i = 0; i < post->n_audience_also; i++)
        if (!is_among_followers(txn, reader, post->audience_also[i]))
            return false;
    return true;
}

struct audience_reader audience_reader(struct txn *txn, actor_id reader)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ACTOR_ARENA_BYTES);
    Actor *actor;
    if (reader.v == 0 || actor_get(txn, reader, &arena, &actor) != OK)
        return (struct audience_reader){.id = reader, .is_gone = reader.v != 0};
    return (struct audience_reader){.id = reader,
                                    .is_gone = actor->suspended_ms || actor->deleted_ms,
                                    .is_local = actor->host[0] == '\0'};
}

bool audience_may_read(struct txn *txn, const Post *post, actor_id reader)
{
    struct audience_reader who = {.id = reader};
    if (reader.v && reader.v != post->author)
        who = audience_reader(txn, reader);
    return audience_lets_read(txn, post, &who);
}

bool audience_lets_read(struct txn *txn, const Post *post, const struct audience_reader *who)
{
    actor_id reader = who->id;
    if (reader.v == post->author && reader.v)
        return true;
    if (consent_is_hidden(post) && !consent_may_see(txn, post, reader))
        return false;
    if (reader.v == 0)
        return is_open_to_all(post);
    if (who->is_gone || is_blocked_by_author(txn, post, reader.v))
        return false;
    switch (post->visibility) {
    case VISIBILITY__PUBLIC:
    case VISIBILITY__UNLISTED:
        return true;
    case VISIBILITY__FOLLOWERS:
        return is_addressed(post, reader) || is_in_circle(txn, post, reader.v);
    case VISIBILITY__LOCAL:
        return who->is_local;
    default:
        return is_addressed(post, reader);
    }
}

/* Does this actor live at `host`, and is it no one the author shut out? */
static bool counts_for(struct txn *txn, const Post *post, uint64_t id, const char *host)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ACTOR_ARENA_BYTES);
    char at[URI_HOST_BYTES];
    Actor *actor;
    return actor_get(txn, (actor_id){id}, &arena, &actor) == OK && uri_host(actor->uri, at) == OK &&
           strcmp(at, host) == 0 && (id == post->author || !is_shut_out(txn, post, actor));
}

bool audience_may_host_read(struct txn *txn, const Post *post, const char *host)
{
    if (post->visibility == VISIBILITY__LOCAL)
        return false;
    if (consent_is_hidden(post))
        return counts_for(txn, post, post->author, host) ||
               counts_for(txn, post, consent_owner(txn, post, CONSENT_REPLY).v, host);
    if (is_open_to_all(post))
        return true;
    if (counts_for(txn, post, post->author, host))
        return true;
    for (size_t i = 0; !group_is_restricted(post) && i < post->n_mentions; i++)
        if (post->mentions[i]->actor && counts_for(txn, post, post->mentions[i]->actor, host))
            return true;
    if (post->visibility != VISIBILITY__FOLLOWERS)
        return false;
    uint64_t owner = post_audience_owner(post);
    if (is_in_circle(txn, post, owner) && counts_for(txn, post, owner, host))
        return true;
    struct edge_key key = {.kind = EDGE_FOLLOW, .whom = owner};
    while (edge_rev_next(txn, &key) == OK)
        if (is_in_circle(txn, post, key.who) && counts_for(txn, post, key.who, host))
            return true;
    return false;
}

/* ---- where it goes ---- */

static size_t inbox_slot(struct txn *txn, const struct destinations *list, const char *inbox)
{
    uint8_t hash[KEY_HASH_BYTES]; /* keyed: a stranger who picks inboxes cannot pick collisions */
    text_hash(txn, inbox, hash);
    size_t i;
    memcpy(&i, hash, sizeof i);
    for (i &= list->slot_count - 1; list->slot[i]; i = (i + 1) & (list->slot_count - 1))
        if (strcmp(list->item[list->slot[i] - 1].inbox, inbox) == 0)
            break;
    return i;
}

/* Keeps the index at most half full. */
static void grow(struct txn *txn, struct destinations *list)
{
    if (list->n < list->room)
        return;
    list->room = list->room ? 2 * list->room : INDEX_FIRST_SLOTS / 2;
    list->item = xrealloc(list->item, list->room * sizeof *list->item);
    xfree(&list->slot);
    list->slot_count = 2 * list->room;
    list->slot = xcalloc(list->slot_count, sizeof *list->slot);
    for (size_t i = 0; i < list->n; i++)
        list->slot[inbox_slot(txn, list, list->item[i].inbox)] = (uint32_t)i + 1;
}

static enum err add_inbox(struct txn *txn, struct destinations *list, const char *inbox,
                          int64_t now_ms, struct arena *arena)
{
    grow(txn, list);
    size_t slot = inbox_slot(txn, list, inbox);
    if (list->slot[slot])
        return OK;

    char host[URI_HOST_BYTES];
    struct destination d;
    if (uri_host(inbox, host) != OK)
        return OK; /* stored by an older rule: nowhere to send to */
    enum err e = peer_ensure(txn, host, now_ms, &d.peer);
    if (e)
        return e;
    d.host = arena_strdup(arena, host);
    d.inbox = arena_strdup(arena, inbox);
    if (!d.host || !d.inbox)
        return ERR_LIMIT;
    list->item[list->n++] = d;
    list->slot[slot] = (uint32_t)list->n;
    return OK;
}

/* The shared inbox is believed only on the host of the actor's own one. */
const char *audience_inbox(const Actor *actor)
{
    if (actor->shared_inbox[0] && uri_same_host(actor->shared_inbox, actor->inbox))
        return actor->shared_inbox;
    return actor->inbox;
}

enum err destinations_add_actor(struct txn *txn, struct destinations *list, actor_id whom,
                                struct arena *arena)
{
    AUTO(arena_clear) struct arena scratch = ARENA_INIT(ACTOR_ARENA_BYTES);
    Actor *actor;
    enum err e = actor_get(txn, whom, &scratch, &actor);
    if (e)
        return e;
    if (actor->host[0] == '\0' || actor->deleted_ms || actor->suspended_ms || !actor->inbox[0])
        return OK;
    return add_inbox(txn, list, audience_inbox(actor), clock_ms(), arena);
}

enum err destinations_add_followers(struct txn *txn, struct destinations *list, actor_id of,
                                    struct arena *arena)
{
    struct edge_key key = {.kind = EDGE_FOLLOW, .whom = of.v};
    enum err e;
    while ((e = edge_rev_next(txn, &key)) == OK) {
        e = destinations_add_actor(txn, list, (actor_id){key.who}, arena);
        if (e && e != ERR_NOTFOUND)
            return e;
    }
    return e == ERR_NOTFOUND ? OK : e;
}

/* Nobody who may not read it, though they follow: the author may have blocked them. */
static enum err add_reader(struct txn *txn, struct destinations *list, const Post *post,
                           uint64_t whom, struct arena *arena)
{
    if (!audience_may_read(txn, post, (actor_id){whom}))
        return OK;
    enum err e = destinations_add_actor(txn, list, (actor_id){whom}, arena);
    return e == ERR_NOTFOUND ? OK : e;
}

enum err destinations_add_audience(struct txn *txn, struct destinations *list, const Post *post,
                                   struct arena *arena)
{
    enum err e = OK;
    if (post->visibility == VISIBILITY__LOCAL)
        return OK;
    for (size_t i = 0; !e && i < post->n_mentions; i++)
        e = add_reader(txn, list, post, post->mentions[i]->actor, arena);
    if (e || post->visibility == VISIBILITY__DIRECT)
        return e;
    uint64_t owner = post_audience_owner(post);
    e = add_reader(txn, list, post, owner, arena);
    struct edge_key key = {.kind = EDGE_FOLLOW, .whom = owner};
    while (!e && (e = edge_rev_next(txn, &key)) == OK)
        e = add_reader(txn, list, post, key.who, arena);
    return e == ERR_NOTFOUND ? OK : e;
}

/* FEP-7888: who is answered by a reply to a reply would not hear of it, and the thread's collection
 * would lack it. */
enum err destinations_add_thread_owner(struct txn *txn, struct destinations *list, const Post *post,
                                       struct arena *arena)
{
    AUTO(arena_clear) struct arena scratch = ARENA_INIT(8 * ACTOR_ARENA_BYTES);
    Post *root;
    if (!is_open_to_all(post) || !post->in_reply_to)
        return OK;
    enum err e = post_get(txn, (post_id){post->thread_root}, &scratch, &root);
    if (!e && root->id != post->id)
        e = add_reader(txn, list, post, root->author, arena);
    return e == ERR_NOTFOUND ? OK : e;
}

/* What was cancelled before the first attempt never reached anyone, and must not be hinted at. */
static bool may_have_arrived(const Delivery *line)
{
    return line->inbox[0] && (line->state != DELIVERY_STATE__CANCELLED || line->attempts > 0);
}

enum err destinations_add_ledger(struct txn *txn, struct destinations *list, post_id post,
                                 struct arena *arena)
{
    AUTO(arena_clear) struct arena scratch = ARENA_INIT(ACTOR_ARENA_BYTES);
    struct ledger_key key = {.subject = post.v};
    Delivery *line;
    enum err e;
    while ((e = ledger_next(txn, &key, &scratch, &line)) == OK) {
        if (may_have_arrived(line) &&
            (e = add_inbox(txn, list, line->inbox, clock_ms(), arena)) != OK)
            return e;
        arena_clear(&scratch);
    }
    return e == ERR_NOTFOUND ? OK : e;
}

enum err destinations_add_fetched(struct txn *txn, struct destinations *list, post_id post,
                                  struct arena *arena)
{
    AUTO(arena_clear) struct arena scratch = ARENA_INIT(ACTOR_ARENA_BYTES);
    peer_id peer = {0};
    const char *inbox;
    enum err e;
    while ((e = fetched_next(txn, post, &peer, &scratch, &inbox)) == OK) {
        e = add_inbox(txn, list, inbox, clock_ms(), arena);
        if (e)
            return e;
        arena_clear(&scratch);
    }
    return e == ERR_NOTFOUND ? OK : e;
}

void destinations_leave_out(struct destinations *list, const char *host)
{
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->item[i].host, host) != 0)
            list->item[n++] = list->item[i];
    list->n = n;
}

void destinations_clear(struct destinations *list)
{
    xfree(&list->item);
    xfree(&list->slot);
    *list = (struct destinations){0};
}

/*
 * What policy forbids is queued and cancelled in one step: so the ledger of the post says of every
 * host that was meant what became of it.
 */
static enum err queue_one(struct txn *txn, const struct federation *fed,
                          const struct destination *to, OutJob *job, int64_t now_ms, bool *out)
{
    struct why why = {{0}};
    enum err allowed = policy_may_send(txn, fed->config, to->peer, job->visibility, now_ms, &why);
    if (allowed && allowed != ERR_DENIED)
        return allowed;
    *out = allowed == OK;
    enum err e = outqueue_add(txn, to->peer, job, now_ms);
    if (e || allowed == OK)
        return e;
    return outqueue_end(txn, to->peer, job->seq, DELIVERY_STATE__CANCELLED, 0, why.text, now_ms);
}

enum err destinations_queue(struct txn *txn, const struct federation *fed,
                            const struct destinations *list, struct bytes json, const OutJob *like,
                            int64_t now_ms, size_t *out)
{
    AUTO(buf_clear) struct buf proved = BUF_INIT(DOCUMENT_MAX_BYTES);
    size_t queued = 0;
    uint64_t body = 0;
    if (list->n && !like->is_forwarded) { /* the one place that all we say passes through */
        enum err e = proof_own(fed, txn, (actor_id){like->actor}, json, now_ms, &proved);
        if (e)
            return e;
        json = buf_bytes(&proved);
    }
    for (size_t i = 0; i < list->n; i++) {
        /* a cancelled job may have been the last that named the body and taken it along */
        if (queued == 0) {
            enum err e = outqueue_add_body(txn, json, now_ms, &body);
            if (e)
                return e;
        }
        OutJob job = *like;
        job.inbox = (char *)list->item[i].inbox;
        job.body = body;
        job.queued_ms = now_ms;
        bool is_queued = false;
        enum err e = queue_one(txn, fed, &list->item[i], &job, now_ms, &is_queued);
        if (e)
            return e;
        queued += is_queued;
    }
    *out = queued;
    return OK;
}
