"""What could be done for a late order, out of the company's data, with prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from punctual.domain.resources.models import Resource
from punctual.domain.scheduling.book import Book, Group, Piece
from punctual.domain.scheduling.selectors import axis_of, chain_in
from punctual.domain.supply.models import PurchaseLine
from punctual.engine.recovery import (
    AlternativeResource,
    BorrowFloat,
    Crash,
    Expedite,
    ExtraCapacity,
    Lever,
    Outsourcing,
    Resequence,
    Split,
)

OVERTIME: Final = 0.75
"""A task worked on with overtime takes at least this share of its time (two hours more a day)."""
OVERTIME_FACTOR: Final = 1.5
DAY: Final = 8
WEEK: Final = 5 * DAY
"""Slots of working time."""
USUAL_DAY_SOONER: Final = 960.0
"""What a purchase costs more for each day that it comes sooner, where no supplier has said."""
USUAL_HOUR: Final = Decimal(100)
WEEKS_OF_SHIFTS: Final = 4
MOST_LEVERS: Final = 24


def levers_of(book: Book, order_id: int, group: Group) -> list[Lever]:
    """What could be done, from the data at hand: overtime, extra people, other resources, outsourcing, expediting, a
    first delivery, room borrowed from other orders."""
    chain = chain_in(book, order_id)
    on_chain = list(dict.fromkeys(link.task for link in chain))
    pieces = {piece.id: piece for piece in book.pieces}
    rates = _Rates(book)
    made = _expedited(book, [pieces[name] for name in on_chain])
    for name in on_chain:
        piece = pieces[name]
        if piece.duration >= 4 and piece.demands and piece.fixed is None:
            shortest = max(1, round(piece.duration * OVERTIME))
            price = float(rates.of(piece.demands)) * OVERTIME_FACTOR
            made.append(Crash(f"overtime:{name}", name, shortest, price))
        made += _others(book, name, rates)
    end = book.order_end(order_id) or 0
    waits = [link.what for link in chain if link.what in book.resources]
    pools = dict.fromkeys([*waits, *(pool for name in on_chain for pool in pieces[name].demands)])
    for pool in list(pools)[:6]:
        windows = tuple((start, start + 40) for start in range(0, min(end + 40, 40 * WEEKS_OF_SHIFTS), 40))
        price = float(rates.hour(pool)) * OVERTIME_FACTOR
        made.append(ExtraCapacity(f"shift:{pool}", pool, windows, 1, price))
    ends = [piece.id for piece in book.pieces if piece.group == group.id and _is_end(book, piece.id)]
    if len(ends) > 1:
        made.append(Split("split", tuple(ends[:-1]), 2000.0))
    made.append(BorrowFloat("borrow"))
    made.append(Resequence("resequence"))
    return made[:MOST_LEVERS]


def _expedited(book: Book, pieces: Sequence[Piece]) -> list[Lever]:
    """Material on the chain, first of all: as early and at the price that its supplier has offered, else a week for the
    usual price of a day."""
    waiting = {one.task: one for one in pieces if one.gate == "material" and one.release > DAY and one.task}
    offers = PurchaseLine.objects.filter(
        offered_cost__isnull=False, offered_date__isnull=False, reservations__requirement__task__in=waiting
    )
    told = {
        task: (day, cost)
        for task, day, cost in offers.order_by("offered_date").values_list(
            "reservations__requirement__task", "offered_date", "offered_cost"
        )
    }
    axis = axis_of(book)
    made: list[Lever] = []
    for task, piece in waiting.items():
        earliest, price = max(0, piece.release - WEEK), USUAL_DAY_SOONER / DAY
        day, cost = told.get(task, (None, None))
        if day is not None and cost is not None:
            earliest = axis.end_of(day)
            price = float(cost) / max(1, piece.release - earliest)
        if earliest < piece.release:
            made.append(Expedite(f"expedite:{piece.id}", piece.id, earliest, price))
    return made


def _is_end(book: Book, name: str) -> bool:
    return not any(before == name for piece in book.pieces for before, _lag in piece.after)


def _others(book: Book, name: str, rates: _Rates) -> list[Lever]:
    """Other named resources with a skill in common, and suppliers that do this kind of work."""
    piece = next(one for one in book.pieces if one.id == name)
    named = [key for kind, key, _units in piece.needs if kind == "resource"]
    skills = [key for kind, key, _units in piece.needs if kind == "skill"]
    if piece.fixed is not None or not (named or skills):
        return []
    if named:
        skills = list(Resource.objects.filter(pk__in=named).values_list("skills", flat=True))
    rows = Resource.objects.filter(archived_at=None, skills__in=[one for one in skills if one]).exclude(pk__in=named)
    made: list[Lever] = []
    for resource in rows.distinct().order_by("pk")[:3]:
        hours = piece.duration
        price = float((resource.hourly_cost or USUAL_HOUR) * hours)
        if resource.kind == "outsourced":
            made.append(Outsourcing(f"outsource:{name}:{resource.pk}", name, piece.duration, price * 1.3))
        elif named and f"r{resource.pk}" in book.resources:
            made.append(AlternativeResource(f"instead:{name}:{resource.pk}", name, hours, {f"r{resource.pk}": 1}, 0.0))
    return made


class _Rates:
    """What an hour of a pool costs."""

    def __init__(self, book: Book) -> None:
        rows = Resource.objects.filter(archived_at=None).prefetch_related("skills")
        self.by_resource = {row.pk: row.hourly_cost or USUAL_HOUR for row in rows}
        self.by_skill: dict[int, list[Decimal]] = {}
        for row in rows:
            for skill in row.skills.all():
                self.by_skill.setdefault(skill.pk, []).append(row.hourly_cost or USUAL_HOUR)

    def hour(self, pool: str) -> Decimal:
        keys = [int(part) for part in pool[1:].split("-") if part.isdecimal()]
        if pool.startswith("r"):
            return self.by_resource.get(keys[0], USUAL_HOUR) if keys else USUAL_HOUR
        known = [rate for key in keys for rate in self.by_skill.get(key, [])]
        return sum(known, Decimal(0)) / len(known) if known else USUAL_HOUR

    def of(self, demands: Mapping[str, int]) -> Decimal:
        """An hour of everybody whom a task takes; overtime brings a quarter more hours for the price of a half more."""
        return sum((self.hour(pool) * units for pool, units in demands.items()), Decimal(0))
