#!/usr/bin/python3
"""toot, the terminal client of Debian, at a node: signed in by its own way, and everything it can do."""

import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import picture
from support import names, person, stage, tap

PASSWORD = "correct horse battery"
scene = stage.Stage()
seen = {}


def setup():
    global node, away, environment
    tap.check(shutil.which("toot"), "toot is not installed: apt-get install toot")
    node, away = scene.nodes("home", "away")
    node.account("ann", "ben")
    away.account("cyd")
    environment = {
        **os.environ, **names.of_localhost(scene.folder, node.host),
        "XDG_CONFIG_HOME": os.path.join(scene.folder, "toot"),
        "REQUESTS_CA_BUNDLE": node.authority.certificate, "BROWSER": "true", "PYTHONUNBUFFERED": "1",
    }


def toot(*arguments, text="", fails=False):
    """What toot prints."""
    done = subprocess.run(["toot", arguments[0], "--no-color", *arguments[1:]], input=text, env=environment, text=True,
                          capture_output=True, timeout=60, check=False)
    out = done.stdout + done.stderr
    tap.check((done.returncode != 0) == fails, f"toot {' '.join(arguments)}: exit {done.returncode}\n{out}")
    return out


def _id_in(out):
    """The id of the status whose address `toot post` printed."""
    uri = re.search(r"https://\S+", out).group()
    return next(p["id"] for p in node.timeline("ann") if uri in (p["uri"], p.get("url")))


def _sign_in(name):
    """`toot login`, with a person at the browser."""
    process = subprocess.Popen(["toot", "login", "--no-color", "-i", node.part], env=environment, text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = ""
    try:
        while "/oauth/authorize" not in said:
            line = process.stdout.readline()
            tap.check(line, f"toot ended: {said}")
            said += line
        url = re.search(r"https://\S+/oauth/authorize\S+", said).group()
        somebody = person.Person(node.authority)
        page = somebody.submit(somebody.open(url), username=name, password=PASSWORD)
        page = somebody.press(page, "allow")
        shown = re.search(r'(?:<code[^>]*>|value=")([A-Za-z0-9_-]{20,})', page.body)
        tap.check(shown, f"no code on the page: {page.body[:500]}")
        rest, _ = process.communicate(f"n\n{shown.group(1)}\n", timeout=60)
        tap.equal(process.returncode, 0, f"toot login\n{said}{rest}")
    finally:
        process.kill()
        process.wait()


@tap.test
def one_signs_in_through_a_browser():
    _sign_in("ann")
    tap.check("@ann" in toot("whoami"), "who ann is")
    tap.check(f"ann@{node.part}" in toot("auth"), "toot knows the account")


@tap.test
def the_instance_says_what_it_is():
    tap.check(node.part in toot("instance"), "the name of the instance")


@tap.test
def a_post_is_written_and_read():
    seen["id"] = _id_in(toot("post", "Rounds at nine #cardiology", "-l", "en"))
    tap.check("Rounds at nine" in toot("timeline", "--once"), "home")
    tap.check("Rounds at nine" in toot("timeline", "--once", "--public", "--local"), "the public timeline")
    tap.check("Rounds at nine" in toot("timeline", "--once", "--tag", "cardiology"), "the tag's timeline")


@tap.test
def a_reply_with_a_warning_stands_in_the_thread():
    reply = toot("post", "-r", seen["id"], "-p", "numbers", "Bed 12 first")
    thread = toot("thread", seen["id"])
    tap.check("Rounds at nine" in thread and "Bed 12 first" in thread, thread)
    tap.equal(node.entry(re.search(r"https://\S+", reply).group())["cw"], "numbers", "the warning")


@tap.test
def a_picture_with_a_description_is_posted():
    path = os.path.join(scene.folder, "x-ray.png")
    with open(path, "wb") as file:
        file.write(picture.png())
    toot("post", "-m", path, "-d", "An x-ray of a hand", "see")
    entry = next(p for p in node.timeline("ann") if p["text"] == "see")
    tap.check("An x-ray of a hand" in str(node.entry(entry["uri"])), "the description")


@tap.test
def a_status_is_marked_in_every_way():
    node.cli("follow", "ann", node.handle("ben"))
    uri = node.post("ben", "worth keeping")
    other = tap.until(lambda: next((p["id"] for p in node.timeline("ann") if p["uri"] == uri), None), "ben's post")
    for word in ("favourite", "bookmark", "reblog"):
        toot(word, other)
    tap.check("worth keeping" in toot("bookmarks", "--once"), "the bookmarks")
    tap.check("ann" in toot("reblogged_by", other), "who boosted")
    entry = node.entry(uri)
    tap.equal((entry["likes"], entry["boosts"]), (1, 1), "likes and boosts")
    for word in ("unfavourite", "unbookmark", "unreblog"):
        toot(word, other)
    entry = node.entry(uri)
    tap.equal((entry["likes"], entry["boosts"]), (0, 0), "likes and boosts")
    toot("pin", seen["id"])
    toot("unpin", seen["id"])


@tap.test
def people_are_found_and_followed():
    tap.check("@ben" in toot("search", "ben"), "the search")
    toot("unfollow", "ben")
    toot("follow", f"cyd@{away.part}")
    tap.until(lambda: away.counts("cyd")[0] == 1, "the follower at the other node")
    tap.check("cyd@" in toot("following", "ann"), "whom ann follows")
    tap.check("cyd" in toot("whois", f"cyd@{away.part}"), "who cyd is")
    uri = away.post("cyd", "from the other house")
    tap.until(lambda: "from the other house" in toot("timeline", "--once"), uri)


@tap.test
def people_are_muted_and_blocked():
    for word in ("mute", "block"):
        toot(word, "ben")
        toot(f"un{word}", "ben")


@tap.test
def tags_are_followed():
    toot("tags_follow", "oncology")
    tap.check("oncology" in toot("tags_followed"), "the tags")
    toot("tags_unfollow", "oncology")


@tap.test
def one_is_notified():
    node.post("ben", "@ann when is the handover?")
    tap.until(lambda: "handover" in toot("notifications"), "the mention")
    toot("notifications", "--clear")
    tap.check("handover" not in toot("notifications"), "nothing after clearing")


@tap.test
def a_status_is_deleted():
    toot("delete", seen["id"])
    tap.check("Rounds at nine" not in toot("timeline", "--once"), "it is gone")


@tap.test
def signing_out_ends_the_session():
    toot("logout", f"ann@{node.part}")
    tap.check("you are logged in" in toot("whoami"), "nobody is")


@tap.test
def every_node_is_sound():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, teardown=scene.close)
