#!/usr/bin/python3
"""Streaming: who is told what, on a WebSocket and as server-sent events, and who is shown out."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import client, stage, streams, tap, ward

scene = stage.Stage()
STATUSES = "/api/v1/statuses"
SLOW_POSTS = 80
IDLE = 200


def setup():
    global here, there, ann, tom, eve, ben, quiet
    here = scene.node("here", stream_clients_per_account=IDLE + 10)
    there = scene.node("there", stream_clients_per_account=8, http_idle_timeout="1 s")
    ward.peer_all(here, there)
    here.account("ann", "tom", "eve")
    there.account("ben")
    here.cli("follow", "ann", there.handle("ben"))
    here.cli("follow", "ann", here.handle("tom"))
    tap.until(lambda: here.counts("ann")[1] == 2, "ann follows")
    ann, tom, eve = (client.Client(here, client.token(here, name)) for name in ("ann", "tom", "eve"))
    ben = client.Client(there, client.token(there, "ben"))
    quiet = (streams.Socket(there, ben.bearer, "hashtag", tag="quiet"),
             streams.Events(there, ben.bearer, "hashtag", tag="quiet"))


def text_of(frame):
    return json.loads(frame["payload"])["content"]


def say(app, text, **more):
    return app.ok("POST", STATUSES, status=text, **more)


def listen(app, *names, **parameters):
    """An open socket; once it answers, it listens: commands are taken in order."""
    socket = streams.Socket(app.node, app.bearer, **parameters)
    tap.equal(socket.status, 101, "handshake")
    for name in names:
        socket.say(type="subscribe", stream=name)
    settle(socket)
    return socket


def settle(socket):
    """What was said is heard: the next command's error is there."""
    socket.say(type="subscribe", stream="nonsense")
    while True:
        got = socket.message()
        if "error" in got:
            return tap.equal(got["status"], 400, "of an unknown stream")
        socket.frames.append(got)


@tap.test
def a_post_comes_home_as_it_is_written():
    socket = listen(ann, "user")
    made = say(tom, "handed over")
    got = socket.event("update")
    tap.equal(got["stream"], ["user"], "stream")
    status = json.loads(got["payload"])
    tap.equal(status["id"], made["id"], "id")
    tap.equal(status["account"]["username"], "tom", "author")
    tap.check("favourited" in status, "what is the reader's own of it")
    socket.close()


@tap.test
def a_post_of_another_node_comes_home():
    socket = listen(ann, "user", "public:remote", "public:local")
    say(ben, "from there")
    tap.check("from there" in text_of(socket.event("update", ["user"])), "home")
    tap.check("from there" in text_of(socket.event("update", ["public:remote"])), "remote")
    settle(socket)
    tap.check(not [f for f in socket.frames if f.get("stream") == ["public:local"]], "nothing is local")
    socket.close()


@tap.test
def a_stream_may_be_named_in_the_address_with_the_token():
    socket = streams.Socket(here, None, "user", access_token=ann.bearer)
    tap.equal(socket.status, 101, "handshake")
    settle(socket)
    say(tom, "by address")
    tap.equal(socket.event("update")["stream"], ["user"], "stream")
    socket.close()
    slash = streams.Socket(here, ann.bearer, path=streams.PATH + "/")
    tap.equal(slash.status, 101, "with a slash")
    slash.close()
    tap.check(ann.bearer not in here.logged(), "the token is in the log")


@tap.test
def a_token_may_come_as_protocol():
    socket = streams.Socket(here, None, headers=[("Sec-WebSocket-Protocol", ann.bearer)])
    tap.equal(socket.status, 101, "handshake")
    tap.equal(socket.headers["sec-websocket-protocol"], ann.bearer, "the protocol that was chosen")
    socket.close()


@tap.test
def an_edit_and_a_deletion_are_told():
    socket = listen(ann, "user", "public")
    made = say(tom, "first")
    socket.event("update", ["user"])
    here.cli("edit", made["id"], "second")
    tap.check("second" in text_of(socket.event("status.update", ["user"])), "the new text")
    tom.ok("DELETE", f"{STATUSES}/{made['id']}")
    for name in ("user", "public"):
        got = socket.event("delete", [name]) if not [
            f for f in socket.frames if f.get("event") == "delete" and f["stream"] == [name]] else None
        tap.check(got is None or got["payload"] == made["id"], "the bare id")
    socket.close()


@tap.test
def who_could_not_read_it_hears_of_nothing():
    socket = listen(eve, "user", "public", "public:local", "direct")
    for visibility in ("private", "direct"):
        made = say(tom, f"secret {visibility}", visibility=visibility)
        here.cli("edit", made["id"], "edited")
        tom.ok("DELETE", f"{STATUSES}/{made['id']}")
    say(tom, "open", visibility="public")
    got = socket.event("update", ["public"])
    tap.check("open" in text_of(got), "the first that is told is the open one")
    tap.equal([f for f in socket.frames if "event" in f and "open" not in f.get("payload", "")], [], "told before")
    socket.close()


@tap.test
def public_streams_differ():
    socket = listen(eve, "public", "public:local", "public:media")
    socket.say(type="subscribe", stream="hashtag", tag="Ward")
    socket.say(type="subscribe", stream="hashtag:local", tag="other")
    settle(socket)
    say(tom, "round at nine #ward")
    tap.equal(socket.event("update", ["hashtag", "Ward"])["stream"], ["hashtag", "Ward"], "the tag as asked for")
    settle(socket)
    told = sorted(f["stream"][0] for f in socket.frames if f.get("event") == "update")
    tap.equal(told, ["public", "public:local"], "the others that were told")
    socket.close()


@tap.test
def unsubscribed_is_silent():
    socket = listen(ann, "user", "public")
    socket.say(type="unsubscribe", stream="user")
    settle(socket)
    say(tom, "once more")
    socket.event("update", ["public"])
    settle(socket)
    tap.check(not [f for f in socket.frames if f.get("stream") == ["user"]], "told all the same")
    socket.close()


@tap.test
def a_notification_comes_on_its_streams():
    socket = listen(tom, "user", "user:notification")
    made = say(tom, "like me")
    ann.ok("POST", f"{STATUSES}/{made['id']}/favourite")
    for name in ("user", "user:notification"):
        found = [f for f in socket.frames if f.get("event") == "notification" and f["stream"] == [name]]
        got = json.loads((found[0] if found else socket.event("notification", [name]))["payload"])
        tap.equal((got["type"], got["account"]["username"]), ("favourite", "ann"), name)
    socket.close()


@tap.test
def a_direct_post_is_told_as_its_conversation():
    socket, events = listen(ann, "direct"), streams.Events(here, ann.bearer, "direct")
    made = say(tom, "@ann between us", visibility="direct")
    for payload in (socket.event("conversation", ["direct"])["payload"], events.event("conversation")[1]):
        got = json.loads(payload)
        tap.equal((got["last_status"]["id"], got["unread"]), (made["id"], True), "conversation")
    socket.close()
    events.close()


@tap.test
def a_list_tells_of_its_members():
    made = ann.ok("POST", "/api/v1/lists", title="surgeons")
    tom_id = ann.ok("GET", "/api/v1/accounts/lookup", acct="tom")["id"]
    ann.ok("POST", f"/api/v1/lists/{made['id']}/accounts", account_ids=[tom_id])
    socket = listen(ann)
    socket.say(type="subscribe", stream="list", list=made["id"])
    settle(socket)
    events = streams.Events(here, ann.bearer, "list", list=made["id"])
    status = say(tom, "for the list")
    tap.equal(socket.status_of("update", ["list", made["id"]])["id"], status["id"], "on the socket")
    tap.equal(json.loads(events.event("update")[1])["id"], status["id"], "as event")
    tap.equal(streams.Events(here, eve.bearer, "list", list=made["id"]).status, 404, "somebody else's list")
    socket.say(type="subscribe", stream="list", list="1")
    tap.equal(socket.message()["status"], 404, "no list")
    socket.close()
    events.close()


@tap.test
def changed_filters_are_told():
    socket = listen(ann, "user")
    ann.ok("POST", "/api/v2/filters", title="rounds", context=["home"], filter_action="hide",
           keywords_attributes=[{"keyword": "nonsense", "whole_word": True}])
    got = socket.event("filters_changed", ["user"])
    tap.check("payload" not in got, "it carries nothing")
    say(tom, "this is nonsense to ann")
    say(tom, "this is not")
    tap.check("this is not" in text_of(socket.event("update")), "what is hidden is not told")
    socket.close()


@tap.test
def t110_streams_check_scope():
    reader = client.Client(here, client.token(here, "tom", "read:statuses"))
    socket = listen(reader, "user")
    made = say(tom, "quiet")
    ann.ok("POST", f"{STATUSES}/{made['id']}/favourite")
    socket.say(type="subscribe", stream="user:notification")
    while "error" not in (got := socket.message()):
        tap.check(got["event"] != "notification", "a notification without the scope")
    tap.equal(got["status"], 403, "status")
    socket.close()
    for bearer, status in ((client.token(here, "tom", "write"), 403), ("x" * 40, 401), (None, 401)):
        tap.equal(streams.Socket(here, bearer).status, status, "WebSocket")
        tap.equal(streams.Events(here, bearer, "user").status, status, "events")
    other = client.token(here, "tom", "read:statuses")
    tap.equal(streams.Events(here, other, "user/notification").status, 403, "notifications")


@tap.test
def t111_a_cookie_is_not_enough():
    headers = [("Origin", "https://evil.example"), ("Cookie", f"session={ann.bearer}; access_token={ann.bearer}")]
    tap.equal(streams.Socket(here, None, headers=headers).status, 401, "WebSocket")
    tap.equal(streams.Events(here, None, "user", headers=headers).status, 401, "events")


@tap.test
def t111_frames_that_must_not_be_end_the_socket():
    hello = b'{"type":"subscribe","stream":"user"}'
    bad = {
        "without mask": (streams.frame(streams.TEXT, hello, mask=None), 1002),
        "of 64 bits": (streams.frame(streams.TEXT, b"x", length=b"\xff" + b"\x7f" + b"\xff" * 7), 1009),
        "of 64 bits that are not needed": (streams.frame(streams.TEXT, b"", length=b"\xff" + b"\0" * 7 + b"\5"), None),
        "too long": (streams.frame(streams.TEXT, b" " * 20000), 1009),
        "with a reserved bit": (streams.frame(streams.TEXT | 0x40, hello), 1002),
        "of no kind": (streams.frame(streams.TEXT | 3, hello), 1002),
        "that is no text": (streams.frame(streams.BINARY, hello), 1003),
        "that is no UTF-8": (streams.frame(streams.TEXT, b"\xff\xfe"), 1007),
    }
    for what, (data, code) in bad.items():
        socket = listen(ann)
        socket.send(data)
        tap.equal(socket.ends(), code, f"a frame {what}")
        socket.close()
    socket = listen(ann)
    for part in (b"no JSON", b"[]", b'{"type":"other"}', b"{" * 1000):
        socket.send(streams.frame(streams.TEXT, part))
        tap.equal(socket.message()["status"], 400, f"answer to {part[:20]}")
    socket.close()


@tap.test
def t111_who_asks_without_end_is_shown_out():
    socket = listen(ann)
    try:
        for _ in range(200):
            socket.say(type="subscribe", stream="nonsense")
    except OSError:
        pass
    tap.check(socket.ends() in (1008, None), "it went on")
    socket.close()


@tap.test
def t81_streams_end_with_their_token_and_their_account():
    made = here.ask("token", "create", "tom", "--scopes", "read")
    here.account("leo")
    leo = client.Client(here, client.token(here, "leo"))
    socket = listen(client.Client(here, made["token"]), "user")
    events = streams.Events(here, made["token"], "user")
    disabled = listen(leo, "user")
    here.cli("token", "revoke", made["id"])
    here.cli("account", "disable", "leo")
    tap.equal((socket.ends(), disabled.ends()), (1008, 1008), "codes")
    tap.check(events.ends(), "the answer ends")
    tap.equal(streams.Socket(here, leo.bearer).status, 401, "a new one")


@tap.test
def t111_a_slow_reader_is_dropped_and_others_go_on():
    tags = [f"slow{letter}" for letter in "abcdefgh"]
    slow, quick = listen(eve, "public", "public:local", small=True), listen(eve, "public")
    for tag in tags:
        slow.say(type="subscribe", stream="hashtag", tag=tag)
    settle(slow)
    text = " ".join("#" + tag for tag in tags) + " much to read" * 350
    for number in range(SLOW_POSTS):
        say(tom, f"{number} {text}")
        tap.check(f"{number} " in text_of(quick.event("update")), "who reads is told")
    slow.ends()
    told = len([f for f in slow.frames if f.get("event") == "update"])
    tap.check(told < SLOW_POSTS * (2 + len(tags)), f"a reader that stood still was told all {told}")
    quick.close()


@tap.test
def t111_idle_sockets_are_cheap():
    before = here.rss_kib()
    sockets = [streams.Socket(here, ann.bearer, "user") for _ in range(IDLE)]
    settle(sockets[-1])
    each = (here.rss_kib() - before) / IDLE
    tap.note(f"figure: an idle WebSocket takes {each:.0f} KiB, TLS and all")
    tap.check(each < 200, f"{each:.0f} KiB for an idle socket")
    made = say(tom, "to all of you")
    for socket in sockets:
        tap.equal(socket.status_of()["id"], made["id"], "told")
        socket.close()


@tap.test
def t111_clients_are_bounded():
    sockets = [streams.Socket(there, ben.bearer) for _ in range(7)]
    tap.equal([socket.status for socket in sockets], [101] * 6 + [429], "one account's")
    for socket in sockets:
        socket.close()
    tap.until(lambda: streams.Socket(there, ben.bearer).status == 101, "a place that is free again")


@tap.test
def events_are_sent_as_they_come():
    events = streams.Events(here, ann.bearer, "user")
    tap.equal((events.status, events.headers["content-type"]), (200, "text/event-stream"), "answer")
    tags = streams.Events(here, ann.bearer, "hashtag", tag="icu")
    made = say(tom, "as event #icu")
    for stream in (events, tags):
        name, data = stream.event()
        tap.equal((name, json.loads(data)["id"]), ("update", made["id"]), "event")
    tom.ok("DELETE", f"{STATUSES}/{made['id']}")
    tap.equal(events.event("delete"), ("delete", made["id"]), "deletion")
    for stream in (events, tags):
        stream.close()
    for name, parameters, status in (("hashtag", {}, 400), ("list", {"list": "1"}, 404), ("nothing", {}, 404)):
        tap.equal(streams.Events(here, ann.bearer, name, **parameters).status, status, name)
    tap.equal(client.Client(here).get(streams.PATH + "/health").body, b"OK", "health")


@tap.test
def a_quiet_stream_outlives_the_patience_with_connections():
    """They were opened first of all; http_idle_timeout there is a second."""
    made = say(ben, "still there? #quiet")
    tap.equal(quiet[0].status_of()["id"], made["id"], "on the socket")
    tap.equal(json.loads(quiet[1].event("update")[1])["id"], made["id"], "as event")


@tap.test
def streams_end_with_the_node():
    there.stop()
    tap.equal(quiet[0].ends(), 1001, "code")
    tap.check(quiet[1].ends(), "the answer ends")
    there.start()
    first = listen(ben, "public")
    made = say(ben, "after the night")
    tap.equal(first.status_of()["id"], made["id"], "the first that is told: nothing of before")
    first.close()


@tap.test
def every_node_is_sound():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, teardown=scene.close)
