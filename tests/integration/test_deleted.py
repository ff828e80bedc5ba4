#!/usr/bin/python3
"""What was deleted: said of what everyone could read, not said of what was restricted."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import stage, tap

scene = stage.Stage()


def setup():
    global home, friend, fred
    home = scene.node("home")
    home.account("ann", "tom")
    friend = scene.server("friend.localhost")
    home.allow(friend.authority_part)
    fred = friend.actor("fred")
    stage.follow_back(home, "ann", fred)
    stage.follow_back(home, "tom", fred)


def _told(response):
    return sorted((n.lower(), v) for n, v in response.headers if n.lower() != "date")


@tap.test
def a_deleted_open_post_leaves_a_tombstone():
    for kind in ("public", "unlisted"):
        uri = home.post("ann", "open", "--visibility", kind)
        tap.equal(fred.get(uri).status, 200, "while it lives")
        home.cli("delete", uri, "--yes")
        answer = fred.get(uri)
        tap.equal(answer.status, 410, kind)
        tap.equal((answer.json()["type"], answer.json()["id"]), ("Tombstone", uri), kind)
        tap.equal(home.get(uri).status, 401, "unsigned, as before")


@tap.test
def t64_a_deleted_restricted_post_looks_as_if_it_had_never_been():
    for kind in ("followers", "direct", "local"):
        uri = home.post("ann", "closed", "--visibility", kind, "--to", fred.handle)
        home.cli("delete", uri, "--yes")
        unknown = uri[:-3] + ("111" if uri[-3:] != "111" else "112")
        for get in (fred.get, home.get):
            answer, never = get(uri), get(unknown)
            tap.equal((answer.status, answer.body, _told(answer)), (404, never.body, _told(never)), kind)


@tap.test
def a_hashtag_leads_to_the_public_posts_that_carry_it():
    uri = home.post("ann", "Beds on 7 west #Bettenführung")
    home.post("ann", "not for all #Bettenführung", "--visibility", "followers")
    note = fred.get(uri).json()
    link = next(t["href"] for t in note["tag"] if t["type"] == "Hashtag")
    collection = fred.get(link).json()
    tap.equal((collection["type"], collection["id"]), ("OrderedCollection", link), "collection")
    tap.equal(fred.get(collection["first"]).json()["orderedItems"], [uri], "its page")
    tap.equal(home.get(link).status, 401, "unsigned")


@tap.test
def only_open_posts_are_counted_in_public():
    def told():
        return home.get(home.base + "/nodeinfo/2.1").json()["usage"]["localPosts"]

    before = told()
    for kind in ("followers", "local"):
        home.post("ann", "private", "--visibility", kind)
    home.post("ann", "open")
    tap.equal(told(), before + 1, "localPosts")


@tap.test
def a_deleted_account_is_gone():
    actor = home.actor("tom")["id"]
    home.cli("account", "delete", "tom", "--yes")
    answer = home.get(actor)
    tap.equal((answer.status, answer.json()["type"], answer.json()["id"]), (410, "Tombstone", actor), "actor")
    tap.check("publicKey" not in answer.body.decode(), "its key is still served")
    finger = home.get(f"{home.base}/.well-known/webfinger?resource=acct:tom@{home.part}")
    tap.equal(finger.status, 410, "WebFinger")


@tap.test
def the_node_ends_soundly():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, scene.close)
