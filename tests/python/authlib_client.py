"""A web application on Authlib: discovery, code flow with PKCE, verified ID token, userinfo, refresh, logout.

Reads one line of JSON from standard input; prints "done" and a line of JSON.
"""

import json
import secrets
import sys
from urllib.parse import parse_qs, urlencode, urlsplit

from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

from browser import Browser

asked = json.loads(sys.stdin.readline())
redirect_uri = asked["redirect_uri"]

browser = Browser(asked["authority"])
client = OAuth2Session(
    asked["client_id"],
    asked["client_secret"],
    scope=asked["scope"],
    redirect_uri=redirect_uri,
    code_challenge_method="S256",
)
client.trust_env = False
client.verify = asked["authority"]
client.headers["connection"] = "close"


def plain(url):
    answer = client.request("GET", url, withhold_token=True)
    answer.raise_for_status()
    return answer.json()


provider = plain(f"{asked['issuer']}/.well-known/openid-configuration")
keys = KeySet.import_key_set(plain(provider["jwks_uri"]))

verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
start, state = client.create_authorization_url(provider["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
back = browser.go(start, stop=redirect_uri, user=asked["user"], password=asked["password"])
assert isinstance(back, str), f"{back.url}: {back.status_code} {back.text}"
assert parse_qs(urlsplit(back).query)["iss"] == [asked["issuer"]], back

token = client.fetch_token(
    provider["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier
)


def claims_of(id_token, **parameters):
    algorithms = provider["id_token_signing_alg_values_supported"]
    decoded = jwt.decode(id_token, keys, algorithms=algorithms)
    options = {
        "iss": {"essential": True, "value": provider["issuer"]},
        "aud": {"essential": True, "value": asked["client_id"]},
    }
    claims = CodeIDToken(decoded.claims, decoded.header, options, parameters)
    claims.validate(leeway=5)
    return claims


claims = claims_of(
    token["id_token"], nonce=nonce, access_token=token["access_token"], client_id=asked["client_id"]
)
userinfo = client.get(provider["userinfo_endpoint"])
userinfo.raise_for_status()
assert userinfo.json()["sub"] == claims["sub"]

refreshed = client.refresh_token(provider["token_endpoint"], refresh_token=token["refresh_token"])
assert refreshed["access_token"] != token["access_token"]
again = client.get(provider["userinfo_endpoint"])
assert again.status_code == 200 and again.json()["sub"] == claims["sub"], again.text

goodbye = {
    "post_logout_redirect_uri": asked["post_logout_redirect_uri"],
    "id_token_hint": token["id_token"],
    "state": "bye",
}
left = browser.go(f"{provider['end_session_endpoint']}?{urlencode(goodbye)}", stop=asked["post_logout_redirect_uri"])
assert isinstance(left, str), f"{left.url}: {left.status_code} {left.text}"
assert parse_qs(urlsplit(left).query)["state"] == ["bye"], left

silent, _ = client.create_authorization_url(
    provider["authorization_endpoint"], code_verifier=verifier, nonce=nonce, prompt="none"
)
out = browser.go(silent, stop=redirect_uri)
assert isinstance(out, str), f"{out.url}: {out.status_code} {out.text}"
assert parse_qs(urlsplit(out).query)["error"] == ["login_required"], out

print("done")
print(json.dumps({"claims": dict(claims), "userinfo": userinfo.json(), "scope": token.get("scope")}))
