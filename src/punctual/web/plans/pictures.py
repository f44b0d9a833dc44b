"""A plan as a small read-only picture: bars of the phases (or of a template's tasks) over a week axis."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from punctual.domain.orders.models import Order
from punctual.domain.plans.models import Baseline, Plan, Task
from punctual.domain.plans.selectors import free_days
from punctual.domain.plans.state import Dates, PlanState
from punctual.domain.plans.work_calendars import plan_time
from punctual.web.formatting import day_text

WIDTH: Final = 860
TOP: Final = 20
CLOSE: Final = 56
"""Pixels between two marks under which their words would touch."""
MOST_TICKS: Final = 9
MOST_PHASES: Final = 14
LONGEST_LABEL: Final = 16


@dataclass(frozen=True)
class Span:
    """A bar: moments on the site's clock; ``kept`` is where the baseline has it."""

    label: str
    start: dt.datetime
    finish: dt.datetime
    percent: int = 0
    is_critical: bool = False
    is_milestone: bool = False
    kept: tuple[dt.datetime, dt.datetime] | None = None


@dataclass(frozen=True)
class Box:
    x: float
    w: float


@dataclass(frozen=True)
class Row:
    label: str
    y: float
    bar: Box
    done: Box
    kept: Box | None
    is_critical: bool
    is_milestone: bool
    is_done: bool

    @property
    def middle(self) -> float:
        return self.y + 10.5

    @property
    def strip(self) -> float:
        return self.y + 8.5

    @property
    def below(self) -> float:
        return self.y + 17

    @property
    def text(self) -> float:
        return self.y + 15


@dataclass(frozen=True)
class Picture:
    """Numbers for the drawing; the template only writes them down."""

    width: int
    height: float
    left: int
    rows: list[Row]
    ticks: list[tuple[float, str]]
    shades: list[Box]
    marks: list[tuple[float, str, str, str]] = field(default_factory=list)
    """(x, words, css class, to which side of x the words stand)"""


def picture(
    spans: Sequence[Span],
    *,
    left: int = 150,
    row_height: int = 24,
    marks: Sequence[tuple[dt.date, str, str]] = (),
    shaded: Sequence[tuple[dt.date, dt.date]] = (),
) -> Picture:
    """Lay the bars out; ``marks`` are days with words (today, promised), ``shaded`` free spans (both ends included)."""
    first = min([span.start.date() for span in spans] + [day for day, *_ in marks])
    last = max([span.finish.date() for span in spans] + [day for day, *_ in marks])
    first -= dt.timedelta(days=first.weekday())
    days = (last - first).days + 4
    scale = (WIDTH - left - 8) / days

    def x(moment: dt.datetime | dt.date) -> float:
        if isinstance(moment, dt.datetime):
            share = min(1.0, max(0.0, (moment.hour * 60 + moment.minute - 480) / 540))
            return round(left + ((moment.date() - first).days + share) * scale, 1)
        return round(left + (moment - first).days * scale, 1)

    def box(start: dt.datetime | dt.date, finish: dt.datetime | dt.date) -> Box:
        return Box(x(start), round(max(x(finish) - x(start), 2), 1))

    rows = []
    for index, span in enumerate(spans):
        bar = box(span.start, span.finish)
        rows.append(
            Row(
                label=span.label if len(span.label) <= LONGEST_LABEL else f"{span.label[: LONGEST_LABEL - 1]}…",
                y=TOP + 2 + index * row_height,
                bar=bar,
                done=Box(bar.x, round(bar.w * span.percent / 100, 1)),
                kept=box(*span.kept) if span.kept else None,
                is_critical=span.is_critical and span.percent < 100,
                is_milestone=span.is_milestone,
                is_done=span.percent == 100,
            )
        )
    step = next(weeks for weeks in (1, 2, 4, 8, 13, 26, 52) if days / 7 / weeks <= MOST_TICKS or weeks == 52)
    mondays = range(0, days, 7)
    flags = [(x(day) + (scale / 2 if css == "today" else scale), words, css) for day, words, css in marks]
    ticks = []
    for day in mondays:
        at = x(first + dt.timedelta(days=day))
        shown = day // 7 % step == 0 and all(abs(at + 16 - flag) > CLOSE for flag, *_ in flags)
        ticks.append((at, day_text(first + dt.timedelta(days=day)) if shown else ""))
    one = dt.timedelta(days=1)
    return Picture(
        width=WIDTH,
        height=TOP + 10 + len(spans) * row_height,
        left=left,
        rows=rows,
        ticks=ticks,
        shades=[box(start, end + one) for start, end in shaded if end >= first and start <= last],
        marks=_apart(flags),
    )


def _apart(flags: list[tuple[float, str, str]]) -> list[tuple[float, str, str, str]]:
    """Words of neighbouring days stand to the left and to the right of them, so that none lies on another's."""
    found: list[tuple[float, str, str, str]] = []
    for at, words, css in sorted(flags):
        side = "middle"
        if found and at - found[-1][0] < CLOSE:
            found[-1] = (*found[-1][:3], "end")
            side = "start"
        found.append((at, words, css, side))
    return found


def long_breaks(days: Sequence[str]) -> list[tuple[dt.date, dt.date]]:
    """Runs of three free days or more: holidays, not weekends."""
    found: list[tuple[dt.date, dt.date]] = []
    for text in days:
        day = dt.date.fromisoformat(text)
        if found and found[-1][1] + dt.timedelta(days=1) == day:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return [(first, last) for first, last in found if (last - first).days >= 2]


def plan_picture(plan: Plan, *, today: dt.date, words: Mapping[str, str]) -> Picture | None:
    """The phases of an order's plan with its last baseline, today and the promised day."""
    rows = phases_of(plan)
    if not rows:
        return None
    baseline: Baseline | None = plan.baselines.order_by("-number").first()
    kept = {}
    if baseline:
        for task_ref, start, finish in baseline.tasks.values_list("task_ref", "start", "finish"):
            kept[task_ref] = (_local(start), _local(finish))
    order: Order = plan.order
    marks = [(today, words["today"], "today")]
    if order.promised_date or order.requested_date:
        day = order.promised_date or order.requested_date
        assert day is not None
        marks.append((day, words["promised" if order.promised_date else "requested"], "promised"))
    spans = [
        Span(
            row.name,
            _local(row.start),
            _local(row.finish),
            percent,
            row.is_critical,
            row.is_milestone,
            kept.get(row.pk),
        )
        for row, percent in rows
    ]
    first, last = min(span.start for span in spans).date(), max(span.finish for span in spans).date()
    return picture(spans, marks=marks, shaded=long_breaks(free_days(plan, first, last)))


def phases_of(plan: Plan) -> list[tuple[Task, int]]:
    """The rows that tell a plan in short, with the share of each that is done."""
    return _phases(list(plan.tasks.exclude(start=None).order_by("sequence")))


def _local(moment: dt.datetime | None) -> dt.datetime:
    found = plan_time(moment)
    assert found is not None
    return found


def _phases(tasks: Sequence[Task]) -> list[tuple[Task, int]]:
    """The outermost rows, the longest of them opened while there is room, with the share of each that is done."""
    children: dict[int | None, list[Task]] = {}
    for task in tasks:
        children.setdefault(task.parent_id, []).append(task)
    chosen = children.get(None, [])
    while True:
        longest = max(
            (row for row in chosen if row.is_summary),
            key=lambda row: _local(row.finish) - _local(row.start),
            default=None,
        )
        inside = children.get(longest.pk, []) if longest else []
        if longest is None or len(chosen) - 1 + len(inside) > MOST_PHASES:
            break
        at = chosen.index(longest)
        chosen = [*chosen[:at], *inside, *chosen[at + 1 :]]
    leaves = [task for task in tasks if not task.is_summary]
    found = []
    for row in chosen[:MOST_PHASES]:
        below = [one for one in leaves if one.pk == row.pk or one.wbs.startswith(f"{row.wbs}.")]
        total = sum(one.duration for one in below)
        done = sum(one.duration * one.percent for one in below)
        found.append((row, done // total if total else row.percent))
    return found


def template_picture(
    state: PlanState, dates: Mapping[int, Dates], shaded: Sequence[tuple[dt.date, dt.date]]
) -> Picture:
    """Every task of a template's preview."""
    spans = [
        Span(
            state.label(task_id),
            dates[task_id].start,
            dates[task_id].finish,
            is_critical=dates[task_id].is_critical,
            is_milestone=state.tasks[task_id].is_milestone,
        )
        for task_id in state.leaves()
    ]
    return picture(spans, left=190, row_height=21, shaded=shaded)
