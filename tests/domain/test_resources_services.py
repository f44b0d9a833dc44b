"""People, equipment and outsourced services."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from punctual.domain.calendars.models import WorkingCalendar
from punctual.domain.parties.models import Supplier
from punctual.domain.resources import selectors, services
from punctual.domain.resources.models import Resource, Skill
from punctual.domain.resources.rules import ResourceFacts
from punctual.kernel.refusal import Forbidden, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.audit.services import story_of

Person = Callable[[str], User]


@pytest.fixture
def facts(db: None) -> ResourceFacts:
    calendar = WorkingCalendar.objects.create(code="CO5", name="五天", weekly={"1": [["08:00", "17:00"]]})
    skill = Skill.objects.create(code="FIT", name="钳工")
    return ResourceFacts("person", "P01", "赵磊", calendar.pk, skill_ids=frozenset({skill.pk}))


@pytest.mark.parametrize("role", ["sales", "quality", "finance", "worker", "manager"])
def test_only_those_who_plan_make_resources(person: Person, facts: ResourceFacts, role: str) -> None:
    with pytest.raises(Forbidden):
        services.create_resource(actor=person(role), facts=facts)
    assert not Resource.objects.exists()


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"kind": "robot"}, "resource.kind.unknown"),
        ({"units": 2}, "resource.units.person"),
        ({"units": 0}, "resource.units.range"),
        ({"kind": "outsourced"}, "resource.supplier.missing"),
        ({"supplier_id": 999}, "resource.supplier.kind"),
        ({"calendar_id": 999}, "resource.calendar.unknown"),
        ({"user_id": 999}, "resource.user.unknown"),
        ({"skill_ids": frozenset({999})}, "resource.skills.unknown"),
        ({"hourly_cost": Decimal("-1")}, "resource.hourly_cost.range"),
        ({"hourly_cost": Decimal("1.005")}, "resource.hourly_cost.places"),
    ],
)
def test_a_resource_that_makes_no_sense_is_refused(
    person: Person, facts: ResourceFacts, wish: dict[str, object], code: str
) -> None:
    with pytest.raises(Refusal) as refusal:
        services.create_resource(actor=person("planner"), facts=replace(facts, **wish))  # type: ignore[arg-type]
    assert code in refusal.value.codes
    assert not Resource.objects.exists()


def test_a_sign_in_belongs_to_one_person(person: Person, facts: ResourceFacts) -> None:
    planner, worker = person("planner"), person("worker")
    services.create_resource(actor=planner, facts=replace(facts, user_id=worker.pk))
    with pytest.raises(Refusal) as refusal:
        services.create_resource(actor=planner, facts=replace(facts, code="P02", user_id=worker.pk))
    assert refusal.value.codes == {"resource.user.taken"}


def test_changed_skills_and_supplier_stand_in_the_story(person: Person, facts: ResourceFacts) -> None:
    planner = person("planner")
    supplier = Supplier.objects.create(code="S1", name="腾飞机加")
    found = services.create_resource(
        actor=planner, facts=replace(facts, kind="outsourced", supplier_id=supplier.pk, hourly_cost=Decimal(90))
    )
    other = Supplier.objects.create(code="S2", name="固架焊接")
    services.change_resource(
        actor=planner,
        resource_id=found.pk,
        facts=replace(facts, kind="outsourced", supplier_id=other.pk, skill_ids=frozenset()),
        expected_version=1,
    )
    entry = story_of(found).first()
    assert entry is not None
    assert entry.changes == [
        {"field": "supplier", "old": "腾飞机加", "new": "固架焊接"},
        {"field": "skills", "old": "钳工", "new": ""},
    ]
    found.refresh_from_db()
    assert (found.skills.count(), found.hourly_cost) == (0, Decimal(90))


@pytest.mark.parametrize(("role", "sees"), [("sales", False), ("worker", False), ("finance", True), ("manager", True)])
def test_hourly_cost_is_not_for_everybody(person: Person, facts: ResourceFacts, role: str, sees: bool) -> None:
    found = services.create_resource(actor=person("planner"), facts=replace(facts, hourly_cost=Decimal(90)))
    assert selectors.hourly_cost(person(role), found) == (Decimal(90) if sees else None)


def test_an_archived_calendar_stays_with_those_who_have_it_and_is_no_new_choice(
    person: Person, facts: ResourceFacts
) -> None:
    planner = person("planner")
    found = services.create_resource(actor=planner, facts=facts)
    calendar = WorkingCalendar.objects.get()
    calendar.archived_at = calendar.created_at
    calendar.save()
    services.change_resource(
        actor=planner, resource_id=found.pk, facts=replace(facts, name="赵大磊"), expected_version=1
    )
    with pytest.raises(Refusal) as refusal:
        services.create_resource(actor=planner, facts=replace(facts, code="P02"))
    assert refusal.value.codes == {"resource.calendar.unknown"}
