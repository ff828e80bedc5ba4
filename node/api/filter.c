#include "node/api/filter.h"

#include "storage/base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ID_TEXT_BYTES 24

static const struct {
    const char *word;
    unsigned bit;
} contexts[] = {{"home", FILTER_HOME},
                {"notifications", FILTER_NOTIFICATIONS},
                {"public", FILTER_PUBLIC},
                {"thread", FILTER_THREAD},
                {"account", FILTER_ACCOUNT}};

static const char *const actions[] = {
    [FILTER_ACTION__WARN] = "warn", [FILTER_ACTION__HIDE] = "hide", [FILTER_ACTION__BLUR] = "blur"};

unsigned filter_context_of(const char *word)
{
    for (size_t i = 0; i < COUNT(contexts); i++)
        if (strcmp(contexts[i].word, word) == 0)
            return contexts[i].bit;
    return 0;
}

int filter_action_of(const char *word)
{
    for (size_t i = 0; i < COUNT(actions); i++)
        if (strcmp(actions[i], word) == 0)
            return (int)i;
    return -1;
}

static void id_text(struct jw *w, const char *name, uint64_t id)
{
    char text[ID_TEXT_BYTES];
    snprintf(text, sizeof text, "%" PRIu64, id);
    jw_text(w, name, text);
}

void entity_filter_contexts(struct jw *w, unsigned bits)
{
    jw_list(w, "context");
    for (size_t i = 0; i < COUNT(contexts); i++)
        if (bits & contexts[i].bit)
            jw_text(w, NULL, contexts[i].word);
    jw_list_end(w);
}

void entity_filter_members(struct jw *w, const Filter *filter)
{
    id_text(w, "id", filter->id);
    jw_text(w, "title", filter->title);
    entity_filter_contexts(w, filter->contexts);
    if (filter->expires_ms)
        jw_time(w, "expires_at", filter->expires_ms);
    else
        jw_null(w, "expires_at");
    jw_text(w, "filter_action", filter->action < COUNT(actions) ? actions[filter->action] : "warn");
}

unsigned view_filter_contexts(const struct view *view)
{
    static const unsigned bits[] = {
        [VIEW_NO_CONTEXT] = 0,         [VIEW_HOME] = FILTER_HOME,
        [VIEW_PUBLIC] = FILTER_PUBLIC, [VIEW_NOTIFICATIONS] = FILTER_NOTIFICATIONS,
        [VIEW_THREAD] = FILTER_THREAD, [VIEW_ACCOUNT] = FILTER_ACCOUNT};
    return view->reader.v && (size_t)view->context < COUNT(bits) ? bits[view->context] : 0;
}

enum err view_filters(struct view *view, struct filters **out)
{
    enum err e = OK;
    if (!view->filters)
        e = filters_load(view->txn, view->reader, clock_ms(), view->arena, &view->filters);
    if (!e)
        *out = view->filters;
    return e;
}

bool filter_hides(struct view *view, const Post *post)
{
    unsigned bits = view_filter_contexts(view);
    struct filters *filters;
    return bits && !view_filters(view, &filters) && filters_hide(filters, bits, post);
}

static void entity_hit(struct jw *w, const struct filter_hit *hit)
{
    jw_object(w, NULL);
    jw_object(w, "filter");
    entity_filter_members(w, hit->filter);
    jw_object_end(w);
    if (hit->n_keywords) {
        jw_list(w, "keyword_matches");
        for (size_t i = 0; i < hit->n_keywords; i++)
            jw_text(w, NULL, hit->filter->keywords[hit->keywords[i]]->text);
        jw_list_end(w);
    } else {
        jw_null(w, "keyword_matches");
    }
    if (hit->n_posts) {
        jw_list(w, "status_matches");
        for (size_t i = 0; i < hit->n_posts; i++)
            id_text(w, NULL, hit->filter->posts[hit->posts[i]]->post);
        jw_list_end(w);
    } else {
        jw_null(w, "status_matches");
    }
    jw_object_end(w);
}

void entity_filtered(struct jw *w, const char *name, struct view *view, const Post *post)
{
    struct filters *filters;
    struct filter_hit *hits = NULL;
    size_t n = 0;
    unsigned bits = view_filter_contexts(view);
    jw_list(w, name);
    if (view->reader.v && view_filters(view, &filters) == OK &&
        filters_match(filters, bits ? bits : ~0U, post, view->arena, &hits, &n) == OK)
        for (size_t i = 0; i < n; i++)
            entity_hit(w, &hits[i]);
    jw_list_end(w);
}
