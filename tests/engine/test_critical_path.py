"""The critical path: what is refused, textbook networks, and each rule by an example worked out by hand."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from given_data import given_data
from punctual.engine.calendars import WorkCalendar
from punctual.engine.cpm import ScheduleResult, schedule
from punctual.engine.network import Constraint, LagUnit, Link, LinkType, Plan, Task
from punctual.kernel.refusal import Refusal

MONDAY = datetime(2026, 1, 5, 8)
DAY = 480


def day(number: int, hour: int = 8) -> datetime:
    """The given working day of January 2026 (Monday the 5th is 0) at an hour."""
    return (MONDAY + timedelta(days=number // 5 * 7 + number % 5)).replace(hour=hour)


def plan(*tasks: Task, links: Any = (), **more: Any) -> Plan:
    return Plan(start=MONDAY, tasks=tasks, links=links, **more)


def run(*tasks: Task, links: Any = (), **more: Any) -> ScheduleResult:
    return schedule(plan(*tasks, links=links, **more))


def refused(**more: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        schedule(Plan(**{"start": MONDAY, **more}))
    return caught.value


A, B, C = (Task(uid=uid, name=uid, duration=DAY) for uid in "ABC")


# ------------------------------------------------------------------ refusals


def test_an_empty_plan_and_a_plan_without_start_are_refused() -> None:
    assert refused(start=None).codes == {"plan.empty", "plan.no_start"}
    assert refused(tasks=[A], from_finish=True).codes == {"plan.no_finish"}


def test_every_fault_of_a_plan_is_told_at_once() -> None:
    tasks = [
        A,
        replace(A, name="again"),
        Task(uid=2, duration=-1),
        Task(uid=3, parent="nobody"),
        Task(uid=4, calendar="none"),
        Task(uid=5, constraint=Constraint.MUST_START_ON),
        Task(uid=6, percent_complete=math.nan),
        Task(uid=7, percent_complete=50),
        Task(uid=8, actual_start=day(2), actual_finish=day(1)),
        Task(uid=9, duration=1.5),  # type: ignore[arg-type]
    ]
    links = [Link("A", 99), Link("A", 2, lag=math.inf), Link("A", 3, lag=1_000_000 * DAY)]
    refusal = refused(tasks=tasks, links=links)
    assert refusal.codes == {
        "plan.duplicate_task",
        "plan.bad_duration",
        "plan.unknown_parent",
        "plan.unknown_calendar",
        "plan.constraint_without_date",
        "plan.bad_percent",
        "plan.progress_without_start",
        "plan.finished_before_started",
        "plan.unknown_task",
        "plan.bad_lag",
        "plan.lag_too_long",
    }
    assert len(refusal.reasons) == 12


def test_a_plan_that_runs_beyond_the_years_that_can_be_planned_is_refused() -> None:
    tasks = [Task(uid=i, duration=20_000_000) for i in range(3)]
    assert refused(tasks=tasks, links=[Link(0, 1), Link(1, 2)]).codes == {"calendar.outside_horizon"}
    lead = [Link("A", "B", lag=-40_000_000)]
    assert refused(tasks=[A, B], links=lead, start_is_floor=False).codes == {"calendar.outside_horizon"}


def test_every_circle_of_links_is_told_with_its_tasks() -> None:
    tasks = [Task(uid=i, name=f"T{i}", duration=DAY) for i in range(7)]
    links = [Link(*pair) for pair in [(0, 1), (1, 0), (2, 3), (3, 4), (4, 2), (3, 2), (5, 5), (4, 6)]]
    refusal = refused(tasks=tasks, links=links)
    circles = {frozenset(str(reason.params["circle"]).split(" → ")) for reason in refusal.reasons}
    assert refusal.codes == {"plan.circular_links"}
    assert circles == {
        frozenset({"T0 (0)", "T1 (1)"}),
        frozenset({"T2 (2)", "T3 (3)", "T4 (4)"}),
        frozenset({"T2 (2)", "T3 (3)"}),
        frozenset({"T5 (5)"}),
    }


def test_a_circle_through_a_summary_is_told_with_the_summary() -> None:
    tasks = [Task(uid="S", name="S"), replace(A, parent="S"), B]
    refusal = refused(tasks=tasks, links=[Link("S", "B"), Link("B", "A")])
    assert set(str(refusal.reasons[0].params["circle"]).split(" → ")) == {"A (A)", "S (S)", "B (B)"}


def test_a_tangle_of_links_is_refused_with_a_readable_number_of_circles() -> None:
    tasks = [Task(uid=i) for i in range(40)]
    refusal = refused(tasks=tasks, links=[Link(i, j) for i in range(40) for j in range(40) if i != j])
    assert len(refusal.reasons) == 50


def test_a_summary_in_itself_and_a_link_within_a_family_are_refused() -> None:
    loop = [Task(uid=1, parent=2), Task(uid=2, parent=1), A]
    assert refused(tasks=loop).codes == {"plan.circular_summary"}
    family = [Task(uid="S"), replace(A, parent="S")]
    assert refused(tasks=family, links=[Link("S", "A")]).codes == {"plan.link_within_family"}


# ------------------------------------------------------------------ textbook


def _textbook_case(number: int) -> dict[str, Any]:
    cases: list[dict[str, Any]] = json.loads(given_data("cpm_textbook", "cases.json").read_text())
    return cases[number]


def _days(case: dict[str, Any]) -> tuple[list[Task], list[Link]]:
    """Tasks and links of a case; its unit of time becomes 60 elapsed minutes."""
    arrows = case.get("aoa") or [[i, j, n, (a + 4 * m + b) / 6] for i, j, n, a, m, b in case.get("aoa_opt_ml_pes", [])]
    if arrows:
        tasks = [Task(uid=name, duration=round(60 * length), elapsed=True) for _, _, name, length in arrows]
        links = [Link(p[2], s[2]) for p in arrows for s in arrows if p[1] == s[0]]
        return tasks, links
    activities = case.get("activities") or case["pert"]
    lengths = {name: v[0] if len(v) == 2 else (v[0] + 4 * v[1] + v[2]) / 6 for name, v in activities.items()}
    tasks = [Task(uid=name, duration=round(60 * length), elapsed=True) for name, length in lengths.items()]
    return tasks, [Link(p, name) for name, v in activities.items() for p in v[-1]]


@pytest.mark.parametrize("number", range(6))
def test_a_textbook_network_gives_its_published_result(number: int) -> None:
    case = _textbook_case(number)
    tasks, links = _days(case)
    result = run(*tasks, links=links)
    expected = case["expected"]

    def units(moment: datetime) -> float:
        return (moment - MONDAY).total_seconds() / 3600

    finishes = expected.get("EF", {})
    whole = expected.get("duration") or expected.get("mean") or max(finishes.values())
    assert units(result.finish) == pytest.approx(whole, abs=0.02)
    assert {str(task.uid) for task in result.critical_path} >= set(expected["critical"])
    assert {name: units(result[name].early_finish) for name in finishes} == finishes
    for name, row in expected.items():
        if isinstance(row, list) and len(row) == 5 and name in result.by_uid:
            t = result[name]
            dates = [t.early_start, t.late_start, t.early_finish, t.late_finish]
            assert [*map(units, dates), t.total_slack_minutes / 60] == row
    for name, floats in expected.get("total_float", {}).items():
        assert result[name].total_slack_minutes == 60 * floats
    for name, floats in expected.get("free_float", {}).items():
        assert result[name].free_slack_minutes == 60 * floats


# ------------------------------------------------------------------ links and lags


@pytest.mark.parametrize(
    ("kind", "start"),
    [
        (LinkType.FINISH_START, day(3)),
        (LinkType.START_START, day(1)),
        (LinkType.FINISH_FINISH, day(2)),
        (LinkType.START_FINISH, day(0)),
    ],
)
def test_each_link_type_joins_its_two_ends(kind: LinkType, start: datetime) -> None:
    long = replace(A, duration=2 * DAY)
    result = run(long, B, links=[Link("A", "B", kind, lag=DAY)])
    assert result["B"].start == start


def test_a_lag_in_percent_follows_the_predecessor_duration() -> None:
    result = run(replace(A, duration=4 * DAY), B, links=[Link("A", "B", lag=25, lag_unit=LagUnit.PERCENT)])
    assert result["B"].start == day(5)
    lead = run(replace(A, duration=4 * DAY), B, links=[Link("A", "B", lag=-50, lag_unit=LagUnit.PERCENT)])
    assert lead["B"].start == day(2)


def test_an_elapsed_lag_runs_through_the_night_and_the_weekend() -> None:
    week = replace(A, duration=5 * DAY)
    result = run(week, B, links=[Link("A", "B", lag=24 * 60, lag_unit=LagUnit.ELAPSED)])
    assert result["B"].start == day(5)
    longer = run(week, B, links=[Link("A", "B", lag=65 * 60, lag_unit=LagUnit.ELAPSED)])
    assert longer["B"].start == day(5, 10)


def test_a_lead_stops_at_the_plan_start_unless_links_may_reach_before_it() -> None:
    links = [Link("A", "B", lag=-3 * DAY)]
    assert run(A, B, links=links)["B"].start == MONDAY
    assert run(A, B, links=links, start_is_floor=False)["B"].start == datetime(2026, 1, 1, 8)


def test_a_lag_is_worked_on_the_calendar_of_the_successor() -> None:
    clock = {"24/7": WorkCalendar.around_the_clock()}
    cure = replace(B, calendar="24/7", duration=60)
    result = run(A, cure, links=[Link("A", "B", lag=600)], calendars=clock)
    assert result["B"].start == datetime(2026, 1, 6, 3)


def test_elapsed_and_round_the_clock_tasks_meet_the_day_shift_at_its_next_start() -> None:
    friday = replace(A, duration=5 * DAY)
    cure = Task(uid="cure", duration=24 * 60, elapsed=True)
    result = run(friday, cure, B, links=[Link("A", "cure"), Link("cure", "B")])
    assert result["cure"].finish == datetime(2026, 1, 10, 17)
    assert result["B"].start == datetime(2026, 1, 12, 8)
    assert result["cure"].total_slack_minutes == 39 * 60
    assert result["A"].total_slack_minutes == 0


def test_a_milestone_stands_in_the_evening_of_what_it_waits_for_and_the_next_task_in_the_morning() -> None:
    result = run(A, Task(uid="M"), B, links=[Link("A", "M"), Link("M", "B")])
    assert result["M"].start == result["M"].finish == day(0, 17)
    assert result["B"].start == day(1)
    alone = run(Task(uid="M", constraint=Constraint.START_NO_EARLIER_THAN, constraint_date=day(1)))
    assert alone["M"].start == day(1)


# ------------------------------------------------------------------ constraints, deadlines, float


@pytest.mark.parametrize(
    ("constraint", "date", "start", "slack"),
    [
        (Constraint.START_NO_EARLIER_THAN, day(4), day(4), 0),
        (Constraint.FINISH_NO_EARLIER_THAN, day(4, 17), day(4), 0),
        (Constraint.MUST_START_ON, day(3), day(3), 0),
        (Constraint.MUST_FINISH_ON, day(2, 17), day(2), 0),
        (Constraint.START_NO_LATER_THAN, day(2), day(1), DAY),
        (Constraint.FINISH_NO_LATER_THAN, day(2, 17), day(1), DAY),
        (Constraint.START_NO_LATER_THAN, day(0), day(0), 0),
        (Constraint.ALAP, None, day(4), 0),
    ],
)
def test_each_constraint_moves_or_bounds_its_task(
    constraint: Constraint, date: datetime | None, start: datetime, slack: int
) -> None:
    bound = replace(B, constraint=constraint, constraint_date=date)
    result = run(A, bound, Task(uid="end", duration=5 * DAY), links=[Link("A", "B")])
    assert result["B"].start == start
    assert result["B"].total_slack_minutes == slack


def test_a_constraint_that_contradicts_a_link_shows_as_negative_slack_of_the_predecessor() -> None:
    bound = replace(B, constraint=Constraint.MUST_START_ON, constraint_date=day(0))
    result = run(A, bound, links=[Link("A", "B")])
    assert result["B"].start == day(0)
    assert result["A"].total_slack_minutes == -DAY
    yielding = run(A, bound, links=[Link("A", "B")], honor_constraints=False)
    assert yielding["B"].start == day(1)
    assert yielding["B"].total_slack_minutes == -DAY


def test_a_deadline_never_moves_a_task_but_bounds_its_late_dates_and_slack() -> None:
    result = run(A, replace(B, deadline=day(0, 17)), links=[Link("A", "B")])
    assert result["B"].start == day(1)
    assert result["B"].total_slack_minutes == result["A"].total_slack_minutes == -DAY
    assert result["B"].late_finish == day(0, 17)


def test_free_float_is_what_one_task_may_slip_alone() -> None:
    result = run(A, B, C, replace(A, uid="D", duration=4 * DAY), links=[Link("A", "B"), Link("B", "C"), Link("D", "C")])
    assert (result["A"].free_slack_minutes, result["A"].total_slack_minutes) == (0, 2 * DAY)
    assert (result["B"].free_slack_minutes, result["B"].total_slack_minutes) == (2 * DAY, 2 * DAY)


def test_what_is_critical_depends_on_the_slack_limit() -> None:
    tasks = (A, replace(B, duration=2 * DAY))
    assert [t.uid for t in run(*tasks).critical_path] == ["B"]
    assert [t.uid for t in run(*tasks, critical_slack_limit=DAY).critical_path] == ["A", "B"]


def test_an_as_late_as_possible_task_takes_its_float_and_holds_its_successor_back() -> None:
    late = replace(A, constraint=Constraint.ALAP)
    result = run(late, B, Task(uid="long", duration=5 * DAY), links=[Link("A", "B")])
    assert (result["A"].start, result["B"].start) == (day(3), day(4))
    assert result["A"].early_start == day(0)


def test_backward_scheduling_lays_tasks_late_before_the_finish_date() -> None:
    wanted = Plan(
        from_finish=True,
        finish=day(9, 17),
        tasks=[A, B, replace(C, constraint=Constraint.ASAP)],
        links=[Link("A", "B")],
    )
    result = schedule(wanted)
    assert (result["A"].start, result["B"].finish) == (day(8), day(9, 17))
    assert result.start == day(8)
    assert result["C"].start == day(8)


# ------------------------------------------------------------------ progress


def test_finished_work_keeps_its_actual_dates_and_is_never_critical() -> None:
    done = replace(A, actual_start=day(0), actual_finish=day(2, 17))
    result = run(done, B, links=[Link("A", "B")])
    assert (result["A"].finish, result["B"].start) == (day(2, 17), day(3))
    assert not result["A"].critical
    assert result["A"].total_slack_minutes == 0


def test_a_started_task_goes_on_after_what_is_done() -> None:
    half = replace(A, duration=4 * DAY, actual_start=day(1), percent_complete=50)
    assert run(half)["A"].finish == day(4, 17)
    told = replace(half, remaining=3 * DAY)
    assert run(told)["A"].finish == day(4, 17)
    grown = replace(half, remaining=6 * DAY)
    assert run(grown)["A"].finish == day(6, 17)


def test_unfinished_work_never_lies_before_the_status_date() -> None:
    half = replace(A, duration=2 * DAY, actual_start=day(0), percent_complete=50)
    result = run(half, B, replace(C, constraint=Constraint.START_NO_EARLIER_THAN, constraint_date=day(2)),
                 status_date=day(6))  # fmt: skip
    assert (result["A"].start, result["A"].finish) == (day(0), day(6, 17))
    assert result["B"].start == result["C"].start == day(6)


def test_manual_tasks_stay_and_inactive_ones_move_nobody() -> None:
    manual = replace(A, manual=True, start=day(3), finish=day(3, 17))
    assert run(manual, B, links=[Link("A", "B")])["B"].start == day(4)
    off = replace(A, duration=9 * DAY, inactive=True)
    result = run(off, B, links=[Link("A", "B")])
    assert (result["A"].finish, result["B"].start, result.finish) == (day(8, 17), day(0), day(0, 17))


def test_a_delay_of_levelling_holds_the_start_back_on_the_clock() -> None:
    assert run(replace(A, delay=2 * 1440))["A"].start == day(2)


# ------------------------------------------------------------------ summaries


def test_a_summary_rolls_up_its_tasks() -> None:
    result = run(Task(uid="S"), replace(A, parent="S"), replace(B, parent="S"), C, links=[Link("A", "B")])
    assert (result["S"].start, result["S"].finish, result["S"].summary) == (day(0), day(1, 17), True)
    assert result["S"].critical
    assert result["S"].total_slack_minutes == 0


def test_a_link_of_a_summary_acts_on_all_its_tasks() -> None:
    tasks = [
        Task(uid="S"), replace(A, parent="S"), replace(B, parent="S", duration=2 * DAY),
        Task(uid="T"), Task(uid="U", parent="T"), replace(C, parent="U"),
    ]  # fmt: skip
    result = run(*tasks, links=[Link("S", "T")])
    assert result["C"].start == day(2)
    assert result["A"].total_slack_minutes == result["A"].free_slack_minutes == DAY
    from_start = run(*tasks, links=[Link("S", "T", LinkType.START_START, lag=DAY)])
    assert from_start["C"].start == day(1)


def test_a_date_or_a_deadline_of_a_summary_bounds_its_tasks() -> None:
    summary = Task(uid="S", constraint=Constraint.START_NO_EARLIER_THAN, constraint_date=day(2), deadline=day(2, 17))
    result = run(summary, replace(A, parent="S", duration=2 * DAY), B)
    assert result["A"].start == day(2)
    assert result["A"].total_slack_minutes == -DAY


def test_a_plan_of_summaries_without_tasks_lies_at_its_start() -> None:
    result = run(Task(uid="S", summary=True), Task(uid="T", summary=True, parent="S"))
    assert (result["T"].start, result.finish) == (MONDAY, MONDAY)


def test_summaries_ten_thousand_deep_are_planned() -> None:
    depth = 10_000
    chain = [Task(uid=i, parent=i - 1 if i else None) for i in range(depth)]
    result = run(*chain, replace(A, parent=depth - 1), B, links=[Link(0, "B")])
    assert result[0].finish == day(0, 17)
    assert result["B"].start == day(1)


def test_importing_the_engine_loads_no_compiler_and_no_solver() -> None:
    code = (
        "import sys, punctual.engine, punctual.engine.cpm, punctual.engine.cpm_incremental;"
        "print([m for m in ('numba', 'llvmlite', 'ortools', 'django') if m in sys.modules])"
    )
    path = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=path)
    assert output.stdout.strip() == "[]"
