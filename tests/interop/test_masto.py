#!/usr/bin/python3
"""masto.js, the library under Elk, Phanpy and other web apps, at a node: from signing in to streaming."""

import base64
import hashlib
import json
import os
import subprocess
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import packages
import picture
from support import person, stage, tap

PASSWORD = "correct horse battery"
REDIRECT = "https://app.example/api/home/oauth/https%3A%2F%2Fapp.example?x=1"
SCOPES = "read write follow push"
scene = stage.Stage()
seen = {}


class App:
    """One app.mjs: calls are paths into masto.js, `app("v1", "statuses", ["create", {...}])`."""

    def __init__(self, bearer=""):
        program, folder = packages.install()
        self._process = subprocess.Popen(
            [program, "app.mjs", node.base, bearer], cwd=folder, text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, env={**os.environ, "NODE_EXTRA_CA_CERTS": node.authority.certificate},
        )

    def ask(self, **wish):
        self._process.stdin.write(json.dumps(wish) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        tap.check(line, f"app.mjs ended at {wish}")
        return json.loads(line)

    def wish(self, **wish):
        answer = self.ask(**wish)
        tap.check("ok" in answer, f"{wish}: {answer}")
        return answer["ok"]

    def __call__(self, *path):
        return self.wish(call=path)

    def close(self):
        self._process.stdin.close()
        self._process.wait(20)


def setup():
    global node, away
    node, away = scene.nodes("home", "away")
    node.account("ann", "ben")
    away.account("cyd")


def teardown():
    for app in seen.get("apps", []):
        app.close()
    scene.close()


@tap.test
def an_app_registers_and_one_signs_in():
    stranger = App()
    made = stranger("v1", "apps", ["create", {"clientName": "An app", "redirectUris": REDIRECT, "scopes": SCOPES}])
    verifier = "v" * 64
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = urllib.parse.urlencode({
        "client_id": made["clientId"], "redirect_uri": REDIRECT, "response_type": "code", "scope": SCOPES,
        "state": "a&b =c", "code_challenge": challenge, "code_challenge_method": "S256",
    })
    somebody = person.Person(node.authority)
    page = somebody.submit(somebody.open(f"{node.base}/oauth/authorize?{query}"), username="ann", password=PASSWORD)
    page = somebody.press(page, "allow")
    tap.check(page.left_to and page.left_to.startswith(REDIRECT + "&"), f"sent to {page.left_to}: {page.body[:300]}")
    back = urllib.parse.parse_qs(urllib.parse.urlsplit(page.left_to).query)
    tap.equal(back["state"], ["a&b =c"], "the state")
    granted = stranger.wish(oauth=["token", ["create", {
        "grantType": "authorization_code", "clientId": made["clientId"], "clientSecret": made["clientSecret"],
        "redirectUri": REDIRECT, "code": back["code"][0], "codeVerifier": verifier,
    }]])
    tap.equal(granted["scope"], SCOPES, "the scopes")
    seen["app"] = App(granted["accessToken"])
    seen["apps"] = [stranger, seen["app"]]
    tap.equal(seen["app"]("v1", "accounts", ["verifyCredentials"])["username"], "ann", "who signed in")
    tap.equal(seen["app"]("v1", "apps", ["verifyCredentials"])["name"], "An app", "the app")


@tap.test
def the_instance_tells_its_limits():
    told = seen["app"]("v2", "instance", ["fetch"])
    seen["streaming"] = told["configuration"]["urls"]["streaming"]
    tap.equal(told["domain"], node.part, "domain")
    tap.check(told["configuration"]["statuses"]["maxCharacters"] > 0, "characters")
    tap.check("image/png" in told["configuration"]["mediaAttachments"]["supportedMimeTypes"], "types")


def _follow(handle):
    app = seen["app"]
    found = app("v2", "search", ["list", {"q": f"@{handle}", "type": "accounts", "resolve": True}])
    tap.equal(len(found["accounts"]), 1, f"accounts found for {handle}")
    app("v1", "accounts", ["$select", found["accounts"][0]["id"]], ["follow"])
    return found["accounts"][0]["id"]


@tap.test
def people_are_found_by_handle_and_followed():
    seen["cyd"] = _follow(away.handle("cyd"))
    seen["ben"] = _follow(node.handle("ben"))
    both = {"id": [seen["cyd"], seen["ben"]]}
    tap.until(lambda: all(r["following"] for r in seen["app"]("v1", "accounts", "relationships", ["fetch", both])),
              "both followed")


@tap.test
def events_stream_over_a_websocket():
    app = seen["app"]
    app.wish(stream=["user", ["subscribe"]], **{"as": "user", "url": seen["streaming"]})
    app.wish(stream=["public", ["subscribe"]], **{"as": "public", "url": seen["streaming"]})
    uri = []

    def heard():
        uri.append(away.post("cyd", f"from another house {len(uri)}"))
        found = app.wish(events="user")
        return any(e["event"] == "update" and "another house" in e["payload"]["content"] for e in found)
    tap.until(heard, "the update of somebody followed elsewhere", 30)
    node.post("ben", "@ann are you there?")
    tap.until(lambda: any(e["event"] == "notification" and e["payload"]["type"] == "mention"
                          for e in app.wish(events="user")), "the notification")


@tap.test
def a_post_is_written_edited_and_explained():
    app = seen["app"]
    status = app("v1", "statuses", ["create", {"status": "Rounds at nine #cardiology @ben", "language": "en",
                                              "spoilerText": "rota"}])
    seen["status"] = status
    tap.equal((status["spoilerText"], status["language"], status["visibility"]), ("rota", "en", "public"), "as written")
    tap.equal([m["username"] for m in status["mentions"]], ["ben"], "mentions")
    tap.equal([t["name"] for t in status["tags"]], ["cardiology"], "tags")
    one = ["$select", status["id"]]
    edited = app("v1", "statuses", one, ["update", {"status": "Rounds at ten #cardiology @ben", "spoilerText": "rota"}])
    tap.check(edited["editedAt"] and "ten" in edited["content"], "the edit")
    history = app("v1", "statuses", one, "history", ["list"])
    tap.equal([("nine" in version["content"]) for version in history], [True, False], "history")
    tap.check("ten" in app("v1", "statuses", one, "source", ["fetch"])["text"], "the source")


@tap.test
def a_thread_is_read():
    app = seen["app"]
    reply = app("v1", "statuses", ["create", {"status": "bring the chart", "inReplyToId": seen["status"]["id"]}])
    context = app("v1", "statuses", ["$select", seen["status"]["id"]], "context", ["fetch"])
    tap.equal([s["id"] for s in context["descendants"]], [reply["id"]], "descendants")
    context = app("v1", "statuses", ["$select", reply["id"]], "context", ["fetch"])
    tap.equal([s["id"] for s in context["ancestors"]], [seen["status"]["id"]], "ancestors")


@tap.test
def a_status_is_marked_in_every_way():
    app = seen["app"]
    one = ["$select", seen["status"]["id"]]
    for word, mark in (("favourite", "favourited"), ("bookmark", "bookmarked"), ("pin", "pinned"), ("mute", "muted")):
        tap.equal(app("v1", "statuses", one, [word])[mark], True, mark)
        if word in ("favourite", "bookmark"):
            tap.equal([s["id"] for s in app("v1", f"{word}s", ["list"])], [seen["status"]["id"]], f"{word}s")
        tap.equal(app("v1", "statuses", one, [f"un{word}"])[mark], False, mark)
    boost = app("v1", "statuses", one, ["reblog"])
    tap.equal(boost["reblog"]["id"], seen["status"]["id"], "what was boosted")
    tap.equal(app("v1", "statuses", one, ["unreblog"])["reblogged"], False, "reblogged")


@tap.test
def a_picture_is_described_and_posted():
    app = seen["app"]
    path = os.path.join(scene.folder, "x-ray.png")
    with open(path, "wb") as file:
        file.write(picture.png())
    for version in ("v1", "v2"):
        media = app.wish(upload=path, type="image/png", description="a hand", version=version)
        status = app("v1", "statuses", ["create", {"status": "see", "mediaIds": [media["id"]]}])
        shown = status["mediaAttachments"][0]
        tap.equal((shown["type"], shown["description"]), ("image", "a hand"), "the attachment")
        tap.check(shown["url"] and shown["previewUrl"] and shown["meta"]["original"]["width"], "its addresses and size")
        tap.equal(node.get(shown["url"]).status, 200, "its address")


@tap.test
def a_poll_is_made_and_voted_in():
    status = seen["app"]("v1", "statuses", ["create", {"status": "Which day?", "poll": {
        "options": ["Monday", "Friday"], "expiresIn": 3600}}])
    tap.equal([o["title"] for o in status["poll"]["options"]], ["Monday", "Friday"], "options")
    node.cli("vote", "ben", status["uri"], "Friday")
    poll = seen["app"]("v1", "polls", ["$select", status["poll"]["id"]], ["fetch"])
    tap.equal((poll["votesCount"], poll["options"][1]["votesCount"]), (1, 1), "votes")
    uri = node.ask("post", "ben", "--poll", "yes", "--poll", "no", "Agreed?")["uri"]
    found = seen["app"]("v2", "search", ["list", {"q": uri, "resolve": True}])["statuses"]
    tap.equal(len(found), 1, "the poll, by its address")
    poll = seen["app"]("v1", "polls", ["$select", found[0]["poll"]["id"]], "votes", ["create", {"choices": [0]}])
    tap.equal((poll["voted"], poll["ownVotes"]), (True, [0]), "the vote")


@tap.test
def lists_hold_whom_one_follows():
    app = seen["app"]
    made = app("v1", "lists", ["create", {"title": "Team", "repliesPolicy": "list"}])
    one = ["$select", made["id"]]
    app("v1", "lists", one, "accounts", ["create", {"accountIds": [seen["ben"]]}])
    tap.equal([a["username"] for a in app("v1", "lists", one, "accounts", ["list"])], ["ben"], "members")
    node.post("ben", "for the team")
    tap.until(lambda: any("for the team" in s["content"] for s in app("v1", "timelines", "list", one, ["list"])),
              "its timeline")
    app("v1", "lists", one, "accounts", ["remove", {"accountIds": [seen["ben"]]}])
    app("v1", "lists", one, ["remove"])
    tap.equal(app("v1", "lists", ["list"]), [], "lists")


@tap.test
def a_timeline_is_walked_page_by_page():
    for i in range(12):
        node.post("ben", f"page walk {i}")
    pages = seen["app"].wish(pages=["v1", "timelines", "home", ["list", {"limit": 5}]], most=20)
    ids = [s["id"] for page in pages for s in page]
    tap.equal(len(ids), len(set(ids)), "no status twice")
    tap.check(len(ids) > 12, f"{len(ids)} statuses")
    tap.equal(ids, sorted(ids, key=int, reverse=True), "newest first")


@tap.test
def words_are_searched_for():
    wish = {"q": "\"at ten\" from:ann", "type": "statuses"}
    found = tap.until(lambda: seen["app"]("v2", "search", ["list", wish])["statuses"], "it")
    tap.equal(found[0]["id"], seen["status"]["id"], "what was found")
    tags = seen["app"]("v2", "search", ["list", {"q": "#cardiology", "type": "hashtags"}])["hashtags"]
    tap.equal([t["name"] for t in tags], ["cardiology"], "tags")


@tap.test
def notifications_are_read_and_dismissed():
    app = seen["app"]
    found = app("v1", "notifications", ["list"])
    tap.check(any(n["type"] == "mention" and "are you there" in n["status"]["content"] for n in found), "the mention")
    app("v1", "markers", ["create", {"notifications": {"lastReadId": found[0]["id"]}}])
    marker = app("v1", "markers", ["fetch", {"timeline": ["notifications"]}])
    tap.equal(marker["notifications"]["lastReadId"], found[0]["id"], "the marker")
    app("v1", "notifications", ["$select", found[0]["id"]], ["dismiss"])
    app("v1", "notifications", ["clear"])
    tap.equal(app("v1", "notifications", ["list"]), [], "notifications")


@tap.test
def a_filter_hides_a_word():
    app = seen["app"]
    made = app("v2", "filters", ["create", {"title": "walks", "context": ["home"], "filterAction": "hide",
                                            "keywordsAttributes": [{"keyword": "page walk", "wholeWord": True}]}])
    tap.check(not any("page walk" in s["content"] for s in app("v1", "timelines", "home", ["list"])), "hidden")
    app("v2", "filters", ["$select", made["id"]], ["remove"])
    tap.check(any("page walk" in s["content"] for s in app("v1", "timelines", "home", ["list"])), "there again")


@tap.test
def a_profile_is_edited():
    changed = seen["app"]("v1", "accounts", ["updateCredentials", {
        "displayName": "Ann A.", "note": "Cardiology", "fieldsAttributes": [{"name": "Ward", "value": "12"}]}])
    tap.equal((changed["displayName"], changed["source"]["note"]), ("Ann A.", "Cardiology"), "the profile")
    tap.equal([(f["name"], f["value"]) for f in changed["fields"]], [("Ward", "12")], "the fields")


@tap.test
def a_status_is_deleted_and_can_be_written_anew():
    app = seen["app"]
    gone = app("v1", "statuses", ["$select", seen["status"]["id"]], ["remove"])
    tap.check("Rounds at ten" in gone["text"], "the text to write it anew")
    answer = app.ask(call=["v1", "statuses", ["$select", seen["status"]["id"]], ["fetch"]])
    tap.equal(answer.get("status"), 404, "status")
    tap.until(lambda: any(e["event"] == "delete" and e["payload"] == seen["status"]["id"]
                          for e in app.wish(events="user")), "the deletion on the stream")


@tap.test
def every_node_is_sound():
    for app in seen.pop("apps"):
        app.close()
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, teardown=teardown)
