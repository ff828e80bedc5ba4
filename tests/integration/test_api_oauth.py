#!/usr/bin/python3
"""Sign-in: programs register, people let them in with a browser that knows no script, codes become tokens."""

import base64
import hashlib
import html
import os
import re
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import client, stage, tap

scene = stage.Stage()
SELF = "/api/v1/accounts/verify_credentials"
PASSWORD = "correct horse battery"
OOB = "urn:ietf:wg:oauth:2.0:oob"
BACK = "https://app.example/cb/https%3A%2F%2Felk.zone?x=1"
STATE = "a&b=c d+e%20/ü"
VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


def setup():
    global node, anyone
    node = scene.node("home", rule="Be kind, <b>always</b>", contact_account="ann", languages="de, en")
    node.account("ann", "ben")
    anyone = client.Client(node)


class Browser:
    """Plain HTTP: cookies, links and forms, nothing else."""

    def __init__(self):
        self.cookies = {}

    def send(self, method, path, fields=None, headers=None):
        headers = dict(headers or {})
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        body = None
        if fields is not None:
            body = urllib.parse.urlencode(fields).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer = anyone.send(method, path, body=body, headers=headers)
        set_cookie = answer.headers.get("Set-Cookie")
        if set_cookie:
            name, _, value = set_cookie.split(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    def open(self, query):
        self.page = self.send("GET", "/oauth/authorize?" + urllib.parse.urlencode(query))
        return self.page

    def form(self):
        found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', self.page.body.decode())
        return {name: html.unescape(value) for name, value in found}

    def press(self, answer, **fields):
        self.page = self.send("POST", "/oauth/authorize", {**self.form(), **fields, "answer": answer})
        return self.page

    def sign_in(self, query, name="ann", password=PASSWORD):
        """To the page that asks for consent."""
        self.open(query)
        answer = self.press("sign_in", username=name, password=password)
        tap.equal(answer.status, 303, f"sign-in: {answer.body[-300:]}")
        self.page = self.send("GET", answer.headers["Location"])
        return self.page


def app(**fields):
    fields = {"client_name": "Test", "redirect_uris": [BACK, OOB], "scopes": "read write", **fields}
    return anyone.ok("POST", "/api/v1/apps", **fields)


def ask(made, **more):
    return {"response_type": "code", "client_id": made["client_id"], "redirect_uri": BACK, "scope": "read",
            "state": STATE, **more}


def parts(url):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query, keep_blank_values=True))


def code_of(made, **more):
    browser = Browser()
    browser.sign_in(ask(made, **more))
    return parts(browser.press("allow").headers["Location"])["code"]


def exchange(made, code, **more):
    fields = {"grant_type": "authorization_code", "code": code, "client_id": made["client_id"],
              "client_secret": made["client_secret"], "redirect_uri": BACK, **more}
    return anyone.post("/oauth/token", **{k: v for k, v in fields.items() if v is not None})


@tap.test
def an_app_is_let_in_and_speaks_for_the_person():
    made = app()
    browser = Browser()
    page = browser.sign_in(ask(made, scope="read write"))
    tap.check(b"@ann@" in page.body, "the page names the account")
    answer = browser.press("allow")
    tap.equal(answer.status, 303, "status")
    where = answer.headers["Location"]
    tap.check(where.startswith(BACK + "&code="), f"sent back to {where}")
    tap.equal(parts(where)["state"], STATE, "state")
    token = exchange(made, parts(where)["code"])
    tap.equal(token.headers["Cache-Control"], "no-store", "Cache-Control")
    token = token.json()
    tap.equal((token["token_type"], token["scope"]), ("Bearer", "read write"), "token")
    tap.check(isinstance(token["created_at"], int), "created_at is a number")
    me = client.Client(node, token["access_token"])
    answer = me.get(SELF)
    tap.equal(answer.json()["acct"], "ann", "account")
    tap.equal(answer.headers["Cache-Control"], "private, no-store", "T69")
    tap.equal(me.ok("GET", "/api/v1/apps/verify_credentials")["name"], "Test", "application")
    tap.equal(me.get("/oauth/userinfo").status, 403, "userinfo needs its scope")
    listed = [t for t in node.list("token", "list", "ann") if t["application"] == "Test"]
    tap.check(listed, "the token is listed")


@tap.test
def t110_an_address_that_differs_at_all_is_none():
    made = app()
    for other in (BACK.upper(), BACK.replace("https", "HTTPS"), BACK + "#f", BACK + "&y=2", BACK + "/",
                  BACK.replace("app.example", "app.example:443"), BACK.replace("/cb/", "/cb/../cb/"),
                  BACK.replace("%3A", ":"), BACK[:-1], "https://evil.example/", ""):
        answer = Browser().open(ask(made, redirect_uri=other))
        tap.equal(answer.status, 400, f"status for {other!r}")
        tap.check("Location" not in answer.headers, "nobody is sent anywhere")
    tap.equal(Browser().open(ask({"client_id": "1"})).status, 400, "unknown application")


@tap.test
def t110_a_code_is_good_once_and_its_token_ends_when_it_comes_again():
    made = app()
    code = code_of(made)
    token = exchange(made, code).json()["access_token"]
    tap.equal(client.Client(node, token).get(SELF).status, 200, "the token is good")
    again = exchange(made, code)
    tap.equal((again.status, again.json()["error"]), (400, "invalid_grant"), "again")
    tap.equal(client.Client(node, token).get(SELF).status, 401, "the token has ended")


@tap.test
def t110_a_code_is_its_applications_and_its_addresss():
    made, other = app(), app()
    code = code_of(made)
    tap.equal(exchange(other, code).json()["error"], "invalid_grant", "another application")
    tap.equal(exchange(made, code, redirect_uri=OOB).json()["error"], "invalid_grant", "another address")
    tap.equal(exchange(made, code, redirect_uri=None).json()["error"], "invalid_grant", "no address")
    wrong = exchange(made, code, client_secret="x")
    tap.equal((wrong.status, wrong.json()["error"]), (401, "invalid_client"), "wrong secret")
    tap.equal(exchange(made, code).status, 200, "after all that, the right one")
    tap.equal(exchange(made, "x").json()["error"], "invalid_grant", "no code")
    tap.equal(exchange(made, code, grant_type="password").json()["error"], "unsupported_grant_type", "grant")


@tap.test
def t110_a_challenge_wants_its_verifier():
    made = app()
    code = code_of(made, code_challenge=CHALLENGE, code_challenge_method="S256")
    for wrong in (None, "w" * 50, CHALLENGE):
        tap.equal(exchange(made, code, code_verifier=wrong).json()["error"], "invalid_grant", f"{wrong}")
    tap.equal(exchange(made, code, code_verifier=VERIFIER).status, 200, "the right one")
    code = code_of(made)
    tap.equal(exchange(made, code, code_verifier=VERIFIER).json()["error"], "invalid_grant", "none was asked for")
    for method in ("plain", None):
        query = {k: v for k, v in ask(made, code_challenge=VERIFIER, code_challenge_method=method).items() if v}
        where = Browser().open(query).headers["Location"]
        tap.equal(parts(where)["error"], "invalid_request", f"method {method}")


@tap.test
def t110_no_more_than_the_application_said():
    made = app(scopes="read")
    where = Browser().open(ask(made, scope="read write")).headers["Location"]
    tap.equal((parts(where)["error"], parts(where)["state"]), ("invalid_scope", STATE), "scope")
    tap.equal(parts(Browser().open(ask(made, response_type="token")).headers["Location"])["error"],
              "unsupported_response_type", "type")
    narrow = exchange(made, code_of(made, scope="read:statuses")).json()
    tap.equal(narrow["scope"], "read:statuses", "a narrower one is given")
    tap.equal(client.Client(node, narrow["access_token"]).get(SELF).status, 403, "and enforced")


@tap.test
def t110_a_token_in_the_address_is_none():
    token = exchange(app(), "x")
    tap.equal(token.status, 400, "no token")
    made = app(scopes="profile")
    token = exchange(made, code_of(made, scope="profile")).json()["access_token"]
    tap.equal(anyone.get("/oauth/userinfo", access_token=token).status, 401, "in the address")
    me = client.Client(node, token).ok("GET", "/oauth/userinfo")
    tap.equal(me["preferred_username"], "ann", "in the header")
    tap.check(token not in node.logged(), "no token in the log")


@tap.test
def who_refuses_is_sent_back_with_access_denied():
    made = app()
    browser = Browser()
    browser.sign_in(ask(made))
    where = browser.press("refuse").headers["Location"]
    tap.equal(parts(where)["error"], "access_denied", "error")
    tap.equal(parts(where)["state"], STATE, "state")
    browser = Browser()
    browser.open(ask(made))
    tap.equal(parts(browser.press("refuse").headers["Location"])["error"], "access_denied", "before sign-in")


@tap.test
def out_of_band_the_code_is_shown():
    made = app()
    browser = Browser()
    page = browser.send("GET", "/oauth/authorize/?" + urllib.parse.urlencode(ask(made, redirect_uri=OOB)))
    tap.equal(page.status, 200, "with a slash at the end")
    browser.sign_in(ask(made, redirect_uri=OOB))
    code = re.search(rb'<code class="oauth-code">([^<]+)</code>', browser.press("allow").body).group(1).decode()
    tap.equal(exchange(made, code, redirect_uri=OOB).status, 200, "the code is good")


@tap.test
def private_schemes_are_sent_back_to():
    for uri in ("oauth2redirect://com.keylesspalace.tusky/", "org.joinmastodon.android-auth://callback",
                "icecubesapp://", "http://localhost:8080/cb"):
        made = app(redirect_uris=uri)
        browser = Browser()
        browser.sign_in(ask(made, redirect_uri=uri))
        where = browser.press("allow").headers["Location"]
        tap.check(where.startswith(uri + "?code="), where)
    for uri in ("javascript:alert(1)", "data:text/html,x", "http://a.example/", "https://a.example/#f", "/x",
                "https://", "https://u@a.example/", "vbscript:x", ""):
        answer = anyone.post("/api/v1/apps", client_name="x", redirect_uris=uri)
        tap.equal(answer.status, 422, f"{uri!r}")


@tap.test
def t76_t73_pages_run_no_script_and_show_names_as_text():
    made = app(client_name="<script>alert(1)</script>\"'&\u202e", website="https://a.example/")
    page = Browser().open(ask(made, state='"><script>'))
    tap.check(b"<script" not in page.body, "no markup of a stranger's")
    tap.check("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;</strong>" in page.body.decode(), "as text")
    policy = page.headers["Content-Security-Policy"]
    for wanted in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"):
        tap.check(wanted in policy, f"{wanted} in {policy}")
    for unwanted in ("form-action", "unsafe-inline", "script-src"):
        tap.check(unwanted not in policy, f"{unwanted} in {policy}")
    style = re.search(rb"<style>(.*?)</style>", page.body, re.S).group(1)
    digest = base64.b64encode(hashlib.sha256(style).digest()).decode()
    tap.check(f"style-src 'sha256-{digest}'" in policy, "the style is the one that is allowed")
    tap.equal(page.headers["Referrer-Policy"], "no-referrer", "Referrer-Policy")
    tap.check("Access-Control-Allow-Origin" not in page.headers, "no CORS on pages")
    cookie = page.headers["Set-Cookie"]
    for wanted in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/oauth"):
        tap.check(wanted in cookie, f"{wanted} in {cookie}")


@tap.test
def t77_a_form_that_is_not_ours_does_nothing():
    made = app()
    browser, other = Browser(), Browser()
    browser.sign_in(ask(made))
    other.open(ask(made))
    form = browser.form()
    for wrong in ({**form, "csrf": ""}, {**form, "csrf": other.form()["csrf"]},
                  {k: v for k, v in form.items() if k != "csrf"}):
        answer = browser.send("POST", "/oauth/authorize", {**wrong, "answer": "allow"})
        tap.equal(answer.status, 403, "status")
        tap.check("Location" not in answer.headers, "no code")
    cross = browser.send("POST", "/oauth/authorize", {**form, "answer": "allow"}, {"Sec-Fetch-Site": "cross-site"})
    tap.equal(cross.status, 403, "from another site")
    before = dict(other.cookies)
    other.press("sign_in", username="ann", password=PASSWORD)
    tap.check(before != other.cookies, "who signs in gets a new cookie")


@tap.test
def t81_a_session_ends_with_the_password_and_so_do_tokens():
    made = app()
    browser = Browser()
    browser.sign_in(ask(made), name="ben")
    code = parts(browser.press("allow").headers["Location"])["code"]
    token = client.Client(node, exchange(made, code).json()["access_token"])
    browser.open(ask(made))
    waiting = parts(browser.press("allow").headers["Location"])["code"]
    node.cli("account", "password", "ben", text="another horse battery\n")
    tap.equal(token.get(SELF).status, 401, "the token")
    tap.equal(exchange(made, waiting).json()["error"], "invalid_grant", "a code that was not used yet")
    tap.check(b'name="password"' in browser.open(ask(made)).body, "the session")
    browser.sign_in(ask(made), name="ben", password="another horse battery")
    node.cli("account", "disable", "ben")
    tap.check(b'name="password"' in browser.open(ask(made)).body, "the session, after it was disabled")
    tap.equal(browser.press("sign_in", username="ben", password="another horse battery").status, 422, "disabled")


@tap.test
def another_account_is_asked_for():
    made = app()
    browser = Browser()
    browser.sign_in(ask(made))
    tap.check(b'value="allow"' in browser.open(ask(made)).body, "signed in still")
    tap.check(b'name="password"' in browser.open(ask(made, force_login="true")).body, "force_login")


@tap.test
def t78_wrong_passwords_are_slowed_down_alike_for_all_names():
    made = app()
    pages = {}
    for name in ("cay", "nobody"):
        if name == "cay":
            node.account(name)
        browser = Browser()
        for i in range(11):
            browser.open(ask(made))
            answer = browser.press("sign_in", username=name, password=f"wrong {i}")
            pages.setdefault(name, []).append((answer.status, re.sub(rb'value="[^"]*"', b"", answer.body)))
    tap.equal([s for s, _ in pages["cay"]], [422] * 10 + [429], "statuses")
    tap.check(pages["cay"] == pages["nobody"], "the same for a name that is nobody's")
    browser.open(ask(made))
    tap.equal(browser.press("sign_in", username="cay", password=PASSWORD).status, 429, "not even the right one")


@tap.test
def an_applications_own_token_reads_what_is_the_applications():
    made = app()
    basic = base64.b64encode(f"{made['client_id']}:{made['client_secret']}".encode()).decode()
    answer = anyone.send("POST", "/oauth/token", body=b"grant_type=client_credentials", headers={
        "Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {basic}"})
    own = client.Client(node, answer.json()["access_token"])
    tap.equal(own.ok("GET", "/api/v1/apps/verify_credentials")["id"], made["id"], "application")
    tap.equal(own.get(SELF).status, 401, "nobody's account")
    tap.equal(anyone.post("/oauth/token", grant_type="client_credentials", client_id=made["client_id"],
                          client_secret=made["client_secret"], scope="push").json()["error"], "invalid_scope", "more")


@tap.test
def a_token_is_revoked_by_its_application_alone():
    made, other = app(), app()
    token = exchange(made, code_of(made)).json()["access_token"]

    def revoke(by, what):
        return anyone.post("/oauth/revoke", client_id=by["client_id"], client_secret=by["client_secret"], token=what)

    tap.equal(revoke(other, token).status, 403, "another's")
    tap.equal(client.Client(node, token).get(SELF).status, 200, "still good")
    answer = revoke(made, token)
    tap.equal((answer.status, answer.json()), (200, {}), "its own")
    tap.equal(client.Client(node, token).get(SELF).status, 401, "worth nothing")
    tap.equal(revoke(made, token).status, 200, "unknown now")


@tap.test
def registrations_are_judged():
    for wrong in ({"client_name": ""}, {"redirect_uris": None}, {"scopes": "read fly"}, {"website": "javascript:x"},
                  {"client_name": "x" * 201}):
        fields = {"client_name": "x", "redirect_uris": OOB, **wrong}
        answer = anyone.post("/api/v1/apps", **{k: v for k, v in fields.items() if v is not None})
        tap.equal(answer.status, 422, f"{wrong}")
    made = app(redirect_uris=f"{OOB}\n{BACK}", website="https://a.example/")
    tap.equal(made["redirect_uris"], [OOB, BACK], "several in one text")
    tap.equal((made["scopes"], made["client_secret_expires_at"]), (["read", "write"], 0), "the rest")


@tap.test
def every_answer_tells_what_is_left():
    ben = client.Client(node, client.token(node, "ann"))
    first, second = ben.get(SELF), ben.get("/api/v1/instance")
    tap.equal(int(first.headers["X-RateLimit-Remaining"]) - int(second.headers["X-RateLimit-Remaining"]), 1, "one less")
    tap.equal(first.headers["X-RateLimit-Limit"], "3000", "in all")
    tap.check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first.headers["X-RateLimit-Reset"]), "reset")
    tap.check("X-RateLimit-Remaining" in anyone.get(SELF).headers, "on 401, too")


@tap.test
def the_node_says_what_it_is():
    one, two = anyone.ok("GET", "/api/v1/instance"), anyone.ok("GET", "/api/v2/instance")
    tap.equal((one["uri"], two["domain"]), (node.part, node.part), "host")
    tap.check(re.match(r"\d+\.\d+\.\d+ ", one["version"]) and one["version"] == two["version"], "version")
    tap.equal(two["contact"]["account"]["username"], "ann", "contact")
    tap.equal(one["urls"]["streaming_api"], f"wss://{node.part}", "streaming")
    tap.equal(two["rules"], anyone.ok("GET", "/api/v1/instance/rules"), "rules")
    tap.equal(two["rules"][0]["text"], "Be kind, <b>always</b>", "a rule")
    tap.equal(two["languages"], ["de", "en"], "languages")
    tap.equal(two["registrations"]["enabled"], False, "registrations")
    tap.equal(two["configuration"]["timelines_access"]["live_feeds"]["local"], "authenticated", "access")
    most = two["configuration"]["statuses"]["max_characters"]
    ann = client.Client(node, client.token(node, "ann"))
    tap.equal(ann.post("/api/v1/statuses", status="x" * (most + 1)).status, 422, "one character too many")
    tap.equal(ann.post("/api/v1/statuses", status="x" * most).status, 200, "as many as it says")
    options = [str(i) for i in range(two["configuration"]["polls"]["max_options"] + 1)]
    poll = {"options": options, "expires_in": two["configuration"]["polls"]["max_expiration"] - 60}
    tap.equal(ann.post("/api/v1/statuses", status="?", poll=poll).status, 422, "one option too many")
    poll["options"].pop()
    tap.equal(ann.post("/api/v1/statuses", status="?", poll=poll).status, 200, "as many as it says")
    tap.check(b"<b>" not in anyone.get("/about").body, "rules are text on the page")


@tap.test
def web_apps_of_other_sites_may_read_it():
    for path in ("/.well-known/nodeinfo", "/nodeinfo/2.0", "/nodeinfo/2.1", "/.well-known/host-meta",
                 "/.well-known/oauth-authorization-server", "/api/v2/instance", "/oauth/token"):
        answer = anyone.get(path) if path != "/oauth/token" else anyone.post(path)
        tap.equal(answer.headers["Access-Control-Allow-Origin"], "*", path)
    tap.equal(anyone.ok("GET", "/nodeinfo/2.0")["metadata"]["upstream"]["name"], "mastodon", "upstream")
    tap.check(b"webfinger?resource={uri}" in anyone.get("/.well-known/host-meta").body, "host-meta")
    known = anyone.ok("GET", "/.well-known/oauth-authorization-server")
    tap.equal(known["code_challenge_methods_supported"], ["S256"], "PKCE")
    tap.equal(anyone.get("/health").body, b"OK", "health")


@tap.test
def who_the_peers_are_is_told_to_ours():
    node.allow("y.example")
    node.cli("peer", "block", "x.example", "--yes")
    ann = client.Client(node, client.token(node, "ann"))
    tap.equal(ann.ok("GET", "/api/v1/instance/peers"), ["y.example"], "peers")
    tap.equal([b["domain"] for b in ann.ok("GET", "/api/v1/instance/domain_blocks")], ["x.example"], "blocked")
    for path in ("peers", "domain_blocks", "activity"):
        tap.equal(anyone.get(f"/api/v1/instance/{path}").status, 401, f"{path} for anyone")


@tap.test
def every_node_is_sound():
    scene.end_soundly()


if __name__ == "__main__":
    tap.main(setup, teardown=scene.close)
