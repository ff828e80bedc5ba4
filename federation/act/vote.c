/*
 * vote - a vote comes in for a poll of ours, or goes out to the author of another's.
 */
#include "federation/act/vote.h"

#include "federation/sanitize.h"
#include "storage/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_MIN 2
#define VOTE_ARENA_BYTES ((size_t)8 * 1024 * 1024)

/* ---- remote door ---- */

struct vote_state {
    post_id poll;
    const char *name[AS2_OPTIONS_MAX];
    size_t n;
};

bool act_is_vote(const struct as2_note *note)
{
    return note->name && (!note->content || !*note->content) && note->in_reply_to && !note->poll &&
           note->attachment_count == 0 && strcmp(note->type, "Note") == 0;
}

/* The option of this name; n_options: none. Names were made one line when they were stored. */
static uint32_t option_find(const Poll *poll, const char *name)
{
    uint32_t i = 0;
    while (i < poll->n_options && strcmp(poll->options[i]->name, name) != 0)
        i++;
    return i;
}

static enum err vote_remote_apply(struct txn *txn, struct act *act)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(VOTE_ARENA_BYTES);
    const struct vote_state *state = act->state;
    uint32_t choices[AS2_OPTIONS_MAX];
    Post *post;
    enum err e = post_get(txn, state->poll, &arena, &post);
    if (e && e != ERR_NOTFOUND)
        return e;
    if (e || !post->poll) {
        act->outcome = "ignored: a vote in a poll that is gone";
        return OK;
    }
    if (!poll_is_open(post->poll, act->received_ms)) { /* it may have waited for a key since */
        act->outcome = "ignored: a vote in a poll that has ended";
        return OK;
    }
    for (size_t i = 0; i < state->n; i++)
        choices[i] = option_find(post->poll, state->name[i]);
    e = poll_vote(txn, post, act->who, choices, state->n, "", act->now_ms);
    act->outcome = e == ERR_EXISTS    ? "voted before"
                   : e == ERR_INVALID ? "ignored: a vote for what is no option"
                                      : "voted";
    return e == ERR_EXISTS || e == ERR_INVALID ? OK : e;
}

enum act_verdict act_vote_remote(struct act *act, struct txn *txn, struct act_answer *answer,
                                 struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(VOTE_ARENA_BYTES);
    struct vote_state *state = arena_alloc(&act->arena, sizeof *state);
    const struct as2_note *first = act->activity->note;
    Post *post;
    (void)answer;
    (void)why;

    *state = (struct vote_state){.n = 0};
    if (post_find(txn, first->in_reply_to, &state->poll) ||
        post_get(txn, state->poll, &arena, &post) || !post->is_local || !post->poll) {
        act->outcome = "ignored: a vote, and the poll is not ours";
        return ACT_DONE;
    }
    if (post->author == act->who.v || !audience_may_read(txn, post, act->who)) {
        act->outcome = "ignored: a vote in a poll it may not read";
        return ACT_DONE;
    }
    for (size_t i = 0; i < act->activity->note_count && state->n < AS2_OPTIONS_MAX; i++) {
        const struct as2_note *note = &act->activity->notes[i];
        if (act_is_vote(note) && strcmp(note->in_reply_to, first->in_reply_to) == 0)
            state->name[state->n++] =
                sanitize_line(note->name, ACT_POLL_OPTION_MAX_CHARACTERS, &act->arena);
    }
    act->state = state;
    act->apply = vote_remote_apply;
    return ACT_DONE;
}

/* ---- polls of ours: made ---- */

enum err act_poll_check(const struct post_draft *draft, int64_t now_ms, struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(VOTE_ARENA_BYTES);
    const char *name[AS2_OPTIONS_MAX];
    size_t n = draft->option_count;
    if (n == 0)
        return draft->poll_ends_ms || draft->is_multiple
                   ? why_set(why, ERR_INVALID, "there is no poll without options")
                   : OK;
    if (n < OPTIONS_MIN || n > AS2_OPTIONS_MAX)
        return why_set(why, ERR_INVALID, "a poll has %d to %d options", OPTIONS_MIN,
                       AS2_OPTIONS_MAX);
    if (draft->poll_ends_ms &&
        (draft->poll_ends_ms <= now_ms || draft->poll_ends_ms > now_ms + ACT_POLL_OPEN_MAX_MS))
        return why_set(why, ERR_INVALID, "a poll ends within a year from now");
    for (size_t i = 0; i < n; i++) {
        const char *typed = draft->options[i];
        name[i] = utf8_check(bytes_of(typed))
                      ? sanitize_line(typed, ACT_POLL_OPTION_MAX_CHARACTERS, &arena)
                      : "";
        if (!name[i] || !*name[i] || strcmp(name[i], typed) != 0)
            return why_set(why, ERR_INVALID, "option %zu is no line of 1 to %d characters", i + 1,
                           ACT_POLL_OPTION_MAX_CHARACTERS);
        for (size_t j = 0; j < i; j++)
            if (strcmp(name[i], name[j]) == 0)
                return why_set(why, ERR_INVALID, "two options are called \"%.60s\"", name[i]);
    }
    return OK;
}

Poll *act_poll_of_draft(const struct post_draft *draft, struct arena *arena)
{
    if (draft->option_count == 0)
        return NULL;
    Poll *poll = arena_alloc(arena, sizeof *poll);
    poll__init(poll);
    poll->is_multiple = draft->is_multiple;
    poll->ends_ms = draft->poll_ends_ms;
    poll->is_awaited = true;
    poll->options = arena_calloc(arena, draft->option_count, sizeof *poll->options);
    for (size_t i = 0; i < draft->option_count; i++) {
        PollOption *option = arena_alloc(arena, sizeof *option);
        poll_option__init(option);
        option->name =
            (char *)sanitize_line(draft->options[i], ACT_POLL_OPTION_MAX_CHARACTERS, arena);
        poll->options[poll->n_options++] = option;
    }
    return poll;
}

/* ---- local door: a vote ---- */

struct vote_local {
    struct mutation mutation;
    struct federation *fed;
    actor_id who;
    post_id post;
    const char *const *typed;
    size_t n;
    struct why *why;
    int64_t now_ms;
};

static enum err get_poll(struct txn *txn, const struct vote_local *vote, struct arena *arena,
                         Actor **who, Post **post, Actor **author)
{
    enum err e = actor_get(txn, vote->who, arena, who);
    if (!e)
        e = post_get(txn, vote->post, arena, post);
    if (!e && (*post)->boost_of)
        e = post_get(txn, (post_id){(*post)->boost_of}, arena, post);
    if (!e && !audience_may_read(txn, *post, vote->who))
        e = ERR_NOTFOUND; /* private means: it does not exist */
    if (!e)
        e = actor_get(txn, (actor_id){(*post)->author}, arena, author);
    if (e)
        return e;
    if (!(*post)->poll)
        return why_set(vote->why, ERR_INVALID, "that post is no poll");
    if ((*post)->author == vote->who.v)
        return why_set(vote->why, ERR_DENIED, "the author of a poll does not vote in it");
    return poll_is_open((*post)->poll, vote->now_ms)
               ? OK
               : why_set(vote->why, ERR_DENIED, "that poll has ended");
}

/* What was typed is an option's text, or else its number, from 1. */
static enum err choose(const struct vote_local *vote, const Poll *poll, uint32_t *out)
{
    for (size_t i = 0; i < vote->n; i++) {
        char *rest;
        out[i] = option_find(poll, vote->typed[i]);
        if (out[i] < poll->n_options)
            continue;
        unsigned long number = strtoul(vote->typed[i], &rest, 10);
        if (*rest || number < 1 || number > poll->n_options)
            return why_set(vote->why, ERR_INVALID, "\"%.60s\" is none of its %zu options",
                           vote->typed[i], poll->n_options);
        out[i] = (uint32_t)number - 1;
    }
    return vote->n > 1 && !poll->is_multiple
               ? why_set(vote->why, ERR_INVALID, "that poll takes one choice")
               : OK;
}

static enum err send_vote(struct txn *txn, const struct vote_local *vote, const Actor *who,
                          const Post *post, const Actor *author, uint32_t choice)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024);
    AUTO(buf_clear) struct buf json = BUF_INIT(DOCUMENT_MAX_BYTES);
    struct vote_document document = {.id = act_new_uri(txn, who, "votes", vote->now_ms, &arena),
                                     .actor = who->uri,
                                     .poll = post->uri,
                                     .author = author->uri,
                                     .choice = post->poll->options[choice]->name,
                                     .published_ms = vote->now_ms};
    enum err e = document.id ? document_vote(&document, &json) : ERR_STORE;
    return e ? e
             : act_queue_json(txn, vote->fed, "Create",
                              arena_printf(&arena, "%s/activity", document.id), buf_bytes(&json),
                              vote->who, (actor_id){author->id}, post->id, vote->now_ms);
}

static enum err vote_local_apply(struct txn *txn, struct mutation *m)
{
    struct vote_local *vote = container_of(m, struct vote_local, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(VOTE_ARENA_BYTES);
    uint32_t choices[AS2_OPTIONS_MAX];
    Actor *who, *author;
    Post *post;
    enum err e = get_poll(txn, vote, &arena, &who, &post, &author);
    if (!e)
        e = choose(vote, post->poll, choices);
    if (!e && edge_has(txn, (struct edge_key){EDGE_VOTE, who->id, post->id}))
        e = ERR_EXISTS;
    if (!e)
        e = poll_vote(txn, post, vote->who, choices, vote->n, "", vote->now_ms);
    for (size_t i = 0; !e && author->host[0] && i < vote->n; i++)
        e = send_vote(txn, vote, who, post, author, choices[i]);
    return e;
}

enum err act_vote_local(struct federation *fed, actor_id who, post_id post,
                        const char *const *choices, size_t n, const struct by *by, struct why *why)
{
    struct why refusal = {""};
    struct vote_local vote = {
        {.apply = vote_local_apply}, fed, who, post, choices, n, &refusal, clock_ms()};
    char object[32];
    if (n == 0 || n > AS2_OPTIONS_MAX)
        return why_set(why, ERR_INVALID, "1 to %d choices", AS2_OPTIONS_MAX);
    snprintf(object, sizeof object, "post %llu", (unsigned long long)post.v);
    enum err e = act_run(fed, &vote.mutation, by, "vote.create", object);
    if (e == ERR_NOTFOUND)
        return why_set(why, e, "there is no such post");
    if (e == ERR_EXISTS)
        return why_set(why, e, "that vote was cast already");
    if (e && refusal.text[0])
        return why_set(why, e, "%s", refusal.text);
    return e ? why_set(why, e, "the store refused: %s", err_name(e)) : OK;
}
