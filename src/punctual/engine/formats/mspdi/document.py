"""A Microsoft Project XML file as data: what was read, or what is to be written.

Durations, work and slack in minutes, costs in currency units, rates an hour.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from punctual.engine.daypattern import Shifts

NO_CALENDAR = -1


@dataclass(slots=True)
class Header:
    """The project's own facts. Times of day in minutes after midnight."""

    name: str = ""
    title: str = ""
    author: str = ""
    company: str = ""
    save_version: int = 9
    creation_date: datetime | None = None
    start: datetime | None = None
    finish: datetime | None = None
    from_start: bool = True
    status_date: datetime | None = None
    calendar_uid: int = NO_CALENDAR
    minutes_per_day: int = 480
    minutes_per_week: int = 2400
    days_per_month: int = 20
    default_start: int = 480
    default_finish: int = 1020
    critical_slack_limit: float = 0
    """Days of ``minutes_per_day``, as Project stores it."""
    honor_constraints: bool = True
    currency_code: str = ""
    currency_symbol: str = ""
    currency_digits: int = 2


@dataclass(slots=True)
class ExceptionDays:
    """An exception with the dates it falls on; ``shifts`` empty = days off."""

    name: str
    first: date
    last: date
    shifts: Shifts
    days: tuple[date, ...] = ()
    """Dates of a recurring exception; empty = every day from first to last."""


@dataclass(slots=True)
class Week:
    """Shifts by weekday, Monday first; None = as in the base calendar."""

    days: list[Shifts | None] = field(default_factory=lambda: [None] * 7)


@dataclass(slots=True)
class WorkWeek:
    """Another week from first to last."""

    name: str
    first: date
    last: date
    week: Week


@dataclass(slots=True)
class CalendarData:
    uid: int
    name: str
    is_base: bool = True
    base_uid: int = NO_CALENDAR
    week: Week = field(default_factory=Week)
    exceptions: list[ExceptionDays] = field(default_factory=list)
    work_weeks: list[WorkWeek] = field(default_factory=list)


@dataclass(slots=True)
class Baseline:
    number: int
    start: datetime | None = None
    finish: datetime | None = None
    duration: int | None = None
    work: int | None = None
    cost: float = 0.0


@dataclass(slots=True)
class LinkData:
    """``lag`` as the file has it: tenths of minutes, or percent under a percent format."""

    predecessor_uid: int
    type: int = 1
    lag: float = 0
    lag_format: int = 7
    cross_project: str = ""


@dataclass(slots=True)
class TaskData:
    """One Task element. Slack in minutes; ``blank`` is an empty row."""

    uid: int
    id: int = 0
    name: str = ""
    blank: bool = False
    guid: str = ""
    notes: str = ""
    wbs: str = ""
    outline_number: str = ""
    outline_level: int = 1
    type: int = 0
    priority: int = 500
    summary: bool = False
    milestone: bool = False
    manual: bool = False
    active: bool = True
    external: bool = False
    subproject: bool = False
    estimated: bool = False
    effort_driven: bool = False
    recurring: bool = False
    start: datetime | None = None
    finish: datetime | None = None
    duration: int | None = None
    duration_format: int = 7
    work: int | None = None
    manual_start: datetime | None = None
    manual_finish: datetime | None = None
    manual_duration: int | None = None
    constraint_type: int = 0
    constraint_date: datetime | None = None
    deadline: datetime | None = None
    calendar_uid: int = NO_CALENDAR
    ignore_resource_calendar: bool = False
    leveling_delay: float = 0
    leveling_delay_format: int = 8
    early_start: datetime | None = None
    early_finish: datetime | None = None
    late_start: datetime | None = None
    late_finish: datetime | None = None
    total_slack: float | None = None
    free_slack: float | None = None
    critical: bool = False
    percent_complete: float = 0
    percent_work_complete: float = 0
    physical_percent_complete: float = 0
    actual_start: datetime | None = None
    actual_finish: datetime | None = None
    actual_duration: int | None = None
    remaining_duration: int | None = None
    actual_work: int | None = None
    remaining_work: int | None = None
    stop: datetime | None = None
    resume: datetime | None = None
    cost: float = 0
    fixed_cost: float = 0
    fixed_cost_accrual: int = 3
    actual_cost: float = 0
    remaining_cost: float = 0
    links: list[LinkData] = field(default_factory=list)
    baselines: list[Baseline] = field(default_factory=list)


@dataclass(slots=True)
class ResourceData:
    """``type`` 0 material, 1 work; ``is_cost`` marks a cost resource; units 1.0 = 100 %; rates an hour."""

    uid: int
    id: int = 0
    name: str = ""
    guid: str = ""
    type: int = 1
    initials: str = ""
    group: str = ""
    code: str = ""
    email: str = ""
    material_label: str = ""
    max_units: float = 1.0
    standard_rate: float = 0
    overtime_rate: float = 0
    cost_per_use: float = 0
    accrue_at: int = 3
    calendar_uid: int = NO_CALENDAR
    is_generic: bool = False
    is_cost: bool = False
    is_budget: bool = False
    notes: str = ""


@dataclass(slots=True)
class AssignmentData:
    uid: int
    task_uid: int
    resource_uid: int
    guid: str = ""
    units: float = 1.0
    work: int | None = None
    start: datetime | None = None
    finish: datetime | None = None
    delay: float = 0
    cost: float = 0
    actual_work: int | None = None
    remaining_work: int | None = None
    actual_cost: float = 0
    actual_start: datetime | None = None
    actual_finish: datetime | None = None
    percent_work_complete: float = 0
    work_contour: int = 0
    baselines: list[Baseline] = field(default_factory=list)


UNASSIGNED = -65535
"""ResourceUID of an assignment that stands for nobody."""


@dataclass(slots=True)
class ProjectFile:
    header: Header = field(default_factory=Header)
    calendars: list[CalendarData] = field(default_factory=list)
    tasks: list[TaskData] = field(default_factory=list)
    resources: list[ResourceData] = field(default_factory=list)
    assignments: list[AssignmentData] = field(default_factory=list)
