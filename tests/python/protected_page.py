"""A person at a page that Apache's mod_auth_openidc protects: sign-in, the page, logout.

Reads one line of JSON from standard input; prints "done" and a line of JSON.
"""

import json
import sys
from urllib.parse import urlencode

from browser import Browser

asked = json.loads(sys.stdin.readline())
browser = Browser(asked["authority"])
page = browser.go(asked["page"], user=asked["user"], password=asked["password"])
assert page.status_code == 200 and page.url == asked["page"], f"{page.url}: {page.status_code} {page.text}"
seen = page.text

# Apache forgets the person and sends the browser to the provider's end of session, which sends it back.
logout = f"{asked['redirect_uri']}?{urlencode({'logout': asked['goodbye']})}"
left = browser.go(logout, stop=asked["goodbye"])
assert isinstance(left, str), f"{left.url}: {left.status_code} {left.text}"

# Now the page asks for a password again.
again = browser.go(asked["page"])
assert again.url.startswith(asked["issuer"]), f"after logout: {again.url}: {again.status_code} {again.text}"
assert 'type="password"' in again.text, again.text

print("done")
print(json.dumps({"seen": seen, "requests": browser.requests}))
