"""A plan as plain data: tasks, links and the calendars they run on.

Nothing here computes dates; :func:`punctual.engine.cpm.schedule` does. Times are naive ``datetime`` local to the plan,
durations integer minutes: working minutes of the task's calendar, or wall-clock minutes where ``elapsed`` is set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Final

from punctual.engine.calendars import WorkCalendar

Uid = int | str
"""What names a task; unique in its plan."""

MOST_MINUTES: Final = 50_000_000
"""Longest duration or lag: 95 years of elapsed minutes; no real plan comes near, a slip of the key does."""


class Constraint(IntEnum):
    """When a task may lie. The numbers are those of Microsoft Project XML."""

    ASAP = 0
    ALAP = 1
    MUST_START_ON = 2
    MUST_FINISH_ON = 3
    START_NO_EARLIER_THAN = 4
    START_NO_LATER_THAN = 5
    FINISH_NO_EARLIER_THAN = 6
    FINISH_NO_LATER_THAN = 7

    @property
    def needs_date(self) -> bool:
        return self >= Constraint.MUST_START_ON


class LinkType(IntEnum):
    """Which end of the predecessor drives which end of the successor. The numbers are those of Microsoft Project."""

    FINISH_FINISH = 0
    FINISH_START = 1
    START_FINISH = 2
    START_START = 3

    @property
    def from_finish(self) -> bool:
        return self in (LinkType.FINISH_FINISH, LinkType.FINISH_START)

    @property
    def to_finish(self) -> bool:
        return self in (LinkType.FINISH_FINISH, LinkType.START_FINISH)


class LagUnit(IntEnum):
    """What the number of a lag counts."""

    WORKING = 0
    """Working minutes of the successor's calendar."""
    ELAPSED = 1
    """Wall-clock minutes."""
    PERCENT = 2
    """Percent of the predecessor's duration, in its unit, counted on the successor's calendar."""
    ELAPSED_PERCENT = 3
    """Percent of the predecessor's duration, counted on the clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task, milestone or summary.

    ``duration``          minutes, 0 for a milestone; ignored for summaries.
    ``elapsed``           the duration runs on the clock, day and night, whatever the calendar.
    ``calendar``          key in ``Plan.calendars``; empty = the plan's calendar. Task ∩ resource calendars are put
                          there as one calendar with :meth:`WorkCalendar.intersect`.
    ``parent``            uid of the summary it belongs to, or None.
    ``constraint``        None = the plan's direction: as soon as possible, or as late as possible when it is planned
                          from its finish.
    ``constraint_date``   needed by every constraint but ASAP and ALAP.
    ``delay``             minutes on the clock by which the start is held back (what levelling added).
    ``deadline``          latest wished finish: moves late dates and slack, never the task.
    ``slack_calendar``    key of the calendar total slack is counted on where that is not ``calendar``.
    ``resume``            what remains of a started task does not go on before this.
    ``actual_start`` …    progress; ``remaining`` in minutes, else from ``percent_complete`` (0…100 of the duration).
    ``manual``            keeps ``start`` and ``finish`` (or duration) as given, whatever the links say.
    ``inactive``          dated but without influence on any other task.
    ``summary``           is a summary although it has no sub-tasks; every task with sub-tasks is one anyway.
    """

    uid: Uid
    name: str = ""
    duration: int = 0
    elapsed: bool = False
    calendar: str = ""
    parent: Uid | None = None
    constraint: Constraint | None = None
    constraint_date: datetime | None = None
    delay: int = 0
    deadline: datetime | None = None
    actual_start: datetime | None = None
    actual_finish: datetime | None = None
    percent_complete: float = 0.0
    remaining: int | None = None
    resume: datetime | None = None
    slack_calendar: str = ""
    manual: bool = False
    start: datetime | None = None
    finish: datetime | None = None
    inactive: bool = False
    summary: bool = False
    milestone: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """``successor`` depends on ``predecessor``. ``lag`` may be negative (a lead); its meaning is ``lag_unit``."""

    predecessor: Uid
    successor: Uid
    type: LinkType = LinkType.FINISH_START
    lag: float = 0
    lag_unit: LagUnit = LagUnit.WORKING


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be scheduled.

    ``start``                first possible moment (needed unless ``from_finish``).
    ``start_is_floor``       no task starts before ``start``. Without, leads and start-finish links may reach before it,
                             as they do in Microsoft Project; tasks without predecessors never start before it.
    ``finish``               with ``from_finish``: the moment at which the plan has to end; tasks lie late.
    ``calendar``             the plan's calendar; ``calendars`` the further ones by key.
    ``status_date``          with it, unfinished work never lies before it; None = stored progress alone counts.
    ``critical_slack_limit`` a task is critical when its total slack in minutes is at most this.
    ``honor_constraints``    no-later-than and must constraints move the task even against its links (negative slack
                             then shows the conflict); without, they only act on the late dates.
    """

    name: str = ""
    start: datetime | None = None
    start_is_floor: bool = True
    finish: datetime | None = None
    from_finish: bool = False
    calendar: WorkCalendar = field(default_factory=WorkCalendar.standard)
    calendars: Mapping[str, WorkCalendar] = field(default_factory=dict)
    tasks: Sequence[Task] = ()
    links: Sequence[Link] = ()
    status_date: datetime | None = None
    critical_slack_limit: int = 0
    honor_constraints: bool = True
