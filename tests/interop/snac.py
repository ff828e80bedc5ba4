"""snac - brings Debian's snac2 package into the build folder, runs it, and speaks for its user "sam".

The package is Debian's own, from the backports of the running release: the mirror is the one the machine's
apt knows, signatures are checked with Debian's archive keyring, and apt keeps its lists and state in a
folder of the build. Nothing is installed and root is not needed. What snac links to, libcurl and OpenSSL,
Ward links to as well, so it is there.

snac speaks plain HTTP and is run behind a TLS proxy; so it is here, with a proxy of a page of Python. It
has no option for certificate authorities: trust.c makes its libcurl trust the test root.
"""

import glob
import json
import os
import re
import select
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from hashlib import md5

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import ca, ports, tap

_HERE = os.path.dirname(os.path.abspath(__file__))
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_TRIES = 3
_SUITE = "-backports"
_APT = """\
Dir::Etc::SourceList "{0}/sources.list";
Dir::Etc::SourceParts "{0}/none";
Dir::State::Lists "{0}/lists";
Dir::Cache "{0}/cache";
Dir::Log "{0}";
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Acquire::Languages "none";
"""


def _run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    tap.check(done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout


def _codename():
    with open("/etc/os-release", encoding="utf-8") as file:
        return re.search(r"^VERSION_CODENAME=(\S+)", file.read(), re.M).group(1)


def _mirror(codename):
    """Where this machine's apt has Debian's main archive from."""
    known = _run("apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)", "Identifier: Packages")
    return next(line.split()[2] for line in known.splitlines() if line.startswith(f"{codename} main "))


def _download(folder):
    """One try: the package, unpacked."""
    codename, apt = _codename(), os.path.join(folder, "apt")
    os.makedirs(os.path.join(apt, "lists", "partial"), exist_ok=True)
    os.makedirs(os.path.join(apt, "cache", "archives", "partial"), exist_ok=True)
    with open(os.path.join(apt, "sources.list"), "w", encoding="utf-8") as file:
        file.write(f"deb [signed-by={_KEYRING}] {_mirror(codename)} {codename}{_SUITE} main\n")
    with open(os.path.join(apt, "apt.conf"), "w", encoding="utf-8") as file:
        file.write(_APT.format(apt))
    own = {**os.environ, "APT_CONFIG": os.path.join(apt, "apt.conf")}
    _run("apt-get", "update", "-q", env=own)
    _run("apt-get", "download", "-q", "snac2", env=own, cwd=apt)
    package = glob.glob(os.path.join(apt, "snac2_*.deb"))[0]
    _run("dpkg-deb", "--extract", package, os.path.join(folder, "unpacked"))
    with open(os.path.join(folder, "version"), "w", encoding="utf-8") as file:
        file.write(_run("dpkg-deb", "--field", package, "Version").strip())


def install(folder):
    """Brings snac2 into `folder` unless it is there; returns the path of the program and its version."""
    program, stamp = os.path.join(folder, "unpacked", "usr", "bin", "snac"), os.path.join(folder, "version")
    for attempt in range(1, _TRIES + 1):
        if os.path.exists(stamp):
            break
        shutil.rmtree(folder, ignore_errors=True)
        try:
            _download(folder)
        except tap.Failure:
            if attempt == _TRIES:
                raise
            time.sleep(2 * attempt)
    with open(stamp, encoding="utf-8") as file:
        return program, file.read()


def _trust(folder):
    """The library that makes a program's libcurl trust $TRUST_CA."""
    library = os.path.join(folder, "trust.so")
    _run("cc", "-shared", "-fPIC", "-o", library, os.path.join(_HERE, "trust.c"), "-ldl")
    return library


class Front:
    """A TLS proxy: what arrives at `port` goes on, in the clear, to `behind`."""

    def __init__(self, authority, host, port, behind):
        self._context = ca.server_context(*authority.leaf(host))
        self._behind = behind
        self._listener = socket.create_server(("127.0.0.1", port), backlog=64)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                raw, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(raw,), daemon=True).start()

    def _serve(self, raw):
        try:
            raw.settimeout(20)
            with self._context.wrap_socket(raw, server_side=True) as outer:
                with socket.create_connection(("127.0.0.1", self._behind)) as inner:
                    self._pass_on(outer, inner)
                outer.unwrap()  # an answer without a length ends here, and properly
        except OSError:
            pass  # whoever called has gone

    @staticmethod
    def _pass_on(outer, inner):
        """Both ways in one thread: a TLS socket is not for two."""
        while True:
            ready = [outer] if outer.pending() else select.select([outer, inner], [], [], 20)[0]
            if not ready:
                return
            for source, sink in ((outer, inner), (inner, outer)):
                if source in ready:
                    data = source.recv(65536)
                    if not data:
                        return
                    sink.sendall(data)

    def stop(self):
        self._listener.close()


class Snac:
    """One running snac and its user "sam", through the Mastodon API, web forms and command line it has."""

    def __init__(self, cache, authority, folder, host="snac.localhost"):
        self.program, self.version = install(cache)
        self.port, self._inner = ports.free(), ports.free()
        self.part = f"{host}:{self.port}"
        self.base = f"https://{self.part}"
        self.handle, self.actor = f"sam@{self.part}", f"{self.base}/sam"
        self.data, self.log = os.path.join(folder, "snac"), os.path.join(folder, "snac.log")
        self._environment = {
            **os.environ, "LD_PRELOAD": _trust(folder), "TRUST_CA": authority.certificate, "LANG": "C.UTF-8",
            "DEBUG": "1",
        }
        self._front, self._process = Front(authority, host, self.port, self._inner), None
        self._token = None
        self._init()
        self._start()

    def _init(self):
        answers = ["127.0.0.1", str(self._inner), self.part, "", ""]
        _run(self.program, "init", self.data, input="\n".join(answers) + "\n", env=self._environment)
        self.password = re.search(r"password is (\S+)", self.cli("adduser", "sam")).group(1)

    def _start(self):
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen(
                [self.program, "httpd", self.data], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                env=self._environment,
            )
        tap.until(self._answers, "snac to start")
        form = urllib.parse.urlencode({"login": "sam", "passwd": self.password}).encode()
        self._token = self._send("POST", "/oauth/x-snac-get-token", form, {}).decode()
        tap.check("<" not in self._token, "snac's sign-in")

    def _answers(self):
        tap.check(self._process.poll() is None, f"snac ended; see {self.log}")
        try:
            return self._send("GET", "/.well-known/nodeinfo", None, {})
        except OSError:
            return False

    def _send(self, method, path, data, headers):
        request = urllib.request.Request(f"http://127.0.0.1:{self._inner}{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()

    # -- doing

    def cli(self, verb, *arguments):
        """snac's own command line."""
        return _run(self.program, verb, self.data, *arguments, env=self._environment)

    def api(self, method, path, **arguments):
        """A request to its Mastodon API as sam."""
        data = json.dumps(arguments).encode() if method != "GET" else None
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        try:
            return json.loads(self._send(method, f"/api/v1/{path}", data, headers) or b"null")
        except urllib.error.HTTPError as error:
            raise tap.Failure(f"snac: {method} {path}: {error}") from None

    def form(self, name, **fields):
        """A form of its web pages, which do what the API does not."""
        login = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        url = f"http://127.0.0.1:{self._inner}/sam/admin/{name}"
        login.add_password(None, url, "sam", self.password)
        opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(login), _NoRedirect())
        try:
            opener.open(url, urllib.parse.urlencode(fields).encode(), timeout=30).close()
        except urllib.error.HTTPError as error:
            tap.equal(error.code, 303, f"snac's form {name}")

    def post(self, text, **more):
        """Posts as sam; the post's URI."""
        return self.api("POST", "statuses", status=text, **more)["uri"]

    def act(self, uri, verb):
        """favourite, unfavourite, reblog, unreblog, pin, unpin."""
        return self.api("POST", f"statuses/{self.status(uri)['id']}/{verb}")

    # -- reading

    def status(self, uri):
        """A post as its API shows it in sam's home; None when it is not there."""
        shown = [s.get("reblog") or s for s in self.api("GET", "timelines/home?limit=80")]
        return next((s for s in shown if s["uri"] == uri), None)

    def object(self, uri):
        """What it stored under an id: an actor or a post, as it was received; None when there is nothing."""
        name = md5(uri.encode()).hexdigest()
        path = os.path.join(self.data, "object", name[:2], f"{name}.json")
        if not os.path.exists(path):
            return None
        with open(path, encoding="utf-8") as file:
            text = file.read()
        return json.loads(text) if text else None

    def relation(self, actor):
        """How sam and `actor` stand: {following, followed_by, blocking, ...}."""
        return self.api("GET", f"accounts/relationships?id={md5(actor.encode()).hexdigest()}")[0]

    def notified(self, kind):
        """Its notifications of one ActivityPub type, as stored."""
        folder = os.path.join(self.data, "user", "sam", "notify")
        found = []
        for path in glob.glob(os.path.join(folder, "*.json")):
            with open(path, encoding="utf-8") as file:
                found.append(json.load(file))
        return [n for n in found if n["type"] == kind]

    def archived(self, kind):
        """Activities it took in and did nothing with."""
        found = []
        for path in glob.glob(os.path.join(self.data, "ignored", "*.json")):
            with open(path, encoding="utf-8") as file:
                found.append(json.load(file))
        return [a for a in found if a["type"] == kind]

    def logged(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def stop(self):
        if self._process:
            self._process.terminate()
            self._process.wait(20)
            self._process = None
        self._front.stop()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None
