/*
 * relations - what one is to another: follow, block, mute, note, and all of it told together.
 */
#include "node/api/entity.h"
#include "node/api/routes.h"

#include "storage/base/clock.h"
#include "storage/edge.h"

#include <string.h>

#define IDS_MAX 400 /* a page of an app names every author it shows */
#define NOTE_MAX_BYTES 8000
#define MUTE_MAX_S ((int64_t)10 * 366 * 24 * 3600)

static struct response *get_relationships(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    const char *text[IDS_MAX];
    size_t n = params_list(&call->params, "id[]", text, COUNT(text));
    enum err e = api_read(call, &txn);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    struct jw *w = api_json(call);
    jw_list(w, NULL);
    for (size_t i = 0; !e && i < n; i++) {
        actor_id id;
        if (id_parse(text[i], &id.v))
            continue;
        e = entity_relationship(w, NULL, &view, id);
        e = e == ERR_NOTFOUND ? OK : e;
    }
    jw_list_end(w);
    return e ? api_of_err(e, NULL) : api_answer(call);
}

/* ---- acts upon somebody ---- */

/* The account in the path, which lives. */
static enum err get_target(struct api_call *call, actor_id *out)
{
    AUTO(txn_end) struct txn *txn = NULL;
    Actor *actor;
    enum err e = api_path_id(call, "id", &out->v);
    if (!e)
        e = api_read(call, &txn);
    if (!e)
        e = actor_get(txn, *out, &call->arena, &actor);
    return e ? e : actor->deleted_ms ? ERR_NOTFOUND : OK;
}

/* What is so already is done: apps press a button twice. */
static struct response *answer_relationship(struct api_call *call, actor_id whom, enum err e,
                                            const struct why *why)
{
    AUTO(txn_end) struct txn *txn = NULL;
    if (e && e != ERR_EXISTS && e != ERR_NOTFOUND)
        return api_of_err(e, why);
    e = api_read(call, &txn);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    if (!e)
        e = entity_relationship(api_json(call), NULL, &view, whom);
    return e ? api_of_err(e, NULL) : api_answer(call);
}

typedef enum err act_on(struct federation *fed, actor_id who, actor_id whom, const struct by *by,
                        struct why *why);

static struct response *run_on(struct api_call *call, act_on *act)
{
    struct why why = {""};
    actor_id whom;
    enum err e = get_target(call, &whom);
    if (e)
        return api_of_err(e, NULL);
    e = act(call->fed, call->who, whom, &call->by, &why);
    return answer_relationship(call, whom, e, &why);
}

static enum act_follow_with follow_with(const struct api_call *call, const char *name)
{
    if (!params_has(&call->params, name))
        return ACT_FOLLOW_AS_BEFORE;
    return params_bool(&call->params, name, false) ? ACT_FOLLOW_WITH : ACT_FOLLOW_WITHOUT;
}

static struct response *post_follow(struct api_call *call)
{
    struct why why = {""};
    const char *languages[FOLLOW_LANGUAGES_MAX + 1];
    struct follow_terms terms = {.boosts = follow_with(call, "reblogs"),
                                 .notify = follow_with(call, "notify"),
                                 .sets_languages = params_has(&call->params, "languages[]"),
                                 .languages = languages};
    actor_id whom;
    enum err e = get_target(call, &whom);
    if (e)
        return api_of_err(e, NULL);
    terms.language_count = params_list(&call->params, "languages[]", languages, COUNT(languages));
    if (terms.language_count == 1 && !languages[0][0])
        terms.language_count = 0; /* "languages[]=": all of them */
    e = act_follow_on_terms_local(call->fed, call->who, whom, &terms, &call->by, &why);
    return answer_relationship(call, whom, e, &why);
}

static struct response *post_unfollow(struct api_call *call)
{
    return run_on(call, act_unfollow_local);
}

static struct response *post_remove_from_followers(struct api_call *call)
{
    return run_on(call, act_reject_local);
}

static enum err block_silently(struct federation *fed, actor_id who, actor_id whom,
                               const struct by *by, struct why *why)
{
    return act_block_local(fed, who, whom, ACT_BLOCK_UNTOLD, by, why);
}

static struct response *post_block(struct api_call *call)
{
    return run_on(call, block_silently);
}

static struct response *post_unblock(struct api_call *call)
{
    return run_on(call, act_unblock_local);
}

static struct response *post_mute(struct api_call *call)
{
    struct why why = {""};
    struct mute_terms terms = {.hides_notifications =
                                   params_bool(&call->params, "notifications", true)};
    int64_t duration_s;
    actor_id whom;
    enum err e = get_target(call, &whom);
    if (e)
        return api_of_err(e, NULL);
    if (params_number(&call->params, "duration", 0, &duration_s) || duration_s < 0 ||
        duration_s > MUTE_MAX_S)
        return api_invalid("duration is a number of seconds");
    terms.until_ms = duration_s ? clock_ms() + duration_s * 1000 : 0;
    e = act_mute_on_terms_local(call->fed, call->who, whom, &terms, &call->by, &why);
    return answer_relationship(call, whom, e, &why);
}

static struct response *post_unmute(struct api_call *call)
{
    return run_on(call, act_unmute_local);
}

/* ---- who asks to follow ---- */

static struct response *answer_request(struct api_call *call, act_on *act)
{
    AUTO(txn_end) struct txn *txn = NULL;
    struct why why = {""};
    actor_id who;
    enum err e = api_path_id(call, "id", &who.v);
    if (!e)
        e = api_read(call, &txn);
    /* A reject would remove a follower as well: that is another call. */
    if (!e && !edge_has(txn, (struct edge_key){EDGE_FOLLOW_REQUEST, who.v, call->who.v}))
        e = ERR_NOTFOUND;
    if (e)
        return api_of_err(e, NULL);
    txn_end(&txn);
    e = act(call->fed, call->who, who, &call->by, &why);
    return answer_relationship(call, who, e, &why);
}

static struct response *post_authorize(struct api_call *call)
{
    return answer_request(call, act_accept_local);
}

static struct response *post_reject(struct api_call *call)
{
    return answer_request(call, act_reject_local);
}

/* ---- a private note ---- */

struct note_change {
    struct mutation mutation;
    struct edge_key key;
    const char *text;
    int64_t now_ms;
};

static enum err note_apply(struct txn *txn, struct mutation *m)
{
    struct note_change *change = container_of(m, struct note_change, mutation);
    Edge edge = EDGE__INIT;
    if (!change->text[0]) {
        enum err e = edge_del(txn, change->key);
        return e == ERR_NOTFOUND ? OK : e;
    }
    edge.created_ms = change->now_ms;
    edge.content = (char *)change->text;
    return edge_put(txn, change->key, &edge);
}

static struct response *post_note(struct api_call *call)
{
    const char *text = params_get(&call->params, "comment");
    actor_id whom;
    enum err e = get_target(call, &whom);
    if (e)
        return api_of_err(e, NULL);
    if (text && (!utf8_check(bytes_of(text)) || strlen(text) > NOTE_MAX_BYTES))
        return api_invalid("a note has at most %d bytes", NOTE_MAX_BYTES);
    struct note_change change = {.mutation = {.apply = note_apply},
                                 .key = {EDGE_NOTE, call->who.v, whom.v},
                                 .text = text ? text : "",
                                 .now_ms = clock_ms()};
    e = api_write(call, &change.mutation);
    return answer_relationship(call, whom, e, NULL);
}

#define ON_ACCOUNT(name, tier, scope, run, about)                                                  \
    {                                                                                              \
        "POST", "/api/v1/accounts/{id}/" name, tier, API_USER, scope, API_ID_ACCOUNT,              \
            "Relationship", 0, run, about                                                          \
    }

const struct api_route api_relations_routes[] = {
    {"GET", "/api/v1/accounts/relationships", 1, API_USER, "read:follows", API_ID_NONE,
     "[Relationship]", 0, get_relationships, "what the caller is to others: id[]"},
    ON_ACCOUNT("follow", 1, "write:follows", post_follow, "reblogs, notify, languages[]"),
    ON_ACCOUNT("unfollow", 1, "write:follows", post_unfollow, "or take the request back"),
    ON_ACCOUNT("remove_from_followers", 2, "write:follows", post_remove_from_followers,
               "they follow no longer"),
    ON_ACCOUNT("block", 2, "write:blocks", post_block, "ends the follows both ways; not told"),
    ON_ACCOUNT("unblock", 2, "write:blocks", post_unblock, "take a block back"),
    ON_ACCOUNT("mute", 2, "write:mutes", post_mute, "notifications, duration in seconds"),
    ON_ACCOUNT("unmute", 2, "write:mutes", post_unmute, "take a mute back"),
    ON_ACCOUNT("note", 2, "write:accounts", post_note, "comment: for the caller alone"),
    {"POST", "/api/v1/follow_requests/{id}/authorize", 2, API_USER, "write:follows",
     API_ID_FOLLOW_REQUEST, "Relationship", 0, post_authorize, "lets them follow"},
    {"POST", "/api/v1/follow_requests/{id}/reject", 2, API_USER, "write:follows",
     API_ID_FOLLOW_REQUEST, "Relationship", 0, post_reject, "does not"},
    {0}};
