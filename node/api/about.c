/*
 * about - what else the node says of itself: the nodes it knows, its pages, that it is there.
 *
 * Source   Mastodon API methods/instance
 */
#include "federation/sanitize.h"
#include "node/api/html.h"
#include "node/api/routes.h"
#include "storage/peer.h"

#include <openssl/evp.h>

#include <stdio.h>
#include <string.h>

#define DIGEST_BYTES 32

static struct response *empty_list(struct api_call *call)
{
    struct jw *w = api_json(call);
    jw_list(w, NULL);
    jw_list_end(w);
    return api_answer(call);
}

/* ---- other nodes ---- */

static enum err each_peer(struct api_call *call, void (*see)(struct jw *w, const Peer *peer),
                          struct jw *w)
{
    AUTO(txn_end) struct txn *txn = NULL;
    peer_id at = {0};
    enum err e = api_read(call, &txn);
    while (!e) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(64 << 10);
        Peer *peer;
        e = peer_next(txn, at, &arena, &peer);
        if (e)
            break;
        at.v = peer->id;
        see(w, peer);
    }
    return e == ERR_NOTFOUND ? OK : e;
}

static struct response *list_peers(struct api_call *call,
                                   void (*see)(struct jw *w, const Peer *peer))
{
    struct jw *w = api_json(call);
    jw_list(w, NULL);
    enum err e = each_peer(call, see, w);
    jw_list_end(w);
    return e ? api_of_err(e, NULL) : api_answer(call);
}

static void add_known(struct jw *w, const Peer *peer)
{
    if (peer->state != PEER_STATE__BLOCKED)
        jw_text(w, NULL, peer->host);
}

static void add_blocked(struct jw *w, const Peer *peer)
{
    uint8_t digest[DIGEST_BYTES];
    char hex[2 * DIGEST_BYTES + 1];
    bool is_blocked = peer->state == PEER_STATE__BLOCKED;
    if ((!is_blocked && peer->state != PEER_STATE__LIMITED) ||
        EVP_Digest(peer->host, strlen(peer->host), digest, NULL, EVP_sha256(), NULL) != 1)
        return;
    hex_encode((struct bytes){digest, sizeof digest}, hex);
    jw_object(w, NULL);
    jw_text(w, "domain", peer->host);
    jw_text(w, "digest", hex);
    jw_text(w, "severity", is_blocked ? "suspend" : "silence");
    jw_text(w, "comment", "");
    jw_object_end(w);
}

static struct response *get_peers(struct api_call *call)
{
    return list_peers(call, add_known);
}

static struct response *get_domain_blocks(struct api_call *call)
{
    return list_peers(call, add_blocked);
}

/* ---- texts ---- */

static void add_paragraph(struct buf *html, const char *text)
{
    if (!text || !*text)
        return;
    buf_str(html, "<p>");
    html_escape(text, html);
    buf_str(html, "</p>\n");
}

static struct response *answer_text(struct api_call *call, const char *text)
{
    AUTO(buf_clear) struct buf html = BUF_INIT(HTML_PAGE_MAX_BYTES);
    struct jw *w = api_json(call);
    add_paragraph(&html, text);
    jw_object(w, NULL);
    jw_null(w, "updated_at");
    jw_text(w, "content", buf_text(&html));
    jw_object_end(w);
    return api_answer(call);
}

static struct response *get_description(struct api_call *call)
{
    return answer_text(call, call->api->config->about.description);
}

static struct response *get_privacy(struct api_call *call)
{
    return answer_text(call, NULL);
}

static struct response *get_terms(struct api_call *call)
{
    (void)call;
    return api_not_found();
}

static struct response *get_about_page(struct api_call *call)
{
    const struct config *config = call->api->config;
    struct buf page = BUF_INIT(HTML_PAGE_MAX_BYTES);
    html_begin(&page, config->about.title ? config->about.title : call->fed->config->host);
    add_paragraph(&page, config->about.description);
    if (config->about.rules.n)
        buf_str(&page, "<h2>Rules</h2>\n<ol>\n");
    for (size_t i = 0; i < config->about.rules.n; i++) {
        buf_str(&page, "<li>");
        html_escape(config->about.rules.item[i], &page);
        buf_str(&page, "</li>\n");
    }
    if (config->about.rules.n)
        buf_str(&page, "</ol>\n");
    if (config->about.contact_email) {
        buf_str(&page, "<h2>Contact</h2>\n");
        add_paragraph(&page, config->about.contact_email);
    }
    return html_page(200, &page);
}

static struct response *get_health(struct api_call *call)
{
    (void)call;
    return response_bytes(200, "text/plain; charset=utf-8", bytes_of("OK"));
}

#define ROW(PATH, TIER, WHO, ANSWERS, RUN, ABOUT)                                                  \
    {                                                                                              \
        .method = "GET", .path = PATH, .tier = TIER, .who = WHO, .answers = ANSWERS, .run = RUN,   \
        .about = ABOUT                                                                             \
    }

const struct api_route api_about_routes[] = {
    ROW("/api/v1/instance/peers", 2, API_READER, "[string]", get_peers, "the nodes known here"),
    ROW("/api/v1/instance/domain_blocks", 3, API_READER, "[DomainBlock]", get_domain_blocks,
        "the nodes this one does not talk to"),
    ROW("/api/v1/instance/activity", 3, API_READER, "[Activity]", empty_list,
        "nothing: it is not counted"),
    ROW("/api/v1/instance/extended_description", 2, API_PUBLIC, "ExtendedDescription",
        get_description, "what the node is for"),
    ROW("/api/v1/instance/privacy_policy", 2, API_PUBLIC, "PrivacyPolicy", get_privacy,
        "an empty text"),
    ROW("/api/v1/instance/terms_of_service", 3, API_PUBLIC, "TermsOfService", get_terms,
        "there are none"),
    ROW("/api/v1/instance/translation_languages", 2, API_PUBLIC, "{}", api_answer_empty,
        "nothing: it does not translate"),
    {.method = "GET",
     .path = "/about",
     .tier = 3,
     .who = API_PUBLIC,
     .answers = "",
     .flags = API_NO_CORS | API_TOKEN_IGNORED,
     .run = get_about_page,
     .about = "the page about the node"},
    {.method = "GET",
     .path = "/health",
     .tier = 3,
     .who = API_PUBLIC,
     .answers = "",
     .flags = API_AT_ONCE | API_TOKEN_IGNORED,
     .run = get_health,
     .about = "that it is there"},
    {0}};
