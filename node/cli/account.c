#include "storage/account.h"
#include "federation/act/act.h"
#include "node/cli/account_data.h"
#include "node/cli/approval.h"
#include "node/cli/moved.h"
#include "node/cli/nouns.h"
#include "node/cli/store.h"
#include "storage/actor.h"
#include "storage/base/clock.h"
#include "storage/edge.h"

#include <stdio.h>
#include <string.h>

#define PAGE 100
#define PASSWORD_LEAST 8
#define PASSWORD_MOST 1024
#define BIO_MOST (64 << 10)

static const char *const role_name[] = {"user", "moderator", "admin", "auditor"};

static enum err parse_role(const char *text, Role *out, struct why *why)
{
    for (size_t i = 0; i < COUNT(role_name); i++)
        if (!strcmp(role_name[i], text)) {
            *out = (Role)i;
            return OK;
        }
    return why_set(why, ERR_INVALID, "\"%.40s\" is none of user, moderator, admin, auditor", text);
}

static const char *role_text(Role role)
{
    return (size_t)role < COUNT(role_name) ? role_name[role] : "?";
}

/* What an account can be; an Application is the node itself, a group is made by `ward group`. */
static const struct {
    const char *name;
    ActorType type;
} kinds[] = {{"person", ACTOR_TYPE__PERSON},
             {"service", ACTOR_TYPE__SERVICE},
             {"organization", ACTOR_TYPE__ORGANIZATION},
             {"group", ACTOR_TYPE__GROUP}};

static enum err parse_kind(const char *text, ActorType *out, struct why *why)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (!strcmp(kinds[i].name, text) && kinds[i].type != ACTOR_TYPE__GROUP) {
            *out = kinds[i].type;
            return OK;
        }
    return why_set(why, ERR_INVALID,
                   "--type \"%.40s\" is none of person, service, organization; groups: ward group "
                   "create",
                   text);
}

static const char *kind_text(ActorType type)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (kinds[i].type == type)
            return kinds[i].name;
    return "application";
}

/* One line of standard input; never from argv, which everyone on the machine can read. */
static enum err read_password(struct arena *arena, const char **out, struct why *why)
{
    char line[PASSWORD_MOST + 2];
    if (!fgets(line, sizeof line, stdin))
        return why_set(why, ERR_INVALID, "no password on standard input");
    line[strcspn(line, "\n")] = '\0';
    if (strlen(line) < PASSWORD_LEAST || strlen(line) > PASSWORD_MOST)
        return why_set(why, ERR_INVALID, "a password has %d to %d bytes", PASSWORD_LEAST,
                       PASSWORD_MOST);
    *out = arena_strdup(arena, line);
    return OK;
}

struct counts {
    uint64_t followers, following, posts;
};

static enum err read_account(struct cli_store *store, actor_id id, Account **account, Actor **actor,
                             struct counts *counts)
{
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = engine_read_begin(store->engine, &txn);
    if (!e)
        e = account_get(txn, id, &store->arena, account);
    if (!e)
        e = actor_get(txn, id, &store->arena, actor);
    if (e)
        return e;
    *counts = (struct counts){.followers = counter_get(txn, COUNTER_FOLLOWERS, id.v),
                              .following = counter_get(txn, COUNTER_FOLLOWING, id.v),
                              .posts = counter_get(txn, COUNTER_POSTS, id.v)};
    return OK;
}

static void print_account(struct output *out, const Account *account, const Actor *actor)
{
    output_str(out, "name", account->name);
    output_str(out, "role", role_text(account->role));
    output_str(out, "type", kind_text(actor->type));
    output_str(out, "display_name", actor->display_name);
    output_str(out, "language", *account->language ? account->language : NULL);
    output_bool(out, "disabled", account->is_disabled);
    output_time(out, "created", account->created_ms);
    output_str(out, "uri", actor->uri);
}

static void print_policy(struct output *out, const InteractionPolicy *policy)
{
    output_str(out, "reply_policy", cli_policy_word(policy ? policy->reply : NULL));
    output_str(out, "boost_policy", cli_policy_word(policy ? policy->boost : NULL));
    output_str(out, "quote_policy", cli_policy_word(policy ? policy->quote : NULL));
}

static enum err show(struct cli *cli, struct cli_store *store, actor_id id, struct why *why)
{
    Account *account;
    Actor *actor;
    struct counts counts;
    enum err e = read_account(store, id, &account, &actor, &counts);
    if (e)
        return cli_failed(e, cli->argument[0], why);
    output_begin(&cli->output, OUTPUT_THING);
    print_account(&cli->output, account, actor);
    print_policy(&cli->output, account->policy);
    output_int(&cli->output, "followers", (int64_t)counts.followers);
    output_int(&cli->output, "following", (int64_t)counts.following);
    output_int(&cli->output, "posts", (int64_t)counts.posts);
    output_end(&cli->output);
    return OK;
}

/* ---- create --------------------------------------------------------------------------------- */

static enum err cli_account_create(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    struct account_draft draft = {.name = cli->argument[0],
                                  .display_name = cli_option_or(cli, "display-name", "")};
    actor_id id;
    enum err e = parse_role(cli_option_or(cli, "role", "user"), &draft.role, why);
    if (!e)
        e = parse_kind(cli_option_or(cli, "type", "person"), &draft.type, why);
    if (!e)
        e = cli_store_open(cli, &store, why);
    if (!e && cli_option(cli, "password-stdin"))
        e = read_password(&store.arena, &draft.password, why);
    if (!e)
        e = act_account_create(&store.fed, &draft, &store.by, &id, why);
    if (e)
        return e;
    output_begin(&cli->output, OUTPUT_THING);
    output_str(&cli->output, "name", draft.name);
    output_str(&cli->output, "role", role_text(draft.role));
    output_str(&cli->output, "uri",
               arena_printf(&store.arena, "%s/users/%s", federation_base(&store.fed, &store.arena),
                            draft.name));
    output_end(&cli->output);
    return OK;
}

/* ---- list, show ----------------------------------------------------------------------------- */

static enum err read_page(struct cli_store *store, struct arena *arena, actor_id after,
                          Account *accounts[PAGE], Actor *actors[PAGE], size_t *n)
{
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = engine_read_begin(store->engine, &txn);
    for (*n = 0; !e && *n < PAGE; ++*n) {
        e = account_next(txn, after, arena, &accounts[*n]);
        if (e)
            break;
        after.v = accounts[*n]->actor;
        e = actor_get(txn, after, arena, &actors[*n]);
    }
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err cli_account_list(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    Account *accounts[PAGE];
    Actor *actors[PAGE];
    actor_id after = {0};
    size_t n;
    enum err e = cli_store_open(cli, &store, why);
    if (e)
        return e;
    output_begin(&cli->output, OUTPUT_LIST);
    do {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(CLI_ARENA_BYTES);
        e = read_page(&store, &arena, after, accounts, actors, &n);
        if (e)
            return cli_failed(e, "accounts", why);
        for (size_t i = 0; i < n; i++) {
            output_row(&cli->output);
            print_account(&cli->output, accounts[i], actors[i]);
            after.v = accounts[i]->actor;
        }
    } while (n == PAGE);
    output_end(&cli->output);
    return OK;
}

static enum err cli_account_show(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    actor_id id;
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_find_account(&store, cli->argument[0], &id, why);
    return e ? e : show(cli, &store, id, why);
}

/* ---- what changes an account ---------------------------------------------------------------- */

enum change_what { SET_DISABLED, SET_ENABLED, SET_ROLE, SET_PASSWORD, SET_LANGUAGE };

struct change {
    struct mutation mutation;
    actor_id who;
    enum change_what what;
    Role role;
    const char *password; /* hashed */
    const char *language;
};

static enum err change_apply(struct txn *txn, struct mutation *m)
{
    struct change *change = container_of(m, struct change, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 << 10);
    Account *account;
    enum err e = account_get(txn, change->who, &arena, &account);
    if (e)
        return e;
    switch (change->what) {
    case SET_DISABLED:
        account->is_disabled = true;
        e = account_sign_out(txn, account, clock_ms());
        break;
    case SET_ENABLED:
        account->is_disabled = false;
        break;
    case SET_ROLE:
        account->role = change->role;
        break;
    case SET_PASSWORD:
        account->password = arena_strdup(&arena, change->password);
        e = account_sign_out(txn, account, clock_ms());
        break;
    case SET_LANGUAGE:
        account->language = arena_strdup(&arena, change->language);
        break;
    }
    return e ? e : account_put(txn, account);
}

static enum err change_run(struct cli *cli, struct change *change, const char *act, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    const char *password;
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_find_account(&store, cli->argument[0], &change->who, why);
    if (!e && change->what == SET_PASSWORD) {
        e = read_password(&store.arena, &password, why);
        if (!e)
            e = password_hash(password, &store.arena, &change->password);
    }
    if (e)
        return e;
    change->mutation.apply = change_apply;
    e = act_run(&store.fed, &change->mutation, &store.by, act, cli->argument[0]);
    return e ? cli_failed(e, cli->argument[0], why) : show(cli, &store, change->who, why);
}

static enum err cli_account_disable(struct cli *cli, struct why *why)
{
    struct change change = {.what = SET_DISABLED};
    return change_run(cli, &change, "account.disable", why);
}

static enum err cli_account_enable(struct cli *cli, struct why *why)
{
    struct change change = {.what = SET_ENABLED};
    return change_run(cli, &change, "account.enable", why);
}

static enum err cli_account_role(struct cli *cli, struct why *why)
{
    struct change change = {.what = SET_ROLE};
    enum err e = parse_role(cli->argument[1], &change.role, why);
    return e ? e : change_run(cli, &change, "account.role", why);
}

static enum err cli_account_password(struct cli *cli, struct why *why)
{
    struct change change = {.what = SET_PASSWORD};
    return change_run(cli, &change, "account.password", why);
}

static enum err cli_account_language(struct cli *cli, struct why *why)
{
    struct change change = {.what = SET_LANGUAGE, .language = cli->argument[1]};
    if (!act_is_language(change.language))
        return why_set(why, ERR_INVALID, "\"%.40s\" is no language; write for example de",
                       change.language);
    return change_run(cli, &change, "account.language", why);
}

/* ---- edit, delete --------------------------------------------------------------------------- */

static enum err parse_locked(const char *text, int *out, struct why *why)
{
    *out = !text ? -1 : !strcmp(text, "yes") ? 1 : !strcmp(text, "no") ? 0 : -2;
    return *out == -2 ? why_set(why, ERR_INVALID, "--locked is yes or no") : OK;
}

/* All of the lines, when one is named; "--no-fields" makes none of them. */
static enum err read_fields(const struct cli *cli, struct profile_field field[CLI_OPTIONS_MAX],
                            struct arena *arena, struct account_edit *edit, struct why *why)
{
    if (cli_option(cli, "field") || cli_option(cli, "no-fields"))
        edit->fields = field;
    for (size_t i = 0; i < cli->options; i++) {
        const char *text = cli->option[i].value, *equals;
        if (strcmp(cli->option[i].name, "field") != 0)
            continue;
        if (!(equals = strchr(text, '=')))
            return why_set(why, ERR_INVALID, "--field is NAME=VALUE");
        field[edit->field_count++] =
            (struct profile_field){arena_strndup(arena, text, (size_t)(equals - text)), equals + 1};
    }
    return OK;
}

static enum err cli_account_edit(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    AUTO(buf_clear) struct buf bio = BUF_INIT(BIO_MOST);
    static const struct approval_options names = {"reply-policy", "boost-policy", "quote-policy"};
    bool has_policy = cli_option(cli, names.reply) || cli_option(cli, names.boost) ||
                      cli_option(cli, names.quote);
    InteractionPolicy *policy = NULL;
    struct account_edit edit = {.display_name = cli_option(cli, "display-name")};
    struct profile_field field[CLI_OPTIONS_MAX];
    const char *text = cli_option(cli, "bio");
    actor_id id;
    enum err e = parse_locked(cli_option(cli, "locked"), &edit.is_locked, why);
    bool has_fields = cli_option(cli, "field") || cli_option(cli, "no-fields");
    if (!e && !edit.display_name && !text && edit.is_locked < 0 && !has_policy && !has_fields)
        e = why_set(why, ERR_INVALID,
                    "say what: --display-name, --bio, --field, --locked or a policy of new posts");
    if (!e && text)
        e = cli_read_text(text, &bio, why);
    if (!e)
        e = cli_store_open(cli, &store, why);
    if (!e)
        e = read_fields(cli, field, &store.arena, &edit, why);
    if (!e)
        e = cli_policy(cli, &store, &names, &policy, why);
    if (!e)
        e = cli_find_account(&store, cli->argument[0], &id, why);
    if (e)
        return e;
    edit.policy = policy;
    edit.bio = text ? buf_text(&bio) : NULL;
    e = act_account_edit(&store.fed, id, &edit, &store.by, why);
    return e ? e : show(cli, &store, id, why);
}

static enum err cli_account_delete(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    actor_id id;
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_find_account(&store, cli->argument[0], &id, why);
    if (!e)
        e = cli_confirm(cli, "delete this account and its posts, here and on every peer, for ever",
                        why);
    if (!e)
        e = act_account_delete(&store.fed, id, &store.by, why);
    if (e)
        return e;
    output_begin(&cli->output, OUTPUT_THING);
    output_str(&cli->output, "name", cli->argument[0]);
    output_bool(&cli->output, "deleted", !cli->is_dry_run);
    output_end(&cli->output);
    return OK;
}

/* ---- the table ------------------------------------------------------------------------------ */

static const struct cli_option create_options[] = {
    {"display-name", "TEXT", "the name people see"},
    {"role", "user|moderator|admin|auditor", "what the account may do (user)"},
    {"type", "person|service|organization", "what others are told it is (person)"},
    {"password-stdin", NULL, "read the password from standard input; without it: no sign-in"},
    {0}};

static const struct cli_option edit_options[] = {
    {"display-name", "TEXT", "the name people see"},
    {"bio", "TEXT|-", "what the profile says, in Markdown"},
    {"field", "NAME=VALUE", "a line of the profile", true},
    {"no-fields", NULL, "no such lines"},
    {"locked", "yes|no", "whether who wants to follow must be let in first"},
    {"reply-policy", APPROVAL_WHOM, "who may reply to new posts"},
    {"boost-policy", APPROVAL_WHOM, "who may boost new posts"},
    {"quote-policy", APPROVAL_WHOM, "who may quote new posts"},
    {0}};

static const struct cli_option alias_options[] = {{"remove", NULL, "not any more"}, {0}};
static const struct cli_option move_options[] = {{"undo", NULL, "it did not move after all"}, {0}};

static const struct cli_command commands[] = {
    {"create", "NAME", "make an account with its keys", create_options, CLI_CHANGES,
     cli_account_create},
    {"list", "", "all accounts of this node", NULL, 0, cli_account_list},
    {"show", "NAME", "one account", NULL, 0, cli_account_show},
    {"edit", "NAME", "change the profile, and tell the followers", edit_options, CLI_CHANGES,
     cli_account_edit},
    {"export", "NAME [FILE]", "what the person can take to another server, as CSV",
     cli_account_data_options, 0, cli_account_export},
    {"import", "NAME FILE|-", "what the person brings from another server, as CSV",
     cli_account_data_options, CLI_CHANGES, cli_account_import},
    {"delete", "NAME", "remove the account and its posts, here and on every peer", NULL,
     CLI_CHANGES | CLI_DESTROYS, cli_account_delete},
    {"alias", "NAME ACTOR", "ACTOR is the same person, elsewhere: may move here", alias_options,
     CLI_CHANGES, cli_account_alias},
    {"move", "NAME [TARGET]", "say to the followers that the person is now TARGET", move_options,
     CLI_CHANGES | CLI_DESTROYS, cli_account_move},
    {"disable", "NAME", "signed out everywhere, and it can no longer sign in", NULL, CLI_CHANGES,
     cli_account_disable},
    {"enable", "NAME", "it can sign in again", NULL, CLI_CHANGES, cli_account_enable},
    {"role", "NAME user|moderator|admin|auditor", "what the account may do", NULL, CLI_CHANGES,
     cli_account_role},
    {"language", "NAME CODE", "the language the person writes and likes to read (BCP 47)", NULL,
     CLI_CHANGES, cli_account_language},
    {"password", "NAME", "set the password, read from standard input; signed out everywhere", NULL,
     CLI_CHANGES, cli_account_password},
    {0}};
const struct cli_noun cli_account_noun = {"account", "the people of this node", commands};
