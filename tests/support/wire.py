"""wire - requests as bytes: built by hand, sent over TLS, answers read strictly.

A Request is plain data so that a test can spoil any part of it after it was signed. Names below
.localhost are not looked up: they are 127.0.0.1.
"""

import json
import socket
import ssl
from dataclasses import dataclass, field
from urllib.parse import urlsplit

ACTIVITY = "application/activity+json"
ACCEPT = 'application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
ANSWER_MAX_BYTES = 16 << 20


@dataclass
class Request:
    """What goes on the wire: `target` and `headers` are sent exactly as they stand."""

    method: str
    url: str
    headers: list = field(default_factory=list)
    body: bytes = b""
    target: str = ""

    def __post_init__(self):
        parts = urlsplit(self.url)
        self.target = self.target or (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if not self.header("host"):
            self.headers.insert(0, ("Host", parts.netloc))

    def header(self, name):
        """All values of `name`, joined as HTTP joins them; None when absent."""
        values = [v for n, v in self.headers if n.lower() == name.lower()]
        return ", ".join(values) if values else None

    def put(self, name, value):
        """Sets `name` to one value (None removes it)."""
        self.headers = [(n, v) for n, v in self.headers if n.lower() != name.lower()]
        if value is not None:
            self.headers.append((name, value))
        return self

    def encode(self):
        """The bytes of an HTTP/1.1 request."""
        lines = [f"{self.method} {self.target} HTTP/1.1"] + [f"{n}: {v}" for n, v in self.headers]
        return "\r\n".join(lines + ["", ""]).encode("utf-8") + self.body


@dataclass
class Response:
    status: int
    headers: list
    body: bytes

    def header(self, name):
        values = [v for n, v in self.headers if n.lower() == name.lower()]
        return ", ".join(values) if values else None

    def json(self):
        return json.loads(self.body)


def connect(url, context=None, timeout=20.0):
    """An open (TLS) socket to the authority of `url`."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = "127.0.0.1" if parts.hostname.endswith("localhost") else parts.hostname
    raw = socket.create_connection((address, port), timeout=timeout)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if parts.scheme != "https":
        return raw
    return context.wrap_socket(raw, server_hostname=parts.hostname)


def read_response(stream, method="GET"):
    """One response from a buffered stream; None when the other side closed without one."""
    start = stream.readline(65536)
    if not start:
        return None
    status = int(start.split(b" ", 2)[1])
    headers = _read_headers(stream)
    response = Response(status, headers, b"")
    if method != "HEAD" and status >= 200 and status not in (204, 304):
        response.body = _read_body(stream, response)
    return response


def _read_headers(stream):
    headers = []
    while (line := stream.readline(65536)) not in (b"\r\n", b"\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        headers.append((name, value.strip()))
    return headers


def _read_body(stream, response):
    if (response.header("transfer-encoding") or "").lower() == "chunked":
        body = b""
        while size := int(stream.readline(65536).split(b";")[0], 16):
            body += stream.read(size)
            stream.readline(65536)
        stream.readline(65536)
        return body
    length = response.header("content-length")
    return stream.read(int(length) if length is not None else ANSWER_MAX_BYTES)


def send(request, context=None, timeout=20.0):
    """Sends `request` on a connection of its own and returns the answer."""
    if request.body and request.header("content-length") is None:
        request.put("Content-Length", str(len(request.body)))
    request.put("Connection", "close")
    return exchange(request.url, request.encode(), context, timeout, request.method)


def exchange(url, data, context=None, timeout=20.0, method="GET"):
    """Sends raw `data` to the authority of `url`; the first answer, or None when the peer just closed."""
    with connect(url, context, timeout) as sock:
        try:
            sock.sendall(data)
        except (ConnectionError, ssl.SSLError):
            pass  # it may have answered before it had read everything
        try:
            return read_response(sock.makefile("rb"), method)
        except (ConnectionError, ssl.SSLError):
            return None


def get(url, context=None, accept=ACCEPT, timeout=20.0):
    """An unsigned GET."""
    return send(Request("GET", url, [("Accept", accept)]), context, timeout)


def send_again(request, times, context=None, timeout=60.0):
    """Sends the same bytes `times` times on one connection (more when it is closed); the statuses."""
    if request.body and request.header("content-length") is None:
        request.put("Content-Length", str(len(request.body)))
    data, statuses = request.encode(), []
    while len(statuses) < times:
        with connect(request.url, context, timeout) as sock:
            stream = sock.makefile("rb")
            while len(statuses) < times:
                sock.sendall(data)
                response = read_response(stream, request.method)
                if response is None:
                    break
                statuses.append(response.status)
                if (response.header("connection") or "").lower() == "close":
                    break
    return statuses
