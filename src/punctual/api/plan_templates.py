"""Plan templates: how a kind of product is planned."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from punctual.api.authentication import actor_of
from punctual.api.pages import Listing, Paging, listing
from punctual.domain.plans.models import PlanTemplate, TemplateEdition
from punctual.domain.plans.selectors import listed_templates, sees_budgets, shape_tasks, template_by_code
from punctual.domain.plans.services.template_drafts import discard_draft, draft_changes, publish_draft, save_draft
from punctual.domain.plans.services.templates import (
    archive_template,
    change_template,
    copy_template,
    create_template,
    preview,
)
from punctual.domain.plans.template_document import document_of, vocabulary
from punctual.domain.plans.template_rows import rows_of
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require

router = Router()


class TemplateHead(Schema):
    code: str
    version: int
    name: str
    family: int | None
    archived: bool
    edition: int
    has_draft: bool


class EditionOut(Schema):
    number: int
    published_at: dt.datetime
    published_by: str
    note: str
    document: dict[str, Any]


class DifferenceOut(Schema):
    """``field``: part of the head, ``WBS name`` of a task, ``budget`` or ``standards``; null is "not there"."""

    field: str
    old: Any
    new: Any


class VersionIn(Schema):
    version: int
    note: str = ""


class TemplateTaskIO(Schema):
    """A row of the outline. ``duration`` in working days (``30e``: days on the clock), ``needs`` such as ``钳工 2``,
    ``after`` such as ``1.1 FS+2``."""

    id: int | None = None
    level: int = 0
    name: str
    duration: str = ""
    duration_per_unit: str = ""
    is_milestone: bool = False
    is_delivery: bool = False
    needs: str = ""
    after: str = ""
    notes: str = ""


class TemplateBudgetIO(Schema):
    kind: str
    name: str = ""
    amount: str = "0"
    amount_per_unit: str = "0"
    task: str = ""


class TemplateStandardIO(Schema):
    criterion: str
    method: str = ""


class TemplateOut(TemplateHead):
    """``budget`` is empty for who sees no budgets."""

    goals: str
    products: list[int]
    tasks: list[TemplateTaskIO]
    budget: list[TemplateBudgetIO]
    standards: list[TemplateStandardIO]


class TemplateIn(Schema):
    """``products``: ids of those that call for it; left out, they stay as they are."""

    code: str
    name: str
    family: int | None = None
    goals: str = ""
    products: list[int] | None = None
    tasks: list[TemplateTaskIO]
    budget: list[TemplateBudgetIO] = Field(default_factory=list)
    standards: list[TemplateStandardIO] = Field(default_factory=list)


class TemplateChange(TemplateIn):
    version: int


class CopyIn(Schema):
    code: str
    name: str


class ArchiveIn(Schema):
    archived: bool
    version: int


class PreviewIn(TemplateIn):
    code: str = ""
    name: str = ""
    quantity: str = "1"
    start: str


def _head(template: PlanTemplate) -> dict[str, Any]:
    return {
        "code": template.code,
        "version": template.version,
        "name": template.name,
        "family": template.family_id,
        "archived": template.archived_at is not None,
        "edition": template.edition,
        "has_draft": template.draft is not None,
    }


def _seen(document: dict[str, Any], actor: User) -> dict[str, Any]:
    """Without the budget for who sees none."""
    return document if sees_budgets(actor) else {**document, "budget": []}


def _whole(template: PlanTemplate, actor: User) -> dict[str, Any]:
    document = _seen(document_of(rows_of([template])[template.pk], vocabulary()), actor)
    products = list(template.product_links.values_list("product_id", flat=True))
    return {**_head(template), **document, "products": products}


def _edition(edition: TemplateEdition, actor: User) -> dict[str, Any]:
    told = {name: getattr(edition, name) for name in ("number", "published_at", "note")}
    document = _seen(edition.document, actor)
    return {**told, "document": document, "published_by": str(edition.published_by or "")}


def _document(payload: TemplateIn) -> dict[str, Any]:
    document = payload.dict()
    if payload.products is None:
        document.pop("products")
    return document


@router.get("/plan-templates", response=Listing[TemplateHead])
def templates(request: HttpRequest, paging: Query[Paging]) -> Any:
    """Every template, archived ones too."""
    return listing(listed_templates(actor_of(request)), paging, sorts=["code", "name"], shape=_head)


@router.post("/plan-templates", response=TemplateOut)
def create(request: HttpRequest, payload: TemplateIn) -> Any:
    """A new template."""
    actor = actor_of(request)
    return _whole(create_template(actor=actor, document=_document(payload)), actor)


@router.post("/plan-templates/preview")
def try_out(request: HttpRequest, payload: PreviewIn) -> Any:
    """What a template would give for a quantity from a day on; nothing is stored."""
    require(actor_of(request), "templates.view")
    state, result = preview(_document(payload))
    return {"start": result.start, "finish": result.finish, "tasks": shape_tasks(state, dict(result.dates))}


@router.get("/plan-templates/{code}", response=TemplateOut)
def template(request: HttpRequest, code: str) -> Any:
    """One template with everything it says."""
    actor = actor_of(request)
    return _whole(template_by_code(actor, code), actor)


@router.put("/plan-templates/{code}", response=TemplateOut)
def change(request: HttpRequest, code: str, payload: TemplateChange) -> Any:
    """Publish what it says as the next edition; tasks with their id stay the same tasks."""
    actor = actor_of(request)
    found = template_by_code(actor, code)
    document = _document(payload)
    version = document.pop("version")
    changed = change_template(actor=actor, template_id=found.pk, document=document, expected_version=version)
    return _whole(changed, actor)


@router.get("/plan-templates/{code}/editions", response=Listing[EditionOut])
def editions(request: HttpRequest, code: str, paging: Query[Paging]) -> Any:
    """What it said from when on, the newest first."""
    actor = actor_of(request)
    rows = template_by_code(actor, code).editions.select_related("published_by")
    return listing(rows, paging, sorts=["number"], shape=partial(_edition, actor=actor))


@router.put("/plan-templates/{code}/draft", response=TemplateHead)
def keep_draft(request: HttpRequest, code: str, payload: TemplateChange) -> Any:
    """Keep it as the draft of the next edition; plans are made from the published one."""
    actor = actor_of(request)
    found = template_by_code(actor, code)
    document = _document(payload)
    version = document.pop("version")
    return _head(save_draft(actor=actor, template_id=found.pk, document=document, expected_version=version))


@router.get("/plan-templates/{code}/draft/differences", response=list[DifferenceOut])
def compare_draft(request: HttpRequest, code: str) -> Any:
    """What the draft would change of the published edition."""
    actor = actor_of(request)
    found = draft_changes(template_by_code(actor, code))
    return [one for one in found if one["field"] != "budget" or sees_budgets(actor)]


@router.post("/plan-templates/{code}/draft/publish", response=TemplateOut)
def publish(request: HttpRequest, code: str, payload: VersionIn) -> Any:
    """Make the draft the edition from which plans are made."""
    actor = actor_of(request)
    found = template_by_code(actor, code)
    published = publish_draft(actor=actor, template_id=found.pk, expected_version=payload.version, note=payload.note)
    return _whole(published, actor)


@router.post("/plan-templates/{code}/draft/discard", response=TemplateHead)
def discard(request: HttpRequest, code: str, payload: VersionIn) -> Any:
    """Back to the published edition."""
    actor = actor_of(request)
    found = template_by_code(actor, code)
    return _head(discard_draft(actor=actor, template_id=found.pk, expected_version=payload.version))


@router.post("/plan-templates/{code}/copy", response=TemplateOut)
def copy(request: HttpRequest, code: str, payload: CopyIn) -> Any:
    """The same under another code."""
    actor = actor_of(request)
    found = template_by_code(actor, code)
    return _whole(copy_template(actor=actor, template_id=found.pk, code=payload.code, name=payload.name), actor)


@router.post("/plan-templates/{code}/archive", response=TemplateHead)
def archive(request: HttpRequest, code: str, payload: ArchiveIn) -> Any:
    """Out of use, or back."""
    actor = actor_of(request)
    found = template_by_code(actor, code)
    return _head(
        archive_template(actor=actor, template_id=found.pk, archived=payload.archived, expected_version=payload.version)
    )
