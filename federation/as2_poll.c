#include "federation/as2_value.h"

#include <string.h>

#define VOTES_MAX INT32_MAX /* more is a lie */
#define CLOSED_SOME_TIME_MS 1

static uint64_t read_count(const json_t *value)
{
    int64_t n = as2_integer(value, VOTES_MAX);
    return n > 0 ? (uint64_t)n : 0;
}

static bool has_option(const struct as2_poll *poll, const char *name)
{
    for (size_t i = 0; i < poll->option_count; i++)
        if (!strcmp(poll->options[i].name, name))
            return true;
    return false;
}

/* An option is its name: a vote says nothing else, so that a second one of that name is none. */
static void read_options(struct as2_reader *r, const json_t *values, struct as2_poll *poll)
{
    for (size_t i = 0; i < as2_count(values) && i < AS2_TAGS_MAX; i++) {
        const json_t *value = as2_item(values, i);
        const char *name = as2_text(r, value, "name", "nameMap", AS2_NAME_MAX, NULL);
        if (!name || has_option(poll, name))
            continue;
        if (poll->option_count == AS2_OPTIONS_MAX) {
            r->is_cut = true;
            return;
        }
        poll->options[poll->option_count].name = name;
        poll->options[poll->option_count++].votes =
            read_count(json_object_get(json_object_get(value, "replies"), "totalItems"));
    }
}

/* `closed` is a time (Mastodon), or merely true. */
static int64_t read_closed(const json_t *object, const struct as2_note *note, int64_t ends_ms)
{
    const json_t *closed = json_object_get(object, "closed");
    int64_t at = as2_time(closed);
    if (at || !as2_bool(closed))
        return at;
    return ends_ms ? ends_ms : note->updated_ms ? note->updated_ms : CLOSED_SOME_TIME_MS;
}

void as2_read_poll(struct as2_reader *r, const json_t *object, struct as2_note *out)
{
    const json_t *one = json_object_get(object, "oneOf"), *any = json_object_get(object, "anyOf");
    if (!as2_is(object, "Question") || (!as2_count(one) && !as2_count(any)))
        return;
    struct as2_poll *poll = arena_calloc(r->arena, 1, sizeof *poll);
    if (!poll)
        return;
    poll->options = arena_calloc(r->arena, AS2_OPTIONS_MAX, sizeof *poll->options);
    if (!poll->options)
        return;
    poll->is_multiple = !as2_count(one);
    read_options(r, poll->is_multiple ? any : one, poll);
    poll->ends_ms = as2_time(json_object_get(object, "endTime"));
    poll->closed_ms = read_closed(object, out, poll->ends_ms);
    poll->voters = read_count(as2_get(object, "votersCount"));
    if (poll->option_count)
        out->poll = poll;
}
