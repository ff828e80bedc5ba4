#!/usr/bin/python3
"""Mutual TLS: a request counts when the certificate of its connection is made out to the host that signed it."""

import os
import ssl
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import ca, stage, tap
from support.stage import ok, refused

scene = stage.Stage()


def setup():
    global home, away, friend, vic, mallory
    home, away = scene.node("home"), scene.node("away")
    for node in (home, away):
        certificate, key = scene.authority.leaf(node.host)
        node.stop()
        node.set(tls_client_ca=scene.authority.certificate, client_cert=certificate, client_key=key)
        node.start()
    home.allow(away.part)
    away.allow(home.part)
    home.account("ann")
    away.account("ben")
    friend = scene.server("friend.localhost", "evil.localhost")
    home.allow(f"friend.localhost:{friend.port}", f"evil.localhost:{friend.port}")
    vic, mallory = friend.actor("vic"), friend.actor("mallory", "evil.localhost")
    vic.client_leaf = scene.authority.leaf("friend.localhost")
    mallory.client_leaf = scene.authority.leaf("evil.localhost")


@tap.test
def two_nodes_that_show_each_other_certificates_exchange_posts():
    away.cli("follow", "ben", home.handle("ann"))
    tap.until(lambda: home.counts("ann")[0] == 1, "the follower")
    uri = home.post("ann", "over mutual TLS")
    tap.until(lambda: uri in away.uris("ben"), "the post")


@tap.test
def t87_the_right_certificate_is_let_in():
    stage.befriend(home, "ann", vic)
    note = vic.note("mine")
    ok(vic.post(home.inbox("ann"), vic.create(note)))
    tap.until(lambda: note["id"] in home.uris("ann"), "the post")
    tap.equal(vic.get(home.post("ann", "open")).status, 200, "a signed GET")


@tap.test
def t87_without_a_certificate_nothing_signed_counts():
    leaf, vic.client_leaf = vic.client_leaf, None
    uri, note = home.post("ann", "open too"), vic.note("without one")
    refused(vic.post(home.inbox("ann"), vic.create(note)), 403)
    refused(vic.get(uri), 401, 403, 404)
    tap.check(note["id"] not in home.uris("ann"), "stored")
    vic.client_leaf = leaf


@tap.test
def t87_another_authoritys_certificate_ends_the_handshake():
    leaf = vic.client_leaf
    vic.client_leaf = ca.Authority(os.path.join(scene.folder, "other"), "Another root").leaf("friend.localhost")
    note = vic.note("by another authority")
    try:
        answer = vic.post(home.inbox("ann"), vic.create(note))
        tap.check(answer is None, f"answered {answer and answer.status}")
    except (ssl.SSLError, OSError):
        pass
    tap.check(note["id"] not in home.uris("ann"), "stored")
    vic.client_leaf = leaf


@tap.test
def t87_another_peers_certificate_is_refused():
    leaf, vic.client_leaf = vic.client_leaf, mallory.client_leaf
    uri, note = home.post("ann", "open as well"), vic.note("with the certificate of evil.localhost")
    refused(vic.post(home.inbox("ann"), vic.create(note)), 403)
    refused(vic.get(uri), 401, 403, 404)
    tap.check(note["id"] not in home.uris("ann"), "stored")
    vic.client_leaf = leaf


@tap.test
def actors_and_webfinger_need_no_certificate():
    tap.equal(home.actor("ann")["preferredUsername"], "ann", "actor")


@tap.test
def the_nodes_end_soundly():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, scene.close)
