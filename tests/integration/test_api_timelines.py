#!/usr/bin/python3
"""Timelines of the client API, on two nodes: what is on each, what its switches leave out, and paging."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import client, stage, tap

scene = stage.Stage()
POSTS = 66
HOME, PUBLIC = "/api/v1/timelines/home", "/api/v1/timelines/public"
seen = {}


def setup():
    global here, there, ann, tom, eve, nobody
    here, there = scene.nodes("here", "there")
    here.account("ann", "tom", "eve")
    there.account("ben")
    here.cli("follow", "ann", there.handle("ben"))
    here.cli("follow", "ann", here.handle("tom"))
    tap.until(lambda: here.counts("ann")[1] == 2, "ann follows")
    ann, tom, eve = (client.Client(here, client.token(here, name)) for name in ("ann", "tom", "eve"))
    nobody = client.Client(here)


def texts(app, path, **parameters):
    """What a page shows, newest first; a boost as "booster: text"."""
    shown = []
    for status in app.ok("GET", path, **parameters):
        inner = status["reblog"] or status
        text = inner["content"].removeprefix("<p>").removesuffix("</p>").strip()
        shown.append(f"{status['account']['username']}: {text}" if status["reblog"] else text)
    return shown


def account_id(app, name):
    return app.ok("GET", "/api/v1/accounts/lookup", acct=name)["id"]


def walk(app, path, rel, **parameters):
    """Every id, page by page along the Link header."""
    found = []
    answer = app.get(path, **parameters)
    while True:
        page = [s["id"] for s in answer.json()]
        tap.equal(page, sorted(page, key=int, reverse=True), "the newest first")
        tap.check(len(page) <= parameters["limit"], "more rows than asked for")
        found.append(page)
        links = answer.links()
        if rel == "next" and "next" in links:
            tap.check(answer.headers["Link"].index('rel="next"') < answer.headers["Link"].index('rel="prev"'),
                      "next comes first")
        if rel not in links or not page:
            return found
        answer = app.get(links[rel])


@tap.test
def home_is_what_those_one_follows_write():
    there.post("ben", "from there")
    here.post("tom", "from tom")
    here.post("eve", "from eve")
    here.post("ann", "my own")
    tap.until(lambda: "from there" in texts(ann, HOME), "ben's post in ann's home")
    tap.equal(sorted(texts(ann, HOME)), ["from there", "from tom", "my own"], "home")
    tap.equal(nobody.get(HOME).status, 401, "without a token")


@tap.test
def public_timelines_know_here_and_there():
    here.post("eve", "for us", "--visibility", "local")
    everyone = ["from eve", "from there", "from tom", "my own"]
    tap.equal(sorted(texts(ann, PUBLIC)), everyone, "public")
    tap.equal(sorted(texts(ann, PUBLIC, local="true")), ["for us", "from eve", "from tom", "my own"], "local")
    tap.equal(texts(ann, PUBLIC, remote="true"), ["from there"], "remote")
    tap.equal(texts(ann, PUBLIC, only_media="true"), [], "only_media")


@tap.test
def hashtags_can_be_joined():
    here.post("tom", "one #icu")
    here.post("tom", "two #icu #ward7")
    here.post("tom", "three #theatre")
    tag = "/api/v1/timelines/tag/"
    plain = [t.split()[0] for t in texts(ann, tag + "icu")]
    tap.equal(plain, ["two", "one"], "a tag")
    tap.equal([t.split()[0] for t in texts(ann, tag + "ICU", **{"any[]": ["theatre"]})], ["three", "two", "one"], "any")
    tap.equal([t.split()[0] for t in texts(ann, tag + "icu", **{"all[]": ["ward7"]})], ["two"], "all")
    tap.equal([t.split()[0] for t in texts(ann, tag + "icu", **{"none[]": ["ward7"]})], ["one"], "none")
    tap.equal(texts(ann, tag + "icu", remote="true"), [], "remote")
    tap.equal(texts(ann, tag + "no_such_tag"), [], "an unknown tag")


@tap.test
def an_account_has_its_statuses():
    path = f"/api/v1/accounts/{account_id(ann, 'tom')}/statuses"
    first = here.post("tom", "a thought")
    here.post("tom", "and on", "--reply-to", first)
    stranger = here.post("eve", "a question")
    here.post("tom", "an answer", "--reply-to", stranger)
    here.cli("boost", "tom", stranger)
    here.cli("pin", "tom", first)
    tap.equal(texts(ann, path, limit=4), ["tom: a question", "an answer", "and on", "a thought"], "all")
    tap.equal(texts(ann, path, limit=3, exclude_replies="true"), ["tom: a question", "and on", "a thought"], "replies")
    tap.equal(texts(ann, path, limit=3, exclude_reblogs="true"), ["an answer", "and on", "a thought"], "reblogs")
    tap.equal(texts(ann, path, pinned="true"), ["a thought"], "pinned")
    tap.equal([t.split()[0] for t in texts(ann, path, tagged="icu")], ["two", "one"], "tagged")
    tap.equal(texts(ann, path, only_media="true"), [], "only_media")
    tap.equal(ann.get("/api/v1/accounts/1/statuses").status, 404, "nobody")


@tap.test
def pages_lead_down_and_up_with_nothing_lost():
    for i in range(POSTS):
        tom.ok("POST", "/api/v1/statuses", status=f"number {i}")
    down = walk(ann, HOME, "next", limit=9)
    ids = [i for page in down for i in page]
    tap.check(len(ids) > POSTS, f"{len(ids)} statuses")
    tap.equal(len(set(ids)), len(ids), "nothing twice")
    tap.equal(ids, sorted(ids, key=int, reverse=True), "in order over all pages")
    tap.check(all(len(page) == 9 for page in down[:-1]), "full pages")
    up = walk(ann, HOME, "prev", limit=9, min_id=int(ids[-1]) - 1)
    tap.equal([i for page in reversed(up) for i in page], ids, "upwards")
    newer = [s["id"] for s in ann.ok("GET", HOME, since_id=ids[30], limit=9)]
    tap.equal(newer, ids[:9], "since_id begins at the top")
    just_above = [s["id"] for s in ann.ok("GET", HOME, min_id=ids[30], limit=9)]
    tap.equal(just_above, ids[21:30], "min_id begins just above")


@tap.test
def a_limit_is_kept_and_capped():
    tap.equal(len(ann.ok("GET", HOME)), 20, "standard")
    tap.equal(len(ann.ok("GET", HOME, limit=1)), 1, "one")
    tap.equal(len(ann.ok("GET", HOME, limit=4000)), 40, "cap")


def ids(app, path, **parameters):
    return [s["id"] for s in app.ok("GET", path, **parameters)]


@tap.test
def a_follow_may_leave_out_boosts_and_languages():
    boosted = here.post("eve", "boosted words")
    here.cli("boost", "tom", boosted)
    here.post("tom", "auf Deutsch", "--lang", "de")
    follow = f"/api/v1/accounts/{account_id(ann, 'tom')}/follow"
    tap.equal(texts(ann, HOME, limit=2), ["auf Deutsch", "tom: boosted words"], "before")
    ann.ok("POST", follow, reblogs=False, languages=["en"])
    tap.check(not {"auf Deutsch", "tom: boosted words"} & set(texts(ann, HOME, limit=40)), "left out")
    ann.ok("POST", follow, reblogs=True, languages=[""])
    tap.equal(texts(ann, HOME, limit=2), ["auf Deutsch", "tom: boosted words"], "and back")


@tap.test
def muted_and_blocked_people_are_absent():
    eves = account_id(ann, "eve")
    here.post("eve", "hear me")
    for verb in ("mute", "block"):
        tap.check("hear me" in texts(ann, PUBLIC), f"before the {verb}")
        ann.ok("POST", f"/api/v1/accounts/{eves}/{verb}")
        tap.check("hear me" not in texts(ann, PUBLIC), f"after the {verb}")
        ann.ok("POST", f"/api/v1/accounts/{eves}/un{verb}")
    eve.ok("POST", f"/api/v1/accounts/{account_id(eve, 'ann')}/block")
    tap.check("hear me" not in texts(ann, PUBLIC), "who blocks the reader")
    tap.equal(texts(ann, f"/api/v1/accounts/{eves}/statuses"), [], "on their own page")
    eve.ok("POST", f"/api/v1/accounts/{account_id(eve, 'ann')}/unblock")


@tap.test
def lists_are_made_changed_and_deleted():
    made = ann.ok("POST", "/api/v1/lists", title="Night shift")
    tap.equal({k: made[k] for k in ("title", "replies_policy", "exclusive")},
              {"title": "Night shift", "replies_policy": "list", "exclusive": False}, "made")
    path = f"/api/v1/lists/{made['id']}"
    changed = ann.ok("PUT", path, title="Day shift", replies_policy="none")
    tap.equal((changed["title"], changed["replies_policy"]), ("Day shift", "none"), "changed")
    tap.equal(ann.ok("GET", path), changed, "as told")
    tap.equal(ann.ok("GET", "/api/v1/lists"), [changed], "all of them")
    tap.equal(ann.send("PUT", path, replies_policy="some").status, 422, "another policy")
    tap.equal(ann.post("/api/v1/lists", title="").status, 422, "no title")
    for method in ("GET", "PUT", "DELETE"):
        tap.equal(eve.send(method, path, title="mine").status, 404, f"{method} of another's list")
    tap.equal(ann.send("DELETE", path).json(), {}, "deleted")
    tap.equal(ann.get(path).status, 404, "gone")


@tap.test
def a_list_shows_its_members():
    toms, eves = account_id(ann, "tom"), account_id(ann, "eve")
    made = ann.ok("POST", "/api/v1/lists", title="Theatre")
    people, shown = f"/api/v1/lists/{made['id']}/accounts", f"/api/v1/timelines/list/{made['id']}"
    tap.equal(ann.get(shown).json(), [], "empty")
    tap.equal(ann.post(people, account_ids=[toms]).json(), {}, "joined")
    tap.equal(ann.post(people, account_ids=[eves]).status, 404, "who is not followed")
    tap.equal([a["id"] for a in ann.ok("GET", people)], [toms], "members")
    tap.equal([a["id"] for a in ann.ok("GET", people, limit=0)], [toms], "all of them")
    tap.equal([x["id"] for x in ann.ok("GET", f"/api/v1/accounts/{toms}/lists")], [made["id"]], "lists of tom")
    tap.equal(eve.get(shown).status, 404, "another's list")
    tap.equal(ids(ann, shown, limit=5), ids(ann, f"/api/v1/accounts/{toms}/statuses", limit=5), "timeline")
    tap.check(toms in {s["account"]["id"] for s in ann.ok("GET", HOME)}, "tom at home")
    ann.ok("PUT", f"/api/v1/lists/{made['id']}", exclusive=True)
    tap.check(toms not in {s["account"]["id"] for s in ann.ok("GET", HOME, limit=40)}, "exclusive")
    tap.equal(ann.send("DELETE", people, account_ids=[toms]).json(), {}, "left")
    tap.check(toms in {s["account"]["id"] for s in ann.ok("GET", HOME)}, "tom at home again")
    ann.ok("POST", people, account_ids=[toms])
    ann.ok("POST", f"/api/v1/accounts/{toms}/unfollow")
    tap.equal(ann.ok("GET", people), [], "unfollowed")
    ann.ok("POST", f"/api/v1/accounts/{toms}/follow")


FILTERS = "/api/v2/filters"


@tap.test
def a_filter_warns_blurs_or_hides():
    here.post("tom", "a needle in the hay")
    made = ann.ok("POST", FILTERS, title="Sharp things", context=["home"],
                  keywords_attributes=[{"keyword": "NEEDLE", "whole_word": True}])
    tap.equal((made["filter_action"], made["expires_at"], made["context"]), ("warn", None, ["home"]), "made")
    path = f"{FILTERS}/{made['id']}"
    for action in ("warn", "blur"):
        ann.ok("PUT", path, filter_action=action)
        status = ann.ok("GET", HOME, limit=1)[0]
        result = status["filtered"][0]
        tap.equal(result["filter"]["filter_action"], action, "action")
        tap.equal(result["keyword_matches"], ["NEEDLE"], "what matched")
    public = next(s for s in ann.ok("GET", PUBLIC) if s["id"] == status["id"])
    tap.equal(public["filtered"], [], "in another context")
    ann.ok("PUT", path, filter_action="hide")
    tap.check(status["id"] not in ids(ann, HOME), "hidden at home")
    tap.check(status["id"] in ids(ann, PUBLIC), "and nowhere else")
    tap.equal(len(ann.ok("GET", HOME, limit=20)), 20, "the page is full all the same")
    tap.check("needle" not in here.cli("timeline", "ann"), "hidden by command, too")
    tap.check("needle" in here.cli("timeline", "--public", "ann"), "and shown where it is in apps")
    keyword = made["keywords"][0]["id"]
    ann.ok("PUT", path, keywords_attributes=[{"id": keyword, "_destroy": True}, {"keyword": "hay"}])
    tap.equal([k["keyword"] for k in ann.ok("GET", path)["keywords"]], ["hay"], "keywords")
    ann.ok("PUT", path, context=["public"], expires_in=3600)
    tap.check(ann.ok("GET", path)["expires_at"].endswith("Z"), "an end")
    tap.check(status["id"] in ids(ann, HOME), "shown again")
    tap.equal(eve.get(path).status, 404, "another's filter")
    tap.equal(ann.send("DELETE", path).json(), {}, "deleted")
    tap.equal(ann.ok("GET", FILTERS), [], "none left")


@tap.test
def keywords_and_statuses_of_a_filter_have_addresses():
    path = f"{FILTERS}/{ann.ok('POST', FILTERS, title='t', context=['home', 'thread'])['id']}"
    word = ann.ok("POST", path + "/keywords", keyword="hay", whole_word=False)
    tap.equal(ann.ok("GET", f"{FILTERS}/keywords/{word['id']}"), word, "a keyword")
    changed = ann.ok("PUT", f"{FILTERS}/keywords/{word['id']}", keyword="straw")
    tap.equal(ann.ok("GET", path + "/keywords"), [changed], "changed")
    status = ids(ann, HOME, limit=1)[0]
    entry = ann.ok("POST", path + "/statuses", status_id=status)
    tap.equal(ann.ok("GET", path + "/statuses"), [entry], "a status")
    result = ann.ok("GET", HOME, limit=1)[0]["filtered"][0]
    tap.equal((result["status_matches"], result["keyword_matches"]), ([status], None), "filtered")
    tap.equal(eve.get(f"{FILTERS}/keywords/{word['id']}").status, 404, "another's keyword")
    tap.equal(eve.get(f"{FILTERS}/statuses/{entry['id']}").status, 404, "another's status")
    tap.equal(ann.send("DELETE", f"{FILTERS}/statuses/{entry['id']}").json(), {}, "status gone")
    tap.equal(ann.send("DELETE", f"{FILTERS}/keywords/{word['id']}").json(), {}, "keyword gone")
    made = ann.ok("GET", path)
    tap.equal((made["keywords"], made["statuses"]), ([], []), "empty")
    ann.ok("DELETE", path)
    for bad in ({"title": "t"}, {"title": "t", "context": ["attic"]}, {"context": ["home"]},
                {"title": "t", "context": ["home"], "filter_action": "shred"}):
        tap.equal(ann.post(FILTERS, **bad).status, 422, str(bad))


@tap.test
def older_apps_have_a_filter_for_each_phrase():
    made = ann.ok("POST", "/api/v1/filters", phrase="needle", context=["home"], irreversible=True)
    tap.equal(sorted(made), ["context", "expires_at", "id", "irreversible", "phrase", "whole_word"], "keys")
    path = f"/api/v1/filters/{made['id']}"
    tap.check(not any("needle" in text for text in texts(ann, HOME)), "hidden")
    ann.ok("PUT", path, phrase="needle", context=["home"], irreversible=False)
    tap.check(any("needle" in text for text in texts(ann, HOME)), "shown")
    tap.equal(ann.ok("GET", FILTERS)[0]["filter_action"], "warn", "as newer apps see it")
    tap.equal(ann.ok("GET", "/api/v1/filters"), [ann.ok("GET", path)], "all of them")
    ann.ok("DELETE", path)
    tap.equal(ann.ok("GET", FILTERS), [], "the filter went with its phrase")


@tap.test
def bookmarks_and_favourites_are_in_the_order_they_were_marked():
    chosen = [s["id"] for s in ann.ok("GET", HOME, limit=20) if not s["reblog"]][:12]
    order = chosen[::2] + chosen[1::2]
    for path, verb in (("/api/v1/bookmarks", "bookmark"), ("/api/v1/favourites", "favourite")):
        for status in order:
            ann.ok("POST", f"/api/v1/statuses/{status}/{verb}")
        found, answer = [], ann.get(path, limit=5)
        while True:
            found += [s["id"] for s in answer.json()]
            if "next" not in answer.links():
                break
            answer = ann.get(answer.links()["next"])
        tap.equal(found, order[::-1], path)
        up = ann.get(answer.links()["prev"])
        tap.equal([s["id"] for s in up.json()], found[5:10], "upwards")
        ann.ok("POST", f"/api/v1/statuses/{order[0]}/un{verb}")
        tap.equal(ids(ann, path, limit=40), order[:0:-1], "one less")
    tap.equal(ids(eve, "/api/v1/bookmarks"), [], "another's")


@tap.test
def followed_hashtags_come_home():
    here.post("eve", "stocked #linezolid")
    first = lambda: texts(ann, HOME, limit=1)[0].split()[0]
    tap.check(first() != "stocked", "before")
    ann.ok("POST", "/api/v1/tags/linezolid/follow")
    tap.equal(first(), "stocked", "at home")
    ann.ok("POST", "/api/v1/tags/linezolid/unfollow")
    tap.check(first() != "stocked", "after")


@tap.test
def what_a_blocked_peer_wrote_is_absent():
    tap.check("from there" in texts(ann, PUBLIC, remote="true"), "before")
    here.cli("peer", "block", there.part, "--yes")
    tap.until(lambda: not texts(ann, PUBLIC, remote="true"), "the public timeline without it")
    tap.check("from there" not in texts(ann, HOME, limit=40), "home")


@tap.test
def every_node_is_sound():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, teardown=scene.close)
