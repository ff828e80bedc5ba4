"""streams - listens as apps do: a WebSocket, or server-sent events.

    socket = streams.Socket(node, bearer, "user")        # ?stream=user
    socket.say(type="subscribe", stream="public")
    frame = socket.event("update")                       # {"stream": [...], "event": ..., "payload": ...}
    events = streams.Events(node, bearer, "user")
    name, data = events.event("update")

Whatever does not come in time fails the test.
"""

import base64
import hashlib
import json
import os
import socket as sockets
import struct
import time
import urllib.parse

from . import tap, wire

PATH = "/api/v1/streaming"
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
PATIENCE_SECONDS = 20


class Ended(Exception):
    """The other end closed; `code` as in its close frame, or None."""

    def __init__(self, code=None):
        super().__init__(f"closed with {code}")
        self.code = code


def connect(node, small=False):
    """A TLS connection; `small`: one that holds little for a reader that does not read."""
    if not small:
        return wire.connect(node.base, node.authority.client_context(), timeout=PATIENCE_SECONDS)
    raw = sockets.socket()
    raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    raw.settimeout(PATIENCE_SECONDS)
    raw.connect(("127.0.0.1", node.port))
    return node.authority.client_context().wrap_socket(raw, server_hostname=node.host)


def frame(opcode, payload, mask=b"\1\2\3\4", is_last=True, length=None):
    """One frame as a client sends it; `mask` None and `length` (bytes) are for those that must not be."""
    head = bytes([(0x80 if is_last else 0) | opcode])
    bit = 0x80 if mask else 0
    if length is not None:
        head += length
    elif len(payload) < 126:
        head += bytes([bit | len(payload)])
    else:
        head += struct.pack(">BH", bit | 126, len(payload))
    if mask:
        payload = mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
    return head + payload


class Socket:
    def __init__(self, node, bearer=None, stream=None, headers=(), path=PATH, small=False, **parameters):
        if stream:
            parameters["stream"] = stream
        target = path + ("?" + urllib.parse.urlencode(parameters) if parameters else "")
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {target} HTTP/1.1", f"Host: {node.part}", "Connection: Upgrade", "Upgrade: websocket",
                 "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}"]
        if bearer:
            lines.append(f"Authorization: Bearer {bearer}")
        lines += [f"{name}: {value}" for name, value in headers]
        self.sock = connect(node, small)
        self.sock.sendall("\r\n".join(lines + ["", ""]).encode())
        self.stream = self.sock.makefile("rb")
        self.status = int(self.stream.readline().split()[1])
        self.headers = {}
        for line in iter(self.stream.readline, b"\r\n"):
            name, _, value = line.decode().partition(":")
            self.headers[name.lower()] = value.strip()
        self.frames = []
        if self.status == 101:
            wanted = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
            tap.equal(self.headers["sec-websocket-accept"], wanted, "Sec-WebSocket-Accept")

    def close(self):
        self.stream.close()
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def say(self, **command):
        self.send(frame(TEXT, json.dumps(command).encode()))

    def _exactly(self, count):
        data = self.stream.read(count)
        if data is None or len(data) < count:
            raise Ended()
        return data

    def read(self):
        """(opcode, payload) of the next frame that is no ping (which is answered)."""
        while True:
            first, second = self._exactly(2)
            tap.equal(second & 0x80, 0, "mask of the server")
            length = second & 0x7F
            if length == 126:
                length, = struct.unpack(">H", self._exactly(2))
            elif length == 127:
                length, = struct.unpack(">Q", self._exactly(8))
            opcode, payload = first & 15, self._exactly(length)
            if opcode != PING:
                return opcode, payload
            self.send(frame(PONG, payload))

    def message(self):
        """The next message as JSON; Ended when there is none any more."""
        try:
            opcode, payload = self.read()
        except (ConnectionError, sockets.timeout) as error:
            raise Ended() from error
        if opcode == CLOSE:
            raise Ended(struct.unpack(">H", payload[:2])[0] if payload else None)
        tap.equal(opcode, TEXT, "opcode")
        return json.loads(payload)

    def event(self, name, stream=None, seconds=PATIENCE_SECONDS):
        """The next event of that name (on that stream); others are kept in `frames`."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            got = self.message()
            if got.get("event") == name and stream in (None, got["stream"]):
                return got
            self.frames.append(got)
        raise tap.Failure(f"no {name}; came: {self.frames}")

    def status_of(self, name="update", stream=None):
        return json.loads(self.event(name, stream)["payload"])

    def ends(self):
        """Reads to the end; the code of the close frame or None."""
        try:
            while True:
                self.frames.append(self.message())
        except Ended as ended:
            return ended.code


class Events:
    """One answer of server-sent events."""

    def __init__(self, node, bearer=None, name="user", headers=(), **parameters):
        target = f"{PATH}/{name}" + ("?" + urllib.parse.urlencode(parameters) if parameters else "")
        lines = [f"GET {target} HTTP/1.1", f"Host: {node.part}"] + [f"{n}: {v}" for n, v in headers]
        if bearer:
            lines.append(f"Authorization: Bearer {bearer}")
        self.sock = connect(node)
        self.sock.sendall("\r\n".join(lines + ["", ""]).encode())
        self.stream = self.sock.makefile("rb")
        self.status = int(self.stream.readline().split()[1])
        self.headers = {}
        for line in iter(self.stream.readline, b"\r\n"):
            name, _, value = line.decode().partition(":")
            self.headers[name.lower()] = value.strip()
        self.rest, self.comments = b"", 0

    def close(self):
        self.stream.close()
        self.sock.close()

    def _line(self):
        """The next line of the body, whatever chunks it comes in."""
        while b"\n" not in self.rest:
            size = self.stream.readline()
            count = int(size, 16) if size.strip() else 0
            if not count:
                raise Ended()
            self.rest += self.stream.read(count)
            self.stream.readline()
        line, _, self.rest = self.rest.partition(b"\n")
        return line.decode()

    def event(self, name=None):
        """(name, data) of the next event (of that name)."""
        got, data = None, []
        while True:
            line = self._line()
            if line.startswith(":"):
                self.comments += 1
            elif line.startswith("event: "):
                got = line[7:]
            elif line.startswith("data: "):
                data.append(line[6:])
            elif not line and got:
                if name in (None, got):
                    return got, "\n".join(data)
                got, data = None, []

    def ends(self):
        """Reads to the end of the answer."""
        try:
            while True:
                self.event()
        except (Ended, ConnectionError):
            return True
