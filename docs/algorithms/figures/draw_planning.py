"""Draws the figures of the pages on calendars, critical path and Microsoft Project XML from the engine itself.

PYTHONPATH=src python docs/algorithms/figures/draw_planning.py
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from punctual.engine.calendars import WorkCalendar
from punctual.engine.cpm import schedule
from punctual.engine.network import Link, LinkType, Plan, Task

HERE = Path(__file__).parent
INK, GRID, BLUE, RED, GREEN, GREY = "#1f2328", "#eaeef2", "#1f6feb", "#d1242f", "#1a7f37", "#8c959f"


def document(name: str, title: str, width: int, height: int, parts: Iterable[str]) -> None:
    """Writes one SVG file with a white ground and a heading."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="{title}" '
        f'font-family="system-ui, sans-serif" font-size="13" fill="{INK}">'
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>'
        f'<text x="20" y="26" font-size="15" font-weight="600">{title}</text>'
    )
    (HERE / name).write_text("\n".join([head, *parts, "</svg>\n"]), encoding="utf-8")


def calendars() -> None:
    """Working minutes against the clock over a weekend, with the two inverses at the pause."""
    calendar = WorkCalendar.standard()
    first, hours = datetime(2026, 1, 9), 96
    base = calendar.to_minutes(first)
    left, bottom, across, up = 70, 330, 6.4, 0.26

    def x(moment: datetime) -> float:
        return left + (moment - first).total_seconds() / 3600 * across

    def y(work: int) -> float:
        return bottom - (work - base) * up

    parts = []
    for day in range(hours // 24 + 1):
        at = x(first + timedelta(days=day))
        parts.append(f'<line x1="{at}" y1="60" x2="{at}" y2="{bottom}" stroke="{GRID}"/>')
        if day < hours // 24:
            name = f"{first + timedelta(days=day):%A}"
            parts.append(f'<text x="{at + 12 * across}" y="{bottom + 20}" text-anchor="middle">{name}</text>')
    line = [first + timedelta(minutes=15 * k) for k in range(hours * 4 + 1)]
    path = " ".join(f"{x(m):.1f},{y(calendar.to_minutes(m)):.1f}" for m in line)
    parts.append(f'<polyline points="{path}" fill="none" stroke="{BLUE}" stroke-width="2.5"/>')
    work = calendar.to_minutes(datetime(2026, 1, 9, 17))
    places = (
        (calendar.to_datetime_finish(work), "finish(w)", RED),
        (calendar.to_datetime_start(work), "start(w)", GREEN),
    )
    for moment, label, colour in places:
        parts.append(f'<circle cx="{x(moment):.1f}" cy="{y(work):.1f}" r="5" fill="{colour}"/>')
        text = f"{label} = {moment:%a %H:%M}"
        parts.append(
            f'<text x="{x(moment):.1f}" y="{y(work) - 12:.1f}" text-anchor="middle" fill="{colour}">{text}</text>'
        )
    label_y = (60 + bottom) / 2
    parts.append(
        f'<text transform="translate(28 {label_y}) rotate(-90)" text-anchor="middle">working minutes W(t)</text>'
    )
    parts.append(f'<text x="{left + 48 * across}" y="{bottom + 42}" text-anchor="middle">clock t</text>')
    document("calendars.svg", "One working instant, two places on the clock", 720, 390, parts)


def critical_path() -> None:
    """A small order: early bars, total float behind them, the critical path in red."""
    day = 480
    rows = [("Design", 3 * day), ("Order castings", 2 * day), ("Fixture", 2 * day), ("Castings arrive", 5 * day),
            ("Mill", 3 * day), ("Inspect", day), ("Deliver", 0)]  # fmt: skip
    tasks = [Task(uid=n, name=name, duration=length) for n, (name, length) in enumerate(rows)]
    links = [
        Link(0, 1, LinkType.START_START, day), Link(0, 2), Link(1, 3), Link(2, 4), Link(3, 4),
        Link(4, 5, LinkType.FINISH_FINISH, day // 2), Link(5, 6),
    ]  # fmt: skip
    first = datetime(2026, 3, 2, 8)
    result = schedule(Plan(start=first, tasks=tasks, links=links))
    left, scale = 150, 28.0
    origin = first.replace(hour=0)

    def x(moment: datetime) -> float:
        return left + (moment - origin).total_seconds() / 86400 * scale

    parts = []
    for number in range((result.finish - origin).days + 2):
        date = origin + timedelta(days=number)
        fill = "#f6f8fa" if date.weekday() >= 5 else "#ffffff"
        parts.append(
            f'<rect x="{x(date)}" y="56" width="{scale}" height="{len(rows) * 36}" fill="{fill}" stroke="{GRID}"/>'
        )
        parts.append(f'<text x="{x(date) + scale / 2}" y="50" font-size="11" text-anchor="middle">{date.day}</text>')
    for row, task in enumerate(result.tasks):
        y = 64 + 36 * row
        colour = RED if task.critical else BLUE
        parts.append(f'<text x="{left - 10}" y="{y + 15}" text-anchor="end">{task.name}</text>')
        if task.start == task.finish:
            at = x(task.start)
            parts.append(f'<path d="M{at} {y} l9 10 l-9 10 l-9 -10 z" fill="{colour}"/>')
            continue
        if task.late_finish > task.finish:
            width = x(task.late_finish) - x(task.finish)
            parts.append(
                f'<rect x="{x(task.finish)}" y="{y + 7}" width="{width}" height="6" fill="{GREY}" opacity="0.5"/>'
            )
        width = x(task.finish) - x(task.start)
        parts.append(f'<rect x="{x(task.start)}" y="{y}" width="{width}" height="20" rx="3" fill="{colour}"/>')
    foot = 84 + 36 * len(rows)
    parts.append(
        f'<text x="{left}" y="{foot}" font-size="12">red: critical · blue: early dates · grey: total float</text>'
    )
    document("critical-path.svg", "Early dates, total float and the critical path", 720, foot + 20, parts)


def mspdi() -> None:
    """How many tasks of each group of files come out exactly as stored."""
    groups = [
        ("Project's own files", 393, 393),
        ("… with progress", 41, 41),
        ("… manual, resources, levelling", 106, 106),
        ("… forward dates only", 161, 163),
        ("generated: links, lags, holidays", 1840, 1840),
        ("generated: constraints, deadlines", 457, 460),
    ]
    parts = []
    for row, (name, exact, total) in enumerate(groups):
        y = 50 + 34 * row
        width = 300 * exact / total
        parts.append(f'<text x="270" y="{y + 16}" text-anchor="end">{name}</text>')
        parts.append(f'<rect x="280" y="{y}" width="300" height="22" fill="{GRID}"/>')
        parts.append(
            f'<rect x="280" y="{y}" width="{width:.1f}" height="22" fill="{GREEN if exact == total else BLUE}"/>'
        )
        parts.append(f'<text x="590" y="{y + 16}">{exact} of {total}</text>')
    title = "Tasks whose dates come out as stored, to the working minute"
    document("mspdi.svg", title, 720, 60 + 34 * len(groups), parts)


if __name__ == "__main__":
    calendars()
    critical_path()
    mspdi()
