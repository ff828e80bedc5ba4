#!/usr/bin/python3
"""Ingest never waits for the network: while every fetch hangs, what known actors say is taken in at once."""

import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import peer, stage, tap, wire

HOSTS = 8      # two fetches each: as many as the fetcher makes at once
WAITING = 200  # activities that need something from a host that hangs
BATCH = 400    # activities of somebody known
CONNECTIONS = 4
scene = stage.Stage()


class HangUntil:
    """An answer just fast enough not to be cut off, which ends when it is told to."""

    def __init__(self):
        self.released = threading.Event()

    def play(self, sock, stop):
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/activity+json\r\n\r\n")
        while not self.released.wait(0.1) and not stop.is_set():
            sock.sendall(b" " * 250)
        return False


def setup():
    global node, friend, slow, vic, inbox, hang
    node = scene.node("ward", transfer_timeout="5 m")
    node.account("ann")
    friend = scene.server("friend.localhost")
    slow = scene.server(*(f"slow{n}.localhost" for n in range(HOSTS)))
    node.allow(friend.authority_part, *(f"{host}:{slow.port}" for host in slow.hosts))
    vic = friend.actor("vic")
    stage.befriend(node, "ann", vic)
    inbox = node.inbox("ann")
    hang = HangUntil()


def _batch(word):
    """Signed Creates of vic's, ready to be sent."""
    requests = []
    for n in range(BATCH):
        note = vic.note(f"{word} {n}")
        request = vic.sign(vic.request(inbox, vic.create(note)), "ed25519")
        request.put("Content-Length", str(len(request.body)))
        requests.append(request.encode())
    return requests


def _send(requests, statuses):
    with wire.connect(inbox, friend.authority.client_context()) as sock:
        stream = sock.makefile("rb")
        for data in requests:
            sock.sendall(data)
            answer = wire.read_response(stream, "POST")
            statuses.append(answer.status if answer else None)


def _pump(requests):
    """Activities a second; all must be taken."""
    statuses, threads = [], []
    started = time.monotonic()
    for n in range(CONNECTIONS):
        threads.append(threading.Thread(target=_send, args=(requests[n::CONNECTIONS], statuses)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - started
    tap.equal(statuses, [202] * len(requests), "answers")
    return len(requests) / took


@tap.test
def known_actors_are_heard_while_every_fetch_hangs():
    _pump(_batch("warm"))
    before = _pump(_batch("before"))
    for n in range(WAITING):
        host = slow.hosts[n % HOSTS]
        path = f"/notes/{n}"
        slow.on(path, hang)
        like = vic.activity("Like", f"https://{host}:{slow.port}{path}")
        stage.ok(vic.post(inbox, like, "ed25519"))
    tap.until(lambda: node.metrics()["ward_fetches_in_flight"] == 2 * HOSTS, "every fetch to hang")
    during = _pump(_batch("during"))
    # Nothing but this test ends the fetches: whatever waited for one would wait for ever.
    tap.equal(node.metrics()["ward_fetches_in_flight"], 2 * HOSTS, "fetches that still hang")
    shown = node.timeline("ann", limit=BATCH)
    tap.equal(sum("during" in entry["text"] for entry in shown), BATCH, "posts shown while all fetches hang")
    tap.note(f"figure: ingest while every fetch hangs: {during:.0f}/s, before {before:.0f}/s, "
             f"ratio {during / before:.2f}")


@tap.test
def what_waited_is_settled_once_the_fetches_end():
    hang.released.set()
    tap.until(lambda: node.metrics()["ward_fetches_in_flight"] == 0, "the fetches to end", 60)


@tap.test
def the_node_ends_soundly():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, scene.close)
