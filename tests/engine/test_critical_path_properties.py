"""Laws that every schedule obeys: feasible, dual, float exact, monotone, independent of order, incremental."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.plans import CALENDARS, START, calendar_of, plans, with_task
from punctual.engine.cpm import ScheduleResult, schedule
from punctual.engine.cpm_incremental import IncrementalSchedule
from punctual.engine.network import Constraint, LagUnit, Link, LinkType, Plan, Task
from punctual.engine.network_check import lag_minutes

LAWS = settings(max_examples=150, deadline=None)


def broken_links(plan: Plan, result: ScheduleResult) -> list[Link]:
    """Links that the dates break, judged with calendar arithmetic alone."""
    tasks = {task.uid: task for task in plan.tasks}
    broken = []
    for link in plan.links:
        before, after = result[link.predecessor], result[link.successor]
        predecessor, successor = tasks[link.predecessor], tasks[link.successor]
        calendar = calendar_of(plan, successor)
        anchor = before.finish if link.type.from_finish else before.start
        lag = lag_minutes(link, predecessor)
        percent_of_elapsed = link.lag_unit == LagUnit.PERCENT and predecessor.elapsed
        if link.lag_unit in (LagUnit.ELAPSED, LagUnit.ELAPSED_PERCENT) or percent_of_elapsed or successor.elapsed:
            allowed = calendar.to_minutes(anchor + timedelta(minutes=lag))
        else:
            allowed = calendar.to_minutes(anchor) + lag
        at = after.finish if link.type.to_finish else after.start
        if calendar.to_minutes(at) < allowed:
            broken.append(link)
    return broken


@LAWS
@given(plans())
def test_every_schedule_keeps_its_links_its_start_and_its_durations_to_the_minute(plan: Plan) -> None:
    result = schedule(plan)
    assert broken_links(plan, result) == []
    for task in plan.tasks:
        dates, calendar = result[task.uid], calendar_of(plan, task)
        assert dates.start >= START
        assert calendar.work_between(dates.start, dates.finish) == task.duration
        assert calendar.work_between(dates.late_start, dates.late_finish) == task.duration
        assert dates.finish <= result.finish


@LAWS
@given(plans())
def test_total_float_is_the_slip_that_leaves_the_end_of_the_plan_and_a_minute_more_does_not(plan: Plan) -> None:
    result = schedule(plan)
    for task in plan.tasks:
        dates, calendar = result[task.uid], calendar_of(plan, task)
        assert dates.total_slack_minutes >= 0
        assert dates.total_slack_minutes == calendar.work_between(dates.finish, dates.late_finish)
        held: dict[str, Any] = {"constraint": Constraint.START_NO_EARLIER_THAN, "constraint_date": dates.late_start}
        slipped = schedule(with_task(plan, int(task.uid), **held))
        assert slipped.finish == result.finish
        if task.duration:
            held["constraint_date"] = calendar.to_datetime_start(calendar.to_minutes(dates.late_start) + 1)
            assert schedule(with_task(plan, int(task.uid), **held)).finish > result.finish


@LAWS
@given(plans())
def test_all_tasks_at_their_late_dates_together_are_a_schedule_with_the_same_end(plan: Plan) -> None:
    result = schedule(plan)
    tasks = [
        replace(t, constraint=Constraint.START_NO_EARLIER_THAN, constraint_date=result[t.uid].late_start)
        for t in plan.tasks
    ]
    late = schedule(replace(plan, tasks=tasks))
    assert late.finish == result.finish
    for task in plan.tasks:
        if task.duration:
            assert late[task.uid].start == result[task.uid].late_start
            assert late[task.uid].total_slack_minutes == 0


@LAWS
@given(plans())
def test_free_float_is_the_slip_that_moves_no_other_task(plan: Plan) -> None:
    result = schedule(plan)
    for task in plan.tasks:
        if task.duration and any(link.predecessor == task.uid for link in plan.links):
            dates, calendar = result[task.uid], calendar_of(plan, task)
            slipped = calendar.to_datetime_start(calendar.to_minutes(dates.start) + dates.free_slack_minutes)
            held: dict[str, Any] = {"constraint": Constraint.START_NO_EARLIER_THAN, "constraint_date": slipped}
            after = schedule(with_task(plan, int(task.uid), **held))
            assert all(after[t.uid].start == result[t.uid].start for t in plan.tasks if t.uid != task.uid)


@LAWS
@given(plans((LinkType.FINISH_START, LinkType.START_START)), st.integers(1, 2000), st.data())
def test_a_longer_task_makes_no_other_task_earlier(plan: Plan, more: int, data: st.DataObject) -> None:
    task = data.draw(st.sampled_from(plan.tasks))
    links = [replace(link, lag_unit=LagUnit(link.lag_unit % 2)) for link in plan.links]
    plan = replace(plan, links=links)
    before = schedule(plan)
    after = schedule(with_task(plan, int(task.uid), duration=task.duration + more))
    for other in plan.tasks:
        calendar = calendar_of(plan, other)
        assert calendar.work_between(before[other.uid].finish, after[other.uid].finish) >= 0


@LAWS
@given(plans(), st.randoms(use_true_random=False))
def test_the_order_of_tasks_and_links_does_not_matter(plan: Plan, random: Any) -> None:
    tasks, links = list(plan.tasks), list(plan.links)
    random.shuffle(tasks)
    random.shuffle(links)
    shuffled = schedule(replace(plan, tasks=tasks, links=links))
    assert shuffled.by_uid == schedule(plan).by_uid


@LAWS
@given(plans(), plans(one_calendar=True))
def test_a_plan_beside_another_keeps_its_early_dates(left: Plan, right: Plan) -> None:
    others = [replace(task, uid=f"r{task.uid}") for task in right.tasks]
    links = [replace(link, predecessor=f"r{link.predecessor}", successor=f"r{link.successor}") for link in right.links]
    both = schedule(replace(left, tasks=[*left.tasks, *others], links=[*left.links, *links]))
    alone = schedule(left)
    assert all(both[task.uid].start == alone[task.uid].start for task in left.tasks)


@LAWS
@given(plans())
def test_a_plan_laid_backward_keeps_its_links_and_its_finish_and_cannot_begin_later(plan: Plan) -> None:
    wanted = schedule(plan).finish + timedelta(days=20)
    result = schedule(replace(plan, start=None, from_finish=True, finish=wanted))
    assert broken_links(plan, result) == []
    assert result.finish <= wanted
    forward = schedule(replace(plan, start=result.start))
    assert forward.finish <= wanted
    assert schedule(replace(plan, start=result.start + timedelta(days=30))).finish > wanted


@st.composite
def grouped(draw: Any) -> tuple[Plan, Plan]:
    """A plan whose links join summaries and tasks, and the same with every pair of their tasks linked."""
    groups = [draw(st.integers(1, 3)) for _ in range(draw(st.integers(2, 4)))]
    tasks, members = [], []
    for number, size in enumerate(groups):
        summary, inner = f"S{number}", f"I{number}"
        tasks += [Task(uid=summary), Task(uid=inner, parent=summary)]
        own = [f"{number}.{k}" for k in range(size)]
        lengths = [draw(st.sampled_from([60, 240, 481, 960])) for _ in own]
        tasks += [
            Task(uid=uid, parent=inner if k % 2 else summary, duration=length)
            for k, (uid, length) in enumerate(zip(own, lengths, strict=True))
        ]
        tasks.append(Task(uid=f"{number}.x", parent=inner, duration=30))
        members.append({summary: [*own, f"{number}.x"], **{uid: [uid] for uid in own}})
    links, pairs = [], []
    for successor in range(1, len(groups)):
        for _ in range(draw(st.integers(1, 3))):
            before = draw(st.sampled_from(sorted(members[draw(st.integers(0, successor - 1))].items())))
            after = draw(st.sampled_from(sorted(members[successor].items())))
            kind = draw(st.sampled_from([LinkType.FINISH_START, LinkType.FINISH_FINISH]))
            lag = draw(st.sampled_from([0, 120, -90]))
            links.append(Link(before[0], after[0], kind, lag))
            pairs += [Link(one, two, kind, lag) for one in before[1] for two in after[1]]
    plan = Plan(start=START, tasks=tasks, links=links)
    return plan, replace(plan, links=pairs)


@LAWS
@given(grouped())
def test_a_link_of_a_summary_is_a_link_of_each_of_its_tasks(both: tuple[Plan, Plan]) -> None:
    plan, spelled_out = both
    assert schedule(plan).tasks == schedule(spelled_out).tasks


CHANGES = st.sampled_from(
    [
        {"duration": 0},
        {"duration": 333},
        {"duration": 2400},
        {"constraint": Constraint.START_NO_EARLIER_THAN, "constraint_date": START + timedelta(days=9)},
        {"constraint": Constraint.FINISH_NO_LATER_THAN, "constraint_date": START + timedelta(days=2)},
        {"constraint": None},
        {"constraint": Constraint.ALAP},
        {"deadline": START + timedelta(days=1)},
        {"deadline": None},
        {"actual_start": START, "percent_complete": 40.0},
        {"actual_start": START, "actual_finish": START + timedelta(days=3)},
        {"actual_start": None, "actual_finish": None, "percent_complete": 0.0},
        {"calendar": "six"},
        {"delay": 600},
        {"inactive": True},
    ]
)


@settings(max_examples=200, deadline=None)
@given(plans(), st.lists(st.tuples(st.integers(0, 9), CHANGES), min_size=1, max_size=6), st.booleans())
def test_after_any_changes_the_kept_schedule_equals_a_fresh_one(
    plan: Plan, changes: list[tuple[int, dict[str, Any]]], honor: bool
) -> None:
    live = IncrementalSchedule(replace(plan, honor_constraints=honor))
    for number, change in changes:
        before = live.result()
        uid = number % len(plan.tasks)
        moved = live.update(uid, **change)
        fresh = schedule(live.plan)
        assert live.result() == fresh
        assert live.dates(uid) == fresh[uid]
        really = {t.uid for t in fresh.tasks if (t.start, t.finish) != (before[t.uid].start, before[t.uid].finish)}
        assert really <= set(moved)


def test_work_reported_outside_its_shift_and_taken_back_counts_as_moved() -> None:
    plan = Plan(start=START, calendars=CALENDARS, tasks=[Task(uid=1, duration=1, calendar="night")])
    live = IncrementalSchedule(plan)
    assert live.update(1, actual_start=START, percent_complete=40.0) == (1,)
    assert live.dates(1).start == START
    assert live.update(1, actual_start=None, percent_complete=0.0) == (1,)
    assert live.dates(1).start == START.replace(hour=22)


def test_one_changed_task_computes_only_what_it_touches() -> None:
    chains = [Task(uid=(10 * c + i), duration=60 + c) for c in range(100) for i in range(10)]
    links = [Link(10 * c + i, 10 * c + i + 1) for c in range(100) for i in range(9)]
    live = IncrementalSchedule(Plan(start=START, tasks=chains, links=links))
    assert live.touched == 2 * 1000
    moved = live.update(55, duration=30)
    assert set(moved) == {55, 56, 57, 58, 59}
    assert live.touched < 25
