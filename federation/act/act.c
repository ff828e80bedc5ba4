#include "federation/act/act.h"

#include "storage/audit.h"
#include "storage/base/clock.h"

#include <stdlib.h>
#include <string.h>

act_remote *act_find_remote(const char *type)
{
    static const struct {
        const char *type;
        act_remote *remote;
    } table[] = {
        /* clang-format off */
        {"Create", act_post_remote},
        {"Update", act_edit_remote},
        {"Delete", act_delete_remote},
        {"Follow", act_follow_remote},
        {"Accept", act_accept_remote},
        {"Reject", act_reject_remote},
        {"Undo", act_undo_remote},
        {"QuoteRequest", act_request_remote},
        {"ReplyRequest", act_request_remote},
        {"LikeRequest", act_request_remote},
        {"AnnounceRequest", act_request_remote},
        {"Like", act_like_remote},
        {"Announce", act_boost_remote},
        {"EmojiReact", act_react_remote},
        {"Block", act_block_remote},
        {"Move", act_move_remote},
        {"Flag", act_flag_remote},
        {"Add", act_pin_remote},
        {"Remove", act_pin_remote},
        /* clang-format on */
    };
    for (size_t i = 0; i < COUNT(table); i++)
        if (strcmp(table[i].type, type) == 0)
            return table[i].remote;
    return NULL;
}

struct act *act_create(struct federation *fed)
{
    struct act *act = xcalloc(1, sizeof *act);
    act->fed = fed;
    act->arena.max_bytes = ACT_ARENA_BYTES;
    return act;
}

void act_free(struct act **act)
{
    if (!*act)
        return;
    arena_clear(&(*act)->arena);
    xfree(act);
}

/* A local mutation and the audit record that goes with it. */
struct run {
    struct mutation mutation;
    struct mutation *inner;
    const struct by *by;
    const char *act_name, *object;
    int64_t now_ms;
};

static enum err run_apply(struct txn *txn, struct mutation *m)
{
    struct run *run = container_of(m, struct run, mutation);
    enum err e = run->inner->apply(txn, run->inner);
    if (e)
        return e;
    AuditRecord record = AUDIT_RECORD__INIT;
    record.who = (char *)run->by->who;
    record.act = (char *)run->act_name;
    record.object = (char *)(run->object ? run->object : "");
    record.outcome = (char *)"done";
    record.reason = (char *)(run->by->reason ? run->by->reason : "");
    return audit_add(txn, &record, run->now_ms);
}

enum err act_run(struct federation *fed, struct mutation *m, const struct by *by,
                 const char *act_name, const char *object)
{
    struct run run = {.mutation = {.apply = run_apply},
                      .inner = m,
                      .by = by,
                      .act_name = act_name,
                      .object = object,
                      .now_ms = clock_ms()};
    enum err e = writer_run(fed->writer, &run.mutation);
    if (!e && fed->wake_delivery)
        fed->wake_delivery(fed);
    return e;
}
