#!/usr/bin/python3
"""What others bring, and what is passed on: a real node between an author, a carrier and followers elsewhere."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import httpsig, integrity, stage, tap
from support.stage import ok, refused

scene = stage.Stage()


def setup():
    global node, author, carrier, distant, blocked, vic, eve, thea, mallory, inbox, ann
    node = scene.node("ward")
    node.account("ann")
    author, carrier = scene.server("author.localhost"), scene.server("carrier.localhost")
    distant, blocked = scene.server("distant.localhost"), scene.server("blocked.localhost")
    node.allow(author.authority_part, carrier.authority_part, distant.authority_part)
    stage.make_stranger(node, blocked.authority_part)
    vic, eve, thea, mallory = (server.actor(name) for server, name in (
        (author, "vic"), (carrier, "eve"), (distant, "thea"), (blocked, "mallory")))
    stage.befriend(node, "ann", vic)
    stage.befriend(node, "ann", eve)
    for follower in (vic, eve, thea):
        stage.follow_back(node, "ann", follower)
    inbox, ann = node.inbox("ann"), node.actor("ann")
    for server in scene.servers:
        server.forget()


def _prove(actor, activity, **options):
    return integrity.add(activity, actor.ed25519, actor.id + "#ed25519", **options)


def _arrives(note):
    tap.until(lambda: note["id"] in node.uris("ann"), f"{note['id']} to arrive")


def _is_absent(note):
    tap.check(note["id"] not in node.uris("ann") and node.entry(note["id"]) is None, f"{note['id']} was stored")


@tap.test
def the_rigs_own_proofs_agree_with_the_published_vector():
    with open(os.path.join(os.environ["WARD_VECTORS"], "eddsa-jcs-2022/signedJCS.json"), encoding="utf-8") as file:
        document = json.load(file)
    with open(os.path.join(os.environ["WARD_VECTORS"], "eddsa-jcs-2022/keyPair.json"), encoding="utf-8") as file:
        key = json.load(file)["publicKeyMultibase"]
    integrity.verify(document, key)


@tap.test
def what_ward_sends_and_serves_carries_its_authors_proof():
    key = ann["assertionMethod"][0]
    uri = node.post("ann", "rounds at nine, Zoë")
    tap.until(lambda: distant.seen("POST", kind="Create"), "the Create")
    for document in (distant.inbox("Create")[-1], thea.get(uri).json(), thea.get(uri + "/activity").json()):
        tap.equal(integrity.verify(document, key["publicKeyMultibase"]), key["id"], "the proof's key")


@tap.test
def a_proof_makes_it_its_authors_whoever_brings_it():
    author.forget()
    note = vic.note("proved")
    ok(eve.post(inbox, _prove(vic, vic.create(note))), "brought by eve")
    _arrives(note)
    tap.equal(author.seen("GET", path=note["id"].split(str(author.port))[1]), [], "fetches of the note")


@tap.test
def t109_a_wrong_proof_is_as_good_as_none():
    created = vic.create(vic.note("ten"))
    proved = _prove(vic, created)
    altered = {**proved, "object": {**proved["object"], "content": "<p>hundred</p>"}}
    wrong = [
        created,
        altered,
        _prove(eve, created),
        integrity.add(created, eve.ed25519, vic.id + "#ed25519"),
        _prove(vic, created, expires="2020-01-01T00:00:00Z"),
        _prove(vic, created, proofPurpose="authentication"),
        _prove(vic, created, cryptosuite="eddsa-rdfc-2022"),
        {**proved, "proof": [proved["proof"], proved["proof"]]},
    ]
    for document in wrong:
        refused(eve.post(inbox, document), 403)
    _is_absent(created["object"])


@tap.test
def t109_a_proof_is_no_signature_of_the_request():
    note = vic.note("unsigned")
    refused(vic.send(vic.request(inbox, _prove(vic, vic.create(note)))), 401)
    _is_absent(note)


@tap.test
def without_a_proof_the_origin_is_asked_and_alone_counts():
    note = vic.note("true", cc=[eve.id])
    forged = vic.create({**note, "content": "<p>forged</p>"})
    ok(eve.post(inbox, forged), "brought by eve")
    _arrives(note)
    tap.check("true" in node.entry(note["id"])["text"], "what the origin does not say is shown")


@tap.test
def t86_what_a_blocked_host_said_is_not_let_in_by_another():
    note = mallory.note("hello", cc=[eve.id])
    for document in (_prove(mallory, mallory.create(note)), mallory.create(note)):
        refused(eve.post(inbox, document), 403)
    _is_absent(note)
    tap.equal(blocked.seen(), [], "requests caused there")


@tap.test
def an_answer_is_passed_on_byte_for_byte_to_followers():
    uri = node.post("ann", "who is on call?", "--visibility", "followers")
    for server in scene.servers:
        server.forget()
    reply = vic.note("I am", to=[ann["followers"]], cc=[ann["id"]], inReplyTo=uri)
    body = json.dumps(_prove(vic, vic.create(reply)), indent=1).encode()
    ok(vic.post(inbox, body))
    for server in (carrier, distant):
        tap.until(lambda s=server: _brought(s, reply, "Create"), "the forwarded Create")
        request = _brought(server, reply, "Create")[-1]
        tap.equal(request.body, body, "the forwarded bytes")
        _, key_id = httpsig.verify(request, _key_of_ann)
        tap.check(key_id.startswith(ann["id"] + "#"), f"signed by {key_id}")
    tap.equal(_brought(author, reply, "Create"), [], "sent back to where it came from")
    delete = vic.activity("Delete", {"id": reply["id"], "type": "Tombstone"})
    ok(vic.post(inbox, _prove(vic, delete)))
    for server in (carrier, distant):
        tap.until(lambda s=server: _brought(s, reply, "Delete"), "the forwarded Delete")


def _brought(server, note, kind):
    """What came there about `note`."""
    return [r for r in server.seen("POST", kind=kind) if r.document["object"]["id"] == note["id"]]


def _key_of_ann(key_id):
    if key_id == ann["publicKey"]["id"]:
        return httpsig.serialization.load_pem_public_key(ann["publicKey"]["publicKeyPem"].encode())
    raw = integrity._unbase58(ann["assertionMethod"][0]["publicKeyMultibase"][1:])
    return httpsig.ed25519.Ed25519PublicKey.from_public_bytes(raw[2:])


@tap.test
def the_node_ends_soundly():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, scene.close)
