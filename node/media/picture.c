#include "node/media/picture.h"

#include <vips/vips.h>

#include <string.h>
#include <unistd.h>

#define QUALITY 88
#define PREVIEW_QUALITY 80
#define HASH_SIDE 32 /* pixels: a blurhash shows no more */

/* What libvips grumbles about is nothing a user could use, and would be taken for a refusal. */
static void say_nothing(const char *domain, GLogLevelFlags level, const char *text, void *context)
{
    (void)domain, (void)level, (void)text, (void)context;
}

/* Only what we want to take: libvips knows many more, some by asking other programs. */
bool picture_start(const char *program)
{
    static const char *const taken[] = {"VipsForeignLoadJpeg", "VipsForeignLoadPng",
                                        "VipsForeignLoadWebp", "VipsForeignLoadNsgif",
                                        "VipsForeignLoadHeif"};
    g_log_set_handler("VIPS", G_LOG_LEVEL_MASK, say_nothing, NULL);
    if (VIPS_INIT(program))
        return false;
    vips_operation_block_set("VipsForeignLoad", TRUE);
    for (size_t i = 0; i < COUNT(taken); i++)
        vips_operation_block_set(taken[i], FALSE);
    vips_block_untrusted_set(TRUE);
    vips_concurrency_set(1);
    vips_cache_set_max(0);
    return true;
}

void picture_stop(void)
{
    vips_shutdown();
}

/* PNG and GIF become PNG, and so does what may be transparent; the rest JPEG. No WebP: its saver
 * writes an EXIF part whatever it is told. */
static const char *type_for(const char *loader, VipsImage *image)
{
    bool is_drawn = strncmp(loader, "VipsForeignLoadPng", 18) == 0 ||
                    strncmp(loader, "VipsForeignLoadNsgif", 20) == 0;
    return is_drawn || vips_image_hasalpha(image) ? "image/png" : "image/jpeg";
}

/* Savers are told to leave metadata out; some keep a little, so there is none to keep. */
static void strip(VipsImage *image)
{
    char **fields = vips_image_get_fields(image);
    for (char **field = fields; field && *field; field++)
        vips_image_remove(image, *field); /* FALSE for what every image has: its size, its bands */
    g_strfreev(fields);
}

/* As strip(), but what makes it move stays. */
static void strip_moving(VipsImage *image)
{
    static const char *const kept[] = {"page-height", "n-pages", "delay", "loop"};
    char **fields = vips_image_get_fields(image);
    for (char **field = fields; field && *field; field++) {
        bool stays = false;
        for (size_t i = 0; i < COUNT(kept); i++)
            stays = stays || strcmp(*field, kept[i]) == 0;
        if (!stays)
            vips_image_remove(image, *field);
    }
    g_strfreev(fields);
}

static bool write_all(int fd, const void *data, size_t n)
{
    const uint8_t *p = data;
    while (n > 0) {
        ssize_t done = write(fd, p, n);
        if (done <= 0)
            return false;
        p += done;
        n -= (size_t)done;
    }
    return true;
}

static bool save(VipsImage *image, const char *type, int quality, int fd)
{
    void *data = NULL;
    size_t n = 0;
    int failed;
    if (strcmp(type, "image/jpeg") == 0)
        failed = vips_jpegsave_buffer(image, &data, &n, "Q", quality, "strip", TRUE,
                                      "optimize_coding", TRUE, "interlace", TRUE, NULL);
    else if (strcmp(type, "image/gif") == 0)
        failed = vips_gifsave_buffer(image, &data, &n, NULL);
    else
        failed = vips_pngsave_buffer(image, &data, &n, "strip", TRUE, NULL);
    bool is_done = !failed && write_all(fd, data, n);
    g_free(data);
    return is_done;
}

static bool hash_of(VipsImage *image, char out[BLURHASH_BYTES])
{
    VipsImage *small = NULL, *flat = NULL;
    size_t n;
    void *pixels = NULL;
    int failed = vips_thumbnail_image(image, &small, HASH_SIDE, "height", HASH_SIDE, "size",
                                      VIPS_SIZE_FORCE, NULL);
    if (!failed && vips_image_hasalpha(small))
        failed = vips_flatten(small, &flat, NULL);
    VipsImage *shown = flat ? flat : small;
    if (!failed && shown->Bands == 3)
        pixels = vips_image_write_to_memory(shown, &n);
    if (pixels && n == (size_t)3 * HASH_SIDE * HASH_SIDE)
        blurhash_encode(pixels, HASH_SIDE, HASH_SIDE, out);
    g_free(pixels);
    g_clear_object(&small);
    g_clear_object(&flat);
    return !failed;
}

static bool make_preview(VipsImage *image, const char *type, int fd, struct picture *made)
{
    VipsImage *small = NULL;
    if (fd < 0 || (image->Xsize <= MEDIA_PREVIEW_SIDE && image->Ysize <= MEDIA_PREVIEW_SIDE))
        return true;
    bool is_made = !vips_thumbnail_image(image, &small, MEDIA_PREVIEW_SIDE, "height",
                                         MEDIA_PREVIEW_SIDE, "size", VIPS_SIZE_DOWN, NULL);
    if (is_made)
        strip(small);
    is_made = is_made && save(small, type, PREVIEW_QUALITY, fd);
    if (is_made) {
        made->preview_width = (uint32_t)small->Xsize;
        made->preview_height = (uint32_t)small->Ysize;
    }
    g_clear_object(&small);
    return is_made;
}

/* The header alone, before anything is decoded: how large does it say it is, and does it move? */
static enum err check_size(struct bytes file, int side, bool *out_moves, struct why *why)
{
    VipsImage *head = vips_image_new_from_buffer(file.p, file.n, "", NULL);
    if (!head)
        return why_set(why, ERR_INVALID, MEDIA_NO_PICTURE ", or is damaged");
    uint64_t pixels = (uint64_t)head->Xsize * (uint64_t)head->Ysize;
    uint64_t frames = (uint64_t)vips_image_get_n_pages(head);
    *out_moves = frames > 1 && frames <= MEDIA_FRAMES_MAX && head->Xsize <= side &&
                 head->Ysize <= side && pixels * frames <= MEDIA_MOVING_PIXELS_MAX;
    g_object_unref(head);
    return pixels <= MEDIA_PIXELS_MAX
               ? OK
               : why_set(why, ERR_LIMIT, "it has more than 64 million pixels");
}

/* Upright, shrunk while loading; one frame of those that move. */
static bool load(struct bytes file, enum media_shape shape, int side, VipsImage **out)
{
    int height = shape == MEDIA_BANNER ? side / 3 : side;
    VipsInteresting crop = shape == MEDIA_BANNER || shape == MEDIA_SQUARE ? VIPS_INTERESTING_CENTRE
                                                                          : VIPS_INTERESTING_NONE;
    VipsImage *image = NULL, *srgb = NULL;
    bool is_done = !vips_thumbnail_buffer((void *)file.p, file.n, &image, side, "height", height,
                                          "size", VIPS_SIZE_DOWN, "crop", crop, NULL) &&
                   !vips_colourspace(image, &srgb, VIPS_INTERPRETATION_sRGB, NULL);
    *out = is_done ? vips_image_copy_memory(srgb) : NULL; /* it is read several times */
    g_clear_object(&srgb);
    g_clear_object(&image);
    return *out != NULL;
}

static bool make_moving(struct bytes file, int out)
{
    VipsImage *image = NULL;
    bool is_done = !vips_gifload_buffer((void *)file.p, file.n, &image, "n", -1, NULL);
    VipsImage *bare = is_done ? vips_image_copy_memory(image) : NULL;
    if (bare)
        strip_moving(bare);
    is_done = bare && save(bare, "image/gif", 0, out);
    g_clear_object(&bare);
    g_clear_object(&image);
    return is_done;
}

enum err picture_make(struct bytes file, enum media_shape shape, int side, int out, int preview,
                      struct picture *made, struct why *why)
{
    const char *loader = vips_foreign_find_load_buffer(file.p, file.n);
    VipsImage *image = NULL;
    bool moves = false;
    *made = (struct picture){.blurhash = "-"};
    if (!loader)
        return why_set(why, ERR_INVALID, MEDIA_NO_PICTURE);
    enum err e = check_size(file, side, &moves, why);
    if (e)
        return e;
    moves = moves && shape == MEDIA_ANY && strncmp(loader, "VipsForeignLoadNsgif", 20) == 0;
    bool is_done = load(file, shape, side, &image);
    if (is_done) {
        made->type = moves ? "image/gif" : type_for(loader, image);
        made->width = (uint32_t)image->Xsize;
        made->height = (uint32_t)image->Ysize;
        strip(image);
        is_done = hash_of(image, made->blurhash) &&
                  (moves ? make_moving(file, out) : save(image, made->type, QUALITY, out)) &&
                  make_preview(image, moves ? "image/png" : made->type, preview, made);
    }
    g_clear_object(&image);
    return is_done ? OK : why_set(why, ERR_INVALID, "it is damaged");
}
