"""ward - real nodes: made with `ward init`, run with `ward serve`, asked through the command line.

    authority = ca.Authority(folder)
    node = ward.Node(folder, "st-marys", authority)   # https://st-marys.localhost:PORT
    node.start()                                      # ready when it returns
    uri = node.post("alice", "hello")
    node.kill(); node.start()                         # kill -9, and on as if nothing had been

The program under test is $WARD, else `ward` in the current folder. Everything about the other side of
the wire is discovered: WebFinger gives actors, actors give inboxes; no path of the node is assumed.
"""

import json
import os
import re
import signal
import subprocess
import time

from . import ports, tap, wire

# Short waits so that a test sees a retry; the shape of the schedule is a unit test's business.
TEST_OPTIONS = {
    "allow_addresses": "127.0.0.0/8",
    "delivery_backoff": "200 ms, 400 ms, 1 s",
    "http_connections_per_address": "1000",
    "http_connections_per_peer": "1000",
}
READY_SECONDS = 20
PAGE_MAX = 200


def program():
    """The `ward` under test."""
    return os.path.abspath(os.environ.get("WARD", "ward"))


class Refused(tap.Failure):
    """The command line said no; `status` and `text` say how."""

    def __init__(self, arguments, status, text):
        super().__init__(f"ward {' '.join(arguments)}: exit {status}: {text.strip()}")
        self.status, self.text = status, text


class Node:
    """One node: folder, config, port, and the process while it runs."""

    def __init__(self, folder, name, authority, port=None, **options):
        self.name, self.authority = name, authority
        self.port = port or ports.free()
        self.admin_port = ports.free()
        self.host = f"{name}.localhost"
        self.part = f"{self.host}:{self.port}"
        self.base = f"https://{self.part}"
        self.folder = os.path.join(folder, name)
        self.config = os.path.join(self.folder, "ward.conf")
        self.log = os.path.join(self.folder, "log")
        self.process, self.ready_ms, self.starts = None, None, 0
        os.makedirs(self.folder, exist_ok=True)
        self._init({**TEST_OPTIONS, **options})

    def _init(self, options):
        certificate, key = self.authority.leaf(self.host)
        self._run(
            ["init", "--host", self.part, "--data", os.path.join(self.folder, "data"), "--listen",
             f"127.0.0.1:{self.port}", "--tls-cert", certificate, "--tls-key", key]
        )
        self.set(tls_ca=self.authority.certificate, admin_listen=f"127.0.0.1:{self.admin_port}", **options)

    def set(self, **options):
        """Sets options in the configuration file; None takes the line out."""
        with open(self.config, encoding="utf-8") as file:
            lines = file.read().splitlines()
        for name, value in options.items():
            lines = [line for line in lines if not re.match(rf"\s*{name}\s*=", line)]
            if value is not None:
                lines.append(f"{name} = {value}")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    # -- the process

    def start(self):
        """Starts the node and waits until it answers /readyz; `ready_ms` tells how long that took."""
        started = time.monotonic()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [program(), "--config", self.config, "serve"], stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.starts += 1
        tap.until(self._is_ready, f"{self.name} to be ready\n{self.tail()}", READY_SECONDS)
        self.ready_ms = (time.monotonic() - started) * 1000
        return self

    def _is_ready(self):
        if self.process.poll() is not None:
            raise tap.Failure(f"{self.name} ended with {self.process.returncode}\n{self.tail()}")
        try:
            answer = wire.get(f"http://localhost:{self.admin_port}/readyz", timeout=2)
            return answer is not None and answer.status == 200
        except OSError:
            return False

    def stop(self, seconds=20):
        """Ends it as an operator does; the exit status must be 0."""
        if not self.process:
            return
        process, self.process = self.process, None
        process.send_signal(signal.SIGTERM)
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise tap.Failure(f"{self.name} did not stop within {seconds} s\n{self.tail()}") from None
        tap.equal(status, 0, f"exit status of {self.name}\n{self.tail()}")

    def kill(self):
        """kill -9."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def hangup(self):
        """SIGHUP: certificates and policy are read again."""
        self.process.send_signal(signal.SIGHUP)

    def rss_kib(self):
        """Resident memory of the running node."""
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))

    def logged(self):
        """Everything it wrote so far."""
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def tail(self, lines=25):
        """The end of its log."""
        try:
            return "\n".join(self.logged().splitlines()[-lines:])
        except FileNotFoundError:
            return ""

    def metrics(self):
        """The Prometheus text as {series: value}."""
        text = wire.get(f"http://localhost:{self.admin_port}/metrics").body.decode()
        pairs = (line.rpartition(" ") for line in text.splitlines() if line and line[0] != "#")
        return {name: float(value) for name, _, value in pairs}

    # -- the command line

    def _run(self, arguments, text=None):
        done = subprocess.run(
            [program(), "--config", self.config, *arguments], input=text, capture_output=True, text=True,
            timeout=60, check=False,
        )
        if done.returncode != 0:
            raise Refused(arguments, done.returncode, done.stderr)
        return done.stdout

    def cli(self, *arguments, text=None):
        """Runs a command; its output."""
        return self._run(list(arguments), text)

    def ask(self, *arguments, text=None):
        """Runs a command with --json; one document, or a list of them for a list command."""
        out = self._run([*arguments, "--json"], text)
        documents = [json.loads(line) for line in out.splitlines() if line.strip()]
        return documents[0] if len(documents) == 1 else documents

    def list(self, *arguments):
        """Runs a list command with --json; always a list."""
        found = self.ask(*arguments)
        return found if isinstance(found, list) else [found]

    def refuses(self, *arguments):
        """Runs a command that must be refused: status 1, or 2 for words that make no sense."""
        try:
            out = self._run(list(arguments))
        except Refused as refused:
            tap.check(refused.status in (1, 2), str(refused))
            return refused.text
        raise tap.Failure(f"ward {' '.join(arguments)} was not refused: {out}")

    def account(self, *names):
        for name in names:
            self.cli("account", "create", name, "--password-stdin", text="correct horse battery\n")

    def allow(self, *parts):
        for part in parts:
            self.cli("peer", "allow", part)

    def handle(self, name):
        """What others call a local account."""
        return f"{name}@{self.part}"

    def post(self, name, text, *more):
        """Posts; the post's URI."""
        return self.ask("post", name, *more, text)["uri"]

    def timeline(self, name, *which, limit=40):
        """The newest entries of a timeline, page by page: [{id, uri, author, text, boosted_by, ...}]."""
        shown = []
        while len(shown) < limit:
            size = min(limit - len(shown), PAGE_MAX)
            before = ["--before", shown[-1]["id"]] if shown else []
            page = self.list("timeline", name, *(which or ["--home"]), "--limit", str(size), *before)
            shown += page
            if len(page) < size:
                break
        return shown

    def uris(self, name, *which, limit=40):
        return [p["uri"] for p in self.timeline(name, *which, limit=limit)]

    def entry(self, uri):
        """One post as `ward thread` shows it; None when it is not there."""
        try:
            return next((p for p in self.list("thread", uri) if p["uri"] == uri), None)
        except Refused:
            return None

    def ledger(self, uri, activity="Create"):
        """Where an activity about a post went: {host: line}."""
        return {line["host"]: line for line in self.list("delivery", uri) if line["activity"] == activity}

    def is_delivered(self, uri, to, activity="Create"):
        line = self.ledger(uri, activity).get(to.part)
        return line is not None and line["state"] == "delivered"

    def counts(self, name):
        """(followers, following) of a local account."""
        shown = self.ask("account", "show", name)
        return shown["followers"], shown["following"]

    # -- the wire

    def actor(self, name):
        """The actor document of a local account, found as a stranger finds it."""
        resource = f"acct:{self.handle(name)}"
        found = self.get(f"{self.base}/.well-known/webfinger?resource={resource}")
        tap.equal(found.status, 200, "WebFinger")
        link = next(x for x in found.json()["links"] if x["rel"] == "self")
        answer = self.get(link["href"])
        tap.equal(answer.status, 200, "actor document")
        return answer.json()

    def inbox(self, name):
        return self.actor(name)["inbox"]

    def shared_inbox(self, name):
        return self.actor(name)["endpoints"]["sharedInbox"]

    def get(self, url, accept=wire.ACCEPT):
        """An unsigned GET over verified TLS."""
        return wire.get(url, self.authority.client_context(), accept)


def peer_all(*nodes):
    """Each node allows every other one."""
    for node in nodes:
        node.allow(*[other.part for other in nodes if other is not node])
