"""From the rows of plans to pieces of a book: leaves with links between them, in slots. Pure.

The engine knows one kind of link, from an end to a start. With the lengths of both tasks known the other kinds are the
same thing with another lag: SS is ``lag - length of the first``, FF ``lag - length of the second``, SF both. A link of
a summary holds for every task in it.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from punctual.domain.scheduling.axis import SLOT, Axis
from punctual.domain.scheduling.book import AFTER, Group, Piece

WEEK_MINUTES: Final = 7 * 24 * 60


@dataclass(slots=True)
class Row:
    """A task of a plan. ``own_clock``: it does not run on the company's calendar, so that its dates tell its length."""

    id: int
    name: str
    duration: int
    parent: int | None = None
    line: int | None = None
    is_summary: bool = False
    is_milestone: bool = False
    is_delivery: bool = False
    is_elapsed: bool = False
    own_clock: bool = False
    constraint: str = "ASAP"
    constraint_date: dt.datetime | None = None
    actual_start: dt.datetime | None = None
    actual_finish: dt.datetime | None = None
    percent: int = 0
    remaining: int | None = None
    start: dt.datetime | None = None
    finish: dt.datetime | None = None
    not_before: dt.datetime | None = None
    levelled: dt.datetime | None = None
    pinned: dt.datetime | None = None
    total_float: int | None = None
    ratio: str = ""

    @property
    def is_done(self) -> bool:
        return self.actual_finish is not None or self.percent >= 100

    @property
    def is_running(self) -> bool:
        return not self.is_done and (self.actual_start is not None or self.percent > 0)


@dataclass(frozen=True, slots=True)
class LinkRow:
    predecessor: int
    successor: int
    type: str = "FS"
    lag: int = 0
    lag_unit: str = "working"


@dataclass(frozen=True, slots=True)
class LineDates:
    """What was promised and asked for one line."""

    promised: dt.date | None = None
    requested: dt.date | None = None


@dataclass
class OrderRows:
    """One order's plan. ``needs``: task → (kind, id, units)."""

    order: int
    start: dt.date
    rows: list[Row]
    links: list[LinkRow]
    needs: Mapping[int, Sequence[tuple[str, int, int]]] = field(default_factory=dict)
    lines: Mapping[int, LineDates] = field(default_factory=dict)
    weight: int = 1
    soft: bool = False
    prefix: str = ""


class Cutter:
    """Cuts one order's plan into pieces and groups."""

    def __init__(self, found: OrderRows, axis: Axis) -> None:
        self.found, self.axis = found, axis
        self.rows = {row.id: row for row in found.rows}
        self.children: dict[int | None, list[int]] = defaultdict(list)
        for row in found.rows:
            self.children[row.parent].append(row.id)
        self.length = {row.id: self._length(row) for row in found.rows if not row.is_summary}
        self.first = self._signed(dt.datetime.combine(found.start, dt.time()))

    # -------------------------------------------------------------------------------------------------- lengths

    def _length(self, row: Row) -> int:
        """Slots that are still to be worked."""
        if row.is_done or row.is_milestone or not row.duration:
            return 0
        minutes = row.duration
        if (row.is_elapsed or row.own_clock) and row.start is not None and row.finish is not None:
            minutes = max(1, self.axis.minutes_between(row.start, row.finish))
        if row.is_running:
            left = row.duration * (100 - row.percent) // 100 if row.remaining is None else row.remaining
            if not (row.is_elapsed or row.own_clock):
                minutes = left
            elif row.start is None or row.start >= dt.datetime.combine(self.axis.today, dt.time()):
                minutes = minutes * left // row.duration
            elif row.finish is not None:  # its dates already hold what is left after today
                minutes = self.axis.minutes_between(dt.datetime.combine(self.axis.today, dt.time()), row.finish)
        return max(1, -(-minutes // SLOT))

    def _signed(self, moment: dt.datetime) -> int:
        """Slot of a moment, negative before today."""
        return -(-(self.axis.calendar.to_minutes(moment) - self.axis.origin) // SLOT)

    def _lag(self, link: LinkRow, length: int) -> int:
        if link.lag_unit == "percent":
            return -(-length * link.lag // 100)
        if link.lag_unit == "elapsed":
            week = sum(end - begin for shifts in self.axis.calendar.week for begin, end in shifts)
            return -(-link.lag * week // (WEEK_MINUTES * SLOT))
        return -(-link.lag // SLOT)

    # ---------------------------------------------------------------------------------------------------- links

    def leaves(self, task: int) -> list[int]:
        """The task itself, or every task in a summary."""
        if not self.rows[task].is_summary:
            return [task]
        return [leaf for child in self.children[task] for leaf in self.leaves(child)]

    def _links(self) -> tuple[dict[int, dict[int, int]], dict[int, int]]:
        """(task → predecessor → lag from its end, task → release from what is done or has begun)."""
        after: dict[int, dict[int, int]] = defaultdict(dict)
        release: dict[int, int] = defaultdict(int)
        for link in self.found.links:
            if link.predecessor not in self.rows or link.successor not in self.rows:
                continue
            for first in self.leaves(link.predecessor):
                for second in self.leaves(link.successor):
                    self._link(link, first, second, after, release)
        return after, release

    def _link(
        self, link: LinkRow, first: int, second: int, after: dict[int, dict[int, int]], release: dict[int, int]
    ) -> None:
        one, other = self.rows[first], self.rows[second]
        if other.is_done or other.is_running:
            return
        lag = self._lag(link, self.length[first])
        if link.type in ("FF", "SF"):
            lag -= self.length[second]
        from_start = link.type in ("SS", "SF")
        begun = one.actual_start or one.start
        if one.is_done and not from_start and (ended := one.actual_finish or one.finish) is not None:
            release[second] = max(release[second], self._signed(ended) + lag)
        elif (one.is_done or one.is_running) and from_start and begun is not None:
            release[second] = max(release[second], self._signed(begun) + lag)
        elif not one.is_done:
            lag -= self.length[first] if from_start else 0
            after[second][first] = max(lag, after[second].get(first, lag))

    # --------------------------------------------------------------------------------------------------- pieces

    def pieces(self) -> tuple[list[Piece], list[Group]]:
        """Pieces of everything that is open, with the groups they belong to."""
        after, done_release = self._links()
        groups = self._grouped(after)
        made = [
            self._piece(row, after.get(row.id, {}), done_release.get(row.id, 0), groups[row.id])
            for row in self.found.rows
            if not row.is_summary and not row.is_done
        ]
        return made, self._groups({piece.group for piece in made})

    def _name(self, task: int) -> str:
        return f"{self.found.prefix}{task}"

    def _piece(self, row: Row, before: Mapping[int, int], earliest: int, group: str) -> Piece:
        release, gate = max(0, earliest, self.first), "plan" if self.first > max(0, earliest) else ""
        length = self.length[row.id]
        fixed: int | None = None
        for moment, kind in self._gates(row):
            slot = max(0, self._signed(moment) - (length if kind in ("FNET", "MFO") else 0))
            if kind in ("MSO", "MFO", "pin"):
                fixed = slot
            elif slot > release:
                release, gate = slot, kind
        return Piece(
            id=self._name(row.id),
            order=self.found.order,
            group=group,
            name=row.name,
            duration=length,
            after=tuple((self._name(one), lag) for one, lag in sorted(before.items())),
            release=0 if row.is_running else release,
            gate="" if row.is_running else gate,
            fixed=0 if row.is_running else fixed,
            running=row.is_running,
            pinned=fixed is not None and not row.is_running,
            task=row.id if row.id > 0 and not self.found.prefix else None,
            milestone=row.is_milestone,
            elapsed=row.is_elapsed,
            needs=() if row.is_elapsed else tuple(self.found.needs.get(row.id, ())),
            ratio=row.ratio,
            due_float=row.total_float,
        )

    def _gates(self, row: Row) -> Iterable[tuple[dt.datetime, str]]:
        if row.pinned is not None:
            yield row.pinned, "pin"
        if row.not_before is not None:
            yield row.not_before, "material"
        levelled = row.constraint == "SNET" and row.levelled == row.constraint_date
        if row.constraint_date is not None and row.constraint in ("SNET", "FNET", "MSO", "MFO") and not levelled:
            yield row.constraint_date, row.constraint

    # --------------------------------------------------------------------------------------------------- groups

    def _grouped(self, after: Mapping[int, Mapping[int, int]]) -> dict[int, str]:
        """Each open task → the line for whose delivery it is needed, or what comes behind the deliveries."""
        order = self.found.order
        result: dict[int, str] = {}
        for line in sorted({row.line or 0 for row in self.found.rows if not row.is_summary}, key=self._by_date):
            waiting = self._delivering(line)
            while waiting:
                task = waiting.pop()
                if task in result:
                    continue
                result[task] = f"{order}.{line}"
                waiting += after.get(task, {})
        for row in self.found.rows:
            result.setdefault(row.id, f"{order}.{AFTER}")
        return result

    def _by_date(self, line: int) -> tuple[dt.date, int]:
        found = self.found.lines.get(line, LineDates())
        return found.promised or found.requested or dt.date.max, line

    def _delivering(self, line: int) -> list[int]:
        mine = [row for row in self.found.rows if not row.is_summary and (row.line or 0) == line]
        marked = [row.id for row in mine if row.is_delivery]
        if line == 0 and not marked and any((row.line or 0) > 0 for row in self.found.rows):
            return []  # tasks beside the lines deliver nothing by themselves
        return marked or [row.id for row in mine]

    def _groups(self, used: set[str]) -> list[Group]:
        made = []
        for name in sorted(used):
            tail = name.split(".")[1]
            if tail == AFTER:
                made.append(Group(name, self.found.order, 0))
                continue
            dates = self.found.lines.get(int(tail)) or self._latest()
            promise = self.axis.end_of(dates.promised) if dates.promised else None
            request = self.axis.end_of(dates.requested) if dates.requested else None
            due = promise if promise is not None else request
            made.append(Group(name, self.found.order, int(tail), self.found.weight, due, promise, request))
        return made

    def _latest(self) -> LineDates:
        """For tasks of no line: the latest dates of the order."""
        promised = [one.promised for one in self.found.lines.values() if one.promised]
        requested = [one.requested for one in self.found.lines.values() if one.requested]
        return LineDates(max(promised, default=None), max(requested, default=None))
