"""Utilisation and lost time: what is used of everybody's hours, what stands idle, what work made nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from punctual.domain.monitoring.lost_time import LostTime, lost_time
from punctual.domain.scheduling.load import Loads, Period, periods_of
from punctual.flows.load_picture import loads_of
from punctual.kernel.refusal import Refusal
from punctual.platform.accounts.permissions import may, require
from punctual.web.scheduling.capacity import as_sheet, kind_words
from punctual.web.scheduling.promise import actor_of

SPANS: Final = (30, 90, 365)
MOST_ROWS: Final = 12


def page(request: HttpRequest) -> HttpResponse:
    """How much of what there is will be used and what stands idle over the next months, and what was lost lately.
    Lost time stands in the records; it is told before the first schedule too."""
    actor, today = actor_of(request), timezone.localdate()
    require(actor, "scheduling.view")
    export = request.GET.get("export")
    lost = _lost(request, today)
    if export == "lost":
        head = [_("Kind"), _("What"), _("Order"), _("Why"), _("Hours")]
        return as_sheet(_("Lost time"), head, _lost_rows(lost), f"lost-time-{today}.xlsx")
    context: dict[str, Any] = {
        "title": _("Utilisation"),
        "lost": lost,
        "spans": [(days, (today - dt.timedelta(days=days - 1)) == lost.first) for days in SPANS],
        "waits": lost.waits[:MOST_ROWS],
        "redone": lost.redone[:MOST_ROWS],
        "overruns": lost.overruns[:MOST_ROWS],
    }
    try:
        loads, _run = loads_of(actor, "scheduled")
    except Refusal as refusal:
        return render(request, "scheduling/utilisation.html", {**context, "reasons": refusal.reasons})
    periods = periods_of(loads.availability, today, 3, "month")
    see_cost = may(actor, "resources.see_cost")
    table = _used(loads, periods, see_cost=see_cost)
    if export == "xlsx":
        head = [_("Resource"), _("Kind"), _("Capacity"), _("Confirmed"), _("Idle"), "%"]
        lines = [
            [one["row"].name, kind_words(one["row"].kind), one["room"], one["firm"], one["idle"], one["percent"]]
            for one in table
        ]
        return as_sheet(_("Utilisation"), head, lines, f"utilisation-{today}.xlsx")
    context |= {
        "table": table,
        "until": periods[-1].last,
        "see_cost": see_cost,
        "idle": sum(one["idle"] for one in table),
    }
    return render(request, "scheduling/utilisation.html", context)


def _used(loads: Loads, periods: Sequence[Period], *, see_cost: bool) -> list[dict[str, Any]]:
    """A row for each resource, the idlest first."""
    table: list[dict[str, Any]] = []
    for row in loads.rows("resource", periods, {}):
        room, firm = sum(cell.capacity for cell in row.cells), sum(cell.firm for cell in row.cells)
        cost = loads.availability.staff[int(row.key[2:])].cost
        table.append(
            {
                "row": row,
                "room": round(room),
                "firm": round(firm),
                "idle": round(max(0, room - firm)),
                "percent": round(100 * firm / room) if room else 0,
                "waste": round(max(0, room - firm) * cost) if see_cost else None,
            }
        )
    return sorted(table, key=lambda item: cast(int, item["percent"]))


def _lost(request: HttpRequest, today: dt.date) -> LostTime:
    """Of the last 30, 90 or 365 days."""
    span = {str(days): days for days in SPANS}.get(request.GET.get("days", ""), 90)
    first = today - dt.timedelta(days=span - 1)
    return lost_time(actor_of(request), first=first, last=today, now=timezone.now())


def _lost_rows(lost: LostTime) -> list[list[Any]]:
    words = _("Waiting time")
    waited = [[words, str(one.task), one.task.plan.order.label, one.reason, one.hours] for one in lost.waits]
    redone = [[_("Rework"), str(one.task), one.task.plan.order.label, one.ncr.number, one.hours] for one in lost.redone]
    over = [[_("Beyond the estimate"), one.name, "", f"{one.over} / {one.count}", one.hours] for one in lost.overruns]
    return [*waited, *redone, *over]
