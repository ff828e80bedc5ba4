#include "federation/as2_value.h"

#include "federation/uri.h"
#include "storage/base/clock.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    enum as2_class is;
} known_types[] = {
    {"Create", AS2_CLASS_ACTIVITY},
    {"Update", AS2_CLASS_ACTIVITY},
    {"Delete", AS2_CLASS_ACTIVITY},
    {"Follow", AS2_CLASS_ACTIVITY},
    {"Accept", AS2_CLASS_ACTIVITY},
    {"Reject", AS2_CLASS_ACTIVITY},
    {"Undo", AS2_CLASS_ACTIVITY},
    {"Like", AS2_CLASS_ACTIVITY},
    {"Announce", AS2_CLASS_ACTIVITY},
    {"Block", AS2_CLASS_ACTIVITY},
    {"Flag", AS2_CLASS_ACTIVITY},
    {"Move", AS2_CLASS_ACTIVITY},
    {"Add", AS2_CLASS_ACTIVITY},
    {"Remove", AS2_CLASS_ACTIVITY},
    {"Dislike", AS2_CLASS_ACTIVITY},
    {"EmojiReact", AS2_CLASS_ACTIVITY},
    {"QuoteRequest", AS2_CLASS_ACTIVITY},
    {"ReplyRequest", AS2_CLASS_ACTIVITY},
    {"LikeRequest", AS2_CLASS_ACTIVITY},
    {"AnnounceRequest", AS2_CLASS_ACTIVITY},
    {"Arrive", AS2_CLASS_ACTIVITY},
    {"Ignore", AS2_CLASS_ACTIVITY},
    {"Invite", AS2_CLASS_ACTIVITY},
    {"Join", AS2_CLASS_ACTIVITY},
    {"Leave", AS2_CLASS_ACTIVITY},
    {"Listen", AS2_CLASS_ACTIVITY},
    {"Offer", AS2_CLASS_ACTIVITY},
    {"Read", AS2_CLASS_ACTIVITY},
    {"TentativeAccept", AS2_CLASS_ACTIVITY},
    {"TentativeReject", AS2_CLASS_ACTIVITY},
    {"Travel", AS2_CLASS_ACTIVITY},
    {"View", AS2_CLASS_ACTIVITY},
    {"Note", AS2_CLASS_NOTE},
    {"Article", AS2_CLASS_NOTE},
    {"Question", AS2_CLASS_NOTE},
    {"Page", AS2_CLASS_NOTE},
    {"Image", AS2_CLASS_NOTE},
    {"Video", AS2_CLASS_NOTE},
    {"Audio", AS2_CLASS_NOTE},
    {"Event", AS2_CLASS_NOTE},
    {"Document", AS2_CLASS_NOTE},
    {"Person", AS2_CLASS_ACTOR},
    {"Service", AS2_CLASS_ACTOR},
    {"Application", AS2_CLASS_ACTOR},
    {"Organization", AS2_CLASS_ACTOR},
    {"Group", AS2_CLASS_ACTOR},
    {"Collection", AS2_CLASS_COLLECTION},
    {"OrderedCollection", AS2_CLASS_COLLECTION},
    {"CollectionPage", AS2_CLASS_COLLECTION},
    {"OrderedCollectionPage", AS2_CLASS_COLLECTION},
    {"Tombstone", AS2_CLASS_TOMBSTONE},
};

static const char *const prefixes[] = {"as:", "toot:", "schema:"};

/* The name without a prefix that says what the plain name says anyway. */
static const char *without_prefix(const char *name)
{
    static const char long_form[] = "https://www.w3.org/ns/activitystreams#";
    if (!strncmp(name, long_form, sizeof long_form - 1))
        return name + sizeof long_form - 1;
    for (size_t i = 0; i < COUNT(prefixes); i++)
        if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
            return name + strlen(prefixes[i]);
    return name;
}

const json_t *as2_get(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    for (size_t i = 0; !value && i < COUNT(prefixes); i++) {
        char prefixed[64];
        snprintf(prefixed, sizeof prefixed, "%s%s", prefixes[i], name);
        value = json_object_get(object, prefixed);
    }
    return value;
}

size_t as2_count(const json_t *value)
{
    if (!value || json_is_null(value))
        return 0;
    return json_is_array(value) ? json_array_size(value) : 1;
}

const json_t *as2_item(const json_t *value, size_t i)
{
    return json_is_array(value) ? json_array_get(value, i) : value;
}

const char *as2_type(struct as2_reader *r, const json_t *object, enum as2_class *out_class)
{
    const json_t *types = json_object_get(object, "type"), *first = NULL;
    *out_class = AS2_CLASS_NONE;
    for (size_t i = 0; i < as2_count(types); i++) {
        const char *type = json_string_value(as2_item(types, i));
        if (!type || !*type)
            continue;
        for (size_t k = 0; k < COUNT(known_types); k++) {
            if (!strcmp(without_prefix(type), known_types[k].name)) {
                *out_class = known_types[k].is;
                return known_types[k].name;
            }
        }
        if (!first)
            first = as2_item(types, i);
    }
    if (!first)
        return NULL;
    *out_class = AS2_CLASS_UNKNOWN;
    return as2_string(r, first, AS2_TYPE_MAX);
}

bool as2_is(const json_t *object, const char *name)
{
    const json_t *types = json_object_get(object, "type");
    for (size_t i = 0; i < as2_count(types); i++) {
        const char *type = json_string_value(as2_item(types, i));
        if (type && !strcmp(without_prefix(type), name))
            return true;
    }
    return false;
}

const char *as2_string(struct as2_reader *r, const json_t *value, size_t max)
{
    const char *text = json_string_value(value);
    size_t n = json_string_length(value);
    if (!text || !n)
        return NULL;
    if (n > max) {
        for (n = max; n && ((unsigned char)text[n] & 0xC0) == 0x80; n--)
            ;
        r->is_cut = true;
    }
    return arena_strndup(r->arena, text, n);
}

/* RFC 5646 as far as it protects: subtags of 1..8 letters and digits, at most one region. */
static bool is_language(const char *tag)
{
    size_t regions = 0;
    bool is_first = true, has_extension = false;
    if (!strcasecmp(tag, "und") || strlen(tag) > 35)
        return false;
    for (const char *p = tag;; p++) {
        size_t letters = 0, n = 0;
        for (; *p && *p != '-'; p++, n++) {
            bool is_letter = (*p | 32) >= 'a' && (*p | 32) <= 'z';
            if (!is_letter && (*p < '0' || *p > '9'))
                return false;
            letters += is_letter;
        }
        if (n < 1 || n > 8 || (is_first && (n < 2 || letters < n)))
            return false;
        has_extension |= n == 1;
        if (!is_first && !has_extension && ((n == 2 && letters == 2) || (n == 3 && letters == 0)))
            regions++;
        if (regions > 1)
            return false;
        if (!*p)
            return true;
        is_first = false;
    }
}

const char *as2_text(struct as2_reader *r, const json_t *object, const char *name,
                     const char *map_name, size_t max, const char **out_language)
{
    const json_t *text = json_object_get(object, name), *value;
    json_t *map = json_object_get(object, map_name);
    const char *language = NULL, *tag;
    bool is_known = json_string_length(text) > 0;

    if (!is_known)
        text = NULL;
    json_object_foreach(map, tag, value)
    {
        if (!json_string_length(value) || (is_known && !json_equal(text, value)))
            continue;
        text = value;
        language = is_language(tag) ? tag : NULL;
        break;
    }
    if (out_language)
        *out_language = arena_strdup(r->arena, language);
    return as2_string(r, text, max);
}

static bool is_translation(const char *tag, const json_t *value, const char *chosen)
{
    return is_language(tag) && json_string_length(value) > 0 &&
           (!chosen || strcmp(chosen, json_string_value(value)) != 0);
}

size_t as2_translations(struct as2_reader *r, const json_t *object, const char *map_name,
                        const char *chosen, struct as2_text **out)
{
    json_t *map = json_object_get(object, map_name), *value;
    const char *tag;
    size_t n = 0;
    *out = NULL;
    if (json_object_size(map) < 2)
        return 0;
    *out = arena_calloc(r->arena, AS2_LANGUAGES_MAX, sizeof **out);
    json_object_foreach(map, tag, value)
    {
        if (!*out || n == AS2_LANGUAGES_MAX)
            break;
        if (is_translation(tag, value, chosen))
            (*out)[n++] = (struct as2_text){arena_strdup(r->arena, tag),
                                            as2_string(r, value, AS2_STRING_MAX)};
    }
    return n;
}

bool as2_bool(const json_t *value)
{
    const char *text = json_string_value(value);
    return json_is_true(value) || (text && !strcasecmp(text, "true"));
}

int64_t as2_time(const json_t *value)
{
    const char *text = json_string_value(value);
    int64_t ms;
    return text && clock_parse_rfc3339(text, &ms) == OK ? ms : 0;
}

int64_t as2_integer(const json_t *value, int64_t max)
{
    if (!json_is_integer(value))
        return -1;
    json_int_t n = json_integer_value(value);
    return n < 0 || n > max ? -1 : (int64_t)n;
}

float as2_fraction(const json_t *value, float low, float high)
{
    double n = json_number_value(value);
    if (!(n > (double)low))
        return json_is_number(value) ? low : 0;
    return n < (double)high ? (float)n : high;
}

bool as2_is_http(const char *text)
{
    if (strncasecmp(text, "https://", 8) != 0 && strncasecmp(text, "http://", 7) != 0)
        return false;
    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        if (*p <= ' ' || *p == 0x7F || strchr("\"<>\\^`{|}", *p))
            return false;
    return true;
}

static const json_t *id_value(const json_t *value)
{
    for (size_t i = 0; i < as2_count(value); i++) {
        const json_t *item = as2_item(value, i);
        if (json_is_object(item))
            item = json_object_get(item,
                                   as2_is(item, "Link") || as2_is(item, "Mention") ? "href" : "id");
        if (json_is_string(item) && as2_is_http(json_string_value(item)))
            return item;
    }
    return NULL;
}

const char *as2_id_of(const json_t *value)
{
    return json_string_value(id_value(value));
}

const char *as2_id(struct as2_reader *r, const json_t *value)
{
    const json_t *id = id_value(value);
    if (json_string_length(id) > URI_MAX_BYTES) {
        r->refused = "an id is longer than 2048 bytes";
        return NULL;
    }
    return id ? arena_strndup(r->arena, json_string_value(id), json_string_length(id)) : NULL;
}

const char *as2_link(struct as2_reader *r, const json_t *value)
{
    const json_t *id = id_value(value);
    return id && json_string_length(id) <= URI_MAX_BYTES ? as2_id(r, id) : NULL;
}

/* The URL of one entry; objects may hold it as href or, once more, as url. */
static const json_t *url_value(const json_t *entry)
{
    for (int level = 0; level < 3; level++) {
        if (json_is_array(entry))
            entry = json_array_get(entry, 0);
        if (!json_is_object(entry))
            break;
        const json_t *href = json_object_get(entry, "href");
        entry = href ? href : json_object_get(entry, "url");
    }
    bool is_usable = json_is_string(entry) && json_string_length(entry) <= URI_MAX_BYTES &&
                     as2_is_http(json_string_value(entry));
    return is_usable ? entry : NULL;
}

const char *as2_url(struct as2_reader *r, const json_t *value, const char **out_media_type)
{
    const json_t *best = NULL, *best_type = NULL;
    for (size_t i = 0; i < as2_count(value); i++) {
        const json_t *entry = as2_item(value, i), *url = url_value(entry);
        const json_t *type = json_object_get(entry, "mediaType");
        const char *name = json_string_value(type);
        bool is_page = name && !strncasecmp(name, "text/html", 9);
        if (!url || (best && !is_page))
            continue;
        best = url;
        best_type = type;
        if (is_page)
            break;
    }
    if (out_media_type && json_is_string(best_type))
        *out_media_type = as2_string(r, best_type, AS2_TYPE_MAX);
    return as2_string(r, best, URI_MAX_BYTES);
}

static bool is_public(const char *text)
{
    return !strcmp(text, AS2_PUBLIC) || !strcmp(text, "as:Public") || !strcmp(text, "Public");
}

static void list_add(struct as2_reader *r, struct as2_list *list, const json_t *value)
{
    const json_t *text = json_is_object(value) ? json_object_get(value, "id") : value;
    const char *id = json_string_value(text);
    if (!id)
        return;
    if (is_public(id))
        id = AS2_PUBLIC;
    else if (!as2_is_http(id) || json_string_length(text) > URI_MAX_BYTES)
        return;
    if (as2_list_has(list, id))
        return;
    const char *copy = arena_strdup(r->arena, id);
    if (copy)
        list->item[list->n++] = copy;
}

struct as2_list as2_ids(struct as2_reader *r, const json_t *value, size_t max)
{
    struct as2_list list = {0};
    size_t count = as2_count(value), room = count < max ? count : max;
    if (room)
        list.item = arena_calloc(r->arena, room, sizeof *list.item);
    if (!list.item)
        return list;
    r->is_cut |= room < count;
    for (size_t i = 0; i < room; i++)
        list_add(r, &list, as2_item(value, i));
    return list;
}
