"""A browser without JavaScript: cookies, redirects, forms. Each request is a connection of its own, so that each meets
another node."""

from urllib.parse import urljoin

import requests
from bs4 import BeautifulSoup

MAX_STEPS = 25
REDIRECTS = (301, 302, 303, 307, 308)


class Browser:
    def __init__(self, authority):
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = authority
        self.session.headers["connection"] = "close"
        self.requests = []

    def go(self, url, stop=None, user=None, password=None):
        """Signs in and approves whatever it meets until an address begins with `stop` (then that address), or no form is
        left (then the last answer)."""
        method, data = "GET", None
        for _ in range(MAX_STEPS):
            if stop and url.startswith(stop):
                return url
            answer = self.session.request(method, url, data=data, allow_redirects=False, timeout=30)
            self.requests.append((method, url.split("?")[0], answer.status_code))
            if answer.status_code in REDIRECTS:
                url, method, data = urljoin(url, answer.headers["location"]), "GET", None
                continue
            page = BeautifulSoup(answer.text, "html.parser")
            form = next((form for form in page.find_all("form") if form.get("method", "").lower() == "post"), None)
            if form is None or user is None:
                return answer
            data = {
                field["name"]: field.get("value", "")
                for field in form.find_all(["input", "button"])
                if field.get("name") and field["name"] != "abort" and not unchosen(field)
            }
            if "username" in data:
                data["username"] = user
            if "password" in data:
                data["password"] = password
            url, method = urljoin(url, form.get("action") or url), "POST"
        raise SystemExit(f"no end after {MAX_STEPS} steps: {self.requests}")


def unchosen(field):
    return field.get("type") in ("radio", "checkbox") and not field.has_attr("checked")
