/*
 * reports - what the caller tells the moderators about somebody.
 */
#include "node/api/entity.h"
#include "node/api/routes.h"

#include "federation/policy.h"
#include "storage/base/clock.h"
#include "storage/report.h"

#include <string.h>

#define RULES_MAX 32

static ReportCategory category_of(const char *word)
{
    static const struct {
        const char *word;
        ReportCategory category;
    } known[] = {{"spam", REPORT_CATEGORY__REPORT_SPAM},
                 {"legal", REPORT_CATEGORY__REPORT_LEGAL},
                 {"violation", REPORT_CATEGORY__REPORT_VIOLATION}};
    for (size_t i = 0; word && i < COUNT(known); i++)
        if (strcmp(word, known[i].word) == 0)
            return known[i].category;
    return REPORT_CATEGORY__REPORT_OTHER;
}

/* Their node is told when it was asked for and can be: a report is not lost over it. */
static enum err find_about(struct api_call *call, struct report_draft *draft)
{
    AUTO(txn_end) struct txn *txn = NULL;
    Actor *about;
    peer_id peer;
    if (params_id(&call->params, "account_id", &draft->about.v) || !draft->about.v)
        return ERR_NOTFOUND;
    enum err e = api_read(call, &txn);
    if (!e)
        e = actor_get(txn, draft->about, &call->arena, &about);
    if (e)
        return e;
    draft->is_forwarded =
        params_bool(&call->params, "forward", false) && about->host[0] &&
        policy_admit(txn, call->fed->config, about->host, clock_ms(), &peer, NULL) == OK;
    return about->deleted_ms ? ERR_NOTFOUND : OK;
}

static struct response *answer_report(struct api_call *call, uint64_t id)
{
    AUTO(txn_end) struct txn *txn = NULL;
    Report *report;
    enum err e = api_read(call, &txn);
    if (!e)
        e = report_get(txn, id, &call->arena, &report);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    if (!e)
        e = entity_report(api_json(call), NULL, &view, report);
    return e ? api_of_err(e, NULL) : api_answer(call);
}

static struct response *post_report(struct api_call *call)
{
    struct why why = {""};
    const char *text[REPORT_POSTS_MAX + 1], *rules[RULES_MAX];
    const char *comment = params_get(&call->params, "comment");
    const char *category = params_get(&call->params, "category");
    post_id posts[REPORT_POSTS_MAX + 1];
    struct report_draft draft = {.from = call->who,
                                 .posts = posts,
                                 .comment = comment && *comment ? comment
                                            : category          ? category
                                                                : "other",
                                 .category = category_of(category),
                                 .rules = rules};
    uint64_t id;
    size_t n = params_list(&call->params, "status_ids[]", text, COUNT(text));
    enum err e = find_about(call, &draft);
    for (size_t i = 0; !e && i < n; i++)
        e = id_parse(text[i], &posts[draft.post_count++].v) ? ERR_NOTFOUND : OK;
    if (e)
        return api_of_err(e, NULL);
    draft.rule_count = params_list(&call->params, "rule_ids[]", rules, COUNT(rules));
    e = act_report_local(call->fed, &draft, &call->by, &id, &why);
    return e ? api_of_err(e, &why) : answer_report(call, id);
}

const struct api_route api_reports_routes[] = {
    {"POST", "/api/v1/reports", 2, API_USER, "write:reports", API_ID_NONE, "Report", 0, post_report,
     "account_id, status_ids[], comment, category, rule_ids[], forward"},
    {0}};
