"""The plain-data problem refuses with every fault at once, and the checker finds every violation."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.capacity_cases import task
from punctual.engine.capacity.model import Link, Mode, Order, Problem, Resource, Schedule, Task, freeze, problem, split
from punctual.engine.verify import verified, violations_of
from punctual.kernel.refusal import Refusal

MACHINE = Resource("M", ((0, 2), (4, 1), (8, 2)))


def test_every_fault_is_told_at_once():
    with pytest.raises(Refusal) as refused:
        problem(
            resources=[Resource("M", ((0, 1), (0, 2))), Resource("N", ())],
            orders=[Order("A", weight=-1)],
            tasks=[
                task("a", -1, {"M": 1, "X": 1}, "b", "z", order="B"),
                task("b", 1, {"M": 9}, "a"),
                Task("b", ()),
            ],
        )
    assert refused.value.codes >= {
        "capacity.step_time",
        "capacity.no_step",
        "capacity.order_number",
        "capacity.duration",
        "capacity.unknown_resource",
        "capacity.unknown_order",
        "capacity.unknown_predecessor",
        "capacity.beyond_capacity",
        "capacity.doubled_id",
        "capacity.no_mode",
    }


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1.5, True, "3", 2**40])
def test_durations_are_whole_numbers_within_the_limit(value):
    with pytest.raises(Refusal) as refused:
        problem(tasks=[task("a", value)])
    assert refused.value.codes == {"capacity.duration"}


def test_a_circle_is_named_without_what_only_leads_to_it():
    with pytest.raises(Refusal) as refused:
        problem(tasks=[task("x", 1), task("a", 1, None, "b", "x"), task("b", 1, None, "a"), task("y", 1, None, "b")])
    (reason,) = refused.value.reasons
    assert reason.code == "capacity.cycle"
    assert reason.params["names"] == "a, b"


def test_the_empty_problem_is_a_problem():
    assert verified(problem(), Schedule((), ())) == Schedule((), ())


def test_freezing_fixes_what_starts_before():
    plan = problem(resources=[MACHINE], tasks=[task("a", 2, {"M": 1}), task("b", 2, {"M": 1}, "a")])
    frozen = freeze(plan, (0, 3), (0, 0), until=3)
    assert [row.start for row in frozen.tasks] == [0, None]


PLAN = Problem(
    (MACHINE,),
    (Order("A", release=1, due=5),),
    (
        task("a", 2, {"M": 1}, order="A"),
        Task("b", (Mode(2, {"M": 2}),), (Link("a", 1),), "A"),
        task("c", 3, {"M": 1}, start=3),
    ),
)


@pytest.mark.parametrize(
    ("start", "code"),
    [
        ((0, 8, 3), "verify.release"),
        ((1, 3, 3), "verify.precedence"),
        ((1, 4, 3), "verify.capacity"),
        ((1, 8, 4), "verify.fixed"),
        ((1, 8), "verify.length"),
        ((-1, 8, 3), "verify.start"),
        ((1.0, 8, 3), "verify.start"),
    ],
)
def test_each_violation_has_its_name(start, code):
    found = {reason.code for reason in violations_of(PLAN, Schedule(start, (0,) * len(start)))}
    assert code in found


def test_a_broken_promise_is_a_violation():
    good = Schedule((1, 8, 3), (0, 0, 0))
    assert not list(violations_of(PLAN, good, promises={"A": 10}))
    assert {r.code for r in violations_of(PLAN, good, promises={"A": 9})} == {"verify.promise"}


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 4), st.integers(0, 2)), max_size=6))
def test_the_sweep_agrees_with_counting_slot_by_slot(rows):
    tasks = [task(f"t{n}", duration, {"M": units}) for n, (_, duration, units) in enumerate(rows)]
    plan = Problem((MACHINE,), (), tuple(tasks))
    counted = any(
        sum(units for start, duration, units in rows if start <= slot < start + duration) > MACHINE.units_at(slot)
        for slot in range(20)
    )
    found = list(violations_of(plan, Schedule(tuple(row[0] for row in rows), (0,) * len(rows))))
    assert bool(found) == counted


def test_a_splittable_task_becomes_a_chain_whose_end_is_the_task():
    plan = problem(
        resources=[MACHINE], tasks=[task("a", 7, {"M": 2}), Task("b", (Mode(1, {"M": 1}),), (Link("a", 2),))]
    )
    cut = split(plan, "a", 3)
    assert [(t.id, t.modes[0].duration, [k.predecessor for k in t.predecessors]) for t in cut.tasks] == [
        ("a#1", 2, []),
        ("a#2", 2, ["a#1"]),
        ("a", 3, ["a#2"]),
        ("b", 1, ["a"]),
    ]
    verified(cut, Schedule((0, 2, 8, 13), (0, 0, 0, 0)))


def test_a_task_that_is_short_or_runs_already_stays_whole():
    plan = problem(resources=[MACHINE], tasks=[task("a", 3, {"M": 1}), task("b", 9, {"M": 1}, start=0)])
    assert split(plan, "a", 3) == plan
    assert split(plan, "b", 3) == plan
