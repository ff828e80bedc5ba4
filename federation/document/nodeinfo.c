#include "federation/document/document.h"

#include "federation/document/json.h"

#define SCHEMA "http://nodeinfo.diaspora.software/ns/schema/"

enum err document_nodeinfo_index(const char *base, struct buf *out)
{
    static const char *const versions[] = {"2.0", "2.1"};
    struct jw w = {.buf = out};
    jw_object(&w, NULL);
    jw_list(&w, "links");
    for (size_t i = 0; i < COUNT(versions); i++) {
        jw_object(&w, NULL);
        jw_text2(&w, "rel", SCHEMA, versions[i]);
        AUTO(buf_clear) struct buf href = BUF_INIT(1024);
        buf_printf(&href, "%s/nodeinfo/%s", base, versions[i]);
        jw_text(&w, "href", buf_text(&href));
        jw_object_end(&w);
    }
    jw_list_end(&w);
    jw_object_end(&w);
    return jw_finish(&w);
}

static void add_empty_lists(struct jw *w)
{
    jw_object(w, "services");
    jw_list(w, "inbound");
    jw_list_end(w);
    jw_list(w, "outbound");
    jw_list_end(w);
    jw_object_end(w);
}

static void add_usage(struct jw *w, const struct nodeinfo_facts *facts)
{
    jw_object(w, "usage");
    jw_object(w, "users");
    jw_number(w, "total", (int64_t)facts->users);
    jw_object_end(w);
    jw_number(w, "localPosts", (int64_t)facts->posts);
    jw_object_end(w);
}

enum err document_nodeinfo(const struct nodeinfo_facts *facts, const char *version, struct buf *out)
{
    struct jw w = {.buf = out};
    jw_object(&w, NULL);
    jw_text(&w, "version", version);
    jw_object(&w, "software");
    jw_text(&w, "name", "ward");
    jw_text(&w, "version", facts->version);
    jw_object_end(&w);
    jw_list(&w, "protocols");
    jw_text(&w, NULL, "activitypub");
    jw_list_end(&w);
    add_empty_lists(&w);
    jw_bool(&w, "openRegistrations", false);
    add_usage(&w, facts);
    jw_object(&w, "metadata");
    jw_object(&w, "upstream"); /* whose client API it is: apps that do not know us ask this */
    jw_text(&w, "name", "mastodon");
    jw_object_end(&w);
    jw_text(&w, "federation", facts->is_open ? "open" : "allowlist");
    jw_object_end(&w);
    jw_object_end(&w);
    return jw_finish(&w);
}
