"""A risk, an order's risks with their effect, and the review meeting."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from punctual.domain.actions.selectors import actions_caused_by
from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import order_by_key
from punctual.domain.risks.facts import in_force, matrix, points_of, residual
from punctual.domain.risks.life import LIFE, LIVE
from punctual.domain.risks.models import Risk, RiskAnalysis
from punctual.domain.risks.selectors import latest_analysis, risk_by_id, risks_on, to_review
from punctual.flows.risk_analysis import is_stale, running_job
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.audit.services import story_of
from punctual.web.master.history import story
from punctual.web.master.pages import actor_of
from punctual.web.risks.marks import level_chip, levels, state_chip, three
from punctual.web.risks.paper import risk_paper
from punctual.web.risks.pictures import curve, matrix_picture, tornado


def shown_risk(risk: Risk, actor: User, analysis: RiskAnalysis | None) -> dict[str, Any]:
    """What the card of one risk shows: facts, verbs, responses with what each buys."""
    shown = matrix()
    figures = analysis.result["responses"] if analysis else {}
    before, after = levels(risk, shown)
    return {
        "risk": risk,
        "chip": state_chip(risk),
        "level": level_chip(risk, shown),
        "inherent": before,
        "residual": after,
        "tasks": list(risk.tasks.all()),
        "resources": list(risk.resources.all()),
        "suppliers": list(risk.suppliers.all()),
        "now": points_of(risk),
        "then": residual(risk),
        "chosen": in_force(risk),
        "responses": [(one, _figures(figures.get(str(one.pk)))) for one in risk.responses.all()],
        "chance": analysis.result["now"]["chance"] if analysis else None,
        "verbs": {verb: LIFE.allows(risk.state, verb) for verb in LIFE.verbs},
        "may_write": may(actor, "risks.write"),
        "may_decide": may(actor, "risks.decide"),
    }


def _figures(kept: dict[str, Any] | None) -> dict[str, Any] | None:
    """What was computed for a response, money as money again."""
    if kept is None:
        return None
    return {**kept, "per_day": Decimal(kept["per_day"]) if kept["per_day"] else None}


def risk(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about one risk."""
    actor = actor_of(request)
    require(actor, "risks.view")
    found = risk_by_id(actor, pk)
    analysis = latest_analysis(found.order) if found.order else None
    context = {
        "title": f"{found.number} {found.title}",
        "order": found.order,
        "one": shown_risk(found, actor, analysis),
        "days": three(found.days_low, found.days_mode, found.days_high),
        "costs": three(found.cost_low, found.cost_mode, found.cost_high),
        "contribution": analysis.result["risks"].get(str(found.pk)) if analysis else None,
        "actions": actions_caused_by(actor, found),
        "story": story(story_of(found)[:50], [Risk]),
        "today": timezone.localdate(),
    }
    return render(request, "risks/risk.html", context)


def order_risks(request: HttpRequest, key: str) -> HttpResponse:
    """The order's risks by what they do to P80; one of them opened below."""
    actor = actor_of(request)
    require(actor, "risks.view")
    order = order_by_key(actor, key)
    return render(request, "risks/order.html", order_context(request, order, actor))


def order_context(request: HttpRequest, order: Order, actor: User) -> dict[str, Any]:
    risks = list(risks_on(actor, order))
    analysis = latest_analysis(order)
    days = analysis.result["risks"] if analysis else {}
    live = [one for one in risks if one.state in LIVE]
    live.sort(key=lambda one: (-days.get(str(one.pk), {}).get("days", -1.0), one.pk))
    wish = request.GET.get("risk", "")
    picked = next((one for one in risks if str(one.pk) == wish), live[0] if live else None)
    most = max([row["days"] for row in days.values()] + [0.1])
    context: dict[str, Any] = {
        "title": _("Risks of %(order)s") % {"order": order.label},
        "order": order,
        "rows": [_row(one, days.get(str(one.pk)), most, picked) for one in live],
        "settled": [(one, state_chip(one)) for one in risks if one.state not in LIVE],
        "analysis": analysis,
        "result": analysis.result if analysis else None,
        "stale": analysis is not None and is_stale(order, analysis),
        "job": running_job(order),
        "picture": matrix_picture(live, matrix(), picked=picked.pk if picked else 0),
        "one": shown_risk(picked, actor, analysis) if picked else None,
        "may_write": may(actor, "risks.write"),
        "has_plan": hasattr(order, "plan"),
    }
    if analysis:
        context["tornado"] = tornado(analysis.result, live, picked.pk if picked else 0)
        context["curve"] = curve(analysis.result)
    return context


def _row(risk: Risk, figures: dict[str, float] | None, most: float, picked: Risk | None) -> dict[str, Any]:
    days = figures["days"] if figures else None
    return {
        "risk": risk,
        "chip": state_chip(risk),
        "three": three(risk.days_low, risk.days_mode, risk.days_high),
        "days": days,
        "width": round(52 * max(0.0, days or 0.0) / most, 1),
        "hot": (days or 0.0) >= most * 0.5 and (days or 0.0) >= 1,
        "response": in_force(risk) or next(iter(risk.responses.all()), None),
        "picked": picked is not None and risk.pk == picked.pk,
    }


def review_meeting(request: HttpRequest) -> HttpResponse:
    """What is due for a look, one after another, with what was computed and what is open."""
    actor = actor_of(request)
    require(actor, "risks.view")
    today = timezone.localdate()
    due = list(to_review(actor, today=today)[:60])
    wish = request.GET.get("risk", "")
    picked = next((one for one in due if str(one.pk) == wish), due[0] if due else None)
    analysis = latest_analysis(picked.order) if picked and picked.order else None
    context = {
        "title": _("Risk review"),
        "due": [(one, level_chip(one, matrix())) for one in due],
        "picked": picked,
        "one": shown_risk(picked, actor, analysis) if picked else None,
        "contribution": analysis.result["risks"].get(str(picked.pk)) if analysis and picked else None,
        "actions": actions_caused_by(actor, picked) if picked else [],
        "today": today,
    }
    return render(request, "risks/review.html", context)


def order_report(request: HttpRequest, key: str) -> HttpResponse:
    """The order's risks as a paper."""
    actor = actor_of(request)
    require(actor, "risks.view")
    order = order_by_key(actor, key)
    made = risk_paper(order, list(risks_on(actor, order)), latest_analysis(order), today=timezone.localdate())
    response = HttpResponse(made, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="risks-{order.key}.pdf"'
    return response
