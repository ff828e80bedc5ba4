#!/usr/bin/python3
"""Ward and a live server built on Fedify, which nobody here wrote: every act, both ways.

    test_fedify.py rfc9421|cavage      which signature scheme Fedify tries first
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fedify
from support import stage, tap

first = sys.argv.pop(1) if len(sys.argv) > 1 else "rfc9421"
scene = stage.Stage()
seen = {}


def setup():
    global node, fay, ann
    packages = os.path.abspath(os.environ.get("WARD_FEDIFY", os.path.join("build", "fedify")))
    fay = fedify.Fedify(packages, scene.authority, os.path.join(scene.folder, "fedify.log"), first)
    node = scene.node("ward")
    node.account("ann")
    node.allow(fay.authority_part)
    ann = node.actor("ann")["id"]


def _arrived(kind, about):
    """What Fedify got and verified: activities of `kind` that have `about` in them."""
    found = [r for r in fay.received(kind) if about in str(r["document"])]
    if not found:
        wrong = fay.rejected()
        tap.check(not wrong, f"Fedify refused: {wrong[-1:]}")
    return found


def _wait(kind, about):
    found = tap.until(lambda: _arrived(kind, about), f"the {kind} at Fedify")
    tap.check(found[0]["signed"], f"an activity without a good HTTP signature: {found[0]}")
    return found[0]["document"]


def _send(activity, **more):
    """An activity of fay's to ann; its id."""
    return fay.do("send", activity=activity, to=[node.handle("ann")], **more)["id"]


def _in_home(uri):
    return next((p for p in node.timeline("ann") if p["uri"] == uri), None)


@tap.test
def fay_follows_ann():
    fay.do("follow", whom=node.handle("ann"))
    tap.until(lambda: node.counts("ann")[0] == 1, "the follower")
    _wait("Accept", "follow")


@tap.test
def ann_follows_fay():
    node.cli("follow", "ann", fay.handle)
    _wait("Follow", ann)
    tap.until(lambda: ann in fay.followers(), "Fedify's list of followers")
    tap.until(lambda: node.counts("ann")[1] == 1, "the Accept at Ward")


@tap.test
def anns_post_arrives_at_fay():
    seen["ann"] = node.post("ann", "Hello from **Ward** #interop")
    create = _wait("Create", seen["ann"])
    tap.check("<strong>Ward</strong>" in str(create), f"content: {create}")
    tap.until(lambda: node.ledger(seen["ann"])[fay.authority_part]["state"] == "delivered", "the ledger")


@tap.test
def fays_post_arrives_at_ann():
    seen["fay"] = fay.do("post", text="Hello from Fedify")["id"]
    tap.until(lambda: _in_home(seen["fay"]), "the post in ann's home")
    tap.check("Hello from Fedify" in _in_home(seen["fay"])["text"], "its text")
    tap.equal(_in_home(seen["fay"])["author"], fay.handle, "its author")


@tap.test
def fays_followers_only_post_arrives_too():
    uri = fay.do("post", text="For followers", visibility="followers")["id"]
    tap.until(lambda: _in_home(uri), "the post")
    tap.equal(_in_home(uri)["visibility"], "followers", "visibility")


def _thread(root, uri):
    return next((p for p in node.list("thread", root) if p["uri"] == uri), None)


@tap.test
def replies_cross_both_ways():
    reply = fay.do("post", text="Answer from Fedify", replyTo=seen["ann"])["id"]
    tap.until(lambda: _thread(seen["ann"], reply), "the reply in the thread")
    own = node.post("ann", "Answer from Ward", "--reply-to", seen["fay"])
    tap.check(seen["fay"] in str(_wait("Create", own)["object"]), "inReplyTo")


@tap.test
def likes_cross_both_ways():
    seen["like"] = fay.do("like", object=seen["ann"])["id"]
    tap.until(lambda: node.entry(seen["ann"])["likes"] == 1, "the like is counted")
    node.cli("like", "ann", seen["fay"])
    _wait("Like", seen["fay"])


@tap.test
def boosts_cross_both_ways():
    seen["boost"] = fay.do("boost", object=seen["ann"])["id"]
    tap.until(lambda: node.entry(seen["ann"])["boosts"] == 1, "the boost is counted")
    node.cli("boost", "ann", seen["fay"])
    _wait("Announce", seen["fay"])


@tap.test
def edits_cross_both_ways():
    fay.do("edit", id=seen["fay"], text="Changed at Fedify")
    tap.until(lambda: "Changed at Fedify" in _in_home(seen["fay"])["text"], "the edited text")
    node.cli("edit", seen["ann"], "Changed at Ward")
    tap.check("Changed at Ward" in str(_wait("Update", "Changed at Ward")), "the Update")


@tap.test
def undo_of_likes_and_boosts_crosses_both_ways():
    for kind in ("like", "boost"):
        undone = {"type": {"like": "Like", "boost": "Announce"}[kind], "id": seen[kind], "object": seen["ann"]}
        _send({"type": "Undo", "object": {"actor": fay.actor, **undone}})
    tap.until(lambda: node.entry(seen["ann"])["likes"] == 0, "the like to go")
    tap.until(lambda: node.entry(seen["ann"])["boosts"] == 0, "the boost to go")
    node.cli("unlike", "ann", seen["fay"])
    node.cli("unboost", "ann", seen["fay"])
    tap.until(lambda: len(_arrived("Undo", seen["fay"])) == 2, "two Undos at Fedify")


@tap.test
def fedify_fetches_a_followers_only_post_with_its_signature():
    uri = node.post("ann", "For followers of ann", "--visibility", "followers")
    _wait("Create", uri)
    tap.check("For followers of ann" in str(fay.do("fetch", uri=uri)), "the fetched post")


@tap.test
def ward_fetches_from_fedify():
    uri = fay.do("post", text="To be looked up")["id"]
    node.cli("lookup", uri)
    node.cli("lookup", fay.handle)


@tap.test
def deletes_cross_both_ways():
    fay.do("delete", id=seen["fay"])
    try:
        tap.until(lambda: _in_home(seen["fay"]) is None, "the post to go")
    except tap.Failure:
        print(node.tail(12)); print(_in_home(seen["fay"])); raise
    node.cli("delete", seen["ann"], "--yes")
    _wait("Delete", seen["ann"])


@tap.test
def unfollows_cross_both_ways():
    fay.do("unfollow", whom=node.handle("ann"))
    tap.until(lambda: node.counts("ann")[0] == 0, "the follower to go")
    node.cli("unfollow", "ann", fay.handle)
    tap.until(lambda: ann not in fay.followers(), "Fedify's follower to go")


@tap.test
def every_signature_was_right_the_first_time_or_by_the_known_fallback():
    tap.equal([r for r in fay.rejected() if r["status"] != 401], [], "refused by Fedify")
    tap.equal(fay.specs().get(node.base), {"rfc9421": "rfc9421"}.get(first, "draft-cavage-http-signatures-12"),
              "the scheme Ward accepted from Fedify")
    schemes = sorted({r["scheme"] for r in fay.received()})
    tap.note(f"figure: Fedify tried {first} first; Ward's requests verified as {', '.join(schemes)}")


@tap.test
def the_node_ends_soundly():
    scene.end_soundly()


def teardown():
    if "fay" in globals():
        log = open(os.path.join(scene.folder, "fedify.log"), encoding="utf-8").read()
        tap.note("the end of Fedify's log:\n" + "\n".join(log.splitlines()[-30:]))
        fay.stop()
    scene.close()


if __name__ == "__main__":
    tap.main(setup, teardown)
