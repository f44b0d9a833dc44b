"""Whatever is done in whatever order: stock and reservations never fall below nothing, and are always explained."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import planning
import supplying
from punctual.domain.supply import receipts as hooks
from punctual.domain.supply.models import PurchaseLine, Receipt, Requirement, Reservation, StockItem
from punctual.domain.supply.services import purchases, receiving, stock
from punctual.domain.supply.services.reservations import cover, release, reserve
from punctual.kernel.refusal import Refusal
from punctual.platform.accounts.models import User

pytestmark = pytest.mark.django_db
D = Decimal
ZERO = D(0)
QUANTITIES = st.decimals(min_value=D("0.1"), max_value=D(12), places=1)
STEPS = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 3), QUANTITIES), min_size=3, max_size=14)


def total(reservations: Any) -> Decimal:
    """Added up exactly: a database without decimals adds binary fractions."""
    return sum(reservations.filter(state="active").values_list("quantity", flat=True), ZERO)


def explained() -> None:
    """Every sum is that of its parts, and nothing is negative."""
    for item in StockItem.objects.all():
        moves = list(item.movements.values_list("quantity", "blocked"))
        held = total(item.reservations)
        assert (item.on_hand, item.blocked) == (sum((q for q, _ in moves), ZERO), sum((b for _, b in moves), ZERO))
        assert item.reserved == held
        assert item.free >= 0
        last = item.movements.order_by("-pk").first()
        assert last is None or (last.on_hand_after, last.blocked_after) == (item.on_hand, item.blocked)
    for line in PurchaseLine.objects.all():
        held = total(line.reservations)
        came = sum((one.quantity - one.rejected for one in line.receipts.all()), ZERO)
        assert (line.reserved, line.received) == (held, came)
        assert line.free_quantity >= 0
        assert line.received <= line.quantity
    for need in Requirement.objects.all():
        held = need.reservations.filter(state="active").aggregate(q=Sum("quantity"))["q"] or ZERO
        assert need.issued + held <= need.quantity
    assert not Reservation.objects.filter(state="active", quantity__lte=0).exists()


class World:
    """Three needs of one material, a purchase of it, and verbs that may all be refused."""

    def __init__(self, actor: User) -> None:
        self.actor = actor
        planning.company_calendar()
        self.oil = supplying.material("OIL", "真空油", unit="L", is_whole=False)
        order = planning.order((planning.product(), 1))
        line = order.lines.get()
        self.needs = [
            Requirement.objects.create(material=self.oil, order=order, order_line=line, quantity=D(quantity))
            for quantity in ("4.5", "7", "9.3")
        ]
        self.purchase = supplying.purchase(actor, self.oil, "15", dt.date(2026, 12, 1))
        self.item = supplying.stock(actor, self.oil, "6.3")
        self.verbs: list[Callable[[int, Decimal], object]] = [
            self.reserve, self.release, self.issue, self.count, self.block, self.unblock, self.receive, self.decide,
            self.cover,
        ]  # fmt: skip

    def reserve(self, at: int, quantity: Decimal) -> object:
        return reserve(actor=self.actor, requirement_id=self.needs[at % 3].pk, quantity=quantity)

    def release(self, at: int, quantity: Decimal) -> object:
        held = Reservation.objects.order_by("-pk")[: at + 1]
        return [release(actor=self.actor, reservation_id=one.pk) for one in held][:1]

    def issue(self, at: int, quantity: Decimal) -> object:
        return stock.issue(actor=self.actor, requirement_id=self.needs[at % 3].pk, quantity=quantity)

    def count(self, at: int, quantity: Decimal) -> object:
        return stock.count(actor=self.actor, item_id=self.item.pk, counted=quantity)

    def block(self, at: int, quantity: Decimal) -> object:
        return stock.block(actor=self.actor, item_id=self.item.pk, quantity=quantity, reason="x")

    def unblock(self, at: int, quantity: Decimal) -> object:
        return stock.unblock(actor=self.actor, item_id=self.item.pk, quantity=quantity)

    def receive(self, at: int, quantity: Decimal) -> object:
        line = self.purchase.lines.get()
        return receiving.receive(actor=self.actor, line_id=line.pk, quantity=quantity, today=supplying.TODAY)

    def decide(self, at: int, quantity: Decimal) -> object:
        receipt = Receipt.objects.filter(waits_for_inspection=True).first()
        if receipt is None:
            return purchases.close(actor=self.actor, purchase_id=self.purchase.pk, reason="够了")
        part = min(quantity, receipt.quantity - receipt.released - receipt.rejected)
        what = {"released": part} if at % 2 else {"rejected": part, "reason": "x"}
        return receiving.inspected(actor=self.actor, receipt_id=receipt.pk, **what)  # type: ignore[arg-type]

    def cover(self, at: int, quantity: Decimal) -> object:
        with transaction.atomic():
            needs = Requirement.objects.select_related("order").order_by("pk")
            return cover(list(needs), actor=self.actor)


@given(STEPS, st.booleans())
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_no_sequence_of_steps_makes_anything_negative_or_unexplained(
    person: Any, steps: list[tuple[int, int, Decimal]], inspects: bool
) -> None:
    question = hooks.needs_inspection(lambda line, quantity: True) if inspects else None
    point = transaction.savepoint()
    try:
        world = World(person("administrator"))
        for verb, at, quantity in steps:
            try:
                with transaction.atomic():
                    world.verbs[verb](at, quantity)
            except Refusal:
                pass
            explained()
    finally:
        transaction.savepoint_rollback(point)
        if question is not None:
            hooks.forget(question)


def test_goods_that_a_count_took_away_are_not_spoken_for_when_inspection_releases_them(person: Any) -> None:
    question = hooks.needs_inspection(lambda line, quantity: True)
    try:
        world = World(person("administrator"))
        world.cover(0, ZERO)
        world.receive(0, D("9"))
        stock.count(actor=world.actor, item_id=world.item.pk, counted=D("6.4"))
        receipt = Receipt.objects.get()
        receiving.inspected(actor=world.actor, receipt_id=receipt.pk, released=D("9"))
        explained()
        assert StockItem.objects.get().free == 0
    finally:
        hooks.forget(question)
