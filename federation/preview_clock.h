/*
 * preview_clock - looks at the links that posts of ours wait for (card.h), one at a time.
 *
 * One GET each, unsigned and without a client certificate, with at most PREVIEW_HOPS_MAX redirects
 * on the same host; of the page at most 1 MiB. What does not answer is tried
 * again, PREVIEW_TRIES times in all; then the post goes without.
 *
 * Threads  start, stop: the owner's; a thread of its own in between, while there are hosts to ask
 */
#ifndef WARD_FEDERATION_PREVIEW_CLOCK_H
#define WARD_FEDERATION_PREVIEW_CLOCK_H

#include "federation/federation.h"

#define PREVIEW_TRIES 3
#define PREVIEW_HOPS_MAX 3

struct preview_clock;
/* NULL: config->preview_hosts is empty. */
struct preview_clock *preview_clock_start(struct federation *fed);
/* Before the writer stops. What is under way stays wanted. */
void preview_clock_stop(struct preview_clock **clock);

#endif
