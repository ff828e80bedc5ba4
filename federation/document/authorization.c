#include "federation/document/authorization.h"

#include "federation/document/part.h"

static const char context[] =
    "[\"https://www.w3.org/ns/activitystreams\","
    "{\"gts\":\"https://gotosocial.org/ns#\","
    "\"QuoteRequest\":\"https://w3id.org/fep/044f#QuoteRequest\","
    "\"QuoteAuthorization\":\"https://w3id.org/fep/044f#QuoteAuthorization\","
    "\"ReplyRequest\":\"gts:ReplyRequest\",\"ReplyAuthorization\":\"gts:ReplyAuthorization\","
    "\"LikeRequest\":\"gts:LikeRequest\",\"LikeAuthorization\":\"gts:LikeAuthorization\","
    "\"AnnounceRequest\":\"gts:AnnounceRequest\","
    "\"AnnounceAuthorization\":\"gts:AnnounceAuthorization\","
    "\"interactingObject\":{\"@id\":\"gts:interactingObject\",\"@type\":\"@id\"},"
    "\"interactionTarget\":{\"@id\":\"gts:interactionTarget\",\"@type\":\"@id\"}}]";

static const char *type_name(uint32_t kind)
{
    static const char *const name[] = {
        [CONSENT_REPLY] = "ReplyAuthorization",
        [CONSENT_BOOST] = "AnnounceAuthorization",
        [CONSENT_QUOTE] = "QuoteAuthorization",
        [CONSENT_LIKE] = "LikeAuthorization",
    };
    return kind < COUNT(name) && name[kind] ? name[kind] : name[CONSENT_QUOTE];
}

enum err document_authorization(const Consent *consent, const char *id, const Actor *owner,
                                const char *target, struct buf *out)
{
    struct jw w = {.buf = out};
    jw_object(&w, NULL);
    jw_raw(&w, "@context", context);
    jw_text(&w, "id", id);
    jw_text(&w, "type", type_name(consent->kind));
    jw_text(&w, "attributedTo", owner->uri);
    jw_text(&w, "interactingObject", consent->object);
    jw_text(&w, "interactionTarget", target);
    jw_object_end(&w);
    return jw_finish(&w);
}

/* What asked: the request as it was, or what came without one. */
static void add_question(struct jw *w, const struct consent_reply *reply)
{
    const Consent *consent = reply->consent;
    if (!consent->request[0]) {
        jw_text(w, "object", consent->object);
        return;
    }
    jw_object(w, "object");
    jw_text(w, "id", consent->request);
    jw_text(w, "type", consent->request_type);
    jw_text(w, "actor", reply->who);
    jw_text(w, "object", reply->target);
    jw_text(w, "instrument", consent->object);
    jw_object_end(w);
}

enum err document_consent_reply(const struct consent_reply *reply, struct buf *out)
{
    struct jw w = {.buf = out};
    jw_object(&w, NULL);
    jw_raw(&w, "@context", context);
    jw_text(&w, "id", reply->id);
    jw_text(&w, "type", reply->type);
    jw_text(&w, "actor", reply->owner);
    add_question(&w, reply);
    jw_text_if(&w, "result", reply->result);
    jw_list(&w, "to");
    jw_text(&w, NULL, reply->who);
    jw_list_end(&w);
    jw_object_end(&w);
    return jw_finish(&w);
}

enum err document_request(const char *id, const char *type, const Post *post, const Actor *author,
                          const char *target, const char *to, struct buf *out)
{
    struct jw w = {.buf = out};
    jw_object(&w, NULL);
    part_note_context(&w, post);
    jw_text(&w, "id", id);
    jw_text(&w, "type", type);
    jw_text(&w, "actor", author->uri);
    jw_text(&w, "object", target);
    jw_object(&w, "instrument");
    part_note(&w, post, author);
    jw_object_end(&w);
    jw_list(&w, "to");
    jw_text(&w, NULL, to);
    jw_list_end(&w);
    jw_object_end(&w);
    return jw_finish(&w);
}
