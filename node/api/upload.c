#include "node/api/upload.h"

#include "node/media/media_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COPY_BYTES (64 * 1024)

static bool write_fully(int fd, const uint8_t *p, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, p, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        p += done;
        n -= (size_t)done;
    }
    return true;
}

static bool copy(int from, uint64_t at, uint64_t n, int to)
{
    uint8_t piece[COPY_BYTES];
    while (n > 0) {
        ssize_t done = pread(from, piece, n < sizeof piece ? (size_t)n : sizeof piece, (off_t)at);
        if (done <= 0 || !write_fully(to, piece, (size_t)done))
            return false;
        at += (uint64_t)done;
        n -= (uint64_t)done;
    }
    return true;
}

enum err upload_copy(struct api_call *call, const struct param_file *file, int *out_fd,
                     struct why *why)
{
    const struct request *request = call->request;
    uint64_t most = (uint64_t)call->api->config->limits.upload_max_bytes;
    if (file->size == 0)
        return why_set(why, ERR_INVALID, "the file is empty");
    if (file->size > most)
        return why_set(why, ERR_LIMIT, "the file is larger than %llu MiB",
                       (unsigned long long)(most >> 20));
    int fd = media_file_temporary(call->api->config->node.data);
    bool is_done =
        fd >= 0 &&
        (request->body_file >= 0 ? copy(request->body_file, file->at, file->size, fd)
                                 : write_fully(fd, request->body.p + file->at, (size_t)file->size));
    if (is_done) {
        *out_fd = fd;
        return OK;
    }
    if (fd >= 0)
        close(fd);
    return why_set(why, ERR_STORE, "the file cannot be kept: %s", strerror(errno));
}

enum err upload_picture(struct api_call *call, const char *name, enum media_shape shape,
                        struct media_made *out, struct why *why)
{
    const struct param_file *file = params_file(&call->params, name);
    int fd = -1;
    if (!file)
        return ERR_NOTFOUND;
    enum err e = upload_copy(call, file, &fd, why);
    if (e)
        return e;
    const struct media_order order = {.file = fd,
                                      .shape = shape,
                                      .side = shape == MEDIA_BANNER   ? MEDIA_HEADER_WIDTH
                                              : shape == MEDIA_SQUARE ? MEDIA_AVATAR_SIDE
                                                                      : MEDIA_SIDE_MAX};
    e = media_make_from(call->api->config->node.data, &order, out, why);
    close(fd);
    return e;
}

enum err upload_focus(const char *text, float *out_x, float *out_y)
{
    char *end;
    float x = strtof(text, &end);
    if (end == text || *end != ',')
        return ERR_INVALID;
    const char *second = end + 1;
    float y = strtof(second, &end);
    if (end == second || *end || !(x >= -1 && x <= 1) || !(y >= -1 && y <= 1))
        return ERR_INVALID;
    *out_x = x;
    *out_y = y;
    return OK;
}
