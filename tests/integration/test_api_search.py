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
    away.account("bob", "rose")
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


def _uris(app, q, **more):
    return [s["uri"] for s in app.ok("GET", SEARCH, q=q, type="statuses", **more)["statuses"]]


@tap.test
def t66_restricted_posts_are_found_by_those_who_may_read_them():
    tom = client.Client(home, client.token(home, "tom"))
    bob = client.Client(away, client.token(away, "bob"))
    public = home.post("ann", "Potassium is low on ward 7")
    followers = home.post("ann", "Potassium again, for followers", "--visibility", "followers")
    direct = home.post("ann", f"@{away.handle('bob')} potassium for one", "--visibility", "direct")
    tap.equal(_uris(ann, "potassium"), [direct, followers, public], "the author, newest first")
    anders = client.Client(home, client.token(home, "anders"))
    tap.equal(_uris(anders, "potassium"), [public], "a colleague")
    tap.equal(_uris(tom, "potassium"), [], "somebody the author blocked")
    tap.until(lambda: _uris(bob, "potassium") == [direct], "the one who was written to, elsewhere")
    home.cli("follow", "anders", "ann")
    tap.equal(_uris(anders, "potassium"), [followers, public], "a follower")
    home.cli("unfollow", "anders", "ann")
    tap.equal(_uris(anders, "potassium"), [public], "no follower any more")
    tap.equal(client.Client(home).get(SEARCH, q="potassium").status, 401, "without a token")


@tap.test
def an_edit_and_a_deletion_are_seen_at_once():
    uri = home.post("ann", "Magnesium is low")
    tap.equal(_uris(ann, "magnesium"), [uri], "posted")
    home.cli("edit", uri, "Calcium is low")
    tap.equal(_uris(ann, "magnesium"), [], "the former word")
    tap.equal(_uris(ann, '"calcium is" from:me'), [uri], "the new one")
    home.cli("delete", uri, "--yes")
    tap.equal(_uris(ann, "calcium"), [], "deleted")


@tap.test
def the_address_of_a_post_finds_it():
    uri = away.post("rose", "Seen from elsewhere")
    tap.equal(_uris(ann, uri), [], "unknown here")
    tap.equal(_uris(ann, uri, resolve="true"), [uri], "looked up")
    tap.equal(_uris(ann, uri), [uri], "known now")
    secret = away.post("rose", "Not for you", "--visibility", "followers")
    tap.equal(_uris(ann, secret, resolve="true"), [], "what one may not read")


@tap.test
def a_hashtag_in_use_is_found_by_its_name():
    home.post("ann", "Swabs are back #LabNews")
    home.post("ann", "For some of us #Secrecy", "--visibility", "followers")
    for q, wanted in (("labnews", ["labnews"]), ("#LABNEWS", ["labnews"]), ("#secrecy", []), ("#unused", [])):
        found = ann.ok("GET", SEARCH, q=q, type="hashtags")["hashtags"]
        tap.equal([t["name"] for t in found], wanted, q)


@tap.test
def pages_lead_on():
    made = [home.post("anders", f"Handover {n}") for n in range(5)]
    tap.equal(_uris(ann, "handover", limit=2), made[:2:-1], "the first page")
    tap.equal(_uris(ann, "handover", limit=2, offset=2), made[2:0:-1], "the second")
    found = ann.ok("GET", SEARCH, q="handover", type="statuses", limit=2)["statuses"]
    tap.equal(_uris(ann, "handover", max_id=found[1]["id"]), made[2::-1], "what is older")
    account = found[0]["account"]["id"]
    tap.equal(len(_uris(ann, "handover", account_id=account)), 5, "of one account")


@tap.test
def every_node_is_sound():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, teardown=scene.close)
