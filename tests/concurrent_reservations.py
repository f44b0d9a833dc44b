"""Fifty people reserve the same stock at once, on whatever database ``DATABASE_URL`` names: run as a program."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from threading import Barrier

os.environ["DJANGO_SETTINGS_MODULE"] = "suite_settings"
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "src")]

import django  # noqa: E402

django.setup()

from django.db import connection  # noqa: E402
from django.db.models import Sum  # noqa: E402

import planning  # noqa: E402
import supplying  # noqa: E402
from punctual.domain.orders.models import Order  # noqa: E402
from punctual.domain.supply.models import Requirement, Reservation, StockItem  # noqa: E402
from punctual.domain.supply.services import receiving, stock  # noqa: E402
from punctual.domain.supply.services.reservations import release, reserve  # noqa: E402
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


def main() -> None:
    make_first_tables()
    actor = User.objects.create_user("admin", password="x", role="administrator")
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
    sys.stdout.write("ok\n")


if __name__ == "__main__":
    main()
