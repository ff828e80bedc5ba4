#!/usr/bin/python3
"""Two hospitals, one story: every act crosses from one real node to the other, and the ledger says so."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import stage, tap

scene = stage.Stage()
seen = {}


def setup():
    global marys, riverside
    marys, riverside = scene.nodes("st-marys", "riverside")
    marys.account("amara", "tom")
    riverside.account("ben")


def _in_thread(node, root):
    return {p["uri"]: p for p in node.list("thread", root)}


@tap.test
def each_follows_the_other_and_is_accepted():
    riverside.cli("follow", "ben", marys.handle("amara"))
    marys.cli("follow", "amara", riverside.handle("ben"))
    for node, name in ((marys, "amara"), (riverside, "ben")):
        tap.until(lambda n=node, a=name: n.counts(a)[0] == 1, f"{name}'s follower")
        tap.until(lambda n=node, a=name: n.counts(a)[1] == 1, f"{name} follows")


@tap.test
def a_post_arrives_with_its_text_and_author():
    seen["first"] = uri = marys.post("amara", "Linezolid is **short** until Thursday #pharmacy")
    tap.until(lambda: uri in riverside.uris("ben"), "the post in ben's home")
    post = next(p for p in riverside.timeline("ben") if p["uri"] == uri)
    tap.equal(post["author"], marys.handle("amara"), "author")
    tap.check("short" in post["text"], f"text: {post['text']}")


@tap.test
def the_ledger_says_delivered():
    tap.until(lambda: marys.is_delivered(seen["first"], riverside), "the ledger line")
    tap.equal(list(marys.ledger(seen["first"])), [riverside.part], "hosts in the ledger")


@tap.test
def a_reply_joins_the_thread_on_both_sides():
    seen["reply"] = uri = riverside.post("ben", "We can lend 12 boxes", "--reply-to", seen["first"])
    tap.until(lambda: uri in _in_thread(marys, seen["first"]), "the reply at st-marys")
    tap.check(uri in _in_thread(riverside, seen["first"]), "the reply at riverside")
    tap.equal(_in_thread(marys, seen["first"])[uri]["in_reply_to"], seen["first"], "in_reply_to")


@tap.test
def a_mention_reaches_someone_who_follows_nobody():
    uri = riverside.post("ben", f"@{marys.handle('tom')} please look at the cultures")
    tap.until(lambda: uri in marys.uris("tom", "--mentions"), "the mention")


def _count(node, uri, what):
    return node.entry(uri)[what]


@tap.test
def a_boost_and_a_like_are_counted_once():
    riverside.cli("boost", "ben", seen["first"])
    riverside.cli("like", "ben", seen["first"])
    riverside.cli("like", "ben", seen["first"])
    tap.until(lambda: _count(marys, seen["first"], "boosts") == 1, "the boost")
    tap.until(lambda: _count(marys, seen["first"], "likes") == 1, "the like")
    tap.never(lambda: _count(marys, seen["first"], "likes") != 1, "a second like", 0.5)


@tap.test
def a_boost_brings_the_post_to_the_boosters_followers():
    uri = marys.post("tom", "Culture results are in")
    tap.until(lambda: riverside.cli("lookup", uri), "riverside to fetch it")
    riverside.cli("boost", "ben", uri)
    tap.until(lambda: uri in marys.uris("amara"), "the boost in amara's home")


@tap.test
def unlike_and_unboost_take_it_back():
    riverside.cli("unlike", "ben", seen["first"])
    riverside.cli("unboost", "ben", seen["first"])
    tap.until(lambda: _count(marys, seen["first"], "likes") == 0, "the like to go")
    tap.until(lambda: _count(marys, seen["first"], "boosts") == 0, "the boost to go")


@tap.test
def an_edit_changes_the_text_everywhere():
    marys.cli("edit", seen["first"], "Linezolid is back")
    tap.until(lambda: "back" in riverside.entry(seen["first"])["text"], "the edit")
    tap.until(lambda: marys.is_delivered(seen["first"], riverside, "Update"), "the ledger of the edit")


@tap.test
def a_delete_takes_the_post_away():
    uri = marys.post("amara", "Wrong channel")
    tap.until(lambda: uri in riverside.uris("ben"), "the post")
    marys.cli("delete", uri, "--yes")
    tap.until(lambda: uri not in riverside.uris("ben"), "the post to go")
    riverside.refuses("thread", uri)


@tap.test
def an_unfollow_ends_it():
    riverside.cli("unfollow", "ben", marys.handle("amara"))
    tap.until(lambda: marys.counts("amara")[0] == 0, "the follower to go")
    uri = marys.post("amara", "Nobody over there reads this")
    tap.never(lambda: uri in riverside.uris("ben"), "a post to one who unfollowed")
    tap.check(riverside.part not in marys.ledger(uri), "it was sent all the same")


@tap.test
def an_account_that_is_deleted_is_gone_everywhere():
    follows = riverside.counts("ben")[1]
    riverside.cli("follow", "ben", marys.handle("tom"))
    tap.until(lambda: riverside.counts("ben")[1] == follows + 1, "ben follows tom")
    marys.cli("account", "edit", "tom", "--display-name", "Dr Tom", "--bio", "On *leave*", "--locked", "yes")
    tap.equal(marys.actor("tom")["name"], "Dr Tom", "name")
    uri = marys.post("tom", "My last day")
    tap.until(lambda: uri in riverside.uris("ben"), "the post")
    marys.cli("account", "delete", "tom", "--yes")
    tap.until(lambda: uri not in riverside.uris("ben"), "the post to go")
    tap.until(lambda: riverside.counts("ben")[1] == follows, "the follow to go")
    marys.refuses("account", "create", "tom")
    marys.refuses("post", "tom", "still here?")


@tap.test
def departments_and_programs_are_what_they_are():
    for kind, served in (("organization", "Organization"), ("service", "Service")):
        marys.cli("account", "create", f"the_{kind}", "--type", kind)
        tap.equal(marys.actor(f"the_{kind}")["type"], served, "type")
        tap.equal(marys.ask("account", "show", f"the_{kind}")["type"], kind, "as shown")
    marys.refuses("account", "create", "robot", "--type", "robot")


@tap.test
def a_dry_run_changes_nothing():
    before = marys.uris("amara")
    marys.cli("post", "amara", "never said", "--dry-run")
    marys.cli("delete", seen["first"], "--yes", "--dry-run")
    tap.equal(marys.uris("amara"), before, "amara's home")


@tap.test
def both_nodes_end_soundly():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, scene.close)
