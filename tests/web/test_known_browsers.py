"""Guessing a password is slowed down for the account, and keeps nobody out of a browser in which they were before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as product
from django.core import signing
from django.core.cache import cache
from django.test import Client

from punctual.platform.accounts.models import User
from punctual.web.account.known import SALT

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]
PASSWORD = "punctual-demo"


@pytest.fixture(autouse=True)
def limited(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "10/m/ip,5/5m/key"}
    cache.clear()


def enters(browser: Client, login: str, password: str = PASSWORD, *, address: str = "192.0.2.1") -> bool:
    given = {"login": login, "password": password}
    return browser.post("/accounts/login/", given, REMOTE_ADDR=address).status_code == 302


def guessed_at(login: str) -> None:
    """Six wrong passwords, each from an address of its own."""
    for n in range(6):
        assert not enters(Client(), login, f"wrong-{n}", address=f"198.51.100.{n}")


def known(name: str) -> Client:
    browser = Client()
    assert enters(browser, name)
    browser.post("/accounts/logout/")
    return browser


@pytest.mark.parametrize("login", ["sales", "Sales@example.test"])
def test_guessing_from_many_addresses_is_stopped_and_the_owners_browser_still_gets_in(
    person: Person, login: str
) -> None:
    person("sales")
    browser = known("sales")
    guessed_at(login)
    assert not enters(Client(), login), "the account's count holds for a browser that nobody knows"
    assert enters(browser, login)


def test_a_browser_that_is_known_is_stopped_by_its_own_wrong_tries(person: Person) -> None:
    person("sales")
    browser, other = known("sales"), known("sales")
    for n in range(5):
        assert not enters(browser, "sales", f"wrong-{n}", address=f"198.51.100.{n}")
    assert not enters(browser, "sales")
    assert enters(other, "sales")


def test_it_is_known_for_its_own_account_alone(person: Person) -> None:
    person("sales")
    person("planner")
    browser = known("planner")
    guessed_at("sales")
    assert not enters(browser, "sales")


@pytest.mark.parametrize(
    "note",
    ["", "x", signing.dumps(["a", "b"], salt="another"), signing.dumps(["a"], salt=SALT)[:-1]],
    ids=["none", "no note", "signed for something else", "cut"],  # a note tells the second in which it was signed
)
def test_a_note_that_we_did_not_write_is_not_believed(person: Person, note: str) -> None:
    person("sales")
    guessed_at("sales")
    browser = Client()
    browser.cookies[product.KNOWN_BROWSER_COOKIE] = note
    assert not enters(browser, "sales")


def test_only_who_got_in_is_known_and_scripts_do_not_see_it(person: Person) -> None:
    person("sales")
    browser = Client()
    assert not enters(browser, "sales", "wrong")
    assert product.KNOWN_BROWSER_COOKIE not in browser.cookies
    assert enters(browser, "sales")
    cookie = browser.cookies[product.KNOWN_BROWSER_COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["domain"]) == (True, "Lax", "")
    assert "sales" not in signing.loads(cookie.value, salt=SALT)
