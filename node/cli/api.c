#include "node/api/api.h"

#include "node/cli/nouns.h"

static const char *who_text(enum api_who who)
{
    static const char *const text[] = {[API_PUBLIC] = "anyone",
                                       [API_READER] = "reader",
                                       [API_APP] = "app",
                                       [API_USER] = "user",
                                       [API_MODERATOR] = "moderator"};
    return text[who];
}

static const char *id_text(enum api_id id)
{
    static const char *const text[] = {[API_ID_NONE] = NULL,
                                       [API_ID_STATUS] = "status",
                                       [API_ID_OWN_STATUS] = "own_status",
                                       [API_ID_ACCOUNT] = "account",
                                       [API_ID_MEDIA] = "media",
                                       [API_ID_LIST] = "list",
                                       [API_ID_FILTER] = "filter",
                                       [API_ID_FILTER_KEYWORD] = "filter_keyword",
                                       [API_ID_FILTER_STATUS] = "filter_status",
                                       [API_ID_NOTIFICATION] = "notification",
                                       [API_ID_NOTIFICATION_REQUEST] = "notification_request",
                                       [API_ID_CONVERSATION] = "conversation",
                                       [API_ID_SCHEDULED] = "scheduled",
                                       [API_ID_FOLLOW_REQUEST] = "follow_request",
                                       [API_ID_POLL] = "poll",
                                       [API_ID_TAG] = "tag",
                                       [API_ID_ANNOUNCEMENT] = "announcement",
                                       [API_ID_REPORT] = "report"};
    return text[id];
}

static void print_route(struct output *out, const struct api_route *route)
{
    output_row(out);
    output_str(out, "method", route->method);
    output_str(out, "path", route->path);
    output_str(out, "who", who_text(route->who));
    output_str(out, "scope", route->scope);
    if (out->is_json) {
        output_int(out, "tier", route->tier);
        output_str(out, "id", id_text(route->id));
        output_str(out, "answers", route->answers);
    }
    output_str(out, "about", route->about);
}

static enum err cli_api(struct cli *cli, struct why *why)
{
    (void)why;
    output_begin(&cli->output, OUTPUT_LIST);
    for (size_t t = 0; api_tables[t]; t++)
        for (const struct api_route *route = api_tables[t]; route->method; route++)
            print_route(&cli->output, route);
    output_end(&cli->output);
    return OK;
}

static const struct cli_command commands[] = {
    {NULL, "", "every call, who may make it and with which scope", NULL, 0, cli_api}, {0}};
const struct cli_noun cli_api_noun = {"api", "what apps may ask this node", commands};
