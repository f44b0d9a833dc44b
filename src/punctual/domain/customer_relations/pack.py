"""The material of a meeting builds itself: what happened to the customer's orders since the last one.

Other apps add their part, risks or nonconformities for instance, by registering a function; the parts are plain data,
so that a pack can be kept as it was when the meeting began.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from django.db.models import Model, Q

from punctual.domain.actions.models import ActionState
from punctual.domain.actions.selectors import actions_of
from punctual.domain.customer_relations.life import RUNNING
from punctual.domain.customer_relations.models import Meeting, MeetingState
from punctual.domain.customer_relations.selectors import orders_of_meeting, requests_of
from punctual.domain.orders.models import Order
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.audit.models import AuditEntry
from punctual.platform.audit.services import target_type


@dataclass(frozen=True, slots=True)
class PackLine:
    """``text`` is a catalogue key with ``%(name)s`` places, or data when ``params`` is empty and ``is_data``.

    ``tone`` ok, warn, late or nothing; ``internal`` lines are not shown to the customer.
    """

    text: str
    params: dict[str, str] = field(default_factory=dict)
    is_data: bool = False
    order: str = ""
    url: str = ""
    mark: str = ""
    tone: str = ""
    percent: int | None = None
    internal: bool = False
    reason: str = ""
    key: str = ""
    """Of what the customer is to decide: which record it is, so that a line of the minutes can settle it."""


@dataclass(frozen=True, slots=True)
class Section:
    name: str
    label: str
    icon: str
    lines: list[PackLine]
    empty: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a part is built from."""

    actor: User
    meeting: Meeting
    orders: Sequence[Order]
    since: dt.datetime
    today: dt.date


Provider = Callable[[Asked], list[PackLine]]


@dataclass(frozen=True, slots=True)
class Registered:
    label: str
    icon: str
    empty: str
    function: Provider


_PROVIDERS: Final[dict[str, Registered]] = {}


def register(
    name: str,
    function: Provider,
    *,
    label: str = "",
    icon: str = "file-text",
    empty: str = N_("Nothing new since the last meeting."),
) -> None:
    """Add a part to every pack: ``risks``, ``nonconformities``, ``change_orders`` and the like."""
    _PROVIDERS[name] = Registered(label or name, icon, empty, function)


def since_of(meeting: Meeting) -> dt.datetime:
    """When the series met last; for the first time four weeks back."""
    last = (
        meeting.series.meetings.filter(starts_at__lt=meeting.starts_at)
        .exclude(state__in=[MeetingState.PLANNED, MeetingState.CANCELLED])
        .order_by("-starts_at")
        .first()
    )
    return last.starts_at if last else meeting.starts_at - dt.timedelta(days=28)


def build(actor: User, meeting: Meeting, *, today: dt.date) -> list[dict[str, Any]]:
    """The sections as plain data."""
    asked = Asked(actor, meeting, orders_of_meeting(actor, meeting), since_of(meeting), today)
    return [
        asdict(Section(name, part.label, part.icon, part.function(asked), part.empty))
        for name, part in _PROVIDERS.items()
    ]


def _moved_dates(asked: Asked) -> list[PackLine]:
    """Every promised, planned or requested date of these orders that moved, with the reason on record."""
    numbers = {order.pk: order for order in asked.orders}
    entries = AuditEntry.objects.filter(target_type="order", target_id__in=numbers, at__gte=asked.since).order_by(
        "at", "id"
    )
    lines = []
    for entry in entries:
        for change in entry.changes:
            name = str(change["field"]).rpartition(".")[2]
            if name not in ("promised_date", "planned_date", "requested_date") or change["old"] == change["new"]:
                continue
            old, new = str(change["old"] or "—"), str(change["new"] or "—")
            later = change["old"] is not None and change["new"] is not None and new > old
            words = {
                "promised_date": N_("Promised %(old)s → %(new)s"),
                "planned_date": N_("Planned %(old)s → %(new)s"),
                "requested_date": N_("Requested %(old)s → %(new)s"),
            }[name]
            lines.append(
                PackLine(
                    words,
                    {"old": old, "new": new},
                    order=numbers[entry.target_id].label,
                    tone="late" if later else "ok",
                    internal=name == "planned_date",
                    reason=entry.reason,
                )
            )
    return lines[-20:]


def _progress(asked: Asked) -> list[PackLine]:
    lines = []
    for order in asked.orders:
        due = order.promised_date or order.requested_date
        late = bool(due and order.planned_date and order.planned_date > due)
        text = N_("%(percent)d %% done; due %(due)s") if due else N_("%(percent)d %% done; no date agreed yet")
        params = {"percent": order.progress, "due": due.isoformat() if due else ""}
        lines.append(
            PackLine(
                text,
                params,  # type: ignore[arg-type]
                order=order.label,
                percent=order.progress,
                tone="late" if late else "",
            )
        )
    return lines


def _requests(asked: Asked) -> list[PackLine]:
    """Open ones, and those settled since."""
    rows = requests_of(asked.actor).filter(customer=asked.meeting.series.customer)
    if asked.meeting.series.order_id:
        rows = rows.filter(Q(order=asked.meeting.series.order_id) | Q(order=None))
    rows = rows.filter(Q(state__in=RUNNING) | Q(resolved_at__gte=asked.since)).exclude(state="merged")
    tones = {"open": "warn", "waiting": "", "resolved": "ok", "closed": "ok"}
    return [
        PackLine(
            f"{one.number} {one.title}",
            is_data=True,
            url=f"/requests/{one.number}/",
            mark=str(one.state),
            tone=tones.get(one.state, ""),
        )
        for one in rows.order_by("-received_at")[:20]
    ]


def _actions(asked: Asked) -> list[PackLine]:
    """Actions out of this series' meetings: what is open and what was done since."""
    ids = list(asked.meeting.series.meetings.values_list("pk", flat=True))
    rows = actions_of(asked.actor).filter(cause_type="meeting", cause_id__in=ids)
    lines = []
    for one in rows.order_by("due"):
        if one.state == ActionState.DONE and (one.done_at is None or one.done_at < asked.since):
            continue
        if one.state == ActionState.CANCELLED:
            continue
        done = one.state == ActionState.DONE
        late = not done and one.due < asked.today
        lines.append(
            PackLine(
                N_("%(title)s · %(owner)s, due %(due)s"),
                {"title": one.title, "owner": one.owner.name, "due": one.due.isoformat()},
                url=f"/actions/{one.pk}/",
                mark="done" if done else "late" if late else "open",
                tone="ok" if done else "late" if late else "",
            )
        )
    return lines


def key_of(thing: Model) -> str:
    return f"{target_type(thing)}:{thing.pk}"


def _wanted(asked: Asked) -> list[PackLine]:
    """What we wait for from the customer: open wishes and requests that wait for them."""
    from punctual.domain.customer_relations.models import TrackingTask

    rows = TrackingTask.objects.filter(
        order__in=[order.pk for order in asked.orders], customer=asked.meeting.series.customer_id, done_at=None
    )
    lines = [
        PackLine(
            N_("%(title)s, by %(due)s"),
            {"title": one.title, "due": one.due.isoformat()},
            order=one.order.label,
            tone="late" if one.due < asked.today else "warn",
            key=key_of(one),
        )
        for one in rows.select_related("order")
    ]
    waiting = requests_of(asked.actor).filter(customer=asked.meeting.series.customer, state="waiting")
    lines += [
        PackLine(
            f"{one.number} {one.title}",
            is_data=True,
            url=f"/requests/{one.number}/",
            tone="warn",
            mark="waiting",
            key=key_of(one),
        )
        for one in waiting[:10]
    ]
    return lines


def still_wanted(actor: User, meeting: Meeting, *, today: dt.date) -> set[str]:
    """The keys of what the customer has not decided yet, as things stand."""
    asked = Asked(actor, meeting, orders_of_meeting(actor, meeting), since_of(meeting), today)
    return {line.key for line in _wanted(asked)}


register("wanted", _wanted, label=N_("Decisions wanted"), icon="help-circle", empty=N_("Nothing waits for you."))
register("dates", _moved_dates, label=N_("Dates moved"), icon="calendar-check", empty=N_("No date has moved."))
register("progress", _progress, label=N_("Progress"), icon="chart-bar", empty=N_("No order is running."))
register("requests", _requests, label=N_("Requests"), icon="message-circle", empty=N_("No request is open."))
register("actions", _actions, label=N_("Actions agreed"), icon="history", empty=N_("No action is open."))
