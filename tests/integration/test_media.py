#!/usr/bin/python3
"""Pictures go with posts: described, without a trace of where they were taken, and to whom the post goes."""

import base64
import os
import struct
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import stage, tap, wire

scene = stage.Stage()
SECRET = b"St Mary's ward 12, 51.5174N 0.1731W"
JPEG = base64.b64decode(
    "/9j/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk//2wBDAQ4ODhMREyYV"
    "FSZPNS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT0//wAARCAAMABADASIAAhEBAxEB/8QAHwAAAQUB"
    "AQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2Jyggk"
    "KFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i"
    "5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQ"
    "DBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVp"
    "jZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8vP09fb"
    "3+Pn6/9oADAMBAAIRAxEAPwDnbXSuny1r2uldPlratbaLj5a17W2i4+WlXx0jPKsxnof/2Q=="
)


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width=16, height=12, extra=b"", tail=b""):
    rows = b"".join(b"\0" + bytes(v for x in range(16) for v in (x * 15, y * 20, 128)) for y in range(12))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + extra + _chunk(b"IDAT", zlib.compress(rows))
            + _chunk(b"IEND", b"") + tail)


def _exif(text):
    """An EXIF block with an ImageDescription and an Orientation (6: turned by 90 degrees)."""
    entries = struct.pack(">HHII", 0x010E, 2, len(text), 38) + struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0)
    return b"MM\0*" + struct.pack(">IH", 8, 2) + entries + struct.pack(">I", 0) + text


def _jpeg_with_everything():
    def part(marker, data):
        return b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data
    extra = part(0xE1, b"Exif\0\0" + _exif(SECRET)) + part(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + SECRET)
    extra += part(0xED, b"Photoshop 3.0\0" + SECRET) + part(0xFE, SECRET)
    return JPEG[:2] + extra + JPEG[2:] + SECRET


def _png_with_everything():
    extra = _chunk(b"tEXt", b"Comment\0" + SECRET) + _chunk(b"eXIf", _exif(SECRET))
    extra += _chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + SECRET)
    return _png(extra=extra, tail=SECRET)


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
    path = _file("scan.jpg", _jpeg_with_everything())
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
    for name, data in (("a.jpg", _jpeg_with_everything()), ("a.png", _png_with_everything())):
        tap.check(SECRET in data, "the test's own picture")
        uri = home.post("ann", name, "--media", _file(name, data))
        answer = home.get(_attached(uri)[0]["url"])
        tap.equal(answer.status, 200, "status")
        for trace in (SECRET[:10], b"Exif", b"EXIF", b"eXIf", b"adobe", b"Photoshop", b"tEXt", b"iTXt", b"iCCP"):
            tap.check(trace not in answer.body, f"{name}: {trace} came out")


@tap.test
def t74_what_is_no_picture_is_refused_whatever_its_name():
    bad = {
        "svg.jpg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', "pdf.png": b"%PDF-1.4\n%%EOF",
        "html.png": b"<html><script>alert(1)</script>", "empty.png": b"", "cut.jpg": JPEG[:200],
        "large.png": _png(60000, 60000), "text.gif": b"GIF89a", "huge.png": b"\x89PNG\r\n\x1a\n" + bytes(17 << 20),
    }
    files = set(os.listdir(f"{home.folder}/data/media"))
    for name, data in bad.items():
        text = home.refuses("post", "ann", "--media", _file(name, data), "no")
        tap.check(name in text, f"{name}: {text}")
    home.refuses("post", "ann", "--media", "/dev/zero", "no")
    home.refuses("post", "ann", "--media", "/nonexistent", "no")
    home.refuses("post", "ann", "--alt", "of nothing", "no")
    home.refuses("post", "ann", "--media", _file("b.png", _png()), "--focus", "2,0", "no")
    home.cli("post", "ann", "--media", _file("c.png", _png()), "--dry-run", "no")
    tap.equal(set(os.listdir(f"{home.folder}/data/media")), files, "files left behind")


@tap.test
def t74_the_type_is_what_the_bytes_say():
    uri = home.post("ann", "misnamed", "--media", _file("../../etc/x.html".replace("/", "_"), _png()))
    answer = home.get(_attached(uri)[0]["url"])
    tap.equal(answer.header("content-type"), "image/png", "type")
    tap.equal(answer.header("x-content-type-options"), "nosniff", "nosniff")
    tap.check("sandbox" in answer.header("content-security-policy"), "sandbox")


@tap.test
def t64_pictures_of_restricted_posts_are_for_those_who_may_read_them():
    path = _file("private.png", _png())
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
def a_deleted_post_takes_its_picture_along():
    uri = home.post("ann", "short-lived", "--media", _file("d.png", _png()))
    url = _attached(uri)[0]["url"]
    tap.equal(wire.get(url, scene.authority.client_context()).status, 200, "before")
    home.cli("delete", uri, "--yes")
    tap.until(lambda: home.get(url).status == 404, "the picture to go")
    folder = f"{home.folder}/data/media"
    kept = home.post("ann", "stays", "--media", _file("e.png", _png()))
    home.stop()
    for name in os.listdir(folder):  # as if all had lain there for two hours
        os.utime(os.path.join(folder, name), (0, 0))
    file = os.path.join(folder, f"{int(url.rpartition('/')[2]):016x}")
    tap.check(os.path.exists(file), "the file before the sweep")
    home.start()
    tap.until(lambda: not os.path.exists(file), "the file to go")
    tap.equal(home.get(_attached(kept)[0]["url"]).status, 200, "the other one")


@tap.test
def a_custom_emoji_is_sent_with_its_picture_and_served_until_it_is_removed():
    path, huge = _file("pill.png", _png(extra=_chunk(b"tEXt", b"Comment\0" + SECRET))), _file("no.png", b"no")
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
    tap.check(SECRET[:10] not in answer.body, "metadata came out")
    file = f"{home.folder}/data/media/{int(listed['url'].rpartition('/')[2]):016x}"
    home.stop()
    os.utime(file, (0, 0))
    home.start()
    unknown = home.post("ann", "swept", "--media", _file("f.png", _png()))
    tap.check(_attached(unknown) and os.path.exists(file), "the sweep leaves it")
    home.cli("emoji", "remove", "pill")
    home.refuses("emoji", "remove", "pill")
    tap.equal(home.list("emoji", "list"), [], "none")
    tap.equal(home.get(listed["url"]).status, 404, "its picture")
    tap.check(any(p["uri"] == uri for p in home.timeline("ann")), "the post stays")


@tap.test
def an_emoji_is_small():
    wide = struct.pack(">IIBBBBB", 640, 320, 8, 0, 0, 0, 0)
    path = _file("wide.png", b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", wide)
                 + _chunk(b"IDAT", zlib.compress(bytes(641 * 320))) + _chunk(b"IEND", b""))
    home.cli("emoji", "add", "wide", path)
    listed, = home.list("emoji", "list")
    tap.equal(struct.unpack(">II", home.get(listed["url"]).body[16:24]), (128, 64), "its size")


@tap.test
def the_nodes_end_soundly():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, scene.close)
