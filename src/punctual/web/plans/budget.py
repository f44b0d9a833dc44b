"""Goals, budget and delivery standards of a plan: read, and changed by the same commands as the Gantt."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from punctual.domain.plans.models import BudgetKind, Plan
from punctual.domain.plans.selectors import plan_by_order, sees_budgets
from punctual.domain.plans.services.editing import edit_plan
from punctual.kernel.refusal import Reason, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.web.shell.middleware import status_of


@require_http_methods(["GET", "POST"])
def budget(request: HttpRequest, order: str) -> HttpResponse:
    """The page; POST does one command and comes back."""
    actor = cast(User, request.user)
    found = plan_by_order(actor, order)
    reasons: tuple[Reason, ...] = ()
    status = 200
    if request.method == "POST":
        version = request.POST.get("version", "")
        try:
            edit_plan(
                plan_id=found.pk,
                actor=actor,
                today=timezone.localdate(),
                expected_version=int(version) if version.isdecimal() and len(version) < 12 else -1,
                command=_command(request),
            )
        except Refusal as refusal:
            reasons, status = refusal.reasons, status_of(refusal)
            found = plan_by_order(actor, order)
        else:
            messages.success(request, _("Saved."))
            return redirect("plan_budget", order=order)
    return render(request, "plans/budget.html", _context(request, actor, found, reasons), status=status)


def _command(request: HttpRequest) -> dict[str, Any]:
    given = request.POST
    if "goals" in given:
        return {"verb": "plan", "goals": given["goals"]}
    command: dict[str, Any] = {"verb": "budget"}
    for name in ("line", "task"):
        text = given.get(name, "")
        if text:
            command[name] = int(text) if text.isdecimal() and len(text) < 18 else -1
    if "delete" in given:
        return {**command, "delete": True}
    amount = given.get("amount", "").replace(",", "").replace("，", "").strip()
    return {**command, "kind": given.get("kind", ""), "name": given.get("name", ""), "amount": amount}


def _context(request: HttpRequest, actor: User, found: Plan, reasons: tuple[Reason, ...]) -> dict[str, Any]:
    sees_budget = sees_budgets(actor)
    rows = found.budget.select_related("task").order_by("kind", "task__sequence", "pk")
    lines = list(rows) if sees_budget else []
    totals: dict[str, Decimal] = {}
    for line in lines:
        totals[line.kind] = totals.get(line.kind, Decimal(0)) + line.amount
    total = sum(totals.values(), Decimal(0))
    baseline = found.baselines.order_by("-number").first()
    editing = request.GET.get("line", "")
    return {
        "title": _("Goals and budget") if sees_budget else _("Goals"),
        "sees_budget": sees_budget,
        "plan": found,
        "order": found.order,
        "lines": lines,
        "shares": [
            (words, totals[kind], int(100 * totals[kind] / total) if total else 0)
            for kind, words in BudgetKind.choices
            if kind in totals
        ],
        "total": total,
        "baseline": baseline,
        "difference": total - baseline.budget_total if baseline else None,
        "standards": found.standards.select_related("order_line"),
        "kinds": BudgetKind.choices,
        "tasks": list(found.tasks.filter(is_summary=False).order_by("sequence").values_list("pk", "wbs", "name")),
        "editing": next((line for line in lines if str(line.pk) == editing), None),
        "given": request.POST,
        "reasons": reasons,
        "may_edit": may(actor, "plans.edit"),
    }
