/*
 * http_message - a request as it was received: what signatures are about.
 *
 * A view: everything is borrowed from whoever read the request. Nothing was decoded, folded or
 * reordered on the way here, because a signature covers the bytes that were sent.
 *
 * Memory   results live in the caller's arena
 * Threads  pure
 * Source   RFC 9110 §5; RFC 9421 §2.1, §2.2
 */
#ifndef WARD_FEDERATION_HTTP_MESSAGE_H
#define WARD_FEDERATION_HTTP_MESSAGE_H

#include "federation/uri.h"
#include "storage/base/arena.h"
#include "storage/base/base.h"

struct http_header {
    const char *name;  /* any case */
    const char *value; /* without white space around it */
};

/* A request as it was received. Everything is borrowed. */
struct http_message {
    const char *method; /* "POST" */
    const char *target; /* path?query, byte for byte as received: never decoded */
    const char *scheme; /* "https": how the public reaches us, also behind a proxy */
    const char *host;   /* the Host field as received (HTTP/2: :authority) */
    const struct http_header *headers;
    size_t header_count;
    struct bytes body; /* raw */
    /* The DNS names of the sender's TLS certificate, each with a space before it ("": it had none).
     * NULL: nobody asked for a certificate. */
    const char *client_names;
};

/*
 * The value of a field, white space around it removed; lines of one name are joined with ", ".
 * "host" is msg->host whatever the list says.
 *
 * ERR_NOTFOUND  there is none
 * ERR_INVALID   a line break in it: it could pass for a line of the signed text
 * ERR_LIMIT     the arena is full
 */
MUST_CHECK enum err http_message_field(const struct http_message *msg, const char *name,
                                       struct arena *arena, const char **out);

/* How many lines of that name there are: fields that decide something may come once only (T02). */
size_t http_message_field_count(const struct http_message *msg, const char *name);

/* host(X) of the Host field under the message's scheme; ERR_INVALID when it is no host. */
MUST_CHECK enum err http_message_host(const struct http_message *msg, char out[URI_HOST_BYTES]);

#endif
