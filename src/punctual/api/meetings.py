"""Customers' meetings: plan, prepare, write down, close."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from ninja.responses import Status
from pydantic import Field

from punctual.api.authentication import actor_of
from punctual.api.pages import Listing, Paging, listing
from punctual.api.requests import contact_or_none, customer_by_code, order_or_none, person_or_none
from punctual.domain.customer_relations import pack, selectors
from punctual.domain.customer_relations.models import Meeting, MeetingSeries, MinuteLine
from punctual.domain.customer_relations.services import meetings as meeting_services
from punctual.domain.customer_relations.services import minutes
from punctual.domain.customer_relations.services import series as of_series
from punctual.domain.customer_relations.services.minutes import Line
from punctual.domain.parties.selectors import get_contact
from punctual.kernel.refusal import NotFound, Reason
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require

router = Router()


class RequestsLineOut(Schema):
    id: int
    kind: str
    text: str
    at: dt.datetime
    order: str
    who: str
    due: dt.date | None
    target_type: str
    target_id: int | None
    target_label: str
    settles: str
    settles_label: str


class MeetingOut(Schema):
    id: int
    version: int
    title: str
    customer: str
    order: str
    rhythm: str
    starts_at: dt.datetime
    minutes: int
    place: str
    agenda: str
    state: str
    uid: str
    sequence: int


class MeetingWithLines(MeetingOut):
    lines: list[RequestsLineOut]


class MeetingIn(Schema):
    """A series with its first meeting. ``contacts``: ids of the customer's people who are asked to come, left out all
    of them, empty nobody; ``users``: user names of ours who come beside the caller."""

    title: str
    customer: str
    starts_at: dt.datetime
    minutes: int = 60
    rhythm: str = "fortnightly"
    order: str = ""
    place: str = ""
    agenda: str = ""
    contacts: list[int] | None = None
    users: list[str] = Field(default_factory=list)


class MoveIn(Schema):
    version: int
    starts_at: dt.datetime
    minutes: int = 60
    place: str = ""
    agenda: str = ""
    following: bool = False
    """Whether the later ones of the series keep the new time too."""


class MeetingSeriesOut(Schema):
    id: int
    version: int
    title: str
    customer: str
    order: str
    rhythm: str
    minutes: int
    place: str
    chair: str
    ended_at: dt.datetime | None


class MeetingSeriesPatch(Schema):
    """What is left out stays. ``rhythm``: once, weekly, fortnightly or monthly; ``chair`` is a user name; an empty
    ``order`` means all of the customer's running orders."""

    version: int
    title: str | None = None
    rhythm: str | None = None
    order: str | None = None
    minutes: int | None = None
    place: str | None = None
    chair: str | None = None


class RequestsLineIn(Schema):
    """``kind``: note, decision, action, request, change, risk or internal. An action is for ``owner``, a user name, or
    for ``contact``, the id of one of the customer's people."""

    text: str
    kind: str = "note"
    owner: str = ""
    due: dt.date | None = None
    order: str = ""
    contact: int | None = None
    settles: str = ""
    """The ``key`` of what the customer decides with it, out of the part ``wanted`` of the pack; then the ``kind`` is
    decision."""


class MeetingTurnIn(Schema):
    """``kind``: action, request, change or risk; the others as for a new line."""

    kind: str
    owner: str = ""
    due: dt.date | None = None
    order: str = ""
    contact: int | None = None


class RequestsVersionIn(Schema):
    version: int | None = None


def _meeting(found: Meeting) -> dict[str, Any]:
    plain = ("id", "version", "starts_at", "minutes", "place", "agenda", "state", "sequence")
    return {
        **{name: getattr(found, name) for name in plain},
        "title": found.series.title,
        "customer": found.series.customer.code,
        "order": found.series.order.number or "" if found.series.order else "",
        "rhythm": found.series.rhythm,
        "uid": str(found.uid),
    }


def _with_lines(actor: User, pk: int) -> dict[str, Any]:
    found = selectors.meeting_by_id(actor, pk)
    return {**_meeting(found), "lines": [_line(one) for one in found.lines.select_related("order")]}


def _line(one: MinuteLine) -> dict[str, Any]:
    plain = [name for name in RequestsLineOut.model_fields if name != "order"]
    return {**{name: getattr(one, name) for name in plain}, "order": one.order.number or "" if one.order else ""}


@router.get("/meetings", response=Listing[MeetingOut])
def meetings(request: HttpRequest, paging: Query[Paging], state: str = "", customer: str = "") -> Any:
    """Meetings, the latest first."""
    actor = actor_of(request)
    require(actor, "meetings.view")
    rows = selectors.meetings_of(actor)
    if state:
        rows = rows.filter(state__in=state.split(","))
    if customer:
        rows = rows.filter(series__customer__code=customer.replace("\0", ""))
    return listing(rows, paging, sorts=["starts_at", "state"], shape=_meeting)


@router.post("/meetings", response={201: MeetingWithLines})
def create_meeting(request: HttpRequest, payload: MeetingIn) -> Any:
    """Call a series; the first meeting is returned."""
    actor = actor_of(request)
    require(actor, "meetings.change")
    told = payload.model_dump()
    told["customer"] = customer_by_code(actor, payload.customer)
    told["order"] = order_or_none(actor, payload.order)
    told["starts_at"] = _aware(payload.starts_at)
    if payload.contacts is not None:
        told["contacts"] = [get_contact(actor, pk) for pk in payload.contacts]
    told["users"] = [one for one in map(person_or_none, payload.users) if one is not None]
    found = meeting_services.call_series(actor=actor, **told)
    return Status(201, _with_lines(actor, found.pk))


def _aware(moment: dt.datetime) -> dt.datetime:
    """Without a zone it is the company's."""
    return moment if moment.tzinfo else moment.replace(tzinfo=selectors.company_zone())


@router.get("/meetings/{int:pk}", response=MeetingWithLines)
def one_meeting(request: HttpRequest, pk: int) -> Any:
    """One meeting with its minutes."""
    return _with_lines(actor_of(request), pk)


@router.patch("/meetings/{int:pk}", response=MeetingWithLines)
def move_meeting(request: HttpRequest, pk: int, payload: MoveIn) -> Any:
    """Another time, place or agenda; whoever was invited gets the event again."""
    actor = actor_of(request)
    told = payload.model_dump(exclude={"version"})
    told["starts_at"] = _aware(payload.starts_at)
    meeting_services.move(actor=actor, meeting_id=pk, expected_version=payload.version, **told)
    return _with_lines(actor, pk)


def _series(found: MeetingSeries) -> dict[str, Any]:
    plain = ("id", "version", "title", "rhythm", "minutes", "place", "ended_at")
    return {
        **{name: getattr(found, name) for name in plain},
        "customer": found.customer.code,
        "order": found.order.number or "" if found.order else "",
        "chair": found.owner.username,
    }


@router.get("/meetings/{int:pk}/series", response=MeetingSeriesOut)
def meeting_series(request: HttpRequest, pk: int) -> Any:
    """The series that a meeting is one of."""
    return _series(selectors.meeting_by_id(actor_of(request), pk).series)


@router.patch("/meetings/{int:pk}/series", response=MeetingSeriesOut)
def change_meeting_series(request: HttpRequest, pk: int, payload: MeetingSeriesPatch) -> Any:
    """Another title, rhythm, order, usual length, place or chair; what is planned follows, and whoever was invited to
    it gets the event again."""
    actor = actor_of(request)
    series = selectors.meeting_by_id(actor, pk).series
    told = payload.model_dump(exclude_none=True, exclude={"version", "order", "chair"})
    kept = {name: getattr(series, name) for name in ("title", "rhythm", "minutes", "place")}
    order = series.order if payload.order is None else order_or_none(actor, payload.order)
    chair = person_or_none(payload.chair or "") or series.owner
    changed = of_series.change_series(
        actor=actor,
        series_id=series.pk,
        expected_version=payload.version,
        order=order,
        owner=chair,
        **(kept | told),
    )
    return _series(changed)


@router.get("/meetings/{int:pk}/pack", response=list[dict[str, Any]])
def meeting_pack(request: HttpRequest, pk: int) -> Any:
    """What happened since the last meeting, part by part."""
    actor = actor_of(request)
    found = selectors.meeting_by_id(actor, pk)
    return found.pack if found.pack is not None else pack.build(actor, found, today=timezone.localdate())


@router.post("/meetings/{int:pk}/lines", response={201: RequestsLineOut})
def write_line(request: HttpRequest, pk: int, payload: RequestsLineIn) -> Any:
    """One thing that was said; by its kind it becomes an action, a request, a change order or a risk."""
    actor = actor_of(request)
    line = _line_of(actor, payload, payload.text)
    made = minutes.write_line(actor=actor, meeting_id=pk, line=line, today=timezone.localdate())
    return Status(201, _line(made))


@router.post("/meetings/{int:pk}/lines/{int:line}/turn", response=RequestsLineOut)
def turn_line(request: HttpRequest, pk: int, line: int, payload: MeetingTurnIn) -> Any:
    """A line that was only kept becomes an action, a request, a change order or a risk after all."""
    actor = actor_of(request)
    into = _line_of(actor, payload, "")
    return _line(minutes.turn_line(actor=actor, meeting_id=pk, line_id=line, into=into, today=timezone.localdate()))


def _line_of(actor: User, payload: RequestsLineIn | MeetingTurnIn, text: str) -> Line:
    return Line(
        text=text,
        kind=payload.kind,
        owner=person_or_none(payload.owner),
        due=payload.due,
        order=order_or_none(actor, payload.order),
        contact=contact_or_none(actor, payload.contact),
        settles=payload.settles if isinstance(payload, RequestsLineIn) else "",
    )


@router.post("/meetings/{int:pk}/{verb}", response=MeetingWithLines)
def meeting_step(request: HttpRequest, pk: int, verb: str, payload: RequestsVersionIn) -> Any:
    """``invite``, ``start``, ``end``, ``approve`` or ``cancel``; for its series ``end_series`` or ``resume_series``."""
    actor = actor_of(request)
    same: dict[str, Any] = {"actor": actor, "meeting_id": pk, "expected_version": payload.version}
    series_id = selectors.meeting_by_id(actor, pk).series_id
    if verb == "start":
        meeting_services.start(**same, today=timezone.localdate())
    elif verb in ("invite", "end", "approve", "cancel"):
        getattr(meeting_services, verb)(**same)
    elif verb in ("end_series", "resume_series"):
        getattr(of_series, verb)(actor=actor, series_id=series_id)
    else:
        raise NotFound(Reason("meeting.verb", N_("A meeting can't “%(verb)s”."), {"verb": verb[:40]}))
    return _with_lines(actor, pk)
