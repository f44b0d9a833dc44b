"""Fifty people want the same parts at once, on whatever database ``DATABASE_URL`` names: run as a program.

First fifty take what they need one by one, then fifty orders are confirmed whose bills take the same scarce parts.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from threading import Barrier

os.environ["DJANGO_SETTINGS_MODULE"] = "suite_settings"
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "src")]

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import Sum  # noqa: E402
from django_q.conf import Conf  # noqa: E402

import planning  # noqa: E402
import supplying  # noqa: E402
from punctual.domain.catalog.models import ProductRevision  # noqa: E402
from punctual.domain.orders.models import Order  # noqa: E402
from punctual.domain.supply.models import (  # noqa: E402
    Bom,
    BomLine,
    Material,
    PurchaseLine,
    Requirement,
    Reservation,
    Shortage,
    StockItem,
)
from punctual.domain.supply.services import receiving, shortages, stock  # noqa: E402
from punctual.domain.supply.services.reservations import release, reserve  # noqa: E402
from punctual.flows.confirm_order import confirm_order  # noqa: E402
from punctual.kernel.refusal import Refusal  # noqa: E402
from punctual.platform.accounts.models import User  # noqa: E402
from punctual.platform.first_tables import make_first_tables  # noqa: E402

PEOPLE = 50


def at_once(work: Callable[[int], object]) -> list[object]:
    """Each of the fifty starts when all are ready."""
    barrier = Barrier(PEOPLE)

    def run(number: int) -> object:
        barrier.wait()
        try:
            return work(number)
        except Refusal as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(PEOPLE) as pool:
        return list(pool.map(run, range(PEOPLE)))


def explained(pump: int) -> StockItem:
    """The item, after its quantities were compared with movements and reservations."""
    item = StockItem.objects.get(material_id=pump)
    moved = item.movements.aggregate(sum=Sum("quantity"))["sum"]
    held = Reservation.objects.filter(stock_item=item, state="active").aggregate(sum=Sum("quantity"))["sum"] or 0
    assert (item.on_hand, item.reserved) == (moved, held), (item.on_hand, moved, item.reserved, held)
    assert item.on_hand >= item.reserved >= 0
    return item


@contextmanager
def following_later() -> Iterator[None]:
    """As it is in earnest: what follows from a confirmation is the worker's, not the confirming thread's."""
    before = settings.Q_CLUSTER["sync"], Conf.SYNC
    settings.Q_CLUSTER["sync"] = Conf.SYNC = False
    yield
    settings.Q_CLUSTER["sync"], Conf.SYNC = before


def one_by_one(actor: User) -> None:
    pump = supplying.material()
    planning.company_calendar()
    order = planning.order((planning.product(), 1))
    # What arrives is reserved by itself for running orders; here the fifty shall do it.
    Order.objects.filter(pk=order.pk).update(state="draft")
    needs = [
        Requirement.objects.create(material=pump, order=order, order_line=order.lines.get(), quantity=Decimal(2)).pk
        for _ in range(PEOPLE)
    ]
    supplying.stock(actor, pump, "60")
    made = at_once(lambda n: reserve(actor=actor, requirement_id=needs[n], quantity=Decimal(2)))
    refused = [one for one in made if isinstance(one, Refusal)]
    assert len(refused) == 20, made
    assert all(one.codes == {"reservation.not_free"} for one in refused)
    assert explained(pump.pk).reserved == 60

    # Reserving, releasing, issuing, counting and receiving against each other.
    line = supplying.purchase(actor, pump, "50", supplying.TODAY).lines.get()
    held = list(Reservation.objects.filter(state="active").order_by("pk"))
    item = StockItem.objects.get(material=pump)

    def mixed(n: int) -> object:
        if n % 5 == 0:
            return release(actor=actor, reservation_id=held[n % len(held)].pk)
        if n % 5 == 1:
            return reserve(actor=actor, requirement_id=needs[n], quantity=Decimal(1))
        if n % 5 == 2:
            return stock.issue(actor=actor, requirement_id=held[n % len(held)].requirement_id, quantity=Decimal(1))
        if n % 5 == 3:
            return receiving.receive(actor=actor, line_id=line.pk, quantity=Decimal(7), today=supplying.TODAY)
        return stock.count(actor=actor, item_id=item.pk, counted=Decimal(40 + n % 7))

    answers = at_once(mixed)
    assert any(not isinstance(one, Refusal) for one in answers)
    explained(pump.pk)
    line.refresh_from_db()
    assert line.received <= line.quantity
    assert line.received == sum(one.quantity for one in line.receipts.all())
    for need in Requirement.objects.all():
        active = need.reservations.filter(state="active").aggregate(sum=Sum("quantity"))["sum"] or 0
        assert need.issued + active <= need.quantity, need


def bill(revision: ProductRevision | None, parts: Sequence[Material], *, made: Material | None = None) -> None:
    """Two of each bought part, one of what is made here."""
    whole = Bom.objects.create(revision=revision, material=made)
    for position, part in enumerate(parts, start=1):
        BomLine.objects.create(
            bom=whole, position=position, material=part, quantity=Decimal(1 if part.kind == "made" else 2)
        )


def reviewed(number: int, revision: ProductRevision) -> int:
    """An order of one machine that everybody has signed."""
    made = planning.order((revision.product, 1), requested=planning.TODAY, number=f"SO-2026-{number + 100:05d}")
    made.lines.update(revision=revision, unit_price=Decimal(100000))
    Order.objects.filter(pk=made.pk).update(state="in_review", priority=1 + number % 4)
    return made.pk


def bills_taken_apart(actor: User) -> None:
    """Two machines whose bills name the same four parts in opposite order, one through an assembly. While forty-four of
    their orders are confirmed, which want 88 of each part, three deliveries come in and three shelves are counted."""
    parts = [supplying.material(f"P-{number}") for number in range(4)]
    for part in parts:
        supplying.stock(actor, part, "40")
    lines = [supplying.purchase(actor, part, "40", supplying.TODAY).lines.get() for part in parts]
    items = [StockItem.objects.get(material=part) for part in parts]
    machines = [planning.product(f"HC-1{number}") for number in range(2)]
    planning.template("T-9", *machines)
    revisions = [ProductRevision.objects.create(product=one, code="A") for one in machines]
    assembly = supplying.material("ASSY", kind="made")
    bill(revisions[0], parts)
    bill(None, parts[:1:-1], made=assembly)
    bill(revisions[1], [assembly, *parts[1::-1]])
    orders = [reviewed(number, revisions[number % 2]) for number in range(PEOPLE - 6)]

    def work(n: int) -> object:
        at = PEOPLE - 1 - n
        if at >= 6:
            return confirm_order(order_id=orders[n], actor=actor, today=supplying.TODAY)
        if at % 2:
            return stock.count(actor=actor, item_id=items[at // 2].pk, counted=Decimal(40))
        return receiving.receive(actor=actor, line_id=lines[at // 2].pk, quantity=Decimal(10), today=supplying.TODAY)

    with following_later():
        answers = at_once(work)
        shortages.refresh(orders, today=supplying.TODAY)  # who lost a reservation to a count hears it by an event
    assert not [one for one in answers if isinstance(one, Refusal)], answers
    found = Order.objects.filter(pk__in=orders)
    assert {one.state for one in found} == {"confirmed"}
    for one in found:
        needs = list(one.requirements.order_by("material__code"))
        assert [(need.material_id, need.quantity) for need in needs] == [(part.pk, 2) for part in parts], needs
        assert all(need.task_id is not None for need in needs)
        assert one.plan.baselines.count() == one.revisions.count() == 1
    for part in parts:
        item = explained(part.pk)
        line = PurchaseLine.objects.get(material=part)
        held = Reservation.objects.filter(requirement__material=part, state="active")
        assert line.reserved == sum(one.quantity for one in held if one.purchase_line_id) <= line.open_quantity
        by_need: dict[int, Decimal] = defaultdict(Decimal)
        for one in held:
            by_need[one.requirement_id] += one.quantity
        assert max(by_need.values()) <= 2
        # Somebody lacks it, so nothing lies free, and what is lacking is told.
        assert (item.free, line.free_quantity) == (0, 0), (item, line)
        lacking = 88 - item.on_hand - line.open_quantity
        assert lacking == 88 - sum(by_need.values()) > 0
        told = Shortage.objects.filter(requirement__material=part)
        assert sum(one.uncovered for one in told) == lacking


def main() -> None:
    if connection.vendor == "sqlite":
        # On a busy machine fifty in a row may take longer than anybody would wait; it is the numbers that are tried.
        settings.WRITE_WAIT = 240
    make_first_tables()
    actor = User.objects.create_user("admin", password="x", role="administrator")
    planning.company_calendar()
    one_by_one(actor)
    bills_taken_apart(actor)
    sys.stdout.write("ok\n")


if __name__ == "__main__":
    main()
