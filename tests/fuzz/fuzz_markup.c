/* fuzz_markup - any text is scanned and rendered; what comes out is sanitised already. */
#include "federation/markup.h"
#include "federation/sanitize.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OUT_MAX_BYTES (8 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    AUTO(buf_clear) struct buf html = BUF_INIT(OUT_MAX_BYTES), again = BUF_INIT(OUT_MAX_BYTES);
    struct markup markup;
    const char *source = arena_strndup(&arena, data, size);
    if (!source || markup_scan(source, &arena, &markup))
        return 0;
    for (size_t i = 0; i < markup.mention_count; i += 2)
        markup.mentions[i].url = "https://h.example/@u";
    for (size_t i = 0; i < markup.tag_count; i++) {
        const char *folded = tag_fold(markup.tags[i], &arena);
        assert(arena.is_full || (folded && strcmp(folded, markup.folded_tags[i]) == 0));
    }
    if (markup_render(&markup, "https://h.example/tags/", &html, NULL))
        return 0;
    if (html.n <= SANITIZE_IN_MAX_BYTES) {
        assert(sanitize_html(buf_text(&html), &again, NULL) == OK);
        assert(strcmp(buf_text(&html), buf_text(&again)) == 0);
    }
    return 0;
}
