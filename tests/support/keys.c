/*
 * keys - a pool of generated RSA keys, one per program.
 *
 * Making one takes up to half a second, and a test of the inbox needs five that it never looks
 * into. A program linked with `-Wl,--wrap=private_key_generate` gets them from here, our own code
 * under test too: in turn, so that keys in use at the same time differ.
 */
#include "federation/key.h"
#include "storage/base/arena.h"

#include <assert.h>
#include <stddef.h>

#define POOL_KEYS 8 /* more than one test holds at a time */
#define PEM_ARENA_BYTES (256 * 1024)

struct private_key *__real_private_key_generate(enum key_type type);
struct private_key *__wrap_private_key_generate(enum key_type type);

struct private_key *__wrap_private_key_generate(enum key_type type)
{
    static struct arena arena = ARENA_INIT(PEM_ARENA_BYTES);
    static const char *pool[POOL_KEYS];
    static size_t turn;
    if (type != KEY_RSA)
        return __real_private_key_generate(type);

    const char **pem = &pool[turn++ % POOL_KEYS];
    if (!*pem) {
        AUTO(private_key_free) struct private_key *made = __real_private_key_generate(type);
        *pem = private_key_pem(made, &arena);
        assert(*pem);
    }
    struct private_key *key = NULL;
    enum err e = private_key_parse_pem(*pem, &key, NULL);
    assert(!e);
    return key;
}
