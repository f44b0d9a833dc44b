"""The list of plans, the Gantt of one plan, progress from a phone, and what has changed against a baseline."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from punctual.domain.plans.models import Baseline, Constraint, Plan
from punctual.domain.plans.selectors import baseline_of, listed_plans, plan_by_order, plans_of, sees_budgets
from punctual.domain.plans.services.baselines import keep_baseline
from punctual.domain.plans.services.editing import edit_plan
from punctual.domain.plans.store import Stored
from punctual.domain.scheduling.models import Scenario
from punctual.domain.scheduling.selectors import current_run, open_scenarios
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.web.formatting import day_text
from punctual.web.plans.differences import differences_of
from punctual.web.plans.tables import PLAN_COLUMNS, PLAN_FILTERS
from punctual.web.shell.columns import BuiltInView
from punctual.web.shell.lists import ListPage
from punctual.web.shell.reading import whole

WORDS = {
    "new_task": gettext_lazy("New task"),
    "new_milestone": gettext_lazy("New milestone"),
    "name": gettext_lazy("Task"),
    "duration": gettext_lazy("Working days"),
    "start": gettext_lazy("Start"),
    "finish": gettext_lazy("Finish"),
    "fold": gettext_lazy("Fold"),
    "unfold": gettext_lazy("Unfold"),
    "critical": gettext_lazy("critical"),
    "not_before": gettext_lazy("Can't begin before"),
    "today": gettext_lazy("today"),
    "requested": gettext_lazy("Requested"),
    "promised": gettext_lazy("Promised"),
    "remove": gettext_lazy("Remove"),
    "link_type": gettext_lazy("Link"),
    "lag": gettext_lazy("Lag in days, % or e for days on the clock"),
    "failed": gettext_lazy("Something went wrong"),
    "capacity": gettext_lazy("Capacity"),
    "people": gettext_lazy("%(count)s people or machines"),
    "own": gettext_lazy("This order"),
    "other_orders": gettext_lazy("Other orders"),
    "over": gettext_lazy("Beyond capacity"),
    "quotations": gettext_lazy("Quotations"),
    "over_week": gettext_lazy("W%(week)s is %(hours)s h over:"),
    "rest": gettext_lazy("others"),
    "no_over": gettext_lazy("No week is over-used."),
    "no_team": gettext_lazy("No team has open work here."),
}
PHONE_ROWS = 60


def _actor(request: HttpRequest) -> User:
    return cast(User, request.user)


class Plans(ListPage):
    """Every plan with its dates."""

    key = "plans"
    title = gettext_lazy("Plans")
    icon = "timeline"
    columns = PLAN_COLUMNS
    filters = PLAN_FILTERS
    tabs = (
        BuiltInView(gettext_lazy("All"), ""),
        BuiltInView(gettext_lazy("After the requested date"), "standing=late"),
    )
    default_sort = "planned"
    template_name = "plans/list.html"
    empty_text = gettext_lazy("A plan is made when its order is confirmed.")
    from_orders = True

    def rows(self, actor: User) -> QuerySet[Plan]:
        require(actor, "plans.view")
        return listed_plans(actor)

    def url_of(self, item: Plan) -> str:
        return reverse("plan", args=[item.order.key])


def plan(request: HttpRequest, order: str) -> HttpResponse:
    """The Gantt; on a phone the open tasks with their progress."""
    actor = _actor(request)
    found = plan_by_order(actor, order)
    rows, more = _phone_rows(found, show_all="all" in request.GET)
    kept = list(found.baselines.all())
    context = {
        "title": found.order.label,
        "plan": found,
        "order": found.order,
        "icons": static("dist/icons.svg"),
        "api": f"/api/v1/plans/{found.order.key}",
        "today": timezone.localdate(),
        "may_edit": may(actor, "plans.edit"),
        "may_report": may(actor, "plans.report"),
        "sees_forecast": may(actor, "scheduling.view"),
        "may_keep": may(actor, "plans.make"),
        "words": {name: str(text) for name, text in WORDS.items()},
        "constraints": Constraint.choices,
        "baselines": kept,
        "from_baseline": _number(request, "from") or (kept[-1].number if kept else 0),
        "to_baseline": _number(request, "to"),
        "scheduled": may(actor, "scheduling.view") and current_run(actor) is not None,
        "scenarios": [(one, _delivery_words(one, found)) for one in open_scenarios(actor)],
        "sees_budget": sees_budgets(actor),
        "standards": found.standards.all(),
        "phone_rows": rows,
        "phone_more": more,
        "percents": range(0, 101, 10),
    }
    return render(request, "plans/gantt.html", context)


def _delivery_words(one: Scenario, found: Plan) -> str:
    delivery = one.delivery_of(found.order_id)
    if delivery is None:
        return _("The day of delivery stays")
    return f"P80 {day_text(delivery[0])} → {day_text(delivery[1])}"


def _number(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 6 else 0


def _phone_rows(found: Plan, *, show_all: bool) -> tuple[list[Any], int]:
    """Open tasks by their start; what is done comes only when all is asked for."""
    rows = found.tasks.filter(is_summary=False).order_by("start", "sequence")
    if show_all:
        return list(rows), 0
    open_rows = rows.filter(percent__lt=100)
    return list(open_rows[:PHONE_ROWS]), rows.count() - min(PHONE_ROWS, open_rows.count())


@require_POST
def report_progress(request: HttpRequest, order: str) -> HttpResponse:
    """Progress of one task, from the phone's list."""
    actor = _actor(request)
    found = plan_by_order(actor, order)
    given = {name: request.POST.get(name, "") for name in ("task", "percent", "version")}
    numbers = {name: whole(value, -1) for name, value in given.items()}
    edit_plan(
        plan_id=found.pk,
        actor=actor,
        today=timezone.localdate(),
        expected_version=numbers["version"],
        command={"verb": "progress", "task": numbers["task"], "percent": numbers["percent"]},
    )
    messages.success(request, _("Reported. Everything else follows."))
    return redirect("plan", order=order)


@require_http_methods(["GET", "POST"])
def baselines(request: HttpRequest, order: str) -> HttpResponse:
    """What differs between a baseline and the plan as it is, or another baseline; POST keeps a new one."""
    actor = _actor(request)
    found = plan_by_order(actor, order)
    if request.method == "POST":
        version = request.POST.get("version", "")
        made = keep_baseline(
            plan_id=found.pk,
            actor=actor,
            name=request.POST.get("name", ""),
            reason=request.POST.get("reason", ""),
            expected_version=whole(version, -1),
        )
        messages.success(request, _("Baseline %(number)s is kept.") % {"number": made.number})
        return redirect(f"{reverse('plan_baselines', args=[order])}?from={made.number}")
    kept = list(found.baselines.select_related("created_by"))
    first = _chosen(found, request.GET.get("from", "")) or (kept[-1] if kept else None)
    second = _chosen(found, request.GET.get("to", ""))
    only = request.GET.get("only", "1") == "1"
    rows = differences_of(found, Stored(found), first, second) if first else []
    context = {
        "title": _("Baselines"),
        "plan": found,
        "order": found.order,
        "kept": kept,
        "first": first,
        "second": second,
        "only": only,
        "rows": [row for row in rows if row.differs or not only],
        "may_keep": may(actor, "plans.make"),
    }
    return render(request, "plans/baselines.html", context)


def _chosen(found: Plan, number: str) -> Baseline | None:
    return baseline_of(found, int(number)) if number.isdecimal() and len(number) < 6 else None


def plan_of_order(actor: User, order_id: int) -> Plan | None:
    """The order's plan, if the actor may see it and there is one."""
    return plans_of(actor).select_related("order", "calendar").filter(order_id=order_id).first()
