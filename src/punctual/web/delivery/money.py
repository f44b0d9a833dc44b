"""An order's payments, its closing, and what the company wants before shipping."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.customer_relations.models import AskedAfter
from punctual.domain.delivery.models import ClosingReview, MilestoneKind, PayEvent
from punctual.domain.delivery.selectors import (
    delivery_settings,
    event_days,
    expected,
    listed_milestones,
    milestones_of,
    punch_of,
)
from punctual.domain.delivery.services.closing import (
    against_closing,
    close_order,
    figures_of,
    proposals_of,
    tasks_of,
)
from punctual.domain.delivery.services.company import change_settings
from punctual.domain.delivery.services.open_tasks import GONE_OUT, close_open_tasks, open_tasks_of
from punctual.domain.delivery.services.payments import (
    enter,
    milestones_from_terms,
    set_milestones,
    terms_are_unread,
    void,
)
from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import order_by_key
from punctual.domain.plans.models import Task
from punctual.kernel.quantity import plain
from punctual.kernel.refusal import Refusal
from punctual.platform.accounts.permissions import may, require
from punctual.platform.attachments.models import DocumentKind
from punctual.platform.records import get_or_not_found
from punctual.web.delivery.posted import Posted
from punctual.web.delivery.words import payment_chip
from punctual.web.master.pages import actor_of
from punctual.web.orders.actions import done, version_of
from punctual.web.shell.middleware import status_of
from punctual.web.shell.reading import wholes

BLANK_ROWS = 2


def payment_rows(request: HttpRequest, order: Order) -> list[dict[str, Any]]:
    """The order's milestones with when the money is expected."""
    today = timezone.localdate()
    rows = list(listed_milestones(actor_of(request)).filter(order=order).prefetch_related("entries__by"))
    days = event_days(rows)
    return [
        {
            "row": row,
            "when": expected(row, days),
            "chip": payment_chip(row, today=today),
            "entries": list(row.entries.all()),
            "late": row.open_amount > 0 and row.due_on is not None and row.due_on < today,
        }
        for row in rows
    ]


def order_payments(request: HttpRequest, key: str) -> HttpResponse:
    """Milestones, invoices and receipts of one order."""
    actor = actor_of(request)
    require(actor, "payments.view")
    return _payments(request, order_by_key(actor, key), None)


def _payments(request: HttpRequest, order: Order, refusal: Refusal | None) -> HttpResponse:
    actor = actor_of(request)
    rows = payment_rows(request, order)
    context = {
        "title": _("Payments"),
        "order": order,
        "rows": rows,
        "total": sum((one["row"].amount for one in rows), Decimal(0)),
        "received": sum((one["row"].received for one in rows), Decimal(0)),
        "invoiced": sum((one["row"].invoiced for one in rows), Decimal(0)),
        "may_plan": may(actor, "payments.plan"),
        "may_enter": may(actor, "payments.enter"),
        "sheet": _sheet(order, rows),
        "terms_unread": not rows and terms_are_unread(order),
        "kinds": MilestoneKind.choices,
        "events": PayEvent.choices,
        "tasks": [
            (str(pk), f"{wbs} {name}")
            for pk, wbs, name in Task.objects.filter(plan__order=order)
            .order_by("sequence")
            .values_list("pk", "wbs", "name")
        ],
        "reasons": refusal.reasons if refusal else (),
        "today": timezone.localdate(),
    }
    return render(request, "delivery/order_payments.html", context, status=status_of(refusal) if refusal else 200)


def _sheet(order: Order, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of the form: what is there, else what the terms say, and blank ones."""
    blank = {"id": "", "kind": "", "name": "", "percent": "", "event": "", "task": "", "days": "", "months": ""}
    if rows:
        sheet = [
            {
                "id": one["row"].pk,
                "kind": one["row"].kind,
                "name": one["row"].name,
                "percent": plain(one["row"].percent),
                "event": one["row"].event,
                "task": str(one["row"].task_id or ""),
                "fixed_on": one["row"].fixed_on,
                "days": one["row"].days or "",
                "months": one["row"].months or "",
            }
            for one in rows
        ]
    else:
        sheet = [
            {
                **blank,
                "kind": term.kind,
                "percent": plain(term.percent),
                "event": term.event,
                "days": term.days or "",
                "months": term.months or "",
            }
            for term in milestones_from_terms(order)
        ]
    return [*sheet, *({**blank} for _index in range(BLANK_ROWS))]


@require_POST
def plan_payments(request: HttpRequest, key: str) -> HttpResponse:
    actor = actor_of(request)
    order = order_by_key(actor, key)
    require(actor, "payments.plan")
    posted = Posted(request.POST)
    rows = posted.milestones(order)
    try:
        posted.done()
        set_milestones(actor=actor, order_id=order.pk, rows=rows, today=timezone.localdate())
    except Refusal as refusal:
        return _payments(request, order, refusal)
    return done(request, reverse("order_payments", args=[order.key]), _("Saved."))


@require_POST
def enter_payment(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """An invoice or a receipt on a milestone."""
    actor = actor_of(request)
    order = order_by_key(actor, key)
    row = get_or_not_found(milestones_of(actor).filter(order=order), pk=pk)
    posted = Posted(request.POST)
    amount, day = posted.number("amount"), posted.day("on")
    posted.done()
    enter(
        actor=actor,
        milestone_id=row.pk,
        kind=posted.text("kind"),
        amount=amount,
        on=day,
        today=timezone.localdate(),
        reference=posted.text("reference"),
        expected_version=version_of(request),
    )
    return done(request, reverse("order_payments", args=[order.key]), _("Entered."))


@require_POST
def void_entry(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    order = order_by_key(actor_of(request), key)
    void(actor=actor_of(request), entry_id=pk, reason=request.POST.get("reason", ""))
    return done(request, reverse("order_payments", args=[order.key]), _("Voided; it stays on record."))


def close_page(request: HttpRequest, key: str) -> HttpResponse:
    """Actual against estimate, lessons, what the templates should learn."""
    actor, today = actor_of(request), timezone.localdate()
    require(actor, "delivery.view")
    order = order_by_key(actor, key)
    review = ClosingReview.objects.filter(order=order).select_related("closed_by").first()
    refusal: Refusal | None = None
    chosen: list[int] = []
    if request.method == "POST":
        chosen = wholes(request.POST.getlist("template_task"))
        try:
            close_order(
                actor=actor,
                order_id=order.pk,
                lessons=request.POST.get("lessons", ""),
                chosen=chosen,
                today=today,
                expected_version=version_of(request),
            )
            return done(request, reverse("order_close", args=[order.key]), _("The order is closed."))
        except Refusal as refused:
            refusal = refused
    tasks = review.tasks if review else tasks_of(order)
    may_close = may(actor, "delivery.close") and review is None
    context = {
        "title": _("Closing review"),
        "order": order,
        "review": review,
        "figures": _figures(review.figures if review else figures_of(order)),
        "tasks": [_hours(row) for row in sorted(tasks, key=lambda row: -abs(row["actual"] - row["planned"]))[:40]],
        "proposals": [_hours(row) for row in (review.proposals if review else proposals_of(tasks))],
        "chosen": chosen,
        "against": [] if review else against_closing(order, today),
        "punch": [] if review else punch_of(order),
        "sees_costs": may(actor, "costs.view"),
        "may_close": may_close,
        "open_tasks": open_tasks_of(order, today) if may_close and order.state in GONE_OUT else (),
        "lessons": request.POST.get("lessons", ""),
        "reasons": refusal.reasons if refusal else (),
    }
    return render(request, "delivery/close.html", context, status=status_of(refusal) if refusal else 200)


@require_POST
def close_tasks(request: HttpRequest, key: str) -> HttpResponse:
    """The tasks of the plan that nobody will report on any more, in one go."""
    actor = actor_of(request)
    order = order_by_key(actor, key)
    close_open_tasks(
        actor=actor,
        order_id=order.pk,
        reason=request.POST.get("reason", ""),
        today=timezone.localdate(),
        expected_version=version_of(request),
    )
    return done(request, reverse("order_close", args=[order.key]), _("The open tasks are closed."))


def _hours(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "planned_hours": round(row["planned"] / 60),
        "actual_hours": round(row["actual"] / 60),
        "percent": round(100 * (row["actual"] - row["planned"]) / row["planned"]) if row["planned"] else None,
    }


def _figures(kept: dict[str, Any]) -> dict[str, Any]:
    days = {
        name: dt.date.fromisoformat(kept[name]) if kept[name] else None
        for name in ("promised", "actual", "first_planned")
    }
    money = {name: Decimal(kept[name]) for name in ("value", "received", "damages", "budget", "first_budget")}
    spent = Decimal(kept["spent"]) if "spent" in kept else None
    return {**kept, **days, **money, "spent": spent}


def settings_page(request: HttpRequest) -> HttpResponse:
    """What is needed to ship, when to remind of payments, after what customers are asked how we did."""
    actor = actor_of(request)
    require(actor, "delivery.settings")
    found = delivery_settings()
    refusal: Refusal | None = None
    if request.method == "POST":
        posted = Posted(request.POST)
        try:
            change_settings(
                actor=actor,
                required_documents=request.POST.getlist("documents"),
                hold_for_payment="hold_for_payment" in request.POST,
                remind_days=posted.whole("remind_days"),
                ask_after=request.POST.getlist("ask_after"),
                expected_version=version_of(request),
            )
            return redirect("delivery_settings")
        except Refusal as refused:
            refusal = refused
    context = {
        "title": _("Shipping and payments"),
        "found": found,
        "kinds": [
            (value, _("Photo of the delivery itself") if value == DocumentKind.PHOTO else label)
            for value, label in DocumentKind.choices
        ],
        "occasions": AskedAfter.choices,
        "reasons": refusal.reasons if refusal else (),
    }
    return render(request, "delivery/settings.html", context, status=status_of(refusal) if refusal else 200)
