#include "node/cli/approval.h"

#include "federation/act/act.h"
#include "federation/consent.h"
#include "node/cli/nouns.h"
#include "storage/actor.h"

#include <string.h>

#define PAGE 100

/* ---- whom a post is open to ----------------------------------------------------------------- */

static const struct {
    const char *name;
    uint32_t automatic, manual;
} words[] = {
    {"everyone", CONSENT_EVERYONE, 0},   {"followers", CONSENT_FOLLOWERS, 0},
    {"mentioned", CONSENT_MENTIONED, 0}, {"nobody", 0, 0},
    {"ask", 0, CONSENT_EVERYONE},
};

const char *cli_policy_word(const Interaction *said)
{
    for (size_t i = 0; said && i < COUNT(words); i++)
        if (words[i].automatic == said->automatic && words[i].manual == said->manual)
            return words[i].name;
    return said ? "?" : words[0].name;
}

static enum err parse_whom(const char *option, const char *text, struct arena *arena,
                           Interaction **out, struct why *why)
{
    for (size_t i = 0; i < COUNT(words); i++) {
        if (strcmp(words[i].name, text) != 0)
            continue;
        *out = arena_alloc(arena, sizeof **out);
        if (!*out)
            return ERR_LIMIT;
        interaction__init(*out);
        (*out)->automatic = words[i].automatic;
        (*out)->manual = words[i].manual;
        return OK;
    }
    return why_set(why, ERR_INVALID, "--%s \"%.40s\" is none of " APPROVAL_WHOM, option, text);
}

enum err cli_policy(struct cli *cli, struct cli_store *store, const struct approval_options *names,
                    InteractionPolicy **out, struct why *why)
{
    InteractionPolicy *policy = arena_alloc(&store->arena, sizeof *policy);
    if (!policy)
        return ERR_LIMIT;
    interaction_policy__init(policy);
    const struct {
        const char *name;
        Interaction **to;
    } entry[] = {
        {names->reply, &policy->reply},
        {names->boost, &policy->boost},
        {names->quote, &policy->quote},
    };
    *out = NULL;
    for (size_t i = 0; i < COUNT(entry); i++) {
        const char *text = cli_option(cli, entry[i].name);
        enum err e = text ? parse_whom(entry[i].name, text, &store->arena, entry[i].to, why) : OK;
        if (e)
            return e;
        if (text)
            *out = policy;
    }
    return OK;
}

/* ---- list ----------------------------------------------------------------------------------- */

struct line {
    Consent *consent;
    const char *who, *post;
};

static enum err read_page(struct cli_store *store, struct arena *arena, actor_id owner,
                          uint64_t *before, struct line line[PAGE], size_t *n)
{
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = engine_read_begin(store->engine, &txn);
    for (*n = 0; !e && *n < PAGE; ++*n) {
        struct line *l = &line[*n];
        Actor *who;
        Post *post;
        e = consent_next(txn, owner, *before, arena, &l->consent);
        if (e)
            return e == ERR_NOTFOUND ? OK : e;
        *before = l->consent->id;
        e = actor_get(txn, (actor_id){l->consent->who}, arena, &who);
        if (!e)
            e = post_get(txn, (post_id){l->consent->target}, arena, &post);
        if (e)
            return e;
        l->who = actor_handle(who, arena);
        l->post = post->uri;
    }
    return e;
}

static void print_line(struct output *out, const struct line *line)
{
    static const char *const kind[] = {"", "reply", "boost", "quote", "like"};
    static const char *const state[] = {"", "asked", "approved", "declined"};
    const Consent *c = line->consent;
    output_row(out);
    output_id(out, "id", c->id);
    output_str(out, "kind", c->kind < COUNT(kind) ? kind[c->kind] : "?");
    output_str(out, "state", (size_t)c->state < COUNT(state) ? state[c->state] : "?");
    output_str(out, "account", line->who);
    output_str(out, "post", line->post);
    output_str(out, "uri", c->object);
    output_time(out, "asked", c->created_ms);
    output_time(out, "answered", c->answered_ms);
}

static enum err cli_approval_list(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    uint64_t before = UINT64_MAX;
    struct line line[PAGE];
    actor_id owner;
    size_t n;
    bool is_all = cli_option(cli, "all") != NULL;
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_find_account(&store, cli->argument[0], &owner, why);
    if (e)
        return e;
    output_begin(&cli->output, OUTPUT_LIST);
    do {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(CLI_ARENA_BYTES);
        e = read_page(&store, &arena, owner, &before, line, &n);
        if (e)
            return cli_failed(e, "approvals", why);
        for (size_t i = 0; i < n; i++)
            if (is_all || line[i].consent->state == APPROVAL__ASKED)
                print_line(&cli->output, &line[i]);
    } while (n == PAGE);
    output_end(&cli->output);
    return OK;
}

/* ---- accept, reject, revoke ----------------------------------------------------------------- */

typedef enum err approval_act(struct federation *fed, actor_id owner, uint64_t id,
                              const struct by *by, struct why *why);

static enum err answer(struct cli *cli, approval_act *act, const char *state, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    actor_id owner;
    uint64_t id;
    if (id_parse(cli->argument[1], &id))
        return why_set(why, ERR_INVALID, "\"%.40s\" is no id; \"ward approval list\" shows them",
                       cli->argument[1]);
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_find_account(&store, cli->argument[0], &owner, why);
    if (!e)
        e = act(&store.fed, owner, id, &store.by, why);
    if (e && e != ERR_EXISTS) /* already so is done */
        return e;
    output_begin(&cli->output, OUTPUT_THING);
    output_str(&cli->output, "account", cli->argument[0]);
    output_id(&cli->output, "id", id);
    output_str(&cli->output, "state", state);
    output_end(&cli->output);
    return OK;
}

static enum err cli_approval_accept(struct cli *cli, struct why *why)
{
    return answer(cli, act_approve_local, "approved", why);
}

static enum err cli_approval_reject(struct cli *cli, struct why *why)
{
    return answer(cli, act_decline_local, "declined", why);
}

static const struct cli_option list_options[] = {{"all", NULL, "answered ones too"}, {0}};

static const struct cli_command approval_commands[] = {
    {"list", "NAME", "who wants to reply to, boost or quote a post", list_options, 0,
     cli_approval_list},
    {"accept", "NAME ID", "allow it", NULL, CLI_CHANGES, cli_approval_accept},
    {"reject", "NAME ID", "decline it", NULL, CLI_CHANGES, cli_approval_reject},
    {"revoke", "NAME ID", "take an approval back", NULL, CLI_CHANGES, cli_approval_reject},
    {0}};
const struct cli_noun cli_approval_noun = {
    "approval", "who wants to reply to, boost or quote a post", approval_commands};
