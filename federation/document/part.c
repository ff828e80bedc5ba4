#include "federation/document/part.h"

#include <string.h>

void part_context(struct jw *w)
{
    jw_text(w, "@context", "https://www.w3.org/ns/activitystreams");
}

void part_list(struct jw *w, const char *name, char *const *items, size_t n)
{
    jw_list(w, name);
    for (size_t i = 0; i < n; i++)
        jw_text(w, NULL, items[i]);
    jw_list_end(w);
}

void part_tag_uri(struct buf *out, const char *base, size_t n, const char *tag)
{
    buf_add(out, base, n);
    buf_str(out, "/tags/");
    for (const unsigned char *p = (const unsigned char *)tag; *p; p++) {
        bool is_plain = (*p >= '0' && *p <= '9') || ((*p | 32) >= 'a' && (*p | 32) <= 'z') ||
                        *p == '_' || *p == '-';
        if (is_plain)
            buf_char(out, (char)*p);
        else
            buf_printf(out, "%%%02X", *p);
    }
}

void part_audience(struct jw *w, const Post *post)
{
    for (size_t i = 0; post->group && i < post->n_mentions; i++)
        if (post->mentions[i]->actor == post->group)
            jw_text(w, "audience", post->mentions[i]->uri);
}

size_t part_base_length(const char *uri)
{
    const char *authority = strstr(uri, "://");
    if (!authority)
        return 0;
    return (size_t)(authority - uri) + 3 + strcspn(authority + 3, "/?#");
}
