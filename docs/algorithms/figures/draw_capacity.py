"""Draws the figures of the pages on finite capacity, improving, promising and checking from the engine itself.

PYTHONPATH=src python docs/algorithms/figures/draw_capacity.py
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from draw_planning import BLUE, GREEN, GREY, GRID, INK, RED, document

from punctual.engine.capacity.model import Link, Mode, Order, Problem, Resource, Schedule, Task, problem
from punctual.engine.optimise.answer import Limits
from punctual.engine.optimise.tardiness import minimise_tardiness
from punctual.engine.promise.gap import GapFiller
from punctual.engine.promise.model import Candidate, Shop
from punctual.engine.promise.negotiate import negotiate
from punctual.engine.verify import violations_of

COLOURS = {"A": BLUE, "B": "#9a6700", "C": GREEN, "D": "#8250df", "N": RED}
LEFT, ACROSS, LANE = 90, 17, 26


def shop_of(orders: str = "ABCD") -> Problem:
    """Orders of three tasks in a row on a mill (1 unit), a bench (2) and a test bay (1, closed for a while)."""
    lengths = {"A": (4, 5, 3), "B": (6, 3, 2), "C": (3, 6, 4), "D": (5, 4, 3)}
    tasks = []
    for name in orders:
        for number, (machine, length) in enumerate(zip(("mill", "bench", "test"), lengths[name], strict=True)):
            links = (Link(f"{name}{number - 1}"),) if number else ()
            tasks.append(Task(f"{name}{number}", (Mode(length, {machine: 1}),), links, name))
    machines = [
        Resource("mill", ((0, 1),)),
        Resource("bench", ((0, 2),)),
        Resource("test", ((0, 1), (13, 0), (16, 1))),
    ]
    due = {"A": 13, "B": 12, "C": 12, "D": 20}
    rows = [Order(name, 0, due[name], 1 + (name == "B")) for name in orders]
    return problem(resources=machines, orders=rows, tasks=tasks)


def bars(plan: Problem, found: Schedule, top: float, until: int, *, red: frozenset[str] = frozenset()) -> list[str]:
    """The schedule as bars, a lane a unit of each resource; returns SVG parts."""
    parts = []
    for resource in plan.resources:
        lanes = max(units for _, units in resource.capacity)
        parts.append(
            f'<text x="{LEFT - 10}" y="{top + lanes * LANE / 2 + 5:.0f}" text-anchor="end">{resource.id}</text>'
        )
        height = lanes * LANE
        parts.append(
            f'<rect x="{LEFT}" y="{top}" width="{until * ACROSS}" height="{height}" fill="none" stroke="{GRID}"/>'
        )
        for (begin, units), (end, _) in zip(resource.capacity, [*resource.capacity[1:], (until, 0)], strict=True):
            if units < lanes:
                parts.append(
                    f'<rect x="{LEFT + begin * ACROSS}" y="{top}" width="{(end - begin) * ACROSS}" '
                    f'height="{(lanes - units) * LANE}" fill="{GRID}"/>'
                )
        free_from = [0] * lanes
        rows = sorted(zip(found.start, found.finish(plan), plan.tasks, strict=True), key=lambda row: row[0])
        for start, finish, task in rows:
            if resource.id not in task.modes[0].demands:
                continue
            lane = next((k for k in range(lanes) if free_from[k] <= start), lanes - 1)
            free_from[lane] = finish
            x, y = LEFT + start * ACROSS, top + lane * LANE + 2
            edge = f' stroke="{RED}" stroke-width="3"' if task.id in red else ""
            parts.append(
                f'<rect x="{x}" y="{y}" width="{(finish - start) * ACROSS - 1}" height="{LANE - 4}" rx="3" '
                f'fill="{COLOURS[task.order or "A"]}"{edge}/>'
            )
            parts.append(f'<text x="{x + 5}" y="{y + 15}" fill="#ffffff">{task.id}</text>')
        top += height + 8
    return parts


def axis(y: float, until: int) -> Iterable[str]:
    for time in range(0, until + 1, 5):
        x = LEFT + time * ACROSS
        yield f'<text x="{x}" y="{y}" text-anchor="middle" fill="{GREY}">{time}</text>'


def capacity() -> None:
    """The serial scheme by due date: every task at its earliest feasible start."""
    plan = shop_of()
    found = minimise_tardiness(plan, Limits(evaluations=1), workers=1).schedule
    until = 36
    parts = [*bars(plan, found, 50, until), *axis(190, until)]
    document("capacity.svg", "Four orders by the serial scheme; grey: not available", 720, 205, parts)


def optimise() -> None:
    """What ruin and recreate makes of it."""
    plan = shop_of()
    before = minimise_tardiness(plan, Limits(evaluations=1), workers=1)
    after = minimise_tardiness(plan, Limits(evaluations=4000), workers=1)
    until = 36
    parts = [f'<text x="20" y="52" fill="{INK}">first list: weighted tardiness {before.cost}</text>']
    parts += bars(plan, before.schedule, 62, until)
    parts.append(f'<text x="20" y="222">after 4,000 moves: {after.cost} (bound {after.lower_bound})</text>')
    parts += [*bars(plan, after.schedule, 232, until), *axis(372, until)]
    document("optimise.svg", "Weighted tardiness before and after", 720, 385, parts)


def promise() -> None:
    """A rush order among promised ones: gap filling, and negotiated within the promises."""
    plan = shop_of()
    found = minimise_tardiness(plan, Limits(evaluations=4000), workers=1).schedule
    shop = Shop(plan, found, 2, {"A": 27, "B": 16, "C": 34, "D": 36})
    tasks = (Task("N0", (Mode(3, {"mill": 1}),), order="N"), Task("N1", (Mode(3, {"test": 1}),), (Link("N0"),), "N"))
    new = Candidate(Order("N"), tasks)
    gaps = GapFiller(shop).offer(new)
    offer = negotiate(shop, new, Limits(evaluations=3000), workers=1)
    whole = replace(plan, orders=(*plan.orders, new.order), tasks=plan.tasks + new.tasks)
    until = 36
    parts = []
    for name, row, top in (("nobody moves", gaps, 52), ("negotiated", offer, 222)):
        moved = f", {len(row.moved)} tasks moved" if row.moved else ""
        parts.append(f'<text x="20" y="{top}">{name}: the new order N ends at {row.finish}{moved}</text>')
        both = Schedule(row.plan.start + row.start, row.plan.mode + row.mode)
        parts += bars(whole, both, top + 10, until)
    parts += axis(372, until)
    document("promise.svg", "A new order: gap filling against moving others within their promises", 720, 385, parts)


def verify() -> None:
    """A schedule with three faults, each found."""
    plan = shop_of("AB")
    wrong = Schedule((0, 3, 9, 4, 10, 14), (0,) * 6)
    reasons = list(violations_of(plan, wrong))
    red = frozenset(
        str(reason.params["id"]) for reason in reasons if reason.params["id"] not in {"mill", "bench", "test"}
    )
    until = 36
    parts = [*bars(plan, wrong, 50, until, red=red), *axis(190, until)]
    for number, reason in enumerate(reasons):
        text = str(reason.text) % dict(reason.params)
        parts.append(f'<text x="20" y="{215 + 20 * number}" fill="{RED}">{text}</text>')
    document("verify.svg", "What the checker says about a wrong schedule", 720, 225 + 20 * len(reasons), parts)


if __name__ == "__main__":
    capacity()
    optimise()
    promise()
    verify()
