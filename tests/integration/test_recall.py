#!/usr/bin/python3
"""A post is taken back from everyone who had it, and who did not confirm is named until they do."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import stage, tap, ward
from support.peer import Answer

scene = stage.Stage()


def setup():
    global home, away, friend, fred
    home, away = scene.nodes("home", "away")
    home.account("ann")
    away.account("ben")
    friend = scene.server("friend.localhost")
    home.allow(friend.authority_part)
    fred = friend.actor("fred")
    stage.follow_back(home, "ann", fred)
    away.cli("follow", "ben", home.handle("ann"))
    tap.until(lambda: home.counts("ann")[0] == 2, "two followers")


def _recall(uri, *more):
    """(exit status 0 or 1, {host: line})"""
    try:
        lines = home.list("recall", uri, "--yes", *more)
        return 0, {line["host"]: line for line in lines}
    except ward.Refused as refused:
        tap.equal(refused.status, 1, str(refused))
        return 1, None


def _sent(uri):
    for host in (away.part, friend.authority_part):
        tap.until(lambda h=host: home.ledger(uri).get(h, {}).get("state") == "delivered", f"the post at {host}")


@tap.test
def everyone_confirms():
    uri = home.post("ann", "wrong patient")
    _sent(uri)
    status, lines = _recall(uri, "--wait", "20")
    tap.equal(status, 0, "exit status")
    tap.equal({host: line["state"] for host, line in lines.items()},
              {away.part: "confirmed", friend.authority_part: "confirmed"}, "states")
    tap.check(all(line["confirmed"] for line in lines.values()), "no times")
    tap.check(uri not in away.uris("ben"), "it is still at away")
    tap.equal(fred.get(uri).status, 410, "the post")


@tap.test
def who_does_not_confirm_is_named_and_asked_again():
    uri = home.post("ann", "wrong patient again")
    _sent(uri)
    path = "/inbox"
    friend.on(path, Answer(400))
    tap.equal(_recall(uri, "--wait", "20")[0], 1, "exit status while friend refuses")
    friend.on(path, Answer(202))
    status, lines = _recall(uri, "--wait", "20")
    tap.equal((status, lines[friend.authority_part]["state"]), (0, "confirmed"), "asked again")
    tap.check(uri not in away.uris("ben"), "it is still at away")


@tap.test
def a_dry_run_recalls_nothing():
    uri = home.post("ann", "stays")
    _sent(uri)
    home.cli("recall", uri, "--dry-run")
    tap.check(uri in home.uris("ann", "--home"), "it is gone")


@tap.test
def a_post_of_others_is_not_ours_to_recall():
    uri = away.post("ben", "theirs")
    tap.until(lambda: home.cli("lookup", uri), "home to fetch it")
    home.refuses("recall", uri, "--yes")


@tap.test
def the_nodes_end_soundly():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, scene.close)
