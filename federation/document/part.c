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

size_t part_base_length(const char *uri)
{
    const char *authority = strstr(uri, "://");
    if (!authority)
        return 0;
    return (size_t)(authority - uri) + 3 + strcspn(authority + 3, "/?#");
}
