#include "storage/check_rows.h"

#include "storage/token.h"

#include <string.h>

static struct key owner_key(enum token_owner kind, uint64_t owner, uint64_t id)
{
    struct key key = {0};
    key_add_u8(&key, (uint8_t)kind);
    key_add_u64(&key, owner);
    key_add_u64(&key, id);
    return key;
}

enum err check_token(struct check *check)
{
    Token *token;
    struct bytes hash;
    if (!check_decode(check, &token__descriptor, &token))
        return OK;
    struct key id = key_id(token->id);
    if (engine_get(check->txn, TABLE_TOKEN_ID, key_bytes(&id), &hash) ||
        !bytes_equal(hash, check->key))
        check_wrong(check, "token_id does not name it");
    if (token->actor &&
        !check_has(check, TABLE_TOKEN_OF, owner_key(TOKEN_OF_ACTOR, token->actor, token->id)))
        check_wrong(check, "token_of does not name it as its actor's");
    if (token->app &&
        !check_has(check, TABLE_TOKEN_OF, owner_key(TOKEN_OF_APPLICATION, token->app, token->id)))
        check_wrong(check, "token_of does not name it as its application's");
    if (token->app && !check_has(check, TABLE_APPLICATION, key_id(token->app)))
        check_wrong(check, "its application is not there");
    return OK;
}

/* The token that a row's id means; NULL, and said, when there is none. */
static const Token *token_of_id(struct check *check, uint64_t id)
{
    Token *token;
    enum err e = token_get(check->txn, id, &check->arena, &token);
    if (!e && token->id == id)
        return token;
    check_wrong(check, "names no token");
    return NULL;
}

enum err check_token_id(struct check *check)
{
    (void)token_of_id(check, check_key_u64(check, 0));
    return OK;
}

enum err check_token_of(struct check *check)
{
    uint8_t kind = check->key.p[0];
    uint64_t owner = check_key_u64(check, 1);
    const Token *token = token_of_id(check, check_key_u64(check, 9));
    if (!token)
        return OK;
    bool is_right = (kind == TOKEN_OF_ACTOR && token->actor == owner) ||
                    (kind == TOKEN_OF_APPLICATION && token->app == owner);
    if (!is_right || !owner)
        check_wrong(check, "the token is another's");
    return OK;
}

enum err check_application(struct check *check)
{
    Application *application;
    if (!check_decode(check, &application__descriptor, &application))
        return OK;
    if (application->id != check_key_u64(check, 0))
        check_wrong(check, "the record says it is another");
    if (application->secret.len != SECRET_HASH_BYTES)
        check_wrong(check, "has no secret");
    return OK;
}

enum err check_auth_code(struct check *check)
{
    AuthCode *code;
    (void)check_decode(check, &auth_code__descriptor, &code);
    return OK;
}

enum err check_session(struct check *check)
{
    Session *session;
    (void)check_decode(check, &session__descriptor, &session);
    return OK;
}
