"""People, equipment and outsourced services, and their skills."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from punctual.api.authentication import actor_of
from punctual.api.masters import MasterFilters, Versioned, fields, given, narrowed
from punctual.api.pages import Listing, Paging, listing
from punctual.domain.resources import selectors, services
from punctual.domain.resources.models import Resource
from punctual.domain.resources.rules import ResourceFacts, SkillFacts
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.records import get_or_not_found

router = Router()


class SkillOut(Schema):
    id: int
    code: str
    name: str


class SkillIn(Schema):
    code: str
    name: str


class ResourceOut(Schema):
    """``hourly_cost`` is null for who may not see it."""

    id: int
    version: int
    kind: str
    code: str
    name: str
    team: str
    calendar_id: int
    units: int
    hourly_cost: Decimal | None
    user_id: int | None
    supplier_id: int | None
    skills: list[SkillOut]
    archived_at: dt.datetime | None


class ResourceIn(Schema):
    kind: str
    code: str
    name: str
    calendar_id: int
    team: str = ""
    skill_ids: list[int] = Field(default_factory=list)
    units: int = 1
    hourly_cost: Decimal | None = None
    user_id: int | None = None
    supplier_id: int | None = None


class ResourcePatch(Versioned):
    kind: str | None = None
    code: str | None = None
    name: str | None = None
    calendar_id: int | None = None
    team: str | None = None
    skill_ids: list[int] | None = None
    units: int | None = None
    hourly_cost: Decimal | None = None
    user_id: int | None = None
    supplier_id: int | None = None


class ResourceFilters(MasterFilters):
    code: str = ""
    kind: str = ""
    team: str = ""
    skill: str = ""


def _resource(actor: User, found: Resource) -> dict[str, Any]:
    own = [name for name in ResourceOut.model_fields if name not in {"skills", "hourly_cost"}]
    return {
        **fields(found, own),
        "hourly_cost": selectors.hourly_cost(actor, found),
        "skills": [fields(skill, SkillOut.model_fields) for skill in found.skills.all()],
    }


def _facts(told: dict[str, Any]) -> dict[str, Any]:
    return {**told, "skill_ids": frozenset(told["skill_ids"])} if "skill_ids" in told else told


@router.get("/resources", response=Listing[ResourceOut])
def resources(request: HttpRequest, paging: Query[Paging], filters: Query[ResourceFilters]) -> Any:
    """Resources in use, or the archived ones; ``skill`` is a code."""
    actor = actor_of(request)
    require(actor, "resources.read")
    rows = narrowed(
        selectors.resources_with_details(actor),
        filters,
        "resource",
        code__iexact=filters.code,
        kind=filters.kind,
        team=filters.team,
        skills__code=filters.skill,
    )
    return listing(rows, paging, sorts=["code", "name", "team"], shape=lambda item: _resource(actor, item))


@router.post("/resources", response={201: ResourceOut})
def create_resource(request: HttpRequest, payload: ResourceIn) -> Any:
    """A new person, machine or outsourced service."""
    actor = actor_of(request)
    facts = ResourceFacts(**_facts(payload.model_dump()))
    return Status(201, _resource(actor, services.create_resource(actor=actor, facts=facts)))


@router.get("/resources/{int:pk}", response=ResourceOut)
def resource(request: HttpRequest, pk: int) -> Any:
    """One person, machine or outsourced service."""
    actor = actor_of(request)
    return _resource(actor, get_or_not_found(selectors.resources_with_details(actor), pk=pk))


@router.patch("/resources/{int:pk}", response=ResourceOut)
def change_resource(request: HttpRequest, pk: int, payload: ResourcePatch) -> Any:
    """Change what is told; 409 when somebody else was faster."""
    actor = actor_of(request)
    facts = replace(selectors.resource_facts(selectors.get_resource(actor, pk)), **_facts(given(payload)))
    return _resource(
        actor,
        services.change_resource(actor=actor, resource_id=pk, facts=facts, expected_version=payload.version),
    )


@router.post("/resources/{int:pk}/archive", response=ResourceOut)
def archive_resource(request: HttpRequest, pk: int, payload: Versioned) -> Any:
    """Put the resource aside; nothing new is planned on it."""
    actor = actor_of(request)
    return _resource(actor, services.archive_resource(actor=actor, resource_id=pk, expected_version=payload.version))


@router.post("/resources/{int:pk}/restore", response=ResourceOut)
def restore_resource(request: HttpRequest, pk: int, payload: Versioned) -> Any:
    """Take the resource into use again."""
    actor = actor_of(request)
    return _resource(actor, services.restore_resource(actor=actor, resource_id=pk, expected_version=payload.version))


@router.get("/skills", response=Listing[SkillOut])
def skills(request: HttpRequest, paging: Query[Paging]) -> Any:
    """Every skill."""
    actor = actor_of(request)
    require(actor, "resources.read")
    return listing(
        selectors.skills(actor),
        paging,
        sorts=["code", "name"],
        shape=lambda item: fields(item, SkillOut.model_fields),
    )


@router.post("/skills", response={201: SkillOut})
def create_skill(request: HttpRequest, payload: SkillIn) -> Any:
    """A new skill."""
    found = services.create_skill(actor=actor_of(request), facts=SkillFacts(payload.code, payload.name))
    return Status(201, fields(found, SkillOut.model_fields))
