#include "federation/as2_value.h"

#include "federation/uri.h"

#include <string.h>
#include <strings.h>

/* Ids of the items, embedded or not; those of an embedded first page when there are no others. */
static void read_items(struct as2_reader *r, const json_t *page, struct as2_document *out)
{
    const json_t *items = json_object_get(page, "orderedItems");
    if (!as2_count(items))
        items = json_object_get(page, "items");
    out->items = as2_ids(r, items, AS2_ITEMS_MAX);
    out->next = as2_link(r, json_object_get(page, "next"));
}

static bool is_page(const json_t *value)
{
    return as2_is(value, "CollectionPage") || as2_is(value, "OrderedCollectionPage");
}

static void read_collection(struct as2_reader *r, const json_t *object, struct as2_document *out)
{
    const json_t *first = json_object_get(object, "first");
    out->kind = AS2_DOCUMENT_COLLECTION;
    out->total_items = as2_integer(json_object_get(object, "totalItems"), INT64_MAX);
    read_items(r, object, out);
    if (json_is_string(first) || is_page(first))
        out->first = as2_link(r, first);
    if (!out->items.n && is_page(first))
        read_items(r, first, out);
}

static enum err read_by_class(struct as2_reader *r, const json_t *object, enum as2_class class,
                              struct as2_document *out, struct why *why)
{
    switch (class) {
    case AS2_CLASS_ACTOR:
        if (!out->id)
            break;
        out->kind = AS2_DOCUMENT_ACTOR;
        return as2_read_actor(r, object, &out->actor, why);
    case AS2_CLASS_NOTE:
        out->kind = AS2_DOCUMENT_NOTE;
        as2_read_note(r, object, NULL, &out->note);
        break;
    case AS2_CLASS_ACTIVITY:
        if (!as2_id_of(json_object_get(object, "actor")))
            break; /* nobody does it: of no use to us, and no error */
        out->kind = AS2_DOCUMENT_ACTIVITY;
        return as2_read_activity(r, object, &out->activity, why);
    case AS2_CLASS_COLLECTION:
        read_collection(r, object, out);
        break;
    case AS2_CLASS_TOMBSTONE:
        out->kind = AS2_DOCUMENT_TOMBSTONE;
        break;
    default: /* authorizations, and keys, which come with any type or none */
        out->attributed_to = as2_id(r, json_object_get(object, "attributedTo"));
        out->interacting_object = as2_id(r, as2_get(object, "interactingObject"));
        out->interaction_target = as2_id(r, as2_get(object, "interactionTarget"));
        if (json_is_string(json_object_get(object, "publicKeyPem")) ||
            json_is_string(json_object_get(object, "publicKeyMultibase"))) {
            out->kind = AS2_DOCUMENT_KEY;
            as2_read_key(r, object, &out->key);
        }
    }
    return OK;
}

enum err as2_decode_document(struct bytes body, struct arena *arena, struct as2_document *out,
                             struct why *why)
{
    json_auto_t *object = NULL;
    enum err e = as2_load(body, &object, why);
    if (e)
        return e;
    struct as2_reader r = {.arena = arena};
    struct as2_document document = {.kind = AS2_DOCUMENT_OTHER, .total_items = -1};
    enum as2_class class;
    document.type = as2_type(&r, object, &class);
    document.id = as2_id(&r, json_object_get(object, "id"));
    e = read_by_class(&r, object, class, &document, why);
    if (!e)
        e = as2_reader_check(&r, why);
    if (!e)
        *out = document;
    return e;
}

static bool is_self_link(const json_t *link)
{
    static const char activity[] = "application/activity+json", ld[] = "application/ld+json";
    const char *rel = json_string_value(json_object_get(link, "rel"));
    const char *type = json_string_value(json_object_get(link, "type"));
    if (!rel || !type || strcmp(rel, "self") != 0)
        return false;
    size_t n = strcspn(type, "; ");
    return (n == sizeof activity - 1 && !strncasecmp(type, activity, n)) ||
           (n == sizeof ld - 1 && !strncasecmp(type, ld, n));
}

/* T34: servers list the same actor once per media type; two actors are a lie. */
static enum err find_self(const json_t *links, const char **out, struct why *why)
{
    *out = NULL;
    for (size_t i = 0; i < as2_count(links) && i < AS2_TAGS_MAX; i++) {
        const json_t *link = as2_item(links, i);
        const char *href = json_string_value(json_object_get(link, "href"));
        if (!is_self_link(link) || !href || !as2_is_http(href))
            continue;
        if (*out && strcmp(*out, href) != 0)
            return why_set(why, ERR_INVALID, "WebFinger names two actors");
        *out = href;
    }
    return *out ? OK : why_set(why, ERR_INVALID, "WebFinger names no actor");
}

enum err as2_decode_webfinger(struct bytes body, struct arena *arena, const char **out_subject,
                              const char **out_self, struct why *why)
{
    json_auto_t *jrd = NULL;
    enum err e = as2_load(body, &jrd, why);
    if (e)
        return e;
    const char *self, *subject = json_string_value(json_object_get(jrd, "subject"));
    e = find_self(json_object_get(jrd, "links"), &self, why);
    if (e)
        return e;
    if (!subject || !self || strlen(subject) > URI_MAX_BYTES || strlen(self) > URI_MAX_BYTES)
        return why_set(why, ERR_INVALID, "WebFinger has no usable subject");
    const char *subject_copy = arena_strdup(arena, subject);
    const char *self_copy = arena_strdup(arena, self);
    if (!subject_copy || !self_copy)
        return why_set(why, ERR_LIMIT, "the document is too large");
    *out_subject = subject_copy;
    *out_self = self_copy;
    return OK;
}
