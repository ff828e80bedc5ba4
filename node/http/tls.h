/*
 * tls - TLS on sockets that never block, and certificates that can be replaced.
 *
 * A tls_context is the certificate, the key and the rules; connections that began
 * under one keep it, so a reload only swaps which one new connections get.
 *
 * TLS 1.2 and 1.3, forward-secret AEAD suites only, ALPN http/1.1, no tickets
 * across reloads, no renegotiation.
 *
 * Threads  a tls_context: any; a tls_session: one owner at a time
 * Errors   ERR_INVALID for files that do not fit together, with the reason
 */
#ifndef WARD_NODE_HTTP_TLS_H
#define WARD_NODE_HTTP_TLS_H

#include "storage/base/base.h"

struct tls_context;
struct tls_session;

struct tls_files {
    const char *cert;      /* PEM, the chain after it */
    const char *key;       /* PEM */
    const char *client_ca; /* PEM; NULL: clients are not asked for a certificate */
};

MUST_CHECK enum err tls_context_create(const struct tls_files *files, struct tls_context **out,
                                       struct why *why);
struct tls_context *tls_context_share(struct tls_context *context); /* one reference more */
void tls_context_free(struct tls_context **context);                /* one reference less */

/* A server side on `fd`, which stays the caller's. NULL when OpenSSL has no memory. */
struct tls_session *tls_session_create(struct tls_context *context, int fd);
void tls_session_free(struct tls_session **session);

enum tls_io {
    TLS_OK,
    TLS_AGAIN,  /* the socket must become ready first, in whichever direction */
    TLS_CLOSED, /* the peer said close_notify */
    TLS_BROKEN,
};

enum tls_io tls_handshake(struct tls_session *session);
enum tls_io tls_read(struct tls_session *session, void *out, size_t room, size_t *got);
/* After TLS_AGAIN call again with the same bytes first; they may have moved. */
enum tls_io tls_write(struct tls_session *session, const void *in, size_t n, size_t *done);
/* Says close_notify once, if the socket takes it. */
void tls_say_goodbye(struct tls_session *session);

/* SHA-256 of the client's verified certificate in hexadecimal; "" when there is none. */
#define TLS_FINGERPRINT_BYTES 65
void tls_client_fingerprint(struct tls_session *session, char out[TLS_FINGERPRINT_BYTES]);
/* The DNS names of the client's verified certificate (its subjectAltName), each with a space
 * before it; names that would not fit, and those with a wildcard, are left out. */
#define TLS_NAMES_BYTES 2048
void tls_client_names(struct tls_session *session, char out[TLS_NAMES_BYTES]);

#endif
