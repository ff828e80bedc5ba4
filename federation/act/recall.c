/*
 * recall - a post of ours goes everywhere, and it is told who confirmed it.
 *
 * Unlike a delete it goes to those who had the post only, and what still waits to be sent about the
 * post is not sent any more. It may be done again, also long after a delete: whoever did not
 * confirm is asked again. Two local doors; there is no remote one.
 */
#include "federation/act/common.h"

#include "federation/delivery.h"
#include "federation/recall.h"
#include "storage/base/clock.h"
#include "storage/media.h"

#include <stdio.h>
#include <stdlib.h>

#define RECALL_ARENA_BYTES ((size_t)64 * 1024 * 1024)

struct recall_local {
    struct mutation mutation;
    struct federation *fed;
    const char *text;
    int64_t now_ms;
    struct why *why;
};

static enum err queue_delete(struct txn *txn, const struct recall_local *r,
                             const struct recall *recall, const Post *post,
                             const struct destinations *list, struct arena *arena)
{
    AUTO(buf_clear) struct buf json = BUF_INIT(DOCUMENT_MAX_BYTES);
    Actor *author;
    size_t queued;
    enum err e = actor_get(txn, recall->author, arena, &author);
    if (!e)
        e = document_delete(post, author, &json);
    if (e)
        return e;
    OutJob job = OUT_JOB__INIT;
    job.actor = recall->author.v;
    job.activity_type = (char *)"Delete";
    job.activity_uri = (char *)arena_printf(arena, "%s#delete", post->uri);
    job.object = job.subject = recall->post.v;
    job.visibility = VISIBILITY__PUBLIC; /* says no word of it */
    return destinations_queue(txn, r->fed, list, buf_bytes(&json), &job, r->now_ms, &queued);
}

static int by_peer(const void *key, const void *line)
{
    uint64_t a = *(const uint64_t *)key, b = ((const struct recall_line *)line)->peer.v;
    return (a > b) - (a < b);
}

/* A host that does not answer, and that nothing of the post was tried with, hears nothing of it. */
static enum err leave_out_unreached(struct txn *txn, const struct recall *recall,
                                    struct destinations *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->n; i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
        const struct recall_line *line =
            bsearch(&list->item[i].peer.v, recall->line, recall->n, sizeof *recall->line, by_peer);
        PeerHealth *health;
        enum err e = peer_health(txn, list->item[i].peer, &arena, &health);
        if (e)
            return e;
        if (!line || line->state != RECALL_UNREACHED || !health->failing_since_ms)
            list->item[kept++] = list->item[i];
    }
    list->n = kept;
    return OK;
}

/* First whoever may have it, then nothing more of it is sent; what is on its way this moment is
 * followed by its Delete. */
static enum err recall_living(struct txn *txn, const struct recall_local *r, struct recall *recall,
                              struct arena *arena)
{
    AUTO(destinations_clear) struct destinations list = {0};
    Post *post;
    enum err e = post_get(txn, recall->post, arena, &post);
    if (!e)
        e = destinations_add_ledger(txn, &list, recall->post, arena);
    if (!e)
        e = destinations_add_fetched(txn, &list, recall->post, arena);
    if (!e)
        e = outqueue_cancel_subject(txn, recall->post.v, "recalled before it was sent", r->now_ms);
    if (!e)
        e = recall_read(txn, arena, recall);
    if (!e)
        e = leave_out_unreached(txn, recall, &list);
    if (!e)
        e = queue_delete(txn, r, recall, post, &list, arena);
    if (!e)
        e = media_drop_of(txn, post); /* nobody writes it anew */
    return e ? e : post_delete(txn, recall->post, r->now_ms);
}

static enum err hasten(struct txn *txn, const struct recall_line *line, int64_t now_ms)
{
    uint64_t after = line->seq - 1;
    enum err e = outqueue_hasten(txn, line->peer, 1, &after);
    if (!e || e == ERR_NOTFOUND)
        e = delivery_expedite(txn, line->peer.v, now_ms);
    return e == ERR_NOTFOUND ? OK : e;
}

/* Is there a reason to send it there (again)? */
static bool is_owed(struct txn *txn, const struct recall_local *r, const struct recall_line *line)
{
    bool is_open = line->state == RECALL_UNASKED || line->state == RECALL_REFUSED ||
                   line->state == RECALL_EXPIRED || line->state == RECALL_BARRED;
    return is_open && line->inbox[0] &&
           policy_may_send(txn, r->fed->config, line->peer, VISIBILITY__PUBLIC, r->now_ms, NULL) ==
               OK;
}

static enum err recall_deleted(struct txn *txn, const struct recall_local *r, struct recall *recall,
                               struct arena *arena)
{
    AUTO(destinations_clear) struct destinations list = {0};
    char *everyone[] = {(char *)AS2_PUBLIC};
    Post post = POST__INIT;
    enum err e = recall_read(txn, arena, recall);
    if (e)
        return e;
    post.uri = (char *)recall->uri;
    post.to = everyone;
    post.n_to = recall->was_open;
    list.item = xcalloc(recall->n + 1, sizeof *list.item);
    for (size_t i = 0; i < recall->n; i++) {
        const struct recall_line *line = &recall->line[i];
        if (line->state == RECALL_WAITING && (e = hasten(txn, line, r->now_ms)))
            return e;
        if (is_owed(txn, r, line))
            list.item[list.n++] = (struct destination){line->peer, line->host, line->inbox};
    }
    return list.n ? queue_delete(txn, r, recall, &post, &list, arena) : OK;
}

static enum err recall_apply(struct txn *txn, struct mutation *m)
{
    struct recall_local *r = container_of(m, struct recall_local, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(RECALL_ARENA_BYTES);
    AUTO(recall_clear) struct recall recall = {0};
    enum err e = recall_find(txn, r->fed, r->text, &arena, &recall, r->why);
    if (e)
        return e;
    return recall.is_deleted ? recall_deleted(txn, r, &recall, &arena)
                             : recall_living(txn, r, &recall, &arena);
}

enum err act_recall_local(struct federation *fed, const char *post, const struct by *by,
                          struct why *why)
{
    struct why step = {""};
    struct recall_local r = {{.apply = recall_apply}, fed, post, clock_ms(), &step};
    char object[256];
    snprintf(object, sizeof object, "post %s", post);
    enum err e = act_run(fed, &r.mutation, by, "post.recall", object);
    if (e && step.text[0])
        return why_set(why, e, "%s", step.text);
    return e ? why_set(why, e, "the store refused: %s", err_name(e)) : OK;
}
