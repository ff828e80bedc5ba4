#!/usr/bin/python3
"""Statuses of the client API on two nodes: written, marked, edited, deleted, and kept from who may not read."""

import datetime
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import client, stage, tap

scene = stage.Stage()
STATUSES = "/api/v1/statuses"
made = {}


def setup():
    global here, there, ann, cat, ben, nobody
    here, there = scene.nodes("here", "there")
    here.account("ann", "cat")
    there.account("ben")
    there.cli("follow", "ben", here.handle("ann"))
    tap.until(lambda: here.counts("ann")[0] == 1, "ben follows ann")
    ann, cat = (client.Client(here, client.token(here, name)) for name in ("ann", "cat"))
    ben = client.Client(there, client.token(there, "ben"))
    nobody = client.Client(here)


def write(app, text, **more):
    return app.ok("POST", STATUSES, status=text, **more)


def one(app, which, suffix="", method="GET", **more):
    return app.ok(method, f"{STATUSES}/{which['id']}{suffix}", **more)


def arrived(app, status):
    """The same status at another node, once it is in that one's home timeline."""
    def find():
        return next((s for s in app.ok("GET", "/api/v1/timelines/home") if s["uri"] == status["uri"]), None)
    return tap.until(find, f"{status['uri']} to arrive")


@tap.test
def what_is_typed_is_shown_as_it_is():
    status = write(ann, "a < b & *c*\nsee https://e.example/x_(y).\n\n#Ward " + f"@cat @{there.handle('ben')} :)",
                   visibility="public", language="en", spoiler_text="ward & co")
    made["everything"] = status
    tap.check(status["content"].startswith("<p>a &lt; b &amp; *c*<br>see <a href=\"https://e.example/x_(y)\""),
              status["content"])
    tap.equal([t["name"] for t in status["tags"]], ["ward"], "tags")
    tap.equal(sorted(m["acct"] for m in status["mentions"]), sorted(["cat", there.handle("ben").strip("@")]),
              "mentions")
    for part in status["mentions"] + status["tags"]:
        tap.check(f'href="{part["url"]}"' in status["content"], f"{part['url']} in the content")
    tap.equal((status["visibility"], status["language"], status["spoiler_text"], status["sensitive"]),
              ("public", "en", "ward & co", True), "what was chosen")
    tap.equal(one(ann, status), status, "the same when fetched")
    there_is = arrived(ben, status)
    tap.equal(there_is["spoiler_text"], "ward & co", "warning, elsewhere")


@tap.test
def an_empty_or_too_long_status_is_refused():
    for text in ("", "  \n", "x" * 5001):
        answer = ann.post(STATUSES, status=text)
        tap.equal(answer.status, 422, "status")
        tap.check(answer.json()["error"].startswith("Validation failed: "), "what is wrong")
    tap.equal(ann.post(STATUSES, spoiler_text="only a warning").status, 422, "a warning alone")
    tap.equal(ann.post(STATUSES, status="x", visibility="everyone").status, 422, "no such visibility")
    tap.equal(ann.post(STATUSES, status="x", in_reply_to_id="1").status, 404, "no such parent")
    long_but_counted = "https://e.example/" + "y" * 300 + " " + "x" * 4900
    tap.check(write(ann, long_but_counted)["content"], "an address counts as 23")


@tap.test
def a_conversation_is_told_from_its_root_and_depth_first():
    root = write(ann, "root")
    first = write(cat, "first", in_reply_to_id=root["id"])
    second = write(cat, "second", in_reply_to_id=root["id"])
    below = write(ann, "below the first", in_reply_to_id=first["id"])
    context = one(ann, below, "/context")
    tap.equal([s["id"] for s in context["ancestors"]], [root["id"], first["id"]], "ancestors")
    context = one(ann, root, "/context")
    tap.equal([s["id"] for s in context["descendants"]], [first["id"], below["id"], second["id"]], "descendants")
    tap.equal(one(ann, below)["in_reply_to_account_id"], first["account"]["id"], "whom it answers")
    tap.equal(one(ann, root)["replies_count"], 2, "replies")




@tap.test
def marks_are_set_taken_back_and_may_be_repeated():
    status = write(ann, "mark me")
    for word, back, key in (("favourite", "unfavourite", "favourited"), ("bookmark", "unbookmark", "bookmarked"),
                            ("mute", "unmute", "muted")):
        for _ in range(2):
            tap.equal(one(cat, status, "/" + word, "POST")[key], True, word)
        tap.equal(one(ann, status)[key], False, f"{key} is the reader's own")
        for _ in range(2):
            tap.equal(one(cat, status, "/" + back, "POST")[key], False, back)
    for _ in range(2):
        boost = one(cat, status, "/reblog", "POST")
        tap.equal((boost["reblog"]["id"], boost["content"]), (status["id"], ""), "boost")
        tap.equal(boost["reblog"]["reblogged"], True, "reblogged")
    tap.equal(one(cat, boost, "/favourite", "POST")["id"], status["id"], "a mark on a boost is on what it shows")
    tap.equal(one(ann, status)["reblogs_count"], 1, "counted once")
    for _ in range(2):
        tap.equal(one(cat, status, "/unreblog", "POST")["reblogged"], False, "unreblog")
    tap.equal(one(ann, status, "/pin", "POST")["pinned"], True, "pin")
    tap.equal(one(ann, status, "/unpin", "POST")["pinned"], False, "unpin")
    tap.check(cat.send("POST", f"{STATUSES}/{status['id']}/pin").status in (403, 422), "another's is not pinned")


@tap.test
def a_deleted_status_is_answered_as_it_was_typed():
    status = write(ann, "typo *here*", spoiler_text="cw")
    arrived(ben, status)
    tap.equal(cat.send("DELETE", f"{STATUSES}/{status['id']}").status, 404, "another's")
    gone = one(ann, status, method="DELETE")
    tap.equal((gone["text"], gone["spoiler_text"]), ("typo *here*", "cw"), "to be written anew")
    tap.equal(ann.get(f"{STATUSES}/{status['id']}").status, 404, "gone")


@tap.test
def an_edit_is_told_everywhere_and_remembered():
    status = write(ann, "first *words*", spoiler_text="cw", language="en")
    arrived(ben, status)
    edited = one(ann, status, method="PUT", status="second words #new", sensitive=True, language="de")
    tap.equal(edited["id"], status["id"], "the same status")
    tap.equal((edited["text"], edited["spoiler_text"]), ("second words #new", ""), "edited")
    tap.equal((edited["sensitive"], edited["language"]), (True, "de"), "what else was changed")
    tap.check(edited["edited_at"] and edited["content"] != status["content"], "when, and what")
    tap.equal(one(ann, status, "/source")["text"], "second words #new", "source")
    tap.equal(cat.get(f"{STATUSES}/{status['id']}/source").status, 404, "the source is the author's")
    history = one(cat, status, "/history")
    tap.equal([v["content"] for v in history], [status["content"], edited["content"]], "versions, oldest first")
    tap.equal([v["spoiler_text"] for v in history], ["cw", ""], "warnings")
    tap.equal([v["created_at"] for v in history], [status["created_at"], edited["edited_at"]], "since when")
    tap.equal(cat.send("PUT", f"{STATUSES}/{status['id']}", status="mine now").status, 404, "another's")
    tap.until(lambda: "second words" in arrived(ben, status)["content"], "the edit to arrive")


@tap.test
def a_poll_is_voted_in_across_nodes_once():
    status = write(ann, "when?", poll={"options": ["now", "later"], "expires_in": 3600})
    poll = status["poll"]
    tap.equal([o["title"] for o in poll["options"]], ["now", "later"], "options")
    tap.equal((poll["voted"], poll["own_votes"], poll["expired"]), (True, [], False), "as its author has it")
    theirs = arrived(ben, status)["poll"]
    path = f"/api/v1/polls/{theirs['id']}"
    tap.equal(ben.send("POST", path + "/votes", choices=[7]).status, 422, "no such option")
    voted = ben.ok("POST", path + "/votes", choices=["1"])
    tap.equal((voted["voted"], voted["own_votes"]), (True, [1]), "their vote")
    tap.equal(ben.send("POST", path + "/votes", choices=[0]).status, 422, "voted already")
    tap.equal(ann.send("POST", f"/api/v1/polls/{poll['id']}/votes", choices=[0]).status, 422, "one's own")

    def counts():
        return [o["votes_count"] for o in ann.ok("GET", f"/api/v1/polls/{poll['id']}")["options"]]
    tap.until(lambda: counts() == [0, 1], "the vote to be counted")
    tap.equal(ann.post(STATUSES, status="x", poll={"options": ["alone"], "expires_in": 60}).status, 422, "one option")


@tap.test
def the_same_request_sent_again_makes_no_second_status():
    def send(key, text):
        return ann.send("POST", STATUSES, headers={"Idempotency-Key": key}, status=text).json()
    first, again, other = send("key-1", "once"), send("key-1", "once"), send("key-2", "once")
    tap.equal(again["id"], first["id"], "the first answer again")
    tap.check(other["id"] != first["id"], "another key is another status")
    at_once = [None] * 4
    def run(i):
        at_once[i] = send("key-3", "at once")["id"]
    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(at_once))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tap.equal(len(set(at_once)), 1, "all at once")
    mine = cat.send("POST", STATUSES, headers={"Idempotency-Key": "key-1"}, status="cat's").json()
    tap.equal(mine["account"]["username"], "cat", "a key is the token's own")
    made["once"] = (first["id"], send)


@tap.test
def what_is_scheduled_waits_can_be_moved_and_taken_back():
    def at(seconds):
        moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    path = "/api/v1/scheduled_statuses"
    tap.equal(ann.post(STATUSES, status="x", scheduled_at=at(60)).status, 422, "too soon")
    waiting = write(ann, "later", scheduled_at=at(900), visibility="unlisted", spoiler_text="cw")
    params = waiting["params"]
    tap.equal((params["text"], params["visibility"], params["spoiler_text"]), ("later", "unlisted", "cw"), "params")
    tap.equal([s["id"] for s in ann.ok("GET", path)], [waiting["id"]], "listed")
    tap.equal(cat.ok("GET", path), [], "for its author alone")
    for method in ("GET", "PUT", "DELETE"):
        tap.equal(cat.send(method, f"{path}/{waiting['id']}").status, 404, f"{method} of another's")
    moved = ann.ok("PUT", f"{path}/{waiting['id']}", scheduled_at=at(7200))
    tap.check(moved["scheduled_at"] > waiting["scheduled_at"], "moved")
    tap.equal(ann.ok("GET", f"{path}/{waiting['id']}"), moved, "as it is now")
    tap.equal(ann.ok("DELETE", f"{path}/{waiting['id']}"), {}, "taken back")
    tap.equal(ann.ok("GET", path), [], "nothing waits")
    made["waits"] = ann.ok("POST", STATUSES, status="still there", scheduled_at=at(900))["id"]


@tap.test
def who_likes_boosts_and_quotes_it_is_listed():
    status = write(ann, "listen", quote_approval_policy="public")
    one(cat, status, "/favourite", "POST")
    one(cat, status, "/reblog", "POST")
    quote = write(cat, "as ann says", quoted_status_id=status["id"])
    tap.equal([a["acct"] for a in one(ann, status, "/favourited_by")], ["cat"], "favourited by")
    tap.equal([a["acct"] for a in one(ann, status, "/reblogged_by")], ["cat"], "reblogged by")
    tap.equal([s["id"] for s in one(ann, status, "/quotes")], [quote["id"]], "quotes")
    tap.equal(quote["quote"]["state"], "accepted", "the quote")
    tap.equal(quote["quote"]["quoted_status"]["id"], status["id"], "what it quotes")
    tap.equal(one(ann, status)["quotes_count"], 1, "counted")


@tap.test
def t64_what_is_not_for_the_reader_is_404_by_every_route():
    secret = write(ann, f"for {there.handle('ben')}", visibility="direct")
    followers = write(ann, "for those who follow", visibility="private")
    tap.equal(arrived(ben, followers)["visibility"], "private", "a follower reads it")
    for status in (secret, followers):
        reading = ("", "/context", "/source", "/history", "/favourited_by", "/reblogged_by", "/quotes")
        marking = ("favourite", "unfavourite", "reblog", "unreblog", "bookmark", "mute", "unmute", "pin", "unpin")
        for method, suffix in [("GET", s) for s in reading] + [("POST", "/" + word) for word in marking]:
            path = f"{STATUSES}/{status['id']}{suffix}"
            tap.equal(cat.send(method, path).status, 404, f"{method} {suffix}")
        tap.equal(cat.send("DELETE", f"{STATUSES}/{status['id']}").status, 404, "DELETE")
        tap.equal(cat.ok("GET", STATUSES, id=status["id"]), [], "by id[]")
        tap.equal(cat.post(STATUSES, status="x", in_reply_to_id=status["id"]).status, 404, "to answer it")
        tap.equal(cat.post(STATUSES, status="x", quoted_status_id=status["id"]).status, 404, "to quote it")
    both = ann.ok("GET", STATUSES + f"?id[]={followers['id']}&id[]=1&id[]={secret['id']}")
    tap.equal([s["id"] for s in both], [followers["id"], secret["id"]], "the author sees both")


@tap.test
def a_restart_forgets_neither_schedule_nor_keys():
    here.stop()
    here.start()
    tap.equal([s["id"] for s in ann.ok("GET", "/api/v1/scheduled_statuses")], [made["waits"]], "scheduled")
    first, send = made["once"]
    tap.equal(send("key-1", "once")["id"], first, "the first answer again")


@tap.test
def every_node_is_sound():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, teardown=scene.close)
