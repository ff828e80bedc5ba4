/*
 * status_edit - a status is changed: what was typed, with which words before, and the change.
 */
#include "federation/resolve.h"
#include "node/api/routes.h"
#include "node/api/status.h"
#include "node/api/status_draft.h"
#include "node/api/upload.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSIONS_MAX 100
#define ID_TEXT_BYTES 24

/* One's own, and no boost; others' are not there. */
static enum err own_post(struct api_call *call, struct view *view, Post **out)
{
    post_id id;
    enum err e = api_path_id(call, "id", &id.v);
    if (!e)
        e = status_get(view, id, out);
    return !e && ((*out)->author != call->who.v || (*out)->boost_of) ? ERR_NOTFOUND : e;
}

static struct response *get_source(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    char id[ID_TEXT_BYTES];
    Post *post;
    enum err e = api_read(call, &txn);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    if (!e)
        e = own_post(call, &view, &post);
    if (e)
        return api_of_err(e, NULL);
    struct jw *w = api_json(call);
    snprintf(id, sizeof id, "%" PRIu64, post->id);
    jw_object(w, NULL);
    jw_text(w, "id", id);
    jw_text(w, "text", post->source);
    jw_text(w, "spoiler_text", post->summary);
    jw_object_end(w);
    return api_answer(call);
}

/* ---- former versions ---- */

struct version {
    const char *content, *summary;
    char **options, **media_urls; /* media_urls NULL: those of the post */
    size_t n_options, n_media_urls;
    int64_t since_ms;
};

static bool has_url(const struct version *v, const char *url)
{
    if (!v->media_urls)
        return true;
    for (size_t i = 0; i < v->n_media_urls; i++)
        if (bytes_equal(bytes_of(v->media_urls[i]), bytes_of(url)))
            return true;
    return false;
}

static enum err write_version(struct jw *w, struct view *view, const Post *post,
                              const struct version *v)
{
    jw_object(w, NULL);
    jw_text(w, "content", v->content);
    jw_text(w, "spoiler_text", v->summary);
    jw_bool(w, "sensitive", post->is_sensitive || v->summary[0]);
    jw_time(w, "created_at", v->since_ms);
    jw_list(w, "media_attachments"); /* those that are still there */
    for (size_t i = 0; i < post->n_attachments; i++)
        if (has_url(v, post->attachments[i]->url))
            entity_media(w, NULL, view, post, post->attachments[i]);
    jw_list_end(w);
    entity_emojis(w, "emojis", view, post->emoji, post->n_emoji);
    if (v->n_options) {
        jw_object(w, "poll");
        jw_list(w, "options");
        for (size_t i = 0; i < v->n_options; i++) {
            jw_object(w, NULL);
            jw_text(w, "title", v->options[i]);
            jw_object_end(w);
        }
        jw_list_end(w);
        jw_object_end(w);
    }
    enum err e = entity_account_id(w, "account", view, (actor_id){post->author});
    jw_object_end(w);
    return e;
}

static char **options_of(struct view *view, const Post *post, size_t *out_n)
{
    *out_n = post->poll ? post->poll->n_options : 0;
    char **names = arena_calloc(view->arena, *out_n + 1, sizeof *names);
    for (size_t i = 0; names && i < *out_n; i++)
        names[i] = post->poll->options[i]->name;
    if (!names)
        *out_n = 0;
    return names;
}

static enum err write_history(struct jw *w, struct view *view, const Post *post)
{
    PostEdit *edit[VERSIONS_MAX]; /* the newest first */
    int64_t at = INT64_MAX, since_ms = post->published_ms;
    size_t n = 0;
    enum err e = OK;
    while (n < VERSIONS_MAX &&
           !(e = post_history_next(view->txn, (post_id){post->id}, at, view->arena, &edit[n])))
        at = edit[n++]->replaced_ms;
    if (e && e != ERR_NOTFOUND)
        return e;
    e = OK;
    jw_list(w, NULL);
    for (size_t i = n; !e && i-- > 0; since_ms = edit[i]->replaced_ms) {
        const struct version v = {edit[i]->content_html,
                                  edit[i]->summary,
                                  edit[i]->options,
                                  edit[i]->attachments ? edit[i]->attachments : (char *[]){NULL},
                                  edit[i]->n_options,
                                  edit[i]->n_attachments,
                                  since_ms};
        e = write_version(w, view, post, &v);
    }
    struct version now = {
        .content = post->content_html, .summary = post->summary, .since_ms = since_ms};
    now.options = options_of(view, post, &now.n_options);
    if (!e)
        e = write_version(w, view, post, &now);
    jw_list_end(w);
    return e;
}

static struct response *get_history(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    post_id id;
    Post *post;
    enum err e = api_path_id(call, "id", &id.v);
    if (!e)
        e = api_read(call, &txn);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    if (!e)
        e = status_get_shown(&view, id, &post);
    if (!e)
        e = write_history(api_json(call), &view, post);
    return e ? api_of_err(e, NULL) : api_answer(call);
}

/* ---- the change ---- */

/* Of media_attributes[]: what they say of this file. */
static void read_attributes(struct api_call *call, struct edit_media *media)
{
    char id[ID_TEXT_BYTES];
    snprintf(id, sizeof id, "%" PRIu64, media->id);
    for (unsigned i = 0; i < STATUS_MEDIA_MAX; i++) {
        const char *name = arena_printf(&call->arena, "media_attributes[%u][id]", i);
        const char *named = name ? params_get(&call->params, name) : NULL;
        if (!named || strcmp(named, id) != 0)
            continue;
        name = arena_printf(&call->arena, "media_attributes[%u][description]", i);
        media->description = name ? params_get(&call->params, name) : NULL;
        name = arena_printf(&call->arena, "media_attributes[%u][focus]", i);
        const char *focus = name ? params_get(&call->params, name) : NULL;
        media->has_focus = focus && upload_focus(focus, &media->focus_x, &media->focus_y) == OK;
    }
}

static enum err edit_draft(struct api_call *call, const Post *post, struct edit_draft *out,
                           struct post_draft *draft, struct why *why)
{
    const char *type = params_get(&call->params, "content_type");
    bool was_markdown = strcmp(post->source_type, "text/markdown") == 0;
    struct edit_media *media = arena_calloc(&call->arena, STATUS_MEDIA_MAX, sizeof *media);
    enum err e = media ? status_draft(call, draft, why) : ERR_LIMIT;
    if (e)
        return e;
    for (size_t i = 0; i < draft->media_count; i++) {
        media[i].id = draft->media[i].id;
        read_attributes(call, &media[i]);
    }
    *out = (struct edit_draft){
        .source = draft->source,
        .summary = draft->summary,
        .language = draft->language,
        .syntax = !type && was_markdown ? MARKUP_MARKDOWN : draft->syntax,
        .is_sensitive = draft->is_sensitive,
        .media = media, /* as Mastodon has it: what is not named any more goes */
        .media_count = draft->media_count,
        .poll = draft->option_count ? draft : NULL,
    };
    return OK;
}

static struct response *put_status(struct api_call *call)
{
    struct why why = {""};
    struct edit_draft edit;
    struct post_draft draft;
    Post *post;
    {
        AUTO(txn_end) struct txn *txn = NULL;
        enum err e = api_read(call, &txn);
        struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
        if (!e)
            e = own_post(call, &view, &post);
        if (e)
            return api_of_err(e, NULL);
    }
    enum err e = edit_draft(call, post, &edit, &draft, &why);
    if (e)
        return api_of_err(e, &why);
    if (!call->is_patient && status_names_strangers(call, edit.source) && !api_be_patient(call))
        return NULL;
    const post_id id = {post->id};
    e = act_edit_draft_local(call->fed, call->who, id, &edit,
                             call->is_patient ? resolve_actor : NULL, &call->by, &why);
    return e ? api_of_err(e, &why) : status_answer_typed(call, id);
}

const struct api_route api_status_edit_routes[] = {
    {.method = "GET",
     .path = "/api/v1/statuses/{id}/source",
     .tier = 2,
     .who = API_USER,
     .scope = "read:statuses",
     .id = API_ID_OWN_STATUS,
     .answers = "StatusSource",
     .run = get_source,
     .about = "as it was typed"},
    {.method = "GET",
     .path = "/api/v1/statuses/{id}/history",
     .tier = 2,
     .who = API_READER,
     .scope = "read:statuses",
     .id = API_ID_STATUS,
     .answers = "[StatusEdit]",
     .run = get_history,
     .about = "its versions, the oldest first"},
    {.method = "PUT",
     .path = "/api/v1/statuses/{id}",
     .tier = 2,
     .who = API_USER,
     .scope = "write:statuses",
     .id = API_ID_OWN_STATUS,
     .answers = "Status",
     .run = put_status,
     .about = "edits it: as posting, and media_attributes[]"},
    {0}};
