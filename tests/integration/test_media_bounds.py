#!/usr/bin/python3
"""Nothing that is uploaded makes the daemon grow or stop: large files, bombs, and files damaged on purpose."""

import concurrent.futures
import os
import random
import re
import struct
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import client, marked, media, stage, tap, wire

scene = stage.Stage()
MIB = 1 << 20
GROWTH_MAX_KIB = 16 << 10  # over what it needed before, whatever is sent
UPLOAD_MAX = 100 * MIB
MUTATIONS = {"image": 6, "video": 2, "audio": 2}  # of each format
AT_ONCE = 3
SEED = int(os.environ.get("WARD_SEED") or random.randrange(1 << 32))


def setup():
    global home, ann, nobody, idle, descriptors
    home = scene.node("home", upload_max="100 MiB")
    home.account("ann")
    ann, nobody = client.Client(home, client.token(home, "ann")), client.Client(home)
    tap.equal(_send(media.png()).status, 200, "an ordinary picture")  # what is started once is started
    idle, descriptors = _memory()["VmRSS"], _descriptors()


def _proc(name):
    with open(f"/proc/{home.process.pid}/{name}", encoding="utf-8") as file:
        return file.read()


def _memory():
    """{VmHWM, VmRSS, RssAnon, RssFile: KiB} of the daemon."""
    return {name: int(n) for name, n in re.findall(r"(Vm\w+|Rss\w+):\s+(\d+) kB", _proc("status"))}


def _descriptors():
    return len(os.listdir(f"/proc/{home.process.pid}/fd"))


def _children():
    return [pid for task in os.listdir(f"/proc/{home.process.pid}/task")
            for pid in _proc(f"task/{task}/children").split()]


def _send(data):
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + data + b"\r\n--x--\r\n"
    return ann.send("POST", "/api/v2/media", body=body, headers={"Content-Type": "multipart/form-data; boundary=x"})


def _is_bounded(what):
    """The daemon is the same one, no larger than allowed, answers, and holds nothing back."""
    tap.equal(home.process.poll(), None, f"{what}: the daemon's end")
    now = _memory()
    tap.note(f"figure: {what}: peak {(now['VmHWM'] - idle) / 1024:.1f} MiB over idle, "
             f"RssAnon {now['RssAnon'] / 1024:.1f} MiB, RssFile {now['RssFile'] / 1024:.1f} MiB")
    tap.check(now["VmHWM"] - idle <= GROWTH_MAX_KIB, f"{what}: grew by {now['VmHWM'] - idle} KiB")
    tap.equal(wire.get(f"http://localhost:{home.admin_port}/readyz").status, 200, what)
    tap.equal(ann.get("/api/v1/timelines/home").status, 200, what)
    tap.until(lambda: not _children(), f"{what}: no ward-media is left")
    tap.until(lambda: _descriptors() <= descriptors + 4, f"{what}: {_descriptors()} descriptors, {descriptors} before")


def _wav(n):
    """A WAV file of exactly so many bytes."""
    head = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16) + b"data" + struct.pack("<I", n - 44)
    return b"RIFF" + struct.pack("<I", n - 8) + head + bytes(n - 44)


def _png_bomb(side, kind=b"IDAT", before=b""):
    """`side` by `side` true pixels, or as many bytes in another chunk: 1 MiB of zeros, told again and again."""
    packer = zlib.compressobj(9)
    start = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    piece = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = before + start + piece * (side * (3 * side + 1) // MIB)
    head = struct.pack(">IIBBBBB", *((side, side) if kind == b"IDAT" else (16, 12)), 8, 2, 0, 0, 0)
    rest = media.chunk(b"IEND", b"") if kind == b"IDAT" else media.png()[33:]
    return b"\x89PNG\r\n\x1a\n" + media.chunk(b"IHDR", head) + media.chunk(kind, packed) + rest


def _long_gif(frames, side):
    two = media.gif(2, side, side)
    at = two.index(b"\x21\xf9\x04")
    return two[:at] + two[at:-1] * (frames // 2) + two[-1:]


@tap.test
def t74_a_hundred_mebibytes_go_in_and_come_out():
    answer = _send(_wav(UPLOAD_MAX))
    tap.equal(answer.status, 200, f"100 MiB: {answer.body[:200]}")
    _is_bounded("100 MiB in")
    shown = nobody.get(answer.json()["url"])
    tap.equal((shown.status, len(shown.body)), (200, UPLOAD_MAX), "100 MiB come out")
    _is_bounded("100 MiB out")
    tap.equal(_send(_wav(UPLOAD_MAX + 1)).status, 422, "one byte more")
    _is_bounded("one byte more")


@tap.test
def t74_bombs_are_refused_or_tamed():
    bombs = {
        "a PNG of 60,000 by 60,000": (_png_bomb(60000), 422),
        "a PNG that only says so": (media.png(claim=(60000, 60000)), 422),
        "a PNG with 1 GiB of words": (_png_bomb(18900, b"zTXt", b"Comment\0\0"), 0),
        "a PNG with 1 GiB of profile": (_png_bomb(18900, b"iCCP", b"p\0\0"), 0),
        "a GIF of 10,000 frames": (_long_gif(10000, 32), 200),
        "a GIF of 10,000 frames that are not there": (media.gif(2).replace(
            b"\x08\0\x08\0", struct.pack("<HH", 65535, 65535)), 0),
    }
    for what, (data, status) in bombs.items():
        answer = _send(data)
        tap.check(answer.status == status or (not status and answer.status in (200, 422)),
                  f"{what}: {answer.status} {answer.body[:200]}")
        _is_bounded(f"{what} ({len(data) / MIB:.1f} MiB)")


def _damaged(data, chance):
    """`data`, changed as a fuzzer would."""
    data = bytearray(data)
    for _ in range(chance.choice((1, 4, 40))):
        at = chance.randrange(12, min(len(data), 4096))
        how = chance.randrange(4)
        if how == 0:
            data[at] ^= 1 << chance.randrange(8)
        elif how == 1:
            number = chance.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF, chance.randrange(1 << 32)))
            data[at:at + 4] = struct.pack(">I", number)
        elif how == 2:
            del data[at:at + chance.randrange(1, 64)]
        else:
            data[at:at] = data[chance.randrange(len(data)):][:chance.randrange(1, 64)]
        if len(data) < 64:
            break
    return bytes(data)


@tap.test
def t74_damaged_files_of_every_format_stop_nothing():
    chance = random.Random(SEED)
    tap.note(f"WARD_SEED={SEED}")
    files = [(name, _damaged(data, chance)) for name, kind, data in marked.everything() if len(data) < 100000
             for _ in range(MUTATIONS[kind.split("/")[0]])]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        statuses = list(pool.map(lambda file: _send(file[1]).status, files))
    for (name, _), status in zip(files, statuses):
        tap.check(status in (200, 422), f"damaged {name}: {status}")
    tap.note(f"{len(files)} files, {statuses.count(200)} taken")
    _is_bounded("damaged files")


@tap.test
def every_node_is_sound():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, teardown=scene.close)
