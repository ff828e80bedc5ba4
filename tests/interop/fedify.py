"""fedify - starts peer.mjs and tells it what to do; a Meeting is Ward and Fedify side by side.

Fedify and the Node.js it runs on come from npm (packages.py).
"""

import json
import os
import subprocess
import sys
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import packages
from support import ports, stage, tap


class Fedify:
    """One running peer; `first` is the signature scheme it tries first."""

    def __init__(self, authority, log, first, host="fedify.localhost"):
        node, folder = packages.install()
        self.port, self.control = ports.free(), ports.free()
        self.authority_part = f"{host}:{self.port}"
        self.handle = f"fay@{self.authority_part}"
        self.base = f"https://{self.authority_part}"
        self.actor = self.person("fay")
        certificate, key = authority.leaf(host)
        environment = {**os.environ, "NODE_EXTRA_CA_CERTS": authority.certificate}
        self._log = open(log, "w", encoding="utf-8")
        self._process = subprocess.Popen(
            [node, "peer.mjs", "--host", host, "--port", str(self.port), "--control", str(self.control),
             "--cert", certificate, "--key", key, "--first", first],
            cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        tap.until(lambda: "ready" in open(log, encoding="utf-8").read() or self._died(), "Fedify to start", 60)

    def _died(self):
        tap.check(self._process.poll() is None, f"the Fedify peer ended; see {self._log.name}")

    def _ask(self, path, document=None):
        data = None if document is None else json.dumps(document).encode()
        url = f"http://127.0.0.1:{self.control}{path}"
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data), timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise tap.Failure(f"Fedify could not {document}: {error.read().decode()}") from None

    def do(self, act, **arguments):
        """Performs one act as fay; returns when the other server has answered."""
        return self._ask("/", {"act": act, **arguments})

    def person(self, name):
        """The id of one of its actors: fay, bot, app, org, grp, new."""
        return f"{self.base}/users/{name}"

    def handle_of(self, name):
        return f"{name}@{self.authority_part}"

    def received(self, kind=None):
        """What it took: [{scheme, signed, proved, type, document, body}]."""
        return [r for r in self._ask("/received") if kind in (None, r["type"])]

    def rejected(self):
        return self._ask("/rejected")

    def fetched(self):
        """What was asked of it: [{scheme, signed, status, path}]."""
        return self._ask("/fetched")

    def followers(self, of="fay"):
        return self._ask("/followers")[of]

    def specs(self):
        """Which signature scheme each origin accepted from it."""
        return self._ask("/specs")

    def stop(self):
        self._process.terminate()
        self._process.wait(10)
        self._log.close()


class Meeting:
    """A node with ann and bob, a Fedify with fay and others; each admits the other, nobody follows anybody yet."""

    def __init__(self, first):
        self.first, self.stage = first, stage.Stage()
        self.log = os.path.join(self.stage.folder, "fedify.log")
        self.fay = Fedify(self.stage.authority, self.log, first)
        self.node = self.stage.node("ward")
        self.node.account("ann", "bob")
        self.node.allow(self.fay.authority_part)
        self.ann = self.node.actor("ann")["id"]

    def befriend(self):
        """ann and fay follow each other."""
        after = tuple(n + 1 for n in self.node.counts("ann"))
        self.fay.do("follow", whom=self.node.handle("ann"))
        self.node.cli("follow", "ann", self.fay.handle)
        tap.until(lambda: self.node.counts("ann") == after, "ann and fay to follow each other")

    # -- at Fedify

    def arrived(self, kind, about):
        """What Fedify took: activities of `kind` that have `about` in them."""
        found = [r for r in self.fay.received(kind) if about in r["body"]]
        wrong = [r for r in self.fay.rejected() if about in r["body"] and r["status"] != 401]
        tap.check(found or not wrong, f"Fedify refused: {wrong[-1:]}")
        return found

    def wait(self, kind, about):
        """The activity as Ward wrote it, once Fedify has it; its HTTP signature was good."""
        found = tap.until(lambda: self.arrived(kind, about), f"the {kind} at Fedify")[0]
        tap.check(found["signed"], f"an activity without a good HTTP signature: {found}")
        return json.loads(found["body"])

    def send(self, activity, **more):
        """An activity of fay's to ann; its id."""
        return self.fay.do("send", activity=activity, to=[self.node.handle("ann")], **more)["id"]

    # -- at Ward

    def home(self, uri, name="ann"):
        """A post as it is in somebody's home; None when it is not."""
        return next((p for p in self.node.timeline(name) if p["uri"] == uri), None)

    def wait_home(self, uri, text=""):
        """The same, once it is there and has `text`."""
        def is_there():
            shown = self.home(uri)
            return shown if shown and text in shown["text"] else None
        return tap.until(is_there, f"{uri} with {text!r} in ann's home")

    def thread(self, root, uri, name="ann"):
        """A post of a conversation as `name` may read it."""
        return next((p for p in self.node.list("thread", root, "--as", name) if p["uri"] == uri), None)

    # -- the end

    def judge_signatures(self):
        """Each side found the other's signatures right, at once or by the known fall back on 401."""
        wrong = [r for r in self.fay.rejected() if r["status"] != 401]
        tap.equal(wrong, [], "refused by Fedify")
        scheme = {"rfc9421": "rfc9421"}.get(self.first, "draft-cavage-http-signatures-12")
        tap.equal(self.fay.specs().get(self.node.base), scheme, "the scheme Ward accepted from Fedify")
        unsigned = [g for g in self.fay.fetched() if g["scheme"] != "none" and not g["signed"]]
        tap.equal(unsigned, [], "GETs whose signature Fedify found wrong")
        schemes = sorted({r["scheme"] for r in self.fay.received() if r["signed"]})
        tap.note(f"figure: Fedify tried {self.first} first; Ward's requests verified as {', '.join(schemes)}")

    def close(self):
        with open(self.log, encoding="utf-8") as file:
            tap.note("the end of Fedify's log:\n" + "\n".join(file.read().splitlines()[-30:]))
        tap.note("what Ward did not take:")
        taken = ("level=info event=inbox.accepted", "level=info event=delivery", "level=info event=fetch")
        tap.note("\n".join(x for x in self.node.logged().splitlines() if not any(t in x for t in taken)))
        self.fay.stop()
        self.stage.close()
