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
