#!/usr/bin/python3
"""Accounts and relations by the client API: profiles, follows, blocks, mutes, notes, on two nodes."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import client, stage, tap

scene = stage.Stage()
RELATIONSHIP = {"id", "following", "showing_reblogs", "notifying", "languages", "followed_by", "blocking",
                "blocked_by", "muting", "muting_notifications", "muting_expires_at", "requested",
                "requested_by", "domain_blocking", "endorsed", "note"}


def setup():
    global home, away, ann, cat, bob, nobody, ids
    home, away = scene.nodes("home", "away")
    home.account("ann", "cat")
    away.account("bob")
    ann, cat = (client.Client(home, client.token(home, name)) for name in ("ann", "cat"))
    bob = client.Client(away, client.token(away, "bob"))
    nobody = client.Client(home)
    home.cli("lookup", away.handle("bob"))
    ids = {"ann": me(ann)["id"], "cat": me(cat)["id"],
           "bob": ann.ok("GET", "/api/v1/accounts/lookup", acct=away.handle("bob"))["id"]}


def me(app):
    return app.ok("GET", "/api/v1/accounts/verify_credentials")


def act(app, name, verb, **parameters):
    return app.ok("POST", f"/api/v1/accounts/{ids[name]}/{verb}", **parameters)


def relation(app, *names):
    return app.ok("GET", "/api/v1/accounts/relationships", **{"id[]": [ids[name] for name in names]})


@tap.test
def somebody_is_found_by_id_and_by_handle():
    found = ann.ok("GET", f"/api/v1/accounts/{ids['bob']}")
    tap.equal(found["acct"], away.handle("bob"), "acct")
    tap.equal(found["username"], "bob", "username")
    for acct in ("cat", "@cat", home.handle("cat")):
        tap.equal(ann.ok("GET", "/api/v1/accounts/lookup", acct=acct)["id"], ids["cat"], acct)
    listed = ann.ok("GET", "/api/v1/accounts", **{"id[]": [ids["cat"], "12", ids["bob"], "x"]})
    tap.equal([one["id"] for one in listed], [ids["cat"], ids["bob"]], "several")


@tap.test
def who_is_not_here_is_not_found():
    tap.equal(ann.get("/api/v1/accounts/12").status, 404, "an unknown id")
    tap.equal(ann.get("/api/v1/accounts/x").status, 404, "no id")
    for acct in ("nobody", "", "@", "bob", "a@b@c", "bob@nowhere.example"):
        tap.equal(ann.get("/api/v1/accounts/lookup", acct=acct).status, 404, f"{acct!r}")
    tap.equal(ann.get("/api/v1/accounts/lookup").status, 404, "nobody named")


@tap.test
def nobody_signs_up_by_an_app():
    tap.equal(ann.post("/api/v1/accounts", username="x").status, 403, "status")


@tap.test
def a_relationship_is_told_in_full_for_each_that_was_asked():
    told = relation(ann, "ann", "bob", "cat")
    tap.equal([one["id"] for one in told], [ids[name] for name in ("ann", "bob", "cat")], "each")
    for one in told:
        tap.equal(set(one), RELATIONSHIP, "members")
    tap.equal(len(ann.ok("GET", f"/api/v1/accounts/relationships?id={ids['bob']}&id={ids['cat']}")), 2, "id=")


@tap.test
def a_follow_elsewhere_is_made_by_their_answer():
    made = act(ann, "bob", "follow")
    tap.check(made["following"] or made["requested"], f"{made}")
    tap.until(lambda: relation(ann, "bob")[0]["following"], "the Accept")
    tap.check(relation(ann, "bob")[0]["showing_reblogs"], "with boosts")
    tap.check(not relation(ann, "bob")[0]["requested"], "no longer asked")
    tap.equal(act(ann, "bob", "follow")["following"], True, "again")


@tap.test
def the_terms_of_a_follow_can_be_changed_and_stay():
    changed = act(ann, "bob", "follow", reblogs=False, notify=True, languages=["de", "en"])
    tap.equal((changed["showing_reblogs"], changed["notifying"], changed["languages"]),
              (False, True, ["de", "en"]), "terms")
    changed = act(ann, "bob", "follow", notify=False)
    tap.equal((changed["showing_reblogs"], changed["notifying"], changed["languages"]),
              (False, False, ["de", "en"]), "what was not said stays")
    tap.equal(ann.post(f"/api/v1/accounts/{ids['bob']}/follow", languages=["x" * 99]).status, 422, "no language")


@tap.test
def an_unfollow_ends_it_and_again_is_no_error():
    for _ in range(2):
        tap.equal(act(ann, "bob", "unfollow")["following"], False, "following")
    tap.equal(ann.post(f"/api/v1/accounts/{ids['ann']}/follow").status, 422, "oneself")


@tap.test
def a_follower_can_be_removed():
    act(ann, "cat", "follow")
    tap.equal(relation(cat, "ann")[0]["followed_by"], True, "before")
    tap.equal(act(cat, "ann", "remove_from_followers")["followed_by"], False, "after")


@tap.test
def a_block_ends_follows_and_its_target_is_not_told():
    act(ann, "cat", "follow")
    made = act(cat, "ann", "block")
    tap.equal((made["blocking"], made["followed_by"]), (True, False), "the blocker's view")
    tap.equal(relation(ann, "cat")[0]["blocked_by"], False, "the other's")
    tap.equal(ann.post(f"/api/v1/accounts/{ids['cat']}/follow").status, 403, "a follow")
    tap.equal(act(cat, "ann", "unblock")["blocking"], False, "unblocked")


@tap.test
def a_mute_has_terms():
    made = act(ann, "bob", "mute")
    tap.equal((made["muting"], made["muting_notifications"], made["muting_expires_at"]), (True, True, None), "usual")
    made = act(ann, "bob", "mute", notifications=False, duration=3600)
    tap.equal((made["muting"], made["muting_notifications"]), (True, False), "others")
    tap.check(made["muting_expires_at"].endswith("Z"), "an end")
    tap.equal(ann.post(f"/api/v1/accounts/{ids['bob']}/mute", duration=-1).status, 422, "no duration")
    tap.equal(act(ann, "bob", "unmute")["muting"], False, "unmuted")


@tap.test
def a_note_is_for_its_writer_alone():
    tap.equal(act(ann, "cat", "note", comment="on call till 8 <b>")["note"], "on call till 8 <b>", "the writer")
    tap.equal(relation(cat, "ann")[0]["note"], "", "whom it is about")
    tap.equal(relation(cat, "cat")[0]["note"], "", "whom it is about, of themselves")
    tap.check("on call" not in cat.get(f"/api/v1/accounts/{ids['cat']}").body.decode(), "the profile")
    tap.equal(act(ann, "cat", "note", comment="")["note"], "", "taken back")


@tap.test
def every_node_is_sound():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, teardown=scene.close)
