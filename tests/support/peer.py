"""peer - a scripted ActivityPub server and client, honest or hostile as a test wants it.

One Server is one port with any number of host names (p1.localhost, p2.localhost, ...), each of which is
a peer of its own to Ward. It publishes actors, WebFinger and whatever a test puts under a path, notes
every request, and answers inboxes as told: a status, a sequence, a script.

    server = peer.Server(authority, "mallory.localhost")
    mallory = server.actor("mallory")
    answer = mallory.post(inbox_url, {...})                 # signed, draft-cavage-12
    answer = mallory.post(inbox_url, {...}, scheme="rfc9421")
    server.on(path, peer.Answer(301, {"Location": ...}))    # next requests for `path`, in order;
                                                            # the last one stays
"""

import json
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from . import ca, httpsig, ports, wire

AS2 = "https://www.w3.org/ns/activitystreams"
PUBLIC = AS2 + "#Public"
SECURITY = "https://w3id.org/security/v1"


@dataclass
class Answer:
    """What to send back. `document` is encoded as JSON; `body` wins over it."""

    status: int = 202
    headers: dict = field(default_factory=dict)
    document: object = None
    body: bytes = b""
    content_type: str = wire.ACTIVITY

    def encode(self):
        body = self.body or (b"" if self.document is None else json.dumps(self.document).encode())
        headers = {"Content-Type": self.content_type, "Content-Length": str(len(body)), **self.headers}
        head = f"HTTP/1.1 {self.status} X\r\n" + "".join(f"{n}: {v}\r\n" for n, v in headers.items())
        return (head + "\r\n").encode() + body

    def play(self, sock, stop):
        del stop
        sock.sendall(self.encode())
        return True


@dataclass
class Drip:
    """Sends `data` one byte each `pause` seconds."""

    data: bytes
    pause: float = 1.0

    def play(self, sock, stop):
        for byte in self.data:
            sock.sendall(bytes([byte]))
            if stop.wait(self.pause):
                break
        return False


class Hang:
    """Never answers, and keeps the connection."""

    def play(self, sock, stop):
        del sock
        stop.wait()
        return False


class Close:
    """Closes without an answer."""

    def play(self, sock, stop):
        del sock, stop
        return False


class Received(wire.Request):
    """A request that came in; `at` is when, `document` its JSON, `connection` counts sockets."""

    at = 0.0
    connection = 0

    @property
    def document(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def kind(self):
        return (self.document or {}).get("type")


class Actor:
    """An actor of a Server with an RSA and an Ed25519 key, and the client that speaks for it."""

    def __init__(self, server, name, host):
        self.server, self.name, self.host = server, name, host
        self.rsa, self.ed25519 = httpsig.new_rsa(), httpsig.new_ed25519()
        self.base = f"https://{host}:{server.port}"
        self.id = f"{self.base}/actors/{name}"
        self.key_id = self.id + "#main-key"
        self.handle = f"{name}@{host}:{server.port}"
        self.inbox, self.followers = self.id + "/inbox", self.id + "/followers"
        self.extra = {}
        self.client_leaf = None  # (certificate, key) shown where mutual TLS is asked for
        self._count = 0

    @property
    def path(self):
        return urlsplit(self.id).path

    def document(self):
        """The actor as published."""
        return {
            "@context": [AS2, SECURITY, "https://w3id.org/security/multikey/v1"],
            "id": self.id,
            "type": "Person",
            "preferredUsername": self.name,
            "name": self.name.title(),
            "inbox": self.inbox,
            "outbox": self.id + "/outbox",
            "followers": self.followers,
            "following": self.id + "/following",
            "endpoints": {"sharedInbox": self.base + "/inbox"},
            "publicKey": {"id": self.key_id, "owner": self.id, "publicKeyPem": httpsig.public_pem(self.rsa)},
            "assertionMethod": [
                {
                    "id": self.id + "#ed25519",
                    "type": "Multikey",
                    "controller": self.id,
                    "publicKeyMultibase": httpsig.multikey(self.ed25519),
                }
            ],
            **self.extra,
        }

    def new_id(self, word="a"):
        """An id of ours that was never used."""
        self._count += 1
        return f"{self.id}/{word}/{self._count}-{time.time_ns()}"

    def activity(self, kind, about, to=(PUBLIC,), cc=(), **more):
        """An activity of this actor with a fresh id."""
        return {
            "@context": AS2, "id": more.pop("id", None) or self.new_id(kind.lower()), "type": kind,
            "actor": self.id, "object": about, "to": list(to), "cc": list(cc), **more,
        }

    def note(self, text, to=(PUBLIC,), cc=(), **more):
        """A Note of this actor with a fresh id, published by this server so that it can be fetched."""
        note = {
            "@context": AS2, "id": self.new_id("note"), "type": "Note", "attributedTo": self.id,
            "content": f"<p>{text}</p>", "to": list(to), "cc": list(cc),
            "published": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **more,
        }
        self.server.on(urlsplit(note["id"]).path, Answer(200, document=note))
        return note

    def create(self, note, **more):
        """The Create of `note`."""
        return self.activity("Create", note, to=note["to"], cc=note["cc"], **more)

    def sign(self, request, scheme="cavage", **choices):
        """Signs `request`: cavage, rfc9421 (RSA), or ed25519 (RFC 9421 with the Ed25519 key)."""
        if scheme == "cavage":
            return httpsig.cavage_sign(request, self.rsa, choices.pop("key_id", self.key_id), **choices)
        if scheme == "ed25519":
            return httpsig.rfc9421_sign(
                request, self.ed25519, choices.pop("key_id", self.id + "#ed25519"), **choices
            )
        return httpsig.rfc9421_sign(request, self.rsa, choices.pop("key_id", self.key_id), **choices)

    def request(self, url, activity):
        """An unsigned POST of `activity`."""
        body = activity if isinstance(activity, bytes) else json.dumps(activity).encode()
        return wire.Request("POST", url, [("Content-Type", wire.ACTIVITY)], body)

    def post(self, url, activity, scheme="cavage", **choices):
        """Signs and posts; the answer."""
        return self.send(self.sign(self.request(url, activity), scheme, **choices))

    def get(self, url, scheme="cavage", **choices):
        """A signed GET."""
        return self.send(self.sign(wire.Request("GET", url, [("Accept", wire.ACCEPT)]), scheme, **choices))

    def send(self, request):
        return wire.send(request, self.server.authority.client_context(self.client_leaf))


class Server:
    """One TLS port; starts at once, `stop()` ends it, `start()` brings it back on the same port."""

    def __init__(self, authority, *hosts, port=None, start=True):
        self.authority, self.hosts = authority, hosts
        self.port = port or ports.free()
        self.requests, self.actors = [], {}
        self.inbox_answer = Answer(202)
        self.auto_accept = False
        self._answers = {}
        self._lock = threading.Lock()
        self._context = ca.server_context(*authority.leaf(*hosts))
        self._connections, self._live = 0, set()
        self._listener = None
        if start:
            self.start()

    def present(self, context):
        """Serves with another TLS context from now on; connections that are open end."""
        self._context = context
        with self._lock:
            live = list(self._live)
        for sock in live:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    @property
    def base(self):
        return f"https://{self.hosts[0]}:{self.port}"

    @property
    def authority_part(self):
        return f"{self.hosts[0]}:{self.port}"

    def start(self):
        self._stop = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=256)
        threading.Thread(target=self._accept, args=(self._listener, self._stop), daemon=True).start()

    def stop(self):
        """Refuses connections from now on."""
        if self._listener:
            self._stop.set()
            listener, self._listener = self._listener, None
            try:
                listener.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            listener.close()

    # -- what is served

    def actor(self, name, host=None):
        """Publishes an actor and returns it."""
        actor = Actor(self, name, host or self.hosts[0])
        self.actors[actor.id] = actor
        return actor

    def on(self, path, *answers):
        """The next requests whose path (or host:port plus path) is `path` get these, the last for good."""
        with self._lock:
            self._answers[path] = list(answers)

    def seen(self, method=None, path=None, kind=None):
        """Requests so far, by method, exact path and activity type."""
        with self._lock:
            requests = list(self.requests)
        return [
            r for r in requests
            if method in (None, r.method) and path in (None, urlsplit(r.url).path) and kind in (None, r.kind)
        ]

    def inbox(self, kind=None):
        """Activities delivered so far (their JSON), oldest first."""
        return [r.document for r in self.seen("POST", kind=kind)]

    def forget(self):
        """Empties the record of requests."""
        with self._lock:
            self.requests.clear()

    # -- threads

    def _accept(self, listener, stop):
        while not stop.is_set():
            try:
                raw, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(raw, stop), daemon=True).start()

    def _serve(self, raw, stop):
        raw.settimeout(60)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with self._context.wrap_socket(raw, server_side=True) as sock:
                with self._lock:
                    self._connections += 1
                    number = self._connections
                    self._live.add(sock)
                stream = sock.makefile("rb")
                try:
                    while not stop.is_set() and self._serve_one(sock, stream, stop, number):
                        pass
                finally:
                    with self._lock:
                        self._live.discard(sock)
        except (OSError, ssl.SSLError, ValueError):
            pass  # the other side went away, which is its right

    def _serve_one(self, sock, stream, stop, number):
        request = _read_request(stream, self.port)
        if request is None or stop.is_set():
            return False
        request.at, request.connection = time.monotonic(), number
        with self._lock:
            self.requests.append(request)
        going = self._answer_for(request).play(sock, stop)
        self._react(request)
        return going

    def _answer_for(self, request):
        parts = urlsplit(request.url)
        with self._lock:
            for key in (parts.netloc + parts.path, parts.path):
                answers = self._answers.get(key)
                if answers:
                    answer = answers.pop(0) if len(answers) > 1 else answers[0]
                    return answer(request) if callable(answer) else answer
        if request.method == "POST":
            answer = self.inbox_answer
            return answer(request) if callable(answer) else answer
        return self._published(parts)

    def _published(self, parts):
        base = f"https://{parts.netloc}"
        if parts.path == "/.well-known/webfinger":
            resource = parse_qs(parts.query).get("resource", [""])[0]
            return self._webfinger(resource)
        actor = self.actors.get(base + parts.path)
        if actor:
            return Answer(200, document=actor.document())
        owner = self.actors.get(base + parts.path.rpartition("/")[0])
        if owner:
            return Answer(200, document={
                "@context": AS2, "id": base + parts.path, "type": "OrderedCollection", "totalItems": 0,
                "orderedItems": [],
            })
        return Answer(404)

    def _webfinger(self, resource):
        for actor in self.actors.values():
            if resource in ("acct:" + actor.handle, actor.id):
                return Answer(200, content_type="application/jrd+json", document={
                    "subject": "acct:" + actor.handle, "aliases": [actor.id],
                    "links": [{"rel": "self", "type": wire.ACTIVITY, "href": actor.id}],
                })
        return Answer(404)

    def _react(self, request):
        if not (self.auto_accept and request.kind == "Follow"):
            return
        follow = request.document
        actor = self.actors.get(follow["object"])
        if actor:
            threading.Thread(target=self._accept_follow, args=(actor, follow), daemon=True).start()

    def _accept_follow(self, actor, follow):
        follower = wire.get(follow["actor"], self.authority.client_context()).json()
        actor.post(follower["inbox"], actor.activity("Accept", follow, to=[follow["actor"]]))


def _read_request(stream, port):
    start = stream.readline(65536).decode("latin-1").split()
    if len(start) != 3:
        return None
    headers = []
    while (line := stream.readline(65536)) not in (b"\r\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        headers.append((name, value.strip()))
    host = next((v for n, v in headers if n.lower() == "host"), f"localhost:{port}")
    request = Received(start[0], f"https://{host}{start[1]}", headers, target=start[1])
    request.body = _read_request_body(stream, request)
    return request


def _read_request_body(stream, request):
    if (request.header("transfer-encoding") or "").lower() == "chunked":
        body = b""
        while size := int(stream.readline(65536).split(b";")[0], 16):
            body += stream.read(size)
            stream.readline()
        stream.readline()
        return body
    return stream.read(int(request.header("content-length") or 0))


class Mute:
    """A port that accepts connections and never says a word, not even a TLS hello."""

    def __init__(self, port=None, address="127.0.0.1"):
        self.port = port or ports.free()
        self._listener = socket.create_server((address, self.port), backlog=256)
        self.accepted = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                self.accepted.append(self._listener.accept()[0])
            except OSError:
                return

    def stop(self):
        self._listener.close()
        for sock in self.accepted:
            sock.close()
