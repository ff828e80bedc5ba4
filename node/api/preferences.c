/*
 * preferences - how the caller's posts begin, and how they read others'.
 */
#include "node/api/entity.h"
#include "node/api/routes.h"

static void preferences(struct jw *w, const Account *account)
{
    jw_object(w, NULL);
    jw_text(w, "posting:default:visibility", entity_visibility(account->visibility));
    jw_bool(w, "posting:default:sensitive", account->is_sensitive);
    if (account->language[0])
        jw_text(w, "posting:default:language", account->language);
    else
        jw_null(w, "posting:default:language");
    jw_text(w, "reading:expand:media", "default"); /* apps have their own settings for these */
    jw_bool(w, "reading:expand:spoilers", false);
    jw_object_end(w);
}

static struct response *get_preferences(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    Account *account;
    enum err e = api_read(call, &txn);
    if (!e)
        e = account_get(txn, call->who, &call->arena, &account);
    if (e)
        return api_of_err(e, NULL);
    preferences(api_json(call), account);
    return api_answer(call);
}

const struct api_route api_preferences_routes[] = {{"GET", "/api/v1/preferences", 1, API_USER,
                                                    "read:accounts", API_ID_NONE, "Preferences", 0,
                                                    get_preferences, "defaults of new posts"},
                                                   {0}};
