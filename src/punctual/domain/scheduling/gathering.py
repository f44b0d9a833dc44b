"""Everything that competes for capacity, read from the database: plans of confirmed orders, quotations that hold
capacity, resources with calendars and absences. The only place of this app that reads other apps' rows at large.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone

from punctual.domain.calendars.models import WorkingCalendar
from punctual.domain.orders.life import RUNNING
from punctual.domain.orders.models import Order, OrderLine, OrderState, Priority
from punctual.domain.orders.workdays import MONDAY_TO_FRIDAY
from punctual.domain.plans.engine_plan import PlanCalendars, scheduled
from punctual.domain.plans.models import Assignment, Dependency, Plan, Task, TemplateNeed
from punctual.domain.plans.services.making import drafted
from punctual.domain.plans.state import PlanState
from punctual.domain.plans.work_calendars import day_minutes, plan_time, work_calendar
from punctual.domain.resources.models import Resource
from punctual.domain.risks.facts import standing
from punctual.domain.risks.models import Risk
from punctual.domain.risks.rules import Points
from punctual.domain.risks.selectors import live_risks
from punctual.domain.scheduling.availability import Availability, Away, Extra, Keys, Staff
from punctual.domain.scheduling.axis import SLOT, Axis
from punctual.domain.scheduling.book import Book, Entry, Group, Hazard, Piece, unpacked_starts
from punctual.domain.scheduling.models import (
    Absence,
    ExtraShift,
    LevelledTask,
    ScheduleRun,
    SchedulingSettings,
    TaskPin,
)
from punctual.domain.scheduling.pieces import Cutter, LineDates, LinkRow, OrderRows, Row
from punctual.domain.scheduling.settling import settle
from punctual.domain.scheduling.supplying import waits_of
from punctual.domain.supply.models import PurchaseLine
from punctual.kernel.money import BASE
from punctual.platform.company.models import ExchangeRate
from punctual.platform.company.rates import Rates, rates
from punctual.platform.one_row import the_row

FIRM: Final = RUNNING
SOFT: Final = (OrderState.QUOTED, OrderState.IN_REVIEW)
PRIORITY_WEIGHT: Final = {Priority.URGENT: 8, Priority.HIGH: 4, Priority.NORMAL: 2, Priority.LOW: 1}
MOST_WEIGHT: Final = 5_000


def scheduling_settings() -> SchedulingSettings:
    """The company's one row; made the first time."""
    return the_row(SchedulingSettings)


def company_axis(today: dt.date) -> Axis:
    """The company calendar's clock from today on; before there is a calendar, Monday to Friday."""
    found = WorkingCalendar.objects.filter(is_default=True, archived_at=None).first()
    calendar = found or WorkingCalendar(pk=0, name="", region="", weekly=MONDAY_TO_FRIDAY)
    return Axis(work_calendar(calendar, today), today)


def availability_of(axis: Axis, *, more_away: Iterable[Away] = (), more_extra: Iterable[Extra] = ()) -> Availability:
    """Everybody in use with calendars and absences."""
    rows = Resource.objects.filter(archived_at=None).select_related("calendar").prefetch_related("skills")
    staff = [
        Staff(
            id=row.pk,
            name=row.name,
            kind=row.kind,
            team=row.team,
            units=row.units,
            skills=frozenset(skill.pk for skill in row.skills.all()),
            calendar=work_calendar(row.calendar, axis.today),
            cost=float(row.hourly_cost),
        )
        for row in rows
    ]
    away = [
        Away(resource, first, last)
        for resource, first, last in Absence.objects.filter(cancelled_at=None, last__gte=axis.today).values_list(
            "resource_id", "first", "last"
        )
    ]
    asked = TemplateNeed.objects.exclude(resource=None).values_list("resource_id", flat=True).distinct()
    more = ExtraShift.objects.filter(cancelled_at=None, last__gte=axis.today)
    extra = [Extra(*values) for values in more.values_list("resource_id", "skill_id", "first", "last", "units")]
    return Availability(staff, axis, [*away, *more_away], extra=[*extra, *more_extra], asked_by_name=list(asked))


# ---------------------------------------------------------------------------------------------------- fingerprint


def fingerprint(today: dt.date) -> str:
    """Changes whenever something that a schedule depends on has changed; a few light statements."""
    found: list[Any] = [today.isoformat(), 4]
    orders = _competing(today)
    found += list(
        orders.order_by("pk").values_list(
            "pk", "state", "priority", "promised_date", "requested_date", "quote_valid_until", "plan__version",
            "plan__updated_at", "line_count", "total_amount", "damages_percent_per_day", "damages_cap_percent",
        )
    )  # fmt: skip
    soft = OrderLine.objects.filter(order__in=orders.filter(state__in=SOFT)).order_by("pk")
    found += list(soft.values_list("pk", "product_id", "quantity", "promised_date", "requested_date"))
    found += list(Resource.objects.order_by("pk").values_list("pk", "version", "archived_at"))
    found += list(WorkingCalendar.objects.order_by("pk").values_list("pk", "version"))
    for timed in (Absence, ExtraShift):
        found += list(timed._default_manager.order_by("pk").values_list("pk", "version", "cancelled_at"))
    waiting = Task.objects.filter(plan__order__in=orders, not_before__isnull=False, actual_finish=None).order_by("pk")
    found += list(waiting.values_list("pk", "not_before"))
    risks = Risk.objects.filter(order__in=orders).order_by("pk")
    found += list(risks.values_list("pk", "version", "state"))
    came = PurchaseLine.objects.aggregate(n=Count("received_on"), last=Max("received_on"))
    found.append(sorted(came.items()))
    for model in (TaskPin, LevelledTask):
        found.append(sorted(model._default_manager.aggregate(n=Count("pk"), last=Max("start")).items()))
    found += list(ExchangeRate.objects.order_by("pk").values_list("currency", "valid_from", "rate"))
    kept = scheduling_settings()
    found.append((kept.version, kept.frozen_days, kept.use_calibration))
    text = json.dumps(found, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _competing(today: dt.date) -> QuerySet[Order]:
    """Orders that take capacity: running ones with a plan, and what was offered and still stands."""
    offered = Q(state=OrderState.QUOTED, quote_valid_until__gte=today) | Q(state=OrderState.IN_REVIEW)
    return Order.objects.filter(Q(state__in=FIRM, plan__isnull=False) | offered)


# ------------------------------------------------------------------------------------------------------- the book


def gather(today: dt.date, *, previous: Mapping[str, dt.datetime] | None = None) -> Book:
    """The book as the database now is, not yet scheduled. ``previous``: start of each piece in the last schedule."""
    axis = company_axis(today)
    orders = list(
        _competing(today)
        .select_related("customer")
        .prefetch_related("lines__product")
        .order_by("priority", "promised_date", "pk")
    )
    firm = [order for order in orders if order.state in FIRM]
    soft = [order for order in orders if order.state in SOFT]
    kept_rates = rates() if any(order.currency != BASE for order in orders) else None
    cut = [*_firm_rows(firm, axis, kept_rates), *(_drafted_rows(order, axis, prefix=f"q{order.pk}:") for order in soft)]
    pieces: list[Piece] = []
    groups: list[Group] = []
    for found in cut:
        some, theirs = Cutter(found, axis).pieces()
        pieces += some
        groups += theirs
    kept = scheduling_settings()
    book = assemble(
        axis,
        availability_of(axis),
        [entry_of(order, kept_rates) for order in orders],
        groups,
        pieces,
        previous=slots_of({name: at for name, at in (previous or {}).items() if at.date() >= today}, axis),
        frozen_days=kept.frozen_days,
    )
    return replace(book, hazards=hazards_of(orders, axis), waits=waits_of(firm, axis))


def hazards_of(orders: Sequence[Order], axis: Axis) -> tuple[Hazard, ...]:
    """The risks of these orders that may still occur."""
    day = day_minutes(axis.calendar) / SLOT
    return tuple(hazard_of(risk, standing(risk), day) for risk in live_risks([order.pk for order in orders]))


def hazard_of(risk: Risk, points: Points, day: float) -> Hazard:
    """A risk with these numbers for the simulation; ``day`` slots are a working day."""
    assert risk.order_id is not None
    return Hazard(
        id=risk.pk,
        order=risk.order_id,
        probability=points.probability / 100,
        tasks=tuple(task.pk for task in risk.tasks.all()),
        low=float(points.days_low) * day,
        mode=float(points.days_mode) * day,
        high=float(points.days_high) * day,
    )


def assemble(
    axis: Axis,
    availability: Availability,
    entries: Sequence[Entry],
    groups: Sequence[Group],
    pieces: Sequence[Piece],
    *,
    previous: Mapping[str, int],
    frozen_days: int,
) -> Book:
    """Pieces with what they take of each pool, fixed work settled, availability as steps."""
    named = {key for piece in pieces for kind, key, _ in piece.needs if kind == "resource"}
    keys = availability.keys_for(availability.skills, {*named, *availability.asked_by_name})
    demanding = Demands(availability, keys)
    ready = [demanding.of(piece) for piece in pieces]
    every = keys.every()
    until = axis.end_of(axis.today + dt.timedelta(days=frozen_days - 1)) if frozen_days else 0
    settled = settle(
        ready,
        {key: availability.array(key) for key in every},
        {key: availability.steps(key)[-1][1] for key in every},
        previous=previous,
        frozen_until=until,
    )
    return Book(
        today=axis.today.isoformat(),
        orders=tuple(entries),
        groups=tuple(groups),
        pieces=settled.pieces,
        resources=settled.resources,
        raised=settled.raised,
        notes=tuple(demanding.notes),
    )


class Demands:
    """What a piece takes of each pool; a need beyond what there is becomes as much as there is, with a note."""

    def __init__(self, availability: Availability, keys: Keys) -> None:
        self.keys = keys
        self._most = {key: availability.most(key) for key in keys.every()}
        self.notes: list[dict[str, Any]] = []

    def of(self, piece: Piece) -> Piece:
        taken: dict[str, int] = defaultdict(int)
        for kind, key, units in piece.needs:
            pools = (self.keys.by_skill if kind == "skill" else self.keys.by_name).get(key, ())
            if not pools or not self._most[pools[0]]:
                self.notes.append({"code": "unstaffed", "piece": piece.id, kind: key, "units": units})
                continue
            if units > self._most[pools[0]]:
                self.notes.append({"code": "beyond", "piece": piece.id, kind: key, "units": units})
            for pool in pools:
                taken[pool] += min(units, self._most[pools[0]])
        return replace(piece, demands={key: min(units, self._most[key]) for key, units in taken.items()})


def entry_of(order: Order, kept: Rates | None = None) -> Entry:
    """``kept``: the exchange rates, where many orders are asked about."""
    a_day, cap = damages_of(order, kept)
    return Entry(
        id=order.pk,
        label=order.label,
        key=order.key,
        customer=str(order.customer or ""),
        priority=order.priority,
        soft=order.state in SOFT or order.state == OrderState.DRAFT,
        promised=order.promised_date.isoformat() if order.promised_date else None,
        requested=order.requested_date.isoformat() if order.requested_date else None,
        damages_a_day=a_day,
        damages_cap=cap,
        started=order.state != OrderState.CONFIRMED,
    )


def damages_of(order: Order, kept: Rates | None = None) -> tuple[float, float]:
    """Liquidated damages a day and at most, in the company's currency; without a rate as they stand in the order."""
    amount = order.total_amount
    if order.currency != BASE:
        found = (kept or rates()).in_base(amount, order.currency, timezone.localdate())
        amount = amount if found is None else found
    a_day = amount * (order.damages_percent_per_day or Decimal(0)) / 100
    cap = amount * (order.damages_cap_percent if order.damages_cap_percent is not None else 100) / 100
    return float(a_day), float(cap)


def weight_of(order: Order, kept: Rates | None = None) -> int:
    """What a slot of lateness counts: its damages in hundreds, times the priority; soft load counts least."""
    if order.state in SOFT or order.state == OrderState.DRAFT:
        return 1
    money = 1 + round(damages_of(order, kept)[0] / 8 / 100)
    return min(MOST_WEIGHT, money * PRIORITY_WEIGHT[Priority(order.priority)])


def _line_dates(order: Order) -> dict[int, LineDates]:
    return {
        line.pk: LineDates(line.promised_date or order.promised_date, line.requested_date or order.requested_date)
        for line in order.lines.all()
        if line.pk is not None
    }


# ------------------------------------------------------------------------------------------------- firm orders


TASK_COLUMNS: Final = (
    "plan_id", "pk", "name", "duration", "parent_id", "order_line_id", "is_summary", "is_milestone", "is_delivery",
    "is_elapsed", "calendar_id", "constraint", "constraint_date", "actual_start", "actual_finish", "percent",
    "remaining", "start", "finish", "total_float", "template_task_id", "not_before",
)  # fmt: skip


def _firm_rows(orders: Sequence[Order], axis: Axis, kept: Rates | None) -> list[OrderRows]:
    """Plans of the orders in a handful of statements, however many they are."""
    plans = {plan.order_id: plan for plan in Plan.objects.filter(order__in=orders).select_related("calendar")}
    ids = [plan.pk for plan in plans.values()]
    rows = _task_rows(ids, {plan.pk: not plan.calendar.is_default for plan in plans.values()})
    links: dict[int, list[LinkRow]] = defaultdict(list)
    columns = ("plan_id", "predecessor_id", "successor_id", "type", "lag", "lag_unit")
    for plan_id, *values in Dependency.objects.filter(plan__in=ids).order_by("pk").values_list(*columns):
        links[plan_id].append(LinkRow(*values))
    needs = _needs_of(ids)
    return [
        OrderRows(
            order=order.pk,
            start=plans[order.pk].start,
            rows=rows[plans[order.pk].pk],
            links=links[plans[order.pk].pk],
            needs=needs,
            lines=_line_dates(order),
            weight=weight_of(order, kept),
        )
        for order in orders
    ]


def _task_rows(plan_ids: Sequence[int], own_clock: Mapping[int, bool]) -> dict[int, list[Row]]:
    clock = _Clock()
    locked = list(TaskPin.objects.values_list("task_id", "start", "before_material"))
    pins = {task: clock(start) for task, start, _hurried in locked}
    hurried = {task for task, _start, hurry in locked if hurry}
    levelled = {task: clock(start) for task, start in LevelledTask.objects.values_list("task_id", "start")}
    columns = TASK_COLUMNS
    found: dict[int, list[Row]] = defaultdict(list)
    for values in Task.objects.filter(plan__in=plan_ids).order_by("plan", "sequence").values_list(*columns):
        one = dict(zip(columns, values, strict=True))
        key, plan_id = one["pk"], one["plan_id"]
        found[plan_id].append(
            Row(
                id=key,
                name=one["name"],
                duration=one["duration"],
                parent=one["parent_id"],
                line=one["order_line_id"],
                is_summary=one["is_summary"],
                is_milestone=one["is_milestone"],
                is_delivery=one["is_delivery"],
                is_elapsed=one["is_elapsed"],
                own_clock=own_clock[plan_id] or one["calendar_id"] is not None,
                constraint=one["constraint"],
                constraint_date=clock(one["constraint_date"]),
                actual_start=clock(one["actual_start"]),
                actual_finish=clock(one["actual_finish"]),
                percent=one["percent"],
                remaining=one["remaining"],
                start=clock(one["start"]),
                finish=clock(one["finish"]),
                not_before=None if key in hurried else clock(one["not_before"]),
                levelled=levelled.get(key),
                pinned=pins.get(key),
                total_float=one["total_float"],
                ratio=ratio_key(one["template_task_id"], one["name"]),
            )
        )
    return found


def plan_marks(order: Order) -> tuple[dict[int, dt.datetime | None], dict[int, dt.datetime | None], bool]:
    """What the schedule knows of an order's tasks beside the plan: levelled starts, pinned starts, whether the plan
    runs on a calendar of its own."""
    clock = _Clock()
    mine = {"task__plan__order": order}
    levelled = {task: clock(start) for task, start in LevelledTask.objects.filter(**mine).values_list("task", "start")}
    pins = {task: clock(start) for task, start in TaskPin.objects.filter(**mine).values_list("task", "start")}
    plan = Plan.objects.filter(order=order).select_related("calendar").first()
    return levelled, pins, plan is not None and not plan.calendar.is_default


def ratio_key(template_task: int | None, name: str) -> str:
    """By what tasks are compared with finished ones: the step of the template, else the name."""
    return f"t{template_task}" if template_task else f"n{name}"


class _Clock:
    """Stored moments on the site's clock; the same few come again and again. A date counts as its morning."""

    def __init__(self) -> None:
        self.known: dict[dt.datetime, dt.datetime | None] = {}

    def __call__(self, value: dt.datetime | dt.date | None) -> dt.datetime | None:
        if value is None:
            return None
        if not isinstance(value, dt.datetime):
            return dt.datetime.combine(value, dt.time())
        if value not in self.known:
            self.known[value] = plan_time(value)
        return self.known[value]


def _needs_of(plan_ids: Sequence[int]) -> dict[int, list[tuple[str, int, int]]]:
    needs: dict[int, list[tuple[str, int, int]]] = defaultdict(list)
    rows = Assignment.objects.filter(task__plan__in=plan_ids).order_by("pk")
    for task, skill, resource, units in rows.values_list("task_id", "skill_id", "resource_id", "units"):
        needs[task].append(("skill", skill, units) if skill is not None else ("resource", resource, units))
    return needs


# ------------------------------------------------------------------------------------------- orders without a plan


def _drafted_rows(order: Order, axis: Axis, *, prefix: str) -> OrderRows:
    return drafted_rows(order, list(order.lines.all()), axis, prefix=prefix)


def drafted_rows(order: Order, lines: Sequence[OrderLine], axis: Axis, *, prefix: str) -> OrderRows:
    """The plan that an order without one would get, from today on. ``lines`` need not be stored; then their ``pk`` is
    what the caller gave them."""
    state = drafted(lines, axis.today)
    rows = state_rows(state, axis)
    needs: dict[int, list[tuple[str, int, int]]] = defaultdict(list)
    for need in state.needs.values():
        if need.skill is not None:
            needs[need.task].append(("skill", need.skill, need.units))
        elif need.resource is not None:
            needs[need.task].append(("resource", need.resource, need.units))
    return OrderRows(
        order=order.pk or 0,
        start=axis.today,
        rows=rows,
        links=[
            LinkRow(one.predecessor, one.successor, one.type, one.lag, one.lag_unit) for one in state.links.values()
        ],
        needs=needs,
        lines={line.pk: LineDates(line.promised_date, line.requested_date or order.requested_date) for line in lines},
        weight=weight_of(order),
        soft=True,
        prefix=prefix,
    )


def state_rows(state: PlanState, axis: Axis) -> list[Row]:
    """The rows of a plan in memory, with the dates it would have if nobody else were there."""
    dates = scheduled(state, PlanCalendars(axis.calendar, {})).dates
    return [
        Row(
            id=key,
            name=task.name,
            duration=task.duration,
            parent=task.parent,
            line=task.order_line,
            is_summary=state.outline[key].is_summary,
            is_milestone=task.is_milestone,
            is_delivery=task.is_delivery,
            is_elapsed=task.is_elapsed,
            start=dates[key].start,
            finish=dates[key].finish,
            total_float=dates[key].total_float,
            ratio=ratio_key(task.template_task, task.name),
        )
        for key, task in ((key, state.tasks[key]) for key in state.outline)
    ]


def previous_starts(run: ScheduleRun | None) -> dict[str, dt.datetime]:
    """Start of each piece in a kept run, on the site's clock."""
    if run is None or not run.book:
        return {}
    day, starts = unpacked_starts(run.book)
    axis = company_axis(day)
    moments = {slot: axis.start_of(slot) for slot in set(starts.values())}  # many begin together
    return {name: moments[slot] for name, slot in starts.items()}


def slots_of(starts: Mapping[str, dt.datetime], axis: Axis) -> dict[str, int]:
    """The same as slots of an axis."""
    slots = {start: axis.slot(start) for start in set(starts.values())}
    return {name: slots[start] for name, start in starts.items()}
