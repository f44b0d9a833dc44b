"""Who is there when, on the common clock; and the pools that tasks draw from.

A resource counts one for each whole company day's worth of its own shifts on a day: a machine in two shifts serves two
tasks at once on the clock of a one-shift company; who works only half of a day is there for the first half of it.
Work beyond the company's days (Saturdays of a six-day team) is not counted: it is the reserve of levers.

A skill is a pool of everybody who has it. Where one person has two skills that are asked for, the pool of both together
is limited too, so that nobody is counted twice (the condition of Hall, 1935, for pairs and triples of skills).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

from punctual.domain.scheduling.axis import Axis
from punctual.engine.calendars import WorkCalendar

Units = npt.NDArray[np.int32]
MOST_UNITS: Final = 30_000


@dataclass(frozen=True, slots=True)
class Staff:
    """A person, machine or outsourced service as scheduling sees it."""

    id: int
    name: str
    kind: str
    team: str
    units: int
    skills: frozenset[int]
    calendar: WorkCalendar
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Away:
    """A resource is not there from ``first`` to ``last``."""

    resource: int
    first: dt.date
    last: dt.date


@dataclass(frozen=True, slots=True)
class Extra:
    """More of a resource or of a skill from ``first`` to ``last``."""

    resource: int | None
    skill: int | None
    first: dt.date
    last: dt.date
    units: int


class Availability:
    """Units of each resource in each slot of the horizon."""

    def __init__(
        self,
        staff: Sequence[Staff],
        axis: Axis,
        away: Iterable[Away] = (),
        *,
        extra: Iterable[Extra] = (),
        asked_by_name: Iterable[int] = (),
    ) -> None:
        self.asked_by_name = tuple(asked_by_name)
        self.staff = {one.id: one for one in staff}
        self.axis = axis
        self.slots = max((last for _, _, last in axis.days), default=0)
        patterns: dict[WorkCalendar, Units] = {}
        self._usual: dict[int, Units] = {}
        for one in staff:
            if one.calendar not in patterns:
                patterns[one.calendar] = self._pattern(one.calendar)
            self._usual[one.id] = patterns[one.calendar] * one.units
        self.units = dict(self._usual)
        for gone in away:
            if gone.resource in self.units:
                first, last = self._span(gone.first, gone.last)
                array = self.units[gone.resource].copy()
                array[first:last] = 0
                self.units[gone.resource] = array
        self._more: dict[int, Units] = {}
        for more in extra:
            first, last = self._span(more.first, more.last)
            if more.resource is not None and more.resource in self.units:
                array = self.units[more.resource].copy()
                array[first:last] += more.units
                self.units[more.resource] = array
            elif more.skill is not None:
                array = self._more.setdefault(more.skill, np.zeros(self.slots, dtype=np.int32))
                array[first:last] += more.units
        self._members: dict[int, list[int]] = defaultdict(list)
        for one in staff:
            for skill in one.skills:
                self._members[skill].append(one.id)

    def _span(self, first: dt.date, last: dt.date) -> tuple[int, int]:
        """Slots of the worked days from ``first`` to ``last``."""
        inside = [(begin, end) for day, begin, end in self.axis.days if first <= day <= last]
        return (inside[0][0], inside[-1][1]) if inside else (0, 0)

    def _pattern(self, calendar: WorkCalendar) -> Units:
        """How many one unit counts in each slot."""
        found = np.full(self.slots, MOST_UNITS, dtype=np.int32)
        for day, first, last in self.axis.days:
            theirs = sum(end - begin for begin, end in calendar.shifts_on(day))
            ours = sum(end - begin for begin, end in self.axis.calendar.shifts_on(day))
            if theirs >= ours:
                found[first:last] = np.minimum(found[first:last], theirs // ours)
            else:
                there = first + (last - first) * theirs // ours
                found[first:there] = np.minimum(found[first:there], 1)
                found[there:last] = 0
        found[found == MOST_UNITS] = 0
        return found

    @property
    def skills(self) -> list[int]:
        """Every skill that somebody has."""
        return sorted(self._members)

    def members(self, skills: Iterable[int]) -> list[int]:
        """Ids of everybody with one of the skills."""
        return sorted({one for skill in skills for one in self._members.get(skill, ())})

    def pool(self, skills: Iterable[int]) -> Units:
        wanted = list(skills)
        total = self._sum(self.units, self.members(wanted))
        for skill in wanted:
            if skill in self._more:
                total += self._more[skill]
        return total

    @property
    def hired(self) -> Mapping[int, Units]:
        """What there is of a skill beside those who have it: overtime, hired people."""
        return self._more

    def of(self, resource: int) -> Units:
        return self.units[resource]

    def _sum(self, units: Mapping[int, Units], ids: Sequence[int]) -> Units:
        total = np.zeros(self.slots, dtype=np.int32)
        for one in ids:
            total += units[one]
        return total

    def most(self, key: str) -> int:
        """The most units that a pool or resource ever has."""
        return int(self.array(key).max(initial=0))

    def array(self, key: str) -> Units:
        """Units of ``r<id>`` or ``s<id>-<id>…`` in each slot."""
        if key.startswith("r"):
            return self.units[int(key[1:])]
        return self.pool(int(one) for one in key[1:].split("-"))

    def steps(self, key: str) -> tuple[tuple[int, int], ...]:
        """As the engine takes it; after the horizon it stays at the usual most, so that everything has an end."""
        return steps_of(self.array(key), after=self._after(key))

    def _after(self, key: str) -> int:
        ids = [int(key[1:])] if key.startswith("r") else self.members(int(one) for one in key[1:].split("-"))
        return sum(int(self._usual[one].max(initial=0)) for one in ids)

    def keys_for(self, skills: Iterable[int], named: Iterable[int]) -> Keys:
        """The pools for these skills and named resources."""
        wanted = sorted({skill for skill in skills if self._members.get(skill)})
        people = {skill: set(self._members[skill]) for skill in wanted}
        near = {frozenset(pair) for pair in combinations(wanted, 2) if people[pair[0]] & people[pair[1]]}
        sets = [frozenset({skill}) for skill in wanted] + sorted(near, key=sorted)
        for pair in sorted(near, key=sorted):
            for third in wanted:
                if third > max(pair) and all(frozenset({one, third}) in near for one in pair):
                    sets.append(pair | {third})
        keys = ["s" + "-".join(map(str, sorted(one))) for one in sets]
        members = {
            key: {one for skill in found for one in people[skill]} for key, found in zip(keys, sets, strict=True)
        }
        by_skill = {skill: [key for key, found in zip(keys, sets, strict=True) if skill in found] for skill in wanted}
        by_name = {
            one: [f"r{one}", *(key for key in keys if one in members[key])]
            for one in sorted(set(named))
            if one in self.units
        }
        return Keys(by_skill, by_name)


@dataclass(frozen=True, slots=True)
class Keys:
    """Which pools a unit of a skill, or a named resource, takes from."""

    by_skill: Mapping[int, Sequence[str]]
    by_name: Mapping[int, Sequence[str]]

    def every(self) -> list[str]:
        found = [key for keys in (*self.by_skill.values(), *self.by_name.values()) for key in keys]
        return list(dict.fromkeys(found))


def steps_of(units: Units, *, after: int) -> tuple[tuple[int, int], ...]:
    """An array as (from, units) where it changes; ``after`` its end that many."""
    if not units.size:
        return ((0, after),)
    turns = np.flatnonzero(np.diff(units)) + 1
    steps = [(0, int(units[0])), *((int(turn), int(units[turn])) for turn in turns)]
    if steps[-1][1] != after:
        steps.append((int(units.size), after))
    return tuple(steps)
