"""Charts of quality: control chart with its signals, histogram, Pareto, cost by kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from punctual.domain.quality.dashboard import CostRow, ParetoRow
from punctual.domain.quality.models import ControlChart
from punctual.domain.quality.services.charts import Computed
from punctual.engine.control_charts import Chart
from punctual.web.formatting import day_text, listed, money_text
from punctual.web.templatetags.charts import Picture

Json = dict[str, Any]
PLACES = 4


def _round(value: float) -> float:
    return round(value, PLACES)


def _limit_line(value: float | list[float], label: str, places: int) -> Json:
    """A dashed line across the grid; limits that differ from point to point are drawn as steps instead."""
    if isinstance(value, list):
        return {}
    text = f"{label} {value:.{places}f}"
    return {
        "yAxis": value,
        "lineStyle": {"color": "@late-fill", "type": "dashed", "width": 1},
        "label": {"formatter": text, "position": "end", "color": "@text-3", "fontSize": 11},
    }


def _axis(
    grid: int, values: Sequence[float], low: float | list[float], high: float | list[float], *, splits: int
) -> Json:
    """An axis on which the limits can be seen too."""
    everything = [*values, *(low if isinstance(low, list) else [low]), *(high if isinstance(high, list) else [high])]
    least, greatest = min(everything), max(everything)
    margin = (greatest - least) * 0.08 or 1.0
    label = {"showMinLabel": False, "showMaxLabel": False}
    return {
        "type": "value",
        "gridIndex": grid,
        "splitNumber": splits,
        "min": _round(least - margin),
        "max": _round(greatest + margin),
        "axisLabel": label,
    }


def _points(computed: Computed, statistics: Sequence[float], bad: set[int], color: str) -> list[Json]:
    """Each point leads to its inspection; those of a signal are red squares."""
    data: list[Json] = []
    for place, value in enumerate(statistics):
        point = computed.points[min(place, len(computed.points) - 1)]
        one: Json = {"value": _round(value), "url": reverse("inspection", args=[point.inspection_id])}
        if place + 1 in bad:
            one |= {"symbol": "rect", "symbolSize": 9, "itemStyle": {"color": "@late-fill"}}
        else:
            one |= {"symbol": "circle", "symbolSize": 6, "itemStyle": {"color": color}}
        data.append(one)
    return data


def _fields(signals: Sequence[Any], names: Sequence[str]) -> list[list[Json]]:
    """A tinted field behind the points of each signal."""
    return [[{"xAxis": names[signal.points[0] - 1]}, {"xAxis": names[signal.points[-1] - 1]}] for signal in signals]


def _statistic(computed: Computed, found: Chart, bad: set[int], names: Sequence[str], places: int) -> list[Json]:
    """The points of the chart with their mean and limits; limits that step with the sample size are lines of their
    own."""
    lines = [
        _limit_line(found.ucl, _("UCL"), places),
        _limit_line(found.lcl, _("LCL"), places),
        {
            "yAxis": found.center,
            "lineStyle": {"color": "@base", "type": "solid", "width": 1},
            "label": {
                "formatter": f"{_('mean')} {found.center:.{places}f}",
                "position": "end",
                "color": "@text-3",
            },
        },
    ]
    series: list[Json] = [
        {
            "type": "line",
            "name": _("Statistic"),
            "data": _points(computed, found.statistics, bad, "@accent-fill"),
            "lineStyle": {"color": "@accent-fill", "width": 1.5},
            "markLine": {"symbol": "none", "silent": True, "data": [one for one in lines if one]},
            "markArea": {"silent": True, "itemStyle": {"color": "@late-soft"}, "data": _fields(found.signals, names)},
        }
    ]
    for name, limit in ((_("UCL"), found.ucl), (_("LCL"), found.lcl)):
        if isinstance(limit, list):
            series.append(_steps(name, limit))
    return series


def _rows(computed: Computed, found: Chart, bad: set[int], places: int) -> list[list[object]]:
    """The chart as a table, a row a point."""
    return [
        [
            place,
            point.number,
            day_text(timezone.localtime(point.judged_at)),
            f"{value:.{places}f}",
            "■" if place in bad else "",
        ]
        for place, (point, value) in enumerate(zip(computed.points, found.statistics, strict=False), start=1)
    ]


def control_picture(chart: ControlChart, computed: Computed, *, size: str = "l") -> Picture | None:
    """The chart, with the chart of the spread below where there is one."""
    found = computed.chart
    if found is None:
        return None
    names = [f"{place}" for place in range(1, len(computed.points) + 1)]
    bad = {number for signal in found.signals for number in signal.points} | set(found.beyond_limits)
    places = 2 if abs(found.center) >= 10 else 4
    upper = found.dispersion is not None
    series = _statistic(computed, found, bad, names, places)
    grids: list[Json] = [
        {"left": 12, "right": 92, "top": 26, "height": "52%" if upper else "78%", "containLabel": True}
    ]
    axes_x: list[Json] = [{"type": "category", "data": names, "boundaryGap": False, "gridIndex": 0}]
    axes_y: list[Json] = [_axis(0, found.statistics, found.lcl, found.ucl, splits=3)]
    if found.dispersion is not None:
        grids.append({"left": 12, "right": 92, "top": "70%", "height": "22%", "containLabel": True})
        axes_x.append({"type": "category", "data": names, "boundaryGap": False, "gridIndex": 1})
        spread = found.dispersion
        axes_y.append(_axis(1, spread.statistics, spread.lcl, spread.ucl, splits=2))
        series.append(_spread(computed, places))
    option = {
        "grid": grids,
        "xAxis": axes_x,
        "yAxis": axes_y,
        "series": series,
        "tooltip": {"trigger": "item"},
    }
    words = {
        "name": chart.name,
        "points": len(names),
        "signals": len(found.signals),
        "center": f"{found.center:.{places}f}",
    }
    return Picture(
        option,
        _("%(name)s: %(points)s points, mean %(center)s, %(signals)s signals.") % words,
        [_("Point"), _("Inspection"), _("Judged"), _("Statistic"), _("Signal")],
        _rows(computed, found, bad, places),
        size,
    )


def _steps(name: str, limits: Sequence[float]) -> Json:
    return {
        "type": "line",
        "name": name,
        "step": "middle",
        "symbol": "none",
        "silent": True,
        "data": [_round(value) for value in limits],
        "lineStyle": {"color": "@late-fill", "type": "dashed", "width": 1},
    }


def _spread(computed: Computed, places: int) -> Json:
    assert computed.chart is not None
    spread = computed.chart.dispersion
    assert spread is not None
    # A moving range stands at the second of its two points.
    values: list[Any] = list(_points(computed, spread.statistics, set(spread.beyond_limits), "@base"))
    if len(values) < len(computed.points):
        values = [None] * (len(computed.points) - len(values)) + values
    lines = [
        _limit_line(spread.ucl, _("UCL"), places),
        {
            "yAxis": spread.center,
            "lineStyle": {"color": "@base", "type": "solid", "width": 1},
            "label": {
                "formatter": f"{_('mean')} {spread.center:.{places}f}",
                "position": "end",
                "color": "@text-3",
            },
        },
    ]
    return {
        "type": "line",
        "name": _("Spread"),
        "xAxisIndex": 1,
        "yAxisIndex": 1,
        "data": values,
        "lineStyle": {"color": "@base", "width": 1.25},
        "markLine": {"symbol": "none", "silent": True, "data": lines},
    }


def histogram_picture(chart: ControlChart, computed: Computed) -> Picture | None:
    """How the values of the base period are spread, with the limits allowed."""
    if not computed.bars:
        return None
    limits = [
        {
            "xAxis": float(value),
            "lineStyle": {"color": "@late-fill", "type": "dashed"},
            "label": {"formatter": f"{label} {value.normalize():f}", "fontSize": 11},
        }
        for label, value in ((_("lower"), chart.lower), (_("upper"), chart.upper))
        if value is not None
    ]
    middle = [((bar.low + bar.high) / 2, bar.count) for bar in computed.bars]
    option = {
        "xAxis": {"type": "value", "scale": True},
        "yAxis": {"type": "value"},
        "series": [
            {
                "type": "bar",
                "barWidth": "90%",
                "data": [[_round(x), count] for x, count in middle],
                "itemStyle": {"color": "@band"},
                "markLine": {"symbol": "none", "silent": True, "data": limits},
            }
        ],
    }
    count = sum(bar.count for bar in computed.bars)
    return Picture(
        option,
        _("%(count)s values from %(low)s to %(high)s.")
        % {"count": count, "low": f"{computed.bars[0].low:.4g}", "high": f"{computed.bars[-1].high:.4g}"},
        [_("From"), _("To"), _("Values")],
        [[f"{bar.low:.4f}", f"{bar.high:.4f}", bar.count] for bar in computed.bars],
        "s",
    )


def pareto_picture(rows: Sequence[ParetoRow], days: int) -> Picture | None:
    """Causes by how often, with the running share; a bar leads to its nonconformities."""
    if not rows:
        return None
    names = [row.label or _("Not known yet") for row in rows]
    address = reverse("ncrs")
    option = {
        "xAxis": {"type": "category", "data": names, "axisLabel": {"interval": 0, "width": 64, "overflow": "break"}},
        "yAxis": [
            {"type": "value", "minInterval": 1},
            {"type": "value", "max": 100, "splitLine": {"show": False}, "axisLabel": {"formatter": "{value} %"}},
        ],
        "series": [
            {
                "type": "bar",
                "barMaxWidth": 38,
                "data": [
                    {
                        "value": row.count,
                        "url": f"{address}?cause={row.cause or 'none'}&days={days}",
                        "itemStyle": {"color": "@accent-fill" if row.share <= 80 or place == 0 else "@base"},
                    }
                    for place, row in enumerate(rows)
                ],
                "label": {"show": True, "position": "top", "color": "@text-2", "fontSize": 11},
            },
            {
                "type": "line",
                "yAxisIndex": 1,
                "data": [round(row.share, 1) for row in rows],
                "itemStyle": {"color": "@text-2"},
                "lineStyle": {"color": "@text-2", "width": 1.25},
            },
        ],
    }
    first = rows[: min(3, len(rows))]
    words = {"n": len(first), "share": round(first[-1].share), "names": listed(names[: len(first)])}
    return Picture(
        option,
        _("The first %(n)s causes make %(share)s %%: %(names)s.") % words,
        [_("Cause"), _("Times"), _("Days lost"), _("Cost")],
        [[name, row.count, row.days, money_text(row.cost)] for name, row in zip(names, rows, strict=True)],
        "m",
    )


def cost_picture(rows: Sequence[CostRow], days: int) -> Picture | None:
    """Money by the four kinds; each bar leads to what was booked."""
    if not any(row.amount for row in rows):
        return None
    option = {
        "xAxis": {"type": "value"},
        "yAxis": {"type": "category", "data": [row.label for row in rows][::-1]},
        "series": [
            {
                "type": "bar",
                "barMaxWidth": 18,
                "data": [
                    {"value": float(row.amount), "url": f"{reverse('quality_costs')}?kind={row.kind}&days={days}"}
                    for row in rows
                ][::-1],
                "itemStyle": {"color": "@band"},
                "label": {"show": True, "position": "right", "color": "@text-2", "fontSize": 11},
            }
        ],
    }
    return Picture(
        option,
        _("Cost of quality %(sum)s.") % {"sum": money_text(sum((row.amount for row in rows), rows[0].amount * 0))},
        [_("Kind"), _("Amount"), _("Calendar days")],
        [[row.label, money_text(row.amount), row.days] for row in rows],
        "s",
    )
