#include "federation/outgoing.h"

#include "federation/keyring.h"

#include <string.h>

static bool is_cavage(SignatureScheme scheme)
{
    return scheme == SIGNATURE_SCHEME__UNTRIED || scheme == SIGNATURE_SCHEME__CAVAGE;
}

enum err outgoing_sign(const struct outgoing *request, struct arena *arena,
                       struct signature_lines *out, struct why *why)
{
    const PrivateKeys *keys = request->keys;
    bool is_ed25519 =
        request->scheme == SIGNATURE_SCHEME__RFC9421_ED25519 && keys->ed25519_pem[0] != '\0';
    const char *key_id = is_ed25519 ? keys->ed25519_id : keys->rsa_id;
    AUTO(keyring_give) struct keyring_key *held = NULL;
    enum err e = keyring_take(key_id, is_ed25519 ? keys->ed25519_pem : keys->rsa_pem, &held, why);
    if (e)
        return e;
    const struct signature_request sign = {
        .scheme = is_cavage(request->scheme) ? SIGNATURE_CAVAGE : SIGNATURE_RFC9421,
        .method = request->method,
        .uri = request->uri,
        .body = request->body,
        .key_id = key_id,
        .key = keyring_private(held),
        .now_ms = request->now_ms,
        .synchronization = request->synchronization,
    };
    return signature_sign(&sign, arena, out, why);
}

SignatureScheme outgoing_other(SignatureScheme scheme)
{
    return is_cavage(scheme) ? SIGNATURE_SCHEME__RFC9421 : SIGNATURE_SCHEME__CAVAGE;
}

/* The best scheme the field offers; UNTRIED when it offers none. */
static SignatureScheme offered(const char *accept_signature)
{
    if (!signature_accepts_rfc9421(accept_signature))
        return SIGNATURE_SCHEME__UNTRIED;
    return strstr(accept_signature, ";alg=\"ed25519\"") ? SIGNATURE_SCHEME__RFC9421_ED25519
                                                        : SIGNATURE_SCHEME__RFC9421;
}

SignatureScheme outgoing_learn(const struct outgoing_lesson *lesson)
{
    bool is_refused = lesson->status == 401;
    bool is_taken = lesson->status >= 200 && lesson->status < 300;
    SignatureScheme offer =
        lesson->accept_signature[0] ? offered(lesson->accept_signature) : SIGNATURE_SCHEME__UNTRIED;

    if (offer != SIGNATURE_SCHEME__UNTRIED) {
        /* a host known to refuse RFC 9421 is believed again only when it refuses cavage instead */
        bool was_refused = lesson->known == SIGNATURE_SCHEME__CAVAGE || lesson->is_second;
        if (is_cavage(lesson->used) && (is_refused || !was_refused))
            return offer;
        if (!is_cavage(lesson->used) && is_taken && offer > lesson->used)
            return offer;
    }
    if (lesson->is_second && !is_refused && lesson->status != 0)
        return lesson->used;
    return lesson->known;
}
