"""media - pictures made by hand, with everything in them that must not come out."""

import base64
import struct
import zlib

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


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width=16, height=12, extra=b"", tail=b"", claim=None):
    """A PNG; `claim` is the size its head tells instead."""
    rows = b"".join(b"\0" + bytes(v for x in range(width) for v in ((x * 15) & 255, (y * 20) & 255, 128))
                    for y in range(height))
    head = struct.pack(">IIBBBBB", *(claim or (width, height)), 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + chunk(b"IDAT", zlib.compress(rows))
            + chunk(b"IEND", b"") + tail)


def exif(text=SECRET):
    """An EXIF block with an ImageDescription and an Orientation (6: turned by 90 degrees)."""
    entries = struct.pack(">HHII", 0x010E, 2, len(text), 38) + struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0)
    return b"MM\0*" + struct.pack(">IH", 8, 2) + entries + struct.pack(">I", 0) + text


def jpeg_with_everything():
    def part(marker, data):
        return b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data
    extra = part(0xE1, b"Exif\0\0" + exif()) + part(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + SECRET)
    extra += part(0xED, b"Photoshop 3.0\0" + SECRET) + part(0xFE, SECRET)
    return JPEG[:2] + extra + JPEG[2:] + SECRET


def png_with_everything(width=16, height=12):
    extra = chunk(b"tEXt", b"Comment\0" + SECRET) + chunk(b"eXIf", exif())
    extra += chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + SECRET)
    return png(width, height, extra=extra, tail=SECRET)


def gif(frames=3, width=8, height=8, extra=b""):
    """A GIF of two colours; each frame is `width` by `height` of one of them."""
    def blocks(data):
        return b"".join(bytes([len(data[i:i + 255])]) + data[i:i + 255] for i in range(0, len(data), 255)) + b"\0"

    def lzw(value):  # codes of 3 bits: clear, then a pixel, again and again, so that the width stays
        bits = []
        for _ in range(width * height):
            bits += [4, value]
        bits.append(5)
        number = sum(code << (3 * i) for i, code in enumerate(bits))
        return b"\x02" + blocks(number.to_bytes((3 * len(bits) + 7) // 8, "little"))
    out = b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0" + b"\xc0\x20\x20\x20\x20\xc0"
    out += b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0" + extra
    for i in range(frames):
        out += b"\x21\xf9\x04\0\x0a\0\0\0" + b"\x2c" + struct.pack("<HHHHB", 0, 0, width, height, 0) + lzw(i % 2)
    return out + b"\x3b"


def gif_with_everything():
    comment = b"\x21\xfe" + bytes([len(SECRET)]) + SECRET + b"\0"
    xmp = b"\x21\xff\x0bXMP DataXMP" + bytes([len(SECRET)]) + SECRET + b"\0"
    return gif(extra=comment + xmp) + SECRET


# ---- sound and film: just enough of each, with the secret wherever it can hide


def box(kind, *parts):
    data = b"".join(parts)
    return struct.pack(">I", len(data) + 8) + kind + data


def mp4_with_everything(brand=b"isom"):
    """A film of three samples, with a place, a date, a name and bytes nobody needs."""
    samples = [b"\x11" * 40, b"\x22" * 30, b"\x33" * 20]
    dates = struct.pack(">II", 0x51515151, 0x52525252)

    def track(kind, first):
        entry = box(b"avc1", bytes(6), b"\0\1", bytes(4), SECRET[:4], bytes(8), struct.pack(">HH", 64, 48), bytes(14),
                    SECRET[:32], b"\0\x18\xff\xff", box(b"avcC", b"\1" * 8), box(b"priv", SECRET))
        table = box(b"stbl", box(b"stsd", struct.pack(">II", 0, 1), entry),
                    box(b"stts", struct.pack(">IIII", 0, 1, 3, 1)),
                    box(b"stsc", struct.pack(">IIIII", 0, 1, 1, 3, 1)),
                    box(b"stsz", struct.pack(">IIIIII", 0, 0, 3, 40, 30, 20)),
                    box(b"stco", struct.pack(">III", 0, 1, first)))
        info = box(b"minf", box(b"vmhd", bytes(12)),
                   box(b"dinf", box(b"dref", struct.pack(">II", 0, 1), box(b"url ", b"\0\0\0\1"))), table)
        header = box(b"mdhd", bytes(4), dates, struct.pack(">IIHH", 1000, 3000, 0, 0))
        media = box(b"mdia", header, box(b"hdlr", bytes(8), kind, bytes(12), SECRET + b"\0"), info)
        size = struct.pack(">II", 64 << 16, 48 << 16)
        return box(b"trak", box(b"tkhd", bytes(4), dates, bytes(64), size), media, box(b"udta", box(b"name", SECRET)))

    def whole(first):
        movie = box(b"mvhd", bytes(4), dates, struct.pack(">II", 1000, 3000), bytes(80))
        place = box(b"udta", box(b"\xa9xyz", b"\0\x23\x15\xc7" + SECRET), box(b"meta", bytes(4), SECRET))
        moov = box(b"moov", movie, track(b"vide", first), track(b"meta", first - 35), place, box(b"meta", SECRET))
        start = box(b"ftyp", brand, bytes(4), b"isommp42") + box(b"uuid", bytes(16), SECRET) + moov
        return start, start + box(b"mdat", SECRET, *samples, SECRET) + box(b"free", SECRET) + SECRET
    start, _ = whole(99)
    return whole(len(start) + 8 + len(SECRET))[1]


def mp3_with_everything():
    tag = b"ID3\4\0\0" + bytes([0, 0, 0, len(SECRET) + 10]) + b"TIT2" + bytes(6) + SECRET
    frame = b"\xff\xfb\x90\x00" + bytes(413)
    first = b"\xff\xfb\x90\x00" + bytes(32) + b"Info\0\0\0\1\0\0\0\4" + SECRET
    return tag + first.ljust(417, b"\0") + 3 * frame + b"APETAGEX" + SECRET + b"TAG" + SECRET.ljust(125, b"\0")


def ogg_with_everything():
    def page(number, flags, packet, granule=0):
        lacing = bytes([255] * (len(packet) // 255) + [len(packet) % 255])
        return (b"OggS\0" + bytes([flags]) + struct.pack("<QIII", granule, 7, number, 0) + bytes([len(lacing)]) + lacing
                + packet)
    tags = b"OpusTags" + struct.pack("<I", len(SECRET)) + SECRET + struct.pack("<II", 1, 7 + 300) + b"ARTIST=" + (
        9 * SECRET)[:300]
    head = b"OpusHead\1\1" + struct.pack("<HIhB", 0, 48000, 0, 0)
    return page(0, 2, head) + page(1, 0, tags) + page(2, 4, b"\xfc" + bytes(60), 96000) + SECRET


def wav_with_everything():
    def part(kind, data):
        return kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)
    form = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
    data = b"WAVE" + part(b"fmt ", form) + part(b"LIST", b"INFO" + SECRET) + part(b"data", bytes(16000)) + part(
        b"bext", SECRET)
    return b"RIFF" + struct.pack("<I", len(data)) + data + SECRET


def sound_and_film():
    """{name: (file, type that it is served as)}"""
    return {
        "mp4": (mp4_with_everything(), "video/mp4"), "mov": (mp4_with_everything(b"qt  "), "video/quicktime"),
        "mp3": (mp3_with_everything(), "audio/mpeg"), "opus": (ogg_with_everything(), "audio/ogg"),
        "wav": (wav_with_everything(), "audio/wav"),
    }
