"""client - the client API as an app uses it: a token, a base, JSON in and out.

    app = client.Client(node, client.token(node, "ann"))
    answer = app.get("/api/v1/timelines/home", limit=5)     # .status, .headers, .json()
    status = app.ok("POST", "/api/v1/statuses", status="hello")  # the JSON; anything but 2xx fails
"""

import http.client
import json
import urllib.parse

from . import tap, wire

ALL_SCOPES = "read write follow push profile"


def token(node, name, scopes=ALL_SCOPES):
    """A new token of an account, as `ward token create` makes it."""
    return node.ask("token", "create", name, "--scopes", scopes)["token"]


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)

    def links(self):
        """{rel: URL} of the Link header."""
        found = {}
        for part in (self.headers.get("Link") or "").split(", <"):
            if part:
                url, _, rel = part.strip("<").partition(">; rel=")
                found[rel.strip('"')] = url
        return found


class Client:
    def __init__(self, node, bearer=None):
        self.node, self.bearer = node, bearer

    def send(self, method, path, body=None, headers=None, **parameters):
        """One request. GET parameters go to the query, others to a JSON body unless `body` is given."""
        headers = dict(headers or {})
        if self.bearer:
            headers.setdefault("Authorization", f"Bearer {self.bearer}")
        if path.startswith(self.node.base):
            path = path[len(self.node.base):]
        if parameters and (method in ("GET", "HEAD") or body is not None):
            path += ("&" if "?" in path else "?") + urllib.parse.urlencode(parameters, doseq=True)
        elif parameters:
            body = json.dumps(parameters).encode()
            headers.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection(self.node.host, self.node.port)
        connection.sock = wire.connect(self.node.base, self.node.authority.client_context(), timeout=60)
        try:
            connection.request(method, path, body=body, headers=headers)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path, **parameters):
        return self.send("GET", path, **parameters)

    def post(self, path, **parameters):
        return self.send("POST", path, **parameters)

    def ok(self, method, path, **parameters):
        """The JSON of an answer that must be 2xx."""
        answer = self.send(method, path, **parameters)
        tap.check(200 <= answer.status < 300, f"{method} {path}: {answer.status} {answer.body[:300]}")
        return answer.json()
