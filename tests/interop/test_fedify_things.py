#!/usr/bin/python3
"""Ward and a live server built on Fedify: what acts are about, both ways.

    test_fedify_things.py rfc9421|cavage      which signature scheme Fedify tries first

Kinds of objects and actors, audiences, what a post carries, object proofs, forwarded activities, collections.

Fedify knows no focal point and no blurhash: those are seen one way only.
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fedify
import picture
from support import stage, tap, wire

first = sys.argv.pop(1) if len(sys.argv) > 1 else "rfc9421"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
seen = {}


def setup():
    global meeting, node, fay, ann, wait, wait_home
    meeting = fedify.Meeting(first)
    node, fay, ann = meeting.node, meeting.fay, meeting.ann
    wait, wait_home = meeting.wait, meeting.wait_home
    _before_they_know_each_other()
    meeting.befriend()


def _create(**thing):
    """fay makes a thing and tells her followers; its id."""
    return fay.do("create", object=thing)["id"]


# ---- object proofs


def _before_they_know_each_other():
    """What ann tells another server's people, for Fedify to get from that server."""
    global friend, pal
    friend = meeting.stage.server("friend.localhost")
    pal = friend.actor("pal")
    node.allow(friend.authority_part)
    stage.follow_back(node, "ann", pal)
    seen["uri"] = node.post("ann", "Brought by another server")
    got = tap.until(lambda: friend.seen("POST", kind="Create"), "ann's post at the other server")
    seen["carried"] = got[0].body


@tap.test
def what_another_server_brings_is_believed_by_its_proof_alone():
    carried = wire.Request("POST", f"{fay.base}/inbox", [("Content-Type", wire.ACTIVITY)], seen["carried"])
    answer = wire.send(carried, meeting.stage.authority.client_context())
    stage.ok(answer, "an unsigned request with ann's proof")
    got = tap.until(lambda: meeting.arrived("Create", seen["uri"]), "the Create at Fedify")[0]
    tap.equal((got["scheme"], got["signed"], got["proved"]), ("none", False, True), "what spoke for it")


@tap.test
def a_changed_word_breaks_the_proof():
    spoiled = json.loads(seen["carried"])
    spoiled["id"] += "0"
    carried = wire.Request("POST", f"{fay.base}/inbox", [("Content-Type", wire.ACTIVITY)], json.dumps(spoiled).encode())
    stage.refused(wire.send(carried, meeting.stage.authority.client_context()), 401)


@tap.test
def fedifys_proof_is_believed_whoever_brings_it():
    uri = node.post("ann", "To be liked through another")
    like = fay.do("sign", activity={"type": "Like", "object": uri, "to": ann})
    stage.ok(pal.post(node.inbox("ann"), like), "a Like by fay that pal brings")
    tap.until(lambda: node.entry(uri)["likes"] == 1, "fay's like")
    boost = fay.do("sign", activity={"type": "Announce", "object": uri, "to": ann})
    pal.post(node.inbox("ann"), {**boost, "published": "2020-01-01T00:00:00Z"})
    tap.never(lambda: node.entry(uri)["boosts"], "a boost whose proof is broken", 0.5)


@tap.test
def wards_proofs_are_found_right():
    uri = node.post("ann", "Proved")
    wait("Create", uri)
    got = meeting.arrived("Create", uri)[0]
    tap.equal((got["signed"], got["proved"]), (True, True), "both speak for ann")


# ---- kinds of objects


@tap.test
def every_kind_of_object_is_shown():
    kinds = ("Note", "Article", "Page", "Image", "Video", "Audio", "Event", "Document")
    made = {}
    for kind in kinds:
        made[kind] = _create(
            type=kind, name=f"Title of the {kind}", content=f"<p>Words of the {kind}</p>",
            url=f"{fay.base}/web/{kind}",
        )
    for kind in kinds[1:]:
        shown = wait_home(made[kind], f"Words of the {kind}")
        tap.equal((shown["type"], shown["title"]), (kind, f"Title of the {kind}"), "what it is")
        tap.equal(shown["original"], f"{fay.base}/web/{kind}", "where it can be seen")
    wait_home(made["Note"], "Words of the Note")


@tap.test
def an_event_has_its_times_and_place():
    uri = _create(
        type="Event", name="Ward round", content="<p>Bring your notes</p>", startTime="2031-01-02T03:04:05Z",
        endTime="2031-01-02T04:04:05Z", location={"type": "Place", "name": "Room 7"},
    )
    shown = wait_home(uri, "Bring your notes")
    tap.equal((shown["starts"][:19], shown["ends"][:19]), ("2031-01-02T03:04:05", "2031-01-02T04:04:05"), "times")
    tap.equal(shown["location"], "Room 7", "place")


@tap.test
def a_poll_comes_in_and_its_results_follow():
    def option(name, votes):
        return {"type": "Note", "name": name, "replies": {"type": "Collection", "totalItems": votes}}
    poll = {"endTime": "2031-01-02T03:04:05Z", "votersCount": 0, "oneOf": [option("Tea", 0), option("Coffee", 0)]}
    uri = _create(type="Question", content="<p>Tea or coffee?</p>", **poll)
    shown = wait_home(uri, "Tea or coffee?")["poll"]
    tap.equal([o["name"] for o in shown["options"]], ["Tea", "Coffee"], "what can be chosen")
    fay.do("edit", id=uri, more={"votersCount": 3, "oneOf": [option("Tea", 1), option("Coffee", 2)]})
    tap.until(lambda: _votes(uri) == [1, 2], "the results")


def _votes(uri):
    return [option["votes"] for option in meeting.home(uri)["poll"]["options"]]


@tap.test
def votes_go_both_ways_and_the_end_of_a_poll_is_told():
    choices = [{"type": "Note", "name": name} for name in ("Tea", "Coffee")]
    theirs = _create(type="Question", content="<p>Tea or coffee, ann?</p>", anyOf=choices)
    own = node.post("ann", "Tea or coffee, fay?", "--poll", "Tea", "--poll", "Coffee", "--poll-ends", "4 s")
    wait_home(theirs, "Tea or coffee")
    node.cli("vote", "ann", theirs, "Tea", "2")
    for name in ("Tea", "Coffee"):
        vote = tap.until(lambda name=name: _vote_at_fedify(theirs, name), f"the vote for {name} at Fedify")
        tap.equal((_list(vote["to"]), vote.get("content")), ([fay.actor], None), "a vote is for fay alone and no post")
    question = wait("Create", own)["object"]
    tap.equal([o["name"] for o in question["oneOf"]], ["Tea", "Coffee"], "what can be chosen")
    for name in ("Coffee", "Tea"):  # the second is one too many
        fay.do("create", to=[node.handle("ann")], object={
            "type": "Note", "name": name, "inReplyTo": own, "visibility": "direct", "mentions": [ann],
        })
    tap.until(lambda: _votes(own) == [0, 1], "fay's vote is counted")
    closed = tap.until(lambda: _closed(own), "the end of the poll at Fedify")
    tap.equal([o["replies"]["totalItems"] for o in closed["oneOf"]], [0, 1], "its results")


def _vote_at_fedify(question, name):
    """The Note that is a vote, as Ward wrote it."""
    notes = [json.loads(r["body"])["object"] for r in meeting.arrived("Create", question)]
    return next((n for n in notes if n.get("name") == name), None)


def _closed(uri):
    """The question as Ward sent it when it ended."""
    sent = [json.loads(r["body"])["object"] for r in meeting.arrived("Update", uri)]
    return next((q for q in sent if q.get("closed")), None)


@tap.test
def a_tombstone_in_place_of_a_post_is_a_post_that_is_gone():
    uri = fay.do("serve", object={"type": "Note", "content": "<p>Gone</p>"})["id"]
    fay.do("delete", id=uri)
    text = node.refuses("lookup", uri)
    tap.check("gone" in text or "not found" in text or "no " in text, f"what Ward says: {text}")


# ---- kinds of actors


@tap.test
def every_kind_of_actor_can_be_followed():
    for name in ("bot", "app", "org", "grp"):
        node.cli("follow", "ann", fay.handle_of(name))
        fay.do("follow", whom=node.handle("ann"), **{"as": name})
    tap.until(lambda: node.counts("ann") == (6, 5), "follows of five, followers of six with the other server's")
    for name in ("bot", "app", "org", "grp"):
        uri = fay.do("post", text=f"By {name}", **{"as": name})["id"]
        tap.equal(wait_home(uri, f"By {name}")["author"], fay.handle_of(name), "its author")


# ---- groups: Announce of a Create (FEP-1b12)


@tap.test
def a_group_of_wards_hands_on_what_its_members_post():
    node.cli("group", "create", "pharmacy")
    group = node.actor("pharmacy")["id"]
    tap.equal(node.actor("pharmacy")["type"], "Group", "what it is")
    fay.do("follow", whom=node.handle("pharmacy"))
    node.cli("follow", "ann", "pharmacy")
    wait("Accept", group)
    own = node.post("ann", "Linezolid is short", "--group", "pharmacy")
    announce = _announced(group, own)
    tap.equal(announce["object"]["type"], "Create", "what the group hands on")
    other = fay.do("create", to=[node.handle("pharmacy")], object={
        "type": "Note", "content": "<p>We have some</p>", "audience": group, "mentions": [group],
        "tag": {"type": "Mention", "href": group, "name": "@" + node.handle("pharmacy")},
    })["id"]
    _announced(group, other)
    tap.check(other in node.uris("ann", "--group", "pharmacy"), "fay's post in the group")


def _announced(group, uri):
    """The group's Announce of a post, as Ward wrote it."""
    def by_group():
        return [r for r in meeting.arrived("Announce", uri) if json.loads(r["body"])["actor"] == group]
    return json.loads(tap.until(by_group, f"the group's Announce of {uri}")[0]["body"])


@tap.test
def what_a_group_of_fedifys_hands_on_is_taken_in():
    uri = fay.do("serve", object={"type": "Note", "content": "<p>In the group</p>"}, **{"as": "org"})["id"]
    create = {"type": "Create", "id": f"{uri}/create", "actor": fay.person("org"), "object": uri, "to": PUBLIC}
    fay.do("send", activity={"type": "Announce", "object": create, "to": PUBLIC}, followers=True, **{"as": "grp"})
    wait_home(uri, "In the group")


# ---- audiences


@tap.test
def audiences_are_kept_from_fedify_to_ward():
    for visibility in ("public", "unlisted", "followers", "direct"):
        uri = fay.do("post", text=f"Seen by: {visibility}", visibility=visibility, to=[node.handle("ann")])["id"]
        shown = tap.until(lambda: _anywhere(uri), f"the {visibility} post")
        tap.equal(shown["visibility"], visibility, "its audience")
        tap.equal(bool(meeting.thread(uri, uri, "bob") if visibility in ("public", "unlisted") else _bob(uri)),
                  visibility in ("public", "unlisted"), "whether bob may read it")


def _anywhere(uri):
    return meeting.home(uri) or next((p for p in node.timeline("ann", "--mentions") if p["uri"] == uri), None)


def _bob(uri):
    """Whether bob may read a post."""
    try:
        return meeting.thread(uri, uri, "bob")
    except tap.Failure:
        return None


@tap.test
def audiences_are_kept_from_ward_to_fedify():
    followers = node.actor("ann")["followers"]
    wanted = {
        "public": ([PUBLIC], [followers]), "unlisted": ([followers], [PUBLIC]), "followers": ([followers], []),
        "direct": ([fay.actor], []),
    }
    for visibility, (to, cc) in wanted.items():
        more = ["--to", fay.handle] if visibility == "direct" else []
        note = wait("Create", node.post("ann", f"For {visibility}", "--visibility", visibility, *more))["object"]
        tap.equal((_list(note["to"]), _list(note.get("cc"))), (to, cc), f"who may read what is {visibility}")


def _list(value):
    return value if isinstance(value, list) else [value] if value else []


# ---- what a post carries


@tap.test
def warnings_languages_mentions_and_hashtags_come_in():
    uri = fay.do("create", to=[node.handle("ann")], object={
        "type": "Note", "summary": "About needles", "sensitive": True,
        "content": "<p>Bonjour <a href='" + ann + "'>@ann</a> #Soins</p>",
        "contentMap": {"fr": "<p>Bonjour <a href='" + ann + "'>@ann</a> #Soins</p>", "en": "<p>Hello</p>"},
        "mentions": [ann],
        "tag": [
            {"type": "Mention", "href": ann, "name": "@" + node.handle("ann")},
            {"type": "Hashtag", "href": f"{fay.base}/tags/soins", "name": "#Soins"},
        ],
    })["id"]
    shown = wait_home(uri, "Hello")  # what ann reads, of the two
    tap.equal((shown["cw"], shown["tags"]), ("About needles", ["soins"]), "warning and hashtags")
    tap.equal({shown["language"], *shown["translations"]}, {"fr", "en"}, "languages")
    tap.check(uri in node.uris("ann", "--mentions"), "the mention")
    tap.check(uri in node.uris("ann", "--tag", "Soins"), "found by its hashtag")


@tap.test
def warnings_languages_mentions_and_hashtags_go_out():
    text = f"Bonjour @{fay.handle} #Soins"
    note = wait("Create", node.post("ann", text, "--cw", "Aiguilles", "--lang", "fr"))["object"]
    tap.equal((note["summary"], note["sensitive"], list(note["contentMap"])), ("Aiguilles", True, ["fr"]), "its head")
    tags = {t["type"]: t for t in note["tag"]}
    tap.equal(tags["Mention"]["href"], fay.actor, "whom it mentions")
    tap.equal(tags["Hashtag"]["name"].lower(), "#soins", "its hashtag")
    got = meeting.arrived("Create", note["id"])[0]["document"]["object"]
    tap.check({"Mention", "Hashtag"} <= {t["type"] for t in got["tag"]}, f"as Fedify reads it: {got}")


@tap.test
def a_custom_emoji_and_attachments_come_in():
    uri = _create(
        type="Note", content="<p>Look :blob:</p>",
        tag={"type": "Emoji", "name": ":blob:", "icon": {"type": "Image", "url": f"{fay.base}/blob.png"}},
        attachment=[{
            "type": "Document", "mediaType": "image/png", "url": f"{fay.base}/x.png", "name": "A chart of doses",
        }, {"type": "Audio", "mediaType": "audio/ogg", "url": f"{fay.base}/x.ogg"}],
    )
    chart, sound = wait_home(uri, ":blob:")["attachments"]
    tap.equal((chart["url"], chart["media_type"]), (f"{fay.base}/x.png", "image/png"), "the picture")
    tap.equal(chart["description"], "A chart of doses", "its words")
    tap.equal(sound["media_type"], "audio/ogg", "the sound")


def _picture():
    path = os.path.join(meeting.stage.folder, "chart.png")
    with open(path, "wb") as file:
        file.write(picture.png())
    return path


@tap.test
def a_custom_emoji_goes_out():
    node.cli("emoji", "add", "pill", _picture())
    uri = node.post("ann", "Take a :pill:")
    sent = next(t for t in wait("Create", uri)["object"]["tag"] if t["type"] == "Emoji")
    read = meeting.arrived("Create", uri)[0]["document"]["object"]["tag"]
    read = next(t for t in (read if isinstance(read, list) else [read]) if t["type"] == "Emoji")
    tap.equal((read["name"], read["icon"]["url"]), (":pill:", sent["icon"]["url"]), "as Fedify reads it")
    tap.equal(node.get(sent["icon"]["url"], "image/*").status, 200, "the picture itself")


@tap.test
def attachments_go_out():
    path = _picture()
    uri = node.post("ann", "Look here", "--media", path, "--alt", "Doses by hour", "--focus", "0.5,-0.5")
    sent = wait("Create", uri)["object"]["attachment"][0]
    tap.equal((sent["name"], sent["focalPoint"]), ("Doses by hour", [0.5, -0.5]), "its words and its point")
    tap.check(sent["blurhash"], f"a blur: {sent}")
    read = meeting.arrived("Create", uri)[0]["document"]["object"]["attachment"]
    tap.equal((read["name"], read["url"]), (sent["name"], sent["url"]), "as Fedify reads it")
    tap.equal(node.get(sent["url"], "image/*").status, 200, "the picture itself")


@tap.test
def a_quote_is_seen_as_one():
    uri = _create(type="Note", content="<p>As ann said</p>", quoteUrl=seen["uri"])
    tap.equal(wait_home(uri, "As ann said")["quote"]["uri"], seen["uri"], "what it quotes")


# ---- consent: QuoteRequest, ReplyRequest, and what an interaction policy says


@tap.test
def ann_asks_before_she_quotes():
    theirs = _create(type="Note", content="<p>Quote me</p>")
    wait_home(theirs)
    own = node.post("ann", "As fay says", "--quote", theirs)
    request = wait("QuoteRequest", own)
    tap.equal((request["actor"], request["object"]), (ann, theirs), "who asks for what")
    tap.until(lambda: "quoteAuthorization" in str(fay.do("fetch", uri=own)), "the stamp in ann's post")


@tap.test
def fay_asks_before_she_quotes():
    own = node.post("ann", "Quote me too")
    wait("Create", own)
    quote = fay.do("serve", object={"type": "Note", "content": "<p>As ann says</p>", "quote": own})["id"]
    asked = meeting.send({"type": "QuoteRequest", "object": own, "instrument": quote})
    stamp = fay.do("fetch", uri=wait("Accept", asked)["result"])
    tap.equal((stamp["type"], stamp["interactingObject"], stamp["interactionTarget"]),
              ("QuoteAuthorization", quote, own), "the stamp as Fedify finds it")


@tap.test
def who_is_asked_may_say_no():
    own = node.post("ann", "Ask me", "--quote-policy", "ask", "--reply", "ask")
    policy = wait("Create", own)["object"]["interactionPolicy"]
    tap.check({"canQuote", "canReply"} <= set(policy), f"the policy: {policy}")
    quote = fay.do("serve", object={"type": "Note", "content": "<p>May I?</p>", "quote": own})["id"]
    asked = meeting.send({"type": "QuoteRequest", "object": own, "instrument": quote})
    waiting = tap.until(lambda: node.list("approval", "list", "ann"), "the request")
    node.cli("approval", "reject", "ann", waiting[0]["id"])
    wait("Reject", asked)


@tap.test
def ann_asks_before_she_replies_where_that_is_wanted():
    rule = {"manualApproval": PUBLIC}
    uri = _create(type="Note", content="<p>Ask first</p>", interactionPolicy={"canReply": rule})
    wait_home(uri)
    reply = node.post("ann", "May I add something?", "--reply-to", uri)
    tap.until(lambda: [r for r in fay.received("ReplyRequest") if reply in r["body"]], "the ReplyRequest")


# ---- collections and single posts, fetched with a signature


@tap.test
def fedify_reads_wards_collections():
    actor = node.actor("ann")
    posts = [i["object"] for i in fay.do("collect", uri=actor["outbox"])["items"] if i["type"] == "Create"]
    tap.check(seen["uri"] in posts, f"ann's public post in her outbox: {posts}")
    tap.check(fay.do("collect", uri=actor["followers"])["total"] >= 1, "followers are counted")
    root = node.post("ann", "A question to all")
    reply = node.post("ann", "An answer of my own", "--reply-to", root)
    note = fay.do("fetch", uri=root)
    tap.check("replies" in note, f"a post names its replies: {note}")
    replies = fay.do("collect", uri=_id(note["replies"]))["items"]
    tap.equal([r["id"] for r in replies], [reply], "the replies")


def _id(value):
    return value["id"] if isinstance(value, dict) else value


@tap.test
def fedify_fetches_a_followers_only_post_with_its_signature():
    uri = node.post("ann", "For followers of ann", "--visibility", "followers")
    wait("Create", uri)
    tap.check("For followers of ann" in str(fay.do("fetch", uri=uri)), "the fetched post")
    tap.equal(node.get(uri).status in (401, 404), True, "and nobody does without")


@tap.test
def ward_fetches_from_fedify():
    uri = fay.do("serve", object={"type": "Note", "content": "<p>To be looked up</p>"})["id"]
    tap.equal(node.ask("lookup", uri)["text"], "To be looked up", "the post")
    tap.equal(node.ask("lookup", fay.handle_of("org"))["uri"], fay.person("org"), "the actor")


# ---- the end


@tap.test
def every_signature_was_right_the_first_time_or_by_the_known_fallback():
    meeting.judge_signatures()


@tap.test
def the_node_ends_soundly():
    meeting.stage.end_soundly()


def teardown():
    if "meeting" in globals():
        meeting.close()


if __name__ == "__main__":
    tap.main(setup, teardown)
