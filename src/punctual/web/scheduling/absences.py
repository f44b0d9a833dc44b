"""Who is away, and more capacity for a time: entered here, with the orders they touch at once."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.resources.selectors import resources, skills
from punctual.domain.scheduling.load import hit_by
from punctual.domain.scheduling.models import Absence, AbsenceKind
from punctual.domain.scheduling.selectors import absences, extras, is_stale
from punctual.domain.scheduling.services.absences import cancel_absence, enter_absence
from punctual.domain.scheduling.services.extras import cancel_extra, enter_extra
from punctual.flows.load_picture import loads_of
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.web.orders.actions import version_of
from punctual.web.scheduling.promise import actor_of


def page(request: HttpRequest) -> HttpResponse:
    """What is known from today on, each absence with the orders it hits."""
    actor, today = actor_of(request), timezone.localdate()
    require(actor, "scheduling.view")
    rows = list(absences(actor).filter(cancelled_at=None, last__gte=today).order_by("first"))
    hits, run = hits_of(actor, rows)
    context = {
        "title": _("Absences and extra capacity"),
        "rows": [(row, hits.get(row.pk, [])) for row in rows],
        "extras": extras(actor).filter(cancelled_at=None, last__gte=today).order_by("first"),
        "kinds": AbsenceKind.choices,
        "resources": resources(actor).order_by("kind", "name"),
        "skills": skills(actor),
        "may_enter": may(actor, "scheduling.absence"),
        "today": today,
        "stale": is_stale(run) if run else False,
        "run": run,
    }
    return render(request, "scheduling/absences.html", context)


def hits_of(actor: User, rows: list[Absence]) -> tuple[dict[int, list[dict[str, Any]]], Any]:
    """Absence → orders whose planned work lies on the resource then, the most endangered first."""
    try:
        loads, run = loads_of(actor, "planned")
    except Refusal:
        return {}, None
    axis, book = loads.availability.axis, loads.book
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        begin = axis.slot(dt.datetime.combine(row.first, dt.time()))
        touched = hit_by(loads, row.resource_id, begin, axis.end_of(row.last))
        found[row.pk] = [
            {"entry": book.entries[order], "tasks": [book.pieces[one].name for one in pieces][:3]}
            for order, pieces in touched
        ]
    return found, run


@require_POST
def enter(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    made = enter_absence(
        actor=actor,
        resource_id=_number(request, "resource"),
        kind=request.POST.get("kind", ""),
        first=_day(request, "first"),
        last=_day(request, "last"),
        note=request.POST.get("note", ""),
    )
    found = hits_of(actor, [made])[0].get(made.pk, [])
    words = {"name": made.resource.name, "count": len(found)}
    messages.success(request, _("%(name)s is entered as absent; it touches %(count)d orders. Dates follow.") % words)
    return redirect("absences")


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    cancel_absence(actor=actor_of(request), absence_id=pk, expected_version=version_of(request))
    messages.success(request, _("Taken back. Dates follow."))
    return redirect("absences")


@require_POST
def enter_more(request: HttpRequest) -> HttpResponse:
    who = request.POST.get("who", "")
    head, _sep, tail = who.partition(":")
    key = int(tail) if tail.isdecimal() and len(tail) < 18 else None
    enter_extra(
        actor=actor_of(request),
        resource_id=key if head == "r" else None,
        skill_id=key if head == "s" else None,
        units=_number(request, "units"),
        first=_day(request, "first"),
        last=_day(request, "last"),
        note=request.POST.get("note", ""),
    )
    messages.success(request, _("Entered. Dates follow."))
    return redirect("absences")


@require_POST
def cancel_more(request: HttpRequest, pk: int) -> HttpResponse:
    cancel_extra(actor=actor_of(request), extra_id=pk, expected_version=version_of(request))
    messages.success(request, _("Taken back. Dates follow."))
    return redirect("absences")


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _day(request: HttpRequest, name: str) -> dt.date:
    text = request.POST.get(name, "")
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        reason = Reason("day", N_("Give a day as 2026-12-31, not “%(text)s”."), {"text": text[:40]}, field=name)
        raise Refusal(reason) from error
