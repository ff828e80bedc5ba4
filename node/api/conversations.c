/*
 * conversations - the caller's direct posts, by thread and people.
 */
#include "federation/conversation.h"
#include "node/api/entity.h"
#include "node/api/page.h"
#include "node/api/routes.h"
#include "storage/base/clock.h"
#include "storage/conversation.h"

#include <inttypes.h>
#include <stdio.h>

#define LIST_STANDARD 20
#define LIST_MAX 40

enum err entity_conversation(struct jw *w, const char *name, struct view *view,
                             const struct conversation *conversation)
{
    char id[24];
    enum err e = OK;
    snprintf(id, sizeof id, "%" PRIu64, conversation->id.v);
    jw_object(w, name);
    jw_text(w, "id", id);
    jw_bool(w, "unread", conversation->is_unread);
    jw_list(w, "accounts");
    for (size_t i = 0; !e && i < conversation->n_people; i++) {
        Actor *actor;
        bool is_self = conversation->people[i] == view->reader.v;
        if ((is_self && conversation->n_people > 1) ||
            view_actor(view, (actor_id){conversation->people[i]}, &actor))
            continue;
        e = entity_account(w, NULL, view, actor);
    }
    jw_list_end(w);
    if (!e)
        e = entity_status(w, "last_status", view, conversation->last);
    jw_object_end(w);
    return e;
}

/* ---- routes --------------------------------------------------------------------------------- */

static struct response *get_conversations(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    struct api_page page = api_page_read(call, LIST_STANDARD, LIST_MAX);
    struct conversation_walk walk = {.owner = call->who, .now_ms = clock_ms()};
    struct conversation one;
    uint64_t first = 0, last = 0;
    size_t n = 0;
    enum err e = api_read(call, &txn);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    struct jw *w = api_json(call);
    walk.txn = txn;
    walk.before = page.max_id;
    walk.after = page.min_id ? page.min_id : page.since_id;
    jw_list(w, NULL);
    for (; !e && n < page.limit; n++) {
        e = conversation_next(&walk, &call->arena, &one);
        if (e)
            break;
        first = n ? first : one.last->id;
        last = one.last->id;
        e = entity_conversation(w, NULL, &view, &one);
    }
    jw_list_end(w);
    if (e && e != ERR_NOTFOUND)
        return api_of_err(e, NULL);
    struct response *response = api_answer(call);
    api_page_link(call, response, &page, first, last, n, API_PAGE_AS_COUNTED);
    return response;
}

/* By the id in the path; the snapshot is the caller's to end. */
static enum err find(struct api_call *call, struct txn **txn, struct conversation *out)
{
    uint64_t id;
    enum err e = api_path_id(call, "id", &id);
    if (!e)
        e = api_read(call, txn);
    return e ? e : conversation_find(*txn, call->who, (post_id){id}, clock_ms(), &call->arena, out);
}

struct marking {
    struct mutation mutation;
    actor_id who;
    post_id id;
    ConversationMark mark; /* what is not to stay: -1 stays */
};

static enum err mark_apply(struct txn *txn, struct mutation *m)
{
    const struct marking *marking = container_of(m, struct marking, mutation);
    ConversationMark mark;
    enum err e = conversation_get(txn, marking->who, marking->id, &mark);
    if (e)
        return e;
    if (marking->mark.read_ms >= 0)
        mark.read_ms = marking->mark.read_ms;
    if (marking->mark.hidden_ms >= 0)
        mark.hidden_ms = marking->mark.hidden_ms;
    return conversation_put(txn, marking->who, marking->id, &mark);
}

static enum err mark(struct api_call *call, int64_t read_ms, int64_t hidden_ms)
{
    AUTO(txn_end) struct txn *txn = NULL;
    struct conversation found;
    struct marking marking = {.mutation = {.apply = mark_apply}, .who = call->who};
    enum err e = find(call, &txn, &found);
    if (e)
        return e;
    txn_end(&txn); /* before the disk is waited for */
    conversation_mark__init(&marking.mark);
    marking.mark.read_ms = read_ms;
    marking.mark.hidden_ms = hidden_ms;
    marking.id = found.id;
    return api_write(call, &marking.mutation);
}

static struct response *answer(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    struct conversation found;
    enum err e = find(call, &txn, &found);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    if (!e)
        e = entity_conversation(api_json(call), NULL, &view, &found);
    return e ? api_of_err(e, NULL) : api_answer(call);
}

static struct response *post_read(struct api_call *call)
{
    enum err e = mark(call, clock_ms(), -1);
    return e ? api_of_err(e, NULL) : answer(call);
}

static struct response *delete_conversation(struct api_call *call)
{
    int64_t now_ms = clock_ms();
    enum err e = mark(call, now_ms, now_ms);
    return e ? api_of_err(e, NULL) : api_answer_empty(call);
}

#define ONE "/api/v1/conversations/{id}"

const struct api_route api_conversations_routes[] = {
    {"GET", "/api/v1/conversations", 2, API_USER, "read:statuses", API_ID_NONE, "[Conversation]", 0,
     get_conversations, "direct posts by conversation, the newest first"},
    {"POST", ONE "/read", 2, API_USER, "write:conversations", API_ID_CONVERSATION, "Conversation",
     0, post_read, "it was read"},
    {"DELETE", ONE, 2, API_USER, "write:conversations", API_ID_CONVERSATION, "{}", 0,
     delete_conversation, "puts it away until more comes; the posts stay"},
    {0}};
