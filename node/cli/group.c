#include "federation/act/act.h"
#include "federation/resolve.h"
#include "node/cli/nouns.h"
#include "node/cli/people.h"
#include "node/cli/store.h"
#include "storage/account.h"
#include "storage/actor.h"
#include "storage/edge.h"

#include <string.h>

#define PAGE 100

/* ---- a group -------------------------------------------------------------------------------- */

static enum err read_actor(struct cli_store *store, actor_id id, struct arena *arena, Actor **out)
{
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = engine_read_begin(store->engine, &txn);
    return e ? e : actor_get(txn, id, arena, out);
}

static enum err find_group(struct cli_store *store, const char *name, actor_id *out,
                           struct why *why)
{
    Actor *actor;
    enum err e = cli_find_account(store, name, out, why);
    if (!e)
        e = cli_failed(read_actor(store, *out, &store->arena, &actor), name, why);
    if (!e && (actor->type != ACTOR_TYPE__GROUP || actor->deleted_ms))
        return why_set(why, ERR_NOTFOUND, "\"%.80s\" is no group; \"ward group list\" shows them",
                       name);
    return e;
}

static uint64_t count_edges(struct txn *txn, enum edge_kind kind, actor_id group)
{
    struct edge_key key = {.kind = kind, .whom = group.v};
    uint64_t n = 0;
    while (edge_rev_next(txn, &key) == OK)
        n++;
    return n;
}

static void print_group(struct output *out, const Actor *group, uint64_t members)
{
    output_str(out, "name", group->username);
    output_str(out, "display_name", group->display_name);
    output_bool(out, "members_only", group->is_members_only);
    output_bool(out, "approve", group->is_locked);
    output_int(out, "members", (int64_t)members);
    output_time(out, "created", group->created_ms);
    output_str(out, "uri", group->uri);
}

static enum err show(struct cli *cli, struct cli_store *store, actor_id id, struct why *why)
{
    AUTO(txn_end) struct txn *txn = NULL;
    Actor *group;
    enum err e = engine_read_begin(store->engine, &txn);
    if (!e)
        e = actor_get(txn, id, &store->arena, &group);
    if (e)
        return cli_failed(e, cli->argument[0], why);
    output_begin(&cli->output, OUTPUT_THING);
    print_group(&cli->output, group, counter_get(txn, COUNTER_FOLLOWERS, id.v));
    output_int(&cli->output, "asking", (int64_t)count_edges(txn, EDGE_FOLLOW_REQUEST, id));
    output_int(&cli->output, "moderators", (int64_t)count_edges(txn, EDGE_MODERATOR, id));
    output_int(&cli->output, "removed", (int64_t)count_edges(txn, EDGE_BAN, id));
    output_end(&cli->output);
    return OK;
}

static enum err cli_group_create(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    struct account_draft draft = {.name = cli->argument[0],
                                  .display_name = cli_option(cli, "display-name"),
                                  .type = ACTOR_TYPE__GROUP,
                                  .is_locked = cli_option(cli, "approve"),
                                  .is_members_only = cli_option(cli, "members-only")};
    actor_id id;
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = act_account_create(&store.fed, &draft, &store.by, &id, why);
    if (e)
        return e;
    output_begin(&cli->output, OUTPUT_THING);
    output_str(&cli->output, "name", draft.name);
    output_bool(&cli->output, "members_only", draft.is_members_only);
    output_bool(&cli->output, "approve", draft.is_locked || draft.is_members_only);
    output_str(&cli->output, "uri",
               arena_printf(&store.arena, "%s/users/%s", federation_base(&store.fed, &store.arena),
                            draft.name));
    output_end(&cli->output);
    return OK;
}

static enum err cli_group_show(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    actor_id id;
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = find_group(&store, cli->argument[0], &id, why);
    return e ? e : show(cli, &store, id, why);
}

/* The groups among up to PAGE accounts after `after`, which is moved on; *more: there are others.
 */
static enum err read_groups(struct cli_store *store, struct arena *arena, actor_id *after,
                            Actor *group[PAGE], uint64_t members[PAGE], size_t *n, bool *more)
{
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = engine_read_begin(store->engine, &txn);
    *n = 0;
    for (size_t i = 0; !e && i < PAGE; i++) {
        Account *account;
        e = account_next(txn, *after, arena, &account);
        if (e)
            break;
        after->v = account->actor;
        e = actor_get(txn, *after, arena, &group[*n]);
        if (!e && group[*n]->type == ACTOR_TYPE__GROUP)
            members[(*n)++] = counter_get(txn, COUNTER_FOLLOWERS, after->v);
    }
    *more = !e;
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err cli_group_list(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    Actor *group[PAGE];
    uint64_t members[PAGE];
    actor_id after = {0};
    size_t n;
    bool more = true;
    enum err e = cli_store_open(cli, &store, why);
    if (e)
        return e;
    output_begin(&cli->output, OUTPUT_LIST);
    while (more) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(CLI_ARENA_BYTES);
        e = read_groups(&store, &arena, &after, group, members, &n, &more);
        if (e)
            return cli_failed(e, "groups", why);
        for (size_t i = 0; i < n; i++) {
            output_row(&cli->output);
            print_group(&cli->output, group[i], members[i]);
        }
    }
    output_end(&cli->output);
    return OK;
}

/* ---- who is in it --------------------------------------------------------------------------- */

static enum err list(struct cli *cli, enum edge_kind kind, struct why *why)
{
    const struct people_list people = {kind, PEOPLE_WHO, "since", NULL};
    AUTO(cli_store_close) struct cli_store store = {0};
    actor_id group;
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = find_group(&store, cli->argument[0], &group, why);
    return e ? e : cli_people_list(cli, &store, group, &people, why);
}

static enum err cli_group_members(struct cli *cli, struct why *why)
{
    return list(cli, EDGE_FOLLOW, why);
}

static enum err cli_group_requests(struct cli *cli, struct why *why)
{
    return list(cli, EDGE_FOLLOW_REQUEST, why);
}

static enum err cli_group_moderators(struct cli *cli, struct why *why)
{
    return list(cli, EDGE_MODERATOR, why);
}

static enum err cli_group_bans(struct cli *cli, struct why *why)
{
    return list(cli, EDGE_BAN, why);
}

/* ---- what changes it ------------------------------------------------------------------------ */

/* The words are GROUP ACCT, from argument `first` on. */
static enum err change(struct cli *cli, size_t first, people_act *act, const char *state,
                       struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    actor_id group, whom;
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = find_group(&store, cli->argument[first], &group, why);
    if (!e)
        e = resolve_actor(&store.fed, cli->argument[first + 1], &whom, why);
    if (!e)
        e = act(&store.fed, group, whom, &store.by, why);
    if (e && e != ERR_EXISTS) /* already so is done */
        return e;
    output_begin(&cli->output, OUTPUT_THING);
    output_str(&cli->output, "group", cli->argument[first]);
    output_str(&cli->output, "account", cli->argument[first + 1]);
    output_str(&cli->output, "state", state);
    output_end(&cli->output);
    return OK;
}

static enum err cli_group_approve(struct cli *cli, struct why *why)
{
    return change(cli, 0, act_accept_local, "member", why);
}

static enum err cli_group_reject(struct cli *cli, struct why *why)
{
    return change(cli, 0, act_reject_local, "rejected", why);
}

static enum err cli_group_remove(struct cli *cli, struct why *why)
{
    return change(cli, 0, act_group_remove_local, "removed", why);
}

static enum err cli_group_unban(struct cli *cli, struct why *why)
{
    return change(cli, 0, act_group_unban_local, "may ask again", why);
}

static enum err cli_group_moderator(struct cli *cli, struct why *why)
{
    if (!strcmp(cli->argument[0], "add"))
        return change(cli, 1, act_group_appoint_local, "moderator", why);
    if (!strcmp(cli->argument[0], "remove"))
        return change(cli, 1, act_group_dismiss_local, "no moderator", why);
    return why_set(why, ERR_INVALID, "\"%.40s\" is none of add, remove", cli->argument[0]);
}

static enum err cli_group_delete_post(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    actor_id group;
    post_id post;
    enum err e =
        cli_confirm(cli, "take this post out of the group, on every node of a member", why);
    if (!e)
        e = cli_store_open(cli, &store, why);
    if (!e)
        e = find_group(&store, cli->argument[0], &group, why);
    if (!e)
        e = cli_find_post(&store, cli->argument[1], &post, why);
    if (!e)
        e = act_group_delete_post_local(&store.fed, group, post, &store.by, why);
    if (e)
        return e;
    output_begin(&cli->output, OUTPUT_THING);
    output_str(&cli->output, "group", cli->argument[0]);
    output_id(&cli->output, "id", post.v);
    output_str(&cli->output, "state", "taken out");
    output_end(&cli->output);
    return OK;
}

/* ---- the table ------------------------------------------------------------------------------ */

static const struct cli_option create_options[] = {
    {"display-name", "TEXT", "the name people see"},
    {"members-only", NULL, "nobody but members reads it; they are let in one by one"},
    {"approve", NULL, "everyone reads it; members are let in one by one, and only they post"},
    {0}};

static const struct cli_command commands[] = {
    {"create", "NAME", "make a group with its keys", create_options, CLI_CHANGES, cli_group_create},
    {"list", "", "all groups of this node", NULL, 0, cli_group_list},
    {"show", "GROUP", "one group", NULL, 0, cli_group_show},
    {"members", "GROUP", "who is in it", NULL, 0, cli_group_members},
    {"requests", "GROUP", "who asks to be let in", NULL, 0, cli_group_requests},
    {"approve", "GROUP ACCT", "let ACCT in", NULL, CLI_CHANGES, cli_group_approve},
    {"reject", "GROUP ACCT", "do not let ACCT in; they may ask again", NULL, CLI_CHANGES,
     cli_group_reject},
    {"remove", "GROUP ACCT", "ACCT is no member any more, and does not come back by itself", NULL,
     CLI_CHANGES, cli_group_remove},
    {"removed", "GROUP", "who was removed", NULL, 0, cli_group_bans},
    {"unban", "GROUP ACCT", "ACCT was removed, and may ask again", NULL, CLI_CHANGES,
     cli_group_unban},
    {"moderators", "GROUP", "who may remove members and posts", NULL, 0, cli_group_moderators},
    {"moderator", "add|remove GROUP ACCT", "ACCT (here or elsewhere) moderates, or no more", NULL,
     CLI_CHANGES, cli_group_moderator},
    {"delete-post", "GROUP POST", "take a post out of the group, on every node of a member", NULL,
     CLI_CHANGES | CLI_DESTROYS, cli_group_delete_post},
    {0}};
const struct cli_noun cli_group_noun = {"group", "groups of this node, their members and posts",
                                        commands};
