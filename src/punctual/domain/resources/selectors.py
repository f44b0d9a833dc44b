"""Read resources and skills. What an hour costs is only ever read through :func:`hourly_cost`, which asks who reads."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import QuerySet

from punctual.domain.resources.models import Resource, Skill
from punctual.domain.resources.rules import ResourceFacts
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.platform.records import get_or_not_found


def skills(actor: User) -> QuerySet[Skill]:
    return Skill.objects.all() if may(actor, "resources.read") else Skill.objects.none()


def resources(actor: User, *, archived: bool = False) -> QuerySet[Resource]:
    """The resources in use, or with ``archived`` all of them."""
    rows = Resource.objects.all() if may(actor, "resources.read") else Resource.objects.none()
    return rows if archived else rows.filter(archived_at=None)


def resources_with_details(actor: User) -> QuerySet[Resource]:
    """All of them for lists, with calendar, supplier, sign-in and skills in three queries."""
    return resources(actor, archived=True).select_related("calendar", "supplier", "user").prefetch_related("skills")


def get_resource(actor: User, pk: int) -> Resource:
    return get_or_not_found(resources(actor, archived=True).select_related("calendar", "supplier", "user"), pk=pk)


def hourly_cost(actor: User, found: Resource) -> Decimal | None:
    """What an hour of it costs in the company's currency; None for who may not see it."""
    return found.hourly_cost if may(actor, "resources.see_cost") else None


def teams(actor: User) -> list[str]:
    """The teams there are."""
    return list(resources(actor).exclude(team="").order_by("team").values_list("team", flat=True).distinct())


def resource_facts(found: Resource) -> ResourceFacts:
    """What stands in the record, to change some of it with :func:`dataclasses.replace`."""
    return ResourceFacts(
        kind=found.kind,
        code=found.code,
        name=found.name,
        calendar_id=found.calendar_id,
        team=found.team,
        skill_ids=frozenset(found.skills.values_list("pk", flat=True)),
        units=found.units,
        user_id=found.user_id,
        supplier_id=found.supplier_id,
    )
