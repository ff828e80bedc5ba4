/*
 * resolver - getaddrinfo() with answers of a test's own, to be preloaded into the program under
 * test.
 *
 * $WARD_TEST_NAMES is a text: "name=address,address;name=address/address". Addresses with commas
 * come together in one answer; those with slashes one after the other, one for each question, the
 * last for good (a name that is bound to another address once it was checked). Others are asked of
 * libc.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef int resolve(const char *, const char *, const struct addrinfo *, struct addrinfo **);

#define NAMES_MAX 32
static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static unsigned asked[NAMES_MAX];

/* The answer that is due for `name`: "address,address", copied to `out`. */
static int find(const char *name, char *out, size_t room)
{
    const char *entry = getenv("WARD_TEST_NAMES");
    for (unsigned number = 0; entry && *entry && number < NAMES_MAX; number++) {
        size_t length = strcspn(entry, ";"), n = strcspn(entry, "=");
        if (n == strlen(name) && strncmp(entry, name, n) == 0) {
            const char *answer = entry + n + 1, *end = entry + length;
            pthread_mutex_lock(&mu);
            unsigned skip = asked[number]++;
            pthread_mutex_unlock(&mu);
            for (; skip; skip--) {
                const char *slash = memchr(answer, '/', (size_t)(end - answer));
                if (!slash)
                    break;
                answer = slash + 1;
            }
            size_t size = strcspn(answer, "/;");
            if (size >= room)
                return 0;
            memcpy(out, answer, size);
            out[size] = '\0';
            return 1;
        }
        entry += length + (entry[length] == ';');
    }
    return 0;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    static resolve *real;
    if (!real)
        real = (resolve *)dlsym(RTLD_NEXT, "getaddrinfo");
    char answer[512];
    if (!name || !find(name, answer, sizeof answer))
        return real(name, service, hints, out);
    struct addrinfo *first = NULL, **last = &first, numeric = hints ? *hints : (struct addrinfo){0};
    numeric.ai_flags |= AI_NUMERICHOST;
    for (char *rest = answer, *address; (address = strsep(&rest, ","));) {
        struct addrinfo *one;
        if (real(address, service, &numeric, &one) == 0) {
            *last = one;
            while (*last)
                last = &(*last)->ai_next;
        }
    }
    *out = first;
    return first ? 0 : EAI_NONAME;
}
