#include "node/cli/attach.h"

#include "federation/act/post.h"
#include "node/media/media.h"
#include "node/media/media_file.h"

#include <stdlib.h>
#include <string.h>

static enum err parse_focus(const char *text, struct post_media *media, struct why *why)
{
    char *end;
    float x = strtof(text, &end), y = 0;
    bool is_pair = end != text && *end == ',';
    const char *second = end + 1;
    if (is_pair)
        y = strtof(second, &end);
    if (!is_pair || end == second || *end || !(x >= -1 && x <= 1) || !(y >= -1 && y <= 1))
        return why_set(why, ERR_INVALID,
                       "--focus %.40s: two numbers from -1 to 1, as 0.5,-0.25 (right, up)", text);
    media->focus_x = x;
    media->focus_y = y;
    return OK;
}

static enum err take_in(struct cli_store *store, const char *path, struct post_media *media,
                        struct why *why)
{
    struct media_made made = {0};
    enum err e = media_make(store->fed.config->data_dir, path, MEDIA_SIDE_MAX, &made, why);
    if (e)
        return e;
    *media = (struct post_media){.id = made.id,
                                 .media_type = arena_strdup(&store->arena, made.type),
                                 .blurhash = arena_strdup(&store->arena, made.blurhash),
                                 .width = made.width,
                                 .height = made.height,
                                 .size = made.size};
    return OK;
}

static size_t characters(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

static enum err take_option(struct cli_store *store, const char *name, const char *value,
                            struct post_media *media, struct post_draft *draft, struct why *why)
{
    struct post_media *last = draft->media_count ? &media[draft->media_count - 1] : NULL;
    bool is_alt = strcmp(name, "alt") == 0;
    if (strcmp(name, "media") == 0) {
        if (draft->media_count == ACT_MEDIA_MAX)
            return why_set(why, ERR_INVALID, "a post takes %d pictures at most", ACT_MEDIA_MAX);
        enum err e = take_in(store, value, &media[draft->media_count], why);
        draft->media_count += !e;
        return e;
    }
    if (!is_alt && strcmp(name, "focus") != 0)
        return OK;
    if (!last)
        return why_set(why, ERR_INVALID, "--%s belongs after the --media it is about", name);
    if (!is_alt)
        return parse_focus(value, last, why);
    if (!utf8_check(bytes_of(value)) || characters(value) > ACT_ALT_MAX_CHARACTERS)
        return why_set(why, ERR_INVALID, "--alt is no UTF-8, or has more than %d characters",
                       ACT_ALT_MAX_CHARACTERS);
    last->description = value;
    return OK;
}

enum err cli_attach(struct cli *cli, struct cli_store *store, struct post_draft *draft,
                    struct why *why)
{
    struct post_media *media = arena_calloc(&store->arena, ACT_MEDIA_MAX, sizeof *media);
    enum err e = media ? OK : ERR_LIMIT;
    draft->media = media;
    for (size_t i = 0; !e && i < cli->options; i++)
        e = take_option(store, cli->option[i].name, cli->option[i].value, media, draft, why);
    if (e)
        cli_detach(store, draft);
    return e;
}

void cli_detach(struct cli_store *store, const struct post_draft *draft)
{
    for (size_t i = 0; i < draft->media_count; i++)
        media_unmake(store->fed.config->data_dir, draft->media[i].id);
}
