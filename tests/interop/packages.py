"""packages - what comes from npm: Fedify, masto.js, and the Node.js both run on.

They come from package-lock.json by `npm ci` into a folder of the build, never into the source tree. Fedify
needs Node.js 22, Debian 12 has 18: the Node that runs it is one of those packages.
"""

import fcntl
import glob
import os
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
_FILES = ("package.json", "package-lock.json", ".npmrc", "peer.mjs", "app.mjs")


def install():
    """Brings the locked packages into the folder unless they are there: (path of node, folder)."""
    folder = os.path.abspath(os.environ.get("WARD_PACKAGES", os.path.join("build", "packages")))
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "lock"), "w", encoding="utf-8") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        _bring(folder)
    found = glob.glob(os.path.join(folder, "node_modules/node-linux-*/bin/node"))
    return (found[0] if found else shutil.which("node")), folder


def _bring(folder):
    lock, stamp = os.path.join(HERE, "package-lock.json"), os.path.join(folder, "installed-lock.json")
    fresh = os.path.exists(stamp) and open(stamp, "rb").read() == open(lock, "rb").read()
    for name in _FILES:
        shutil.copyfile(os.path.join(HERE, name), os.path.join(folder, name))
    if not fresh:
        subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--loglevel=error"], cwd=folder, check=True, stdin=subprocess.DEVNULL
        )
        shutil.copyfile(lock, stamp)
