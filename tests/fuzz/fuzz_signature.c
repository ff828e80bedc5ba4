/* fuzz_signature - a request as text: "METHOD target", "Name: value" lines, an empty line, the
 * body. */
#include "federation/signature.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_ARENA_BYTES (4 << 20)
#define FUZZ_HEADERS 64
#define NOW_MS 1700000000000

/* Cuts the line at `*p` off; the rest is behind. */
static char *line_next(char **p)
{
    char *line = *p, *end = strchr(line, '\n');
    *p = end ? end + 1 : line + strlen(line);
    if (end)
        *end = '\0';
    return line;
}

static void message_parse(char *text, struct http_header headers[FUZZ_HEADERS],
                          struct http_message *msg)
{
    char *rest = text, *space;
    msg->method = line_next(&rest);
    space = strchr(msg->method, ' ');
    if (space)
        *space = '\0';
    msg->target = space ? space + 1 : "/";
    while (*rest && msg->header_count < FUZZ_HEADERS) {
        char *line = line_next(&rest);
        char *colon = strchr(line, ':');
        if (!colon)
            break;
        *colon = '\0';
        if (strcasecmp(line, "host") == 0)
            msg->host = colon + 1 + strspn(colon + 1, " ");
        headers[msg->header_count++] = (struct http_header){line, colon + 1};
    }
    msg->body = bytes_of(rest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(FUZZ_ARENA_BYTES);
    struct http_header headers[FUZZ_HEADERS];
    struct http_message msg = {.scheme = "https", .host = "", .headers = headers};
    struct signature sig;
    struct bytes base;
    char *text = arena_strndup(&arena, data, size);
    if (!text)
        return 0;
    message_parse(text, headers, &msg);
    for (size_t i = 0; i < msg.header_count; i++)
        (void)signature_accepts_rfc9421(headers[i].value);
    if (signature_parse(&msg, &arena, &sig, NULL))
        return 0;
    assert(sig.key_id && *sig.key_id && sig.value.n > 0);
    bool is_good = signature_precheck(&msg, &sig, NOW_MS, "node.example", NULL) == OK;
    enum err e = signature_base(&msg, &sig, &arena, &base, NULL);
    assert(!is_good || e == OK || arena.is_full);
    /* One line for each component, no more: nothing a value holds may look like another. */
    size_t lines = 1;
    for (size_t i = 0; e == OK && i < base.n; i++)
        lines += base.p[i] == '\n';
    assert(e != OK || lines == sig.covered_count + (sig.scheme == SIGNATURE_RFC9421));
    return 0;
}
