#!/usr/bin/python3
"""The rig itself: its signatures agree with the published vectors, its peer and client with each other."""

import base64
import json
import os
import re
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import ca, httpsig, peer, tap, wire
from cryptography.hazmat.primitives import serialization

VECTORS = os.environ.get("WARD_VECTORS") or os.path.join(os.path.dirname(__file__), "../vectors")


def _load(*path):
    with open(os.path.join(VECTORS, *path), encoding="utf-8") as file:
        return json.load(file)


def _public(pem):
    if "PRIVATE" in pem:
        return serialization.load_pem_private_key(pem.encode(), None).public_key()
    return serialization.load_pem_public_key(pem.encode())


def _rfc_key(entry):
    return base64.b64decode(entry["base64"]) if "base64" in entry else _public(entry["public_pem"])


def _request_of(message):
    headers = [tuple(h) for h in message["headers"]]
    body = (message.get("body") or "").encode()
    return wire.Request(message["method"], message["target_uri"], headers, body, message["target"])


@tap.test
def rfc_9421_appendix_b_verifies_from_the_messages_themselves():
    keys = _load("rfc9421", "keys.json")
    vectors = [v for v in _load("rfc9421", "vectors.json") if v["message"].get("method")]
    for vector in vectors:
        items, text, parameters, signature = httpsig.rfc9421_parse(
            vector["signature_input"], vector["signature"]
        )
        del parameters
        base = httpsig.rfc9421_base(_request_of(vector["message"]), items, text)
        good = True
        try:
            httpsig.verify_bytes(_rfc_key(keys[vector["key"]]), signature, base, vector["alg"])
        except httpsig.Bad:
            good = False
        tap.equal(good, vector["valid"], vector["name"])
    tap.check(len(vectors) >= 10, "too few vectors")


@tap.test
def draft_cavage_appendix_c_verifies():
    document = _load("cavage12", "vectors.json")
    message, key = document["request"], _public(document["key"]["public_pem"])
    for vector in document["vectors"]:
        request = wire.Request(message["method"], "https://example.com" + message["target"],
                               [tuple(h) for h in message["headers"]], message["body"].encode())
        parameters = httpsig.cavage_parameters(vector["signature_header"])
        names = parameters.get("headers", "date").split()
        good = True
        try:
            base = httpsig.cavage_base(request, names, parameters)
            httpsig.verify_bytes(key, base64.b64decode(parameters["signature"]), base)
        except httpsig.Bad:
            good = False
        tap.equal(good, vector["valid"], vector["name"])


@tap.test
def a_request_captured_from_another_server_verifies():
    captured = _load("captured-requests", "oeee-cafe-accept-hs2019.json")
    request = wire.Request(captured["method"], captured["url"], [tuple(h) for h in captured["headers"]],
                           captured["body"].encode())
    pem = re.search(r"-----BEGIN PUBLIC KEY-----.*-----END PUBLIC KEY-----", json.dumps(captured["key"]))
    key = _public(pem.group().replace("\\n", "\n"))
    tap.equal(httpsig.verify(request, lambda _: key)[0], "cavage")


_folder = tempfile.mkdtemp(prefix="ward-rig-")
_authority = ca.Authority(_folder)
_server = peer.Server(_authority, "alpha.localhost", "beta.localhost")


@tap.test
def every_scheme_verifies_over_the_wire():
    alpha, beta = _server.actor("ann"), _server.actor("ben", "beta.localhost")
    keys = {alpha.key_id: alpha.rsa.public_key(), alpha.id + "#ed25519": alpha.ed25519.public_key()}
    for scheme, wanted in (("cavage", "cavage"), ("rfc9421", "rfc9421"), ("ed25519", "rfc9421")):
        _server.forget()
        answer = alpha.post(beta.inbox, alpha.create(alpha.note("hello")), scheme)
        tap.equal(answer.status, 202, "status")
        request = _server.seen("POST")[0]
        tap.equal(httpsig.verify(request, keys.__getitem__)[0], wanted, "scheme")


@tap.test
def a_changed_body_does_not_verify():
    ann = _server.actor("ann")
    request = ann.sign(ann.request(ann.inbox, {"type": "Create"}))
    request.body = request.body.replace(b"Create", b"Delete")
    try:
        httpsig.verify(request, lambda _: ann.rsa.public_key())
        tap.check(False, "it verified")
    except httpsig.Bad:
        pass


@tap.test
def answers_come_in_the_order_given():
    ann = _server.actor("ann")
    _server.on("/x", peer.Answer(500), peer.Answer(429, {"Retry-After": "1"}), peer.Answer(200))
    statuses = [ann.get(_server.base + "/x").status for _ in range(4)]
    tap.equal(statuses, [500, 429, 200, 200])


@tap.test
def documents_and_webfinger_are_published():
    ben = _server.actor("ben", "beta.localhost")
    context = _authority.client_context()
    found = wire.get(f"{ben.base}/.well-known/webfinger?resource=acct:{ben.handle}", context).json()
    tap.equal(found["links"][0]["href"], ben.id)
    tap.equal(wire.get(ben.id, context).json()["publicKey"]["id"], ben.key_id)
    tap.equal(wire.get(ben.base + "/nothing", context).status, 404)


def _teardown():
    _server.stop()
    shutil.rmtree(_folder, ignore_errors=True)


if __name__ == "__main__":
    tap.main(teardown=_teardown)
