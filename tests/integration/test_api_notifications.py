#!/usr/bin/python3
"""Notifications, grouped and single, markers and conversations, as apps ask for them."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import client, stage, tap

scene = stage.Stage()
LIST = "/api/v1/notifications"


def setup():
    global home, away, ann, cat, bob
    home, away = scene.nodes("home", "away")
    home.account("ann")
    home.account("cat")
    away.account("bob")
    ann = client.Client(home, client.token(home, "ann"))
    cat = client.Client(home, client.token(home, "cat"))
    bob = client.Client(away, client.token(away, "bob"))


def types(answer):
    return [one["type"] for one in answer]


@tap.test
def what_happens_is_told_the_newest_first():
    tap.equal(ann.ok("GET", LIST), [], "nothing yet")
    home.cli("follow", "cat", "ann")
    post = home.post("ann", "hello")
    home.cli("like", "cat", post)
    home.cli("boost", "cat", post)
    home.post("cat", "@ann how are you?")
    told = ann.ok("GET", LIST)
    tap.equal(types(told), ["mention", "reblog", "favourite", "follow"], "types")
    for one in told:
        tap.equal(one["account"]["acct"], "cat", f"who: {one['type']}")
        tap.equal(one["group_key"], f"ungrouped-{one['id']}", "group_key")
        tap.check(one["created_at"].endswith("Z"), "created_at")
    tap.check("how are you" in told[0]["status"]["content"], "the post that mentions")
    tap.check("status" not in told[3], "a follow has no post")


@tap.test
def types_and_accounts_are_chosen():
    tap.equal(types(ann.ok("GET", LIST + "?types[]=follow&types[]=reblog")), ["reblog", "follow"], "types")
    tap.equal(types(ann.ok("GET", LIST + "?exclude_types[]=follow")), ["mention", "reblog", "favourite"], "exclude")
    tap.equal(ann.ok("GET", LIST + "?types[]=no_such_type"), [], "unknown")
    who = ann.ok("GET", LIST)[0]["account"]["id"]
    tap.equal(len(ann.ok("GET", LIST, account_id=who)), 4, "of cat")
    tap.equal(ann.ok("GET", LIST, account_id="1"), [], "of somebody else")
    tap.equal(ann.ok("GET", LIST + "/unread_count"), {"count": 4}, "unread_count")


@tap.test
def pages_lead_both_ways():
    all_ids = [one["id"] for one in ann.ok("GET", LIST)]
    first = ann.get(LIST, limit=2)
    tap.equal([one["id"] for one in first.json()], all_ids[:2], "first page")
    second = ann.get(first.links()["next"])
    tap.equal([one["id"] for one in second.json()], all_ids[2:], "second page")
    back = ann.get(second.links()["prev"])
    tap.equal([one["id"] for one in back.json()], all_ids[:2], "back")
    up = ann.ok("GET", LIST, min_id=all_ids[3], limit=1)
    tap.equal([one["id"] for one in up], all_ids[2:3], "min_id gives the page just above")
    tap.equal(len(ann.ok("GET", LIST, since_id=all_ids[1])), 1, "since_id")
    tap.check("next" not in ann.get(LIST, limit=40).links(), "no next on the last page")


@tap.test
def one_is_fetched_dismissed_and_nobody_elses():
    one = ann.ok("GET", LIST)[-1]
    tap.equal(ann.ok("GET", f"{LIST}/{one['id']}")["type"], "follow", "single")
    tap.equal(cat.get(f"{LIST}/{one['id']}").status, 404, "another's")
    tap.equal(cat.post(f"{LIST}/{one['id']}/dismiss").status, 404, "dismissing another's")
    ann.ok("POST", f"{LIST}/{one['id']}/dismiss")
    tap.equal(ann.get(f"{LIST}/{one['id']}").status, 404, "dismissed")


@tap.test
def whom_one_mutes_or_blocks_is_not_told_of():
    home.cli("mute", "ann", "cat")
    tap.equal(ann.ok("GET", LIST), [], "muted")
    home.cli("unmute", "ann", "cat")
    tap.equal(len(ann.ok("GET", LIST)), 3, "unmuted")
    home.cli("block", "cat", "ann")
    tap.equal(ann.ok("GET", LIST), [], "blocked by")
    home.cli("unblock", "cat", "ann")


@tap.test
def what_comes_from_another_node_is_told():
    away.post("bob", f"@{home.handle('ann')} from elsewhere")
    tap.until(lambda: [one["account"]["username"] for one in ann.ok("GET", LIST)][:1] == ["bob"], "the mention")


@tap.test
def markers_are_kept_and_only_what_is_known_is_told():
    path = "/api/v1/markers"
    tap.equal(ann.ok("GET", path + "?timeline[]=home&timeline[]=notifications"), {}, "nothing known")
    newest = ann.ok("GET", LIST)[0]["id"]
    made = ann.ok("POST", path, notifications={"last_read_id": newest})
    tap.equal(made["notifications"]["last_read_id"], newest, "last_read_id")
    tap.equal(made["notifications"]["version"], 1, "version")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    ann.ok("POST", path, body=b"home[last_read_id]=17&notifications[last_read_id]=" + newest.encode(), headers=form)
    told = ann.ok("GET", path + "?timeline[]=home&timeline[]=notifications")
    tap.equal((told["home"]["last_read_id"], told["notifications"]["version"]), ("17", 2), "both")
    tap.equal(cat.ok("GET", path + "?timeline[]=notifications"), {}, "another's")
    tap.equal(ann.post(path, home={"last_read_id": "x"}).status, 422, "no id")
    tap.equal(ann.ok("GET", LIST + "/unread_count"), {"count": 0}, "nothing is newer than the marker")


@tap.test
def all_are_cleared():
    ann.ok("POST", LIST + "/clear")
    tap.equal(ann.ok("GET", LIST), [], "nothing left")


@tap.test
def every_node_is_sound():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, teardown=scene.close)
