"""Templates as documents: every error in its cell, and what comes back is what was written."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

import planning
from punctual.domain.plans.engine_plan import PlanCalendars, project_file, scheduled
from punctual.domain.plans.models import PlanTemplate, ProductTemplate, TemplateTask
from punctual.domain.plans.services.templates import (
    archive_template,
    change_template,
    copy_template,
    create_template,
    preview,
)
from punctual.domain.plans.state import PlanFacts, PlanState
from punctual.domain.plans.template_document import document_of, outline, vocabulary
from punctual.domain.plans.template_rows import Step, rows_of, unfold
from punctual.domain.plans.template_text import LinkText, days_text, link_text, parse_days, parse_links
from punctual.domain.resources.models import Skill
from punctual.engine.calendars import WorkCalendar
from punctual.engine.formats.mspdi.read import read_mspdi
from punctual.kernel.refusal import Conflict, Forbidden, Refusal

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor(person):
    planning.company_calendar()
    Skill.objects.create(code="FIT", name="钳工装配")
    return person("planner")


def task(name, level=0, **more):
    return {"name": name, "level": level, "duration": "1", **more}


def document(*tasks, **more):
    return {"code": "T-1", "name": "检测机", "tasks": list(tasks), **more}


def refusal(actor, *tasks, **more):
    with pytest.raises(Refusal) as caught:
        create_template(actor=actor, document=document(*tasks, **more))
    assert not PlanTemplate.objects.exists()
    return [(one.code, one.row, one.field) for one in caught.value.reasons]


@pytest.mark.parametrize("role", ["sales", "finance", "quality", "worker", "manager"])
def test_who_may_not_change_templates_makes_none(person, role):
    with pytest.raises(Forbidden):
        create_template(actor=person(role), document=document(task("设计")))


def test_every_bad_cell_is_named_at_once(actor):
    found = refusal(
        actor,
        task("设计", duration="-1"),
        task("装配", needs="焊工 2"),
        task("调试", after="9 FS, 1 XX"),
        task("发运", after="4"),
    )
    assert found == [
        ("template.days", 1, "duration"),
        ("template.need", 2, "needs"),
        ("template.link_row", 3, "after"),
        ("template.link", 3, "after"),
        ("template.link_self", 4, "after"),
    ]


def test_bad_money_is_named_at_its_line(actor):
    found = refusal(actor, task("设计"), budget=[{"kind": "labour", "amount": "1e308"}, {"kind": "?", "amount": "1"}])
    assert found == [("template.amount", 1, "budget.amount"), ("template.budget_kind", 2, "budget.kind")]


def test_a_template_without_tasks_or_name_is_refused(actor):
    assert refusal(actor) == [("template.empty", None, "tasks")]
    with pytest.raises(Refusal):
        create_template(actor=actor, document={**document(task("设计")), "name": " "})


def test_working_days_and_days_on_the_clock_do_not_mix_in_a_row(actor):
    assert refusal(actor, task("采购", duration="20e", duration_per_unit="1"))[0][0] == "template.mixed_days"


def test_a_circle_is_refused_naming_its_tasks(actor):
    with pytest.raises(Refusal) as caught:
        create_template(actor=actor, document=document(task("设计", after="2"), task("装配", after="1")))
    assert "1 设计" in str(caught.value)
    assert "2 装配" in str(caught.value)


def test_a_code_is_used_once(actor):
    create_template(actor=actor, document=document(task("设计")))
    with pytest.raises(Refusal) as caught:
        create_template(actor=actor, document={**document(task("设计")), "code": "t-1"})
    assert caught.value.codes == {"template.code_taken"}


def test_what_is_written_comes_back(actor):
    given_tasks = [
        task("设计", duration=""),
        task("方案", 1, duration="2.5"),
        task("采购", duration="30e", after="1.1 SS+50%"),
        task("装配", duration="3", duration_per_unit="1.5", needs="钳工装配 2", after="1.1 FS+1, 2 FF−2e"),
        task("FAT", duration="", is_milestone=True, is_delivery=True, after="3"),
    ]
    budget = [{"kind": "material", "name": "外购件", "amount": "1000", "amount_per_unit": "20.5", "task": "3"}]
    made = create_template(
        actor=actor,
        document=document(
            *given_tasks, goals="按期", budget=budget, standards=[{"criterion": "节拍", "method": "FAT"}]
        ),
    )
    back = document_of(rows_of([made])[made.pk], vocabulary())
    cells = [
        (row["wbs"], row["name"], row["duration"], row["duration_per_unit"], row["needs"], row["after"])
        for row in back["tasks"]
    ]
    assert cells == [
        ("1", "设计", "0", "0", "", ""),
        ("1.1", "方案", "2.5", "0", "", ""),
        ("2", "采购", "30e", "0", "", "1.1 SS+50%"),
        ("3", "装配", "3", "1.5", "钳工装配 2", "1.1 FS+1, 2 FF−2e"),
        ("4", "FAT", "0", "0", "", "3 FS"),
    ]
    assert back["budget"] == [{**budget[0], "amount": "1000", "amount_per_unit": "20.5"}]
    assert back["standards"] == [{"criterion": "节拍", "method": "FAT"}]


def test_a_changed_template_keeps_its_steps_and_tells_what_changed(actor):
    made = create_template(actor=actor, document=document(task("设计"), task("装配", after="1")))
    ids = dict(TemplateTask.objects.values_list("name", "pk"))
    tasks = [task("装配", id=ids["装配"], duration="4"), task("新", id=999)]
    change_template(actor=actor, template_id=made.pk, document=document(*tasks), expected_version=1)
    assert dict(TemplateTask.objects.values_list("name", "pk"))["装配"] == ids["装配"]
    assert sorted(TemplateTask.objects.values_list("name", flat=True)) == ["新", "装配"]
    with pytest.raises(Conflict):
        change_template(actor=actor, template_id=made.pk, document=document(*tasks), expected_version=1)


def test_an_unchanged_template_keeps_its_version(actor):
    made = create_template(actor=actor, document=document(task("设计"), task("装配", after="1")))
    back = {**document(), **document_of(rows_of([made])[made.pk], vocabulary())}
    assert change_template(actor=actor, template_id=made.pk, document=back, expected_version=1).version == 1


def test_a_copy_has_the_same_steps_and_no_products(actor):
    made = create_template(
        actor=actor, document=document(task("设计"), task("装配", after="1 SS+1"), products=[planning.product().pk])
    )
    copied = copy_template(actor=actor, template_id=made.pk, code="T-2", name="另一个")
    one, other = (document_of(rows_of([x])[x.pk], vocabulary())["tasks"] for x in (made, copied))
    assert [{**row, "id": 0} for row in one] == [{**row, "id": 0} for row in other]
    assert not copied.product_links.exists()


def test_a_template_in_use_is_not_archived(actor):
    made = create_template(actor=actor, document=document(task("设计"), products=[planning.product().pk]))
    with pytest.raises(Refusal) as caught:
        archive_template(actor=actor, template_id=made.pk, archived=True, expected_version=1)
    assert caught.value.codes == {"plan.template_used"}
    ProductTemplate.objects.all().delete()
    assert archive_template(actor=actor, template_id=made.pk, archived=True, expected_version=1).archived_at


def test_a_preview_stores_nothing_and_needs_a_quantity(actor):
    wish = document(task("装配", duration="1", duration_per_unit="2"), quantity="3", start="2026-11-23")
    state, result = preview(wish)
    assert (len(state.tasks), result.finish.isoformat()) == (1, "2026-12-01T17:00:00")
    with pytest.raises(Refusal):
        preview({**wish, "quantity": "0"})
    assert not PlanTemplate.objects.exists()


def test_a_plan_goes_to_microsoft_project_and_back(actor):
    made = create_template(
        actor=actor,
        document=document(task("设计"), task("方案", 1, duration="2"), task("装配", duration="3", after="1.1 FS+1")),
    )
    state = PlanState(PlanFacts(planning.TODAY))
    unfold(rows_of([made])[made.pk], state, quantity=Decimal(1))
    calendars = PlanCalendars(WorkCalendar.standard(), {})
    back = read_mspdi(project_file(state, calendars, "SO-1"))
    dates = scheduled(state, calendars).dates
    assert [(one.name, one.start) for one in back.tasks] == [
        (state.tasks[task_id].name, dates[task_id].start) for task_id in state.outline
    ]


@given(st.integers(0, 480_000))
def test_days_are_read_as_they_are_written(minutes):
    rounded = parse_days(days_text(minutes), "duration")
    assert isinstance(rounded, int)
    assert abs(rounded - minutes) <= 1


@given(
    st.sampled_from(["FS", "SS", "FF", "SF"]),
    st.one_of(
        st.tuples(st.integers(-200, 200).map(lambda n: n * 60), st.just("working")),
        st.tuples(st.integers(-100, 500), st.just("percent")),
        st.tuples(st.integers(-30, 30).map(lambda n: n * 1440), st.just("elapsed")),
    ),
)
def test_links_are_read_as_they_are_written(kind, lag):
    size, unit = lag
    text = link_text("1.2", kind, size, unit)
    assert parse_links(text) == [LinkText("1.2", kind, size, unit if size else "working")]


@given(st.lists(st.integers(-2, 9), max_size=40))
def test_any_levels_give_an_outline(levels):
    places = outline(levels)
    assert len({place.wbs for place in places}) == len(levels)
    for index, place in enumerate(places):
        assert place.parent is None or place.parent < index
        assert place.wbs.count(".") == (0 if place.parent is None else places[place.parent].wbs.count(".") + 1)


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.decimals(0, 9999, places=3))
def test_a_duration_is_fixed_plus_per_unit(fixed, each, quantity):
    step = Step(1, None, "x", fixed, each)
    assert abs(Decimal(step.minutes(quantity)) - (fixed + each * quantity)) <= Decimal("0.5")
