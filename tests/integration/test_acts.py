#!/usr/bin/python3
"""Two hospitals: polls, reactions and pins cross from one real node to the other."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import stage, tap

scene = stage.Stage()
seen = {}


def setup():
    global marys, riverside
    marys, riverside = scene.nodes("st-marys", "riverside")
    marys.account("amara")
    riverside.account("ben", "eve")
    riverside.cli("follow", "ben", marys.handle("amara"))
    tap.until(lambda: marys.counts("amara")[0] == 1, "amara's follower")


def _votes(node, uri):
    return [option["votes"] for option in node.entry(uri)["poll"]["options"]]


@tap.test
def a_poll_arrives_with_its_options():
    seen["poll"] = uri = marys.post("amara", "Which day?", "--poll", "Monday", "--poll", "Friday")
    tap.until(lambda: uri in riverside.uris("ben"), "the poll in ben's home")
    names = [option["name"] for option in riverside.entry(uri)["poll"]["options"]]
    tap.equal(names, ["Monday", "Friday"], "options")


@tap.test
def a_vote_is_counted_at_home_and_told_to_all():
    riverside.cli("vote", "ben", seen["poll"], "Friday")
    tap.until(lambda: _votes(marys, seen["poll"]) == [0, 1], "the vote at st-marys")
    tap.until(lambda: _votes(riverside, seen["poll"]) == [0, 1], "the count at riverside")
    riverside.refuses("vote", "ben", seen["poll"], "Monday")


@tap.test
def a_reaction_is_counted_and_taken_back():
    riverside.cli("react", "ben", seen["poll"], "👍")
    tap.until(lambda: marys.entry(seen["poll"])["reactions"] == 1, "the reaction")
    riverside.cli("unreact", "ben", seen["poll"])
    tap.until(lambda: marys.entry(seen["poll"])["reactions"] == 0, "the reaction to go")


def _pinned():
    return riverside.ask("lookup", marys.handle("amara"))["pinned"]


@tap.test
def a_pin_is_known_at_the_followers_node():
    marys.cli("pin", "amara", seen["poll"])
    tap.until(lambda: _pinned() == [seen["poll"]], "the pin")
    marys.cli("unpin", "amara", seen["poll"])
    tap.until(lambda: _pinned() == [], "the pin to go")


@tap.test
def both_nodes_end_soundly():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, scene.close)
