/*
 * lists - people read in a timeline apart: the lists, and who is in them.
 */
#include "storage/list.h"

#include "node/api/people.h"
#include "node/api/routes.h"
#include "storage/base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ID_TEXT_BYTES 24
#define ACCOUNTS_MAX 1000 /* named in one call */

static const char *const replies_words[] = {[LIST_REPLIES__TO_MEMBERS] = "list",
                                            [LIST_REPLIES__TO_FOLLOWED] = "followed",
                                            [LIST_REPLIES__TO_NOBODY] = "none"};

static void entity_list(struct jw *w, const List *list)
{
    char id[ID_TEXT_BYTES];
    snprintf(id, sizeof id, "%" PRIu64, list->id);
    jw_object(w, NULL);
    jw_text(w, "id", id);
    jw_text(w, "title", list->title);
    jw_text(w, "replies_policy",
            list->replies < COUNT(replies_words) ? replies_words[list->replies] : "list");
    jw_bool(w, "exclusive", list->is_exclusive);
    jw_object_end(w);
}

/* ---- reading ---- */

/* Those of the caller; with `member`, those that have them. */
static struct response *answer_lists(struct api_call *call, actor_id member)
{
    AUTO(txn_end) struct txn *txn = NULL;
    List *list;
    enum err e = api_read(call, &txn);
    struct jw *w = api_json(call);
    jw_list(w, NULL);
    for (uint64_t id = 0; !e && !(e = list_next(txn, call->who, id, &call->arena, &list));
         id = list->id)
        if (!member.v || list_has(txn, list->id, member))
            entity_list(w, list);
    jw_list_end(w);
    return e == ERR_NOTFOUND ? api_answer(call) : api_of_err(e, NULL);
}

static struct response *get_lists(struct api_call *call)
{
    return answer_lists(call, (actor_id){0});
}

static struct response *get_lists_of(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    Actor *actor;
    actor_id id;
    enum err e = api_path_id(call, "id", &id.v);
    if (!e)
        e = api_read(call, &txn);
    if (!e)
        e = actor_get(txn, id, &call->arena, &actor);
    txn_end(&txn);
    return e || actor->deleted_ms ? api_of_err(e ? e : ERR_NOTFOUND, NULL) : answer_lists(call, id);
}

/* The list in the path, the caller's. */
static enum err find_list(struct api_call *call, struct txn *txn, List **out)
{
    uint64_t id;
    enum err e = api_path_id(call, "id", &id);
    return e ? e : list_get(txn, call->who, id, &call->arena, out);
}

static struct response *get_list(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    List *list;
    enum err e = api_read(call, &txn);
    if (!e)
        e = find_list(call, txn, &list);
    if (e)
        return api_of_err(e, NULL);
    entity_list(api_json(call), list);
    return api_answer(call);
}

/* `limit=0` asks for everyone at once. */
static struct response *answer_everyone(struct api_call *call, struct view *view, uint64_t list)
{
    actor_id member = {0};
    enum err e;
    struct jw *w = api_json(call);
    jw_list(w, NULL);
    while (!(e = list_member_next(view->txn, list, &member)))
        if ((e = entity_account_id(w, NULL, view, member)) && e != ERR_NOTFOUND)
            return api_of_err(e, NULL);
    jw_list_end(w);
    return e == ERR_NOTFOUND ? api_answer(call) : api_of_err(e, NULL);
}

static struct response *get_list_accounts(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    const char *limit = params_get(&call->params, "limit");
    List *list;
    enum err e = api_read(call, &txn);
    if (!e)
        e = find_list(call, txn, &list);
    if (e)
        return api_of_err(e, NULL);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    if (limit && strcmp(limit, "0") == 0)
        return answer_everyone(call, &view, list->id);
    return people_answer(call, &view, &(struct people){EDGE_LISTED, PEOPLE_WHOM, list->id});
}

/* ---- writing ---- */

/* What was asked about a list, and the list as it is then. */
struct list_change {
    struct mutation mutation;
    actor_id owner;
    uint64_t id;
    const char *title; /* NULL: as it is */
    int replies;       /* ListReplies; -1: as it is */
    bool sets_exclusive, is_exclusive;
    int64_t now_ms;
    struct arena *arena;
    List *list; /* out */
};

static void change(List *list, const struct list_change *c)
{
    if (c->title)
        list->title = (char *)c->title;
    if (c->replies >= 0)
        list->replies = (ListReplies)c->replies;
    if (c->sets_exclusive)
        list->is_exclusive = c->is_exclusive;
}

static enum err create_apply(struct txn *txn, struct mutation *m)
{
    struct list_change *c = container_of(m, struct list_change, mutation);
    List list = LIST__INIT;
    list.owner = c->owner.v;
    change(&list, c);
    enum err e = list_add(txn, &list, c->now_ms);
    return e ? e : list_get(txn, c->owner, list.id, c->arena, &c->list);
}

static enum err update_apply(struct txn *txn, struct mutation *m)
{
    struct list_change *c = container_of(m, struct list_change, mutation);
    enum err e = list_get(txn, c->owner, c->id, c->arena, &c->list);
    if (e)
        return e;
    change(c->list, c);
    return list_put(txn, c->list);
}

static int replies_asked(struct api_call *call)
{
    const char *word = params_get(&call->params, "replies_policy");
    for (size_t i = 0; word && i < COUNT(replies_words); i++)
        if (strcmp(word, replies_words[i]) == 0)
            return (int)i;
    return -1;
}

static struct response *write_list(struct api_call *call, struct list_change *c)
{
    const char *policy = params_get(&call->params, "replies_policy");
    c->owner = call->who;
    c->title = params_get(&call->params, "title");
    c->replies = replies_asked(call);
    c->sets_exclusive = params_has(&call->params, "exclusive");
    c->is_exclusive = params_bool(&call->params, "exclusive", false);
    c->now_ms = clock_ms();
    c->arena = &call->arena;
    if (policy && c->replies < 0)
        return api_invalid("replies_policy is none, list or followed");
    enum err e = api_write(call, &c->mutation);
    if (e == ERR_INVALID)
        return api_invalid("a list has a title of up to %d bytes", LIST_TITLE_MAX_BYTES);
    if (e == ERR_LIMIT)
        return api_invalid("there are %d lists already", LISTS_MAX);
    if (e)
        return api_of_err(e, NULL);
    entity_list(api_json(call), c->list);
    return api_answer(call);
}

static struct response *post_list(struct api_call *call)
{
    struct list_change c = {.mutation = {.apply = create_apply}};
    if (!params_has(&call->params, "title"))
        return api_invalid("Title can't be blank");
    return write_list(call, &c);
}

static struct response *put_list(struct api_call *call)
{
    struct list_change c = {.mutation = {.apply = update_apply}};
    enum err e = api_path_id(call, "id", &c.id);
    return e ? api_of_err(e, NULL) : write_list(call, &c);
}

struct list_removal {
    struct mutation mutation;
    actor_id owner;
    uint64_t id;
};

static enum err removal_apply(struct txn *txn, struct mutation *m)
{
    struct list_removal *r = container_of(m, struct list_removal, mutation);
    return list_del(txn, r->owner, r->id);
}

static struct response *delete_list(struct api_call *call)
{
    struct list_removal r = {.mutation = {.apply = removal_apply}, .owner = call->who};
    enum err e = api_path_id(call, "id", &r.id);
    if (!e)
        e = api_write(call, &r.mutation);
    return e ? api_of_err(e, NULL) : api_answer_empty(call);
}

/* ---- members ---- */

struct membership {
    struct mutation mutation;
    actor_id owner;
    uint64_t id;
    actor_id member[ACCOUNTS_MAX];
    size_t n;
    int64_t now_ms;
};

/* All of them or none. Who is in it already stays. */
static enum err join_apply(struct txn *txn, struct mutation *m)
{
    struct membership *s = container_of(m, struct membership, mutation);
    for (size_t i = 0; i < s->n; i++) {
        enum err e = list_member_add(txn, s->owner, s->id, s->member[i], s->now_ms);
        if (e && e != ERR_EXISTS)
            return e;
    }
    return OK;
}

static enum err leave_apply(struct txn *txn, struct mutation *m)
{
    struct membership *s = container_of(m, struct membership, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT((size_t)64 * 1024);
    List *list;
    enum err e = list_get(txn, s->owner, s->id, &arena, &list);
    for (size_t i = 0; !e && i < s->n; i++) {
        e = list_member_del(txn, s->id, s->member[i]);
        e = e == ERR_NOTFOUND ? OK : e;
    }
    return e;
}

static struct response *change_members(struct api_call *call,
                                       enum err (*apply)(struct txn *txn, struct mutation *m))
{
    struct membership *s = arena_alloc(&call->arena, sizeof *s);
    const char *given[ACCOUNTS_MAX];
    if (!s)
        return api_of_err(ERR_LIMIT, NULL);
    *s =
        (struct membership){.mutation = {.apply = apply}, .owner = call->who, .now_ms = clock_ms()};
    enum err e = api_path_id(call, "id", &s->id);
    size_t n = params_list(&call->params, "account_ids[]", given, COUNT(given));
    for (size_t i = 0; !e && i < n; i++)
        e = id_parse(given[i], &s->member[s->n++].v) ? ERR_NOTFOUND : OK;
    if (!e)
        e = api_write(call, &s->mutation);
    if (e == ERR_DENIED) /* as apps know it: no follow to list */
        return api_not_found();
    if (e == ERR_LIMIT)
        return api_invalid("a list has up to %d accounts", LIST_MEMBERS_MAX);
    return e ? api_of_err(e, NULL) : api_answer_empty(call);
}

static struct response *post_list_accounts(struct api_call *call)
{
    return change_members(call, join_apply);
}

static struct response *delete_list_accounts(struct api_call *call)
{
    return change_members(call, leave_apply);
}

const struct api_route api_lists_routes[] = {
    {"GET", "/api/v1/lists", 2, API_USER, "read:lists", API_ID_NONE, "[List]", 0, get_lists,
     "the caller's lists"},
    {"POST", "/api/v1/lists", 2, API_USER, "write:lists", API_ID_NONE, "List", 0, post_list,
     "makes a list: title, replies_policy, exclusive"},
    {"GET", "/api/v1/lists/{id}", 2, API_USER, "read:lists", API_ID_LIST, "List", 0, get_list,
     "one list"},
    {"PUT", "/api/v1/lists/{id}", 2, API_USER, "write:lists", API_ID_LIST, "List", 0, put_list,
     "changes what is said of it"},
    {"DELETE", "/api/v1/lists/{id}", 2, API_USER, "write:lists", API_ID_LIST, "{}", 0, delete_list,
     "the list goes, nobody is unfollowed"},
    {"GET", "/api/v1/lists/{id}/accounts", 2, API_USER, "read:lists", API_ID_LIST, "[Account]", 0,
     get_list_accounts, "who is in it; limit=0: all of them at once"},
    {"POST", "/api/v1/lists/{id}/accounts", 2, API_USER, "write:lists", API_ID_LIST, "{}", 0,
     post_list_accounts, "account_ids join it: whom the caller follows"},
    {"DELETE", "/api/v1/lists/{id}/accounts", 2, API_USER, "write:lists", API_ID_LIST, "{}", 0,
     delete_list_accounts, "account_ids leave it"},
    {"GET", "/api/v1/accounts/{id}/lists", 2, API_USER, "read:lists", API_ID_ACCOUNT, "[List]", 0,
     get_lists_of, "the caller's lists this account is in"},
    {0}};
