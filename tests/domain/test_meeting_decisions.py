"""What the customer decides in a meeting is carried to where it was asked for, and asked again when taken back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from ordering import confirmed, customer
from punctual.domain.customer_relations import pack
from punctual.domain.customer_relations.models import (
    CustomerRequest,
    LineKind,
    Meeting,
    MinuteLine,
    RequestState,
    TrackingTask,
)
from punctual.domain.customer_relations.services import meetings as services
from punctual.domain.customer_relations.services import minutes
from punctual.domain.customer_relations.services.minutes import Line
from punctual.domain.customer_relations.services.requests import RequestInput, record_request, wait_for_customer
from punctual.domain.customer_relations.services.tracking import settle_want, want
from punctual.kernel.refusal import Forbidden, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.audit.models import AuditEntry
from punctual.web.relations import packs

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]
TODAY = dt.date(2026, 11, 23)
START = dt.datetime.fromisoformat("2026-11-30T14:00+08:00")
NOW = dt.datetime.fromisoformat("2026-11-23T09:00+08:00")


def asked(person: Person) -> tuple[Meeting, TrackingTask, CustomerRequest]:
    """A running meeting, a wish on the tracking page, a request that waits for the customer."""
    manager = person("order_manager")
    order = confirmed(manager)
    task = want(actor=manager, order=order, title="00035 图纸哪天给", due=dt.date(2026, 12, 4))
    request = record_request(actor=manager, data=RequestInput(customer=customer(), title="扫码枪加 2 把", order=order))
    wait_for_customer(actor=manager, request_id=request.pk)
    found = services.call_series(actor=manager, title="例会", customer=customer(), starts_at=START, now=NOW)
    return services.start(actor=manager, meeting_id=found.pk, today=TODAY), task, request


def decide(person: Person, found: Meeting, key: str, *, role: str = "order_manager", **more: str) -> MinuteLine:
    line = Line(**{"text": "12-01 给全", "kind": LineKind.DECISION, "settles": key} | more)  # type: ignore[arg-type]
    return minutes.write_line(actor=person(role), meeting_id=found.pk, line=line, today=TODAY)


def wanted(actor: User, found: Meeting) -> list[str]:
    return sorted(pack.still_wanted(actor, found, today=TODAY))


def test_who_may_not_write_on_the_tracking_page_settles_nothing_there(person: Person) -> None:
    found, task, _request = asked(person)
    with pytest.raises(Forbidden):
        decide(person, found, pack.key_of(task), role="quality")
    task.refresh_from_db()
    assert task.done_at is None
    assert not found.lines.exists()


def test_only_a_decision_settles_and_only_what_this_customer_was_asked(person: Person) -> None:
    found, task, _request = asked(person)
    foreign = confirmed(person("order_manager"))
    foreign.customer = customer("C002", "苏州恒拓电子")
    foreign.save()
    theirs = want(actor=person("order_manager"), order=foreign, title="别家的", due=TODAY)
    done = settle_want(task=want(actor=person("order_manager"), order=task.order, title="早办了", due=TODAY), by="客户")
    for key, kind, code in (
        (pack.key_of(task), LineKind.NOTE, "meeting.not_decision"),
        (pack.key_of(theirs), LineKind.DECISION, "meeting.not_wanted"),
        ("order:1", LineKind.DECISION, "meeting.not_wanted"),
        ("trackingtask:x", LineKind.DECISION, "meeting.not_wanted"),
        (pack.key_of(done), LineKind.DECISION, "meeting.decided"),
    ):
        with pytest.raises(Refusal) as refused:
            decide(person, found, key, kind=kind)
        assert [one.code for one in refused.value.reasons] == [code]
    assert not found.lines.exists()
    task.refresh_from_db()
    assert task.done_at is None


def test_a_wish_that_is_decided_is_done_and_not_asked_again_until_it_is_taken_back(person: Person) -> None:
    found, task, request = asked(person)
    manager = person("order_manager")
    assert wanted(manager, found) == [pack.key_of(request), pack.key_of(task)]
    line = decide(person, found, pack.key_of(task))
    task.refresh_from_db()
    assert (task.answer, task.done_by, line.order) == ("12-01 给全", manager.name, task.order)
    assert (line.kind, line.settles_label) == (LineKind.DECISION, task.title)
    assert wanted(manager, found) == [pack.key_of(request)]
    minutes.remove_line(actor=manager, meeting_id=found.pk, line_id=line.pk)
    task.refresh_from_db()
    assert (task.done_at, task.answer) == (None, "")
    assert wanted(manager, found) == [pack.key_of(request), pack.key_of(task)]
    verbs = AuditEntry.objects.filter(target_type="order", target_id=task.order_id).values_list("verb", flat=True)
    assert {"settle_want", "reopen_want"} <= set(verbs)


def test_a_waiting_request_goes_on_with_the_decision_as_a_note_of_ours(person: Person) -> None:
    found, _task, request = asked(person)
    manager = person("order_manager")
    line = decide(person, found, pack.key_of(request))
    request.refresh_from_db()
    assert request.state == RequestState.OPEN
    assert request.pauses.get().until is not None
    note = request.messages.latest("at")
    assert note.author == "internal"
    assert "12-01 给全" in note.text
    minutes.remove_line(actor=manager, meeting_id=found.pk, line_id=line.pk)
    request.refresh_from_db()
    assert request.state == RequestState.WAITING
    assert request.pauses.filter(until=None).count() == 1


def test_what_has_gone_on_since_is_not_asked_again(person: Person) -> None:
    found, task, request = asked(person)
    manager = person("order_manager")
    lines = [decide(person, found, pack.key_of(one)) for one in (task, request)]
    TrackingTask.objects.filter(pk=task.pk).update(answer="客户改口了")
    CustomerRequest.objects.filter(pk=request.pk).update(state=RequestState.CLOSED)
    for line in lines:
        minutes.remove_line(actor=manager, meeting_id=found.pk, line_id=line.pk)
    task.refresh_from_db()
    request.refresh_from_db()
    assert task.done_at is not None
    assert request.state == RequestState.CLOSED


def test_pack_and_minutes_say_what_is_settled(person: Person) -> None:
    found, task, _request = asked(person)
    decide(person, found, pack.key_of(task))
    assert found.pack is not None
    part = packs.sections(found.pack, internal=False, decided=packs.decided_of(found))[0]
    assert [(one["words"], one["mark"], one["decision"]) for one in part["lines"]] == [
        ("00035 图纸哪天给", "已定", "12-01 给全"),
        (part["lines"][1]["text"], "待定", ""),
    ]
    assert "（定下“00035 图纸哪天给”）" in packs.minutes_text(found, False)
    assert packs.pack_pdf(found, found.pack, internal=False).startswith(b"%PDF")
    assert packs.minutes_pdf(found, False).startswith(b"%PDF")


def test_a_pack_kept_before_its_lines_had_keys_is_still_read(person: Person) -> None:
    found, _task, _request = asked(person)
    assert found.pack is not None
    for part in found.pack:
        for line in part["lines"]:
            line.pop("key")
    part = packs.sections(found.pack, internal=True)[0]
    assert [one["mark"] for one in part["lines"]] == ["待定", "待定"]
