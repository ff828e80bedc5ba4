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


GROUPED = "/api/v2/notifications"


@tap.test
def what_belongs_together_is_one_group():
    ann.ok("POST", LIST + "/clear")
    post = home.post("ann", "liked by two")
    home.cli("like", "cat", post)
    home.post("cat", "@ann between")
    away.cli("like", "bob", post)
    tap.until(lambda: len(ann.ok("GET", LIST)) == 3, "the like from elsewhere")
    told = ann.ok("GET", GROUPED)
    groups = told["notification_groups"]
    tap.equal([(one["type"], one["notifications_count"]) for one in groups], [("favourite", 2), ("mention", 1)],
              "groups")
    accounts = {one["id"] for one in told["accounts"]}
    tap.equal(len(groups[0]["sample_account_ids"]), 2, "samples")
    tap.check(set(groups[0]["sample_account_ids"]) <= accounts, "their accounts")
    tap.check(groups[0]["status_id"] in {one["id"] for one in told["statuses"]}, "its status")
    tap.check(groups[1]["group_key"].startswith("ungrouped-"), "alone")
    first = ann.get(GROUPED, limit=1)
    second = ann.get(first.links()["next"])
    tap.equal([one["type"] for one in second.json()["notification_groups"]], ["mention"], "a group is given once")
    apart = ann.ok("GET", GROUPED + "?grouped_types[]=follow")
    tap.equal(len(apart["notification_groups"]), 3, "nothing put together that was not asked for")
    key = groups[0]["group_key"]
    tap.equal(len(ann.ok("GET", f"{GROUPED}/{key}/accounts")), 2, "who is in it")
    tap.equal(ann.ok("GET", f"{GROUPED}/{key}")["notification_groups"][0]["notifications_count"], 2, "one group")
    tap.equal(ann.ok("GET", GROUPED + "/unread_count"), {"count": 2}, "unread_count")
    for path in (f"{GROUPED}/{key}", f"{GROUPED}/{key}/accounts", f"{GROUPED}/{groups[1]['group_key']}",
                 f"{GROUPED}/favourite-1-x", f"{GROUPED}/nonsense"):
        tap.equal(cat.get(path).status, 404, path)
    tap.equal(cat.post(f"{GROUPED}/{key}/dismiss").status, 404, "dismissing another's")
    ann.ok("POST", f"{GROUPED}/{key}/dismiss")
    tap.equal(types(ann.ok("GET", LIST)), ["mention"], "the group is gone")


@tap.test
def conversations_are_listed_read_and_put_away():
    path = "/api/v1/conversations"
    tap.equal(ann.ok("GET", path), [], "none yet")
    first = home.post("cat", "@ann bed 4?", "--visibility", "direct")
    away.post("bob", f"@{home.handle('ann')} from away", "--visibility", "direct")
    tap.until(lambda: len(ann.ok("GET", path)) == 2, "both conversations")
    listed = ann.ok("GET", path)
    tap.equal([one["unread"] for one in listed], [True, True], "unread")
    tap.equal([[who["username"] for who in one["accounts"]] for one in listed], [["bob"], ["cat"]], "with whom")
    tap.equal(cat.ok("GET", path)[0]["unread"], False, "one's own words are read")
    pages = ann.get(path, limit=1)
    tap.equal([one["id"] for one in ann.get(pages.links()["next"]).json()], [listed[1]["id"]], "second page")
    home.post("ann", "@cat yes", "--visibility", "direct", "--reply-to", first)
    again = ann.ok("GET", path)
    tap.equal([one["id"] for one in again], [listed[1]["id"], listed[0]["id"]], "the last post leads")
    tap.equal([one["unread"] for one in again], [False, True], "answering reads")
    tap.check("yes" in again[0]["last_status"]["content"], "last_status")
    tap.equal(len(ann.get(ann.get(path, limit=1).links()["next"]).json()), 1, "given once over pages")
    bobs = listed[0]["id"]
    tap.equal(ann.ok("POST", f"{path}/{bobs}/read")["unread"], False, "read")
    tap.equal(cat.post(f"{path}/{bobs}/read").status, 404, "another's")
    tap.equal(cat.send("DELETE", f"{path}/{bobs}").status, 404, "another's")
    ann.ok("DELETE", f"{path}/{bobs}")
    tap.equal([one["id"] for one in ann.ok("GET", path)], [listed[1]["id"]], "put away")
    away.post("bob", f"@{home.handle('ann')} more", "--visibility", "direct")
    tap.until(lambda: len(ann.ok("GET", path)) == 2, "what comes later")


@tap.test
def who_boosted_a_post_is_told_of_each_version():
    post = home.post("cat", "5 mg")
    home.cli("boost", "ann", post)
    for text in ("50 mg", "0.5 mg"):
        home.cli("edit", post, text)
    told = ann.ok("GET", LIST + "?types[]=update")
    tap.equal(types(told), ["update", "update"], "twice")
    tap.check("0.5 mg" in told[0]["status"]["content"], "as it is now")
    tap.equal(types(cat.ok("GET", LIST + "?types[]=update")), [], "not its author")


@tap.test
def what_apps_ask_at_their_start_is_answered():
    tap.equal(ann.ok("GET", GROUPED + "/policy")["for_not_following"], "accept", "policy")
    tap.equal(ann.ok("GET", LIST + "/policy")["filter_not_following"], False, "policy, as before")
    tap.equal(ann.ok("GET", LIST + "/requests"), [], "requests")


REQUESTS = LIST + "/requests"
POLICY = GROUPED + "/policy"


@tap.test
def who_is_not_let_through_waits_until_accepted():
    ann.ok("POST", LIST + "/clear")
    home.account("eve")
    policy = ann.send("PATCH", POLICY, **{"for_not_following": "filter"})
    tap.equal(policy.json()["for_not_following"], "filter", "changed")
    tap.equal(ann.send("PATCH", POLICY, **{"for_new_accounts": "maybe"}).status, 422, "no such word")
    tap.equal(ann.ok("GET", LIST + "/policy")["filter_not_following"], True, "as before")
    home.post("eve", "@ann first")
    home.post("eve", "@ann second")
    tap.equal(ann.ok("GET", LIST), [], "not told")
    tap.equal(ann.ok("GET", LIST + "/unread_count"), {"count": 0}, "not counted")
    tap.equal(ann.ok("GET", GROUPED)["notification_groups"], [], "not grouped")
    (one,) = ann.ok("GET", REQUESTS)
    tap.equal(one["account"]["acct"], "eve", "by sender")
    tap.equal(one["notifications_count"], "2", "how many")
    tap.check("second" in one["last_status"]["content"], "the last")
    summary = {"pending_requests_count": 1, "pending_notifications_count": 2}
    tap.equal(ann.ok("GET", POLICY)["summary"], summary, "summary")
    path = f"{REQUESTS}/{one['id']}"
    tap.equal(ann.ok("GET", path)["id"], one["id"], "one")
    for answer in (cat.get(path), cat.post(path + "/accept"), cat.post(path + "/dismiss")):
        tap.equal(answer.status, 404, "another's")
    ann.ok("POST", LIST + "/clear")
    ann.ok("POST", path + "/accept")
    tap.equal(ann.ok("GET", REQUESTS), [], "none waits")
    tap.equal(ann.ok("GET", REQUESTS + "/merged"), {"merged": True}, "merged")
    tap.equal(types(ann.ok("GET", LIST)), ["mention"] * 2, "told")
    home.post("eve", "@ann third")
    tap.equal(len(ann.ok("GET", LIST)), 3, "and from now on")


@tap.test
def what_waits_is_dismissed_and_what_is_dropped_never_comes():
    home.account("fay")
    home.post("fay", "@ann hello")
    (one,) = ann.ok("GET", REQUESTS)
    ann.ok("POST", REQUESTS + "/dismiss", **{"id[]": one["id"]})
    tap.equal(ann.ok("GET", REQUESTS), [], "dismissed")
    tap.equal(len(ann.ok("GET", LIST)), 3, "not told")
    home.post("fay", "@ann again")
    (one,) = ann.ok("GET", REQUESTS)
    ann.ok("POST", REQUESTS + "/accept", id=[one["id"], "7"])
    tap.equal(len(ann.ok("GET", LIST)), 4, "accepted")
    ann.send("PATCH", POLICY, **{"for_not_followers": "drop", "for_not_following": "accept"})
    home.account("gus")
    home.post("gus", "@ann hello")
    tap.equal((ann.ok("GET", REQUESTS), len(ann.ok("GET", LIST))), ([], 4), "dropped")
    ann.send("PATCH", POLICY, **{"for_not_followers": "accept", "for_private_mentions": "filter"})
    home.post("gus", "@ann openly")
    tap.equal(len(ann.ok("GET", LIST)), 5, "an open one is told")
    home.post("gus", "@ann in private", "--visibility", "direct")
    tap.equal((len(ann.ok("GET", REQUESTS)), len(ann.ok("GET", LIST))), (1, 5), "a direct one waits")
    ann.ok("POST", f"{REQUESTS}/{ann.ok('GET', REQUESTS)[0]['id']}/dismiss")
    ann.send("PATCH", POLICY, **{"for_private_mentions": "accept", "for_new_accounts": "filter"})
    home.account("ida")
    home.post("ida", "@ann hello")
    tap.equal(len(ann.ok("GET", REQUESTS)), 1, "a new account waits")
    ann.send("PATCH", POLICY, **{"for_new_accounts": "accept"})
    tap.equal(ann.send("PATCH", LIST + "/policy", **{"filter_new_accounts": True}).json()["filter_new_accounts"], True)
    ann.send("PATCH", LIST + "/policy", **{"filter_new_accounts": False})


@tap.test
def what_a_filter_hides_is_not_told_and_what_it_warns_of_says_so():
    path = "/api/v2/filters"
    keyword = [{"keyword": "spoiler", "whole_word": True}]
    made = ann.ok("POST", path, title="t", context=["notifications"], filter_action="warn", keywords_attributes=keyword)
    home.post("cat", "@ann a spoiler")
    told = ann.ok("GET", LIST + "?types[]=mention&limit=1")
    tap.equal([one["filter"]["title"] for one in told[0]["status"]["filtered"]], ["t"], "reported")
    count = ann.ok("GET", LIST + "/unread_count")["count"]
    ann.ok("PUT", f"{path}/{made['id']}", filter_action="hide")
    tap.check(told[0]["id"] not in [one["id"] for one in ann.ok("GET", LIST)], "hidden")
    tap.equal(ann.get(f"{LIST}/{told[0]['id']}").status, 404, "by id, too")
    tap.equal(ann.ok("GET", LIST + "/unread_count")["count"], count - 1, "not counted")
    groups = ann.ok("GET", GROUPED)["notification_groups"]
    tap.check(f"ungrouped-{told[0]['id']}" not in [one["group_key"] for one in groups], "not grouped")
    ann.ok("PUT", f"{path}/{made['id']}", **{"context": ["home"]})
    tap.check(told[0]["id"] in [one["id"] for one in ann.ok("GET", LIST)], "of another place")
    ann.send("DELETE", f"{path}/{made['id']}")


@tap.test
def the_command_shows_and_dismisses_all():
    told = home.list("notification", "list", "ann")
    tap.check(any(one["type"] == "mention" for one in told), "a mention")
    home.cli("notification", "dismiss", "ann", told[0]["id"])
    tap.equal([one["id"] for one in home.list("notification", "list", "ann")], [one["id"] for one in told[1:]], "left")
    home.refuses("notification", "dismiss", "cat", told[1]["id"])


@tap.test
def t98_who_has_only_an_app_is_told_what_did_not_arrive():
    home.account("hal")
    hal = client.Client(home, client.token(home, "hal"))
    away.stop()
    post = home.post("hal", f"@{away.handle('bob')} 5 mg")
    home.cli("peer", "block", away.part, "--yes")
    tap.until(lambda: types(hal.ok("GET", LIST)) == ["mention"], "the letter")
    (told,) = hal.ok("GET", LIST)
    tap.check(away.part in told["status"]["content"] and post in told["status"]["content"], told["status"]["content"])
    tap.equal(told["status"]["visibility"], "direct", "visibility")
    tap.equal(ann.get(f"/api/v1/statuses/{told['status']['id']}").status, 404, "another's")
    hal.post(f"/api/v1/accounts/{told['account']['id']}/mute")
    hal.post(f"/api/v1/accounts/{told['account']['id']}/block")
    tap.equal(types(hal.ok("GET", LIST)), ["mention"], "that cannot be turned off")
    home.allow(away.part)
    away.start()


@tap.test
def all_are_cleared():
    ann.ok("POST", LIST + "/clear")
    tap.equal(ann.ok("GET", LIST), [], "nothing left")


@tap.test
def every_node_is_sound():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, teardown=scene.close)
