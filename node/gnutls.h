/*
 * gnutls - a library that is loaded, and not used.
 *
 * libmicrohttpd and libcurl's LDAP and RTMP parts link GnuTLS; Ward's TLS is OpenSSL's. GnuTLS
 * would set itself up before main(), twice: from its own constructor, which a program may forbid
 * (gnutls.h, GNUTLS_SKIP_GLOBAL_INIT), and from that of libmicrohttpd, for which it may not. That
 * is a twentieth of an idle node's memory and a few milliseconds of every command.
 *
 * So what asks for GnuTLS before main() is told that all is well. Whoever asks later, as libldap
 * does for its first TLS connection, gets the real thing.
 *
 * Threads  gnutls_allow: main, before the first other thread
 */
#ifndef WARD_NODE_GNUTLS_H
#define WARD_NODE_GNUTLS_H

/* main() has begun: from now on gnutls_global_init is GnuTLS's own. */
void gnutls_allow(void);

#endif
