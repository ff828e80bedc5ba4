#!/usr/bin/python3
"""Statuses of the client API on two nodes: written, marked, edited, deleted, and kept from who may not read."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import client, stage, tap

scene = stage.Stage()
STATUSES = "/api/v1/statuses"
made = {}


def setup():
    global here, there, ann, cat, ben, nobody
    here, there = scene.nodes("here", "there")
    here.account("ann", "cat")
    there.account("ben")
    there.cli("follow", "ben", here.handle("ann"))
    tap.until(lambda: here.counts("ann")[0] == 1, "ben follows ann")
    ann, cat = (client.Client(here, client.token(here, name)) for name in ("ann", "cat"))
    ben = client.Client(there, client.token(there, "ben"))
    nobody = client.Client(here)


def write(app, text, **more):
    return app.ok("POST", STATUSES, status=text, **more)


def one(app, status, suffix="", method="GET", **more):
    return app.ok(method, f"{STATUSES}/{status['id']}{suffix}", **more)


def arrived(app, status):
    """The same status at another node, once it is in that one's home timeline."""
    def find():
        return next((s for s in app.ok("GET", "/api/v1/timelines/home") if s["uri"] == status["uri"]), None)
    return tap.until(find, f"{status['uri']} to arrive")


@tap.test
def what_is_typed_is_shown_as_it_is():
    status = write(ann, "a < b & *c*\nsee https://e.example/x_(y).\n\n#Ward " + f"@cat @{there.handle('ben')} :)",
                   visibility="public", language="en", spoiler_text="ward & co")
    made["everything"] = status
    tap.check(status["content"].startswith("<p>a &lt; b &amp; *c*<br>see <a href=\"https://e.example/x_(y)\""),
              status["content"])
    tap.equal([t["name"] for t in status["tags"]], ["ward"], "tags")
    tap.equal(sorted(m["acct"] for m in status["mentions"]), sorted(["cat", there.handle("ben").strip("@")]),
              "mentions")
    for part in status["mentions"] + status["tags"]:
        tap.check(f'href="{part["url"]}"' in status["content"], f"{part['url']} in the content")
    tap.equal((status["visibility"], status["language"], status["spoiler_text"], status["sensitive"]),
              ("public", "en", "ward & co", True), "what was chosen")
    tap.equal(one(ann, status), status, "the same when fetched")
    there_is = arrived(ben, status)
    tap.equal(there_is["spoiler_text"], "ward & co", "warning, elsewhere")


@tap.test
def an_empty_or_too_long_status_is_refused():
    for text in ("", "  \n", "x" * 5001):
        answer = ann.post(STATUSES, status=text)
        tap.equal(answer.status, 422, "status")
        tap.check(answer.json()["error"].startswith("Validation failed: "), "what is wrong")
    tap.equal(ann.post(STATUSES, spoiler_text="only a warning").status, 422, "a warning alone")
    tap.equal(ann.post(STATUSES, status="x", visibility="everyone").status, 422, "no such visibility")
    tap.equal(ann.post(STATUSES, status="x", in_reply_to_id="1").status, 404, "no such parent")
    long_but_counted = "https://e.example/" + "y" * 300 + " " + "x" * 4900
    tap.check(write(ann, long_but_counted)["content"], "an address counts as 23")


@tap.test
def a_conversation_is_told_from_its_root_and_depth_first():
    root = write(ann, "root")
    first = write(cat, "first", in_reply_to_id=root["id"])
    second = write(cat, "second", in_reply_to_id=root["id"])
    below = write(ann, "below the first", in_reply_to_id=first["id"])
    context = one(ann, below, "/context")
    tap.equal([s["id"] for s in context["ancestors"]], [root["id"], first["id"]], "ancestors")
    context = one(ann, root, "/context")
    tap.equal([s["id"] for s in context["descendants"]], [first["id"], below["id"], second["id"]], "descendants")
    tap.equal(one(ann, below)["in_reply_to_account_id"], first["account"]["id"], "whom it answers")
    tap.equal(one(ann, root)["replies_count"], 2, "replies")




@tap.test
def marks_are_set_taken_back_and_may_be_repeated():
    status = write(ann, "mark me")
    for word, back, key in (("favourite", "unfavourite", "favourited"), ("bookmark", "unbookmark", "bookmarked"),
                            ("mute", "unmute", "muted")):
        for _ in range(2):
            tap.equal(one(cat, status, "/" + word, "POST")[key], True, word)
        tap.equal(one(ann, status)[key], False, f"{key} is the reader's own")
        for _ in range(2):
            tap.equal(one(cat, status, "/" + back, "POST")[key], False, back)
    for _ in range(2):
        boost = one(cat, status, "/reblog", "POST")
        tap.equal((boost["reblog"]["id"], boost["content"]), (status["id"], ""), "boost")
        tap.equal(boost["reblog"]["reblogged"], True, "reblogged")
    tap.equal(one(cat, boost, "/favourite", "POST")["id"], status["id"], "a mark on a boost is on what it shows")
    tap.equal(one(ann, status)["reblogs_count"], 1, "counted once")
    for _ in range(2):
        tap.equal(one(cat, status, "/unreblog", "POST")["reblogged"], False, "unreblog")
    tap.equal(one(ann, status, "/pin", "POST")["pinned"], True, "pin")
    tap.equal(one(ann, status, "/unpin", "POST")["pinned"], False, "unpin")
    tap.check(cat.send("POST", f"{STATUSES}/{status['id']}/pin").status in (403, 422), "another's is not pinned")


@tap.test
def a_deleted_status_is_answered_as_it_was_typed():
    status = write(ann, "typo *here*", spoiler_text="cw")
    arrived(ben, status)
    tap.equal(cat.send("DELETE", f"{STATUSES}/{status['id']}").status, 404, "another's")
    gone = one(ann, status, method="DELETE")
    tap.equal((gone["text"], gone["spoiler_text"]), ("typo *here*", "cw"), "to be written anew")
    tap.equal(ann.get(f"{STATUSES}/{status['id']}").status, 404, "gone")


@tap.test
def t64_what_is_not_for_the_reader_is_404_by_every_route():
    secret = write(ann, f"for {there.handle('ben')}", visibility="direct")
    followers = write(ann, "for those who follow", visibility="private")
    tap.equal(arrived(ben, followers)["visibility"], "private", "a follower reads it")
    for status in (secret, followers):
        for method, suffix in [("GET", ""), ("GET", "/context")] + [
                ("POST", "/" + word) for word in ("favourite", "unfavourite", "reblog", "unreblog", "bookmark", "mute",
                                                  "unmute", "pin", "unpin")]:
            path = f"{STATUSES}/{status['id']}{suffix}"
            tap.equal(cat.send(method, path).status, 404, f"{method} {suffix}")
        tap.equal(cat.send("DELETE", f"{STATUSES}/{status['id']}").status, 404, "DELETE")
        tap.equal(cat.ok("GET", STATUSES, id=status["id"]), [], "by id[]")
        tap.equal(cat.post(STATUSES, status="x", in_reply_to_id=status["id"]).status, 404, "to answer it")
        tap.equal(cat.post(STATUSES, status="x", quoted_status_id=status["id"]).status, 404, "to quote it")
    both = ann.ok("GET", STATUSES + f"?id[]={followers['id']}&id[]=1&id[]={secret['id']}")
    tap.equal([s["id"] for s in both], [followers["id"], secret["id"]], "the author sees both")


@tap.test
def every_node_is_sound():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, teardown=scene.close)
