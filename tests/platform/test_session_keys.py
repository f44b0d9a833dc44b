"""Of a session's key the database has a hash: who reads the table can't be anybody by it."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from migrated import WITH_SQL, said_by
from punctual.platform.accounts.models import User
from punctual.platform.sealed_sessions import SessionStore, forget_ended, kept_key

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]
SignedIn = Callable[[str], Client]


def is_in(key: str) -> bool:
    browser = Client()
    browser.cookies[settings.SESSION_COOKIE_NAME] = key
    return browser.get("/me/settings/").status_code == 200


def key_of(browser: Client) -> str:
    return browser.cookies[settings.SESSION_COOKIE_NAME].value


# — what is refused —


def test_what_stands_in_the_table_opens_nothing(signed_in: SignedIn) -> None:
    key = key_of(signed_in("sales"))
    kept = Session.objects.get().session_key
    assert kept not in (key, "")
    assert is_in(key)
    assert not is_in(kept)


@pytest.mark.parametrize("key", ["x", "abcdefgh", "a" * 32, "a" * 4000, "签到签到签到签到", "a\x00bcdefgh"])
def test_a_key_that_was_never_given_is_nobody(key: str, person: Person) -> None:
    person("sales")
    store = SessionStore(key)
    assert store.load() == {}
    assert store.session_key is None


def test_a_key_whose_time_is_over_is_nobody_and_is_cleared_away(person: Person) -> None:
    one, other = Client(), Client()
    one.force_login(person("sales"))
    other.force_login(person("planner"))
    kept, key = key_of(one), key_of(other)
    ended = timezone.now() - dt.timedelta(seconds=1)
    Session.objects.filter(session_key=kept_key(key)).update(expire_date=ended)
    assert not is_in(key)
    forget_ended()
    assert [row.session_key for row in Session.objects.all()] == [kept_key(kept)]
    assert is_in(kept)


def test_signing_out_removes_the_row(signed_in: SignedIn) -> None:
    browser = signed_in("sales")
    key = key_of(browser)
    browser.post("/accounts/logout/")
    assert not Session.objects.filter(session_key=kept_key(key)).exists()
    assert not is_in(key)


def test_a_new_key_takes_the_content_along_and_the_former_one_ends() -> None:
    store = SessionStore()
    store["x"] = 1
    store.create()
    store["x"] = 1
    store.save()
    before = store.session_key
    store.cycle_key()
    assert store.session_key != before
    assert SessionStore(before).load() == {}
    assert SessionStore(store.session_key).load() == {"x": 1}
    assert Session.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_asked_asynchronously_it_keeps_no_key_either() -> None:
    async def work() -> tuple[str | None, bool, dict[str, object]]:
        store = SessionStore()
        await store.aset("x", 1)
        await store.asave()
        found = await SessionStore(store.session_key).aload()
        there = await store.aexists(store.session_key or "")
        return store.session_key, there, found

    key, there, found = asyncio.run(work())
    assert key is not None
    assert there
    assert found == {"x": 1}
    assert [row.session_key for row in Session.objects.all()] == [kept_key(key)]
    asyncio.run(SessionStore(key).adelete())
    assert not Session.objects.exists()


# — what stood there before —

PROGRAM = """
from django.conf import settings
from django.test import Client
from django.contrib.sessions.backends.db import SessionStore as PlainStore

call_command("migrate", "accounts", "0004", verbosity=0)
from punctual.platform.accounts.models import User
user = User.objects.create_user("old", password="x", role="sales")
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
store = PlainStore()
store.update({SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
              HASH_SESSION_KEY: user.get_session_auth_hash()})
store.save()
key = store.session_key

def there():
    return [path.name for path in settings.DATA.glob("*.db*") if key.encode() in path.read_bytes()]

def status():
    browser = Client()
    browser.cookies[settings.SESSION_COOKIE_NAME] = key
    return browser.get("/me/settings/").status_code

assert there() and status() == 302
call_command("migrate", verbosity=0)
assert not there() and status() == 200
call_command("migrate", "accounts", "0004", verbosity=0)
assert sql("SELECT count(*) FROM django_session") == [(0,)]
print("ok")
"""


@pytest.mark.slow
@pytest.mark.own_database
def test_who_is_signed_in_stays_so_at_the_upgrade_and_no_key_stays_in_the_file(tmp_path: Path) -> None:
    assert said_by(WITH_SQL + PROGRAM, tmp_path) == "ok"
