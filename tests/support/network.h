/*
 * network - some nodes that exchange what they queue and fetch what they want, without a network:
 * signed by the sender, taken in by the receiver's inbox, one activity at a time, in an order that
 * a seed decides. Jobs of one node for another go in the order they were queued in.
 *
 * Whatever fails fails the test.
 */
#ifndef WARD_TESTS_SUPPORT_NETWORK_H
#define WARD_TESTS_SUPPORT_NETWORK_H

#include "tests/support/remote.h"

#define NETWORK_NODES_MAX 4

struct network {
    struct node node[NETWORK_NODES_MAX];
    size_t count;
    uint64_t seed;     /* the random order; print it */
    unsigned refusals; /* deliveries not answered 202 */
};

/* Nodes that allow each other; `hosts` must outlive the network. */
void network_open(struct network *network, const char *const *hosts, size_t count, uint64_t seed);
void network_close(struct network *network);
/* 0 to n-1. */
unsigned network_random(struct network *network, unsigned n);
/* One delivery or fetch, whichever comes up; false: there is nothing left to do. */
bool network_step(struct network *network);
void network_settle(struct network *network);
/* The actor as `at` knows it, its document fetched when it is not stored yet. */
actor_id network_actor(struct network *network, struct node *at, const char *uri);

#endif
