"""The quality plan of an order: points, criteria that nothing shows, gates, approval; templates behind it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.orders.selectors import order_by_key
from punctual.domain.plans.models import DeliveryStandard, Task
from punctual.domain.quality.gates import all_gates
from punctual.domain.quality.life import PLAN
from punctual.domain.quality.models import (
    ControlPoint,
    QualityPlan,
)
from punctual.domain.quality.selectors import (
    point_by_id,
    points_of,
    quality_plan_by_order,
    quality_plans_of,
    uncovered_standards,
)
from punctual.domain.quality.services.inspections import inspect_point
from punctual.domain.quality.services.plans import (
    approve_quality_plan,
    concede,
    make_quality_plan,
    put_point,
    remove_point,
    revise_quality_plan,
    withdraw_concession,
)
from punctual.kernel.refusal import NotFound, Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.records import get_or_not_found
from punctual.web.master.cells import chip
from punctual.web.orders.actions import done
from punctual.web.quality import marks, points, reading
from punctual.web.quality.inspections import actor_of
from punctual.web.quality.story import story
from punctual.web.shell.middleware import status_of


def _url(plan: QualityPlan) -> str:
    return reverse("quality_plan", args=[plan.order.key])


def quality_plan(request: HttpRequest, order: str) -> HttpResponse:
    """Points with their results, what is not covered, and the gates of the order."""
    actor = actor_of(request)
    require(actor, "quality.view")
    found_order = order_by_key(actor, order)
    plan = quality_plans_of(actor).filter(order=found_order).first()
    context: dict[str, Any] = {
        "title": _("Quality plan"),
        "rooms": marks.tabs(actor, "quality_plans"),
        "order": found_order,
        "plan": plan,
        "may_make": plan is None and may(actor, "quality.plan"),
    }
    if plan is not None:
        context |= _plan_context(actor, plan)
    return render(request, "quality/plan.html", context)


def _plan_context(actor: User, plan: QualityPlan) -> dict[str, Any]:
    draft = PLAN.allows(plan.state, "change")
    return {
        "points": [(point, chip(*marks.POINT[point.state], point.get_state_display())) for point in points_of(plan)],
        "uncovered": list(uncovered_standards(plan.order)),
        "gates": all_gates(plan.order),
        "revisions": list(plan.revisions.select_related("approved_by")),
        "may_change": draft and may(actor, "quality.plan"),
        "may_approve": draft and may(actor, "quality.approve"),
        "may_revise": PLAN.allows(plan.state, "revise") and may(actor, "quality.plan"),
        "may_inspect": may(actor, "quality.inspect"),
        "may_concede": may(actor, "quality.concede"),
        "story": story(plan),
    }


@require_POST
def do(request: HttpRequest, order: str, verb: str) -> HttpResponse:
    """make, approve, revise, concede, withdraw."""
    actor, data = actor_of(request), request.POST
    if verb == "make":
        require(actor, "quality.plan")
        found = make_quality_plan(order=order_by_key(actor, order), actor=actor)
        return done(request, _url(found), _("The quality plan is a draft; check and approve it."))
    plan = quality_plan_by_order(actor, order)
    version = reading.version(request)
    if verb == "approve":
        approve_quality_plan(actor=actor, plan_id=plan.pk, expected_version=version)
        return done(request, _url(plan), _("Approved."))
    if verb == "revise":
        revise_quality_plan(actor=actor, plan_id=plan.pk, reason=reading.text(data, "reason"), expected_version=version)
        return done(request, _url(plan), _("The next revision is a draft."))
    if verb == "concede":
        made = concede(
            actor=actor,
            order=plan.order,
            kind=data.get("kind", ""),
            target_id=reading.key(data, "target"),
            reason=reading.text(data, "reason"),
        )
        words = _("Let pass, in your name.") if made else _("Approval is asked for; the gate passes when it is given.")
        return done(request, f"{_url(plan)}#gates", words)
    if verb == "withdraw":
        withdraw_concession(actor=actor, order=plan.order, concession_id=reading.key(data, "concession"))
        return done(request, f"{_url(plan)}#gates", _("The gate counts again."))
    raise NotFound(Reason("quality_plan.verb", N_("A quality plan can't “%(verb)s”."), {"verb": verb[:40]}))


@require_POST
def inspect(request: HttpRequest, order: str, pk: int) -> HttpResponse:
    """Present a lot to a control point."""
    actor = actor_of(request)
    point = point_by_id(actor, pk)
    line = point.order_line
    usual = int(line.quantity) if line and line.quantity else 1
    made = inspect_point(
        actor=actor,
        point=point,
        lot_size=reading.whole(request.POST, "lot_size", default=usual) or usual,
        lot_no=reading.text(request.POST, "lot_no"),
        today=timezone.localdate(),
    )
    return done(request, reverse("inspection", args=[made.pk]), "")


# ---------------------------------------------------------------------------------------------------- one point


def point(request: HttpRequest, order: str, pk: int | None = None) -> HttpResponse:
    """Add or change a control point of a draft."""
    actor = actor_of(request)
    plan = quality_plan_by_order(actor, order)
    require(actor, "quality.plan")
    found = get_or_not_found(plan.points.prefetch_related("characteristics__gauge", "standards"), pk=pk) if pk else None
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            if request.POST.get("remove") and found is not None:
                remove_point(actor=actor, plan_id=plan.pk, point_id=found.pk, expected_version=reading.version(request))
                return done(request, _url(plan), _("The control point is taken out."))
            wish = points.point_in(request.POST, pk)
            put_point(actor=actor, plan_id=plan.pk, point=wish, expected_version=reading.version(request))
            return done(request, _url(plan), _("Saved."))
        except Refusal as caught:
            refusal = caught
    context = {
        "title": found.name if found else _("New control point"),
        "plan": plan,
        "order": plan.order,
        "found": found,
        "typed": request.POST.dict() if request.method == "POST" else _shown(found),
        "rows": points.rows(request, found),
        "tasks": Task.objects.filter(plan__order=plan.order_id, is_summary=False).order_by("sequence"),
        "standards": DeliveryStandard.objects.filter(plan__order=plan.order_id),
        "chosen": {one.pk for one in found.standards.all()} if found else set(),
        "lines": plan.order.lines.all(),
        **points.choices(actor),
        "refusal": refusal,
        "rooms": marks.tabs(actor, "quality_plans"),
    }
    return render(request, "quality/point.html", context, status=status_of(refusal) if refusal else 200)


def _shown(found: ControlPoint | None) -> dict[str, Any]:
    return points.shown(found) | {
        "task": str(found.task_id or "") if found else "",
        "line": str(found.order_line_id or "") if found else "",
    }
