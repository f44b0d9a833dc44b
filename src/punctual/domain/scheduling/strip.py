"""The load of one team under the Gantt of one order: hours a day of the order, of all others, of quotations. Pure."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from punctual.domain.scheduling.load import HOUR, Loads, Use

WORST: Final = 3
"""Orders told by name where a week is over-used."""


@dataclass(frozen=True, slots=True)
class Day:
    """Hours: what there is, the order's own work, that of all others, of quotations (with their probability)."""

    day: dt.date
    capacity: float
    own: float
    others: float
    soft: float


@dataclass(frozen=True, slots=True)
class Over:
    """A week from ``first`` on needs ``hours`` more than there is; ``orders``: (order, hours) of the largest."""

    first: dt.date
    hours: float
    percent: int
    orders: tuple[tuple[int, float], ...]
    others: float


@dataclass(frozen=True, slots=True)
class Strip:
    """``team``: key of the one told, None where nobody has open work; ``teams``: (key, hours), the busiest first."""

    team: str | None
    teams: list[tuple[str, float]]
    days: list[Day]
    over: list[Over]


def strip_of(loads: Loads, order: int, team: str, last: dt.date) -> Strip:
    """The load of ``team``, or of the busiest of the order's teams where it has no such one, from today to ``last``."""
    teams = teams_of(loads, order)
    known = {f"t:{one.kind}:{one.team or one.name}" for one in loads.availability.staff.values()}
    key = team if team in known else teams[0][0] if teams else None
    days = days_of(loads, key, order, last) if key else []
    return Strip(key, teams, days, over_of(loads, key, days) if key else [])


def teams_of(loads: Loads, order: int) -> list[tuple[str, float]]:
    """(key, hours) of the teams that do an order's open work, the busiest first."""
    found: dict[str, float] = defaultdict(float)
    for use in loads.uses:
        staff = loads.availability.staff.get(use.resource)
        if staff and loads.book.pieces[use.piece].order == order:
            key = f"t:{staff.kind}:{staff.team or staff.name}"
            found[key] += (use.finish - use.start) * use.units * HOUR
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))


def days_of(loads: Loads, key: str, order: int, last: dt.date) -> list[Day]:
    """Each worked day from today to ``last``."""
    size = loads.availability.slots + 1
    own, others, soft, capacity = (np.zeros(size) for _ in range(4))
    for use in _uses(loads, key):
        of = loads.book.pieces[use.piece].order
        target = soft if loads.book.entries[of].soft and of != order else own if of == order else others
        target[min(use.start, size - 1)] += use.units
        target[min(use.finish, size - 1)] -= use.units
    for one in loads.members_of(key):
        capacity[:-1] += loads.availability.units[one]
    own, others, soft = (np.cumsum(change) for change in (own, others, soft * loads.win))
    return [
        Day(day, *(float(part[begin:end].sum()) * HOUR for part in (capacity, own, others, soft)))
        for day, begin, end in loads.availability.axis.days
        if day <= last
    ]


def over_of(loads: Loads, key: str, days: Sequence[Day]) -> list[Over]:
    """The over-used weeks among ``days``."""
    weeks: dict[dt.date, list[Day]] = defaultdict(list)
    for one in days:
        weeks[one.day - dt.timedelta(days=one.day.weekday())].append(one)
    slots = {day: (begin, end) for day, begin, end in loads.availability.axis.days}
    found = []
    for first, rows in weeks.items():
        capacity, load = sum(one.capacity for one in rows), sum(one.own + one.others for one in rows)
        if load <= capacity + 0.5:
            continue
        hours: dict[int, float] = defaultdict(float)
        begin, end = slots[rows[0].day][0], slots[rows[-1].day][1]
        for use in _uses(loads, key):
            shared = min(use.finish, end) - max(use.start, begin)
            if shared > 0 and not loads.book.entries[loads.book.pieces[use.piece].order].soft:
                hours[loads.book.pieces[use.piece].order] += shared * use.units * HOUR
        ranked = sorted(hours.items(), key=lambda item: (-item[1], item[0]))
        rest = sum(amount for _order, amount in ranked[WORST:])
        percent = round(100 * load / capacity) if capacity else 999
        found.append(Over(first, load - capacity, percent, tuple(ranked[:WORST]), rest))
    return found


def _uses(loads: Loads, key: str) -> list[Use]:
    members = loads.members_of(key)
    return [use for use in loads.uses if use.resource in members]
