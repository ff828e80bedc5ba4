#!/usr/bin/python3
"""What every call of the client API has in common: tokens, scopes, errors, CORS."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import client, stage, tap

scene = stage.Stage()
SELF = "/api/v1/accounts/verify_credentials"


def setup():
    global node, ann
    node = scene.node("home")
    node.account("ann")
    ann = client.Client(node, client.token(node, "ann"))


@tap.test
def a_token_says_who_is_asking():
    me = ann.ok("GET", SELF)
    tap.equal(me["username"], "ann", "name")
    tap.equal(me["acct"], "ann", "acct")


@tap.test
def without_a_good_token_the_answer_is_401():
    for bearer in (None, "x", "a" * 300):
        answer = client.Client(node, bearer).get(SELF)
        tap.equal(answer.status, 401, f"status for {bearer!r}")
        tap.check("error" in answer.json(), "an error in JSON")


@tap.test
def a_token_without_the_scope_gets_403():
    other = client.Client(node, client.token(node, "ann", "write read:statuses"))
    tap.equal(other.get(SELF).status, 403, "status")


@tap.test
def a_revoked_token_is_worth_nothing():
    made = node.ask("token", "create", "ann", "--scopes", "read")
    other = client.Client(node, made["token"])
    tap.equal(other.get(SELF).status, 200, "before")
    node.cli("token", "revoke", made["id"])
    tap.equal(other.get(SELF).status, 401, "after")


@tap.test
def a_token_in_the_address_is_not_looked_at():
    tap.equal(client.Client(node).get(SELF, access_token=ann.bearer).status, 401, "status")


@tap.test
def web_apps_of_other_sites_may_ask():
    for path in (SELF, "/api/v1/no_such_thing"):
        answer = client.Client(node).send("OPTIONS", path)
        tap.equal(answer.status, 204, "preflight")
        tap.check("Authorization" in answer.headers["Access-Control-Allow-Headers"], "Authorization")
        tap.equal(client.Client(node).get(path).headers["Access-Control-Allow-Origin"], "*", f"{path} in error")
    tap.equal(client.Client(node).get("/api/v1/no_such_thing").status, 404, "unknown path")


@tap.test
def every_node_is_sound():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, teardown=scene.close)
