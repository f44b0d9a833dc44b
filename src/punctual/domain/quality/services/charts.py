"""Control charts: their points, limits and signals; a new signal is told once."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.utils import timezone

from punctual.domain.orders.models import Order
from punctual.domain.parties.models import Supplier
from punctual.domain.quality.life import JUDGED
from punctual.domain.quality.models import ChartSignal, ControlChart, Inspection, Measurement
from punctual.domain.quality.rules import reasons_against_limits, reasons_against_text
from punctual.domain.quality.selectors import charts_of
from punctual.engine.capability import Bar, Interval, centred_interval, histogram, spread_interval
from punctual.engine.control_charts import Chart, ChartType, Subgroups, control_chart
from punctual.engine.run_rules import RuleSet
from punctual.kernel.checks import Checker
from punctual.kernel.refusal import NotFound, Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role, User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, differences, record
from punctual.platform.notifications.services import notify
from punctual.platform.outbox.services import emit
from punctual.platform.records import get_or_not_found, lock, save_next

MOST_POINTS: Final = 200
"""Points of a chart: the newest."""

NELSON_WORDS: Final = {
    1: N_("1 point beyond 3σ"),
    2: N_("9 points in a row on one side"),
    3: N_("6 points in a row rising or falling"),
    4: N_("14 points in a row up and down in turn"),
    5: N_("2 of 3 points beyond 2σ on one side"),
    6: N_("4 of 5 points beyond 1σ on one side"),
    7: N_("15 points in a row within 1σ"),
    8: N_("8 points in a row outside 1σ, on both sides"),
}
WESTERN_WORDS: Final = {
    1: NELSON_WORDS[1],
    2: NELSON_WORDS[5],
    3: NELSON_WORDS[6],
    4: N_("8 points in a row on one side"),
}


def rule_words(rules: str, number: int) -> str:
    """What a rule says, as a catalogue key."""
    words = NELSON_WORDS if rules == RuleSet.NELSON.value else WESTERN_WORDS
    return words.get(number, "")


@dataclass(frozen=True, slots=True)
class Point:
    """One inspection on a chart."""

    inspection_id: int
    number: str
    judged_at: dt.datetime
    values: tuple[float, ...]
    size: float = 0


@dataclass(frozen=True, slots=True)
class Computed:
    """A chart with everything that its page shows; ``chart`` None and ``problem`` where it can't be computed yet."""

    points: list[Point]
    base: list[int]
    chart: Chart | None
    problem: tuple[Reason, ...] = ()
    cp: Interval | None = None
    cpk: Interval | None = None
    pp: Interval | None = None
    ppk: Interval | None = None
    bars: tuple[Bar, ...] = ()


def points_of(chart: ControlChart) -> list[Point]:
    """The newest points, oldest first. A subgroup that is not complete is left out."""
    if ChartType(chart.type).is_variables:
        return _measured(chart)
    rows = Inspection.objects.filter(state__in=JUDGED, inspected__gt=0)
    for name in ("supplier_id", "order_id"):
        if getattr(chart, name):
            rows = rows.filter(**{name: getattr(chart, name)})
    if chart.item_key:
        rows = rows.filter(item_key=chart.item_key)
    is_defects = chart.type in (ChartType.C.value, ChartType.U.value)
    found = list(rows.order_by("-judged_at", "-id").prefetch_related("defects")[:MOST_POINTS])
    return [
        Point(
            one.pk,
            one.number,
            one.judged_at or timezone.now(),
            (float(sum(defect.quantity for defect in one.defects.all()) if is_defects else one.nonconforming),),
            float(one.inspected),
        )
        for one in reversed(found)
    ]


def _measured(chart: ControlChart) -> list[Point]:
    size = 1 if chart.type == ChartType.I_MR.value else chart.subgroup_size
    rows = (
        Measurement.objects.filter(item__chart=chart, item__inspection__state__in=JUDGED)
        .order_by("-item__inspection__judged_at", "-item__inspection_id", "unit_no")
        .values_list(
            "item__inspection_id", "item__inspection__number", "item__inspection__judged_at", "value", named=False
        )[: MOST_POINTS * max(size, 1) * 2]
    )
    groups: dict[int, tuple[str, dt.datetime | None, list[float]]] = {}
    for pk, number, judged_at, value in rows:
        groups.setdefault(pk, (number, judged_at, []))[2].append(float(value))
    found = [
        Point(pk, number, judged_at, tuple(values[:size]))
        for pk, (number, judged_at, values) in groups.items()
        if len(values) >= size and judged_at is not None
    ]
    return list(reversed(found[:MOST_POINTS]))


def compute(chart: ControlChart) -> Computed:
    """Limits from the base period, statistics, signals, capability with its 95 % intervals, histogram."""
    points = points_of(chart)
    kind = ChartType(chart.type)
    base = [place for place, one in enumerate(points) if _in_base(chart, one)]
    data = Subgroups([one.values for one in points], [one.size for one in points] if not kind.is_variables else ())
    limits = (chart.lower, chart.upper) if kind.is_variables else (None, None)
    try:
        found = control_chart(
            data,
            kind,
            rules=RuleSet(chart.rules),
            lsl=None if limits[0] is None else float(limits[0]),
            usl=None if limits[1] is None else float(limits[1]),
            base=base,
        )
    except Refusal as refusal:
        return Computed(points, base, None, refusal.reasons)
    values = [value for place in base for value in points[place].values] if kind.is_variables else []
    count = len(values)
    return Computed(
        points,
        base,
        found,
        cp=None if found.cp is None else spread_interval(found.cp, count),
        cpk=None if found.cpk is None else centred_interval(found.cpk, count),
        pp=None if found.pp is None else spread_interval(found.pp, count),
        ppk=None if found.ppk is None else centred_interval(found.ppk, count),
        bars=tuple(histogram(values)),
    )


def _in_base(chart: ControlChart, point: Point) -> bool:
    day = timezone.localtime(point.judged_at).date()
    return (chart.base_from is None or day >= chart.base_from) and (chart.base_to is None or day <= chart.base_to)


def refresh_signals(chart: ControlChart) -> list[ChartSignal]:
    """Keep the signals that are new and tell of them once. Signals of old points stay as they were found."""
    computed = compute(chart)
    if computed.chart is None:
        return []
    fresh = []
    for signal in computed.chart.signals:
        last = computed.points[signal.points[-1] - 1]
        ids = [computed.points[number - 1].inspection_id for number in signal.points]
        known = ChartSignal.objects.filter(chart=chart, rule=signal.rule, inspection_id__in=ids).first()
        if known is not None:
            continue
        fresh.append(
            ChartSignal.objects.create(
                chart=chart, rule=signal.rule, inspection_id=last.inspection_id, points=ids, found_at=last.judged_at
            )
        )
    for one in fresh:
        _tell(one)
        emit("chart.signal", chart_id=chart.pk, signal_id=one.pk, order_id=chart.order_id)
    return fresh


def _tell(signal: ChartSignal) -> None:
    chart = signal.chart
    people = [chart.owner] if chart.owner else list(User.objects.filter(role=Role.QUALITY, is_active=True))
    notify(
        users=people,
        kind="quality",
        text=N_("Control chart “%(name)s” shows a signal (rule %(rule)s)."),
        params={"name": chart.name, "rule": signal.rule},
        url=f"/charts/{chart.pk}/",
        dedupe_key=f"chart-{chart.pk}-{signal.rule}-{signal.inspection_id}",
    )


def refresh_charts_of(inspection: Inspection) -> None:
    """The charts that a just judged inspection belongs to. Part of the judgement's transaction."""
    charts = {item.chart for item in inspection.items.select_related("chart__owner") if item.chart}
    attributes = ControlChart.objects.filter(type__in=["p", "np", "c", "u"], item_key=inspection.item_key)
    if inspection.item_key:
        charts |= {one for one in attributes if one.supplier_id in (None, inspection.supplier_id)}
    for chart in charts:
        refresh_signals(chart)


@dataclass(frozen=True, slots=True)
class ChartIn:
    """A chart as it is wanted; ``order``, ``supplier`` and ``item_key`` say what it looks at."""

    code: str
    name: str
    type: str
    subgroup_size: int = 5
    unit: str = ""
    lower: Decimal | None = None
    upper: Decimal | None = None
    wanted_cpk: Decimal | None = None
    order: Order | None = None
    supplier: Supplier | None = None
    item_key: str = ""


CHART_FIELDS = (
    "code", "name", "type", "subgroup_size", "unit", "lower", "upper", "wanted_cpk", "order", "supplier", "item_key",
)  # fmt: skip
LARGEST_SUBGROUP: Final = {ChartType.XBAR_R: 10, ChartType.XBAR_S: 25}


def reasons_against_chart(given: ChartIn, *, taken: bool, type_fixed: bool = False) -> list[Reason]:
    """Everything that is wrong with a chart's record."""
    check = Checker("chart")
    check.code("code", N_("Code"), given.code, longest=20)
    check.text("name", N_("Name"), given.name, longest=120, required=True)
    check.text("unit", N_("Unit"), given.unit, longest=20)
    check.text("item_key", N_("Item"), given.item_key, longest=60)
    if given.wanted_cpk is not None:
        check.number("wanted_cpk", N_("Required Cpk"), given.wanted_cpk, most=Decimal(99), places=2)
    reasons = list(check.reasons)
    if taken:
        text = N_("Control chart “%(code)s” exists already.")
        reasons.append(Reason("chart.code.taken", text, {"code": given.code}, field="code"))
    if given.type not in {one.value for one in ChartType}:
        reasons.append(Reason("chart.type", N_("Choose the kind of chart."), field="type"))
        return reasons
    if type_fixed:
        text = N_("The chart has points; make a new chart for another kind or subgroup size.")
        reasons.append(Reason("chart.type_fixed", text, field="type"))
    most = LARGEST_SUBGROUP.get(ChartType(given.type))
    if most is not None and not 2 <= given.subgroup_size <= most:
        text = N_("A subgroup of this chart has 2 to %(most)d values.")
        reasons.append(Reason("chart.subgroup", text, {"most": most}, field="subgroup_size"))
    if ChartType(given.type).is_variables:
        if given.lower is not None or given.upper is not None:
            reasons += reasons_against_limits(given.lower, None, given.upper)
    elif not given.item_key and given.supplier is None and given.order is None:
        text = N_("Say what it counts: an item, a supplier or an order.")
        reasons.append(Reason("chart.what", text, field="item_key"))
    return reasons


@transaction.atomic
def put_chart(
    *, actor: User, given: ChartIn, chart_id: int | None = None, expected_version: int | None = None
) -> ControlChart:
    """Make a chart, or change the one named. Measured values feed it through the characteristics that name it."""
    require(actor, "quality.handle")
    found = lock(charts_of(actor), expected_version=expected_version, pk=chart_id) if chart_id else ControlChart()
    taken = ControlChart.objects.filter(code=given.code).exclude(pk=found.pk).exists()
    differs = (found.type, found.subgroup_size) != (given.type, given.subgroup_size)
    fixed = bool(found.pk) and differs and bool(points_of(found))
    refuse_if(reasons_against_chart(given, taken=taken, type_fixed=fixed))
    before = {name: _told(getattr(found, name)) for name in CHART_FIELDS} if found.pk else {}
    for name in CHART_FIELDS:
        setattr(found, name, getattr(given, name))
    if found.pk:
        save_next(found)
    else:
        found.owner = actor
        found.save()
    after = {name: _told(getattr(given, name)) for name in CHART_FIELDS}
    record(actor=actor, verb="change" if before else "create", target=found, changes=differences(before, after))
    return found


def _told(value: object) -> object:
    return str(value) if isinstance(value, (Order, Supplier)) else value


@transaction.atomic
def choose_base(
    *,
    actor: User,
    chart_id: int,
    base_from: dt.date | None,
    base_to: dt.date | None,
    rules: str = "",
    expected_version: int | None = None,
) -> ControlChart:
    """The period that the limits come from, and the run rules. Refused where it leaves too few points."""
    require(actor, "quality.handle")
    chart = lock(charts_of(actor), expected_version=expected_version, pk=chart_id)
    if base_from and base_to and base_from > base_to:
        text = N_("The base period begins before it ends.")
        refuse_if([Reason("chart.base_order", text, field="base_from")])
    before = {"base_from": chart.base_from, "base_to": chart.base_to, "rules": chart.rules}
    chart.base_from, chart.base_to = base_from, base_to
    if rules in (RuleSet.NELSON.value, RuleSet.WESTERN_ELECTRIC.value):
        chart.rules = rules
    computed = compute(chart)
    refuse_if(computed.problem)
    save_next(chart)
    after = {"base_from": chart.base_from, "base_to": chart.base_to, "rules": chart.rules}
    record(actor=actor, verb="change", target=chart, changes=differences(before, after))
    refresh_signals(chart)
    return chart


@transaction.atomic
def answer_signal(*, actor: User, chart_id: int, signal_id: int, answer: str) -> ChartSignal:
    """What was done about a signal."""
    require(actor, "quality.handle")
    chart = get_or_not_found(charts_of(actor), pk=chart_id)
    signal = chart.signals.select_for_update(of=("self",)).filter(pk=signal_id).first()
    if signal is None:
        raise NotFound(Reason("chart.signal", N_("This chart has no such signal.")))
    refuse_if(reasons_against_text("chart.answer", answer, N_("Say what was found and done."), field_name="answer"))
    signal.answer, signal.answered_by, signal.answered_at = answer.strip(), actor, timezone.now()
    signal.save(update_fields=["answer", "answered_by", "answered_at"])
    changes = [Change(field=f"rule {signal.rule}", old=None, new=signal.answer[:400])]
    record(actor=actor, verb="answer", target=chart, changes=changes)
    return signal
