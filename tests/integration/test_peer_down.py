#!/usr/bin/python3
"""A peer is down while 200 posts are written: all arrive in order, and a healthy third never waits."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import stage, tap

POSTS = 200
scene = stage.Stage()
uris = []


def setup():
    global writer, sleeper, healthy
    writer, sleeper, healthy = scene.nodes("writer", "sleeper", "healthy")
    writer.account("ann")
    sleeper.account("sam")
    healthy.account("hal")
    sleeper.cli("follow", "sam", writer.handle("ann"))
    healthy.cli("follow", "hal", writer.handle("ann"))
    tap.until(lambda: writer.counts("ann")[0] == 2, "both followers")
    sleeper.stop()


@tap.test
def the_healthy_node_has_each_post_while_the_other_is_down():
    for number in range(POSTS):
        uris.append(writer.post("ann", f"post {number}"))
    tap.until(lambda: healthy.uris("hal", limit=1) == uris[-1:], "the last post at the healthy node", 30)
    tap.equal(healthy.uris("hal", limit=POSTS), uris[::-1], "what the healthy node shows")


@tap.test
def the_ledger_tells_the_two_apart():
    tap.until(lambda: writer.ledger(uris[-1])[healthy.part]["state"] == "delivered", "the ledger")
    for uri in (uris[0], uris[-1]):
        lines = writer.ledger(uri)
        tap.equal(lines[healthy.part]["state"], "delivered", "healthy")
        tap.check(lines[sleeper.part]["state"] in ("queued", "retry"), f"sleeper: {lines[sleeper.part]}")


@tap.test
def the_writer_was_restarted_meanwhile():
    writer.stop()
    writer.start()


@tap.test
def everything_arrives_in_order_when_the_peer_is_back():
    sleeper.start()
    tap.until(lambda: len(sleeper.uris("sam", limit=POSTS + 1)) == POSTS, f"{POSTS} posts", 90)
    tap.equal(sleeper.uris("sam", limit=POSTS + 1), uris[::-1], "order")


@tap.test
def the_ledger_of_each_post_shows_delivered():
    def undelivered():
        lines = [(u, part, line) for u in uris for part, line in writer.ledger(u).items()]
        tap.equal(len(lines), 2 * POSTS, "ledger lines")
        return [line for line in lines if line[2]["state"] != "delivered"]

    tap.until(lambda: not undelivered(), "every line delivered", 30)


@tap.test
def all_three_end_soundly():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, scene.close)
