/*
 * flag - a report: about somebody here, by a peer; or about anyone, by one of ours, for our own
 * moderators and, when asked for, for those of the accused's node.
 *
 * What comes is told to the moderators and to nobody else. What goes is signed by the node itself:
 * the accused's node learns what is wrong, not who said so.
 *
 * Source   ActivityStreams 2.0 Flag; as Mastodon, Akkoma and Misskey send it: the account and its
 *          posts, ids or objects, in one list
 */
#include "federation/act/common.h"

#include "federation/sanitize.h"
#include "storage/account.h"
#include "storage/base/clock.h"
#include "storage/report.h"

#include <stdio.h>
#include <string.h>

#define COMMENT_MAX 3000 /* characters */
#define RULE_MAX_BYTES 64
#define ACCUSED_MAX 8 /* accounts of one Flag */

/* ---- shared ---- */

static enum err tell_moderators(struct txn *txn, const Report *report, int64_t now_ms)
{
    actor_id after = {0};
    char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)report->id);
    for (;;) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
        Account *account;
        enum err e = account_next(txn, after, &arena, &account);
        if (e)
            return e == ERR_NOTFOUND ? OK : e;
        after.v = account->actor;
        if (account->is_disabled ||
            (account->role != ROLE__MODERATOR && account->role != ROLE__ADMIN))
            continue;
        Notification notification = NOTIFICATION__INIT;
        notification.type = NOTIFICATION_TYPE__REPORTED;
        notification.from = report->from;
        notification.text = text;
        /* whomever they block or mute: it is their office */
        e = notification_add(txn, after, &notification, now_ms);
        if (e && e != ERR_EXISTS)
            return e;
    }
}

static enum err store(struct txn *txn, const Report *draft, int64_t now_ms, Report *out)
{
    *out = *draft; /* the id is filled in, and apply may run again */
    enum err e = report_add(txn, out, now_ms);
    return e ? e : tell_moderators(txn, out, now_ms);
}

/* ---- remote door ---- */

struct flag_state {
    Report report[ACCUSED_MAX];
    size_t n;
};

static Report *report_about(struct flag_state *state, actor_id about, struct arena *arena,
                            size_t post_room)
{
    for (size_t i = 0; i < state->n; i++)
        if (state->report[i].about == about.v)
            return &state->report[i];
    if (state->n == ACCUSED_MAX)
        return NULL;
    Report *report = &state->report[state->n++];
    report__init(report);
    report->about = about.v;
    report->posts = arena_calloc(arena, post_room, sizeof *report->posts);
    report->post_uris = arena_calloc(arena, post_room, sizeof *report->post_uris);
    return report;
}

static void add_post(Report *report, const Post *post, struct arena *arena)
{
    for (size_t i = 0; i < report->n_posts; i++)
        if (report->posts[i] == post->id)
            return;
    report->posts[report->n_posts++] = post->id;
    report->post_uris[report->n_post_uris++] = arena_strdup(arena, post->uri);
}

static bool is_ours(struct txn *txn, actor_id id)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    Account *account;
    return account_get(txn, id, &arena, &account) == OK;
}

/* A post its host may not read is none it could report: so nobody learns what there is. */
static void take_object(struct act *act, struct txn *txn, const char *uri, struct flag_state *state)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4 * 1024 * 1024);
    size_t room = act->activity->objects.n;
    actor_id about;
    post_id id;
    Post *post;
    if (!federation_own_path(act->fed, uri))
        return;
    if (actor_find(txn, uri, &about) == OK) {
        if (is_ours(txn, about))
            report_about(state, about, &act->arena, room);
        return;
    }
    if (post_find(txn, uri, &id) || post_get(txn, id, &arena, &post) || post->boost_of ||
        !audience_may_host_read(txn, post, act->who_host) ||
        !is_ours(txn, (actor_id){post->author}))
        return;
    Report *report = report_about(state, (actor_id){post->author}, &act->arena, room);
    if (report)
        add_post(report, post, &act->arena);
}

static enum err flag_remote_apply(struct txn *txn, struct act *act)
{
    const struct flag_state *state = act->state;
    act->outcome = "reported";
    for (size_t i = 0; i < state->n; i++) {
        Report stored;
        enum err e = store(txn, &state->report[i], act->now_ms, &stored);
        if (e == ERR_LIMIT)
            act->outcome = "ignored: too many of its reports are open";
        else if (e == ERR_EXISTS)
            act->outcome = "reported before";
        else if (e)
            return e;
    }
    return OK;
}

enum act_verdict act_flag_remote(struct act *act, struct txn *txn, struct act_answer *answer,
                                 struct why *why)
{
    const struct as2_activity *activity = act->activity;
    struct flag_state *state = arena_calloc(&act->arena, 1, sizeof *state);
    if (!activity->objects.n) {
        answer->status = 400;
        why_set(why, ERR_INVALID, "Flag without an object");
        return ACT_REJECT;
    }
    for (size_t i = 0; i < activity->objects.n; i++)
        take_object(act, txn, activity->objects.item[i], state);
    if (!state->n) {
        act->outcome = "ignored: reports nobody here";
        return ACT_DONE;
    }
    const char *comment =
        sanitize_line(activity->content ? activity->content : "", COMMENT_MAX, &act->arena);
    for (size_t i = 0; i < state->n; i++) {
        state->report[i].from = act->who.v;
        state->report[i].peer = act->peer.v;
        state->report[i].comment = (char *)comment;
        state->report[i].uri = arena_strdup(&act->arena, activity->id ? activity->id : "");
    }
    act->state = state;
    act->apply = flag_remote_apply;
    return ACT_DONE;
}

/* ---- local doors ---- */

struct report_local {
    struct mutation mutation;
    struct federation *fed;
    const struct report_draft *draft;
    int64_t now_ms;
    uint64_t id;    /* out */
    struct why why; /* out */
};

static enum err take_posts(struct txn *txn, struct report_local *l, struct arena *arena,
                           Report *report)
{
    report->posts = arena_calloc(arena, l->draft->post_count, sizeof *report->posts);
    report->post_uris = arena_calloc(arena, l->draft->post_count, sizeof *report->post_uris);
    for (size_t i = 0; i < l->draft->post_count; i++) {
        Post *post;
        enum err e = post_get(txn, l->draft->posts[i], arena, &post);
        if (!e && !audience_may_read(txn, post, l->draft->from))
            e = ERR_NOTFOUND;
        if (e)
            return e == ERR_NOTFOUND ? why_set(&l->why, e, "there is no such post") : e;
        if (post->author != l->draft->about.v)
            return why_set(&l->why, ERR_INVALID, "the post %s is by somebody else", post->uri);
        add_post(report, post, arena);
    }
    return OK;
}

/* To the inbox of the accused's host, by the node. */
static enum err forward_report(struct txn *txn, struct report_local *l, const Actor *about,
                               const Report *report, struct arena *arena)
{
    AUTO(buf_clear) struct buf json = BUF_INIT(DOCUMENT_MAX_BYTES);
    AUTO(destinations_clear) struct destinations list = {0};
    Actor *instance;
    actor_id id;
    peer_id peer;
    size_t queued;
    if (!about->host[0])
        return why_set(&l->why, ERR_INVALID,
                       "the account is our own: there is nobody to forward to");
    enum err e = policy_admit(txn, l->fed->config, about->host, l->now_ms, &peer, &l->why);
    if (!e)
        e = actor_instance(txn, &id);
    if (!e)
        e = actor_get(txn, id, arena, &instance);
    if (e)
        return e;
    const char *uri = act_new_uri(txn, instance, "reports", l->now_ms, arena);
    const struct flag_document flag = {.id = uri,
                                       .actor = instance->uri,
                                       .about = about->uri,
                                       .posts = report->post_uris,
                                       .post_count = report->n_post_uris,
                                       .comment = report->comment};
    e = document_flag(&flag, &json);
    if (!e)
        e = destinations_add_actor(txn, &list, l->draft->about, arena);
    if (e)
        return e;
    OutJob job = OUT_JOB__INIT;
    job.actor = id.v;
    job.activity_type = (char *)"Flag";
    job.activity_uri = (char *)uri;
    job.visibility = VISIBILITY__PUBLIC; /* names what they have, and says what is wrong with it */
    return destinations_queue(txn, l->fed, &list, buf_bytes(&json), &job, l->now_ms, &queued);
}

static enum err report_local_apply(struct txn *txn, struct mutation *m)
{
    struct report_local *l = container_of(m, struct report_local, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024 * 1024);
    Report draft = REPORT__INIT, report;
    Account *from;
    Actor *about;
    enum err e = account_get(txn, l->draft->from, &arena, &from);
    if (!e)
        e = actor_get(txn, l->draft->about, &arena, &about);
    if (!e)
        e = take_posts(txn, l, &arena, &draft);
    if (e)
        return e;
    draft.from = l->draft->from.v;
    draft.about = l->draft->about.v;
    draft.comment = (char *)sanitize_line(l->draft->comment, COMMENT_MAX, &arena);
    draft.category = l->draft->category;
    draft.rules = (char **)l->draft->rules;
    draft.n_rules = l->draft->rule_count;
    draft.forwarded_ms = l->draft->is_forwarded ? l->now_ms : 0;
    e = store(txn, &draft, l->now_ms, &report);
    l->id = report.id;
    return e || !l->draft->is_forwarded ? e : forward_report(txn, l, about, &report, &arena);
}

enum err act_report_local(struct federation *fed, const struct report_draft *draft,
                          const struct by *by, uint64_t *out, struct why *why)
{
    struct report_local l = {.mutation = {.apply = report_local_apply},
                             .fed = fed,
                             .draft = draft,
                             .now_ms = clock_ms()};
    char object[32];
    if (draft->from.v == draft->about.v)
        return why_set(why, ERR_INVALID, "nobody can report themselves");
    if (draft->post_count > REPORT_POSTS_MAX)
        return why_set(why, ERR_INVALID, "more than %d posts", REPORT_POSTS_MAX);
    if (!utf8_check(bytes_of(draft->comment)) ||
        (!*draft->comment && !draft->category && !draft->post_count))
        return why_set(why, ERR_INVALID, "say what is wrong, in UTF-8");
    for (size_t i = 0; i < draft->rule_count; i++)
        if (!*draft->rules[i] || strlen(draft->rules[i]) > RULE_MAX_BYTES ||
            !utf8_check(bytes_of(draft->rules[i])))
            return why_set(why, ERR_INVALID, "there is no such rule");
    snprintf(object, sizeof object, "actor %llu", (unsigned long long)draft->about.v);
    enum err e = act_run(fed, &l.mutation, by, "report.create", object);
    if (e && l.why.text[0])
        return why_set(why, e, "%s", l.why.text);
    if (e == ERR_EXISTS)
        return why_set(why, e, "that was reported already, and is open");
    if (e == ERR_LIMIT)
        return why_set(why, e, "too many reports are open");
    if (e)
        return why_set(why, e, "the report was not stored: %s", err_name(e));
    *out = l.id;
    return OK;
}

struct resolve_local {
    struct mutation mutation;
    uint64_t report;
    const char *who;
    int64_t now_ms;
};

static enum err resolve_apply(struct txn *txn, struct mutation *m)
{
    struct resolve_local *l = container_of(m, struct resolve_local, mutation);
    return report_resolve(txn, l->report, l->who, l->now_ms);
}

enum err act_report_resolve(struct federation *fed, uint64_t report, enum act_report_end end,
                            const struct by *by, struct why *why)
{
    bool is_resolved = end == ACT_REPORT_RESOLVED;
    struct resolve_local l = {
        {.apply = resolve_apply}, report, is_resolved ? by->who : "", clock_ms()};
    char object[32];
    snprintf(object, sizeof object, "report %llu", (unsigned long long)report);
    enum err e =
        act_run(fed, &l.mutation, by, is_resolved ? "report.resolve" : "report.reopen", object);
    if (e == ERR_NOTFOUND)
        return why_set(why, e, "there is no such report");
    if (e == ERR_EXISTS)
        return why_set(why, e, "that is so already");
    return e ? why_set(why, e, "the store refused: %s", err_name(e)) : OK;
}
