"""Payment milestones: out of the terms or by hand, due with their events, invoices and receipts, reminders."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone

from punctual.domain.delivery.models import (
    OPEN_MILESTONES,
    EntryKind,
    MilestoneKind,
    PayEvent,
    PaymentEntry,
    PaymentMilestone,
)
from punctual.domain.delivery.rules import (
    Share,
    against_delay,
    against_entry,
    against_shares,
    allocated,
    due_day,
    reallocated,
)
from punctual.domain.delivery.selectors import delivery_settings, first_shipment, milestones_of, passed_on
from punctual.domain.delivery.terms import Term, read_terms
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.orders.selectors import orders_of
from punctual.domain.plans.models import Task
from punctual.kernel.refusal import Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role, User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, record
from punctual.platform.notifications.services import notify
from punctual.platform.outbox.services import emit
from punctual.platform.records import get_or_not_found, lock, save_next

AGAIN_AFTER: Final = dt.timedelta(days=7)
BEGUN_WITH: Final = frozenset({PayEvent.CONFIRMED, PayEvent.DATE, PayEvent.TASK})
"""What can have happened to an order that has just been confirmed: nothing of it has been shipped or accepted."""


def milestones_from_terms(order: Order) -> list[Term]:
    return read_terms(order.payment_terms)


def terms_are_unread(order: Order) -> bool:
    """Something is agreed, and no milestones can be read from it for certain: somebody enters them by hand."""
    return bool(order.payment_terms.strip()) and not milestones_from_terms(order)


def write_from_terms(order: Order) -> list[PaymentMilestone]:
    """The milestones of a just confirmed order, where its terms are understood; inside the caller's transaction."""
    terms = milestones_from_terms(order)
    if not terms or order.payment_milestones.exists():
        return []
    amounts = allocated(order.total_amount, order.currency, [term.percent for term in terms])
    task = _progress_task(order) if any(term.event == PayEvent.TASK for term in terms) else None
    rows = [
        PaymentMilestone(
            order=order,
            position=position,
            kind=term.kind,
            percent=term.percent,
            amount=amount,
            event=term.event if term.event != PayEvent.TASK or task else PayEvent.BEFORE_SHIPPING,
            task=task if term.event == PayEvent.TASK else None,
            days=term.days,
            months=term.months,
        )
        for position, (term, amount) in enumerate(zip(terms, amounts, strict=True), start=1)
    ]
    for row in rows:
        if row.event in BEGUN_WITH:
            row.happened_on, row.due_on = _days_of(row)
    return PaymentMilestone.objects.bulk_create(rows)


def _progress_task(order: Order) -> Task | None:
    """What a progress payment hangs on by itself: the first milestone of the plan, else the end of its first phase."""
    tasks = Task.objects.filter(plan__order=order, is_delivery=False).order_by("sequence")
    found = tasks.filter(is_milestone=True, is_summary=False).first()
    return found or tasks.filter(is_summary=True).exclude(parent=None).first() or tasks.filter(is_summary=False).first()


@transaction.atomic
def set_milestones(
    *, actor: User, order_id: int, rows: Sequence[Mapping[str, Any]], today: dt.date
) -> list[PaymentMilestone]:
    """Replace the milestones: {"id", "kind", "name", "percent", "event", "task", "fixed_on", "days", "months"} each.

    Shares make 100 percent; amounts are exact to the cent. One with an invoice or a receipt stays and keeps its
    amount.
    """
    require(actor, "payments.plan")
    order = lock(orders_of(actor), expected_version=None, pk=order_id)
    have = {one.pk: one for one in order.payment_milestones.all()}
    told_ids = [int(row["id"]) for row in rows if row.get("id")]
    kept = set(told_ids)
    reasons = against_shares([row["percent"] for row in rows])
    if len(told_ids) > len(kept):
        text = N_("A milestone stands there twice; load the page again.")
        reasons.append(Reason("payment.twice", text, field="rows"))
    gone = [one for pk, one in have.items() if pk not in kept and one.entries.filter(voided_at=None).exists()]
    text = N_("%(name)s has invoices or receipts and stays.")
    reasons += [Reason("payment.has_entries", text, {"name": one.label}, field="rows") for one in gone]
    for index, row in enumerate(rows, start=1):
        reasons += _against_row(row, index, order)
    refuse_if(reasons)
    order.payment_milestones.exclude(pk__in=kept).delete()
    made = []
    for position, row in enumerate(rows, start=1):
        one = have.get(int(row["id"])) if row.get("id") else None
        one = one or PaymentMilestone(order=order, amount=Decimal(0))
        for name in ("kind", "name", "percent", "event", "task", "fixed_on", "days", "months"):
            setattr(one, name, row[name])
        one.position = position
        made.append(one)
    _spread(order, made)
    for one in made:
        one.save()
        _date(one)
    told = ", ".join(f"{one.label} {one.percent.normalize():f}%" for one in made)
    change = Change(field="payment_milestones", old=None, new=told)
    record(actor=actor, verb="set_milestones", target=order, changes=[change])
    return made


def _against_row(row: Mapping[str, Any], index: int, order: Order) -> list[Reason]:
    reasons = []
    if row["kind"] not in MilestoneKind.values or row["event"] not in PayEvent.values:
        reasons.append(Reason("payment.kind", N_("Choose kind and event."), field="kind", row=index))
    if row["event"] == PayEvent.TASK and row["task"] is None:
        reasons.append(Reason("payment.task", N_("Choose the task it hangs on."), field="task", row=index))
    if row["task"] is not None and row["task"].plan.order_id != order.pk:
        reasons.append(Reason("payment.task", N_("This task belongs to another order."), field="task", row=index))
    if row["event"] == PayEvent.DATE and row["fixed_on"] is None:
        reasons.append(Reason("payment.date", N_("Enter the fixed date."), field="fixed_on", row=index))
    return reasons + against_delay(row["days"], row["months"], row=index)


def _is_fixed(row: PaymentMilestone) -> bool:
    return bool(row.pk) and (row.invoiced > 0 or row.received > 0)


def _spread(order: Order, rows: Sequence[PaymentMilestone]) -> None:
    shares = [Share(row.percent, row.amount, _is_fixed(row)) for row in rows]
    for row, amount in zip(rows, reallocated(order.total_amount, order.currency, shares), strict=True):
        row.amount = amount


def follow_value(order: Order) -> None:
    """The order's value has changed: open milestones follow in their shares; inside the caller's transaction."""
    rows = list(order.payment_milestones.select_for_update())
    if not rows:
        return
    _spread(order, rows)
    for row in rows:
        save_next(row, fields=["amount"])


# ------------------------------------------------------------------------------------------------------ events


def _happened(row: PaymentMilestone) -> dt.date | None:
    """The day on which the milestone's event happened, as far as it has."""
    order = row.order
    if row.event == PayEvent.DATE:
        return row.fixed_on
    if row.event == PayEvent.CONFIRMED:
        return timezone.localdate(order.confirmed_at) if order.confirmed_at else None
    if row.event == PayEvent.TASK:
        return timezone.localdate(row.task.actual_finish) if row.task and row.task.actual_finish else None
    if row.event == PayEvent.DELIVERED:
        return order.actual_date
    if row.event == PayEvent.BEFORE_SHIPPING:
        return first_shipment(order)
    if row.event in (PayEvent.FAT, PayEvent.SAT, PayEvent.FINAL):
        return passed_on(order).get(row.event)
    return None


def _days_of(row: PaymentMilestone) -> tuple[dt.date | None, dt.date | None]:
    """When the event happened, and when the money is due with it."""
    happened = _happened(row)
    return happened, due_day(happened, days=row.days, months=row.months) if happened else None


def _date(row: PaymentMilestone) -> None:
    """Write when the event happened and when the money is due with it."""
    days = _days_of(row)
    if (row.happened_on, row.due_on) != days:
        row.happened_on, row.due_on = days
        save_next(row, fields=["happened_on", "due_on"])


def note_event(order: Order, event: str, day: dt.date) -> None:
    """Something has happened that money may hang on; inside the caller's transaction."""
    for row in order.payment_milestones.filter(event=event).select_related("order", "task"):
        row.order = order
        _date(row)
    emit("payment.event", order_id=order.pk, event=event, on=day.isoformat())


def date_milestones(order_id: int) -> int:
    """Look at every open milestone of an order again (a task may have been finished); returns how many got a day."""
    rows = PaymentMilestone.objects.filter(OPEN_MILESTONES, order=order_id).select_related("order", "task")
    count = 0
    for row in rows:
        before = row.due_on
        _date(row)
        count += row.due_on != before
    return count


# ------------------------------------------------------------------------------------------------------ entries


@transaction.atomic
def enter(
    *,
    actor: User,
    milestone_id: int,
    kind: str,
    amount: Decimal | None,
    on: dt.date | None,
    today: dt.date,
    reference: str = "",
    expected_version: int | None = None,
) -> PaymentMilestone:
    """An invoice written or money received on a milestone, never more than it is."""
    require(actor, "payments.enter")
    row = lock(milestones_of(actor).select_related("order"), expected_version=expected_version, pk=milestone_id)
    so_far = {"invoiced": row.invoiced, "received": row.received, "due": row.amount}
    reasons = against_entry(kind=kind, amount=amount, currency=row.order.currency, **so_far)
    if kind not in EntryKind.values:
        reasons.append(Reason("payment.entry_kind", N_("Choose: invoice or receipt."), field="kind"))
    if on is None or on > today:
        reasons.append(Reason("payment.on", N_("Enter the day; it must not lie ahead."), field="on"))
    refuse_if(reasons)
    assert amount is not None
    assert on is not None
    PaymentEntry.objects.create(
        milestone=row, kind=kind, amount=amount, on=on, reference=reference.strip()[:80], by=actor
    )
    _sum(row)
    field = "invoiced" if kind == EntryKind.INVOICE else "received"
    record(actor=actor, verb=kind, target=row, changes=[Change(field=field, old=None, new=str(amount))])
    record(
        actor=actor, verb=f"payment_{kind}", target=row.order,
        changes=[Change(field=row.label, old=None, new=str(amount))], reason=reference.strip(),
    )  # fmt: skip
    emit(f"payment.{field}", milestone_id=row.pk, order_id=row.order_id, amount=str(amount))
    return row


@transaction.atomic
def void(*, actor: User, entry_id: int, reason: str) -> PaymentMilestone:
    """A wrong entry counts no more; it stays on record."""
    require(actor, "payments.enter")
    entries = PaymentEntry.objects.filter(milestone__in=milestones_of(actor))
    entry = get_or_not_found(entries.select_for_update(of=("self",)), pk=entry_id)
    if entry.voided_at is not None:
        raise Refusal(Reason("payment.voided", N_("This entry is voided already.")))
    if not reason.strip():
        raise Refusal(Reason("payment.void_reason", N_("Say why."), field="reason"))
    row = lock(milestones_of(actor).select_related("order"), expected_version=None, pk=entry.milestone_id)
    entry.voided_at, entry.void_reason = timezone.now(), reason.strip()[:200]
    entry.save(update_fields=["voided_at", "void_reason"])
    _sum(row)
    change = Change(field=entry.kind, old=str(entry.amount), new=None)
    record(actor=actor, verb="void_payment", target=row, changes=[change], reason=reason.strip())
    return row


def _sum(row: PaymentMilestone) -> None:
    sums = row.entries.filter(voided_at=None).aggregate(
        invoiced=Sum("amount", filter=Q(kind=EntryKind.INVOICE)),
        received=Sum("amount", filter=Q(kind=EntryKind.RECEIPT)),
    )
    row.invoiced, row.received = sums["invoiced"] or Decimal(0), sums["received"] or Decimal(0)
    save_next(row, fields=["invoiced", "received"])


# ------------------------------------------------------------------------------------------------------ reminders


def remind_due(today: dt.date | None = None) -> int:
    """By the clock: finance and the order's owner hear of what is due soon or overdue, once a week."""
    day = today or timezone.localdate()
    soon = day + dt.timedelta(days=delivery_settings().remind_days)
    rows = PaymentMilestone.objects.filter(OPEN_MILESTONES, due_on__lte=soon).exclude(
        order__state__in=(OrderState.CANCELLED, OrderState.LOST)
    )
    rows = rows.exclude(reminded_on__gt=day - AGAIN_AFTER)
    finance = list(User.objects.filter(role=Role.FINANCE, is_active=True))
    count = 0
    for row in rows.select_related("order__owner"):
        overdue = row.due_on is not None and row.due_on < day
        text = (
            N_("%(name)s of %(order)s is overdue since %(day)s: %(amount)s.")
            if overdue
            else N_("%(name)s of %(order)s is due on %(day)s: %(amount)s.")
        )
        people = [*finance, *([row.order.owner] if row.order.owner else [])]
        params = {
            "name": row.label,
            "order": row.order.label,
            "day": row.due_on.isoformat() if row.due_on else "",
            "amount": f"{row.open_amount:,.2f} {row.order.currency}",
        }
        with transaction.atomic():
            notify(users=people, kind="payment", text=text, params=params, url=f"/orders/{row.order.key}/payments/")
            PaymentMilestone.objects.filter(pk=row.pk).update(reminded_on=day)
        count += 1
    return count
