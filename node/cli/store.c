#include "node/cli/store.h"

#include "federation/uri.h"
#include "node/control.h"
#include "node/setup.h"
#include "storage/actor.h"
#include "storage/base/clock.h"
#include "storage/peer.h"
#include "storage/post.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void on_wake(struct federation *fed)
{
    ((struct cli_store *)fed->process)->must_poke = true;
}

/*
 * `sudo ward ...` on the store of the daemon's user: what root wrote there, the daemon could not
 * open. So root becomes that user, for good. A directory that cannot be looked at is the
 * engine's to explain.
 */
static enum err become_owner(const char *dir, struct why *why)
{
    struct stat st;
    struct passwd entry, *found = NULL;
    char room[4096];
    if (geteuid() != 0 || stat(dir, &st) || st.st_uid == 0)
        return OK;
    bool is_known = getpwuid_r(st.st_uid, &entry, room, sizeof room, &found) == 0 && found;
    gid_t group = is_known ? entry.pw_gid : st.st_gid;
    if (setgroups(1, &group) || setresgid(group, group, group) ||
        setresuid(st.st_uid, st.st_uid, st.st_uid))
        return why_set(why, ERR_DENIED, "%s belongs to user %u, and root cannot become it: %s", dir,
                       (unsigned)st.st_uid, strerror(errno));
    return OK;
}

enum err cli_store_open(struct cli *cli, struct cli_store *store, struct why *why)
{
    enum err e = cli_load_config(cli, why);
    cli_who(store->who); /* who asked, not whose store it is */
    if (!e)
        e = become_owner(cli->config->node.data, why);
    if (e)
        return e;
    store->arena = (struct arena)ARENA_INIT(CLI_ARENA_BYTES);
    store->data_dir = cli->config->node.data;
    store->is_dry_run = cli->is_dry_run;
    e = setup_engine(cli->config, SETUP_COMMAND, &store->engine, why);
    if (e)
        return e;
    store->writer =
        cli->is_dry_run ? writer_create_dry(store->engine) : writer_create_direct(store->engine);
    setup_federation(cli->config, &store->arena, &store->federation_config);
    store->fed = (struct federation){.config = &store->federation_config,
                                     .engine = store->engine,
                                     .writer = store->writer,
                                     .process = store,
                                     .wake_delivery = on_wake,
                                     .wake_fetcher = on_wake};
    store->by = (struct by){.who = store->who, .reason = cli->reason};
    if (cli->is_dry_run)
        fputs("dry run: nothing is changed\n", cli->err);
    return OK;
}

void cli_store_poke(struct cli_store *store)
{
    if (store->must_poke && !store->is_dry_run)
        control_poke(store->data_dir, "queues");
    store->must_poke = false;
}

/* Whatever was written may be something that clients are to be told of. */
static bool has_written(struct cli_store *store)
{
    struct writer_stats stats = {0};
    if (store->writer)
        writer_stat(store->writer, &stats);
    return stats.mutations > 0;
}

void cli_store_close(struct cli_store *store)
{
    store->must_poke = store->must_poke || has_written(store);
    writer_stop(&store->writer);
    engine_close(&store->engine);
    cli_store_poke(store);
    if (store->must_poke_policy && !store->is_dry_run)
        control_poke(store->data_dir, "policy");
    arena_clear(&store->arena);
}

void cli_store_changed_policy(struct cli_store *store)
{
    store->must_poke_policy = true;
}

enum err cli_failed(enum err e, const char *what, struct why *why)
{
    static const char *const reason[] = {
        [ERR_NOTFOUND] = "not found",
        [ERR_EXISTS] = "is there already",
        [ERR_INVALID] = "not valid",
        [ERR_DENIED] = "not allowed",
        [ERR_LIMIT] = "a limit was reached; try again later",
        [ERR_LATER] = "not now: the disk is full, or a peer does not answer; try again later",
        [ERR_CORRUPT] = "a record makes no sense; run \"ward check\"",
        [ERR_STORE] = "the store cannot be read or written; see the disk and its permissions",
    };
    if (e == OK)
        return OK;
    return why_set(why, e, "%s: %s", what,
                   (size_t)e < COUNT(reason) && reason[e] ? reason[e] : err_name(e));
}

enum err cli_find_account(struct cli_store *store, const char *name, actor_id *out, struct why *why)
{
    AUTO(txn_end) struct txn *txn = NULL;
    if (name[0] == '@')
        name++;
    enum err e = engine_read_begin(store->engine, &txn);
    if (!e && strchr(name, '@'))
        return why_set(why, ERR_INVALID,
                       "\"%.80s\" is not an account of this node; give its name only", name);
    if (!e)
        e = actor_find_handle(txn, name, out);
    if (e == ERR_NOTFOUND)
        return why_set(why, e, "no account \"%.80s\"; \"ward account list\" shows them", name);
    return cli_failed(e, name, why);
}

enum err cli_find_post(struct cli_store *store, const char *text, post_id *out, struct why *why)
{
    AUTO(txn_end) struct txn *txn = NULL;
    Post *post;
    enum err e = engine_read_begin(store->engine, &txn);
    if (e)
        return cli_failed(e, text, why);
    if (id_parse(text, &out->v) == OK)
        e = post_get(txn, *out, &store->arena, &post);
    else
        e = post_find(txn, text, out);
    if (e == ERR_NOTFOUND)
        return why_set(why, e, "no post \"%.120s\" here; give its id or its whole URI", text);
    return cli_failed(e, text, why);
}

enum err cli_host(struct cli_store *store, const char *text, const char **out, struct why *why)
{
    char host[URI_HOST_BYTES];
    if (uri_host_canonical(text, host))
        return why_set(why, ERR_INVALID,
                       "\"%.80s\" is no host; write for example ward.st-marys.example", text);
    *out = arena_strdup(&store->arena, host);
    return *out ? OK : ERR_LIMIT;
}

enum err cli_find_peer(struct cli_store *store, const char *host, peer_id *out, struct why *why)
{
    AUTO(txn_end) struct txn *txn = NULL;
    const char *canonical;
    enum err e = cli_host(store, host, &canonical, why);
    if (e)
        return e;
    e = engine_read_begin(store->engine, &txn);
    if (!e)
        e = peer_find(txn, canonical, out);
    if (e == ERR_NOTFOUND)
        return why_set(why, e, "no peer %s; \"ward peer list\" shows them", canonical);
    return cli_failed(e, canonical, why);
}

enum err cli_date(const char *text, int64_t *out_ms, struct why *why)
{
    char moment[40];
    if (!strcmp(text, "never")) {
        *out_ms = 0;
        return OK;
    }
    snprintf(moment, sizeof moment, strlen(text) == 10 ? "%.10sT23:59:59Z" : "%.35s", text);
    if (clock_parse_rfc3339(moment, out_ms))
        return why_set(why, ERR_INVALID, "\"%.40s\" is no date; write for example 2027-03-31",
                       text);
    return OK;
}
