#!/usr/bin/python3
"""Link previews: made once, by the author's node, of the hosts that were named and of no other."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import client, peer, stage, tap

scene = stage.Stage()
PAGE = b"""<html><head><title>Low potassium</title><meta name="description" content="What to do.">
<meta property="og:site_name" content="Guidelines"></head><body>x</body></html>"""


def setup():
    global pages, home, off, shut
    pages = scene.server("pages.localhost", "sub.pages.localhost")
    pages.on("/page", peer.Answer(200, body=PAGE, content_type="text/html; charset=utf-8"))
    pages.on("/moved", peer.Answer(302, {"Location": "/page"}))
    pages.on("/away", peer.Answer(302, {"Location": f"https://sub.pages.localhost:{pages.port}/page"}))
    pages.on("/json", peer.Answer(200, body=PAGE, content_type="application/json"))
    listed = f"pages.localhost:{pages.port}"
    home = scene.node("home", preview_hosts=listed)
    off = scene.node("off")
    shut = scene.node("shut", preview_hosts=listed, allow_addresses=None)
    for node in (home, off, shut):
        node.account("ann")


def _url(path, host="pages.localhost"):
    return f"https://{host}:{pages.port}{path}"


def _card(node, uri):
    app = client.Client(node, client.token(node, "ann"))
    found = app.ok("GET", "/api/v1/timelines/public", local="true")
    return next(s["card"] for s in found if s["uri"] == uri)


def _post(node, path, **more):
    return node.post("ann", "Read " + _url(path, **more))


@tap.test
def a_page_of_a_named_host_is_asked_once_and_shown():
    pages.forget()
    uri = _post(home, "/page")
    tap.until(lambda: _card(home, uri), "the card")
    card = _card(home, uri)
    tap.equal((card["url"], card["title"], card["description"], card["provider_name"], card["image"]),
              (_url("/page"), "Low potassium", "What to do.", "Guidelines", None), "the card")
    tap.equal([r.method for r in pages.seen(path="/page")], ["GET"], "requests")
    tap.equal(pages.seen()[0].header("Signature"), None, "signed")


@tap.test
def redirects_stay_on_the_host():
    pages.forget()
    uri = _post(home, "/moved")
    tap.until(lambda: _card(home, uri), "the card")
    tap.equal(_card(home, uri)["url"], _url("/moved"), "as posted")
    pages.forget()
    _post(home, "/away")
    _post(home, "/json")
    last = _post(home, "/page")
    tap.until(lambda: _card(home, last), "the card of the last")
    tap.equal([r.url.partition("localhost")[2].partition("/")[2] for r in pages.seen()],
              ["away", "json", "page"], "requests")


@tap.test
def nothing_else_is_asked():
    pages.forget()
    _post(off, "/page")
    _post(home, "/page", host="sub.pages.localhost")
    refused = _post(shut, "/page")
    tap.until(lambda: "preview.done" in shut.logged(), "the address was judged")
    last = _post(home, "/moved")
    tap.until(lambda: _card(home, last), "what came after")
    tap.equal(_card(shut, refused), None, "a private address")
    tap.equal(sorted(r.url.rpartition("/")[2] for r in pages.seen()), ["moved", "page"], "requests")


@tap.test
def what_waits_survives_a_kill():
    pages.on("/slow", peer.Hang())
    uri = _post(home, "/slow")
    tap.until(lambda: pages.seen(path="/slow"), "asked")
    home.kill()
    pages.on("/slow", peer.Answer(200, body=PAGE, content_type="text/html"))
    home.start()
    tap.until(lambda: _card(home, uri), "the card")


@tap.test
def every_node_is_sound():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, teardown=scene.close)
