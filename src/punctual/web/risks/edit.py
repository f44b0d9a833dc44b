"""Enter and change risks and responses."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import order_by_key
from punctual.domain.risks.facts import points_of
from punctual.domain.risks.models import Risk
from punctual.domain.risks.selectors import risk_by_id
from punctual.domain.risks.services.register import RiskFacts, change_risk, identify_risk
from punctual.domain.risks.services.responses import propose_response
from punctual.platform.accounts.permissions import require
from punctual.web.master.pages import Crumb, actor_of, edit
from punctual.web.risks.forms import ResponseForm, RiskForm

WIDE = {"title": "w2x", "cause": "w4x", "trigger": "w2x", "contingency": "w2x", "basis": "w2x", "tasks": "w4x",
        "suppliers": "w2x", "resources": "w2x"}  # fmt: skip


def _initial(risk: Risk) -> dict[str, Any]:
    names = (
        "title",
        "category",
        "cause",
        "trigger",
        "contingency",
        "basis",
        "quality",
        "safety",
        "review_on",
        "version",
    )
    return {
        **{name: getattr(risk, name) for name in names},
        **asdict(points_of(risk)),
        "owner": risk.owner_id,
        "tasks": [str(one.pk) for one in risk.tasks.all()],
        "resources": [one.pk for one in risk.resources.all()],
        "suppliers": [one.pk for one in risk.suppliers.all()],
    }


def _crumbs(order: Order | None, risk: Risk | None) -> list[Crumb]:
    crumbs = [Crumb(reverse("risks"), _("Risks"))]
    if order:
        crumbs.append(Crumb(reverse("order_risks", args=[order.key]), order.label, is_data=True))
    if risk:
        crumbs.append(Crumb(reverse("risk", args=[risk.pk]), risk.number, is_data=True))
    return crumbs


def edit_risk(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Enter a risk, of the order named by ``?order=`` or of the company; or change one."""
    actor = actor_of(request)
    require(actor, "risks.write")
    found = risk_by_id(actor, pk) if pk else None
    wish = request.GET.get("order", "")
    order = found.order if found else order_by_key(actor, wish) if wish else None
    initial = _initial(found) if found else {"owner": actor.pk}
    form = RiskForm(order, request.POST or None, initial=initial)

    def save(facts: dict[str, Any], version: int | None) -> Model:
        told = RiskFacts(**form.risk_facts())
        if found is None:
            return identify_risk(actor=actor, facts=told, order=order, today=timezone.localdate())
        return change_risk(actor=actor, risk_id=found.pk, facts=told, expected_version=version)

    back = reverse("risk", args=[found.pk]) if found else reverse("risks")
    return edit(
        request,
        form,
        save,
        title=_("Edit the risk") if found else _("New risk"),
        crumbs=_crumbs(order, found),
        back=reverse("order_risks", args=[order.key]) if order and not found else back,
        done=lambda saved: reverse("risk", args=[saved.pk]),
        wide=WIDE,
    )


def new_response(request: HttpRequest, pk: int) -> HttpResponse:
    """One more way to meet a risk."""
    actor = actor_of(request)
    require(actor, "risks.write")
    found = risk_by_id(actor, pk)
    form = ResponseForm(request.POST or None, initial={**asdict(points_of(found)), "version": found.version})

    def save(facts: dict[str, Any], version: int | None) -> Model:
        propose_response(
            actor=actor,
            risk_id=pk,
            kind=facts["kind"],
            title=facts["title"],
            cost=facts["cost"] or Decimal(0),
            after=form.points(),
            owner=facts["owner"],
            due=facts["due"],
            expected_version=version,
        )
        return found

    return edit(
        request,
        form,
        save,
        title=_("New response"),
        crumbs=_crumbs(found.order, found),
        back=reverse("risk", args=[pk]),
        done=lambda saved: reverse("risk", args=[pk]),
        wide={"title": "w2x"},
    )
