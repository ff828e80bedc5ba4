#include "federation/document/document.h"

#include "federation/document/json.h"

#include <string.h>

static void add_link(struct jw *w, const char *rel, const char *type, const char *href)
{
    jw_object(w, NULL);
    jw_text(w, "rel", rel);
    jw_text(w, "type", type);
    jw_text(w, "href", href);
    jw_object_end(w);
}

/* RFC 7033 §4.4 */
enum err document_webfinger(const Actor *actor, const char *host, struct buf *out)
{
    AUTO(buf_clear) struct buf subject = BUF_INIT(1024);
    buf_printf(&subject, "acct:%s@%s", actor->username, host);
    struct jw w = {.buf = out};
    jw_object(&w, NULL);
    jw_text(&w, "subject", buf_text(&subject));
    jw_list(&w, "aliases");
    jw_text(&w, NULL, actor->uri);
    if (actor->url[0] && strcmp(actor->url, actor->uri) != 0)
        jw_text(&w, NULL, actor->url);
    jw_list_end(&w);
    jw_list(&w, "links");
    add_link(&w, "self", "application/activity+json", actor->uri);
    add_link(&w, "http://webfinger.net/rel/profile-page", "text/html",
             actor->url[0] ? actor->url : actor->uri);
    jw_list_end(&w);
    jw_object_end(&w);
    return jw_finish(&w);
}

/* RFC 6415: where WebFinger is, for those who still ask. `base` is ours: nothing to escape. */
enum err document_host_meta(const char *base, struct buf *out)
{
    buf_printf(out,
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
               "<XRD xmlns=\"http://docs.oasis-open.org/ns/xri/xrd-1.0\">\n"
               "  <Link rel=\"lrdd\" template=\"%s/.well-known/webfinger?resource={uri}\"/>\n"
               "</XRD>\n",
               base);
    return out->is_full ? ERR_LIMIT : OK;
}
