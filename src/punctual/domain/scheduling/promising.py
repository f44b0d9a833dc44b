"""Three dates for an order that asks: nobody moves, others move within their promises, and with levers for a price.

Each comes with its distribution, who moves by how much and what that costs in expected lateness, and what holds it
back. Pure but for time.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from punctual.domain.scheduling.availability import Availability
from punctual.domain.scheduling.axis import SLOT, Axis
from punctual.domain.scheduling.book import Book, Entry, Piece
from punctual.domain.scheduling.desk import NEW, Desk, Taken, Wish, joined, schedule_of, with_more
from punctual.domain.scheduling.simulation import Slots
from punctual.domain.scheduling.solving import quantile_day
from punctual.engine.optimise.answer import Limits
from punctual.engine.promise.chain import holds_back
from punctual.engine.promise.gap import GapFiller
from punctual.engine.promise.model import Candidate, Offer, Shop
from punctual.engine.promise.model import joined as engine_joined
from punctual.engine.promise.negotiate import negotiate
from punctual.kernel.refusal import Refusal

logger = logging.getLogger(__name__)

Kind = Literal["nobody", "negotiated", "levers", "rush"]
MOST_HOLDS: Final = 4
SHORTER: Final = 0.75
"""An expedited purchase takes this share of its usual time."""
EXPEDITED: Final = 2
MOST_LEVERS: Final = 2


@dataclass(frozen=True, slots=True)
class Known:
    """What the current run says of another order: days and runs of its histogram, its promise."""

    p80: dt.date
    histogram: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Move:
    """Another order that would end elsewhere. ``percent``: probability of its promise, before and then; ``cost``: what
    it then costs more in expected lateness, in the company's currency."""

    entry: Entry
    days: int
    p80: dt.date
    p80_then: dt.date
    percent: int | None
    percent_then: int | None
    cost: float


@dataclass(frozen=True, slots=True)
class Pull:
    """A lever that is pulled: overtime on a skill, or a purchase that arrives earlier."""

    kind: Literal["overtime", "expedite"]
    what: str
    days: int
    price: float


@dataclass(frozen=True, slots=True)
class Hold:
    """One thing that holds the date back, with the working days it takes."""

    kind: Literal["resource", "availability", "supplier", "work"]
    task: str
    days: int
    until: dt.date
    what: str = ""
    held_by: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Offered:
    """One of the three dates. ``ends`` are simulated days (ordinals), sorted. ``own``: slot of each of the order's
    pieces, None behind its delivery; ``others``: piece that moves → its slot now and then."""

    kind: Kind
    planned: dt.date
    ends: npt.NDArray[np.int64]
    request_percent: int | None
    moves: Sequence[Move] = ()
    pulls: Sequence[Pull] = ()
    own: Sequence[int | None] = ()
    others: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def p50(self) -> dt.date:
        return quantile_day(self.ends, 0.5)

    @property
    def p80(self) -> dt.date:
        return quantile_day(self.ends, 0.8)

    @property
    def p95(self) -> dt.date:
        return quantile_day(self.ends, 0.95)

    @property
    def price(self) -> float:
        return sum(pull.price for pull in self.pulls)

    @property
    def cost(self) -> float:
        """Expected lateness cost of the others."""
        return sum(move.cost for move in self.moves)

    def percent(self, day: dt.date) -> int:
        """Probability that it is delivered by ``day``."""
        return round(100 * float(np.searchsorted(self.ends, day.toordinal(), side="right")) / self.ends.size)

    def earliest(self, percent: int) -> dt.date:
        """The first day with at least that probability."""
        return quantile_day(self.ends, percent / 100)


@dataclass(frozen=True)
class Answer:
    offers: Sequence[Offered]
    holds: Sequence[Hold]
    requested: dt.date | None
    seconds: float
    tasks: int
    extra: Mapping[str, Any] = field(default_factory=dict)

    def offer(self, kind: str) -> Offered:
        return next((one for one in self.offers if one.kind == kind), self.offers[0])


@dataclass(frozen=True, slots=True)
class Prices:
    """What levers cost. Money in the company's currency."""

    overtime_percent: int = 150
    expedite_per_day: float = 1500.0


@dataclass(frozen=True, slots=True)
class Care:
    """How much is searched: rounds of the negotiation, at most so many seconds each."""

    evaluations: int = 480
    seconds: float | None = 0.3


def answer(
    desk: Desk,
    wish: Wish,
    known: Mapping[int, Known],
    *,
    requested: dt.date | None,
    prices: Prices,
    names: Names,
    care: Care | None = None,
) -> Answer:
    """The three dates. An order without anything to do is refused by the caller."""
    care = care or Care()
    began = time.monotonic()
    wish = desk.demanding(wish)
    candidate = desk.candidate(wish)
    base = desk.filler.offer(candidate)
    better = negotiated(desk.shop, candidate, base, care, filler=desk.filler)
    chain = _chain(desk, wish, better)
    levered = _levered(desk, wish, chain, better, prices, names, care)
    found: dict[Kind, Taken] = {"nobody": Taken(desk.book, wish, base)}
    if better is not base:
        found["negotiated"] = Taken(desk.book, wish, better)
    if levered is not None:
        found["levers"] = levered[0]
    simulated = dict(zip(found, desk.ends(*found.values()), strict=True))
    nobody = offered("nobody", desk, found["nobody"], simulated["nobody"], requested)
    offers = [nobody]
    if "negotiated" in found:
        made = offered("negotiated", desk, found["negotiated"], simulated["negotiated"], requested)
        offers.append(replace(made, moves=moves_of(desk.book, desk.axis, better, known)))
    # What moves more can always be left: an offer that is later than the one before it is none.
    if len(offers) == 1 or offers[1].p80 > nobody.p80:
        offers[1:] = [replace(nobody, kind="negotiated")]
    if levered is not None:
        taken, pulls = levered
        made = offered("levers", desk, taken, simulated["levers"], requested)
        if made.p80 < offers[1].p80:
            offers.append(replace(made, moves=moves_of(desk.book, desk.axis, taken.offer, known), pulls=pulls))
    holds = holds_of(desk, wish, chain, names)
    return Answer(offers, holds, requested, time.monotonic() - began, len(wish.pieces))


def negotiated(shop: Shop, candidate: Candidate, base: Offer, care: Care, *, filler: GapFiller | None = None) -> Offer:
    """The best offer with others moving that the search finds and the checker passes, else ``base``."""
    limits = Limits(evaluations=care.evaluations, seconds=care.seconds)
    try:
        found = negotiate(shop, candidate, limits, filler=filler)
    except Refusal as refusal:
        # The checker stands between the search and the customer: what it refuses is not offered.
        logger.warning("negotiated offer refused: %s", refusal)
        return base
    return found if found.finish < base.finish else base


def offered(kind: Kind, desk: Desk, taken: Taken, slots: Slots, requested: dt.date | None) -> Offered:
    """What was taken with its simulated ends, and with the places it has for everything that is moved by it."""
    days = np.sort(desk.axis.days_of(slots))
    offer = taken.offer
    places = dict(zip((piece.id for piece in taken.wish.delivering), offer.start, strict=True))
    index = desk.book.index
    made = Offered(
        kind,
        desk.axis.day_of(offer.finish),
        days,
        None,
        own=[places.get(piece.id) for piece in taken.wish.pieces],
        others={name: (desk.book.starts[index[name]], offer.plan.start[index[name]]) for name in offer.moved},
    )
    return replace(made, request_percent=made.percent(requested)) if requested else made


# ---------------------------------------------------------------------------------------------------- who moves


def moves_of(book: Book, axis: Axis, offer: Offer, known: Mapping[int, Known]) -> list[Move]:
    """Orders whose delivery ends on another day than now, the most moved first."""
    found = []
    for entry in book.orders:
        groups = [group.id for group in book.groups_of.get(entry.id, ())]
        if not groups:
            continue
        before = axis.day_of(max(book.group_ends[name] for name in groups))
        then = axis.day_of(max(offer.ends[name] for name in groups))
        days = (then - before).days
        if days and entry.id in known:
            found.append(_move(entry, days, known[entry.id]))
    return sorted(found, key=lambda move: (-abs(move.days), move.entry.label))


def _move(entry: Entry, days: int, known: Known) -> Move:
    due = entry.promised or entry.requested
    by = dt.date.fromisoformat(due) if due else None
    return Move(
        entry=entry,
        days=days,
        p80=known.p80,
        p80_then=known.p80 + dt.timedelta(days=days),
        percent=percent_kept(known.histogram, by) if by else None,
        percent_then=percent_kept(known.histogram, by, shift=days) if by else None,
        cost=lateness_cost(entry, known.histogram, shift=days) - lateness_cost(entry, known.histogram),
    )


def percent_kept(histogram: Sequence[tuple[str, int]], by: dt.date, *, shift: int = 0) -> int:
    """Share of simulated ends, moved by ``shift`` days, that are not after ``by``."""
    total = sum(count for _, count in histogram)
    limit = (by - dt.timedelta(days=shift)).isoformat()
    return round(100 * sum(count for day, count in histogram if day <= limit) / total) if total else 0


def lateness_cost(entry: Entry, histogram: Sequence[tuple[str, int]], *, shift: int = 0) -> float:
    """Expected liquidated damages with every end moved by ``shift`` days."""
    due = entry.promised or entry.requested
    total = sum(count for _, count in histogram)
    if due is None or not total or entry.damages_a_day <= 0:
        return 0.0
    by = dt.date.fromisoformat(due).toordinal()
    cost = 0.0
    for day, count in histogram:
        late = max(0, dt.date.fromisoformat(day).toordinal() + shift - by)
        cost += count * min(late * entry.damages_a_day, entry.damages_cap)
    return cost / total


# ------------------------------------------------------------------------------------------------- what holds it


@dataclass(frozen=True)
class Names:
    """What pools, resources and orders are called."""

    skills: Mapping[int, str]
    resources: Mapping[int, str]

    def pool(self, key: str) -> str:
        """``s3-7`` → the skills' names; ``r12`` → the resource's; what is not known stays as it is."""
        known = self.resources if key.startswith("r") else self.skills
        numbers = (int(part) for part in key[1:].split("-") if part.isdecimal())
        return " / ".join(known[number] for number in numbers if number in known) or key


def _chain(desk: Desk, wish: Wish, offer: Offer) -> list[dict[str, Any]]:
    whole = engine_joined(desk.shop, desk.candidate(wish))
    return holds_back(whole, schedule_of(offer), NEW, promises=desk.promises)


def holds_of(desk: Desk, wish: Wish, chain: Sequence[Mapping[str, Any]], names: Names) -> list[Hold]:
    """The waits of the chain, and its longest deliveries and works, the longest first."""
    pieces = {piece.id: piece for piece in wish.pieces}
    others = {piece.id: piece for piece in desk.book.pieces}
    day = slots_a_day(desk.axis)
    found: dict[tuple[str, str], Hold] = {}
    for link in chain:
        piece = pieces[link["task"]]
        if link["kind"] in ("resource", "availability"):
            holders = {
                (entry.label, entry.key)
                for one in link.get("held_by", ())
                if (other := others.get(one["task"])) is not None
                and (entry := desk.book.entries.get(other.order)) is not None
            }
            wait = _days(link["start"] - link["ready"], day)
            until = desk.axis.start_of(link["start"]).date()
            what = names.pool(link["resource"])
            found[link["kind"], piece.id] = Hold(link["kind"], piece.name, wait, until, what, tuple(sorted(holders)))
    works = sorted(
        (pieces[link["task"]] for link in chain if link["kind"] in ("predecessor", "release")),
        key=lambda piece: -piece.duration,
    )
    starts = {link["task"]: link["start"] for link in reversed(chain)}
    for piece in works[:MOST_HOLDS]:
        kind: Literal["supplier", "work"] = "supplier" if piece.elapsed else "work"
        until = desk.axis.day_of(starts[piece.id] + piece.duration)
        found[kind, piece.id] = Hold(kind, piece.name, _days(piece.duration, day), until)
    waits = sorted((one for one in found.values() if one.days), key=lambda one: (one.kind == "work", -one.days))
    return waits[:MOST_HOLDS]


def slots_a_day(axis: Axis) -> int:
    """Slots of a usual company day."""
    lengths = [sum(end - begin for begin, end in shifts) for shifts in axis.calendar.week if shifts]
    return max(1, max(lengths, default=480) // SLOT)


def _days(slots: int, day: int) -> int:
    return -(-slots // day)


# --------------------------------------------------------------------------------------------------------- levers


def _levered(
    desk: Desk,
    wish: Wish,
    chain: Sequence[Mapping[str, Any]],
    better: Offer,
    prices: Prices,
    names: Names,
    care: Care,
) -> tuple[Taken, list[Pull]] | None:
    """The negotiated offer with the levers that its own chain asks for; None where they bring nothing."""
    book, overtime = _overtime(desk, wish, chain, prices, names)
    quicker, expedited = _expedited(desk, wish, chain, prices)
    if not overtime and not expedited:
        return None
    candidate = desk.candidate(quicker)
    shop, gaps = desk.shop, desk.filler
    if book is not desk.book:
        shop = Shop(book.problem, book.schedule, 0, desk.promises)
        gaps = desk.filler.with_capacity(shop)
    offer = negotiated(shop, candidate, gaps.offer(candidate), care, filler=gaps)
    if offer.finish >= better.finish:
        return None
    return Taken(book, quicker, offer), [*expedited, *overtime]


def _overtime(
    desk: Desk, wish: Wish, chain: Sequence[Mapping[str, Any]], prices: Prices, names: Names
) -> tuple[Book, list[Pull]]:
    pieces = {piece.id: piece for piece in wish.pieces}
    day = slots_a_day(desk.axis)
    waits = [link for link in chain if link["kind"] == "resource" and link["resource"].startswith("s")]
    waits.sort(key=lambda link: link["ready"] - link["start"])
    more: dict[str, list[tuple[int, int, int]]] = {}
    pulls: dict[int, Pull] = {}
    for link in waits[:MOST_LEVERS]:
        piece = pieces[link["task"]]
        skills = {key for kind, key, _ in piece.needs if kind == "skill"} & _skills(link["resource"])
        if not skills:
            continue
        skill = min(skills)
        units = max(count for kind, key, count in piece.needs if kind == "skill" and key == skill)
        window = (link["ready"], link["ready"] + piece.duration, units)
        for pool in desk.book.resources:
            if pool.startswith("s") and skill in _skills(pool):
                more.setdefault(pool, []).append(window)
        price = units * piece.duration * _hour(desk.availability, skill) * prices.overtime_percent / 100
        known = pulls.get(skill, Pull("overtime", names.pool(f"s{skill}"), 0, 0.0))
        pulls[skill] = replace(known, days=known.days + _days(piece.duration, day), price=round(known.price + price, 2))
    return (with_more(desk.book, more) if more else desk.book), list(pulls.values())


def _skills(pool: str) -> set[int]:
    return {int(one) for one in pool[1:].split("-")}


def _hour(availability: Availability, skill: int) -> float:
    """What an hour of the skill costs on average."""
    costs = [availability.staff[one].cost for one in availability.members([skill])]
    return sum(costs) / len(costs) if costs else 0.0


def _expedited(desk: Desk, wish: Wish, chain: Sequence[Mapping[str, Any]], prices: Prices) -> tuple[Wish, list[Pull]]:
    """The wish with its longest purchases shortened: those of the chain, and others as long, which would follow."""
    on_chain = {link["task"] for link in chain}
    bought = sorted((one for one in wish.delivering if one.elapsed), key=lambda one: -one.duration)
    if not any(one.id in on_chain for one in bought):
        return wish, []
    limit = max(one.duration for one in bought if one.id in on_chain) * SHORTER
    day = slots_a_day(desk.axis)
    shorter: dict[str, Piece] = {}
    pulls = []
    for piece in [one for one in bought if one.duration > limit][:EXPEDITED]:
        quick = max(1, round(piece.duration * SHORTER))
        gained = _days(piece.duration - quick, day)
        shorter[piece.id] = replace(piece, duration=quick)
        pulls.append(Pull("expedite", piece.name, gained, round(gained * prices.expedite_per_day, 2)))
    return replace(wish, pieces=[shorter.get(piece.id, piece) for piece in wish.pieces]), pulls


def book_with(desk: Desk, wish: Wish, offer: Offer) -> Book:
    """The book as it would be with an offer taken."""
    return joined(desk.book, desk.demanding(wish), offer)
