"""Look at every running clock and tell who should know: before it runs out, when it has, and further up."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from punctual.domain.customer_relations.clock import Level, Reading
from punctual.domain.customer_relations.models import ClockNotice, CustomerRequest, RequestState
from punctual.domain.customer_relations.selectors import readings_of
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role, User
from punctual.platform.notifications.services import notify
from punctual.platform.outbox.services import emit

LEVELS: Final = (Level.WARNED, Level.BREACHED, Level.ESCALATED)
TEXTS: Final = {
    ("response", Level.WARNED): N_("%(number)s: the first response is due soon — %(title)s"),
    ("response", Level.BREACHED): N_("%(number)s: the first response is overdue — %(title)s"),
    ("response", Level.ESCALATED): N_("%(number)s: still no response, long overdue — %(title)s"),
    ("resolution", Level.WARNED): N_("%(number)s: the resolution is due soon — %(title)s"),
    ("resolution", Level.BREACHED): N_("%(number)s: the resolution is overdue — %(title)s"),
    ("resolution", Level.ESCALATED): N_("%(number)s: still not resolved, long overdue — %(title)s"),
}


def watch_clocks(*, now: dt.datetime | None = None) -> int:
    """Returns how many notices were given; each is given once."""
    now = now or timezone.now()
    given = 0
    soon = now + dt.timedelta(days=14)
    near = Q(response_due__lt=soon) | Q(resolution_due__lt=soon)
    rows = CustomerRequest.objects.filter(near, state=RequestState.OPEN).select_related("customer", "owner", "order")
    for found in rows.prefetch_related("pauses", "notices"):
        told = {(notice.clock, notice.level) for notice in found.notices.all()}
        for name, reading in readings_of(found, now=now).items():
            if reading.running:
                given += _tell(found, name, reading, told, now)
    return given


def _tell(found: CustomerRequest, clock: str, reading: Reading, told: set[tuple[str, str]], now: dt.datetime) -> int:
    """The highest level that was not told yet; lower ones are then past."""
    reached = [level for level in LEVELS if LEVELS.index(level) <= _place(reading.level)]
    if not reached or (clock, reached[-1].value) in told:
        return 0
    level = reached[-1]
    people = _people(found, level)
    with transaction.atomic():
        _notice, fresh = ClockNotice.objects.get_or_create(
            request=found,
            clock=clock,
            level=level.value,
            defaults={"told": " · ".join(person.name for person in people)[:200], "at": now},
        )
        if not fresh:
            return 0
        notify(
            users=people,
            kind="sla",
            text=TEXTS[clock, level],
            params={"number": found.number, "title": found.title},
            url=f"/requests/{found.number}/",
            dedupe_key=f"sla:{found.pk}:{clock}:{level.value}",
        )
        if level is not Level.WARNED:
            emit("request.breached", request=found.number, customer=found.customer.code, clock=clock)
    return 1


def _place(level: Level) -> int:
    return LEVELS.index(level) if level in LEVELS else -1


def _people(found: CustomerRequest, level: Level) -> list[User]:
    """The owner; when it is overdue the order's owner and the order managers; far beyond, the managers."""
    people = [found.owner] if found.owner else []
    if level is not Level.WARNED:
        if found.order is not None and found.order.owner is not None:
            people.append(found.order.owner)
        people += User.objects.filter(role=Role.ORDER_MANAGER, is_active=True)[:3]
    if level is Level.ESCALATED:
        people += User.objects.filter(role=Role.MANAGER, is_active=True)[:5]
    return list({person.pk: person for person in people}.values())
