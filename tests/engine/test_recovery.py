"""Ways out for a late order: refusals, each lever where its best effect is known, feasibility, dominance, the draws."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from punctual.engine.capacity.model import Link, Mode, Order, Problem, Resource, Schedule, Task, order_ends, problem
from punctual.engine.explain import Cause
from punctual.engine.recovery import (
    AlternativeResource,
    BorrowFloat,
    Case,
    Crash,
    Expedite,
    ExtraCapacity,
    Lever,
    Outsourcing,
    Resequence,
    Split,
    patched,
    recover,
)
from punctual.engine.simulate import Distribution, Kind
from punctual.engine.verify import violations_of
from punctual.kernel.refusal import Refusal

CERTAIN = Distribution(Kind.FIXED, (1.0,))


def task(name: str, duration: int, on: str = "", after: str = "", release: int = 0) -> Task:
    links = tuple(Link(other) for other in after.split())
    return Task(name, (Mode(duration, {on: 1} if on else {}),), links, order=name[0], release=release)


def shop(*tasks: Task, due: int = 10, capacity: int = 1) -> Problem:
    """Order A is due at ``due`` (10 a unit of lateness), order B at 30 (3 a unit)."""
    orders = (Order("A", due=due, weight=10), Order("B", due=30, weight=3))
    machines = tuple(Resource(name, ((0, capacity),)) for name in ("mill", "lathe"))
    return problem(resources=machines, orders=orders, tasks=tasks)


def case_of(plan: Problem, *starts: int, **more: object) -> Case:
    case = Case(plan, Schedule(starts, tuple(0 for _ in starts)), 0, "A", usual=CERTAIN)
    return replace(case, **more)  # type: ignore[arg-type]


QUEUE = shop(task("B1", 12, "mill"), task("A1", 8, "mill"), due=10)
"""B's long job holds the mill until 12; A waits for it and ends at 20, ten late."""


def waiting(**more: object) -> Case:
    return case_of(QUEUE, 0, 12, **more)


@pytest.mark.parametrize(
    ("levers", "code"),
    [
        ([Crash("c", "A1", 4, -1.0)], "price"),
        ([Crash("c", "A1", 4, math.nan)], "price"),
        ([Crash("c", "A1", 4, math.inf)], "price"),
        ([Crash("c", "A1", 8, 1.0)], "shortest"),
        ([Crash("c", "A9", 4, 1.0)], "unknown_lever_task"),
        ([Expedite("e", "A1", 0, 1.0)], "earliest"),
        ([ExtraCapacity("o", "saw", ((0, 4),), 1, 1.0)], "unknown_lever_resource"),
        ([ExtraCapacity("o", "mill", ((4, 0),), 1, 1.0)], "window"),
        ([ExtraCapacity("o", "mill", ((4, 8), (6, 9)), 1, 1.0)], "window_order"),
        ([ExtraCapacity("o", "mill", (), 1, 1.0)], "no_window"),
        ([ExtraCapacity("o", "mill", ((0, 4),), 0, 1.0)], "units"),
        ([ExtraCapacity("o", "mill", ((0, 4),), 1, 1.0, most=0)], "most"),
        ([Outsourcing("s", "A1", -1, 1.0)], "duration"),
        ([AlternativeResource("r", "A1", 8, {"lathe": 2}, 1.0)], "lever_demand"),
        ([Split("p", ("B1",))], "split_task"),
        ([Split("p", ("A1",))], "split_size"),
        ([BorrowFloat("b"), Resequence("b")], "repeated_lever"),
    ],
)
def test_a_faulty_lever_is_refused(levers: list[Lever], code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        recover(waiting(), levers)
    assert [reason.code for reason in refusal.value.reasons] == [f"recovery.{code}"]


def test_all_faults_are_reported_at_once_and_can_be_read() -> None:
    case = waiting(order="X", now=-1, promises={"Y": -2}, spread={"Z": CERTAIN})
    with pytest.raises(Refusal) as refusal:
        recover(case, [Crash("c", "A1", 4, -1.0), Expedite("e", "A9", 0, 1.0)], runs=0, most=0)
    assert len(refusal.value.reasons) == 9
    assert all("%(" not in reason.worded() for reason in refusal.value.reasons)


def test_a_schedule_that_breaks_the_capacity_is_refused() -> None:
    with pytest.raises(Refusal, match="mill"):
        recover(case_of(QUEUE, 0, 4), [BorrowFloat("b")])


def test_the_chain_names_who_holds_the_resource() -> None:
    found = recover(waiting(), [Crash("c", "A1", 4, 1.0)])
    assert (found.chain[0].cause, found.chain[0].by) == (Cause.RESOURCE, "B1")


def test_overtime_costs_only_what_is_used_and_an_extra_shift_costs_it_whole() -> None:
    for whole, cost in ((False, 8 * 5.0), (True, 20 * 5.0)):
        option = recover(waiting(), [ExtraCapacity("o", "mill", ((0, 20),), 1, 5.0, whole)]).options[0]
        assert (option.gain, option.cost, option.touched) == (12, cost, {})
    assert dict(option.uses[0].amounts) == {"unit_times": 20}


def test_overtime_beyond_its_limit_is_no_way_out() -> None:
    found = recover(waiting(), [ExtraCapacity("o", "mill", ((0, 20),), 1, 5.0, most=7)])
    assert not found.options
    assert found.left_out["o"].code == "recovery.no_gain"


def test_a_slower_free_machine_is_earlier_than_waiting() -> None:
    found = recover(waiting(), [AlternativeResource("r", "A1", 11, {"lathe": 1}, 50.0)])
    option = found.options[0]
    assert (option.gain, option.cost) == (9, 50.0)
    assert option.patch.modes["A1"] == Mode(11, {"lathe": 1})


def test_a_supplier_takes_the_task_off_the_machine() -> None:
    option = recover(waiting(), [Outsourcing("s", "A1", 9, 200.0)]).options[0]
    assert (option.gain, option.cost, option.keeps_deadline) == (11, 200.0, True)


def test_crashing_the_holder_helps_and_only_what_keeps_the_date_need_be_paid() -> None:
    found = recover(replace(waiting(), promises={"A": 15}), [Crash("c", "B1", 4, 2.0)])
    assert [(option.gain, option.cost) for option in found.options] == [(8, 16.0), (5, 10.0)]
    assert found.options[0].touched["B"].end == -8


def test_a_purchase_is_expedited_as_far_as_it_helps() -> None:
    plan = shop(task("A1", 4, release=16), task("A2", 9), task("A3", 1, after="A1 A2"))
    option = recover(case_of(plan, 16, 0, 20), [Expedite("e", "A1", 0, 3.0)]).options[0]
    assert (option.gain, option.cost, dict(option.patch.releases)) == (11, 33.0, {"A1": 5})


def test_a_part_of_the_order_is_delivered_first() -> None:
    plan = shop(task("A1", 6, "mill"), task("A2", 6, "mill"), task("A3", 2, after="A2"))
    option = recover(case_of(plan, 0, 6, 12), [Split("p", ("A3",), 7.0)]).options[0]
    assert (option.forecast.planned, option.gain, option.cost, option.rest) == (8, 6, 7.0, 12)


def test_float_is_borrowed_only_within_the_promises() -> None:
    found = recover(waiting(promises={"B": 20}), [BorrowFloat("b", 1.0)])
    option = found.options[0]
    assert (option.gain, option.cost) == (12, 1.0)
    assert option.touched["B"].end == 8
    assert not recover(waiting(promises={"B": 19}), [BorrowFloat("b", 1.0)]).options


def test_free_resequencing_pays_for_the_lateness_it_causes() -> None:
    plan = shop(task("B1", 28, "mill"), task("A1", 8, "mill"))
    option = recover(case_of(plan, 0, 28), [Resequence("r")]).options[0]
    assert (option.gain, option.cost, option.touched["B"].cost) == (28, 18.0, 18)


def test_two_levers_help_where_neither_does_alone() -> None:
    plan = shop(task("A1", 12), task("A2", 12), task("A3", 1, after="A1 A2"))
    found = recover(case_of(plan, 0, 0, 12), [Crash("c1", "A1", 8, 1.0), Crash("c2", "A2", 8, 1.0)])
    assert {use.lever for use in found.options[0].uses} == {"c1", "c2"}
    assert (found.options[0].gain, found.options[0].cost) == (4, 8.0)


def test_an_order_that_keeps_its_date_needs_nothing() -> None:
    found = recover(waiting(promises={"A": 20}), [Crash("c", "A1", 4, 1.0)])
    assert found.reason is not None
    assert found.reason.code == "recovery.not_late"
    assert "80 %" in found.reason.worded()


def test_levers_off_the_driving_chain_are_named_with_the_reason() -> None:
    plan = shop(task("A1", 12), task("A2", 2), task("A3", 1, after="A1 A2"))
    found = recover(case_of(plan, 0, 0, 12), [Crash("c", "A2", 1, 1.0)])
    assert found.reason is not None
    assert found.reason.code == "recovery.nothing_helps"
    assert found.left_out["c"].code == "recovery.not_driving"


def test_no_lever_and_a_started_order_give_an_empty_list_with_the_reason() -> None:
    empty, started = recover(waiting(), []), recover(waiting(now=13), [Crash("c", "A1", 4, 1.0)])
    assert [found.reason and found.reason.code for found in (empty, started)] == [
        "recovery.no_levers",
        "recovery.all_started",
    ]


def test_what_is_moved_costs_its_price() -> None:
    tasks = tuple(replace(row, planned=start, move_price=4) for row, start in zip(QUEUE.tasks, (0, 12), strict=True))
    option = recover(waiting(problem=replace(QUEUE, tasks=tasks)), [Outsourcing("s", "A1", 9, 200.0)]).options[0]
    assert option.cost == 204.0


LEVERS: list[Lever] = [
    ExtraCapacity("overtime", "mill", ((4, 12), (14, 30)), 1, 2.0),
    AlternativeResource("other", "A1", 7, {"lathe": 1}, 12.0),
    Outsourcing("supplier", "A3", 3, 25.0),
    Crash("crash", "A2", 1, 6.0),
    Expedite("expedite", "A2", 0, 4.0),
    Split("split", ("A1",), 3.0),
    BorrowFloat("borrow", 1.0),
    Resequence("move", 1.0),
]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Three tasks of A and up to six of B, in a random order, each when its machine and predecessors are done."""
    lengths = draw(st.lists(st.integers(2, 9), min_size=9, max_size=9))
    machines = draw(st.lists(st.sampled_from(["mill", "lathe"]), min_size=9, max_size=9))
    names = [f"A{k}" for k in (1, 2, 3)] + [f"B{k}" for k in range(1, draw(st.integers(1, 6)) + 1)]
    sequence = draw(st.permutations(range(len(names))))
    releases = {"A2": draw(st.integers(1, 12))}
    tasks, starts, ends, free = [], {}, {}, {"mill": 0, "lathe": 0}
    for k, name in enumerate(names):
        after = "A1" if name == "A3" else ""
        tasks.append(task(name, lengths[k], machines[k], after, releases.get(name, 0)))
    for k in sorted(sequence, key=lambda k: (names[k] == "A3", sequence.index(k))):
        row = tasks[k]
        begin = max([free[machines[k]], row.release, *(ends[link.predecessor] for link in row.predecessors)])
        starts[k], ends[row.id] = begin, begin + lengths[k]
        free[machines[k]] = begin + lengths[k]
    promises = {"B": draw(st.integers(10, 60))}
    plan = shop(*tasks, due=1)
    now = draw(st.integers(0, 6))
    started = Case(plan, Schedule(tuple(starts[k] for k in range(len(tasks))), (0,) * len(tasks)), now, "A", promises)
    return replace(started, usual=CERTAIN)


def usable(case: Case) -> list[Lever]:
    lengths = {row.id: row.modes[0].duration for row in case.problem.tasks}
    return [lever for lever in LEVERS if not isinstance(lever, Crash) or lengths[lever.task] > lever.shortest]


@settings(max_examples=40, deadline=None)
@given(cases())
def test_every_option_is_feasible_and_gains_what_it_says(case: Case) -> None:
    before = order_ends(case.problem, case.schedule)
    found = recover(case, usable(case), runs=5)
    for option in found.options:
        plan, schedule = patched(case.problem, case.schedule, option.patch)
        assert not list(violations_of(plan, schedule))
        ends = order_ends(plan, schedule)
        finish = dict(zip((row.id for row in plan.tasks), schedule.finish(plan), strict=True))
        delivered = max((finish[name] for name in option.patch.delivery), default=ends["A"])
        assert (before["A"] - delivered, ends["A"]) == (option.gain, option.rest)
        assert ends["B"] - before["B"] == (option.touched["B"].end if "B" in option.touched else 0)
        moved = [k for k, start in enumerate(schedule.start) if start != case.schedule.start[k]]
        assert all(case.schedule.start[k] >= case.now and schedule.start[k] >= case.now for k in moved)
        if "move" not in {use.lever for use in option.uses}:
            assert ends["B"] <= max(case.promises["B"], before["B"])


@settings(max_examples=25, deadline=None)
@given(cases())
def test_without_uncertainty_the_quantiles_gain_what_the_plan_gains(case: Case) -> None:
    found = recover(case, usable(case), runs=3)
    assert found.before.p50 == found.before.p80 == found.before.planned
    for option in found.options:
        assert option.gain_p50 == option.gain_p80 == option.gain
        assert option.error_p50 == option.error_p80 == 0


@settings(max_examples=25, deadline=None)
@given(cases())
def test_no_option_dominates_another_and_there_are_at_most_six(case: Case) -> None:
    uncertain = replace(case, usual=Distribution(Kind.TRIANGULAR, (0.8, 1.0, 1.6)))
    options = recover(uncertain, usable(case), runs=50).options
    merits = [(row.gain_p50, row.gain_p80, -row.cost, -len(row.touched)) for row in options]
    assert len(options) <= 6
    for k, own in enumerate(merits):
        assert not any(all(a >= b for a, b in zip(other, own, strict=True)) for other in merits[:k] + merits[k + 1 :])


def test_the_same_seed_gives_the_same_answer_and_another_seed_agrees_within_the_error() -> None:
    case = waiting(usual=Distribution(Kind.TRIANGULAR, (0.8, 1.0, 1.6)))
    levers = [Outsourcing("s", "A1", 9, 200.0)]
    first, again, other = recover(case, levers), recover(case, levers), recover(case, levers, seed=1)
    assert first == again
    one, two = first.options[0], other.options[0]
    assert abs(one.gain_p80 - two.gain_p80) <= 5 * math.hypot(one.error_p80, two.error_p80)


def test_a_running_task_ends_after_now_in_every_run() -> None:
    case = waiting(now=11, usual=Distribution(Kind.UNIFORM, (0.5, 1.0)))
    assert recover(case, [Crash("c", "A1", 2, 1.0)]).before.p50 >= 12 + 4


def test_an_option_is_plain_data() -> None:
    import json

    option = recover(waiting(), [Outsourcing("s", "A1", 9, 200.0)]).options[0]
    assert json.loads(json.dumps(option.as_data()))["patch"]["starts"] == {"A1": 0}
