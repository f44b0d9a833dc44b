"""The page of a control chart."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.actions.services import open_action
from punctual.domain.orders.selectors import order_by_key
from punctual.domain.parties.models import Supplier
from punctual.domain.quality.models import ControlChart
from punctual.domain.quality.models.inspections import CHART_WORDS
from punctual.domain.quality.selectors import chart_by_id
from punctual.domain.quality.services.charts import (
    ChartIn,
    Computed,
    answer_signal,
    choose_base,
    compute,
    put_chart,
    rule_words,
)
from punctual.engine.capability import Interval
from punctual.kernel.refusal import Refusal
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.web.orders.actions import done
from punctual.web.quality import marks, pictures, points, reading
from punctual.web.quality.inspections import actor_of
from punctual.web.quality.ncrs import people
from punctual.web.quality.story import story
from punctual.web.shell.middleware import status_of


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


def edit_chart(request: HttpRequest, pk: int | None = None) -> HttpResponseBase:
    """A new chart, or what an old one looks at."""
    actor = actor_of(request)
    require(actor, "quality.handle")
    found = chart_by_id(actor, pk) if pk else None
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            made = put_chart(
                actor=actor,
                given=_chart_in(actor, request.POST),
                chart_id=pk,
                expected_version=reading.version(request),
            )
            return done(request, reverse("control_chart", args=[made.pk]), _("Saved."))
        except Refusal as caught:
            refusal = caught
    context = {
        "title": found.name if found else _("New control chart"),
        "found": found,
        "rooms": marks.tabs(actor, "control_charts"),
        "typed": request.POST.dict() if request.method == "POST" else _shown(found),
        "types": CHART_WORDS,
        "suppliers": [(str(one.pk), str(one)) for one in Supplier.objects.filter(archived_at=None)],
        "refusal": refusal,
    }
    return render(request, "quality/chart_edit.html", context, status=status_of(refusal) if refusal else 200)


def _chart_in(actor: User, data: QueryDict) -> ChartIn:
    key = reading.text(data, "order")
    size = reading.whole(data, "subgroup_size", default=5)
    return ChartIn(
        code=reading.text(data, "code"),
        name=reading.text(data, "name"),
        type=data.get("type", ""),
        subgroup_size=size if size is not None and 0 < size < 10_000 else 1,
        unit=reading.text(data, "unit"),
        lower=reading.number(data, "lower"),
        upper=reading.number(data, "upper"),
        wanted_cpk=reading.number(data, "wanted_cpk"),
        order=order_by_key(actor, key) if key else None,
        supplier=reading.record(Supplier.objects.all(), data, "supplier"),
        item_key=reading.text(data, "item_key"),
    )


def _shown(found: ControlChart | None) -> dict[str, Any]:
    if found is None:
        return {"type": "xbar-r", "subgroup_size": "5"}
    names = ("code", "name", "type", "unit", "item_key")
    return {name: getattr(found, name) for name in names} | {
        "subgroup_size": str(found.subgroup_size),
        "lower": points.plain(found.lower),
        "upper": points.plain(found.upper),
        "wanted_cpk": points.plain(found.wanted_cpk),
        "order": found.order.key if found.order else "",
        "supplier": str(found.supplier_id or ""),
    }


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
