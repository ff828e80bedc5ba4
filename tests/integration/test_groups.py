#!/usr/bin/python3
"""A group across three nodes: its members see all of it, everyone else nothing of a members-only one."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import stage, tap

scene = stage.Stage()
posts = {}
MARK = "lactate"


def setup():
    global hub, east, west, watcher
    hub, east, west = scene.nodes("hub", "east", "west")
    hub.account("ann", "otto")
    east.account("bob", "dan")
    west.account("cal", "eve")
    server = scene.server("watcher.localhost")
    watcher = server.actor("watcher")
    hub.allow(server.authority_part)
    east.allow(server.authority_part)
    hub.cli("group", "create", "icu", "--members-only", "--display-name", "Intensive care")
    hub.cli("group", "create", "news")


def _requests(group):
    return [line["account"] for line in hub.list("group", "requests", group)]


def _members(group):
    return [line["account"] for line in hub.list("group", "members", group)]


def _join(node, name, group="icu"):
    node.cli("follow", name, hub.handle(group) if node is not hub else group)
    asks = name if node is hub else node.handle(name)
    if group == "icu":
        tap.until(lambda: asks in _requests(group), f"{name}'s request")
        hub.cli("group", "approve", group, asks)
    tap.until(lambda: asks in _members(group), f"{name} in {group}")
    if node is not hub:
        tap.until(lambda: "following" in node.cli("follow", name, hub.handle(group)), f"{name}'s Accept")


def _group(node, name, group="icu"):
    return node.uris(name, "--group", group if node is hub else hub.handle(group))


def _reads(node, name, uri):
    try:
        return any(p["uri"] == uri for p in node.list("thread", uri, "--as", name))
    except Exception:  # pylint: disable=broad-exception-caught
        return False


@tap.test
def the_group_says_what_it_is():
    document = hub.actor("icu")
    tap.equal(document["type"], "Group", "type")
    tap.equal(document["manuallyApprovesFollowers"], True, "who lets people in one by one")
    tap.equal(document["attributedTo"], document["id"] + "/moderators", "moderators")
    tap.equal(hub.actor("news")["manuallyApprovesFollowers"], False, "an open one does not")
    hub.cli("group", "moderator", "add", "icu", "ann")
    listed = watcher.get(document["attributedTo"])
    tap.equal(listed.json()["orderedItems"], [hub.actor("ann")["id"]], "the list of moderators")


@tap.test
def members_are_let_in_one_by_one():
    east.cli("follow", "bob", hub.handle("icu"))
    tap.until(lambda: _requests("icu") == [east.handle("bob")], "bob's request")
    east.refuses("post", "bob", "--group", hub.handle("icu"), "too early")
    _join(east, "bob")
    _join(west, "cal")
    _join(hub, "ann")


@tap.test
def a_members_post_reaches_members_on_every_node():
    posts["bob"] = east.post("bob", f"{MARK} of bed 4 falls @{east.handle('dan')}", "--group", hub.handle("icu"))
    posts["ann"] = hub.post("ann", f"{MARK} of bed 5 rises", "--group", "icu")
    for node, name in ((hub, "ann"), (east, "bob"), (west, "cal")):
        for uri in (posts["bob"], posts["ann"]):
            tap.until(lambda n=node, a=name, u=uri: u in _group(n, a), f"{uri} in the group at {node.name}")
            tap.until(lambda n=node, a=name, u=uri: u in n.uris(a), f"{uri} in the home of {name}")
            tap.equal(node.uris(name).count(uri), 1, "how often it is at home")


@tap.test
def a_reply_stays_in_the_group():
    posts["reply"] = west.post("cal", "Which bed?", "--reply-to", posts["bob"])
    tap.until(lambda: posts["reply"] in _group(east, "bob"), "the reply at east")
    tap.until(lambda: posts["reply"] in _group(hub, "ann"), "the reply at the hub")


@tap.test
def nobody_else_sees_any_of_it():
    for uri in (posts["bob"], posts["ann"], posts["reply"]):
        for node, name in ((hub, "otto"), (east, "dan"), (west, "eve")):
            tap.check(not _reads(node, name, uri), f"{name} reads {uri}")
            for which in ("--home", "--public", "--local", "--mentions"):
                tap.check(uri not in node.uris(name, which), f"{name} has {uri} in {which}")
            tap.equal(_group(node, name), [], f"the group as {name} sees it")


@tap.test
def t65_a_node_without_a_member_gets_404():
    for uri in (posts["bob"], posts["ann"]):
        tap.equal(watcher.get(uri).status, 404, "signed, by no member")
        tap.equal(watcher.get(uri + "/activity").status, 404, "its activity")
        tap.equal(hub.get(uri).status, 404, "unsigned")
    answer = watcher.get(hub.actor("icu")["followers"] + "?page=true")
    tap.check(east.base not in answer.body.decode(), "who its members are")
    tap.equal([p for p in watcher.server.inbox() if MARK in str(p)], [], "what reached it")


@tap.test
def a_mention_alone_posts_to_the_group():
    posts["mention"] = east.post("bob", f"@{hub.handle('icu')} {MARK} again")
    tap.until(lambda: posts["mention"] in _group(west, "cal"), "the post at west")
    tap.check(posts["mention"] not in east.uris("dan", "--public"), "it is not public")


@tap.test
def an_edit_reaches_the_members():
    east.cli("edit", posts["bob"], f"{MARK} is normal")

    def text():
        return next(p["text"] for p in west.timeline("cal") if p["uri"] == posts["bob"])

    tap.until(lambda: "normal" in text(), "the edit at west")


@tap.test
def a_removed_member_reads_nothing_any_more():
    hub.cli("group", "remove", "icu", west.handle("cal"))
    tap.until(lambda: _group(west, "cal") == [posts["reply"]], "nothing but cal's own words")
    for uri in (posts["ann"], posts["bob"]):
        tap.check(not _reads(west, "cal", uri), f"cal reads {uri}")
    west.refuses("post", "cal", "--group", hub.handle("icu"), "let me in")
    west.cli("follow", "cal", hub.handle("icu"))
    tap.never(lambda: west.handle("cal") in _requests("icu") + _members("icu"), "cal comes back", 1)
    later = hub.post("ann", f"{MARK} after cal", "--group", "icu")
    tap.until(lambda: later in _group(east, "bob"), "the next post at east")
    tap.check(west.part not in hub.ledger(later), "it was sent to west all the same")


@tap.test
def t68_what_is_queued_for_a_removed_member_is_not_sent():
    _join(west, "eve")
    west.stop()
    late = hub.post("ann", f"{MARK} while west is down", "--group", "icu")
    tap.until(lambda: late in _group(east, "bob"), "it at east")
    hub.cli("group", "remove", "icu", west.handle("eve"))
    tap.equal(hub.ledger(late)[west.part]["state"], "cancelled", "the line of west")
    west.start()
    tap.until(lambda: _group(west, "eve") == [], "eve is out")
    tap.check(not _reads(west, "eve", late), "eve reads it")


@tap.test
def a_moderator_takes_a_post_out_everywhere():
    hub.cli("group", "delete-post", "icu", posts["bob"], "--yes")
    tap.until(lambda: posts["bob"] not in _group(east, "bob"), "the post to leave the group at east")
    tap.until(lambda: posts["bob"] not in _group(hub, "ann"), "the post to leave the group at the hub")
    tap.check(_reads(east, "bob", posts["bob"]), "its author keeps it")
    tap.check(not _reads(hub, "ann", posts["bob"]), "ann reads it")


@tap.test
def an_authors_delete_reaches_the_members():
    hub.cli("delete", posts["ann"], "--yes")
    tap.until(lambda: posts["ann"] not in _group(east, "bob"), "the delete at east")


@tap.test
def a_moderator_elsewhere_removes_a_member():
    _join(east, "dan")
    hub.cli("group", "moderator", "add", "icu", watcher.handle)
    group = hub.actor("icu")["id"]
    block = watcher.activity("Block", east.actor("dan")["id"], cc=[group], target=group)
    tap.equal(watcher.post(hub.inbox("icu"), block).status, 202, "the Block")
    tap.until(lambda: east.handle("dan") not in _members("icu"), "dan to go")


@tap.test
def t46_who_is_no_moderator_removes_nobody():
    hub.cli("group", "moderator", "remove", "icu", watcher.handle)
    group = hub.actor("icu")["id"]
    for kind, target in (("Block", group), ("Remove", group + "/followers"), ("Remove", group + "/moderators"),
                         ("Add", group + "/moderators")):
        activity = watcher.activity(kind, east.actor("bob")["id"], cc=[group], target=target)
        tap.equal(watcher.post(hub.inbox("icu"), activity).status, 202, f"{kind} of {target}")
    tap.check(east.handle("bob") in _members("icu"), "bob is a member")
    tap.equal([m["account"] for m in hub.list("group", "moderators", "icu")], ["ann"], "moderators")


@tap.test
def an_open_group_is_for_everyone_and_speaks_to_boosts_too():
    _join(east, "dan", "news")
    hub.cli("peer", "allow", watcher.server.authority_part)
    follow = watcher.activity("Follow", hub.actor("news")["id"])
    watcher.post(hub.inbox("news"), follow)
    tap.until(lambda: watcher.handle in _members("news"), "the watcher in news")
    uri = west.post("cal", "The canteen is open", "--group", hub.handle("news"))
    tap.until(lambda: uri in _group(east, "dan", "news"), "the post at east")
    tap.until(lambda: uri in east.uris("dan"), "the post in dan's home")
    tap.equal([p["boosted_by"] for p in east.timeline("dan") if p["uri"] == uri], [None], "no boost of it")

    def announced():
        return [a["object"] for a in watcher.server.inbox("Announce")]

    tap.until(lambda: uri in announced(), "the boost for those who know no more")
    create = next(o for o in announced() if isinstance(o, dict))
    tap.equal((create["type"], create["object"]["id"]), ("Create", uri), "the activity as its author sent it")
    tap.check("proof" in create, "its proof came along")


@tap.test
def all_end_soundly():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, scene.close)
