/*
 * arena - memory of one lifetime: many small allocations, one free.
 *
 * Born with a maximum, because what goes into it was often sent by a stranger.
 * Beyond the maximum an allocation answers NULL and the arena remembers it
 * (`arena_is_full`), so that a decoder may check once at its end.
 *
 * Memory   everything allocated dies at arena_clear
 * Threads  one owner at a time
 */
#ifndef WARD_STORAGE_BASE_ARENA_H
#define WARD_STORAGE_BASE_ARENA_H

#include "storage/base/base.h"

struct arena_block;
struct arena {
    struct arena_block *head;
    size_t used_bytes;
    size_t max_bytes;
    bool is_full;
};

#define ARENA_INIT(maximum)                                                                        \
    {                                                                                              \
        .max_bytes = (maximum)                                                                     \
    }

/* Zeroed, aligned for any type. NULL when the maximum would be passed. */
void *arena_alloc(struct arena *arena, size_t size);
/* `count` things of `size` bytes; NULL on overflow too. */
void *arena_calloc(struct arena *arena, size_t count, size_t size);
/* Copies; NULL in gives NULL out. */
char *arena_strdup(struct arena *arena, const char *text);
/* Copies `n` bytes and ends them with a NUL that is not counted. */
char *arena_strndup(struct arena *arena, const void *text, size_t n);
struct bytes arena_bytes(struct arena *arena, struct bytes in);
/* NULL when the arena is full. */
char *arena_printf(struct arena *arena, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Where the arena stands; arena_rewind frees what was allocated since. Marks nest. */
struct arena_mark {
    struct arena_block *head;
    size_t used, used_bytes;
    bool is_full;
};
struct arena_mark arena_mark(const struct arena *arena);
void arena_rewind(struct arena *arena, struct arena_mark mark);

/* Frees everything; the arena may be used again. Accepts zeros. */
void arena_clear(struct arena *arena);

#endif
