"""While the database is busy or away: 503 with Retry-After and the typed form kept; a clash is done again by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from punctual.platform import trouble
from punctual.platform.accounts.services import issue_token
from punctual.platform.company.models import Company
from punctual.platform.idempotency.models import DoneRequest
from punctual.platform.trouble import Trouble, retrying, trouble_of
from punctual.web.account import views

Person = Callable[[str], Any]


class _Cause(Exception):
    def __init__(self, sqlstate: str | None) -> None:
        self.sqlstate = sqlstate


def _error(text: str = "", sqlstate: str | None = None) -> OperationalError:
    error = OperationalError(text)
    error.__cause__ = _Cause(sqlstate)
    return error


@pytest.fixture
def on_postgres(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trouble, "connection", type("C", (), {"vendor": "postgresql", "in_atomic_block": False}))


@pytest.mark.usefixtures("on_postgres")
@pytest.mark.parametrize(
    ("sqlstate", "found"),
    [
        ("40001", Trouble.CLASH),
        ("40P01", Trouble.CLASH),
        ("55P03", Trouble.BUSY),
        ("57P01", Trouble.AWAY),
        ("08006", Trouble.AWAY),
        (None, Trouble.AWAY),
        ("53100", Trouble.FULL),
        ("42P01", None),
        ("22003", None),
    ],
)
def test_each_postgresql_code_is_the_trouble_it_is(sqlstate: str | None, found: Trouble | None) -> None:
    assert trouble_of(_error(sqlstate=sqlstate)) is found


@pytest.mark.usefixtures("on_postgres")
def test_a_clash_is_done_again_and_another_error_is_not() -> None:
    answers: list[Exception | str] = [_error(sqlstate="40P01"), _error(sqlstate="40001"), "done", ValueError()]

    def work() -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert retrying(work) == "done"
    with pytest.raises(ValueError):  # noqa: PT011 - our own, just above
        retrying(work)


@pytest.mark.usefixtures("on_postgres")
def test_a_clash_that_does_not_end_is_told_after_a_few_attempts() -> None:
    tried: list[int] = []

    def work() -> None:
        tried.append(1)
        raise _error(sqlstate="40P01")

    with pytest.raises(OperationalError):
        retrying(work)
    assert len(tried) == trouble.ATTEMPTS


def _fails_with(error: Exception) -> Callable[..., None]:
    def fail(**_: object) -> None:
        raise error

    return fail


def test_a_form_is_kept_while_nobody_can_save(
    signed_in: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in("administrator")
    browser.raise_request_exception = False
    monkeypatch.setattr(views, "change_company", _fails_with(OperationalError("database is locked")))
    answer = browser.post("/settings/", {"name": '华辰 "自动化"', "version": "1", "form_key": "k-1"})
    page = answer.content.decode()
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert 'name="name" value="华辰 &quot;自动化&quot;"' in page
    assert 'name="form_key" value="k-1"' in page
    assert not DoneRequest.objects.exists()
    monkeypatch.undo()
    again = browser.post("/settings/", {"name": '华辰 "自动化"', "version": "1", "form_key": "k-1"})
    assert again.status_code == 302
    assert Company.objects.get().name == '华辰 "自动化"'


def test_a_part_of_a_page_gets_a_notice_and_leaves_the_form_alone(
    signed_in: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in("administrator")
    browser.raise_request_exception = False
    monkeypatch.setattr(views, "change_company", _fails_with(OperationalError("database or disk is full")))
    answer = browser.post("/settings/", {"name": "x", "version": "1"}, headers={"HX-Request": "true"})
    assert answer.status_code == 503
    assert "punctual:notice" in answer["HX-Trigger"]


def test_a_mistake_of_the_program_stays_an_error(
    signed_in: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in("administrator")
    browser.raise_request_exception = False
    monkeypatch.setattr(views, "change_company", _fails_with(OperationalError("no such table: x")))
    assert browser.post("/settings/", {"name": "x", "version": "1"}).status_code == 500


def test_a_program_gets_a_problem_with_when_to_come_again(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    user = person("sales")
    client = Client(headers={"Authorization": f"Bearer {issue_token(actor=user, user=user, name='x')}"})
    monkeypatch.setattr("punctual.api.notifications.mark_read", _fails_with(OperationalError("database is locked")))
    answer = client.post("/api/v1/notifications/read", data={}, content_type="application/json")
    assert (answer.status_code, answer["Retry-After"], answer.json()["code"]) == (503, "5", "database.busy")


def test_a_clash_under_a_form_key_is_done_again_and_happens_once(
    signed_in: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in("administrator")
    browser.raise_request_exception = False
    real, clashes = views.change_company, [1, 1]

    def clash_twice(**given: Any) -> object:
        done = real(**given)
        if clashes:
            clashes.pop()
            raise OperationalError("database is locked")
        return done

    monkeypatch.setattr(views, "change_company", clash_twice)
    monkeypatch.setattr(trouble, "_SQLITE", (("database is locked", Trouble.CLASH),))
    monkeypatch.setattr(trouble, "_POSTGRES", {"": Trouble.CLASH})
    answer = browser.post("/settings/", {"name": "华辰", "version": "1", "form_key": "k-2"})
    assert answer.status_code == 302
    assert clashes == []
    assert (Company.objects.get().name, Company.objects.get().version) == ("华辰", 2)
