#include "federation/as2_value.h"

#include <string.h>

/*
 * What this file guards: a reader of plain names (we) and a reader of expanded names (a JSON-LD
 * processor, which may have signed or forwarded the document) must see the same thing (T35).
 */

#define VOCABULARY "https://www.w3.org/ns/activitystreams#"

/* Of the AS2 vocabulary: each must stay what it is there. */
static const char *const core_terms[] = {
    "actor",      "alsoKnownAs", "attachment",   "attributedTo", "audience",  "bcc",
    "bto",        "cc",          "content",      "context",      "endpoints", "first",
    "followers",  "following",   "href",         "icon",         "image",     "inReplyTo",
    "inbox",      "items",       "last",         "mediaType",    "movedTo",   "name",
    "next",       "object",      "orderedItems", "outbox",       "published", "preferredUsername",
    "sensitive",  "sharedInbox", "summary",      "tag",          "target",    "to",
    "totalItems", "updated",     "url",          "contentMap",   "nameMap",   "summaryMap",
    "id",         "type",        "anyOf",        "closed",       "endTime",   "generator",
    "instrument", "oneOf",       "replies",      "result",       "startTime",
};

/* Of other vocabularies, under whatever prefix: the last part of the IRI counts. */
static const char *const extension_terms[] = {
    "approvedBy",
    "assertionMethod",
    "canAnnounce",
    "canLike",
    "canQuote",
    "canReply",
    "discoverable",
    "featured",
    "implements",
    "indexable",
    "interactingObject",
    "interactionPolicy",
    "interactionTarget",
    "location", /* Mobilizon: schema.org's, of the same meaning */
    "manuallyApprovesFollowers",
    "owner",
    "proof",
    "publicKey",
    "publicKeyMultibase",
    "publicKeyPem",
    "quote",
    "quoteAuthorization",
    "replyAuthorization",
    "votersCount",
};

static bool is_among(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(name, list[i]))
            return true;
    return false;
}

static bool is_core_meaning(const char *term, const char *iri)
{
    if (!strcmp(term, "id") || !strcmp(term, "type"))
        return iri[0] == '@' && !strcmp(iri + 1, term);
    if (!strcmp(term, "inbox") &&
        (!strcmp(iri, "ldp:inbox") || !strcmp(iri, "http://www.w3.org/ns/ldp#inbox")))
        return true;
    if (!strncmp(iri, "as:", 3))
        iri += 3;
    else if (!strncmp(iri, VOCABULARY, sizeof VOCABULARY - 1))
        iri += sizeof VOCABULARY - 1;
    else
        return false;
    if (!strcmp(term, "orderedItems"))
        return !strcmp(iri, "items") || !strcmp(iri, term);
    size_t n = strlen(iri); /* contentMap is content in several languages */
    return !strncmp(term, iri, n) && (!term[n] || !strcmp(term + n, "Map"));
}

static bool is_extension_meaning(const char *term, const char *iri)
{
    size_t n = strlen(iri), t = strlen(term);
    return n > t && !strcmp(iri + n - t, term) && strchr(":#/", iri[n - t - 1]);
}

static enum err term_check(const char *term, const json_t *definition, struct why *why)
{
    const json_t *id = json_is_object(definition) ? json_object_get(definition, "@id") : definition;
    const char *iri = json_string_value(id);
    static const char *const keywords[] = {"@graph", "@included", "@reverse", "@nest"};

    if (iri && is_among(iri, keywords, COUNT(keywords)))
        return why_set(why, ERR_INVALID, "@context gives another name to a keyword");
    if (!strcmp(term, "as"))
        return iri && !strcmp(iri, VOCABULARY)
                   ? OK
                   : why_set(why, ERR_INVALID, "@context remaps the prefix as:");
    if (is_among(term, core_terms, COUNT(core_terms))) {
        if (!iri || !is_core_meaning(term, iri))
            return why_set(why, ERR_INVALID, "@context remaps \"%s\"", term);
    } else if (is_among(term, extension_terms, COUNT(extension_terms))) {
        if (!iri || !is_extension_meaning(term, iri))
            return why_set(why, ERR_INVALID, "@context remaps \"%s\"", term);
    }
    return OK;
}

/* `context`: a URL, which is never fetched, an inline object, or several of both. */
static enum err inline_check(json_t *context, struct why *why)
{
    const char *term;
    json_t *definition, *entry;
    size_t i;
    json_object_foreach(context, term, definition)
    {
        enum err e = term_check(term, definition, why);
        if (e)
            return e;
    }
    json_array_foreach(context, i, entry)
    {
        enum err e = inline_check(entry, why);
        if (e)
            return e;
    }
    return OK;
}

/* Any object may carry a context of its own. Depth is bounded by the prescan. */
enum err as2_context_check(json_t *value, struct why *why)
{
    const char *key;
    json_t *child;
    size_t i;
    json_object_foreach(value, key, child)
    {
        enum err e = OK;
        if (!strcmp(key, "@graph") || !strcmp(key, "@included") || !strcmp(key, "@reverse"))
            return why_set(why, ERR_INVALID, "%s is not accepted", key);
        if (!strcmp(key, "@context"))
            e = inline_check(child, why);
        if (!e)
            e = as2_context_check(child, why);
        if (e)
            return e;
    }
    json_array_foreach(value, i, child)
    {
        enum err e = as2_context_check(child, why);
        if (e)
            return e;
    }
    return OK;
}
