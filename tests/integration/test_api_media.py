#!/usr/bin/python3
"""Uploads by the client API: what goes in is made safe, waits for a post, and is for those who may see it."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import client, media, stage, tap

scene = stage.Stage()
TRACES = (media.SECRET[:10], b"Exif", b"EXIF", b"eXIf", b"adobe", b"Photoshop", b"tEXt", b"iTXt", b"iCCP", b"XMP")


def setup():
    global home, ann, ben, nobody
    home = scene.node("home", upload_max="4 MiB")
    home.account("ann", "ben")
    ann, ben = (client.Client(home, client.token(home, name)) for name in ("ann", "ben"))
    nobody = client.Client(home)


def _form(files=(), **words):
    """A multipart body, and its Content-Type."""
    parts = [f'--x\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'.encode() for n, v in words.items()]
    for name, data in files:
        parts.append(f'--x\r\nContent-Disposition: form-data; name="{name}"; filename="../a.html"\r\n\r\n'.encode()
                     + data + b"\r\n")
    return b"".join(parts) + b"--x--\r\n", {"Content-Type": "multipart/form-data; boundary=x"}


def _send(app, data, path="/api/v2/media", method="POST", more=(), **words):
    files = ([("file", data)] if data is not None else []) + list(more)
    body, headers = _form(files, **words)
    return app.send(method, path, body=body, headers=headers)


def _upload(app, data, **words):
    answer = _send(app, data, **words)
    tap.equal(answer.status, 200, f"status: {answer.body[:200]}")
    return answer.json()


def _peak_kib():
    with open(f"/proc/{home.process.pid}/status", encoding="utf-8") as file:
        return int(re.search(r"VmHWM:\s+(\d+)", file.read())[1])


def _files():
    folder = f"{home.folder}/data/media"
    return {name for name in os.listdir(folder) if len(name) == 16} if os.path.isdir(folder) else set()


@tap.test
def a_picture_is_uploaded_described_and_posted():
    made = _upload(ann, media.png(800, 500), description="A grey square", focus="0.5,-0.25")
    tap.equal((made["type"], made["description"]), ("image", "A grey square"), "kind and words")
    tap.equal(made["meta"]["original"], {"width": 800, "height": 500, "size": "800x500", "aspect": 1.6}, "size")
    tap.equal(made["meta"]["focus"], {"x": 0.5, "y": -0.25}, "focus")
    tap.check(made["meta"]["small"]["width"] == 640 and len(made["blurhash"]) > 20, "preview and blurhash")
    tap.equal(ann.ok("GET", f"/api/v1/media/{made['id']}")["id"], made["id"], "asked again, as masto.js does")
    for key in ("url", "preview_url"):
        answer = nobody.get(made[key])
        tap.equal((answer.status, answer.headers["Content-Type"]), (200, "image/png"), key)
    status = ann.ok("POST", "/api/v1/statuses", status="look", media_ids=[made["id"]])
    shown, = status["media_attachments"]
    tap.equal((shown["id"], shown["description"], shown["meta"]), (made["id"], "A grey square", made["meta"]), "in it")
    tap.equal(nobody.get(shown["url"]).status, 200, "as posted")
    tap.check(nobody.get(made["url"]).status == 404, "the address from before is worth nothing")
    again = ann.post("/api/v1/statuses", status="twice", media_ids=[made["id"]])
    tap.check(again.status in (404, 422), f"used in a second post: {again.status}")


@tap.test
def t104_no_metadata_comes_out_of_any_size():
    for name, data in (("jpeg", media.jpeg_with_everything()), ("png", media.png_with_everything()),
                       ("large png", media.png_with_everything(900, 700)), ("gif", media.gif_with_everything())):
        tap.check(media.SECRET in data, "the test's own file")
        made = _upload(ann, data)
        for key in ("url", "preview_url"):
            body = nobody.get(made[key]).body
            for trace in TRACES:
                tap.check(trace not in body, f"{name}: {trace} came out in {key}")


@tap.test
def t104_sound_and_film_keep_only_sound_and_film():
    for name, (data, kind) in media.sound_and_film().items():
        tap.check(media.SECRET in data, "the test's own file")
        made = _upload(ann, data)
        answer = nobody.get(made["url"])
        tap.equal(answer.headers["Content-Type"], kind, name)
        tap.equal(made["type"], kind.split("/")[0], name)
        for trace in (media.SECRET[:4], b"QQQQ", b"RRRR"):  # and the dates of the film
            tap.check(trace not in answer.body, f"{name}: {trace} came out")
        if made["type"] == "video":
            tap.check(made["preview_url"], "a film has a preview")
            tap.equal(made["meta"]["original"], {"width": 64, "height": 48, "size": "64x48", "aspect": 1.3333,
                                                 "duration": 3}, name)
            tap.check(all(bytes([c]) * n in answer.body for c, n in ((17, 40), (34, 30), (51, 20))), "its samples")
            with_picture = _send(ann, data, more=[("thumbnail", media.png(30, 20))]).json()
            tap.equal(with_picture["meta"]["small"]["size"], "30x20", "a thumbnail that came with it")


@tap.test
def a_gif_keeps_moving_within_bounds():
    moving = nobody.get(_upload(ann, media.gif(3))["url"])
    tap.equal((moving.headers["Content-Type"], moving.body.count(b"\x21\xf9\x04")), ("image/gif", 3), "three frames")
    still = nobody.get(_upload(ann, media.gif(10000, 2, 2))["url"])
    tap.equal(still.headers["Content-Type"], "image/png", "ten thousand frames")


@tap.test
def t74_what_is_not_taken_is_refused_and_leaves_nothing():
    before = _files()
    for data in (b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.4\n", b"<html>", media.JPEG[:200], b"GIF89a",
                 media.png(claim=(60000, 60000)), b"", b"\0" * 128 + b"DICM" + bytes(100)):
        answer = _send(ann, data)
        tap.equal(answer.status, 422, f"{data[:12]}: {answer.body[:100]}")
    tap.equal(_send(ann, None).status, 422, "no file")
    tap.equal(ann.post("/api/v2/media").status, 422, "nothing at all")
    tap.equal(_send(ann, media.png(), focus="2,0").status, 422, "focus")
    tap.equal(_send(ann, media.png() + bytes(4 << 20)).status, 422, "over upload_max")
    try:
        tap.equal(_send(ann, media.png() + bytes(7 << 20)).status, 413, "far over upload_max")
    except OSError:  # it was not even read to the end
        pass
    tap.equal(_files(), before, "files left behind")


@tap.test
def an_upload_is_its_owners_alone():
    made = _upload(ann, media.png())
    path = f"/api/v1/media/{made['id']}"
    for method in ("GET", "DELETE"):
        tap.equal(ben.send(method, path).status, 404, method)
    tap.equal(ben.send("PUT", path, description="mine").status, 404, "PUT")
    tap.check(ben.post("/api/v1/statuses", status="mine", media_ids=[made["id"]]).status in (404, 422), "in a post")
    tap.equal(ann.ok("PUT", path, description="words", focus="-1,1")["description"], "words", "PUT")
    tap.equal(_send(ann, None, path, "PUT", [("thumbnail", media.png())], description="more").json()["description"],
              "more", "as a form, with a thumbnail")
    tap.equal(ann.ok("DELETE", path), {}, "DELETE")
    tap.equal(ann.get(path).status, 404, "gone")
    tap.equal(nobody.get(made["url"]).status, 404, "its picture too")


@tap.test
def t64_what_not_everyone_may_see_has_an_address_that_is_told():
    made = _upload(ann, media.png(700, 700))
    status = ann.ok("POST", "/api/v1/statuses", status="private", visibility="private", media_ids=[made["id"]])
    for key in ("url", "preview_url"):
        url = status["media_attachments"][0][key]
        answer = nobody.get(url)
        tap.equal(answer.status, 200, "to whom it was told")
        tap.equal(answer.headers["X-Robots-Tag"], "noindex", "robots")
        tap.check("private" in answer.headers["Cache-Control"], "cache")
        tap.equal(answer.headers["X-Content-Type-Options"], "nosniff", "nosniff")
        tap.check("sandbox" in answer.headers["Content-Security-Policy"], "sandbox")
        tap.equal(answer.headers["Access-Control-Allow-Origin"], "*", "CORS")
        plain, mac = url.rsplit("/", 1)
        for guess in (plain, plain + "/" + "0" * 32, plain + "/" + mac[:-1], plain[:-2] + "77/" + mac):
            tap.equal(nobody.get(guess).status, 404, f"guessed: {guess}")
    ann.ok("DELETE", f"/api/v1/statuses/{status['id']}")
    tap.equal(nobody.get(url).status, 404, "after the post is deleted")


@tap.test
def what_was_in_a_deleted_post_can_be_posted_again():
    made = _upload(ann, media.png(), description="kept words")
    status = ann.ok("POST", "/api/v1/statuses", status="typo", media_ids=[made["id"]])
    ann.ok("DELETE", f"/api/v1/statuses/{status['id']}")
    again = ann.ok("POST", "/api/v1/statuses", status="no typo", media_ids=[made["id"]])
    tap.equal(again["media_attachments"][0]["description"], "kept words", "its words")


@tap.test
def a_part_of_a_file_can_be_asked_for():
    url = _upload(ann, media.png())["url"]
    whole = nobody.get(url).body
    for asked, status, body in (
            ("bytes=0-9", 206, whole[:10]), ("bytes=10-", 206, whole[10:]), ("bytes=-7", 206, whole[-7:]),
            ("bytes=0-0", 206, whole[:1]), ("bytes=999999-", 416, None), ("bytes=5-1", 200, whole),
            ("bytes=1-2,4-5", 200, whole), ("lines=1-2", 200, whole)):
        answer = nobody.send("GET", url, headers={"Range": asked})
        tap.equal(answer.status, status, asked)
        tap.check(body is None or answer.body == body, f"{asked}: the bytes")
        if status == 206:
            tap.check(answer.headers["Content-Range"].endswith(f"/{len(whole)}"), "Content-Range")


@tap.test
def who_has_no_picture_has_a_drawn_one():
    me = ann.ok("GET", "/api/v1/accounts/verify_credentials")
    for key in ("avatar", "header"):
        tap.equal(nobody.get(me[key]).headers["Content-Type"], "image/png", key)
    tap.equal(nobody.get("/static/no.png").status, 404, "another name")


@tap.test
def t74_the_memory_of_the_daemon_does_not_grow_with_what_is_sent():
    before = _peak_kib()
    large = media.png() + bytes((4 << 20) - 2000)
    for data in (large, large, media.png(claim=(60000, 60000)), media.gif(3000)):
        tap.check(_send(ann, data).status in (200, 422), "an answer")
    grown = _peak_kib() - before
    print(f"# figure: peak memory grew by {grown} KiB over uploads of 8 MiB")
    tap.check(grown < 3 << 10 or os.environ.get("WARD_SANITIZED"), f"{grown} KiB more")


@tap.test
def every_node_is_sound():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, teardown=scene.close)
