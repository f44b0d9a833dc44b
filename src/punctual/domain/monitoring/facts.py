"""Facts of running orders for the rules, gathered in a fixed number of statements however many orders there are."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from django.db.models import F, Max, OuterRef, Subquery

from punctual.domain.costs.rules import CostRow
from punctual.domain.costs.selectors import actual_cost_by_day, cost_rows_of_plans
from punctual.domain.monitoring.earning import Performed, Piece, performance
from punctual.domain.monitoring.forecast import Outlook, Stakes, outlook_of_plan
from punctual.domain.monitoring.models import Block, EarningRule, ProgressReport, Thresholds
from punctual.domain.monitoring.rules import Limits, OrderFacts, TaskFacts
from punctual.domain.monitoring.selectors import thresholds_by_grade
from punctual.domain.orders.life import RUNNING
from punctual.domain.orders.models import Order
from punctual.domain.plans.models import Baseline, BaselineTask, BudgetLine, Dependency, Plan, Task
from punctual.domain.plans.work_calendars import day_minutes, plan_time, work_calendar
from punctual.engine.calendars import WorkCalendar
from punctual.kernel.money import BASE
from punctual.platform.company.rates import Rates, rates

TASK_COLUMNS: Final = (
    "pk", "plan_id", "parent_id", "wbs", "name", "duration", "percent", "remaining", "actual_start", "actual_finish",
    "start", "finish", "total_float", "is_milestone", "is_critical", "is_summary",
)  # fmt: skip


def running(order_ids: Iterable[int] | None = None) -> list[Order]:
    """Running orders with their plans."""
    rows = Order.objects.filter(state__in=RUNNING, plan__isnull=False)
    if order_ids is not None:
        rows = rows.filter(pk__in=list(order_ids))
    return list(rows.select_related("customer", "plan__calendar").order_by("pk"))


class Gathered:
    """Everything about some orders that rules, figures and pages ask for."""

    def __init__(self, orders: Sequence[Order], today: dt.date) -> None:
        self.today = today
        self.orders = list(orders)
        self.plans: dict[int, Plan] = {order.pk: order.plan for order in self.orders}
        ids = self._plan_ids
        self.calendars = _Calendars()
        self.tasks: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for row in Task.objects.filter(plan__in=ids).order_by("plan", "sequence").values(*TASK_COLUMNS):
            self.tasks[row["plan_id"]].append(row)
        self.baseline = _baselines(ids)
        self.reports: dict[int, list[tuple[dt.datetime, int]]] = defaultdict(list)
        said = ProgressReport.objects.filter(plan__in=ids, taken_back_at=None).order_by("at", "pk")
        for task, at, percent in said.values_list("task_id", "at", "percent"):
            moment = plan_time(at)
            assert moment is not None
            self.reports[task].append((moment, percent))
        self.spent = actual_cost_by_day(ids)
        self.weights = _weights(ids)
        self.rules = dict(EarningRule.objects.filter(order__in=self.plans).values_list("order_id", "rule"))

    # What follows only rules ask for, not every page.

    @cached_property
    def rates(self) -> Rates:
        return rates() if any(order.currency != BASE for order in self.orders) else Rates({})

    @cached_property
    def blocks(self) -> dict[int, tuple[dt.datetime, str]]:
        """Task → since when it is blocked, and why."""
        rows = Block.objects.filter(task__plan__in=self._plan_ids, cleared_at=None)
        return {task: (since, why) for task, since, why in rows.values_list("task_id", "since", "reason")}

    @cached_property
    def open_before(self) -> dict[int, int]:
        return _open_before(self._plan_ids)

    @cached_property
    def costs(self) -> dict[int, list[CostRow]]:
        return cost_rows_of_plans(self.plans.values())

    @cached_property
    def thresholds(self) -> dict[str, Thresholds]:
        return thresholds_by_grade()

    @property
    def _plan_ids(self) -> list[int]:
        return [plan.pk for plan in self.plans.values()]

    def limits(self, order: Order) -> Thresholds:
        grade = order.customer.grade if order.customer else ""
        return self.thresholds.get(grade) or self.thresholds[""]

    def outlook(self, order: Order) -> Outlook | None:
        """From the plan alone; ``flows`` put the simulated one in its place where there is one."""
        plan = self.plans[order.pk]
        if plan.planned_date is None:
            return None
        day = self.calendars.day(plan)
        steps = [
            _open_minutes(row) / day
            for row in self.tasks[plan.pk]
            if not row["is_summary"] and row["is_critical"] and row["percent"] < 100
        ]
        return outlook_of_plan(plan.planned_date, steps)

    def stakes(self, order: Order) -> Stakes:
        limits = self.limits(order)
        rows = self.costs.get(self.plans[order.pk].pk, [])
        cost = sum((row.forecast for row in rows), Decimal(0))
        return Stakes(
            amount=self.in_base(order.total_amount, order),
            damages=order.damages_percent_per_day or limits.usual_damages,
            cap=order.damages_cap_percent or Decimal(10),
            weight=limits.grade_weight,
            margin=self.in_base(order.total_amount, order) - cost if cost else None,
            capital=limits.capital_percent,
        )

    def in_base(self, amount: Decimal, order: Order) -> Decimal:
        """In the company's currency; without a rate as it stands."""
        found = self.rates.in_base(amount, order.currency, self.today)
        return amount if found is None else found

    def performed(self, order: Order, *, weekly: bool = True) -> Performed | None:
        """Earned value of one order, week by week or of today alone; money where the budget is known, else working
        days (then without costs)."""
        plan = self.plans[order.pk]
        calendar = self.calendars.of(plan)
        weights, is_money = self.weights_of(plan)
        spent = self.spent.get(plan.pk) if is_money else None
        return performance(
            self.pieces(plan, weights),
            [(day, float(amount)) for day, amount in spent] if spent else None,
            today=self.today,
            rule=self.rules.get(order.pk, "percent"),
            between=calendar.work_between,
            weekly=weekly,
        )

    def weights_of(self, plan: Plan) -> tuple[dict[int, float], bool]:
        """Task id → its share of the budget; what names no task is spread by duration. Without a budget: durations."""
        leaves = [row for row in self.tasks[plan.pk] if not row["is_summary"]]
        durations = {row["pk"]: float(row["duration"]) for row in leaves}
        total = sum(durations.values())
        named = self.weights.get(plan.pk, {})
        budget = float(sum(named.values(), Decimal(0)))
        if not budget:
            day = self.calendars.day(plan)
            return {task: minutes / day for task, minutes in durations.items()}, False
        leaf_ids = set(durations)
        rest = float(sum((v for k, v in named.items() if k not in leaf_ids), Decimal(0)))
        spread = {task: rest * minutes / total if total else rest / len(leaves) for task, minutes in durations.items()}
        return {task: spread[task] + float(named.get(task, 0)) for task in durations}, True

    def pieces(self, plan: Plan, weights: Mapping[int, float]) -> list[Piece]:
        phases = _phases(self.tasks[plan.pk])
        made = []
        for row in self.tasks[plan.pk]:
            if row["is_summary"] or row["start"] is None:
                continue
            was = self.baseline.get(plan.pk, {}).get(row["pk"])
            start, finish = was or (plan_time(row["start"]), plan_time(row["finish"]))
            assert start is not None
            assert finish is not None
            made.append(
                Piece(
                    row["pk"],
                    weights.get(row["pk"], 0.0),
                    start,
                    finish,
                    row["percent"],
                    plan_time(row["actual_start"]),
                    plan_time(row["actual_finish"]),
                    tuple(self.reports.get(row["pk"], ())),
                    row["is_milestone"],
                    phases[row["pk"]],
                )
            )
        return made

    def facts(self, order: Order, outlook: Outlook | None) -> tuple[OrderFacts, Limits]:
        plan = self.plans[order.pk]
        limits = self.limits(order)
        done = self.performed(order, weekly=False)
        now = done.current if done else None
        tasks = [self._task(plan, row) for row in self.tasks[plan.pk] if not row["is_summary"] and row["percent"] < 100]
        facts = OrderFacts(
            id=order.pk,
            key=order.key,
            due=order.promised_date or order.requested_date,
            outlook=outlook,
            stakes=self.stakes(order),
            owner_id=order.owner_id,
            progress=plan.progress,
            spi=now.spi if now else None,
            cpi=now.cpi if now else None,
            bac=Decimal(round(done.bac)) if done else None,
            eac=Decimal(round(now.eac)) if now and now.eac is not None else None,
            budget_used=[(row.kind, row.used_percent) for row in self.costs[plan.pk] if row.used_percent is not None],
            tasks=[task for task in tasks if task is not None],
        )
        return facts, Limits(
            float_days=limits.float_days,
            late_probability=limits.late_probability,
            spi=limits.spi,
            cpi=limits.cpi,
            start_days=limits.start_days,
            report_days=limits.report_days,
            blocked_days=limits.blocked_days,
            milestone_days=limits.milestone_days,
            budget_percent=limits.budget_percent,
        )

    def _task(self, plan: Plan, row: dict[str, Any]) -> TaskFacts | None:
        finish = plan_time(row["finish"])
        if finish is None:
            return None
        begun, was = plan_time(row["actual_start"]), self.baseline.get(plan.pk, {}).get(row["pk"])
        said = self.reports.get(row["pk"])
        since, why = self.blocks.get(row["pk"], (None, ""))
        stuck = plan_time(since)
        day = self.calendars.day(plan)
        return TaskFacts(
            id=row["pk"],
            name=f"{row['wbs']} {row['name']}".strip(),
            float_days=round((row["total_float"] or 0) / day, 1),
            started=begun.date() if begun else None,
            finish=finish.date(),
            percent=row["percent"],
            should_start=was[0].date() if was else None,
            reported=said[-1][0].date() if said else None,
            is_milestone=row["is_milestone"],
            open_before=self.open_before.get(row["pk"], 0),
            blocked_since=stuck.date() if stuck else None,
            blocked_why=why,
            days=_open_minutes(row) / day,
        )


class _Calendars:
    """A work calendar and its usual day for each plan's calendar."""

    def __init__(self) -> None:
        self.known: dict[tuple[int, int], WorkCalendar] = {}

    def of(self, plan: Plan) -> WorkCalendar:
        key = (plan.calendar_id, plan.start.year)
        if key not in self.known:
            self.known[key] = work_calendar(plan.calendar, plan.start)
        return self.known[key]

    def day(self, plan: Plan) -> int:
        return day_minutes(self.of(plan))


def _open_minutes(row: Mapping[str, Any]) -> float:
    if row["remaining"] is not None:
        return float(row["remaining"])
    return float(row["duration"] * (100 - row["percent"]) / 100)


def _baselines(plan_ids: Sequence[int]) -> dict[int, dict[int, tuple[dt.datetime, dt.datetime]]]:
    """Plan id → task id → start and finish by the plan's latest baseline."""
    newest = Baseline.objects.filter(plan=OuterRef("plan")).order_by("-number").values("pk")[:1]
    current = Baseline.objects.filter(plan__in=plan_ids, pk=Subquery(newest))
    rows = BaselineTask.objects.filter(baseline__in=current)
    found: dict[int, dict[int, tuple[dt.datetime, dt.datetime]]] = defaultdict(dict)
    for plan, task, start, finish in rows.values_list("baseline__plan_id", "task_ref", "start", "finish"):
        begin, end = plan_time(start), plan_time(finish)
        assert begin is not None
        assert end is not None
        found[plan][task] = (begin, end)
    return found


def _open_before(plan_ids: Sequence[int]) -> dict[int, int]:
    """Milestone → how many unfinished tasks it waits for directly."""
    links = Dependency.objects.filter(
        plan__in=plan_ids, successor__is_milestone=True, successor__percent__lt=100, predecessor__percent__lt=100
    )
    counts: dict[int, int] = defaultdict(int)
    for task in links.order_by().values_list("successor_id", flat=True):
        counts[task] += 1
    return counts


def _weights(plan_ids: Sequence[int]) -> dict[int, dict[int | None, Decimal]]:
    found: dict[int, dict[int | None, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for plan, task, amount in BudgetLine.objects.filter(plan__in=plan_ids).values_list("plan_id", "task_id", "amount"):
        found[plan][task] += amount
    return found


def _phases(rows: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """Task id → the name of the outermost summary above it (its own where there is none)."""
    by_id = {row["pk"]: row for row in rows}
    names: dict[int, str] = {}
    for row in rows:
        top = row
        while top["parent_id"] in by_id:
            top = by_id[top["parent_id"]]
        names[row["pk"]] = f"{top['wbs']} {top['name']}".strip()
    return names


def last_reports(plan_ids: Iterable[int]) -> dict[int, dt.datetime]:
    """Plan id → when something was last reported on it."""
    rows = ProgressReport.objects.filter(plan__in=list(plan_ids), taken_back_at=None).order_by()
    return dict(rows.values("plan").annotate(last=Max(F("at"))).values_list("plan", "last"))
