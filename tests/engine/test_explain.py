"""The driving chain of a schedule as typed links."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punctual.engine.explain import Cause, Dependency, Gate, Link, ScheduledTask, driving_chain
from punctual.kernel.refusal import Refusal


def causes(chain: list[Link]) -> list[tuple[str, str, str]]:
    return [(link.task, link.cause.value, link.by or link.what) for link in chain]


class TestRefusals:
    def test_unknown_and_repeated_tasks_and_impossible_times_are_refused(self) -> None:
        tasks = [
            ScheduledTask("A", 0, math.nan),
            ScheduledTask("A", 0, 1, dependencies=[Dependency("X")]),
            ScheduledTask("B", 3, 1),
        ]
        with pytest.raises(Refusal) as refused:
            driving_chain(tasks, "Y")
        assert refused.value.codes == {"explain.times", "explain.repeated_task", "explain.unknown_task"}


class TestChain:
    def test_a_task_waits_for_its_latest_predecessor_with_its_lag(self) -> None:
        tasks = [
            ScheduledTask("A", 0, 4),
            ScheduledTask("B", 0, 3),
            ScheduledTask("C", 5, 7, dependencies=[Dependency("A"), Dependency("B", lag=2)]),
        ]
        chain = driving_chain(tasks, "C")
        assert causes(chain) == [("C", "predecessor", "B"), ("B", "origin", "")]
        assert chain[0].slack == 1

    @pytest.mark.parametrize(
        ("dependency", "start"),
        [
            (Dependency("A", lag=1, from_start=True), 3),
            (Dependency("A", lag=1), 7),
            (Dependency("A", lag=1, to_start=False), 5),
            (Dependency("A", lag=5, from_start=True, to_start=False), 5),
        ],
    )
    def test_every_type_of_dependency_is_recognised(self, dependency: Dependency, start: float) -> None:
        tasks = [ScheduledTask("A", 2, 6, gates=[]), ScheduledTask("B", start, start + 2, dependencies=[dependency])]
        assert causes(driving_chain(tasks, "B"))[0] == ("B", "predecessor", "A")

    def test_a_task_waits_for_the_order_that_holds_its_machine(self) -> None:
        tasks = [
            ScheduledTask("A", 0, 5, order="SO-1", demands={"M": 1}),
            ScheduledTask("B", 5, 8, order="SO-2", demands={"M": 1}),
        ]
        chain = driving_chain(tasks, "B", capacities={"M": 1})
        assert causes(chain) == [("B", "resource", "A"), ("A", "origin", "")]
        assert (chain[0].what, chain[0].order) == ("M", "SO-1")

    def test_a_machine_that_was_free_before_is_no_cause(self) -> None:
        tasks = [
            ScheduledTask("A", 0, 5, demands={"M": 1}),
            ScheduledTask("B", 5, 8, demands={"M": 1}, dependencies=[Dependency("P")]),
            ScheduledTask("P", 0, 5),
        ]
        assert causes(driving_chain(tasks, "B", capacities={"M": 2}))[0] == ("B", "predecessor", "P")

    def test_late_material_leads_on_to_its_supplier(self) -> None:
        supplier = Gate(20, Cause.SUPPLIER, "PO-7", by="Acme")
        tasks = [ScheduledTask("A", 20, 25, gates=[Gate(20, Cause.MATERIAL, "steel", by="Acme", because=supplier)])]
        chain = driving_chain(tasks, "A")
        assert causes(chain) == [("A", "material", "Acme"), ("A", "supplier", "Acme")]
        assert [link.wait for link in chain] == [20, 0]
        assert chain[0].slack == 20

    def test_a_night_between_is_the_calendar_and_anything_more_is_the_planners_choice(self) -> None:
        tasks = [ScheduledTask("A", 0, 6), ScheduledTask("B", 10, 12, dependencies=[Dependency("A")])]

        def opens_at_8(task: str, instant: float) -> float:
            return max(instant, 8.0)

        chain = driving_chain(tasks, "B", next_working=opens_at_8)
        assert causes(chain)[:3] == [("B", "choice", ""), ("B", "calendar", ""), ("B", "predecessor", "A")]
        assert [link.wait for link in chain] == [2, 2, 6, 0]

    def test_links_become_data_without_empty_parts(self) -> None:
        chain = driving_chain([ScheduledTask("A", 0, 1)], "A")
        assert [link.as_data() for link in chain] == [
            {"cause": "origin", "task": "A", "instant": 0.0, "wait": 0.0, "slack": 0.0}
        ]

    @given(st.randoms(use_true_random=False), st.integers(2, 25))
    def test_the_waits_add_up_to_the_start_of_the_target(self, random: object, size: int) -> None:
        """On schedules packed by a plain serial scheme on one machine of two units."""
        tasks: list[ScheduledTask] = []
        for k in range(size):
            before = [task for task in tasks if random.random() < 0.2]  # type: ignore[attr-defined]
            units = random.choice([0, 1, 2])  # type: ignore[attr-defined]
            length = random.randint(1, 9)  # type: ignore[attr-defined]
            ready = max((task.finish for task in before), default=0)
            start = next(
                instant
                for instant in sorted({ready, *(task.finish for task in tasks if task.finish >= ready)})
                if all(
                    units + sum(task.demands.get("M", 0) for task in tasks if task.start <= moment < task.finish) <= 2
                    for moment in [instant, *(task.start for task in tasks if instant < task.start < instant + length)]
                )
            )
            tasks.append(
                ScheduledTask(
                    f"T{k}",
                    start,
                    start + length,
                    dependencies=[Dependency(task.id) for task in before],
                    demands={"M": units} if units else {},
                )
            )
        for task in tasks:
            chain = driving_chain(tasks, task.id, capacities={"M": 2})
            assert sum(link.wait for link in chain) == pytest.approx(task.start)
            assert all(link.cause in (Cause.PREDECESSOR, Cause.RESOURCE, Cause.ORIGIN) for link in chain)
            assert chain[-1].cause is Cause.ORIGIN
