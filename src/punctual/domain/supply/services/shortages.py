"""Bring plan and shortages of some orders up to what is in stock and on order now.

Everything that changes stock, purchases, reservations or a plan ends here, in its own transaction or by an event.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Final

from django.db import transaction
from django.db.models import F, Prefetch
from django.utils import timezone

from punctual.domain.calendars.selectors import add_working_days, working_days_between
from punctual.domain.orders.damages import damages_of
from punctual.domain.orders.life import RUNNING
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.orders.workdays import CompanyWorkdays
from punctual.domain.plans.forecasts import Forecast, Outcome
from punctual.domain.plans.models import Plan, Task
from punctual.domain.plans.services.earliest import Earliest, PlanMove, set_not_before
from punctual.domain.supply.arrivals import Arrival, arrival_of, line_day
from punctual.domain.supply.life import ON_THE_WAY
from punctual.domain.supply.models import (
    PurchaseLine,
    Requirement,
    Reservation,
    ReservationState,
    Shortage,
    ShortageState,
)
from punctual.domain.supply.scorecard import NOTHING, Lateness, lateness
from punctual.platform.accounts.models import User

LIVE: Final = (*RUNNING, OrderState.ON_HOLD)
"""Orders whose needs count."""
OURS: Final = ("purchaseorder", "material")
"""Causes of an earliest start that are set here; what others have set stays."""
KEPT: Final = ("id", "requirement")
HELD: Final = (
    "quantity",
    "requirement_id",
    "stock_item_id",
    *(
        f"purchase_line__{name}"
        for name in (
            "quantity", "received", "inspecting", "expected_date", "asked_date", "confirmed_date", "line_no",
            "material_id", "purchase_order__state", "purchase_order__number", "purchase_order__supplier_id",
        )
    ),
)  # fmt: skip
"""What an order's picture asks of what is reserved for it: all their columns would take longer than the planning."""
LONG_AGO: Final = dt.datetime.combine(dt.date(1900, 1, 1), dt.time())


@dataclass(frozen=True, slots=True)
class Gate:
    """A task waits until ``moment`` for a purchase line, or for material that nobody has ordered."""

    moment: dt.datetime
    cause_type: str
    cause_id: int
    text: str


Waits = Mapping[int, Sequence[tuple[Gate, int | None]]]


@dataclass
class Picture:
    """One order as it stands: its needs, what covers each, and what each task waits for."""

    order: Order
    arrivals: list[Arrival]
    outsourced: list[PurchaseLine]
    plan: Plan | None = None
    forecast: Forecast | None = None

    @cached_property
    def free(self) -> Outcome | None:
        """The plan if nothing had to be waited for."""
        return self.forecast.free() if self.forecast else None

    def gates(self, *, today: dt.date, workdays: CompanyWorkdays, leave_out: int | None = None) -> dict[int, Gate]:
        """Task id → the latest thing it waits for; ``leave_out`` is a requirement that is supposed to be there."""
        left = {
            task: [gate for gate, need in rows if need is None or need != leave_out]
            for task, rows in self.waits(today=today, workdays=workdays).items()
        }
        return {task: gates[0] for task, gates in left.items() if gates}

    def waits(self, *, today: dt.date, workdays: CompanyWorkdays) -> Waits:
        """Task id → all that it waits for, the latest first, each with its requirement (outsourced work has none)."""
        found: dict[int, list[tuple[Gate, int | None]]] = defaultdict(list)
        for arrival in self.arrivals:
            need = arrival.requirement
            if arrival.day is not None and need.task_id is not None:
                found[need.task_id].append((_gate_of(arrival), need.pk))
        for line in self.outsourced:
            if line.task_id is not None:
                found[line.task_id].append((self._outsourced_gate(line, today=today, workdays=workdays), None))
        for rows in found.values():
            rows.sort(key=lambda row: row[0].moment, reverse=True)
        return found

    def _outsourced_gate(self, line: PurchaseLine, *, today: dt.date, workdays: CompanyWorkdays) -> Gate:
        """Work that a supplier does ends on the day it comes back; so it begins its duration before that."""
        assert self.forecast is not None
        back = dt.datetime.combine(line_day(line, today=today, after=workdays.after) + dt.timedelta(days=1), dt.time())
        facts = self.forecast.stored.state.tasks.get(line.task_id or 0)
        begin = self.forecast.calendars.of(facts).add_work(back, -facts.duration) if facts and facts.duration else back
        return Gate(begin, "purchaseorder", line.purchase_order_id, f"{line.purchase_order.number} {line.description}")


def _gate_of(arrival: Arrival) -> Gate:
    """What comes on a day can be used from the next morning on."""
    assert arrival.day is not None
    moment = dt.datetime.combine(arrival.day + dt.timedelta(days=1), dt.time())
    material = arrival.requirement.material
    if arrival.line is not None:
        order = arrival.line.purchase_order
        return Gate(moment, "purchaseorder", order.pk, f"{order.number} {material.name}")
    return Gate(moment, "material", material.pk, material.name)


def picture_of(order: Order, *, today: dt.date, workdays: CompanyWorkdays) -> Picture:
    """Read one order; nothing is written."""
    held = (
        Reservation.objects.filter(state=ReservationState.ACTIVE)
        .select_related("purchase_line__purchase_order")
        .only(*HELD)
    )
    needs = (
        Requirement.objects.filter(order=order, issued__lt=F("quantity"))
        .select_related("material")
        .prefetch_related(Prefetch("reservations", held, to_attr="held"))
        .order_by("pk")
    )
    arrivals = [arrival_of(need, need.held, today=today, after=workdays.after) for need in needs]
    plan = Plan.objects.filter(order=order).select_related("calendar").first()
    outsourced = list(
        PurchaseLine.objects.filter(
            task__plan__order=order, material=None, purchase_order__state__in=ON_THE_WAY
        ).select_related("purchase_order")
    )
    found = Picture(order, arrivals, outsourced, plan)
    if plan is not None:
        plan.order = order
        found.forecast = Forecast(plan)
    return found


@transaction.atomic
def refresh(order_ids: Iterable[int], *, today: dt.date, actor: User | None = None) -> list[PlanMove]:
    """Set each plan's earliest starts, the days on which material is needed, and the rows of shortages.

    Returns what became of every plan that moved. Orders that are not running lose their shortages. Idempotent.
    """
    ids = sorted(set(order_ids))
    workdays = CompanyWorkdays()
    moves: list[PlanMove] = []
    for order in Order.objects.filter(pk__in=ids).order_by("pk"):
        if order.state not in LIVE:
            Shortage.objects.filter(requirement__order=order).delete()
            continue
        picture = picture_of(order, today=today, workdays=workdays)
        _keep_need_days(picture)
        waits: Waits = picture.waits(today=today, workdays=workdays) if picture.forecast else {}
        gates = {task: rows[0][0] for task, rows in waits.items()}
        move = _tell_plan(picture, gates, actor=actor)
        if move is not None and (move.tasks or move.planned_before != move.planned_after):
            moves.append(move)
        _keep_shortages(picture, waits, gates, today=today)
    return moves


def _keep_need_days(picture: Picture) -> None:
    changed = []
    for arrival in picture.arrivals:
        need = arrival.requirement
        day = need.needed_by
        if picture.free is not None and need.task_id is not None and need.task_id in picture.free.dates:
            day = picture.free.dates[need.task_id].start.date()
        if day != need.needed_by:
            need.needed_by = day
            changed.append(need)
    Requirement.objects.bulk_update(changed, ["needed_by"], batch_size=500)


def _tell_plan(picture: Picture, gates: Mapping[int, Gate], *, actor: User | None) -> PlanMove | None:
    if picture.plan is None:
        return None
    rows = Task.objects.filter(plan=picture.plan, is_summary=False)
    have = {row[0]: row[1:] for row in rows.values_list("pk", "not_before", "not_before_cause_type")}
    wishes = []
    for task_id, (moment, cause) in have.items():
        gate = gates.get(task_id)
        foreign = moment is not None and cause not in OURS
        if gate is not None and not (foreign and _moment_on(picture, task_id) >= gate.moment):
            wishes.append(Earliest(task_id, gate.moment, gate.cause_type, gate.cause_id, gate.text))
        elif gate is None and moment is not None and not foreign:
            wishes.append(Earliest(task_id, None))
    return set_not_before(plan_id=picture.plan.pk, actor=actor, wishes=wishes) if wishes else None


def _moment_on(picture: Picture, task_id: int) -> dt.datetime:
    """The earliest start that stands on the task, on the site's clock."""
    assert picture.forecast is not None
    return picture.forecast.stored.state.tasks[task_id].not_before or LONG_AGO


# ------------------------------------------------------------------------------------------------------ shortages


def _keep_shortages(picture: Picture, waits: Waits, gates: Mapping[int, Gate], *, today: dt.date) -> None:
    short = [one for one in picture.arrivals if one.short > 0]
    have = {row.requirement_id: row for row in Shortage.objects.filter(requirement__order=picture.order)}
    suppliers = {one.line.purchase_order.supplier_id for one in short if one.line is not None}
    records = lateness(suppliers, today=today) if suppliers else {}
    now = _outcome(picture, gates)
    freed = _freed(picture, waits, gates)
    rows = [
        _row(picture, one, (now, freed.get(one.requirement.pk, now)), have.get(one.requirement.pk), records)
        for one in short
    ]
    gone = set(have) - {one.requirement.pk for one in short}
    Shortage.objects.filter(requirement_id__in=gone).delete()
    for row in rows:
        row.pk = None  # one statement writes what is new and what has changed: a requirement is short once
    Shortage.objects.bulk_create(
        rows,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["requirement"],
        update_fields=[field.name for field in Shortage._meta.concrete_fields if field.name not in KEPT],
    )


def _outcome(picture: Picture, gates: Mapping[int, Gate]) -> Outcome | None:
    """The plan with exactly these gates of ours."""
    if picture.forecast is None:
        return None
    state = picture.forecast.stored.state
    ours = {
        task_id: None
        for task_id, task in state.tasks.items()
        if task.not_before is not None and task.not_before_cause_type in OURS
    }
    return picture.forecast.outcome({**ours, **{task_id: gate.moment for task_id, gate in gates.items()}})


def _freed(picture: Picture, waits: Waits, gates: Mapping[int, Gate]) -> dict[int, Outcome | None]:
    """Requirement → the plan as if it were there: only the latest of what a task waits for changes anything."""
    found = {}
    for task, rows in waits.items():
        (last, need), *others = rows
        then = {**gates, task: others[0][0]} if others else {key: gate for key, gate in gates.items() if key != task}
        if need is not None and not (others and others[0][0].moment == last.moment):
            found[need] = _outcome(picture, then)
    return found


def _row(
    picture: Picture,
    arrival: Arrival,
    outcomes: tuple[Outcome | None, Outcome | None],
    have: Shortage | None,
    records: Mapping[int, Lateness],
) -> Shortage:
    """``outcomes``: the plan as it is, and as if the material were there."""
    now, without = outcomes
    need = arrival.requirement
    row = have or Shortage(requirement=need)
    late = _days_late(picture, arrival)
    moves, damage = 0, Decimal(0)
    if late > 0 and now is not None and without is not None:
        moves = _working_days(picture, without.planned_date, now.planned_date)
        damage = damages_of(picture.order, now.planned_date) - damages_of(picture.order, without.planned_date)
    if row.arrives is not None and arrival.day is not None and arrival.day > row.arrives:
        row.settled_by, row.settled_as = None, ""
    record = records.get(arrival.line.purchase_order.supplier_id, NOTHING) if arrival.line else NOTHING
    row.state = _state(picture, arrival, late=late, moves=moves, usually_late=record.p80)
    row.short, row.on_the_way, row.uncovered = arrival.short, arrival.on_the_way, arrival.uncovered
    row.arrives, row.is_confirmed, row.purchase_line = arrival.day, arrival.is_confirmed, arrival.line
    row.days_late, row.moves, row.damages = late, moves, max(Decimal(0), damage)
    row.updated_at = timezone.now()
    return row


def _days_late(picture: Picture, arrival: Arrival) -> int:
    """Working days by which the task begins later than it could: what comes on a day is used from the next one on."""
    need = arrival.requirement
    if arrival.day is None or need.needed_by is None:
        return 0
    if arrival.day < need.needed_by:
        return 0
    usable = arrival.day + dt.timedelta(days=1)
    if picture.plan is not None:
        usable = add_working_days(picture.plan.calendar, arrival.day, 1)
    return max(0, _working_days(picture, need.needed_by, usable))


def _working_days(picture: Picture, first: dt.date, last: dt.date) -> int:
    if picture.plan is None:
        return (last - first).days
    return working_days_between(picture.plan.calendar, first, last)


def _state(picture: Picture, arrival: Arrival, *, late: int, moves: int, usually_late: int) -> ShortageState:
    if late > 0 and (moves > 0 or picture.plan is None):
        return ShortageState.STOPS
    if not arrival.is_confirmed:
        return ShortageState.HANGS
    need = arrival.requirement
    if usually_late > 0 and arrival.day is not None and need.needed_by is not None:
        room = _working_days(picture, arrival.day + dt.timedelta(days=1), need.needed_by)
        if room < usually_late and _float_days(picture, need) < usually_late - room:
            return ShortageState.HANGS
    return ShortageState.IN_TIME


def _float_days(picture: Picture, need: Requirement) -> int:
    """Working days that the task can wait without moving the plan's end."""
    if picture.free is None or need.task_id is None or need.task_id not in picture.free.dates:
        return 0
    return picture.free.dates[need.task_id].total_float // 480


def live_orders(order_ids: Sequence[int]) -> list[int]:
    return list(Order.objects.filter(pk__in=order_ids, state__in=LIVE).values_list("pk", flat=True))


def orders_of_line(line: PurchaseLine) -> list[int]:
    """Whose work waits for a line: those who speak for it, and the order of an outsourced task."""
    found = set(
        Reservation.objects.filter(purchase_line=line, state=ReservationState.ACTIVE).values_list(
            "requirement__order_id", flat=True
        )
    )
    if line.task_id is not None:
        found.update(Task.objects.filter(pk=line.task_id).values_list("plan__order_id", flat=True))
    return sorted(found)
