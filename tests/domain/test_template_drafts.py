"""The next edition of a template is a draft until somebody publishes it."""

from __future__ import annotations

import pytest

import planning
from punctual.domain.plans.models import PlanTemplate, TemplateTask
from punctual.domain.plans.selectors import plans_made_from
from punctual.domain.plans.services.making import make_plan
from punctual.domain.plans.services.template_drafts import discard_draft, draft_changes, publish_draft, save_draft
from punctual.domain.plans.services.templates import change_template, create_template
from punctual.kernel.refusal import Conflict, Forbidden, Refusal

pytestmark = pytest.mark.django_db


def document(*durations, **more):
    names = ("设计", "装配", "调试")
    tasks = [{"name": name, "level": 0, "duration": days} for name, days in zip(names, durations, strict=False)]
    return {"code": "T-1", "name": "检测机", "tasks": tasks, **more}


@pytest.fixture
def actor(person):
    planning.company_calendar()
    return person("planner")


@pytest.fixture
def template(actor):
    return create_template(actor=actor, document=document("2", "3"))


def ids(wish):
    """The document with the ids of the published steps of the same names."""
    known = dict(TemplateTask.objects.values_list("name", "pk"))
    return {**wish, "tasks": [{**task, "id": known.get(task["name"])} for task in wish["tasks"]]}


def test_who_may_not_edit_templates_drafts_publishes_and_discards_nothing(template, person, actor):
    save_draft(actor=actor, template_id=template.pk, document=document("5"), expected_version=1)
    for role in ("sales", "worker", "finance", "manager"):
        with pytest.raises(Forbidden):
            save_draft(actor=person(role), template_id=template.pk, document=document("9"), expected_version=2)
        with pytest.raises(Forbidden):
            publish_draft(actor=person(role), template_id=template.pk, expected_version=2)
        with pytest.raises(Forbidden):
            discard_draft(actor=person(role), template_id=template.pk, expected_version=2)
    assert PlanTemplate.objects.get().draft["tasks"][0]["duration"] == "5"


def test_a_wrong_draft_is_refused_as_a_wrong_template_is(template, actor):
    with pytest.raises(Refusal) as caught:
        save_draft(actor=actor, template_id=template.pk, document=document("-1"), expected_version=1)
    assert caught.value.codes == {"template.days"}
    assert PlanTemplate.objects.get().draft is None


def test_the_second_of_two_drafters_gets_a_conflict(template, actor):
    save_draft(actor=actor, template_id=template.pk, document=document("5"), expected_version=1)
    with pytest.raises(Conflict):
        save_draft(actor=actor, template_id=template.pk, document=document("6"), expected_version=1)
    with pytest.raises(Conflict):
        publish_draft(actor=actor, template_id=template.pk, expected_version=1)


def test_nothing_is_published_or_discarded_without_a_draft_nor_changed_past_one(template, actor):
    for act in (publish_draft, discard_draft):
        with pytest.raises(Refusal) as caught:
            act(actor=actor, template_id=template.pk, expected_version=1)
        assert caught.value.codes == {"plan.template_no_draft"}
    save_draft(actor=actor, template_id=template.pk, document=document("5"), expected_version=1)
    with pytest.raises(Refusal) as caught:
        change_template(actor=actor, template_id=template.pk, document=document("6"), expected_version=2)
    assert caught.value.codes == {"plan.template_draft"}


def test_plans_are_made_from_the_published_edition_until_the_draft_is_published(template, actor, person):
    product = planning.product()
    change_template(
        actor=actor, template_id=template.pk, document=document("2", "3", products=[product.pk]), expected_version=1
    )
    template.refresh_from_db()
    assert template.edition == 2
    wish = ids(document("6", "3", products=[product.pk]))
    save_draft(actor=actor, template_id=template.pk, document=wish, expected_version=template.version)
    before = make_plan(order=planning.order((product, 1), number="SO-2026-00001"), actor=actor, today=planning.TODAY)
    assert before.tasks.get(name="设计").duration == 2 * 480
    assert plans_made_from(template) == 1
    published = publish_draft(
        actor=actor, template_id=template.pk, expected_version=template.version + 1, note="设计估少了"
    )
    assert (published.edition, published.draft) == (3, None)
    after = make_plan(order=planning.order((product, 1), number="SO-2026-00002"), actor=actor, today=planning.TODAY)
    assert after.tasks.get(name="设计").duration == 6 * 480
    assert plans_made_from(published) == 1
    assert [(one.number, one.note) for one in published.editions.all()] == [(3, "设计估少了"), (2, ""), (1, "")]
    assert published.editions.get(number=2).document["tasks"][0]["duration"] == "2"


def test_a_draft_says_what_it_would_change(template, actor):
    wish = ids(document("2", "4", "1", goals="准时"))
    wish["tasks"] = wish["tasks"][1:]
    save_draft(actor=actor, template_id=template.pk, document=wish, expected_version=1)
    template.refresh_from_db()
    assert [(one["field"], one["old"], one["new"]) for one in draft_changes(template)] == [
        ("goals", "", "准时"),
        ("1 装配", "装配 | 3", "装配 | 4"),
        ("2 调试", None, "调试 | 1"),
        ("1 设计", "设计 | 2", None),
    ]


def test_a_draft_that_says_the_same_makes_no_edition(template, actor):
    save_draft(actor=actor, template_id=template.pk, document=ids(document("2", "3")), expected_version=1)
    published = publish_draft(actor=actor, template_id=template.pk, expected_version=2)
    assert (published.edition, published.draft, published.editions.count()) == (1, None, 1)


def test_a_discarded_draft_leaves_the_published_edition(template, actor):
    save_draft(actor=actor, template_id=template.pk, document=document("9"), expected_version=1)
    discard_draft(actor=actor, template_id=template.pk, expected_version=2)
    found = PlanTemplate.objects.get()
    assert (found.draft, found.edition, found.tasks.count()) == (None, 1, 2)
