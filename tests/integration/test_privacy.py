#!/usr/bin/python3
"""A followers-only or direct post is readable by whom it was sent to, and by nobody else."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import stage, tap

scene = stage.Stage()
posts = {}
MARK = "haemoglobin"


def setup():
    global home, away, friend, ann_friend, stranger, eve, nobody
    home, away = scene.nodes("home", "away")
    home.account("ann", "bea", "carl")
    away.account("ben", "dora")
    friend, stranger = scene.server("friend.localhost"), scene.server("stranger.localhost")
    home.allow(friend.authority_part)
    ann_friend, eve = friend.actor("fred"), friend.actor("eve")
    nobody = stranger.actor("nobody")
    stage.make_stranger(home, stranger.authority_part)
    stage.follow_back(home, "ann", ann_friend)
    away.cli("follow", "ben", home.handle("ann"))
    home.cli("follow", "bea", "ann")
    tap.until(lambda: home.counts("ann")[0] == 3, "three followers")
    posts["followers"] = home.post("ann", f"{MARK} for followers #ward", "--visibility", "followers")
    posts["direct"] = home.post("ann", f"{MARK} for ben", "--visibility", "direct", "--to", away.handle("ben"))
    posts["local"] = home.post("ann", f"{MARK} for the house", "--visibility", "local")
    posts["public"] = home.post("ann", "open to all")
    tap.until(lambda: posts["public"] in away.uris("ben"), "the public post at away")


def _same_as_unknown(answer, unknown):
    tap.equal(answer.status, 404, "status")
    tap.equal(answer.body, unknown.body, "body")

    def told(response):
        return sorted((n.lower(), v) for n, v in response.headers if n.lower() != "date")

    tap.equal(told(answer), told(unknown), "headers")


def _unknown(uri):
    """An id of the same length that never existed."""
    return uri[:-3] + ("111" if uri[-3:] != "111" else "112")


def _restricted():
    return [posts[k] for k in ("followers", "direct", "local")]


@tap.test
def recipients_have_them():
    for kind in ("followers", "direct"):
        tap.until(lambda k=kind: posts[k] in away.uris("ben") + away.uris("ben", "--mentions"), kind)
    tap.until(lambda: friend.seen("POST", kind="Create"), "fred's copy")
    tap.check(posts["followers"] in home.uris("bea"), "bea follows ann")


@tap.test
def t64_an_unsigned_get_is_answered_like_an_unknown_id():
    for uri in _restricted():
        _same_as_unknown(home.get(uri), home.get(_unknown(uri)))
        activity = home.get(uri + "/activity")
        tap.equal(activity.status, 404, "its activity")


@tap.test
def t65_a_signed_get_by_one_who_is_no_recipient_is_answered_like_an_unknown_id():
    for scheme in ("cavage", "rfc9421"):
        _same_as_unknown(eve.get(posts["direct"], scheme), eve.get(_unknown(posts["direct"]), scheme))
        for uri in _restricted():
            tap.equal(nobody.get(uri, scheme).status, 404, "stranger")
        tap.equal(eve.get(posts["local"], scheme).status, 404, "local")


@tap.test
def t65_the_recipients_institution_gets_it():
    answer = ann_friend.get(posts["followers"])
    tap.equal(answer.status, 200, "status")
    tap.check(MARK in answer.body.decode(), "the text")
    tap.check("no-store" in (answer.header("cache-control") or ""), "Cache-Control")


@tap.test
def t88_what_the_agreement_does_not_cover_cannot_be_fetched_either():
    host = friend.authority_part
    for scope, status in (("public", 404), ("followers", 200), ("all", 200)):
        home.cli("peer", "allow", host, "--scope", scope)
        tap.equal(ann_friend.get(posts["followers"]).status, status, f"scope {scope}")


@tap.test
def t65_a_removed_peer_gets_nothing_any_more():
    home.cli("peer", "block", friend.authority_part, "--yes")
    for uri in (posts["followers"], posts["public"]):
        tap.until(lambda u=uri: ann_friend.get(u).status in (403, 404), "404 after the block", 5)
        tap.check(MARK not in ann_friend.get(uri).body.decode(), "text after the block")
    home.allow(friend.authority_part)


@tap.test
def public_timelines_and_tags_do_not_show_them():
    for node, name in ((home, "carl"), (away, "dora")):
        for which in (["--public"], ["--local"], ["--tag", "ward"], ["--home"], ["--mentions"]):
            shown = node.uris(name, *which)
            left = [u for u in shown if u in _restricted()]
            tap.equal([u for u in left if not (u == posts["local"] and node is home)], [], f"{name} {which}")


def _walk(url, get):
    """Every byte of a collection and its pages."""
    text, pages = "", 0
    while url and pages < 20:
        answer = get(url)
        if answer.status != 200:
            return text
        text += answer.body.decode()
        document = answer.json()
        url = document.get("first") or document.get("next")
        if isinstance(url, dict):
            text, url = text + str(url), url.get("next")
        pages += 1
    return text


@tap.test
def collections_do_not_show_them():
    actor = home.actor("ann")
    places = [actor[c] for c in ("outbox", "followers", "following")]
    places += [u + "/replies" for u in posts.values()]
    for get in (home.get, eve.get, nobody.get):
        for place in places:
            text = _walk(place, get)
            for uri in _restricted():
                tap.check(uri not in text.replace(place, "") and MARK not in text, f"{uri} shows in {place}")


@tap.test
def a_signed_peer_does_see_the_public_post_in_the_outbox():
    tap.check(posts["public"] in _walk(home.actor("ann")["outbox"], eve.get), "the outbox is empty")


@tap.test
def t67_what_was_sent_names_no_hidden_recipient():
    for document in friend.inbox("Create"):
        tap.check("bto" not in str(document) and "bcc" not in str(document), "bto or bcc on the wire")
        tap.check(posts["direct"] not in str(document), "a direct post to ben was sent to fred")


@tap.test
def the_nodes_end_soundly():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, scene.close)
