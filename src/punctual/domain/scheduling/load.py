"""Load against capacity: hours of every resource, team and skill by day, week or month. Pure.

Two bases: ``scheduled`` is when the schedule has the tasks (within what there is); ``planned`` is when the plans have
them, each order as if it were alone, where over-use shows. Skills are given to people by name for the picture only:
names of the plans come first, then whoever is free with the fewest other skills, where nobody is free all the time one
after another; what there is of a skill beside its people (overtime, hired hands) is resource ``-skill``. Only when
nobody is free the least used one gets the work and is over-used.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from punctual.domain.scheduling.availability import Availability, Units
from punctual.domain.scheduling.axis import SLOT
from punctual.domain.scheduling.book import Book
from punctual.domain.scheduling.settling import topological

Basis = Literal["scheduled", "planned"]
Unit = Literal["day", "week", "month"]
Floats = npt.NDArray[np.float64]
HOUR: Final = SLOT / 60


@dataclass(frozen=True, slots=True)
class Use:
    """A piece uses ``units`` of a resource (by name, as given) or of a skill from ``start`` to before ``finish``."""

    piece: int
    resource: int
    skill: int | None
    units: int
    start: int
    finish: int


@dataclass(frozen=True, slots=True)
class Period:
    """``first`` … ``last`` day, and the slots between."""

    key: str
    first: dt.date
    last: dt.date
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Cell:
    """Hours: ``capacity``, ``firm`` and ``soft`` load. ``away``: nobody is there although the company works."""

    period: Period
    capacity: float
    firm: float
    soft: float
    away: bool

    @property
    def percent(self) -> int:
        """Firm load in percent of capacity."""
        return round(100 * self.firm / self.capacity) if self.capacity else (999 if self.firm else 0)

    @property
    def soft_percent(self) -> int:
        return round(100 * self.soft / self.capacity) if self.capacity else 0

    @property
    def left(self) -> float:
        return self.capacity - self.firm


@dataclass(frozen=True)
class LoadRow:
    """``key``: ``t:<team>``, ``s:<skill id>``, ``r:<resource id>``."""

    key: str
    name: str
    kind: str
    members: int
    cells: Sequence[Cell]

    @property
    def hours(self) -> float:
        return sum(cell.capacity for cell in self.cells) / max(1, len(self.cells))


def starts_of(book: Book, basis: Basis) -> Sequence[int]:
    """Start of every piece: of the schedule, or the earliest that links and releases allow."""
    if basis == "scheduled":
        return book.starts
    by_id = book.index
    earliest = [0] * len(book.pieces)
    for name in topological(book.pieces):
        piece = book.pieces[by_id[name]]
        ready = 0 if piece.running else piece.release
        for before, lag in piece.after:
            other = by_id[before]
            ready = max(ready, earliest[other] + book.pieces[other].duration + lag)
        earliest[by_id[name]] = max(ready, piece.fixed or 0)
    return earliest


def uses_of(book: Book, availability: Availability, starts: Sequence[int]) -> list[Use]:
    """Every need of every piece with somebody by name; names that the plans give come first."""
    size = max(availability.slots, max((s + p.duration for s, p in zip(starts, book.pieces, strict=True)), default=0))
    free = {key: _padded(units, size) for key, units in availability.units.items()}
    free |= {-skill: _padded(units, size) for skill, units in availability.hired.items()}
    order = sorted(range(len(book.pieces)), key=lambda k: (not book.pieces[k].running, starts[k], k))
    open_needs = []
    found: list[Use] = []
    for k in order:
        start, finish = starts[k], starts[k] + book.pieces[k].duration
        for kind, key, units in book.pieces[k].needs if finish > start else ():
            if kind == "skill":
                open_needs.append((k, key, units, start, finish))
            elif key in free:
                free[key][start:finish] -= units
                found.append(Use(k, key, None, units, start, finish))
    for k, skill, units, start, finish in open_needs:
        hands = [one for one in (*availability.members([skill]), -skill) if one in free]
        taken: dict[tuple[int, int, int], int] = defaultdict(int)
        for _ in range(units if hands else 0):
            for part in _given(hands, start, finish, free, availability):
                taken[part] += 1
        found += [Use(k, one, skill, n, first, last) for (one, first, last), n in taken.items()]
    return found


def _padded(units: Units, size: int) -> Units:
    made = np.zeros(size, dtype=np.int32)
    made[: min(size, units.size)] = units[:size]
    if size > units.size:
        made[units.size :] = units.max(initial=0)
    return made


def _given(
    hands: Sequence[int], start: int, finish: int, free: Mapping[int, Units], availability: Availability
) -> Iterable[tuple[int, int, int]]:
    """One unit from ``start`` to ``finish``: by one of the hands who is free all the time, else one after another."""
    while start < finish:
        runs = {one: _free_run(free[one][start:finish]) for one in hands}
        longest = max(runs.values())
        if longest:
            able = [one for one in hands if runs[one] == longest]
            one = min(able, key=lambda one: (_skills_of(one, availability), one < 0, one))
            until = start + longest
        else:
            waits = min(_free_run(-free[one][start:finish] + 1) for one in hands)
            one = max(hands, key=lambda one: (one > 0, int(free[one][start : start + waits].min()), -one))
            until = start + waits
        free[one][start:until] -= 1
        yield one, start, until
        start = until


def _skills_of(one: int, availability: Availability) -> int:
    """Who can do the fewest other things goes first; who was hired can do nothing else."""
    return len(availability.staff[one].skills) if one > 0 else 1


def _free_run(units: Units) -> int:
    """Slots from the first on with somebody free."""
    taken = units <= 0
    return int(taken.argmax()) if taken.any() else units.size


def periods_of(availability: Availability, first: dt.date, count: int, unit: Unit) -> list[Period]:
    """``count`` days, weeks (Monday to Sunday) or months from the one that holds ``first``."""
    found = []
    begin = {"day": first, "week": first - dt.timedelta(days=first.weekday()), "month": first.replace(day=1)}[unit]
    for _ in range(count):
        if unit == "day":
            following = begin + dt.timedelta(days=1)
        elif unit == "week":
            following = begin + dt.timedelta(days=7)
        else:
            following = (begin + dt.timedelta(days=32)).replace(day=1)
        days = [(a, b) for day, a, b in availability.axis.days if begin <= day < following]
        last = following - dt.timedelta(days=1)
        low, high = (days[0][0], days[-1][1]) if days else (0, 0)
        found.append(Period(begin.isoformat(), begin, last, low, high))
        begin = following
    return found


@dataclass
class Loads:
    """Load and capacity of everything as arrays over slots, ready to be cut into periods.

    Work with a name on it is load of every skill of that person: they have no time for any.
    """

    book: Book
    availability: Availability
    uses: Sequence[Use]
    _firm: dict[str, Floats] = field(default_factory=dict)
    _soft: dict[str, Floats] = field(default_factory=dict)
    win: float = 0.6

    def __post_init__(self) -> None:
        size = self.availability.slots + 1
        soft = [self.book.entries[piece.order].soft for piece in self.book.pieces]
        for use in self.uses:
            target = self._soft if soft[use.piece] else self._firm
            staff = self.availability.staff.get(use.resource)
            skills = [use.skill] if use.skill is not None else sorted(staff.skills) if staff else []
            keys = [f"s:{skill}" for skill in skills] + ([f"r:{use.resource}"] if staff else [])
            for key in keys:
                array = target.setdefault(key, np.zeros(size))
                array[min(use.start, size - 1)] += use.units
                array[min(use.finish, size - 1)] -= use.units
        for target in (self._firm, self._soft):
            for key, change in target.items():
                target[key] = np.cumsum(change)

    def _hours(self, array: Floats | None, period: Period) -> float:
        return 0.0 if array is None else float(array[period.begin : period.end].sum()) * HOUR

    def row(
        self,
        key: str,
        name: str,
        kind: str,
        members: Sequence[int],
        periods: Iterable[Period],
        more: Units | None = None,
    ) -> LoadRow:
        """``more``: units beside those of the members."""
        capacity = np.zeros(self.availability.slots) if more is None else more.astype(np.float64)
        for one in members:
            capacity += self.availability.units[one]
        cells = []
        for period in periods:
            hours = float(capacity[period.begin : period.end].sum()) * HOUR
            firm = self._hours(self._firm.get(key), period)
            soft = self._hours(self._soft.get(key), period) * self.win
            cells.append(Cell(period, hours, firm, soft, hours == 0 and period.end > period.begin))
        return LoadRow(key, name, kind, len(members), cells)

    def rows(self, by: str, periods: Sequence[Period], skills: Mapping[int, str]) -> list[LoadRow]:
        """Rows by ``team``, ``skill`` or ``resource``, people first."""
        staff = self.availability.staff
        if by == "skill":
            return [
                self.row(f"s:{skill}", name, "skill", members, periods, self.availability.hired.get(skill))
                for skill, name in sorted(skills.items(), key=lambda item: item[1])
                if (members := self.availability.members([skill]))
            ]
        if by == "resource":
            return [
                self.row(f"r:{one.id}", one.name, one.kind, [one.id], periods)
                for one in sorted(staff.values(), key=lambda one: (_KINDS.get(one.kind, 9), one.team, one.name))
            ]
        teams: dict[tuple[str, str], list[int]] = defaultdict(list)
        for one in staff.values():
            teams[one.kind, one.team or one.name].append(one.id)
        ordered = sorted(teams.items(), key=lambda item: (_KINDS.get(item[0][0], 9), item[0][1]))
        return [self._team(kind, team, members, periods) for (kind, team), members in ordered]

    def _team(self, kind: str, team: str, members: Sequence[int], periods: Sequence[Period]) -> LoadRow:
        """People and machines of one team stand apart: each has its own load."""
        rows = [self.row(f"r:{one}", "", kind, [one], periods) for one in members]
        cells = [
            Cell(
                period,
                sum(row.cells[k].capacity for row in rows),
                sum(row.cells[k].firm for row in rows),
                sum(row.cells[k].soft for row in rows),
                all(row.cells[k].away for row in rows),
            )
            for k, period in enumerate(periods)
        ]
        return LoadRow(f"t:{kind}:{team}", team, kind, len(members), cells)

    def members_of(self, key: str) -> set[int]:
        """Resources behind a row's key."""
        head, _, tail = key.partition(":")
        if head == "r":
            return {int(tail)} if tail.isdecimal() else set()
        if head == "s":
            return set(self.availability.members([int(tail)])) if tail.isdecimal() else set()
        kind, _, team = tail.partition(":")
        staff = self.availability.staff.values()
        return {one.id for one in staff if one.kind == kind and (one.team or one.name) == team}

    def uses_in(self, key: str, period: Period) -> list[tuple[Use, float]]:
        """Who uses a row's resources in a period, with hours, the largest first."""
        members = self.members_of(key)
        skill = int(key[2:]) if key.startswith("s:") and key[2:].isdecimal() else None
        found = []
        for use in self.uses:
            named = use.resource in members and (skill is None or use.skill is None)
            if not named and (skill is None or use.skill != skill):
                continue
            slots = min(use.finish, period.end) - max(use.start, period.begin)
            if slots > 0:
                found.append((use, slots * use.units * HOUR))
        return sorted(found, key=lambda item: (-item[1], item[0].piece))


_KINDS: Final = {"person": 0, "equipment": 1, "outsourced": 2}


def hit_by(loads: Loads, resource: int, begin: int, end: int) -> list[tuple[int, list[int]]]:
    """(order, pieces) whose work lies on a resource between two slots."""
    found: dict[int, list[int]] = defaultdict(list)
    for use in loads.uses:
        if use.resource == resource and use.start < end and use.finish > begin:
            found[loads.book.pieces[use.piece].order].append(use.piece)
    return sorted(found.items())
