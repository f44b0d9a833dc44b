"""What a promise stands on: where the offer that was taken had the order's tasks and those of others that made room.

A date with others moving is kept only if they do move. So the places of the offer are kept with the promise, and the
next run in which the order takes part begins its search there, as it begins everything else where the last run had it.
And an order keeps its places when its quotation becomes a plan, whose tasks have other names.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from punctual.domain.scheduling.book import Book
from punctual.domain.scheduling.gathering import company_axis
from punctual.domain.scheduling.models import AgreedPlan, ScheduleRun
from punctual.domain.scheduling.promising import Offered

Starts = Mapping[str, dt.datetime]
"""Piece → when it begins, on the site's clock."""


def places_of(run: ScheduleRun, offer: Offered) -> dict[str, Any]:
    """Where an offer that stands on ``run`` has the order's own pieces and those that move for it, as plain data."""
    assert run.today is not None
    axis = company_axis(run.today)
    return {
        "own": [None if slot is None else axis.start_of(slot).isoformat() for slot in offer.own],
        "others": {
            name: [axis.start_of(before).isoformat(), axis.start_of(then).isoformat()]
            for name, (before, then) in offer.others.items()
        },
    }


def keep_agreed(order_id: int, run: ScheduleRun, places: Mapping[str, Any]) -> AgreedPlan:
    """Keep the places of the offer that was taken; part of the promise's transaction."""
    found, _ = AgreedPlan.objects.update_or_create(order_id=order_id, defaults={**places, "run": run, "is_used": False})
    return found


def handed_on(book: Book, earlier: Starts) -> dict[str, dt.datetime]:
    """``earlier`` with what is agreed, and with the places of quotations under the names that their plans have now."""
    starts = dict(earlier)
    own, quoted = _pieces_by_order(book), _quoted(earlier)
    for order in own.keys() & quoted.keys():
        if not any(name in earlier for name in own[order]):
            _put(starts, own[order], quoted[order])
    for agreed in AgreedPlan.objects.filter(order__in=list(own), is_used=False).order_by("pk"):
        for name, (before, then) in agreed.others.items():
            if earlier.get(name) == dt.datetime.fromisoformat(before):  # nobody has moved it since
                starts[name] = dt.datetime.fromisoformat(then)
        _put(starts, own[agreed.order_id], [at and dt.datetime.fromisoformat(at) for at in agreed.own])
    return starts


def mark_used(book: Book) -> None:
    """From now on the places are those of the run; part of the transaction that stores it."""
    AgreedPlan.objects.filter(order__in={piece.order for piece in book.pieces}, is_used=False).update(is_used=True)


def _pieces_by_order(book: Book) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for piece in book.pieces:
        found[piece.order].append(piece.id)
    return found


def _quoted(earlier: Starts) -> dict[int, list[dt.datetime]]:
    """Order → the places that it had as a quotation, when its pieces were called ``q12:-3``."""
    found: dict[int, list[dt.datetime]] = defaultdict(list)
    for name, start in earlier.items():
        order, is_quoted, _row = name.removeprefix("q").partition(":")
        if is_quoted:
            found[int(order)].append(start)
    return found


def _put(starts: dict[str, dt.datetime], names: Sequence[str], places: Iterable[dt.datetime | None]) -> None:
    """Piece by piece in the order of the outline, which the plan has from the same templates; not where the order has
    become another one since."""
    found = list(places)
    if len(found) == len(names):
        starts.update({name: at for name, at in zip(names, found, strict=True) if at is not None})
