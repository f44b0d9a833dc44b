"""Costs of an order against its budget; working time of people and its approval."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from punctual.domain.costs.models import TimeEntry, TimeState
from punctual.domain.costs.rules import CostRow
from punctual.domain.costs.selectors import commitments_of, cost_rows, expenses_of, time_of
from punctual.domain.costs.services import book_expense, commit_money, decide_time, void_expense
from punctual.domain.orders.selectors import order_by_key
from punctual.domain.plans.models import BudgetKind, Plan
from punctual.domain.plans.selectors import plan_by_order
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.web.formatting import money_text
from punctual.web.monitoring.tasks import actor_of, next_or
from punctual.web.shell.columns import BuiltInView, Column, Filter
from punctual.web.shell.lists import ListPage
from punctual.web.templatetags.punctual import day


def _amount(text: str) -> Decimal | None:
    try:
        found = Decimal(text.replace(",", "").strip())
    except InvalidOperation:
        return None
    return found.quantize(Decimal("0.01")) if found.is_finite() and abs(found) < Decimal(10) ** 15 else None


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise Refusal(
            Reason("cost.day", N_("“%(value)s” is no date; write 2026-02-14."), {"value": text[:20]}, "day")
        ) from error


SUMMED: Final = ("budget", "actual", "committed", "to_come")


def _book(actor: User, plan: Plan, data: QueryDict) -> None:
    if data.get("what") == "commitment":
        commit_money(
            actor=actor,
            plan=plan,
            kind=data.get("kind", ""),
            amount=_amount(data.get("amount", "")),
            subject=data.get("subject", ""),
        )
    else:
        pay = data.get("commitment", "")
        book_expense(
            actor=actor,
            plan=plan,
            kind=data.get("kind", ""),
            amount=_amount(data.get("amount", "")),
            day=_day(data.get("day", "")),
            subject=data.get("subject", ""),
            reference=data.get("reference", ""),
            commitment_id=int(pay) if pay.isdecimal() and len(pay) < 18 else None,
            settles="settles" in data,
        )


def _total(rows: Sequence[CostRow]) -> dict[str, Decimal]:
    sums = {name: sum((getattr(row, name) for row in rows), Decimal(0)) for name in SUMMED}
    return {**sums, "forecast": sums["actual"] + sums["committed"] + sums["to_come"]}


@require_http_methods(["GET", "POST"])
def order_costs(request: HttpRequest, key: str) -> HttpResponse:
    """Budget, actual, committed, forecast at completion by kind; the bookings; POST books one."""
    actor, today = actor_of(request), timezone.localdate()
    require(actor, "costs.view")
    order = order_by_key(actor, key)
    plan = plan_by_order(actor, key)
    errors: list[Reason] = []
    if request.method == "POST":
        try:
            _book(actor, plan, request.POST)
            messages.success(request, _("Booked."))
            return redirect("costs", key=order.key)
        except Refusal as refusal:
            errors = list(refusal.reasons)
    rows = cost_rows(actor, plan) or []
    total = _total(rows)
    context = {
        "title": _("Costs of %(order)s") % {"order": order.label},
        "order": order,
        "rows": [(BudgetKind(row.kind).label, row) for row in rows],
        "total": total,
        "margin": order.total_amount - total["forecast"] if order.total_amount else None,
        "expenses": expenses_of(actor).filter(plan=plan)[:50],
        "commitments": commitments_of(actor).filter(plan=plan, state="open")[:50],
        "time": time_of(actor).filter(plan=plan).exclude(state=TimeState.RETURNED)[:30],
        "kinds": BudgetKind.choices,
        "may_book": may(actor, "costs.book"),
        "errors": errors,
        "today": today,
    }
    return render(request, "monitoring/costs.html", context, status=422 if errors else 200)


@require_POST
def void(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    order = order_by_key(actor_of(request), key)
    void_expense(actor=actor_of(request), expense_id=pk, reason=request.POST.get("reason", ""))
    messages.success(request, _("It counts no more."))
    return redirect("costs", key=order.key)


def _people(actor: User) -> list[tuple[str, str]]:
    return [
        (str(pk), name)
        for pk, name in time_of(actor).order_by().values_list("user_id", "user__display_name").distinct()
    ]


class Time(ListPage):
    """Hours, one's own or everybody's; approved week by week."""

    key = "time"
    title = gettext_lazy("Working time")
    icon = "clock"
    template_name = "monitoring/time.html"
    columns = (
        Column("day", gettext_lazy("Day"), lambda one: one.day, lambda one: day(one.day), ("day",)),
        Column("user", gettext_lazy("Person"), lambda one: one.user.name, sort=("user__display_name",)),
        Column("order", gettext_lazy("Order"), lambda one: one.plan.order.label),
        Column("task", gettext_lazy("Task"), lambda one: one.task_name),
        Column("hours", gettext_lazy("Hours"), lambda one: one.hours, sort=("hours",), number=True),
        Column("cost", gettext_lazy("Cost"), lambda one: money_text(one.cost), number=True, permission="costs.view"),
        Column("state", gettext_lazy("State"), lambda one: one.get_state_display(), sort=("state",)),
        Column("note", gettext_lazy("Note"), lambda one: one.note, fold=True),
    )
    filters = (
        Filter(
            "state",
            gettext_lazy("State"),
            lambda actor: TimeState.choices,
            lambda rows, values: rows.filter(state__in=values),
        ),
        Filter(
            "user",
            gettext_lazy("Person"),
            _people,
            lambda rows, values: rows.filter(user__in=[int(v) for v in values if v.isdecimal() and len(v) < 18]),
        ),
    )
    tabs = (BuiltInView(gettext_lazy("All"), ""), BuiltInView(gettext_lazy("To approve"), "state=entered"))
    default_sort = "-day"
    empty_text = gettext_lazy("Hours that are reported with the progress of tasks appear here.")

    def rows(self, actor: User) -> QuerySet[TimeEntry]:
        require(actor, "costs.own_time")
        return time_of(actor)

    def more(self, request: HttpRequest, rows: QuerySet[TimeEntry]) -> dict[str, Any]:
        actor = actor_of(request)
        if not may(actor, "costs.approve_time"):
            return {"weeks": []}
        return {"weeks": _weeks(actor)}


def _weeks(actor: User) -> list[dict[str, object]]:
    """What waits for approval, one line a person and week."""
    found: dict[tuple[dt.date, int], dict[str, object]] = {}
    waiting: list[TimeEntry] = list(time_of(actor).filter(state=TimeState.ENTERED).exclude(user=actor)[:1000])
    for one in waiting:
        monday = one.day - dt.timedelta(days=one.day.weekday())
        row = found.setdefault(
            (monday, one.user_id), {"week": monday, "user": one.user, "hours": Decimal(0), "ids": []}
        )
        row["hours"] = row["hours"] + one.hours  # type: ignore[operator]
        row["ids"].append(one.pk)  # type: ignore[attr-defined]
    return [found[key] for key in sorted(found, reverse=True)][:40]


@require_POST
def decide(request: HttpRequest) -> HttpResponse:
    ids = [int(one) for one in request.POST.getlist("entry") if one.isdecimal() and len(one) < 18]
    approve = request.POST.get("verb") == "approve"
    count = decide_time(actor=actor_of(request), entry_ids=ids, approve=approve, note=request.POST.get("note", ""))
    words = _("%(count)d entries approved.") if approve else _("%(count)d entries returned.")
    messages.success(request, words % {"count": count})
    return redirect(next_or(request, "/time/"))
