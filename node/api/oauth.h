/*
 * oauth - what the calls of sign-in have in common: who asks, where people are sent back to, and
 * how a refusal is said.
 *
 * Memory   in the call's arena
 * Threads  the call's
 * Source   RFC 6749, RFC 7636, RFC 9700; T110
 */
#ifndef WARD_NODE_API_OAUTH_H
#define WARD_NODE_API_OAUTH_H

#include "node/api/api.h"

#define OAUTH_OUT_OF_BAND "urn:ietf:wg:oauth:2.0:oob" /* the code is shown on a page */
#define OAUTH_REDIRECT_MAX_BYTES 2000
#define OAUTH_STANDARD_SCOPE "read"

/* {"error", "error_description"}, never kept by a cache. 401 says how to show oneself. */
struct response *oauth_error(int status, const char *error, const char *description);

/*
 * May people be sent back there? https, http to the same machine, a scheme of an application's own,
 * or out of band; no fragment.
 */
enum oauth_http { OAUTH_HTTP_LOOPBACK, OAUTH_HTTP_ANYWHERE };
MUST_CHECK enum err oauth_redirect_check(const char *uri, enum oauth_http http, struct why *why);
/* Byte for byte one of those it registered. */
bool oauth_redirect_is_of(const Application *application, const char *uri);
/* `uri` with one parameter more; NULL when the arena is full. */
const char *oauth_redirect_add(struct arena *arena, const char *uri, const char *name,
                               const char *value);

/* The words of the list, each once, a space between; NULL when the arena is full. */
const char *oauth_scopes(struct arena *arena, const char *list);

/* PKCE: is it what an S256 challenge looks like, and is it the one of this verifier? */
bool oauth_challenge_is_good(const char *challenge);
bool oauth_challenge_is(struct arena *arena, const char *challenge, const char *verifier);

/* The application that calls, by client_id and client_secret in the body or HTTP Basic; or NULL,
 * and what is answered. */
const Application *oauth_client(struct api_call *call, struct response **out_refusal);
MUST_CHECK enum err oauth_application(struct api_call *call, struct txn *txn, const char *client_id,
                                      Application **out);

#endif
