/*
 * outgoing - signing what we send with the scheme its host takes, and learning which that is.
 *
 * What moves a host from one scheme to another is told in delivery.h; this is the pure part of it.
 *
 * Memory   results live in the caller's arena
 * Threads  any: nothing is kept but parsed keys (keyring.h)
 * Errors   as signature_sign; ERR_INVALID for keys that are none
 * Source   README "Delivery"; RFC 9421 §5.1
 */
#ifndef WARD_FEDERATION_OUTGOING_H
#define WARD_FEDERATION_OUTGOING_H

#include "federation/signature.h"
#include "storage/schema.pb-c.h"

/*
 * What a Ward node says in every 202 of its inboxes: from then on other Ward nodes sign with
 * Ed25519, at a twentieth of the cost of RSA. Others pass it over.
 */
#define OUTGOING_ACCEPT_SIGNATURE                                                                  \
    "sig1=(\"@method\" \"@target-uri\" \"content-digest\");created;keyid;alg=\"ed25519\""

struct outgoing {
    const char *method, *uri;
    struct bytes body; /* POST only */
    SignatureScheme scheme;
    const PrivateKeys *keys;
    int64_t now_ms;
    const char *synchronization; /* as in signature_request */
};

/* The header lines to send, Host first. An actor without an Ed25519 key signs with RSA. */
MUST_CHECK enum err outgoing_sign(const struct outgoing *request, struct arena *arena,
                                  struct signature_lines *out, struct why *why);

/* What is tried after a 401: cavage after RFC 9421, RFC 9421 with RSA after cavage. */
SignatureScheme outgoing_other(SignatureScheme scheme);

/* What is to be remembered of the host after an answer. */
struct outgoing_lesson {
    SignatureScheme known; /* PeerHealth.scheme so far */
    SignatureScheme used;  /* for this request */
    bool is_second;        /* the scheme before it was answered 401 */
    int status;
    const char *accept_signature; /* "" when the answer had none */
};
SignatureScheme outgoing_learn(const struct outgoing_lesson *lesson);

#endif
