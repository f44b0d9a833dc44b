"""A small SAML identity provider and a browser that signs in through it; run as a program of its own by
``tests/web/test_saml.py``, because what is configured decides which tables and addresses there are.

Says, as one JSON object, what came of each answer that the provider gave.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import os
import re
import secrets
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Words
from onelogin.saml2.utils import OneLogin_Saml2_Utils as Tools

PLACE = "/accounts/saml/company"
MAIL = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
VERIFIED = "http://schemas.auth0.com/email_verified"
NAMES = f'xmlns:samlp="{Words.NS_SAMLP}" xmlns:saml="{Words.NS_SAML}"'


def pair() -> tuple[str, str]:
    """A key and its certificate."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "directory")])
    now = dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
    written = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return written.decode(), made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


KEY, CERTIFICATE = pair()
OTHER_KEY, OTHER_CERTIFICATE = pair()
BARE = "".join(line for line in CERTIFICATE.splitlines() if "-----" not in line)


class Directory(BaseHTTPRequestHandler):
    """Says under which key and where it signs people in."""

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        told = (
            f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{BASE}">'
            f'<md:IDPSSODescriptor protocolSupportEnumeration="{Words.NS_SAMLP}"><md:KeyDescriptor use="signing">'
            f'<ds:KeyInfo xmlns:ds="{Words.NS_DS}"><ds:X509Data><ds:X509Certificate>{BARE}</ds:X509Certificate>'
            "</ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            f'<md:SingleSignOnService Binding="{Words.BINDING_HTTP_REDIRECT}" Location="{BASE}/sso"/>'
            "</md:IDPSSODescriptor></md:EntityDescriptor>"
        ).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)


server = ThreadingHTTPServer(("127.0.0.1", 0), Directory)
BASE = f"http://127.0.0.1:{server.server_port}"
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ |= {"PUNCTUAL_SAML_METADATA": f"{BASE}/metadata", "PUNCTUAL_SAML_ENTITY": BASE, "PUNCTUAL_SAML_NAME": "目录"}

import django  # noqa: E402

django.setup()

from django.core.cache import cache  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402

from punctual.platform.accounts.models import User  # noqa: E402

call_command("migrate", verbosity=0)
WANG = User.objects.create_user("wang", email="wang@example.test", password="wang-has-a-word", role="sales")
User.objects.create_user("gone", email="gone@example.test", password="x", is_active=False)
for twin in ("twin1", "twin2"):
    User.objects.create_user(twin, email="desk@example.test", password="x")


def reader(language: str = "en") -> Client:
    return Client(headers={"accept-language": language, "host": "testserver"})


def moment(minutes: int) -> str:
    return (dt.datetime.now(dt.UTC) + dt.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def assertion(asked: str, said: dict[str, Any]) -> str:
    """What the directory says of a person, signed unless it is told not to."""
    about = {MAIL: said.get("mail", "wang@example.test"), "role": "administrator"} | said.get("more", {})
    attributes = "".join(
        f'<saml:Attribute Name="{name}"><saml:AttributeValue>{value}</saml:AttributeValue></saml:Attribute>'
        for name, value in about.items()
    )
    until = moment(said.get("minutes", 5))
    made = (
        f'<saml:Assertion {NAMES} ID="_{secrets.token_hex(8)}" Version="2.0" IssueInstant="{moment(0)}">'
        f"<saml:Issuer>{said.get('issuer', BASE)}</saml:Issuer><saml:Subject>"
        f'<saml:NameID Format="{Words.NAMEID_PERSISTENT}">{said.get("who", "1")}</saml:NameID>'
        f'<saml:SubjectConfirmation Method="{Words.CM_BEARER}"><saml:SubjectConfirmationData '
        f'InResponseTo="{said.get("confirms", asked)}" NotOnOrAfter="{until}" '
        f'Recipient="{said.get("recipient", f"http://testserver{PLACE}/acs/")}"/></saml:SubjectConfirmation>'
        f'</saml:Subject><saml:Conditions NotBefore="{moment(-60)}" NotOnOrAfter="{until}">'
        f"<saml:AudienceRestriction><saml:Audience>{said.get('audience', f'http://testserver{PLACE}/metadata/')}"
        f'</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="{moment(0)}">'
        f"<saml:AuthnContext><saml:AuthnContextClassRef>{Words.AC_PASSWORD}</saml:AuthnContextClassRef>"
        f"</saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement>{attributes}</saml:AttributeStatement>"
        "</saml:Assertion>"
    )
    if said.get("unsigned"):
        return made
    key, certificate = (OTHER_KEY, OTHER_CERTIFICATE) if said.get("other_key") else (KEY, CERTIFICATE)
    algorithms = (Words.RSA_SHA1, Words.SHA1) if said.get("sha1") else (Words.RSA_SHA256, Words.SHA256)
    signed: bytes = Tools.add_sign(made, key, certificate, False, *algorithms)
    return re.sub(r"^<\?xml[^>]*>\s*", "", signed.decode())


def answer(asked: str, said: dict[str, Any]) -> str:
    """The whole answer to a request; ``wrapped`` puts a second, unsigned assertion where a careless reader looks."""
    inside = assertion(asked, said)
    if said.get("changed"):
        inside = inside.replace("wang@example.test", "gong@example.test").replace(
            ">1</saml:NameID>", ">9</saml:NameID>"
        )
    if wrapped := said.get("wrapped"):
        evil = assertion(asked, said["as"] | {"unsigned": True})
        if wrapped == "before":
            inside = evil + inside
        elif wrapped == "around":  # the signed one hides in a corner of the one that is to be read
            inside = evil.replace("</saml:Assertion>", f"<saml:Advice>{inside}</saml:Advice></saml:Assertion>")
        else:  # the same signature, moved to the assertion that is to be read; what it signed hides in it
            signature = re.search(r"<(\w+:)?Signature .*?</(\w+:)?Signature>", inside, re.S)
            assert signature
            hidden = inside.replace(signature[0], "")
            moved = signature[0].replace("</ds:Signature>", f"<ds:Object>{hidden}</ds:Object></ds:Signature>")
            inside = evil.replace("</saml:Issuer>", f"</saml:Issuer>{moved}", 1)
    return (
        f'<samlp:Response {NAMES} ID="_{secrets.token_hex(8)}" Version="2.0" IssueInstant="{moment(0)}" '
        f'Destination="http://testserver{PLACE}/acs/"' + (f' InResponseTo="{asked}"' if asked else "") + ">"
        f"<saml:Issuer>{BASE}</saml:Issuer><samlp:Status><samlp:StatusCode Value="
        f'"{said.get("status", Words.STATUS_SUCCESS)}"/></samlp:Status>{inside}</samlp:Response>'
    )


def begin(browser: Client) -> str:
    """Press the button on the sign-in page; the number of the request with which the directory is asked."""
    page = browser.get("/accounts/login/")
    assert f'action="{PLACE}/login/"' in page.content.decode(), "no button"
    assert BASE in page["Content-Security-Policy"], "the browser would not go there"
    away = browser.post(f"{PLACE}/login/")
    assert away["Location"].startswith(f"{BASE}/sso?"), away["Location"]
    packed = parse_qs(urlsplit(away["Location"]).query)["SAMLRequest"][0]
    found = re.search(r'\bID="([^"]+)"', zlib.decompress(base64.b64decode(packed), -15).decode())
    assert found
    return found[1]


def worded(page: str) -> str:
    """What the one card of a page outside says."""
    card = re.search(r'<div class="cd-b bare-c">(.*?)</section>', page, re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", card[1]).split()) if card else page[:300]


def come_back(browser: Client, sent: str) -> dict[str, Any]:
    """Bring the answer as a browser does, whose cookies do not travel with a form that another site posts."""
    packed = base64.b64encode(sent.encode()).decode()
    landed = reader().post(f"{PLACE}/acs/", {"SAMLResponse": packed, "RelayState": ""})
    browser.cookies["saml-acs-session"] = landed.cookies["saml-acs-session"].value
    back = browser.get(landed["Location"])
    here = browser.get("/me/settings/")
    if here.status_code != 200 and back.status_code == 302:
        back = browser.get(back["Location"])
    return {
        "status": back.status_code,
        "signed_in": browser.session.get("_auth_user_id", "") if here.status_code == 200 else "",
        "says": worded(back.content.decode()),
    }


def sign_in(language: str = "en", *, asked: str | None = None, **said: Any) -> dict[str, Any]:
    browser = reader(language)
    request = begin(browser)
    return come_back(browser, answer(request if asked is None else asked, said))


def several_times() -> dict[str, dict[str, Any]]:
    """One good answer brought twice, by whom it was given to and by somebody who saw it."""
    browser = reader()
    sent = answer(begin(browser), {})
    first = come_back(browser, sent)
    browser.post("/accounts/logout/")
    thief = reader()
    own = begin(thief)
    return {
        "first time": first,
        "replayed": come_back(browser, sent),
        "brought by another": come_back(thief, sent),
        # The number of the request is in the part of the answer that nobody signed: another is written over it.
        "for another request": come_back(
            thief, re.sub(r'(<samlp:Response .*?InResponseTo=)"[^"]+"', rf'\1"{own}"', sent)
        ),
    }


def too_long() -> dict[str, Any]:
    back = reader().post(f"{PLACE}/acs/", {"SAMLResponse": "x" * 1_000_000})
    return {"status": back.status_code, "signed_in": "", "says": worded(back.content.decode())}


def signed_out_by_another() -> dict[str, Any]:
    """A link that asks for signing out as the directory would, without its signature."""
    browser = reader()
    come_back(browser, answer(begin(browser), {}))
    asked = (
        f'<samlp:LogoutRequest {NAMES} ID="_1" Version="2.0" IssueInstant="{moment(0)}" Destination='
        f'"http://testserver{PLACE}/sls/"><saml:Issuer>{BASE}</saml:Issuer><saml:NameID>1</saml:NameID>'
        "</samlp:LogoutRequest>"
    )
    packed = zlib.compress(asked.encode())[2:-4]
    back = browser.get(f"{PLACE}/sls/", {"SAMLRequest": base64.b64encode(packed).decode()})
    stays = browser.session.get("_auth_user_id", "")
    return {"status": back.status_code, "signed_in": stays, "says": worded(back.content.decode())}


WRAPPED = {"who": "9", "as": {"who": "1"}, "mail": "eve@example.test"}
TOLD: dict[str, dict[str, Any]] = {
    "good": sign_in(),
    "again": sign_in(),
    "unsigned": sign_in(unsigned=True),
    "another key": sign_in(other_key=True),
    "changed after signing": sign_in(changed=True),
    "wrong audience": sign_in(audience="https://elsewhere.example.test/metadata/"),
    "wrong recipient": sign_in(recipient="https://elsewhere.example.test/acs/"),
    "wrong issuer": sign_in(issuer="https://elsewhere.example.test/"),
    "expired": sign_in(minutes=-10),
    "broken hash": sign_in(sha1=True),
    "the directory refuses": sign_in(status=Words.STATUS_RESPONDER),
    "nobody asked": sign_in(asked="", confirms=""),
    **several_times(),
    **{f"wrapped {how}": sign_in(wrapped=how, **WRAPPED) for how in ("before", "around", "moved")},
    "unknown person": sign_in(who="2", mail="eve@example.test"),
    "address not verified": sign_in(who="3", more={VERIFIED: "false"}),
    "address of two people": sign_in(who="4", mail="desk@example.test"),
    "account closed": sign_in(who="5", mail="gone@example.test"),
    "unsigned, in Chinese": sign_in("zh-hans", unsigned=True),
    "unknown person, in Chinese": sign_in("zh-hans", who="6", mail="eve@example.test"),
    "no XML": come_back(reader(), "x"),
    "entities": come_back(reader(), '<!DOCTYPE x [<!ENTITY a "aaa">]><x>&a;</x>'),
    "too long": too_long(),
    "signed out by another": signed_out_by_another(),
}
METADATA = reader().get(f"{PLACE}/metadata/").status_code
server.shutdown()
server.server_close()
cache.clear()
away = reader().post(f"{PLACE}/login/")
TOLD["the directory is away"] = {"status": away.status_code, "signed_in": "", "says": worded(away.content.decode())}
WANG.refresh_from_db()
TOLD["afterwards"] = {
    "wang": str(WANG.pk),
    "people": User.objects.count(),
    "role": WANG.role,
    "password": WANG.check_password("wang-has-a-word"),
    "metadata": METADATA,
}
print(json.dumps(TOLD))
