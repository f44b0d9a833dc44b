"""Which element of the file holds which field, in the schema's order: one table to read and to write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from xml.etree.ElementTree import Element

from punctual.engine.formats.mspdi.document import AssignmentData, Baseline, Header, ResourceData, TaskData
from punctual.engine.formats.mspdi.values import Fields, duration_text
from punctual.kernel.refusal import Reason

NAMESPACE: Final = "http://schemas.microsoft.com/project"


@dataclass(frozen=True)
class Codec:
    """How a value stands in the file."""

    read: Callable[[Fields, str], Any]
    write: Callable[[Any], str]


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))


def _hundredth(fields: Fields, tag: str) -> float:
    return fields.number(tag) / 100


def clock_text(minutes: int) -> str:
    """510 → ``08:30:00``; the end of the day is ``00:00:00``."""
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}:00"


def moment_text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


TEXT: Final = Codec(Fields.text, str)
WHOLE: Final = Codec(Fields.whole, str)
NUMBER: Final = Codec(Fields.number, _number)
FLAG: Final = Codec(Fields.flag, lambda value: "1" if value else "0")
MINUTES: Final = Codec(Fields.minutes, duration_text)
MOMENT: Final = Codec(Fields.moment, moment_text)
CLOCK: Final = Codec(Fields.clock, clock_text)
MONEY: Final = Codec(_hundredth, lambda value: _number(round(value * 100, 6)))
"""Currency units here, hundredths of them in the file."""
SLACK: Final = Codec(lambda fields, tag: fields.number(tag) / 10, lambda value: str(round(value * 10)))
"""Minutes here, tenths of minutes in the file."""

Columns = Sequence[tuple[str, str, Codec]]

HEADER: Final[Columns] = (
    ("SaveVersion", "save_version", WHOLE),
    ("Name", "name", TEXT),
    ("Title", "title", TEXT),
    ("Company", "company", TEXT),
    ("Author", "author", TEXT),
    ("CreationDate", "creation_date", MOMENT),
    ("ScheduleFromStart", "from_start", FLAG),
    ("StartDate", "start", MOMENT),
    ("FinishDate", "finish", MOMENT),
    ("CriticalSlackLimit", "critical_slack_limit", NUMBER),
    ("CurrencyDigits", "currency_digits", WHOLE),
    ("CurrencySymbol", "currency_symbol", TEXT),
    ("CurrencyCode", "currency_code", TEXT),
    ("CalendarUID", "calendar_uid", WHOLE),
    ("DefaultStartTime", "default_start", CLOCK),
    ("DefaultFinishTime", "default_finish", CLOCK),
    ("MinutesPerDay", "minutes_per_day", WHOLE),
    ("MinutesPerWeek", "minutes_per_week", WHOLE),
    ("DaysPerMonth", "days_per_month", WHOLE),
    ("HonorConstraints", "honor_constraints", FLAG),
    ("StatusDate", "status_date", MOMENT),
)

TASK: Final[Columns] = (
    ("UID", "uid", WHOLE),
    ("GUID", "guid", TEXT),
    ("ID", "id", WHOLE),
    ("Name", "name", TEXT),
    ("Active", "active", FLAG),
    ("Manual", "manual", FLAG),
    ("Type", "type", WHOLE),
    ("IsNull", "blank", FLAG),
    ("WBS", "wbs", TEXT),
    ("OutlineNumber", "outline_number", TEXT),
    ("OutlineLevel", "outline_level", WHOLE),
    ("Priority", "priority", WHOLE),
    ("Start", "start", MOMENT),
    ("Finish", "finish", MOMENT),
    ("Duration", "duration", MINUTES),
    ("ManualStart", "manual_start", MOMENT),
    ("ManualFinish", "manual_finish", MOMENT),
    ("ManualDuration", "manual_duration", MINUTES),
    ("DurationFormat", "duration_format", WHOLE),
    ("Work", "work", MINUTES),
    ("Stop", "stop", MOMENT),
    ("Resume", "resume", MOMENT),
    ("EffortDriven", "effort_driven", FLAG),
    ("Recurring", "recurring", FLAG),
    ("Estimated", "estimated", FLAG),
    ("Milestone", "milestone", FLAG),
    ("Summary", "summary", FLAG),
    ("Critical", "critical", FLAG),
    ("IsSubproject", "subproject", FLAG),
    ("ExternalTask", "external", FLAG),
    ("EarlyStart", "early_start", MOMENT),
    ("EarlyFinish", "early_finish", MOMENT),
    ("LateStart", "late_start", MOMENT),
    ("LateFinish", "late_finish", MOMENT),
    ("FreeSlack", "free_slack", SLACK),
    ("TotalSlack", "total_slack", SLACK),
    ("FixedCost", "fixed_cost", MONEY),
    ("FixedCostAccrual", "fixed_cost_accrual", WHOLE),
    ("PercentComplete", "percent_complete", NUMBER),
    ("PercentWorkComplete", "percent_work_complete", NUMBER),
    ("Cost", "cost", MONEY),
    ("ActualStart", "actual_start", MOMENT),
    ("ActualFinish", "actual_finish", MOMENT),
    ("ActualDuration", "actual_duration", MINUTES),
    ("ActualCost", "actual_cost", MONEY),
    ("ActualWork", "actual_work", MINUTES),
    ("RemainingDuration", "remaining_duration", MINUTES),
    ("RemainingCost", "remaining_cost", MONEY),
    ("RemainingWork", "remaining_work", MINUTES),
    ("ConstraintType", "constraint_type", WHOLE),
    ("CalendarUID", "calendar_uid", WHOLE),
    ("ConstraintDate", "constraint_date", MOMENT),
    ("Deadline", "deadline", MOMENT),
    ("LevelingDelay", "leveling_delay", NUMBER),
    ("LevelingDelayFormat", "leveling_delay_format", WHOLE),
    ("IgnoreResourceCalendar", "ignore_resource_calendar", FLAG),
    ("Notes", "notes", TEXT),
    ("PhysicalPercentComplete", "physical_percent_complete", NUMBER),
)

BASELINE: Final[Columns] = (
    ("Number", "number", WHOLE),
    ("Start", "start", MOMENT),
    ("Finish", "finish", MOMENT),
    ("Duration", "duration", MINUTES),
    ("Work", "work", MINUTES),
    ("Cost", "cost", MONEY),
)

RESOURCE: Final[Columns] = (
    ("UID", "uid", WHOLE),
    ("GUID", "guid", TEXT),
    ("ID", "id", WHOLE),
    ("Name", "name", TEXT),
    ("Type", "type", WHOLE),
    ("Initials", "initials", TEXT),
    ("Group", "group", TEXT),
    ("Code", "code", TEXT),
    ("EmailAddress", "email", TEXT),
    ("MaterialLabel", "material_label", TEXT),
    ("MaxUnits", "max_units", NUMBER),
    ("AccrueAt", "accrue_at", WHOLE),
    ("StandardRate", "standard_rate", NUMBER),
    ("OvertimeRate", "overtime_rate", NUMBER),
    ("CostPerUse", "cost_per_use", MONEY),
    ("CalendarUID", "calendar_uid", WHOLE),
    ("Notes", "notes", TEXT),
    ("IsGeneric", "is_generic", FLAG),
    ("IsCostResource", "is_cost", FLAG),
    ("IsBudget", "is_budget", FLAG),
)

ASSIGNMENT: Final[Columns] = (
    ("UID", "uid", WHOLE),
    ("GUID", "guid", TEXT),
    ("TaskUID", "task_uid", WHOLE),
    ("ResourceUID", "resource_uid", WHOLE),
    ("PercentWorkComplete", "percent_work_complete", NUMBER),
    ("ActualCost", "actual_cost", MONEY),
    ("ActualFinish", "actual_finish", MOMENT),
    ("ActualStart", "actual_start", MOMENT),
    ("ActualWork", "actual_work", MINUTES),
    ("Cost", "cost", MONEY),
    ("Delay", "delay", NUMBER),
    ("Finish", "finish", MOMENT),
    ("RemainingWork", "remaining_work", MINUTES),
    ("Start", "start", MOMENT),
    ("Units", "units", NUMBER),
    ("Work", "work", MINUTES),
    ("WorkContour", "work_contour", WHOLE),
)

Record = Header | TaskData | Baseline | ResourceData | AssignmentData


def fill(record: Record, columns: Columns, fields: Fields) -> None:
    """Sets every field whose element is there and readable."""
    for tag, attribute, codec in columns:
        if fields.text(tag):
            value = codec.read(fields, tag)
            if value is not None:
                setattr(record, attribute, value)


def pairs(record: Record, columns: Columns) -> Iterable[tuple[str, str]]:
    """Elements of a record in schema order; what is unknown or empty is left out."""
    for tag, attribute, codec in columns:
        value = getattr(record, attribute)
        if value is not None and value != "":
            yield tag, codec.write(value)


def baselines(element: Element, where: str, row: int, faults: list[Reason]) -> list[Baseline]:
    """The Baseline children of a task or an assignment."""
    result = []
    for child in element:
        if child.tag == "Baseline":
            result.append(Baseline(0))
            fill(result[-1], BASELINE, Fields(child, where, row, faults))
    return result
