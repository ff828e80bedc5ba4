#include "federation/as2_value.h"

#include "federation/uri.h"

#include <string.h>

static ActorType actor_type(const char *name)
{
    static const struct {
        const char *name;
        ActorType type;
    } types[] = {
        {"Service", ACTOR_TYPE__SERVICE},
        {"Application", ACTOR_TYPE__APPLICATION},
        {"Organization", ACTOR_TYPE__ORGANIZATION},
        {"Group", ACTOR_TYPE__GROUP},
    };
    for (size_t i = 0; name && i < COUNT(types); i++)
        if (!strcmp(name, types[i].name))
            return types[i].type;
    return ACTOR_TYPE__PERSON;
}

void as2_read_key(struct as2_reader *r, const json_t *value, struct as2_key *out)
{
    const json_t *owner = json_object_get(value, "owner");
    *out = (struct as2_key){0};
    out->id = as2_id(r, json_object_get(value, "id"));
    out->owner = as2_id(r, owner ? owner : json_object_get(value, "controller"));
    out->pem = as2_string(r, json_object_get(value, "publicKeyPem"), AS2_KEY_MAX);
    if (!out->pem)
        out->multibase = as2_string(r, json_object_get(value, "publicKeyMultibase"), AS2_KEY_MAX);
}

/*
 * Keys count only under an id on the actor's host, and when they do not name another owner: an
 * actor cannot slip in a key under somebody else's key id (T18, T19).
 */
static void read_keys(struct as2_reader *r, const json_t *values, struct as2_actor *out)
{
    for (size_t i = 0; i < as2_count(values) && out->key_count < AS2_KEYS_MAX; i++) {
        struct as2_key key;
        as2_read_key(r, as2_item(values, i), &key);
        if (!key.id || (!key.pem && !key.multibase) || !uri_same_host(key.id, out->id))
            continue;
        if (key.owner && strcmp(key.owner, out->id) != 0)
            continue;
        out->keys[out->key_count++] = key;
    }
}

static void read_fields(struct as2_reader *r, const json_t *values, struct as2_actor *out)
{
    out->fields = arena_calloc(r->arena, AS2_FIELDS_MAX, sizeof *out->fields);
    if (!out->fields)
        return;
    for (size_t i = 0; i < as2_count(values) && i < AS2_TAGS_MAX; i++) {
        const json_t *value = as2_item(values, i);
        if (!as2_is(value, "PropertyValue") || out->field_count == AS2_FIELDS_MAX)
            continue;
        const char *name = as2_string(r, as2_get(value, "name"), AS2_NAME_MAX);
        const char *text = as2_string(r, as2_get(value, "value"), AS2_STRING_MAX);
        if (!name || !text)
            continue;
        out->fields[out->field_count].name = name;
        out->fields[out->field_count++].value = text;
    }
}

static void read_emoji(struct as2_reader *r, const json_t *tags, struct as2_actor *out)
{
    struct as2_tag *all;
    size_t count = as2_read_tags(r, tags, &all);
    for (size_t i = 0; i < count; i++)
        if (all[i].kind == AS2_EMOJI)
            all[out->emoji_count++] = all[i];
    out->emoji = all;
}

/* FEP-1b12: a group is attributed to the collection of its moderators. PeerTube attributes its
 * channels to a list of persons, which is another thing. */
static const char *read_moderators(struct as2_reader *r, const json_t *value, const char *group)
{
    bool is_id = json_is_string(value);
    bool is_collection = as2_is(value, "Collection") || as2_is(value, "OrderedCollection");
    const char *uri = is_id || is_collection ? as2_link(r, value) : NULL;
    return uri && uri_same_host(uri, group) ? uri : NULL;
}

static void note_capability(const json_t *value, struct as2_actor *out)
{
    static const char rfc9421[] = "https://datatracker.ietf.org/doc/html/rfc9421";
    static const char eddsa[] = "#name-eddsa-using-curve-edwards25";
    const char *uri = json_string_value(value);
    if (!uri)
        uri = json_string_value(json_object_get(value, "href"));
    if (!uri || strncmp(uri, rfc9421, sizeof rfc9421 - 1) != 0)
        return;
    uri += sizeof rfc9421 - 1;
    bool is_eddsa = !strncmp(uri, eddsa, sizeof eddsa - 1);
    out->knows_ed25519 |= is_eddsa;
    out->knows_rfc9421 |= is_eddsa || !*uri;
}

/* FEP-844e: an actor's generator lists them, and an Application its own. */
static void read_capabilities(const json_t *object, struct as2_actor *out)
{
    const json_t *generator = as2_item(json_object_get(object, "generator"), 0);
    const json_t *lists[] = {json_object_get(generator, "implements"),
                             json_object_get(object, "implements")};
    for (size_t i = 0; i < COUNT(lists); i++)
        for (size_t k = 0; k < as2_count(lists[i]) && k < AS2_TAGS_MAX; k++)
            note_capability(as2_item(lists[i], k), out);
}

/* A name that can be part of a handle: no white space, control characters, '@', '/'. */
static const char *read_username(struct as2_reader *r, const json_t *value)
{
    const char *name = json_string_value(value);
    if (!name || json_string_length(value) > HANDLE_NAME_MAX_BYTES)
        return NULL;
    for (const unsigned char *p = (const unsigned char *)name; *p; p++)
        if (*p <= ' ' || *p == 0x7F || strchr("@/\\:<>\"&'?#", *p))
            return NULL;
    return as2_string(r, value, HANDLE_NAME_MAX_BYTES);
}

static void read_profile(struct as2_reader *r, const json_t *object, struct as2_actor *out)
{
    out->username = read_username(r, json_object_get(object, "preferredUsername"));
    out->name = as2_text(r, object, "name", "nameMap", AS2_NAME_MAX, NULL);
    if (!out->name || !out->name[strspn(out->name, " \t\r\n")])
        out->name = out->username;
    out->summary = as2_text(r, object, "summary", "summaryMap", AS2_STRING_MAX, NULL);
    out->url = as2_url(r, json_object_get(object, "url"), NULL);
    if (!out->url)
        out->url = out->id;
    out->icon = as2_url(r, json_object_get(object, "icon"), NULL);
    out->image = as2_url(r, json_object_get(object, "image"), NULL);
    out->moved_to = as2_link(r, as2_get(object, "movedTo"));
    out->also_known_as = as2_ids(r, as2_get(object, "alsoKnownAs"), AS2_ALIASES_MAX);
    out->is_locked = as2_bool(as2_get(object, "manuallyApprovesFollowers"));
    out->is_discoverable = as2_bool(as2_get(object, "discoverable"));
    out->is_indexable = as2_bool(as2_get(object, "indexable"));
    out->is_suspended = as2_bool(as2_get(object, "suspended"));
    out->published_ms = as2_time(json_object_get(object, "published"));
    read_fields(r, json_object_get(object, "attachment"), out);
    read_emoji(r, json_object_get(object, "tag"), out);
    read_capabilities(object, out);
    if (out->type == ACTOR_TYPE__GROUP)
        out->moderators = read_moderators(r, json_object_get(object, "attributedTo"), out->id);
}

static void read_endpoints(struct as2_reader *r, const json_t *object, struct as2_actor *out)
{
    const json_t *endpoints = json_object_get(object, "endpoints");
    const json_t *shared = json_object_get(endpoints, "sharedInbox");
    out->inbox = as2_id(r, json_object_get(object, "inbox"));
    out->outbox = as2_id(r, json_object_get(object, "outbox"));
    out->followers = as2_id(r, json_object_get(object, "followers"));
    out->following = as2_id(r, json_object_get(object, "following"));
    out->featured = as2_id(r, as2_get(object, "featured"));
    out->shared_inbox = as2_id(r, shared ? shared : json_object_get(object, "sharedInbox"));
}

/* T33: mail for this actor goes to this actor's host, and nowhere else. */
static enum err endpoints_check(const struct as2_actor *actor, struct why *why)
{
    const char *const uris[] = {actor->inbox,     actor->outbox,   actor->followers,
                                actor->following, actor->featured, actor->shared_inbox};
    for (size_t i = 0; i < COUNT(uris); i++)
        if (uris[i] && !uri_same_host(actor->id, uris[i]))
            return why_set(why, ERR_INVALID, "the actor has an endpoint on another host");
    return OK;
}

enum err as2_read_actor(struct as2_reader *r, const json_t *object, struct as2_actor *out,
                        struct why *why)
{
    enum as2_class ignored;
    *out = (struct as2_actor){0};
    out->id = as2_id(r, json_object_get(object, "id"));
    if (!out->id)
        return why_set(why, ERR_INVALID, "the actor has no id");
    out->type = actor_type(as2_type(r, object, &ignored));
    read_endpoints(r, object, out);
    enum err e = endpoints_check(out, why);
    if (e)
        return e;
    read_profile(r, object, out);
    out->keys = arena_calloc(r->arena, AS2_KEYS_MAX, sizeof *out->keys);
    if (out->keys) {
        read_keys(r, json_object_get(object, "publicKey"), out);
        read_keys(r, json_object_get(object, "assertionMethod"), out);
    }
    return OK;
}
