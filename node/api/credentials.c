/*
 * credentials - who am I: what every app asks first.
 */
#include "node/api/entity.h"
#include "node/api/routes.h"

static struct response *get_credentials(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    Actor *actor;
    Account *account;
    enum err e = api_read(call, &txn);
    if (!e)
        e = actor_get(txn, call->who, &call->arena, &actor);
    if (!e)
        e = account_get(txn, call->who, &call->arena, &account);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    if (!e)
        e = entity_credential_account(api_json(call), NULL, &view, actor, account);
    return e ? api_of_err(e, NULL) : api_answer(call);
}

const struct api_route api_credentials_routes[] = {{.method = "GET",
                                                    .path = "/api/v1/accounts/verify_credentials",
                                                    .tier = 1,
                                                    .who = API_USER,
                                                    .scope = "read:accounts|profile",
                                                    .answers = "CredentialAccount",
                                                    .run = get_credentials,
                                                    .about = "the account of this token"},
                                                   {0}};
