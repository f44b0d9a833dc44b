"""The company's matrix and its library of typical risks."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.risks.facts import POINT_FIELDS, matrix, points_of, risk_settings
from punctual.domain.risks.models import TypicalRisk
from punctual.domain.risks.selectors import typical_by_id, typical_risks
from punctual.domain.risks.services.company import (
    archive_typical_risk,
    change_risk_settings,
    keep_typical_risk,
)
from punctual.kernel.quantity import NotANumber, parse_decimal, plain
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.permissions import may, require
from punctual.web.master.pages import Crumb, actor_of, edit
from punctual.web.risks.forms import MatrixForm, TypicalForm
from punctual.web.risks.marks import three
from punctual.web.risks.pictures import matrix_picture
from punctual.web.shell.middleware import status_of
from punctual.web.shell.refusals import show_in

TEXTS = ("title", "category", "cause", "task_words", "trigger", "contingency", "response_kind", "response_title")


def _numbers(text: str, field: str) -> list[Decimal]:
    try:
        return [parse_decimal(part) for part in text.replace("，", ",").split(",") if part.strip()]
    except NotANumber as error:
        raise Refusal(
            Reason("risk.bounds_text", N_("Write numbers, separated by commas: 10, 25, 40, 65."), field=field)
        ) from error


def risk_settings_page(request: HttpRequest) -> HttpResponse:
    """Matrix and library; who may not set them reads them."""
    actor = actor_of(request)
    require(actor, "risks.view")
    found = risk_settings()
    plain_names = ("watch_from", "act_from", "stop_from", "review_days", "version")
    initial: dict[str, Any] = {name: getattr(found, name) for name in plain_names}
    for name in ("probability_bounds", "impact_bounds"):
        initial[name] = ", ".join(plain(Decimal(str(one))) for one in getattr(found, name))
    form = MatrixForm(request.POST or None, initial=initial)
    status = 200
    if request.method == "POST" and form.is_valid():
        facts = form.facts()
        try:
            change_risk_settings(
                actor=actor,
                probability_bounds=_numbers(facts.pop("probability_bounds"), "probability_bounds"),
                impact_bounds=_numbers(facts.pop("impact_bounds"), "impact_bounds"),
                expected_version=form.cleaned_data["version"],
                **facts,
            )
        except Refusal as refusal:
            status = status_of(refusal)
            show_in(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("risk_settings")
    rows = [(one, three(one.days_low, one.days_mode, one.days_high)) for one in typical_risks(actor, archived=True)]
    context = {
        "title": _("Risk matrix and library"),
        "form": form,
        "rows": rows,
        "picture": matrix_picture([], matrix()),
        "may_set": may(actor, "risks.settings"),
    }
    return render(request, "risks/settings.html", context, status=status)


def edit_typical(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Make or change an entry of the library."""
    actor = actor_of(request)
    require(actor, "risks.settings")
    found = typical_by_id(actor, pk) if pk else None
    initial: dict[str, Any] = {}
    if found:
        initial = {name: getattr(found, name) for name in (*TEXTS, "response_cost", "response_probability")}
        initial |= {**asdict(points_of(found)), "family": found.family_id}
    form = TypicalForm(request.POST or None, initial=initial)

    def save(facts: dict[str, Any], version: int | None) -> Model:
        typical = found or TypicalRisk()
        points = form.points()
        for name in POINT_FIELDS:
            setattr(typical, name, getattr(points, name))
        for name in TEXTS:
            setattr(typical, name, facts[name])
        typical.family = facts["family"]
        typical.response_cost = facts["response_cost"] or Decimal(0)
        typical.response_probability = facts["response_probability"] or 0
        return keep_typical_risk(actor=actor, typical=typical)

    back = reverse("risk_settings")
    return edit(
        request,
        form,
        save,
        title=_("Typical risk"),
        crumbs=[Crumb(reverse("risks"), _("Risks")), Crumb(back, _("Risk matrix and library"))],
        back=back,
        done=lambda saved: back,
        wide={"title": "w2x", "cause": "w4x", "task_words": "w2x", "trigger": "w2x", "contingency": "w2x"},
    )


@require_POST
def archive_typical(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    found = typical_by_id(actor, pk)
    archive_typical_risk(actor=actor, typical=found, archived=found.archived_at is None)
    messages.success(request, _("Saved."))
    return redirect("risk_settings")
