#include "federation/as2_value.h"

#include <string.h>

/* "https://host/tags/ward" -> "ward" */
static const char *last_segment(struct as2_reader *r, const char *href)
{
    const char *slash = href ? strrchr(href, '/') : NULL;
    return slash && slash[1] ? arena_strdup(r->arena, slash + 1) : NULL;
}

static bool read_tag(struct as2_reader *r, const json_t *value, struct as2_tag *tag)
{
    *tag = (struct as2_tag){0};
    tag->name = as2_string(r, json_object_get(value, "name"), AS2_NAME_MAX);
    if (as2_is(value, "Mention")) { /* who is meant says href alone */
        tag->kind = AS2_MENTION;
        tag->href = as2_link(r, json_object_get(value, "href"));
        return tag->href;
    }
    if (as2_is(value, "Hashtag")) {
        tag->kind = AS2_HASHTAG;
        tag->href = as2_link(r, json_object_get(value, "href"));
        if (!tag->name)
            tag->name = last_segment(r, tag->href);
        return tag->name;
    }
    tag->kind = AS2_EMOJI;
    tag->href = as2_is(value, "Emoji") ? as2_url(r, json_object_get(value, "icon"), NULL) : NULL;
    return tag->name && tag->href;
}

size_t as2_read_tags(struct as2_reader *r, const json_t *values, struct as2_tag **out)
{
    size_t count = as2_count(values), n = 0;
    if (count > AS2_TAGS_MAX) {
        count = AS2_TAGS_MAX;
        r->is_cut = true;
    }
    *out = arena_calloc(r->arena, count, sizeof **out);
    for (size_t i = 0; *out && i < count; i++)
        n += read_tag(r, as2_item(values, i), &(*out)[n]);
    return n;
}

const char *as2_read_icon(struct as2_reader *r, const json_t *tags, const char *name)
{
    const char *icon = NULL;
    for (size_t i = 0; i < as2_count(tags) && i < AS2_TAGS_MAX; i++) {
        struct as2_tag tag;
        if (!read_tag(r, as2_item(tags, i), &tag) || tag.kind != AS2_EMOJI)
            continue;
        if (name && !strcmp(name, tag.name))
            return tag.href;
        if (!icon)
            icon = tag.href;
    }
    return icon;
}
