/*
 * schedule - a post of ours that waits: what its author chose is kept, and looked at when its time
 * has come.
 */
#include "federation/act/schedule.h"

#include "federation/act/post.h"
#include "federation/act/vote.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/idempotency.h"
#include "storage/scheduled.h"

#include <string.h>

#define SCHEDULE_ARENA_BYTES ((size_t)1 << 20)

struct schedule {
    struct mutation mutation;
    const struct post_draft *draft; /* NULL: of an account that has it already */
    actor_id who;
    uint64_t id;    /* out, with a draft */
    int64_t due_ms; /* 0: it goes */
    const char *refusal;
    int64_t now_ms;
};

/* ---- a new one ---- */

static void take_draft(const struct post_draft *draft, Scheduled *to)
{
    to->source = (char *)draft->source;
    to->source_type = (char *)(draft->syntax == MARKUP_PLAIN ? "text/plain" : "text/markdown");
    to->summary = (char *)(draft->summary ? draft->summary : "");
    to->language = (char *)(draft->language ? draft->language : "");
    to->is_sensitive = draft->is_sensitive;
    to->visibility = draft->visibility;
    to->in_reply_to = draft->in_reply_to.v;
    to->quote_of = draft->quote_of.v;
    to->options = (char **)draft->options;
    to->n_options = draft->option_count;
    to->is_multiple = draft->is_multiple;
    to->policy = (InteractionPolicy *)draft->policy;
    to->application = draft->application;
    to->idempotency = (char *)(draft->once.key ? draft->once.key : "");
}

/* ERR_EXISTS: this request was answered before, *out says with what. */
static enum err check_once(struct txn *txn, const struct post_once *once, int64_t now_ms,
                           uint64_t *out)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SCHEDULE_ARENA_BYTES);
    Idempotency *first;
    enum err e = once->key ? idempotency_get(txn, once->token, once->key, now_ms, &arena, &first)
                           : ERR_NOTFOUND;
    if (e)
        return e == ERR_NOTFOUND ? OK : e;
    *out = first->scheduled;
    return ERR_EXISTS;
}

static enum err schedule_apply(struct txn *txn, struct mutation *m)
{
    struct schedule *s = container_of(m, struct schedule, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SCHEDULE_ARENA_BYTES);
    const struct post_draft *draft = s->draft;
    Scheduled row = SCHEDULED__INIT;
    enum err e = check_once(txn, &draft->once, s->now_ms, &s->id);
    if (!e)
        e = id_next(txn, s->now_ms, &s->id);
    if (e)
        return e;
    take_draft(draft, &row);
    row.id = s->id;
    row.owner = draft->author.v;
    row.due_ms = s->due_ms;
    row.created_ms = s->now_ms;
    row.poll_open_ms = draft->poll_ends_ms ? draft->poll_ends_ms - s->now_ms : 0;
    row.media = arena_calloc(&arena, draft->media_count, sizeof *row.media);
    for (size_t i = 0; row.media && i < draft->media_count; i++)
        row.media[row.n_media++] = draft->media[i].id;
    e = scheduled_put(txn, &row);
    if (e || !draft->once.key)
        return e;
    Idempotency once = IDEMPOTENCY__INIT;
    once.token = draft->once.token;
    once.key = (char *)draft->once.key;
    once.scheduled = s->id;
    once.created_ms = s->now_ms;
    return idempotency_put(txn, &once);
}

enum err act_schedule_local(struct federation *fed, const struct post_draft *draft, int64_t due_ms,
                            const struct by *by, uint64_t *out, struct why *why)
{
    struct schedule s = {.mutation = {.apply = schedule_apply},
                         .draft = draft,
                         .due_ms = due_ms,
                         .now_ms = clock_ms()};
    enum err e = act_poll_check(draft, s.now_ms, why);
    if (e)
        return e;
    e = act_run(fed, &s.mutation, by, "post.schedule", NULL);
    if (!e || e == ERR_EXISTS)
        *out = s.id;
    if (e == ERR_LIMIT)
        return why_set(why, e, "%d posts are scheduled already", SCHEDULED_MAX);
    return e ? why_set(why, e, "the store refused: %s", err_name(e)) : OK;
}

/* ---- one that waits ---- */

static enum err change_apply(struct txn *txn, struct mutation *m)
{
    struct schedule *s = container_of(m, struct schedule, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SCHEDULE_ARENA_BYTES);
    Scheduled *row;
    enum err e = scheduled_get(txn, s->who, s->id, &arena, &row);
    if (e)
        return e;
    if (!s->due_ms)
        return scheduled_del(txn, s->who, s->id);
    row->due_ms = s->due_ms;
    row->refusal = (char *)s->refusal;
    return scheduled_put(txn, row);
}

static enum err run_change(struct federation *fed, struct schedule *s, const char *name,
                           const struct by *by, struct why *why)
{
    s->mutation.apply = change_apply;
    enum err e = act_run(fed, &s->mutation, by, name, NULL);
    if (e == ERR_NOTFOUND)
        return why_set(why, e, "there is no such scheduled post");
    return e ? why_set(why, e, "the store refused: %s", err_name(e)) : OK;
}

enum err act_reschedule_local(struct federation *fed, actor_id who, uint64_t scheduled,
                              int64_t due_ms, const struct by *by, struct why *why)
{
    struct schedule s = {.who = who, .id = scheduled, .due_ms = due_ms, .refusal = ""};
    return run_change(fed, &s, "post.reschedule", by, why);
}

enum err act_unschedule_local(struct federation *fed, actor_id who, uint64_t scheduled,
                              const struct by *by, struct why *why)
{
    struct schedule s = {.who = who, .id = scheduled, .refusal = ""};
    return run_change(fed, &s, "post.unschedule", by, why);
}

/* ---- its time has come ---- */

static enum err draft_of(const Scheduled *row, struct arena *arena, struct post_draft *out)
{
    struct post_media *media = arena_calloc(arena, row->n_media, sizeof *media);
    if (!media && row->n_media)
        return ERR_LIMIT;
    for (size_t i = 0; i < row->n_media; i++)
        media[i] = (struct post_media){.id = row->media[i], .is_upload = true};
    *out = (struct post_draft){
        .author = {row->owner},
        .scheduled = row->id,
        .source = row->source,
        .syntax = strcmp(row->source_type, "text/plain") == 0 ? MARKUP_PLAIN : MARKUP_MARKDOWN,
        .summary = row->summary,
        .language = row->language[0] ? row->language : NULL,
        .is_sensitive = row->is_sensitive,
        .may_address_nobody = true,
        .application = row->application,
        .visibility = row->visibility,
        .in_reply_to = {row->in_reply_to},
        .quote_of = {row->quote_of},
        .policy = row->policy,
        .media = media,
        .media_count = row->n_media,
        .options = (const char *const *)row->options,
        .option_count = row->n_options,
        .is_multiple = row->is_multiple,
        .poll_ends_ms = row->poll_open_ms ? clock_ms() + row->poll_open_ms : 0,
    };
    return OK;
}

static enum err read_due(struct federation *fed, int64_t now_ms, struct arena *arena,
                         Scheduled **out)
{
    AUTO(txn_end) struct txn *txn = NULL;
    actor_id owner;
    uint64_t id;
    enum err e = engine_read_begin(fed->engine, &txn);
    if (!e)
        e = scheduled_due_first(txn, now_ms, &owner, &id);
    return e ? e : scheduled_get(txn, owner, id, arena, out);
}

/* Will it be so at the next try as well? */
static bool is_final(enum err e)
{
    return e != ERR_LATER && e != ERR_STORE;
}

enum err act_schedule_step(struct federation *fed, int64_t now_ms)
{
    static const struct by by = {.who = "schedule"};
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SCHEDULE_ARENA_BYTES);
    struct why why = {""};
    struct post_draft draft;
    Scheduled *row;
    post_id post;
    enum err e = read_due(fed, now_ms, &arena, &row);
    if (e)
        return e;
    e = draft_of(row, &arena, &draft);
    if (!e)
        e = act_post_local(fed, &draft, NULL, &by, &post, &why);
    if (!e || !is_final(e))
        return e;
    log_warn("schedule.refused", INT("scheduled", row->id), STR("why", why.text));
    struct schedule s = {.who = draft.author,
                         .id = row->id,
                         .due_ms = row->due_ms,
                         .refusal = why.text[0] ? why.text : err_name(e)};
    e = run_change(fed, &s, "post.schedule_refused", &by, NULL);
    return e == ERR_NOTFOUND ? OK : e; /* its author took it back meanwhile */
}
