#include "federation/keyring.h"

#include "federation/digest.h"

#include <openssl/crypto.h>

#include <pthread.h>
#include <string.h>

struct keyring_key {
    /* set before it is shared, then constant */
    struct private_key *key;
    uint8_t name[SHA256_BYTES]; /* of id and PEM: no PEM is kept */

    /* under mu */
    unsigned holders;
    bool is_kept; /* it is in `kept` */
    uint64_t used;
};

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
/* under mu */
static struct keyring_key *kept[KEYRING_MAX];
static size_t kept_count;
static uint64_t uses;

static void free_key(struct keyring_key *key)
{
    if (!key)
        return;
    private_key_free(&key->key); /* wipes */
    xfree(&key);
}

static void name_key(const char *key_id, const char *pem, uint8_t out[SHA256_BYTES])
{
    uint8_t both[2 * SHA256_BYTES];
    sha256(bytes_of(key_id), both);
    sha256(bytes_of(pem), both + SHA256_BYTES);
    sha256((struct bytes){both, sizeof both}, out);
    OPENSSL_cleanse(both, sizeof both);
}

/* ---- under mu ---- */

static struct keyring_key *hold(struct keyring_key *key)
{
    key->holders++;
    key->used = ++uses;
    return key;
}

static struct keyring_key *find(const uint8_t name[SHA256_BYTES])
{
    for (size_t i = 0; i < kept_count; i++)
        if (memcmp(kept[i]->name, name, SHA256_BYTES) == 0)
            return kept[i];
    return NULL;
}

/* Takes `i` out; the caller frees it, when nobody holds it. */
static struct keyring_key *take_out(size_t i)
{
    struct keyring_key *key = kept[i];
    key->is_kept = false;
    kept[i] = kept[--kept_count];
    return key;
}

/* Room for one more; *out_old is to be freed. False: all of them are in use. */
static bool make_room(struct keyring_key **out_old)
{
    size_t oldest = KEYRING_MAX;
    *out_old = NULL;
    if (kept_count < KEYRING_MAX)
        return true;
    for (size_t i = 0; i < kept_count; i++)
        if (!kept[i]->holders && (oldest == KEYRING_MAX || kept[i]->used < kept[oldest]->used))
            oldest = i;
    if (oldest == KEYRING_MAX)
        return false;
    *out_old = take_out(oldest);
    return true;
}

/* ---- any thread ---- */

static struct keyring_key *look_up(const uint8_t name[SHA256_BYTES])
{
    pthread_mutex_lock(&mu);
    struct keyring_key *key = find(name);
    if (key)
        hold(key);
    pthread_mutex_unlock(&mu);
    return key;
}

/* Keeps `made`, unless somebody was quicker: then theirs counts. */
static struct keyring_key *keep(struct keyring_key *made)
{
    struct keyring_key *old = NULL;
    pthread_mutex_lock(&mu);
    struct keyring_key *key = find(made->name);
    if (key) {
        old = made;
    } else {
        key = made;
        key->is_kept = make_room(&old);
        if (key->is_kept)
            kept[kept_count++] = key;
    }
    hold(key);
    pthread_mutex_unlock(&mu);
    free_key(old);
    return key;
}

enum err keyring_take(const char *key_id, const char *pem, struct keyring_key **out,
                      struct why *why)
{
    uint8_t name[SHA256_BYTES];
    struct private_key *key;
    name_key(key_id, pem, name);
    *out = look_up(name);
    if (*out)
        return OK;
    enum err e = private_key_parse_pem(pem, &key, why); /* outside the lock: it takes its time */
    if (e)
        return e;
    struct keyring_key *made = xcalloc(1, sizeof *made);
    made->key = key;
    memcpy(made->name, name, sizeof name);
    *out = keep(made);
    return OK;
}

const struct private_key *keyring_private(const struct keyring_key *held)
{
    return held->key;
}

void keyring_give(struct keyring_key **held)
{
    struct keyring_key *key = *held;
    *held = NULL;
    if (!key)
        return;
    pthread_mutex_lock(&mu);
    bool is_last = --key->holders == 0 && !key->is_kept;
    pthread_mutex_unlock(&mu);
    if (is_last)
        free_key(key);
}

void keyring_clear(void)
{
    for (;;) {
        pthread_mutex_lock(&mu);
        struct keyring_key *key = kept_count ? take_out(0) : NULL;
        bool is_held = key && key->holders; /* freed by whoever gives it back */
        pthread_mutex_unlock(&mu);
        if (!key)
            return;
        if (!is_held)
            free_key(key);
    }
}

size_t keyring_count(void)
{
    pthread_mutex_lock(&mu);
    size_t n = kept_count;
    pthread_mutex_unlock(&mu);
    return n;
}
