"""Plan templates: the list, the editor, and its preview."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, cast

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from punctual.domain.calendars.selectors import company_calendar
from punctual.domain.catalog.models import Product, ProductFamily
from punctual.domain.plans.models import BudgetKind, PlanTemplate
from punctual.domain.plans.selectors import listed_templates, plans_made_from, sees_budgets, template_by_code
from punctual.domain.plans.services.template_drafts import discard_draft, draft_changes, publish_draft, save_draft
from punctual.domain.plans.services.templates import (
    archive_template,
    copy_template,
    create_template,
)
from punctual.domain.plans.services.templates import preview as preview_of
from punctual.domain.plans.template_document import document_of, vocabulary
from punctual.domain.plans.template_rows import rows_of
from punctual.domain.plans.work_calendars import work_calendar
from punctual.domain.resources.models import Resource, Skill
from punctual.kernel.refusal import Conflict, Reason, Refusal
from punctual.kernel.told_json import read_json
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.audit.models import AuditEntry
from punctual.platform.audit.services import Change, story_of
from punctual.web.plans.learned import learned_of
from punctual.web.plans.pictures import long_breaks, template_picture
from punctual.web.plans.tables import TEMPLATE_COLUMNS, TEMPLATE_FILTERS
from punctual.web.shell.columns import BuiltInView
from punctual.web.shell.lists import ListPage
from punctual.web.shell.middleware import status_of
from punctual.web.shell.reading import whole
from punctual.web.shell.refusals import worded

EMPTY: dict[str, Any] = {"goals": "", "tasks": [], "budget": [], "standards": [], "products": []}
LARGEST = 2_000_000


def _actor(request: HttpRequest) -> User:
    return cast(User, request.user)


class Templates(ListPage):
    """Every plan template."""

    key = "plan_templates"
    title = gettext_lazy("Plan templates")
    icon = "template"
    columns = TEMPLATE_COLUMNS
    filters = TEMPLATE_FILTERS
    tabs = (
        BuiltInView(gettext_lazy("In use"), "state=in_use"),
        BuiltInView(gettext_lazy("All"), ""),
    )
    search_kind = "plantemplate"
    search_hint = gettext_lazy("Code or name")
    default_sort = "code"
    create = ("plan_template_new", gettext_lazy("New template"), "templates.edit")
    empty_text = gettext_lazy("A template says how a kind of product is made: tasks, links, needs and money.")

    def rows(self, actor: User) -> QuerySet[Any]:
        require(actor, "templates.view")
        return listed_templates(actor)

    def url_of(self, item: PlanTemplate) -> str:
        return reverse("plan_template", args=[item.code])


def edit(request: HttpRequest, code: str = "") -> HttpResponse:
    """The editor; a POST carries the whole document as JSON and answers with the address or every reason."""
    actor = _actor(request)
    found = template_by_code(actor, code) if code else None
    if request.method == "POST":
        return _save(request, actor, found)
    if found is None:
        require(actor, "templates.edit")
    may_edit = may(actor, "templates.edit") and not (found and found.archived_at)
    document, draft = _shown(found, may_edit=may_edit)
    sees_budget = sees_budgets(actor)
    if not sees_budget:
        document = {**document, "budget": []}
    products = Product.objects.filter(archived_at=None).order_by("model")
    context = {
        "title": str(found) if found else _("New template"),
        "template": found,
        "head": {name: document.get(name) for name in ("code", "name", "family")},
        "draft": draft,
        "used": plans_made_from(found) if found else 0,
        "document": document,
        "learned": learned_of(document["tasks"]),
        "may_edit": may_edit,
        "sees_budget": sees_budget,
        "may_archive": may(actor, "templates.edit"),
        "families": ProductFamily.objects.all(),
        "products": [(one, one.pk in document["products"]) for one in products],
        "chosen": [one for one in products if one.pk in document["products"]],
        "kinds": BudgetKind.choices,
        "suggestions": [*Skill.objects.values_list("name", flat=True), *_resource_names()],
        "start": timezone.localdate(),
        "words": {name: str(text) for name, text in WORDS.items()},
        "story": _story(found, sees_budget=sees_budget) if found else [],
    }
    return render(request, "plans/template.html", context)


def _story(found: PlanTemplate, *, sees_budget: bool) -> list[AuditEntry]:
    """The last entries, without what budget lines said for who sees none."""
    entries = list(story_of(found)[:8])
    for entry in entries if not sees_budget else ():
        entry.changes = [one for one in entry.changes if not str(one["field"]).startswith("budget ")]
    return entries


@dataclass(frozen=True, slots=True)
class ShownDraft:
    """Who works on the next edition, and what it would change; ``faults`` where it no longer fits."""

    by: User | None
    number: int
    changes: list[Change]
    faults: list[str]


def _shown(found: PlanTemplate | None, *, may_edit: bool) -> tuple[dict[str, Any], ShownDraft | None]:
    """The document on the page: the draft for those who may edit it, else what is published."""
    if found is None:
        return EMPTY, None
    published = {
        **document_of(rows_of([found])[found.pk], vocabulary()),
        "code": found.code,
        "name": found.name,
        "family": found.family_id,
        "products": list(found.product_links.values_list("product_id", flat=True)),
    }
    if found.draft is None or not may_edit:
        return published, None
    try:
        changes, faults = draft_changes(found), list[str]()
    except Refusal as refusal:
        changes, faults = [], [worded(one) for one in refusal.reasons]
    return {**published, **found.draft}, ShownDraft(found.draft_by, found.edition + 1, changes, faults)


WORDS = {
    "up": gettext_lazy("Out"),
    "failed": gettext_lazy("Something went wrong"),
    "saved": gettext_lazy("Saved."),
    "row": gettext_lazy("Row"),
    "leave": gettext_lazy("There are changes that are not saved."),
}


def _resource_names() -> list[str]:
    return list(Resource.objects.filter(archived_at=None).values_list("name", flat=True))


def _document(request: HttpRequest) -> dict[str, Any]:
    wrong = Reason("template.unreadable", N_("The template could not be read; reload the page and try again."))
    if len(request.body) > LARGEST:
        raise Refusal(wrong)
    try:
        found = read_json(request.body)
    except ValueError as error:
        raise Refusal(wrong) from error
    if not isinstance(found, dict):
        raise Refusal(wrong)
    return found


def _refused(refusal: Refusal) -> JsonResponse:
    reasons = [{"row": one.row, "field": one.field, "message": worded(one)} for one in refusal.reasons]
    more = {"changes": list(refusal.changes)} if isinstance(refusal, Conflict) else {}
    return JsonResponse({"reasons": reasons, **more}, status=status_of(refusal))


def _save(request: HttpRequest, actor: User, found: PlanTemplate | None) -> HttpResponse:
    try:
        document = _document(request)
        if found is None:
            saved = create_template(actor=actor, document=document)
        else:
            version = document.get("version")
            expected = version if isinstance(version, int) else -1
            saved = save_draft(actor=actor, template_id=found.pk, document=document, expected_version=expected)
    except Refusal as refusal:
        return _refused(refusal)
    messages.success(
        request, _("Saved.") if found is None else _("Draft saved; plans still use the published edition.")
    )
    return JsonResponse({"url": reverse("plan_template", args=[saved.code])})


@require_POST
def publish(request: HttpRequest, code: str) -> HttpResponse:
    """The draft becomes the edition from which plans are made."""
    actor = _actor(request)
    found = template_by_code(actor, code)
    saved = publish_draft(
        actor=actor, template_id=found.pk, expected_version=_version(request), note=request.POST.get("note", "")
    )
    messages.success(request, _("Edition %(number)s is published.") % {"number": saved.edition})
    return redirect("plan_template", code=saved.code)


@require_POST
def discard(request: HttpRequest, code: str) -> HttpResponse:
    """Back to the published edition."""
    actor = _actor(request)
    found = template_by_code(actor, code)
    discard_draft(actor=actor, template_id=found.pk, expected_version=_version(request))
    messages.success(request, _("Draft discarded."))
    return redirect("plan_template", code=code)


def _version(request: HttpRequest) -> int:
    version = request.POST.get("version", "")
    return whole(version, -1)


@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """The Gantt of the document as it stands in the editor, for a quantity and a start."""
    require(_actor(request), "templates.view")
    try:
        state, result = preview_of(_document(request))
    except Refusal as refusal:
        return _refused(refusal)
    calendar = work_calendar(company_calendar(), state.plan.start)
    first, last = result.start.date(), result.finish.date()
    every = (dt.date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1))
    days = [day for day in every if not calendar.is_working_day(day)]
    context = {
        "picture": template_picture(state, result.dates, long_breaks([day.isoformat() for day in days])),
        "first": first,
        "last": last,
        "working_days": (last - first).days + 1 - len(days),
    }
    return render(request, "plans/template_preview.html", context)


@require_POST
def copy(request: HttpRequest, code: str) -> HttpResponse:
    """The same template under another code."""
    actor = _actor(request)
    found = template_by_code(actor, code)
    made = copy_template(
        actor=actor, template_id=found.pk, code=request.POST.get("code", ""), name=request.POST.get("name", "")
    )
    messages.success(request, _("Copied."))
    return redirect("plan_template", code=made.code)


@require_POST
def archive(request: HttpRequest, code: str) -> HttpResponse:
    """Out of use, or back."""
    actor = _actor(request)
    found = template_by_code(actor, code)
    archived = found.archived_at is None
    archive_template(actor=actor, template_id=found.pk, archived=archived, expected_version=_version(request))
    messages.success(request, _("Archived.") if archived else _("Taken back into use."))
    return redirect("plan_template", code=code)
