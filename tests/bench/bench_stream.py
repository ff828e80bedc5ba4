#!/usr/bin/python3
"""From a post on one node to its event on a stream of another: over TLS, on one machine.

    WARD=./ward tests/bench/bench_stream.py [posts]

The clock runs from the first byte of POST /api/v1/statuses to the whole frame at the reader: sign-in,
two commits with their syncs, signature, delivery, and the stream. Beside it, of the same run, what a
plain TLS round trip costs: a connection, a request, an answer.
"""

import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import client, stage, streams, tap

WARM_UP = 10


def spread(name, seconds):
    seconds = sorted(seconds)
    p50, p99 = (1000 * seconds[min(len(seconds) - 1, int(len(seconds) * at))] for at in (0.5, 0.99))
    print(f"{name:<44} p50 {p50:7.2f} ms   p99 {p99:7.2f} ms   ({len(seconds)} times)")


def timed(function):
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def read_times(socket, count, came):
    """When each post's event was whole, by the number in its text."""
    for _ in range(count):
        status = socket.status_of()
        came[status["content"].split("number ")[1].split("<")[0]] = time.perf_counter()


def run(scene, posts):
    here, there = scene.nodes("here", "there")
    here.account("ann")
    there.account("ben")
    there.cli("follow", "ben", here.handle("ann"))
    tap.until(lambda: there.counts("ben")[1] == 1, "ben follows")
    ann = client.Client(here, client.token(here, "ann"))
    ben = client.Client(there, client.token(there, "ben"))
    socket = streams.Socket(there, ben.bearer, "user")
    sent, came, answered = {}, {}, []
    reader = threading.Thread(target=read_times, args=(socket, posts + WARM_UP, came))
    reader.start()
    trips = []
    for number in range(posts + WARM_UP):
        trips.append(timed(lambda: client.Client(there).get(streams.PATH + "/health")))
        began = sent[str(number)] = time.perf_counter()
        ann.ok("POST", "/api/v1/statuses", status=f"bed seven is free, number {number}")
        answered.append(time.perf_counter() - began)
        tap.until(lambda: str(number) in came, "the event")
    reader.join()
    socket.close()
    spread("TLS connection, request and answer", trips[WARM_UP:])
    spread("post, answered by its own node", answered[WARM_UP:])
    spread("post to event on the other node", [came[n] - sent[n] for n in sent if int(n) >= WARM_UP])


if __name__ == "__main__":
    scene = stage.Stage()
    try:
        run(scene, int(sys.argv[1]) if len(sys.argv) > 1 else 200)
    finally:
        scene.close()
