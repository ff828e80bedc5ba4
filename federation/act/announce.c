/*
 * announce - what a group elsewhere hands on to its members here: an Announce of an activity
 * (FEP-1b12), or of a post that names the group. Neither is a boost: the post is in the group.
 *
 * A group's own word counts for one thing, what is in it and who is a member: it may take any post
 * out of itself and anyone of ours. What others said is believed as anywhere else: by their proof,
 * or when their origin says so (forwarded.h), or, since a host speaks for its own people, when the
 * group lives where they do. Votes of people nobody here ever heard of are passed over: they are
 * not worth a fetch each.
 *
 * Source   FEP-1b12; join-lemmy.org "Federation"; threats T46, T47, T86
 */
#include "federation/act/group.h"

#include "federation/forwarded.h"

#include <string.h>

struct announced {
    const struct as2_activity *inner;
    enum err (*apply)(struct txn *txn, struct act *act); /* of the inner activity; NULL: none */
    void *state;
    actor_id author; /* who did it; 0: not believed, or not needed */
    const char *author_host;
    bool is_in_named;            /* the believed activity says it is for the group */
    const char *enters, *leaves; /* URIs of posts */
    actor_id removed;            /* one of ours */
};

struct matter {
    struct act *act;
    struct txn *txn;
    struct act_answer *answer;
    const Actor *group;
    struct announced *announced;
};

static enum act_verdict ignore(struct matter *m, const char *outcome)
{
    m->act->outcome = outcome;
    m->act->apply = NULL;
    return ACT_DONE;
}

static bool is_type(const struct as2_activity *activity, const char *type)
{
    return strcmp(activity->type, type) == 0;
}

static bool is_known(struct matter *m, const char *uri, actor_id *out)
{
    return uri && actor_find(m->txn, uri, out) == OK;
}

/* ---- believing ---- */

enum belief { BELIEVED, HEARSAY, REFUSED, NEEDS };

static enum belief believe_neighbour(struct matter *m, const char *actor)
{
    if (is_known(m, actor, &m->announced->author))
        return BELIEVED;
    m->answer->needs = actor;
    m->answer->needs_kind = WANT_KIND__ACTOR_DOCUMENT;
    return NEEDS;
}

/* Did `inner->actor` do this? HEARSAY: nobody knows, but what the object's origin says is here. */
static enum belief believe(struct matter *m, struct why *why)
{
    struct act *act = m->act;
    struct announced *a = m->announced;
    char host[URI_HOST_BYTES];
    if (!a->inner->actor || uri_host(a->inner->actor, host))
        return REFUSED;
    a->author_host = arena_strdup(&act->arena, host);
    if (strcmp(host, act->fed->config->host) == 0)
        return HEARSAY; /* what ours said is in the store */
    if (a->inner->id && !uri_same_host(a->inner->id, a->inner->actor))
        return REFUSED; /* a name that is another's to give */
    if (strcmp(host, act->who_host) == 0)
        return believe_neighbour(m, a->inner->actor);
    const struct forwarded question = {.activity = a->inner,
                                       .json = act->activity->inner_json,
                                       .by_host = act->who_host,
                                       .fetched = act->fetched,
                                       .now_ms = act->now_ms};
    struct forwarded_answer answer;
    switch (forwarded_judge(act->fed, m->txn, &question, &act->arena, &answer, why)) {
    case FORWARDED_PROVED:
        a->author = answer.who;
        return BELIEVED;
    case FORWARDED_NEEDS:
        m->answer->needs = answer.needs;
        m->answer->needs_kind = answer.needs_kind;
        return NEEDS;
    case FORWARDED_FETCHED:
        return HEARSAY;
    default:
        return REFUSED;
    }
}

/* ---- doing ---- */

/* Lets `act` be the inner activity while `door` or an apply looks at it. */
static void step_in(struct act *act, const struct announced *a)
{
    act->activity = a->inner;
    act->who = a->author;
    act->who_host = a->author_host;
}

struct outside {
    const struct as2_activity *activity;
    actor_id who;
    const char *who_host;
};

static struct outside outside_of(const struct act *act)
{
    return (struct outside){act->activity, act->who, act->who_host};
}

static void step_out(struct act *act, const struct outside *outside)
{
    act->activity = outside->activity;
    act->who = outside->who;
    act->who_host = outside->who_host;
}

static enum err enter(struct txn *txn, const struct announced *a, const Actor *group)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4 * 1024 * 1024);
    Post *post, *parent;
    post_id id;
    enum err e = post_find(txn, a->enters, &id);
    if (!e)
        e = post_get(txn, id, &arena, &post);
    if (e)
        return e == ERR_NOTFOUND ? OK : e;
    bool is_for_it = post->visibility == VISIBILITY__PUBLIC ||
                     post->visibility == VISIBILITY__UNLISTED || post->audience_of == group->id;
    bool is_named =
        a->is_in_named || group_is_named(post, group) ||
        (post->in_reply_to && post_get(txn, (post_id){post->in_reply_to}, &arena, &parent) == OK &&
         parent->group == group->id);
    if (!is_for_it || !is_named || post->boost_of)
        return OK;
    e = group_enter(txn, id, group);
    return e == ERR_EXISTS || e == ERR_DENIED ? OK : e;
}

static enum err leave(struct txn *txn, const struct act *act, const char *uri, const Actor *group)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4 * 1024 * 1024);
    Post *post = NULL;
    post_id id;
    enum err e = post_find(txn, uri, &id);
    if (!e)
        e = post_get(txn, id, &arena, &post);
    if (e && e != ERR_NOTFOUND)
        return e;
    bool is_ours = post && post->is_local && post->group == group->id;
    e = group_expel(txn, uri, group, act->now_ms);
    if (e || !is_ours)
        return e == ERR_EXISTS ? OK : e;
    return act_group_notify(txn, (actor_id){post->author}, group, id, "taken out of the group",
                            act->now_ms);
}

/* A group that removes one of ours: as its Reject of their follow would. */
static enum err remove_ours(struct txn *txn, const struct act *act, actor_id whom,
                            const Actor *group)
{
    struct edge_key follow = {EDGE_FOLLOW, whom.v, group->id};
    enum err e = edge_del(txn, follow);
    if (e == ERR_NOTFOUND)
        return OK;
    return e ? e
             : act_group_notify(txn, whom, group, (post_id){0}, "removed from the group",
                                act->now_ms);
}

static enum err announced_apply(struct txn *txn, struct act *act)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    struct announced *a = act->state;
    struct outside outside = outside_of(act);
    Actor *group;
    enum err e = actor_get(txn, act->who, &arena, &group);
    if (!e && a->enters && group_is_expelled(txn, a->enters, group)) {
        act->outcome = "ignored: taken out of the group before it came";
        return OK;
    }
    if (!e && a->apply) {
        step_in(act, a);
        act->state = a->state;
        e = a->apply(txn, act);
        act->state = a;
        step_out(act, &outside);
    }
    if (!e && a->enters)
        e = enter(txn, a, group);
    if (!e && a->leaves)
        e = leave(txn, act, a->leaves, group);
    if (!e && a->removed.v)
        e = remove_ours(txn, act, a->removed, group);
    return e;
}

/* The inner activity's own door, as if its actor had sent it here. */
static enum act_verdict ask_door(struct matter *m, act_remote *door, struct why *why)
{
    struct act *act = m->act;
    struct outside outside = outside_of(act);
    step_in(act, m->announced);
    enum act_verdict verdict = door(act, m->txn, m->answer, why);
    step_out(act, &outside);
    m->announced->apply = act->apply;
    m->announced->state = act->state;
    return verdict;
}

static enum act_verdict take(struct matter *m, const char *outcome)
{
    m->act->state = m->announced;
    m->act->apply = announced_apply;
    if (!m->act->outcome)
        m->act->outcome = outcome;
    return ACT_DONE;
}

/* ---- by type ---- */

/* What is for others than everyone or the group is not the group's to show (T47). */
static bool is_for_group(struct matter *m, const struct as2_note *note)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    Actor *author;
    if (actor_get(m->txn, m->announced->author, &arena, &author))
        return false;
    struct audience audience = audience_of_note(m->txn, note, author);
    return audience.visibility == VISIBILITY__PUBLIC ||
           audience.visibility == VISIBILITY__UNLISTED ||
           (audience.visibility == VISIBILITY__FOLLOWERS && audience.of.v == m->group->id);
}

static enum act_verdict announced_post(struct matter *m, struct why *why)
{
    struct announced *a = m->announced;
    const struct as2_activity *inner = a->inner;
    if (!inner->object_id)
        return ignore(m, "ignored: announces a post without an id");
    switch (believe(m, why)) {
    case NEEDS:
        return ACT_NEEDS;
    case REFUSED:
        return ignore(m, "ignored: announces what cannot be believed");
    case HEARSAY:
        a->enters = inner->object_id;
        return take(m, "announced");
    case BELIEVED:
        break;
    }
    if (inner->note && !is_for_group(m, inner->note))
        return ignore(m, "ignored: announces a post that is for others");
    a->is_in_named = inner->note && (as2_list_has(&inner->note->audience, m->group->uri) ||
                                     as2_list_has(&inner->note->to, m->group->uri) ||
                                     as2_list_has(&inner->note->cc, m->group->uri));
    enum act_verdict verdict =
        ask_door(m, is_type(inner, "Create") ? act_post_remote : act_edit_remote, why);
    if (verdict == ACT_REJECT)
        return ignore(m, "ignored: announces what its author may not say");
    a->enters = inner->object_id;
    return verdict == ACT_NEEDS ? verdict : take(m, "announced");
}

/* By its author it is deleted; by anyone else, or unproved, it leaves the group. */
static enum act_verdict announced_delete(struct matter *m, struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4 * 1024 * 1024);
    struct announced *a = m->announced;
    const struct as2_activity *inner = a->inner;
    Post *post = NULL;
    post_id id;
    if (!inner->object_id || (inner->actor && strcmp(inner->object_id, inner->actor) == 0))
        return ignore(m, "ignored: announces the end of an actor");
    if (post_find(m->txn, inner->object_id, &id) == OK && post_get(m->txn, id, &arena, &post) != OK)
        post = NULL;
    bool is_believed = believe(m, why) == BELIEVED;
    m->answer->needs = NULL; /* what cannot be believed at once is not asked for */
    bool is_theirs = post ? post->author == a->author.v
                          : inner->actor && uri_same_host(inner->object_id, inner->actor);
    if (is_believed && is_theirs && ask_door(m, act_delete_remote, why) != ACT_DONE)
        a->apply = NULL;
    a->leaves = inner->object_id;
    return take(m, "taken out of the group");
}

static enum act_verdict announced_mark(struct matter *m, act_remote *door, struct why *why)
{
    actor_id known;
    if (!is_known(m, m->announced->inner->actor, &known))
        return ignore(m, "ignored: announces what somebody unknown did");
    switch (believe(m, why)) {
    case NEEDS:
        return ACT_NEEDS;
    case BELIEVED:
        break;
    default:
        return ignore(m, "ignored: announces what cannot be believed");
    }
    enum act_verdict verdict = ask_door(m, door, why);
    if (verdict == ACT_REJECT)
        return ignore(m, "ignored: announces what makes no sense");
    return verdict == ACT_NEEDS ? verdict : take(m, "announced");
}

/* Out of the group itself or its followers; `featured` and `moderators` are others' concern. */
static bool is_out_of_group(struct matter *m)
{
    const char *target = m->announced->inner->target;
    return target &&
           (strcmp(target, m->group->uri) == 0 || strcmp(target, m->group->followers) == 0);
}

static enum act_verdict announced_removal(struct matter *m)
{
    struct announced *a = m->announced;
    actor_id whom;
    if (!is_out_of_group(m) || !a->inner->object_id)
        return ignore(m, "ignored: removes nothing that is kept here");
    if (is_known(m, a->inner->object_id, &whom))
        a->removed = whom;
    else
        a->leaves = a->inner->object_id;
    return take(m, "removed from the group");
}

enum act_verdict act_announced_remote(struct act *act, struct txn *txn, struct act_answer *answer,
                                      struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    struct announced *announced = arena_calloc(&act->arena, 1, sizeof *announced);
    struct matter m = {.act = act, .txn = txn, .answer = answer, .announced = announced};
    const struct as2_activity *inner = act->activity->inner;
    Actor *group;
    if (!announced || !inner || actor_get(txn, act->who, &arena, &group) ||
        group->type != ACTOR_TYPE__GROUP || !group_is_wanted(txn, act->who))
        return ignore(&m, "ignored: announces an activity, and is no group followed here");
    m.group = group;
    announced->inner = inner;
    if (is_type(inner, "Create") || is_type(inner, "Update"))
        return announced_post(&m, why);
    if (is_type(inner, "Delete"))
        return announced_delete(&m, why);
    if (is_type(inner, "Like"))
        return announced_mark(&m, act_like_remote, why);
    if (is_type(inner, "Undo"))
        return announced_mark(&m, act_undo_remote, why);
    if (is_type(inner, "Block") || is_type(inner, "Remove"))
        return announced_removal(&m);
    return ignore(&m, "ignored: announces a type we do not act on");
}

enum act_verdict act_announced_post(struct act *act)
{
    struct announced *announced = arena_calloc(&act->arena, 1, sizeof *announced);
    struct matter m = {.act = act, .announced = announced};
    if (!announced)
        return ignore(&m, "ignored: too large");
    announced->enters = act->activity->object_id;
    return take(&m, "announced");
}
