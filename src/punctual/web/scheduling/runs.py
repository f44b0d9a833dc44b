"""Schedule runs, calibration, and how the company schedules and promises."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from punctual.domain.parties.models import Supplier
from punctual.domain.scheduling.calibration import by_supplier, by_team, by_type
from punctual.domain.scheduling.gathering import scheduling_settings
from punctual.domain.scheduling.ledger import reliability
from punctual.domain.scheduling.models import DurationRatio, SchedulingSettings
from punctual.domain.scheduling.rules import GRADES
from punctual.domain.scheduling.selectors import current_run, is_stale, runs_of, waiting_run
from punctual.domain.scheduling.services.settings import change_scheduling_settings
from punctual.domain.supply.life import ON_THE_WAY
from punctual.domain.supply.scorecard import Lateness, lateness
from punctual.flows.replan import replan_by_hand
from punctual.kernel.refusal import Conflict, Refusal
from punctual.platform.accounts.permissions import may, require
from punctual.web.master.forms import NumberField
from punctual.web.orders.actions import version_of
from punctual.web.scheduling.promise import actor_of
from punctual.web.scheduling.words import why_words
from punctual.web.shell.refusals import show_in
from punctual.web.templatetags.charts import Picture


def runs(request: HttpRequest) -> HttpResponse:
    """Who asked, why, with what, what came out; the newest first."""
    actor = actor_of(request)
    require(actor, "scheduling.view")
    current = current_run(actor)
    context = {
        "title": _("Schedule runs"),
        "rows": [(run, why_words(run.why)) for run in runs_of(actor)[:60]],
        "current": current,
        "stale": is_stale(current) if current else False,
        "waiting": waiting_run(actor),
        "may_run": may(actor, "scheduling.run"),
    }
    return render(request, "scheduling/runs.html", context)


@require_POST
def start(request: HttpRequest) -> HttpResponse:
    replan_by_hand(actor=actor_of(request))
    messages.success(request, _("Everything is planned again in the background."))
    return redirect("schedule_runs")


def calibration(request: HttpRequest) -> HttpResponse:
    """What finished tasks took against their estimates, and how well promises were kept."""
    actor = actor_of(request)
    require(actor, "scheduling.view")
    bands = reliability(timezone.localdate())
    context = {
        "title": _("Date calibration"),
        "judged": any(one.promises for one in bands),
        "chart": _reliability(bands),
        "types": sorted(by_type(), key=lambda one: -one.count)[:40],
        "teams": by_team(),
        "suppliers": by_supplier(),
        "records": _records(),
        "count": DurationRatio.objects.count(),
        "kept": scheduling_settings(),
        "may_change": may(actor, "scheduling.settings"),
    }
    return render(request, "scheduling/calibration.html", context)


def _records() -> list[tuple[Supplier, Lateness]]:
    """What the simulation draws purchases from: suppliers with something on the way, the latest first."""
    coming = Supplier.objects.filter(purchase_orders__state__in=ON_THE_WAY).distinct()
    suppliers = {one.pk: one for one in coming}
    kept = lateness(suppliers, today=timezone.localdate())
    rows = [(suppliers[pk], record) for pk, record in kept.items() if record.speaks]
    return sorted(rows, key=lambda row: -row[1].p80)


def _reliability(bands: list[Any]) -> Picture:
    labels = [one.band for one in bands]
    said = [one.said for one in bands]
    held = [one.percent for one in bands]
    option = {
        "xAxis": {"type": "category", "data": labels},
        "yAxis": {"type": "value", "max": 100, "axisLabel": {"formatter": "{value}%"}},
        "legend": {"bottom": 0},
        "grid": {"left": 8, "right": 12, "top": 16, "bottom": 30, "containLabel": True},
        "series": [
            {"type": "bar", "name": _("Said"), "data": said, "itemStyle": {"color": "@base"}},
            {"type": "bar", "name": _("Kept"), "data": held, "itemStyle": {"color": "@accent-fill"}},
        ],
    }
    judged = [one for one in bands if one.promises]
    total = sum(one.promises for one in judged)
    kept = round(sum(one.promises * (one.percent or 0) for one in judged) / total) if total else 0
    summary = _("%(total)d promises with a probability are due or delivered; %(kept)d %% of them were kept.") % {
        "total": total,
        "kept": kept,
    }
    rows = [(one.band, one.said, one.promises, "—" if one.percent is None else one.percent) for one in bands]
    return Picture(option, summary, (_("Probability"), _("Said"), _("Promises"), _("Kept")), rows, size="s")


class SchedulingForm(forms.Form):
    """How the company schedules and promises."""

    floor_percent = forms.IntegerField(label=gettext_lazy("Lowest probability of a promise, %"))
    confidence_A = forms.IntegerField(label=gettext_lazy("Grade A: probability a promise should have, %"))
    confidence_B = forms.IntegerField(label=gettext_lazy("Grade B: probability a promise should have, %"))
    confidence_C = forms.IntegerField(label=gettext_lazy("Grade C: probability a promise should have, %"))
    frozen_days = forms.IntegerField(label=gettext_lazy("Frozen window in days"))
    win_percent = forms.IntegerField(label=gettext_lazy("Quotations that become orders, %"))
    quote_after = forms.ChoiceField(label=gettext_lazy("An expired quotation becomes"))
    overtime_percent = forms.IntegerField(label=gettext_lazy("Cost of an hour of overtime, % of a usual one"))
    expedite_per_day = NumberField(label=gettext_lazy("Usual price of a purchase arriving a day earlier"))
    use_calibration = forms.BooleanField(label=gettext_lazy("Use the durations of finished tasks"), required=False)


def settings(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    require(actor, "scheduling.view")
    found = scheduling_settings()
    form = SchedulingForm(request.POST or None, initial=_initial(found))
    form.fields["quote_after"].choices = SchedulingSettings._meta.get_field("quote_after").choices  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        wish = dict(form.cleaned_data)
        wish["confidence"] = {grade: wish.pop(f"confidence_{grade}") for grade in GRADES}
        try:
            change_scheduling_settings(actor=actor, wish=wish, expected_version=version_of(request))
            messages.success(request, _("Saved."))
            return redirect("scheduling_settings")
        except Conflict:
            raise
        except Refusal as refusal:
            show_in(form, refusal)
    may_change = may(actor, "scheduling.settings")
    for field in form.fields.values():
        field.disabled = not may_change
    context = {"title": _("Schedules and promises"), "form": form, "found": found, "may_change": may_change}
    return render(request, "scheduling/settings.html", context, status=422 if form.errors else 200)


def _initial(found: SchedulingSettings) -> dict[str, Any]:
    values = {name: getattr(found, name) for name in SchedulingForm.base_fields if not name.startswith("confidence_")}
    return values | {f"confidence_{grade}": found.confidence.get(grade, 75) for grade in GRADES}
