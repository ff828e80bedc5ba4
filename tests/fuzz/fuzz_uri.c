/* fuzz_uri - a URI that is taken has a host that stays as it is, and so has a handle. */
#include "federation/uri.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_ARENA_BYTES (64 * 1024)

static void check_host(const char *host)
{
    char again[URI_HOST_BYTES];
    assert(uri_host_canonical(host, again) == OK);
    assert(strcmp(host, again) == 0);
}

static void check_uri(const char *text, struct arena *arena)
{
    struct uri uri, again;
    if (uri_split(text, URI_HTTP_TOO, arena, &uri, NULL))
        return;
    assert(uri.target[0] == '/' && !strpbrk(uri.target, " \r\n#"));
    assert(!strpbrk(uri.name, "@/?#\\% \r\n"));
    if (uri.is_https)
        check_host(uri.host);
    const char *rebuilt =
        arena_printf(arena, "%s://%s%s", uri.is_https ? "https" : "http", uri.host, uri.target);
    assert(rebuilt);
    if (uri_split(rebuilt, URI_HTTP_TOO, arena, &again, NULL))
        return; /* percent-encoding may have made it too long */
    assert(strcmp(uri.host, again.host) == 0 && uri.port == again.port);
    assert(strcmp(uri.target, again.target) == 0);
    assert(uri_same_host(text, rebuilt));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(FUZZ_ARENA_BYTES);
    char host[URI_HOST_BYTES];
    struct handle handle;
    char *text = arena_strndup(&arena, data, size);
    if (!text)
        return 0;
    check_uri(text, &arena);
    if (uri_host_canonical(text, host) == OK)
        check_host(host);
    if (handle_parse(text, &arena, &handle, NULL) == OK && *handle.host)
        check_host(handle.host);
    return 0;
}
