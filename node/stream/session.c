#include "node/stream/session.h"

#include "storage/account.h"
#include "storage/actor.h"
#include "storage/token.h"

#include <string.h>

#define SESSION_ARENA_BYTES ((size_t)1 << 20)

static enum err read_person(struct txn *txn, actor_id who, struct arena *arena, bool *out)
{
    Account *account;
    Actor *actor;
    enum err e = account_get(txn, who, arena, &account);
    if (!e)
        e = actor_get(txn, who, arena, &actor);
    if (!e)
        *out = !account->is_disabled && !actor->deleted_ms && !actor->suspended_ms;
    return e;
}

bool session_stands(struct txn *txn, const char *secret, actor_id who, const char *scopes)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SESSION_ARENA_BYTES);
    Token *token;
    bool stands = true;
    enum err e = token_find(txn, secret, &arena, &token);
    if (!e)
        stands = token->actor == who.v && strcmp(token->scopes, scopes) == 0;
    if (!e && stands && who.v)
        e = read_person(txn, who, &arena, &stands);
    return e ? e != ERR_NOTFOUND : stands;
}
