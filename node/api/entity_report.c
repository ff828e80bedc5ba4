#include "node/api/entity.h"

#include <inttypes.h>
#include <stdio.h>

static const char *category_word(ReportCategory category)
{
    switch (category) {
    case REPORT_CATEGORY__REPORT_SPAM:
        return "spam";
    case REPORT_CATEGORY__REPORT_LEGAL:
        return "legal";
    case REPORT_CATEGORY__REPORT_VIOLATION:
        return "violation";
    default:
        return "other";
    }
}

static void posts_and_rules(struct jw *w, const Report *report)
{
    jw_list(w, "status_ids");
    for (size_t i = 0; i < report->n_posts; i++) {
        char id[24];
        snprintf(id, sizeof id, "%" PRIu64, report->posts[i]);
        jw_text(w, NULL, id);
    }
    jw_list_end(w);
    jw_list(w, "rule_ids");
    for (size_t i = 0; i < report->n_rules; i++)
        jw_text(w, NULL, report->rules[i]);
    jw_list_end(w);
}

enum err entity_report(struct jw *w, const char *name, struct view *view, const Report *report)
{
    char id[24];
    Actor *about;
    enum err e = view_actor(view, (actor_id){report->about}, &about);
    if (e)
        return e;
    snprintf(id, sizeof id, "%" PRIu64, report->id);
    jw_object(w, name);
    jw_text(w, "id", id);
    jw_bool(w, "action_taken", report->resolved_ms);
    if (report->resolved_ms)
        jw_time(w, "action_taken_at", report->resolved_ms);
    else
        jw_null(w, "action_taken_at");
    jw_text(w, "category", category_word(report->category));
    jw_text(w, "comment", report->comment);
    jw_bool(w, "forwarded", report->forwarded_ms);
    jw_time(w, "created_at", report->created_ms);
    posts_and_rules(w, report);
    e = entity_account(w, "target_account", view, about);
    jw_object_end(w);
    return e;
}
