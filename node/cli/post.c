#include "storage/post.h"

#include "federation/act/act.h"
#include "federation/resolve.h"
#include "node/cli/approval.h"
#include "node/cli/attach.h"
#include "node/cli/mark.h"
#include "node/cli/nouns.h"
#include "node/cli/store.h"
#include "node/config_value.h"
#include "storage/base/clock.h"

#include <string.h>

#define RECIPIENTS_MAX 256

static const struct {
    const char *name;
    Visibility visibility;
} visibilities[] = {
    {"public", VISIBILITY__PUBLIC},       {"unlisted", VISIBILITY__UNLISTED},
    {"followers", VISIBILITY__FOLLOWERS}, {"direct", VISIBILITY__DIRECT},
    {"local", VISIBILITY__LOCAL},
};

static enum err parse_visibility(const char *text, Visibility *out, struct why *why)
{
    for (size_t i = 0; i < COUNT(visibilities); i++)
        if (!strcmp(visibilities[i].name, text)) {
            *out = visibilities[i].visibility;
            return OK;
        }
    return why_set(why, ERR_INVALID,
                   "--visibility \"%.40s\" is none of public, unlisted, followers, direct, local",
                   text);
}

static enum err read_post(struct cli_store *store, post_id id, Post **out)
{
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = engine_read_begin(store->engine, &txn);
    return e ? e : post_get(txn, id, &store->arena, out);
}

/* Prints what a person or a script needs of a post of ours: its URI. */
static enum err report(struct cli *cli, struct cli_store *store, post_id id, const char *state,
                       struct why *why)
{
    Post *post = NULL;
    if (!cli->is_dry_run) {
        enum err e = read_post(store, id, &post);
        if (e)
            return cli_failed(e, "post", why);
    }
    if (!cli->is_json) {
        fprintf(cli->out, "%s\n", post ? post->uri : "(not stored)");
        return OK;
    }
    output_begin(&cli->output, OUTPUT_THING);
    output_id(&cli->output, "id", post ? id.v : 0);
    output_str(&cli->output, "uri", post ? post->uri : NULL);
    output_str(&cli->output, "state", state);
    output_end(&cli->output);
    return OK;
}

/* ---- post, edit, delete --------------------------------------------------------------------- */

static enum err read_text(struct cli *cli, size_t argument, struct buf *text, struct why *why)
{
    enum err e = cli_read_text(cli->argument[argument], text, why);
    if (!e && text->n == 0)
        return why_set(why, ERR_INVALID, "the text is empty");
    return e;
}

/* Every value of an option that may repeat; CLI_OPTIONS_MAX bounds them. */
static size_t all_of(const struct cli *cli, const char *name, const char **out)
{
    size_t n = 0;
    for (size_t i = 0; i < cli->options; i++)
        if (!strcmp(cli->option[i].name, name))
            out[n++] = cli->option[i].value;
    return n;
}

static enum err poll_from(struct cli *cli, struct cli_store *store, struct post_draft *draft,
                          struct why *why)
{
    const char **options = arena_calloc(&store->arena, CLI_OPTIONS_MAX, sizeof *options);
    const char *ends = cli_option(cli, "poll-ends");
    int64_t open_ms;
    draft->options = options;
    draft->option_count = all_of(cli, "poll", options);
    draft->is_multiple = cli_option(cli, "poll-multiple") != NULL;
    if (!ends)
        return OK;
    enum err e = config_value_time(ends, &open_ms, why);
    if (e || open_ms <= 0)
        return why_set(why, ERR_INVALID, "--poll-ends \"%.40s\" is no time; write for example 3d",
                       ends);
    draft->poll_ends_ms = clock_ms() + open_ms;
    return OK;
}

/* LANGUAGE=TEXT, each. */
static enum err translations_from(struct cli *cli, struct cli_store *store,
                                  struct post_draft *draft, struct why *why)
{
    const char **typed = arena_calloc(&store->arena, CLI_OPTIONS_MAX, sizeof *typed);
    size_t n = all_of(cli, "translation", typed);
    struct post_translation *list = arena_calloc(&store->arena, n + 1, sizeof *list);
    for (size_t i = 0; i < n; i++) {
        const char *equals = strchr(typed[i], '=');
        if (!equals)
            return why_set(why, ERR_INVALID, "--translation \"%.40s\": write LANGUAGE=TEXT",
                           typed[i]);
        list[i].language = arena_strndup(&store->arena, typed[i], (size_t)(equals - typed[i]));
        list[i].source = equals + 1;
    }
    draft->translations = list;
    draft->translation_count = n;
    return OK;
}

static enum err draft_from(struct cli *cli, struct cli_store *store, struct post_draft *draft,
                           struct why *why)
{
    static const struct approval_options names = {"reply", "boost", "quote-policy"};
    const char *reply_to = cli_option(cli, "reply-to"), *group = cli_option(cli, "group");
    const char *quote = cli_option(cli, "quote");
    const char **to = arena_calloc(&store->arena, RECIPIENTS_MAX, sizeof *to);
    draft->to = to;
    draft->to_count = all_of(cli, "to", to);
    enum err e = poll_from(cli, store, draft, why);
    if (!e)
        e = translations_from(cli, store, draft, why);
    if (e)
        return e;
    draft->summary = cli_option(cli, "cw");
    draft->language = cli_option(cli, "lang");
    e = parse_visibility(cli_option_or(cli, "visibility", "public"), &draft->visibility, why);
    if (!e)
        e = cli_find_account(store, cli->argument[0], &draft->author, why);
    if (!e && reply_to)
        e = resolve_post(&store->fed, reply_to, &draft->in_reply_to, why);
    if (!e && group)
        e = resolve_actor(&store->fed, group, &draft->group, why);
    if (!e && quote)
        e = resolve_post(&store->fed, quote, &draft->quote_of, why);
    InteractionPolicy *policy = NULL;
    if (!e)
        e = cli_policy(cli, store, &names, &policy, why);
    draft->policy = policy;
    return e;
}

static enum err cli_post(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    AUTO(buf_clear) struct buf text = BUF_INIT(0);
    struct post_draft draft = {0};
    post_id id;
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = read_text(cli, 1, &text, why);
    if (!e)
        e = draft_from(cli, &store, &draft, why);
    if (e)
        return e;
    draft.source = buf_text(&text);
    e = cli_attach(cli, &store, &draft, why);
    if (e)
        return e;
    e = act_post_local(&store.fed, &draft, resolve_actor, &store.by, &id, why);
    if (e || cli->is_dry_run)
        cli_detach(&store, &draft);
    return e ? e : report(cli, &store, id, "posted", why);
}

/* A post of ours by id or URI, and its author. */
static enum err find_own(struct cli_store *store, const char *text, post_id *out, actor_id *author,
                         struct why *why)
{
    Post *post;
    enum err e = cli_find_post(store, text, out, why);
    if (!e)
        e = cli_failed(read_post(store, *out, &post), text, why);
    if (!e && !post->is_local)
        return why_set(why, ERR_DENIED, "%.120s was written elsewhere; only its author may do that",
                       text);
    if (!e)
        author->v = post->author;
    return e;
}

static enum err cli_edit(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    AUTO(buf_clear) struct buf text = BUF_INIT(0);
    actor_id who;
    post_id id;
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = read_text(cli, 1, &text, why);
    if (!e)
        e = find_own(&store, cli->argument[0], &id, &who, why);
    if (!e)
        e = act_edit_local(&store.fed, who, id, buf_text(&text), cli_option(cli, "cw"),
                           resolve_actor, &store.by, why);
    return e ? e : report(cli, &store, id, "edited", why);
}

static enum err cli_delete(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    actor_id who;
    post_id id;
    enum err e = cli_confirm(cli, "delete this post here and on every node that has it", why);
    if (!e)
        e = cli_store_open(cli, &store, why);
    if (!e)
        e = find_own(&store, cli->argument[0], &id, &who, why);
    if (!e)
        e = act_delete_local(&store.fed, who, id, &store.by, why);
    if (e)
        return e;
    output_begin(&cli->output, OUTPUT_THING);
    output_id(&cli->output, "id", id.v);
    output_str(&cli->output, "state", "deleted");
    output_end(&cli->output);
    return OK;
}

/* ---- like, boost and back ------------------------------------------------------------------- */

static enum err boost_act(struct federation *fed, actor_id who, post_id post, const struct by *by,
                          struct why *why)
{
    post_id boost;
    return act_boost_local(fed, who, post, by, &boost, why);
}

enum err cli_mark(struct cli *cli, mark_act *act, const char *state, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    actor_id who;
    post_id id;
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_find_account(&store, cli->argument[0], &who, why);
    if (!e)
        e = resolve_post(&store.fed, cli->argument[1], &id, why);
    if (!e)
        e = act(&store.fed, who, id, &store.by, why);
    if (e && e != ERR_EXISTS) /* already so is done */
        return e;
    output_begin(&cli->output, OUTPUT_THING);
    output_str(&cli->output, "account", cli->argument[0]);
    output_id(&cli->output, "id", id.v);
    output_str(&cli->output, "state", state);
    output_end(&cli->output);
    return OK;
}

static enum err cli_like(struct cli *cli, struct why *why)
{
    return cli_mark(cli, act_like_local, "liked", why);
}

static enum err cli_unlike(struct cli *cli, struct why *why)
{
    return cli_mark(cli, act_unlike_local, "not liked", why);
}

static enum err cli_boost(struct cli *cli, struct why *why)
{
    return cli_mark(cli, boost_act, "boosted", why);
}

static enum err cli_unboost(struct cli *cli, struct why *why)
{
    return cli_mark(cli, act_unboost_local, "not boosted", why);
}

static enum err cli_pin(struct cli *cli, struct why *why)
{
    return cli_mark(cli, act_pin_local, "pinned", why);
}

static enum err cli_unpin(struct cli *cli, struct why *why)
{
    return cli_mark(cli, act_unpin_local, "not pinned", why);
}

/* ---- the tables ----------------------------------------------------------------------------- */

static const struct cli_option post_options[] = {
    {"visibility", "public|unlisted|followers|direct|local", "who may read it (public)"},
    {"to", "ACCT", "address someone the text does not mention; may be repeated", true},
    {"reply-to", "POST", "the post this answers, by id or URI"},
    {"group", "GROUP", "post it to this group, here or elsewhere"},
    {"quote", "POST", "the post this quotes, by id or URI; its author is asked"},
    {"reply", APPROVAL_WHOM, "who may reply"},
    {"boost", APPROVAL_WHOM, "who may boost it"},
    {"quote-policy", APPROVAL_WHOM, "who may quote it"},
    {"cw", "TEXT", "content warning"},
    {"lang", "CODE", "language of the text (BCP 47)"},
    {"media", "FILE", "attach a picture (JPEG, PNG, WebP, GIF); may be repeated", true},
    {"alt", "TEXT", "what the picture before it shows, in words", true},
    {"focus", "X,Y", "the point of the picture before it that crops keep (-1 to 1)", true},
    {"translation", "LANGUAGE=TEXT", "the text in another language; may be repeated", true},
    {"poll", "OPTION", "ask: one of 2 to 20 answers; may be repeated", true},
    {"poll-multiple", NULL, "a voter may choose several"},
    {"poll-ends", "TIME", "how long votes are taken: 30 m, 3 d (without: for ever)"},
    {0}};
static const struct cli_option edit_options[] = {{"cw", "TEXT", "content warning"}, {0}};

#define NOUN(name, arguments, text, options, flags)                                                \
    static const struct cli_command name##_commands[] = {                                          \
        {NULL, arguments, text, options, flags, cli_##name}, {0}};                                 \
    const struct cli_noun cli_##name##_noun = {#name, text, name##_commands}

NOUN(post, "NAME TEXT|-", "write a post; prints its URI", post_options, CLI_CHANGES);
NOUN(edit, "POST TEXT|-", "give a post of ours a new text", edit_options, CLI_CHANGES);
NOUN(delete, "POST", "delete a post of ours everywhere", NULL, CLI_CHANGES | CLI_DESTROYS);
NOUN(boost, "NAME POST", "pass a post on to one's followers", NULL, CLI_CHANGES);
NOUN(unboost, "NAME POST", "take a boost back", NULL, CLI_CHANGES);
NOUN(like, "NAME POST", "like a post", NULL, CLI_CHANGES);
NOUN(unlike, "NAME POST", "take a like back", NULL, CLI_CHANGES);
NOUN(pin, "NAME POST", "show a post of one's own first", NULL, CLI_CHANGES);
NOUN(unpin, "NAME POST", "show it in its place again", NULL, CLI_CHANGES);
