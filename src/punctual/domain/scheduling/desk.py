"""The promise desk: one schedule made ready for questions, so that each answer takes a fraction of a second.

What a question needs of the current run is built once a process and run: the shop of the engine and the gap filler. The
distribution of an offer is simulated with everything that starts before the new order's last task and may hold it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np

from punctual.domain.scheduling.availability import Availability
from punctual.domain.scheduling.axis import Axis
from punctual.domain.scheduling.book import AFTER, Book, Entry, Group, Piece, engine_task
from punctual.domain.scheduling.gathering import Demands
from punctual.domain.scheduling.simulation import Floats, Ratios, Slots, drawn_factors, simulate_book
from punctual.engine.capacity.model import Order, Resource, Schedule
from punctual.engine.promise.gap import GapFiller
from punctual.engine.promise.model import Candidate, Offer, Shop

DRAWS: Final = 240
FEWEST_DRAWS: Final = 100
WORK: Final = 300_000
"""Tasks times runs that an answer may take."""
SEED: Final = 7
ROOM: Final = 400
"""Slots by which what comes behind a delivery, or has no date at all, may be moved."""
NEW: Final = "new"


@dataclass(frozen=True)
class Wish:
    """An order that asks for a date, cut into pieces."""

    entry: Entry
    groups: Sequence[Group]
    pieces: Sequence[Piece]

    @cached_property
    def delivering(self) -> list[Piece]:
        """What has to be done before the last delivery."""
        return [piece for piece in self.pieces if not piece.group.endswith(AFTER)]


@dataclass(frozen=True)
class Taken:
    """An offer with what it was found in: with levers the book has more of a pool, the wish quicker purchases."""

    book: Book
    wish: Wish
    offer: Offer

    @property
    def count(self) -> int:
        """Tasks that start before the new order's last one, its own included."""
        last = max(self.offer.start)
        return len(self.offer.start) + sum(start <= last for start in self.offer.plan.start)


class Desk:
    """Everything confirmed and offered, ready for questions; ``without``: an order that is in the book already and
    asks anew; ``reserves``: order → days from its scheduled end to its P80."""

    def __init__(
        self,
        book: Book,
        axis: Axis,
        availability: Availability,
        ratios: Ratios,
        reserves: Mapping[int, int] | None = None,
    ) -> None:
        self.book, self.axis, self.availability, self.ratios = book, axis, availability, ratios
        self.reserves = reserves or {}
        named = {key for piece in book.pieces for kind, key, _ in piece.needs if kind == "resource"}
        self.keys = availability.keys_for(availability.skills, {*named, *availability.asked_by_name})

    def without(self, order: int) -> Desk:
        """The same without one order."""
        if order not in self.book.entries:
            return self
        return Desk(without(self.book, order), self.axis, self.availability, self.ratios, self.reserves)

    # --------------------------------------------------------------------------------------------- made ready once

    @cached_property
    def promises(self) -> dict[str, int]:
        """Latest end of each group: its promise less the days by which its order's P80 lies behind the schedule, so
        that a promise that is kept now is kept then; where none was given likewise its request; never before its
        present end."""
        ends = self.book.group_ends
        found = {}
        for group in self.book.groups:
            due = group.promise if group.promise is not None else group.request
            if group.id.endswith(AFTER):
                found[group.id] = ends[group.id] + ROOM
            elif due is None:
                found[group.id] = ends[group.id]
            else:
                day = self.axis.day_of(due) - dt.timedelta(days=self.reserves.get(group.order, 0))
                found[group.id] = max(ends[group.id], min(due, self.axis.end_of(day)))
        return found

    @cached_property
    def shop(self) -> Shop:
        return Shop(self.book.problem, self.book.schedule, 0, self.promises)

    @cached_property
    def filler(self) -> GapFiller:
        return GapFiller(self.shop)

    @cached_property
    def _drawn(self) -> Floats:
        """Factors of everything confirmed, the same for every question."""
        return drawn_factors(self.book, self.ratios, DRAWS, SEED)

    # ---------------------------------------------------------------------------------------------------- questions

    def demanding(self, wish: Wish) -> Wish:
        """The wish with what its pieces take of the book's pools."""
        demands = Demands(self.availability, self.keys)
        pieces = [demands.of(piece) for piece in wish.pieces]
        known = self.book.resources
        return replace(
            wish,
            pieces=[
                replace(one, demands={key: units for key, units in one.demands.items() if key in known})
                for one in pieces
            ],
        )

    def candidate(self, wish: Wish) -> Candidate:
        tasks = tuple(engine_task(piece, NEW) for piece in wish.delivering)
        return Candidate(Order(NEW), tasks)

    def ends(self, *taken: Taken) -> list[Slots]:
        """Simulated ends of the new order with each of the offers taken, over the same draws: everything competes in
        the order of its starts."""
        runs = max(FEWEST_DRAWS, min(DRAWS, WORK // max(one.count for one in taken)))
        books = [joined(one.book, one.wish, one.offer) for one in taken]
        new = books[0].pieces[len(self.book.pieces) :]  # all offers have the same tasks
        own = self.ratios.factors([one.ratio for one in new], [one.order for one in new], DRAWS, SEED + 1)
        factors = np.concatenate([self._drawn, own])[:, :runs]
        return [
            simulate_book(book, self.ratios, runs=runs, seed=SEED, only={NEW}, factors=factors).ends[NEW]
            for book in books
        ]


def without(book: Book, order: int) -> Book:
    """The book without one order's pieces."""
    keep = [k for k, piece in enumerate(book.pieces) if piece.order != order]
    return replace(
        book,
        orders=tuple(one for one in book.orders if one.id != order),
        groups=tuple(one for one in book.groups if one.order != order),
        pieces=tuple(book.pieces[k] for k in keep),
        starts=tuple(book.starts[k] for k in keep),
    )


def joined(book: Book, wish: Wish, offer: Offer) -> Book:
    """The book as it would be with the offer taken: others at their new places, the new order at its own."""
    group = Group(NEW, wish.entry.id, 0)
    pieces = tuple(replace(piece, group=NEW) for piece in wish.delivering)
    made = replace(
        book,
        orders=(*book.orders, wish.entry),
        groups=(*book.groups, group),
        pieces=(*book.pieces, *pieces),
        starts=(*offer.plan.start, *offer.start),
    )
    made.__dict__["loose"] = book.loose.with_order(group, pieces, book.resources)
    return made


def with_more(book: Book, more: Mapping[str, Sequence[tuple[int, int, int]]]) -> Book:
    """The book with more units of pools: pool → [(from, to, units)]."""
    resources = dict(book.resources)
    for name, raises in more.items():
        for begin, end, units in raises:
            resource = Resource(name, tuple(resources[name]))
            times = sorted({time for time, _ in resource.capacity} | {begin, end})
            resources[name] = tuple(
                (time, resource.units_at(time) + (units if begin <= time < end else 0)) for time in times
            )
    return book.with_resources(resources)


def schedule_of(offer: Offer) -> Schedule:
    return Schedule(offer.plan.start + offer.start, offer.plan.mode + offer.mode)
