/* fuzz_sanitize - what comes out is stable, and holds no tag but ours. */
#include "federation/sanitize.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OUT_MAX_BYTES (8 * 1024 * 1024)

static bool is_ours(const char *tag)
{
    static const char *const names[] = {"p",  "br", "a",    "span", "del", "s",  "u",
                                        "b",  "i",  "em",   "code", "pre", "ul", "strong",
                                        "ol", "li", "ruby", "rt",   "rp",  "h1", "blockquote",
                                        "h2", "h3", "h4",   "h5",   "h6"};
    tag += *tag == '/';
    size_t n = strcspn(tag, " >");
    for (size_t i = 0; i < COUNT(names); i++)
        if (strlen(names[i]) == n && !strncmp(names[i], tag, n))
            return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4 * size + 65536);
    AUTO(buf_clear) struct buf once = BUF_INIT(OUT_MAX_BYTES), twice = BUF_INIT(OUT_MAX_BYTES);
    AUTO(buf_clear) struct buf text = BUF_INIT(OUT_MAX_BYTES);
    const char *html = arena_strndup(&arena, data, size);
    const char *line = sanitize_line(html, 100, &arena);
    assert(line && utf8_check(bytes_of(line)) && !strpbrk(line, "\n\r\t\x1b"));
    if (sanitize_html(html, &once, NULL))
        return 0;
    for (const char *p = buf_text(&once); (p = strchr(p, '<')); p++)
        assert(is_ours(p + 1));
    assert(utf8_check(buf_bytes(&once)));
    assert(sanitize_to_text(html, &text) == OK && !strchr(buf_text(&text), '\x1b'));
    if (once.n <= SANITIZE_IN_MAX_BYTES) {
        assert(sanitize_html(buf_text(&once), &twice, NULL) == OK);
        assert(strcmp(buf_text(&once), buf_text(&twice)) == 0);
    }
    return 0;
}
