/*
 * proof - object integrity proofs: a signature inside the object, that holds whoever brings it.
 *
 * A proof says who made an object. It never says who is talking to us: an HTTP request is
 * authenticated by its own signature alone (signature.h). A proof that is wrong in any way leaves
 * the object as untrusted as one without.
 *
 * One cryptosuite is known: eddsa-jcs-2022, an Ed25519 signature over the hashes of the canonical
 * proof and the canonical object. Three steps, so that policy can act on the owner before
 * anything is fetched:
 *
 *     proof_parse     what is claimed: by whose key, whose object it is; the hash that was signed
 *     proof_trust     is that believable here: policy, the owner's own stored key; or what to fetch
 *     proof_verify    the signature itself, once the key is there (proof_trust calls it)
 *
 * Who has an activity that somebody else brought (a group's Announce) asks forwarded.h.
 *
 * Refused: an array of proofs, a chained one, another purpose than assertionMethod, another suite,
 * `expires` in the past, `created` ahead of our clock, an @context the object does not begin with.
 *
 * Memory   results live in the caller's arena
 * Threads  proof_trust: any with a txn; the rest is pure
 * Source   FEP-8b32; W3C Data Integrity EdDSA Cryptosuites #eddsa-jcs-2022; FEP-521a; threat T109
 */
#ifndef WARD_FEDERATION_PROOF_H
#define WARD_FEDERATION_PROOF_H

#include "federation/federation.h"
#include "federation/key.h"
#include "federation/uri.h"
#include "storage/base/buf.h"

#define PROOF_CONTEXT "https://w3id.org/security/data-integrity/v1"
#define PROOF_CREATED_SKEW_MS ((int64_t)60 * 60 * 1000) /* so far ahead `created` may be */
#define PROOF_HASH_BYTES 64

struct proof {
    const char *key_id; /* verificationMethod, as sent */
    const char *owner;  /* the object's `actor`, else its `attributedTo`; NULL: has none */
    int64_t created_ms, expires_ms;    /* 0: not said */
    uint8_t signed_[PROOF_HASH_BYTES]; /* SHA-256 of the proof's options, then of the object */
    struct bytes value;
};

/*
 * ERR_NOTFOUND  the object has no proof
 * ERR_INVALID   it has one that we do not take, or is no object we read
 * ERR_LIMIT     depth, tokens, size
 */
MUST_CHECK enum err proof_parse(struct bytes json, struct arena *arena, struct proof *out,
                                struct why *why);

/* ERR_DENIED: expired, not yet made, no Ed25519 key, or not this key's signature. */
MUST_CHECK enum err proof_verify(const struct proof *proof, const struct public_key *key,
                                 int64_t now_ms, struct why *why);

/* What is to be thought of an object that somebody else than its owner brought. */
enum proof_verdict {
    PROOF_NONE,  /* no proof, or one that proves nothing (`why`): as untrusted as none */
    PROOF_VALID, /* `who` made it */
    PROOF_NEEDS, /* the owner's actor document first: `needs`, at a host we talk to */
};
struct proof_trust {
    actor_id who;
    const char *owner;         /* its URI */
    int64_t created_ms;        /* of the proof; 0: not said */
    char host[URI_HOST_BYTES]; /* of the owner */
    peer_id peer;
    const char *needs;
};
/*
 * The owner's host must be one we talk to (T86), the owner not suspended, and the key one that
 * the owner's own document lists. Our own people's objects are PROOF_NONE: what they said is in
 * the store.
 */
enum proof_verdict proof_trust(const struct federation *fed, struct txn *txn, struct bytes json,
                               int64_t now_ms, struct arena *arena, struct proof_trust *out,
                               struct why *why);

/*
 * The object with a proof by `key`, in its canonical form; PROOF_CONTEXT is added to its @context
 * when no version of it is there. A proof it had before is replaced.
 *
 * ERR_INVALID  no JSON object, or no Ed25519 key
 * ERR_LIMIT    `out` is full
 */
MUST_CHECK enum err proof_add(struct bytes json, const struct private_key *key, const char *key_id,
                              int64_t created_ms, struct buf *out, struct why *why);

/*
 * What leaves in the name of an actor of ours: with its proof when `object_proofs` is on and it has
 * an Ed25519 key, else as it is. ERR_LIMIT: `out` is full; else as the store.
 */
MUST_CHECK enum err proof_own(const struct federation *fed, struct txn *txn, actor_id who,
                              struct bytes json, int64_t created_ms, struct buf *out);

#endif
