#include "node/stream/channel.h"

#include "federation/markup.h"
#include "node/api/params.h"

#include <stdio.h>
#include <string.h>

#define COMMAND_ARENA_BYTES ((size_t)256 * 1024)
#define LIST_TEXT_BYTES 24

static const struct {
    const char *name;
    enum channel_kind kind;
    bool only_media;
} names[] = {
    {"user", CHANNEL_USER, false},
    {"user:notification", CHANNEL_NOTIFICATIONS, false},
    {"public", CHANNEL_PUBLIC, false},
    {"public:media", CHANNEL_PUBLIC, true},
    {"public:local", CHANNEL_LOCAL, false},
    {"public:local:media", CHANNEL_LOCAL, true},
    {"public:remote", CHANNEL_REMOTE, false},
    {"public:remote:media", CHANNEL_REMOTE, true},
    {"hashtag", CHANNEL_TAG, false},
    {"hashtag:local", CHANNEL_TAG_LOCAL, false},
    {"list", CHANNEL_LIST, false},
    {"direct", CHANNEL_DIRECT, false},
};

static enum err read_tag(const char *tag, struct channel *out, struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(COMMAND_ARENA_BYTES);
    if (!tag || !*tag)
        return why_set(why, ERR_INVALID, "Missing tag name parameter");
    tag += *tag == '#';
    const char *folded = tag_fold(tag, &arena);
    if (!folded || strlen(folded) >= sizeof out->tag || strlen(tag) >= sizeof out->asked)
        return why_set(why, ERR_INVALID, "That is no hashtag");
    snprintf(out->tag, sizeof out->tag, "%s", folded);
    snprintf(out->asked, sizeof out->asked, "%s", tag);
    return OK;
}

enum err channel_read(const char *stream, const char *tag, const char *list, struct channel *out,
                      struct why *why)
{
    *out = (struct channel){0};
    for (size_t i = 0; stream && i < COUNT(names); i++) {
        if (strcmp(names[i].name, stream) != 0)
            continue;
        out->kind = names[i].kind;
        out->only_media = names[i].only_media;
        if (out->kind == CHANNEL_TAG || out->kind == CHANNEL_TAG_LOCAL)
            return read_tag(tag, out, why);
        if (out->kind == CHANNEL_LIST && (!list || id_parse(list, &out->list)))
            return why_set(why, ERR_INVALID, "Missing list name parameter");
        return OK;
    }
    return why_set(why, ERR_INVALID, "Unknown stream type");
}

bool channel_equal(const struct channel *a, const struct channel *b)
{
    return a->kind == b->kind && a->only_media == b->only_media && a->list == b->list &&
           strcmp(a->tag, b->tag) == 0;
}

bool channel_needs_person(const struct channel *channel)
{
    switch (channel->kind) {
    case CHANNEL_USER:
    case CHANNEL_NOTIFICATIONS:
    case CHANNEL_LIST:
    case CHANNEL_DIRECT:
        return true;
    default:
        return false;
    }
}

const char *channel_scope(const struct channel *channel)
{
    return channel->kind == CHANNEL_NOTIFICATIONS ? "read:notifications"
           : channel->kind == CHANNEL_LIST        ? "read:lists"
                                                  : "read:statuses";
}

void channel_write(struct jw *w, const struct channel *channel)
{
    char list[LIST_TEXT_BYTES];
    jw_list(w, "stream");
    for (size_t i = 0; i < COUNT(names); i++)
        if (names[i].kind == channel->kind && names[i].only_media == channel->only_media)
            jw_text(w, NULL, names[i].name);
    if (channel->asked[0])
        jw_text(w, NULL, channel->asked);
    if (channel->list) {
        snprintf(list, sizeof list, "%llu", (unsigned long long)channel->list);
        jw_text(w, NULL, list);
    }
    jw_list_end(w);
}

bool channel_timeline(const struct channel *channel, actor_id reader, struct timeline_query *out)
{
    *out = (struct timeline_query){.reader = reader, .tag = channel->tag, .list = channel->list};
    out->only = channel->only_media ? TIMELINE_WITH_MEDIA : 0;
    switch (channel->kind) {
    case CHANNEL_USER:
        out->kind = TIMELINE_HOME;
        return true;
    case CHANNEL_PUBLIC:
        out->kind = TIMELINE_PUBLIC;
        return true;
    case CHANNEL_LOCAL:
        out->kind = TIMELINE_LOCAL;
        return true;
    case CHANNEL_REMOTE:
        out->kind = TIMELINE_PUBLIC;
        out->only |= TIMELINE_OF_PEERS;
        return true;
    case CHANNEL_LIST:
        out->kind = TIMELINE_LIST;
        return true;
    case CHANNEL_TAG_LOCAL:
        out->only |= TIMELINE_OF_HERE;
        out->kind = TIMELINE_TAG;
        return true;
    case CHANNEL_TAG:
        out->kind = TIMELINE_TAG;
        return true;
    default:
        return false;
    }
}

enum err channel_command_read(struct bytes json, struct channel_command *out, struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(COMMAND_ARENA_BYTES);
    struct params params = {0};
    enum err e = params_read((struct bytes){0}, "application/json", json, &arena, &params, why);
    if (e)
        return e;
    const char *type = params_get(&params, "type");
    bool is_unsubscribe = type && strcmp(type, "unsubscribe") == 0;
    out->is_subscribe = type && strcmp(type, "subscribe") == 0;
    if (!out->is_subscribe && !is_unsubscribe)
        return why_set(why, ERR_INVALID, "Unknown type of message");
    return channel_read(params_get(&params, "stream"), params_get(&params, "tag"),
                        params_get(&params, "list"), &out->channel, why);
}
