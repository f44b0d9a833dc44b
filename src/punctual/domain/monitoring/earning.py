"""Earned value of a plan through time: pure. Planned value from a baseline, earned value from what was reported."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from punctual.engine.earned_value import (
    Performance,
    PeriodFigures,
    PeriodInput,
    earned_share,
    earned_value,
    reaches,
)
from punctual.engine.earned_value import ProgressRule as EngineRule

WEEK: Final = dt.timedelta(days=7)
MOST_PERIODS: Final = 260
Between = Callable[[dt.datetime, dt.datetime], int]
"""Working minutes between two moments."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One task: its share of the budget, its baseline, and what was reported (moment → percent, rising in time)."""

    id: int
    weight: float
    planned_start: dt.datetime
    planned_finish: dt.datetime
    percent: int = 0
    actual_start: dt.datetime | None = None
    actual_finish: dt.datetime | None = None
    reports: Sequence[tuple[dt.datetime, int]] = field(default_factory=tuple)
    is_milestone: bool = False
    phase: str = ""


def planned_share(piece: Piece, at: dt.datetime, between: Between, rule: str = "percent") -> float:
    """How much of it the plan wants done at ``at``, 0 to 1: by working time; all at its end for 0/100 and milestones,
    half at its start for 50/50."""
    if at >= piece.planned_finish:
        return 1.0
    if at < piece.planned_start:
        return 0.0
    if rule in ("0/100", "milestones"):
        return 0.0
    if rule == "50/50":
        return 0.5
    whole = between(piece.planned_start, piece.planned_finish)
    return between(piece.planned_start, at) / whole if whole else 0.0


def percent_at(piece: Piece, at: dt.datetime, now: dt.datetime) -> float:
    """Percent done at ``at``: what was reported last; before that the way from its start to what is known."""
    if piece.actual_finish is not None and piece.actual_finish <= at:
        return 100.0
    known = [percent for moment, percent in piece.reports if moment <= at]
    if known:
        return float(known[-1])
    if at >= now:
        return float(piece.percent)
    if piece.actual_start is None or piece.actual_start > at:
        return 0.0
    first = next((row for row in piece.reports), None)
    end, goal = first or (piece.actual_finish or now, 100 if piece.actual_finish else piece.percent)
    span = (end - piece.actual_start).total_seconds()
    return goal * min(1.0, (at - piece.actual_start).total_seconds() / span) if span > 0 else float(goal)


def earned(piece: Piece, at: dt.datetime, now: dt.datetime, rule: str) -> float:
    """The earned share of it at ``at``, 0 to 1, by the progress rule."""
    percent = percent_at(piece, at, now)
    begun = percent > 0 or (piece.actual_start is not None and piece.actual_start <= at)
    return earned_share(_RULES[rule], started=begun, finished=percent >= 100, percent=percent)


_RULES: Final = {
    "percent": EngineRule.PERCENT,
    "0/100": EngineRule.ZERO_HUNDRED,
    "50/50": EngineRule.FIFTY_FIFTY,
    "milestones": EngineRule.PERCENT,
}
"""By milestones the pieces are milestones already (:func:`by_milestones`), which are reached or not."""


def by_milestones(pieces: Sequence[Piece]) -> list[Piece]:
    """The budget moves to the milestones: what ends between two of them is earned when the later one is reached.

    Without a milestone at the end, what is left is earned with its own tasks.
    """
    marks = sorted((one for one in pieces if one.is_milestone), key=lambda one: (one.planned_finish, one.id))
    if not marks:
        return list(pieces)
    sums = dict.fromkeys((mark.id for mark in marks), 0.0)
    left = []
    for piece in pieces:
        if piece.is_milestone:
            continue
        mark = next((mark for mark in marks if piece.planned_finish <= mark.planned_finish), None)
        if mark is None:
            left.append(piece)
        else:
            sums[mark.id] += piece.weight
    moved = [
        Piece(
            mark.id, sums[mark.id] + mark.weight, mark.planned_finish, mark.planned_finish, mark.percent,
            mark.actual_start, mark.actual_finish, mark.reports, is_milestone=True, phase=mark.phase,
        )
        for mark in marks
    ]  # fmt: skip
    return moved + left


@dataclass(frozen=True, slots=True)
class Performed:
    """Weekly figures; ``ends`` the end of each period. ``current`` the last one that has come. Without known costs
    everything made of AC is None."""

    bac: float
    ends: Sequence[dt.date]
    figures: Sequence[PeriodFigures]
    current: PeriodFigures | None
    cost_known: bool


def week_ends(first: dt.date, last: dt.date, today: dt.date) -> list[dt.date]:
    """Period ends a week apart, back from ``today``, from the first full week on to what covers ``last``."""
    ends = [today]
    while ends[0] - WEEK > first and len(ends) < MOST_PERIODS:
        ends.insert(0, ends[0] - WEEK)
    while ends[-1] < last and len(ends) < MOST_PERIODS:
        ends.append(ends[-1] + WEEK)
    return ends


def performance(
    pieces: Sequence[Piece],
    costs: Sequence[tuple[dt.date, float]] | None,
    *,
    today: dt.date,
    rule: str,
    between: Between,
    weekly: bool = True,
) -> Performed | None:
    """Figures week by week, else of today alone: the plan's curve is followed either way, which earned schedule asks
    for, but what was earned in the weeks before is not, unless all is done and its week is to be found. None where
    nothing is planned. ``costs`` None: not known, and so all that hangs on it."""
    if rule == "milestones":
        pieces = by_milestones(pieces)
    bac = sum(piece.weight for piece in pieces)
    if not pieces or bac <= 0:
        return None
    first = min(piece.planned_start for piece in pieces).date()
    last = max(piece.planned_finish for piece in pieces).date()
    ends = week_ends(first, last, today)
    now = _evening(today)
    evenings = [_evening(end) for end in ends]
    planned = _through_time(
        [_Spell(piece.weight, piece.planned_start, piece.planned_finish, piece) for piece in pieces],
        evenings,
        bac,
        lambda piece, at: planned_share(piece, at, between, rule),
    )
    spells = [_Spell(piece.weight, _known_from(piece, now), piece.actual_finish, piece) for piece in pieces]
    come = [at for at in evenings if at <= now]

    def gained_at(moments: Sequence[dt.datetime]) -> list[float]:
        return _through_time(spells, moments, bac, lambda piece, at: earned(piece, at, now, rule))

    gained = dict(zip(come[-1:], gained_at(come[-1:]), strict=True))
    if weekly or reaches(gained[come[-1]], bac):
        gained = dict(zip(come, gained_at(come), strict=True))
    inputs = []
    reached = 0.0
    for number, (end, evening) in enumerate(zip(ends, evenings, strict=True)):
        reached = max(reached, planned[number])
        ev = gained.get(evening)
        if ev is None:
            inputs.append(PeriodInput(reached, None, None))
            continue
        ac = sum(amount for day, amount in costs if day <= end) if costs is not None else 0.0
        inputs.append(PeriodInput(reached, ev, max(0.0, ac)))
    begin = ends[0] - WEEK
    duration = max(0.1, (last - begin).days / 7)
    figures = earned_value(Performance(bac, duration, inputs))
    if costs is None:
        figures = [_without_cost(row) for row in figures]
    done = [row for end, row in zip(ends, figures, strict=True) if end <= today]
    return Performed(bac, ends, figures, done[-1] if done else None, costs is not None)


@dataclass(frozen=True, slots=True)
class _Spell:
    """Before ``begin`` nothing of the piece counts, from ``end`` on all of it does."""

    weight: float
    begin: dt.datetime
    end: dt.datetime | None
    piece: Piece


def _known_from(piece: Piece, now: dt.datetime) -> dt.datetime:
    """The first moment at which anything of it may be earned."""
    return min(
        (at for at in (piece.actual_start, *(row[0] for row in piece.reports[:1])) if at is not None), default=now
    )


def _through_time(
    spells: Sequence[_Spell],
    moments: Sequence[dt.datetime],
    bac: float,
    share: Callable[[Piece, dt.datetime], float],
) -> list[float]:
    """Σ weight · share at each of the rising moments, at most ``bac`` and exactly that once every piece has ended.
    The share is asked for between begin and end alone."""
    sums, whole, ended = [0.0] * len(moments), 0.0, 0
    ending: list[list[float]] = [[] for _ in moments]
    for spell in spells:
        last = len(moments) if spell.end is None else bisect_left(moments, spell.end)
        if last < len(moments):
            ending[last].append(spell.weight)
        for number in range(bisect_left(moments, spell.begin), last):
            sums[number] += spell.weight * share(spell.piece, moments[number])
    for number, weights in enumerate(ending):
        whole += sum(weights)
        ended += len(weights)
        sums[number] = bac if ended == len(spells) else min(bac, sums[number] + whole)
    return sums


def _evening(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(23, 59))


def _without_cost(row: PeriodFigures) -> PeriodFigures:
    return PeriodFigures(
        pv=row.pv,
        ev=row.ev,
        ac=None,
        sv=row.sv,
        spi=row.spi,
        es=row.es,
        sv_t=row.sv_t,
        spi_t=row.spi_t,
        eac_t=row.eac_t,
    )
