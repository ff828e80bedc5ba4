#!/usr/bin/python3
"""Quotes, replies and boosts with the consent of whom they are about, between two real nodes."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import stage, tap

scene = stage.Stage()
seen = {}


def setup():
    global home, away, friend, fred
    home, away = scene.nodes("home", "away")
    home.account("ann", "tom")
    away.account("ben")
    friend = scene.server("friend.localhost")
    home.allow(friend.authority_part)
    away.allow(friend.authority_part)
    fred = friend.actor("fred")
    away.cli("follow", "ben", home.handle("ann"))
    home.cli("follow", "ann", away.handle("ben"))
    home.cli("follow", "tom", away.handle("ben"))
    tap.until(lambda: home.counts("ann") == (1, 1) and away.counts("ben")[0] == 2, "the follows")
    stage.follow_back(home, "ann", fred)


def _post(name, text, *more):
    uri = home.post(name, text, *more)
    tap.until(lambda: uri in away.uris("ben"), f"{text} at away")
    return uri


def _note(uri):
    return fred.get(uri).json()


def _asked(kind):
    return [line for line in home.list("approval", "list", "ann") if line["kind"] == kind]


@tap.test
def a_quote_that_is_open_to_all_is_authorized_at_once():
    target = _post("ann", "Sepsis bundle")
    quote = away.post("ben", "Read this", "--quote", target)
    tap.until(lambda: _note(quote).get("quoteAuthorization"), "the authorization")
    note = _note(quote)
    tap.equal([note[k] for k in ("quote", "quoteUrl", "quoteUri", "_misskey_quote")], [target] * 4, "the quote")
    stamp = fred.get(note["quoteAuthorization"]).json()
    tap.equal((stamp["type"], stamp["interactingObject"], stamp["interactionTarget"]),
              ("QuoteAuthorization", quote, target), "the authorization")
    tap.equal(stamp["attributedTo"], home.actor("ann")["id"], "who gave it")
    tap.check(any(t["type"] == "Link" and t["href"] == target for t in note["tag"]), "no FEP-e232 link")
    seen.update(target=target, quote=quote, stamp=stamp["id"])


@tap.test
def it_is_taken_back():
    line = next(x for x in home.list("approval", "list", "ann", "--all") if x["uri"] == seen["quote"])
    home.cli("approval", "revoke", "ann", line["id"])
    tap.equal(fred.get(seen["stamp"]).status, 404, "the authorization")
    tap.until(lambda: "quote" not in _note(seen["quote"]), "the quote to become a link")
    tap.check(seen["target"] in _note(seen["quote"])["content"], "the link is gone too")


@tap.test
def a_quote_is_asked_for_and_declined_or_approved():
    target = _post("ann", "Draft", "--quote-policy", "ask")
    for verb, has in (("reject", False), ("accept", True)):
        quote = away.post("ben", f"quoting {verb}", "--quote", target)
        tap.until(lambda: _asked("quote"), "the question")
        tap.check("quoteAuthorization" not in _note(quote), "authorized before the answer")
        home.cli("approval", verb, "ann", _asked("quote")[0]["id"])
        if has:
            tap.until(lambda q=quote: _note(q).get("quoteAuthorization"), "the authorization")
        else:
            tap.until(lambda q=quote: "quote" not in _note(q), "the quote to become a link")


@tap.test
def nobody_quotes_what_is_not_open():
    closed = _post("ann", "closed", "--visibility", "followers")
    away.refuses("post", "ben", "look", "--quote", closed)
    mine = _post("ann", "not to be quoted", "--quote-policy", "nobody")
    away.refuses("post", "ben", "look", "--quote", mine)
    home.refuses("post", "tom", "look", "--quote", mine)


@tap.test
def a_reply_waits_until_it_is_approved():
    target = _post("ann", "Questions?", "--reply", "ask")
    reply = away.post("ben", "Me first", "--reply-to", target)
    tap.until(lambda: _asked("reply"), "the question")
    tap.equal(_asked("reply")[0]["uri"], reply, "what is asked about")
    tap.equal(fred.get(reply).status, 404, "the reply to others")
    tap.check(reply not in home.uris("tom") and reply in away.uris("ben"), "who sees it")
    home.cli("approval", "accept", "ann", _asked("reply")[0]["id"])
    tap.until(lambda: fred.get(reply).status == 200, "the reply to be open")
    tap.until(lambda: _note(reply).get("replyAuthorization"), "its authorization")
    tap.until(lambda: reply in [p["uri"] for p in home.list("thread", target)], "the reply in the thread")


@tap.test
def a_reply_or_boost_that_is_not_wanted_is_refused():
    target = _post("ann", "For the record", "--reply", "nobody", "--boost", "nobody")
    away.refuses("post", "ben", "but", "--reply-to", target)
    away.refuses("boost", "ben", target)
    home.refuses("boost", "tom", target)
    home.cli("boost", "ann", target)
    before = home.entry(target)["boosts"]
    fred.post(home.inbox("ann"), fred.activity("Announce", target))
    tap.until(lambda: friend.seen("POST", kind="Reject"), "the Reject")
    tap.equal(home.entry(target)["boosts"], before, "boosts")


@tap.test
def both_nodes_end_soundly():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, scene.close)
