"""The promise panel: three dates beside the order form and on the order's page, and giving a promise."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.orders.facts import catalogue_for, check_settings
from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import imports_of, order_by_key
from punctual.domain.orders.services.imports import evaluated
from punctual.domain.scheduling.models import Channel, PromiseCause
from punctual.domain.scheduling.promising import Answer, Offered
from punctual.domain.scheduling.task_ends import line_forecasts
from punctual.flows.promise_at_entry import Told, promise_for_input, promise_for_order
from punctual.flows.promise_ledger import promise_order
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.records import get_or_not_found
from punctual.web.formatting import day_text
from punctual.web.orders.actions import done, version_of
from punctual.web.orders.entry import read_entry
from punctual.web.rail import RailFacts, rail
from punctual.web.scheduling.words import hold_words, pull_words

TONES = ((80, "ok"), (50, "warn"), (0, "late"))
MOST_MOVES = 6
PASSES = frozenset({"promise.no_schedule", "promise.not_ready"})
"""What is over in a minute; the panel asks again by itself."""


def actor_of(request: HttpRequest) -> User:
    return cast(User, request.user)


def tone(percent: int | None) -> str:
    """ok from 80 %, warn from 50 %, late below."""
    if percent is None:
        return ""
    return next(css for least, css in TONES if percent >= least)


@require_POST
def entry_panel(request: HttpRequest) -> HttpResponse:
    """What could be promised for the lines on the screen; nothing is kept."""
    actor, today = actor_of(request), timezone.localdate()
    require(actor, "orders.change")
    data, _reasons = read_entry(request.body.decode("utf-8", "replace"))
    identity = request.GET.get("id", "")
    order_id = int(identity) if identity.isdecimal() and len(identity) < 18 else None
    try:
        told = promise_for_input(data=data, catalogue=catalogue_for(data, today), actor=actor, order_id=order_id)
    except Refusal as refusal:
        return _nothing(request, refusal)
    return render(request, "scheduling/promise_body.html", panel_context(told, request, day=_day(request, told)))


def import_panel(request: HttpRequest, pk: int) -> HttpResponse:
    """The same for a customer's file that is still being settled: as if it were taken over as it stands."""
    actor, today = actor_of(request), timezone.localdate()
    require(actor, "orders.change")
    data = evaluated(get_or_not_found(imports_of(actor), pk=pk), today=today).data
    try:
        told = promise_for_input(data=data, catalogue=catalogue_for(data, today), actor=actor)
    except Refusal as refusal:
        return _nothing(request, refusal)
    # A promise is given for an order; the draft that comes of the file offers it.
    context = {**panel_context(told, request, day=_day(request, told)), "may_give": False}
    return render(request, "scheduling/promise_body.html", context)


def order_panel(request: HttpRequest, key: str) -> HttpResponse:
    """The same for an order that is kept but has no plan yet; loaded after the page."""
    actor = actor_of(request)
    order = order_by_key(actor, key)
    try:
        told = promise_for_order(order=order, actor=actor)
    except Refusal as refusal:
        return _nothing(request, refusal)
    context = panel_context(told, request, day=_day(request, told))
    return render(request, "scheduling/promise_body.html", {**context, "order": order, "page": True})


def _nothing(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    context = {"reasons": refusal.reasons, "again": bool(refusal.codes & PASSES)}
    return render(request, "scheduling/promise_none.html", context)


def line_ranges(request: HttpRequest, key: str) -> HttpResponse:
    """P50 to P80 of each line of a planned order, put into its row; loaded after the page."""
    actor = actor_of(request)
    require(actor, "scheduling.view")
    order = order_by_key(actor, key)
    found = line_forecasts(actor, order)
    ranges = [(line, *found[line.pk]) for line in order.lines.filter(actual_date=None) if line.pk in found]
    return render(request, "scheduling/line_ranges.html", {"ranges": ranges})


def _day(request: HttpRequest, told: Told | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return None


def panel_context(told: Told | None, request: HttpRequest, *, day: dt.date | None) -> dict[str, Any]:
    if told is None:
        return {"told": None}
    actor, answer = actor_of(request), told.answer
    kind = request.GET.get("offer", "")
    chosen = answer.offer(kind if any(one.kind == kind for one in answer.offers) else _usual(answer))
    limits = told.limits
    wished = day or chosen.earliest(max(limits.wanted, limits.floor))
    percent = chosen.percent(wished)
    return {
        "told": told,
        "offers": [offer_view(one, answer, chosen) for one in answer.offers],
        "no_levers": all(one.kind != "levers" for one in answer.offers),
        "chosen": chosen.kind,
        "holds": [(one, hold_words(one)) for one in answer.holds],
        "moves": list(chosen.moves)[:MOST_MOVES],
        "more_moves": max(0, len(chosen.moves) - MOST_MOVES),
        "cost": Decimal(round(chosen.cost)),
        "day": wished,
        "percent": percent,
        "percent_css": tone(percent),
        "limits": limits,
        "earliest": chosen.earliest(limits.floor),
        "below": percent < limits.floor,
        "below_wanted": limits.floor <= percent < limits.wanted,
        "may_except": may(actor, "promises.exception"),
        "may_give": may(actor, "promises.give"),
        "hold_until": timezone.localdate() + dt.timedelta(days=check_settings().quote_days),
        "seconds": f"{answer.seconds:.1f}",
    }


def _usual(answer: Answer) -> str:
    """Which date is shown as chosen first: the negotiated one where it is better than when nobody moves."""
    return "negotiated" if answer.offer("negotiated").p80 < answer.offers[0].p80 else "nobody"


def offer_view(offer: Offered, answer: Answer, chosen: Offered) -> dict[str, Any]:
    facts = RailFacts(
        promised=answer.requested or offer.p80,
        requested=answer.requested,
        planned_from=offer.p50,
        planned=offer.p80,
        tail=offer.p95,
    )
    return {
        "offer": offer,
        "on": offer.kind == chosen.kind,
        "rail": rail(facts, width=116),
        "css": tone(offer.request_percent),
        "pulls": [pull_words(one) for one in offer.pulls],
        "price": Decimal(round(offer.price)),
        "moved": len(offer.moves),
    }


@require_POST
def give(request: HttpRequest, key: str) -> HttpResponse:
    """Promise the order's date; comes back to where it was asked."""
    actor = actor_of(request)
    order = order_by_key(actor, key)
    day = _posted_day(request)
    promise_order(
        actor=actor,
        order_id=order.pk,
        dates=_dates(request, order, day),
        today=timezone.localdate(),
        channel=request.POST.get("channel", Channel.SYSTEM),
        cause=request.POST.get("cause", PromiseCause.FIRST),
        reason=request.POST.get("reason", ""),
        exception_reason=request.POST.get("exception_reason", ""),
        offer=request.POST.get("offer", "nobody"),
        expected_version=version_of(request),
    )
    order.refresh_from_db()
    if request.headers.get("Accept", "").startswith("application/json"):
        return HttpResponse(f'{{"version": {order.version}}}', content_type="application/json")
    return done(request, reverse("order", args=[order.key]), _("Promised: %(day)s.") % {"day": day_text(day)})


def _posted_day(request: HttpRequest) -> dt.date:
    text = request.POST.get("date", "")
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise Refusal(
            Reason("promise.date", N_("Give a day as 2026-12-31, not “%(text)s”."), {"text": text[:40]}, field="date")
        ) from error


def _dates(request: HttpRequest, order: Order, day: dt.date) -> dict[int, dt.date]:
    """The chosen lines, or all of them."""
    chosen = {int(one) for one in request.POST.getlist("line") if one.isdecimal() and len(one) < 18}
    return {line.pk: day for line in order.lines.all() if not chosen or line.pk in chosen}
