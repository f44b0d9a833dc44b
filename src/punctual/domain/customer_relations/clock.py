"""The clock of a promise to answer: it runs in working time only and stands while we wait for the customer.

Moments come with a zone; the calendar knows wall-clock time. An hour that the clocks show twice counts once, one that
they skip counts as the calendar says.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from punctual.engine.calendars import WorkCalendar

Span = tuple[dt.datetime, dt.datetime | None]
NEARLY = 0.75
"""From this share of the time on somebody is warned."""
FAR_BEYOND = 1.5
"""At this share of the time it is told further up."""


@dataclass(frozen=True, slots=True)
class Clock:
    """``limit`` working minutes from ``started``; ``pauses`` do not overlap; ``stopped`` is when the answer came."""

    limit: int
    started: dt.datetime
    pauses: tuple[Span, ...] = ()
    stopped: dt.datetime | None = None


class Level(StrEnum):
    """How far a running clock is."""

    FINE = "fine"
    WARNED = "warned"
    BREACHED = "breached"
    ESCALATED = "escalated"


@dataclass(frozen=True, slots=True)
class Reading:
    """What the clock shows. ``due`` None: it stands, or has stopped."""

    used: int
    limit: int
    due: dt.datetime | None
    running: bool
    paused: bool

    @property
    def left(self) -> int:
        return self.limit - self.used

    @property
    def share(self) -> float:
        return self.used / self.limit if self.limit else 1.0

    @property
    def breached(self) -> bool:
        return self.used > self.limit

    @property
    def level(self) -> Level:
        if self.share >= FAR_BEYOND:
            return Level.ESCALATED
        if self.breached:
            return Level.BREACHED
        return Level.WARNED if self.share >= NEARLY else Level.FINE


def wall(moment: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The wall-clock time of ``moment``; within an hour that is shown for the second time, the end of that hour.

    So later moments never show an earlier time.
    """
    local = moment.astimezone(zone)
    if not local.fold:
        return local.replace(tzinfo=None)
    naive = local.replace(tzinfo=None, fold=0)
    before = naive.replace(tzinfo=zone).utcoffset() or dt.timedelta()
    low = naive.replace(tzinfo=zone).astimezone(dt.UTC)
    high = moment.astimezone(dt.UTC)
    while high - low > dt.timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return (high + before).replace(tzinfo=None, microsecond=0)


def _minutes(calendar: WorkCalendar, moment: dt.datetime, zone: ZoneInfo) -> int:
    return calendar.to_minutes(wall(moment, zone))


def used(calendar: WorkCalendar, clock: Clock, *, now: dt.datetime, zone: ZoneInfo) -> int:
    """Working minutes that have run by ``now``, pauses left out."""
    end = max(clock.started, min(clock.stopped or now, now))
    total = _minutes(calendar, end, zone) - _minutes(calendar, clock.started, zone)
    for since, until in clock.pauses:
        first = max(since, clock.started)
        last = min(until or end, end)
        if first < last:
            total -= _minutes(calendar, last, zone) - _minutes(calendar, first, zone)
    return total


def due(calendar: WorkCalendar, clock: Clock, *, now: dt.datetime, zone: ZoneInfo) -> dt.datetime | None:
    """When the limit is reached if nothing more happens; None while the clock stands or when it has stopped."""
    if clock.stopped is not None or any(until is None for _since, until in clock.pauses):
        return None
    start = _minutes(calendar, clock.started, zone)
    finish = start + clock.limit
    for since, until in sorted(clock.pauses):
        assert until is not None
        first, last = (_minutes(calendar, moment, zone) for moment in (max(since, clock.started), until))
        if last > first and first < finish:
            finish += last - first
    naive = calendar.to_datetime_finish(finish) if clock.limit else wall(clock.started, zone)
    return naive.replace(tzinfo=zone)


def read(calendar: WorkCalendar, clock: Clock, *, now: dt.datetime, zone: ZoneInfo) -> Reading:
    """Everything a page shows of the clock."""
    paused = clock.stopped is None and any(until is None for _since, until in clock.pauses)
    return Reading(
        used=used(calendar, clock, now=now, zone=zone),
        limit=clock.limit,
        due=due(calendar, clock, now=now, zone=zone),
        running=clock.stopped is None and not paused,
        paused=paused,
    )


def by_day(
    calendar: WorkCalendar, clock: Clock, *, now: dt.datetime, zone: ZoneInfo, most: int = 4
) -> Sequence[tuple[dt.date, int]]:
    """Minutes used a day, the last ``most`` days on which the clock ran."""
    day = wall(clock.started, zone).date()
    last = wall(max(clock.started, min(clock.stopped or now, now)), zone).date()
    days: list[tuple[dt.date, int]] = []
    before = 0
    while day <= last:
        midnight = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), tzinfo=zone)
        total = used(calendar, clock, now=min(now, midnight), zone=zone)
        if total > before:
            days.append((day, total - before))
        before, day = total, day + dt.timedelta(days=1)
    return days[-most:]
