/*
 * keys - a pool of generated RSA keys, one for all programs that are given $WARD_KEYS, a folder.
 *
 * Making one takes up to half a second, and a test of the inbox needs five that it never looks
 * into. A program linked with `-Wl,--wrap=private_key_generate` gets them from here, our own code
 * under test too: in turn, so that keys in use at the same time differ.
 */
#include "federation/key.h"
#include "storage/base/arena.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define POOL_KEYS 8 /* more than one test holds at a time */
#define PEM_ARENA_BYTES (256 * 1024)
#define PEM_BYTES (8 * 1024)
#define PATH_BYTES 4096

struct private_key *__real_private_key_generate(enum key_type type);
struct private_key *__wrap_private_key_generate(enum key_type type);

/* The key kept as `path`; NULL: none, or half of one. */
static struct private_key *read_key(const char *path)
{
    char pem[PEM_BYTES];
    struct private_key *key = NULL;
    FILE *file = fopen(path, "r");
    size_t n = file ? fread(pem, 1, sizeof pem - 1, file) : 0;
    if (file)
        fclose(file);
    pem[n] = '\0';
    return n && private_key_parse_pem(pem, &key, NULL) == OK ? key : NULL;
}

/* Several programs may do so at once: the last one's stays. */
static void keep_key(const char *path, const char *pem)
{
    char draft[PATH_BYTES + 16];
    snprintf(draft, sizeof draft, "%s.%ld", path, (long)getpid());
    FILE *file = fopen(draft, "w");
    bool is_written = file && fputs(pem, file) >= 0;
    if (!file || fclose(file) || !is_written || rename(draft, path))
        unlink(draft);
}

static const char *pool_pem(size_t i, struct arena *arena)
{
    char path[PATH_BYTES];
    const char *folder = getenv("WARD_KEYS");
    snprintf(path, sizeof path - 16, "%s/%zu.pem", folder ? folder : "", i);
    AUTO(private_key_free) struct private_key *key = folder ? read_key(path) : NULL;
    bool is_new = !key;
    if (is_new)
        key = __real_private_key_generate(KEY_RSA);
    const char *pem = private_key_pem(key, arena);
    assert(pem);
    if (is_new && folder)
        keep_key(path, pem);
    return pem;
}

struct private_key *__wrap_private_key_generate(enum key_type type)
{
    static struct arena arena = ARENA_INIT(PEM_ARENA_BYTES);
    static const char *pool[POOL_KEYS];
    static size_t turn;
    if (type != KEY_RSA)
        return __real_private_key_generate(type);

    size_t i = turn++ % POOL_KEYS;
    const char **pem = &pool[i];
    if (!*pem)
        *pem = pool_pem(i, &arena);
    struct private_key *key = NULL;
    enum err e = private_key_parse_pem(*pem, &key, NULL);
    assert(!e);
    return key;
}
