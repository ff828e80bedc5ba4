#!/usr/bin/python3
"""Pictures of other nodes come through this one: made anew, kept within bounds, and no reader's address is told."""

import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import client, media, peer, stage, tap

scene = stage.Stage()


def setup():
    global home, friend, fred, ann, nobody
    home = scene.node("home", upload_max="1 MiB", media_cache="24 KiB")
    home.account("ann")
    friend = scene.server("friend.localhost")
    home.allow(f"friend.localhost:{friend.port}")
    fred = friend.actor("fred")
    fred.extra = {"icon": {"type": "Image", "mediaType": "image/png", "url": fred.base + "/icon"},
                  "image": {"type": "Image", "mediaType": "image/jpeg", "url": fred.base + "/header"}}
    friend.on("/icon", peer.Answer(200, body=media.png_with_everything(500, 450), content_type="text/html"))
    friend.on("/header", peer.Answer(200, body=media.jpeg_with_everything(), content_type="image/jpeg"))
    ann = client.Client(home, client.token(home, "ann"))
    nobody = client.Client(home)
    home.cli("follow", "ann", fred.handle)


def _posted(*paths, kind="image/png"):
    """The status of a post of fred's with attachments that lie there."""
    note = fred.note("look", attachment=[
        {"type": "Document", "mediaType": kind, "url": fred.base + path, "name": "words"} for path in paths])
    tap.equal(fred.post(home.inbox("ann"), fred.create(note)).status, 202, "sent")
    return _shown(note)


def _shown(note):
    return tap.until(lambda: next((s for s in ann.ok("GET", "/api/v1/timelines/home") if s["uri"] == note["id"]), None),
                     "the post")


def _picture(path):
    return _posted(path)["media_attachments"][0]


@tap.test
def t104_a_remote_picture_is_made_anew():
    friend.on("/a", peer.Answer(200, body=media.png_with_everything(900, 600), content_type="image/png"))
    status = _posted("/a")
    shown, = status["media_attachments"]
    tap.check(shown["remote_url"] is None and shown["id"].isdigit(), "no address of the other host")
    for url in (shown["url"], shown["preview_url"], status["account"]["avatar"], status["account"]["header"]):
        tap.check(url.startswith(home.base + "/proxy/"), url)
        answer = nobody.get(url)
        tap.equal(answer.status, 200, url)
        tap.check(answer.headers["Content-Type"] in ("image/png", "image/jpeg"), "its type is its bytes'")
        tap.equal(answer.headers["X-Content-Type-Options"], "nosniff", "nosniff")
        tap.check("sandbox" in answer.headers["Content-Security-Policy"], "sandbox")
        tap.equal(answer.headers["Access-Control-Allow-Origin"], "*", "CORS")
        tap.check(media.SECRET[:10] not in answer.body and b"Exif" not in answer.body, "metadata came out")
    tap.equal(nobody.send("GET", shown["url"], headers={"Range": "bytes=0-3"}).body, b"\x89PNG", "a part of it")


@tap.test
def nobody_can_have_us_fetch_what_we_did_not_tell():
    url = _picture("/b")["url"]
    before, mac, kind, address = url.rsplit("/", 3)
    for bad in (f"{before}/{'0' * 32}/{kind}/{address}", f"{before}/{mac}/a/{address}",
                f"{before}/{mac}/{kind}/{address}A", f"{before}/{mac}/x/{address}",
                f"{before}/{mac[:-1]}/{kind}/{address}"):
        tap.equal(nobody.get(bad).status, 404, bad)
    tap.equal(friend.seen("GET", "/b"), [], "nothing was asked for")


@tap.test
def who_asks_at_once_is_answered_by_one_fetch():
    friend.on("/c", peer.Answer(200, body=media.png(), content_type="image/png"))
    url, answers = _picture("/c")["url"], []
    threads = [threading.Thread(target=lambda: answers.append(nobody.get(url).status)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tap.equal(answers, [200] * 8, "answers")
    tap.equal(nobody.get(url).status, 200, "and later")
    tap.equal(len(friend.seen("GET", "/c")), 1, "fetches")
    tap.check(friend.seen("GET", "/c")[0].header("signature"), "signed: it may be for us alone")


@tap.test
def what_cannot_be_shown_is_404_and_not_asked_for_again_at_once():
    for path, answer in (("/gone", peer.Answer(404)),
                         ("/svg", peer.Answer(200, body=b"<svg/>", content_type="image/png")),
                         ("/large", peer.Answer(200, body=media.png() + bytes(2 << 20), content_type="image/png")),
                         ("/bomb", peer.Answer(200, body=media.png(claim=(60000, 60000)), content_type="image/png")),
                         ("/away", peer.Answer(302, {"Location": "https://localhost:1/x"}))):
        friend.on(path, answer)
        url = _picture(path)["url"]
        tap.equal([nobody.get(url).status, nobody.get(url).status], [404, 404], path)
        tap.equal(len(friend.seen("GET", path)), 1, f"{path}: fetches")


@tap.test
def t53_a_host_we_may_not_contact_is_not_contacted():
    other = scene.server("other.localhost")
    note = fred.note("look", attachment=[{
        "type": "Document", "mediaType": "image/png", "url": f"https://other.localhost:{other.port}/x"}])
    fred.post(home.inbox("ann"), fred.create(note))
    status = _shown(note)
    tap.equal(nobody.get(status["media_attachments"][0]["url"]).status, 404, "status")
    tap.equal(other.seen(), [], "nothing was asked for")


@tap.test
def the_cache_stays_within_its_budget_and_survives_a_restart():
    folder = f"{home.folder}/data/media/cache"
    friend.on("/last", peer.Answer(200, body=media.png(90, 90), content_type="image/png"))
    paths = [f"/many{i}" for i in range(12)]
    for i, path in enumerate(paths):
        friend.on(path, peer.Answer(200, body=media.png(200 + i, 200), content_type="image/png"))
    for shown in _posted(*paths)["media_attachments"]:
        nobody.get(shown["url"])
    url = _picture("/last")["url"]
    nobody.get(url)
    size = sum(os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder))
    tap.check(0 < size <= 24 << 10, f"{size} bytes are kept")
    home.stop()
    home.start()
    tap.equal(nobody.get(url).status, 200, "after a restart")
    tap.equal(len(friend.seen("GET", "/last")), 1, "fetches")


@tap.test
def every_node_is_sound():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, teardown=scene.close)
