#!/usr/bin/python3
"""Uploads that take their time, and more of them than there is room for."""

import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import client, media, stage, tap, ward, wire

scene = stage.Stage()
MIB = 1 << 20
SPOOLED_UPLOADS = 8  # of the largest size, at a time
# Beside a copy of `ward`: waits for a file called `go`, then is the true one.
SLOW = """#!/bin/sh
while [ ! -e {folder}/go ]; do /bin/sleep 0.1; done
exec {true} "$@"
"""


def setup():
    global home, ann, folder
    folder = os.path.join(scene.folder, "programs")
    os.mkdir(folder)
    true = os.path.abspath(ward.program())
    shutil.copy(true, folder)
    with open(f"{folder}/ward-media", "w", encoding="utf-8") as file:
        file.write(SLOW.format(folder=folder, true=os.path.join(os.path.dirname(true), "ward-media")))
    os.chmod(f"{folder}/ward-media", 0o755)
    os.environ["WARD"] = os.path.join(folder, os.path.basename(true))
    home = scene.node("home", upload_max="1 MiB")
    home.account("ann")
    ann = client.Client(home, client.token(home, "ann"))


def _body(data):
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    return head + data + b"\r\n--x--\r\n", {"Content-Type": "multipart/form-data; boundary=x"}


def _send(data, path="/api/v2/media"):
    body, headers = _body(data)
    return ann.send("POST", path, body=body, headers=headers)


def _get(made):
    return ann.get(f"/api/v1/media/{made['id']}")


@tap.test
def what_takes_long_is_told_as_such_and_its_end_later():
    answers = [_send(media.png(800, 500))]
    fine = answers[0].json()
    words = ann.ok("PUT", f"/api/v1/media/{fine['id']}", description="said meanwhile", focus="0.5,0.5")
    tap.equal(words["description"], "said meanwhile", "its words")
    answers.append(_send(media.png()[:20]))
    broken = answers[1].json()
    tap.equal([a.status for a in answers], [202, 202], "accepted")
    for made in (fine, broken):
        tap.equal((made["type"], made["url"]), ("image", None), "without an address yet")
        tap.equal(_get(made).status, 206, "being worked at")
    early = ann.post("/api/v1/statuses", status="too early", media_ids=[fine["id"]])
    tap.check(early.status in (422, 503), f"in a post, before it is ready: {early.status} {early.body[:200]}")
    with open(f"{folder}/go", "w", encoding="utf-8"):
        pass
    tap.until(lambda: _get(fine).status == 200, "the good one to be ready")
    ready = _get(fine).json()
    tap.check(ready["url"] and ready["preview_url"] and ready["blurhash"], "its address, preview and blurhash")
    tap.equal((ready["description"], ready["meta"]["focus"]), ("said meanwhile", {"x": 0.5, "y": 0.5}), "its words")
    tap.until(lambda: _get(broken).status == 422, "the damaged one to be told as such")
    refused = ann.post("/api/v1/statuses", status="damaged", media_ids=[broken["id"]])
    tap.check(400 <= refused.status < 500, f"the damaged one in a post: {refused.status}")
    shown = ann.ok("POST", "/api/v1/statuses", status="at last", media_ids=[fine["id"]])
    tap.equal(shown["media_attachments"][0]["description"], "said meanwhile", "in a post")


@tap.test
def t74_more_uploads_than_there_is_room_for_are_told_to_come_again():
    held = []
    try:
        for _ in range(SPOOLED_UPLOADS):
            connection = wire.connect(home.base, home.authority.client_context(), timeout=20)
            held.append(connection)
            connection.sendall(
                f"POST /api/v2/media HTTP/1.1\r\nHost: {home.part}\r\nAuthorization: Bearer {ann.bearer}\r\n"
                f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {MIB + 1000}\r\n\r\n".encode()
                + bytes(MIB))
        small = media.png(100, 100)
        tap.until(lambda: _send(small).status == 503, "no room for one more")
        tap.check("try again" in _send(small).json()["error"], "the reason")
    finally:
        for connection in held:
            connection.close()
    tap.until(lambda: _send(small).status == 200, "room again")


@tap.test
def every_node_is_sound():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, teardown=scene.close)
