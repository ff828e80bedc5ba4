#!/usr/bin/python3
"""Search: who, what and which tags are found, and by whom."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import client, stage, tap

scene = stage.Stage()
SEARCH = "/api/v2/search"
ACCOUNTS = "/api/v1/accounts/search"


def setup():
    global home, away, ann
    home, away = scene.nodes("home", "away")
    home.account("ann", "anders", "tom")
    away.account("bob")
    ann = client.Client(home, client.token(home, "ann"))


def _accts(q, app=None, **more):
    return [a["acct"] for a in (app or ann).ok("GET", ACCOUNTS, q=q, **more)]


@tap.test
def there_are_always_three_lists():
    for q in ("", "zzz", "@", "tom"):
        found = ann.ok("GET", SEARCH, q=q)
        tap.equal(sorted(found), ["accounts", "hashtags", "statuses"], f"lists for {q!r}")


@tap.test
def accounts_are_found_while_the_name_is_typed():
    tap.equal(sorted(_accts("an")), ["anders", "ann"], "an")
    tap.equal(_accts("ann"), ["ann"], "ann")
    tap.equal(_accts("@ANN"), ["ann"], "@ANN")
    tap.equal(_accts("an", limit=1), _accts("an")[:1], "a page")
    tap.equal(_accts("an", following="true"), [], "nobody followed")


@tap.test
def a_handle_of_another_node_is_looked_up_when_asked_to():
    bob = away.handle("bob")
    tap.equal(_accts(bob), [], "before")
    tap.equal(_accts(bob, resolve="true"), [bob], "with resolve")
    tap.equal(_accts(bob), [bob], "known now")
    found = ann.ok("GET", SEARCH, q="@" + bob, type="accounts", resolve="true")
    tap.equal([a["acct"] for a in found["accounts"]], [bob], "as toot asks")
    tap.equal(_accts("nobody@" + away.part, resolve="true"), [], "nobody there")


@tap.test
def whom_one_follows_comes_first_and_whom_one_blocked_is_found():
    home.cli("follow", "ann", away.handle("bob"))
    tap.until(lambda: _accts("b", following="true") == [away.handle("bob")], "bob among the followed")
    home.cli("block", "ann", "tom")
    tap.equal(_accts("tom"), ["tom"], "blocked")


@tap.test
def every_node_is_sound():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, teardown=scene.close)
