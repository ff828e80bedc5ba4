#!/usr/bin/python3
"""Ward and a live server built on Fedify, which nobody here wrote: every act, both ways.

    test_fedify.py rfc9421|cavage      which signature scheme Fedify tries first

What acts are about (kinds of objects and actors, audiences, proofs, collections) is test_fedify_things.py.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fedify
from support import tap

first = sys.argv.pop(1) if len(sys.argv) > 1 else "rfc9421"
seen = {}


def setup():
    global meeting, node, fay, ann, wait, wait_home, send
    meeting = fedify.Meeting(first)
    node, fay, ann = meeting.node, meeting.fay, meeting.ann
    wait, wait_home, send = meeting.wait, meeting.wait_home, meeting.send


def _entry(uri, **wanted):
    """Whether a post at Ward has these counts."""
    shown = node.entry(uri)
    return shown and all(shown[name] == value for name, value in wanted.items())


# ---- Follow, Accept, Reject, Undo


@tap.test
def fay_follows_ann():
    fay.do("follow", whom=node.handle("ann"))
    tap.until(lambda: node.counts("ann")[0] == 1, "the follower")
    wait("Accept", "follow")


@tap.test
def ann_follows_fay():
    node.cli("follow", "ann", fay.handle)
    wait("Follow", ann)
    tap.until(lambda: ann in fay.followers(), "Fedify's list of followers")
    tap.until(lambda: node.counts("ann")[1] == 1, "the Accept at Ward")


@tap.test
def a_follow_may_wait_and_be_refused_there():
    fay.do("answer", follows="wait")
    node.cli("follow", "bob", fay.handle_of("org"))
    follow = wait("Follow", fay.person("org"))
    tap.equal(node.counts("bob")[1], 0, "nothing yet")
    fay.do("accept", id=follow["id"])
    tap.until(lambda: node.counts("bob")[1] == 1, "the Accept")
    fay.do("reject", id=follow["id"])
    tap.until(lambda: node.counts("bob")[1] == 0, "who was let in can be thrown out")
    fay.do("answer", follows="accept")


@tap.test
def a_follow_may_wait_and_be_refused_here():
    node.cli("account", "edit", "bob", "--locked", "yes")
    for name, verb in (("bot", "accept"), ("org", "reject")):
        fay.do("follow", whom=node.handle("bob"), **{"as": name})
        tap.until(lambda: node.list("request", "list", "bob"), "the request")
        node.cli("request", verb, "bob", fay.handle_of(name))
    wait("Accept", fay.person("bot"))
    wait("Reject", fay.person("org"))
    tap.equal(node.counts("bob")[0], 1, "one follower")
    node.cli("account", "edit", "bob", "--locked", "no")
    fay.do("unfollow", whom=node.handle("bob"), **{"as": "bot"})
    tap.until(lambda: node.counts("bob")[0] == 0, "the Undo of a Follow")


# ---- Create, Announce, Like, EmojiReact and their Undo


@tap.test
def posts_cross_both_ways():
    seen["ann"] = node.post("ann", "Hello from **Ward** #interop")
    seen["fay"] = fay.do("post", text="Hello from Fedify")["id"]
    create = wait("Create", seen["ann"])
    tap.check("<strong>Ward</strong>" in create["object"]["content"], f"content: {create}")
    tap.until(lambda: node.ledger(seen["ann"])[fay.authority_part]["state"] == "delivered", "the ledger")
    tap.equal(wait_home(seen["fay"], "Hello from Fedify")["author"], fay.handle, "its author")


@tap.test
def replies_cross_both_ways():
    reply = fay.do("post", text="Answer from Fedify", replyTo=seen["ann"])["id"]
    own = node.post("ann", "Answer from Ward", "--reply-to", seen["fay"])
    tap.until(lambda: meeting.thread(seen["ann"], reply), "the reply in the thread")
    tap.equal(wait("Create", own)["object"]["inReplyTo"], seen["fay"], "inReplyTo")


@tap.test
def likes_boosts_and_reactions_cross_both_ways():
    seen["Like"] = fay.do("like", object=seen["ann"])["id"]
    seen["Announce"] = fay.do("boost", object=seen["ann"])["id"]
    seen["EmojiReact"] = send({"type": "EmojiReact", "content": "\N{PARTY POPPER}", "object": seen["ann"]})
    tap.until(lambda: _entry(seen["ann"], likes=1, boosts=1), "like and boost are counted")
    node.cli("like", "ann", seen["fay"])
    node.cli("boost", "ann", seen["fay"])
    node.cli("react", "ann", seen["fay"], "\N{HOT BEVERAGE}")
    wait("Like", seen["fay"])
    wait("Announce", seen["fay"])
    tap.check(meeting.arrived("EmojiReact", "\N{HOT BEVERAGE}") or _reaction(), "the reaction at Fedify")


def _reaction():
    """A reaction is a Like with content where that is how it is sent."""
    return tap.until(lambda: [r for r in fay.received() if "\N{HOT BEVERAGE}" in str(r["document"])], "the reaction")


@tap.test
def undo_of_each_crosses_both_ways():
    for kind in ("Like", "Announce", "EmojiReact"):
        undone = {"type": kind, "id": seen[kind], "actor": fay.actor, "object": seen["ann"]}
        send({"type": "Undo", "object": undone})
    tap.until(lambda: _entry(seen["ann"], likes=0, boosts=0), "like and boost to go")
    for verb in ("unlike", "unboost", "unreact"):
        node.cli(verb, "ann", seen["fay"])
    tap.until(lambda: len(meeting.arrived("Undo", seen["fay"])) == 3, "three Undos at Fedify")


@tap.test
def an_undo_may_only_name_what_it_undoes():
    like = fay.do("like", object=seen["ann"])["id"]
    tap.until(lambda: _entry(seen["ann"], likes=1), "the like")
    send({"type": "Undo", "object": like})
    tap.until(lambda: _entry(seen["ann"], likes=0), "the like to go")


# ---- Update, Delete


@tap.test
def edits_cross_both_ways():
    fay.do("edit", id=seen["fay"], text="Changed at Fedify")
    node.cli("edit", seen["ann"], "Changed at Ward")
    tap.check(wait_home(seen["fay"], "Changed at Fedify")["edited"], "when it was edited")
    tap.check("updated" in wait("Update", "Changed at Ward")["object"], "when it was edited")


@tap.test
def profiles_cross_both_ways():
    fay.do("profile", name="Fay the Second", summary="<p>Writes</p>")
    node.cli("account", "edit", "ann", "--display-name", "Ann the Second", "--bio", "Reads")
    tap.until(lambda: node.ask("lookup", fay.handle)["display_name"] == "Fay the Second", "fay's new name")
    tap.equal(wait("Update", "Ann the Second")["object"]["type"], "Person", "ann's new name")


@tap.test
def deletes_cross_both_ways():
    fay.do("delete", id=seen["fay"])
    node.cli("delete", seen["ann"], "--yes")
    tap.until(lambda: meeting.home(seen["fay"]) is None, "the post to go")
    tap.equal(wait("Delete", seen["ann"])["object"]["type"], "Tombstone", "what is left of it")


# ---- what is not known or not for us is taken, and nothing happens


@tap.test
def views_reads_and_unknown_activities_are_tolerated():
    uri = node.post("ann", "Looked at")
    for kind in ("View", "Read", "Listen", "Arrive", "Dislike"):
        send({"type": kind, "object": uri})
    tap.equal(node.entry(uri)["likes"], 0, "likes")


# ---- Add, Remove: what is pinned


@tap.test
def pins_cross_both_ways():
    own, featured = node.post("ann", "Read this first"), node.actor("ann")["featured"]
    wait("Create", own)
    node.cli("pin", "ann", own)
    tap.equal(wait("Add", own)["target"], featured, "where it is pinned")
    tap.equal([i["id"] for i in fay.do("collect", uri=featured)["items"]], [own], "what Fedify finds pinned")
    node.cli("unpin", "ann", own)
    tap.equal(wait("Remove", own)["target"], featured, "where it was pinned")
    uri = fay.do("post", text="Read that first")["id"]
    wait_home(uri)
    fay.do("pin", ids=[uri])
    send({"type": "Add", "object": uri, "target": f"{fay.actor}/featured"})
    tap.until(lambda: uri in _pinned(), "what Ward shows as pinned")
    fay.do("pin", ids=[])
    send({"type": "Remove", "object": uri, "target": f"{fay.actor}/featured"})
    tap.until(lambda: uri not in _pinned(), "nothing pinned")


def _pinned():
    return node.ask("lookup", fay.handle)["pinned"]


# ---- Block


@tap.test
def blocks_cross_both_ways():
    fay.do("follow", whom=node.handle("bob"))
    tap.until(lambda: node.counts("bob")[0] == 1, "fay follows bob")
    node.cli("block", "bob", fay.handle, "--tell")
    wait("Block", fay.actor)
    tap.equal(node.counts("bob")[0], 0, "a block ends follows")
    node.cli("unblock", "bob", fay.handle)
    wait("Undo", "Block")
    node.cli("follow", "bob", fay.handle)
    tap.until(lambda: node.counts("bob")[1] == 1, "bob follows fay")
    bob = node.actor("bob")["id"]
    block = send({"type": "Block", "object": bob})
    tap.until(lambda: node.counts("bob")[1] == 0, "bob no longer follows who blocks him")
    send({"type": "Undo", "object": {"type": "Block", "id": block, "actor": fay.actor, "object": bob}})


# ---- Flag


@tap.test
def reports_cross_both_ways():
    uri = node.post("ann", "Reported")
    send({"type": "Flag", "content": "This is wrong", "object": [ann, uri]})
    tap.until(lambda: "This is wrong" in node.cli("report", "list", "--json"), "fay's report")
    node.cli("report", "create", "ann", fay.handle, "Not kind", "--forward")
    flag = wait("Flag", fay.actor)
    tap.equal(flag["content"], "Not kind", "what it says")
    tap.check(flag["actor"] != ann, f"it names the node, not who reported: {flag}")


# ---- Move


@tap.test
def moves_cross_both_ways():
    node.cli("follow", "ann", fay.handle_of("bot"))
    fay.do("follow", whom=node.handle("bob"))
    tap.until(lambda: node.counts("ann")[1] == 2 and node.counts("bob")[0] == 1, "the follows")
    bob, bot, new = node.actor("bob")["id"], fay.person("bot"), fay.person("new")
    fay.do("profile", quiet=True, aliases=[bot, bob], **{"as": "new"})
    fay.do("profile", quiet=True, successor=new, **{"as": "bot"})
    send({"type": "Move", "object": bot, "target": new}, **{"as": "bot"})
    tap.until(lambda: node.list("moved", "list", "ann"), "the Move at Ward")
    node.cli("moved", "accept", "ann", "--all")
    tap.until(lambda: ann in fay.followers("new") and ann not in fay.followers("bot"), "ann to follow on")
    node.cli("account", "move", "bob", fay.handle_of("new"), "--yes")
    move = wait("Move", bob)
    tap.equal((move["object"], move["target"]), (bob, new), "who moves where")
    tap.equal(node.actor("bob")["movedTo"], new, "what bob's document says")


@tap.test
def a_move_that_the_target_does_not_confirm_is_nothing():
    node.cli("follow", "ann", fay.handle_of("app"))
    tap.until(lambda: ann in fay.followers("app"), "the follow")
    fay.do("profile", quiet=True, successor=fay.person("org"), **{"as": "app"})
    send({"type": "Move", "object": fay.person("app"), "target": fay.person("org")}, **{"as": "app"})
    tap.never(lambda: node.list("moved", "list", "ann"), "a move to who knows nothing of it", 0.5)


# ---- the end


@tap.test
def unfollows_cross_both_ways():
    fay.do("unfollow", whom=node.handle("ann"))
    for name in ("fay", "new", "app"):
        node.cli("unfollow", "ann", fay.handle_of(name))
    tap.until(lambda: node.counts("ann") == (0, 0), "the follows to go")
    tap.until(lambda: ann not in fay.followers(), "Fedify's follower to go")


@tap.test
def an_account_can_go_on_either_side():
    bob = node.actor("bob")["id"]
    node.cli("account", "delete", "bob", "--yes")
    tap.equal(wait("Delete", bob)["actor"], bob, "whose account goes")
    uri = fay.do("post", text="Soon gone")["id"]
    node.cli("lookup", uri)
    send({"type": "Delete", "object": fay.actor})
    tap.until(lambda: node.entry(uri) is None, "fay's posts to go with fay")


@tap.test
def every_signature_was_right_the_first_time_or_by_the_known_fallback():
    meeting.judge_signatures()


@tap.test
def the_node_ends_soundly():
    meeting.stage.end_soundly()


def teardown():
    if "meeting" in globals():
        meeting.close()


if __name__ == "__main__":
    tap.main(setup, teardown)
