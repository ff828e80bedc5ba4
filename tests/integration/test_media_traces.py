#!/usr/bin/python3
"""What a file tells of its maker goes in and does not come out: every format, every place, every size."""

import os
import re
import struct
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import client, marked, stage, tap

scene = stage.Stage()
PNG_KEPT = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"pHYs", b"sRGB", b"gAMA", b"bKGD", b"sBIT"}
JPEG_KEPT = {0xC0, 0xC2, 0xC4, 0xDA, 0xDB, 0xDD, 0xE0}  # frame, Huffman, scan, quantisation, restart, JFIF
WORDS = (b"Exif", b"EXIF", b"adobe", b"Photoshop", b"ICC_PROFILE", b"iTun", b"ID3", b"APETAG", b"com.apple")


def setup():
    global home, ann, nobody
    home = scene.node("home")
    home.account("ann")
    ann, nobody = client.Client(home, client.token(home, "ann")), client.Client(home)


def _upload(data, thumbnail=b""):
    body = b""
    for name, content in (("file", data), ("thumbnail", thumbnail)):
        if content:
            head = f'--x\r\nContent-Disposition: form-data; name="{name}"; filename="'.encode()
            body += head + marked.mark("filename") + b'.bin"\r\n\r\n' + content + b"\r\n"
    answer = ann.send("POST", "/api/v2/media", body=body + b"--x--\r\n",
                      headers={"Content-Type": "multipart/form-data; boundary=x"})
    tap.equal(answer.status, 200, f"uploaded: {answer.body[:200]}")
    return answer


def _packed(data):
    """What lies deflated in the chunks of a PNG file."""
    at, out = 8, b""
    while data.startswith(b"\x89PNG") and at < len(data):
        n, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8:at + 8 + n]
        for start in (range(len(body)) if kind in (b"zTXt", b"iTXt", b"iCCP") else ()):
            try:
                out += zlib.decompressobj().decompress(body[start:])
            except zlib.error:
                pass
        at += 12 + n
    return out


def _check_clean(data, what):
    whole = data + _packed(data)
    for shape in marked.SHAPES:
        at = whole.find(shape)
        tap.check(at < 0, f"{what}: {whole[at:at + 2 * len(shape)]} came out")
    for word in WORDS:
        tap.check(word not in whole, f"{what}: {word} came out")


def _check_shape(data, what):
    """A picture of ours consists of nothing but what a picture needs, and ends where it ends."""
    if data.startswith(b"\x89PNG"):
        at = 8
        while at < len(data):
            n, kind = struct.unpack_from(">I4s", data, at)
            tap.check(kind in PNG_KEPT, f"{what}: a chunk {kind}")
            at += 12 + n
        tap.equal(kind, b"IEND", f"{what}: its end")
    elif data.startswith(b"\xff\xd8"):
        at = 2
        while data[at:] != b"\xff\xd9":
            kind, n = struct.unpack_from(">xBH", data, at)
            tap.check(kind in JPEG_KEPT, f"{what}: a segment {kind:#x}")
            at += 2 + n
            if kind == 0xDA:  # what is coded follows, in which FF is told from a segment by what is behind it
                at = re.compile(rb"\xff[^\0\xd0-\xd7]").search(data, at).start()
    elif data.startswith(b"GIF8"):
        tap.check(b"\x21\xfe" not in data and b"\x21\x01" not in data and data.endswith(b";"), f"{what}: extensions")


def _files():
    """{path: bytes} of everything below DATA/media."""
    out = {}
    for folder, _, names in os.walk(f"{home.folder}/data/media"):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                out[os.path.join(folder, name)] = file.read()
    return out


@tap.test
def t104_what_is_looked_for_is_in_the_files():
    for name, _, data in marked.everything():
        whole = data + _packed(data)
        places = sum(whole.count(shape) for shape in marked.SHAPES)
        tap.check(places >= 5, f"{name}: {places} places")
        tap.note(f"{name}: {places} marks in {len(data)} bytes")


@tap.test
def t104_no_metadata_of_any_format_comes_out_of_any_size():
    for name, kind, data in marked.everything():
        before = set(_files())
        answer = _upload(data)
        made = answer.json()
        _check_clean(answer.body, f"{name}, the entity")
        served = [("url", made["url"])] + ([("preview", made["preview_url"])] if made["preview_url"] else [])
        for key, url in served:
            shown = nobody.get(url)
            tap.equal(shown.status, 200, f"{name}, {key}")
            if key == "url":
                tap.equal(shown.headers["Content-Type"], kind, name)
            for text in (shown.body, str(shown.headers).encode()):
                _check_clean(text, f"{name}, {key}")
            _check_shape(shown.body, f"{name}, {key}")
        new = {path: content for path, content in _files().items() if path not in before}
        tap.check(new, f"{name}: no file was made")
        for path, content in new.items():
            _check_clean(content, f"{name}, {os.path.basename(path)} on disk")


@tap.test
def t104_nor_of_a_thumbnail_that_came_with_a_film():
    film = next(data for name, _, data in marked.everything() if name == "MP4")
    for name, data in (("JPEG", marked.jpeg()), ("PNG", marked.png()), ("HEIC", marked.heif("marked.heic"))):
        made = _upload(film, thumbnail=data).json()
        shown = nobody.get(made["preview_url"])
        tap.equal(shown.status, 200, name)
        _check_clean(shown.body, f"{name} as a thumbnail")
        _check_shape(shown.body, f"{name} as a thumbnail")


@tap.test
def t104_nor_of_an_avatar_or_a_header():
    for name, data in (("JPEG", marked.jpeg()), ("PNG", marked.png()), ("WebP", marked.webp("lossy.webp"))):
        body = b"".join(f'--x\r\nContent-Disposition: form-data; name="{key}"; filename="a"\r\n\r\n'.encode() + data
                        + b"\r\n" for key in ("avatar", "header")) + b"--x--\r\n"
        answer = ann.send("PATCH", "/api/v1/accounts/update_credentials", body=body,
                          headers={"Content-Type": "multipart/form-data; boundary=x"})
        tap.equal(answer.status, 200, f"{name}: {answer.body[:200]}")
        for key in ("avatar", "avatar_static", "header"):
            shown = nobody.get(answer.json()[key])
            tap.equal(shown.status, 200, f"{name} as {key}")
            _check_clean(shown.body, f"{name} as {key}")
            _check_shape(shown.body, f"{name} as {key}")


@tap.test
def t104_nothing_of_it_stays_on_disk_or_in_the_log():
    for path, content in _files().items():
        _check_clean(content, path)
    tap.check(marked.MARK not in home.logged().encode(), "in the log")


@tap.test
def every_node_is_sound():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, teardown=scene.close)
