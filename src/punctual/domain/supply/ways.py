"""The ways out of a shortage, each computed on the order's own plan and priced; those that are not possible say why.

Nothing is written here; ``services.deciding`` carries one of them out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import Final

from punctual.domain.orders.damages import damages_of
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.orders.workdays import CompanyWorkdays
from punctual.domain.plans.forecasts import Forecast, Outcome
from punctual.domain.plans.models import Plan
from punctual.domain.supply.arrivals import Arrival
from punctual.domain.supply.models import (
    Alternative,
    Offer,
    PurchaseLine,
    Requirement,
    Reservation,
    ReservationState,
    Shortage,
    StockItem,
)
from punctual.domain.supply.services.shortages import OURS, Gate, Picture, picture_of
from punctual.kernel.money import rounded
from punctual.kernel.quantity import plain
from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_, Word

ZERO = Decimal(0)
MOST_VICTIMS: Final = 3


class WayKind(StrEnum):
    BUY = "buy"
    EXPEDITE = "expedite"
    OTHER_SUPPLIER = "other_supplier"
    ALTERNATIVE = "alternative"
    LESSER_ORDER = "lesser_order"
    PARTIAL = "partial"
    RESEQUENCE = "resequence"


@dataclass(frozen=True)
class Way:
    """``planned``: when the order is delivered then; ``gained`` calendar days earlier than now (negative: later).
    ``cost`` on top of what is spent anyway; ``saved`` damages that are avoided; ``net`` what remains. ``consent``:
    somebody must agree first. ``reasons`` against it: then it can't be chosen."""

    kind: WayKind
    ref: int
    title: Reason
    detail: Reason
    creates: Reason
    arrives: dt.date | None = None
    planned: dt.date | None = None
    gained: int = 0
    cost: Decimal = ZERO
    saved: Decimal = ZERO
    quantity: Decimal = ZERO
    consent: bool = False
    reasons: tuple[Reason, ...] = field(default=())
    is_best: bool = False

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.ref}"

    @property
    def net(self) -> Decimal:
        return self.saved - self.cost

    @property
    def is_possible(self) -> bool:
        return not self.reasons


def told(code: str, text: str, **params: object) -> Reason:
    """A sentence about a way; faces word it like any other."""
    return Reason(f"way.{code}", text, params)


class WaysOut:
    """Computes for one shortage; reads the order once."""

    def __init__(self, shortage: Shortage, *, today: dt.date) -> None:
        self.shortage = shortage
        self.need: Requirement = shortage.requirement
        self.order: Order = self.need.order
        self.today = today
        self.workdays = CompanyWorkdays()
        self.picture: Picture = picture_of(self.order, today=today, workdays=self.workdays)
        self.arrival: Arrival | None = next(
            (one for one in self.picture.arrivals if one.requirement.pk == self.need.pk), None
        )
        self.others = self.picture.gates(today=today, workdays=self.workdays, leave_out=self.need.pk)
        self.now = self._planned_with(self.picture.gates(today=today, workdays=self.workdays))

    # --------------------------------------------------------------------------------------------- what if

    def _outcome(self, gates: dict[int, Gate]) -> Outcome | None:
        forecast = self.picture.forecast
        if forecast is None:
            return None
        ours: dict[int, dt.datetime | None] = {
            task_id: None
            for task_id, task in forecast.stored.state.tasks.items()
            if task.not_before is not None and task.not_before_cause_type in OURS
        }
        return forecast.outcome({**ours, **{task_id: gate.moment for task_id, gate in gates.items()}})

    def _planned_with(self, gates: dict[int, Gate]) -> dt.date | None:
        found = self._outcome(gates)
        return found.planned_date if found else None

    def planned_if(self, day: dt.date | None, *, task_id: int | None = None) -> dt.date | None:
        """When the order is delivered if this material comes on ``day`` (None: it is here), for the task that needs it
        or for another one."""
        gates = dict(self.others)
        at = task_id or self.need.task_id
        if day is not None and at is not None:
            moment = dt.datetime.combine(day + dt.timedelta(days=1), dt.time())
            if at not in gates or gates[at].moment < moment:
                gates[at] = Gate(moment, "", 0, "")
        return self._planned_with(gates)

    def _priced(self, way: Way) -> Way:
        """With the gain in days and money; a part that goes first has its own share already."""
        if way.kind is WayKind.PARTIAL:
            return way
        gained = (self.now - way.planned).days if self.now and way.planned else 0
        saved = damages_of(self.order, self.now) - damages_of(self.order, way.planned) if way.planned else ZERO
        return replace(way, gained=gained, saved=saved)

    # ------------------------------------------------------------------------------------------------ the ways

    def all(self) -> list[Way]:
        """Possible ones first, the one that saves most on top; the impossible ones after them."""
        if self.arrival is None:
            return []
        makers: list[Callable[[], Iterator[Way]]] = [
            self._buy, self._expedite, self._alternatives, self._lesser_orders, self._other_suppliers, self._partial,
            self._resequence,
        ]  # fmt: skip
        ways = [self._priced(way) if way.is_possible else way for maker in makers for way in maker()]
        ways = [self._without_gain(way) for way in ways]
        possible = sorted((way for way in ways if way.is_possible), key=lambda way: (-way.net, -way.gained, way.cost))
        if possible and (possible[0].net > 0 or possible[0].gained > 0 or possible[0].kind is WayKind.BUY):
            possible[0] = replace(possible[0], is_best=True)
        return [*possible, *(way for way in ways if not way.is_possible)]

    def _without_gain(self, way: Way) -> Way:
        """What costs money and moves nothing is no way out."""
        if way.is_possible and way.cost > 0 and way.gained <= 0 and way.kind is not WayKind.BUY:
            text = N_("It would come on %(day)s and the order would still be delivered no earlier than now.")
            return replace(way, reasons=(told("no_gain", text, day=way.arrives.isoformat() if way.arrives else ""),))
        return way

    @property
    def _name(self) -> str:
        return self.need.material.name

    def _quantity(self, amount: Decimal) -> str:
        return f"{plain(amount)} {self.need.material.unit}"

    def _buy(self) -> Iterator[Way]:
        """What nobody has ordered is ordered from whom it usually comes."""
        assert self.arrival is not None
        if not self.arrival.uncovered:
            return
        material = self.need.material
        day = self.workdays.after(self.today, max(1, material.lead_time_days))
        yield Way(
            WayKind.BUY,
            material.pk,
            told(
                "buy",
                N_("Order %(quantity)s now from %(supplier)s"),
                quantity=self._quantity(self.arrival.uncovered),
                supplier=str(material.supplier) if material.supplier else Word(N_("the best supplier")),
            ),
            told("buy.detail", N_("Lead time %(days)d working days"), days=material.lead_time_days),
            told("buy.creates", N_("Creates a purchase request; supply chain orders it.")),
            arrives=day,
            planned=self.planned_if(day),
            quantity=self.arrival.uncovered,
        )

    def _expedite(self) -> Iterator[Way]:
        assert self.arrival is not None
        lines = self._coming_lines()
        if not lines:
            yield self._not(
                WayKind.EXPEDITE,
                told("expedite.none", N_("Expedite")),
                told("expedite.nothing", N_("Nothing is on order that could come earlier.")),
            )
        for line in lines:
            title = told("expedite", N_("Expedite %(order)s"), order=line.purchase_order.number)
            if line.offered_date is None or line.offered_cost is None:
                text = N_("%(supplier)s has offered no earlier day yet; ask, and note day and price on the order.")
                reason = told("expedite.ask", text, supplier=str(line.purchase_order.supplier))
                yield self._not(WayKind.EXPEDITE, title, reason, ref=line.pk)
                continue
            # Only the latest of several lines holds the task back; the others stay as they are.
            rest = [one.expected_date for one in lines if one.pk != line.pk and one.expected_date is not None]
            day = max([line.offered_date, *rest])
            yield Way(
                WayKind.EXPEDITE,
                line.pk,
                title,
                told(
                    "expedite.detail",
                    N_("%(supplier)s offers %(day)s instead of %(now)s"),
                    supplier=str(line.purchase_order.supplier),
                    day=line.offered_date.isoformat(),
                    now=line.expected_date.isoformat() if line.expected_date else "—",
                ),
                told("expedite.creates", N_("Changes the date of the purchase order and tells its buyer.")),
                arrives=day,
                planned=self.planned_if(day if not self.arrival.uncovered else self._bought()),
                cost=line.offered_cost,
                quantity=line.open_quantity,
            )

    def _coming_lines(self) -> list[PurchaseLine]:
        held = Reservation.objects.filter(
            requirement=self.need, state=ReservationState.ACTIVE, purchase_line__isnull=False
        ).select_related("purchase_line__purchase_order__supplier", "purchase_line__material")
        lines = [one.purchase_line for one in held if one.purchase_line is not None and one.purchase_line.open_quantity]
        return [line for line in lines if line.purchase_order.state != "draft"]

    def _bought(self) -> dt.date:
        return self.workdays.after(self.today, max(1, self.need.material.lead_time_days))

    def _unit_cost(self) -> Decimal:
        """What one unit costs as it is bought now."""
        line = self.arrival.line if self.arrival else None
        return line.unit_price if line is not None else self.need.material.standard_cost

    def _other_suppliers(self) -> Iterator[Way]:
        assert self.arrival is not None
        short = self.arrival.short
        own = self.arrival.line.purchase_order.supplier_id if self.arrival.line else self.need.material.supplier_id
        offers = list(
            Offer.objects.filter(material=self.need.material)
            .exclude(supplier_id=own or 0)
            .select_related("supplier")[:4]
        )
        if not offers:
            yield self._not(
                WayKind.OTHER_SUPPLIER,
                told("other_supplier.any", N_("Other supplier")),
                told("other_supplier.none", N_("No other supplier has offered this material.")),
            )
        for offer in offers:
            day = self.workdays.after(self.today, max(1, offer.lead_time_days))
            title = told("other_supplier", N_("Buy from %(supplier)s"), supplier=str(offer.supplier))
            if self.arrival.day is not None and day >= self.arrival.day:
                text = N_("Comes on %(day)s, not before what comes anyway (%(now)s).")
                reason = told("other_supplier.later", text, day=day.isoformat(), now=self.arrival.day.isoformat())
                yield replace(self._not(WayKind.OTHER_SUPPLIER, title, reason, ref=offer.pk), arrives=day)
                continue
            quantity = max(short, offer.minimum_quantity)
            extra = offer.unit_price * quantity - self._unit_cost() * short
            yield Way(
                WayKind.OTHER_SUPPLIER,
                offer.pk,
                title,
                told(
                    "other_supplier.detail",
                    N_("%(quantity)s, lead time %(days)d working days"),
                    quantity=self._quantity(quantity),
                    days=offer.lead_time_days,
                ),
                told(
                    "other_supplier.creates",
                    N_("Creates a purchase request to this supplier; what was on order is given back."),
                ),
                arrives=day,
                planned=self.planned_if(day),
                cost=max(ZERO, rounded(extra, "CNY")),
                quantity=quantity,
            )

    def _alternatives(self) -> Iterator[Way]:
        assert self.arrival is not None
        found = list(Alternative.objects.filter(material=self.need.material).select_related("substitute__supplier"))
        if not found:
            yield self._not(
                WayKind.ALTERNATIVE,
                told("alternative.any", N_("Alternative material")),
                told("alternative.none", N_("No alternative is released for this material.")),
            )
        for one in found:
            other = one.substitute
            wanted = self.arrival.short * one.factor
            free = sum((item.free for item in StockItem.objects.filter(material=other)), ZERO)
            day = None if free >= wanted else self.workdays.after(self.today, max(1, other.lead_time_days))
            title = told("alternative", N_("Take %(material)s instead"), material=str(other))
            if day is not None and self.arrival.day is not None and day >= self.arrival.day:
                text = N_("Only %(free)s in stock; more comes on %(day)s, not before what comes anyway.")
                reason = told("alternative.later", text, free=f"{plain(free)} {other.unit}", day=day.isoformat())
                yield replace(self._not(WayKind.ALTERNATIVE, title, reason, ref=one.pk), arrives=day)
                continue
            detail = (
                told(
                    "alternative.stock",
                    N_("%(free)s in stock. %(note)s"),
                    free=f"{plain(free)} {other.unit}",
                    note=one.note,
                )
                if day is None
                else told(
                    "alternative.buy",
                    N_("To be ordered, comes on %(day)s. %(note)s"),
                    day=day.isoformat(),
                    note=one.note,
                )
            )
            extra = wanted * other.standard_cost - self.arrival.short * self._unit_cost()
            creates = N_("Replaces the material on this order and reserves it; engineering is asked to agree.")
            yield Way(
                WayKind.ALTERNATIVE,
                one.pk,
                title,
                detail,
                told(
                    "alternative.creates", creates if one.needs_consent else N_("Replaces the material on this order.")
                ),
                arrives=day,
                planned=self.planned_if(day),
                cost=max(ZERO, rounded(extra, "CNY")),
                quantity=wanted,
                consent=one.needs_consent,
            )

    def _lesser_orders(self) -> Iterator[Way]:
        """Stock that is spoken for by an order that can wait for ours to come."""
        assert self.arrival is not None
        held = list(
            Reservation.objects.filter(state=ReservationState.ACTIVE, stock_item__material=self.need.material)
            .exclude(requirement__order=self.order)
            .select_related("requirement__order")
        )
        lesser = [one for one in held if self._is_lesser(one)]
        lesser.sort(key=lambda one: (-_weight(one), one.requirement.needed_by or dt.date.max), reverse=True)
        if not lesser:
            text = (
                N_("What is in stock is spoken for by orders that need it as early or are as urgent.")
                if held
                else N_("No other order has any of it in stock.")
            )
            yield self._not(
                WayKind.LESSER_ORDER, told("lesser.any", N_("Stock of a lesser order")), told("lesser.none", text)
            )
        for one in lesser[:MOST_VICTIMS]:
            yield self._from(one)

    def _is_lesser(self, one: Reservation) -> bool:
        other = one.requirement.order
        if other.state == OrderState.ON_HOLD or other.priority > self.order.priority:
            return True
        mine, theirs = self.need.needed_by, one.requirement.needed_by
        return other.priority >= self.order.priority and mine is not None and (theirs is None or theirs > mine)

    def _from(self, one: Reservation) -> Way:
        assert self.arrival is not None
        other = one.requirement.order
        part = min(self.arrival.short, one.quantity)
        title = told("lesser", N_("Take %(quantity)s from %(order)s"), quantity=self._quantity(part), order=other.label)
        if part < self.arrival.short:
            text = N_("It has only %(part)s of the %(short)s that are short; the task would still wait.")
            reason = told("lesser.part", text, part=self._quantity(part), short=self._quantity(self.arrival.short))
            return self._not(WayKind.LESSER_ORDER, title, reason, ref=one.pk)
        back = self.arrival.day or self.today
        harm, later = self._harm(one, back)
        if later > 0:
            detail = told(
                "lesser.hurts",
                N_("It gets ours on %(day)s and is delivered %(days)d days later."),
                day=back.isoformat(),
                days=later,
            )
        else:
            detail = told(
                "lesser.harmless", N_("It gets ours on %(day)s; its own delivery stays."), day=back.isoformat()
            )
        return Way(
            WayKind.LESSER_ORDER,
            one.pk,
            title,
            detail,
            told("lesser.creates", N_("Moves the reservation, and gives what is on order to the other one.")),
            arrives=None,
            planned=self.planned_if(None),
            cost=harm,
            quantity=part,
        )

    def _harm(self, one: Reservation, back: dt.date) -> tuple[Decimal, int]:
        """What it costs the other order to get its material on ``back`` instead: damages, and days of delivery."""
        order, task_id = one.requirement.order, one.requirement.task_id
        plan = Plan.objects.filter(order=order).select_related("calendar").first()
        if plan is None or task_id is None:
            return ZERO, 0
        plan.order = order
        forecast = Forecast(plan)
        before = forecast.outcome({})  # what it waits for now stands on its tasks
        task = forecast.stored.state.tasks.get(task_id)
        moment = dt.datetime.combine(back + dt.timedelta(days=1), dt.time())
        after = forecast.outcome({task_id: max(moment, task.not_before or moment)} if task is not None else {})
        harm = damages_of(order, after.planned_date) - damages_of(order, before.planned_date)
        return max(ZERO, harm), (after.planned_date - before.planned_date).days

    def _partial(self) -> Iterator[Way]:
        assert self.arrival is not None
        title = told("partial.any", N_("Deliver a part first"))
        line = self.need.order_line
        if line is None or not line.quantity or line.quantity <= 1:
            text = N_("The order line is one piece; there is no part that could go first.")
            yield self._not(WayKind.PARTIAL, title, told("partial.one", text))
            return
        each = self.need.quantity / line.quantity
        ready = ((self.arrival.in_stock + self.need.issued) / each).to_integral_value(rounding=ROUND_FLOOR)
        if ready < 1:
            text = N_("What is here is not enough for a single %(unit)s.")
            yield self._not(WayKind.PARTIAL, title, told("partial.none", text, unit=line.unit))
            return
        early = self.planned_if(None)
        saved = (damages_of(self.order, self.now) - damages_of(self.order, early)) * ready / line.quantity
        yield Way(
            WayKind.PARTIAL,
            line.pk,
            told(
                "partial",
                N_("Deliver %(ready)s of %(all)s %(unit)s first"),
                ready=plain(ready),
                all=plain(line.quantity),
                unit=line.unit,
            ),
            told(
                "partial.detail",
                N_("The part could go on %(early)s, the rest on %(late)s"),
                early=early.isoformat() if early else "—",
                late=self.now.isoformat() if self.now else "—",
            ),
            told("partial.creates", N_("Opens an action item: agree on the partial delivery with the customer.")),
            planned=self.now,
            saved=rounded(saved, self.order.currency),
            quantity=ready,
            consent=True,
        )

    def _resequence(self) -> Iterator[Way]:
        """Begin without it and build it in with the next task."""
        assert self.arrival is not None
        title = told("resequence", N_("Begin without it, build it in later"))
        forecast = self.picture.forecast
        if forecast is None or self.need.task_id is None:
            text = N_("The material is not tied to a task of the plan.")
            yield self._not(WayKind.RESEQUENCE, title, told("resequence.task", text))
            return
        state = forecast.stored.state
        following = [
            link.successor
            for link in state.links.values()
            if link.predecessor == self.need.task_id
            and not state.is_summary(link.successor)
            and not state.tasks[link.successor].is_milestone
        ]
        best: tuple[dt.date, int] | None = None
        for task_id in following:
            planned = self.planned_if(self.arrival.day, task_id=task_id)
            if planned is not None and (best is None or planned < best[0]):
                best = (planned, task_id)
        if best is None:
            text = N_("No task follows “%(task)s” in which it could be built in.")
            yield self._not(
                WayKind.RESEQUENCE, title, told("resequence.none", text, task=state.label(self.need.task_id))
            )
            return
        planned, task_id = best
        if self.now is not None and planned >= self.now:
            text = N_("“%(task)s” needs it at the same time; nothing is gained.")
            yield self._not(WayKind.RESEQUENCE, title, told("resequence.same", text, task=state.label(task_id)))
            return
        yield Way(
            WayKind.RESEQUENCE,
            task_id,
            title,
            told(
                "resequence.detail",
                N_("“%(first)s” begins without it; it is built in with “%(then)s”"),
                first=state.label(self.need.task_id),
                then=state.label(task_id),
            ),
            told("resequence.creates", N_("Ties the material to the later task; the planner is asked to agree.")),
            arrives=self.arrival.day,
            planned=planned,
            consent=True,
        )

    def _not(self, kind: WayKind, title: Reason, reason: Reason, *, ref: int = 0) -> Way:
        nothing = told("nothing", N_("Not possible now"))
        return Way(kind, ref, title, nothing, nothing, reasons=(reason,))


def _weight(one: Reservation) -> int:
    """The less an order matters now, the more: on hold, then low priority."""
    order = one.requirement.order
    return (10 if order.state == OrderState.ON_HOLD else 0) + order.priority
