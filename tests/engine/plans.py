"""Random plans for property tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from hypothesis import strategies as st

from punctual.engine.calendars import CalendarException, WorkCalendar
from punctual.engine.network import LagUnit, Link, LinkType, Plan, Task

START = datetime(2026, 1, 5, 8)
CALENDARS = {
    "clock": WorkCalendar.around_the_clock(),
    "six": WorkCalendar("six", week=(((480, 720), (780, 1020)),) * 6 + ((),)),
    "night": WorkCalendar.from_data({"name": "night", "week": {d: ["22:00-06:00"] for d in ("mon", "wed", "fri")}}),
}
STANDARD = WorkCalendar.standard().with_exceptions([CalendarException(date(2026, 1, 7), date(2026, 1, 9))])


@st.composite
def plans(draw: Any, kinds: tuple[LinkType, ...] = tuple(LinkType), *, one_calendar: bool = False) -> Plan:
    """Up to ten tasks without constraints and progress, some of them milestones or elapsed, on four calendars."""
    n = draw(st.integers(1, 10))
    tasks = []
    for uid in range(n):
        duration = draw(st.sampled_from([0, 1, 7, 60, 240, 480, 481, 1500]))
        key = "" if one_calendar else draw(st.sampled_from(["", "", "clock", "six", "night"]))
        elapsed = not one_calendar and draw(st.integers(0, 5)) == 0
        tasks.append(Task(uid=uid, name=f"T{uid}", duration=duration, calendar=key, elapsed=elapsed))
    units = [LagUnit.WORKING] if one_calendar else list(LagUnit)
    links = []
    for successor in range(1, n):
        for predecessor in draw(st.sets(st.integers(0, successor - 1), max_size=3)):
            lag = draw(st.sampled_from([0, 0, 0, 1, 90, 480, -60, -300]))
            unit = draw(st.sampled_from(units))
            links.append(Link(predecessor, successor, draw(st.sampled_from(kinds)), lag, unit))
    return Plan(start=START, calendar=STANDARD, calendars=CALENDARS, tasks=tasks, links=links)


def with_task(plan: Plan, uid: int, **changes: Any) -> Plan:
    """The plan with one task changed."""
    return replace(plan, tasks=[replace(t, **changes) if t.uid == uid else t for t in plan.tasks])


def calendar_of(plan: Plan, task: Task) -> WorkCalendar:
    """The calendar a task is worked on."""
    if task.elapsed:
        return CALENDARS["clock"]
    return plan.calendars[task.calendar] if task.calendar else plan.calendar
