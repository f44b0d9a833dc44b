"""Dates for new orders in full shops: nobody moves against negotiated, with how many tasks move.

    PYTHONPATH=src python benchmarks/promise.py [--seconds 1 | --processor 2 | --evaluations 20000] [--seeds 1]
        [--every 1] [--plot FILE.svg]

For each new order of each portfolio: the lead when nobody moves (gap filling; also as the file gives it), the
negotiated lead after ``--seconds`` on two threads (on machines that others use too: ``--processor`` seconds of
processor time of both together, or ``--evaluations``, which give the same answer on every machine), the number of confirmed tasks that move, and the time of the first
answer. Every plan is checked by ``engine.verify`` against availability and promises. The ratio of the mean leads is
the figure that counts; the least possible lead is the critical path.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from capacity_instances import TESTDATA, machine
from svg_chart import Line, chart

from punctual.engine.capacity.model import Schedule
from punctual.engine.formats import portfolio
from punctual.engine.formats.text_file import read_bytes
from punctual.engine.optimise.answer import Limits
from punctual.engine.promise.gap import GapFiller
from punctual.engine.promise.model import Candidate, Shop
from punctual.engine.promise.negotiate import negotiate
from punctual.engine.promise.warm import warm_promise


@dataclass
class Row:
    """One new order: leads in slots, moved tasks, milliseconds of the answer when nobody moves, seconds of
    processor time of a negotiation."""

    path: int
    reference: int
    gaps: int
    negotiated: float
    moved: int
    place_ms: float
    processor: float


def rows_of(path: Path, limits: Callable[[], Limits], seeds: int, every: int) -> list[Row]:
    book = portfolio.read(path)
    references = [row["reference"] for row in json.loads(read_bytes(path))["new_orders"]]
    schedule = Schedule(book.plan or (), (0,) * len(book.problem.tasks))
    promises = {order.id: end for order, end in zip(book.problem.orders, book.promises or (), strict=True)}
    shop = Shop(book.problem, schedule, book.now, promises)
    filler = GapFiller(shop)
    rows = []
    for number in range(0, len(book.new_orders), every):
        new = book.new_orders[number]
        candidate = Candidate(new.order, new.tasks)
        begin = max(book.now, new.order.release)
        gaps = filler.offer(candidate).finish - begin
        place_ms = min(_milliseconds(filler, candidate) for _ in range(5))
        begun = time.process_time()
        offers = [negotiate(shop, candidate, limits(), seed=seed, filler=filler) for seed in range(seeds)]
        processor = (time.process_time() - begun) / seeds
        lead = statistics.mean(offer.finish - begin for offer in offers)
        moved = max(len(offer.moved) for offer in offers)
        reference = references[number]
        rows.append(
            Row(reference["critical_path"], reference["lead_when_nobody_moves"], gaps, lead, moved, place_ms, processor)
        )
        print(
            f"  {path.name} {new.order.id}: {gaps} → {lead:g}, {moved} moved, first answer {place_ms:.1f} ms",
            flush=True,
        )
    return rows


def _on_processor(seconds: float) -> Limits:
    begun = time.process_time()
    return Limits(stop=lambda: time.process_time() - begun >= seconds)


def _milliseconds(filler: GapFiller, candidate: Candidate) -> float:
    begun = time.perf_counter()
    filler.place(candidate)
    return 1e3 * (time.perf_counter() - begun)


def _summary(name: str, rows: list[Row]) -> str:
    gaps, found = sum(row.gaps for row in rows), sum(row.negotiated for row in rows)
    ratios = statistics.mean(row.negotiated / row.gaps for row in rows)
    path = sum(row.path for row in rows)
    return (
        f"{name}: mean lead {found / gaps:.3f} of gap filling (mean of ratios {ratios:.3f}; critical path "
        f"{path / gaps:.3f}); most moved {max(row.moved for row in rows)}; first answer "
        f"{statistics.median(row.place_ms for row in rows):.1f} ms; processor time an offer "
        f"{statistics.mean(row.processor for row in rows):.2f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--processor", type=float, help="seconds of processor time instead")
    parser.add_argument("--evaluations", type=int, help="so many evaluations instead")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--every", type=int, default=1, help="only every n-th new order")
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    files = sorted((TESTDATA / "portfolio").glob("*.json.gz"))
    if not files:
        raise SystemExit(f"No portfolios in {TESTDATA / 'portfolio'}: set PUNCTUAL_TESTDATA.")
    print(machine())
    warm_promise()

    def limits() -> Limits:
        if arguments.processor:
            return _on_processor(arguments.processor)
        if arguments.evaluations:
            return Limits(evaluations=arguments.evaluations)
        return Limits(seconds=arguments.seconds)

    rows = []
    for path in files:
        found = rows_of(path, limits, arguments.seeds, arguments.every)
        print(_summary(path.name, found))
        rows += found
    print(_summary("all", rows))
    if arguments.plot:
        order = sorted(range(len(rows)), key=lambda row: rows[row].negotiated)
        places = list(range(1, len(rows) + 1))
        lines = [
            Line("nobody moves", places, [rows[row].gaps for row in order]),
            Line("negotiated", places, [rows[row].negotiated for row in order], marks=True),
            Line("critical path", places, [rows[row].path for row in order], dashed=True),
        ]
        title = "Lead of new orders in full shops"
        arguments.plot.write_text(chart(title, "new order, by negotiated lead", "slots", lines), encoding="utf-8")


if __name__ == "__main__":
    main()
