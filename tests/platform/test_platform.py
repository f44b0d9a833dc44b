"""Numbering, versions, outbox, search, idempotency, comments, files."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client

import ordering
from ordering import customer
from punctual.kernel.refusal import Conflict, Forbidden, NotFound, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.accounts.services import change_person, create_person, issue_token, revoke_token
from punctual.platform.attachments.services import attach, attachments_of, path_of, remove
from punctual.platform.comments.services import add_comment
from punctual.platform.company.models import Company
from punctual.platform.company.services import change_company, company
from punctual.platform.notifications.services import unread_count
from punctual.platform.numbering.models import NumberSeries
from punctual.platform.numbering.services import next_number
from punctual.platform.outbox.models import OutboxEvent
from punctual.platform.outbox.services import deliver_pending, emit, subscribe
from punctual.platform.search.models import SearchDocument
from punctual.platform.search.services import Document, find, index

Person = Callable[[str], Any]


@pytest.mark.django_db(transaction=True)
def test_a_number_outside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError):
        next_number(series="SO", year=2026)


@pytest.mark.django_db
def test_numbers_follow_without_gap_even_after_a_failure() -> None:
    def fail() -> None:
        with transaction.atomic():
            next_number(series="SO", year=2026)
            raise ValueError

    with transaction.atomic():
        assert next_number(series="SO", year=2026) == "SO-2026-00001"
    with pytest.raises(ValueError):  # noqa: PT011 - our own, just above
        fail()
    with transaction.atomic():
        assert next_number(series="SO", year=2026) == "SO-2026-00002"
        assert next_number(series="SO", year=2027) == "SO-2027-00001"
    assert NumberSeries.objects.count() == 2


def test_only_an_administrator_renames_the_company(person: Person) -> None:
    with pytest.raises(Forbidden):
        change_company(actor=person("sales"), name="甲", expected_version=None)
    assert company().name == ""


def test_the_second_of_two_edits_gets_a_conflict_that_shows_the_difference(person: Person) -> None:
    boss = person("administrator")
    version = company().version
    change_company(actor=boss, name="华辰", expected_version=version)
    with pytest.raises(Conflict) as refused:
        change_company(actor=boss, name="恒拓", expected_version=version)
    assert refused.value.current_version == version + 1
    assert [(change["field"], change["old"], change["new"]) for change in refused.value.changes] == [
        ("name", "", "华辰")
    ]
    assert company().name == "华辰"


def test_nobody_takes_away_their_own_access(person: Person) -> None:
    boss = person("administrator")
    with pytest.raises(Refusal) as refused:
        change_person(
            actor=boss, user_id=boss.pk, role="sales", display_name="", email="", department="", is_active=True
        )
    assert "account.self" in refused.value.codes


def test_every_reason_against_a_new_person_comes_at_once(person: Person) -> None:
    with pytest.raises(Refusal) as refused:
        create_person(actor=person("administrator"), username="a b", password="x", role="king")
    assert refused.value.codes == {"account.name", "account.role"}


@pytest.mark.django_db(transaction=True)
def test_an_event_is_handled_once_and_again_after_a_failure() -> None:
    seen: list[str] = []

    def handler(event: OutboxEvent) -> None:
        seen.append(event.payload["name"])
        if len(seen) == 1:
            raise RuntimeError("the first time it fails")

    subscribe("tested", handler)
    with transaction.atomic():
        event = emit("tested", name="a")
    event.refresh_from_db()
    # Jobs run in the request here, so the first, failing delivery has happened at commit.
    assert (event.handled_at, event.attempts) == (None, 1)
    assert deliver_pending() == 1
    assert deliver_pending() == 0
    assert seen == ["a", "a"]


@pytest.mark.django_db(transaction=True)
def test_an_event_of_a_rolled_back_change_is_never_told() -> None:
    def fail() -> None:
        with transaction.atomic():
            emit("tested.rollback", name="a")
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - our own, just above
        fail()
    assert not OutboxEvent.objects.exists()


@pytest.mark.parametrize(
    "query",
    [
        "锂科",
        "宁海",
        "nhlk",
        "lkxny",
        "ninghai",
        "ningh",
        "ninghailike",
        "xinnengyuan",
        "SO-2026-00031",
        "00031",
        "so 31 锂",
        "hc-fs200",
        "ninghai 31",
    ],
)
@pytest.mark.django_db
def test_chinese_words_pinyin_initials_and_number_tails_find(query: str) -> None:
    thing = Company.objects.create(name="x")
    index([Document(thing, "SO-2026-00031", "", ["SO-2026-00031", "宁海锂科新能源", "HC-FS200", "31"])])
    assert [document.target_id for document in find(query)] == [thing.pk]


@pytest.mark.django_db
def test_what_was_kept_before_is_found_by_its_whole_pinyin_after_the_upgrade() -> None:
    thing = Company.objects.create(name="x")
    index([Document(thing, "a", "", ["宁海锂科"])])
    kept = SearchDocument.objects.get()
    assert list(find("ninghai"))
    assert not list(find("ningbo"))
    assert not list(find("haining"))
    kept.tokens = " ".join(one for one in kept.tokens.split(" ") if not one.startswith("q"))
    kept.save()
    assert not list(find("ninghai"))
    import_module("punctual.platform.search.migrations.0003_whole_pinyin").add(apps, None)
    assert list(find("ninghai")) == [kept]


@pytest.mark.parametrize("query", ["cq", "zq", "cqsc", "xxcg", "hxzg", "chongqing", "zhongqing", "shancheng"])
@pytest.mark.django_db
def test_a_character_read_in_several_ways_is_found_by_each(query: str) -> None:
    thing = Company.objects.create(name="x")
    index([Document(thing, "a", "", ["重庆山城行星重工"])])
    assert [document.target_id for document in find(query)] == [thing.pk]


@pytest.mark.parametrize("query", ["科锂", "苏州", "xyz", "", "'\"*()", "OR", "00032"])
@pytest.mark.django_db
def test_other_words_do_not_find_and_break_nothing(query: str) -> None:
    thing = Company.objects.create(name="x")
    index([Document(thing, "SO-2026-00031", "", ["SO-2026-00031", "宁海锂科新能源"])])
    assert not find(query).exists()


@pytest.mark.django_db
def test_a_document_written_again_is_found_by_its_new_words_only() -> None:
    thing = Company.objects.create(name="x")
    index([Document(thing, "a", "", ["宁海"])])
    index([Document(thing, "a", "", ["苏州"])])
    assert not find("宁海").exists()
    assert find("苏州").exists()


def test_a_mention_tells_the_person_and_not_oneself(person: Person) -> None:
    author, other = person("sales"), person("quality")
    add_comment(actor=author, target=customer(), text="@quality @sales 请看")
    assert (unread_count(other), unread_count(author)) == (1, 0)


def test_an_empty_comment_is_refused(person: Person) -> None:
    with pytest.raises(Refusal):
        add_comment(actor=person("sales"), target=company(), text="   ")


def test_files_are_kept_by_hash_with_versions(person: Person, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    actor, target = person("sales"), company()
    first = attach(actor=actor, target=target, file=io.BytesIO(b"one"), name="../../图纸.pdf")
    second = attach(actor=actor, target=target, file=io.BytesIO(b"two"), name="图纸.pdf")
    assert (first.name, first.version, second.version) == ("图纸.pdf", 1, 2)
    assert path_of(second.sha256).read_bytes() == b"two"
    remove(actor=actor, target=target, attachment_id=second.pk)
    assert [item.pk for item in attachments_of(target)] == [first.pk]


@pytest.mark.parametrize("name", [" ", "\u3000", "\u200b", "a/ ", ""])
def test_a_file_whose_name_shows_nothing_gets_one_that_can_be_clicked(
    person: Person, settings: Any, tmp_path: Any, name: str
) -> None:
    settings.MEDIA_ROOT = tmp_path
    assert attach(actor=person("sales"), target=company(), file=io.BytesIO(b"x"), name=name).name == "file"


def test_an_empty_file_is_refused_and_leaves_nothing(person: Person, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    with pytest.raises(Refusal):
        attach(actor=person("sales"), target=company(), file=io.BytesIO(b""), name="a")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_token_opens_the_api_until_it_is_revoked(person: Person, client: Client) -> None:
    user: User = person("planner")
    headers = {"Authorization": f"Bearer {issue_token(actor=user, user=user, name='x')}"}
    assert client.get("/api/v1/me", headers=headers).json()["username"] == "planner"
    revoke_token(actor=user, token_id=user.api_tokens.get().pk)
    assert client.get("/api/v1/me", headers=headers).status_code == 401


def test_nobody_revokes_the_token_of_another(person: Person) -> None:
    owner, other = person("planner"), person("sales")
    issue_token(actor=owner, user=owner, name="x")
    with pytest.raises(NotFound):
        revoke_token(actor=other, token_id=owner.api_tokens.get().pk)


def test_an_api_post_of_a_session_needs_its_csrf_token(person: Person) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(person("sales"))
    answer = browser.post("/api/v1/notifications/read")
    assert answer.status_code == 403
    assert answer["Content-Type"].startswith("application/problem+json")


def test_a_repeated_key_gets_the_first_answer_and_another_request_under_it_is_refused(person: Person) -> None:
    user: User = person("sales")
    client = Client(headers={"Authorization": f"Bearer {issue_token(actor=user, user=user, name='x')}"})
    first = client.post(
        "/api/v1/notifications/read", data={}, content_type="application/json", headers={"Idempotency-Key": "k1"}
    )
    again = client.post(
        "/api/v1/notifications/read", data={}, content_type="application/json", headers={"Idempotency-Key": "k1"}
    )
    other = client.post(
        "/api/v1/notifications/read?x=1", data={}, content_type="application/json", headers={"Idempotency-Key": "k1"}
    )
    assert (first.status_code, again.status_code, other.status_code) == (200, 200, 422)
    assert again["Idempotent-Replay"] == "true"
    assert json.loads(other.content)["code"] == "idempotency.key_reused"


@pytest.mark.parametrize("content_type", ["text/plain", "application/merge-patch+json"])
def test_a_key_serves_no_other_body_whatever_it_is_called(person: Person, content_type: str) -> None:
    user: User = person("sales")
    client = Client(headers={"Authorization": f"Bearer {issue_token(actor=user, user=user, name='x')}"})

    def post(body: str) -> int:
        more = {"content_type": content_type, "headers": {"Idempotency-Key": "k1"}}
        return client.post("/api/v1/notifications/read", body, **more).status_code  # type: ignore[arg-type]

    assert [post('{"ids": [1]}'), post('{"ids": [1]}'), post('{"ids": [2]}')] == [200, 200, 422]


def test_a_key_serves_no_other_file(person: Person) -> None:
    user: User = person("order_manager")
    client = Client(headers={"Authorization": f"Bearer {issue_token(actor=user, user=user, name='x')}"})
    order = ordering.draft(user)

    def post(content: bytes, name: str = "a.txt") -> int:
        given = {"file": SimpleUploadedFile(name, content)}
        where = f"/api/v1/orders/{order.key}/attachments"
        return client.post(where, given, headers={"Idempotency-Key": "k1"}).status_code

    assert post(b"one") == 201
    assert post(b"one") == 201
    assert (post(b"two"), post(b"one", "b.txt")) == (422, 422)
    kept = attachments_of(order).get()
    assert path_of(kept.sha256).read_bytes() == b"one"


def test_pages_need_a_sign_in(client: Client, db: None) -> None:
    assert client.get("/settings/").headers["Location"].startswith("/accounts/login/")


def test_health_and_readiness_answer_without_sign_in(client: Client, db: None) -> None:
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").content == b"ready"


def test_settings_are_kept_and_the_language_follows_the_person(signed_in: Callable[[str], Client]) -> None:
    browser = signed_in("sales")
    wish = {"display_name": "王建国", "language": "en", "theme": "dark", "time_zone": "Europe/Berlin"}
    assert browser.post("/me/settings/", wish).status_code == 302
    page = browser.get("/me/settings/").content.decode()
    assert '<html lang="en"' in page
    assert 'data-bs-theme="dark"' in page


def test_a_wrong_time_zone_is_refused_at_its_field(signed_in: Callable[[str], Client]) -> None:
    page = signed_in("sales").post("/me/settings/", {"theme": "dark", "time_zone": "Mars/Base"})
    assert page.status_code == 200
    assert b"ferr" in page.content


def test_metrics_are_for_this_machine_and_administrators(client: Client, person: Person) -> None:
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.1").status_code == 403
    client.force_login(person("sales"))
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.1").status_code == 403
    client.force_login(person("administrator"))
    answer = client.get("/metrics", REMOTE_ADDR="192.0.2.1")
    assert b"punctual_events_waiting 0.0" in answer.content
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 200


def test_an_address_with_a_nul_leads_nowhere(signed_in: Callable[[str], Client]) -> None:
    browser = signed_in("sales")
    assert browser.get("/customers/?q=%00").status_code == 404
    assert browser.get("/customers/%00/").status_code == 404
