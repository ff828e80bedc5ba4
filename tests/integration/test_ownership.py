#!/usr/bin/python3
"""What belongs to whom: forged ids, other people's posts, deletes, undos and accepts, peers nobody allowed."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import peer, stage, tap
from support.stage import ok, refused

scene = stage.Stage()


def setup():
    global node, friend, evil, stranger, vic, neighbour, mallory
    node = scene.node("ward")
    node.account("ann")
    friend, evil = scene.server("friend.localhost"), scene.server("evil.localhost")
    stranger = scene.server("stranger.localhost", "sub.friend.localhost")
    node.allow(friend.authority_part, evil.authority_part)
    stage.make_stranger(node, *(f"{host}:{stranger.port}" for host in stranger.hosts))
    vic, neighbour, mallory = friend.actor("vic"), friend.actor("neighbour"), evil.actor("mallory")
    for actor in (vic, neighbour, mallory):
        stage.befriend(node, "ann", actor)


def _send(actor, activity):
    return actor.post(node.inbox("ann"), activity)


def _is_shown(uri):
    return uri in node.uris("ann", limit=200)


def _text(uri):
    return next((p["text"] for p in node.timeline("ann", limit=200) if p["uri"] == uri), None)


def _has_no_effect(actor, activity, uri, text):
    """`activity` is refused or ignored: the post `uri` still says `text`."""
    answer = _send(actor, activity)
    tap.check(answer.status < 500, f"status {answer.status}")
    tap.never(lambda: text not in (_text(uri) or ""), f"the post changed: {activity['type']}", 0.4)


def _published(text, actor=None):
    actor = actor or vic
    note = actor.note(text)
    ok(_send(actor, actor.create(note)))
    tap.until(lambda: _is_shown(note["id"]), "the post")
    return note


@tap.test
def t27_an_activity_id_at_another_host_is_refused():
    note = vic.note("misplaced")
    refused(_send(vic, vic.create(note, id=mallory.new_id())), 403)
    tap.check(not _is_shown(note["id"]), "stored")


@tap.test
def t28_an_object_of_another_host_is_refused_and_its_name_stays_free():
    note = vic.note("the true one")
    stolen = {**note, "content": "<p>stolen</p>", "attributedTo": mallory.id}
    refused(_send(mallory, mallory.create(stolen)), 403)
    stolen["attributedTo"] = vic.id
    refused(_send(mallory, mallory.create(stolen)), 403)
    foreign = {**mallory.note("by another"), "attributedTo": neighbour.id}
    refused(_send(mallory, mallory.create(foreign)), 403)
    tap.check(not _is_shown(note["id"]) and not _is_shown(foreign["id"]), "stored")
    ok(_send(vic, vic.create(note)), "the true owner")
    tap.until(lambda: "the true one" in (_text(note["id"]) or ""), "the true one")


@tap.test
def t28_an_object_of_a_neighbour_is_refused():
    note = {**vic.note("my neighbour's words"), "attributedTo": neighbour.id}
    refused(_send(vic, vic.create(note)), 403)
    tap.check(not _is_shown(note["id"]), "stored")


@tap.test
def t29_nobody_else_speaks_for_our_own_host():
    ann = node.actor("ann")["id"]
    own = node.post("ann", "mine")
    for change in ({"id": own + "9"}, {"attributedTo": ann}, {"id": own, "attributedTo": ann}):
        note = {**vic.note("as if from you"), **change}
        refused(_send(vic, vic.create(note)), 403)
    refused(_send(vic, {**vic.create(vic.note("x")), "actor": ann}), 403)
    refused(_send(vic, {**vic.create(vic.note("x")), "id": node.base + "/made-up"}), 403)
    tap.check("mine" in _text(own), "our own post changed")
    tap.check("as if from you" not in str(node.timeline("ann", limit=200)), "stored")


@tap.test
def t30_a_fetched_document_must_be_what_was_asked_for():
    note = vic.note("fetched")
    path = note["id"].split(friend.authority_part)[1]
    for wrong in (
        peer.Answer(200, document={**note, "id": vic.new_id("note")}),
        peer.Answer(200, document={k: v for k, v in note.items() if k != "id"}),
        peer.Answer(302, {"Location": mallory.note("elsewhere")["id"]}),
        peer.Answer(200, document={**note, "id": mallory.new_id("note"), "attributedTo": mallory.id}),
    ):
        friend.on(path, wrong)
        node.refuses("lookup", note["id"])
    friend.on(path, peer.Answer(200, document=note))
    node.cli("lookup", note["id"])


@tap.test
def t30_a_fetched_actor_must_be_the_one_asked_for():
    false = friend.actor("false")
    friend.on(false.path, peer.Answer(200, document={**false.document(), "id": vic.id}))
    node.refuses("lookup", false.handle)


@tap.test
def t37_only_its_author_updates_a_note():
    note = _published("original words")
    changed = {**note, "content": "<p>forged words</p>", "updated": "2099-01-01T00:00:00Z"}
    for actor in (neighbour, mallory):
        for author in (vic.id, actor.id):
            update = actor.activity("Update", {**changed, "attributedTo": author})
            _has_no_effect(actor, update, note["id"], "original")
    ok(_send(vic, vic.activity("Update", {**changed, "content": "<p>corrected</p>"})))
    tap.until(lambda: "corrected" in (_text(note["id"]) or ""), "the author's own update")


@tap.test
def t40_only_its_author_deletes_a_note():
    note = _published("keep me")
    for actor in (neighbour, mallory):
        for thing in (note["id"], {"id": note["id"], "type": "Tombstone"}, note):
            _has_no_effect(actor, actor.activity("Delete", thing), note["id"], "keep me")


@tap.test
def t40_a_delete_of_the_unknown_binds_only_its_own_host():
    early = vic.note("deleted by a stranger to it before it came")
    tap.check(_send(mallory, mallory.activity("Delete", early["id"])).status < 500, "status")
    ok(_send(vic, vic.create(early)))
    tap.until(lambda: _is_shown(early["id"]), "the post")


@tap.test
def t41_what_was_deleted_stays_deleted():
    note = _published("short-lived")
    ok(_send(vic, vic.activity("Delete", {"id": note["id"], "type": "Tombstone"})))
    tap.until(lambda: not _is_shown(note["id"]), "the post to go")
    _send(vic, vic.create(note))
    _send(vic, vic.create(note, id=vic.new_id("again")))
    tap.never(lambda: _is_shown(note["id"]), "the deleted post came back by a Create", 0.6)
    node.refuses("lookup", note["id"])
    tap.check(not _is_shown(note["id"]), "the deleted post came back by a fetch")
    unseen = vic.note("deleted before it came")
    ok(_send(vic, vic.activity("Delete", {"id": unseen["id"], "type": "Tombstone"})))
    _send(vic, vic.create(unseen))
    tap.never(lambda: _is_shown(unseen["id"]), "a post that came after its Delete", 0.6)


def _counts(uri):
    line = node.entry(uri)
    return line["likes"], line["boosts"]


@tap.test
def t42_nobody_undoes_what_another_did():
    own = node.post("ann", "likeable")
    like, boost = vic.activity("Like", own), vic.activity("Announce", own)
    follow = stage.follow_back(node, "ann", vic)
    ok(_send(vic, like))
    ok(_send(vic, boost))
    tap.until(lambda: _counts(own) == (1, 1), "a like and a boost")
    for actor in (neighbour, mallory):
        for thing in (like, boost, follow):
            for inline in (thing["id"], thing, {**thing, "actor": actor.id}):
                _send(actor, actor.activity("Undo", inline))
    tap.never(lambda: _counts(own) != (1, 1), "a foreign Undo worked", 0.6)
    tap.equal(node.counts("ann")[0], 1, "followers")
    ok(_send(vic, vic.activity("Undo", like)))
    tap.until(lambda: _counts(own) == (0, 1), "the liker's own Undo")


@tap.test
def t43_an_accept_nobody_asked_for_makes_no_relation():
    node.account("zoe")
    zoe = node.actor("zoe")["id"]
    other = friend.actor("other")
    forged = {"type": "Follow", "id": node.base + "/follow/1", "actor": zoe, "object": other.id}
    for actor, thing in ((other, forged), (other, forged["id"]), (mallory, forged)):
        _send(actor, actor.activity("Accept", thing, to=[zoe]))
    friend.auto_accept = False
    slow = friend.actor("slow")
    node.cli("follow", "zoe", slow.handle)
    follow = tap.until(lambda: [f for f in friend.inbox("Follow") if f["object"] == slow.id], "the Follow")[0]
    for actor in (neighbour, mallory):
        for thing in (follow, follow["id"], {**follow, "object": actor.id}):
            _send(actor, actor.activity("Accept", thing, to=[zoe]))
    note = slow.note("not yet yours", to=[slow.followers])
    _send(slow, slow.create(note))
    tap.equal(node.counts("zoe")[1], 0, "following")
    tap.check(note["id"] not in node.uris("zoe"), "a post of somebody who did not accept")
    ok(_send(slow, slow.activity("Accept", follow, to=[zoe])))
    tap.until(lambda: node.counts("zoe")[1] == 1, "the true Accept")
    friend.auto_accept = True


@tap.test
def t44_without_an_accept_a_request_stays_a_request():
    node.account("yan")
    friend.auto_accept = False
    locked = friend.actor("locked")
    locked.extra = {"manuallyApprovesFollowers": True}
    node.cli("follow", "yan", locked.handle)
    tap.until(lambda: [f for f in friend.inbox("Follow") if f["object"] == locked.id], "the Follow")
    note = locked.note("for followers", to=[locked.followers])
    ok(_send(locked, locked.create(note)))
    tap.equal(node.counts("yan")[1], 0, "following")
    for which in ("--home", "--public", "--mentions"):
        tap.check(note["id"] not in node.uris("yan", which) + node.uris("ann", which), f"shown in {which}")
    node.refuses("thread", note["id"], "--as", "yan")
    friend.auto_accept = True


@tap.test
def t85_hosts_that_nobody_allowed_get_nothing():
    public = node.post("ann", "public, for peers")
    own_neighbour = scene.server("localhost", "a.b.localhost")
    stage.make_stranger(node, *(f"{host}:{own_neighbour.port}" for host in own_neighbour.hosts))
    outsiders = [stranger.actor("out"), stranger.actor("sub", "sub.friend.localhost"), own_neighbour.actor("top")]
    for actor in outsiders:
        note = actor.note("let me in")
        refused(_send(actor, actor.create(note)), 403)
        refused(actor.get(public), 404)
        tap.check(not _is_shown(note["id"]), "stored")
        tap.equal(actor.server.seen(), [], "requests caused")
    parts = [p["host"] for p in node.list("peer", "list") if p["state"] != "blocked"]
    tap.equal(sorted(parts), sorted([friend.authority_part, evil.authority_part]), "peers")


@tap.test
def t85_a_block_holds_for_the_hosts_below():
    below = scene.server("below.bad.localhost")
    out = below.actor("out")
    node.cli("peer", "block", f"bad.localhost:{below.port}", "--yes")
    note = out.note("from below a blocked host")
    refused(_send(out, out.create(note)), 403)
    tap.equal(below.seen(), [], "requests caused")
    node.allow(below.authority_part)  # by name: that decides
    ok(_send(out, out.create(note)))


@tap.test
def the_node_ends_soundly():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, scene.close)
