"""Keep a plan as it was agreed."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.db.models import Sum, Value

from punctual.domain.plans.models import AT_CONFIRMATION, BASELINE_NAMES, Baseline, BaselineTask, Plan, Task
from punctual.domain.plans.selectors import plans_of
from punctual.domain.plans.wishes import line, refuse
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, record
from punctual.platform.many_rows import copy_rows
from punctual.platform.records import lock, save_next


@transaction.atomic
def keep_baseline(
    *, plan_id: int, actor: User, name: str, reason: str = "", expected_version: int | None = None
) -> Baseline:
    """Keep every row of the plan under the next number and a name; a second one needs the reason.

    Raises Conflict when the plan has moved on.
    """
    require(actor, "plans.make")
    plan = lock(plans_of(actor), expected_version=expected_version, pk=plan_id)
    words = {"name": name, "reason": reason}
    told_why = line(words, "reason", most=200, required=False)
    if not told_why and plan.baselines.exists():
        refuse("reason_missing", N_("Say why the plan is agreed anew; the reason stands with the baseline."), "reason")
    return _keep(plan, actor=actor, name=line(words, "name", most=80), reason=told_why)


def keep_first_baseline(plan: Plan, *, actor: User) -> Baseline:
    """What was agreed when the order was confirmed; part of the transaction that made the plan."""
    return _keep(plan, actor=actor, name=AT_CONFIRMATION, reason="")


def _keep(plan: Plan, *, actor: User, name: str, reason: str) -> Baseline:
    baseline = write_baseline(plan, actor=actor, name=name, reason=reason)
    save_next(plan, fields=[])
    told = baseline.number if baseline.name in BASELINE_NAMES else str(baseline)
    change = Change(field="baseline", old=None, new=told)
    record(actor=actor, verb="plan_baseline", target=plan, changes=[change], reason=baseline.reason)
    return baseline


def write_baseline(plan: Plan, *, actor: User | None, name: str, reason: str = "") -> Baseline:
    """The rows themselves, inside the caller's transaction."""
    last = plan.baselines.order_by("-number").values_list("number", flat=True).first() or 0
    assert plan.planned_start is not None
    assert plan.planned_finish is not None
    assert plan.planned_date is not None
    baseline = Baseline.objects.create(
        plan=plan,
        number=last + 1,
        name=name,
        reason=reason,
        planned_start=plan.planned_start,
        planned_finish=plan.planned_finish,
        planned_date=plan.planned_date,
        budget_total=plan.budget.aggregate(sum=Sum("amount"))["sum"] or Decimal(0),
        created_by=actor,
    )
    columns = (
        "pk", "parent_id", "sequence", "wbs", "name", "is_summary", "is_milestone", "duration", "start", "finish",
        "total_float", "is_critical",
    )  # fmt: skip
    rows = Task.objects.filter(plan=plan).annotate(kept_in=Value(baseline.pk)).order_by("sequence")
    names = ("baseline_id", "task_ref", "parent_ref", *columns[2:])
    copy_rows(BaselineTask, names, rows.values_list("kept_in", *columns))
    return baseline
