"""The next edition of a template: worked on as a draft, compared with the published one, published or discarded.

Plans are made from the published edition only, so a half-finished thought never reaches an order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from punctual.domain.plans.models import PlanTemplate
from punctual.domain.plans.services.templates import (
    checked,
    head_of,
    publish,
    task_line,
    template_to_change,
)
from punctual.domain.plans.template_document import document_of, read_document, vocabulary
from punctual.domain.plans.template_rows import rows_of
from punctual.domain.plans.wishes import refuse
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.audit.services import Change, differences, record
from punctual.platform.records import save_next

KEPT = ("code", "name", "family", "products", "goals", "tasks", "budget", "standards")


@transaction.atomic
def save_draft(
    *, actor: User, template_id: int, document: Mapping[str, Any], expected_version: int | None
) -> PlanTemplate:
    """Keep the document as the draft of the next edition; it is checked as a published one is."""
    template = template_to_change(actor, template_id, expected_version)
    head_of(document, template)
    checked(document)
    template.draft, template.draft_by = {name: document[name] for name in KEPT if name in document}, actor
    save_next(template, fields=["draft", "draft_by"])
    record(actor=actor, verb="draft", target=template)
    return template


@transaction.atomic
def publish_draft(*, actor: User, template_id: int, expected_version: int | None, note: str = "") -> PlanTemplate:
    """Make the draft the edition from which plans are made."""
    template = template_to_change(actor, template_id, expected_version)
    document, before = _draft_of(template), template.edition
    template.draft = template.draft_by = None
    publish(template, document, actor=actor, note=note[:200])
    if template.edition == before:  # The draft said what is published already.
        save_next(template, fields=["draft", "draft_by"])
    return template


@transaction.atomic
def discard_draft(*, actor: User, template_id: int, expected_version: int | None) -> PlanTemplate:
    """Back to the published edition."""
    template = template_to_change(actor, template_id, expected_version)
    _draft_of(template)
    template.draft = template.draft_by = None
    save_next(template, fields=["draft", "draft_by"])
    record(actor=actor, verb="discard_draft", target=template)
    return template


def draft_document(template: PlanTemplate) -> dict[str, Any]:
    """The draft as the editor shows it."""
    return document_of(read_document(_draft_of(template), vocabulary()), vocabulary())


def draft_changes(template: PlanTemplate) -> list[Change]:
    """What the draft would change of the published edition: the head, then each task, cost and standard in one line."""
    draft = _draft_of(template)
    head = head_of(draft, template)
    said = ("code", "name", "family")
    changes = differences({name: getattr(template, name) for name in said}, {name: head[name] for name in said})
    old, new = document_of(rows_of([template])[template.pk], vocabulary()), draft_document(template)
    changes += differences({"goals": old["goals"]}, {"goals": new["goals"]})
    were = {task["id"]: task for task in old["tasks"]}
    for task in new["tasks"]:
        was = were.pop(task["id"], None)
        if was is None or task_line(was) != task_line(task):
            before = was and task_line(was)
            changes.append(Change(field=f"{task['wbs']} {task['name']}", old=before, new=task_line(task)))
    changes += [Change(field=f"{task['wbs']} {task['name']}", old=task_line(task), new=None) for task in were.values()]
    for part in ("budget", "standards"):
        lines, others = (["  ".join(map(str, one.values())) for one in told[part]] for told in (old, new))
        changes += [Change(field=part, old=one, new=None) for one in lines if one not in others]
        changes += [Change(field=part, old=None, new=one) for one in others if one not in lines]
    return changes


def _draft_of(template: PlanTemplate) -> dict[str, Any]:
    if template.draft is None:
        refuse("template_no_draft", N_("There is no draft of this template."))
    return dict(template.draft)
