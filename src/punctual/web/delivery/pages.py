"""The pages of one delivery and one acceptance."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from punctual.domain.delivery.gates import states as gate_states
from punctual.domain.delivery.life import ACCEPTANCE, DELIVERY
from punctual.domain.delivery.models import (
    Acceptance,
    AcceptanceKind,
    AcceptanceState,
    Delivery,
    DeliveryState,
    PunchGrade,
    PunchItem,
    Verdict,
)
from punctual.domain.delivery.rules import against_passing
from punctual.domain.delivery.selectors import (
    acceptance_by_id,
    acceptances_of,
    delivery_by_number,
    line_facts,
    photos_of,
    punch_before,
    shipped_quantities,
)
from punctual.domain.delivery.services.acceptance import facts_of
from punctual.domain.delivery.services.shipping import PHOTOGRAPHED, against_preparing, prepare
from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import order_by_key
from punctual.kernel.refusal import Refusal, refuse_if
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.attachments.models import DocumentKind
from punctual.platform.attachments.services import attachments_of, documents_on, path_of
from punctual.platform.audit.services import story_of
from punctual.platform.records import get_or_not_found
from punctual.web.delivery import words
from punctual.web.delivery.posted import Posted
from punctual.web.master.pages import actor_of
from punctual.web.orders.actions import as_download
from punctual.web.quality.files import answer_with
from punctual.web.shell.middleware import status_of

MOST_COLUMNS = 6


def item_rows(order: Order, delivery: Delivery | None) -> list[dict[str, Any]]:
    """Each line: ordered, delivered before, in this one, left after it."""
    facts = line_facts(order, but=delivery)
    shipped = shipped_quantities(order)
    items = {one.line_id: one for one in delivery.items.all()} if delivery else {}
    gone = delivery is not None and delivery.state in (DeliveryState.SHIPPED, DeliveryState.RECEIVED)
    rows = []
    for line in order.lines.all():
        item = items.get(line.pk)
        now = item.quantity if item else Decimal(0)
        left = facts[line.pk].ordered - facts[line.pk].elsewhere
        rows.append(
            {
                "line": line,
                "ordered": facts[line.pk].ordered,
                "before": shipped.get(line.pk, Decimal(0)) - (now if gone else 0),
                "now": now,
                "serials": item.serials if item else [],
                "wish": now if delivery else left,
                "left": left - now,
                "amount": (line.unit_price or 0) * now,
            }
        )
    return rows


def new_delivery(request: HttpRequest, key: str) -> HttpResponse:
    """Prepare the next batch of an order."""
    actor, today = actor_of(request), timezone.localdate()
    require(actor, "delivery.prepare")
    order = order_by_key(actor, key)
    refuse_if(against_preparing(order))
    refusal: Refusal | None = None
    rows = item_rows(order, None)
    packed = order.deliveries.filter(state=DeliveryState.PREPARING).last()
    if request.method != "POST" and packed is not None and not any(row["left"] > 0 for row in rows):
        return redirect("delivery", number=packed.number)  # everything that is left lies in it
    if request.method == "POST":
        posted = Posted(request.POST)
        try:
            items, planned = posted.quantities(order), posted.day("planned_on")
            posted.done()
            made = prepare(
                actor=actor, order_id=order.pk, items=items, today=today, planned_on=planned, place=posted.text("place")
            )
            return redirect("delivery", number=made.number)
        except Refusal as refused:
            refusal = refused
            for row in rows:
                row["wish"] = request.POST.get(f"item-{row['line'].pk}", "")
    context = {
        "title": _("New delivery"),
        "order": order,
        "rows": rows,
        "planned": order.planned_date or today,
        "reasons": refusal.reasons if refusal else (),
    }
    return render(request, "delivery/new.html", context, status=status_of(refusal) if refusal else 200)


def _criteria(acceptances: list[Acceptance]) -> tuple[list[Acceptance], list[dict[str, Any]]]:
    """Criteria down, acceptances across."""
    shown = [one for one in acceptances if one.state != AcceptanceState.CANCELLED][-MOST_COLUMNS:]
    cells: dict[str, dict[int, Any]] = {}
    methods: dict[str, str] = {}
    for one in shown:
        for result in one.results.all():
            methods.setdefault(result.criterion, result.method)
            mark = {"value": result.value, "chip": words.verdict_chip(result.verdict)}
            cells.setdefault(result.criterion, {})[one.pk] = mark
    rows = [
        {"criterion": name, "method": methods[name], "cells": [cells[name].get(one.pk) for one in shown]}
        for name in cells
    ]
    return shown, rows


def _unsigned_fat(acceptances: list[Acceptance], delivery: Delivery) -> Acceptance | None:
    """The factory acceptance that this delivery waits for."""
    rows = [
        one
        for one in acceptances
        if one.kind == AcceptanceKind.FAT
        and one.delivery_id in (None, delivery.pk)
        and one.state == AcceptanceState.OPEN
    ]
    return rows[-1] if rows else None


def delivery_page(request: HttpRequest, number: str) -> HttpResponse:
    """What goes, what stands before it, what was accepted, what is open, how it is packed."""
    actor, today = actor_of(request), timezone.localdate()
    require(actor, "delivery.view")
    delivery = delivery_by_number(actor, number)
    order = delivery.order
    acceptances = list(acceptances_of(actor).filter(order=order).order_by("pk"))
    shown, criteria = _criteria(acceptances)
    preparing = delivery.state == DeliveryState.PREPARING
    gates = gate_states(delivery, today=today) if preparing else []
    shut = [one for one in gates if not one.is_open]
    blocking = [one for one in shut if not (delivery.released_reason and one.gate.releasable)]
    rows = item_rows(order, delivery)
    boxes: list[Any] = list(delivery.boxes.all())
    may_prepare = may(actor, "delivery.prepare") and DELIVERY.allows(delivery.state, "change")
    context: dict[str, Any] = {
        "title": f"{order.label} · {delivery.batch}",
        "delivery": delivery,
        "order": order,
        "chip": words.delivery_chip(delivery),
        "rows": rows,
        "total": sum((row["amount"] for row in rows), Decimal(0)),
        "boxes": boxes,
        "blank_boxes": range(len(boxes), len(boxes) + 2),
        "gates": gates,
        "shut": len(shut),
        "fat": _unsigned_fat(acceptances, delivery),
        "blocking": blocking,
        "columns": shown,
        "criteria": criteria,
        "acceptances": [{"item": one, "chip": words.acceptance_chip(one)} for one in acceptances],
        "punch": PunchItem.objects.filter(acceptance__order=order).select_related("action__owner", "acceptance"),
        "kinds": AcceptanceKind.choices,
        "may_prepare": may_prepare,
        "numbered": may_prepare or any(row["serials"] for row in rows),
        "may_ship": may(actor, "delivery.ship") and DELIVERY.allows(delivery.state, "ship"),
        "may_receive": may(actor, "delivery.ship") and DELIVERY.allows(delivery.state, "receive"),
        "may_release": may(actor, "delivery.release") and preparing and any(one.gate.releasable for one in shut),
        "may_accept": may(actor, "delivery.accept"),
        "may_attach": may(actor, "orders.comment"),
        "document_kinds": DocumentKind.choices,
        "files": attachments_of(delivery).exclude(kind=DocumentKind.PHOTO),
        "photos": photos_of(delivery),
        "may_unphotograph": may(actor, "delivery.prepare") and delivery.state in PHOTOGRAPHED,
        "may_photograph": may(actor, "delivery.prepare") and delivery.state != DeliveryState.CANCELLED,
        "documents": [one for one in documents_on(order) if one.kind],
        "story": words.story(story_of(delivery)[:12]),
        "today": today,
        "no_params": {},
    }
    return render(request, "delivery/delivery.html", context)


def acceptance_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Results, open items and the signature of one acceptance; made for a phone at the machine."""
    actor = actor_of(request)
    require(actor, "delivery.view")
    return show_acceptance(request, acceptance_by_id(actor, pk), None)


def show_acceptance(request: HttpRequest, acceptance: Acceptance, refusal: Refusal | None) -> HttpResponse:
    """The page, with the reasons of what was just refused."""
    actor = actor_of(request)
    facts = facts_of(acceptance)
    open_ = acceptance.state == AcceptanceState.OPEN
    speak = [
        one
        for one in against_passing(facts, signer="x", has_signature=True, with_punch=True)
        if open_ and one.code != "acceptance.with_punch"
    ]
    post = request.POST if refusal else {}
    context = {
        "title": acceptance.get_kind_display(),
        "acceptance": acceptance,
        "order": acceptance.order,
        "chip": words.acceptance_chip(acceptance),
        "results": [
            {
                "row": one,
                "value": post.get(f"value-{one.pk}", one.value),
                "verdict": post.get(f"verdict-{one.pk}", one.verdict),
                "chip": words.verdict_chip(one.verdict),
            }
            for one in acceptance.results.all()
        ],
        "verdicts": Verdict.choices,
        "grades": PunchGrade.choices,
        "people": User.objects.filter(is_active=True).order_by("role", "username"),
        "punch": punch_before(acceptance),
        "punch_count": sum(facts.open_punch.values()),
        "may_change": may(actor, "delivery.accept") and ACCEPTANCE.allows(acceptance.state, "change"),
        "speak": speak,
        "files": attachments_of(acceptance),
        "story": words.story(story_of(acceptance)[:12]),
        "reasons": refusal.reasons if refusal else (),
        "today": timezone.localdate(),
        "signer": post.get("signer", ""),
        "signature": post.get("signature", ""),
        "note": post.get("note", acceptance.note),
        "with_punch": "with_punch" in post,
        "failed_on": post.get("failed_on") or timezone.localdate().isoformat(),
        "fail_reason": post.get("reason", ""),
        "back": reverse("delivery", args=[acceptance.delivery.number])
        if acceptance.delivery
        else reverse("order", args=[acceptance.order.key]),
    }
    return render(request, "delivery/acceptance.html", context, status=status_of(refusal) if refusal else 200)


def delivery_file(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    actor = actor_of(request)
    require(actor, "delivery.view")
    return answer_with(request, get_or_not_found(attachments_of(delivery_by_number(actor, number)), pk=pk))


def acceptance_file(request: HttpRequest, pk: int, file_pk: int) -> HttpResponse:
    """A file of an acceptance; the signature is shown on the page."""
    actor = actor_of(request)
    require(actor, "delivery.view")
    found = get_or_not_found(attachments_of(acceptance_by_id(actor, pk)), pk=file_pk)
    content = path_of(found.sha256).read_bytes()
    if found.kind == "signature":
        return HttpResponse(content, content_type="image/png")
    return as_download(content, found.name)
