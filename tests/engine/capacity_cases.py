"""Small problems for the finite-capacity tests: hand-made, random for hypothesis, and a brute-force optimum."""

from __future__ import annotations

from itertools import permutations, product

from hypothesis import strategies as st

from punctual.engine.capacity.model import (
    Link,
    Mode,
    Order,
    Problem,
    Resource,
    Schedule,
    Task,
    problem,
    weighted_tardiness,
)


def task(name: str, duration: int, demands: dict[str, int] | None = None, *after: str, **more: object) -> Task:
    """A task in one mode that follows ``after`` without lag."""
    return Task(name, (Mode(duration, demands or {}),), tuple(Link(other) for other in after), **more)  # type: ignore[arg-type]


@st.composite
def problems(draw: st.DrawFn, *, most: int = 8, modes: bool = True) -> Problem:
    """Random problems: time-varying capacity that ends above every demand, orders, lags, releases, alternatives."""
    kinds = [f"R{k}" for k in range(draw(st.integers(1, 3)))]
    resources = []
    for kind in kinds:
        times = [0, *sorted(draw(st.sets(st.integers(1, 90), max_size=3)))]
        steps = [(time, draw(st.integers(0, 3))) for time in times]
        resources.append(Resource(kind, (*steps, (100, 3))))
    orders = [
        Order(f"O{k}", draw(st.integers(0, 6)), draw(st.one_of(st.none(), st.integers(0, 30))), draw(st.integers(0, 5)))
        for k in range(draw(st.integers(1, 3)))
    ]
    tasks = []
    for number in range(draw(st.integers(1, most))):
        links = [
            Link(f"T{other}", draw(st.integers(0, 3)))
            for other in sorted(draw(st.sets(st.integers(0, number - 1), max_size=2)) if number else ())
        ]
        ways = [
            Mode(draw(st.integers(0, 70)), {k: draw(st.integers(0, 3)) for k in draw(st.sets(st.sampled_from(kinds)))})
            for _ in range(draw(st.integers(1, 2)) if modes else 1)
        ]
        order = draw(st.sampled_from(orders)).id
        tasks.append(Task(f"T{number}", tuple(ways), tuple(links), order, draw(st.integers(0, 9))))
    return problem(resources=resources, orders=orders, tasks=tasks)


def plain_serial(plan: Problem, sequence: tuple[int, ...], modes: tuple[int, ...]) -> Schedule:
    """The serial scheme in plain Python, slot by slot: slow and obvious."""
    free: dict[tuple[str, int], int] = {}
    index = {row.id: number for number, row in enumerate(plan.tasks)}
    release = {row.id: row.release for row in plan.orders}
    units = {row.id: row for row in plan.resources}
    start, finish = [0] * len(plan.tasks), [0] * len(plan.tasks)
    for number in sequence:
        row = plan.tasks[number]
        way = row.modes[modes[number]]
        at = max(
            [
                row.release,
                release.get(row.order or "", 0),
                *(finish[index[k.predecessor]] + k.lag for k in row.predecessors),
            ]
        )
        while not all(
            units[kind].units_at(slot) - free.get((kind, slot), 0) >= amount
            for kind, amount in way.demands.items()
            for slot in range(at, at + way.duration)
        ):
            at += 1
        for kind, amount in way.demands.items():
            for slot in range(at, at + way.duration):
                free[kind, slot] = free.get((kind, slot), 0) + amount
        start[number], finish[number] = at, at + way.duration
    return Schedule(tuple(start), modes)


def best_of_all(plan: Problem, *, makespan: bool) -> int:
    """Least cost over all precedence-feasible lists and alternatives (active schedules contain an optimum)."""
    index = {row.id: number for number, row in enumerate(plan.tasks)}
    best = 2**60
    for sequence in permutations(range(len(plan.tasks))):
        place = {number: position for position, number in enumerate(sequence)}
        if any(place[index[k.predecessor]] > place[index[row.id]] for row in plan.tasks for k in row.predecessors):
            continue
        for modes in product(*(range(len(row.modes)) for row in plan.tasks)):
            found = plain_serial(plan, sequence, modes)
            cost = max(found.finish(plan)) if makespan else weighted_tardiness(plan, found)
            best = min(best, cost)
    return best
