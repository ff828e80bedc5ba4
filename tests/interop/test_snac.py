#!/usr/bin/python3
"""Ward and snac2, from Debian's backports: a complete server in C with federation code of its own.

Why this one: it shares no line and no author with Fedify, it is what Debian has, and it takes what is hard:
it speaks draft-cavage only (RFC 9421 it drops), answers 202 before it looks at a signature, fetches keys
unsigned, has a collection of followers that is always empty and no shared inbox.

snac has no followers-only posts, so it sends none, and none of these either: Reject, Block, Flag, Add, Remove,
EmojiReact, quotes, Delete of an account, RFC 9421, object proofs. It finds no mention of a host with a port
in a text, so its direct post names ann in the form. What it gets of those it drops, keeps
aside ("ignored") or reads as something else, and each is sent to it here where Ward sends it. An Undo of a
boost it takes and leaves the boost in its list, on purpose.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import picture
import snac
from support import stage, tap

scene = stage.Stage()
seen = {}


def setup():
    global node, sam, ann
    cache = os.path.abspath(os.environ.get("WARD_SNAC", os.path.join("build", "snac2")))
    sam = snac.Snac(cache, scene.authority, scene.folder)
    node = scene.node("ward")
    node.account("ann", "bob")
    node.allow(sam.part)
    ann = node.actor("ann")["id"]


def _home(uri):
    return next((p for p in node.timeline("ann") if p["uri"] == uri), None)


def _in(text, uri):
    """Whether ann's home has the post, with this text."""
    shown = _home(uri)
    return shown and text in shown["text"]


def _stored(uri, text):
    """What snac stored under `uri`, once that has `text` in it."""
    found = sam.object(uri)
    return found if found and text in found.get("content", "") else None


def _address(post, which):
    found = post.get(which) or []
    return found if isinstance(found, list) else [found]


PUBLIC = "https://www.w3.org/ns/activitystreams#Public"


@tap.test
def each_finds_the_other_by_webfinger():
    tap.check(ann in sam.cli("webfinger", node.handle("ann")), "snac finds ann")
    tap.equal(node.ask("lookup", sam.handle)["uri"], sam.actor, "Ward finds sam")


@tap.test
def follows_cross_both_ways_and_are_accepted():
    node.cli("follow", "ann", sam.handle)
    sam.cli("follow", "sam", ann)
    tap.until(lambda: node.counts("ann") == (1, 1), "both follows at Ward")
    tap.until(lambda: "confirmed follow" in sam.logged(), "Ward's Accept at snac")
    relation = sam.relation(ann)
    tap.check(relation["following"] and relation["followed_by"], f"both follows at snac: {relation}")
    tap.equal(sam.object(ann)["preferredUsername"], "ann", "the actor as snac has it")


@tap.test
def posts_cross_both_ways():
    seen["ann"] = node.post("ann", "Hello from **Ward** #interop")
    seen["sam"] = sam.post("Hello from **snac** #interop")
    seen["unlisted"] = sam.post("Quiet words", visibility="unlisted")
    seen["quiet"] = node.post("ann", "Quiet words from Ward", "--visibility", "unlisted")
    tap.until(lambda: _in("Hello from snac", seen["sam"]), "sam's post in ann's home")
    tap.equal(_home(seen["sam"])["author"], sam.handle, "its author")
    tap.until(lambda: _home(seen["unlisted"]), "the unlisted post")
    tap.equal(_home(seen["unlisted"])["visibility"], "unlisted", "its visibility")
    got = tap.until(lambda: _stored(seen["ann"], "<strong>Ward</strong>"), "ann's post at snac")
    tap.check(PUBLIC in _address(got, "to"), f"public: {got}")
    tap.equal([t["name"] for t in got["tag"] if t["type"] == "Hashtag"], ["#interop"], "hashtags at snac")
    tap.until(lambda: sam.status(seen["ann"]), "ann's post in sam's home")
    got = tap.until(lambda: sam.object(seen["quiet"]), "the unlisted post at snac")
    tap.check(PUBLIC in _address(got, "cc") and PUBLIC not in _address(got, "to"), f"unlisted: {got}")


@tap.test
def hashtags_are_found_by():
    tap.check(seen["sam"] in node.uris("ann", "--tag", "interop"), "sam's post under its hashtag")


@tap.test
def what_is_not_for_everybody_stays_so():
    whisper = node.post("ann", "Only for sam", "--visibility", "direct", "--to", sam.handle)
    circle = node.post("ann", "For followers", "--visibility", "followers")
    sam.form("note", content="Only for ann", to=ann, mentioned_only="on")
    got = tap.until(lambda: _stored(whisper, "Only for sam"), "the direct post at snac")
    tap.equal(_address(got, "to") + _address(got, "cc"), [sam.actor], "to nobody else")
    got = tap.until(lambda: _stored(circle, "For followers"), "the followers-only post at snac")
    tap.check(PUBLIC not in _address(got, "to") + _address(got, "cc"), "not public")
    shown = tap.until(lambda: node.timeline("ann", "--mentions"), "sam's direct post")[0]
    tap.equal((shown["text"], shown["visibility"]), ("Only for ann", "direct"), "as ann sees it")
    tap.check(shown["uri"] not in node.uris("bob", "--public"), "bob does not see it")


@tap.test
def a_content_warning_and_a_language_are_kept():
    own = node.post("ann", "Under the fold", "--cw", "About needles", "--lang", "en")
    other = sam.post("Sous le pli", spoiler_text="Aiguilles", language="fr")
    got = tap.until(lambda: _stored(own, "Under the fold"), "ann's post")
    tap.equal((got["summary"], got["sensitive"]), ("About needles", True), "the warning at snac")
    tap.equal(list(got["contentMap"]), ["en"], "the language at snac")
    tap.until(lambda: _in("Sous le pli", other), "sam's post")
    tap.equal(_home(other)["cw"], "Aiguilles", "the warning at Ward")


@tap.test
def replies_likes_and_boosts_cross_both_ways():
    sam.act(seen["ann"], "favourite")
    sam.act(seen["ann"], "reblog")
    reply = sam.post("Answer from snac", in_reply_to_id=sam.status(seen["ann"])["id"])
    node.cli("like", "ann", seen["sam"])
    node.cli("boost", "ann", seen["sam"])
    own = node.post("ann", "Answer from Ward", "--reply-to", seen["sam"])
    tap.until(lambda: reply in [p["uri"] for p in node.list("thread", seen["ann"])], "sam's reply in the thread")
    tap.until(lambda: node.entry(seen["ann"])["likes"] == 1, "sam's like is counted")
    tap.until(lambda: node.entry(seen["ann"])["boosts"] == 1, "sam's boost is counted")
    got = tap.until(lambda: _stored(own, "Answer from Ward"), "ann's reply at snac")
    tap.equal(got["inReplyTo"], seen["sam"], "what it answers")
    for kind in ("Like", "Announce"):
        tap.until(lambda kind=kind: sam.notified(kind), f"the {kind} at snac")
        tap.equal(sam.notified(kind)[0]["actor"], ann, "who did it")
    shown = sam.status(seen["sam"])
    tap.equal((shown["favourites_count"], shown["reblogs_count"]), (1, 1), "counted at snac")


@tap.test
def attachments_polls_and_reactions_cross_as_far_as_they_can():
    path = os.path.join(scene.folder, "chart.png")
    with open(path, "wb") as file:
        file.write(picture.png())
    own = node.post("ann", "Look here", "--media", path, "--alt", "Doses by hour")
    sam.form("note", content="A picture", attach_url_0=f"{sam.base}/sam/s/x.png", alt_text_0="Doses by day")
    sam.form("note", content="Tea or coffee?", poll_options="Tea\nCoffee", poll_end_secs="3600")
    node.cli("react", "ann", seen["sam"], "\N{HOT BEVERAGE}")
    got = tap.until(lambda: _stored(own, "Look here"), "ann's picture")
    tap.equal([a["name"] for a in got["attachment"]], ["Doses by hour"], "its words at snac")
    tap.check(sam.status(own)["media_attachments"][0]["url"], "shown at snac")
    shown = tap.until(lambda: _newest("A picture"), "sam's picture")
    tap.equal(shown["attachments"][0]["description"], "Doses by day", "its words at Ward")
    seen["poll"] = tap.until(lambda: _newest("Tea or coffee?"), "sam's poll")
    tap.equal([o["name"] for o in seen["poll"]["poll"]["options"]], ["Tea", "Coffee"], "what can be chosen")
    tap.until(lambda: sam.notified("EmojiReact") or sam.notified("Like")[1:], "the reaction at snac")


def _newest(text):
    """sam's newest post with this text in ann's home."""
    return next((p for p in node.timeline("ann") if text in p["text"] and p["author"] == sam.handle), None)


@tap.test
def votes_cross_both_ways():
    own = node.post("ann", "Tea or coffee, sam?", "--poll", "Tea", "--poll", "Coffee")
    node.cli("vote", "ann", seen["poll"]["uri"], "Coffee")
    tap.until(lambda: sam.status(own), "ann's poll at snac")
    tap.equal([o["name"] for o in sam.object(own)["oneOf"]], ["Tea", "Coffee"], "what can be chosen")
    sam.form("vote", actor=ann, irt=own, question="Tea")
    tap.until(lambda: [o["votes"] for o in _home(own)["poll"]["options"]] == [1, 0], "sam's vote is counted")
    question = tap.until(lambda: _counted(seen["poll"]["uri"]), "ann's vote is counted at snac")
    tap.equal(question["votersCount"], 1, "how many voted")
    tap.until(lambda: [o["votes"] for o in _home(seen["poll"]["uri"])["poll"]["options"]] == [0, 1], "its results")


def _counted(uri):
    question = sam.object(uri)
    return question if [o["replies"]["totalItems"] for o in question["oneOf"]] == [0, 1] else None


@tap.test
def edits_and_profiles_cross_both_ways():
    node.cli("edit", seen["ann"], "Changed at Ward")
    node.cli("account", "edit", "ann", "--display-name", "Ann of Ward")
    sam.api("PUT", f"statuses/{sam.status(seen['sam'])['id']}", status="Changed at snac")
    sam.api("PATCH", "accounts/update_credentials", display_name="Sam of snac", note="A short life")
    tap.until(lambda: _in("Changed at snac", seen["sam"]), "the edited text at Ward")
    tap.until(lambda: node.ask("lookup", sam.handle)["display_name"] == "Sam of snac", "sam's new name at Ward")
    tap.until(lambda: _stored(seen["ann"], "Changed at Ward"), "the edited text at snac")
    tap.until(lambda: sam.object(ann)["name"] == "Ann of Ward", "ann's new name at snac")


@tap.test
def undo_of_likes_and_boosts_crosses_both_ways():
    sam.act(seen["ann"], "unfavourite")
    sam.act(seen["ann"], "unreblog")
    node.cli("unlike", "ann", seen["sam"])
    node.cli("unboost", "ann", seen["sam"])
    tap.until(lambda: node.entry(seen["ann"])["likes"] == 0, "the like to go")
    tap.until(lambda: node.entry(seen["ann"])["boosts"] == 0, "the boost to go")
    tap.until(lambda: sam.status(seen["sam"])["favourites_count"] == 0, "ann's like to go at snac")
    tap.until(lambda: f"Unboost for {seen['sam']}" in sam.logged(), "the Undo of the boost at snac")


@tap.test
def deletes_cross_both_ways():
    sam.form("action", action="Delete", id=seen["sam"], actor=sam.actor)
    node.cli("delete", seen["ann"], "--yes")
    tap.until(lambda: _home(seen["sam"]) is None, "sam's post to go")
    tap.until(lambda: sam.object(seen["ann"]) is None, "ann's post to go at snac")


@tap.test
def snac_follows_a_group_and_reads_what_it_announces():
    node.cli("group", "create", "pharmacy")
    group = node.actor("pharmacy")["id"]
    sam.cli("follow", "sam", group)
    tap.until(lambda: node.ask("account", "show", "pharmacy")["followers"] == 1, "sam in the group")
    node.cli("follow", "bob", "pharmacy")
    uri = node.post("bob", "Linezolid is short", "--group", "pharmacy")
    tap.until(lambda: _stored(uri, "Linezolid"), "bob's post, which only the group announced")


@tap.test
def a_post_is_recalled_and_snac_confirms():
    uri = node.post("ann", "To be recalled")
    tap.until(lambda: sam.object(uri), "the post at snac")
    lines = node.list("recall", uri, "--yes", "--wait", "10")
    tap.equal([(x["host"], x["state"]) for x in lines], [(sam.part, "confirmed")], "who confirmed")
    tap.until(lambda: sam.object(uri) is None, "the post to go at snac")


@tap.test
def moves_cross_both_ways():
    for old in (sam.actor, ann):
        node.cli("account", "alias", "bob", old)
    sam.cli("alias", "sam", node.handle("bob"))
    tap.check("Cannot" not in sam.cli("migrate", "sam"), "snac's migration")
    tap.until(lambda: node.list("moved", "list", "ann"), "sam's Move at Ward")
    node.cli("account", "move", "ann", node.handle("bob"), "--yes")
    tap.until(lambda: sam.notified("Move"), "ann's Move at snac")


@tap.test
def a_block_is_told():
    node.cli("block", "bob", sam.handle, "--tell")
    tap.until(lambda: sam.notified("Block"), "the Block at snac")
    node.cli("unblock", "bob", sam.handle)


@tap.test
def unfollows_cross_both_ways():
    sam.cli("unfollow", "sam", ann)
    node.cli("unfollow", "ann", sam.handle)
    tap.until(lambda: node.counts("ann") == (0, 0), "both follows to go at Ward")
    tap.until(lambda: "no longer following us" in sam.logged(), "ann's follow to go at snac")
    tap.check(not sam.relation(ann)["followed_by"], "no follower at snac")


@tap.test
def an_account_that_goes_is_gone_at_snac():
    bob = node.actor("bob")["id"]
    uri = node.post("bob", "Last words", "--visibility", "direct", "--to", sam.handle)
    tap.until(lambda: sam.object(uri), "bob's last post at snac")
    node.cli("account", "delete", "bob", "--yes")
    tap.until(lambda: f"new 'Delete' {bob} {bob}" in sam.logged(), "bob to go at snac")


@tap.test
def snac_found_every_signature_right():
    wrong = [line for line in sam.logged().splitlines() if "bad signature" in line or "check FAILED" in line]
    tap.equal(wrong, [], "signatures snac refused")
    refused = [line for line in sam.logged().splitlines() if "sent to inbox" in line and node.part in line]
    tap.check(refused and all("(202" in line for line in refused), f"what Ward refused: {refused}")
    tap.note(f"figure: snac2 {sam.version}")


@tap.test
def the_node_ends_soundly():
    scene.end_soundly()


def teardown():
    if "sam" in globals():
        tap.note("the end of snac's log:\n" + "\n".join(sam.logged().splitlines()[-40:]))
        sam.stop()
    scene.close()


if __name__ == "__main__":
    tap.main(setup, teardown)
