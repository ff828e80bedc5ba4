#include "federation/document/document.h"

#include "federation/document/part.h"

#include <string.h>

#define RFC9421                                                                                    \
    "https://datatracker.ietf.org/doc/html/rfc9421" /* its name in FEP-844e's registry */

/* The URLs are ones that JSON-LD processors carry; everything else is defined inline. */
static const char actor_context[] =
    "[\"https://www.w3.org/ns/activitystreams\","
    "\"https://w3id.org/security/v1\","
    "\"https://w3id.org/security/multikey/v1\","
    "{\"manuallyApprovesFollowers\":\"as:manuallyApprovesFollowers\","
    "\"alsoKnownAs\":{\"@id\":\"as:alsoKnownAs\",\"@type\":\"@id\"},"
    "\"movedTo\":{\"@id\":\"as:movedTo\",\"@type\":\"@id\"},"
    "\"assertionMethod\":{\"@id\":\"sec:assertionMethod\",\"@type\":\"@id\","
    "\"@container\":\"@set\"},"
    "\"schema\":\"http://schema.org#\","
    "\"PropertyValue\":\"schema:PropertyValue\","
    "\"value\":\"schema:value\","
    "\"toot\":\"http://joinmastodon.org/ns#\","
    "\"featured\":{\"@id\":\"toot:featured\",\"@type\":\"@id\"},"
    "\"discoverable\":\"toot:discoverable\","
    "\"indexable\":\"toot:indexable\","
    "\"lemmy\":\"https://join-lemmy.org/ns#\","
    "\"postingRestrictedToMods\":\"lemmy:postingRestrictedToMods\","
    "\"implements\":{\"@id\":\"https://w3id.org/fep/844e#implements\",\"@type\":\"@id\","
    "\"@container\":\"@list\"},"
    "\"webfinger\":\"https://purl.archive.org/socialweb/webfinger#webfinger\"}]";

void part_actor_context(struct jw *w)
{
    jw_raw(w, "@context", actor_context);
}

static const char *type_name(ActorType type)
{
    switch (type) {
    case ACTOR_TYPE__SERVICE:
        return "Service";
    case ACTOR_TYPE__APPLICATION:
        return "Application";
    case ACTOR_TYPE__ORGANIZATION:
        return "Organization";
    case ACTOR_TYPE__GROUP:
        return "Group";
    default:
        return "Person";
    }
}

/* RSA as security/v1 knows it: every server reads this one. */
static void add_public_key(struct jw *w, const Actor *actor)
{
    for (size_t i = 0; i < actor->n_keys; i++) {
        const ActorKey *key = actor->keys[i];
        if (!key->pem[0])
            continue;
        jw_object(w, "publicKey");
        jw_text(w, "id", key->id);
        jw_text(w, "owner", actor->uri);
        jw_text(w, "publicKeyPem", key->pem);
        jw_object_end(w);
        return; /* many peers stumble over a list */
    }
}

/* FEP-521a */
static void add_assertion_methods(struct jw *w, const Actor *actor)
{
    jw_list(w, "assertionMethod");
    for (size_t i = 0; i < actor->n_keys; i++) {
        const ActorKey *key = actor->keys[i];
        if (!key->multibase[0])
            continue;
        jw_object(w, NULL);
        jw_text(w, "id", key->id);
        jw_text(w, "type", "Multikey");
        jw_text(w, "controller", actor->uri);
        jw_text(w, "publicKeyMultibase", key->multibase);
        jw_object_end(w);
    }
    jw_list_end(w);
}

static void add_image(struct jw *w, const char *name, const char *url)
{
    if (!url[0])
        return;
    jw_object(w, name);
    jw_text(w, "type", "Image");
    jw_text(w, "url", url);
    jw_object_end(w);
}

static void add_fields(struct jw *w, const Actor *actor)
{
    jw_list(w, "attachment");
    for (size_t i = 0; i < actor->n_fields; i++) {
        jw_object(w, NULL);
        jw_text(w, "type", "PropertyValue");
        jw_text(w, "name", actor->fields[i]->name);
        jw_text(w, "value", actor->fields[i]->value_html);
        jw_object_end(w);
    }
    jw_list_end(w);
}

/* FEP-2c59: the handle's own word, so that nobody has to guess the host from the id. */
static void add_webfinger(struct jw *w, const Actor *actor)
{
    AUTO(buf_clear) struct buf handle = BUF_INIT(1024);
    size_t n = part_base_length(actor->uri);
    const char *host = strstr(actor->uri, "://");
    if (!n || !host)
        return;
    buf_printf(&handle, "%s@", actor->username);
    buf_add(&handle, host + 3, n - (size_t)(host + 3 - actor->uri));
    jw_text(w, "webfinger", buf_text(&handle));
}

/* FEP-1b12. A group that lets people in one by one is a private one to others too. */
static void add_group(struct jw *w, const Actor *actor)
{
    if (actor->type != ACTOR_TYPE__GROUP)
        return;
    jw_text2(w, "attributedTo", actor->uri, "/moderators");
    jw_bool(w, "postingRestrictedToMods", false);
}

static void add_endpoints(struct jw *w, const Actor *actor)
{
    jw_text_if(w, "inbox", actor->inbox);
    jw_text_if(w, "outbox", actor->outbox);
    jw_text_if(w, "followers", actor->followers);
    jw_text_if(w, "following", actor->following);
    jw_text_if(w, "featured", actor->featured);
    if (!actor->shared_inbox[0])
        return;
    jw_object(w, "endpoints");
    jw_text(w, "sharedInbox", actor->shared_inbox);
    jw_object_end(w);
}

static void add_capabilities(struct jw *w)
{
    static const struct {
        const char *href, *name;
    } known[] = {
        {RFC9421, "RFC-9421: HTTP Message Signatures"},
        {RFC9421 "#name-eddsa-using-curve-edwards25",
         "RFC-9421 signatures using the EdDSA algorithm"},
    };
    jw_list(w, "implements");
    for (size_t i = 0; i < COUNT(known); i++) {
        jw_object(w, NULL);
        jw_text(w, "type", "Link");
        jw_text(w, "href", known[i].href);
        jw_text(w, "name", known[i].name);
        jw_object_end(w);
    }
    jw_list_end(w);
}

/* FEP-844e: what our node understands, by whichever actor it is met. */
static void add_generator(struct jw *w, const Actor *actor)
{
    AUTO(buf_clear) struct buf base = BUF_INIT(4096);
    if (actor->is_instance) {
        add_capabilities(w);
        return;
    }
    buf_add(&base, actor->uri, part_base_length(actor->uri));
    jw_object(w, "generator");
    jw_text2(w, "id", buf_text(&base), "/actor");
    jw_text(w, "type", "Application");
    add_capabilities(w);
    jw_object_end(w);
}

void part_actor(struct jw *w, const Actor *actor)
{
    jw_text(w, "id", actor->uri);
    jw_text(w, "type", type_name(actor->type));
    jw_text(w, "preferredUsername", actor->username);
    add_webfinger(w, actor);
    jw_text(w, "name", actor->display_name[0] ? actor->display_name : actor->username);
    jw_text(w, "summary", actor->summary_html);
    jw_text(w, "url", actor->url[0] ? actor->url : actor->uri);
    add_endpoints(w, actor);
    add_group(w, actor);
    jw_bool(w, "manuallyApprovesFollowers", actor->is_locked);
    jw_bool(w, "discoverable", actor->is_discoverable);
    jw_bool(w, "indexable", actor->is_indexable);
    if (actor->created_ms)
        jw_time(w, "published", actor->created_ms);
    if (actor->updated_ms)
        jw_time(w, "updated", actor->updated_ms);
    add_image(w, "icon", actor->icon_url);
    add_image(w, "image", actor->image_url);
    add_fields(w, actor);
    if (actor->n_also_known_as)
        part_list(w, "alsoKnownAs", actor->also_known_as, actor->n_also_known_as);
    jw_text_if(w, "movedTo", actor->moved_to);
    add_public_key(w, actor);
    add_assertion_methods(w, actor);
    add_generator(w, actor);
}

enum err document_actor(const Actor *actor, struct buf *out)
{
    struct jw w = {.buf = out};
    jw_object(&w, NULL);
    part_actor_context(&w);
    part_actor(&w, actor);
    jw_object_end(&w);
    return jw_finish(&w);
}
