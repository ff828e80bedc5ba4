#!/usr/bin/python3
"""The front door against strange bytes: what is refused, what is let in, and that neither leaks into the other.

Drives tests/support/http_probe, a server with a few routes. WARD_HTTP_PROBE names another one.
"""

import hashlib
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import warnings

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap

HOST = "Host: ward.test\r\n"
OK = "GET /hello HTTP/1.1\r\n" + HOST + "\r\n"
# What a smuggler would like to be read as a request of its own.
SMUGGLED = "GET /show?q=smuggled HTTP/1.1\r\n" + HOST + "\r\n"
FOLDER = tempfile.mkdtemp(prefix="ward-http-")


class Probe:
    """One server process with its own limits."""

    def __init__(self, **limits):
        program = os.environ.get("WARD_HTTP_PROBE", "tests/support/http_probe")
        arguments = [f"{name}={value}" for name, value in limits.items()]
        self.process = subprocess.Popen(
            [os.path.abspath(program), f"{FOLDER}/cert.pem", f"{FOLDER}/key.pem", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ports = re.match(r"plain (\d+) tls (\d+)", self.process.stdout.readline())
        tap.check(ports, "the probe did not start")
        self.plain, self.tls = int(ports[1]), int(ports[2])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def say(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def counts(self):
        words = self.say("counts").split()
        return {name: int(n) for name, n in zip(words[::2], words[1::2])}

    def stop(self):
        if self.process.poll() is None:
            tap.equal(self.say("stop"), "stopped", "the probe")
        self.process.stdin.close()
        status = self.process.wait(30)
        self.process.stdout.close()
        tap.equal(status, 0, "exit status of the probe")

    def connect(self, tls=False, context=None):
        sock = socket.create_connection(("127.0.0.1", self.tls if tls else self.plain), 10)
        if not tls:
            return sock
        try:
            return (context or trusting()).wrap_socket(sock, server_hostname="ward.test")
        except BaseException:
            sock.close()
            raise


def trusting():
    return ssl.create_default_context(cafile=f"{FOLDER}/cert.pem")


def encoded(data):
    return data if isinstance(data, bytes) else data.encode("latin-1")


def read_until_closed(sock, seconds=10.0):
    """All that comes until the other side closes; fails when it does not close in time."""
    sock.settimeout(seconds)
    received = b""
    try:
        while True:
            some = sock.recv(65536)
            if not some:
                return received
            received += some
    except (ConnectionResetError, ssl.SSLError):
        return received
    except socket.timeout:
        raise tap.Failure(f"not closed after {seconds} s; so far {received[:300]!r}") from None


def answers(data, heads=()):
    """[(status, headers, body)] of a byte string of complete answers. `heads`: numbers of those to HEAD."""
    found = []
    while data:
        head, separator, rest = data.partition(b"\r\n\r\n")
        tap.check(separator, f"half an answer: {data[:200]!r}")
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split()[1])
        headers = [tuple(line.split(": ", 1)) for line in lines[1:]]
        small = {name.lower(): value for name, value in headers}
        n = int(small.get("content-length", 0)) if len(found) not in heads and status >= 200 else 0
        body, data = rest[:n], rest[n:]
        if small.get("transfer-encoding") == "chunked":
            body, data = dechunk(rest)
        tap.check(len(body) >= n, "an answer is cut short")
        found.append((status, headers, body))
    return found


def dechunk(data):
    body = b""
    while True:
        size, _, data = data.partition(b"\r\n")
        n = int(size, 16)
        if n == 0:
            return body, data[2:]
        body += data[:n]
        data = data[n + 2:]


def read_answer(sock):
    """One answer from an open connection; (status, headers, body)."""
    data = b""
    while b"\r\n\r\n" not in data:
        some = sock.recv(65536)
        tap.check(some, f"closed early: {data!r}")
        data += some
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    while length and len(body) < int(length[1]):
        body += sock.recv(65536)
    return answers(head + b"\r\n\r\n" + body)[0]


def exchange(server, data, tls=False, half_close=False):
    with server.connect(tls) as sock:
        try:
            sock.sendall(encoded(data))
            if half_close:
                sock.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            pass
        return answers(read_until_closed(sock))


def statuses(server, data, **how):
    return [status for status, _, _ in exchange(server, data, **how)]


def field(answer, name):
    values = [v for n, v in answer[1] if n.lower() == name.lower()]
    tap.check(len(values) < 2, f"{name} is there twice")
    return values[0] if values else None


def post(lines="", body="", path="/any", version="1.1"):
    return f"POST {path} HTTP/{version}\r\n{HOST}{lines}\r\n{body}"


def refused(server, data, *allowed):
    """`data` and a smuggled request after it get one refusal; over plain and over TLS."""
    for tls in (False, True):
        got = exchange(server, encoded(data) + encoded(SMUGGLED), tls)
        tap.equal(len(got), 1, f"answers to {data[:120]!r}")
        tap.check(got[0][0] in allowed, f"{got[0][0]} for {data[:120]!r}, wanted {allowed}")
        tap.equal(field(got[0], "connection"), "close", "Connection")
        tap.check("error" in json.loads(got[0][2]), "no JSON error")


probe = None


def setup():
    global probe
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-keyout", f"{FOLDER}/key.pem", "-out", f"{FOLDER}/cert.pem", "-days", "2", "-subj", "/CN=ward.test",
         "-addext", "subjectAltName=DNS:ward.test"], check=True, capture_output=True)
    probe = Probe(per_address=200)


def teardown():
    if probe:
        probe.stop()
    shutil.rmtree(FOLDER)


@tap.test
def an_honest_request_is_answered():
    for tls in (False, True):
        with probe.connect(tls) as sock:
            sock.sendall(OK.encode())
            answer = read_answer(sock)
            tap.equal((answer[0], answer[2]), (200, b"hello\n"), "answer")
            tap.check(field(answer, "date").endswith("GMT"), "Date")
            tap.equal(field(answer, "server"), None, "Server")
            tap.equal(field(answer, "x-content-type-options"), "nosniff", "nosniff")
            tap.equal(field(answer, "strict-transport-security") is not None, tls, "HSTS")


@tap.test
def a_handler_sees_the_raw_target_and_every_field_in_order():
    lines = ("X-B: 1\r\nX-A:  two words \r\nX-B: 3\r\nX-Forwarded-For: 6.6.6.6\r\n"
             "Connection: close\r\nKeep-Alive: 5\r\n")
    data = f"GET /users/al%69ce?q=a%20b+c&r=%2F HTTP/1.1\r\n{HOST}{lines}\r\n"
    for tls in (False, True):
        seen = json.loads(exchange(probe, data, tls)[0][2])
        tap.equal(seen["target"], "/users/al%69ce?q=a%20b+c&r=%2F", "target")
        tap.equal(seen["params"], ["alice"], "params")
        tap.equal(seen["q"], "a b c", "query")
        tap.equal(seen["tls"], tls, "tls")
        tap.equal(seen["client"], "127.0.0.1", "client")
        names = [f for f in seen["fields"] if f[0].startswith("X-B") or f[0] == "X-A"]
        tap.equal(names, [["X-B", "1"], ["X-A", "two words"], ["X-B", "3"]], "fields")
        tap.check(not [f for f in seen["fields"] if "@" in f[0] or f[0] == "Keep-Alive"], "a hop field")


@tap.test
def t01_host_is_there_once_and_ours():
    refused(probe, f"GET /hello HTTP/1.1\r\n{HOST}{HOST}\r\n", 400)
    refused(probe, "GET /hello HTTP/1.1\r\n\r\n", 400)
    refused(probe, "GET /hello HTTP/1.0\r\n\r\n", 400)
    refused(probe, "GET /hello HTTP/1.1\r\nHost: evil.test\r\n\r\n", 421)
    refused(probe, "GET /hello HTTP/1.1\r\nHost: ward.test@evil.test\r\n\r\n", 400)
    tap.equal(statuses(probe, f"GET /hello HTTP/1.0\r\n{HOST}\r\n"), [200], "HTTP/1.0 with Host")


@tap.test
def t02_what_must_be_single_is_single():
    for name in ("Signature", "Digest", "Content-Digest", "Signature-Input", "Date", "Content-Type",
                 "Authorization", "Content-Length"):
        refused(probe, post(f"{name}: 0\r\n{name}: 0\r\n"), 400)
        refused(probe, post(f"{name}: 0\r\n{name.upper()}: 0\r\n"), 400)


@tap.test
def t03_two_lengths_never_make_a_second_request():
    refused(probe, post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400)
    refused(probe, post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), 400)
    refused(probe, post("Content-Length: 0\r\nContent-Length: 44\r\n"), 400)
    for length in ("+5", "-5", "5, 5", "0x5", "1" * 30, "", "5;"):
        refused(probe, post(f"Content-Length: {length}\r\n", "hello"), 400, 413)
    refused(probe, post("Content-Length : 5\r\n", "hello"), 400)


@tap.test
def t03_broken_chunks_never_make_a_second_request():
    for body in ("5;a=b\r\nhello\r\n0\r\n\r\n", "5\nhello\n0\n\n", "+5\r\nhello\r\n0\r\n\r\n", "5\r\nhelloX\r\n",
                 "0x5\r\nhello\r\n", "\r\n", "-1\r\n", "5\r\nhelloX\n0\r\n\r\n", "fffffffff\r\n", "5 \r\nhello\r\n"):
        refused(probe, post("Transfer-Encoding: chunked\r\n", body), 400)


@tap.test
def t04_unknown_transfer_codings_are_refused_at_once():
    with Probe(head_ms=600000, request_ms=600000, idle_ms=600000) as patient:
        for coding in ("xchunked", "gzip, chunked", "chunked, identity", "identity", "chunked;q=1", '"chunked"'):
            refused(patient, post(f"Transfer-Encoding: {coding}\r\n", "0\r\n\r\n"), 501)
        refused(patient, post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400)


@tap.test
def t05_names_and_values_are_what_they_look_like():
    for line in ("X: a\r\n b", "X : a", " X: a", "X\t: a", "X(y): a", "X\x80: a", "X: a\rb", "X: a\x00b", "nothing",
                 "X: a\nY: b", ": a", "@gate: https", "X\r\n\tContent-Length: 5: 1"):
        refused(probe, f"GET /hello HTTP/1.1\r\n{HOST}{line}\r\n\r\n", 400)


@tap.test
def t06_targets_are_plain_paths():
    for target in ("/a%00b", "/a%0ab", "/a%0d", "/%2e%2e/x", "/../x", "/rest/../hello", "//hello", "/rest//a",
                   "/a\\b", "/a%5cb", "/a\x00b", "http://ward.test/hello", "/hello#a", "*", "hello", "/%", "/%zz",
                   "/hello?q=%00", "/hello?q=%0a"):
        refused(probe, f"GET {target} HTTP/1.1\r\n{HOST}\r\n", 400)


@tap.test
def t07_a_wrong_method_is_told_the_right_ones():
    for method in ("BREW", "get", "X" * 300, "PATCH", "OPTIONS"):
        got = exchange(probe, f"{method} /hello HTTP/1.1\r\n{HOST}\r\n{SMUGGLED}")
        tap.equal([a[0] for a in got], [405], method)
        tap.equal(field(got[0], "allow"), "GET, HEAD", "Allow")
    got = exchange(probe, f"GET /any HTTP/1.1\r\n{HOST}\r\n")
    tap.equal((got[0][0], field(got[0], "allow")), (405, "POST"), "GET where only POST is")


@tap.test
def t08_large_heads_are_refused():
    refused(probe, f"GET /hello HTTP/1.1\r\n{HOST}X: {'a' * 40000}\r\n\r\n", 431)
    refused(probe, f"GET /hello HTTP/1.1\r\n{HOST}" + "X: y\r\n" * 70 + "\r\n", 431)
    refused(probe, f"GET /{'a' * 9000} HTTP/1.1\r\n{HOST}\r\n", 414)
    refused(probe, "A" * 20000, 414)
    large = f"GET /show HTTP/1.1\r\n{HOST}X: {'a' * 31000}\r\nConnection: close\r\n\r\n"
    tap.equal(statuses(probe, large), [200], "a head just under the limit")


@tap.test
def t08_large_bodies_are_refused_for_every_route():
    for path, limit in (("/any", 1 << 20), ("/small", 16), ("/slow", 1 << 20)):
        refused(probe, post(f"Content-Length: {limit + 1}\r\n", path=path), 413)
        chunk = f"{limit + 1:x}\r\n{'a' * (limit + 1)}\r\n0\r\n\r\n"
        refused(probe, post("Transfer-Encoding: chunked\r\n", chunk, path=path), 413)
    refused(probe, f"GET /hello HTTP/1.1\r\n{HOST}Content-Length: 1\r\n\r\na", 413)
    refused(probe, post("Content-Length: 5\r\n", "hello", path="/nowhere"), 404)
    exact = post("Content-Length: 16\r\nConnection: close\r\n", "a" * 16, path="/small")
    tap.equal(statuses(probe, exact), [200], "a body at the limit")


@tap.test
def t08_a_declared_large_body_is_refused_before_it_is_sent():
    with probe.connect() as sock:
        sock.sendall(post("Content-Length: 99999999\r\nExpect: 100-continue\r\n").encode())
        got = answers(read_until_closed(sock, 3))
        tap.equal([a[0] for a in got], [413], "answer")


@tap.test
def t08_encoded_bodies_are_refused():
    for path in ("/any", "/small", "/slow", "/users/a/inbox"):
        refused(probe, post("Content-Encoding: gzip\r\nContent-Length: 5\r\n", "hello", path=path), 415)


@tap.test
def t09_an_inbox_takes_the_two_activity_types():
    def inbox(kind):
        line = f"Content-Type: {kind}\r\n" if kind else ""
        lines = f"{line}Content-Length: 2\r\nConnection: close\r\n"
        return statuses(probe, post(lines, "{}", path="/users/a/inbox"))
    profile = "https://www.w3.org/ns/activitystreams"
    for kind in ("application/activity+json", "Application/Activity+JSON; charset=utf-8",
                 f'application/ld+json; profile="{profile}"',
                 f'application/ld+json;charset=utf-8; profile="x {profile}"'):
        tap.equal(inbox(kind), [200], kind)
    for kind in ("text/html", "application/json", None, "application/ld+json",
                 "text/plain; a=application/activity+json", "application/activity+json; x",
                 "application/activity+jsonx"):
        tap.equal(inbox(kind), [415], kind)


@tap.test
def versions_and_expectations_are_known():
    refused(probe, f"GET /hello HTTP/2.0\r\n{HOST}\r\n", 505)
    refused(probe, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505)
    refused(probe, post("Expect: magic\r\nContent-Length: 0\r\n"), 417)
    refused(probe, "GET /hello\r\n\r\n", 400)


@tap.test
def bodies_arrive_whole_in_either_framing():
    body = bytes(range(256)) * 2000
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 7001]), body[i:i + 7001]) for i in range(0, len(body), 7001))
    wanted = 0
    for byte in body:
        wanted = (wanted * 31 + byte) & 0xFFFFFFFF
    for tls in (False, True):
        for lines, data in ((f"Content-Length: {len(body)}\r\n", body),
                            ("Transfer-Encoding: chunked\r\n", chunks + b"0\r\nX-Trailer: dropped\r\n\r\n")):
            got = exchange(probe, post(lines + "Connection: close\r\n").encode() + data, tls)
            tap.equal(json.loads(got[0][2]), {"bytes": len(body), "sum": wanted}, lines)


@tap.test
def a_body_may_come_byte_by_byte():
    with probe.connect() as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in post("Transfer-Encoding: chunked\r\nConnection: close\r\n", "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"):
            sock.sendall(byte.encode())
        tap.equal(json.loads(answers(read_until_closed(sock))[0][2])["bytes"], 5, "bytes")


@tap.test
def a_connection_is_used_again():
    for tls in (False, True):
        with probe.connect(tls) as sock:
            for i in range(50):
                sock.sendall(OK.encode() if i % 2 else post("Content-Length: 3\r\n", "abc").encode())
                tap.equal(read_answer(sock)[0], 200, f"answer {i}")


@tap.test
def pipelined_requests_are_answered_in_order():
    many = "".join(f"GET /{'slow?ms=30' if i == 3 else 'show?q=%d' % i} HTTP/1.1\r\n{HOST}\r\n" for i in range(12))
    last = f"GET /show?q=last HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n"
    for tls in (False, True):
        got = exchange(probe, many + last, tls)
        tap.equal([a[0] for a in got], [200] * 13, "statuses")
        tap.equal([json.loads(a[2])["q"] for i, a in enumerate(got) if i != 3],
                  [str(i) for i in range(12) if i != 3] + ["last"], "order")


@tap.test
def a_refusal_waits_for_earlier_answers_and_ends_the_connection():
    bad = f"GET /hello HTTP/1.1\r\n{HOST}{HOST}\r\n"
    for tls in (False, True):
        got = statuses(probe, f"GET /slow?ms=200 HTTP/1.1\r\n{HOST}\r\n" + OK + bad + SMUGGLED, tls=tls)
        tap.equal(got, [200, 200, 400], "statuses")


@tap.test
def a_client_is_asked_to_go_on_only_when_it_may():
    with probe.connect() as sock:
        sock.sendall(post("Content-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n").encode())
        tap.equal(sock.recv(100), b"HTTP/1.1 100 Continue\r\n\r\n", "interim answer")
        sock.sendall(b"hello")
        tap.equal(json.loads(answers(read_until_closed(sock))[0][2])["bytes"], 5, "bytes")
    with probe.connect() as sock:
        sock.sendall(post("Content-Length: 5\r\nExpect: 100-continue\r\nContent-Type: text/html\r\n",
                          path="/users/a/inbox").encode())
        tap.equal([a[0] for a in answers(read_until_closed(sock))], [415], "refused before the body")


@tap.test
def head_has_no_body():
    data = f"HEAD /hello HTTP/1.1\r\n{HOST}\r\n" + OK + f"HEAD /nowhere HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n"
    with probe.connect() as sock:
        sock.sendall(data.encode())
        got = answers(read_until_closed(sock), heads=(0, 2))
    tap.equal([(a[0], a[2]) for a in got], [(200, b""), (200, b"hello\n"), (404, b"")], "answers")
    tap.equal(field(got[0], "content-length"), "6", "Content-Length of HEAD")


@tap.test
def an_unknown_path_does_not_end_the_connection():
    with probe.connect() as sock:
        for _ in range(3):
            sock.sendall(f"GET /nowhere HTTP/1.1\r\n{HOST}\r\n".encode())
            answer = read_answer(sock)
            tap.equal((answer[0], answer[2]), (404, b'{"error":"Not Found"}'), "404")
        sock.sendall(OK.encode())
        tap.equal(read_answer(sock)[0], 200, "the connection goes on")


@tap.test
def t69_answers_to_credentials_are_private():
    for line in ("Authorization: Bearer x", "Cookie: a=b", 'Signature: keyId="x"'):
        got = exchange(probe, f"GET /hello HTTP/1.1\r\n{HOST}{line}\r\nConnection: close\r\n\r\n")
        tap.equal(field(got[0], "cache-control"), "private, no-store", line)


@tap.test
def many_suspended_requests_are_all_answered():
    done = []

    def one(i):
        done.append(statuses(probe, f"GET /slow?ms={i % 7 * 30} HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n",
                             tls=i % 2 == 0))
    threads = [threading.Thread(target=one, args=(i,)) for i in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tap.equal(done, [[200]] * 60, "answers")
    tap.until(lambda: probe.counts()["suspended"] == 0, "nothing is suspended")


@tap.test
def a_client_that_goes_away_leaves_nothing_behind():
    for tls in (False, True):
        for data in (OK[:20], post("Content-Length: 100\r\n", "half"), f"GET /slow?ms=150 HTTP/1.1\r\n{HOST}\r\n",
                     f"GET /large?n=8000000 HTTP/1.1\r\n{HOST}\r\n", f"GET /ticks?n=10 HTTP/1.1\r\n{HOST}\r\n"):
            sock = probe.connect(tls)
            sock.sendall(data.encode())
            time.sleep(0.02)
            sock.close()
    tap.until(lambda: (lambda c: (c["connections"], c["suspended"], c["bodies"]) == (0, 0, 0))(probe.counts()),
              "everything is released")


@tap.test
def a_large_answer_waits_for_a_slow_reader():
    for tls in (False, True):
        with probe.connect(tls) as sock:
            sock.sendall(f"GET /large?n=9000000 HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n".encode())
            time.sleep(0.3)
            got = answers(read_until_closed(sock))
            tap.equal(len(got[0][2]), 9000000, "bytes")


@tap.test
def a_stream_is_sent_as_it_is_made():
    for tls in (False, True):
        got = exchange(probe, f"GET /ticks?n=4 HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n", tls)
        tap.equal(got[0][2], b"".join(b"data: %d\n\n" % i for i in range(4)), "events")


@tap.test
def an_upgraded_connection_carries_bytes_both_ways():
    for tls in (False, True):
        with probe.connect(tls) as sock:
            sock.sendall(f"GET /upgrade HTTP/1.1\r\n{HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n".encode())
            tap.equal(read_answer(sock)[0], 101, "status")
            for word in (b"hello", b"x" * 200):
                sock.sendall(word)
                got = b""
                while len(got) < len(word):
                    got += sock.recv(300)
                tap.equal(got, word, "echo")
    tap.until(lambda: probe.counts()["connections"] == 0, "the connection is released")


@tap.test
def old_tls_and_other_protocols_are_refused():
    warnings.simplefilter("ignore", DeprecationWarning)
    old = trusting()
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    h2 = trusting()
    h2.set_alpn_protocols(["h2"])
    weak = trusting()
    weak.maximum_version = ssl.TLSVersion.TLSv1_2
    weak.set_ciphers("ECDHE-ECDSA-AES128-SHA256:AES128-SHA")
    for context in (old, h2, weak):
        try:
            probe.connect(True, context).close()
            raise tap.Failure("the handshake worked")
        except (ssl.SSLError, ConnectionResetError):
            pass
    both = trusting()
    both.set_alpn_protocols(["h2", "http/1.1"])
    with probe.connect(True, both) as sock:
        tap.equal(sock.selected_alpn_protocol(), "http/1.1", "ALPN")


@tap.test
def a_new_certificate_is_used_without_a_restart():
    def serial():
        with probe.connect(True, blind) as sock:
            return sock.getpeercert(binary_form=True)
    blind = ssl.create_default_context()
    blind.check_hostname, blind.verify_mode = False, ssl.CERT_NONE
    with probe.connect(True) as old:
        before = serial()
        with open(f"{FOLDER}/key.pem", encoding="ascii") as file:
            key = file.read()
        with open(f"{FOLDER}/key.pem", "w", encoding="ascii") as file:
            file.write("nonsense")
        tap.check("cannot use the key" in probe.say("reload"), "a broken key is told")
        tap.equal(serial(), before, "the old certificate stays")
        with open(f"{FOLDER}/key.pem", "w", encoding="ascii") as file:
            file.write(key)
        subprocess.run(["openssl", "req", "-x509", "-key", f"{FOLDER}/key.pem", "-out", f"{FOLDER}/cert.pem",
                        "-days", "3", "-subj", "/CN=ward.test", "-addext", "subjectAltName=DNS:ward.test"],
                       check=True, capture_output=True)
        tap.equal(probe.say("reload"), "reloaded", "reload")
        tap.check(serial() != before, "still the old certificate")
        old.sendall(OK.encode())
        tap.equal(read_answer(old)[0], 200, "an old connection goes on")


@tap.test
def t87_a_client_certificate_counts_only_when_its_authority_is_known():
    def new(name):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{FOLDER}/{name}.key",
                        "-out", f"{FOLDER}/{name}.pem", "-days", "2", "-subj", f"/CN={name}"],
                       check=True, capture_output=True)

    def ask(server, name):
        context = trusting()
        if name:
            context.load_cert_chain(f"{FOLDER}/{name}.pem", f"{FOLDER}/{name}.key")
        try:
            with server.connect(True, context) as sock:
                sock.sendall(f"GET /show HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n".encode())
                got = answers(read_until_closed(sock))
        except (ssl.SSLError, ConnectionResetError, BrokenPipeError):
            got = None
        return json.loads(got[0][2])["cert"] if got else None
    new("known")
    new("foreign")
    with open(f"{FOLDER}/known.pem", encoding="ascii") as file:
        digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(file.read())).hexdigest()
    with Probe(client_ca=f"{FOLDER}/known.pem") as mutual:
        tap.equal(ask(mutual, "known"), digest, "the known one")
        tap.equal(ask(mutual, None), "", "none")
        tap.equal(ask(mutual, "foreign"), None, "the foreign one is refused")
    tap.equal(ask(probe, "foreign"), "", "nobody asked for one")


@tap.test
def t08_dripped_heads_and_bodies_are_cut_off():
    def drip(sock, data):
        try:
            for byte in encoded(data):
                sock.sendall(bytes([byte]))
                time.sleep(0.02)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            pass
    # The limits that a server has by itself are longer than the 9 s that are waited here.
    with Probe(head_ms=300, request_ms=600, idle_ms=400, per_address=50) as short:
        for tls in (False, True):
            with short.connect(tls) as sock:
                drip(sock, "GET /hello HTTP/1.1\r\n" + HOST + "X: " + "y" * 60)
                tap.equal([a[0] for a in answers(read_until_closed(sock, 9))], [408], "a dripped head")
            with short.connect(tls) as sock:
                sock.sendall(post("Content-Length: 900\r\n").encode())
                drip(sock, "z" * 60)
                tap.equal([a[0] for a in answers(read_until_closed(sock, 9))], [408], "a dripped body")
            with short.connect(tls) as sock:
                sock.sendall(OK.encode())
                read_answer(sock)
                tap.equal(read_until_closed(sock, 9), b"", "an idle connection")
        with short.connect() as sock:  # never says anything
            tap.equal(read_until_closed(sock, 9), b"", "a silent connection")
        with socket.create_connection(("127.0.0.1", short.tls), 5) as sock:  # never shakes hands
            tap.equal(read_until_closed(sock, 9), b"", "a silent TLS connection")


@tap.test
def t61_one_address_gets_its_share_and_no_more():
    with Probe(per_address=8) as small:
        socks = [small.connect() for _ in range(8)]
        for sock in socks:
            sock.sendall(OK.encode())
            tap.equal(read_answer(sock)[0], 200, "within the share")
        with small.connect() as extra:
            tap.equal(read_until_closed(extra, 3), b"", "over the share")
        tap.check(small.counts()["refused"] >= 1, "it is counted")
        socks.pop().close()
        tap.until(lambda: small.counts()["connections"] == 7, "one left")
        tap.equal(statuses(small, OK.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")), [200], "room again")
        for sock in socks:
            sock.close()


@tap.test
def t61_silent_sockets_make_way_for_those_who_speak():
    # Silence alone ends nothing here: who gets in, gets in because another was put out.
    with Probe(per_address=500, connections=64, head_ms=600000, idle_ms=600000) as full:
        silent = [full.connect() for _ in range(64)]
        tap.until(lambda: full.counts()["connections"] == 64, "full")
        time.sleep(0.7)  # a fresh connection is left the time to speak
        speaking = [full.connect() for _ in range(20)]
        for _ in range(2):
            for sock in speaking:
                sock.sendall(OK.encode())
                tap.equal(read_answer(sock)[0], 200, "answer while all places are taken")
        tap.until(lambda: full.counts()["evicted"] >= 20, "one put out for each that came")
        for sock in silent + speaking:
            sock.close()


@tap.test
def t62_one_address_cannot_take_all_the_time():
    with Probe(requests_per_s=5, proxy="127.0.0.0/8") as limited:
        with limited.connect() as sock:
            begun, got = time.monotonic(), []
            for _ in range(120):
                sock.sendall(f"GET /hello HTTP/1.1\r\n{HOST}X-Forwarded-For: 192.0.2.1\r\n\r\n".encode())
                got.append(read_answer(sock))
        many = [a for a in got if a[0] == 429]
        let_in = len(got) - len(many)
        most = 5 + 5 * (time.monotonic() - begun)
        tap.check(5 <= let_in <= most + 1, f"{let_in} of {len(got)} were let in, {most} may be")
        tap.equal(field(many[0], "retry-after"), "1", "Retry-After")
        other = f"GET /hello HTTP/1.1\r\n{HOST}X-Forwarded-For: 192.0.2.2\r\nConnection: close\r\n\r\n"
        tap.equal(statuses(limited, other), [200], "another address")


@tap.test
def all_bodies_together_have_a_limit():
    with Probe(bodies_max_bytes=100000) as small:
        body = "a" * 200000
        got = exchange(small, post(f"Content-Length: {len(body)}\r\nConnection: close\r\n", body))
        tap.equal((got[0][0], field(got[0], "retry-after")), (503, "30"), "answer")
        tap.until(lambda: small.counts()["bodies"] == 0, "memory given back")
        got = exchange(small, post("Content-Length: 5\r\nConnection: close\r\n", "hello"))
        tap.equal(got[0][0], 200, "a small one fits")


@tap.test
def t79_a_proxy_of_ours_speaks_for_its_client():
    lines = "X-Forwarded-For: 6.6.6.6, 192.0.2.9\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n"
    with Probe(proxy="127.0.0.0/8", per_address=2) as behind:
        got = exchange(behind, f"GET /show HTTP/1.1\r\n{HOST}{lines}\r\n")
        seen = json.loads(got[0][2])
        tap.equal((seen["client"], seen["tls"]), ("192.0.2.9", True), "client")
        tap.check(field(got[0], "strict-transport-security"), "HSTS")
        socks = [behind.connect() for _ in range(6)]
        socks[5].sendall(OK.encode())
        tap.equal(read_answer(socks[5])[0], 200, "a proxy has no share of its own")
        for sock in socks:
            sock.close()
    seen = json.loads(exchange(probe, f"GET /show HTTP/1.1\r\n{HOST}{lines}\r\n")[0][2])
    tap.equal((seen["client"], seen["tls"]), ("127.0.0.1", False), "a stranger is not believed")


@tap.test
def a_stop_finishes_what_is_in_flight_and_gives_up_the_rest():
    server = Probe()
    quick, late, idle, stream, silent = (server.connect() for _ in range(5))
    quick.sendall(f"GET /slow?ms=100 HTTP/1.1\r\n{HOST}\r\n".encode())
    late.sendall(f"GET /slow?ms=700 HTTP/1.1\r\n{HOST}\r\n".encode())
    idle.sendall(OK.encode())
    read_answer(idle)
    stream.sendall(f"GET /ticks?n=30 HTTP/1.1\r\n{HOST}\r\n".encode())
    tap.until(lambda: server.counts()["suspended"] >= 2, "suspended")
    stopper = threading.Thread(target=server.stop)
    stopper.start()
    tap.equal(answers(read_until_closed(quick))[0][0], 200, "what was nearly done")
    tap.equal(answers(read_until_closed(late))[0][0], 503, "what was not")
    tap.equal(read_until_closed(idle), b"", "what was idle")
    tap.equal(read_until_closed(silent), b"", "what had not begun")
    read_until_closed(stream)
    stopper.join()
    for sock in (quick, late, idle, stream, silent):
        sock.close()


if __name__ == "__main__":
    tap.main(setup, teardown)
