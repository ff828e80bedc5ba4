#!/usr/bin/python3
"""Who is trusted with what: blocks, follows that end while posts wait, moves, reports, followers synchronisation."""

import hashlib
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import stage, tap
from support.stage import ok

scene = stage.Stage()


def setup():
    global home, away, friend, fay
    home, away = scene.nodes("home", "away")
    home.account("ann", "ida", "old", "mod")
    home.cli("account", "role", "mod", "moderator")
    away.account("ben", "bea", "new", "amy")
    away.cli("account", "role", "amy", "admin")
    friend = scene.server("friend.localhost")
    home.allow(friend.authority_part)
    fay = friend.actor("fay")


def _befriend(node, name, other, whom):
    before = other.counts(whom)[0]
    node.cli("follow", name, other.handle(whom))
    tap.until(lambda: other.counts(whom)[0] == before + 1, f"{name} follows {whom}")
    tap.until(lambda: "following" in node.cli("follow", name, other.handle(whom)), "the Accept")


@tap.test
def a_block_ends_the_follows_here_and_there():
    _befriend(away, "ben", home, "ann")
    _befriend(home, "ann", away, "ben")
    home.cli("block", "ann", away.handle("ben"))
    tap.until(lambda: home.counts("ann") == (0, 0) and away.counts("ben") == (0, 0), "no follows")
    away.cli("follow", "ben", home.handle("ann"))
    tap.never(lambda: home.counts("ann")[0], "a follower who is blocked", 0.5)
    tap.equal([b["told"] for b in home.list("block", "ann")], [False], "blocks")
    home.cli("unblock", "ann", away.handle("ben"))


@tap.test
def t68_what_waits_is_not_delivered_after_a_follower_is_removed():
    _befriend(away, "bea", home, "ann")
    away.stop()
    kept = home.post("ann", "for everyone")
    withheld = home.post("ann", "for followers", "--visibility", "followers")
    home.cli("request", "reject", "ann", away.handle("bea"))
    away.start()
    tap.until(lambda: home.is_delivered(kept, away), "the public post")
    tap.until(lambda: home.ledger(withheld)[away.part]["state"] == "cancelled", "the other to be cancelled")
    tap.check(away.entry(withheld) is None, "it arrived")


@tap.test
def t68_what_waits_is_not_delivered_after_a_host_is_blocked():
    _befriend(away, "bea", home, "ida")
    away.stop()
    withheld = home.post("ida", "for everyone, and yet")
    home.cli("peer", "block", away.part, "--yes")
    tap.until(lambda: home.ledger(withheld)[away.part]["state"] == "cancelled", "it to be cancelled")
    away.start()
    home.allow(away.part)
    later = home.post("ida", "again allowed")
    tap.until(lambda: home.is_delivered(later, away), "what was written later")
    tap.check(away.entry(withheld) is None, "it arrived")


@tap.test
def t45_a_move_asks_followers_everywhere_and_moves_who_accepts():
    _befriend(away, "bea", home, "old")
    home.cli("follow", "ida", "old")
    home.refuses("account", "move", "old", away.handle("new"), "--yes")
    away.cli("account", "alias", "new", home.handle("old"))
    home.cli("account", "move", "old", away.handle("new"), "--yes")
    home.refuses("post", "old", "still here?")
    tap.until(lambda: len(away.list("moved", "list", "bea")) == 1, "bea's offer")
    tap.equal(len(home.list("moved", "list", "ida")), 1, "ida's offer")
    tap.equal(away.counts("new")[0], 0, "nobody is moved")
    home.cli("moved", "accept", "ida", "--all")
    tap.until(lambda: away.counts("new")[0] == 1, "ida follows the new account")
    tap.until(lambda: home.counts("old")[0] == 1, "and no longer the old one")
    away.cli("moved", "dismiss", "bea", home.handle("old"))
    tap.equal(away.counts("new")[0], 1, "bea stays")


@tap.test
def a_forwarded_report_arrives_without_a_name():
    bad = away.post("ben", "insults")
    home.cli("lookup", bad)
    home.cli("report", "create", "ann", away.handle("ben"), "this insults", "--post", bad, "--forward")
    tap.until(lambda: away.list("report", "list"), "the report")
    report = away.list("report", "list")[0]
    tap.equal((report["about"], report["posts"], report["text"]), ("ben", 1, "this insults"), "report")
    tap.check("ann" not in report["by"], report["by"])
    home.cli("report", "resolve", home.list("report", "list")[0]["report"])


@tap.test
def what_goes_to_followers_says_who_they_are_and_the_list_is_theirs_alone():
    stage.follow_back(home, "ann", fay)
    home.post("ann", "for followers", "--visibility", "followers")
    tap.until(lambda: friend.seen("POST", kind="Create"), "the post")
    request = friend.seen("POST", kind="Create")[-1]
    field = dict(re.findall(r'(\w+)="([^"]*)"', request.header("Collection-Synchronization") or ""))
    tap.equal(field["digest"], hashlib.sha256(fay.id.encode()).hexdigest(), "digest")
    tap.equal(field["collectionId"], home.actor("ann")["followers"], "collection")
    answer = fay.get(field["url"])
    ok(answer)
    tap.equal(answer.json()["orderedItems"], [fay.id], "followers there")
    tap.check(home.get(field["url"]).status in (401, 404), "an unsigned GET was answered")


@tap.test
def all_end_soundly():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, scene.close)
