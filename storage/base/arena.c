#include "storage/base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 4096

struct arena_block {
    struct arena_block *next;
    size_t used, size;
    _Alignas(max_align_t) unsigned char data[];
};

static struct arena_block *block_for(struct arena *arena, size_t size)
{
    struct arena_block *head = arena->head;
    if (head && head->size - head->used >= size)
        return head;

    size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;
    struct arena_block *block = xcalloc(1, sizeof *block + room);
    block->size = room;
    block->next = head;
    arena->head = block;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    if (size == 0)
        size = 1;
    if (size > arena->max_bytes) { /* also keeps the rounding below from wrapping */
        arena->is_full = true;
        return NULL;
    }
    size = (size + align - 1) / align * align;
    if (size > arena->max_bytes - arena->used_bytes || arena->used_bytes > arena->max_bytes) {
        arena->is_full = true;
        return NULL;
    }
    struct arena_block *block = block_for(arena, size);
    void *p = block->data + block->used;
    block->used += size;
    arena->used_bytes += size;
    return p;
}

void *arena_calloc(struct arena *arena, size_t count, size_t size)
{
    size_t all;
    if (__builtin_mul_overflow(count, size, &all)) {
        arena->is_full = true;
        return NULL;
    }
    return arena_alloc(arena, all);
}

char *arena_strndup(struct arena *arena, const void *text, size_t n)
{
    if (n == SIZE_MAX)
        return NULL;
    char *copy = arena_alloc(arena, n + 1);
    if (copy && n)
        memcpy(copy, text, n); /* the NUL is there: arena_alloc zeroes */
    return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return text ? arena_strndup(arena, text, strlen(text)) : NULL;
}

struct bytes arena_bytes(struct arena *arena, struct bytes in)
{
    char *copy = arena_strndup(arena, in.p, in.n);
    return (struct bytes){(uint8_t *)copy, copy ? in.n : 0};
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *text = n < 0 ? NULL : arena_alloc(arena, (size_t)n + 1);
    if (text)
        vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    return text;
}

struct arena_mark arena_mark(const struct arena *arena)
{
    return (struct arena_mark){arena->head, arena->head ? arena->head->used : 0, arena->used_bytes,
                               arena->is_full};
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
    while (arena->head != mark.head) {
        struct arena_block *next = arena->head->next;
        free(arena->head);
        arena->head = next;
    }
    if (mark.head) { /* what is allocated is zeroed */
        memset(mark.head->data + mark.used, 0, mark.head->used - mark.used);
        mark.head->used = mark.used;
    }
    arena->used_bytes = mark.used_bytes;
    arena->is_full = mark.is_full;
}

void arena_clear(struct arena *arena)
{
    while (arena->head) {
        struct arena_block *next = arena->head->next;
        free(arena->head);
        arena->head = next;
    }
    arena->used_bytes = 0;
    arena->is_full = false;
}
