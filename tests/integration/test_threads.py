#!/usr/bin/python3
"""Threads are whole: what did not come by itself is fetched, within limits, and what is missing is said."""

import concurrent.futures
import os
import random
import sys
import time
from urllib.parse import urlsplit

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import peer, stage, tap

REPLIES = int(os.environ.get("WARD_THREAD_REPLIES", "500"))
SEED = int(os.environ.get("WARD_SEED", "20260729"))

scene = stage.Stage()
seen = {}


def setup():
    global a, b, c
    a, b, c = scene.nodes("a", "b", "c")
    for node, name in ((a, "ann"), (b, "ben"), (c, "cyd")):
        node.account(name)
    tap.note(f"seed {SEED}")


def _thread(node, uri):
    return node.list("thread", uri)


def _uris(node, uri):
    return {p["uri"] for p in _thread(node, uri)}


def _write(node, name, choice, count):
    """`count` replies to posts of the thread that are on that node by now."""
    known, written = [], []
    for n in range(count):
        if n % 12 == 0:
            known = sorted(_uris(node, seen["root"]))
        parent = choice.choice(known + written)
        written.append(node.post(name, f"reply {n} of {name}", "--reply-to", parent))
    return written


@tap.test
def a_thread_of_500_replies_is_written_on_three_nodes():
    seen["root"] = a.post("ann", f"@{b.handle('ben')} @{c.handle('cyd')} who has beds?")
    for node, name in ((b, "ben"), (c, "cyd")):
        tap.until(lambda n=node, who=name: seen["root"] in n.uris(who, "--mentions"), f"the root at {name}'s")
    share = (REPLIES // 3, REPLIES // 3, REPLIES - 2 * (REPLIES // 3))
    begun = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        jobs = [pool.submit(_write, node, name, random.Random(SEED + i), share[i])
                for i, (node, name) in enumerate(((a, "ann"), (b, "ben"), (c, "cyd")))]
        seen["all"] = {seen["root"]}.union(*(job.result() for job in jobs))
    tap.note(f"figure: {REPLIES} replies written in {time.monotonic() - begun:.1f} s")
    tap.equal(len(seen["all"]), REPLIES + 1, "posts")
    tap.until(lambda: _uris(a, seen["root"]) >= seen["all"], "the node it began on to have all", 120)


def _newcomer(name):
    node = scene.node(name)
    for other in (a, b, c):
        node.allow(other.part)
        other.allow(node.part)
    node.account("dan")
    return node


@tap.test
def a_node_that_was_told_of_one_post_gets_all_of_it():
    d = _newcomer("d")
    begun = time.monotonic()
    uri = b.post("ben", f"@{d.handle('dan')} see above", "--reply-to", sorted(seen["all"])[-1])
    tap.until(lambda: uri in d.uris("dan", "--mentions"), "the mention")
    tap.until(lambda: _uris(d, uri) >= seen["all"], "the whole thread", 180)
    tap.note(f"figure: the thread was whole {time.monotonic() - begun:.1f} s after the mention was written")
    tap.until(lambda: _thread(d, uri)[0]["backfill"] == "ended", "the end", 30)
    tap.equal(_thread(d, uri)[0]["missing"], [], "what is missing")
    tap.equal(len(d.uris("dan", "--mentions")), 1, "notifications of old posts")


@tap.test
def a_backfill_goes_on_after_the_node_was_killed():
    e = _newcomer("e")
    uri = c.post("cyd", f"@{e.handle('dan')} see above", "--reply-to", sorted(seen["all"])[-1])
    tap.until(lambda: uri in e.uris("dan", "--mentions"), "the mention")
    for least in (20, 120):
        tap.until(lambda n=least: len(_uris(e, uri)) > n, "some of it", 60)
        e.kill()
        e.start()
    tap.until(lambda: _uris(e, uri) >= seen["all"], "the whole thread", 180)
    tap.equal(_thread(e, uri)[0]["missing"], [], "what is missing")


# ---- against a scripted peer ------------------------------------------------------------------


def _scripted():
    global node, server, vic
    node = scene.node("f")
    server = scene.server("friend.localhost")
    node.account("dan")
    node.allow(server.authority_part)
    vic = server.actor("vic")


def _tell(note):
    """The note reaches dan in a Create."""
    me = node.actor("dan")["id"]
    note = {**note, "tag": [{"type": "Mention", "href": me, "name": "@" + node.handle("dan")}],
            "cc": [me]}
    stage.ok(vic.post(node.inbox("dan"), vic.create(note)))
    tap.until(lambda: note["id"] in node.uris("dan", "--mentions"), "the post")


def _path(uri):
    return urlsplit(uri).path


def _ended(uri):
    rows = _thread(node, uri)
    return bool(rows) and rows[0]["backfill"] == "ended"


@tap.test
def what_cannot_be_had_is_said():
    _scripted()
    gone, closed = vic.id + "/note/gone", vic.id + "/note/closed"
    server.on(_path(gone), peer.Answer(410))
    server.on(_path(closed), peer.Answer(403))
    context = server.base + "/context/1"
    root = vic.note("root", context=context)
    reply = vic.note("here", inReplyTo=root["id"], context=context)
    far = "https://stranger.localhost/notes/1"
    server.on("/context/1", peer.Answer(200, document={
        "@context": peer.AS2, "id": context, "type": "OrderedCollection", "attributedTo": vic.id,
        "orderedItems": [root["id"], reply["id"], gone, closed, far, far + "2"]}))
    stage.make_stranger(node, "stranger.localhost")
    _tell(reply)
    tap.until(lambda: root["id"] in _uris(node, reply["id"]), "the root")
    tap.until(lambda: _ended(reply["id"]), "the end")
    missing = {(m["host"], m["reason"], m["posts"]) for m in _thread(node, root["id"])[0]["missing"]}
    host = server.authority_part
    tap.equal(missing, {(host, "gone", 1), (host, "not allowed to read", 1),
                        ("stranger.localhost", "no peer", 2)}, "missing")
    tap.check("4 posts could not be fetched" in node.cli("thread", root["id"]), node.cli("thread", root["id"]))


@tap.test
def without_a_context_the_replies_are_walked():
    root = vic.note("root of replies")
    replies = [vic.note(f"r{n}", inReplyTo=root["id"]) for n in range(3)]
    below = vic.note("below", inReplyTo=replies[2]["id"])
    for parent, items in ((root, replies), (replies[2], [below])):
        uri = parent["id"] + "/replies"
        server.on(_path(parent["id"]), peer.Answer(200, document={**parent, "replies": uri}))
        server.on(_path(uri), peer.Answer(200, document={
            "@context": peer.AS2, "id": uri, "type": "Collection",
            "first": {"type": "CollectionPage", "id": uri + "?page=1", "partOf": uri,
                      "items": [i["id"] for i in items]}}))
    _tell(replies[0])
    want = {p["id"] for p in (root, below, *replies)}
    tap.until(lambda: _uris(node, root["id"]) >= want, "the whole thread", 30)


@tap.test
def t60_a_collection_that_never_ends_is_left():
    context = server.base + "/context/endless"
    root = vic.note("endless", context=context)
    reply = vic.note("endless reply", inReplyTo=root["id"], context=context)
    for n in range(40):
        uri = context + (f"/{n}" if n else "")
        server.on(_path(uri), peer.Answer(200, document={
            "@context": peer.AS2, "id": uri, "type": "OrderedCollectionPage",
            "orderedItems": [root["id"]], "next": f"{context}/{n + 1}"}))
    server.forget()
    _tell(reply)
    tap.until(lambda: _ended(root["id"]), "the end", 30)
    pages = {r.target for r in server.seen("GET") if r.target.startswith("/context/endless")}
    tap.equal(len(pages), 10, "pages read")
    tap.check(any(m["reason"] == "limit reached" for m in _thread(node, root["id"])[0]["missing"]), "not said")


@tap.test
def t60_pages_that_loop_are_read_once():
    context = server.base + "/context/loop"
    root = vic.note("loop", context=context)
    reply = vic.note("loop reply", inReplyTo=root["id"], context=context)
    for uri, after in ((context, context + "/2"), (context + "/2", context)):
        server.on(_path(uri), peer.Answer(200, document={
            "@context": peer.AS2, "id": uri, "type": "OrderedCollectionPage", "orderedItems": [root["id"]],
            "next": after}))
    server.forget()
    _tell(reply)
    tap.until(lambda: _ended(root["id"]), "the end", 30)
    tap.equal(len([r for r in server.seen("GET") if r.target.startswith("/context/loop")]), 2, "pages read")


@tap.test
def t60_of_a_chain_of_10000_replies_64_are_fetched():
    stem = vic.id + "/chain/"
    for n in range(0, 10000):
        server.on(_path(f"{stem}{n}"), peer.Answer(200, document={
            "@context": peer.AS2, "id": f"{stem}{n}", "type": "Note", "attributedTo": vic.id,
            "content": f"<p>{n}</p>", "to": [peer.PUBLIC], "cc": [], "published": "2026-01-01T00:00:00Z",
            **({"inReplyTo": f"{stem}{n - 1}"} if n else {})}))
    last = vic.note("the last", inReplyTo=stem + "9999")
    server.forget()
    _tell(last)
    tap.until(lambda: _ended(last["id"]), "the end", 60)
    fetched = {r.target for r in server.seen("GET") if "/chain/" in r.target}
    tap.equal(len(fetched), 64, "ancestors fetched")
    rows = _thread(node, last["id"])
    tap.equal(len(rows), 65, "posts")
    tap.equal([r["parent_missing"] for r in rows].count(True), 1, "gaps")


@tap.test
def t60_posts_that_answer_each_other_end():
    one, two = vic.id + "/note/one", vic.id + "/note/two"
    for uri, parent in ((one, two), (two, one)):
        server.on(_path(uri), peer.Answer(200, document={
            "@context": peer.AS2, "id": uri, "type": "Note", "attributedTo": vic.id, "content": "x",
            "to": [peer.PUBLIC], "cc": [], "published": "2026-01-01T00:00:00Z", "inReplyTo": parent}))
    note = vic.note("into the loop", inReplyTo=one)
    server.forget()
    _tell(note)
    tap.until(lambda: len(_uris(node, note["id"])) == 3, "all three")
    tap.until(lambda: _ended(note["id"]), "the end", 30)
    tap.check(len([r for r in server.seen("GET") if r.target in (_path(one), _path(two))]) <= 4, "too many fetches")


@tap.test
def every_node_is_sound():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, scene.close)
