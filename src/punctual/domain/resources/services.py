"""Make, change, archive and restore resources; make and rename skills."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from django.db import transaction

from punctual.domain.calendars.selectors import calendars
from punctual.domain.parties.selectors import suppliers
from punctual.domain.resources.models import Resource, Skill
from punctual.domain.resources.rules import ResourceFacts, SkillFacts, reasons_against_resource, reasons_against_skill
from punctual.domain.resources.selectors import resources, skills
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, differences, record
from punctual.platform.master_data import change, set_archived, taken
from punctual.platform.outbox.services import emit
from punctual.platform.records import get_or_not_found, lock
from punctual.platform.search.services import Document, index


def document_of(found: Resource) -> Document:
    return Document(found, found.name, found.team or found.code, [found.code, found.name, found.team])


def _reasons_against_links(actor: User, facts: ResourceFacts, found: Resource | None) -> list[Reason]:
    """Calendar, supplier, sign-in and skills that there are; what the record already has may be archived."""
    reasons = []
    unchanged_calendar = found is not None and found.calendar_id == facts.calendar_id
    if not unchanged_calendar and not calendars(actor).filter(pk=facts.calendar_id).exists():
        reasons.append(Reason("resource.calendar.unknown", N_("Choose a calendar that there is."), field="calendar"))
    unchanged_supplier = found is not None and found.supplier_id == facts.supplier_id
    if (
        facts.supplier_id is not None
        and not unchanged_supplier
        and not suppliers(actor).filter(pk=facts.supplier_id).exists()
    ):
        reasons.append(Reason("resource.supplier.unknown", N_("Choose a supplier that there is."), field="supplier"))
    if facts.user_id is not None:
        others = Resource.objects.filter(user_id=facts.user_id).exclude(pk=found.pk if found else 0)
        if not User.objects.filter(pk=facts.user_id).exists():
            reasons.append(Reason("resource.user.unknown", N_("There is no such sign-in."), field="user"))
        elif others.exists():
            reasons.append(
                Reason(
                    "resource.user.taken",
                    N_("This sign-in already belongs to %(name)s."),
                    {"name": str(others.first())},
                    field="user",
                )
            )
    if skills(actor).filter(pk__in=facts.skill_ids).count() != len(facts.skill_ids):
        reasons.append(Reason("resource.skills.unknown", N_("Choose skills that there are."), field="skills"))
    return reasons


def _check(actor: User, facts: ResourceFacts, found: Resource | None = None) -> None:
    pk = found.pk if found else None
    refuse_if(
        [
            *reasons_against_resource(facts),
            *_reasons_against_links(actor, facts, found),
            *taken(Resource.objects.all(), noun="resource", field="code", value=facts.code, pk=pk),
        ]
    )
    if facts.hourly_cost is not None:
        require(actor, "resources.see_cost")


def _lock(actor: User, resource_id: int, expected_version: int | None) -> Resource:
    require(actor, "resources.change")
    return lock(resources(actor, archived=True), expected_version=expected_version, pk=resource_id)


@transaction.atomic
def create_resource(*, actor: User, facts: ResourceFacts) -> Resource:
    """A new person, machine or outsourced service."""
    require(actor, "resources.change")
    _check(actor, facts)
    values = asdict(facts)
    skill_ids, cost = values.pop("skill_ids"), values.pop("hourly_cost")
    found = Resource(**values, **({} if cost is None else {"hourly_cost": cost}))
    found.save()
    found.skills.set(skill_ids)
    record(actor=actor, verb="create", target=found)
    index([document_of(found)])
    _tell(found, actor)
    return found


def _tell(found: Resource, actor: User) -> None:
    emit("resource.changed", resource_id=found.pk, label=found.name, by=actor.pk)


@transaction.atomic
def change_resource(*, actor: User, resource_id: int, facts: ResourceFacts, expected_version: int | None) -> Resource:
    """Other facts; nothing is written when nothing differs."""
    found = _lock(actor, resource_id, expected_version)
    _check(actor, facts, found)
    wish: dict[str, object] = {name: getattr(facts, name) for name in ("kind", "code", "name", "team", "units")}
    if facts.hourly_cost is not None:
        wish["hourly_cost"] = facts.hourly_cost
    more = _changed_links(found, facts)
    if change(found, wish, actor=actor, more=more):
        found.skills.set(facts.skill_ids)
        index([document_of(found)])
        _tell(found, actor)
    return found


def _changed_links(found: Resource, facts: ResourceFacts) -> list[Change]:
    """Set calendar, supplier and sign-in; tell what changed, skills included, as people read it."""

    def texts() -> dict[str, object]:
        return {"calendar": found.calendar, "supplier": found.supplier, "user": found.user}

    before = texts()
    skills_before = _skill_names(found.skills.values_list("pk", flat=True))
    found.calendar_id, found.supplier_id, found.user_id = facts.calendar_id, facts.supplier_id, facts.user_id
    after = texts()
    return differences({**before, "skills": skills_before}, {**after, "skills": _skill_names(facts.skill_ids)})


def _skill_names(ids: Iterable[int]) -> str:
    return " · ".join(Skill.objects.filter(pk__in=ids).order_by("code").values_list("name", flat=True))


@transaction.atomic
def archive_resource(*, actor: User, resource_id: int, expected_version: int | None) -> Resource:
    """It is no longer given to tasks; what it did stays."""
    found = set_archived(_lock(actor, resource_id, expected_version), True, actor=actor)
    _tell(found, actor)
    return found


@transaction.atomic
def restore_resource(*, actor: User, resource_id: int, expected_version: int | None) -> Resource:
    found = set_archived(_lock(actor, resource_id, expected_version), False, actor=actor)
    _tell(found, actor)
    return found


@transaction.atomic
def create_skill(*, actor: User, facts: SkillFacts) -> Skill:
    """A new skill."""
    require(actor, "resources.change")
    refuse_if(
        [
            *reasons_against_skill(facts),
            *taken(Skill.objects.all(), noun="skill", field="code", value=facts.code),
        ]
    )
    found = Skill.objects.create(code=facts.code, name=facts.name)
    record(actor=actor, verb="create", target=found)
    return found


@transaction.atomic
def change_skill(*, actor: User, skill_id: int, facts: SkillFacts) -> Skill:
    """Other code or name. The last one to save wins: there are two fields and few people who touch them."""
    require(actor, "resources.change")
    found = get_or_not_found(skills(actor).select_for_update(), pk=skill_id)
    refuse_if(
        [
            *reasons_against_skill(facts),
            *taken(Skill.objects.all(), noun="skill", field="code", value=facts.code, pk=skill_id),
        ]
    )
    changes = differences({"code": found.code, "name": found.name}, asdict(facts))
    if changes:
        found.code, found.name = facts.code, facts.name
        found.save()
        record(actor=actor, verb="change", target=found, changes=changes)
    return found
