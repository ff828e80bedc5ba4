/*
 * store - a command at the live store: opened, written directly, the daemon told at the end.
 *
 *     AUTO(cli_store_close) struct cli_store store = {0};
 *     enum err e = cli_store_open(cli, &store, why);
 *
 * With --dry-run every mutation is run and then aborted: the checks are the real ones, and
 * nothing changes.
 */
#ifndef WARD_NODE_CLI_STORE_H
#define WARD_NODE_CLI_STORE_H

#include "federation/federation.h"
#include "node/cli/cli.h"
#include "storage/record.h"

#define CLI_ARENA_BYTES (64 << 20)

struct cli_store {
    struct engine *engine;
    struct writer *writer;
    struct federation_config federation_config;
    struct federation fed;
    struct by by;       /* who runs this, and --reason */
    struct arena arena; /* for the whole command */
    /* store.c alone */
    char who[CLI_WHO_BYTES];
    const char *data_dir;
    bool is_dry_run, must_poke, must_poke_policy;
};

/*
 * Loads the configuration and opens the store; root becomes the owner of the store first, for
 * the rest of the process. ERR_NOTFOUND: there is none.
 */
MUST_CHECK enum err cli_store_open(struct cli *cli, struct cli_store *store, struct why *why);
/* Tells the daemon what happened, then closes. */
void cli_store_close(struct cli_store *store);
/* Tells the daemon now what was queued, for a command that goes on. */
void cli_store_poke(struct cli_store *store);
/* Peers were changed: the daemon reads policy anew at the end. */
void cli_store_changed_policy(struct cli_store *store);

/* One of our own people by name ("alice", "@alice"). */
MUST_CHECK enum err cli_find_account(struct cli_store *store, const char *name, actor_id *out,
                                     struct why *why);
/* A stored post by id or URI; never asks the network. */
MUST_CHECK enum err cli_find_post(struct cli_store *store, const char *text, post_id *out,
                                  struct why *why);
/* A stored peer by host, in its canonical form. */
MUST_CHECK enum err cli_find_peer(struct cli_store *store, const char *host, peer_id *out,
                                  struct why *why);
/* host(X), in the arena. */
MUST_CHECK enum err cli_host(struct cli_store *store, const char *text, const char **out,
                             struct why *why);

/* "2027-03-31" (to its end, UTC) or RFC 3339; "never" is 0. */
MUST_CHECK enum err cli_date(const char *text, int64_t *out_ms, struct why *why);

/* A sentence for each of our error codes, when nothing below said one. */
MUST_CHECK enum err cli_failed(enum err e, const char *what, struct why *why);

#endif
