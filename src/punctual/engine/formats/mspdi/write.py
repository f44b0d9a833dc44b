"""Writes Microsoft Project XML that Project 2007 and later and MPXJ read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final
from xml.sax.saxutils import escape

from punctual.engine.daypattern import Shifts
from punctual.engine.formats.mspdi import schema
from punctual.engine.formats.mspdi.document import (
    AssignmentData,
    Baseline,
    CalendarData,
    ExceptionDays,
    LinkData,
    ProjectFile,
    Week,
)

_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold."""


def write_mspdi(file: ProjectFile) -> bytes:
    """The file as UTF-8 XML. Values that are None or empty are left out, as Project does."""
    lines = ['<?xml version="1.0" encoding="UTF-8" standalone="yes"?>', f'<Project xmlns="{schema.NAMESPACE}">']
    lines += _elements(schema.pairs(file.header, schema.HEADER), 1)
    lines += _list("Calendars", (_calendar(calendar) for calendar in file.calendars))
    lines += _list("Tasks", (_task_lines(file, row) for row in range(len(file.tasks))))
    resources = (_wrapped("Resource", _elements(schema.pairs(r, schema.RESOURCE), 3), 2) for r in file.resources)
    lines += _list("Resources", resources)
    lines += _list("Assignments", (_assignment(assignment) for assignment in file.assignments))
    lines.append("</Project>")
    return ("\n".join(lines) + "\n").encode()


def _text(value: str) -> str:
    return escape(_FORBIDDEN.sub("", value))


def _elements(pairs: Iterable[tuple[str, str]], depth: int) -> list[str]:
    tab = "  " * depth
    return [f"{tab}<{tag}>{_text(value)}</{tag}>" for tag, value in pairs]


def _wrapped(tag: str, lines: Iterable[str], depth: int) -> list[str]:
    tab = "  " * depth
    return [f"{tab}<{tag}>", *lines, f"{tab}</{tag}>"]


def _list(tag: str, items: Iterable[Iterable[str]]) -> list[str]:
    return _wrapped(tag, (line for item in items for line in item), 1)


def _task_lines(file: ProjectFile, row: int) -> list[str]:
    task = file.tasks[row]
    lines = _elements(schema.pairs(task, schema.TASK), 3)
    for link in task.links:
        lines += _wrapped("PredecessorLink", _elements(_link_pairs(link), 4), 3)
    lines += _baselines(task.baselines)
    return _wrapped("Task", lines, 2)


def _link_pairs(link: LinkData) -> Iterator[tuple[str, str]]:
    yield "PredecessorUID", str(link.predecessor_uid)
    yield "Type", str(link.type)
    yield "CrossProject", "1" if link.cross_project else "0"
    if link.cross_project:
        yield "CrossProjectName", link.cross_project
    yield "LinkLag", str(round(link.lag))
    yield "LagFormat", str(link.lag_format)


def _baselines(baselines: Iterable[Baseline]) -> list[str]:
    lines: list[str] = []
    for baseline in baselines:
        lines += _wrapped("Baseline", _elements(schema.pairs(baseline, schema.BASELINE), 4), 3)
    return lines


def _assignment(assignment: AssignmentData) -> list[str]:
    lines = _elements(schema.pairs(assignment, schema.ASSIGNMENT), 3)
    return _wrapped("Assignment", lines + _baselines(assignment.baselines), 2)


def _calendar(calendar: CalendarData) -> list[str]:
    lines = _elements(
        [
            ("UID", str(calendar.uid)),
            ("Name", calendar.name),
            ("IsBaseCalendar", "1" if calendar.is_base else "0"),
            ("BaseCalendarUID", str(calendar.base_uid)),
        ],
        3,
    )
    lines += _week(calendar.week, 3)
    if calendar.exceptions:
        items = (line for item in calendar.exceptions for line in _exception(item))
        lines += _wrapped("Exceptions", items, 3)
    if calendar.work_weeks:
        weeks: list[str] = []
        for work_week in calendar.work_weeks:
            inner = _period(work_week.first, work_week.last, 5) + _elements([("Name", work_week.name)], 5)
            weeks += _wrapped("WorkWeek", inner + _week(work_week.week, 5), 4)
        lines += _wrapped("WorkWeeks", weeks, 3)
    return _wrapped("Calendar", lines, 2)


def _week(week: Week, depth: int) -> list[str]:
    """Days that are not set are those of the base calendar and left out; Project counts from Sunday = 1."""
    lines: list[str] = []
    for number in range(1, 8):
        shifts = week.days[(number + 5) % 7]
        if shifts is not None:
            head = _elements([("DayType", str(number)), ("DayWorking", "1" if shifts else "0")], depth + 2)
            lines += _wrapped("WeekDay", head + _working_times(shifts, depth + 2), depth + 1)
    return _wrapped("WeekDays", lines, depth) if lines else []


def _working_times(shifts: Shifts, depth: int) -> list[str]:
    lines: list[str] = []
    for start, end in shifts:
        pair = [("FromTime", schema.clock_text(start)), ("ToTime", schema.clock_text(end))]
        lines += _wrapped("WorkingTime", _elements(pair, depth + 2), depth + 1)
    return _wrapped("WorkingTimes", lines, depth) if lines else []


def _period(first: date, last: date, depth: int) -> list[str]:
    pair = [("FromDate", f"{first}T00:00:00"), ("ToDate", f"{last}T23:59:00")]
    return _wrapped("TimePeriod", _elements(pair, depth + 1), depth)


def _exception(item: ExceptionDays) -> Iterator[str]:
    """One Exception element; a recurring one is written as one for each of its dates."""
    spans = [(day, day) for day in item.days] or [(item.first, item.last)]
    for first, last in spans:
        head = _elements([("EnteredByOccurrences", "0")], 5) + _period(first, last, 5)
        occurrences = (last - first).days + 1
        head += _elements([("Occurrences", str(occurrences)), ("Name", item.name), ("Type", "1")], 5)
        head += _elements([("DayWorking", "1" if item.shifts else "0")], 5)
        yield from _wrapped("Exception", head + _working_times(item.shifts, 5), 4)
