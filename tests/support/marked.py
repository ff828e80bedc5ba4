"""marked - a file of every format that is taken, with MARK wherever that format lets metadata hide.

    for name, kind, data in marked.everything(): ...     # kind: the type it must be served as

What a place holds begins with MARK and goes on with the place's own name, so a failing test tells which
place came through.
"""

import os
import struct
import zlib

from . import media
from .media import box, chunk

MARK = b"ward-trace-7f3a91"
FOLDER = os.environ.get("WARD_VECTORS") or os.path.join(os.path.dirname(__file__), "../vectors")


def mark(place):
    return MARK + b" " + place.encode() + b" 51.5174N"


def wide(place, codec="utf-16-le"):
    return mark(place).decode().encode(codec)


# How MARK may be written in a file: as it is, and in the two orders of UTF-16.
SHAPES = (MARK, MARK.decode().encode("utf-16-le"), MARK.decode().encode("utf-16-be"))


def stored(name):
    with open(os.path.join(FOLDER, "media", name), "rb") as file:
        return file.read()


# ---- blocks that several formats carry


def exif():
    """A TIFF block: what a camera writes about itself, its owner, its place, and a small picture."""
    def directory(at, entries, follow):
        """(bytes of the directory and of what does not fit in it)"""
        table, heap = b"", b""
        start = at + 2 + 12 * len(entries) + 4
        for tag, kind, count, value in sorted(entries):
            if len(value) > 4:
                table += struct.pack(">HHII", tag, kind, count, start + len(heap))
                heap += value + bytes(len(value) % 2)
            else:
                table += struct.pack(">HHI", tag, kind, count) + value.ljust(4, b"\0")
        return struct.pack(">H", len(entries)) + table + struct.pack(">I", follow) + heap

    def text(tag, place):
        value = mark(place) + b"\0"
        return tag, 2, len(value), value
    degrees = struct.pack(">6I", 51, 1, 31, 1, 2664, 100)
    gps = [(1, 2, 2, b"N\0"), (2, 5, 3, degrees), (3, 2, 2, b"W\0"), (4, 5, 3, degrees), text(0x12, "GPSMapDatum"),
           (0x1B, 7, len(mark("gps")) + 8, b"ASCII\0\0\0" + mark("gps"))]
    camera = [text(0xA430, "CameraOwnerName"), text(0xA431, "BodySerialNumber"), text(0xA435, "LensSerialNumber"),
              (0x927C, 7, len(mark("MakerNote")), mark("MakerNote")),
              (0x9286, 7, len(mark("UserComment")) + 8, b"ASCII\0\0\0" + mark("UserComment"))]
    words = wide("XPComment")
    main = [text(0x010E, "ImageDescription"), text(0x010F, "Make"), text(0x0110, "Model"), text(0x0131, "Software"),
            text(0x013B, "Artist"), text(0x8298, "Copyright"), (0x0112, 3, 1, b"\0\6"),
            (0x9C9C, 1, len(words), words)]
    small = media.JPEG[:2] + b"\xff\xfe" + struct.pack(">H", len(mark("thumbnail")) + 2) + mark(
        "thumbnail") + media.JPEG[2:]

    def number(value):
        return struct.pack(">I", value)

    def whole(camera_at, gps_at, second_at, small_at):
        first = directory(8, main + [(0x8769, 4, 1, number(camera_at)), (0x8825, 4, 1, number(gps_at))], second_at)
        parts = [first, directory(camera_at, camera, 0), directory(gps_at, gps, 0)]
        parts.append(directory(second_at, [(0x0103, 3, 1, b"\0\6"), (0x0201, 4, 1, number(small_at)),
                                           (0x0202, 4, 1, number(len(small)))], 0))
        return parts
    places, at = [], 8
    for part in whole(0, 0, 0, 0):
        at += len(part)
        places.append(at)
    return b"MM\0*" + number(8) + b"".join(whole(*places)) + small


def xmp(place="xmp"):
    return (b'<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/'
            b'22-rdf-syntax-ns#"><rdf:Description><a>' + mark(place) + b"</a></rdf:Description></rdf:RDF></x:xmpmeta>")


def iptc():
    record = b"\x1c\x02\x78" + struct.pack(">H", len(mark("iptc"))) + mark("iptc")
    return b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(record)) + record + bytes(len(record) % 2)


def profile():
    """A colour profile that works (sRGB with a simple curve), named after its maker's ward."""
    def xyz(*values):
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(int(v * 65536) for v in values))
    name = mark("profile") + b"\0"
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, 0x0233) + b"\0\0"
    tags = [(b"desc", b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + bytes(78)),
            (b"cprt", b"text\0\0\0\0" + mark("copyright") + b"\0"), (b"wtpt", xyz(0.9642, 1, 0.8249)),
            (b"rXYZ", xyz(0.4361, 0.2225, 0.0139)), (b"gXYZ", xyz(0.3851, 0.7169, 0.0971)),
            (b"bXYZ", xyz(0.1431, 0.0606, 0.7139)), (b"rTRC", curve), (b"gTRC", curve), (b"bTRC", curve)]
    at = 128 + 4 + 12 * len(tags)
    table, heap = struct.pack(">I", len(tags)), b""
    for tag, data in tags:
        table += struct.pack(">4sII", tag, at + len(heap), len(data))
        heap += data + bytes(-len(data) % 4)
    head = struct.pack(">I4sI4s4s4s12s4s", at + len(heap), b"lcms", 0x02100000, b"mntr", b"RGB ", b"XYZ ", bytes(12),
                       b"acsp") + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + table + heap


# ---- pictures


def jpeg():
    def part(marker, data):
        return b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data
    long = b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 32 + struct.pack(">II", len(xmp()), 0) + xmp("extended xmp")
    extra = (part(0xE0, b"JFXX\0\x13\1\1" + mark("jfxx")) + part(0xE1, b"Exif\0\0" + exif())
             + part(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp()) + part(0xE1, long)
             + part(0xE2, b"ICC_PROFILE\0\1\1" + profile()) + part(0xE2, b"MPF\0" + mark("mpf"))
             + part(0xED, iptc()) + part(0xEC, b"Ducky" + mark("app12")) + part(0xEB, b"JP\0\1" + mark("jumbf"))
             + part(0xEF, mark("app15")) + part(0xFE, mark("comment")))
    return media.JPEG[:2] + extra + media.JPEG[2:] + mark("trailing") + media.JPEG[:2] + part(0xFE, mark("second"))


def png(width=16, height=12):
    def packed(place):
        return zlib.compress(mark(place))
    extra = (chunk(b"iCCP", b"p\0\0" + zlib.compress(profile())) + chunk(b"eXIf", exif())
             + chunk(b"tEXt", b"Author\0" + mark("tEXt")) + chunk(b"tEXt", mark("keyword") + b"\0x")
             + chunk(b"zTXt", b"Comment\0\0" + packed("zTXt"))
             + chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"\nexif\n1\n" + mark("raw").hex().encode()))
             + chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp())
             + chunk(b"iTXt", b"Title\0\1\0en\0" + mark("translated") + b"\0" + packed("iTXt"))
             + chunk(b"sPLT", mark("palette") + b"\0\x08") + chunk(b"prVt", mark("private")) + chunk(
                 b"caBX", mark("c2pa")))
    whole = media.png(width, height, extra=extra)
    late = chunk(b"tEXt", b"Late\0" + mark("late")) + chunk(b"eXIf", exif())
    return whole[:-12] + late + whole[-12:] + mark("trailing")


def webp(name, more=b"", flags=0x2C):
    """`flags`: a profile, EXIF and XMP are in it."""
    def part(kind, data):
        return kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)
    whole, at, picture = stored(name), 12, b""
    while at < len(whole):
        kind, n = struct.unpack_from("<4sI", whole, at)
        if kind in (b"VP8 ", b"VP8L"):
            picture = whole[at:at + 8 + n + n % 2]
        at += 8 + n + n % 2
    size = struct.pack("<II", 95, 71)
    head = part(b"VP8X", struct.pack("<I", flags) + size[:3] + size[4:7])
    body = (b"WEBP" + head + part(b"ICCP", profile()) + (more + part(b"ANMF", bytes(6) + size[:3] + size[4:7] + bytes(4)
                                                                     + picture) * 2 if more else picture)
            + part(b"EXIF", exif()) + part(b"XMP ", xmp()) + part(b"priv", mark("private")))
    return b"RIFF" + struct.pack("<I", len(body)) + body + mark("trailing")


def moving_webp():
    return webp("lossy.webp", b"ANIM" + struct.pack("<I", 6) + bytes(6), 0x2E)


def gif():
    def blocks(data):
        return b"".join(bytes([len(data[i:i + 255])]) + data[i:i + 255] for i in range(0, len(data), 255)) + b"\0"
    packet = xmp() + b"\1" + bytes(range(255, -1, -1)) + b"\0"  # as Adobe writes it: not in blocks
    extra = (b"\x21\xfe" + blocks(mark("comment")) + b"\x21\xff\x0bXMP DataXMP" + packet
             + b"\x21\xff\x0bICCRGBG1012" + blocks(profile()) + b"\x21\xff\x0bPRIVATE 1.0" + blocks(mark("private"))
             + b"\x21\x01\x0c" + struct.pack("<HHHHBBBB", 0, 0, 8, 8, 8, 8, 0, 1) + blocks(mark("plain text")))
    whole = media.gif(extra=extra)
    return whole[:-1] + b"\x21\xfe" + blocks(mark("late")) + whole[-1:] + mark("trailing")


def heif(name):
    return stored(name) + box(b"free", mark("free")) + box(b"uuid", bytes(16), xmp("uuid")) + mark("trailing")


# ---- film and sound


def _movie(brand, is_film):
    """ISO boxes as telephones and studios write them; three samples, and one of places that only a track tells."""
    samples = [b"\x11" * 40, b"\x22" * 30, b"\x33" * 20]
    place = mark("timed place")

    def full(kind, *parts):
        return box(kind, bytes(4), *parts)

    def item(kind, *parts):
        return box(kind, box(b"data", struct.pack(">II", 1, 0), *parts))
    tags = full(b"meta", full(b"hdlr", bytes(4), b"mdir", b"appl", bytes(8), mark("handler") + b"\0"),
                box(b"ilst", item(b"\xa9nam", mark("title")), item(b"\xa9too", mark("encoder")),
                    item(b"covr", media.JPEG, mark("cover")),
                    box(b"----", full(b"mean", mark("mean")), full(b"name", b"iTunSMPB"), full(b"data", mark("own")))))
    keys = full(b"meta", full(b"keys", struct.pack(">I", 1), box(b"mdta", b"com.apple.quicktime.location.ISO6709")),
                box(b"ilst", box(b"\0\0\0\1", box(b"data", struct.pack(">II", 1, 0), mark("ISO6709")))))
    words = box(b"udta", box(b"\xa9xyz", b"\0\x20\x15\xc7", mark("xyz")), box(b"\xa9mod", bytes(4), mark("model")),
                box(b"XMP_", xmp("udta xmp")), full(b"loci", b"\x15\xc7", mark("loci")), full(b"titl", wide("titl")),
                tags)

    def track(kind, entry, sizes, first):
        table = box(b"stbl", full(b"stsd", struct.pack(">I", 1), entry),
                    full(b"stts", struct.pack(">III", 1, len(sizes), 1)),
                    full(b"stsc", struct.pack(">IIII", 1, 1, len(sizes), 1)),
                    full(b"stsz", struct.pack(">II", 0, len(sizes)), *(struct.pack(">I", n) for n in sizes)),
                    full(b"stco", struct.pack(">II", 1, first)), box(b"uuid", bytes(16), mark("stbl uuid")))
        info = box(b"minf", full(b"vmhd" if kind == b"vide" else b"smhd", bytes(8)),
                   box(b"dinf", full(b"dref", struct.pack(">I", 1), full(b"url ")[:-4] + b"\0\0\0\1")), table)
        header = full(b"mdhd", bytes(8), struct.pack(">IIHH", 1000, 3000, 0, 0))
        body = box(b"mdia", header, full(b"hdlr", bytes(4), kind, bytes(12), mark("hdlr " + kind.decode()), b"\0"),
                   info, full(b"meta", mark("mdia meta")))
        return box(b"trak", full(b"tkhd", bytes(72), struct.pack(">II", 64 << 16, 48 << 16)), body,
                   box(b"udta", box(b"name", mark("track name"))), full(b"meta", mark("track meta")),
                   box(b"tref", box(b"cdsc", mark("tref"))))
    film = box(b"avc1", bytes(6), b"\0\1", bytes(4), mark("vend")[:4], bytes(8), struct.pack(">HH", 64, 48), bytes(14),
               b"\x1f" + mark("compressor")[:31], b"\0\x18\xff\xff", box(b"avcC", b"\1" * 8), box(b"colr", b"prof",
                                                                                                profile()),
               box(b"uuid", bytes(16), mark("entry uuid")))
    sound = box(b"mp4a", bytes(6), b"\0\1", bytes(8), struct.pack(">HHII", 2, 16, 0, 44100 << 16),
                full(b"esds", bytes(20)), box(b"uuid", bytes(16), mark("entry uuid")))
    places = box(b"mebx", bytes(6), b"\0\1", mark("mebx keys"))

    def start(at):
        moov = box(b"moov", full(b"mvhd", bytes(8), struct.pack(">II", 1000, 3000), bytes(80)),
                   track(b"vide" if is_film else b"soun", film if is_film else sound, [40, 30, 20], at + len(place)),
                   track(b"meta", places, [len(place)], at), words, keys, box(b"uuid", bytes(16), xmp("moov uuid")))
        return (box(b"ftyp", brand, bytes(4), brand, b"mp42") + box(b"uuid", bytes(16), xmp("first uuid"))
                + box(b"free", mark("free")) + box(b"pnot", mark("pnot")) + moov)
    at = len(start(0)) + 8
    return (start(at) + box(b"mdat", place, *samples, mark("after the samples")) + box(b"skip", mark("skip"))
            + full(b"meta", mark("file meta")) + box(b"wide") + mark("trailing"))


def mp3():
    def frame(kind, data):
        return kind + struct.pack(">IH", len(data), 0) + data
    tags = b"".join((
        frame(b"TIT2", b"\3" + mark("TIT2")), frame(b"TPE1", b"\1\xff\xfe" + wide("TPE1")),
        frame(b"TALB", b"\2" + wide("TALB", "utf-16-be")), frame(b"COMM", b"\0eng\0" + mark("COMM")),
        frame(b"PRIV", b"XMP\0" + xmp()), frame(b"GEOB", b"\0x\0\0\0" + mark("GEOB")),
        frame(b"TXXX", b"\0place\0" + mark("TXXX")), frame(b"APIC", b"\0image/jpeg\0\3\0" + media.JPEG + mark("APIC"))))
    n = len(tags)
    tag = b"ID3\3\0\0" + bytes([n >> 21 & 127, n >> 14 & 127, n >> 7 & 127, n & 127]) + tags
    sound = b"\xff\xfb\x90\x00" + bytes(413)
    first = b"\xff\xfb\x90\x00" + bytes(32) + b"Info\0\0\0\1\0\0\0\4" + mark("encoder")
    item = struct.pack("<II", len(mark("ape")), 0) + b"Title\0" + mark("ape")
    ape = b"APETAGEX" + struct.pack("<IIII", 2000, len(item) + 32, 1, 0) + bytes(8)
    return (tag + first.ljust(417, b"\0") + 2 * sound + tag + 2 * sound + item + ape + b"LYRICSBEGIN" + mark("lyrics")
            + b"000030LYRICS200" + b"TAG" + mark("ID3v1").ljust(125, b"\0") + mark("trailing"))


def _pages(packets, serial=7):
    """Ogg pages, one for each packet or as many as a long one needs."""
    out, number = b"", 0
    for which, (packet, granule) in enumerate(packets):
        lacing = [255] * (len(packet) // 255) + [len(packet) % 255]
        for at in range(0, len(lacing), 255):
            part = lacing[at:at + 255]
            body = packet[at * 255:at * 255 + sum(part)]
            flags = (1 if at else 0) | (2 if which == 0 else 0) | (4 if which == len(packets) - 1 else 0)
            out += (b"OggS\0" + bytes([flags]) + struct.pack("<QIII", granule, serial, number, 0)
                    + bytes([len(part)]) + bytes(part) + body)
            number += 1
    return out


def _comments():
    picture = b"METADATA_BLOCK_PICTURE=" + mark("picture") * 2000  # over several pages
    said = [b"TITLE=" + mark("title"), b"LOCATION=" + mark("location"), picture]
    return (struct.pack("<I", len(mark("vendor"))) + mark("vendor") + struct.pack("<I", len(said))
            + b"".join(struct.pack("<I", len(s)) + s for s in said))


def opus():
    head = b"OpusHead\1\1" + struct.pack("<HIhB", 0, 48000, 0, 0)
    return _pages([(head, 0), (b"OpusTags" + _comments() + mark("padding"), 0), (b"\xfc" + bytes(60), 96000)]) + mark(
        "trailing")


def vorbis():
    head = b"\1vorbis" + struct.pack("<IBIIIIBB", 0, 1, 44100, 0, 64000, 0, 0xB8, 1)
    return _pages([(head, 0), (b"\3vorbis" + _comments() + b"\1" + mark("padding"), 0), (b"\5vorbis" + bytes(80), 0),
                   (bytes(60), 44100)]) + mark("trailing")


def wav():
    def part(kind, data):
        return kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)
    info = b"".join(part(kind, mark(kind.decode())) for kind in (b"INAM", b"IART", b"ISFT", b"ICMT", b"IARL"))
    before = (part(b"bext", mark("bext").ljust(602, b"\0")) + part(b"iXML", mark("iXML")) + part(b"JUNK", mark("JUNK"))
              + part(b"LIST", b"INFO" + info))
    after = (part(b"LIST", b"adtl" + part(b"labl", bytes(4) + mark("labl"))) + part(b"id3 ", mp3()) + part(
        b"_PMX", xmp()) + part(b"axml", mark("axml")) + part(b"cart", mark("cart")) + part(b"cue ", mark("cue")))
    form = part(b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16))
    body = b"WAVE" + before + form + part(b"data", bytes(16001)) + after
    return b"RIFF" + struct.pack("<I", len(body)) + body + mark("trailing")


def everything():
    """(name, the type it is served as, the file)"""
    return [
        ("JPEG", "image/jpeg", jpeg()), ("PNG", "image/png", png()), ("PNG with a preview", "image/png", png(900, 700)),
        ("WebP", "image/jpeg", webp("lossy.webp")), ("lossless WebP", "image/jpeg", webp("lossless.webp")),
        ("moving WebP", "image/jpeg", moving_webp()), ("GIF", "image/gif", gif()),
        ("HEIC", "image/jpeg", heif("marked.heic")), ("AVIF", "image/jpeg", heif("marked.avif")),
        ("MP4", "video/mp4", _movie(b"isom", True)), ("QuickTime", "video/quicktime", _movie(b"qt  ", True)),
        ("M4A", "audio/mp4", _movie(b"M4A ", False)), ("MP3", "audio/mpeg", mp3()), ("Opus", "audio/ogg", opus()),
        ("Vorbis", "audio/ogg", vorbis()), ("WAV", "audio/wav", wav()),
    ]
