/*
 * react - an emoji under a post, one for each actor: the last one stands. An actor may like the
 * post beside it.
 */
#include "federation/act/react.h"

#include "federation/consent.h"
#include "federation/emoji.h"
#include "storage/base/clock.h"

#include <stdio.h>
#include <string.h>

#define REACT_ARENA_BYTES ((size_t)2 * 1024 * 1024)

const char *act_reaction_of(const struct as2_activity *activity, struct arena *arena)
{
    const char *content = activity->content;
    if (!content ||
        (strcmp(activity->type, "Like") != 0 && strcmp(activity->type, "EmojiReact") != 0))
        return NULL;
    if (emoji_is_unicode(content))
        return content;
    const char *shortcode = *content == ':' ? emoji_shortcode(content, arena) : NULL;
    return shortcode ? arena_printf(arena, ":%s:", shortcode) : NULL;
}

bool act_reaction_is(struct txn *txn, struct edge_key key, const struct as2_activity *activity)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(REACT_ARENA_BYTES);
    const char *emoji = act_reaction_of(activity, &arena);
    Edge *edge;
    return emoji && edge_get(txn, key, &arena, &edge) == OK && strcmp(edge->content, emoji) == 0;
}

/* ---- remote door ---- */

struct react_state {
    post_id post;
    const char *emoji, *icon;
    int64_t at_ms; /* when they say they did it: the later one stands, whichever comes first */
};

static enum err tell_author(struct txn *txn, const Actor *author, actor_id who, post_id post,
                            const char *emoji, int64_t now_ms)
{
    return act_notify_text(txn, author, NOTIFICATION_TYPE__REACTION, who, post, emoji, now_ms);
}

static enum err react_store(struct txn *txn, struct act *act, const Actor *author)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(REACT_ARENA_BYTES);
    const struct react_state *state = act->state;
    struct edge_key key = {EDGE_REACTION, act->who.v, state->post.v};
    Edge edge = EDGE__INIT, *before;
    enum err e = edge_get(txn, key, &arena, &before);
    if (e && e != ERR_NOTFOUND)
        return e;
    if (!e && (before->created_ms > state->at_ms || strcmp(before->content, state->emoji) == 0)) {
        act->outcome = "reacted before";
        return OK;
    }
    edge.uri = (char *)(act->activity->id ? act->activity->id : "");
    edge.created_ms = state->at_ms;
    edge.content = (char *)state->emoji;
    edge.icon_url = (char *)state->icon;
    act->outcome = "reacted";
    e = edge_put(txn, key, &edge);
    return e ? e : tell_author(txn, author, act->who, state->post, state->emoji, act->now_ms);
}

static enum err react_remote_apply(struct txn *txn, struct act *act)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(REACT_ARENA_BYTES);
    const struct react_state *state = act->state;
    Post *post;
    Actor *author;
    enum err e = post_get(txn, state->post, &arena, &post);
    if (e == ERR_NOTFOUND || act_is_undone(txn, act)) {
        act->outcome = "ignored: deleted or undone before it came";
        return OK;
    }
    if (!e)
        e = actor_get(txn, (actor_id){post->author}, &arena, &author);
    return e ? e : react_store(txn, act, author);
}

/* A custom emoji comes with its image, which is named here and fetched by nobody. */
static const char *icon_of(const struct act *act, const char *emoji)
{
    enum uri_allow allow = act->fed->config->insecure_http ? URI_HTTP_TOO : URI_HTTPS_ONLY;
    const char *icon = act->activity->icon;
    return *emoji == ':' && icon && uri_check(icon, allow, NULL) == OK ? icon : "";
}

enum act_verdict act_react_remote(struct act *act, struct txn *txn, struct act_answer *answer,
                                  struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(REACT_ARENA_BYTES);
    struct react_state *state = arena_alloc(&act->arena, sizeof *state);
    const struct as2_activity *activity = act->activity;
    Post *post;

    state->emoji = act_reaction_of(activity, &act->arena);
    state->icon = state->emoji ? icon_of(act, state->emoji) : "";
    if (!state->emoji || (*state->emoji == ':' && !*state->icon))
        return act_like_plain(act, txn, answer, why);
    if (!activity->object_id) {
        answer->status = 400;
        why_set(why, ERR_INVALID, "%s without an object", activity->type);
        return ACT_REJECT;
    }
    if (act_need_post(act, txn, activity->object_id, answer, &state->post) == ACT_NEEDS)
        return ACT_NEEDS;
    if (!state->post.v)
        return ACT_DONE;
    if (post_get(txn, state->post, &arena, &post) || !audience_may_read(txn, post, act->who)) {
        act->outcome = "ignored: reacts to a post it may not read";
        return ACT_DONE;
    }
    if (post->is_local && consent_judge(txn, post, CONSENT_LIKE, act->who) != CONSENT_YES) {
        act->outcome = "ignored: its author does not want it liked by them";
        return ACT_DONE;
    }
    bool is_past = activity->published_ms > 0 && activity->published_ms < act->now_ms;
    state->at_ms = is_past ? activity->published_ms : act->now_ms;
    act->state = state;
    act->apply = react_remote_apply;
    return ACT_DONE;
}

/* ---- local doors ---- */

struct react_local {
    struct mutation mutation;
    struct federation *fed;
    actor_id who;
    post_id post;
    const char *emoji; /* NULL: taken back */
    int64_t now_ms;
};

static enum err get_both(struct txn *txn, const struct react_local *react, struct arena *arena,
                         Actor **who, Post **post, Actor **author)
{
    enum err e = actor_get(txn, react->who, arena, who);
    if (!e)
        e = post_get(txn, react->post, arena, post);
    if (!e && (*post)->boost_of)
        e = post_get(txn, (post_id){(*post)->boost_of}, arena, post);
    if (!e && !audience_may_read(txn, *post, react->who))
        e = ERR_NOTFOUND; /* private means: it does not exist */
    return e ? e : actor_get(txn, (actor_id){(*post)->author}, arena, author);
}

static enum err queue(struct txn *txn, const struct react_local *react, const Post *post,
                      const Actor *author, const struct plain_activity *activity)
{
    return act_queue_plain(txn, react->fed, activity, react->who, (actor_id){author->id}, post->id,
                           react->now_ms);
}

/* The picture that the reaction was sent with; NULL: it is a character. */
static const Emoji *custom_of(const Edge *edge, struct arena *arena)
{
    Emoji *emoji = edge->icon_url[0] ? arena_alloc(arena, sizeof *emoji) : NULL;
    if (!emoji)
        return NULL;
    emoji__init(emoji);
    emoji->shortcode = (char *)emoji_shortcode(edge->content, arena);
    emoji->url = edge->icon_url;
    return emoji->shortcode ? emoji : NULL;
}

/* Takes the reaction that stands back, at the author too. */
static enum err take_back(struct txn *txn, const struct react_local *react, const Actor *who,
                          const Post *post, const Actor *author, const Edge *edge)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(REACT_ARENA_BYTES);
    enum err e = edge_del(txn, (struct edge_key){EDGE_REACTION, who->id, post->id});
    if (e || !author->host[0])
        return e;
    struct plain_activity inner = {.id = edge->uri,
                                   .type = "EmojiReact",
                                   .actor = who->uri,
                                   .object = post->uri,
                                   .content = edge->content,
                                   .emoji = custom_of(edge, &arena)};
    struct plain_activity undo = {.id = act_new_uri(txn, who, "undos", react->now_ms, &arena),
                                  .type = "Undo",
                                  .actor = who->uri,
                                  .inner = &inner,
                                  .to = author->uri};
    return queue(txn, react, post, author, &undo);
}

/* What :shortcode: is here, in `edge` too; *out NULL for a character. ERR_INVALID: nothing. */
static enum err find_custom(struct txn *txn, const struct react_local *react, struct arena *arena,
                            Edge *edge, Emoji **out)
{
    *out = NULL;
    if (*react->emoji != ':')
        return OK;
    const char *shortcode = emoji_shortcode(react->emoji, arena);
    bool is_ours = shortcode && !strchr(react->emoji, '@'); /* ":pill@elsewhere:" is another's */
    enum err e = is_ours ? act_emoji_get(txn, react->fed, shortcode, arena, out) : ERR_NOTFOUND;
    if (!e)
        edge->icon_url = (*out)->url;
    return e == ERR_NOTFOUND ? ERR_INVALID : e;
}

static enum err react_local_apply(struct txn *txn, struct mutation *m)
{
    struct react_local *react = container_of(m, struct react_local, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(REACT_ARENA_BYTES);
    Actor *who, *author;
    Post *post;
    Edge edge = EDGE__INIT, *before = NULL;
    Emoji *custom = NULL;
    enum err e = get_both(txn, react, &arena, &who, &post, &author);
    if (!e && react->emoji && consent_judge(txn, post, CONSENT_LIKE, react->who) != CONSENT_YES)
        e = ERR_DENIED;
    if (!e && react->emoji)
        e = find_custom(txn, react, &arena, &edge, &custom);
    if (e)
        return e;
    struct edge_key key = {EDGE_REACTION, who->id, post->id};
    e = edge_get(txn, key, &arena, &before);
    if (!e && react->emoji && strcmp(before->content, react->emoji) == 0)
        return ERR_EXISTS;
    if (!e)
        e = take_back(txn, react, who, post, author, before);
    else if (e == ERR_NOTFOUND && react->emoji)
        e = OK;
    if (e || !react->emoji)
        return e;

    edge.created_ms = react->now_ms;
    edge.content = (char *)react->emoji;
    edge.uri = (char *)act_new_uri(txn, who, "reactions", react->now_ms, &arena);
    e = edge.uri ? edge_add(txn, key, &edge) : ERR_STORE;
    if (!e)
        e = tell_author(txn, author, react->who, (post_id){post->id}, react->emoji, react->now_ms);
    if (e || !author->host[0])
        return e;
    struct plain_activity activity = {.id = edge.uri,
                                      .type = "EmojiReact",
                                      .actor = who->uri,
                                      .object = post->uri,
                                      .content = react->emoji,
                                      .emoji = custom,
                                      .to = author->uri};
    return queue(txn, react, post, author, &activity);
}

static enum err run_react(struct react_local *react, const char *name, const struct by *by,
                          struct why *why)
{
    char object[32];
    snprintf(object, sizeof object, "post %llu", (unsigned long long)react->post.v);
    enum err e = act_run(react->fed, &react->mutation, by, name, object);
    if (e == ERR_NOTFOUND)
        return why_set(why, e, "there is no such post, or no reaction to it to take back");
    if (e == ERR_EXISTS)
        return why_set(why, e, "that is the reaction already");
    if (e == ERR_DENIED)
        return why_set(why, e, "its author does not want it liked");
    if (e == ERR_INVALID)
        return why_set(why, e, "there is no %.70s here; \"ward emoji list\" shows ours",
                       react->emoji);
    return e ? why_set(why, e, "the store refused: %s", err_name(e)) : OK;
}

enum err act_react_local(struct federation *fed, actor_id who, post_id post, const char *emoji,
                         const struct by *by, struct why *why)
{
    struct react_local react = {{.apply = react_local_apply}, fed, who, post, emoji, clock_ms()};
    if (*emoji != ':' && !emoji_is_unicode(emoji))
        return why_set(why, ERR_INVALID, "\"%.40s\" is not one emoji", emoji);
    return run_react(&react, "reaction.create", by, why);
}

enum err act_unreact_local(struct federation *fed, actor_id who, post_id post, const struct by *by,
                           struct why *why)
{
    struct react_local react = {{.apply = react_local_apply}, fed, who, post, NULL, clock_ms()};
    return run_react(&react, "reaction.delete", by, why);
}
