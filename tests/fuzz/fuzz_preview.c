/* fuzz_preview - what a page says of itself is text: UTF-8, one line each, bounded. */
#include "federation/preview.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line(const char *text, size_t max_characters)
{
    assert(utf8_check(bytes_of(text)) && strlen(text) <= 4 * max_characters);
    assert(!strpbrk(text, "\n\r\t\x1b"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    Card card;
    if (preview_read((struct bytes){data, size}, "https://page.example/", &arena, &card))
        return 0;
    check_line(card.title, PREVIEW_LINE_MAX_CHARACTERS);
    check_line(card.provider, PREVIEW_LINE_MAX_CHARACTERS);
    check_line(card.description, PREVIEW_DESCRIPTION_MAX_CHARACTERS);
    assert(!card.image_url[0] || strncmp(card.image_url, "https://", 8) == 0);
    return 0;
}
