"""stage - what a test needs around it: a folder, an authority, nodes and peers, all gone afterwards.

    stage = Stage()
    a, b = stage.nodes("a", "b")          # started, allowing each other
    friend = stage.server("friend.localhost")
    ...
    tap.main(teardown=stage.close)

A program given the argument `open` runs its nodes with `federation = open`: then a stranger is a host
that was blocked, and every other guard stays. `make_stranger(node, part)` makes one either way.
"""

import shutil
import sys
import tempfile

from . import ca, peer, tap, ward


IS_OPEN = "open" in sys.argv[1:]
if IS_OPEN:
    sys.argv.remove("open")


class Stage:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="ward-test-")
        self.authority = ca.Authority(self.folder)
        self.all_nodes, self.servers = [], []

    def node(self, name, **options):
        """A started node."""
        if IS_OPEN:
            options = {"federation": "open", **options}
        node = ward.Node(self.folder, name, self.authority, **options)
        self.all_nodes.append(node)
        return node.start()

    def nodes(self, *names):
        """Started nodes that allow each other."""
        made = [self.node(name) for name in names]
        ward.peer_all(*made)
        return made

    def server(self, *hosts):
        """A scripted peer; it still has to be allowed."""
        server = peer.Server(self.authority, *hosts)
        server.auto_accept = True
        self.servers.append(server)
        return server

    def end_soundly(self):
        """Every node is sound, stops as asked, and stays sound. To be the last test of a program."""
        for node in self.all_nodes:
            node.cli("check")
            if node.process:
                tap.note(f"figure: {node.name}: {node.rss_kib() / 1024:.1f} MiB resident, "
                         f"ready {node.ready_ms:.0f} ms after its start")
                node.stop()
                node.cli("check")

    def close(self):
        for node in self.all_nodes:
            node.kill()
        for server in self.servers:
            server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def make_stranger(node, *parts):
    """Hosts the node does not talk to: by not knowing them or, where it talks to everyone, by a block."""
    if IS_OPEN:
        for part in parts:
            node.cli("peer", "block", part, "--yes")


def befriend(node, name, actor):
    """The local account `name` follows the scripted `actor`, who accepts."""
    node.cli("follow", name, actor.handle)
    tap.until(lambda: actor.server.seen("POST", kind="Follow"), f"the Follow to reach {actor.handle}")
    probe = actor.note(f"probe {actor.new_id('x')}")

    def arrives():
        actor.post(node.inbox(name), actor.create(probe, id=actor.new_id("create")))
        return probe["id"] in node.uris(name)

    tap.until(arrives, f"posts of {actor.handle} to reach {name}")


def follow_back(node, name, actor):
    """The scripted `actor` follows the local account `name`; returns the Follow once accepted."""
    before = len(actor.server.seen("POST", kind="Accept"))
    document = node.actor(name)
    follow = actor.activity("Follow", document["id"], to=[document["id"]])
    tap.check(actor.post(document["inbox"], follow).status in (200, 202), "the Follow was refused")
    tap.until(lambda: len(actor.server.seen("POST", kind="Accept")) > before, "the Accept")
    return follow


def ok(answer, what="status"):
    """Fails unless the answer is a 2xx."""
    tap.check(answer is not None and 200 <= answer.status < 300,
              f"{what}: {answer.status if answer else 'closed'} {answer.body[:200] if answer else ''}")


def refused(answer, *statuses):
    """Fails unless the answer has one of `statuses`."""
    tap.check(answer is not None, "the connection was closed without an answer")
    tap.check(answer.status in statuses, f"got {answer.status}, wanted one of {statuses}: {answer.body[:200]}")
