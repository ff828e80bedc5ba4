#include "federation/http_message.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "storage/base/buf.h"

#define FIELD_MAX_BYTES (32 * 1024) /* the header block of a request is not larger */

static void add_trimmed(struct buf *out, const char *value)
{
    value += strspn(value, " \t");
    size_t n = strlen(value);
    while (n > 0 && (value[n - 1] == ' ' || value[n - 1] == '\t'))
        n--;
    buf_add(out, value, n);
}

enum err http_message_field(const struct http_message *msg, const char *name, struct arena *arena,
                            const char **out)
{
    AUTO(buf_clear) struct buf joined = BUF_INIT(FIELD_MAX_BYTES);
    size_t seen = 0;
    if (strcasecmp(name, "host") == 0) {
        add_trimmed(&joined, msg->host);
        seen = 1;
    }
    for (size_t i = 0; i < msg->header_count && strcasecmp(name, "host") != 0; i++) {
        if (strcasecmp(msg->headers[i].name, name) != 0)
            continue;
        if (seen++)
            buf_str(&joined, ", ");
        add_trimmed(&joined, msg->headers[i].value);
    }
    if (seen == 0)
        return ERR_NOTFOUND;
    if (memchr(buf_text(&joined), '\n', joined.n) || memchr(buf_text(&joined), '\r', joined.n))
        return ERR_INVALID;
    const char *text = joined.is_full ? NULL : arena_strdup(arena, buf_text(&joined));
    if (!text)
        return ERR_LIMIT;
    *out = text;
    return OK;
}

size_t http_message_field_count(const struct http_message *msg, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < msg->header_count; i++)
        n += strcasecmp(msg->headers[i].name, name) == 0;
    return n;
}

enum err http_message_host(const struct http_message *msg, char out[URI_HOST_BYTES])
{
    char uri[URI_HOST_BYTES + 16];
    int n = snprintf(uri, sizeof uri, "%s://%s", msg->scheme, msg->host);
    if (n < 0 || (size_t)n >= sizeof uri || strpbrk(msg->host, "/?#"))
        return ERR_INVALID;
    return uri_host(uri, out);
}
