/*
 * nothing - what apps ask for at start and this node does not have: an empty answer, since a 404 is
 * shown as a fault.
 */
#include "node/api/routes.h"

#include "storage/actor.h"

#define IDS_MAX 80

static struct response *get_nothing(struct api_call *call)
{
    struct jw *w = api_json(call);
    jw_list(w, NULL);
    jw_list_end(w);
    return api_answer(call);
}

/* Nothing of somebody: whether there is such a one is still asked. */
static struct response *get_nothing_of(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    Actor *actor;
    actor_id id;
    enum err e = api_path_id(call, "id", &id.v);
    if (!e)
        e = api_read(call, &txn);
    if (!e)
        e = actor_get(txn, id, &call->arena, &actor);
    return e ? api_of_err(e, NULL) : get_nothing(call);
}

static struct response *get_familiar_followers(struct api_call *call)
{
    const char *id[IDS_MAX];
    size_t n = params_list(&call->params, "id[]", id, COUNT(id));
    struct jw *w = api_json(call);
    uint64_t number;
    jw_list(w, NULL);
    for (size_t i = 0; i < n; i++) {
        if (id_parse(id[i], &number))
            continue;
        jw_object(w, NULL);
        jw_text(w, "id", id[i]);
        jw_list(w, "accounts");
        jw_list_end(w);
        jw_object_end(w);
    }
    jw_list_end(w);
    return api_answer(call);
}

#define NOTHING(path, who, scope, answers)                                                         \
    {                                                                                              \
        "GET", path, 3, who, scope, API_ID_NONE, answers, 0, get_nothing, "always empty"           \
    }
#define NOTHING_OF(name, answers)                                                                  \
    {                                                                                              \
        "GET", "/api/v1/accounts/{id}/" name, 3, API_READER, "read:accounts", API_ID_ACCOUNT,      \
            answers, 0, get_nothing_of, "always empty"                                             \
    }

const struct api_route api_nothing_routes[] = {
    NOTHING("/api/v1/trends", API_PUBLIC, NULL, "[Tag]"),
    NOTHING("/api/v1/trends/tags", API_PUBLIC, NULL, "[Tag]"),
    NOTHING("/api/v1/trends/statuses", API_PUBLIC, NULL, "[Status]"),
    NOTHING("/api/v1/trends/links", API_PUBLIC, NULL, "[PreviewCard]"),
    NOTHING("/api/v1/suggestions", API_USER, "read", "[Account]"),
    NOTHING("/api/v2/suggestions", API_USER, "read", "[Suggestion]"),
    NOTHING("/api/v1/directory", API_READER, "read:accounts", "[Account]"),
    NOTHING("/api/v1/endorsements", API_USER, "read:accounts", "[Account]"),
    NOTHING("/api/v1/featured_tags", API_USER, "read:accounts", "[FeaturedTag]"),
    NOTHING("/api/v1/featured_tags/suggestions", API_USER, "read:accounts", "[Tag]"),
    NOTHING("/api/v1/announcements", API_USER, NULL, "[Announcement]"),
    NOTHING_OF("featured_tags", "[FeaturedTag]"),
    NOTHING_OF("endorsements", "[Account]"),
    NOTHING_OF("identity_proofs", "[]"),
    {"GET", "/api/v1/accounts/familiar_followers", 3, API_USER, "read:follows", API_ID_NONE,
     "[FamiliarFollowers]", 0, get_familiar_followers, "nobody, for each id[]"},
    {0}};
