/*
 * serve - the daemon: what is started, in which order, and how it ends.
 *
 * Start and stop are one table read in both directions: accepting stops first, the store
 * closes last. A start that fails stops what had started. SIGTERM and SIGINT drain; SIGHUP
 * reads certificates again and has deliveries and fetches look at policy anew.
 *
 * Threads  the process's first, with nothing else running
 * Errors   whatever step failed, with its reason
 */
#ifndef WARD_NODE_SERVE_H
#define WARD_NODE_SERVE_H

#include "node/config.h"

/* Runs until it is told to stop. */
MUST_CHECK enum err serve(const struct config *config, struct why *why);

#endif
