"""The page of a control chart."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.actions.services import open_action
from punctual.domain.quality.models import ControlChart
from punctual.domain.quality.selectors import chart_by_id
from punctual.domain.quality.services.charts import (
    Computed,
    answer_signal,
    choose_base,
    compute,
    rule_words,
)
from punctual.engine.capability import Interval
from punctual.platform.accounts.permissions import may
from punctual.web.orders.actions import done
from punctual.web.quality import marks, pictures, reading
from punctual.web.quality.inspections import actor_of
from punctual.web.quality.ncrs import people
from punctual.web.quality.story import story


def chart(request: HttpRequest, pk: int) -> HttpResponse:
    """Points, limits, signals with what was done, capability, histogram, base period."""
    actor = actor_of(request)
    found = chart_by_id(actor, pk)
    computed = compute(found)
    signals = list(found.signals.select_related("inspection", "answered_by"))
    context = {
        "title": found.name,
        "found": found,
        "rooms": marks.tabs(actor, "control_charts"),
        "picture": pictures.control_picture(found, computed),
        "histogram": pictures.histogram_picture(found, computed),
        "computed": computed,
        "signals": [(one, _(rule_words(found.rules, one.rule))) for one in signals],
        "indices": indices(found, computed),
        "low": is_low(found, computed),
        "may_change": may(actor, "quality.handle"),
        "people": people(),
        "story": story(found),
    }
    return render(request, "quality/chart.html", context)


def is_low(chart: ControlChart, computed: Computed) -> bool:
    """Whether the capability is below what is asked for."""
    found = computed.chart.cpk if computed.chart else None
    return found is not None and chart.wanted_cpk is not None and found < float(chart.wanted_cpk)


def indices(chart: ControlChart, computed: Computed) -> list[dict[str, Any]]:
    """Cp, Cpk, Pp, Ppk with their 95 % intervals."""
    if computed.chart is None:
        return []
    rows: list[tuple[str, float | None, Interval | None]] = [
        ("Cp", computed.chart.cp, computed.cp),
        ("Cpk", computed.chart.cpk, computed.cpk),
        ("Pp", computed.chart.pp, computed.pp),
        ("Ppk", computed.chart.ppk, computed.ppk),
    ]
    return [
        {
            "name": name,
            "value": f"{value:.2f}",
            "interval": f"{interval.low:.2f} – {interval.high:.2f}" if interval else "",
        }
        for name, value, interval in rows
        if value is not None
    ]


@require_POST
def base(request: HttpRequest, pk: int) -> HttpResponse:
    """The period that the limits come from."""
    choose_base(
        actor=actor_of(request),
        chart_id=pk,
        base_from=reading.day(request.POST, "base_from"),
        base_to=reading.day(request.POST, "base_to"),
        rules=request.POST.get("rules", ""),
        expected_version=reading.version(request),
    )
    return done(request, reverse("control_chart", args=[pk]), _("The limits are computed anew."))


@require_POST
def answer(request: HttpRequest, pk: int, signal_pk: int) -> HttpResponse:
    """What was done about a signal; an action item where somebody is named."""
    actor = actor_of(request)
    found = chart_by_id(actor, pk)
    text = reading.text(request.POST, "answer")
    owner = reading.person(request.POST, "owner")
    answer_signal(actor=actor, chart_id=pk, signal_id=signal_pk, answer=text)
    if owner is not None:
        due = reading.day(request.POST, "due") or timezone.localdate()
        open_action(actor=actor, title=text[:200], owner=owner, due=due, order=found.order, cause=found)
    return done(request, reverse("control_chart", args=[pk]), _("Answered."))
