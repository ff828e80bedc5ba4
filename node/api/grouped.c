/*
 * grouped - what the caller was told, with what belongs together as one (the second version of that
 * interface).
 */
#include "node/api/page.h"
#include "node/api/routes.h"
#include "node/api/told.h"
#include "storage/marker.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LIST_STANDARD 40
#define LIST_MAX 80
#define SAMPLES_MAX 8
#define MEMBERS_MAX 500 /* of one group that are counted */
#define PEOPLE_MAX 200  /* of one group that are listed */

static const char *const standard_groups[] = {"favourite", "reblog", "follow"};

struct group {
    char key[TOLD_KEY_BYTES];
    const Notification *newest;
    uint64_t oldest_id; /* of those counted */
    uint64_t people[PEOPLE_MAX];
    size_t n_people, count;
};

struct query {
    struct view *view;
    struct told_wish wish;
    const char *grouped[TOLD_TYPES_MAX];
    size_t n_grouped;
};

static enum err query_read(struct api_call *call, struct view *view, struct query *out)
{
    out->view = view;
    out->n_grouped = params_list(&call->params, "grouped_types[]", out->grouped, TOLD_TYPES_MAX);
    if (!out->n_grouped) {
        memcpy(out->grouped, standard_groups, sizeof standard_groups);
        out->n_grouped = COUNT(standard_groups);
    }
    return told_wish_read(call, &out->wish);
}

static void key_of(const struct query *q, const Notification *n, char out[TOLD_KEY_BYTES])
{
    told_key(n, q->grouped, q->n_grouped, out);
}

/* The lowest id of a moment; ids are made of time (base.h). */
static uint64_t id_at(int64_t ms)
{
    return (uint64_t)ms << 16;
}

/* ---- one group ------------------------------------------------------------------------------ */

static void add_member(struct group *group, const Notification *n)
{
    group->count++;
    group->oldest_id = n->id;
    for (size_t i = 0; i < group->n_people; i++)
        if (group->people[i] == n->from)
            return;
    if (group->n_people < PEOPLE_MAX && n->from)
        group->people[group->n_people++] = n->from;
}

/* Its members, from the newest (below `before`) down to the window's beginning. */
static enum err fill(const struct query *q, uint64_t before, struct group *group)
{
    struct view *view = q->view;
    int64_t begin_ms;
    uint64_t at = before;
    enum err e = told_window(group->key, &begin_ms);
    uint64_t begin = e ? 0 : id_at(begin_ms);
    e = OK;
    for (unsigned i = 0; !e && group->count < MEMBERS_MAX && i < TOLD_SCAN_MAX; i++) {
        Notification *n;
        char key[TOLD_KEY_BYTES];
        e = notification_next(view->txn, view->reader, at, view->arena, &n);
        if (e || n->id < begin)
            break;
        at = n->id;
        key_of(q, n, key);
        if (strcmp(key, group->key) != 0 || !told_is_wished(view, &q->wish, n))
            continue;
        group->newest = group->newest ? group->newest : n;
        add_member(group, n);
    }
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err start(const struct query *q, const Notification *newest, struct group **out)
{
    struct group *group = arena_calloc(q->view->arena, 1, sizeof *group);
    if (!group)
        return ERR_LIMIT;
    key_of(q, newest, group->key);
    group->newest = newest;
    *out = group;
    if (strncmp(group->key, "ungrouped-", 10) != 0)
        return fill(q, newest->id + 1, group);
    add_member(group, newest);
    return OK;
}

/* Does its group have a newer member than `cursor`? Then an earlier page gave it. */
static enum err was_given(const struct query *q, const char *wanted, uint64_t cursor, bool *out)
{
    struct view *view = q->view;
    int64_t begin_ms;
    *out = false;
    if (cursor == UINT64_MAX || told_window(wanted, &begin_ms))
        return OK;
    uint64_t at = cursor - 1, end = id_at(begin_ms + TOLD_WINDOW_MS);
    for (unsigned i = 0; i < TOLD_SCAN_MAX; i++) {
        Notification *n;
        char key[TOLD_KEY_BYTES];
        enum err e = notification_above(view->txn, view->reader, at, view->arena, &n);
        if (e || n->id >= end)
            return e == ERR_NOTFOUND ? OK : e;
        at = n->id;
        key_of(q, n, key);
        *out = strcmp(key, wanted) == 0 && told_is_wished(view, &q->wish, n);
        if (*out)
            return OK;
    }
    return OK;
}

/* ---- a page --------------------------------------------------------------------------------- */

struct page_of_groups {
    struct group *item[LIST_MAX];
    size_t n;
    bool is_cut;
};

static bool has_group(const struct page_of_groups *page, const char *key)
{
    for (size_t i = 0; i < page->n; i++)
        if (strcmp(page->item[i]->key, key) == 0)
            return true;
    return false;
}

static enum err consider(const struct query *q, const struct api_page *page, const Notification *n,
                         struct page_of_groups *out)
{
    char key[TOLD_KEY_BYTES];
    bool is_given;
    key_of(q, n, key);
    if (has_group(out, key) || !told_is_wished(q->view, &q->wish, n))
        return OK;
    uint64_t cursor = page->max_id && !page->min_id ? page->max_id : UINT64_MAX;
    enum err e = was_given(q, key, cursor, &is_given);
    if (!e && !is_given)
        e = start(q, n, &out->item[out->n]);
    if (!e && !is_given)
        out->n++;
    return e;
}

static enum err find_down(const struct query *q, const struct api_page *page,
                          struct page_of_groups *out)
{
    uint64_t at = page->max_id ? page->max_id : UINT64_MAX;
    enum err e = OK;
    for (unsigned i = 0; !e && out->n < page->limit; i++) {
        Notification *n;
        out->is_cut = i == TOLD_SCAN_MAX;
        if (out->is_cut)
            break;
        e = notification_next(q->view->txn, q->view->reader, at, q->view->arena, &n);
        if (e || n->id <= page->since_id)
            break;
        at = n->id;
        e = consider(q, page, n, out);
    }
    return e == ERR_NOTFOUND ? OK : e;
}

/* Upwards from min_id: where the page ends, then down from there. */
static enum err find(const struct query *q, const struct api_page *page, struct page_of_groups *out)
{
    struct api_page above = *page;
    uint64_t at = page->min_id;
    enum err e = OK;
    if (!page->min_id)
        return find_down(q, page, out);
    for (unsigned i = 0, n_found = 0; !e && n_found < page->limit && i < TOLD_SCAN_MAX; i++) {
        Notification *n;
        e = notification_above(q->view->txn, q->view->reader, at, q->view->arena, &n);
        if (e)
            break;
        at = n->id;
        n_found += told_is_wished(q->view, &q->wish, n);
    }
    above.max_id = at + 1;
    above.since_id = page->min_id;
    return e && e != ERR_NOTFOUND ? e : find_down(q, &above, out);
}

/* ---- what is answered ----------------------------------------------------------------------- */

static void id_text(struct jw *w, const char *name, uint64_t id)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, id);
    jw_text(w, name, text);
}

/* A poll's end that comes from nobody is shown with its author, who is the reader. */
static uint64_t person(const struct view *view, const struct group *group, size_t i)
{
    return group->n_people ? group->people[i] : view->reader.v;
}

static size_t people_shown(const struct group *group)
{
    return group->n_people > SAMPLES_MAX ? SAMPLES_MAX : group->n_people ? group->n_people : 1;
}

static void render_group(struct jw *w, const struct view *view, const struct group *group)
{
    const Notification *newest = group->newest;
    jw_object(w, NULL);
    jw_text(w, "group_key", group->key);
    jw_number(w, "notifications_count", (int64_t)group->count);
    jw_text(w, "type", entity_notification_type(newest));
    id_text(w, "most_recent_notification_id", newest->id);
    id_text(w, "page_min_id", group->oldest_id);
    id_text(w, "page_max_id", newest->id);
    jw_time(w, "latest_page_notification_at", newest->created_ms);
    jw_list(w, "sample_account_ids");
    for (size_t i = 0; i < people_shown(group); i++)
        id_text(w, NULL, person(view, group, i));
    jw_list_end(w);
    if (newest->post)
        id_text(w, "status_id", newest->post);
    jw_object_end(w);
}

/* Each once, in a list that grows with the answer. */
struct ids {
    uint64_t id[LIST_MAX * SAMPLES_MAX];
    size_t n;
};

static bool ids_add(struct ids *ids, uint64_t id)
{
    for (size_t i = 0; i < ids->n; i++)
        if (ids->id[i] == id)
            return false;
    if (!id || ids->n == COUNT(ids->id))
        return false;
    ids->id[ids->n++] = id;
    return true;
}

static enum err render_accounts(struct jw *w, struct view *view, struct group *const *group,
                                size_t n)
{
    struct ids *ids = arena_calloc(view->arena, 1, sizeof *ids);
    enum err e = ids ? OK : ERR_LIMIT;
    jw_list(w, "accounts");
    for (size_t i = 0; !e && i < n; i++)
        for (size_t k = 0; !e && k < people_shown(group[i]); k++) {
            uint64_t who = person(view, group[i], k);
            if (ids_add(ids, who))
                e = entity_account_id(w, NULL, view, (actor_id){who});
        }
    jw_list_end(w);
    return e;
}

static enum err render_statuses(struct jw *w, struct view *view, struct group *const *group,
                                size_t n)
{
    struct ids *ids = arena_calloc(view->arena, 1, sizeof *ids);
    enum err e = ids ? OK : ERR_LIMIT;
    jw_list(w, "statuses");
    for (size_t i = 0; !e && i < n; i++)
        if (ids_add(ids, group[i]->newest->post))
            e = entity_status_id(w, NULL, view, (post_id){group[i]->newest->post});
    jw_list_end(w);
    return e;
}

static enum err render(struct jw *w, struct view *view, struct group *const *group, size_t n)
{
    jw_object(w, NULL);
    enum err e = render_accounts(w, view, group, n);
    if (!e)
        e = render_statuses(w, view, group, n);
    jw_list(w, "notification_groups");
    for (size_t i = 0; i < n; i++)
        render_group(w, view, group[i]);
    jw_list_end(w);
    jw_object_end(w);
    return e;
}

/* ---- routes --------------------------------------------------------------------------------- */

static struct response *get_groups(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    struct api_page page = api_page_read(call, LIST_STANDARD, LIST_MAX);
    struct page_of_groups found = {.n = 0};
    struct query q;
    enum err e = api_read(call, &txn);
    struct view view = view_of(call, txn, VIEW_NOTIFICATIONS);
    if (!e)
        e = query_read(call, &view, &q);
    if (!e)
        e = find(&q, &page, &found);
    if (!e)
        e = render(api_json(call), &view, found.item, found.n);
    if (e)
        return api_of_err(e, NULL);
    struct response *response = api_answer(call);
    if (found.n)
        api_page_link(call, response, &page, found.item[0]->newest->id,
                      found.item[found.n - 1]->newest->id, found.n,
                      found.is_cut ? API_PAGE_HAS_MORE : API_PAGE_AS_COUNTED);
    return response;
}

/* The group the path names, as it is by the standard types. */
static enum err find_group(struct api_call *call, struct view *view, struct group **out)
{
    const char *key = request_param(call->request, "group_key");
    struct query q = {.view = view, .n_grouped = COUNT(standard_groups)};
    Notification *one;
    int64_t begin_ms;
    uint64_t id;
    memcpy(q.grouped, standard_groups, sizeof standard_groups);
    if (!key || strlen(key) >= TOLD_KEY_BYTES)
        return ERR_NOTFOUND;
    if (strncmp(key, "ungrouped-", 10) == 0) {
        if (id_parse(key + 10, &id))
            return ERR_NOTFOUND;
        enum err e =
            notification_get(view->txn, view->reader, (notification_id){id}, view->arena, &one);
        q.n_grouped = 0;
        return e ? e : !told_is_wished(view, &q.wish, one) ? ERR_NOTFOUND : start(&q, one, out);
    }
    enum err e = told_window(key, &begin_ms);
    struct group *group = arena_calloc(view->arena, 1, sizeof *group);
    if (e || !group)
        return e ? e : ERR_LIMIT;
    snprintf(group->key, sizeof group->key, "%s", key);
    e = fill(&q, id_at(begin_ms + TOLD_WINDOW_MS), group);
    *out = group;
    return !e && !group->newest ? ERR_NOTFOUND : e;
}

static struct response *get_group(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    struct group *group;
    enum err e = api_read(call, &txn);
    struct view view = view_of(call, txn, VIEW_NOTIFICATIONS);
    if (!e)
        e = find_group(call, &view, &group);
    if (!e)
        e = render(api_json(call), &view, &group, 1);
    return e ? api_of_err(e, NULL) : api_answer(call);
}

static struct response *get_group_accounts(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    struct group *group;
    enum err e = api_read(call, &txn);
    struct view view = view_of(call, txn, VIEW_NOTIFICATIONS);
    if (!e)
        e = find_group(call, &view, &group);
    struct jw *w = api_json(call);
    jw_list(w, NULL);
    for (size_t i = 0; !e && i < group->n_people; i++)
        e = entity_account_id(w, NULL, &view, (actor_id){group->people[i]});
    jw_list_end(w);
    return e ? api_of_err(e, NULL) : api_answer(call);
}

struct dismissal {
    struct mutation mutation;
    actor_id who;
    const char *key;
    uint64_t newest, oldest;
};

static enum err dismiss_apply(struct txn *txn, struct mutation *m)
{
    const struct dismissal *d = container_of(m, struct dismissal, mutation);
    uint64_t at = d->newest + 1;
    enum err e = OK;
    while (!e) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
        char key[TOLD_KEY_BYTES];
        Notification *n;
        e = notification_next(txn, d->who, at, &arena, &n);
        if (e || n->id < d->oldest)
            break;
        at = n->id;
        bool is_alone = strncmp(d->key, "ungrouped-", 10) == 0;
        told_key(n, standard_groups, is_alone ? 0 : COUNT(standard_groups), key);
        if (strcmp(key, d->key) == 0)
            e = notification_del(txn, d->who, (notification_id){n->id});
    }
    return e == ERR_NOTFOUND ? OK : e;
}

static struct response *post_dismiss(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    struct dismissal d = {.mutation = {.apply = dismiss_apply}, .who = call->who};
    struct group *group;
    enum err e = api_read(call, &txn);
    struct view view = view_of(call, txn, VIEW_NOTIFICATIONS);
    if (!e)
        e = find_group(call, &view, &group);
    if (e)
        return api_of_err(e, NULL);
    txn_end(&txn); /* before the disk is waited for */
    d.key = group->key;
    d.newest = group->newest->id;
    d.oldest = group->oldest_id;
    e = api_write(call, &d.mutation);
    return e ? api_of_err(e, NULL) : api_answer_empty(call);
}

/* Groups newer than the reader's mark, up to `limit`. */
static struct response *get_unread_count(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    struct api_page page = {.limit = api_page_read(call, LIST_MAX, LIST_MAX).limit};
    struct page_of_groups found = {.n = 0};
    struct query q;
    Marker *marker;
    enum err e = api_read(call, &txn);
    struct view view = view_of(call, txn, VIEW_NOTIFICATIONS);
    if (!e)
        e = query_read(call, &view, &q);
    if (!e)
        e = marker_get(txn, call->who, MARKER_NOTIFICATIONS, &call->arena, &marker);
    page.since_id = e ? 0 : marker->last_read;
    if (!e || e == ERR_NOTFOUND)
        e = find(&q, &page, &found);
    if (e)
        return api_of_err(e, NULL);
    struct jw *w = api_json(call);
    jw_object(w, NULL);
    jw_number(w, "count", (int64_t)found.n);
    jw_object_end(w);
    return api_answer(call);
}

#define LIST "/api/v2/notifications"
#define READ "read:notifications"
#define ANSWER "GroupedNotifications"

const struct api_route api_grouped_routes[] = {
    {"GET", LIST, 3, API_USER, READ, API_ID_NONE, ANSWER, 0, get_groups,
     "what the caller was told, what belongs together as one"},
    {"GET", LIST "/unread_count", 3, API_USER, READ, API_ID_NONE, "{}", 0, get_unread_count,
     "how many groups are newer than the marker"},
    {"GET", LIST "/{group_key}", 3, API_USER, READ, API_ID_NONE, ANSWER, 0, get_group, "one group"},
    {"GET", LIST "/{group_key}/accounts", 3, API_USER, READ, API_ID_NONE, "[Account]", 0,
     get_group_accounts, "who is in it"},
    {"POST", LIST "/{group_key}/dismiss", 3, API_USER, "write:notifications", API_ID_NONE, "{}", 0,
     post_dismiss, "forgets a group"},
    {0}};
