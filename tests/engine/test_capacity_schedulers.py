"""The compiled schedulers against plain Python, and what every search must keep: feasible, repeatable, never worse."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.capacity_cases import best_of_all, plain_serial, problems, task
from punctual.engine.capacity import lines, timeline
from punctual.engine.capacity.arrays import network
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
from punctual.engine.optimise.answer import Limits
from punctual.engine.optimise.energy import energetic_bound
from punctual.engine.optimise.makespan import minimise_makespan
from punctual.engine.optimise.rules import makespan_bound
from punctual.engine.optimise.tardiness import minimise_tardiness
from punctual.engine.verify import verified
from punctual.kernel.refusal import Refusal

relaxed = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])


def decoded(plan: Problem) -> tuple[Schedule, tuple[int, ...]]:
    net, _ = network(plan, exact=True)
    sequence = np.ascontiguousarray(net.topological)
    line = lines.build(net, 1200)
    start, finish, chosen = (np.zeros(len(plan.tasks), dtype=np.int32) for _ in range(3))
    assert timeline.decode(line, net, sequence, line.planes.copy(), start, finish, chosen)
    return Schedule(tuple(start.tolist()), tuple(chosen.tolist())), tuple(sequence.tolist())


@relaxed
@given(problems())
def test_the_compiled_scheme_equals_the_plain_one(plan):
    found, sequence = decoded(plan)
    verified(plan, found)
    assert plain_serial(plan, sequence, found.mode) == found


@relaxed
@given(problems(), st.randoms(use_true_random=False))
def test_taking_and_giving_back_leaves_the_timeline_as_it_was(plan, random):
    net, _ = network(plan, exact=True)
    found, sequence = decoded(plan)
    line = lines.build(net, 1200)
    planes = line.planes.copy()
    modes = [int(net.mode_ptr[number]) + found.mode[number] for number in range(len(plan.tasks))]
    for number in sequence:
        timeline.take(line, net, planes, modes[number], found.start[number])
    order = list(sequence)
    random.shuffle(order)
    for number in order:
        timeline.give_back(line, net, planes, modes[number], found.start[number])
    assert (planes == line.planes).all()


@relaxed
@given(problems(modes=False), st.integers(1, 7))
def test_a_coarser_unit_gives_the_same_schedule_stretched(plan, factor):
    def longer(time):
        return None if time is None else time * factor

    stretched = problem(
        resources=[Resource(r.id, tuple((t * factor, n) for t, n in r.capacity)) for r in plan.resources],
        orders=[Order(o.id, o.release * factor, longer(o.due), o.weight) for o in plan.orders],
        tasks=[
            Task(
                t.id,
                tuple(Mode(m.duration * factor, m.demands) for m in t.modes),
                tuple(Link(k.predecessor, k.lag * factor) for k in t.predecessors),
                t.order,
                t.release * factor,
            )
            for t in plan.tasks
        ],
    )
    limits = [Limits(evaluations=50), Limits(evaluations=50)]
    one, two = (minimise_tardiness(p, k, workers=1) for p, k in zip((plan, stretched), limits, strict=True))
    assert one.cost * factor == two.cost


@relaxed
@given(problems(most=5), st.booleans())
def test_the_searches_stay_between_bound_and_optimum(plan, makespan):
    least = best_of_all(plan, makespan=makespan)
    search = minimise_makespan if makespan else minimise_tardiness
    answer = search(plan, Limits(evaluations=1500), workers=1)
    assert answer.lower_bound <= least <= answer.cost
    assert not answer.optimal or answer.cost == least


@relaxed
@given(problems(most=5, modes=False))
def test_no_length_that_is_possible_is_refuted_by_its_energy(plan):
    least = best_of_all(plan, makespan=True)
    net, scale = network(plan)
    assert energetic_bound(net, 0, least // scale + 40) * scale <= least


def test_energy_refutes_what_paths_and_work_alone_do_not():
    tasks = [task(f"t{n}", 5, {"M": 2}) for n in range(3)]
    plan = problem(resources=[Resource("M", ((0, 3),))], tasks=[*tasks, task("end", 1, {}, "t0", "t1", "t2")])
    net, scale = network(plan)
    assert makespan_bound(net) * scale < 16
    assert energetic_bound(net, makespan_bound(net), 40) * scale == best_of_all(plan, makespan=True) == 16


def test_small_hard_cases_are_solved_to_the_optimum():
    tasks = [task(f"t{n}", d, {"M": u}) for n, (d, u) in enumerate([(3, 2), (5, 1), (2, 3), (4, 2), (6, 1), (1, 2)])]
    plan = problem(resources=[Resource("M", ((0, 3), (5, 1), (7, 3)))], tasks=tasks)
    assert minimise_makespan(plan, Limits(evaluations=3000), workers=1).cost == best_of_all(plan, makespan=True)


@pytest.mark.parametrize("search", [minimise_makespan, minimise_tardiness])
def test_the_same_seed_gives_the_same_answer(search):
    plan = crowded(30)
    answers = [search(plan, Limits(evaluations=4000), workers=2, seed=5).schedule for _ in range(2)]
    assert answers[0] == answers[1]


def crowded(count: int) -> Problem:
    """Orders of five tasks in a row on two machines, all due soon."""
    tasks = [
        task(f"t{n}", 1 + n * 7 % 5, {"M" if n % 3 else "N": 1}, *([f"t{n - 1}"] if n % 5 else []), order=f"O{n // 5}")
        for n in range(count)
    ]
    orders = [Order(f"O{k}", 0, 10 + 3 * k, 1 + k % 3) for k in range(count // 5)]
    return problem(
        resources=[Resource("M", ((0, 2), (20, 1), (24, 2))), Resource("N", ((0, 1),))], orders=orders, tasks=tasks
    )


def test_searching_longer_is_never_worse_and_improvements_are_told():
    plan = crowded(60)
    told: list[int] = []
    short = minimise_tardiness(plan, Limits(evaluations=1), workers=1)
    long = minimise_tardiness(plan, Limits(evaluations=8000, better=told.append), workers=1)
    assert long.cost <= short.cost
    assert told == sorted(told, reverse=True)
    assert told[-1] == long.cost


def test_an_incumbent_that_ends_long_after_every_list_keeps_to_the_capacity():
    """The timeline reaches to its end: what lay beyond was taken from the next resource."""
    tasks = [task(f"{kind}{n}", 3, {kind: 1}, order=f"O{n % 3}") for kind in "ABC" for n in range(12)]
    plan = problem(
        resources=[Resource(kind, ((0, 1),)) for kind in "ABC"],
        orders=[Order(f"O{n}", 0, 4_000 + 10 * n, 1) for n in range(3)],
        tasks=[replace(one, planned=4_000 + 3 * (n % 12), move_price=5) for n, one in enumerate(tasks)],
    )
    late = Schedule(tuple(4_000 + 3 * (n % 12) for n in range(36)), (0,) * 36)
    answer = minimise_tardiness(plan, Limits(evaluations=3_000), workers=2, incumbent=late)
    verified(plan, answer.schedule)
    assert answer.cost <= weighted_tardiness(plan, late)


def test_an_incumbent_is_never_lost():
    plan = crowded(60)
    first = minimise_tardiness(plan, Limits(evaluations=8000), workers=1)
    again = minimise_tardiness(plan, Limits(evaluations=1), workers=1, seed=9, incumbent=first.schedule)
    assert again.cost <= first.cost


def test_a_search_stops_when_asked():
    stop = threading.Event()
    stop.set()
    answer = minimise_tardiness(crowded(60), Limits(seconds=3600, stop=stop.is_set), workers=2)
    assert answer.seconds < 3600


def test_fixed_tasks_stay_and_the_move_price_keeps_the_plan():
    plan = crowded(20)
    base = minimise_tardiness(plan, Limits(evaluations=1), workers=1).schedule
    priced = Problem(
        plan.resources,
        plan.orders,
        tuple(
            Task(t.id, t.modes, t.predecessors, t.order, start=s if s < 3 else None, planned=s, move_price=10_000)
            for t, s in zip(plan.tasks, base.start, strict=True)
        ),
    )
    answer = minimise_tardiness(priced, Limits(evaluations=3000), workers=1, incumbent=base)
    assert answer.schedule.start == base.start
    assert answer.cost == weighted_tardiness(plan, base)


def one_machine(units: int, *tasks: Task, until: int | None = None) -> Problem:
    steps = ((0, units),) if until is None else ((0, units), (until, 0))
    return Problem((Resource("M", steps),), (), tasks)


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        (one_machine(1, task("a", 3, {"M": 1}), until=2), "capacity.never_free"),
        (
            one_machine(1, task("a", 3, {"M": 1}, start=0), task("b", 3, {"M": 1}, start=2)),
            "capacity.fixed_overload",
        ),
        (one_machine(30_000, task("a", 2**30, {"M": 1}), task("b", 2**29 + 1, {"M": 7})), "capacity.too_fine"),
    ],
)
def test_what_cannot_be_scheduled_is_refused(plan, code):
    with pytest.raises(Refusal) as refused:
        minimise_tardiness(plan, Limits(evaluations=1), workers=1)
    assert refused.value.codes == {code}


@pytest.mark.parametrize("search", [minimise_makespan, minimise_tardiness])
def test_nothing_to_do_is_done(search):
    answer = search(problem(), Limits(evaluations=10), workers=2)
    assert (answer.cost, answer.optimal, answer.schedule) == (0, True, Schedule((), ()))


def test_a_lead_lets_a_task_overlap_its_predecessor():
    plan = problem(
        resources=[Resource("M", ((0, 2),))],
        tasks=[task("a", 10, {"M": 1}), Task("b", (Mode(4, {"M": 1}),), (Link("a", -6),))],
    )
    assert minimise_makespan(plan, Limits(evaluations=200), workers=1).cost == 10
