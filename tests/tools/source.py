#!/usr/bin/python3
"""Tests about the source itself: rooms, homes of libraries, calls to avoid, sizes, open ends.

    source.py [TREE]        prints TAP; TREE is the top of the source, default: two levels up

Comments and strings are taken out before calls are looked for. An exception carries its reason here.
"""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap

TREE = os.path.abspath(os.environ.get("WARD_SOURCE", os.path.join(os.path.dirname(__file__), "../..")))
ROOMS = ("storage/base", "storage", "federation", "node")
LINE_MAX_COLUMNS = 100
FILE_MAX_LINES = 1000
FUNCTION_MAX_LINES = 80

# A library has one home: the pattern of its headers, and the files that may include them.
HOMES = {
    r"lmdb\.h": (r"storage/engine_lmdb\.c",),
    r"protobuf-c/.*|.*\.pb-c\.h": (r"storage/.*", r"federation/.*", r"node/.*"),
    # canonical, proof: a proof is over the tree, so they are codecs as as2 is.
    r"jansson\.h": (r"federation/(as2|canonical|json|proof).*", r"federation/document/.*", r"node/.*"),
    r"curl/.*": (r"federation/(fetch|delivery|http_client).*",),
    r"microhttpd\.h": (r"node/http/.*",),
    # preview: it reads the head of a page, the same parser for the same kind of foreign bytes.
    r"libxml/.*": (r"federation/sanitize.*", r"federation/preview\.c"),
    # Decoders of strangers' pictures stay out of the daemon: ward-media is a process of its own.
    r"vips/.*": (r"node/media/picture\.c",),
    r"md4c.*": (r"federation/markup.*",),
    r"ini\.h": (r"node/config.*",),
    r"wslay/.*": (r"node/stream/websocket\.c",),
}

# Calls that have a better one: the pattern, files where it is allowed, and why not elsewhere.
BANNED = {
    r"strcpy|strcat|sprintf|vsprintf|gets|strtok|alloca": ((), "no bound"),
    r"system|popen": ((), "a shell is no interface"),
    r"atoi|atol|atoll|atof": ((), "no error"),
    r"malloc|calloc|realloc|strdup|strndup|asprintf|vasprintf|reallocarray":
        ((r"storage/base/.*",), "allocate with xcalloc and friends"),
    r"rand|srand|random|srandom": ((), "not random"),
    r"gmtime|localtime|ctime|asctime": ((), "shares a buffer between threads"),
    # Where there is nothing to wait for: out of descriptors with nobody to evict; libmicrohttpd draining.
    r"sleep|usleep|nanosleep": ((r"node/http/(gate|server)\.c",), "nothing sleeps: it waits for something"),
}
OPEN_ENDS = re.compile(r"\b(TODO|FIXME|XXX|HACK|not implemented)\b")


def _sources(*ends):
    for folder in ("storage", "federation", "node", "tests"):
        for at, folders, names in os.walk(os.path.join(TREE, folder)):
            folders[:] = [f for f in folders if f not in ("node_modules", "vectors", "corpus", "__pycache__")]
            for name in sorted(names):
                if name.endswith(ends) and ".pb-c." not in name:
                    yield os.path.relpath(os.path.join(at, name), TREE)


def _text(path):
    with open(os.path.join(TREE, path), encoding="utf-8") as file:
        return file.read()


def _room(path):
    return next((room for room in ROOMS if path.startswith(room + "/")), None)


def _code(text):
    """The text with comments, strings and character constants blanked, lines kept."""
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def _none(found, what):
    tap.check(not found, what + ":\n" + "\n".join(found))


@tap.test
def includes_point_down():
    found = []
    for path in _sources(".c", ".h"):
        room = _room(path)
        for number, line in enumerate(_text(path).splitlines(), 1):
            match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            wanted = match and _room(match.group(1))
            if room and wanted and ROOMS.index(wanted) > ROOMS.index(room):
                found.append(f"{path}:{number}: {room} includes {match.group(1)}")
            if room and match and match.group(1).startswith((".", "tests/")):
                found.append(f"{path}:{number}: include from the root of the tree: {match.group(1)}")
    _none(found, "includes that point up")


@tap.test
def each_library_has_one_home():
    found = []
    for path in _sources(".c", ".h"):
        for number, line in enumerate(_text(path).splitlines(), 1):
            match = re.match(r"\s*#\s*include\s+[<\"]([^>\"]+)[>\"]", line)
            for library, homes in HOMES.items():
                if match and re.fullmatch(library, match.group(1)) and not path.startswith("tests/"):
                    if not any(re.fullmatch(home, path) for home in homes):
                        found.append(f"{path}:{number}: {match.group(1)}")
    _none(found, "libraries outside their home")


@tap.test
def no_call_that_has_a_better_one():
    found = []
    for path in _sources(".c", ".h"):
        if not _room(path):
            continue
        for number, line in enumerate(_code(_text(path)).splitlines(), 1):
            for calls, (allowed, why) in BANNED.items():
                match = re.search(rf"(?<![\w.>])({calls})\s*\(", line)
                if match and not any(re.fullmatch(a, path) for a in allowed):
                    found.append(f"{path}:{number}: {match.group(1)}: {why}")
    _none(found, "calls to avoid")


@tap.test
def lines_fit_the_page():
    found = []
    for path in _sources(".c", ".h", ".py", ".sh", ".mjs"):
        width = LINE_MAX_COLUMNS if path.endswith((".c", ".h")) else 120
        for number, line in enumerate(_text(path).splitlines(), 1):
            if len(line) > width and "http" not in line:
                found.append(f"{path}:{number}: {len(line)} columns")
            if line != line.rstrip() or "\t" in line:
                found.append(f"{path}:{number}: tab or blank at the end")
    _none(found, "lines")


@tap.test
def files_and_functions_can_be_read_in_one_sitting():
    found = []
    for path in _sources(".c", ".h", ".py", ".mjs"):
        text = _text(path)
        if text.count("\n") > FILE_MAX_LINES:
            found.append(f"{path}: {text.count(chr(10))} lines")
        if path.endswith(".c"):
            found += [f"{path}:{at}: {lines} lines" for at, lines in _long_functions(text)]
    _none(found, "too long")


def _long_functions(text):
    start = None
    for number, line in enumerate(text.splitlines(), 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            if number - start > FUNCTION_MAX_LINES:
                yield start, number - start
            start = None


@tap.test
def nothing_is_left_open():
    found = []
    for path in _sources(".c", ".h", ".proto", ".mjs", ".sh"):
        for number, line in enumerate(_text(path).splitlines(), 1):
            if OPEN_ENDS.search(line):
                found.append(f"{path}:{number}: {line.strip()}")
    _none(found, "open ends")


@tap.test
def headers_have_a_guard_named_for_their_path():
    found = []
    for path in _sources(".h"):
        guard = "WARD_" + re.sub(r"[^A-Z0-9]", "_", path.upper())
        if f"#ifndef {guard}\n#define {guard}\n" not in _text(path):
            found.append(f"{path}: wanted {guard}")
    _none(found, "guards")


@tap.test
def every_source_is_built():
    makefile = _text("Makefile.am")
    found = [p for p in _sources(".c", ".h", ".py", ".mjs", ".sh") if not _is_listed(p, makefile)]
    _none(found, "not in Makefile.am")


def _is_listed(path, makefile):
    """Named in full, or a test program that Automake builds from the source of its own name."""
    stem = path[:-2] if path.startswith("tests/") and path.endswith(".c") else path
    return re.search(rf"(^|\s|=|\))({re.escape(path)}|{re.escape(stem)})(\s|\\|$)", makefile, re.M) is not None


if __name__ == "__main__":
    tap.main()
