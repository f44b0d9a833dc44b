"""Create, change, copy and archive plan templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from punctual.domain.calendars.selectors import company_calendar
from punctual.domain.catalog.models import Product, ProductFamily
from punctual.domain.plans.engine_plan import PlanCalendars, Scheduled, scheduled
from punctual.domain.plans.models import (
    PlanTemplate,
    ProductTemplate,
    TemplateBudget,
    TemplateEdition,
    TemplateLink,
    TemplateNeed,
    TemplateStandard,
    TemplateTask,
)
from punctual.domain.plans.selectors import templates_of
from punctual.domain.plans.state import PlanFacts, PlanState
from punctual.domain.plans.template_document import document_of, outline, read_document, vocabulary
from punctual.domain.plans.template_rows import Step, TemplateRows, rows_of, unfold
from punctual.domain.plans.wishes import day, line, refuse
from punctual.domain.plans.work_calendars import work_calendar
from punctual.kernel.quantity import NotANumber, parse_decimal
from punctual.kernel.refusal import Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import Listed, require
from punctual.platform.audit.services import Change, differences, record
from punctual.platform.records import lock, save_next
from punctual.platform.search.services import Document, index


def search_document(template: PlanTemplate) -> Document:
    return Document(target=template, label=str(template), detail="", texts=[template.code, template.name])


@transaction.atomic
def create_template(*, actor: User, document: Mapping[str, Any]) -> PlanTemplate:
    """A new template out of a document (``template_document``) with ``code``, ``name``, ``family``, ``products``; its
    first edition is published at once."""
    require(actor, "templates.edit")
    head = head_of(document)
    rows = checked(document)
    template = PlanTemplate.objects.create(**head, goals=rows.goals)
    _write(template, rows)
    _set_products(template, document, actor)
    _keep_edition(template, actor)
    record(actor=actor, verb="create", target=template)
    index([search_document(template)])
    return template


@transaction.atomic
def change_template(
    *, actor: User, template_id: int, document: Mapping[str, Any], expected_version: int | None, note: str = ""
) -> PlanTemplate:
    """Publish what the document says as the next edition; steps with a known id stay the same steps. Plans already made
    don't change. Refused while somebody works on a draft."""
    template = template_to_change(actor, template_id, expected_version)
    if template.draft is not None:
        refuse("template_draft", N_("There is a draft of it; publish or discard that first."))
    return publish(template, document, actor=actor, note=note)


def template_to_change(actor: User, template_id: int, expected_version: int | None) -> PlanTemplate:
    """Locked, and in use."""
    require(actor, "templates.edit")
    template = lock(templates_of(actor, archived=True), expected_version=expected_version, pk=template_id)
    if template.archived_at is not None:
        refuse("template_archived", N_("An archived template can't be changed; take it back first."))
    return template


def publish(template: PlanTemplate, document: Mapping[str, Any], *, actor: User, note: str = "") -> PlanTemplate:
    """Write the document over the template, and keep it as the next edition unless nothing differs."""
    head = head_of(document, template)
    rows = checked(document)
    words = vocabulary()
    before = told(template, document_of(rows_of([template])[template.pk], words))
    for name, value in {**head, "goals": rows.goals}.items():
        setattr(template, name, value)
    _write(template, rows)
    products = _set_products(template, document, actor)
    changes = [*differences(before, told(template, document_of(rows_of([template])[template.pk], words))), *products]
    if changes:
        template.edition += 1
        save_next(template)
        _keep_edition(template, actor, note)
        record(actor=actor, verb="publish", target=template, changes=changes, reason=note)
        index([search_document(template)])
    return template


def _keep_edition(template: PlanTemplate, actor: User, note: str = "") -> None:
    document = document_of(rows_of([template])[template.pk], vocabulary())
    TemplateEdition.objects.create(
        template=template, number=template.edition, document=document, published_by=actor, note=note
    )


@transaction.atomic
def copy_template(*, actor: User, template_id: int, code: str, name: str) -> PlanTemplate:
    """The same steps under another code; no product calls for it yet."""
    require(actor, "templates.edit")
    source = lock(templates_of(actor, archived=True), expected_version=None, pk=template_id)
    rows = rows_of([source])[source.pk]
    head = head_of({"code": code, "name": name, "family": source.family_id})
    template = PlanTemplate.objects.create(**head, goals=rows.goals)
    _write(template, _with_new_keys(rows))
    _keep_edition(template, actor)
    record(actor=actor, verb="copy", target=template, changes=[Change(field="copied_from", old=None, new=str(source))])
    index([search_document(template)])
    return template


@transaction.atomic
def archive_template(*, actor: User, template_id: int, archived: bool, expected_version: int | None) -> PlanTemplate:
    """Out of use, or back. Refused while products call for it."""
    require(actor, "templates.edit")
    template = lock(templates_of(actor, archived=True), expected_version=expected_version, pk=template_id)
    models = list(template.product_links.values_list("product__model", flat=True)[:5])
    if archived and models:
        refuse(
            "template_used",
            N_("Products still call for it: %(models)s. Give them another template first."),
            "",
            models=Listed(models),
        )
    template.archived_at = timezone.now() if archived else None
    save_next(template, fields=["archived_at"])
    record(actor=actor, verb="archive" if archived else "restore", target=template)
    return template


def preview(document: Mapping[str, Any]) -> tuple[PlanState, Scheduled]:
    """What the document would give for ``quantity`` from ``start`` on, over the company calendar; nothing is stored."""
    rows = read_document(document, vocabulary())
    try:
        quantity = parse_decimal(str(document.get("quantity") or "1"))
    except NotANumber:
        quantity = Decimal(-1)
    if not 0 < quantity <= 10_000:
        refuse("quantity", N_("Give a quantity from 1 to %(most)s."), "quantity", most=10_000)
    begin = day(document, "start")
    assert begin is not None
    state = PlanState(PlanFacts(begin))
    unfold(rows, state, quantity=quantity)
    return state, scheduled(state, PlanCalendars(work_calendar(company_calendar(), begin), {}))


# ----------------------------------------------------------------------------------------------------------- inside


def head_of(document: Mapping[str, Any], template: PlanTemplate | None = None) -> dict[str, Any]:
    """Code, name and family as the document says them; refused with every reason."""
    faults: list[Reason] = []
    values: dict[str, Any] = {}
    for field, most in (("code", 20), ("name", 80)):
        try:
            values[field] = line(document, field, most=most)
        except Refusal as refusal:
            faults += refusal.reasons
    taken = PlanTemplate.objects.filter(code__iexact=values.get("code", ""))
    if (taken.exclude(pk=template.pk) if template else taken).exists():
        faults.append(
            Reason("template.code_taken", N_("There is a template %(code)s already."), {"code": values["code"]}, "code")
        )
    family = document.get("family")
    values["family"] = ProductFamily.objects.filter(pk=family).first() if isinstance(family, int) else None
    refuse_if(faults)
    return values


def checked(document: Mapping[str, Any]) -> TemplateRows:
    """The document's rows; a circle of links is found by scheduling them once."""
    rows = read_document(document, vocabulary())
    state = PlanState(PlanFacts(timezone.localdate()))
    unfold(rows, state, quantity=Decimal(1))
    scheduled(state, PlanCalendars(work_calendar(company_calendar(), state.plan.start), {}))
    return rows


def told(template: PlanTemplate, document: Mapping[str, Any]) -> dict[str, object]:
    """What the story compares: the head, and each task, budget line and standard in one line."""
    says: dict[str, object] = {
        "code": template.code,
        "name": template.name,
        "family": template.family,
        "goals": template.goals,
    }
    for task in document["tasks"]:
        says[f"task {task['wbs']}"] = task_line(task)
    for number, one in enumerate(document["budget"], start=1):
        says[f"budget {number}"] = " | ".join(map(str, one.values()))
    for number, one in enumerate(document["standards"], start=1):
        says[f"standard {number}"] = " | ".join(one.values())
    return says


def task_line(task: Mapping[str, Any]) -> str:
    """A task of a document in one line."""
    parts = (task["name"], task["duration"], task["duration_per_unit"], task["needs"], task["after"])
    return " | ".join(part for part in parts if part not in ("", "0"))


def _with_new_keys(rows: TemplateRows) -> TemplateRows:
    new = {step.key: -1 - number for number, step in enumerate(rows.steps)}
    return replace(
        rows,
        steps=tuple(
            replace(step, key=new[step.key], parent=None if step.parent is None else new[step.parent])
            for step in rows.steps
        ),
        links=tuple(replace(one, predecessor=new[one.predecessor], successor=new[one.successor]) for one in rows.links),
        budget=tuple(replace(one, step=None if one.step is None else new[one.step]) for one in rows.budget),
    )


def _write(template: PlanTemplate, rows: TemplateRows) -> None:
    """Bring the template's rows to what is wanted: steps by their keys, everything hanging on them afresh."""
    known = {task.pk: task for task in TemplateTask.objects.filter(template=template)}
    kept = {step.key for step in rows.steps} & known.keys()
    for model in (TemplateLink, TemplateBudget, TemplateStandard):
        model._default_manager.filter(template=template).delete()
    TemplateNeed.objects.filter(task__template=template).delete()
    ids = _write_steps(template, rows.steps, {key: known[key] for key in kept})
    TemplateTask.objects.filter(template=template).exclude(pk__in=ids.values()).delete()
    TemplateNeed.objects.bulk_create(
        TemplateNeed(task_id=ids[step.key], skill_id=skill, resource_id=resource, units=units)
        for step in rows.steps
        for skill, resource, units in step.needs
    )
    TemplateLink.objects.bulk_create(
        TemplateLink(
            template=template,
            predecessor_id=ids[one.predecessor],
            successor_id=ids[one.successor],
            type=one.type,
            lag=one.lag,
            lag_unit=one.lag_unit,
        )
        for one in rows.links
    )
    TemplateBudget.objects.bulk_create(
        TemplateBudget(
            template=template,
            task_id=None if one.step is None else ids[one.step],
            kind=one.kind,
            name=one.name,
            amount=one.amount,
            amount_per_unit=one.amount_per_unit,
        )
        for one in rows.budget
    )
    TemplateStandard.objects.bulk_create(
        TemplateStandard(template=template, position=number, criterion=criterion, method=method)
        for number, (criterion, method) in enumerate(rows.standards)
    )


def _write_steps(template: PlanTemplate, steps: Sequence[Step], known: Mapping[int, TemplateTask]) -> dict[int, int]:
    """Parents first, one statement a step; returns the id of each key."""
    keys = {step.key: number for number, step in enumerate(steps)}
    levels: list[int] = []
    for step in steps:
        levels.append(0 if step.parent is None else levels[keys[step.parent]] + 1)
    ids: dict[int, int] = {}
    for position, (step, place) in enumerate(zip(steps, outline(levels), strict=True)):
        row = known.get(step.key) or TemplateTask(template=template)
        row.parent_id = None if step.parent is None else ids[step.parent]
        row.position, row.wbs, row.name, row.notes = position, place.wbs, step.name, step.notes
        row.duration, row.duration_per_unit = step.duration, step.duration_per_unit
        row.is_elapsed, row.is_milestone, row.is_delivery = step.is_elapsed, step.is_milestone, step.is_delivery
        row.save()
        ids[step.key] = row.pk
    return ids


def _set_products(template: PlanTemplate, document: Mapping[str, Any], actor: User) -> list[Change]:
    """Let exactly the products of ``products`` (ids) call for it; without that key nothing changes."""
    if "products" not in document:
        return []
    wanted = {one for one in document["products"] or [] if isinstance(one, int)}
    have = dict(template.product_links.values_list("product_id", "product__model"))
    found = dict(Product.objects.filter(pk__in=wanted).values_list("pk", "model"))
    if have == found:
        return []
    template.product_links.exclude(product_id__in=found).delete()
    for product_id in found.keys() - have.keys():
        ProductTemplate.objects.update_or_create(product_id=product_id, defaults={"template": template})
    return [Change(field="products", old=", ".join(sorted(have.values())), new=", ".join(sorted(found.values())))]
