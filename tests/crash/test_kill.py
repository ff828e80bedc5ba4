#!/usr/bin/python3
"""kill -9 of either node at random moments of the story: nothing promised is lost, nothing is there twice.

    test_kill.py [SEED]      WARD_KILLS=N sets how many kills (50)

A round writes posts, likes, boosts, edits and deletes through the command line of both nodes while a
scripted peer posts to both inboxes; at random moments a node is killed and started again. What was
answered 2xx, or by exit status 0, is noted outside the nodes. Afterwards each node must have all of it,
once. A killed process keeps the page cache: this proves order, not fsync.
"""

import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import stage, tap, ward

KILLS = int(os.environ.get("WARD_KILLS", "50"))
ROUNDS = 5
SEED = int(sys.argv.pop(1)) if len(sys.argv) > 1 else int(time.time())
chance = random.Random(SEED)
scene = stage.Stage()


class Promises:
    """What was acknowledged, kept outside the processes under test."""

    def __init__(self):
        self.posted = {}  # node name -> URIs whose command ended with 0
        self.edited, self.liked, self.boosted, self.deleted = {}, set(), set(), set()
        self.pushed = {}  # node name -> ids of notes the inbox answered 2xx

    def add(self, where, name, value):
        where.setdefault(name, []).append(value)


promises = Promises()


def setup():
    global marys, riverside, friend, fred
    tap.note(f"figure: seed {SEED} (give it as the argument to see this run again)")
    marys, riverside = scene.nodes("st-marys", "riverside")
    marys.account("amara")
    riverside.account("ben")
    friend = scene.server("friend.localhost")
    fred = friend.actor("fred")
    for node, name in ((marys, "amara"), (riverside, "ben")):
        node.allow(friend.authority_part)
        stage.befriend(node, name, fred)
    riverside.cli("follow", "ben", marys.handle("amara"))
    marys.cli("follow", "amara", riverside.handle("ben"))
    for node, name in ((marys, "amara"), (riverside, "ben")):
        tap.until(lambda n=node, a=name: n.counts(a)[0] == 1, f"{name}'s follower")
        tap.until(lambda n=node, a=name: n.counts(a)[1] == 2, f"{name} follows")


def _name(node):
    return "amara" if node is marys else "ben"


def _other(node):
    return riverside if node is marys else marys


def _act(node, rng):
    """One act of the local clinician; noted when the command says it is done."""
    name = _name(node)
    kind = rng.choice(["post"] * 4 + ["reply", "like", "boost", "edit", "delete"])
    theirs = [u for u in promises.posted.get(_other(node).name, []) if u not in promises.deleted]
    mine = [u for u in promises.posted.get(node.name, []) if u not in promises.deleted]
    try:
        if kind == "post" or not mine or not theirs:
            uri = node.post(name, f"post {rng.random()}")
            promises.add(promises.posted, node.name, uri)
        elif kind == "reply":
            uri = node.post(name, f"reply {rng.random()}", "--reply-to", rng.choice(mine))
            promises.add(promises.posted, node.name, uri)
        elif kind in ("like", "boost"):
            uri = rng.choice(theirs)
            node.cli(kind, name, uri)
            (promises.liked if kind == "like" else promises.boosted).add(uri)
        elif kind == "edit":
            uri, text = rng.choice(mine), f"edited {rng.random()}"
            node.cli("edit", uri, text)
            promises.edited[uri] = text
        else:
            uri = rng.choice(mine)
            node.cli("delete", uri, "--yes")
            promises.deleted.add(uri)
    except ward.Refused as refused:
        # Not yet arrived, or just deleted over there: an answer. Anything else is a failure.
        tap.check(refused.status == 1, str(refused))


def _push(node, rng):
    """One post of the scripted peer to an inbox; noted when the answer is 2xx, tried again when not."""
    note = fred.note(f"pushed {rng.random()}")
    create = fred.create(note)
    for _ in range(200):
        try:
            answer = fred.post(inboxes[node.name], create)
            if answer is not None and 200 <= answer.status < 300:
                promises.add(promises.pushed, node.name, note["id"])
                return
        except OSError:
            pass
        time.sleep(0.05)


inboxes = {}


def _work(node, seed, stop, failures, step):
    rng = random.Random(seed)
    try:
        while not stop.is_set():
            step(node, rng)
            time.sleep(rng.random() * 0.05)
    except Exception as failure:  # told by the main thread
        failures.append(failure)


def _round(kills):
    stop, failures, threads = threading.Event(), [], []
    for node in (marys, riverside):
        inboxes.setdefault(node.name, node.inbox(_name(node)))
        for step in (_act, _push):
            arguments = (node, chance.random(), stop, failures, step)
            threads.append(threading.Thread(target=_work, args=arguments))
            threads[-1].start()
    for _ in range(kills):
        time.sleep(chance.random() * 0.3)
        node = chance.choice((marys, riverside))
        node.kill()
        node.start()
    stop.set()
    for thread in threads:
        thread.join()
    tap.check(not failures, f"{len(failures)} failed, the first: {failures[:1]}")


def _wanted(node):
    """The URIs that must be in the home timeline of `node`."""
    posts = promises.posted.get(node.name, []) + promises.posted.get(_other(node).name, [])
    return {u for u in posts if u not in promises.deleted} | set(promises.pushed.get(node.name, []))


def _all_there(node):
    shown = _home(node)
    return _wanted(node) <= set(shown) and not promises.deleted & set(shown)


def _home(node):
    """The home timeline without boosts, whole."""
    return [p["uri"] for p in node.timeline(_name(node), limit=100000) if not p["boosted_by"]]


def _settled(node):
    lines = {s["host"]: s for s in node.list("peer", "list")}
    return all(line["waiting"] == 0 for line in lines.values())


def _verify():
    for node in (marys, riverside):
        tap.until(lambda n=node: _settled(n), f"the queues of {node.name} to empty", 60)
    for node in (marys, riverside):
        tap.until(lambda n=node: _all_there(n), f"all that was promised at {node.name}", 30)
        shown = _home(node)
        twice = [u for u in set(shown) if shown.count(u) > 1]
        tap.equal(twice, [], f"shown twice at {node.name}")
        node.cli("check")
    for uri in list(promises.liked | promises.boosted)[-20:]:
        if uri in promises.deleted:
            continue
        owner = marys if marys.part in uri else riverside
        line = owner.entry(uri)
        tap.equal(line["likes"], int(uri in promises.liked), f"likes of {uri}")
        tap.equal(line["boosts"], int(uri in promises.boosted), f"boosts of {uri}")
    for uri, text in list(promises.edited.items())[-20:]:
        if uri in promises.deleted:
            continue
        for node in (marys, riverside):
            line = node.entry(uri)
            tap.check(text in line["text"], f"{uri} at {node.name}: {line['text']}, wanted {text}")


def _add_round(number):
    def round_of_kills():
        _round(KILLS // ROUNDS)
        _verify()

    round_of_kills.__name__ = f"round_{number}_of_{KILLS // ROUNDS}_kills_loses_and_doubles_nothing"
    tap.test(round_of_kills)


for _number in range(1, ROUNDS + 1):
    _add_round(_number)


@tap.test
def the_ledger_of_every_post_is_closed():
    for node in (marys, riverside):
        for uri in promises.posted.get(node.name, []):
            if uri in promises.deleted:
                continue
            for host, line in node.ledger(uri).items():
                tap.equal(line["state"], "delivered", f"{uri} to {host}")
    count = sum(len(v) for v in promises.posted.values()) + sum(len(v) for v in promises.pushed.values())
    tap.note(f"figure: {KILLS} kills, {marys.starts + riverside.starts} starts, {count} promises kept")


@tap.test
def both_nodes_end_soundly():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, scene.close)
