"""Somebody else instead: where a task waits for the person or machine that is named on it, or over-uses it, another one
with the same skill who would do it earlier. Pure.

Each swap is scheduled with everything else in its turn, once with and once without it, and passes the independent
checker, or it is not proposed. A swap that makes the whole later, or breaks somebody's promise, is not proposed either.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from punctual.domain.scheduling.availability import Availability, Staff
from punctual.domain.scheduling.axis import SLOT, Axis
from punctual.domain.scheduling.book import Book, Piece
from punctual.domain.scheduling.gathering import Demands
from punctual.domain.scheduling.holding import holds
from punctual.domain.scheduling.settling import settle
from punctual.domain.scheduling.solving import reseated
from punctual.engine.capacity.model import weighted_tardiness
from punctual.engine.verify import verified
from punctual.kernel.refusal import Refusal

logger = logging.getLogger(__name__)

Asked = Mapping[tuple[int, int], int]
"""(task, resource) → the skill as which it was named."""
MOST_TRIALS: Final = 24
WORK: Final = 60_000
"""Tasks times trials that an answer may take."""
FEWEST_TRIALS: Final = 6
A_NEED: Final = 2
"""Others that are tried, and proposed, for one need."""


@dataclass(frozen=True, slots=True)
class Gain:
    """An order that ends on another day; ``days`` earlier, negative: later."""

    order: int
    days: int
    before: dt.date
    then: dt.date

    @property
    def later(self) -> int:
        return -self.days


@dataclass(frozen=True, slots=True)
class Swap:
    """``task`` (id in the plans) by ``into`` instead of ``out``; days of the task before and then.

    ``skill``: as which ``out`` was named, where that is known. ``cost``: what the task's hours then cost more.
    ``hours``: over-use that it ends.
    """

    task: int
    order: int
    name: str
    skill: int | None
    out: int
    into: int
    units: int
    start: dt.date
    finish: dt.date
    start_then: dt.date
    finish_then: dt.date
    gains: tuple[Gain, ...]
    cost: float
    hours: float
    saved: int

    @property
    def days(self) -> int:
        """By how many days the task ends earlier."""
        return (self.finish - self.finish_then).days

    @property
    def cheaper(self) -> float:
        return -self.cost


@dataclass(frozen=True, slots=True)
class _Trial:
    piece: Piece
    need: int
    other: Staff


class _Shop:
    """The schedule as it is, placed in its own order, and who could do what instead."""

    def __init__(self, book: Book, axis: Axis, availability: Availability, asked: Asked) -> None:
        self.axis, self.availability, self.asked = axis, availability, asked
        self.live = {piece.id: start for piece, start in zip(book.pieces, book.starts, strict=True)}
        self.raised = {(key, begin, end) for key, begin, end, _units in book.raised}
        self.trials = self._trials(book)
        named = {key for piece in book.pieces for kind, key, _ in piece.needs if kind == "resource"}
        keys = availability.keys_for(
            availability.skills, {*named, *availability.asked_by_name, *(one.other.id for one in self.trials)}
        )
        self.demands = Demands(availability, keys)
        self.arrays = {key: availability.array(key) for key in {*book.resources, *keys.every()}}
        self.after = {key: availability.steps(key)[-1][1] for key in self.arrays}
        self.now = self.placed(book, book.pieces)

    # ------------------------------------------------------------------------------------------------- what to try

    def _trials(self, book: Book) -> list[_Trial]:
        """The longest and dearest waits first."""
        weights = {group.id: group.weight for group in book.groups}
        found: list[tuple[int, list[_Trial]]] = []
        for piece, start, held in zip(book.pieces, book.starts, holds(book), strict=True):
            if piece.running or piece.task is None or not piece.duration or book.entries[piece.order].soft:
                continue
            waits_for = str(held.get("what", "")) if held["cause"] in ("resource", "availability") else ""
            wait = start - self._ready(book, piece)
            for number, (kind, key, _units) in enumerate(piece.needs):
                if kind == "resource" and (waits_for == f"r{key}" or self._over(piece, key, start)):
                    trials = [_Trial(piece, number, one) for one in self._others(piece, number, start - wait)]
                    found.append((max(1, wait) * weights.get(piece.group, 1), trials[:A_NEED]))
        found.sort(key=lambda one: -one[0])
        most = max(FEWEST_TRIALS, min(MOST_TRIALS, WORK // max(1, len(book.pieces))))
        return [one for _weight, trials in found for one in trials][:most]

    def _over(self, piece: Piece, resource: int, start: int) -> bool:
        """Locked where its resource has more to do than there is."""
        return piece.fixed is not None and any(
            key == f"r{resource}" and begin < start + piece.duration and start < end for key, begin, end in self.raised
        )

    def _ready(self, book: Book, piece: Piece) -> int:
        finishes = book.finishes
        return max([piece.release, *(finishes[book.index[name]] + lag for name, lag in piece.after)])

    def _others(self, piece: Piece, number: int, ready: int) -> list[Staff]:
        """Who has the skill and is there when the task could begin, the most present and cheapest first."""
        _kind, key, units = piece.needs[number]
        staff = self.availability.staff
        mine = staff.get(key)
        if mine is None or piece.task is None:
            return []
        asked = self.asked.get((piece.task, key))
        wanted = {asked} if asked is not None else mine.skills
        busy = {one for kind, one, _ in piece.needs if kind == "resource"}
        able = [
            one
            for one in staff.values()
            if one.id not in busy and one.kind == mine.kind and one.units >= units and wanted and wanted <= one.skills
        ]
        there = {one.id: int(self.availability.of(one.id)[ready : ready + piece.duration].sum()) for one in able}
        return sorted((one for one in able if there[one.id]), key=lambda one: (-there[one.id], one.cost, one.id))

    # ------------------------------------------------------------------------------------------------------ trying

    def placed(self, book: Book, pieces: Sequence[Piece]) -> Book:
        """These pieces settled and placed, as near to the present schedule as they stand."""
        kept = {one.id: one.fixed for one in pieces if one.fixed is not None and not one.pinned}
        settled = settle(
            [one if one.running or one.pinned else replace(one, fixed=None) for one in pieces],
            self.arrays,
            self.after,
            previous=kept,
            frozen_until=max(kept.values(), default=-1) + 1,
        )
        made = replace(book, pieces=settled.pieces, resources=settled.resources, raised=settled.raised, starts=())
        return made.scheduled(reseated(made, self.live))

    def book_with(self, trial: _Trial) -> Book:
        piece = self.now.pieces[self.now.index[trial.piece.id]]
        kind, _key, units = piece.needs[trial.need]
        needs = list(piece.needs)
        needs[trial.need] = (kind, trial.other.id, units)
        made = self.now.with_piece(self.demands.of(replace(piece, needs=tuple(needs))))
        if piece.fixed is None:  # then nothing that is fixed depends on it
            return made.scheduled(reseated(made, self.live))
        return self.placed(made, made.pieces)

    def swap(self, trial: _Trial) -> Swap | None:
        """What comes of it; None where it helps nobody or hurts somebody."""
        then = self.book_with(trial)
        saved = weighted_tardiness(self.now.problem, self.now.schedule) - weighted_tardiness(
            then.problem, then.schedule
        )
        hours = (_over_slots(self.now) - _over_slots(then)) * SLOT / 60
        start, finish = self._days(self.now, trial.piece)
        start_then, finish_then = self._days(then, trial.piece)
        gains = self._gains(then)
        helps = hours > 0 or (finish_then < finish and (saved > 0 or any(gain.days > 0 for gain in gains)))
        if saved < 0 or hours < 0 or not helps or any(self._breaks(gain) for gain in gains):
            return None
        try:
            verified(then.problem, then.schedule)
        except Refusal as refusal:  # the checker stands between the search and the planner
            logger.warning("swap refused: %s", refusal)
            return None
        _kind, out, units = trial.piece.needs[trial.need]
        assert trial.piece.task is not None
        dearer = trial.other.cost - self.availability.staff[out].cost
        return Swap(
            task=trial.piece.task,
            order=trial.piece.order,
            name=trial.piece.name,
            skill=self.asked.get((trial.piece.task, out)),
            out=out,
            into=trial.other.id,
            units=units,
            start=start,
            finish=finish,
            start_then=start_then,
            finish_then=finish_then,
            gains=tuple(gains),
            cost=round(trial.piece.duration * SLOT / 60 * units * dearer, 2),
            hours=hours,
            saved=saved,
        )

    def _days(self, book: Book, piece: Piece) -> tuple[dt.date, dt.date]:
        start = book.starts[book.index[piece.id]]
        return self.axis.start_of(start).date(), self.axis.day_of(start + piece.duration)

    def _gains(self, then: Book) -> list[Gain]:
        found = []
        for entry in self.now.orders:
            before, after = self.now.order_end(entry.id), then.order_end(entry.id)
            if before is None or after is None or entry.soft:
                continue
            day, other = self.axis.day_of(before), self.axis.day_of(after)
            if day != other:
                found.append(Gain(entry.id, (day - other).days, day, other))
        return sorted(found, key=lambda gain: -gain.days)

    def _breaks(self, gain: Gain) -> bool:
        promised = self.now.entries[gain.order].promised
        return promised is not None and gain.before <= dt.date.fromisoformat(promised) < gain.then


def _over_slots(book: Book) -> int:
    return sum((end - begin) * units for key, begin, end, units in book.raised if key.startswith("r"))


def swaps_of(book: Book, axis: Axis, availability: Availability, asked: Asked) -> list[Swap]:
    """What could be proposed, the best first."""
    shop = _Shop(book, axis, availability, asked)
    found = [one for trial in shop.trials if (one := shop.swap(trial)) is not None]
    return sorted(found, key=lambda one: (-one.saved, -one.hours, -one.days, one.cost, one.task, one.into))


def touching(swaps: Iterable[Swap], *, resources: Collection[int] = (), task: int | None = None) -> list[Swap]:
    """Those of a task, or those that take work off one of these resources."""
    return [one for one in swaps if one.task == task or one.out in resources]
