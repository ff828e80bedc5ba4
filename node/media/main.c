/*
 * ward-media - makes a stranger's picture one of ours: `ward` runs it, one picture a process.
 *
 *     ward-media [SIDE] < picture    "image/jpeg 1600 1200 BLURHASH\n", then the new picture
 *
 * The picture is decoded and written anew, upright, at most SIDE (and MEDIA_SIDE_MAX) pixels a
 * side, without any metadata (EXIF, XMP, IPTC, text, profiles, trailing bytes): nothing of the old
 * file's bytes is copied. Its type is what its bytes say. Decoders are the riskiest code there is,
 * so this process may use little memory and time, and can open nothing.
 *
 * Exit     0; 1 refused, with a sentence on standard error; anything else: it crashed
 * Source   threats T74, T104
 */
#include "node/media/blurhash.h"
#include "node/media/media.h"
#include "storage/base/buf.h"

#include <vips/vips.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define QUALITY 88
#define HASH_SIDE 32 /* pixels: a blurhash shows no more */

#ifdef WARD_SANITIZED
/* Looking for leaks opens files, which this process cannot; and it ends after one picture. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}
#endif

static int refuse(const char *why)
{
    fprintf(stderr, "%s\n", why);
    return 1;
}

static void limit(int what, rlim_t most)
{
    struct rlimit r = {most, most};
    if (setrlimit(what, &r))
        _exit(refuse("limits cannot be set"));
}

/* Once libvips is started: from then on only what standard input says happens here. */
static void lock_up(void)
{
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    limit(RLIMIT_CPU, MEDIA_SECONDS_MAX);
    limit(RLIMIT_FSIZE, MEDIA_OUT_MAX_BYTES);
    limit(RLIMIT_NOFILE, STDERR_FILENO + 1);
    limit(RLIMIT_CORE, 0);
#ifndef WARD_SANITIZED /* whose shadow is larger than any memory */
    limit(RLIMIT_AS, MEDIA_MEMORY_MAX_BYTES);
#endif
}

/* Only what we want to take: libvips knows many more, some by asking other programs. */
static void choose_loaders(void)
{
    static const char *const taken[] = {"VipsForeignLoadJpeg", "VipsForeignLoadPng",
                                        "VipsForeignLoadWebp", "VipsForeignLoadNsgif"};
    vips_operation_block_set("VipsForeignLoad", TRUE);
    for (size_t i = 0; i < COUNT(taken); i++)
        vips_operation_block_set(taken[i], FALSE);
    vips_block_untrusted_set(TRUE);
    vips_concurrency_set(1);
    vips_cache_set_max(0);
}

static int read_all(struct buf *in)
{
    uint8_t chunk[65536];
    ssize_t n;
    while ((n = read(STDIN_FILENO, chunk, sizeof chunk)) > 0)
        buf_add(in, chunk, (size_t)n);
    if (n < 0 || in->is_full)
        return refuse(n < 0 ? "it cannot be read" : "it is larger than 16 MiB");
    return in->n ? 0 : refuse("it is empty");
}

/* PNG and GIF become PNG, and so does what may be transparent; the rest JPEG. No WebP: its saver
 * writes an EXIF part whatever it is told. */
static const char *type_for(const char *loader, VipsImage *image)
{
    bool is_photo = strncmp(loader, "VipsForeignLoadJpeg", 19) == 0 ||
                    strncmp(loader, "VipsForeignLoadWebp", 19) == 0;
    return is_photo && !vips_image_hasalpha(image) ? "image/jpeg" : "image/png";
}

/* Savers are told to leave metadata out; some keep a little, so there is none to keep. */
static void strip(VipsImage *image)
{
    char **fields = vips_image_get_fields(image);
    for (char **field = fields; field && *field; field++)
        vips_image_remove(image, *field); /* FALSE for what every image has: its size, its bands */
    g_strfreev(fields);
}

static int save(VipsImage *image, const char *type, void **out, size_t *n)
{
    if (strcmp(type, "image/jpeg") == 0)
        return vips_jpegsave_buffer(image, out, n, "Q", QUALITY, "strip", TRUE, "optimize_coding",
                                    TRUE, "interlace", TRUE, NULL);
    return vips_pngsave_buffer(image, out, n, "strip", TRUE, NULL);
}

static int hash_of(VipsImage *image, char out[BLURHASH_BYTES])
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
    return failed;
}

static int write_all(const void *data, size_t n)
{
    const uint8_t *p = data;
    while (n > 0) {
        ssize_t done = write(STDOUT_FILENO, p, n);
        if (done <= 0)
            return refuse("it cannot be written");
        p += done;
        n -= (size_t)done;
    }
    return 0;
}

/* The header alone, before anything is decoded: how large does it say it is? */
static int check_size(const struct buf *in)
{
    VipsImage *head = vips_image_new_from_buffer(in->p, in->n, "", NULL);
    if (!head)
        return refuse("it is no JPEG, PNG, WebP or GIF picture, or is damaged");
    bool fits = (uint64_t)head->Xsize * (uint64_t)head->Ysize <= MEDIA_PIXELS_MAX;
    g_object_unref(head);
    return fits ? 0 : refuse("it has more than 64 million pixels");
}

static int convert(const struct buf *in, int side)
{
    const char *loader = vips_foreign_find_load_buffer(in->p, in->n);
    VipsImage *image = NULL, *srgb = NULL, *bare = NULL;
    char hash[BLURHASH_BYTES] = "-", head[128];
    void *data = NULL;
    size_t n = 0;
    if (!loader)
        return refuse("it is no JPEG, PNG, WebP or GIF picture");
    if (check_size(in))
        return 1;
    /* upright, shrunk while loading; one frame of those that move */
    int failed = vips_thumbnail_buffer((void *)in->p, in->n, &image, side, "height", side, "size",
                                       VIPS_SIZE_DOWN, NULL);
    if (!failed)
        failed = vips_colourspace(image, &srgb, VIPS_INTERPRETATION_sRGB, NULL);
    if (!failed) { /* it is read twice */
        bare = vips_image_copy_memory(srgb);
        failed = bare == NULL;
    }
    const char *type = failed ? "" : type_for(loader, bare);
    if (!failed) {
        strip(bare);
        failed = hash_of(bare, hash) || save(bare, type, &data, &n);
    }
    if (failed) {
        failed = refuse("it is damaged");
    } else {
        int length =
            snprintf(head, sizeof head, "%s %d %d %s\n", type, bare->Xsize, bare->Ysize, hash);
        failed = write_all(head, (size_t)length) || write_all(data, n);
    }
    g_free(data);
    g_clear_object(&bare);
    g_clear_object(&srgb);
    g_clear_object(&image);
    return failed;
}

static int side_of(const char *text)
{
    long side = text ? strtol(text, NULL, 10) : 0;
    return side > 0 && side < MEDIA_SIDE_MAX ? (int)side : MEDIA_SIDE_MAX;
}

int main(int argc, char **argv)
{
    AUTO(buf_clear) struct buf in = BUF_INIT(MEDIA_IN_MAX_BYTES);
    int side = side_of(argc > 1 ? argv[1] : NULL);
    if (isatty(STDIN_FILENO) || isatty(STDOUT_FILENO))
        return refuse("ward-media is run by ward: it reads a picture and writes one");
    if (VIPS_INIT(argv[0]))
        return refuse("libvips cannot be started");
    choose_loaders();
    lock_up();
    int failed = read_all(&in);
    if (!failed)
        failed = convert(&in, side);
    vips_shutdown();
    return failed;
}
