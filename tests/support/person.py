"""person - somebody at a web browser without JavaScript: reads pages, fills forms in, follows redirects.

    somebody = person.Person(node.authority)
    page = somebody.open(url)
    page = somebody.submit(page, username="ann", password="...")   # the form with these fields
    page = somebody.press(page, "Allow")                             # the button that says so
    page.left_to    # where a redirect led that is no page of the site (an app's own address)
"""

import http.client
import urllib.parse
from html.parser import HTMLParser

from . import tap, wire

REDIRECTS_MAX = 10


class Form:
    def __init__(self, attributes):
        self.action, self.method = attributes.get("action", ""), attributes.get("method", "get").upper()
        self.fields, self.buttons = {}, []  # buttons: [name, value, text]


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.forms, self.text, self._button = [], [], None

    def handle_starttag(self, tag, attrs):
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(attributes))
        elif tag in ("input", "button") and self.forms:
            kind, name = attributes.get("type", "submit" if tag == "button" else "text"), attributes.get("name")
            if kind == "submit":
                self._button = [name, attributes.get("value", ""), attributes.get("value", "")]
                self.forms[-1].buttons.append(self._button)
                if tag == "button":
                    self._button[2] = ""
            elif name and (kind not in ("checkbox", "radio") or "checked" in attributes):
                self.forms[-1].fields[name] = attributes.get("value", "")
        if tag == "input":
            self._button = None

    def handle_endtag(self, tag):
        if tag == "button":
            self._button = None

    def handle_data(self, data):
        self.text.append(data)
        if self._button:
            self._button[2] += data


class Page:
    def __init__(self, url, status, headers, body, left_to=None):
        self.url, self.status, self.headers, self.body, self.left_to = url, status, headers, body, left_to
        reader = _Reader()
        reader.feed(body)
        self.forms, self.text = reader.forms, " ".join(" ".join(reader.text).split())


class Person:
    def __init__(self, authority):
        self.authority, self.cookies = authority, {}

    def _ask(self, method, url, form=None):
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port)
        connection.sock = wire.connect(url, self.authority.client_context(), timeout=60)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"Accept": "text/html", "User-Agent": "person"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        body = None
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["Origin"] = f"{parts.scheme}://{parts.netloc}"
            body = urllib.parse.urlencode(form)
        try:
            connection.request(method, target, body=body, headers=headers)
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
        finally:
            connection.close()
        for line in response.headers.get_all("Set-Cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return response.status, response.headers, text

    def _go(self, method, url, form=None):
        home = urllib.parse.urlsplit(url).netloc
        for _ in range(REDIRECTS_MAX):
            status, headers, body = self._ask(method, url, form)
            if status not in (301, 302, 303, 307):
                return Page(url, status, headers, body)
            to = urllib.parse.urljoin(url, headers["Location"])
            if urllib.parse.urlsplit(to).netloc != home:
                return Page(url, status, headers, body, headers["Location"])
            method, url, form = "GET", to, None
        raise tap.Failure(f"redirected for ever: {url}")

    def open(self, url):
        return self._go("GET", url)

    def _send(self, page, form, fields):
        action = urllib.parse.urljoin(page.url, form.action or page.url)
        tap.equal(form.method, "POST", "the form's method")
        return self._go("POST", action, {**form.fields, **fields})

    def submit(self, page, **fields):
        """Fills the form that has these fields, and sends it by its first button."""
        form = next((f for f in page.forms if all(name in f.fields for name in fields)), None)
        tap.check(form is not None, f"a form with {list(fields)} at {page.url}: {page.status} {page.body[:600]}")
        button = form.buttons[0] if form.buttons else [None, "", ""]
        return self._send(page, form, {**fields, **({button[0]: button[1]} if button[0] else {})})

    def press(self, page, text):
        """The form whose button says `text`."""
        for form in page.forms:
            for name, value, says in form.buttons:
                if text.lower() in says.lower():
                    return self._send(page, form, {name: value} if name else {})
        raise tap.Failure(f"no button {text!r} at {page.url}: {page.status} {page.body[:600]}")
