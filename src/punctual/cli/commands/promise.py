"""``punctual promise FILE --new ID``: earliest dates for a new order against everything promised."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from punctual.cli.commands.arguments import add_time_arguments, say_compiling, whole
from punctual.engine.capacity.model import Schedule
from punctual.engine.formats import portfolio
from punctual.engine.formats.portfolio import NewOrder, Portfolio
from punctual.engine.formats.text_file import refuse
from punctual.kernel.wording import N_


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """FILE, the new order and the limits of the search."""
    parser.add_argument("file", type=Path, help="portfolio JSON with now, plan, promises and new_orders")
    parser.add_argument("--new", required=True, metavar="ID", help="id of one of the new orders")
    parser.add_argument(
        "--runs", type=whole(0, 100_000), default=0, help="draws for P50, P80 and P95 of both dates (default 0: none)"
    )
    add_time_arguments(parser, default=1.0)


def run(arguments: argparse.Namespace) -> Mapping[str, Any]:
    """Both dates with their plans, checked independently, and what holds the new order back."""
    book = portfolio.read(arguments.file)
    new = _wanted(book, arguments.new)
    say_compiling()
    from punctual.engine.capacity.model import order_ends
    from punctual.engine.optimise.answer import Limits
    from punctual.engine.promise.chain import holds_back
    from punctual.engine.promise.gap import GapFiller
    from punctual.engine.promise.model import Candidate, Shop, joined, latest_ends
    from punctual.engine.promise.negotiate import negotiate
    from punctual.engine.promise.warm import warm_promise
    from punctual.engine.verify import verified

    warm_promise()
    schedule = Schedule(book.plan or (), (0,) * len(book.problem.tasks))
    verified(book.problem, schedule)
    promises = {order.id: value for order, value in zip(book.problem.orders, book.promises or (), strict=True)}
    shop = Shop(book.problem, schedule, book.now, promises)
    candidate = Candidate(new.order, new.tasks)
    limits = Limits(seconds=arguments.seconds)
    filler = GapFiller(shop)
    gaps = filler.offer(candidate, seed=arguments.seed)
    offer = negotiate(shop, candidate, limits, seed=arguments.seed, filler=filler)
    both = Schedule(offer.plan.start + offer.start, offer.plan.mode + offer.mode)
    latest = latest_ends(shop, order_ends(book.problem, schedule))
    sure = {}
    if arguments.runs:
        from punctual.engine.promise.uncertainty import quantiles

        for name, row in (("nobody_moves", gaps), ("negotiated", offer)):
            levels = quantiles(shop, candidate, row, runs=arguments.runs, seed=arguments.seed)
            sure[name] = {f"P{round(100 * level)}": round(end, 2) for level, end in levels.items()}
    return {
        **({"quantiles": sure} if sure else {}),
        "nobody_moves": {"finish": gaps.finish, "start": list(gaps.start)},
        "negotiated": {
            "finish": offer.finish,
            "start": list(offer.start),
            "moved": list(offer.moved),
            "plan": list(offer.plan.start),
        },
        "holds_back": holds_back(joined(shop, candidate), both, new.order.id, promises=latest),
        "seconds": round(limits.elapsed(), 3),
        "verified": True,
    }


def _wanted(book: Portfolio, name: str) -> NewOrder:
    if book.plan is None or book.promises is None:
        missing = "plan" if book.plan is None else "promises"
        refuse("portfolio", N_("The list %(name)s is missing."), name=missing)
    for order in book.new_orders:
        if order.order.id == name:
            return order
    known = ", ".join(order.order.id for order in book.new_orders[:20]) or "none"
    return refuse("promise.new", N_("There is no new order %(name)s; the file has %(known)s."), name=name, known=known)
