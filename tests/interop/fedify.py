"""fedify - starts peer.mjs and tells it what to do.

The packages come from package-lock.json by `npm ci` into a folder of the build, never into the source
tree. Fedify needs Node.js 22, Debian 12 has 18: the Node that runs it is one of those packages.
"""

import glob
import json
import os
import shutil
import subprocess
import sys
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import ports, tap

HERE = os.path.dirname(os.path.abspath(__file__))
_FILES = ("package.json", "package-lock.json", ".npmrc", "peer.mjs")


def install(folder):
    """Brings the locked packages into `folder` unless they are there; returns the path of node."""
    os.makedirs(folder, exist_ok=True)
    lock, stamp = os.path.join(HERE, "package-lock.json"), os.path.join(folder, "installed-lock.json")
    fresh = os.path.exists(stamp) and open(stamp, "rb").read() == open(lock, "rb").read()
    for name in _FILES:
        shutil.copyfile(os.path.join(HERE, name), os.path.join(folder, name))
    if not fresh:
        subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--loglevel=error"], cwd=folder, check=True, stdin=subprocess.DEVNULL
        )
        shutil.copyfile(lock, stamp)
    found = glob.glob(os.path.join(folder, "node_modules/node-linux-*/bin/node"))
    return found[0] if found else shutil.which("node")


class Fedify:
    """One running peer; `first` is the signature scheme it tries first."""

    def __init__(self, folder, authority, log, first, host="fedify.localhost"):
        node = install(folder)
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
