"""Who gets in, how long a sign-in lasts, what a token may do, and what every answer says to the browser."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from django.urls import URLResolver, get_resolver

import ordering
from punctual.kernel.refusal import Forbidden, Refusal
from punctual.platform.accounts.models import ApiToken
from punctual.platform.accounts.services import change_person, issue_token, sign_out_everywhere
from punctual.platform.logs import JsonFormatter, SecretsFilter, client_address, without_secrets
from punctual.web.account import sessions

Person = Callable[[str], Any]
PASSWORD = "punctual-demo"


def _sign_in(name: str) -> Client:
    browser = Client()
    answer = browser.post("/accounts/login/", {"login": name, "password": PASSWORD})
    assert answer.status_code == 302, answer.content[:500]
    return browser


def _is_in(browser: Client) -> bool:
    return browser.get("/me/settings/").status_code == 200


# — sign-in and its end —


def test_the_session_key_changes_at_sign_in(person: Person) -> None:
    person("sales")
    browser = Client()
    browser.get("/accounts/login/")
    session = browser.session
    session["x"] = 1
    session.save()
    before = session.session_key
    browser.cookies["sessionid"] = before
    browser.post("/accounts/login/", {"login": "sales", "password": PASSWORD})
    assert browser.cookies["sessionid"].value not in {"", before}


def test_an_unused_sign_in_ends(person: Person, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    person("sales")
    browser, now = _sign_in("sales"), time.time()
    assert _is_in(browser)
    monkeypatch.setattr(sessions.time, "time", lambda: now + settings.SESSION_IDLE_SECONDS - 60)
    assert _is_in(browser)
    monkeypatch.setattr(sessions.time, "time", lambda: now + 2 * settings.SESSION_IDLE_SECONDS)
    assert not _is_in(browser)


def test_a_used_sign_in_ends_too_after_its_longest_time(
    person: Person, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    person("sales")
    settings.SESSION_COOKIE_AGE = 2 * settings.SESSION_IDLE_SECONDS
    browser, now, step = _sign_in("sales"), time.time(), settings.SESSION_IDLE_SECONDS // 2
    assert _is_in(browser)
    for passed in range(step, settings.SESSION_COOKIE_AGE, step):
        monkeypatch.setattr(sessions.time, "time", lambda passed=passed: now + passed)
        assert _is_in(browser), passed
    monkeypatch.setattr(sessions.time, "time", lambda: now + settings.SESSION_COOKIE_AGE + step)
    assert not _is_in(browser)


def test_signing_out_everywhere_ends_the_other_browser_and_not_this_one(person: Person) -> None:
    person("sales")
    here, there = _sign_in("sales"), _sign_in("sales")
    assert here.post("/me/sign-out-everywhere/").status_code == 302
    assert _is_in(here)
    assert not _is_in(there)


def test_nobody_signs_out_another_but_who_manages_people(person: Person) -> None:
    victim = person("sales")
    with pytest.raises(Forbidden):
        sign_out_everywhere(actor=person("planner"), user_id=victim.pk)
    victim.refresh_from_db()
    assert victim.session_round == 0
    browser = _sign_in("sales")
    sign_out_everywhere(actor=person("administrator"), user_id=victim.pk)
    assert not _is_in(browser)


def test_a_disabled_person_is_out_at_once_with_session_and_token(person: Person) -> None:
    user, boss = person("sales"), person("administrator")
    browser = _sign_in("sales")
    headers = {"Authorization": f"Bearer {issue_token(actor=user, user=user, name='x')}"}
    assert Client().get("/api/v1/me", headers=headers).status_code == 200
    change_person(actor=boss, user_id=user.pk, role="sales", display_name="", email="", department="", is_active=False)
    assert not _is_in(browser)
    assert Client().get("/api/v1/me", headers=headers).status_code == 401
    again = Client()
    again.post("/accounts/login/", {"login": "sales", "password": PASSWORD})
    assert not _is_in(again)


def test_guessing_passwords_is_slowed_down(person: Person, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "3/m/ip"}
    person("sales")
    cache.clear()
    answers = [
        Client().post("/accounts/login/", {"login": "sales", "password": f"wrong-{n}"}, REMOTE_ADDR="192.0.2.7")
        for n in range(5)
    ]
    assert b"ferr" in answers[0].content or answers[0].status_code == 200
    page = Client().post("/accounts/login/", {"login": "sales", "password": PASSWORD}, REMOTE_ADDR="192.0.2.7")
    assert page.status_code != 302
    elsewhere = Client().post("/accounts/login/", {"login": "sales", "password": PASSWORD}, REMOTE_ADDR="192.0.2.8")
    assert elsewhere.status_code == 302
    cache.clear()


# — tokens —


def test_a_reading_token_changes_nothing(person: Person) -> None:
    user = person("sales")
    text = issue_token(actor=user, user=user, name="x", scope="read")
    client = Client(headers={"Authorization": f"Bearer {text}"})
    assert client.get("/api/v1/me").status_code == 200
    answer = client.post("/api/v1/notifications/read", data={}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "token.reads_only")


def test_an_assistants_token_suggests_and_changes_nothing_else(person: Person) -> None:
    user = person("order_manager")
    text = issue_token(actor=user, user=user, name="x", scope="propose")
    client = Client(headers={"Authorization": f"Bearer {text}"})
    assert client.get("/api/v1/orders").status_code == 200
    for address in ("/api/v1/notifications/read", "/api/v1/orders", "/api/v1/proposals/", "/api/v1/proposals/1"):
        assert client.post(address, data={}, content_type="application/json").status_code == 403, address
    assert client.delete("/api/v1/proposals").status_code == 403
    assert client.post("/api/v1/proposals", data={}, content_type="application/json").status_code == 422


def test_a_token_ends_on_its_day(person: Person) -> None:
    user = person("sales")
    text = issue_token(actor=user, user=user, name="x", days=1)
    headers = {"Authorization": f"Bearer {text}"}
    assert Client().get("/api/v1/me", headers=headers).status_code == 200
    token = ApiToken.objects.get()
    token.expires_at = token.created_at
    token.save()
    assert Client().get("/api/v1/me", headers=headers).status_code == 401


@pytest.mark.parametrize(("scope", "days", "code"), [("all", None, "token.scope"), ("read", 0, "token.days")])
def test_a_wrong_wish_for_a_token_is_refused(person: Person, scope: str, days: int | None, code: str) -> None:
    user = person("sales")
    with pytest.raises(Refusal) as refused:
        issue_token(actor=user, user=user, name="x", scope=scope, days=days)
    assert refused.value.codes == {code}
    assert not ApiToken.objects.exists()


def test_the_text_of_a_token_stands_nowhere(person: Person) -> None:
    user = person("sales")
    text = issue_token(actor=user, user=user, name="x")
    assert text not in repr(ApiToken.objects.values().get())


def test_too_many_api_requests_are_told_when_to_come_again(person: Person, settings: Any) -> None:
    settings.API_RATE = 3
    cache.clear()
    user = person("sales")
    client = Client(headers={"Authorization": f"Bearer {issue_token(actor=user, user=user, name='x')}"})
    answers = [client.get("/api/v1/me") for _ in range(5)]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60
    cache.clear()


@pytest.mark.parametrize(("proxy", "address"), [(False, "192.0.2.1"), (True, "203.0.113.9")])
def test_a_callers_address_is_believed_from_our_own_proxy_only(settings: Any, proxy: bool, address: str) -> None:
    settings.BEHIND_PROXY = proxy
    headers = {"X-Forwarded-For": "198.51.100.7, 203.0.113.9"}
    assert client_address(RequestFactory().get("/", headers=headers, REMOTE_ADDR="192.0.2.1")) == address


# — what every answer says —


def test_every_page_carries_the_headers_that_keep_others_out(signed_in: Callable[[str], Client]) -> None:
    answer = signed_in("sales").get("/me/settings/")
    policy = answer["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
    assert "default-src 'none'" in policy
    assert "report-uri /csp-report/" in policy
    assert answer["Reporting-Endpoints"] == 'csp="/csp-report/"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "geolocation=()" in answer["Permissions-Policy"]
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert "no-cache" in answer["Cache-Control"]


def test_what_the_api_answers_is_kept_by_no_cache(signed_in: Callable[[str], Client]) -> None:
    assert signed_in("sales").get("/api/v1/me")["Cache-Control"] == "no-store"


REPORT = {
    "csp-report": {"document-uri": "https://x/orders/", "violated-directive": "script-src", "blocked-uri": "inline"}
}


def test_a_browser_reports_what_the_policy_stopped(client: Client, db: None, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        answer = client.post("/csp-report/", json.dumps(REPORT), content_type="application/csp-report")
    assert answer.status_code == 204
    assert "script-src" in caplog.text


@pytest.mark.parametrize(
    ("body", "status"), [(b"x" * 20_000, 413), (b"{", 400), (b"[]", 400), (b"7", 400), (b"[1]", 400)]
)
def test_a_report_that_is_none_is_refused(client: Client, db: None, body: bytes, status: int) -> None:
    assert client.post("/csp-report/", body, content_type="application/reports+json").status_code == status
    assert client.get("/csp-report/").status_code == 405


# — the settings of an installation served over TLS —


def _deployed(program: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    secret = tmp_path / "key"
    secret.write_text("0123456789abcdef" * 4)
    given = {
        "PUNCTUAL_DATA": str(tmp_path),
        "PUNCTUAL_SECRET_FILE": str(secret),
        "PUNCTUAL_HTTPS": "1",
        "PUNCTUAL_PROXY": "1",
        "PUNCTUAL_HOSTS": "punctual.example",
        "DJANGO_SETTINGS_MODULE": "punctual.config.settings",
        "PYTHONPATH": str(Path(__file__).parents[2] / "src"),
    }
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "DJANGO_", "PUNCTUAL_"))
    }
    return subprocess.run(
        [sys.executable, "-c", program], env=kept | given, capture_output=True, text=True, check=False, timeout=300
    )


def test_the_deployment_check_warns_of_nothing_and_cookies_belong_to_the_host(tmp_path: Path) -> None:
    program = (
        "import django\ndjango.setup()\n"
        "from django.conf import settings\nfrom django.core.management import call_command\n"
        "call_command('check', deploy=True, fail_level='WARNING')\n"
        "assert settings.SECRET_KEY == '0123456789abcdef' * 4\n"
        "assert settings.SESSION_COOKIE_NAME.startswith('__Host-')\n"
        "assert settings.CSRF_COOKIE_NAME.startswith('__Host-')\n"
        "assert settings.SESSION_COOKIE_SECURE and settings.SESSION_COOKIE_HTTPONLY and settings.CSRF_COOKIE_SECURE\n"
        "assert settings.SESSION_COOKIE_DOMAIN is None and settings.SESSION_COOKIE_PATH == '/'\n"
        "from django.test import Client\n"
        "plain = Client().get('/accounts/login/', headers={'Host': 'punctual.example'})\n"
        "assert plain.status_code == 301 and plain['Location'].startswith('https://'), plain\n"
        "assert Client().get('/healthz', headers={'Host': 'punctual.example'}).status_code == 200\n"
        "secure = Client().get('/csp-report/', headers={'Host': 'punctual.example', 'X-Forwarded-Proto': 'https'})\n"
        "assert 'max-age=31536000' in secure['Strict-Transport-Security'], secure.headers\n"
        "assert Client().get('/healthz', headers={'Host': 'evil.example'}).status_code == 400\n"
        "print('ok')\n"
    )
    run = _deployed(program, tmp_path)
    assert run.stdout.endswith("\nok\n"), run.stdout + run.stderr[-3000:]


# — logs —


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer pt_abcdefghijklmnopqrstuvwx",
        "GET /t/abcdefghijklmnopqrstuvwx/",
        "password=abcdefghijklmnopqrstuvwx&next=/",
        '{"password": "abcdefghijklmnopqrstuvwx"}',
        "postgres://punctual:abcdefghijklmnopqrstuvwx@db/punctual",
        "?code=abcdefghijklmnopqrstuvwx&state=1",
    ],
)
def test_no_secret_reaches_a_log(text: str) -> None:
    assert "abcdefghijklmnopqrstuvwx" not in without_secrets(text)


def _routes(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern, route)
        else:
            yield route


def test_no_link_that_opens_without_sign_in_stands_in_a_log_with_its_key() -> None:
    links = [route for route in _routes(get_resolver()) if "<str:token>" in route and "import/" not in route]
    assert len(links) >= 9
    for route in links:
        path = "/" + route.replace("<str:token>", "abcdefghijklmnopqrst:1x")
        assert "abcdefghijklmnopqrst" not in without_secrets(f"GET {path} 200"), path


def test_a_log_line_is_json_with_the_number_of_its_request(signed_in: Callable[[str], Client], person: Person) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(SecretsFilter())
    logger = logging.getLogger("punctual.access")
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.INFO)
    try:
        answer = signed_in("sales").get("/me/settings/", headers={"X-Request-ID": "from-the-proxy-1"})
        other = Client().get("/accounts/login/?password=abcdefghijk", headers={"X-Request-ID": "bad id\n"})
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    assert answer["X-Request-ID"] == "from-the-proxy-1"
    assert len(other["X-Request-ID"]) == 32
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert (lines[0]["request_id"], lines[0]["status"], lines[0]["route"]) == ("from-the-proxy-1", 200, "me/settings/")
    assert lines[0]["user"] == person("sales").pk
    assert "abcdefghijk" not in stream.getvalue()


# — what was uploaded —


@pytest.mark.parametrize("name", ["page.html", "picture.svg", "协议.pdf"])
def test_an_upload_comes_back_as_a_download_that_runs_nothing(
    signed_in: Callable[[str], Client], person: Person, settings: Any, tmp_path: Path, name: str
) -> None:
    settings.MEDIA_ROOT = tmp_path
    browser, order = signed_in("sales"), ordering.draft(person("sales"))
    url = f"/api/v1/orders/{order.key}/attachments"
    made = browser.post(url, {"file": SimpleUploadedFile(name, b"<script>alert(1)</script>", "text/html")})
    answer = browser.get(f"{url}/{made.json()['id']}")
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert name not in [path.name for path in tmp_path.rglob("*")]


# — whose address is whose —


def test_nobody_takes_anothers_address(person: Person) -> None:
    sales, manager = person("sales"), person("manager")
    browser = _sign_in("sales")
    assert browser.get("/accounts/email/").status_code == 404
    for step in ("action_add", "action_primary"):
        assert browser.post("/accounts/email/", {"email": manager.email, step: ""}).status_code == 404
    sales.refresh_from_db()
    assert sales.email == "sales@example.test"
    assert not EmailAddress.objects.exists()


def test_an_address_that_was_replaced_opens_no_way_back(person: Person, mailoutbox: list[Any]) -> None:
    sales, former = person("sales"), "sales@example.test"
    EmailAddress.objects.create(user=sales, email=former, primary=True)
    change_person(
        actor=person("administrator"), user_id=sales.pk, role="sales", display_name="x", email="new@example.test",
        department="", is_active=True,
    )  # fmt: skip
    for address, ways in ((former, 0), ("NEW@example.test", 1)):
        mailoutbox.clear()
        assert Client().post("/accounts/password/reset/", {"email": address}).status_code == 302
        assert sum("/accounts/password/reset/key/" in mail.body for mail in mailoutbox) == ways
