/*
 * address - network addresses of clients: ranges, how many connections each has,
 * and who speaks when a reverse proxy stands in front.
 *
 * IPv4 is kept as IPv4-mapped IPv6, so that there is one form. Connections are
 * counted per IPv4 address and per IPv6 /64, which is what one client gets.
 *
 * Threads  address_counts: any; the rest is pure
 */
#ifndef WARD_NODE_HTTP_ADDRESS_H
#define WARD_NODE_HTTP_ADDRESS_H

#include "storage/base/base.h"

#include <netinet/in.h>
#include <sys/socket.h>

struct address {
    uint8_t ip[16];
};

struct address_block {
    struct address first;
    unsigned bits; /* of 128 that must agree */
};

struct address_ranges {
    const struct address_block *ranges;
    size_t n;
};

/* All zeros for a family that is neither IPv4 nor IPv6 (a Unix socket: our own machine). */
struct address address_of_socket(const struct sockaddr *from);

/* "192.0.2.7", "2001:db8::1", "[2001:db8::1]"; a port may follow. ERR_INVALID for anything else. */
MUST_CHECK enum err address_parse(struct bytes text, struct address *out);
/* "10.0.0.0/8", "::1", "192.0.2.7". ERR_INVALID for anything else. */
MUST_CHECK enum err address_block_parse(const char *text, struct address_block *out);
bool address_ranges_contain(const struct address_ranges *ranges, struct address address);

#define ADDRESS_TEXT_BYTES 46
void address_format(struct address address, char out[ADDRESS_TEXT_BYTES]);

/*
 * Who the client is: the socket's peer, unless that is one of our proxies. Then the last hop
 * of `forwarded` (an X-Forwarded-For value) that is not a proxy of ours; what is before it
 * could have been written by anybody and is not looked at.
 */
struct address address_of_client(struct address peer, struct bytes forwarded,
                                 const struct address_ranges *proxies);

/* What is counted as one client: an IPv4 address, the /64 of an IPv6 address. */
struct address address_owner(struct address address);
uint64_t address_hash(struct address address, uint64_t seed);

/* How many connections there are, in all and per address. */
struct address_counts;
struct address_counts *address_counts_create(size_t max_in_all);
void address_counts_free(struct address_counts **counts);
/*
 * OK         counted; address_counts_leave must follow
 * ERR_LIMIT  this address has `max_per_address` already
 * ERR_LATER  there are too many in all
 */
MUST_CHECK enum err address_counts_enter(struct address_counts *counts, struct address address,
                                         size_t max_per_address);
void address_counts_leave(struct address_counts *counts, struct address address);
size_t address_counts_all(struct address_counts *counts);

#endif
