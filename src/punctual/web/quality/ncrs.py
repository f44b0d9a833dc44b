"""Nonconformities: report, contain, decide with the date that each way gives, verify, close."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.orders.selectors import order_by_key
from punctual.domain.parties.models import Supplier
from punctual.domain.plans.models import Plan, Task
from punctual.domain.plans.work_calendars import plan_time
from punctual.domain.quality.life import NCR
from punctual.domain.quality.models import (
    Cause,
    CostKind,
    DefectClass,
    Disposition,
    Measurement,
    NcrState,
    Nonconformity,
    Origin,
)
from punctual.domain.quality.selectors import capas_of, ncr_by_id
from punctual.domain.quality.services.capas import open_capa
from punctual.domain.quality.services.ncrs import (
    ContainmentIn,
    LossIn,
    NcrIn,
    attach_to_ncr,
    book_loss,
    cancel_ncr,
    change_ncr,
    close_ncr,
    contain,
    reopen_ncr,
    report_ncr,
    verify_ncr,
)
from punctual.domain.supply.services.holding import held_items
from punctual.flows.complaints import complaint_of
from punctual.flows.failed_inspection import (
    DispositionIn,
    decide_disposition,
    options_of,
    outlook_of,
    planned_if,
    steps_of,
)
from punctual.flows.plan_effect import Ahead
from punctual.kernel.refusal import NotFound, Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role, User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.attachments.models import Attachment, DocumentKind
from punctual.platform.attachments.services import attachments_of, documents_on
from punctual.platform.records import get_or_not_found
from punctual.web.orders.actions import done
from punctual.web.quality import marks, reading
from punctual.web.quality.files import answer_with
from punctual.web.quality.inspections import actor_of
from punctual.web.quality.story import story
from punctual.web.rail import RailFacts, rail
from punctual.web.shell.middleware import status_of
from punctual.web.task_bars import Bar, task_bars

STEPS = (NcrState.OPEN, NcrState.CONTAINED, NcrState.DISPOSED, NcrState.VERIFIED, NcrState.CLOSED)
EMPTY_PLACES = 2
MOST_BARS = 7


def _url(pk: int) -> str:
    return reverse("ncr", args=[pk])


def people() -> list[User]:
    """Who may own something of quality."""
    roles = [Role.QUALITY, Role.ORDER_MANAGER, Role.SUPPLY_CHAIN, Role.PLANNER, Role.MANAGER]
    return list(User.objects.filter(is_active=True, role__in=roles).order_by("display_name"))


def ncr(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about one nonconformity, with the ways out and what each does to the date."""
    actor, today = actor_of(request), timezone.localdate()
    found = ncr_by_id(actor, pk)
    deciding = NCR.allows(found.state, "dispose") and may(actor, "quality.dispose")
    work = reading.minutes(request.GET, "work") or 2 * reading.DAY_MINUTES
    recheck = reading.minutes(request.GET, "recheck") or reading.DAY_MINUTES // 2
    containments = list(found.containments.select_related("who"))
    context = {
        "title": found.number,
        "found": found,
        "chip": marks.ncr_chip(found),
        "rooms": marks.tabs(actor, "ncrs"),
        "steps": _steps(found),
        **(_options(found, work, recheck, today) if deciding else {}),
        "work_days": Decimal(work) / reading.DAY_MINUTES,
        "recheck_days": Decimal(recheck) / reading.DAY_MINUTES,
        "may": {verb: _may(actor, found, verb) for verb in NCR.verbs},
        "locked": NCR.reasons(found.state, "close"),
        "containments": containments,
        "held": held_items(found),
        "row_count": len(containments) + EMPTY_PLACES,
        "empty_places": range(EMPTY_PLACES if not containments else 1),
        "losses": list(found.losses.select_related("by")) if may(actor, "quality.see_cost") else [],
        "debit_notes": list(found.debit_notes.all()),
        "measured": _measured(found),
        "complaint": complaint_of(actor, found),
        "capas": list(capas_of(actor).filter(ncr=found).prefetch_related("disciplines")),
        "causes": Cause.choices,
        "classes": DefectClass.choices,
        "cost_kinds": CostKind.choices,
        "people": people(),
        "files": list(documents_on(found)),
        "lot_photos": _lot_photos(found),
        "story": story(found),
        "forecast": outlook_of(found),
        "in_plan": _in_plan(found),
    }
    return render(request, "quality/ncr.html", context)


def _lot_photos(found: Nonconformity) -> list[Attachment]:
    """What was photographed where it was found."""
    lot = found.inspection
    return [one for one in documents_on(lot) if one.kind == DocumentKind.PHOTO] if lot else []


def _in_plan(found: Nonconformity) -> SafeString | str:
    """The rework and its re-inspection, and what waits for them, against the promise."""
    new = [task for task in (found.rework_task, found.recheck_task) if task is not None]
    if not new or found.order is None:
        return ""
    rows, wave = list(new), [task.pk for task in new]
    while wave and len(rows) < MOST_BARS:
        behind = Task.objects.filter(links_in__predecessor__in=wave, is_summary=False).exclude(
            pk__in=[task.pk for task in rows]
        )
        wave = [task.pk for task in behind.distinct()]
        rows += list(behind.distinct().order_by("start", "sequence"))
    bars = [
        Bar(task.name, start, finish, "f-what" if task in new else "f-band")
        for task in rows[:MOST_BARS]
        if (start := plan_time(task.start)) and (finish := plan_time(task.finish))
    ]
    return task_bars(bars, found.order.promised_date or found.order.requested_date, _("Rework in the plan"))


def _options(found: Nonconformity, work: int, recheck: int, today: dt.date) -> dict[str, Any]:
    """Each way out with its dates against the promise, and the order as it stands."""
    options, now = options_of(found, work=work, recheck=recheck, today=today)
    rows = [(one, _rail(found, one.planned, one.ahead), _gain(one.ahead, now)) for one in options]
    order = found.order
    return {"options": rows, "now": now, "now_rail": _rail(found, order.planned_date if order else None, now)}


def _rail(found: Nonconformity, planned: dt.date | None, ahead: Ahead | None) -> SafeString | None:
    order = found.order
    if order is None or planned is None:
        return None
    facts = RailFacts(order.promised_date, order.requested_date, planned)
    if ahead is not None:
        facts = RailFacts(order.promised_date, order.requested_date, ahead.p80, ahead.p50, ahead.p95)
    return rail(facts, width=110)


def _gain(ahead: Ahead | None, now: Ahead | None) -> int | None:
    return (ahead.p80 - now.p80).days if ahead and now else None


PERMISSIONS = {
    "change": "quality.handle",
    "contain": "quality.handle",
    "dispose": "quality.dispose",
    "verify": "quality.handle",
    "reopen": "quality.handle",
    "close": "quality.handle",
    "cancel": "quality.handle",
    "book": "quality.book",
    "concede": "quality.concede",
}


def _may(actor: User, found: Nonconformity, verb: str) -> bool:
    return NCR.allows(found.state, verb) and may(actor, PERMISSIONS[verb])


def _steps(found: Nonconformity) -> list[dict[str, Any]]:
    """The life as it stands, with the days of what is done."""
    moments = {
        NcrState.OPEN: found.found_at,
        NcrState.CONTAINED: found.contained_at,
        NcrState.DISPOSED: found.disposed_at,
        NcrState.VERIFIED: found.verified_at,
        NcrState.CLOSED: found.closed_at,
    }
    states = list(STEPS)
    now = states.index(NcrState(found.state)) if found.state in states else -1
    coming = marks.ncr_next(found)
    return [
        {
            "label": coming[0] if coming and place == now + 1 else state.label,
            "at": moments[state] if place <= now else None,
            "css": "dn" if place <= now else "now" if place == now + 1 and now >= 0 else "",
        }
        for place, state in enumerate(states)
    ]


def _measured(found: Nonconformity) -> list[Measurement]:
    """The values that are beyond their limits."""
    if found.inspection_id is None:
        return []
    rows = Measurement.objects.filter(item__inspection=found.inspection_id, is_ok=False)
    return list(rows.select_related("item")[:20])


# -------------------------------------------------------------------------------------------------------------- new


def new(request: HttpRequest) -> HttpResponse:
    """Report what is wrong; phone first."""
    actor = actor_of(request)
    require(actor, "quality.report")
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            made = report_ncr(actor=actor, given=_given(actor, request.POST), today=timezone.localdate())
            for file in request.FILES.getlist("photo"):
                attach_to_ncr(actor=actor, ncr_id=made.pk, file=file, name=file.name or "photo")
            return done(request, _url(made.pk), _("%(number)s is open.") % {"number": made.number})
        except Refusal as caught:
            refusal = caught
    order_key = request.POST.get("order") or request.GET.get("order", "")
    context = {
        "title": _("Report a nonconformity"),
        "rooms": marks.tabs(actor, "ncrs"),
        "origins": [choice for choice in Origin.choices if choice[0] != Origin.INSPECTION],
        "classes": DefectClass.choices,
        "suppliers": Supplier.objects.filter(archived_at=None),
        "tasks": _tasks(order_key),
        "order_key": order_key,
        "typed": request.POST if request.method == "POST" else request.GET,
        "refusal": refusal,
    }
    return render(request, "quality/ncr_new.html", context, status=status_of(refusal) if refusal else 200)


def _tasks(order_key: str) -> list[Task]:
    rows = Task.objects.filter(plan__order__number=order_key, is_summary=False)
    return list(rows.order_by("sequence")[:200]) if order_key else []


def _given(actor: User, data: QueryDict) -> NcrIn:
    order_key = reading.text(data, "order")
    order = order_by_key(actor, order_key) if order_key else None
    tasks = Task.objects.select_related("plan").filter(is_summary=False, plan__in=Plan.objects.filter(order=order))
    return NcrIn(
        title=reading.text(data, "title"),
        detail=reading.text(data, "detail"),
        origin=data.get("origin", Origin.TASK.value),
        defect_class=data.get("defect_class", DefectClass.MAJOR.value),
        order=order,
        task=reading.record(tasks, data, "task"),
        supplier=reading.record(Supplier.objects.all(), data, "supplier"),
        item_key=reading.text(data, "item_key")[:60],
        item_name=reading.text(data, "item_name")[:160],
        lot_no=reading.text(data, "lot_no")[:60],
        quantity=reading.whole(data, "quantity", default=0) or 0,
        nonconforming=reading.whole(data, "nonconforming", default=0) or 0,
        unit=reading.text(data, "unit")[:20],
    )


# ------------------------------------------------------------------------------------------------------------ verbs


def _contain(request: HttpRequest, pk: int) -> str:
    data = request.POST
    rows = []
    for place in range(min(reading.key(data, "rows"), 50)):
        if reading.text(data, f"place-{place}"):
            rows.append(
                ContainmentIn(
                    reading.text(data, f"place-{place}"),
                    reading.text(data, f"action-{place}"),
                    reading.whole(data, f"quantity-{place}", default=0) or 0,
                    reading.person(data, f"who-{place}"),
                    blocks_stock=bool(data.get(f"blocks-{place}")),
                    done=bool(data.get(f"done-{place}")),
                )
            )
    contain(actor=actor_of(request), ncr_id=pk, rows=rows, expected_version=reading.version(request))
    return _("Contained.")


def _disposition(data: QueryDict) -> DispositionIn:
    chosen = data.get("disposition", "")
    takes_time = chosen not in (Disposition.USE_AS_IS, "")
    return DispositionIn(
        chosen,
        note=reading.text(data, "note"),
        customer_agreed=reading.text(data, "customer_agreed"),
        work_name=reading.text(data, "work_name"),
        work_minutes=reading.minutes(data, "work") if takes_time else 0,
        recheck_minutes=reading.minutes(data, "recheck") if takes_time else 0,
        cost=reading.number(data, "cost", default=Decimal(0)) or Decimal(0),
        supplier_share=reading.number(data, "supplier_share", default=Decimal(0)) or Decimal(0),
        cause=data.get("cause", "") if data.get("cause", "") in Cause.values else "",
    )


def _dispose(request: HttpRequest, pk: int) -> str:
    found = decide_disposition(
        actor=actor_of(request),
        ncr_id=pk,
        given=_disposition(request.POST),
        today=timezone.localdate(),
        expected_version=reading.version(request),
    )
    words = {"days": found.days_lost, "planned": found.planned_after or "—"}
    return _("Decided. Planned delivery %(planned)s, %(days)s days lost.") % words


def _verify(request: HttpRequest, pk: int) -> str:
    note = reading.text(request.POST, "note")
    verify_ncr(actor=actor_of(request), ncr_id=pk, note=note, expected_version=reading.version(request))
    return _("Verified; it no longer stops anything.")


def _reopen(request: HttpRequest, pk: int) -> str:
    reason = reading.text(request.POST, "reason")
    reopen_ncr(actor=actor_of(request), ncr_id=pk, reason=reason, expected_version=reading.version(request))
    return _("Decide anew what is done with it.")


def _close(request: HttpRequest, pk: int) -> str:
    close_ncr(actor=actor_of(request), ncr_id=pk, expected_version=reading.version(request))
    return _("Closed.")


def _cancel(request: HttpRequest, pk: int) -> str:
    reason = reading.text(request.POST, "reason")
    cancel_ncr(actor=actor_of(request), ncr_id=pk, reason=reason, expected_version=reading.version(request))
    return _("Withdrawn.")


def _change(request: HttpRequest, pk: int) -> str:
    data = request.POST
    change_ncr(
        actor=actor_of(request),
        ncr_id=pk,
        title=reading.text(data, "title"),
        detail=reading.text(data, "detail"),
        cause=data.get("cause", ""),
        defect_class=data.get("defect_class", ""),
        owner=reading.person(data, "owner"),
        expected_version=reading.version(request),
    )
    return _("Saved.")


def _book(request: HttpRequest, pk: int) -> str:
    data = request.POST
    book_loss(
        actor=actor_of(request),
        ncr_id=pk,
        loss=LossIn(
            reading.text(data, "name"),
            reading.number(data, "amount", default=Decimal(-1)) or Decimal(0),
            data.get("kind", ""),
        ),
        today=timezone.localdate(),
        expected_version=reading.version(request),
    )
    return _("Booked.")


def _attach(request: HttpRequest, pk: int) -> str:
    files = request.FILES.getlist("file")
    if not files:
        raise Refusal(Reason("attachment.missing", N_("Choose a file."), field="file"))
    for file in files:
        attach_to_ncr(actor=actor_of(request), ncr_id=pk, file=file, name=file.name or "file")
    return _("Attached.")


VERBS: dict[str, Callable[[HttpRequest, int], str]] = {
    "contain": _contain,
    "dispose": _dispose,
    "verify": _verify,
    "reopen": _reopen,
    "close": _close,
    "cancel": _cancel,
    "change": _change,
    "book": _book,
    "attach": _attach,
}


@require_POST
def do(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """One step of its life."""
    ncr_by_id(actor_of(request), pk)
    if verb not in VERBS:
        raise NotFound(Reason("ncr.verb", N_("A nonconformity can't “%(verb)s”."), {"verb": verb[:40]}))
    return done(request, _url(pk), VERBS[verb](request, pk))


@require_POST
def start_capa(request: HttpRequest, pk: int) -> HttpResponse:
    """An 8D report for this nonconformity."""
    actor = actor_of(request)
    found = ncr_by_id(actor, pk)
    made = open_capa(actor=actor, title=found.title, today=timezone.localdate(), ncr=found)
    messages.success(request, _("%(number)s is open.") % {"number": made.number})
    return done(request, reverse("capa", args=[made.pk]))


def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """When the order would be delivered by what the form says; shown beside it."""
    actor, today = actor_of(request), timezone.localdate()
    found = ncr_by_id(actor, pk)
    require(actor, "quality.dispose")
    given = _disposition(request.GET)
    planned = planned_if(found, given, today=today)
    before = found.order.planned_date if found.order else None
    context = {
        "found": found,
        "given": given,
        "planned": planned,
        "days": (planned - before).days if planned and before else None,
        "steps": [(one["name"], Decimal(one["duration"]) / reading.DAY_MINUTES) for one in steps_of(found, given)],
    }
    return render(request, "quality/ncr_preview.html", context)


def download(request: HttpRequest, pk: int, file_pk: int) -> HttpResponseBase:
    found = ncr_by_id(actor_of(request), pk)
    file = get_or_not_found(attachments_of(found), pk=file_pk)
    return answer_with(request, file)
