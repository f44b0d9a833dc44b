"""Sign-in through the company's own directory: a small OpenID Connect provider of the test's own, in another process
because what is configured decides which tables and addresses there are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from migrated import said_by

PROGRAM = r"""
import base64, hashlib, json, os, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
JWK = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key())) | {"kid": "1", "use": "sig", "alg": "RS256"}
WHO, CHALLENGES = {}, {}

class Provider(BaseHTTPRequestHandler):
    def log_message(self, *_): pass
    def answer(self, body):
        data = json.dumps(body).encode()
        self.send_response(200); self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data))); self.end_headers(); self.wfile.write(data)
    def do_GET(self):
        if self.path.endswith("openid-configuration"):
            self.answer({"issuer": BASE, "authorization_endpoint": BASE + "/authorize",
                         "token_endpoint": BASE + "/token", "userinfo_endpoint": BASE + "/me",
                         "jwks_uri": BASE + "/keys"})
        elif self.path == "/keys":
            self.answer({"keys": [JWK]})
        else:
            self.answer(WHO)
    def do_POST(self):
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        verifier = sent.get("code_verifier", [""])[0]
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        assert digest == CHALLENGES["code"], "PKCE"
        now = int(time.time())
        claims = WHO | {"iss": BASE, "aud": "punctual", "iat": now, "exp": now + 60}
        self.answer({"access_token": "x", "token_type": "Bearer",
                     "id_token": jwt.encode(claims, KEY, algorithm="RS256", headers={"kid": "1"})})

server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
BASE = f"http://127.0.0.1:{server.server_port}"
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ |= {"PUNCTUAL_OIDC_SERVER": BASE, "PUNCTUAL_OIDC_CLIENT": "punctual", "PUNCTUAL_OIDC_SECRET": "s",
               "PUNCTUAL_OIDC_NAME": "Directory"}
import django
django.setup()
from django.core.management import call_command
from django.test import Client
from punctual.platform.accounts.models import User
call_command("migrate", verbosity=0)
wang = User.objects.create_user("wang", email="wang@example.test", password="x", role="sales")

def come(**who):
    WHO.clear(); WHO.update(who)
    browser = Client()
    page = browser.get("/accounts/login/")
    assert "Directory" in page.content.decode()
    assert BASE in page["Content-Security-Policy"], page["Content-Security-Policy"]
    away = browser.post("/accounts/oidc/company/login/")
    asked = parse_qs(urlsplit(away["Location"]).query)
    assert away["Location"].startswith(BASE + "/authorize") and asked["code_challenge_method"] == ["S256"]
    CHALLENGES["code"] = asked["code_challenge"][0]
    back = browser.get("/accounts/oidc/company/login/callback/", {"code": "c", "state": asked["state"][0]})
    return browser.get("/me/settings/").status_code, back.status_code

known = come(sub="1", email="wang@example.test", email_verified=True)
assert known[0] == 200, known
again = come(sub="1", email="wang@example.test", email_verified=True)
assert again[0] == 200, again
for stranger in ({"sub": "2", "email": "eve@example.test", "email_verified": True},
                 {"sub": "3", "email": "wang@example.test", "email_verified": False}):
    assert come(**stranger)[0] == 302, stranger
assert User.objects.count() == 1
forged = Client().get("/accounts/oidc/company/login/callback/", {"code": "c", "state": "forged"})
assert "_auth_user_id" not in Client().session
assert "公司目录的应答不可信" in forged.content.decode() and forged.status_code == 401, forged.content.decode()
wang.refresh_from_db()
assert wang.check_password("x") and wang.role == "sales"
server.shutdown(); server.server_close()
away = Client().post("/accounts/oidc/company/login/")
assert away.status_code == 503 and "公司目录没有应答" in away.content.decode(), away.content.decode()
print("ok")
"""


@pytest.mark.slow
@pytest.mark.skipif("postgres" in os.environ.get("DATABASE_URL", ""), reason="tried on a SQLite file")
def test_the_directory_lets_in_whom_it_knows_by_verified_mail_and_makes_nobody(tmp_path: Path) -> None:
    said = said_by(PROGRAM, tmp_path)
    assert said.endswith("ok"), said
