"""Status reports that go out by themselves, and what was sent."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from punctual.api.authentication import actor_of
from punctual.api.pages import Listing, Paging, listing
from punctual.domain.monitoring.models import ReportSchedule, ReportSending
from punctual.domain.monitoring.selectors import schedule_by_id, schedules_of, sendings_of
from punctual.domain.monitoring.services.schedules import (
    Wish,
    change_schedule,
    drop_schedule,
    schedule_report,
    switch_schedule,
)
from punctual.flows.report_sending import ask_to_send
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.notifications.channels import groups
from punctual.platform.records import get_or_not_found

router = Router()


class ScheduleIn(Schema):
    """Every week: ``weekday`` 1 is Monday; ``order`` its number, empty for all running orders.

    ``people`` by user name get what they may see; ``groups`` (ids) and ``recipients`` (addresses) get it without costs.
    """

    order: str = ""
    weekday: int
    hour: int
    language: str = "zh-hans"
    people: list[str] = Field(default_factory=list)
    groups: list[int] = Field(default_factory=list)
    recipients: list[str] = Field(default_factory=list)
    files: Literal["pdf", "xlsx", "both"] = "pdf"


class ScheduleChangeIn(ScheduleIn):
    version: int


class ScheduleOut(Schema):
    id: int
    version: int
    order: str
    weekday: int
    hour: int
    language: str
    people: list[str]
    groups: list[int]
    recipients: list[str]
    files: str
    owner: str
    is_active: bool
    next_at: dt.datetime | None
    last_sent_on: dt.date | None


class SentTo(Schema):
    """One message: ``state`` waiting, sent or failed."""

    way: str
    address: str
    state: str


class SendingOut(Schema):
    """``by`` empty: by the clock. ``left_out``: why nothing went out (ended, owner, nobody)."""

    id: int
    at: dt.datetime
    by: str
    left_out: str
    deliveries: list[SentTo]


class GroupOut(Schema):
    id: int
    name: str
    kind: str


def _schedule(one: ReportSchedule) -> dict[str, Any]:
    return {
        "id": one.pk,
        "version": one.version,
        "order": one.order.key if one.order else "",
        "weekday": one.weekday,
        "hour": one.hour,
        "language": one.language,
        "people": [user.username for user in one.people.all()],
        "groups": [group.pk for group in one.groups.all()],
        "recipients": one.recipients,
        "files": one.files,
        "owner": one.owner.username,
        "is_active": one.is_active,
        "next_at": one.next_at,
        "last_sent_on": one.last_sent_on,
    }


def _sending(one: ReportSending) -> dict[str, Any]:
    return {
        "id": one.pk,
        "at": one.at,
        "by": one.by.username if one.by else "",
        "left_out": one.left_out,
        "deliveries": [
            {"way": sent.way, "address": sent.address, "state": sent.state} for sent in one.deliveries.all()
        ],
    }


def _person(name: str) -> int:
    found: User = get_or_not_found(User.objects.filter(is_active=True), username=name)
    return found.pk


def _wish(payload: ScheduleIn) -> Wish:
    return Wish(
        order=payload.order,
        weekday=payload.weekday,
        hour=payload.hour,
        language=payload.language,
        people=[_person(name) for name in payload.people],
        groups=payload.groups,
        recipients=payload.recipients,
        files=payload.files,
    )


@router.get("/report-schedules", response=Listing[ScheduleOut])
def report_schedules(request: HttpRequest, paging: Query[Paging]) -> Any:
    """Reports that go out by themselves."""
    actor = actor_of(request)
    require(actor, "reports.schedule")
    rows = schedules_of(actor).prefetch_related("people", "groups")
    return listing(rows, paging, sorts=["next_at", "weekday"], shape=_schedule)


@router.get("/report-groups", response=Listing[GroupOut])
def report_groups(request: HttpRequest, paging: Query[Paging]) -> Any:
    """Chat groups in use that a report can go to."""
    require(actor_of(request), "reports.schedule")
    return listing(
        groups(), paging, sorts=["name"], shape=lambda one: {"id": one.pk, "name": one.name, "kind": one.kind}
    )


@router.post("/report-schedules", response={201: ScheduleOut})
def report_schedule_new(request: HttpRequest, payload: ScheduleIn) -> Any:
    """Have a report sent every week."""
    actor = actor_of(request)
    require(actor, "reports.schedule")
    return Status(201, _schedule(schedule_report(actor=actor, wish=_wish(payload))))


@router.put("/report-schedules/{schedule}", response=ScheduleOut)
def report_schedule_change(request: HttpRequest, schedule: int, payload: ScheduleChangeIn) -> Any:
    """Another time, other receivers."""
    actor = actor_of(request)
    require(actor, "reports.schedule")
    found = change_schedule(actor=actor, schedule_id=schedule, wish=_wish(payload), expected_version=payload.version)
    return _schedule(found)


@router.post("/report-schedules/{schedule}/on", response=ScheduleOut)
def report_schedule_on(request: HttpRequest, schedule: int) -> Any:
    """It goes out again from the next time on."""
    return _schedule(switch_schedule(actor=actor_of(request), schedule_id=schedule, on=True))


@router.post("/report-schedules/{schedule}/off", response=ScheduleOut)
def report_schedule_off(request: HttpRequest, schedule: int) -> Any:
    """Nothing goes out until it is switched on again."""
    return _schedule(switch_schedule(actor=actor_of(request), schedule_id=schedule, on=False))


@router.delete("/report-schedules/{schedule}", response={204: None})
def report_schedule_drop(request: HttpRequest, schedule: int) -> Any:
    """Remove it with its history."""
    drop_schedule(actor=actor_of(request), schedule_id=schedule)
    return Status(204, None)


@router.post("/report-schedules/{schedule}/send", response={202: ScheduleOut})
def report_schedule_send(request: HttpRequest, schedule: int) -> Any:
    """One more at once; it is written in the background and then stands among the sendings."""
    actor = actor_of(request)
    require(actor, "reports.schedule")
    ask_to_send(actor=actor, schedule_id=schedule)
    return Status(202, _schedule(schedule_by_id(actor, schedule)))


@router.get("/report-schedules/{schedule}/sendings", response=Listing[SendingOut])
def report_sendings(request: HttpRequest, schedule: int, paging: Query[Paging]) -> Any:
    """What went out, newest first."""
    actor = actor_of(request)
    require(actor, "reports.schedule")
    return listing(sendings_of(actor, schedule_by_id(actor, schedule)), paging, sorts=["at"], shape=_sending)
