/*
 * people - what commands about two people share: finding both, and listing those at the other end
 * of edges.
 *
 * Memory   in the command's arena; a list keeps one page of it
 */
#ifndef WARD_NODE_CLI_PEOPLE_H
#define WARD_NODE_CLI_PEOPLE_H

#include "federation/act/act.h"
#include "node/cli/store.h"
#include "storage/edge.h"

typedef enum err people_act(struct federation *fed, actor_id who, actor_id whom,
                            const struct by *by, struct why *why);

/* Opens the store, finds NAME (ours) and ACCT (anybody: looked up, fetched), and runs `act`. */
MUST_CHECK enum err cli_people_act(struct cli *cli, struct cli_store *store, people_act *act,
                                   actor_id *out_who, actor_id *out_whom, struct why *why);

struct people_list {
    enum edge_kind kind;
    enum people_side {
        PEOPLE_WHOM,
        PEOPLE_WHO
    } side;                /* who is listed: at which end of the edges */
    const char *time_name; /* the column of when they were made */
    void (*more)(struct output *out, const Edge *edge); /* a further column before the URI; NULL */
};
/* A row for each edge of `of`: account, time, what is more, uri. A snapshot a page. */
MUST_CHECK enum err cli_people_list(struct cli *cli, struct cli_store *store, actor_id of,
                                    const struct people_list *list, struct why *why);

#endif
