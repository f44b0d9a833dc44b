"""What if: a named delta over the live schedule, computed beside it. Nothing of it touches live data.

A delta is a list of changes as plain data:
``{"kind": "absence", "resource", "first", "last"}``, ``{"kind": "extra", "resource" | "skill", "units", "first",
"last"}``, ``{"kind": "priority", "order", "priority"}``, ``{"kind": "date", "order", "date"}``,
``{"kind": "drop", "order"}``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from punctual.domain.orders.models import Priority
from punctual.domain.resources.models import Skill
from punctual.domain.scheduling.availability import Away, Extra
from punctual.domain.scheduling.axis import Axis
from punctual.domain.scheduling.book import AFTER, Book
from punctual.domain.scheduling.desk import without
from punctual.domain.scheduling.gathering import PRIORITY_WEIGHT, availability_of
from punctual.domain.scheduling.load import LoadRow, Loads, periods_of, starts_of, uses_of
from punctual.domain.scheduling.settling import settle
from punctual.domain.scheduling.simulation import Ratios
from punctual.domain.scheduling.solving import Effort, Forecast, Solved, solve
from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_

KINDS: Final = ("absence", "extra", "priority", "date", "drop")
EFFORT: Final = Effort(moves=2_000, runs=200)
MOST_CHANGES: Final = 20


def reasons_against_delta(delta: Sequence[Mapping[str, Any]], *, name: str, orders: set[int]) -> list[Reason]:
    """Every reason against a scenario; ``orders`` compete in the current schedule."""
    reasons = []
    if not name.strip() or len(name) > 80:
        reasons.append(Reason("scenario.name", N_("Give the scenario a name of 1 to 80 characters."), field="name"))
    if not 1 <= len(delta) <= MOST_CHANGES:
        text = N_("A scenario changes one to %(most)d things.")
        reasons.append(Reason("scenario.empty", text, {"most": MOST_CHANGES}, field="kind"))
    for row, change in enumerate(delta, start=1):
        reasons += _reasons_against_change(change, row, orders)
    return reasons


def _reasons_against_change(change: Mapping[str, Any], row: int, orders: set[int]) -> list[Reason]:
    kind = change.get("kind")
    if kind not in KINDS:
        return [Reason("scenario.kind", N_("Choose what changes."), field="kind", row=row)]
    if kind in ("absence", "extra"):
        if not change.get("resource") and not change.get("skill"):
            return [Reason("scenario.who", N_("Choose a resource or a skill."), field="resource", row=row)]
        if str(change.get("last", "")) < str(change.get("first", "")) or not change.get("first"):
            return [Reason("scenario.days", N_("Give a first and a last day, in this order."), field="first", row=row)]
        if kind == "extra" and not 1 <= int(change.get("units", 0)) <= 100:
            return [Reason("scenario.units", N_("Choose 1 to 100 units."), field="units", row=row)]
        return []
    if change.get("order") not in orders:
        text = N_("Choose an order that competes in the current schedule.")
        return [Reason("scenario.order", text, field="order", row=row)]
    if kind == "priority" and change.get("priority") not in Priority.values:
        return [Reason("scenario.priority", N_("Choose a priority."), field="priority", row=row)]
    if kind == "date" and not change.get("date"):
        return [Reason("scenario.date", N_("Give the day."), field="date", row=row)]
    return []


def changed_book(book: Book, axis: Axis, delta: Sequence[Mapping[str, Any]]) -> Book:
    """The book with the delta in it, not yet scheduled."""
    for change in delta:
        if change["kind"] == "drop":
            book = without(book, change["order"])
        elif change["kind"] == "priority":
            book = _with_priority(book, change["order"], change["priority"])
        elif change["kind"] == "date":
            book = _with_date(book, axis, change["order"], dt.date.fromisoformat(change["date"]))
    return resettled(book, axis, *_capacity(delta))


def _capacity(delta: Sequence[Mapping[str, Any]]) -> tuple[list[Away], list[Extra]]:
    """Who is away and what there is more."""
    away = [
        Away(change["resource"], _day(change["first"]), _day(change["last"]))
        for change in delta
        if change["kind"] == "absence"
    ]
    extra = [
        Extra(
            change.get("resource"),
            change.get("skill"),
            _day(change["first"]),
            _day(change["last"]),
            int(change["units"]),
        )
        for change in delta
        if change["kind"] == "extra"
    ]
    return away, extra


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def _with_priority(book: Book, order: int, priority: int) -> Book:
    before = PRIORITY_WEIGHT[Priority(book.entries[order].priority)]
    factor = PRIORITY_WEIGHT[Priority(priority)] / before
    groups = tuple(
        replace(one, weight=max(1, round(one.weight * factor))) if one.order == order else one for one in book.groups
    )
    orders = tuple(replace(one, priority=priority) if one.id == order else one for one in book.orders)
    return replace(book, groups=groups, orders=orders)


def _with_date(book: Book, axis: Axis, order: int, day: dt.date) -> Book:
    slot = axis.end_of(day)
    groups = tuple(
        replace(one, due=slot, promise=slot) if one.order == order and not one.id.endswith(AFTER) else one
        for one in book.groups
    )
    orders = tuple(replace(one, promised=day.isoformat()) if one.id == order else one for one in book.orders)
    return replace(book, groups=groups, orders=orders)


def resettled(book: Book, axis: Axis, away: Sequence[Away], extra: Sequence[Extra]) -> Book:
    """Availability anew, and what is fixed placed on it again."""
    availability = availability_of(axis, more_away=away, more_extra=extra)
    previous = {piece.id: piece.fixed for piece in book.pieces if piece.fixed is not None and not piece.pinned}
    until = max(previous.values(), default=-1) + 1
    settled = settle(
        [piece if piece.running or piece.pinned else replace(piece, fixed=None) for piece in book.pieces],
        {key: availability.array(key) for key in book.resources},
        {key: availability.steps(key)[-1][1] for key in book.resources},
        previous={name: slot for name, slot in previous.items() if slot is not None},
        frozen_until=until,
    )
    return replace(book, pieces=settled.pieces, resources=settled.resources, raised=settled.raised, starts=())


def compute(book: Book, axis: Axis, delta: Sequence[Mapping[str, Any]], ratios: Ratios, effort: Effort) -> Solved:
    """The delta scheduled, verified and simulated."""
    live = {piece.id: start for piece, start in zip(book.pieces, book.starts, strict=True)}
    return solve(changed_book(book, axis, delta), axis, ratios, effort, previous=live)


def dates_of(what: Book, axis: Axis) -> dict[str, tuple[str, str]]:
    """Task (id in the plans) → when it would be done."""
    found = {}
    for piece, start in zip(what.pieces, what.starts, strict=True):
        if piece.task is not None:
            begins, ends = axis.span(start, piece.duration)
            found[str(piece.task)] = (begins.isoformat(timespec="minutes"), ends.isoformat(timespec="minutes"))
    return found


def side_by_side(
    live: Book,
    live_forecasts: Mapping[int, Forecast],
    what: Solved,
    axis: Axis,
    price: float,
    delta: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Both schedules as plain data: totals, and the orders that differ."""
    rows: list[dict[str, Any]] = []
    for entry in live.orders:
        before, then = live_forecasts.get(entry.id), what.forecasts.get(entry.id)
        if before is None:
            continue
        rows.append(
            {
                "order": entry.id,
                "label": entry.label,
                "key": entry.key,
                "soft": entry.soft,
                "promised": what.book.entries[entry.id].promised if then else entry.promised,
                "before": _shown(before),
                "then": _shown(then) if then else None,
                "days": (then.p80 - before.p80).days if then else None,
            }
        )
    changed = [
        row for row in rows if row["days"] is None or row["days"] or _percent(row, "before") != _percent(row, "then")
    ]
    changed.sort(key=lambda row: -abs(row["days"] if row["days"] is not None else 10_000))
    return {
        "rows": changed[:60],
        "before": totals(live, live_forecasts, _loads(live, axis, ())),
        "then": totals(what.book, what.forecasts, _loads(what.book, axis, delta)),
        "price": round(price, 2),
    }


def _percent(row: Mapping[str, Any], side: str) -> Any:
    return row[side]["percent"] if row[side] else None


def _shown(found: Forecast) -> dict[str, Any]:
    percent = found.promise_percent if found.promise_percent is not None else found.request_percent
    return {
        "planned": found.planned.isoformat(),
        "p50": found.p50.isoformat(),
        "p80": found.p80.isoformat(),
        "percent": percent,
        "damages": round(found.expected_damages, 2),
    }


def totals(book: Book, found: Mapping[int, Forecast], loads: list[tuple[str, int]]) -> dict[str, Any]:
    """On time, at risk, late; expected lateness; the load of the next ten weeks."""
    firm = {entry.id for entry in book.orders if not entry.soft}
    shown = [_shown(one) for order, one in found.items() if order in firm]
    percents = [one["percent"] for one in shown if one["percent"] is not None]
    return {
        "on_time": sum(one >= 80 for one in percents),
        "at_risk": sum(50 <= one < 80 for one in percents),
        "late": sum(one < 50 for one in percents),
        "damages": round(sum(one["damages"] for one in shown), 2),
        "load": loads[0][1],
        "skills": loads[1:],
    }


def _loads(book: Book, axis: Axis, delta: Sequence[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """Percent of everybody's time that is used in the next ten weeks, then of each skill's, the fullest first."""
    away, extra = _capacity(delta)
    availability = availability_of(axis, more_away=away, more_extra=extra)
    loads = Loads(book, availability, uses_of(book, availability, starts_of(book, "scheduled")))
    periods = periods_of(availability, axis.today, 10, "week")
    skills = loads.rows("skill", periods, dict(Skill.objects.values_list("pk", "name")))
    used = [(row.name, _percent_used([row])) for row in skills]
    everybody = _percent_used(loads.rows("resource", periods, {}))
    return [("", everybody), *sorted((one for one in used if one[1]), key=lambda one: -one[1])]


def _percent_used(rows: Sequence[LoadRow]) -> int:
    room = float(np.sum([cell.capacity for row in rows for cell in row.cells]))
    firm = float(np.sum([cell.firm for row in rows for cell in row.cells]))
    return round(100 * firm / room) if room else 0
