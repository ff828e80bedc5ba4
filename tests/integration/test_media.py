#!/usr/bin/python3
"""Pictures go with posts: described, without a trace of where they were taken, and to whom the post goes."""

import os
import struct
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import media, stage, tap, ward, wire

scene = stage.Stage()
def _file(name, data):
    path = os.path.join(scene.folder, name)
    with open(path, "wb") as file:
        file.write(data)
    return path


def setup():
    global home, away, friend, fred, eve
    home, away = scene.nodes("home", "away")
    home.account("ann")
    away.account("ben")
    friend = scene.server("friend.localhost", "other.localhost")
    home.allow(f"friend.localhost:{friend.port}", f"other.localhost:{friend.port}")
    fred, eve = friend.actor("fred"), friend.actor("eve", "other.localhost")
    stage.follow_back(home, "ann", fred)
    away.cli("follow", "ben", home.handle("ann"))
    tap.until(lambda: home.counts("ann")[0] == 2, "the followers")


def _fields(answer):
    return [(name.lower(), value) for name, value in answer.headers if name.lower() != "date"]


def _sent(uri):
    return next((d["object"] for d in friend.inbox("Create") if d["object"]["id"] == uri), None)


def _attached(uri):
    return tap.until(lambda: _sent(uri), "the post at fred's")["attachment"]


@tap.test
def a_picture_is_described_on_the_wire():
    path = _file("scan.jpg", media.jpeg_with_everything())
    uri = home.post("ann", "A picture", "--media", path, "--alt", "A grey square", "--focus", "0.5,-0.25")
    picture, = _attached(uri)
    tap.equal((picture["mediaType"], picture["name"]), ("image/jpeg", "A grey square"), "type and alt text")
    tap.equal(picture["focalPoint"], [0.5, -0.25], "focal point")
    tap.check(len(picture["blurhash"]) > 20, "blurhash")
    tap.equal((picture["width"], picture["height"]), (12, 16), "upright: turned as its EXIF said")
    tap.until(lambda: uri in away.uris("ben"), "the post at the other node")
    tap.check("A grey square" in str(away.list("thread", uri)), "its alt text there")


@tap.test
def t104_no_metadata_comes_out():
    for name, data in (("a.jpg", media.jpeg_with_everything()), ("a.png", media.png_with_everything())):
        tap.check(media.SECRET in data, "the test's own picture")
        uri = home.post("ann", name, "--media", _file(name, data))
        answer = home.get(_attached(uri)[0]["url"])
        tap.equal(answer.status, 200, "status")
        for trace in (media.SECRET[:10], b"Exif", b"EXIF", b"eXIf", b"adobe", b"Photoshop", b"tEXt", b"iTXt", b"iCCP"):
            tap.check(trace not in answer.body, f"{name}: {trace} came out")


@tap.test
def t74_what_is_no_picture_is_refused_whatever_its_name():
    bad = {
        "svg.jpg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', "pdf.png": b"%PDF-1.4\n%%EOF",
        "html.png": b"<html><script>alert(1)</script>", "empty.png": b"", "cut.jpg": media.JPEG[:200],
        "large.png": media.png(claim=(60000, 60000)), "text.gif": b"GIF89a",
        "huge.png": b"\x89PNG\r\n\x1a\n" + bytes(17 << 20),
    }
    files = set(os.listdir(f"{home.folder}/data/media"))
    for name, data in bad.items():
        text = home.refuses("post", "ann", "--media", _file(name, data), "no")
        tap.check(name in text, f"{name}: {text}")
    home.refuses("post", "ann", "--media", "/dev/zero", "no")
    home.refuses("post", "ann", "--media", "/nonexistent", "no")
    home.refuses("post", "ann", "--alt", "of nothing", "no")
    home.refuses("post", "ann", "--media", _file("b.png", media.png()), "--focus", "2,0", "no")
    home.cli("post", "ann", "--media", _file("c.png", media.png()), "--dry-run", "no")
    tap.equal(set(os.listdir(f"{home.folder}/data/media")), files, "files left behind")


@tap.test
def t74_the_type_is_what_the_bytes_say():
    uri = home.post("ann", "misnamed", "--media", _file("../../etc/x.html".replace("/", "_"), media.png()))
    answer = home.get(_attached(uri)[0]["url"])
    tap.equal(answer.header("content-type"), "image/png", "type")
    tap.equal(answer.header("x-content-type-options"), "nosniff", "nosniff")
    tap.check("sandbox" in answer.header("content-security-policy"), "sandbox")


@tap.test
def t64_pictures_of_restricted_posts_are_for_those_who_may_read_them():
    path = _file("private.png", media.png())
    for visibility, more in (("followers", []), ("direct", ["--to", away.handle("ben")]), ("local", [])):
        uri = home.post("ann", "not for everyone", "--visibility", visibility, *more, "--media", path)
        url = next(p for p in home.timeline("ann") if p["uri"] == uri)["attachments"][0]["url"]
        for get in (home.get, eve.get):
            answer, unknown = get(url), get(url[:-4] + "9999")
            tap.equal((answer.status, answer.body), (404, unknown.body), f"{visibility}: like an unknown one")
            tap.equal(_fields(answer), _fields(unknown), "headers")
        if visibility == "followers":
            answer = fred.get(url)
            tap.equal(answer.status, 200, "a follower's node")
            tap.check("no-store" in answer.header("cache-control"), "Cache-Control")


@tap.test
def a_recalled_post_takes_its_picture_along_and_a_deleted_one_hides_it():
    deleted = home.post("ann", "written anew soon", "--media", _file("d.png", media.png()))
    recalled = home.post("ann", "short-lived", "--media", _file("e.png", media.png()))
    kept = home.post("ann", "stays", "--media", _file("f.png", media.png()))
    urls = {uri: _attached(uri)[0]["url"] for uri in (deleted, recalled, kept)}
    for url in urls.values():
        tap.equal(wire.get(url, scene.authority.client_context()).status, 200, "before")
    home.cli("delete", deleted, "--yes")
    try:
        home.cli("recall", recalled, "--yes")
    except ward.Refused as refused:  # not everyone has confirmed yet
        tap.equal(refused.status, 1, str(refused))
    tap.until(lambda: home.get(urls[deleted]).status == home.get(urls[recalled]).status == 404, "the pictures to go")
    home.stop()
    folder = f"{home.folder}/data/media"
    for name in os.listdir(folder):  # as if all had lain there for two hours
        if len(name) == 16:
            os.utime(os.path.join(folder, name), (0, 0))
    file = {uri: os.path.join(folder, f"{int(url.rpartition('/')[2]):016x}") for uri, url in urls.items()}
    tap.check(os.path.exists(file[recalled]), "the file before the sweep")
    home.start()
    tap.until(lambda: not os.path.exists(file[recalled]), "the file to go")
    tap.check(os.path.exists(file[deleted]), "its author may want it again, for a day")
    tap.equal(home.get(urls[kept]).status, 200, "the other one")


@tap.test
def a_custom_emoji_is_sent_with_its_picture_and_served_until_it_is_removed():
    path = _file("pill.png", media.png(extra=media.chunk(b"tEXt", b"Comment\0" + media.SECRET)))
    huge = _file("no.png", b"no")
    home.refuses("emoji", "add", "no", huge)
    home.refuses("emoji", "add", "p:ll", path)
    before = set(os.listdir(f"{home.folder}/data/media"))
    home.cli("emoji", "add", "pill", path, "--dry-run")
    tap.equal(set(os.listdir(f"{home.folder}/data/media")), before, "files after a dry run")
    home.cli("emoji", "add", "pill", path, "--reason", "for the pharmacy")
    home.refuses("emoji", "add", "pill", path)
    listed, = home.list("emoji", "list")
    uri = home.post("ann", "Take a :pill: at 12:30:45")
    emoji, = tap.until(lambda: _sent(uri), "the post at fred's")["tag"]
    tap.equal((emoji["type"], emoji["name"], emoji["icon"]), (
        "Emoji", ":pill:", {"type": "Image", "mediaType": "image/png", "url": listed["url"]}), "the tag")
    answer = wire.get(listed["url"], scene.authority.client_context())
    tap.equal((answer.status, answer.header("content-type")), (200, "image/png"), "to anyone")
    tap.equal(answer.header("x-content-type-options"), "nosniff", "nosniff")
    tap.check("sandbox" in answer.header("content-security-policy"), "sandbox")
    tap.check("public" in answer.header("cache-control"), "Cache-Control")
    tap.check(media.SECRET[:10] not in answer.body, "metadata came out")
    file = f"{home.folder}/data/media/{int(listed['url'].rpartition('/')[2]):016x}"
    home.stop()
    os.utime(file, (0, 0))
    home.start()
    unknown = home.post("ann", "swept", "--media", _file("f.png", media.png()))
    tap.check(_attached(unknown) and os.path.exists(file), "the sweep leaves it")
    home.cli("emoji", "remove", "pill")
    home.refuses("emoji", "remove", "pill")
    tap.equal(home.list("emoji", "list"), [], "none")
    tap.equal(home.get(listed["url"]).status, 404, "its picture")
    tap.check(any(p["uri"] == uri for p in home.timeline("ann")), "the post stays")


@tap.test
def an_emoji_is_small():
    wide = struct.pack(">IIBBBBB", 640, 320, 8, 0, 0, 0, 0)
    path = _file("wide.png", b"\x89PNG\r\n\x1a\n" + media.chunk(b"IHDR", wide)
                 + media.chunk(b"IDAT", zlib.compress(bytes(641 * 320))) + media.chunk(b"IEND", b""))
    home.cli("emoji", "add", "wide", path)
    listed, = home.list("emoji", "list")
    tap.equal(struct.unpack(">II", home.get(listed["url"]).body[16:24]), (128, 64), "its size")


@tap.test
def the_nodes_end_soundly():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, scene.close)
