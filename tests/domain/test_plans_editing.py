"""Every command on a plan, its refusals, and the way back."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import planning
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.plans.models import Assignment, Dependency, PlanEdit, Task
from punctual.domain.plans.services.editing import edit_plan
from punctual.domain.resources.models import Resource, Skill
from punctual.kernel.refusal import Conflict, Forbidden, NotFound, Refusal
from punctual.platform.audit.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor(person):
    return person("planner")


@pytest.fixture
def plan(actor):
    return planning.plan(actor)


def refused(plan, actor, verb, **wish):
    before = planning.snapshot(plan)
    with pytest.raises(Refusal) as caught:
        planning.edit(plan, actor, verb, **wish)
    assert planning.snapshot(plan) == before
    assert not PlanEdit.objects.exists()
    return caught.value


def ids(plan, *names):
    return [planning.task(plan, name).pk for name in names]


# ------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize("role", ["sales", "finance", "quality", "supply_chain", "manager", "worker"])
def test_who_may_not_change_plans_changes_nothing(plan, person, role):
    before = planning.snapshot(plan)
    with pytest.raises(Forbidden):
        planning.edit(plan, person(role), "plan", goals="x")
    assert planning.snapshot(plan) == before


def test_quality_reports_progress_though_it_may_not_change_plans(plan, person):
    task = planning.task(plan, "方案")
    planning.edit(plan, person("quality"), "progress", task=task.pk, percent=50)
    assert planning.task(plan, "方案").percent == 50


def test_a_plan_that_is_not_seen_is_not_found(plan, person, monkeypatch):
    with pytest.raises(NotFound):
        edit_plan(
            plan_id=plan.pk + 1, actor=person("planner"), today=planning.TODAY, expected_version=1,
            command={"verb": "undo"},
        )  # fmt: skip


def test_an_old_version_is_a_conflict_that_tells_what_changed(plan, actor):
    task = planning.task(plan, "方案")
    version = plan.version
    planning.edit(plan, actor, "change", task=task.pk, values={"name": "总体方案"})
    with pytest.raises(Conflict) as caught:
        edit_plan(
            plan_id=plan.pk, actor=actor, today=planning.TODAY, expected_version=version,
            command={"verb": "resize", "task": task.pk, "duration": 60},
        )  # fmt: skip
    assert caught.value.current_version == version + 1
    assert [(one["field"], one["old"], one["new"]) for one in caught.value.changes] == [
        ("1.1 总体方案: name", "方案", "总体方案")
    ]


@pytest.mark.parametrize(
    ("verb", "wish", "code"),
    [
        ("fly", {}, "plan.verb"),
        ("move", {"task": 0, "start": "2026-12-01"}, "plan.task_unknown"),
        ("move", {"task": "方案", "start": "tomorrow"}, "plan.moment"),
        ("move", {"task": "方案", "start": "2026-12-01T08:00:00+08:00"}, "plan.moment_range"),
        ("move", {"task": "设计", "start": "2026-12-01"}, "plan.summary"),
        ("resize", {"task": "方案", "duration": 0}, "plan.number"),
        ("resize", {"task": "方案", "duration": 1e308}, "plan.number"),
        ("resize", {"task": "方案", "finish": "2026-11-23T08:00"}, "plan.too_short"),
        ("resize", {"task": "FAT", "duration": 60}, "plan.milestone_duration"),
        ("change", {"task": "方案", "values": {"colour": "red"}}, "plan.field_unknown"),
        ("change", {"task": "方案", "values": {"name": "  "}}, "plan.text_missing"),
        ("change", {"task": "设计", "values": {"duration": 60}}, "plan.summary"),
        ("change", {"task": "方案", "values": {"constraint": "SNET"}}, "plan.moment"),
        ("change", {"task": "方案", "values": {"calendar": 999}}, "plan.calendar_unknown"),
        ("progress", {"task": "方案", "percent": 101}, "plan.number"),
        ("progress", {"task": "方案", "percent": 50, "actual_start": "2026-11-25"}, "plan.future"),
        (
            "progress",
            {"task": "方案", "percent": 100, "actual_start": "2026-11-20", "actual_finish": "2026-11-19"},
            "plan.ends_before_start",
        ),
        ("progress", {"task": "设计", "percent": 50}, "plan.summary"),
        ("link", {"predecessor": "方案", "successor": "方案"}, "plan.link_self"),
        ("link", {"predecessor": "方案", "successor": "图纸"}, "plan.link_twice"),
        ("link", {"predecessor": "设计", "successor": "图纸"}, "plan.link_summary"),
        ("link", {"predecessor": "方案", "successor": "FAT", "lag": 9999, "lag_unit": "percent"}, "plan.number"),
        ("relink", {"link": 0, "type": "SS"}, "plan.link_unknown"),
        ("indent", {"task": "方案"}, "plan.indent"),
        ("outdent", {"task": "FAT"}, "plan.outdent"),
        ("reorder", {"task": "设计", "after": "方案"}, "plan.reorder"),
        ("delete", {"tasks": ["设计", "装配", "FAT"]}, "plan.last_task"),
        ("assign", {"task": "方案", "needs": [{"skill": 999}]}, "plan.skill_unknown"),
        ("assign", {"task": "方案", "needs": [{}]}, "plan.need_one"),
        ("budget", {"kind": "labour", "amount": "NaN"}, "plan.amount"),
        ("budget", {"kind": "labour", "amount": "-1"}, "plan.amount"),
        ("plan", {"start": "0001-01-01"}, "plan.moment_range"),
        ("several", {"commands": []}, "plan.commands"),
        ("undo", {}, "plan.nothing_to_undo"),
        ("redo", {}, "plan.nothing_to_redo"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_changes(plan, actor, verb, wish, code):
    known = {task.name: task.pk for task in Task.objects.filter(plan=plan)}

    def real(value):
        if isinstance(value, list):
            return [real(one) for one in value]
        return known.get(value, value) if isinstance(value, str) else value

    assert code in refused(plan, actor, verb, **{name: real(value) for name, value in wish.items()}).codes


def test_a_circle_is_refused_naming_its_tasks(plan, actor):
    before, after = ids(plan, "装配", "方案")
    told = str(refused(plan, actor, "link", predecessor=before, successor=after))
    assert all(name in told for name in ("1.1 方案", "1.2 图纸", "2 装配"))


def test_a_circle_over_a_summary_is_refused(plan, actor):
    before, after = ids(plan, "FAT", "设计")
    assert refused(plan, actor, "link", predecessor=before, successor=after)


def test_what_has_begun_is_neither_moved_nor_deleted(plan, actor):
    task = planning.task(plan, "方案")
    planning.edit(plan, actor, "progress", task=task.pk, percent=10)
    for verb, wish in (("move", {"task": task.pk, "start": "2026-12-01"}), ("delete", {"task": task.pk})):
        with pytest.raises(Refusal) as caught:
            planning.edit(plan, actor, verb, **wish)
        assert caught.value.codes == {"plan.task_started"}


@pytest.mark.parametrize("state", [OrderState.CANCELLED, OrderState.CLOSED])
def test_the_plan_of_a_closed_order_is_on_record(plan, actor, state):
    Order.objects.update(state=state)
    assert refused(plan, actor, "plan", goals="x").codes == {"plan.frozen"}


def test_only_who_made_the_last_change_takes_it_back(plan, actor, person):
    planning.edit(plan, actor, "plan", goals="新目标")
    with pytest.raises(Refusal) as caught:
        planning.edit(plan, person("order_manager"), "undo")
    assert caught.value.codes == {"plan.undo_other"}


# ------------------------------------------------------------------------------------------------------- what they do


def test_a_drag_moves_the_task_and_everything_behind_it_and_all_of_them_are_answered(plan, actor):
    task = planning.task(plan, "图纸")
    answer = planning.edit(plan, actor, "move", task=task.pk, start="2026-11-30T08:00")
    assert [row[2:] for row in planning.table(plan)[2:]] == [
        ("11-30 08:00", "12-02 17:00"),
        ("12-03 08:00", "12-07 17:00"),
        ("12-07 17:00", "12-07 17:00"),
    ]
    # 方案 keeps its dates but has float now
    assert [row["name"] for row in answer.tasks] == ["设计", "方案", "图纸", "装配", "FAT"]
    assert answer.plan["planned_date"] == dt.date(2026, 12, 7)
    assert answer.plan["version"] == plan.version + 1
    assert planning.task(plan, "方案").total_float == 3 * planning.DAY
    plan.order.refresh_from_db()
    assert plan.order.planned_date == dt.date(2026, 12, 7)


def test_a_drag_to_where_it_is_leaves_the_version_alone(plan, actor):
    task = planning.task(plan, "图纸")
    planning.edit(plan, actor, "move", task=task.pk, start="2026-11-30T08:00")
    plan.refresh_from_db()
    answer = planning.edit(plan, actor, "move", task=task.pk, start="2026-11-30T08:00")
    assert (answer.tasks, answer.plan["version"]) == ([], plan.version)


def test_an_end_is_a_duration_in_working_time(plan, actor):
    task = planning.task(plan, "方案")
    planning.edit(plan, actor, "resize", task=task.pk, finish="2026-11-30T12:00")
    assert planning.task(plan, "方案").duration == 5 * planning.DAY + 240


def test_progress_begins_where_it_was_planned_and_is_as_of_today(plan, actor):
    task = planning.task(plan, "方案")
    planning.edit(plan, actor, "progress", task=task.pk, percent=50)
    plan.refresh_from_db()
    task.refresh_from_db()
    assert plan.status_date == planning.TODAY
    assert task.actual_start is not None
    assert plan.progress == 12


def test_lag_types_and_units_move_the_successor(plan, actor):
    link = Dependency.objects.get(predecessor__name="方案", successor__name="图纸")
    for wish, start in (
        ({"type": "FS", "lag": 480}, "11-26 08:00"),
        ({"type": "SS", "lag": 50, "lag_unit": "percent"}, "11-24 08:00"),
        ({"type": "SS", "lag": 0, "lag_unit": "working"}, "11-23 08:00"),
        ({"type": "FS", "lag": -480}, "11-24 08:00"),
    ):
        planning.edit(plan, actor, "relink", link=link.pk, **wish)
        assert planning.table(plan)[2][2] == start


def test_the_outline_renumbers_itself(plan, actor):
    fat, assembly, drawings = ids(plan, "FAT", "装配", "图纸")
    answer = planning.edit(plan, actor, "add", name="电柜", duration=960, after=assembly)
    planning.edit(plan, actor, "indent", tasks=answer.created)
    planning.edit(plan, actor, "outdent", task=drawings)
    planning.edit(plan, actor, "reorder", task=fat, before=drawings)
    assert [row[:2] for row in planning.table(plan)] == [
        ("1", "设计"), ("1.1", "方案"), ("2", "FAT"), ("3", "图纸"), ("4", "装配"), ("4.1", "电柜"),
    ]  # fmt: skip
    assert planning.task(plan, "装配").is_summary
    assert not Assignment.objects.filter(task=assembly).exists()


def test_a_deleted_summary_takes_its_tasks_links_and_needs_along(plan, actor):
    answer = planning.edit(plan, actor, "delete", tasks=ids(plan, "设计"))
    assert len(answer.removed) == 3
    assert [row[:2] for row in planning.table(plan)] == [("1", "装配"), ("2", "FAT")]
    assert planning.task(plan, "装配").is_critical


def test_every_edit_is_in_the_story(plan, actor):
    task = planning.task(plan, "装配")
    planning.edit(plan, actor, "change", task=task.pk, values={"duration": 480, "notes": "先装机架"})
    entry = AuditEntry.objects.filter(target_type="plan", verb="plan_change").get()
    assert [change["field"] for change in entry.changes] == ["2 装配: duration", "2 装配: notes"]


def test_several_commands_are_one_step_back(plan, actor):
    before = planning.snapshot(plan)
    first, last = ids(plan, "方案", "装配")
    commands = [{"verb": "resize", "task": one, "duration": 240} for one in (first, last)]
    planning.edit(plan, actor, "several", commands=commands)
    planning.edit(plan, actor, "undo")
    assert planning.snapshot(plan) == before


# ------------------------------------------------------------------------------------------------------- the way back


def any_link():
    return st.sampled_from(sorted(Dependency.objects.values_list("pk", flat=True)) or [0])


def a_fitter():
    calendar = planning.company_calendar()
    values = {"name": "赵磊", "kind": "person", "calendar": calendar}
    return Resource.objects.get_or_create(code="P1", defaults=values)[0].pk


def any_need():
    return st.sampled_from(sorted(Assignment.objects.values_list("pk", flat=True)) or [0])


WISHES = {
    "add": lambda t, draw: {"name": "新任务", "after": draw(t), "duration": 960},
    "delete": lambda t, draw: {"tasks": [draw(t)]},
    "move": lambda t, draw: {"task": draw(t), "start": f"2026-12-{draw(st.integers(1, 28)):02d}T08:00"},
    "resize": lambda t, draw: {"task": draw(t), "duration": draw(st.integers(1, 9999))},
    "change": lambda t, draw: {
        "task": draw(t),
        "values": draw(
            st.sampled_from(
                [{"name": "改名"}, {"duration": 333}, {"is_milestone": True}, {"notes": "备注"},
                 {"constraint": "FNET", "constraint_date": "2026-12-09T17:00"}, {"deadline": "2026-12-01"},
                 {"is_elapsed": True}, {"constraint": "ALAP"}, {"is_delivery": True}]
            )
        ),
    },
    "progress": lambda t, draw: {"task": draw(t), "percent": draw(st.sampled_from([0, 1, 50, 100]))},
    "link": lambda t, draw: {
        "predecessor": draw(t), "successor": draw(t), "type": draw(st.sampled_from(["FS", "SS", "FF", "SF"])),
        "lag": draw(st.integers(-100, 500)), "lag_unit": draw(st.sampled_from(["working", "elapsed", "percent"])),
    },
    "indent": lambda t, draw: {"tasks": [draw(t)]},
    "outdent": lambda t, draw: {"tasks": [draw(t)]},
    "reorder": lambda t, draw: {"task": draw(t), "after": draw(t)},
    "assign": lambda t, draw: {"task": draw(t), "needs": [{"skill": Skill.objects.get().pk, "units": 3}]},
    "name": lambda t, draw: {"need": draw(any_need()), "resource": a_fitter()},
    "unname": lambda t, draw: {"need": draw(any_need())},
    "budget": lambda t, draw: {"task": draw(t), "kind": "outsourced", "amount": "1200.5"},
    "plan": lambda t, draw: {"start": "2026-12-01", "goals": "新目标"},
    "unlink": lambda t, draw: {"link": draw(any_link())},
    "relink": lambda t, draw: {"link": draw(any_link()), "lag": 77},
}  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_edits_taken_back_give_exactly_the_former_schedule_and_done_again_the_later_one(plan, actor, data):
    from django.db import transaction

    with transaction.atomic():
        snapshots = [planning.snapshot(plan)]
        for verb in data.draw(st.lists(st.sampled_from(sorted(WISHES)), min_size=1, max_size=6)):
            tasks = st.sampled_from(sorted(Task.objects.filter(plan=plan).values_list("pk", flat=True)))
            try:
                answer = planning.edit(plan, actor, verb, **WISHES[verb](tasks, data.draw))
            except Refusal:
                assert planning.snapshot(plan) == snapshots[-1]
                continue
            if answer.plan["version"] > plan.version:
                snapshots.append(planning.snapshot(plan))
        for former in reversed(snapshots[:-1]):
            planning.edit(plan, actor, "undo")
            assert planning.snapshot(plan) == former
        for later in snapshots[1:]:
            planning.edit(plan, actor, "redo")
            assert planning.snapshot(plan) == later
        transaction.set_rollback(True)


def test_a_new_edit_forgets_what_was_undone(plan, actor):
    planning.edit(plan, actor, "plan", goals="甲")
    planning.edit(plan, actor, "undo")
    answer = planning.edit(plan, actor, "plan", goals="乙")
    assert answer.history == {"undo": True, "redo": False}
    with pytest.raises(Refusal):
        planning.edit(plan, actor, "redo")
