/*
 * poll - the poll of a status, by the status's id; and one's vote in it.
 */
#include "federation/as2.h"
#include "node/api/routes.h"
#include "node/api/status.h"

#include <stdlib.h>

/* A poll the reader may see. */
static enum err find_poll(struct api_call *call, struct view *view, Post **out)
{
    post_id id;
    enum err e = api_path_id(call, "id", &id.v);
    if (!e)
        e = status_get_shown(view, id, out);
    return !e && !(*out)->poll ? ERR_NOTFOUND : e;
}

static struct response *get_poll(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    Post *post;
    enum err e = api_read(call, &txn);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    if (!e)
        e = find_poll(call, &view, &post);
    if (e)
        return api_of_err(e, NULL);
    entity_poll(api_json(call), NULL, &view, post);
    return api_answer(call);
}

/* Apps count options from 0; the act takes their texts. */
static enum err choices_of(struct api_call *call, const Poll *poll, const char **out, size_t *out_n,
                           struct why *why)
{
    size_t n = params_list(&call->params, "choices[]", out, AS2_OPTIONS_MAX);
    for (size_t i = 0; i < n; i++) {
        char *end;
        unsigned long index = strtoul(out[i], &end, 10);
        if (*end || end == out[i] || index >= poll->n_options)
            return why_set(why, ERR_INVALID, "The chosen vote option does not exist");
        out[i] = poll->options[index]->name;
    }
    *out_n = n;
    return n ? OK : why_set(why, ERR_INVALID, "No option was chosen");
}

static struct response *vote(struct api_call *call)
{
    const char *choices[AS2_OPTIONS_MAX];
    struct why why = {""};
    size_t n;
    Post *post;
    {
        AUTO(txn_end) struct txn *txn = NULL;
        enum err e = api_read(call, &txn);
        struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
        if (!e)
            e = find_poll(call, &view, &post);
        if (!e)
            e = choices_of(call, post->poll, choices, &n, &why);
        if (e)
            return api_of_err(e, &why);
    }
    enum err e =
        act_vote_local(call->fed, call->who, (post_id){post->id}, choices, n, &call->by, &why);
    if (e == ERR_DENIED) /* it has ended, or is one's own: apps show that as it is */
        return api_invalid("%s", why.text);
    return e ? api_of_err(e, &why) : get_poll(call);
}

const struct api_route api_poll_routes[] = {{.method = "GET",
                                             .path = "/api/v1/polls/{id}",
                                             .tier = 2,
                                             .who = API_READER,
                                             .scope = "read:statuses",
                                             .id = API_ID_POLL,
                                             .answers = "Poll",
                                             .run = get_poll,
                                             .about = "a poll and its counts"},
                                            {.method = "POST",
                                             .path = "/api/v1/polls/{id}/votes",
                                             .tier = 2,
                                             .who = API_USER,
                                             .scope = "write:statuses",
                                             .id = API_ID_POLL,
                                             .answers = "Poll",
                                             .run = vote,
                                             .about = "votes: choices[], counted from 0"},
                                            {0}};
