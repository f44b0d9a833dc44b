"""Book time, expenses and commitments; approve time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from punctual.domain.costs.models import Commitment, CommitmentState, Expense, TimeEntry, TimeState
from punctual.domain.costs.rules import reasons_against_money, reasons_against_time
from punctual.domain.costs.selectors import commitments_of, expenses_of, hours_booked, time_of
from punctual.domain.parties.models import Supplier
from punctual.domain.plans.models import BudgetKind, BudgetLine, Plan, Task
from punctual.domain.resources.models import Resource
from punctual.kernel.refusal import Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, differences, record
from punctual.platform.notifications.services import notify
from punctual.platform.outbox.services import emit
from punctual.platform.records import get_or_not_found, lock, save_next


@transaction.atomic
def book_time(
    *, actor: User, task: Task, day: dt.date, hours: Decimal | None, today: dt.date, note: str = ""
) -> TimeEntry:
    """Hours of the actor on a task that the caller has fetched for them."""
    require(actor, "costs.own_time")
    refuse_if(reasons_against_time(hours=hours, day=day, today=today, booked=hours_booked(actor, day)))
    assert hours is not None
    rate = Resource.objects.filter(user=actor).values_list("hourly_cost", flat=True).first()
    entry = TimeEntry.objects.create(
        user=actor,
        plan_id=task.plan_id,
        task=task,
        task_name=str(task)[:160],
        day=day,
        hours=hours,
        cost=(hours * rate).quantize(Decimal("0.01")) if rate else None,
        note=note.strip()[:200],
    )
    record(actor=actor, verb="book_time", target=entry, changes=[Change(field="hours", old=None, new=str(hours))])
    emit("time.booked", time_entry_id=entry.pk, plan_id=task.plan_id)
    return entry


@transaction.atomic
def decide_time(*, actor: User, entry_ids: Iterable[int], approve: bool, note: str = "") -> int:
    """Approve or return entries; returns how many changed. One's own are approved by somebody else."""
    require(actor, "costs.approve_time")
    if not approve and not note.strip():
        raise Refusal(Reason("time.return_reason", N_("Say what is to be put right."), field="note"))
    state = TimeState.APPROVED if approve else TimeState.RETURNED
    rows = time_of(actor).filter(pk__in=list(entry_ids), state=TimeState.ENTERED).select_for_update(of=("self",))
    changed = 0
    for entry in rows:
        if approve and entry.user_id == actor.pk:
            raise Refusal(Reason("time.own", N_("Your own hours are approved by somebody else.")))
        entry.state, entry.decided_by, entry.decided_at = state, actor, timezone.now()
        if note.strip():
            entry.note = note.strip()[:200]
        save_next(entry)
        record(
            actor=actor,
            verb="approve_time" if approve else "return_time",
            target=entry,
            changes=[Change(field="state", old=TimeState.ENTERED.value, new=state.value)],
            reason=note.strip(),
        )
        if not approve:
            notify(
                users=[entry.user],
                kind="time",
                text=N_("%(who)s returned your hours of %(day)s: %(note)s"),
                params={"who": actor.name, "day": entry.day.isoformat(), "note": entry.note},
                url="/time/",
            )
        changed += 1
    return changed


def _budget_line(plan: Plan, pk: int | None) -> BudgetLine | None:
    return get_or_not_found(plan.budget.all(), pk=pk) if pk is not None else None


@transaction.atomic
def book_expense(
    *,
    actor: User,
    plan: Plan,
    kind: str,
    amount: Decimal | None,
    day: dt.date,
    subject: str,
    reference: str = "",
    budget_line_id: int | None = None,
    commitment_id: int | None = None,
    settles: bool = False,
) -> Expense:
    """Money spent on a plan that the caller has fetched; ``settles`` closes the commitment that it pays."""
    require(actor, "costs.book")
    refuse_if(reasons_against_money(amount=amount, subject=subject, kind=kind, kinds=list(BudgetKind.values)))
    assert amount is not None
    commitment = None
    if commitment_id is not None:
        commitment = lock(commitments_of(actor).filter(plan=plan), expected_version=None, pk=commitment_id)
    expense = Expense.objects.create(
        plan=plan,
        kind=kind,
        amount=amount,
        day=day,
        subject=subject.strip(),
        reference=reference.strip()[:60],
        budget_line=_budget_line(plan, budget_line_id),
        commitment=commitment,
        created_by=actor,
    )
    if commitment is not None and settles:
        commitment.state = CommitmentState.SETTLED
        save_next(commitment, fields=["state"])
    record(
        actor=actor, verb="book_expense", target=expense, changes=[Change(field="amount", old=None, new=str(amount))]
    )
    emit("costs.changed", plan_id=plan.pk, order_id=plan.order_id)
    return expense


@transaction.atomic
def void_expense(*, actor: User, expense_id: int, reason: str) -> Expense:
    """It counts no more, and stays on record."""
    require(actor, "costs.book")
    if not reason.strip():
        raise Refusal(Reason("cost.void_reason", N_("Say why it does not count."), field="reason"))
    expense = lock(expenses_of(actor, voided=True), expected_version=None, pk=expense_id)
    if expense.voided_at is not None:
        raise Refusal(Reason("cost.voided", N_("This entry is voided already.")))
    expense.voided_at = timezone.now()
    save_next(expense, fields=["voided_at"])
    record(actor=actor, verb="void_expense", target=expense, reason=reason.strip())
    emit("costs.changed", plan_id=expense.plan_id, order_id=expense.plan.order_id)
    return expense


@transaction.atomic
def commit_money(
    *,
    actor: User,
    plan: Plan,
    kind: str,
    amount: Decimal | None,
    subject: str,
    supplier: Supplier | None = None,
    expected_on: dt.date | None = None,
    budget_line_id: int | None = None,
) -> Commitment:
    """Money ordered elsewhere, entered by hand; purchase orders of here follow by themselves."""
    require(actor, "costs.book")
    refuse_if(reasons_against_money(amount=amount, subject=subject, kind=kind, kinds=list(BudgetKind.values)))
    assert amount is not None
    values = {
        "kind": kind,
        "amount": amount,
        "subject": subject.strip(),
        "supplier": supplier,
        "expected_on": expected_on,
        "budget_line": _budget_line(plan, budget_line_id),
    }
    found = Commitment.objects.create(plan=plan, **values)
    record(actor=actor, verb="commit", target=found, changes=[Change(field="amount", old=None, new=str(amount))])
    emit("costs.changed", plan_id=plan.pk, order_id=plan.order_id)
    return found


@dataclass(frozen=True, slots=True)
class Ordered:
    """What one plan bears of something that is ordered, in the company's currency."""

    amount: Decimal
    kind: str
    subject: str
    supplier_id: int | None = None
    expected_on: dt.date | None = None


@transaction.atomic
def follow_sources(*, source_type: str, ordered: Mapping[int, Mapping[int, Ordered]]) -> list[Commitment]:
    """Commitments of some sources (by id) as they are now, by plan: new ones are made, others follow, what no plan
    bears any more is cancelled; one that is settled stays. Saying the same again changes nothing. Returns what changed.
    """
    rows = Commitment.objects.select_for_update().filter(source_type=source_type, source_id__in=ordered)
    kept = {(one.source_id, one.plan_id): one for one in rows if one.source_id is not None}
    asked = {(source, plan): now for source, plans in ordered.items() for plan, now in plans.items()}
    changed = []
    for source, plan_id in sorted({*kept, *asked}):
        found, now = kept.get((source, plan_id)), asked.get((source, plan_id))
        if found is None and now is not None:
            found = Commitment(plan_id=plan_id, source_type=source_type, source_id=source, amount=Decimal(0))
        if found is None or found.state == CommitmentState.SETTLED:
            continue
        before = {name: getattr(found, name) for name in ("amount", "state", "expected_on")}
        if now is None:
            found.state = CommitmentState.CANCELLED
        else:
            found.state, found.amount, found.kind = CommitmentState.OPEN, now.amount, now.kind
            found.subject, found.supplier_id, found.expected_on = now.subject[:200], now.supplier_id, now.expected_on
        changes = differences(before, {name: getattr(found, name) for name in before})
        if found._state.adding:
            found.save()
        elif changes:
            save_next(found)
        else:
            continue
        record(actor=None, verb="commit", target=found, changes=changes)
        changed.append(found)
    plans = Plan.objects.filter(pk__in={one.plan_id for one in changed}).order_by("pk")
    for plan_id, order_id in plans.values_list("pk", "order_id"):
        emit("costs.changed", plan_id=plan_id, order_id=order_id)
    return changed
