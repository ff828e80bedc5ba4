/* What a note says of quotes and of whom it is open to (part.h). */
#include "federation/document/part.h"

#include "federation/as2.h"
#include "federation/consent.h"

#include <string.h>

#define AS2_MEDIA "application/ld+json; profile=\\\"https://www.w3.org/ns/activitystreams\\\""
#define MISSKEY_QUOTE "https://misskey-hub.net/ns#_misskey_quote"

/* A quote that was declined is a link like any other. */
static bool has_quote(const Post *post)
{
    return post->quote_uri[0] && post->quote_approval != APPROVAL__DECLINED;
}

static bool is_approved_reply(const Post *post)
{
    return post->reply_approval == APPROVAL__APPROVED && post->reply_approval_uri[0];
}

void part_interaction_terms(struct jw *w, const Post *post)
{
    jw_text(w, "gts", "https://gotosocial.org/ns#");
    jw_raw(w, "interactionPolicy", "{\"@id\":\"gts:interactionPolicy\",\"@type\":\"@id\"}");
    jw_raw(w, "canQuote", "{\"@id\":\"gts:canQuote\",\"@type\":\"@id\"}");
    if (post->policy) {
        jw_raw(w, "canReply", "{\"@id\":\"gts:canReply\",\"@type\":\"@id\"}");
        jw_raw(w, "canAnnounce", "{\"@id\":\"gts:canAnnounce\",\"@type\":\"@id\"}");
        jw_raw(w, "canLike", "{\"@id\":\"gts:canLike\",\"@type\":\"@id\"}");
    }
    jw_raw(w, "automaticApproval", "{\"@id\":\"gts:automaticApproval\",\"@type\":\"@id\"}");
    jw_raw(w, "manualApproval", "{\"@id\":\"gts:manualApproval\",\"@type\":\"@id\"}");
    if (post->quote_uri[0]) {
        jw_raw(w, "quote", "{\"@id\":\"https://w3id.org/fep/044f#quote\",\"@type\":\"@id\"}");
        jw_raw(w, "quoteAuthorization",
               "{\"@id\":\"https://w3id.org/fep/044f#quoteAuthorization\",\"@type\":\"@id\"}");
        jw_text(w, "quoteUrl", "as:quoteUrl"); /* a text: Fedify drops a post where it is an @id */
        jw_text(w, "quoteUri", "http://fedibird.com/ns#quoteUri");
        jw_text(w, "_misskey_quote", MISSKEY_QUOTE);
        jw_text(w, "QuoteRequest", "https://w3id.org/fep/044f#QuoteRequest");
    }
    if (post->reply_approval) {
        jw_raw(w, "replyAuthorization", "{\"@id\":\"gts:replyAuthorization\",\"@type\":\"@id\"}");
        jw_raw(w, "approvedBy", "{\"@id\":\"gts:approvedBy\",\"@type\":\"@id\"}");
        jw_text(w, "ReplyRequest", "gts:ReplyRequest");
    }
}

void part_quote(struct jw *w, const Post *post)
{
    if (is_approved_reply(post)) {
        jw_text(w, "replyAuthorization", post->reply_approval_uri);
        jw_text(w, "approvedBy", post->reply_approval_uri); /* GoToSocial before 0.20 */
    }
    if (!has_quote(post))
        return;
    jw_text(w, "quote", post->quote_uri);
    jw_text(w, "quoteUrl", post->quote_uri);
    jw_text(w, "quoteUri", post->quote_uri);
    jw_text(w, "_misskey_quote", post->quote_uri);
    if (post->quote_approval == APPROVAL__APPROVED)
        jw_text_if(w, "quoteAuthorization", post->quote_approval_uri);
}

/* FEP-e232 */
void part_quote_tag(struct jw *w, const Post *post)
{
    if (!has_quote(post))
        return;
    jw_object(w, NULL);
    jw_text(w, "type", "Link");
    jw_raw(w, "mediaType", "\"" AS2_MEDIA "\"");
    jw_text(w, "rel", MISSKEY_QUOTE);
    jw_text(w, "href", post->quote_uri);
    jw_text2(w, "name", "RE: ", post->quote_uri);
    jw_object_end(w);
}

/* Where quotes are not known, a link in the text is all there is; where they are, its class says
 * that it may be left out. URIs were checked when they were stored: nothing in them ends a tag. */
void part_quote_link(const Post *post, struct buf *out)
{
    if (post->quote_uri[0] && !strstr(post->content_html, post->quote_uri) &&
        !strpbrk(post->quote_uri, "\"<>&'"))
        buf_printf(out, "<p class=\"quote-inline\">RE: <a href=\"%s\">%s</a></p>", post->quote_uri,
                   post->quote_uri);
    buf_str(out, post->content_html);
}

static void add_circle(struct jw *w, const char *name, uint32_t bits, bool with_author,
                       const Post *post, const Actor *author)
{
    jw_list(w, name);
    if (bits & CONSENT_EVERYONE)
        jw_text(w, NULL, AS2_PUBLIC);
    else if (with_author)
        jw_text(w, NULL, author->uri);
    if (bits & CONSENT_FOLLOWERS)
        jw_text(w, NULL, author->followers);
    if (bits & CONSENT_FOLLOWED)
        jw_text(w, NULL, author->following);
    if ((bits & CONSENT_MENTIONED) && !(bits & CONSENT_EVERYONE))
        for (size_t i = 0; i < post->n_mentions; i++)
            jw_text(w, NULL, post->mentions[i]->uri);
    jw_list_end(w);
}

static void add_entry(struct jw *w, const char *name, const Interaction *said, uint32_t always,
                      const Post *post, const Actor *author)
{
    if (!said)
        return;
    jw_object(w, name);
    add_circle(w, "automaticApproval", said->automatic | always, true, post, author);
    if (said->manual)
        add_circle(w, "manualApproval", said->manual, false, post, author);
    jw_object_end(w);
}

void part_policy(struct jw *w, const Post *post, const Actor *author)
{
    static const InteractionPolicy silent = INTERACTION_POLICY__INIT;
    const InteractionPolicy *policy = post->policy ? post->policy : &silent;
    bool is_open =
        post->visibility == VISIBILITY__PUBLIC || post->visibility == VISIBILITY__UNLISTED;
    Interaction open = INTERACTION__INIT, closed = INTERACTION__INIT;
    open.automatic = CONSENT_EVERYONE;
    const Interaction *quote = !is_open ? &closed : policy->quote ? policy->quote : &open;
    jw_object(w, "interactionPolicy");
    add_entry(w, "canReply", policy->reply, CONSENT_MENTIONED, post, author);
    add_entry(w, "canAnnounce", policy->boost, 0, post, author);
    add_entry(w, "canLike", policy->like, 0, post, author);
    add_entry(w, "canQuote", quote, 0, post, author); /* unsaid, others take it for nobody */
    jw_object_end(w);
}
