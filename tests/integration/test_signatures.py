#!/usr/bin/python3
"""Who may speak: a real node against signatures that are missing, wrong, moved, stale or somebody else's."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import json
import time

from support import httpsig, stage, tap, wire
from support.stage import ok, refused

scene = stage.Stage()


def setup():
    global node, friend, evil, stranger, mallory, victim, nobody, inbox
    node = scene.node("ward")
    node.account("ann", "bob")
    friend, evil = scene.server("friend.localhost"), scene.server("evil.localhost")
    stranger = scene.server("stranger.localhost")
    node.allow(friend.authority_part, evil.authority_part)
    stage.make_stranger(node, stranger.authority_part)
    victim, mallory, nobody = friend.actor("vic"), evil.actor("mallory"), stranger.actor("nobody")
    stage.befriend(node, "ann", victim)
    stage.befriend(node, "bob", victim)
    stage.befriend(node, "ann", mallory)
    inbox = node.inbox("ann")
    for server in scene.servers:
        server.forget()


def _create(actor=None):
    actor = actor or victim
    note = actor.note(f"forbidden {actor.new_id()}")
    return note, actor.create(note)


def _left_no_trace(note):
    tap.check(note["id"] not in node.uris("ann"), f"{note['id']} was stored")


def _spoilt(spoil, *statuses, scheme="cavage", **choices):
    """Signs a Create, lets `spoil` at the request, sends it: it must be refused and leave nothing."""
    note, create = _create()
    request = victim.sign(victim.request(inbox, create), scheme, **choices)
    spoil(request)
    refused(victim.send(request), *(statuses or (401,)))
    _left_no_trace(note)


def _nothing(request):
    del request


@tap.test
def all_three_signatures_are_accepted():
    for scheme in ("cavage", "rfc9421", "ed25519"):
        note, create = _create()
        ok(victim.post(inbox, create, scheme), scheme)
        tap.until(lambda i=note["id"]: i in node.uris("ann"), f"the post signed with {scheme}")


@tap.test
def t10_an_unsigned_activity_is_refused_and_nothing_is_fetched():
    friend.forget()
    note, create = _create()
    refused(victim.send(victim.request(inbox, create)), 401)
    _left_no_trace(note)
    tap.equal(friend.seen(), [], "requests caused")


@tap.test
def t11_one_changed_byte_is_refused():
    def spoil(request):
        request.body = request.body.replace(b"forbidden", b"Forbidden")

    for scheme in ("cavage", "rfc9421", "ed25519"):
        _spoilt(spoil, scheme=scheme)


@tap.test
def t12_the_digest_must_be_there_signed_strong_and_right():
    unsigned = [n for n in httpsig.CAVAGE_POST if n != "digest"]
    _spoilt(lambda r: r.put("Digest", None), names=unsigned)
    _spoilt(_nothing, names=unsigned)
    _spoilt(lambda r: r.put("Content-Digest", None), scheme="rfc9421", names=("@method", "@target-uri"))
    _spoilt(_nothing, scheme="rfc9421", names=("@method", "@target-uri"))
    for wrong in (httpsig.digest(b"{}"), "SHA-256=", "SHA-256=AAAA"):
        _with_digest("Digest", wrong, "cavage")
    note, create = _create()
    body = json.dumps(create).encode()
    for weak in ("SHA", "MD5"):
        _with_digest("Digest", httpsig.digest(body, weak), "cavage", body)
    _with_digest("Content-Digest", httpsig.content_digest(body, "md5"), "rfc9421", body)
    _with_digest("Content-Digest", httpsig.content_digest(b"{}"), "rfc9421", body)
    _left_no_trace(note)


def _with_digest(header, value, scheme, body=None):
    note, create = _create()
    request = victim.request(inbox, body or create).put(header, value)
    refused(victim.send(victim.sign(request, scheme)), 400, 401)
    _left_no_trace(note)


@tap.test
def t13_target_host_and_time_must_be_signed():
    for missing in ("(request-target)", "host", "date"):
        _spoilt(_nothing, names=[n for n in httpsig.CAVAGE_POST if n != missing])
    for missing in ("@method", "@target-uri"):
        _spoilt(_nothing, scheme="rfc9421", names=[n for n in httpsig.RFC9421_POST if n != missing])
    _spoilt(_nothing, scheme="rfc9421", with_created=False)


@tap.test
def t14_a_signature_moved_elsewhere_is_refused():
    other = node.inbox("bob")
    for scheme in ("cavage", "rfc9421"):
        note, create = _create()
        request = victim.sign(victim.request(inbox, create), scheme)
        moved = wire.Request("POST", other, list(request.headers), request.body)
        refused(victim.send(moved), 401)
        request = victim.sign(wire.Request("PUT", inbox, [("Content-Type", wire.ACTIVITY)], request.body), scheme)
        refused(victim.send(wire.Request("POST", inbox, list(request.headers), request.body)), 401)
        elsewhere = inbox.replace("ward.localhost", "other.localhost")
        request = victim.sign(victim.request(elsewhere, create), scheme)
        request.url = inbox
        refused(victim.send(request), 400, 401, 421)
        request = victim.sign(victim.request(elsewhere, create), scheme)
        request.url = inbox
        refused(victim.send(request.put("Host", node.part)), 401)
        _left_no_trace(note)


@tap.test
def t15_stale_and_future_signatures_are_refused():
    now = time.time()
    for wrong in (now - 7200, now + 7200):
        _spoilt(_nothing, date=httpsig.http_date(wrong))
        _spoilt(_nothing, scheme="rfc9421", created=wrong)
    for wrong in ("yesterday", "Sun, 06 Nov 94 08:49:37 GMT", "0"):
        _spoilt(_nothing, date=wrong)
    _spoilt(_nothing, scheme="rfc9421", expires=now - 60)


@tap.test
def t15_fifty_nine_minutes_old_passes():
    for choices in ({"date": httpsig.http_date(time.time() - 59 * 60)},
                    {"scheme": "rfc9421", "created": time.time() - 59 * 60}):
        note, create = _create()
        ok(victim.post(inbox, create, **choices))
        tap.until(lambda i=note["id"]: i in node.uris("ann"), "the post")


@tap.test
def t16_a_key_on_a_strangers_host_is_refused_before_anything_is_fetched():
    stranger.forget()
    for scheme in ("cavage", "rfc9421"):
        note, create = _create(nobody)
        refused(nobody.post(inbox, create, scheme), 403)
        note, create = _create()
        refused(victim.post(inbox, create, scheme, key_id=nobody.key_id), 403)
        _left_no_trace(note)
    tap.equal(stranger.seen(), [], "requests caused at the stranger")


@tap.test
def t17_a_peer_cannot_speak_for_another_peers_actor():
    friend.forget()
    for scheme in ("cavage", "rfc9421", "ed25519"):
        note, create = _create()
        request = mallory.sign(mallory.request(inbox, create), scheme)
        refused(mallory.send(request), 403)
        _left_no_trace(note)
    tap.equal(friend.seen("GET"), [], "fetches from the victim")
    note, create = _create()
    ok(victim.post(inbox, create), "the victim itself, afterwards")


@tap.test
def t17_an_actor_cannot_speak_for_its_neighbour():
    neighbour = friend.actor("neighbour")
    node.cli("lookup", neighbour.id)
    note, create = _create()
    refused(neighbour.send(neighbour.sign(neighbour.request(inbox, create))), 401, 403)
    _left_no_trace(note)


@tap.test
def t24_the_same_request_a_thousand_times_has_one_effect():
    note = victim.note("only once", cc=[node.actor(n)["id"] for n in ("ann", "bob")])
    create = victim.create(note)
    request = victim.sign(victim.request(inbox, create))
    statuses = wire.send_again(request, 1000, scene.authority.client_context())
    tap.equal([s for s in statuses if not 200 <= s < 300], [], "statuses")
    for again in (node.inbox("bob"), node.shared_inbox("bob")):
        ok(victim.post(again, create), "at another inbox")
    for name in ("ann", "bob"):
        tap.until(lambda n=name: note["id"] in node.uris(n), f"the post for {name}")
        tap.equal(node.uris(name).count(note["id"]), 1, f"times {name} sees it")


def _again(header, more):
    """Another member for a signature field."""
    return lambda r: r.put(header, r.header(header) + more)


@tap.test
def t108_a_request_carries_one_whole_signature_of_one_scheme():
    def two_labels(request):
        for header in ("Signature-Input", "Signature"):
            value = request.header(header)
            request.put(header, value + ", " + value.replace("sig1", "sig2", 1))

    def both_schemes(request):
        other = victim.sign(victim.request(inbox, request.body), "cavage")
        for header in ("Date", "Digest"):
            request.put(header, other.header(header))
        request.put("Authorization", "Signature " + other.header("Signature"))

    def bad_and_good(request):
        both_schemes(request)
        request.put("Signature", "sig1=:AAAA:")

    for spoil in (
        two_labels,
        both_schemes,
        bad_and_good,
        lambda r: r.put("Signature-Input", None),
        lambda r: r.put("Signature", None),
        lambda r: r.put("Signature", r.header("Signature").replace("sig1", "sig2")),
        _again("Signature-Input", ";x"),
        lambda r: r.put("Signature-Input", r.header("Signature-Input").replace('"@method"', '"@method";req')),
    ):
        _spoilt(spoil, scheme="rfc9421")


@tap.test
def t108_what_is_covered_and_how_it_is_signed_is_enforced():
    for algorithm in ("ed25519", "hmac-sha256", "none", "rsa-v1_5-sha1"):
        _spoilt(_nothing, scheme="rfc9421", algorithm=algorithm)
    _spoilt(_nothing, scheme="rfc9421", expires=time.time() - 1)
    for parameter in ("sf", "bs", "tr"):
        _spoilt(lambda r, p=parameter: r.put("Signature-Input", r.header("Signature-Input").replace(
            '"content-digest"', f'"content-digest";{p}')), scheme="rfc9421")
    _spoilt(lambda r: r.put("Signature-Input", r.header("Signature-Input").replace(
        '"@method"', '"@query-param";name="a" "@method"')), scheme="rfc9421")


@tap.test
def the_node_ends_soundly():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, scene.close)
