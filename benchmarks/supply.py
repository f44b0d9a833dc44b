"""A five-level bill of material taken apart into requirements, and a changed date among many purchase lines.

    PYTHONPATH=src python benchmarks/supply.py [--parts 375,750,1500,3000] [--lines 1250,2500,5000,10000] [--repeat 5]

Bill: n parts on five levels, each whole with about ten parts, some of them used in several wholes, two per cent scrap;
some of every second part is in stock.
``pure_ms`` takes it apart in memory; ``order_ms`` confirms an order with it: read the bill, take it apart, tie to
tasks, reserve what is free, schedule, write the shortages (all in one transaction). Purchases: n open lines of n / 50
orders, each reserved for a running order; ``date_ms`` changes one date up to the moved plan, ``page_ms`` is the
page of shortages, ``materials_ms`` the netting over all materials. Median of the repetitions, in a database of its own
(SQLite in a temporary folder). Prints JSON; ``growth`` is the exponent between neighbouring sizes (1 is linear).
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import math
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

TODAY = dt.date(2026, 11, 23)
LEVELS = 5


def set_up() -> None:
    os.environ["PUNCTUAL_DATA"] = tempfile.mkdtemp()
    os.environ["PUNCTUAL_SYNC_JOBS"] = ""  # what follows in the background is the worker's time
    os.environ.setdefault("PUNCTUAL_LOG", "ERROR")
    os.environ["DJANGO_SETTINGS_MODULE"] = "punctual.config.settings"
    import django

    django.setup()
    from django.conf import settings

    from punctual.platform.first_tables import make_first_tables

    settings.ALLOWED_HOSTS = ["*"]
    make_first_tables()


def median_ms(work: Callable[[], object], repeat: int) -> float:
    taken = []
    for _ in range(repeat):
        begun = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begun) * 1000)
    return round(statistics.median(taken), 1)


def bill(count: int) -> tuple[Any, list[Any]]:
    """A product revision with ``count`` parts on five levels; returns it and its materials."""
    from punctual.domain.catalog.models import Product, ProductFamily, ProductRevision
    from punctual.domain.supply.models import Bom, BomLine, Material, Place, StockItem

    draw = random.Random(count)
    family = ProductFamily.objects.get_or_create(code="B", defaults={"name": "bench"})[0]
    product = Product.objects.create(model=f"B-{count}", name="bench", family=family, unit="台")
    revision = ProductRevision.objects.create(product=product, code="A")
    sizes = [max(1, round(count * share)) for share in (0.01, 0.03, 0.06, 0.2)]
    sizes.append(count - sum(sizes))
    levels = [
        Material.objects.bulk_create(
            Material(
                code=f"{count}-{level}-{n}",
                name=f"part {n}",
                unit="个",
                kind="made" if level < LEVELS - 1 else "bought",
                lead_time_days=10 + n % 20,
            )
            for n in range(size)
        )
        for level, size in enumerate(sizes)
    ]
    root = Bom.objects.create(revision=revision)
    wholes = [[root]] + [Bom.objects.bulk_create(Bom(material=one) for one in level) for level in levels[:-1]]
    lines = []
    for level, parts in enumerate(levels):
        for part in parts:
            for whole in {draw.randrange(len(wholes[level])) for _ in range(draw.choice((1, 1, 1, 2, 3)))}:
                lines.append(
                    BomLine(
                        bom=wholes[level][whole],
                        position=len(lines),
                        material=part,
                        quantity=Decimal(draw.randint(1, 4)),
                        scrap_percent=Decimal(2),
                    )
                )
    BomLine.objects.bulk_create(lines, batch_size=500)
    materials = [one for level in levels for one in level]
    place = Place.objects.get_or_create(code="B", defaults={"name": "bench"})[0]
    stock = [StockItem(material=one, place=place, on_hand=Decimal(3)) for one in materials[::2]]
    StockItem.objects.bulk_create(stock, batch_size=500)
    return revision, materials


def order_for(revision: Any, number: str) -> Any:
    from punctual.domain.orders.models import Order, OrderLine

    order = Order.objects.create(
        number=number,
        state="confirmed",
        promised_date=TODAY + dt.timedelta(days=90),
        total_amount=Decimal(1_000_000),
        damages_percent_per_day=Decimal("0.5"),
        damages_cap_percent=Decimal(5),
    )
    OrderLine.objects.create(
        order=order, line_no=10, product=revision.product, revision=revision, quantity=Decimal(2), unit="台"
    )
    return order


def measure_bill(count: int, actor: Any, repeat: int) -> dict[str, Any]:
    from punctual.domain.plans.services.making import make_plan
    from punctual.domain.supply.explosion import explode
    from punctual.domain.supply.models import Bom, Requirement
    from punctual.domain.supply.services.boms import bills_below
    from punctual.flows.material_needs import take_apart

    revision, _materials = bill(count)
    bills = bills_below([Bom.objects.get(revision=revision)])
    pure = median_ms(lambda: explode(("revision", revision.pk), Decimal(2), bills), repeat)
    orders = [order_for(revision, f"SO-{count}-{n}") for n in range(repeat)]
    for order in orders:
        make_plan(order=order, actor=actor, today=TODAY)
    waiting = iter(orders)
    whole = median_ms(lambda: take_apart(order=next(waiting), actor=actor, today=TODAY), repeat)
    made = Requirement.objects.filter(order=orders[0]).count()
    lines = sum(len(parts) for parts in bills.values())
    return {"parts": count, "lines": lines, "requirements": made, "pure_ms": pure, "order_ms": whole}


Ordered = list[tuple[Any, Any]]


def running_orders(count: int, actor: Any) -> Ordered:
    """Orders with the task that waits for material."""
    from punctual.domain.catalog.models import Product, ProductFamily, ProductRevision
    from punctual.domain.plans.models import Task
    from punctual.domain.plans.services.making import make_plan

    family = ProductFamily.objects.get_or_create(code="B", defaults={"name": "bench"})[0]
    product = Product.objects.create(model=f"L-{count}", name="bench", family=family, unit="台", lead_time_days=20)
    revision = ProductRevision.objects.create(product=product, code="A")
    orders = []
    for n in range(count // 50):
        order = order_for(revision, f"SL-{count}-{n}")
        make_plan(order=order, actor=actor, today=TODAY)
        orders.append((order, Task.objects.get(plan__order=order)))
    return orders


def open_lines(count: int, day: dt.date) -> list[Any]:
    """Confirmed purchase lines for ``day``, ten an order."""
    from punctual.domain.parties.models import Supplier
    from punctual.domain.supply.models import Material, PurchaseLine, PurchaseOrder

    supplier = Supplier.objects.get_or_create(code="S", defaults={"name": "bench"})[0]
    materials = Material.objects.bulk_create(
        Material(code=f"L{count}-{n}", name=f"part {n}", unit="个") for n in range(max(50, count // 20))
    )
    purchases = PurchaseOrder.objects.bulk_create(
        PurchaseOrder(number=f"PL-{count}-{n}", supplier=supplier, state="confirmed") for n in range(count // 10)
    )
    rows = [
        PurchaseLine(
            purchase_order=purchases[n // 10],
            line_no=10 * (1 + n % 10),
            material=materials[n % len(materials)],
            quantity=Decimal(5),
            reserved=Decimal(5),
            asked_date=day,
            confirmed_date=day,
            expected_date=day,
        )
        for n in range(count)
    ]
    return list(PurchaseLine.objects.bulk_create(rows, batch_size=500))


def reserve(lines: Sequence[Any], orders: Ordered) -> None:
    """Each line for a requirement of a running order."""
    from punctual.domain.supply.models import Requirement, Reservation

    needs = Requirement.objects.bulk_create(
        [
            Requirement(
                material=line.material,
                order=orders[n // 50][0],
                order_line=orders[n // 50][1].order_line,
                task=orders[n // 50][1],
                quantity=Decimal(5),
            )
            for n, line in enumerate(lines)
        ],
        batch_size=500,
    )
    Reservation.objects.bulk_create(
        [
            Reservation(requirement=need, purchase_line=line, quantity=Decimal(5))
            for need, line in zip(needs, lines, strict=True)
        ],
        batch_size=500,
    )


def measure_lines(count: int, actor: Any, repeat: int, client: Any) -> dict[str, Any]:
    from punctual.domain.supply.services.shortages import refresh
    from punctual.flows.supplier_late import change_date

    day = TODAY + dt.timedelta(days=10)
    orders, lines = running_orders(count, actor), open_lines(count, day)
    reserve(lines, orders)
    begun = time.perf_counter()
    refresh([order.pk for order, _task in orders], today=TODAY)
    first = round((time.perf_counter() - begun) * 1000, 1)
    steps = iter(range(1, repeat + 1))

    def change() -> None:
        later = day + dt.timedelta(days=7 * next(steps))
        change_date(actor=actor, line_id=lines[count // 2].pk, day=later, today=TODAY)

    return {
        "lines": count,
        "orders": len(orders),
        "all_ms": first,
        "date_ms": median_ms(change, repeat),
        "page_ms": median_ms(lambda: client.get("/shortages/").content, repeat),
        "materials_ms": median_ms(lambda: client.get("/materials/").content, repeat),
    }


def growth(rows: Sequence[dict[str, Any]], size: str, field: str) -> list[float]:
    return [
        round(math.log(b[field] / a[field]) / math.log(b[size] / a[size]), 2) if a[field] and b[field] else 0.0
        for a, b in pairwise(rows)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", default="375,750,1500,3000")
    parser.add_argument("--lines", default="1250,2500,5000,10000")
    parser.add_argument("--repeat", type=int, default=5)
    wish = parser.parse_args()
    set_up()
    from django.test import Client

    from punctual.domain.calendars.models import WorkingCalendar
    from punctual.platform.accounts.models import User

    week = {str(day): [["08:00", "12:00"], ["13:00", "17:00"]] for day in range(1, 6)}
    WorkingCalendar.objects.create(code="CO", name="company", region="", weekly=week, is_default=True)
    actor = User.objects.create_user("bench", password="x", role="administrator")
    client = Client()
    client.force_login(actor)
    bills = [measure_bill(int(one), actor, wish.repeat) for one in wish.parts.split(",") if one]
    lines = [measure_lines(int(one), actor, wish.repeat, client) for one in wish.lines.split(",") if one]
    answer = {
        "bills": bills,
        "purchases": lines,
        "growth": {
            "pure_ms": growth(bills, "parts", "pure_ms"),
            "order_ms": growth(bills, "parts", "order_ms"),
            "date_ms": growth(lines, "lines", "date_ms"),
            "page_ms": growth(lines, "lines", "page_ms"),
        },
    }
    print(json.dumps(answer, indent=1))


if __name__ == "__main__":
    main()
