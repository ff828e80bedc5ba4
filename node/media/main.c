/*
 * ward-media - makes a stranger's file one of ours: `ward` runs it, one file a process.
 *
 * A picture is decoded and written anew (picture.h); sound and film lose whatever is not sound or
 * film (clean.h). What it is, its bytes say. Decoders are the riskiest code there is, so this
 * process may use little memory and time, and can open nothing.
 *
 * Exit     0; 1 refused, with a sentence on standard error; anything else: it crashed
 * Source   order.h; threats T74, T104
 */
#include "node/media/clean.h"
#include "node/media/media.h"
#include "node/media/order.h"
#include "node/media/picture.h"
#include "node/media/sniff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* Once libvips is started: from then on only what the file says happens here. */
static void lock_up(size_t file_bytes)
{
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    limit(RLIMIT_CPU, MEDIA_SECONDS_MAX);
    limit(RLIMIT_FSIZE, file_bytes > MEDIA_OUT_MAX_BYTES ? file_bytes : MEDIA_OUT_MAX_BYTES);
    limit(RLIMIT_NOFILE, ORDER_PREVIEW_FD + 1);
    limit(RLIMIT_CORE, 0);
#ifndef WARD_SANITIZED /* whose shadow is larger than any memory */
    limit(RLIMIT_AS, MEDIA_MEMORY_MAX_BYTES + file_bytes);
#endif
}

static bool put(void *context, struct bytes part)
{
    (void)context;
    while (part.n > 0) {
        ssize_t done = write(ORDER_OUT_FD, part.p, part.n);
        if (done <= 0)
            return false;
        part.p += done;
        part.n -= (size_t)done;
    }
    return true;
}

static int answer(const char *type, uint32_t width, uint32_t height, uint32_t duration_ms,
                  const char *hash, uint32_t preview_width, uint32_t preview_height)
{
    printf("%s %u %u %u %s %u %u\n", type, width, height, duration_ms, hash, preview_width,
           preview_height);
    return fflush(stdout) ? refuse("it cannot be written") : 0;
}

static int make_picture(struct bytes file, enum media_shape shape, int side)
{
    struct picture made;
    struct why why = {""};
    int preview = shape == MEDIA_ANY ? ORDER_PREVIEW_FD : -1;
    if (file.n > MEDIA_PICTURE_MAX_BYTES)
        return refuse("it is larger than 64 MiB");
    if (picture_make(file, shape, side, ORDER_OUT_FD, preview, &made, &why))
        return refuse(why.text);
    return answer(made.type, made.width, made.height, 0, made.blurhash, made.preview_width,
                  made.preview_height);
}

static int make(uint8_t *file, size_t n, enum media_shape shape, int side)
{
    enum media_format format = sniff((struct bytes){file, n});
    if (sniff_is_picture(format))
        return make_picture((struct bytes){file, n}, shape, side);
    if (shape != MEDIA_ANY)
        return refuse(MEDIA_NO_PICTURE);
    struct clean c = {.p = file, .n = n, .put = put};
    struct why why = {""};
    if (clean(format, &c, &why))
        return refuse(why.text);
    return answer(c.type, c.width, c.height, c.duration_ms, "-", 0, 0);
}

static enum media_shape shape_of(const char *text)
{
    static const char *const shapes[] = ORDER_SHAPES;
    for (size_t i = 0; i < COUNT(shapes); i++)
        if (strcmp(text, shapes[i]) == 0)
            return (enum media_shape)i;
    return MEDIA_PICTURE;
}

int main(int argc, char **argv)
{
    struct stat stat;
    if (argc != 3 || fstat(ORDER_OUT_FD, &stat) || !S_ISREG(stat.st_mode))
        return refuse("ward-media is run by ward: it reads a file and writes a safe one");
    if (fstat(STDIN_FILENO, &stat) || !S_ISREG(stat.st_mode))
        return refuse("it is no file");
    if (stat.st_size == 0)
        return refuse("it is empty");
    long side = strtol(argv[2], NULL, 10);
    side = side > 0 && side < MEDIA_SIDE_MAX ? side : MEDIA_SIDE_MAX;
    size_t n = (size_t)stat.st_size;
    /* private: a cleaner works in it, and the file stays as it is */
    uint8_t *file = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE, STDIN_FILENO, 0);
    if (file == MAP_FAILED)
        return refuse("it cannot be read");
    if (!picture_start(argv[0]))
        return refuse("libvips cannot be started");
    lock_up(n);
    int failed = make(file, n, shape_of(argv[1]), (int)side);
    picture_stop();
    return failed;
}
