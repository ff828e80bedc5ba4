#!/usr/bin/python3
"""Fifty peers, thirty refusing, five mute: the fifteen healthy ones never wait for the others' attempts."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import time

from support import peer, stage, tap

HEALTHY, REFUSING, MUTE = 15, 30, 5
scene = stage.Stage()
followers, mutes = [], []


def setup():
    global node, healthy, gone
    node = scene.node("hub", delivery_backoff="30 s")
    node.account("ann")
    healthy = scene.server(*[f"h{n}.localhost" for n in range(HEALTHY)])
    gone = scene.server(*[f"r{n}.localhost" for n in range(REFUSING)])
    quiet = scene.server(*[f"m{n}.localhost" for n in range(MUTE)])
    for server in (healthy, gone, quiet):
        for host in server.hosts:
            node.allow(f"{host}:{server.port}")
            actor = server.actor("fan", host)
            inbox = node.inbox("ann")
            stage.ok(actor.post(inbox, actor.activity("Follow", node.actor("ann")["id"])))
    tap.until(lambda: node.counts("ann")[0] == 50, "fifty followers", 60)
    for server in (healthy, gone, quiet):
        tap.until(lambda s=server: len(s.seen("POST", kind="Accept")) == len(s.hosts), "the Accepts", 30)
    gone.stop()
    quiet.stop()
    listener = peer.Mute(quiet.port)
    mutes.append(listener)


def _hosts_with(text):
    return {r.header("host") for r in healthy.seen("POST", kind="Create") if text in r.body.decode()}


def _post_and_count(text):
    """Posts and waits for the healthy ones; (seconds, attempts at dead peers that had ended by then)."""
    started = time.monotonic()
    uri = node.post("ann", text)
    tap.until(lambda: len(_hosts_with(text)) == HEALTHY, f"{text} at {HEALTHY} peers", 20)
    took = time.monotonic() - started
    lines = node.ledger(uri)
    ended = [h for h, line in lines.items() if h.startswith("m") and line["attempts"] > 0 and line["state"] != "queued"]
    return took, ended, uri


@tap.test
def the_first_post_reaches_the_healthy_before_any_mute_peers_attempt_has_ended():
    took, ended, _ = _post_and_count("first post")
    tap.note(f"figure: first post at {HEALTHY} healthy of 50 peers after {took:.2f} s")
    tap.equal(ended, [], "mute peers' attempts that had to end first")


@tap.test
def so_does_the_next_post():
    took, ended, _ = _post_and_count("second post")
    tap.note(f"figure: second post at {HEALTHY} healthy of 50 peers after {took:.2f} s")
    tap.equal(ended, [], "mute peers' attempts that had to end first")


@tap.test
def ten_posts_in_a_row_do_too_and_in_order():
    uris = [node.post("ann", f"row {n}.") for n in range(10)]
    tap.until(lambda: len(_hosts_with("row 9.")) == HEALTHY, "the last of ten at all healthy peers", 20)
    for host in healthy.hosts:
        ids = [r.document["object"]["id"] for r in healthy.seen("POST", kind="Create")
               if r.header("host") == f"{host}:{healthy.port}" and "row " in r.body.decode()]
        tap.equal(list(dict.fromkeys(ids)), uris, f"order at {host}")


@tap.test
def a_dead_peer_is_probed_once_not_once_for_each_post():
    tap.check(len(mutes[0].accepted) <= 2 * MUTE, f"{len(mutes[0].accepted)} connections to {MUTE} mute peers")


@tap.test
def the_ledger_adds_up():
    lines = node.ledger(node.post("ann", "counted"))
    tap.equal(len(lines), HEALTHY + REFUSING + MUTE, "lines")


@tap.test
def the_node_stops_while_mute_peers_hold_its_connections():
    scene.end_soundly()


def teardown():
    for listener in mutes:
        listener.stop()
    scene.close()


if __name__ == "__main__":
    tap.main(setup, teardown)
