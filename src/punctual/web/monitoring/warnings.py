"""Early warnings as a list, and what one does with them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from punctual.domain.monitoring.models import Thresholds, Warning, WarningState
from punctual.domain.monitoring.selectors import thresholds_by_grade, warning_by_id, warnings_of
from punctual.domain.monitoring.services.warnings import hand_on, set_thresholds, snooze, wake
from punctual.domain.monitoring.sources import KINDS
from punctual.domain.parties.models import Grade
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.records import get_or_not_found
from punctual.web.formatting import money_text
from punctual.web.monitoring.tasks import actor_of, next_or
from punctual.web.monitoring.wording import sentence, shown
from punctual.web.shell.columns import BuiltInView, Column, Filter
from punctual.web.shell.lists import ListPage
from punctual.web.shell.reading import whole
from punctual.web.templatetags.punctual import avatar, day, icon


def _order_cell(warning: Warning) -> SafeString:
    if warning.order is None:
        return SafeString("—")
    return format_html(
        '<a class="ono" href="/orders/{}/">{}</a><div class="t2 sm">{}</div>',
        warning.order.key,
        warning.order.label,
        warning.order.customer or "",
    )


def _what_cell(warning: Warning) -> SafeString:
    one = shown(warning)
    return format_html(
        '<span class="st {}">{}{}</span> <a href="{}">{}</a>',
        one["css"],
        icon(one["icon"]),
        one["label"],
        reverse("warning", args=[warning.pk]),
        one["sentence"],
    )


def _owners(actor: User) -> list[tuple[str, str]]:
    rows = warnings_of(actor).exclude(owner=None).order_by().values_list("owner_id", "owner__display_name").distinct()
    return [(str(pk), name) for pk, name in rows]


class Warnings(ListPage):
    """Everything that is in danger, the dearest first."""

    peeks = True
    key = "warnings"
    title = gettext_lazy("Early warnings")
    icon = "alert-triangle"
    columns = (
        Column(
            "order", gettext_lazy("Order"), lambda one: one.order.label if one.order else "", _order_cell, ("order",)
        ),
        Column("what", gettext_lazy("Warning"), sentence, _what_cell),
        Column(
            "damage",
            gettext_lazy("Expected damage"),
            lambda one: one.damage,
            lambda one: format_html("<b>{}</b>", money_text(one.damage) if one.damage is not None else "—"),
            ("damage",),
            number=True,
        ),
        Column(
            "since",
            gettext_lazy("First seen"),
            lambda one: one.first_seen,
            lambda one: day(one.first_seen),
            ("first_seen",),
        ),
        Column("owner", gettext_lazy("Owner"), lambda one: one.owner, lambda one: avatar(one.owner), ("owner",)),
        Column("state", gettext_lazy("State"), lambda one: one.get_state_display(), sort=("state",), fold=True),
    )
    filters = (
        Filter(
            "state",
            gettext_lazy("State"),
            lambda actor: WarningState.choices,
            lambda rows, values: rows.filter(state__in=values),
        ),
        Filter(
            "kind",
            gettext_lazy("Kind"),
            lambda actor: [(name, _(kind.label)) for name, kind in KINDS.items()],
            lambda rows, values: rows.filter(kind__in=values),
        ),
        Filter("owner", gettext_lazy("Owner"), _owners, lambda rows, values: rows.filter(owner__in=_ids(values))),
    )
    tabs = (
        BuiltInView(gettext_lazy("Open"), "state=open"),
        BuiltInView(gettext_lazy("Later"), "state=snoozed"),
        BuiltInView(gettext_lazy("Gone"), "state=resolved"),
        BuiltInView(gettext_lazy("All"), ""),
    )
    default_sort = "-damage"
    empty_text = gettext_lazy("Orders are watched after each change and every night; what endangers one appears here.")

    def rows(self, actor: User) -> QuerySet[Warning]:
        require(actor, "warnings.view")
        return warnings_of(actor)

    def url_of(self, item: Warning) -> str:
        return reverse("warning", args=[item.pk])


def _ids(values: Any) -> list[int]:
    return [int(value) for value in values if value.isdecimal() and len(value) < 18]


def warning_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One warning: what, since when, what it may cost, whose it is, and what to do."""
    actor = actor_of(request)
    found = warning_by_id(actor, pk)
    context = {
        "title": shown(found)["label"],
        "one": shown(found),
        "people": User.objects.filter(is_active=True).exclude(role="worker").order_by("display_name"),
        "may_handle": may(actor, "warnings.handle") and found.state != WarningState.RESOLVED,
        "tomorrow": timezone.localdate() + dt.timedelta(days=1),
        "percent": round((found.probability or 0) * 100),
    }
    return render(request, "monitoring/warning.html", context)


def _version(request: HttpRequest) -> int | None:
    text = request.POST.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


@require_POST
def put_off(request: HttpRequest, pk: int) -> HttpResponse:
    """Later, with the reason."""
    text = request.POST.get("until", "")
    try:
        until = dt.date.fromisoformat(text) if text else None
    except ValueError:
        until = None
    snooze(
        actor=actor_of(request),
        warning_id=pk,
        until=until,
        reason=request.POST.get("reason", ""),
        today=timezone.localdate(),
        expected_version=_version(request),
    )
    messages.success(request, _("Put off."))
    return redirect(next_or(request, reverse("warnings")))


@require_POST
def bring_back(request: HttpRequest, pk: int) -> HttpResponse:
    wake(actor=actor_of(request), warning_id=pk, expected_version=_version(request))
    return redirect(next_or(request, reverse("warning", args=[pk])))


@require_POST
def give_away(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody else sees to it."""
    text = request.POST.get("owner", "")
    owner = get_or_not_found(User.objects.filter(is_active=True), pk=whole(text))
    hand_on(actor=actor_of(request), warning_id=pk, owner=owner, expected_version=_version(request))
    messages.success(request, _("%(name)s sees to it.") % {"name": owner.name})
    return redirect(next_or(request, reverse("warning", args=[pk])))


NUMBERS = (
    "float_days", "late_probability", "spi", "cpi", "start_days", "report_days", "blocked_days", "approval_hours",
    "milestone_days", "budget_percent", "grade_weight", "usual_damages", "capital_percent",
)  # fmt: skip


@require_http_methods(["GET", "POST"])
def thresholds(request: HttpRequest) -> HttpResponse:
    """From where on something is a warning: one column for the company, one for each grade."""
    actor = actor_of(request)
    require(actor, "warnings.rules")
    if request.method == "POST":
        grade = request.POST.get("grade", "")
        if grade not in ("", *Grade.values):
            raise Refusal(Reason("thresholds.grade", N_("There is no such grade."), field="grade"))
        set_thresholds(actor=actor, grade=grade, values=_numbers(request), expected_version=_version(request))
        messages.success(request, _("Saved."))
        return redirect("warning_settings")
    rows = thresholds_by_grade()
    columns = [(grade, rows.get(grade) or rows[""]) for grade in ("", *Grade.values)]
    table = [
        (str(Thresholds._meta.get_field(name).verbose_name), name, [getattr(row, name) for _grade, row in columns])  # type: ignore[union-attr]
        for name in NUMBERS
    ]
    own = [grade for grade in rows if rows[grade].pk]
    context = {"title": _("When a warning is given"), "columns": columns, "table": table, "own": own}
    return render(request, "monitoring/thresholds.html", context)


def _numbers(request: HttpRequest) -> dict[str, object]:
    values: dict[str, object] = {}
    reasons = []
    for name in NUMBERS:
        field = Thresholds._meta.get_field(name)
        whole = field.get_internal_type().startswith("Positive")
        try:
            number = Decimal(request.POST.get(name, "").strip())
            if not 0 <= number <= 999 or (whole and number != number.to_integral_value()):
                raise InvalidOperation
            values[name] = (
                int(number)
                if whole
                else number.quantize(Decimal("0.001") if name == "usual_damages" else Decimal("0.01"))
            )
        except InvalidOperation:
            text = N_("“%(value)s” is no number that fits here.")
            reasons.append(Reason("thresholds.number", text, {"value": request.POST.get(name, "")[:20]}, name))
    if reasons:
        raise Refusal(*reasons)
    return values
