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


ACCOUNT = {"id", "username", "acct", "url", "uri", "display_name", "note", "avatar", "avatar_static", "header",
           "header_static", "locked", "created_at", "emojis", "followers_count", "following_count",
           "statuses_count", "fields", "bot", "group", "discoverable", "last_status_at", "hide_collections",
           "indexable"}


@tap.test
def an_account_has_every_member():
    for app, name in ((ann, "ann"), (ann, "bob"), (cat, "ann")):
        told = app.ok("GET", f"/api/v1/accounts/{ids[name]}")
        tap.equal(ACCOUNT - set(told), set(), name)
        for key in ACCOUNT - {"last_status_at"}:
            tap.check(told[key] is not None, f"{key} of {name} is null")


@tap.test
def private_posts_are_counted_for_their_author_alone():
    home.cli("post", "ann", "to all", "--visibility", "public")
    home.cli("post", "ann", "@cat alone", "--visibility", "direct")
    seen = {name: app.ok("GET", f"/api/v1/accounts/{ids['ann']}") for name, app in (("ann", ann), ("cat", cat))}
    tap.equal(seen["ann"]["statuses_count"], 2, "the author")
    tap.equal(seen["cat"]["statuses_count"], 1, "another")
    tap.equal(len(seen["cat"]["last_status_at"]), 10, "a day")


@tap.test
def my_own_account_says_what_it_is_made_of():
    own = me(ann)
    for key in ("note", "fields", "privacy", "sensitive", "language", "follow_requests_count", "hide_collections",
                "discoverable", "indexable"):
        tap.check(key in own["source"], f"source.{key}")
    tap.equal(own["role"]["name"], "", "role")
    tap.check("source" not in cat.ok("GET", f"/api/v1/accounts/{ids['ann']}"), "source is for oneself")


def names(answer):
    return [one["username"] for one in answer.json()]


@tap.test
def people_are_listed_in_pages():
    home.account("dan", "eve", "fay")
    for name in ("dan", "eve", "fay"):
        home.cli("follow", name, "cat")
    path = f"/api/v1/accounts/{ids['cat']}/followers"
    first = ann.get(path, limit=2)
    tap.equal(names(first), ["fay", "eve"], "first page")
    tap.check(first.headers["Link"].split(">; rel=")[1].startswith('"next"'), "next comes first")
    second = ann.get(first.links()["next"])
    tap.equal(names(second), ["dan"], "second page")
    tap.check("next" not in second.links(), "no page after the last")
    tap.equal(names(ann.get(second.links()["prev"])), ["fay", "eve"], "back")
    tap.equal(names(ann.get(path, limit=3)), ["fay", "eve", "dan"], "all")
    tap.check("next" not in ann.get(path, limit=3).links(), "a full last page leads nowhere")
    dan = ann.ok("GET", "/api/v1/accounts/lookup", acct="dan")["id"]
    tap.equal([one["username"] for one in ann.ok("GET", f"/api/v1/accounts/{dan}/following")], ["cat"], "following")


@tap.test
def blocks_and_mutes_are_listed_for_their_maker_alone():
    act(ann, "bob", "mute", duration=900)
    act(ann, "cat", "block")
    muted = ann.ok("GET", "/api/v1/mutes")
    tap.equal([one["id"] for one in muted], [ids["bob"]], "mutes")
    tap.check(muted[0]["mute_expires_at"], "the end of a mute")
    tap.equal([one["id"] for one in ann.ok("GET", "/api/v1/blocks")], [ids["cat"]], "blocks")
    tap.equal(cat.ok("GET", "/api/v1/blocks") + cat.ok("GET", "/api/v1/mutes"), [], "of somebody else")
    act(ann, "cat", "unblock")
    act(ann, "bob", "unmute")
    tap.equal(ann.ok("GET", "/api/v1/blocks") + ann.ok("GET", "/api/v1/mutes"), [], "taken back")


@tap.test
def a_request_to_follow_is_answered_by_whom_it_asks():
    home.cli("account", "edit", "ann", "--locked", "yes")
    away.cli("lookup", home.handle("ann"))
    asked = bob.ok("GET", "/api/v1/accounts/lookup", acct=home.handle("ann"))["id"]

    def ask():
        bob.ok("POST", f"/api/v1/accounts/{asked}/follow")
        tap.until(lambda: ann.ok("GET", "/api/v1/follow_requests"), "the request")

    ask()
    tap.equal([one["id"] for one in ann.ok("GET", "/api/v1/follow_requests")], [ids["bob"]], "who asks")
    tap.equal(cat.ok("GET", "/api/v1/follow_requests"), [], "of somebody else")
    tap.equal(me(ann)["source"]["follow_requests_count"], 1, "counted")
    tap.equal(cat.post(f"/api/v1/follow_requests/{ids['bob']}/authorize").status, 404, "answered by another")
    tap.equal(ann.post(f"/api/v1/follow_requests/{ids['cat']}/reject").status, 404, "who did not ask")
    tap.equal(ann.ok("POST", f"/api/v1/follow_requests/{ids['bob']}/reject")["requested_by"], False, "rejected")
    tap.until(lambda: not bob.ok("GET", "/api/v1/accounts/relationships", id=asked)[0]["requested"], "the Reject")
    ask()
    tap.equal(ann.ok("POST", f"/api/v1/follow_requests/{ids['bob']}/authorize")["followed_by"], True, "let in")
    tap.until(lambda: bob.ok("GET", "/api/v1/accounts/relationships", id=asked)[0]["following"], "the Accept")
    tap.equal(ann.post(f"/api/v1/follow_requests/{ids['bob']}/reject").status, 404, "a reject removes no follower")
    home.cli("account", "edit", "ann", "--locked", "no")


@tap.test
def every_node_is_sound():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, teardown=scene.close)
