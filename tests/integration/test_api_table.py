#!/usr/bin/python3
"""Every call of the client API, made from the table that routes them: who may, with which scope, whose ids.

The table is asked of the program (`ward api`). For each row each caller's answer follows from the row: nothing is
picked by hand. What a row needs to be answered well (its parameters) is SAMPLES; rows of tiers 1 and 2 without one
are asked bare.
"""

import datetime
import io
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import client, shapes, stage, tap

scene = stage.Stage()
WIDE = {"follow": ("blocks", "follows", "mutes")}
GRANULAR = [f"{way}:{what}" for way, whats in {
    "read": "accounts blocks bookmarks favourites filters follows lists mutes notifications search statuses",
    "write": "accounts blocks bookmarks conversations favourites filters follows lists media mutes notifications "
             "reports statuses"}.items() for what in whats.split()] + ["push", "profile"]
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000002000000020802000000fdd49a730000001049444154789c63686868606060606800000c"
    "0c0301f7c5c3360000000049454e44ae426082")


def _multipart(**fields):
    """(body, Content-Type) of a form with a picture."""
    out, mark = io.BytesIO(), "a-b-c"
    for name, value in fields.items():
        out.write(f'--{mark}\r\nContent-Disposition: form-data; name="{name}"'.encode())
        if isinstance(value, bytes):
            out.write(b'; filename="x"\r\nContent-Type: application/octet-stream')
            out.write(b"\r\n\r\n" + value + b"\r\n")
        else:
            out.write(f"\r\n\r\n{value}\r\n".encode())
    out.write(f"--{mark}--\r\n".encode())
    return out.getvalue(), f"multipart/form-data; boundary={mark}"


class Person:
    """One of ours, with a token that may do everything, and what they can make."""

    def __init__(self, node, name):
        self.name = name
        self.app = client.Client(node, client.token(node, name))
        self.id = self.app.ok("GET", "/api/v1/accounts/verify_credentials")["id"]

    def post(self, **how):
        return self.app.ok("POST", "/api/v1/statuses", **{"status": f"by {self.name}", **how})["id"]

    def status(self):
        return self.post()

    own_status = status

    def account(self):
        return stranger.id  # one follows, blocks and mutes others

    def tag(self):
        return "tea"

    def media(self):
        body, kind = _multipart(file=PNG)
        return self.app.ok("POST", "/api/v2/media", body=body, headers={"Content-Type": kind})["id"]

    def list(self):
        return self.app.ok("POST", "/api/v1/lists", title="team")["id"]

    def _filter(self):
        return self.app.ok("POST", "/api/v2/filters", title="t", context=["home"],
                           keywords_attributes=[{"keyword": "word"}])

    def filter(self):
        return self._filter()["id"]

    def filter_keyword(self):
        return self._filter()["keywords"][0]["id"]

    def filter_status(self):
        one = self.filter()
        return self.app.ok("POST", f"/api/v2/filters/{one}/statuses", status_id=self.post())["id"]

    def scheduled(self):
        at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
        return self.app.ok("POST", "/api/v1/statuses", status="later", scheduled_at=at.isoformat())["id"]

    def poll(self):
        made = other.app.ok("POST", "/api/v1/statuses", status="which",
                            poll={"options": ["a", "b"], "expires_in": 3600})
        return made["poll"]["id"]  # nobody votes in their own

    def notification(self):
        other.app.ok("POST", f"/api/v1/statuses/{self.post()}/favourite")
        return self.app.ok("GET", "/api/v1/notifications")[0]["id"]

    def conversation(self):
        other.post(status=f"@{self.name} a word", visibility="direct")
        return self.app.ok("GET", "/api/v1/conversations")[0]["id"]

    def notification_request(self):
        self.app.ok("PATCH", "/api/v2/notifications/policy", for_not_following="filter")
        other.post(status=f"@{self.name} a word")
        found = self.app.ok("GET", "/api/v1/notifications/requests")
        self.app.ok("PATCH", "/api/v2/notifications/policy", for_not_following="accept")
        return found[0]["id"]

    def follows(self):
        """Somebody this one follows: they alone may stand on a list."""
        self.app.ok("POST", f"/api/v1/accounts/{other.id}/follow")
        return other.id

    def follow_request(self):
        self.app.ok("PATCH", "/api/v1/accounts/update_credentials", locked=True)
        other.app.ok("POST", f"/api/v1/accounts/{self.id}/unfollow")
        other.app.ok("POST", f"/api/v1/accounts/{self.id}/follow")
        return other.id


# What a row needs so that its answer is 2xx, beside its id. A function is given who asks.
SAMPLES = {
    "POST /api/v1/apps": {"client_name": "x", "redirect_uris": "https://app.example/"},
    "POST /api/v1/statuses": {"status": "hello"},
    "PUT /api/v1/statuses/{id}": {"status": "hello again"},
    "POST /api/v1/accounts/{id}/note": {"comment": "kind"},
    "POST /api/v1/lists": {"title": "team"},
    "PUT /api/v1/lists/{id}": {"title": "crew"},
    "POST /api/v2/filters": {"title": "t", "context": ["home"]},
    "PUT /api/v2/filters/{id}": {"title": "u"},
    "POST /api/v2/filters/{id}/keywords": {"keyword": "word"},
    "PUT /api/v2/filters/keywords/{id}": {"keyword": "other"},
    "POST /api/v2/filters/{id}/statuses": lambda p: {"status_id": p.post()},
    "POST /api/v1/filters": {"phrase": "word", "context": ["home"]},
    "PUT /api/v1/filters/{id}": {"phrase": "other", "context": ["home"]},
    "POST /api/v1/markers": lambda p: {"home": {"last_read_id": p.post()}},
    "POST /api/v1/polls/{id}/votes": {"choices": [0]},
    "POST /api/v1/lists/{id}/accounts": lambda p: {"account_ids": [p.follows()]},
    "DELETE /api/v1/lists/{id}/accounts": lambda p: {"account_ids": [stranger.id]},
    "POST /api/v1/reports": lambda p: {"account_id": stranger.id},
    "POST /api/v1/domain_blocks": {"domain": "far.example"},
    "DELETE /api/v1/domain_blocks": {"domain": "far.example"},
    "PUT /api/v1/scheduled_statuses/{id}": {
        "scheduled_at": (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=2)).isoformat()},
    "GET /api/v2/search": {"q": "hello"},
    "GET /api/v1/accounts/search": {"q": "ben"},
    "GET /api/v1/accounts/lookup": {"acct": "ben"},
    "GET /api/v1/accounts": lambda p: {"id[]": p.id},
    "GET /api/v1/statuses": lambda p: {"id[]": p.post()},
    "GET /api/v1/accounts/relationships": lambda p: {"id[]": stranger.id},
    "GET /api/v1/accounts/familiar_followers": lambda p: {"id[]": stranger.id},
    "GET /api/v1/accounts/{id}/statuses": lambda p: stranger.post() and {},
    "GET /api/v1/timelines/home": lambda p: p.post() and {},
    "GET /api/v1/timelines/public": lambda p: p.post() and {},
    "GET /api/v1/notifications": lambda p: p.notification() and {},
    "GET /api/v2/notifications": lambda p: p.notification() and {},
    "GET /api/v1/conversations": lambda p: p.conversation() and {},
    "POST /api/v1/push/subscription": {"subscription": {"endpoint": "https://push.example/x", "keys": {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg"}}, "data": {"alerts": {"mention": True}}},
}
# Rows whose good answer needs something that was done before: asked in this order, on a person of their own.
FIRST = {
    "GET /api/v1/push/subscription": "POST /api/v1/push/subscription",
    "PUT /api/v1/push/subscription": "POST /api/v1/push/subscription",
}
UPLOADS = ("POST /api/v1/media", "POST /api/v2/media")
# Not asked here: pages and grants have programs of their own, streams never end.
ELSEWHERE = re.compile(r"/oauth/|/api/v1/streaming|/\.well-known/|/nodeinfo/|/health$|^/(media|static|proxy)/")


def setup():
    global node, owner, other, stranger, rows, application
    node = scene.node("home", public_api="false")
    node.account("ann", "ben", "cat")
    owner, other, stranger = Person(node, "ann"), Person(node, "ben"), Person(node, "cat")
    rows = node.list("api")
    made = client.Client(node).ok("POST", "/api/v1/apps", client_name="x", redirect_uris="https://app.example/",
                                  scopes="read write follow push profile")
    application = client.Client(node, client.Client(node).ok(
        "POST", "/oauth/token", grant_type="client_credentials", client_id=made["client_id"],
        client_secret=made["client_secret"], scope="read write follow push profile")["access_token"])


def _name(row):
    return f"{row['method']} {row['path']}"


def _asked():
    return [row for row in rows if not ELSEWHERE.search(row["path"])]


def _path(row, found):
    return re.sub(r"\{[^}]*\}", str(found), row["path"])


def _id_for(row, whom):
    """An id as the row takes it, of something of theirs; made anew, since the row may end it."""
    if not row["id"] or "{" not in row["path"]:
        return ""
    return getattr(whom, row["id"])()


def _call(app, row, found, whom=None, bare=False):
    if _name(row) in UPLOADS and not bare:
        body, kind = _multipart(file=PNG)
        return app.send(row["method"], row["path"], body=body, headers={"Content-Type": kind})
    sample = SAMPLES.get(_name(row), {})
    parameters = {} if bare else sample(whom or owner) if callable(sample) else sample
    return app.send(row["method"], _path(row, found), **parameters)


def _covers(granted, wanted):
    way, _, what = wanted.partition(":")
    return granted in (wanted, way) or (granted == "follow" and what in WIDE["follow"])


def _without(scope):
    """Everything but what would do for this scope."""
    return " ".join(g for g in GRANULAR if not any(_covers(g, w) or _covers(w, g) for w in scope.split("|")))


def _each(judge):
    """Runs judge(row) on every row; one failure lists all."""
    wrong = []
    for row in _asked():
        try:
            text = judge(row)
        except tap.Failure as failure:
            text = str(failure)
        if text:
            wrong.append(f"{_name(row)}: {text}")
    tap.check(not wrong, "\n".join(wrong))


@tap.test
def the_table_is_whole():
    known = {_name(row) for row in rows}
    tap.check(not [n for n in (*SAMPLES, *FIRST, *UPLOADS) if n not in known],
              f"samples of no row: {[n for n in SAMPLES if n not in known]}")
    tap.equal(len(known), len(rows), "rows, each once")
    kinds = {re.sub(r"[\[\]]", "", row["answers"] or "") for row in _asked()}
    unknown = sorted(k for k in kinds if k and k not in shapes.SHAPES and k not in ("s", "string"))
    tap.check(not unknown, f"entities without a shape: {unknown}")


@tap.test
def t110_without_a_token_only_what_is_for_anyone():
    def judge(row):
        status = _call(client.Client(node), row, "1", bare=True).status
        wanted = row["who"] != "anyone"
        return (status == 401) != wanted and f"{status}"
    _each(judge)


@tap.test
def t110_a_bad_token_is_401_everywhere():
    _each(lambda row: row["who"] != "anyone" and f"{status}"
          if (status := _call(client.Client(node, "no-such-token"), row, "1", bare=True).status) != 401 else None)


@tap.test
def t110_an_application_alone_is_nobody():
    def judge(row):
        status = _call(application, row, "1", bare=True).status
        wanted = row["who"] in ("reader", "user", "moderator")
        return (status == 401) != wanted and f"{status}"
    _each(judge)


@tap.test
def t110_without_the_scope_nothing_is_done():
    made = {}

    def judge(row):
        if not row["scope"] or row["who"] == "anyone":
            return None
        scopes = _without(row["scope"])
        app = made.setdefault(scopes, client.Client(node, client.token(node, "ann", scopes)))
        status = _call(app, row, "1", bare=True).status
        return status != 403 and f"{status} with {scopes}"
    _each(judge)


@tap.test
def t110_the_one_scope_is_enough():
    made = {}

    def judge(row):
        if not row["scope"] or row["who"] in ("anyone", "moderator"):
            return None
        for scope in row["scope"].split("|"):
            app = made.setdefault(scope, client.Client(node, client.token(node, "ann", scope)))
            status = _call(app, row, "1", bare=True).status
            # A bare call may be refused for what it lacks, never for who makes it.
            if status in (401, 403) and "/api/v1/accounts" != row["path"]:
                return f"{status} with {scope}"
        return None
    _each(judge)


@tap.test
def t112_nobody_elses_id_is_taken():
    def judge(row):
        if not row["id"] or "{" not in row["path"] or row["id"] in ("account", "tag", "announcement", "report"):
            return None
        if row["id"] in ("status", "poll"):
            poll = {"poll": {"options": ["a", "b"], "expires_in": 3600}} if row["id"] == "poll" else {}
            hidden = stranger.app.ok("POST", "/api/v1/statuses", status="mine alone", visibility="direct", **poll)
            found = hidden["poll"]["id"] if poll else hidden["id"]
        else:
            found = _id_for(row, stranger)
        status = _call(owner.app, row, found).status
        return status != 404 and f"{status} for cat's {row['id']}"
    _each(judge)


@tap.test
def an_id_that_is_none_is_404():
    def judge(row):
        if not row["id"] or "{" not in row["path"] or row["id"] == "tag":
            return None
        for found in ("1", "0", "x", "99999999999999999999999", "-1"):
            status = _call(owner.app, row, found).status
            if status != 404:
                return f"{status} for {found}"
        return None
    _each(judge)


@tap.test
def moderators_alone_do_what_is_theirs():
    _each(lambda row: row["who"] == "moderator" and (status := _call(owner.app, row, "1", bare=True).status) != 403
          and f"{status}")


@tap.test
def every_answer_has_its_shape():
    def judge(row):
        if row["tier"] not in (1, 2):
            return None
        whom = owner
        if _name(row) in FIRST:
            _call(owner.app, next(r for r in rows if _name(r) == FIRST[_name(row)]), "")
        answer = _call(whom.app, row, _id_for(row, whom), whom)
        if not 200 <= answer.status < 300:
            return f"{answer.status} {answer.body[:200]}"
        if row["answers"]:
            tap.check(answer.headers["Content-Type"].startswith("application/json"), "its type")
            shapes.check(row["answers"].replace("string", "s"), answer.json())
        return None
    _each(judge)


@tap.test
def what_is_public_may_be_read_by_anyone_when_the_node_says_so():
    node.stop()
    node.set(public_api="true")
    node.start()
    post = owner.post()

    def judge(row):
        if row["who"] != "reader":
            return None
        found = {"status": post, "poll": "1", "account": owner.id, "tag": "tea"}.get(row["id"], "1")
        status = _call(client.Client(node), row, found, bare=True).status
        return status in (401, 403) and f"{status}"
    _each(judge)


@tap.test
def every_node_is_sound():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, teardown=scene.close)
