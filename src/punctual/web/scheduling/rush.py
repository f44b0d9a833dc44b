"""The rush order page: days and priorities on a slider, and the harm each does to every other order."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.orders.models import Order, OrderState, Priority
from punctual.domain.orders.selectors import order_by_key, orders_of
from punctual.domain.scheduling.models import Channel, PromiseCause
from punctual.flows.promise_at_entry import promise_for_order
from punctual.flows.promise_ledger import promise_order
from punctual.flows.rush_approval import accept_rush
from punctual.flows.rush_order import Harm, harm_of
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.web.formatting import day_text
from punctual.web.orders.actions import done
from punctual.web.scheduling.promise import actor_of

STATES = (OrderState.DRAFT, OrderState.QUOTED, OrderState.IN_REVIEW)
STEPS = 8
MOST_SHOWN = 14


def page(request: HttpRequest) -> HttpResponse:
    """Which order, which day, which priority; the harm follows."""
    actor, today = actor_of(request), timezone.localdate()
    require(actor, "scheduling.view")
    choices = orders_of(actor).select_related("customer").filter(state__in=STATES, line_count__gt=0).order_by("-pk")
    key = request.GET.get("order", "")
    context: dict[str, object] = {"title": _("Rush order"), "choices": choices[:60], "order": None, "today": today}
    if key:
        context |= _answer(request, order_by_key(actor, key), actor, today)
    return render(request, "scheduling/rush.html", context)


def _answer(request: HttpRequest, order: Order, actor: User, today: dt.date) -> dict[str, object]:
    try:
        told = promise_for_order(order=order, actor=actor)
    except Refusal as refusal:
        return {"order": order, "reasons": refusal.reasons}
    if told is None:
        return {"order": order}
    kind = told.answer.offer("nobody")
    safe = kind.earliest(told.limits.floor)
    days = _days(told.answer.requested, told.answer.offers[-1].p50, safe, today)
    day = _chosen(request.GET.get("day", ""), told.answer.requested or days[0], today)
    text = request.GET.get("priority", "")
    priority = int(text) if text in {"1", "2", "3", "4"} else Priority.URGENT
    harm = harm_of(order=order, day=day, priority=priority, actor=actor)
    return {
        "order": order,
        "told": told,
        "safe": safe,
        "days": days,
        "day": day,
        "priority": priority,
        "priorities": Priority.choices,
        "harm": harm,
        "moves": harm.moves[:MOST_SHOWN],
        "more": max(0, len(harm.moves) - MOST_SHOWN),
        "cost": Decimal(round(harm.cost)),
        "kept": harm.finish <= day,
        "approvers": _approvers(harm, actor),
        "may_give": may(actor, "promises.give"),
        "may_steer": may(actor, "orders.steer"),
    }


def _days(requested: dt.date | None, soonest: dt.date, safe: dt.date, today: dt.date) -> list[dt.date]:
    """The slider: from the soonest that levers allow to the day that hurts nobody, the request among them."""
    first = max(today, min(soonest, requested or soonest))
    last = max(safe, first + dt.timedelta(days=STEPS))
    width = (last - first).days
    days = {first + dt.timedelta(days=round(width * step / (STEPS - 1))) for step in range(STEPS)}
    if requested and requested >= today:
        days.add(requested)
    return sorted(days)


def _chosen(text: str, usual: dt.date, today: dt.date) -> dt.date:
    try:
        return max(today, dt.date.fromisoformat(text))
    except ValueError:
        return max(today, usual)


def _approvers(harm: Harm, actor: User) -> list[str]:
    """The owners of the orders that would lose their promise; and a manager, once one does."""
    if not harm.broken:
        return []
    ids = [move.entry.id for move in harm.broken]
    owners = orders_of(actor).filter(pk__in=ids, owner__isnull=False).values_list("owner__display_name", flat=True)
    return [*dict.fromkeys(owners), _("a manager")]


@require_POST
def accept(request: HttpRequest, key: str) -> HttpResponse:
    """Accept for the chosen day; or, as a counter-offer, promise the day that hurts nobody."""
    actor, today = actor_of(request), timezone.localdate()
    order = order_by_key(actor, key)
    try:
        day = dt.date.fromisoformat(request.POST.get("date", ""))
    except ValueError as error:
        raise Refusal(Reason("promise.date", N_("Choose a day."), field="date")) from error
    reason, priority = request.POST.get("reason", ""), request.POST.get("priority", "")
    if request.POST.get("counter") == "yes":
        reason = reason or str(_("Counter-offer: the earliest day that hurts no other order."))
        promise_order(
            actor=actor,
            order_id=order.pk,
            dates=day,
            today=today,
            channel=Channel.QUOTATION,
            cause=PromiseCause.CUSTOMER,
            reason=reason,
            exception_reason=reason,
        )
        words = _("Counter-offer: %(day)s.")
    else:
        asked = accept_rush(
            actor=actor,
            order_id=order.pk,
            day=day,
            priority=int(priority) if priority in {"1", "2", "3", "4"} else order.priority,
            today=today,
            reason=reason,
        )
        if asked is not None:
            words = _("Asked: %(day)s is promised once a manager agrees. Nothing has changed yet.")
            return done(request, reverse("approval", args=[asked.pk]), words % {"day": day_text(day)})
        words = _("Accepted: promised for %(day)s.")
    return done(request, reverse("order", args=[order.key]), words % {"day": day_text(day)})
