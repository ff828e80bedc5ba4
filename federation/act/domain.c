/*
 * domain - one of ours wants nothing from a whole host. Follows both ways end, and the other side
 * is told of each as ever; of the block itself nobody is told.
 */
#include "federation/act/common.h"

#include "storage/account.h"
#include "storage/base/clock.h"
#include "storage/domain_block.h"

#include <stdio.h>
#include <string.h>

#define PART_LOOKS_MAX 500 /* edges looked at in one transaction */

struct domain_local {
    struct mutation mutation;
    struct federation *fed;
    actor_id who;
    const char *host;
    int64_t now_ms;
    unsigned side;      /* of the edges that part_apply looks at */
    uint64_t after, at; /* where it goes on; where it came to */
    bool has_more;      /* out */
};

static enum err block_apply(struct txn *txn, struct mutation *m)
{
    struct domain_local *d = container_of(m, struct domain_local, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    Account *account;
    enum err e = account_get(txn, d->who, &arena, &account);
    return e ? e : domain_block_add(txn, d->who, d->host);
}

static enum err unblock_apply(struct txn *txn, struct mutation *m)
{
    struct domain_local *d = container_of(m, struct domain_local, mutation);
    return domain_block_del(txn, d->who, d->host);
}

/* ---- the follows there are ---- */

static const struct {
    enum edge_kind kind;
    bool is_of_theirs; /* they follow */
} sides[] = {{EDGE_FOLLOW, false},
             {EDGE_FOLLOW_REQUEST, false},
             {EDGE_FOLLOW, true},
             {EDGE_FOLLOW_REQUEST, true}};

static enum err next_other(struct txn *txn, const struct domain_local *d, uint64_t *at)
{
    bool is_of_theirs = sides[d->side].is_of_theirs;
    struct edge_key key = {sides[d->side].kind, is_of_theirs ? *at : d->who.v,
                           is_of_theirs ? d->who.v : *at};
    enum err e = is_of_theirs ? edge_rev_next(txn, &key) : edge_next(txn, &key);
    if (!e)
        *at = is_of_theirs ? key.who : key.whom;
    return e;
}

static enum err part_from(struct txn *txn, const struct domain_local *d, actor_id other)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    Actor *actor;
    enum err e = actor_get(txn, other, &arena, &actor);
    if (e || strcmp(actor->host, d->host) != 0)
        return e == ERR_NOTFOUND ? OK : e;
    e = sides[d->side].is_of_theirs ? act_reject_store(txn, d->fed, d->who, other, d->now_ms)
                                    : act_unfollow_store(txn, d->fed, d->who, other, d->now_ms);
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err part_apply(struct txn *txn, struct mutation *m)
{
    struct domain_local *d = container_of(m, struct domain_local, mutation);
    enum err e = OK;
    d->at = d->after;
    for (unsigned looks = 0; !e && looks < PART_LOOKS_MAX; looks++) {
        e = next_other(txn, d, &d->at);
        if (!e)
            e = part_from(txn, d, (actor_id){d->at});
    }
    d->has_more = e == OK;
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err part_ways(struct domain_local *d)
{
    enum err e = OK;
    for (d->side = 0; !e && d->side < COUNT(sides); d->side++) {
        d->after = 0;
        do {
            d->mutation = (struct mutation){.apply = part_apply};
            e = writer_run(d->fed->writer, &d->mutation);
            d->after = d->at;
        } while (!e && d->has_more);
    }
    if (d->fed->wake_delivery)
        d->fed->wake_delivery(d->fed);
    return e;
}

/* ---- local doors ---- */

static enum err failed(enum err e, struct why *why)
{
    if (e == ERR_NOTFOUND)
        return why_set(why, e, "there is nothing to take back");
    if (e == ERR_EXISTS)
        return why_set(why, e, "that is so already");
    if (e == ERR_LIMIT)
        return why_set(why, e, "more than %d hosts", DOMAIN_BLOCKS_MAX);
    return e ? why_set(why, e, "the store refused: %s", err_name(e)) : OK;
}

enum err act_block_domain_local(struct federation *fed, actor_id who, const char *host,
                                const struct by *by, struct why *why)
{
    struct domain_local d = {.mutation = {.apply = block_apply},
                             .fed = fed,
                             .who = who,
                             .host = host,
                             .now_ms = clock_ms()};
    if (strcmp(host, fed->config->host) == 0)
        return why_set(why, ERR_INVALID, "that is this node");
    enum err e = act_run(fed, &d.mutation, by, "domain.block", host);
    if (e)
        return failed(e, why);
    return failed(part_ways(&d), why);
}

enum err act_unblock_domain_local(struct federation *fed, actor_id who, const char *host,
                                  const struct by *by, struct why *why)
{
    struct domain_local d = {
        .mutation = {.apply = unblock_apply}, .fed = fed, .who = who, .host = host};
    return failed(act_run(fed, &d.mutation, by, "domain.unblock", host), why);
}
