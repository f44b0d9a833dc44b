"""The quality plan of an order: points, criteria that nothing shows, gates, approval; templates behind it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
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
    Anchor,
    ControlPoint,
    DefectClass,
    Hold,
    Kind,
    QualityPlan,
    Sampling,
    Stage,
)
from punctual.domain.quality.selectors import (
    gauges_of,
    point_by_id,
    points_of,
    quality_plan_by_order,
    quality_plans_of,
    template_by_id,
    uncovered_standards,
)
from punctual.domain.quality.services.inspections import inspect_point
from punctual.domain.quality.services.plans import (
    CharacteristicIn,
    PointIn,
    approve_quality_plan,
    concede,
    make_quality_plan,
    put_point,
    remove_point,
    revise_quality_plan,
    withdraw_concession,
)
from punctual.engine.sampling import AQLS, LEVELS
from punctual.kernel.refusal import NotFound, Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role, User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.records import get_or_not_found
from punctual.web.master.cells import chip
from punctual.web.orders.actions import done
from punctual.web.quality import marks, reading
from punctual.web.quality.inspections import actor_of
from punctual.web.quality.story import story
from punctual.web.shell.middleware import status_of

ROWS = 8
"""Characteristics that the form of a point offers at least."""


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
            wish = _point_in(request.POST, pk)
            put_point(actor=actor, plan_id=plan.pk, point=wish, expected_version=reading.version(request))
            return done(request, _url(plan), _("Saved."))
        except Refusal as caught:
            refusal = caught
    context = {
        "title": found.name if found else _("New control point"),
        "plan": plan,
        "order": plan.order,
        "found": found,
        "typed": _typed(request.POST) if request.method == "POST" else _shown(found),
        "rows": _rows(request, found),
        "tasks": Task.objects.filter(plan__order=plan.order_id, is_summary=False).order_by("sequence"),
        "standards": DeliveryStandard.objects.filter(plan__order=plan.order_id),
        "chosen": {one.pk for one in found.standards.all()} if found else set(),
        "lines": plan.order.lines.all(),
        "choices": {
            "stage": Stage.choices,
            "anchor": Anchor.choices,
            "sampling": Sampling.choices,
            "hold": Hold.choices,
            "defect_class": DefectClass.choices,
            "role": [(Role.QUALITY.value, Role.QUALITY.label), (Role.WORKER.value, Role.WORKER.label)],
            "kind": Kind.choices,
        },
        "aqls": [f"{one:g}" for one in AQLS if one <= 10],
        "levels": LEVELS,
        "gauges": list(gauges_of(actor)),
        "refusal": refusal,
        "rooms": marks.tabs(actor, "quality_plans"),
    }
    return render(request, "quality/point.html", context, status=status_of(refusal) if refusal else 200)


def _typed(data: QueryDict) -> dict[str, Any]:
    return data.dict()


def _shown(found: ControlPoint | None) -> dict[str, Any]:
    if found is None:
        return {"stage": "fqc", "sampling": "all", "hold": "none", "defect_class": "major", "level": "II"}
    names = ("name", "stage", "anchor", "defect_class", "sampling", "level", "hold", "role", "evidence")
    return {name: getattr(found, name) for name in names} | {
        "sample_number": _plain(found.sample_number),
        "aql": _plain(found.aql),
        "task": str(found.task_id or ""),
        "line": str(found.order_line_id or ""),
        "needs_certificate": found.needs_certificate,
    }


def _plain(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():f}"


CELLS = ("name", "kind", "defect_class", "unit", "nominal", "lower", "upper", "gauge")


def _rows(request: HttpRequest, found: ControlPoint | None) -> list[dict[str, str]]:
    """Rows of the table of characteristics, with empty ones at the end."""
    if request.method == "POST":
        count = min(reading.key(request.POST, "rows"), 60)
        rows = [{cell: request.POST.get(f"{cell}-{place}", "") for cell in CELLS} for place in range(count)]
        return rows
    known = [
        {
            "name": one.name,
            "kind": one.kind,
            "defect_class": one.defect_class,
            "unit": one.unit,
            "nominal": _plain(one.nominal),
            "lower": _plain(one.lower),
            "upper": _plain(one.upper),
            "gauge": one.gauge.code if one.gauge else "",
        }
        for one in (found.characteristics.all() if found else [])
    ]
    empty = dict.fromkeys(CELLS, "") | {"kind": "attribute", "defect_class": "major"}
    return [*known, *(dict(empty) for _place in range(max(2, ROWS - len(known))))]


def _point_in(data: QueryDict, pk: int | None) -> PointIn:
    rows = []
    for place in range(min(reading.key(data, "rows"), 60)):
        if reading.text(data, f"name-{place}"):
            rows.append(
                CharacteristicIn(
                    reading.text(data, f"name-{place}"),
                    data.get(f"kind-{place}", ""),
                    data.get(f"defect_class-{place}", ""),
                    reading.text(data, f"unit-{place}"),
                    reading.number(data, f"nominal-{place}"),
                    reading.number(data, f"lower-{place}"),
                    reading.number(data, f"upper-{place}"),
                    data.get(f"gauge-{place}", ""),
                )
            )
    return PointIn(
        reading.text(data, "name"),
        data.get("stage", ""),
        id=pk,
        anchor=data.get("anchor", ""),
        task=reading.key(data, "task") or None,
        line=reading.key(data, "line") or None,
        defect_class=data.get("defect_class", ""),
        sampling=data.get("sampling", ""),
        sample_number=reading.number(data, "sample_number"),
        aql=reading.number(data, "aql"),
        level=data.get("level", "II") or "II",
        hold=data.get("hold", ""),
        role=data.get("role", "") or Role.QUALITY.value,
        evidence=reading.text(data, "evidence")[:200],
        needs_certificate=bool(data.get("needs_certificate")),
        standards=[int(one) for one in data.getlist("standards") if one.isdigit() and len(one) < 18],
        characteristics=rows,
    )


def template(request: HttpRequest, pk: int) -> HttpResponse:
    """How a product or family is inspected."""
    actor = actor_of(request)
    found = template_by_id(actor, pk)
    context = {
        "title": found.name,
        "found": found,
        "rooms": marks.tabs(actor, "quality_templates"),
        "points": found.points.prefetch_related("characteristics__gauge"),
    }
    return render(request, "quality/template.html", context)
