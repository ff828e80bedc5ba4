#include "node/http/tls.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define CIPHERS_TLS12                                                                              \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"                                   \
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"                                   \
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"

/* Both are only names for OpenSSL's own objects, which are counted and safe to share. */
static SSL_CTX *ctx_of(struct tls_context *context)
{
    return (SSL_CTX *)context;
}

static SSL *ssl_of(struct tls_session *session)
{
    return (SSL *)session;
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_n,
                           const unsigned char *in, unsigned int in_n, void *context)
{
    static const unsigned char ours[] = "\x08http/1.1";
    (void)ssl, (void)context;
    unsigned char *chosen;
    if (SSL_select_next_proto(&chosen, out_n, ours, sizeof(ours) - 1, in, in_n) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL; /* RFC 7301 §3.2: nothing in common */
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static enum err fail(struct why *why, const char *what, const char *file)
{
    char reason[160] = "";
    ERR_error_string_n(ERR_get_error(), reason, sizeof(reason));
    ERR_clear_error();
    return why_set(why, ERR_INVALID, "%s %s: %s", what, file, reason);
}

static void free_ctx(SSL_CTX **ctx)
{
    SSL_CTX_free(*ctx);
    *ctx = NULL;
}

static void set_rules(SSL_CTX *ctx)
{
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(ctx, CIPHERS_TLS12);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    /* An idle connection gives its 32 KiB of record buffers back. */
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    /* Sessions live in tickets, not in our memory. */
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ctx, 1);
    SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"ward", 4);
    SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
}

enum err tls_context_create(const struct tls_files *files, struct tls_context **out,
                            struct why *why)
{
    AUTO(free_ctx) SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (!ctx)
        return fail(why, "no TLS context for", files->cert);
    set_rules(ctx);
    if (SSL_CTX_use_certificate_chain_file(ctx, files->cert) != 1)
        return fail(why, "cannot use the certificate", files->cert);
    if (SSL_CTX_use_PrivateKey_file(ctx, files->key, SSL_FILETYPE_PEM) != 1)
        return fail(why, "cannot use the key", files->key);
    if (SSL_CTX_check_private_key(ctx) != 1)
        return fail(why, "the certificate does not belong to the key", files->key);
    if (files->client_ca) {
        if (SSL_CTX_load_verify_locations(ctx, files->client_ca, NULL) != 1)
            return fail(why, "cannot use the client authorities", files->client_ca);
        SSL_CTX_set_client_CA_list(ctx, SSL_load_client_CA_file(files->client_ca));
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    }
    *out = (struct tls_context *)ctx;
    ctx = NULL;
    return OK;
}

struct tls_context *tls_context_share(struct tls_context *context)
{
    SSL_CTX_up_ref(ctx_of(context));
    return context;
}

void tls_context_free(struct tls_context **context)
{
    if (*context)
        SSL_CTX_free(ctx_of(*context));
    *context = NULL;
}

struct tls_session *tls_session_create(struct tls_context *context, int fd)
{
    SSL *ssl = SSL_new(ctx_of(context));
    if (!ssl)
        return NULL;
    if (SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        return NULL;
    }
    SSL_set_accept_state(ssl);
    return (struct tls_session *)ssl;
}

void tls_session_free(struct tls_session **session)
{
    if (*session)
        SSL_free(ssl_of(*session));
    *session = NULL;
}

static enum tls_io outcome(SSL *ssl, int result)
{
    int code = SSL_get_error(ssl, result);
    ERR_clear_error(); /* the queue is per thread and shared by all its connections */
    switch (code) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return TLS_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return TLS_CLOSED;
    default:
        return TLS_BROKEN;
    }
}

enum tls_io tls_handshake(struct tls_session *session)
{
    ERR_clear_error();
    int result = SSL_do_handshake(ssl_of(session));
    return result == 1 ? TLS_OK : outcome(ssl_of(session), result);
}

enum tls_io tls_read(struct tls_session *session, void *out, size_t room, size_t *got)
{
    ERR_clear_error();
    int result = SSL_read_ex(ssl_of(session), out, room, got);
    return result == 1 ? TLS_OK : outcome(ssl_of(session), result);
}

enum tls_io tls_write(struct tls_session *session, const void *in, size_t n, size_t *done)
{
    ERR_clear_error();
    int result = SSL_write_ex(ssl_of(session), in, n, done);
    return result == 1 ? TLS_OK : outcome(ssl_of(session), result);
}

void tls_say_goodbye(struct tls_session *session)
{
    ERR_clear_error();
    if (SSL_is_init_finished(ssl_of(session)))
        (void)SSL_shutdown(ssl_of(session));
    ERR_clear_error();
}

static bool is_host_name(const char *name, size_t n)
{
    return n &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") == n;
}

void tls_client_names(struct tls_session *session, char out[TLS_NAMES_BYTES])
{
    size_t used = 0;
    out[0] = '\0';
    X509 *cert = SSL_get0_peer_certificate(ssl_of(session));
    if (!cert || SSL_get_verify_result(ssl_of(session)) != X509_V_OK)
        return;
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_DNS)
            continue;
        const char *text = (const char *)ASN1_STRING_get0_data(name->d.dNSName);
        size_t n = (size_t)ASN1_STRING_length(name->d.dNSName);
        if (n + 2 > TLS_NAMES_BYTES - used || strnlen(text, n) != n || !is_host_name(text, n))
            continue;
        out[used++] = ' ';
        memcpy(out + used, text, n);
        used += n;
        out[used] = '\0';
    }
    GENERAL_NAMES_free(names);
    ERR_clear_error();
}

void tls_client_fingerprint(struct tls_session *session, char out[TLS_FINGERPRINT_BYTES])
{
    out[0] = '\0';
    X509 *cert = SSL_get0_peer_certificate(ssl_of(session));
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned int n = 0;
    if (cert && SSL_get_verify_result(ssl_of(session)) == X509_V_OK &&
        X509_digest(cert, EVP_sha256(), digest, &n) == 1 && n == 32)
        hex_encode((struct bytes){digest, n}, out);
}
