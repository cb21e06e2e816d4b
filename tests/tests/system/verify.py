"""Verifies tokens with PyJWT against a published key set, as a service would, and prints their claims.

Reads from standard input: {"jwks": {...}, "issuer": "...", "tokens": [{"token": "...", "audience": "..."}]}
"""

import json
import sys

import jwt

asked = json.load(sys.stdin)
keys = jwt.PyJWKSet.from_dict(asked["jwks"])
verified = []
for one in asked["tokens"]:
    header = jwt.get_unverified_header(one["token"])
    claims = jwt.decode(
        one["token"],
        keys[header["kid"]],
        algorithms=["ES256", "RS256"],
        issuer=asked["issuer"],
        audience=one["audience"],
        options={"require": ["exp", "iat", "iss", "sub", "jti", "scope", "aud"]},
    )
    damaged = one["token"][:-6] + ("AAAAAA" if one["token"][-6:] != "AAAAAA" else "BBBBBB")
    try:
        jwt.decode(damaged, keys[header["kid"]], algorithms=["ES256", "RS256"], audience=one["audience"])
        sys.exit("a damaged token was verified")
    except jwt.InvalidSignatureError:
        pass
    verified.append({"header": header, "claims": claims})
json.dump(verified, sys.stdout)
