"""Plans of the demo orders with the progress they would have today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Final

from django.utils import timezone

from punctual.domain.orders.models import Order, OrderLine, OrderState
from punctual.domain.plans.models import AT_CONFIRMATION, Baseline, Plan
from punctual.domain.plans.results import reschedule
from punctual.domain.plans.services.baselines import write_baseline
from punctual.domain.plans.services.making import make_plan
from punctual.domain.plans.state import PLAN_ROW, PlanState, condensed
from punctual.domain.plans.store import Stored, write_rows
from punctual.flows.demo.people import demo_user
from punctual.platform.accounts.models import Role

S = OrderState
PLANNED: Final = (
    S.CLOSED, S.ACCEPTED, S.DELIVERED, S.PARTIALLY_DELIVERED, S.IN_PROGRESS, S.CONFIRMED, S.ON_HOLD,
)  # fmt: skip
DONE: Final = frozenset({S.CLOSED, S.ACCEPTED})
GONE_OUT: Final = DONE | {S.DELIVERED}


def build_plans(today: dt.date) -> int:
    """A plan for every order that was confirmed, begun so that it delivers about when the order says; returns how many.

    What is behind its promise is so because work stands where it should have stood that many days ago.
    """
    actor = demo_user(Role.PLANNER)
    orders = list(Order.objects.filter(state__in=PLANNED, plan__isnull=True).order_by("pk"))
    for order in orders:
        wish = order.actual_date or order.planned_date or order.promised_date or today
        behind = 0
        if order.actual_date is None and order.promised_date is not None:
            behind = max(0, (wish - order.promised_date).days)
        agreed = wish - dt.timedelta(days=behind)
        if order.state == S.CONFIRMED:
            plan = make_plan(order=order, actor=actor, today=today, start=today + dt.timedelta(days=1))
        else:
            if order.state == S.PARTIALLY_DELIVERED:
                agreed = min(agreed, today + dt.timedelta(days=12))
            begun = today - dt.timedelta(days=12 + order.pk % 9)
            plan = make_plan(order=order, actor=actor, today=today, start=begun, deliver_on=agreed)
        _keep_first_baseline(plan, order)
        build_plan_progress(plan, today, behind=behind)
    return len(orders)


def _keep_first_baseline(plan: Plan, order: Order) -> Baseline:
    baseline = write_baseline(plan, actor=demo_user(Role.ORDER_MANAGER), name=AT_CONFIRMATION)
    baseline.created_at = order.confirmed_at or timezone.now()
    baseline.save(update_fields=["created_at"])
    return baseline


def build_plan_progress(plan: Plan, today: dt.date, *, behind: int = 0) -> None:
    """Report what was to be done ``behind`` days before today: tasks that ended are done, those under way in part.

    A confirmed order has not begun; of an accepted one everything is done. Nothing of an order that has not gone out is
    reported as delivered. What is open then lies after today.
    """
    state = plan.order.state
    if state == S.CONFIRMED:
        return
    stored = Stored(plan)
    evening = dt.datetime.combine(today - dt.timedelta(days=1), dt.time(17))
    until = evening - dt.timedelta(days=behind)
    ahead = set() if state in GONE_OUT else _from_delivery_on(stored.state)
    for task_id in list(stored.state.leaves()):
        dates = stored.dates[task_id]
        assert dates is not None
        if task_id in ahead:
            continue
        if dates.finish <= until or state in DONE:
            begun = min(dates.start, evening)
            stored.state.put(
                "task",
                task_id,
                {"percent": 100, "actual_start": begun, "actual_finish": max(begun, min(dates.finish, evening))},
            )
        elif dates.start < until and not stored.state.tasks[task_id].is_milestone:
            share = (until - dates.start) / (dates.finish - dates.start)
            percent = min(95, max(5, 5 * round(20 * share)))
            stored.state.put("task", task_id, {"percent": percent, "actual_start": dates.start})
    stored.state.put("plan", PLAN_ROW, {"status_date": today})
    write_rows(plan, stored.state, condensed(stored.state.journal))
    reschedule(plan, stored)
    plan.save()


def _from_delivery_on(state: PlanState) -> set[int]:
    """The tasks with which lines are delivered, and all that follows on them."""
    found = {task_id for task_id in state.leaves() if state.tasks[task_id].is_delivery}
    more = found
    while more:
        more = {link.successor for link in state.links.values() if link.predecessor in more} - found
        found = found | more
    return found


def report_gone_out(lines: Iterable[OrderLine], *, shipped: dt.date, received: dt.date, today: dt.date) -> None:
    """The plan says of whole lines what their delivery says: the day they left, and for what follows that of the
    receipt."""
    for line in lines:
        plan = Plan.objects.get(order=line.order_id)
        stored = Stored(plan)
        later = _from_delivery_on(stored.state)
        for task_id in list(stored.state.leaves()):
            task, dates = stored.state.tasks[task_id], stored.dates[task_id]
            if task.order_line != line.pk:
                continue
            assert dates is not None
            day = received if task_id in later and not task.is_delivery else shipped
            ended = task.actual_finish or dt.datetime.combine(min(day, today), dt.time(17))
            begun = ended if task.is_milestone else min(task.actual_start or dates.start, ended)
            facts = {"percent": 100, "actual_start": begun, "actual_finish": ended, "remaining": None}
            stored.state.put("task", task_id, facts)
        write_rows(plan, stored.state, condensed(stored.state.journal))
        reschedule(plan, stored)
        plan.save()
