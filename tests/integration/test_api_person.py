#!/usr/bin/python3
"""What one person keeps by the client API: hashtags, hosts not wanted, preferences, reports, and what is empty."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import client, media, stage, tap

scene = stage.Stage()


def setup():
    global home, away, ann, cat, bob, bob_id
    home, away = scene.nodes("home", "away")
    home.account("ann", "cat")
    away.account("bob")
    ann, cat = (client.Client(home, client.token(home, name)) for name in ("ann", "cat"))
    bob = client.Client(away, client.token(away, "bob"))
    home.cli("lookup", away.handle("bob"))
    bob_id = ann.ok("GET", "/api/v1/accounts/lookup", acct=away.handle("bob"))["id"]


def relation(app, account):
    return app.ok("GET", "/api/v1/accounts/relationships", id=account)[0]


@tap.test
def a_hashtag_is_followed_by_whom_it_was_asked_for():
    tap.equal(ann.ok("GET", "/api/v1/tags/Sepsis")["following"], False, "before")
    tag = ann.ok("POST", "/api/v1/tags/SEPSIS/follow")
    tap.equal((tag["name"], tag["following"], tag["history"]), ("sepsis", True, []), "after")
    tap.check(tag["url"].endswith("/tags/sepsis"), tag["url"])
    ann.ok("POST", "/api/v1/tags/sepsis/follow")
    ann.ok("POST", "/api/v1/tags/icu/follow")
    tap.equal({tag["name"] for tag in ann.ok("GET", "/api/v1/followed_tags")}, {"sepsis", "icu"}, "listed")
    tap.equal(cat.ok("GET", "/api/v1/followed_tags"), [], "of somebody else")
    tap.equal(cat.ok("GET", "/api/v1/tags/sepsis")["following"], False, "to somebody else")
    tap.equal(ann.ok("POST", "/api/v1/tags/sepsis/unfollow")["following"], False, "unfollowed")
    tap.equal(ann.get("/api/v1/tags/17").status, 404, "no hashtag")


@tap.test
def followed_hashtags_are_listed_in_pages():
    for i in range(4):
        ann.ok("POST", f"/api/v1/tags/ward{i}x/follow")
    url, seen = "/api/v1/followed_tags?limit=2", []
    while url:
        page = ann.get(url)
        seen += [tag["name"] for tag in page.json()]
        url = page.links().get("next")
    tap.equal(sorted(seen), ["icu", "ward0x", "ward1x", "ward2x", "ward3x"], "each once")


@tap.test
def preferences_have_five_members():
    told = ann.ok("GET", "/api/v1/preferences")
    tap.equal(told, {"posting:default:visibility": "public", "posting:default:sensitive": False,
                     "posting:default:language": "en", "reading:expand:media": "default",
                     "reading:expand:spoilers": False}, "preferences")


@tap.test
def a_blocked_host_is_parted_from():
    ann.ok("POST", f"/api/v1/accounts/{bob_id}/follow")
    tap.until(lambda: relation(ann, bob_id)["following"], "the Accept")
    away.cli("lookup", home.handle("ann"))
    ann_there = bob.ok("GET", "/api/v1/accounts/lookup", acct=home.handle("ann"))["id"]
    bob.ok("POST", f"/api/v1/accounts/{ann_there}/follow")
    tap.until(lambda: relation(ann, bob_id)["followed_by"], "the follower")
    seen = away.post("bob", "before the block")
    tap.until(lambda: seen in home.uris("ann"), "the post")

    tap.equal(ann.ok("POST", "/api/v1/domain_blocks", domain=away.part.upper()), {}, "blocked")
    told = relation(ann, bob_id)
    tap.equal((told["following"], told["followed_by"], told["domain_blocking"]), (False, False, True), "parted")
    tap.equal(ann.ok("GET", "/api/v1/domain_blocks"), [away.part], "listed")
    tap.equal(cat.ok("GET", "/api/v1/domain_blocks"), [], "of somebody else")
    tap.check(not relation(cat, bob_id)["domain_blocking"], "for somebody else")
    tap.check(seen not in home.uris("ann", "--public"), "its posts")
    tap.check(seen in home.uris("cat", "--public"), "for somebody else")
    tap.equal(ann.post(f"/api/v1/accounts/{bob_id}/follow").status, 403, "a follow there")
    tap.until(lambda: not relation(bob, ann_there)["following"], "the other side to be told")
    bob.ok("POST", f"/api/v1/accounts/{ann_there}/follow")
    tap.until(lambda: not relation(bob, ann_there)["requested"], "a new follow to be refused")
    tap.check(not relation(ann, bob_id)["followed_by"], "no follower")


@tap.test
def a_host_blocked_by_one_notifies_that_one_of_nothing():
    away.post("bob", f"@{home.handle('ann')} @{home.handle('cat')} hello")
    mentions = "/api/v1/notifications?types[]=mention"
    tap.until(lambda: cat.ok("GET", mentions), "the mention to somebody else")
    tap.equal(ann.ok("GET", mentions), [], "the one who blocks")


@tap.test
def a_block_of_a_host_is_taken_back():
    for _ in range(2):
        tap.equal(ann.ok("DELETE", "/api/v1/domain_blocks", domain=away.part), {}, "unblocked")
    tap.equal(ann.ok("GET", "/api/v1/domain_blocks"), [], "none left")
    for domain in ("", "a b", home.part):
        tap.equal(ann.post("/api/v1/domain_blocks", domain=domain).status, 422, f"{domain!r}")


@tap.test
def a_report_reaches_the_moderators():
    post = ann.ok("GET", "/api/v1/accounts/lookup", acct=away.handle("bob"))
    made = ann.ok("POST", "/api/v1/reports", account_id=post["id"], comment="sells pills", category="spam",
                  forward=True)
    tap.equal((made["category"], made["comment"], made["forwarded"], made["action_taken"], made["status_ids"]),
              ("spam", "sells pills", True, False, []), "the report")
    tap.equal(made["target_account"]["id"], bob_id, "about")
    listed = home.list("report", "list")
    tap.equal([(one["about"], one["category"], one["text"]) for one in listed],
              [(away.handle("bob"), "spam", "sells pills")], "here")
    tap.until(lambda: away.list("report", "list"), "the report at their node")
    tap.check("ann" not in away.list("report", "list")[0]["by"], "without the name")
    tap.equal(ann.post("/api/v1/reports", account_id="12").status, 404, "nobody")
    tap.equal(ann.post("/api/v1/reports").status, 404, "nobody named")
    tap.equal(ann.post("/api/v1/reports", account_id=bob_id).status, 200, "nothing said but whom")
    tap.equal(ann.post("/api/v1/reports", account_id=bob_id, comment="x", status_ids=["12"]).status, 404,
              "no such post")


@tap.test
def what_is_not_here_is_empty_and_no_error():
    for path in ("trends", "trends/tags", "trends/statuses", "trends/links", "endorsements", "featured_tags",
                 "directory", "announcements", "suggestions", f"accounts/{bob_id}/featured_tags",
                 f"accounts/{bob_id}/endorsements", "custom_emojis"):
        tap.equal(ann.ok("GET", f"/api/v1/{path}"), [], path)
    tap.equal(ann.ok("GET", "/api/v2/suggestions"), [], "suggestions")
    tap.equal(ann.ok("GET", "/api/v1/accounts/familiar_followers", **{"id[]": [bob_id]}),
              [{"id": bob_id, "accounts": []}], "familiar followers")
    tap.equal(ann.get("/api/v1/accounts/12/featured_tags").status, 404, "of nobody")


def edit(app, **parameters):
    return app.ok("PATCH", "/api/v1/accounts/update_credentials", **parameters)


@tap.test
def a_profile_is_changed_and_others_are_told():
    away.cli("follow", "bob", home.handle("ann"))
    tap.until(lambda: home.counts("ann")[0] == 1, "the follower")
    made = edit(ann, display_name="Ann <i>", note="Intensivist\nask me about #sepsis & <lines>", bot=True,
                indexable=True, discoverable=False,
                fields_attributes=[{"name": "Bleep", "value": "2222"},
                                   {"name": "Site", "value": "https://ann.example/a?b=1&c"},
                                   {"name": "", "value": ""}])
    tap.equal((made["display_name"], made["bot"], made["indexable"], made["discoverable"]),
              ("Ann <i>", True, True, False), "what others see")
    tap.equal(made["source"]["note"], "Intensivist\nask me about #sepsis & <lines>", "as typed")
    tap.check("&lt;lines&gt;" in made["note"] and "hashtag" in made["note"], made["note"])
    tap.equal([(f["name"], f["value"]) for f in made["source"]["fields"]],
              [("Bleep", "2222"), ("Site", "https://ann.example/a?b=1&c")], "fields as typed")
    tap.equal(made["fields"][0]["value"], "2222", "a field")
    tap.check('href="https://ann.example/a?b=1&amp;c"' in made["fields"][1]["value"], made["fields"][1]["value"])
    tap.check('rel="me ' in made["fields"][1]["value"], "rel=me")
    there = bob.ok("GET", "/api/v1/accounts/lookup", acct=home.handle("ann"))["id"]
    tap.until(lambda: bob.ok("GET", f"/api/v1/accounts/{there}")["display_name"] == "Ann <i>", "the Update")
    seen = bob.ok("GET", f"/api/v1/accounts/{there}")
    tap.equal([f["name"] for f in seen["fields"]], ["Bleep", "Site"], "fields elsewhere")
    tap.equal((seen["bot"], seen["indexable"]), (True, True), "flags elsewhere")


@tap.test
def what_is_not_sent_stays():
    kept = edit(ann, locked=False)
    tap.equal((kept["display_name"], kept["bot"], len(kept["fields"])), ("Ann <i>", True, 2), "kept")
    tap.equal(edit(ann, bot=False)["bot"], False, "a person again")
    query = "fields_attributes[0][name]=&fields_attributes[0][value]="
    form = ann.send("PATCH", "/api/v1/accounts/update_credentials", body=query.encode(),
                    headers={"Content-Type": "application/x-www-form-urlencoded"})
    tap.equal(form.json()["fields"], [], "taken away")


@tap.test
def how_my_posts_begin_is_mine_to_say():
    made = edit(ann, source={"privacy": "private", "sensitive": True, "language": "de"})["source"]
    tap.equal((made["privacy"], made["sensitive"], made["language"]), ("private", True, "de"), "source")
    told = ann.ok("GET", "/api/v1/preferences")
    tap.equal((told["posting:default:visibility"], told["posting:default:sensitive"],
               told["posting:default:language"]), ("private", True, "de"), "preferences")
    edit(ann, source={"privacy": "public", "sensitive": False, "language": "en"})


@tap.test
def what_cannot_be_is_refused_and_nothing_changes():
    path = "/api/v1/accounts/update_credentials"
    for wrong in ({"source": {"privacy": "secret"}}, {"source": {"language": "no language"}}, {"note": "x" * 9999},
                  {"fields_attributes": [{"name": str(i), "value": "x"} for i in range(9)]},
                  {"fields_attributes": [{"name": "", "value": "x"}]}):
        tap.equal(ann.send("PATCH", path, display_name="wrong", **wrong).status, 422, f"{list(wrong)}")
    tap.equal(ann.ok("GET", "/api/v1/accounts/verify_credentials")["display_name"], "Ann <i>", "the name")


@tap.test
def who_hides_their_people_shows_them_to_nobody_else():
    path = f"/api/v1/accounts/{edit(ann, hide_collections=True)['id']}/followers"
    tap.equal(len(ann.ok("GET", path)), 1, "oneself")
    tap.equal(cat.ok("GET", path), [], "somebody else")
    edit(ann, hide_collections=False)
    tap.equal(len(cat.ok("GET", path)), 1, "shown again")


def _picture(name, data):
    body = (f'--x\r\nContent-Disposition: form-data; name="{name}"; filename="a"\r\n\r\n'.encode() + data
            + b"\r\n--x--\r\n")
    return {"body": body, "headers": {"Content-Type": "multipart/form-data; boundary=x"}}


def _files():
    folder = f"{home.folder}/data/media"
    return len([name for name in os.listdir(folder) if len(name) == 16])


@tap.test
def a_picture_of_oneself_is_stored_shown_and_taken_away():
    path = "/api/v1/accounts/update_credentials"
    before = ann.ok("GET", "/api/v1/accounts/verify_credentials")
    for name, picture in (("avatar", media.png(600, 400)), ("header", media.png(1800, 700))):
        made = ann.send("PATCH", path, **_picture(name, picture))
        tap.equal(made.status, 200, f"{name}: {made.body[:200]}")
        url = made.json()[name]
        tap.check(url != before[name] and made.json()["display_name"] == "Ann <i>", f"{name} {url}")
        shown = client.Client(home).get(url)
        tap.equal((shown.status, shown.headers["Content-Type"]), (200, "image/png"), f"{name} for everyone")
    there = bob.ok("GET", "/api/v1/accounts/lookup", acct=home.handle("ann"))["id"]
    tap.until(lambda: "/static/" not in bob.ok("GET", f"/api/v1/accounts/{there}")["header"], "the Update")
    tap.check("icon" in home.actor("ann") and "image" in home.actor("ann"), "in the actor's document")
    tap.equal(ann.send("PATCH", path, **_picture("avatar", b"no picture")).status, 422, "no picture")
    for name in ("avatar", "header"):
        gone = ann.ok("DELETE", f"/api/v1/profile/{name}")
        tap.equal(gone[name], before[name], f"{name} taken away")


@tap.test
def who_asks_is_told_of_each_post():
    posted = "/api/v1/notifications?types[]=status"
    ann.ok("POST", f"/api/v1/accounts/{bob_id}/follow", notify=True)
    cat.ok("POST", f"/api/v1/accounts/{bob_id}/follow")
    for app in (ann, cat):
        tap.until(lambda a=app: relation(a, bob_id)["following"], "the Accept")
    first = away.post("bob", "rounds at nine")
    tap.until(lambda: ann.ok("GET", posted), "the notification")
    away.post("bob", "an answer", "--reply-to", first)
    tap.until(lambda: len(home.uris("cat", "--public")) >= 2, "the reply")
    tap.equal(len(ann.ok("GET", posted)), 1, "replies are none of it")
    tap.equal(cat.ok("GET", posted), [], "who did not ask")


@tap.test
def what_a_person_has_is_taken_along():
    home.cli("account", "import", "ann", "-", "--lists", text=f'"Ward ""12"", night",{away.handle("bob")}\n')
    ann.ok("POST", f"/api/v1/accounts/{bob_id}/follow", reblogs=False, languages=["de", "en"])
    ann.ok("POST", "/api/v1/domain_blocks", domain="bad.example")
    cat_id = ann.ok("GET", "/api/v1/accounts/lookup", acct="cat")["id"]
    ann.ok("POST", f"/api/v1/accounts/{cat_id}/mute", notifications=False)
    status = cat.ok("POST", "/api/v1/statuses", status="keep this")
    ann.ok("POST", f"/api/v1/statuses/{status['id']}/bookmark")
    wanted = {"--follows": f'Account address,Show boosts,Notify on new posts,Languages\n'
                           f'{away.handle("bob")},false,true,"de, en"\n',
              "--lists": f'"Ward ""12"", night",{away.handle("bob")}\n',
              "--mutes": f'Account address,Hide notifications\n{home.handle("cat")},false\n',
              "--bookmarks": f"{status['uri']}\n", "--domain-blocks": "bad.example\n", "--blocks": ""}
    home.account("eve")
    eve = client.Client(home, client.token(home, "eve"))
    for which, text in wanted.items():
        file = f"{scene.folder}/{which}.csv"
        home.cli("account", "export", "ann", file, which)
        with open(file, encoding="utf-8") as opened:
            tap.equal(opened.read(), text, which)
        for outcomes in (("done",), ("done", "already")):
            told = home.list("account", "import", "eve", file, which)
            tap.check(all(row["outcome"] in outcomes for row in told), f"{which}: {told}")
        tap.until(lambda: relation(eve, bob_id)["following"], "the Accept")
    told = relation(eve, bob_id)
    tap.equal((told["showing_reblogs"], told["notifying"], told["languages"]), (False, True, ["de", "en"]), "terms")


@tap.test
def a_bad_line_does_not_stop_an_import():
    file = f"{scene.folder}/bad.csv"
    with open(file, "w", encoding="utf-8") as opened:
        opened.write(f'Account address\n"never closed\nnobody\n{home.handle("cat")}\n')
    told = home.refuses("account", "import", "ann", file, "--blocks")
    tap.check("2 of 3" in str(told), f"{told}")
    cat_id = ann.ok("GET", "/api/v1/accounts/lookup", acct="cat")["id"]
    tap.check(relation(ann, cat_id)["blocking"], "the good line")
    home.cli("account", "import", "ann", file, "--blocks", "--dry-run", "--help")


@tap.test
def every_node_is_sound():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, teardown=scene.close)
