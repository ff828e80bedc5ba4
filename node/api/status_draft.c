#include "node/api/status_draft.h"

#include "federation/act/post.h"
#include "federation/consent.h"
#include "node/api/status.h"
#include "storage/account.h"
#include "storage/base/clock.h"
#include "storage/idempotency.h"

#include <string.h>

enum err status_visibility(const char *text, Visibility *out, struct why *why)
{
    static const struct {
        const char *name;
        Visibility visibility;
    } names[] = {{"public", VISIBILITY__PUBLIC},
                 {"unlisted", VISIBILITY__UNLISTED},
                 {"private", VISIBILITY__FOLLOWERS},
                 {"direct", VISIBILITY__DIRECT},
                 {"local", VISIBILITY__LOCAL}};
    for (size_t i = 0; i < COUNT(names); i++)
        if (strcmp(text, names[i].name) == 0) {
            *out = names[i].visibility;
            return OK;
        }
    return why_set(why, ERR_INVALID, "Visibility \"%.40s\" is unknown", text);
}

enum err status_check_length(struct api_call *call, const char *text, const char *warning,
                             struct why *why)
{
    int64_t most = call->api->config->api.post_max_characters;
    size_t n = markup_count(text) + markup_count(warning);
    return n <= (size_t)most
               ? OK
               : why_set(why, ERR_INVALID, "Text character limit of %d exceeded", (int)most);
}

bool status_names_strangers(struct api_call *call, const char *text)
{
    AUTO(txn_end) struct txn *txn = NULL;
    struct markup *markup = arena_alloc(&call->arena, sizeof *markup);
    actor_id known;
    if (!markup || markup_scan_plain(text, &call->arena, markup) || api_read(call, &txn))
        return false;
    for (size_t i = 0; i < markup->mention_count; i++)
        if (strchr(markup->mentions[i].handle, '@') &&
            actor_find_handle(txn, markup->mentions[i].handle, &known) == ERR_NOTFOUND)
            return true;
    return false;
}

static const char *text_of(const struct api_call *call, const char *name)
{
    const char *value = params_get(&call->params, name);
    return value ? value : "";
}

/* ---- what it answers and quotes ---- */

static enum err named_post(struct api_call *call, struct view *view, const char *name, post_id *out)
{
    uint64_t id;
    Post *post;
    enum err e = params_id(&call->params, name, &id) ? ERR_NOTFOUND : OK;
    if (e || !id)
        return e;
    e = status_get_shown(view, (post_id){id}, &post);
    if (!e)
        *out = (post_id){post->id};
    return e;
}

static enum err draft_policy(struct api_call *call, struct post_draft *draft, struct why *why)
{
    static const struct {
        const char *name;
        uint32_t automatic;
    } names[] = {{"public", CONSENT_EVERYONE}, {"followers", CONSENT_FOLLOWERS}, {"nobody", 0}};
    const char *wanted = params_get(&call->params, "quote_approval_policy");
    if (!wanted || !*wanted)
        return OK;
    for (size_t i = 0; i < COUNT(names); i++) {
        if (strcmp(wanted, names[i].name) != 0)
            continue;
        InteractionPolicy *policy = arena_alloc(&call->arena, sizeof *policy);
        Interaction *quote = arena_alloc(&call->arena, sizeof *quote);
        if (!policy || !quote)
            return ERR_LIMIT;
        interaction_policy__init(policy);
        interaction__init(quote);
        quote->automatic = names[i].automatic;
        policy->quote = quote;
        draft->policy = policy;
        return OK;
    }
    return why_set(why, ERR_INVALID, "Quote approval policy \"%.40s\" is unknown", wanted);
}

/* ---- poll and media ---- */

static enum err draft_poll(struct api_call *call, struct post_draft *draft, struct why *why)
{
    const char **options = arena_calloc(&call->arena, AS2_OPTIONS_MAX + 1, sizeof *options);
    int64_t open_s;
    if (!options)
        return ERR_LIMIT;
    draft->options = options;
    draft->option_count =
        params_list(&call->params, "poll[options][]", options, AS2_OPTIONS_MAX + 1);
    if (!draft->option_count)
        return OK;
    if (params_number(&call->params, "poll[expires_in]", 0, &open_s) || open_s < 0 ||
        open_s > INT32_MAX)
        return why_set(why, ERR_INVALID, "Poll has no time it could be open for");
    draft->is_multiple = params_bool(&call->params, "poll[multiple]", false);
    draft->poll_ends_ms = open_s ? clock_ms() + open_s * 1000 : 0;
    return OK;
}

static enum err draft_media(struct api_call *call, struct post_draft *draft, struct why *why)
{
    const char *asked[STATUS_MEDIA_MAX + 1];
    size_t n = params_list(&call->params, "media_ids[]", asked, COUNT(asked));
    if (n > STATUS_MEDIA_MAX)
        return why_set(why, ERR_INVALID, "Cannot attach more than %d files", STATUS_MEDIA_MAX);
    if (n && draft->option_count)
        return why_set(why, ERR_INVALID, "Media cannot be attached to a status with a poll");
    struct post_media *media = arena_calloc(&call->arena, n, sizeof *media);
    for (size_t i = 0; i < n; i++) {
        media[i].is_upload = true;
        if (id_parse(asked[i], &media[i].id))
            return why_set(why, ERR_INVALID, "Media %.40s does not exist", asked[i]);
    }
    draft->media = media;
    draft->media_count = n;
    return OK;
}

/* ---- all of it ---- */

static enum err draft_text(struct api_call *call, const Account *account, struct post_draft *draft,
                           struct why *why)
{
    const char *type = params_get(&call->params, "content_type");
    const char *language = text_of(call, "language");
    draft->source = text_of(call, "status");
    draft->syntax = type && strcmp(type, "text/markdown") == 0 ? MARKUP_MARKDOWN : MARKUP_PLAIN;
    draft->summary = text_of(call, "spoiler_text");
    draft->language = *language ? language : NULL;
    draft->is_sensitive =
        params_bool(&call->params, "sensitive", account->is_sensitive && draft->media_count);
    if (*language && !act_is_language(language))
        return why_set(why, ERR_INVALID, "Language \"%.40s\" is unknown", language);
    if (!draft->source[strspn(draft->source, " \t\r\n")] && !draft->media_count &&
        !draft->option_count)
        return why_set(why, ERR_INVALID, "Text can't be blank");
    return status_check_length(call, draft->source, draft->summary, why);
}

enum err status_draft(struct api_call *call, struct post_draft *out, struct why *why)
{
    AUTO(txn_end) struct txn *txn = NULL;
    const char *visibility = text_of(call, "visibility");
    Account *account;
    *out = (struct post_draft){
        .author = call->who, .may_address_nobody = true, .application = call->token->app};
    out->once =
        (struct post_once){call->token->id, request_header(call->request, "idempotency-key")};
    if (out->once.key && strlen(out->once.key) > IDEMPOTENCY_KEY_MAX_BYTES)
        return why_set(why, ERR_INVALID, "Idempotency-Key is too long");
    enum err e = api_read(call, &txn);
    if (!e)
        e = account_get(txn, call->who, &call->arena, &account);
    if (e)
        return e;
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    out->visibility = account->visibility;
    if (*visibility)
        e = status_visibility(visibility, &out->visibility, why);
    if (!e)
        e = draft_poll(call, out, why);
    if (!e)
        e = draft_media(call, out, why);
    if (!e)
        e = draft_text(call, account, out, why);
    if (!e)
        e = draft_policy(call, out, why);
    if (!e)
        e = named_post(call, &view, "in_reply_to_id", &out->in_reply_to);
    return e ? e : named_post(call, &view, "quoted_status_id", &out->quote_of);
}
