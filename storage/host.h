/*
 * host - the host an accepted URI names, for comparing owners inside the store.
 *
 * The URIs in the store were judged when they came in (federation/uri.h has the full rules);
 * this only cuts the authority out: lower-case ASCII, no user information, no default port.
 *
 * Threads  pure
 */
#ifndef WARD_STORAGE_HOST_H
#define WARD_STORAGE_HOST_H

#include "storage/base/base.h"

#define HOST_BYTES 272 /* a name of 253, ":65535", NUL, and room; longer ones are cut */

/* "" when the text has no authority. */
void host_of_uri(const char *uri, char out[HOST_BYTES]);
/* True when both have an authority and it is the same. */
bool host_same(const char *uri_a, const char *uri_b);

#endif
