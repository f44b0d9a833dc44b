"""Materials, bills of material, stock and purchases of the demo company; a supplier who is ten days late."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from django.utils import timezone

from punctual.domain.orders.models import Order, OrderState
from punctual.domain.orders.workdays import CompanyWorkdays
from punctual.domain.parties.models import Supplier
from punctual.domain.plans.models import Task
from punctual.domain.supply.explosion import explode
from punctual.domain.supply.models import (
    Alternative,
    Bom,
    DateKind,
    Material,
    MaterialKind,
    MovementKind,
    Place,
    PurchaseDate,
    PurchaseLine,
    PurchaseOrder,
    PurchaseState,
    Receipt,
    Requirement,
    Reservation,
    StockItem,
    StockMovement,
)
from punctual.domain.supply.services.boms import bills_below, task_for
from punctual.domain.supply.services.purchases import document_of as purchase_document
from punctual.domain.supply.services.purchases import summarise
from punctual.domain.supply.services.shortages import LIVE, refresh
from punctual.domain.supply.services.stock import count
from punctual.flows.demo import supply_lists as lists
from punctual.flows.demo.bills import build_boms, build_materials
from punctual.flows.demo.people import demo_user
from punctual.flows.demo.records import begin_stories, make_findable
from punctual.platform.accounts.models import Role
from punctual.platform.numbering.services import next_number

S = PurchaseState
ZERO: Final = Decimal(0)
DAY: Final = dt.timedelta(days=1)
SLIP: Final = 9
"""Days by which the part comes later that others wait for."""
LATENESS: Final = {
    "S01": (0, 2, 1, 4),
    "S02": (3, 6, 0, 8, 2),
    "S03": (0, 0, -1, 1),
    "S04": (0, 3, 0),
    "S05": (-1, 0, 2),
}
"""Working days late of what has come, by supplier; the others come on their day."""


def build_supply(today: dt.date) -> None:
    """Everything, in the order in which it depends on each other."""
    build_materials()
    build_boms()
    _Maker(today).build()


def comes_late(need: Requirement, day: dt.date, today: dt.date) -> None:
    """A part of a running order comes only on ``day``."""
    _Maker(today).one_comes_late(need, day)


def _room(order: Order) -> int:
    """Calendar days between the plan's end and the promise."""
    if order.promised_date is None or order.planned_date is None:
        return 0
    return (order.promised_date - order.planned_date).days


class _Maker:
    """Needs of the running orders, and what covers them."""

    def __init__(self, today: dt.date) -> None:
        self.today = today
        self.random = random.Random(60_412)  # noqa: S311 made-up data, the same every time
        self.workdays = CompanyWorkdays()
        self.buyer = demo_user(Role.SUPPLY_CHAIN)
        self.place, _made = Place.objects.get_or_create(code="MAIN", defaults={"name": "主仓库", "is_default": True})
        self.materials = {one.pk: one for one in Material.objects.select_related("supplier")}
        self.by_code = {one.code: one for one in self.materials.values()}
        self.stocked: dict[int, Decimal] = defaultdict(lambda: ZERO)
        self.issued: dict[int, Decimal] = defaultdict(lambda: ZERO)
        self.reserved: list[tuple[Requirement, Decimal]] = []
        self.orders: list[PurchaseOrder] = []
        self.lines: list[PurchaseLine] = []
        self.given: list[PurchaseDate] = []
        self.receipts: list[Receipt] = []
        self.pegged: list[tuple[Requirement, PurchaseLine]] = []

    def build(self) -> None:
        Place.objects.create(code="LINE", name="线边库")
        needs = self._needs()
        Requirement.objects.bulk_create(needs, batch_size=500)
        self._history()
        special = self._special(needs)
        self._cover([need for need in needs if need.pk not in special])
        self._loose_ends()
        self._write()
        refresh({need.order_id for need in needs}, today=self.today)

    # -------------------------------------------------------------------------------------------------- needs

    def _needs(self) -> list[Requirement]:
        orders = list(Order.objects.filter(state__in=LIVE).order_by("pk").prefetch_related("lines"))
        tasks: dict[int, list[Task]] = defaultdict(list)
        rows = Task.objects.filter(plan__order__in=orders, is_summary=False).order_by("sequence")
        for task in rows.select_related("plan"):
            tasks[task.plan.order_id].append(task)
        bills = bills_below(Bom.objects.all())
        whole = {pk: one.is_whole for pk, one in self.materials.items()}
        found: list[Requirement] = []
        for order in orders:
            for line in order.lines.all():
                key = ("revision", line.revision_id)
                if key not in bills or not line.quantity:
                    continue
                mine = [one for one in tasks[order.pk] if one.order_line_id in (None, line.pk)]
                for need in explode(key, line.quantity, bills, whole=whole):
                    used = task_for(mine, need.used_in)
                    row = Requirement(
                        material_id=need.material,
                        order=order,
                        order_line=line,
                        task=used,
                        quantity=need.quantity,
                        used_in=need.used_in,
                        level=need.level,
                        needed_by=used.start.date() if used and used.start else None,
                    )
                    if used is not None and (used.percent > 0 or order.state == OrderState.PARTIALLY_DELIVERED):
                        row.issued = need.quantity
                        self.issued[need.material] += need.quantity
                    found.append(row)
        return found

    def _cover(self, needs: Sequence[Requirement]) -> None:
        """Most of it lies there; what is needed later is on order, a supplier a week on one purchase order."""
        baskets: dict[tuple[int, dt.date], list[Requirement]] = defaultdict(list)
        for need in needs:
            if need.issued >= need.quantity:
                continue
            material = self.materials[need.material_id]
            late = need.needed_by is not None and need.needed_by > self.today + 18 * DAY
            if late and material.lead_time_days >= 14 and material.supplier_id and len(baskets) < 26:
                assert need.needed_by is not None
                week = need.needed_by - need.needed_by.weekday() * DAY
                baskets[material.supplier_id, week].append(need)
            elif self.random.random() < 0.985 or material.standard_cost > 900:
                self.reserved.append((need, need.quantity))
                self.stocked[need.material_id] += need.quantity
        for number, ((supplier_id, week), wanted) in enumerate(sorted(baskets.items(), key=lambda one: one[0])):
            day = self.workdays.after(max(self.today + DAY, week - 7 * DAY), 0)
            state = S.CONFIRMED if number % 4 else S.SENT
            order = self._order(supplier_id, state, sent=self.today - (12 + number % 9) * DAY)
            by_material: dict[int, list[Requirement]] = defaultdict(list)
            for need in wanted:
                by_material[need.material_id].append(need)
            for material_id in sorted(by_material):
                self._line(order, material_id, by_material[material_id], day, confirmed=state is not S.SENT)

    # ---------------------------------------------------------------------------------------------- purchases

    def _order(self, supplier_id: int, state: PurchaseState, *, sent: dt.date | None) -> PurchaseOrder:
        order = PurchaseOrder(
            number=next_number(series="PO", year=(sent or self.today).year),
            supplier_id=supplier_id,
            state=state,
            buyer=self.buyer,
            payment_terms="月结 60 天",
            sent_on=sent,
            confirmed_on=sent + 2 * DAY if sent and state not in (S.SENT, S.DRAFT, S.CANCELLED) else None,
        )
        self.orders.append(order)
        return order

    def _line(
        self,
        order: PurchaseOrder,
        material_id: int,
        needs: Sequence[Requirement],
        day: dt.date,
        *,
        confirmed: bool = True,
        late: int = 0,
        extra: Decimal = ZERO,
        reason: str = "",
    ) -> PurchaseLine:
        material = self.materials[material_id]
        quantity = sum((need.quantity - need.issued for need in needs), ZERO) + extra
        line = PurchaseLine(
            purchase_order=order,
            line_no=10 * (1 + sum(1 for one in self.lines if one.purchase_order is order)),
            material=material,
            description=str(material),
            quantity=quantity,
            unit=material.unit,
            unit_price=material.standard_cost,
            asked_date=day,
            confirmed_date=day if confirmed else None,
            expected_date=day + late * DAY,
            reserved=quantity - extra,
        )
        self.lines.append(line)
        self.pegged += [(need, line) for need in needs]
        sent = order.sent_on
        if sent is not None:
            self._given(line, DateKind.ASKED, None, day, sent)
            if confirmed:
                self._given(line, DateKind.CONFIRMED, day, day, sent + 2 * DAY)
            if late:
                self._given(line, DateKind.REVISED, day, day + late * DAY, self.today - DAY, reason)
        return line

    def _given(
        self, line: PurchaseLine, kind: DateKind, old: dt.date | None, new: dt.date, at: dt.date, reason: str = ""
    ) -> None:
        moment = timezone.make_aware(dt.datetime.combine(at, dt.time(16, 20)))
        self.given.append(PurchaseDate(line=line, kind=kind, old=old, new=new, by=self.buyer, at=moment, reason=reason))

    def _history(self) -> None:
        """What came in the last months; suppliers are as punctual as their record says."""
        suppliers = list(Supplier.objects.order_by("code"))
        for number in range(30):
            supplier = suppliers[number % 11]
            choices = [one for one in self.materials.values() if one.supplier_id == supplier.pk]
            if not choices:
                continue
            came = self.today - (9 + number * 8) * DAY
            late = LATENESS.get(supplier.code, (0,))
            days = late[number // 11 % len(late)] if number % 2 else late[-1 - number // 11 % len(late)]
            due = self.workdays.after(came, 0) if days <= 0 else self.workdays.after(came, -days)
            order = self._order(supplier.pk, S.CLOSED if number % 5 else S.RECEIVED, sent=due - 40 * DAY)
            for material in self.random.sample(choices, min(len(choices), 1 + number % 3)):
                quantity = Decimal(self.random.choice((4, 6, 10, 20, 40)))
                line = self._line(order, material.pk, [], due, extra=quantity)
                line.received, line.received_on = quantity, came
                rejected = Decimal(1) if number % 9 == 4 else ZERO
                self.receipts.append(
                    Receipt(
                        line=line,
                        quantity=quantity,
                        received_on=came,
                        place=self.place,
                        delivery_note=f"DN{came:%m%d}-{number:02d}",
                        released=quantity - rejected,
                        rejected=rejected,
                        by=self.buyer,
                    )
                )

    def _special(self, needs: Sequence[Requirement]) -> set[int]:
        """The key parts of a few orders: one supplier ten days late, one who has not answered, one in time after all,
        and one that nobody has ordered."""
        keys = {self.by_code[code].pk: code for code in lists.KEY_PARTS.values()}
        open_ones = [
            need
            for need in needs
            if need.material_id in keys
            and need.issued == 0
            and need.needed_by is not None
            and need.needed_by > self.today + 3 * DAY
            and need.order.state in (OrderState.IN_PROGRESS, OrderState.CONFIRMED)
        ]
        near = sorted(
            (need for need in open_ones if need.order.planned_date and need.order.promised_date),
            key=lambda need: (abs(_room(need.order) - 3), need.needed_by or self.today, need.pk),
        )
        done: set[int] = set()
        stories = ((10, True), (0, False), (8, True), (3, True))
        for at, (late, confirmed) in enumerate(stories):
            found = next((need for need in near if need.order_id not in done), None)
            if found is None or found.needed_by is None:
                break
            done.add(found.order_id)
            day = self.workdays.after(max(self.today + DAY, found.needed_by - 3 * DAY), 0)
            supplier = self.materials[found.material_id].supplier_id
            assert supplier is not None
            order = self._order(supplier, S.CONFIRMED if confirmed else S.SENT, sent=self.today - (30 + at) * DAY)
            reason = "铸件返工" if late == 10 else "产线检修" if late else ""
            line = self._line(order, found.material_id, [found], day, confirmed=confirmed, late=late, reason=reason)
            if late >= 8:
                line.offered_date = line.expected_date - (late - 2) * DAY if line.expected_date else None
                line.offered_cost = Decimal(12_600 if late == 10 else 4_800)
            self._substitute(found)
        chosen = {found.pk for found, _line in self.pegged if found.order_id in done and found.material_id in keys}
        forgotten = next((need for need in near if need.order_id not in done), None)
        if forgotten is not None:
            chosen.add(forgotten.pk)
        return chosen

    def _substitute(self, need: Requirement) -> None:
        """The alternative lies there, free."""
        other = Alternative.objects.filter(material_id=need.material_id).first()
        if other is not None:
            self.stocked[other.substitute_id] += need.quantity + 2

    def _loose_ends(self) -> None:
        """Drafts, cancelled ones, a part that has come, one that is overdue."""
        for number, code in enumerate(("LM-40", "IPC-7", "VP-630")):
            material = self.by_code[code]
            assert material.supplier_id is not None
            order = self._order(material.supplier_id, S.CANCELLED if number == 2 else S.DRAFT, sent=None)
            self._line(order, material.pk, [], self.today + (20 + number) * DAY, confirmed=False, extra=Decimal(2))
        for code, quantity, came in (("FKM-62", 400, 150), ("CY-32", 40, 12)):
            material = self.by_code[code]
            assert material.supplier_id is not None
            order = self._order(material.supplier_id, S.PARTIALLY_RECEIVED, sent=self.today - 20 * DAY)
            line = self._line(order, material.pk, [], self.today + 4 * DAY, extra=Decimal(quantity))
            line.received = Decimal(came)
            self.stocked[material.pk] += came
            self.receipts.append(
                Receipt(
                    line=line,
                    quantity=Decimal(came),
                    received_on=self.today - 2 * DAY,
                    place=self.place,
                    delivery_note=f"DN{self.today:%m%d}",
                    released=Decimal(came),
                    by=self.buyer,
                )
            )
        for code in ("SR-4", "LC-600"):
            material = self.by_code[code]
            assert material.supplier_id is not None
            order = self._order(material.supplier_id, S.CONFIRMED, sent=self.today - 25 * DAY)
            self._line(order, material.pk, [], self.workdays.after(self.today, -3), extra=Decimal(6))
        for material in self.materials.values():
            if material.kind == MaterialKind.BOUGHT and material.code not in lists.KEY_PARTS.values():
                cheap = material.standard_cost < 100
                self.stocked[material.pk] += Decimal(self.random.choice((40, 80, 120) if cheap else (0, 1, 2, 4)))

    def one_comes_late(self, need: Requirement, day: dt.date) -> None:
        """What lay there for ``need`` was missing when counted; it comes on ``day``, later than was confirmed."""
        supplier = self.materials[need.material_id].supplier_id
        assert supplier is not None
        self._miscounted(need)
        confirmed = self.workdays.after(day - SLIP * DAY, 0)
        order = self._order(supplier, S.CONFIRMED, sent=min(confirmed, self.today) - 16 * DAY)
        late = (day - confirmed).days
        line = self._line(order, need.material_id, [need], confirmed, late=late, reason="出厂检验不合格，重做")
        line.offered_date, line.offered_cost = day - (late - 2) * DAY, Decimal(6_800)
        self._write_purchases()
        refresh([need.order_id], today=self.today)

    def _miscounted(self, need: Requirement) -> None:
        """Nothing is there but what other orders have reserved."""
        for mine in need.reservations.select_related("stock_item"):
            if mine.stock_item is not None:
                mine.stock_item.reserved -= mine.quantity
                mine.stock_item.save()
            mine.delete()
        for item in StockItem.objects.filter(material=need.material_id):
            count(actor=self.buyer, item_id=item.pk, counted=item.reserved + item.blocked, reason="盘点：实物短缺")

    # -------------------------------------------------------------------------------------------------- writing

    def _write(self) -> None:
        self._write_stock()
        self._write_purchases()

    def _write_purchases(self) -> None:
        PurchaseOrder.objects.bulk_create(self.orders)
        for line in self.lines:
            line.purchase_order_id = line.purchase_order.pk
        PurchaseLine.objects.bulk_create(self.lines, batch_size=500)
        for given in self.given:
            given.line_id = given.line.pk
        for receipt in self.receipts:
            receipt.line_id = receipt.line.pk
        PurchaseDate.objects.bulk_create(self.given, batch_size=500)
        Receipt.objects.bulk_create(self.receipts)
        Reservation.objects.bulk_create(
            [
                Reservation(
                    requirement=need,
                    purchase_line=line,
                    quantity=need.quantity - need.issued,
                    priority=need.order.priority,
                    made_by=self.buyer,
                )
                for need, line in self.pegged
            ],
            batch_size=500,
        )
        for order in self.orders:
            summarise(order)
        PurchaseOrder.objects.bulk_update(self.orders, ["total_amount", "line_count", "arrives"])
        by_order: dict[int, list[PurchaseLine]] = defaultdict(list)
        for line in self.lines:
            by_order[line.purchase_order_id].append(line)
        suppliers = Supplier.objects.in_bulk()
        for order in self.orders:
            order.supplier = suppliers[order.supplier_id]
        begin_stories(self.orders, self.buyer)
        make_findable(self.orders, lambda order: purchase_document(order, by_order[order.pk]))

    def _write_stock(self) -> None:
        """One item a material; what came, and what was given out, as movements that add up."""
        for need, quantity in self.reserved:
            assert quantity == need.quantity
        held: dict[int, Decimal] = defaultdict(lambda: ZERO)
        for need, quantity in self.reserved:
            held[need.material_id] += quantity
        ids = sorted({*self.stocked, *self.issued})
        items = StockItem.objects.bulk_create(
            StockItem(material_id=pk, place=self.place, on_hand=self.stocked[pk], reserved=held[pk]) for pk in ids
        )
        by_material = {item.material_id: item for item in items}
        movements = []
        begun = timezone.make_aware(dt.datetime.combine(self.today - 200 * DAY, dt.time(9)))
        lately = timezone.make_aware(dt.datetime.combine(self.today - 4 * DAY, dt.time(14)))
        for pk, item in by_material.items():
            came, gone = self.stocked[pk] + self.issued[pk], self.issued[pk]
            movements.append(
                StockMovement(
                    item=item, kind=MovementKind.RECEIPT, quantity=came, on_hand_after=came, blocked_after=ZERO,
                    reason="期初与收货", actor=self.buyer, at=begun,
                )
            )  # fmt: skip
            if gone:
                movements.append(
                    StockMovement(
                        item=item, kind=MovementKind.ISSUE, quantity=-gone, on_hand_after=item.on_hand,
                        blocked_after=ZERO, reason="装配领料", actor=self.buyer, at=lately,
                    )
                )  # fmt: skip
        StockMovement.objects.bulk_create(movements, batch_size=500)
        Reservation.objects.bulk_create(
            [
                Reservation(
                    requirement=need,
                    stock_item=by_material[need.material_id],
                    quantity=quantity,
                    priority=need.order.priority,
                    made_by=self.buyer,
                )
                for need, quantity in self.reserved
            ],
            batch_size=500,
        )
