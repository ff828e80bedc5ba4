#include "storage/poll.h"

#include "storage/post.h"

#include <string.h>

#define POLL_ARENA_BYTES (4 << 20) /* of one post */
#define CHOICES_MAX 64             /* of one voter: more options than a poll can have */

bool poll_is_open(const Poll *poll, int64_t at_ms)
{
    return (!poll->closed_ms || at_ms < poll->closed_ms) &&
           (!poll->ends_ms || at_ms < poll->ends_ms);
}

bool poll_has_same_options(const Poll *a, const Poll *b)
{
    if (a->n_options != b->n_options || a->is_multiple != b->is_multiple)
        return false;
    for (size_t i = 0; i < a->n_options; i++)
        if (strcmp(a->options[i]->name, b->options[i]->name) != 0)
            return false;
    return true;
}

int64_t poll_due_ms(const Poll *poll)
{
    int64_t end = poll->is_awaited ? (poll->closed_ms ? poll->closed_ms : poll->ends_ms) : 0;
    int64_t tell = poll->is_dirty ? poll->told_ms + POLL_TELL_MS : 0;
    return end && tell ? (end < tell ? end : tell) : end + tell;
}

static struct key due_key(int64_t due_ms, uint64_t post)
{
    return key_ids(due_ms < 0 ? 0 : (uint64_t)due_ms, post);
}

enum err poll_due_move(struct txn *txn, uint64_t post, const Poll *from, const Poll *to)
{
    int64_t before = from ? poll_due_ms(from) : 0, after = to ? poll_due_ms(to) : 0;
    if (before == after)
        return OK;
    if (before) {
        struct key key = due_key(before, post);
        enum err e = engine_del(txn, TABLE_POLL_DUE, key_bytes(&key));
        if (e)
            return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
    }
    struct key key = due_key(after, post);
    return after ? engine_put(txn, TABLE_POLL_DUE, key_bytes(&key), (struct bytes){NULL, 0}) : OK;
}

enum err poll_put(struct txn *txn, const Post *post)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(POLL_ARENA_BYTES);
    struct key key = key_id(post->id);
    Post *stored;
    enum err e = post_get(txn, (post_id){post->id}, &arena, &stored);
    if (!e)
        e = poll_due_move(txn, post->id, stored->poll, post->poll);
    if (e)
        return e;
    stored->poll = post->poll;
    return record_put(txn, TABLE_POST, key_bytes(&key), &stored->base);
}

enum err poll_due_first(struct txn *txn, int64_t now_ms, post_id *out)
{
    AUTO(range_close) struct range range = {0};
    struct bytes none = {NULL, 0}, key;
    struct key hi = key_id(now_ms < 0 ? 0 : (uint64_t)now_ms + 1);
    size_t at = 8;
    enum err e = range_open(txn, TABLE_POLL_DUE, none, key_bytes(&hi), RANGE_UP, &range);
    if (!e)
        e = range_next(&range, &key, NULL);
    return e ? e : key_read_u64(key, &at, &out->v);
}

static bool has_choice(const Edge *edge, uint32_t choice)
{
    for (size_t i = 0; i < edge->n_choices; i++)
        if (edge->choices[i] == choice)
            return true;
    return false;
}

/* Adds to `edge` what is new; how much that is. Each counts for `weight` votes. */
static size_t add_choices(Edge *edge, Poll *poll, unsigned weight, const uint32_t *choices,
                          size_t n)
{
    size_t before = edge->n_choices;
    for (size_t i = 0; i < n && edge->n_choices < CHOICES_MAX; i++) {
        bool is_second = !poll->is_multiple && edge->n_choices;
        if (choices[i] >= poll->n_options || is_second || has_choice(edge, choices[i]))
            continue;
        edge->choices[edge->n_choices++] = choices[i];
        poll->options[choices[i]]->votes += weight;
    }
    return edge->n_choices - before;
}

enum err poll_vote(struct txn *txn, const Post *post, actor_id who, const uint32_t *choices,
                   size_t n, const char *uri, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(2 * POLL_ARENA_BYTES);
    struct edge_key key = {EDGE_VOTE, who.v, post->id};
    uint32_t chosen[CHOICES_MAX];
    Edge edge = EDGE__INIT, *before;
    Post *stored;
    enum err e = post_get(txn, (post_id){post->id}, &arena, &stored);
    if (e)
        return e;
    if (!stored->poll || n == 0)
        return ERR_INVALID;
    e = edge_get(txn, key, &arena, &before);
    if (e && e != ERR_NOTFOUND)
        return e;
    edge.uri = (char *)uri;
    edge.created_ms = now_ms;
    if (!e) {
        edge = *before;
        memcpy(chosen, before->choices, before->n_choices * sizeof *chosen);
    }
    bool is_first = edge.n_choices == 0;
    edge.choices = chosen;
    if (add_choices(&edge, stored->poll, stored->is_local, choices, n) == 0)
        return is_first ? ERR_INVALID : ERR_EXISTS;
    if (stored->is_local) {
        stored->poll->voters += is_first;
        stored->poll->is_dirty = true;
    } else { /* its counts are for its node to tell */
        stored->poll->is_awaited = true;
    }
    e = edge_put(txn, key, &edge);
    return e ? e : poll_put(txn, stored);
}

static enum err votes_drop(struct txn *txn, uint64_t post)
{
    struct edge_key key = {.kind = EDGE_VOTE, .whom = post};
    enum err e;
    while ((e = edge_rev_next(txn, &key)) == OK)
        if ((e = edge_del(txn, key)))
            return e;
    return e == ERR_NOTFOUND ? OK : e;
}

enum err poll_edit(struct txn *txn, const Post *old, Poll *poll)
{
    const Poll *was = old->poll;
    enum err e = OK;
    if (was && poll && poll_has_same_options(was, poll)) {
        poll->is_awaited = was->is_awaited;
        poll->is_dirty = was->is_dirty;
        poll->told_ms = was->told_ms;
        poll->told_voter = was->told_voter;
    } else if (was) {
        e = votes_drop(txn, old->id);
    }
    return e ? e : poll_due_move(txn, old->id, was, poll);
}
