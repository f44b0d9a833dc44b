"""Calendars of Microsoft Project XML: weekdays, other weeks, exceptions with their recurrence."""

from __future__ import annotations

import calendar as month_calendar
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Final
from xml.etree.ElementTree import Element

from punctual.engine.daypattern import DAY, Shift, Shifts, merged
from punctual.engine.formats.mspdi.document import CalendarData, ExceptionDays, Week, WorkWeek
from punctual.engine.formats.mspdi.values import Fields
from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_

DAILY, YEARLY_DAY, YEARLY_POSITION, MONTHLY_DAY, MONTHLY_POSITION, WEEKLY = 1, 2, 3, 4, 5, 6
"""Type of an exception; other numbers and absence mean every day of the period."""

MOST_DAYS: Final = 80_000
"""Longest period of one exception that is expanded: more than the years that can be planned."""

OFFICE_HOURS: Final[Shifts] = ((480, 720), (780, 1020))


def read_calendar(element: Element, faults: list[Reason]) -> CalendarData:
    """One Calendar element."""
    fields = Fields(element, "calendar", None, faults)
    uid = fields.whole("UID")
    fields.where = where = f"calendar {fields.text('Name') or uid}"
    result = CalendarData(
        uid=uid,
        name=fields.text("Name"),
        is_base=fields.flag("IsBaseCalendar", default=True),
        base_uid=fields.whole("BaseCalendarUID", -1),
    )
    old_style: list[ExceptionDays] = []
    for child in element:
        if child.tag == "WeekDays":
            old_style += _weekdays(child, result.week, where, faults)
        elif child.tag == "Exceptions":
            found = (_exception(raw, where, faults) for raw in child)
            result.exceptions += [item for item in found if item is not None]
        elif child.tag == "WorkWeeks":
            weeks = (_work_week(raw, where, faults) for raw in child)
            result.work_weeks += [week for week in weeks if week is not None]
    if not result.exceptions:
        result.exceptions = old_style
    return result


def _weekdays(element: Element, week: Week, where: str, faults: list[Reason]) -> list[ExceptionDays]:
    """Fills the week; returns exceptions in the form that Project before 2007 wrote among the weekdays."""
    exceptions = []
    for raw in element:
        fields = Fields(raw, where, None, faults)
        number = fields.whole("DayType")
        if number == 0:
            item = _exception(raw, where, faults)
            if item is not None:
                exceptions.append(item)
        elif 1 <= number <= 7:
            week.days[(number + 5) % 7] = _shifts(raw, fields, where, faults)
        else:
            faults.append(
                Reason(
                    code="mspdi.weekday",
                    text=N_("%(where)s: DayType %(value)s is no weekday; 1 is Sunday, 7 is Saturday"),
                    params={"where": where, "value": number},
                    field="DayType",
                )
            )
    return exceptions


def _shifts(raw: Element, fields: Fields, where: str, faults: list[Reason]) -> Shifts:
    if not fields.flag("DayWorking"):
        return ()
    times = raw.find("WorkingTimes")
    if times is None:
        return OFFICE_HOURS
    shifts: list[Shift] = []
    for item in times:
        working = Fields(item, where, None, faults)
        start, end = working.clock("FromTime"), working.clock("ToTime")
        if start is None or end is None:
            continue
        end = DAY if end == 0 else end
        if start == end:
            continue
        shifts.append((start, end) if start < end else (start, end + DAY))
    return merged(shifts)


def _period(raw: Element, where: str, faults: list[Reason]) -> tuple[date, date] | None:
    period = raw.find("TimePeriod")
    if period is None:
        return None
    fields = Fields(period, where, None, faults)
    first, last = fields.day("FromDate"), fields.day("ToDate")
    if first is None or last is None or last < first:
        return None
    return first, last


def _work_week(raw: Element, where: str, faults: list[Reason]) -> WorkWeek | None:
    period = _period(raw, where, faults)
    if period is None:
        return None
    week = Week()
    for child in raw:
        if child.tag == "WeekDays":
            _weekdays(child, week, where, faults)
    return WorkWeek(Fields(raw, where, None, faults).text("Name"), *period, week)


def _exception(raw: Element, where: str, faults: list[Reason]) -> ExceptionDays | None:
    period = _period(raw, where, faults)
    if period is None:
        return None
    fields = Fields(raw, where, None, faults)
    first, last = period
    item = ExceptionDays(fields.text("Name"), first, last, _shifts(raw, fields, where, faults))
    kind = fields.whole("Type", DAILY)
    if kind in (YEARLY_DAY, YEARLY_POSITION, MONTHLY_DAY, MONTHLY_POSITION, WEEKLY) or fields.whole("Period", 1) > 1:
        dates = _recurrence(kind, first, last, fields)
        count = fields.whole("Occurrences") if fields.flag("EnteredByOccurrences") else 0
        listed = list(dates)
        item.days = tuple(listed[:count] if count > 0 else listed)
        if not item.days:
            return None
    return item


def _recurrence(kind: int, first: date, last: date, fields: Fields) -> Iterator[date]:
    """Dates between first and last on which a recurring exception falls."""
    last = min(last, first + timedelta(days=MOST_DAYS))
    period = max(1, fields.whole("Period", 1))
    if kind == WEEKLY:
        mask = fields.whole("DaysOfWeek")
        sunday = first - timedelta(days=(first.weekday() + 1) % 7)
        for day in _days(first, last):
            week = (day - sunday).days // 7
            if week % period == 0 and mask >> ((day.weekday() + 1) % 7) & 1:
                yield day
    elif kind in (YEARLY_DAY, YEARLY_POSITION, MONTHLY_DAY, MONTHLY_POSITION):
        yield from _monthly(kind, first, last, period, fields)
    else:
        yield from (day for day in _days(first, last) if (day - first).days % period == 0)


def _monthly(kind: int, first: date, last: date, period: int, fields: Fields) -> Iterator[date]:
    step = 12 if kind in (YEARLY_DAY, YEARLY_POSITION) else period
    month = fields.whole("Month") if step == 12 else first.month - 1
    at = first.year * 12 + month
    while at // 12 <= last.year:
        year, number = at // 12, at % 12 + 1
        if kind in (YEARLY_DAY, MONTHLY_DAY):
            length = month_calendar.monthrange(year, number)[1]
            wanted = fields.whole("MonthDay", 1)
            day = date(year, number, wanted) if 1 <= wanted <= length else None
        else:
            day = _position(year, number, fields.whole("MonthItem"), fields.whole("MonthPosition"))
        if day is not None and first <= day <= last:
            yield day
        at += step


def _position(year: int, month: int, item: int, position: int) -> date | None:
    """The first … fourth or last (position 0 … 4) day of a kind in a month."""
    length = month_calendar.monthrange(year, month)[1]
    days = [date(year, month, number) for number in range(1, length + 1)]
    if item == 1:
        days = [day for day in days if day.weekday() < 5]
    elif item == 2:
        days = [day for day in days if day.weekday() >= 5]
    elif 3 <= item <= 9:
        days = [day for day in days if (day.weekday() + 1) % 7 == item - 3]
    if position >= 4:
        return days[-1]
    return days[position] if position < len(days) else None


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))
