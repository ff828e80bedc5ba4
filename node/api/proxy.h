/*
 * proxy - pictures, film and sound of other nodes, fetched by this one: no reader's address reaches
 * another host, and nothing is shown that ward-media has not made.
 *
 * What was fetched is kept (node/media/media_cache.h). Whoever asks for what is not there stands
 * still, without a thread, until it is: one fetch for all who ask for the same. At most
 * PROXY_THREADS fetches run, PROXY_PER_HOST of one host; what failed is not tried again for a
 * while, nor is a host that does not answer.
 *
 * Threads  create, free: serve.c
 * Source   threats T49 to T53, T59, T74
 */
#ifndef WARD_NODE_API_PROXY_H
#define WARD_NODE_API_PROXY_H

#include "node/api/api.h"
#include "node/media/media_cache.h"

#define PROXY_THREADS 4
#define PROXY_PER_HOST 2
#define PROXY_WAITING_MAX 256         /* different pictures */
#define PROXY_ASKING_MAX 32           /* for one of them */
#define PROXY_FAILURES 512            /* remembered */
#define PROXY_FAILURE_MS (10 * 60000) /* a picture that is not to be had */
#define PROXY_DEAD_HOST_MS 60000

struct proxy;

MUST_CHECK enum err proxy_start(struct federation *fed, const struct config *config,
                                struct proxy **out);
/* Answers 503 to who still waits, and joins. */
void proxy_stop(struct proxy **proxy);

#endif
