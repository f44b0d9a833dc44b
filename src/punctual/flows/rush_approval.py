"""Accepting a rush order: at once where nobody loses a promise by it; else a manager's yes comes first, and until then
nothing has changed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from punctual.domain.orders.models import Order, Priority
from punctual.domain.orders.selectors import orders_of
from punctual.domain.orders.services.priority import set_priority
from punctual.domain.scheduling.agreed import keep_agreed, places_of
from punctual.domain.scheduling.gathering import scheduling_settings
from punctual.domain.scheduling.models import Channel, PromiseCause, ScheduleRun
from punctual.domain.scheduling.rules import reasons_against_promise
from punctual.domain.scheduling.services.promises import give_promise
from punctual.flows.promise_at_entry import limits_for
from punctual.flows.rush_order import Harm, harm_of
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role, User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.approvals.models import ApprovalRequest, ApprovalState
from punctual.platform.approvals.rules import Level
from punctual.platform.approvals.services import request_approval
from punctual.platform.approvals.subjects import Subject, register
from punctual.platform.audit.services import target_type
from punctual.platform.records import get_or_not_found

SUBJECT: Final = "rush_order"
MOST_NAMED: Final = 8


def accept_rush(
    *, actor: User, order_id: int, day: dt.date, priority: int, today: dt.date, reason: str = ""
) -> ApprovalRequest | None:
    """Promise ``day`` with ``priority``; None once that is done, or the request that waits for a yes."""
    require(actor, "promises.give")
    require(actor, "orders.steer")
    order = get_or_not_found(orders_of(actor).select_related("customer"), pk=order_id)
    if priority not in Priority.values:
        refuse_if([Reason("order.priority", N_("Choose a priority."), field="priority")])
    harm = harm_of(order=order, day=day, priority=priority, actor=actor)
    limits = limits_for(order.customer.grade if order.customer else "")
    refuse_if(
        reasons_against_promise(
            date=day,
            today=today,
            percent=harm.percent,
            limits=limits,
            earliest=harm.offer.earliest(scheduling_settings().floor_percent),
            exception_reason=reason,
            may_except=may(actor, "promises.exception"),
        )
    )
    wish = {
        "order": order.label,
        "day": day.isoformat(),
        "priority": priority,
        "reason": reason.strip(),
        "percent": harm.percent,
        "run": harm.run.pk,
        "places": places_of(harm.run, harm.offer),
    }
    with transaction.atomic():
        if harm.broken:
            return _ask(order, harm, wish, actor, today)
        _do(order, wish, actor, today)
    return None


def _ask(order: Order, harm: Harm, wish: dict[str, Any], actor: User, today: dt.date) -> ApprovalRequest:
    waiting = ApprovalRequest.objects.filter(
        subject=SUBJECT, target_type=target_type(order), target_id=order.pk, state=ApprovalState.WAITING
    )
    if waiting.exists():
        text = N_("Accepting %(order)s waits for a decision already.")
        refuse_if([Reason("rush.waits", text, {"order": order.label})])
    return request_approval(
        actor=actor,
        subject=SUBJECT,
        target=order,
        title=N_("Rush order %(order)s for %(day)s"),
        params=wish,
        today=today,
        amount=Decimal(round(harm.cost)),
        days=max((move.days for move in harm.broken), default=0),
        facts=_facts(harm),
        detail=wish["reason"],
        url=f"/rush/?order={order.key}&day={wish['day']}&priority={wish['priority']}",
    )


def _facts(harm: Harm) -> list[dict[str, Any]]:
    """Whose promise would be lost, P80 now and then."""
    rows: list[dict[str, Any]] = [
        {"label": N_("Promises likely broken"), "now": "0", "then": str(len(harm.broken)), "kind": "text"}
    ]
    rows += [
        {
            "label": move.entry.label,
            "now": move.p80.isoformat(),
            "then": move.p80_then.isoformat(),
            "kind": "date",
            "tone": "late",
        }
        for move in harm.broken[:MOST_NAMED]
    ]
    return rows


def _do(order: Order, wish: dict[str, Any], actor: User, today: dt.date) -> None:
    """The promise, and the places for which its harm was computed: the next schedule begins there."""
    day, run = dt.date.fromisoformat(wish["day"]), ScheduleRun.objects.filter(pk=wish["run"]).first()
    give_promise(
        actor=actor,
        order_id=order.pk,
        dates=dict.fromkeys(order.lines.values_list("pk", flat=True), day),
        today=today,
        channel=Channel.QUOTATION,
        cause=PromiseCause.CUSTOMER,
        reason=wish["reason"],
        exception_reason=wish["reason"],
        percent=wish["percent"],
        limits=limits_for(order.customer.grade if order.customer else ""),
        earliest=None,
        run=run,
        expected_version=None,
    )
    if run is not None and "places" in wish:  # not in what was asked before they were kept
        keep_agreed(order.pk, run, wish["places"])
    if wish["priority"] != order.priority:
        set_priority(actor=actor, order_id=order.pk, priority=wish["priority"], reason=wish["reason"])


def decided(request: ApprovalRequest, actor: User, approved: bool, comment: str) -> None:
    """A yes does what was asked for, in the name of who asked; a no leaves everything as it is."""
    if approved:
        order = get_or_not_found(orders_of(request.requested_by).select_related("customer"), pk=request.target_id)
        _do(order, dict(request.params), request.requested_by, timezone.localdate())


def listen() -> None:
    """Called once when the programme starts."""
    register(Subject(SUBJECT, N_("Rush order"), "bolt", (Level(Role.MANAGER.value, 1),), decided))
