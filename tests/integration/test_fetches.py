#!/usr/bin/python3
"""What a node fetches: from whom, over which connection, how much, and what it believes of it."""

import gzip
import os
import ssl
import subprocess
import sys
import time
import warnings
from urllib.parse import urlsplit

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import ca, httpsig, names, peer, stage, tap
from support.stage import ok, refused

MIB = 1 << 20
scene = stage.Stage()


def setup():
    global node, friend, evil, vic, mallory, inbox
    node = scene.node("ward", transfer_timeout="2 s", connect_timeout="1 s")
    node.account("ann")
    friend, evil = scene.server("friend.localhost"), scene.server("evil.localhost")
    node.allow(friend.authority_part, evil.authority_part)
    vic, mallory = friend.actor("vic"), evil.actor("mallory")
    stage.befriend(node, "ann", vic)
    inbox = node.inbox("ann")


def _path(uri):
    return urlsplit(uri).path


def _send(actor, note, **choices):
    return actor.post(inbox, actor.create(note), **choices)


def _is_shown(note):
    return note["id"] in node.uris("ann", "--public", limit=200)


def _never_shown(note, seconds=0.6):
    tap.never(lambda: _is_shown(note), "the post is shown", seconds)


# ---- keys ----


@tap.test
def t18_a_key_must_be_who_it_says_it_is():
    documents = {
        "another id": lambda a: {**a.document(), "publicKey": {**a.document()["publicKey"], "id": a.id + "#other"}},
        "another owner": lambda a: {**a.document(), "publicKey": {**a.document()["publicKey"], "owner": vic.id}},
        "a bare key whose owner does not list it": lambda a: {
            "@context": peer.SECURITY, "id": a.key_id, "owner": vic.id, "publicKeyPem": httpsig.public_pem(a.rsa)},
    }
    for number, (what, make) in enumerate(documents.items()):
        actor = friend.actor(f"liar{number}")
        document = make(actor)
        document.pop("assertionMethod", None)
        friend.on(actor.path, peer.Answer(200, document=document))
        note = actor.note(what)
        answer = _send(actor, note)
        tap.check(answer.status in (202, 401), f"{what}: {answer.status}")
        _never_shown(note)


@tap.test
def t19_somebody_elses_key_in_an_actor_is_ignored():
    thief = evil.actor("thief")
    own = thief.document()
    stolen = {"id": vic.key_id, "owner": thief.id, "publicKeyPem": httpsig.public_pem(thief.rsa)}
    evil.on(thief.path, peer.Answer(200, document={**own, "publicKey": [own["publicKey"], stolen]}))
    ok(_send(thief, thief.note("hello")))
    tap.until(lambda: evil.seen("GET", thief.path), "the look at the thief")
    note = vic.note("as if by vic")
    forged = thief.sign(thief.request(inbox, vic.create(note)), key_id=vic.key_id)
    refused(thief.send(forged), 401, 403)
    _never_shown(note)
    note = vic.note("by vic")
    ok(_send(vic, note), "vic's own key")
    tap.until(lambda: _is_shown(note), "the post")


@tap.test
def t20_a_new_key_is_looked_for_once_and_the_old_one_is_worth_nothing():
    actor = friend.actor("rotating")
    old = actor.rsa
    note = actor.note("with the old key")
    ok(_send(actor, note))
    tap.until(lambda: _is_shown(note), "the post")
    actor.rsa = httpsig.new_rsa()
    friend.forget()
    for _ in range(20):  # known for less than five minutes: no look at all
        refused(_send(actor, actor.note("with the new key")), 401)
    tap.check(len(friend.seen("GET", actor.path)) <= 1, "one look in five minutes")
    actor.rsa = old
    ok(_send(actor, actor.note("with the old key again")))


@tap.test
def t21_keys_that_cannot_be_had_have_no_effect():
    garbage = [
        peer.Hang(), peer.Close(), peer.Answer(500), peer.Answer(404), peer.Answer(410), peer.Answer(200, body=b"{"),
        peer.Answer(200, body=b'{"a":"' + b"x" * (3 * MIB) + b'"}'), "pem",
    ]
    for number, answer in enumerate(garbage):
        actor = friend.actor(f"keyless{number}")
        if answer == "pem":
            document = actor.document()
            document["publicKey"]["publicKeyPem"] = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"
            answer = peer.Answer(200, document={**document, "assertionMethod": []})
        friend.on(actor.path, answer)
        friend.forget()
        note = actor.note("never seen")
        got = _send(actor, note)
        tap.check(got.status in (202, 401, 503), f"case {number}: {got.status}")
        _never_shown(note, 0.3)
        looks = len(friend.seen("GET", actor.path))
        for _ in range(5):
            tap.check(_send(actor, actor.note("again")).status in (202, 401, 503), f"case {number}")
        tap.check(len(friend.seen("GET", actor.path)) <= looks + 2, f"case {number}: looked again and again")
    tap.equal(node.get(node.actor("ann")["id"]).status, 200, "the node still answers")


# ---- documents ----


@tap.test
def t31_only_activitystreams_is_a_document():
    note = vic.note("by its type")
    for kind in ("text/html", "text/plain", "application/json", "application/octet-stream", "", "text/activity+json",
                 "application/activity+jsonx"):
        friend.on(_path(note["id"]), peer.Answer(200, document=note, content_type=kind))
        node.refuses("lookup", note["id"])
    for kind in ("application/activity+json; charset=utf-8", "application/ld+json"):
        note = vic.note(f"by {kind}")
        friend.on(_path(note["id"]), peer.Answer(200, document=note, content_type=kind))
        node.cli("lookup", note["id"])


@tap.test
def t32_an_url_says_nothing_about_identity():
    true = vic.note("the true one")
    ok(_send(vic, true))
    tap.until(lambda: _is_shown(true), "the post")
    false = mallory.note("the false one", url=true["id"])
    ok(_send(mallory, false))
    tap.until(lambda: _is_shown(false), "its own post, under its own id")
    tap.check("the true one" in str(node.list("thread", true["id"])), "the true one changed")


@tap.test
def t33_an_actor_keeps_its_boxes_at_home():
    for number, (name, value) in enumerate((
            ("inbox", mallory.inbox), ("outbox", mallory.id + "/outbox"), ("followers", mallory.followers),
            ("endpoints", {"sharedInbox": evil.base + "/inbox"}))):
        actor = friend.actor(f"mover{number}")
        actor.extra = {name: value}
        node.refuses("lookup", actor.handle)
    steady = friend.actor("steady")
    ok(_send(steady, steady.note("hello")))
    tap.until(lambda: node.list("lookup", steady.handle), "the actor")
    update = steady.activity("Update", {**steady.document(), "inbox": mallory.inbox})
    tap.check(steady.post(inbox, update).status < 500, "status")
    node.cli("follow", "ann", steady.handle)
    tap.until(lambda: [r for r in friend.seen("POST", kind="Follow") if r.document["object"] == steady.id], "Follow")
    tap.check(not [r for r in evil.seen("POST") if steady.id in str(r.document)], "sent to the other host")


@tap.test
def t34_webfinger_answers_for_whom_it_was_asked():
    def jrd(subject, *links):
        return peer.Answer(200, content_type="application/jrd+json", document={
            "subject": subject,
            "links": [{"rel": "self", "type": "application/activity+json", "href": href} for href in links]})

    other = friend.actor("other")
    for number, answer in enumerate((
            lambda a: jrd("acct:" + other.handle, a.id), lambda a: jrd("acct:" + a.handle, a.id, other.id),
            lambda a: jrd("acct:" + a.handle, other.id), lambda a: jrd("acct:" + a.handle, mallory.id))):
        actor = friend.actor(f"alias{number}")
        friend.on("/.well-known/webfinger", answer(actor))
        node.refuses("lookup", actor.handle)
    friend.on("/.well-known/webfinger")  # as published again


@tap.test
def t35_contexts_are_never_fetched_and_graphs_are_refused():
    foreign = [peer.AS2, friend.base + "/context", evil.base + "/c"]
    ok(_send(vic, vic.note("a foreign context", **{"@context": foreign})))
    for extra in ({"@graph": []}, {"@included": []}, {"@reverse": {}},
                  {"@context": [peer.AS2, {"actor": "https://evil.example/#actor"}]}):
        note = vic.note("twisted")
        refused(vic.post(inbox, {**vic.create(note), **extra}), 400)
        _never_shown(note, 0.2)
    tap.equal([r.url for s in (friend, evil) for r in s.seen("GET") if "/context" in r.url or r.url.endswith("/c")], [],
              "contexts fetched")
    signed = {**mallory.create(vic.note("by linked data")), "actor": vic.id,
              "signature": {"type": "RsaSignature2017", "creator": vic.key_id, "signatureValue": "AAAA"}}
    refused(mallory.post(inbox, signed), 401, 403)


@tap.test
def t36_one_institution_is_one_peer():
    for spelling in (friend.authority_part.upper(), "friend.localhost.:" + str(friend.port)):
        node.cli("peer", "allow", spelling)
    parts = [p["host"] for p in node.list("peer", "list")]
    tap.equal(parts.count(friend.authority_part), 1, "records of one peer")
    node.cli("peer", "allow", "bücher.example")
    node.cli("peer", "allow", "xn--bcher-kva.example")
    parts = [p["host"] for p in node.list("peer", "list")]
    tap.equal(parts.count("xn--bcher-kva.example"), 1, "U-label and A-label")


# ---- connections ----


@tap.test
def t50_the_address_that_is_checked_is_the_address_that_is_used():
    library, listener = names.library(scene.folder), peer.Mute()
    private = peer.Mute(listener.port, "127.0.0.2")
    answers = ("both.example=192.0.2.1,127.0.0.2;late.example=192.0.2.1/127.0.0.2/127.0.0.2;"
             "first.example=127.0.0.2,192.0.2.1")
    strict = scene.node("strict", allow_addresses=None, connect_timeout="300 ms", transfer_timeout="1 s")
    os.environ.update(LD_PRELOAD=_preload(library), WARD_TEST_NAMES=answers)
    try:
        for name in ("both", "late", "first"):
            part = f"{name}.example:{listener.port}"
            strict.allow(part)
            for _ in range(3):
                strict.refuses("lookup", f"https://{part}/users/x")
    finally:
        os.environ.pop("LD_PRELOAD")
    tap.equal(len(private.accepted), 0, "connections to the private address")
    private.stop()
    listener.stop()


def _preload(library):
    """A sanitizer's own library has to come first."""
    loaded = subprocess.run(["ldd", os.environ.get("WARD", "ward")], capture_output=True, text=True, check=False).stdout
    first = [line.split()[2] for line in loaded.splitlines() if "libasan" in line or "libtsan" in line]
    return ":".join(first + [library])


@tap.test
def t51_redirects_lead_nowhere_else():
    note = vic.note("behind redirects")
    path = _path(note["id"])
    mute = peer.Mute()
    hop = [f"{path}/hop{n}" for n in range(5)]
    for target in (f"https://127.0.0.1:{mute.port}/", f"http://{friend.authority_part}{path}",
                   f"https://{evil.authority_part}{path}", note["id"], "file:///etc/passwd", "//169.254.169.254/"):
        friend.on(path, peer.Answer(302, {"Location": target}))
        evil.forget()
        friend.forget()
        node.refuses("lookup", note["id"])
        tap.equal(evil.seen(), [], f"requests at the other host: {target}")
        tap.check(len(friend.seen("GET", path)) <= 8, "a loop went on")
    friend.on(path, peer.Answer(302, {"Location": hop[0]}))
    for n in range(4):
        friend.on(hop[n], peer.Answer(302, {"Location": hop[n + 1]}))
    friend.on(hop[4], peer.Answer(200, document=note))
    node.refuses("lookup", note["id"])
    tap.equal(len(friend.seen("GET", hop[3])), 0, "the fourth hop")
    tap.equal(len(mute.accepted), 0, "private addresses")
    mute.stop()


@tap.test
def t53_nothing_is_fetched_from_hosts_that_nobody_allowed():
    stranger = scene.server("stranger.localhost")
    stage.make_stranger(node, stranger.authority_part)
    out = stranger.actor("out")
    far = out.note("far away")
    picture = {"type": "Image", "url": stranger.base + "/picture.png"}
    note = vic.note("with links", inReplyTo=far["id"], quoteUrl=far["id"], attachment=[picture], icon=picture,
                    replies=stranger.base + "/replies", context=stranger.base + "/context",
                    tag=[{"type": "Mention", "href": out.id, "name": "@" + out.handle},
                         {"type": "Emoji", "name": ":x:", "icon": picture}])
    ok(_send(vic, note))
    ok(vic.post(inbox, vic.activity("Announce", far["id"])))
    ok(vic.post(inbox, vic.activity("Like", far["id"])))
    tap.until(lambda: _is_shown(note), "the post")
    node.refuses("lookup", far["id"])
    node.refuses("lookup", out.handle)
    tap.never(stranger.seen, "a request at the stranger", 0.6)


warnings.simplefilter("ignore", DeprecationWarning)  # old TLS is the point


def _tls(authority, *hosts, life_days=10, **rules):
    context = ca.server_context(*authority.leaf(*hosts, life_days=life_days))
    for name, value in rules.items():
        if name == "ciphers":
            context.set_ciphers(value)
        else:
            setattr(context, name, value)
    return context


@tap.test
def t54_a_connection_that_proves_nothing_carries_nothing():
    stage.follow_back(node, "ann", vic)
    good = friend._context
    other = ca.Authority(os.path.join(scene.folder, "self"), "Nobody")
    broken = {
        "expired": _tls(scene.authority, "friend.localhost", life_days=-0.5),
        "self-signed": _tls(other, "friend.localhost"),
        "wrong name": _tls(scene.authority, "evil.localhost"),
        "TLS 1.1": _tls(scene.authority, "friend.localhost", ciphers="ALL:@SECLEVEL=0",
                        minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1_1),
        "no cipher": _tls(scene.authority, "friend.localhost", ciphers="NULL-SHA256:@SECLEVEL=0",
                          maximum_version=ssl.TLSVersion.TLSv1_2),
    }
    note, uri = vic.note("over a good connection only"), None
    for what, context in broken.items():
        friend.present(context)
        friend.forget()
        node.refuses("lookup", note["id"])
        uri = uri or node.post("ann", "over a good connection only")
        before = _line(uri)["attempts"]
        node.cli("queue", "retry", friend.authority_part)
        tap.until(lambda n=before: _line(uri)["attempts"] > n, f"an attempt: {what}")
        tap.equal(_line(uri)["state"], "retry", what)
        tap.equal(friend.seen(), [], f"requests over {what}")
    leaf = scene.authority.leaf("friend.localhost")
    friend.present(ca.server_context(*leaf))
    node.cli("peer", "allow", friend.authority_part, "--pin", "00" * 32)
    node.refuses("lookup", note["id"])
    tap.equal(friend.seen(), [], "requests in spite of the pin")
    node.cli("peer", "allow", friend.authority_part, "--pin", ca.pin(leaf[0]))
    node.cli("queue", "retry", friend.authority_part)
    tap.until(lambda: _line(uri)["state"] == "delivered", "the delivery at last")


def _line(uri):
    return node.ledger(uri)[friend.authority_part]


class Endless:
    """An answer that never ends: `head`, then `chunk` again and again."""

    def __init__(self, head, chunk, pause=0.0):
        self.head, self.chunk, self.pause = head, chunk, pause

    def play(self, sock, stop):
        sock.sendall(self.head)
        while not stop.wait(self.pause):
            sock.sendall(self.chunk)
        return False


@tap.test
def t59_an_answer_that_never_ends_is_cut_off():
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/activity+json\r\n"
    bomb = gzip.compress(b" " * (64 * MIB))
    cases = {
        "a byte at a time": peer.Drip(head + b"Content-Length: 500\r\n\r\n" + b" " * 500, 0.2),
        "a chunked body without an end":
            Endless(head + b"Transfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b" " * 4096 + b"\r\n"),
        "no length": Endless(head + b"\r\n", b" " * 65536),
        "headers without an end": Endless(head, b"X-Fill: " + b"x" * 4000 + b"\r\n"),
        "a bomb": peer.Answer(200, {"Content-Encoding": "gzip"}, body=bomb),
    }
    before = node.rss_kib()
    for what, answer in cases.items():
        note = vic.note(what)
        friend.on(_path(note["id"]), answer)
        started = time.monotonic()
        ok(vic.post(inbox, vic.activity("Like", note["id"])))
        node.refuses("lookup", note["id"])
        tap.check(time.monotonic() - started < 16, f"{what}: {time.monotonic() - started:.1f} s")
    tap.until(lambda: node.metrics()["ward_fetches_in_flight"] == 0, "the fetcher to be free", 30)
    grown = (node.rss_kib() - before) / 1024
    tap.check(grown < 32 or os.environ.get("WARD_SANITIZED"), f"grew by {grown:.1f} MiB")
    note = vic.note("and on it goes")
    node.cli("lookup", note["id"])


@tap.test
def the_nodes_end_soundly():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, scene.close)
