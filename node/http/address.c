#include "node/http/address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static struct address address_of_v4(const void *ip)
{
    struct address out;
    memcpy(out.ip, mapped_prefix, sizeof(mapped_prefix));
    memcpy(out.ip + 12, ip, 4);
    return out;
}

static bool is_v4(struct address address)
{
    return memcmp(address.ip, mapped_prefix, sizeof(mapped_prefix)) == 0;
}

struct address address_of_socket(const struct sockaddr *from)
{
    struct address out = {{0}};
    if (from->sa_family == AF_INET)
        return address_of_v4(&((const struct sockaddr_in *)(const void *)from)->sin_addr);
    if (from->sa_family == AF_INET6)
        memcpy(out.ip, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr, 16);
    return out;
}

enum err address_parse(struct bytes text, struct address *out)
{
    char copy[ADDRESS_TEXT_BYTES + 8];
    if (text.n == 0 || text.n >= sizeof(copy))
        return ERR_INVALID;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';

    char *start = copy, *colon = strchr(copy, ':');
    if (copy[0] == '[') { /* [v6] or [v6]:port */
        char *end = strchr(copy, ']');
        if (!end || (end[1] && end[1] != ':'))
            return ERR_INVALID;
        *end = '\0';
        start++;
    } else if (colon && !strchr(colon + 1, ':')) { /* one colon: v4:port */
        *colon = '\0';
    }
    struct in_addr v4;
    if (inet_pton(AF_INET, start, &v4) == 1) {
        *out = address_of_v4(&v4);
        return OK;
    }
    struct in6_addr v6;
    if (inet_pton(AF_INET6, start, &v6) != 1)
        return ERR_INVALID;
    memcpy(out->ip, &v6, 16);
    return OK;
}

enum err address_block_parse(const char *text, struct address_block *out)
{
    const char *slash = strchr(text, '/');
    struct bytes ip = {(const uint8_t *)text, slash ? (size_t)(slash - text) : strlen(text)};
    struct address_block range = {.bits = 128};
    enum err e = address_parse(ip, &range.first);
    if (e)
        return e;
    if (slash) {
        unsigned most = is_v4(range.first) ? 32 : 128, bits = 0;
        size_t digits = strspn(slash + 1, "0123456789");
        if (digits == 0 || digits > 3 || slash[1 + digits])
            return ERR_INVALID;
        for (size_t i = 1; i <= digits; i++)
            bits = bits * 10 + (unsigned)(slash[i] - '0');
        if (bits > most)
            return ERR_INVALID;
        range.bits = 128 - most + bits;
    }
    *out = range;
    return OK;
}

static bool range_contains(const struct address_block *range, struct address address)
{
    size_t whole = range->bits / 8;
    if (memcmp(range->first.ip, address.ip, whole) != 0)
        return false;
    unsigned rest = range->bits % 8;
    if (rest == 0)
        return true;
    uint8_t mask = (uint8_t)(0xff << (8 - rest));
    return ((range->first.ip[whole] ^ address.ip[whole]) & mask) == 0;
}

bool address_ranges_contain(const struct address_ranges *ranges, struct address address)
{
    for (size_t i = 0; i < ranges->n; i++)
        if (range_contains(&ranges->ranges[i], address))
            return true;
    return false;
}

void address_format(struct address address, char out[ADDRESS_TEXT_BYTES])
{
    if (is_v4(address))
        inet_ntop(AF_INET, address.ip + 12, out, ADDRESS_TEXT_BYTES);
    else
        inet_ntop(AF_INET6, address.ip, out, ADDRESS_TEXT_BYTES);
}

struct address address_of_client(struct address peer, struct bytes forwarded,
                                 const struct address_ranges *proxies)
{
    struct address client = peer;
    while (forwarded.n && address_ranges_contain(proxies, client)) {
        size_t end = forwarded.n;
        while (end && strchr(" \t,", forwarded.p[end - 1]))
            end--;
        size_t start = end;
        while (start && forwarded.p[start - 1] != ',')
            start--;
        forwarded.n = start;
        while (start < end && strchr(" \t", forwarded.p[start]))
            start++;
        struct address hop;
        if (address_parse((struct bytes){forwarded.p + start, end - start}, &hop))
            break;
        client = hop;
    }
    return client;
}

struct address address_owner(struct address address)
{
    if (!is_v4(address))
        memset(address.ip + 8, 0, 8);
    return address;
}

uint64_t address_hash(struct address address, uint64_t seed)
{
    uint64_t parts[2], h = seed;
    memcpy(parts, address.ip, sizeof(parts));
    for (size_t i = 0; i < 2; i++) {
        h = (h ^ parts[i]) * 0x9e3779b97f4a7c15u;
        h ^= h >> 29;
    }
    return h;
}

#define BUCKETS 1024 /* a power of two; about four addresses each when all 4,096 differ */

struct count {
    struct count *next;
    struct address address;
    size_t n;
};

struct address_counts {
    size_t max_in_all; /* constant */
    uint64_t seed;     /* constant: a stranger cannot aim at one bucket */

    /* any thread, under mu */
    pthread_mutex_t mu;
    size_t in_all;
    struct count *buckets[BUCKETS];
};

struct address_counts *address_counts_create(size_t max_in_all)
{
    struct address_counts *counts = xcalloc(1, sizeof(*counts));
    counts->max_in_all = max_in_all;
    if (getrandom(&counts->seed, sizeof(counts->seed), 0) != sizeof(counts->seed))
        counts->seed = (uint64_t)(uintptr_t)counts;
    pthread_mutex_init(&counts->mu, NULL);
    return counts;
}

void address_counts_free(struct address_counts **counts)
{
    if (!*counts)
        return;
    assert((*counts)->in_all == 0);
    pthread_mutex_destroy(&(*counts)->mu);
    xfree(counts);
}

static struct count **find(struct address_counts *counts, struct address owner)
{
    struct count **at = &counts->buckets[address_hash(owner, counts->seed) % BUCKETS];
    while (*at && memcmp((*at)->address.ip, owner.ip, sizeof(owner.ip)) != 0)
        at = &(*at)->next;
    return at;
}

static enum err enter_locked(struct address_counts *counts, struct address owner, size_t most)
{
    struct count **at = find(counts, owner);
    if (*at && (*at)->n >= most)
        return ERR_LIMIT;
    if (counts->in_all >= counts->max_in_all)
        return ERR_LATER;
    if (!*at) {
        *at = xcalloc(1, sizeof(**at));
        (*at)->address = owner;
    }
    (*at)->n++;
    counts->in_all++;
    return OK;
}

enum err address_counts_enter(struct address_counts *counts, struct address address,
                              size_t max_per_address)
{
    pthread_mutex_lock(&counts->mu);
    enum err e = enter_locked(counts, address_owner(address), max_per_address);
    pthread_mutex_unlock(&counts->mu);
    return e;
}

void address_counts_leave(struct address_counts *counts, struct address address)
{
    pthread_mutex_lock(&counts->mu);
    struct count **at = find(counts, address_owner(address));
    assert(*at && (*at)->n && counts->in_all);
    counts->in_all--;
    if (--(*at)->n == 0) {
        struct count *dead = *at;
        *at = dead->next;
        xfree(&dead);
    }
    pthread_mutex_unlock(&counts->mu);
}

size_t address_counts_all(struct address_counts *counts)
{
    pthread_mutex_lock(&counts->mu);
    size_t n = counts->in_all;
    pthread_mutex_unlock(&counts->mu);
    return n;
}
