#!/usr/bin/python3
"""Web Push: a scripted push service that checks who sends and reads what the app would."""

import base64
import json
import os
import struct
import sys

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import client, peer, stage, tap

scene = stage.Stage()
PATH = "/api/v1/push/subscription"
CURVE = ec.SECP256R1()


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def point(public):
    return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def hkdf(salt, secret, info, length):
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


class App:
    """An app with a subscription at a path of the service."""

    def __init__(self, node, name, path):
        self.client = client.Client(node, client.token(node, name))
        self.path = path
        self.key, self.auth = ec.generate_private_key(CURVE), os.urandom(16)

    def subscribe(self, standard, alerts=("mention",), **data):
        keys = {"p256dh": encoded(point(self.key.public_key())), "auth": encoded(self.auth)}
        return self.client.ok("POST", PATH, data={"alerts": {one: True for one in alerts}, **data}, subscription={
            "endpoint": service.base + self.path, "keys": keys, "standard": standard})

    def messages(self):
        return [self.read(request) for request in service.seen("POST", self.path)]

    def read(self, request):
        if request.header("Content-Encoding") == "aes128gcm":
            return self.read_new(request)
        return self.read_old(request)

    def agree(self, theirs):
        return self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, theirs))

    def read_new(self, request):
        body = request.body
        salt, (size, length) = body[:16], struct.unpack(">IB", body[16:21])
        theirs, text = body[21:21 + length], body[21 + length:]
        tap.check(len(body) <= 4096 <= size, "one record, which every service takes")
        scheme, rest = request.header("Authorization").split(" ", 1)
        parts = dict(part.strip().split("=", 1) for part in rest.split(","))
        tap.equal((scheme, decoded(parts["k"])), ("vapid", server_key), "who sends")
        check_note(parts["t"])
        info = b"WebPush: info\0" + point(self.key.public_key()) + theirs
        secret = hkdf(self.auth, self.agree(theirs), info, 32)
        key = hkdf(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
        plain = AESGCM(key).decrypt(hkdf(salt, secret, b"Content-Encoding: nonce\0", 12), text, None)
        tap.equal(plain[-1:], b"\2", "the end of the last record")
        return json.loads(plain[:-1])

    def read_old(self, request):
        crypto = dict(part.split("=", 1) for part in request.header("Crypto-Key").split(";"))
        salt = decoded(request.header("Encryption").split("=", 1)[1])
        theirs, ours = decoded(crypto["dh"]), point(self.key.public_key())
        scheme, note = request.header("Authorization").split(" ")
        tap.equal((scheme, decoded(crypto["p256ecdsa"])), ("WebPush", server_key), "who sends")
        check_note(note)
        context = b"P-256\0" + struct.pack(">H", len(ours)) + ours + struct.pack(">H", len(theirs)) + theirs
        secret = hkdf(self.auth, self.agree(theirs), b"Content-Encoding: auth\0", 32)
        key = hkdf(salt, secret, b"Content-Encoding: aesgcm\0" + context, 16)
        nonce = hkdf(salt, secret, b"Content-Encoding: nonce\0" + context, 12)
        plain = AESGCM(key).decrypt(nonce, request.body, None)
        return json.loads(plain[2 + struct.unpack(">H", plain[:2])[0]:])


def check_note(jwt):
    """RFC 8292: signed with the node's key, for this service, not for long."""
    head, claims, signature = jwt.split(".")
    raw = decoded(signature)
    der = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    public = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, server_key)
    public.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    told = json.loads(decoded(claims))
    tap.equal(told["aud"], service.base, "for whom")
    tap.equal(told["sub"], node.base, "of whom")


def setup():
    global node, service, phone, tablet
    node = scene.node("home")
    service = scene.server("push.localhost")
    node.account("ann", "cat")
    phone, tablet = App(node, "ann", "/push/phone"), App(node, "ann", "/push/tablet")
    for app in (phone, tablet):
        service.on(app.path, peer.Answer(201))


@tap.test
def a_subscription_is_made_read_changed_and_ended():
    global server_key
    tap.equal(phone.client.get(PATH).status, 404, "none yet")
    made = phone.subscribe(True, alerts=("mention", "follow"), policy="followed")
    server_key = decoded(made["server_key"])
    tap.equal(len(server_key), 65, "server_key")
    tap.check(isinstance(made["id"], int) and made["id"] < 2**31, "a small number")
    tap.equal((made["alerts"]["mention"], made["alerts"]["reblog"], made["policy"], made["standard"]),
              (True, False, "followed", True), "as asked")
    tap.equal(phone.client.ok("GET", PATH), made, "read again")
    tap.equal(tablet.client.get(PATH).status, 404, "of another token")
    changed = phone.client.ok("PUT", PATH, data={"alerts": {"reblog": True}, "policy": "all"})
    tap.equal((changed["alerts"]["mention"], changed["alerts"]["reblog"], changed["policy"]),
              (False, True, "all"), "changed")
    phone.client.ok("DELETE", PATH)
    tap.equal(phone.client.get(PATH).status, 404, "ended")
    tap.equal(phone.client.send("PUT", PATH, data={"policy": "all"}).status, 404, "nothing to change")


@tap.test
def the_key_is_told_wherever_apps_look_for_it():
    anyone = client.Client(node)
    told = anyone.ok("GET", "/api/v2/instance")
    tap.equal(decoded(told["configuration"]["vapid"]["public_key"]), server_key, "instance")
    tap.equal(told["api_versions"]["mastodon"], 4, "grouped notifications, PKCE and this push are there")
    app = anyone.ok("POST", "/api/v1/apps", client_name="x", redirect_uris="urn:ietf:wg:oauth:2.0:oob")
    tap.equal(decoded(app["vapid_key"]), server_key, "application")


@tap.test
def a_subscription_ends_with_its_token():
    made = node.ask("token", "create", "ann", "--scopes", "push")
    other = App(node, "ann", "/push/other")
    other.client.bearer = made["token"]
    other.subscribe(True)
    node.cli("token", "revoke", made["id"])
    node.cli("check")
    tap.equal(other.client.get(PATH).status, 401, "the token is gone")


@tap.test
def nonsense_is_refused():
    good = {"p256dh": encoded(point(phone.key.public_key())), "auth": encoded(phone.auth)}
    for endpoint, keys in (("http://push.example/1", good), ("", good), (node.base + "/x", good),
                           (service.base + "/x", {**good, "p256dh": encoded(b"\4" + b"\1" * 64)}),
                           (service.base + "/x", {**good, "auth": "AAAA"}), (service.base + "/x", {})):
        answer = phone.client.post(PATH, subscription={"endpoint": endpoint, "keys": keys})
        tap.equal(answer.status, 422, f"{endpoint} {keys}")


@tap.test
def both_encodings_reach_their_apps_and_say_no_clinical_word():
    phone.subscribe(True)
    tablet.subscribe(False)
    node.post("cat", "@ann the potassium is 6.1")
    tap.until(lambda: phone.messages() and tablet.messages(), "the pushes")
    told = phone.client.ok("GET", "/api/v1/notifications")[0]
    for app in (phone, tablet):
        tap.equal(len(app.messages()), 1, "sent once")
        message = app.messages()[0]
        tap.equal((str(message["notification_id"]), message["notification_type"]), (told["id"], "mention"), "which")
        tap.check("cat" in message["title"], "who")
        tap.check("potassium" not in json.dumps(message), "no clinical text")
        tap.equal(message["access_token"], "", "tokens are not kept")
    tap.check(b"cat" not in service.seen("POST", phone.path)[0].body, "nothing readable")


@tap.test
def what_was_not_asked_for_is_not_sent():
    node.cli("follow", "cat", "ann")
    node.post("cat", "@ann second")
    tap.until(lambda: len(phone.messages()) == 2, "the mention")
    tap.equal([one["notification_type"] for one in phone.messages()], ["mention"] * 2, "types")


@tap.test
def what_came_while_the_node_was_down_is_sent_after_the_start():
    node.stop()
    node.post("cat", "@ann while nobody serves")
    node.start()
    tap.until(lambda: len(phone.messages()) == 3, "the push")
    tap.until(lambda: len(tablet.messages()) == 3, "the other push")


@tap.test
def a_service_that_is_down_holds_back_nobody_and_one_that_is_gone_ends_it():
    service.on(tablet.path, peer.Answer(503))
    node.post("cat", "@ann fourth")
    tap.until(lambda: len(phone.messages()) == 4 and len(tablet.messages()) == 4, "both attempts")
    tap.equal(tablet.client.get(PATH).status, 200, "it is tried again later")
    service.on(phone.path, peer.Answer(410))
    node.post("cat", "@ann fifth")
    tap.until(lambda: phone.client.get(PATH).status == 404, "the end of the subscription")


@tap.test
def every_node_is_sound():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, teardown=scene.close)
