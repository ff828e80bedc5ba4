#!/usr/bin/python3
"""A community as Lemmy runs it, scripted with the shapes of its payloads: followed, read, answered."""

import os
import sys
import time
from urllib.parse import urlsplit

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import peer, stage, tap

scene = stage.Stage()
seen = {}


def setup():
    global node, community, picard, riker, evil
    (node,) = scene.nodes("ward")
    node.account("ann", "ben")
    lemmy, other = scene.server("lemmy.localhost"), scene.server("other.localhost")
    node.allow(lemmy.authority_part, other.authority_part)
    community = lemmy.actor("main")
    community.extra = {
        "type": "Group", "attributedTo": community.id + "/moderators", "postingRestrictedToMods": False,
        "featured": community.id + "/featured", "manuallyApprovesFollowers": False,
    }
    picard = lemmy.actor("picard")
    riker, evil = other.actor("riker"), other.actor("evil")


def _announce(activity, by=None):
    """As a community hands on what somebody did; the status."""
    by = by or community
    wrapped = by.activity("Announce", activity, cc=[by.followers])
    return by.post(node.shared_inbox("ann"), wrapped).status


def _in_community(who, kind, about, **more):
    return who.activity(kind, about, cc=[community.id], audience=community.id, **more)


def _page(who, title, **more):
    note = who.note(title, to=[community.id, peer.PUBLIC], audience=community.id, **more)
    note.update({"type": "Page", "name": title, "mediaType": "text/html", "attachment": [
        {"type": "Link", "href": "https://example.com/article"}]})
    who.server.on(urlsplit(note["id"]).path, peer.Answer(200, document=note))
    return note


def _group():
    return node.uris("ann", "--group", community.handle)


def _text(uri):
    return node.entry(uri)["text"]


@tap.test
def what_nobody_asked_for_is_not_taken():
    page = _page(picard, "Unasked")
    tap.equal(_announce(_in_community(picard, "Create", page)), 202, "the Announce")
    tap.equal(node.entry(page["id"]), None, "the post")


@tap.test
def the_community_is_followed():
    node.cli("follow", "ann", community.handle)
    tap.until(lambda: community.server.inbox("Follow"), "the Follow")
    follow = community.server.inbox("Follow")[-1]
    tap.equal((follow["object"], follow["actor"]), (community.id, node.actor("ann")["id"]), "the Follow")
    tap.until(lambda: "following" in node.cli("follow", "ann", community.handle), "its Accept")


@tap.test
def a_page_of_its_own_people_is_in_the_group_and_is_no_boost():
    seen["page"] = page = _page(picard, "Ten Forward opens")
    tap.equal(_announce(_in_community(picard, "Create", page)), 202, "the Announce")
    tap.until(lambda: page["id"] in _group(), "the page in the group")
    tap.equal(_announce(page), 202, "the same as a boost, for others")
    tap.until(lambda: page["id"] in node.uris("ann"), "the page at home")
    tap.never(lambda: [p["boosted_by"] for p in node.timeline("ann")] != [None], "a boost", 0.5)


@tap.test
def a_comment_from_a_third_host_is_fetched_from_there():
    comment = riker.note("first!", cc=[community.id, picard.id], audience=community.id,
                         inReplyTo=seen["page"]["id"])
    seen["comment"] = comment
    told = {**comment, "content": "<p>what riker never said</p>"}
    tap.equal(_announce(_in_community(riker, "Create", told)), 202, "the Announce")
    tap.until(lambda: comment["id"] in _group(), "the comment")
    tap.equal(_text(comment["id"]), "first!", "as its origin has it")


@tap.test
def an_update_counts_as_its_origin_has_it():
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 5))
    page = {**seen["page"], "content": "<p>now with synthehol</p>", "updated": now}
    tap.equal(_announce(_in_community(picard, "Update", page)), 202, "the Update")
    tap.until(lambda: "synthehol" in _text(page["id"]), "the edit")
    comment = {**seen["comment"], "content": "<p>first, edited</p>", "updated": now}
    riker.server.on(urlsplit(comment["id"]).path, peer.Answer(200, document=comment))
    lie = {**comment, "content": "<p>lies</p>"}
    tap.equal(_announce(_in_community(riker, "Update", lie)), 202, "the Update")
    tap.until(lambda: _text(comment["id"]) == "first, edited", "the edit of the comment")


@tap.test
def votes_of_people_known_are_counted_when_their_host_is_the_communitys():
    tap.equal(_announce(picard.activity("Like", seen["page"]["id"], audience=community.id)), 202, "a vote")
    tap.until(lambda: node.entry(seen["page"]["id"])["likes"] == 1, "the vote")
    tap.equal(_announce(riker.activity("Like", seen["page"]["id"], audience=community.id)), 202, "unproved")
    tap.equal(_announce(picard.activity("Dislike", seen["page"]["id"], audience=community.id)), 202, "dislike")
    tap.never(lambda: node.entry(seen["page"]["id"])["likes"] != 1, "another vote", 0.5)


@tap.test
def t47_a_post_for_others_is_not_shown():
    secret = picard.note("for my followers", to=[picard.followers], audience=community.id)
    tap.equal(_announce(_in_community(picard, "Create", secret)), 202, "the Announce")
    nested = community.activity("Announce", _in_community(picard, "Create", _page(picard, "nested")))
    tap.equal(_announce(nested), 202, "an Announce of an Announce")
    tap.equal(node.entry(secret["id"]), None, "the post")
    tap.never(lambda: len(_group()) != 2, "something more in the group", 0.5)


@tap.test
def t86_a_blocked_host_does_not_come_back_through_a_group():
    banned = scene.server("banned.localhost")
    worf = banned.actor("worf")
    node.cli("peer", "block", banned.authority_part, "--yes")
    page = _page(worf, "Qapla")
    tap.equal(_announce(_in_community(worf, "Create", page)), 202, "the Announce")
    tap.never(lambda: node.entry(page["id"]) is not None or banned.seen("GET"), "the post, or a fetch", 0.5)


@tap.test
def who_is_no_group_announces_nothing():
    page = _page(riker, "through a person")
    node.cli("follow", "ben", evil.handle)
    tap.equal(_announce(_in_community(riker, "Create", page), by=evil), 202, "the Announce")
    tap.never(lambda: node.entry(page["id"]) is not None, "the post", 0.5)


@tap.test
def a_post_of_ours_goes_to_the_community():
    seen["ours"] = uri = node.post("ann", "Greetings from the ward", "--group", community.handle)
    tap.until(lambda: [c for c in community.server.inbox("Create") if c["object"]["id"] == uri], "the Create")
    create = next(c for c in community.server.inbox("Create") if c["object"]["id"] == uri)
    tap.equal(create["object"]["audience"], community.id, "audience")
    tap.equal(create["audience"], community.id, "audience of the activity")
    tap.check(community.id in create["object"]["to"] + create["object"]["cc"], "it is addressed")
    tap.check(peer.PUBLIC in create["object"]["to"], "it is public")
    tap.equal(_announce(create), 202, "and it comes back")
    tap.equal(node.uris("ann").count(uri), 1, "how often it is there")
    reply = node.post("ann", "Welcome", "--reply-to", seen["comment"]["id"])
    tap.until(lambda: [c for c in community.server.inbox("Create") if c["object"]["id"] == reply], "the reply")
    tap.check(reply in _group(), "the reply in the group")


@tap.test
def a_moderator_takes_posts_out_ours_too():
    removal = _in_community(picard, "Delete", seen["comment"]["id"], summary="bad comment")
    tap.equal(_announce(removal), 202, "the removal")
    tap.until(lambda: seen["comment"]["id"] not in _group(), "the comment")
    tap.equal(_announce(_in_community(riker, "Create", seen["comment"])), 202, "told again")
    tap.never(lambda: seen["comment"]["id"] in _group(), "the comment comes back", 0.5)
    tap.equal(_announce(_in_community(picard, "Delete", seen["ours"])), 202, "the removal of ours")
    tap.until(lambda: seen["ours"] not in _group(), "ours")
    tap.check(node.entry(seen["ours"]) is not None, "its author keeps it")


@tap.test
def an_authors_delete_comes_through_the_community():
    tap.equal(_announce(_in_community(picard, "Delete", seen["page"]["id"])), 202, "the Delete")
    tap.until(lambda: node.entry(seen["page"]["id"]) is None, "the page to go")


@tap.test
def a_ban_ends_the_membership():
    ban = _in_community(picard, "Block", node.actor("ann")["id"], target=community.id, removeData=False)
    tap.equal(_announce(ban), 202, "the Block")
    tap.until(lambda: node.counts("ann")[1] == 0, "ann's follow")


@tap.test
def it_is_left_with_an_undo():
    node.cli("follow", "ben", community.handle)
    tap.until(lambda: "following" in node.cli("follow", "ben", community.handle), "the Accept")
    node.cli("unfollow", "ben", community.handle)
    tap.until(lambda: community.server.inbox("Undo"), "the Undo")
    tap.equal(community.server.inbox("Undo")[-1]["object"]["type"], "Follow", "what is undone")


@tap.test
def it_ends_soundly():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, scene.close)
