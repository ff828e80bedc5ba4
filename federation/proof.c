#include "federation/proof.h"

#include "federation/as2_value.h"
#include "federation/canonical.h"
#include "federation/digest.h"
#include "federation/multibase.h"
#include "storage/base/clock.h"

#include <string.h>

#define SUITE "eddsa-jcs-2022"
#define CONTEXTS "https://w3id.org/security/data-integrity/" /* v1, v2 */
#define ED25519_SIGNATURE_BYTES 64

/* ---- what is signed ---- */

static enum err hash_tree(const json_t *value, uint8_t out[SHA256_BYTES])
{
    AUTO(buf_clear) struct buf canonical = BUF_INIT(CANONICAL_MAX_BYTES);
    enum err e = canonical_tree(value, &canonical);
    if (!e)
        sha256(buf_bytes(&canonical), out);
    return e;
}

/* The proof without its value, then the object without its proof. */
static enum err hash_both(const json_t *options, const json_t *object,
                          uint8_t out[PROOF_HASH_BYTES])
{
    enum err e = hash_tree(options, out);
    return e ? e : hash_tree(object, out + SHA256_BYTES);
}

/* ---- reading ---- */

static bool is_text(const json_t *proof, const char *name, const char *wanted)
{
    const char *text = json_string_value(json_object_get(proof, name));
    return text && strcmp(text, wanted) == 0;
}

/* The id of exactly one: who owns an object must not be a question of which one is read. */
static const json_t *single_id(const json_t *value)
{
    const json_t *id = json_is_object(value) ? json_object_get(value, "id") : value;
    return json_is_string(id) ? id : NULL;
}

static enum err read_owner(const json_t *object, struct arena *arena, struct proof *out,
                           struct why *why)
{
    const json_t *actor = json_object_get(object, "actor");
    const json_t *author = json_object_get(object, "attributedTo");
    const json_t *owner = single_id(actor ? actor : author);
    if (actor && author && !json_equal(single_id(actor), single_id(author)))
        return why_set(why, ERR_INVALID, "actor and attributedTo differ");
    if ((actor || author) && !owner)
        return why_set(why, ERR_INVALID, "the object's owner is not one id");
    out->owner = arena_strdup(arena, json_string_value(owner));
    return OK;
}

/* 0: not there. ERR_INVALID: there, and no date. */
static enum err read_date(const json_t *proof, const char *name, int64_t *out, struct why *why)
{
    const json_t *value = json_object_get(proof, name);
    const char *text = json_string_value(value);
    *out = 0;
    if (!value || (text && clock_parse_rfc3339(text, out) == OK))
        return OK;
    return why_set(why, ERR_INVALID, "the proof's %s is no date", name);
}

/* The @context of a proof must be the first part of its object's, and is what was signed. */
static enum err take_context(const json_t *proof, json_t *object, struct why *why)
{
    json_t *mine = json_object_get(proof, "@context"), *whole = json_object_get(object, "@context");
    if (!mine)
        return OK;
    for (size_t i = 0; i < as2_count(mine); i++)
        if (i >= as2_count(whole) || !json_equal(as2_item(mine, i), as2_item(whole, i)))
            return why_set(why, ERR_INVALID, "the proof's @context is not the object's");
    return json_object_set(object, "@context", mine) ? ERR_LIMIT : OK;
}

static enum err check_form(const json_t *proof, struct why *why)
{
    if (!json_is_object(proof))
        return why_set(why, ERR_INVALID, "there is not exactly one proof");
    if (!is_text(proof, "type", "DataIntegrityProof") || !is_text(proof, "cryptosuite", SUITE))
        return why_set(why, ERR_INVALID, "a proof other than " SUITE);
    if (!is_text(proof, "proofPurpose", "assertionMethod"))
        return why_set(why, ERR_INVALID, "the proof's purpose is not assertionMethod");
    if (json_object_get(proof, "previousProof"))
        return why_set(why, ERR_INVALID, "the proof is one of a chain");
    return OK;
}

static enum err read_proof(const json_t *proof, struct arena *arena, struct proof *out,
                           struct why *why)
{
    const json_t *key_id = json_object_get(proof, "verificationMethod");
    const json_t *value = json_object_get(proof, "proofValue");
    enum err e = check_form(proof, why);
    if (!e)
        e = read_date(proof, "created", &out->created_ms, why);
    if (!e)
        e = read_date(proof, "expires", &out->expires_ms, why);
    if (e)
        return e;
    if (!json_is_string(key_id) || json_string_length(key_id) > URI_MAX_BYTES)
        return why_set(why, ERR_INVALID, "the proof names no key");
    if (!json_is_string(value) || json_string_value(value)[0] != 'z' ||
        multibase_decode(json_string_value(value), arena, &out->value) ||
        out->value.n != ED25519_SIGNATURE_BYTES)
        return why_set(why, ERR_INVALID, "the proof's value is no signature");
    out->key_id = arena_strdup(arena, json_string_value(key_id));
    return OK;
}

enum err proof_parse(struct bytes json, struct arena *arena, struct proof *out, struct why *why)
{
    json_auto_t *object = NULL, *proof = NULL;
    *out = (struct proof){.key_id = NULL};
    enum err e = as2_load(json, &object, why);
    if (e)
        return e;
    proof = json_incref(json_object_get(object, "proof"));
    if (!proof || json_is_null(proof))
        return why_set(why, ERR_NOTFOUND, "the object has no proof");
    e = read_proof(proof, arena, out, why);
    if (!e)
        e = read_owner(object, arena, out, why);
    if (!e)
        e = take_context(proof, object, why);
    if (e)
        return e;
    (void)json_object_del(object, "proof");
    (void)json_object_del(proof, "proofValue");
    e = hash_both(proof, object, out->signed_);
    if (e || arena->is_full)
        return why_set(why, ERR_LIMIT, "the object is too large");
    return OK;
}

enum err proof_verify(const struct proof *proof, const struct public_key *key, int64_t now_ms,
                      struct why *why)
{
    const struct bytes hash = {proof->signed_, sizeof proof->signed_};
    if (proof->expires_ms && proof->expires_ms <= now_ms)
        return why_set(why, ERR_DENIED, "the proof has expired");
    if (proof->created_ms > now_ms + PROOF_CREATED_SKEW_MS)
        return why_set(why, ERR_DENIED, "the proof is from the future");
    if (public_key_type(key) != KEY_ED25519)
        return why_set(why, ERR_DENIED, "the proof's key is not Ed25519");
    if (public_key_verify(key, hash, proof->value))
        return why_set(why, ERR_DENIED, "the proof does not fit the object");
    return OK;
}

/* ---- making ---- */

/* Adds PROOF_CONTEXT unless some version of it is there. */
static enum err add_context(json_t *object)
{
    json_t *context = json_object_get(object, "@context");
    json_auto_t *list = json_array();
    for (size_t i = 0; i < as2_count(context); i++) {
        const json_t *entry = as2_item(context, i);
        const char *url = json_string_value(entry);
        if (url && strncmp(url, CONTEXTS, sizeof CONTEXTS - 1) == 0)
            return OK;
        /* after the URLs, before the terms that are defined inline */
        if (!url && json_array_size(list) == i &&
            json_array_append_new(list, json_string(PROOF_CONTEXT)))
            return ERR_LIMIT;
        if (json_array_append(list, (json_t *)(uintptr_t)entry))
            return ERR_LIMIT;
    }
    if (json_array_size(list) == as2_count(context) &&
        json_array_append_new(list, json_string(PROOF_CONTEXT)))
        return ERR_LIMIT;
    return json_object_set(object, "@context", list) ? ERR_LIMIT : OK;
}

/* Whole seconds: Fedify hashes the date as it would write it itself, and drops zeros at its end. */
static json_t *make_options(json_t *context, const char *key_id, int64_t created_ms)
{
    char created[CLOCK_RFC3339_BYTES];
    clock_format_rfc3339(created_ms, created);
    memcpy(created + sizeof "2026-11-22T09:30:00" - 1, "Z", 2);
    return json_pack("{sO ss ss ss ss ss}", "@context", context, "type", "DataIntegrityProof",
                     "cryptosuite", SUITE, "created", created, "verificationMethod", key_id,
                     "proofPurpose", "assertionMethod");
}

static enum err sign_options(json_t *options, const json_t *object, const struct private_key *key)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4096);
    uint8_t hash[PROOF_HASH_BYTES];
    struct bytes signature;
    enum err e = hash_both(options, object, hash);
    if (!e)
        e = private_key_sign(key, (struct bytes){hash, sizeof hash}, &arena, &signature);
    if (e)
        return e;
    const char *value = multibase_encode(signature, &arena);
    return value && !json_object_set_new(options, "proofValue", json_string(value)) ? OK
                                                                                    : ERR_LIMIT;
}

enum err proof_add(struct bytes json, const struct private_key *key, const char *key_id,
                   int64_t created_ms, struct buf *out, struct why *why)
{
    json_auto_t *object = NULL, *options = NULL;
    if (private_key_type(key) != KEY_ED25519)
        return why_set(why, ERR_INVALID, "a proof needs an Ed25519 key");
    enum err e = as2_load(json, &object, why);
    if (e)
        return e;
    (void)json_object_del(object, "proof");
    e = add_context(object);
    if (e)
        return e;
    options = make_options(json_object_get(object, "@context"), key_id, created_ms);
    e = options ? sign_options(options, object, key) : ERR_INVALID;
    if (!e && json_object_set(object, "proof", options))
        e = ERR_LIMIT;
    if (!e)
        e = canonical_tree(object, out);
    return e ? why_set(why, e, "no proof could be made: %s", err_name(e)) : OK;
}
