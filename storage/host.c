#include "storage/host.h"

#include <string.h>

static size_t without_default_port(const char *host, size_t n, bool is_https)
{
    const char *port = is_https ? ":443" : ":80";
    size_t m = strlen(port);
    return n > m && memcmp(host + n - m, port, m) == 0 ? n - m : n;
}

void host_of_uri(const char *uri, char out[HOST_BYTES])
{
    out[0] = '\0';
    const char *at = strstr(uri, "://");
    if (!at)
        return;
    const char *host = at + 3;
    size_t n = strcspn(host, "/?#");
    for (size_t i = n; i > 0; i--)
        if (host[i - 1] == '@') {
            host += i;
            n -= i;
            break;
        }
    n = without_default_port(host, n, strncmp(uri, "https", 5) == 0);
    if (n >= HOST_BYTES)
        n = HOST_BYTES - 1;
    for (size_t i = 0; i < n; i++)
        out[i] = (char)(host[i] >= 'A' && host[i] <= 'Z' ? host[i] - 'A' + 'a' : host[i]);
    out[n] = '\0';
}

bool host_same(const char *uri_a, const char *uri_b)
{
    char a[HOST_BYTES], b[HOST_BYTES];
    host_of_uri(uri_a, a);
    host_of_uri(uri_b, b);
    return a[0] && strcmp(a, b) == 0;
}
