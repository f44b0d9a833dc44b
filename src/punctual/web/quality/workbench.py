"""The overview of quality, the same as Excel and PDF."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from punctual.domain.quality import dashboard
from punctual.domain.quality.models import ChartSignal
from punctual.domain.quality.selectors import charts_of, severities_of, to_inspect, unsettled_ncrs
from punctual.domain.quality.services.charts import compute, rule_words
from punctual.domain.quality.services.switching import word_of
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.papers import Facts, Grid, Heading, paper
from punctual.platform.sheets.writer import write_xlsx
from punctual.web.formatting import money_text
from punctual.web.orders.actions import as_download
from punctual.web.quality import marks, pictures, reading
from punctual.web.quality.charts import indices, is_low
from punctual.web.quality.inspections import actor_of

PERIODS: Final = (30, 90, 365)
MOST_ROWS: Final = 8


def quality(request: HttpRequest) -> HttpResponse:
    """Figures, causes, the chart with the newest signal, what is not settled, how strictly suppliers are looked at."""
    actor, today = actor_of(request), timezone.localdate()
    require(actor, "quality.view")
    days = reading.key(request.GET, "days")
    days = days if days in PERIODS else PERIODS[0]
    period = dashboard.period_of(days, today=today)
    export = request.GET.get("export", "")
    if export in ("xlsx", "pdf"):
        return _export(actor, period, export)
    ncrs = unsettled_ncrs(actor).order_by("-days_lost", "-id")
    signal = _signal(actor)
    chart = signal[0].chart if signal else charts_of(actor).first()
    computed = compute(chart) if chart else None
    rows = dashboard.pareto(actor, period)
    costs, ages = dashboard.cost_of_quality(actor, period), dashboard.capa_ages(actor, today=today)
    context: dict[str, Any] = {
        "title": _("Quality"),
        "rooms": marks.tabs(actor, "quality"),
        "days": days,
        "periods": PERIODS,
        "period": period,
        "figures": dashboard.figures(actor, period, costs=costs, ages=ages),
        "pareto": pictures.pareto_picture(rows, days),
        "costs": pictures.cost_picture(costs, days) if may(actor, "quality.see_cost") else None,
        "chart": chart,
        "picture": pictures.control_picture(chart, computed, size="l") if chart and computed else None,
        "indices": indices(chart, computed) if chart and computed else [],
        "low": is_low(chart, computed) if chart and computed else False,
        "signal": signal,
        "ncrs": [(one, marks.ncr_chip(one), marks.ncr_next(one)) for one in ncrs[:MOST_ROWS]],
        "ncr_sums": ncrs.aggregate(days=Sum("days_lost"), cost=Sum("cost")),
        "ncr_count": ncrs.count(),
        "severities": _severities(actor),
        "ages": ages[:MOST_ROWS],
        "suppliers": dashboard.ppm_by_supplier(actor, period)[:MOST_ROWS],
        "products": dashboard.ppm_by_product(actor, period)[:MOST_ROWS],
        "waiting": to_inspect(actor).count(),
        "signals": ChartSignal.objects.filter(chart__in=charts_of(actor), answered_at=None).count(),
    }
    return render(request, "quality/quality.html", context)


def _signal(actor: User) -> tuple[ChartSignal, str] | None:
    """The newest signal that nobody has answered, with its rule in words."""
    rows = ChartSignal.objects.filter(chart__in=charts_of(actor), answered_at=None)
    found = rows.select_related("chart__order", "inspection").first()
    return (found, _(rule_words(found.chart.rules, found.rule))) if found else None


def _severities(actor: User) -> list[dict[str, Any]]:
    """What is looked at most strictly first, with what would change it."""
    rows = list(severities_of(actor))
    order = {"discontinued": 0, "tightened": 1, "reduced": 3}
    rows.sort(key=lambda row: (order.get(word_of(row), 2), -row.score, row.pk))
    rows = rows[:MOST_ROWS]
    recent = dashboard.recent_by_item([row.supplier_id for row in rows])
    shown = []
    for row in rows:
        word = word_of(row)
        bad, lots = recent.get((row.supplier_id, row.item_key), (0, 0))
        shown.append(
            {"row": row, "chip": marks.severity_chip(word), "bad": bad, "lots": lots, "next": _next(row, word)}
        )
    return shown


def _next(row: Any, word: str) -> str:
    if word == "discontinued":
        return _("resume after an improvement")
    if word == "tightened":
        return _("%(n)s more accepted → normal") % {"n": 5 - row.accepted_in_a_row}
    if word == "reduced":
        return _("1 rejected → normal")
    if row.score >= 30:
        return _("may be reduced")
    return _("score %(score)s of 30 → reduced") % {"score": row.score}


# ---------------------------------------------------------------------------------------------------------- export


def _rows_of(rows: Sequence[Any]) -> list[list[object]]:
    return [[row.name, row.lots, row.rejected, row.inspected, row.bad, row.ppm] for row in rows]


def _tables(actor: User, period: dashboard.Period) -> list[tuple[str, Sequence[str], list[list[object]]]]:
    """The same figures as tables: name, head, rows."""
    today = timezone.localdate()
    causes = dashboard.pareto(actor, period)
    tables: list[tuple[str, Sequence[str], list[list[object]]]] = [
        (
            _("Causes"),
            [_("Cause"), _("Times"), _("Share, %"), _("Days lost")],
            [[row.label or _("Not known yet"), row.count, round(row.share, 1), row.days] for row in causes],
        ),
        *(
            (
                name,
                [_("Name"), _("Lots"), _("Lots rejected"), _("Inspected"), _("Nonconforming"), "PPM"],
                _rows_of(rows),
            )
            for name, rows in (
                (_("Suppliers"), dashboard.ppm_by_supplier(actor, period)),
                (_("Items"), dashboard.ppm_by_product(actor, period)),
            )
        ),
        (
            _("8D reports under way"),
            [_("Number"), _("Problem"), _("Age, days"), _("Next step"), _("Due by"), _("Days late")],
            [
                [
                    one.capa.number,
                    one.capa.title,
                    one.age,
                    f"D{one.step}" if one.step is not None else _("Effect"),
                    one.due,
                    max(0, one.late),
                ]
                for one in dashboard.capa_ages(actor, today=today)
            ],
        ),
    ]
    if may(actor, "quality.see_cost"):
        costs = dashboard.cost_of_quality(actor, period)
        tables.append(
            (
                _("Cost of quality"),
                [_("Kind"), _("Amount"), _("Calendar days")],
                [[one.label, one.amount, one.days] for one in costs],
            )
        )
    return tables


def _export(actor: User, period: dashboard.Period, kind: str) -> HttpResponse:
    name = f"quality-{period.first:%Y%m%d}-{period.last:%Y%m%d}"
    tables = _tables(actor, period)
    if kind == "xlsx":
        rows: list[list[object]] = []
        for title, head, lines in tables:
            rows += [[title], list(head), *lines, []]
        content = write_xlsx(_("Quality"), [_("Quality"), f"{period.first} – {period.last}"] + [""] * 5, _padded(rows))
        return as_download(content, f"{name}.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    costs, ages = dashboard.cost_of_quality(actor, period), dashboard.capa_ages(actor, today=timezone.localdate())
    found = dashboard.figures(actor, period, costs=costs, ages=ages)
    facts = [
        (_("First-pass yield"), f"{100 * found.fpy:.1f} %" if found.fpy is not None else None),
        (_("Incoming, PPM"), found.ppm),
        (_("Lots judged"), found.lots),
        (_("Nonconformities not settled"), found.open_ncrs),
        (_("8D reports late"), found.late_capas),
    ]
    if found.cost is not None:
        facts.append((_("Cost of quality"), money_text(found.cost)))
    blocks: list[Any] = [Facts(facts)]
    for title, head, lines in tables:
        if lines:
            blocks += [Heading(title), Grid(head, lines)]
    content = paper(title=_("Quality report"), subtitle=f"{period.first} – {period.last}", blocks=blocks)
    return as_download(content, f"{name}.pdf", "application/pdf")


def _padded(rows: list[list[object]]) -> list[list[object]]:
    """Rows of one width, since the sheet has one head."""
    return [[*row, *[None] * (7 - len(row))] for row in rows]
