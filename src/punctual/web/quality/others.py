"""Inspection severity, reviews and gauges."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.orders.selectors import order_by_key
from punctual.domain.parties.models import Supplier
from punctual.domain.quality.life import REVIEW
from punctual.domain.quality.models import DefectClass, Gauge, ReviewKind
from punctual.domain.quality.selectors import gauge_by_id, inspections_of, review_by_id, severity_by_id
from punctual.domain.quality.services.gauges import FIELDS, GaugeIn, put_gauge
from punctual.domain.quality.services.reviews import CHECKLISTS, add_finding, cancel_review, hold_review, plan_review
from punctual.domain.quality.services.switching import RULE_WORDS, put_under_inspection, state_of, switch, word_of
from punctual.engine.sampling import AQLS, LEVELS
from punctual.kernel.refusal import NotFound, Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.permissions import may, require
from punctual.web.orders.actions import done
from punctual.web.quality import marks, reading
from punctual.web.quality.inspections import actor_of
from punctual.web.quality.ncrs import people
from punctual.web.quality.story import story
from punctual.web.shell.middleware import status_of

# --------------------------------------------------------------------------------------------------------- severity


def severity(request: HttpRequest, pk: int) -> HttpResponse:
    """Where an item of a supplier stands, every switch with its reason, and the lots behind it."""
    actor = actor_of(request)
    found = severity_by_id(actor, pk)
    word = word_of(found)
    lots = inspections_of(actor).filter(supplier=found.supplier, item_key=found.item_key)
    context = {
        "title": f"{found.supplier} · {found.item_key}",
        "found": found,
        "chip": marks.severity_chip(word),
        "word": word,
        "rooms": marks.tabs(actor, "severities"),
        "history": [
            (one, _(RULE_WORDS[one.rule]), marks.severity_chip(one.old), marks.severity_chip(one.new))
            for one in found.history.select_related("inspection", "by")
        ],
        "lots": [(one, marks.inspection_chip(one)) for one in lots.exclude(judged_at=None).order_by("-judged_at")[:20]],
        "may_switch": may(actor, "quality.handle"),
        "may_reduce": state_of(found).may_reduce,
    }
    return render(request, "quality/severity.html", context)


def new_severity(request: HttpRequest) -> HttpResponse:
    """Put an item of a supplier under incoming inspection."""
    actor = actor_of(request)
    require(actor, "quality.handle")
    refusal: Refusal | None = None
    if request.method == "POST":
        data = request.POST
        try:
            made = put_under_inspection(
                actor=actor,
                supplier=reading.record(Supplier.objects.all(), data, "supplier"),
                item_key=reading.text(data, "item_key"),
                item_name=reading.text(data, "item_name"),
                aql=reading.number(data, "aql"),
                level=data.get("level", "II"),
            )
            return done(request, reverse("severity", args=[made.pk]), _("Every receipt of it is now inspected."))
        except Refusal as caught:
            refusal = caught
    context = {
        "title": _("Put an item under inspection"),
        "suppliers": Supplier.objects.filter(archived_at=None),
        "aqls": [f"{one:g}" for one in AQLS if one <= 10],
        "levels": LEVELS,
        "typed": request.POST,
        "refusal": refusal,
    }
    return render(request, "quality/severity_new.html", context, status=status_of(refusal) if refusal else 200)


@require_POST
def switch_severity(request: HttpRequest, pk: int) -> HttpResponse:
    switch(
        actor=actor_of(request),
        severity_id=pk,
        verb=request.POST.get("verb", ""),
        reason=reading.text(request.POST, "reason"),
        expected_version=reading.version(request),
    )
    return done(request, reverse("severity", args=[pk]), _("Switched, in your name."))


# ---------------------------------------------------------------------------------------------------------- reviews


def review(request: HttpRequest, pk: int) -> HttpResponse:
    """The checklist, the findings, and what follows."""
    actor = actor_of(request)
    found = review_by_id(actor, pk)
    handles = may(actor, "quality.handle")
    context = {
        "title": found.number,
        "found": found,
        "rooms": marks.tabs(actor, "quality_reviews"),
        "checks": list(found.checks.all()),
        "findings": list(found.findings.select_related("action__owner")),
        "classes": DefectClass.choices,
        "people": people(),
        "today": timezone.localdate(),
        "may_hold": handles and REVIEW.allows(found.state, "hold"),
        "may_find": handles and REVIEW.allows(found.state, "find"),
        "may_cancel": handles and REVIEW.allows(found.state, "cancel"),
        "story": story(found),
    }
    return render(request, "quality/review.html", context)


def new_review(request: HttpRequest) -> HttpResponse:
    """Put a review into the audit plan."""
    actor = actor_of(request)
    require(actor, "quality.handle")
    refusal: Refusal | None = None
    if request.method == "POST":
        data = request.POST
        try:
            order_key = reading.text(data, "order")
            kind = data.get("kind", "")
            own = [line.strip() for line in data.get("checks", "").splitlines() if line.strip()]
            made = plan_review(
                actor=actor,
                kind=kind,
                title=reading.text(data, "title"),
                planned_on=reading.day(data, "planned_on"),
                today=timezone.localdate(),
                checks=own or [_(text) for text in CHECKLISTS.get(kind, ())],
                order=order_by_key(actor, order_key) if order_key else None,
                supplier=reading.record(Supplier.objects.all(), data, "supplier"),
                lead=reading.person(data, "lead"),
                every_months=reading.whole(data, "every_months"),
            )
            return done(request, reverse("quality_review", args=[made.pk]), _("Planned."))
        except Refusal as caught:
            refusal = caught
    context = {
        "title": _("Plan a review"),
        "kinds": ReviewKind.choices,
        "suppliers": Supplier.objects.filter(archived_at=None),
        "people": people(),
        "typed": request.POST,
        "refusal": refusal,
    }
    return render(request, "quality/review_new.html", context, status=status_of(refusal) if refusal else 200)


@require_POST
def do_review(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """hold, find, cancel."""
    actor, data, today = actor_of(request), request.POST, timezone.localdate()
    found = review_by_id(actor, pk)
    back = reverse("quality_review", args=[pk])
    if verb == "hold":
        words = {"yes": True, "no": False}
        checks = list(found.checks.all())
        hold_review(
            actor=actor,
            review_id=pk,
            answers={one.pk: words.get(data.get(f"check-{one.pk}", "")) for one in checks},
            notes={one.pk: reading.text(data, f"note-{one.pk}") for one in checks},
            summary=reading.text(data, "summary"),
            held_on=reading.day(data, "held_on") or today,
            today=today,
            expected_version=reading.version(request),
        )
        return done(request, back, _("Recorded."))
    if verb == "find":
        add_finding(
            actor=actor,
            review_id=pk,
            text=reading.text(data, "text"),
            defect_class=data.get("defect_class", ""),
            owner=reading.person(data, "owner"),
            due=reading.day(data, "due"),
        )
        return done(request, back, _("The finding has its action item."))
    if verb == "cancel":
        reason = reading.text(data, "reason")
        cancel_review(actor=actor, review_id=pk, reason=reason, expected_version=reading.version(request))
        return done(request, back, _("Cancelled."))
    raise NotFound(Reason("review.verb", N_("A review can't “%(verb)s”."), {"verb": verb[:40]}))


# ----------------------------------------------------------------------------------------------------------- gauges


def gauge(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """A gauge; who may changes it here."""
    actor = actor_of(request)
    found = gauge_by_id(actor, pk) if pk else None
    if found is None:
        require(actor, "quality.handle")
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            made = put_gauge(actor=actor, given=_gauge(request), gauge_id=pk, expected_version=reading.version(request))
            return done(request, reverse("gauge", args=[made.pk]), _("Saved."))
        except NotFound:
            raise
        except Refusal as caught:
            refusal = caught
    context = {
        "title": found.name if found else _("New gauge"),
        "found": found,
        "rooms": marks.tabs(actor, "gauges"),
        "typed": request.POST.dict() if request.method == "POST" else _shown(found),
        "may_change": may(actor, "quality.handle"),
        "refusal": refusal,
        "story": story(found) if found else [],
    }
    return render(request, "quality/gauge.html", context, status=status_of(refusal) if refusal else 200)


def _gauge(request: HttpRequest) -> GaugeIn:
    data = request.POST
    return GaugeIn(
        code=reading.text(data, "code"),
        name=reading.text(data, "name"),
        unit=reading.text(data, "unit"),
        minimum=reading.number(data, "minimum"),
        maximum=reading.number(data, "maximum"),
        resolution=reading.number(data, "resolution"),
        calibrated_on=reading.day(data, "calibrated_on"),
        calibration_due=reading.day(data, "calibration_due"),
        place=reading.text(data, "place"),
    )


def _shown(found: Gauge | None) -> dict[str, Any]:
    if found is None:
        return {}
    shown: dict[str, Any] = {}
    for name in FIELDS:
        value = getattr(found, name)
        if value is None:
            shown[name] = ""
        elif hasattr(value, "normalize"):
            shown[name] = f"{value.normalize():f}"
        else:
            shown[name] = value.isoformat() if hasattr(value, "isoformat") else value
    return shown
