/* fuzz_multipart - a body of any bytes has the same parts in memory as in a file, inside itself. */
#include "node/api/multipart.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TYPE "multipart/form-data; boundary=x"
#define NAMES_ARENA_BYTES ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int file_of(const uint8_t *data, size_t n)
{
    int fd = memfd_create("body", MFD_CLOEXEC);
    assert(fd >= 0 && write(fd, data, n) == (ssize_t)n);
    return fd;
}

static void are_the_same(const struct multipart_part *a, const struct multipart_part *b, size_t n)
{
    assert(a->at == b->at && a->size == b->size && strcmp(a->name, b->name) == 0);
    assert(!a->file_name == !b->file_name);
    assert(!a->file_name || strcmp(a->file_name, b->file_name) == 0);
    assert(a->at <= n && a->size <= n - a->at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(NAMES_ARENA_BYTES);
    struct multipart memory, file;
    struct multipart_part a, b;
    int fd = file_of(data, n);
    enum err e = multipart_open(TYPE, (struct bytes){data, n}, &memory, NULL);
    assert(multipart_open_file(TYPE, fd, n, &arena, &file, NULL) == e);
    for (uint64_t last = 0; !e; last = a.at + a.size) {
        e = multipart_next(&memory, &arena, &a, NULL);
        assert(multipart_next(&file, &arena, &b, NULL) == e);
        if (e)
            break;
        are_the_same(&a, &b, n);
        assert(a.at >= last); /* each call goes on */
    }
    close(fd);
    return 0;
}
