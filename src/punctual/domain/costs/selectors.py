"""What an actor may see of time and money."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from django.db.models import Q, QuerySet, Sum

from punctual.domain.costs.models import Commitment, CommitmentState, Expense, TimeEntry, TimeState
from punctual.domain.costs.rules import ZERO, CostRow, cost_row
from punctual.domain.plans.models import BudgetKind, BudgetLine, Plan
from punctual.domain.plans.selectors import plans_of
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may


def expenses_of(actor: User, *, voided: bool = False) -> QuerySet[Expense]:
    """Expenses of orders that the actor may see, ``voided`` ones too where asked; none for who may not see costs."""
    if not may(actor, "costs.view"):
        return Expense.objects.none()
    rows = Expense.objects.filter(plan__in=plans_of(actor))
    if not voided:
        rows = rows.filter(voided_at=None)
    return rows.select_related("plan__order", "created_by", "commitment")


def commitments_of(actor: User) -> QuerySet[Commitment]:
    if not may(actor, "costs.view"):
        return Commitment.objects.none()
    return Commitment.objects.filter(plan__in=plans_of(actor)).select_related("plan__order", "supplier")


def time_of(actor: User) -> QuerySet[TimeEntry]:
    """Everybody's for who approves time or sees costs, else one's own."""
    rows = TimeEntry.objects.select_related("user", "plan__order__customer", "task", "decided_by")
    if may(actor, "costs.approve_time") or may(actor, "costs.view"):
        return rows
    return rows.filter(user=actor)


def hours_booked(user: User, day: dt.date) -> Decimal:
    """Hours of one person on one day, returned ones left out."""
    rows = TimeEntry.objects.filter(user=user, day=day).exclude(state=TimeState.RETURNED)
    return rows.aggregate(sum=Sum("hours"))["sum"] or ZERO


_COUNTED = Q(state__in=[TimeState.ENTERED, TimeState.APPROVED])


def cost_rows_of_plans(plans: Iterable[Plan]) -> dict[int, list[CostRow]]:
    """Plan id → a row for each kind of cost that has any money. The caller has asked whether the reader may see it."""
    by_id = {plan.pk: plan for plan in plans}
    budget: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    actual: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    committed: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    ids = list(by_id)
    for row in BudgetLine.objects.filter(plan__in=ids).order_by().values("plan", "kind").annotate(sum=Sum("amount")):
        budget[row["plan"], row["kind"]] += row["sum"]
    spent = Expense.objects.filter(plan__in=ids, voided_at=None).order_by()
    for row in spent.values("plan", "kind").annotate(sum=Sum("amount")):
        actual[row["plan"], row["kind"]] += row["sum"]
    time = TimeEntry.objects.filter(_COUNTED, plan__in=ids).order_by()
    for booked in time.values("plan").annotate(sum=Sum("cost")):
        actual[booked["plan"], BudgetKind.LABOUR] += booked["sum"] or ZERO
    opened = Commitment.objects.filter(plan__in=ids, state=CommitmentState.OPEN).order_by()
    for row in opened.values("plan", "kind").annotate(sum=Sum("amount")):
        committed[row["plan"], row["kind"]] += row["sum"]
    settled = Expense.objects.filter(plan__in=ids, voided_at=None, commitment__state=CommitmentState.OPEN).order_by()
    for paid in settled.values("plan", "commitment__kind").annotate(sum=Sum("amount")):
        committed[paid["plan"], paid["commitment__kind"]] -= paid["sum"]
    rows: dict[int, list[CostRow]] = {}
    for plan_id, plan in by_id.items():
        kinds = [
            k
            for k in BudgetKind.values
            if (plan_id, k) in budget or (plan_id, k) in actual or (plan_id, k) in committed
        ]
        rows[plan_id] = [
            cost_row(
                kind,
                budget=budget[plan_id, kind],
                actual=actual[plan_id, kind],
                committed=max(ZERO, committed[plan_id, kind]),
                progress=plan.progress,
            )
            for kind in kinds
        ]
    return rows


def cost_rows(actor: User, plan: Plan) -> list[CostRow] | None:
    """Budget, actual, committed and forecast by kind; None for who may not see costs."""
    return cost_rows_of_plans([plan])[plan.pk] if may(actor, "costs.view") else None


def actual_cost_by_day(plan_ids: Iterable[int]) -> dict[int, list[tuple[dt.date, Decimal]]]:
    """Plan id → (day, money) of expenses and of time; days in no order. Time of unknown cost counts as missing."""
    found: dict[int, list[tuple[dt.date, Decimal]]] = defaultdict(list)
    ids = list(plan_ids)
    spent = Expense.objects.filter(plan__in=ids, voided_at=None).order_by().values("plan", "day")
    worked = TimeEntry.objects.filter(_COUNTED, plan__in=ids, cost__isnull=False).order_by().values("plan", "day")
    for plan, day, amount in spent.annotate(sum=Sum("amount")).values_list("plan", "day", "sum"):
        found[plan].append((day, amount))
    for plan, day, cost in worked.annotate(sum=Sum("cost")).values_list("plan", "day", "sum"):
        found[plan].append((day, cost))
    return dict(found)
