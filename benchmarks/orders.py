"""How order pages and imports grow: a list page out of 1,000 and out of 100,000 orders, and a file of 10,000 lines.

    PYTHONPATH=src python benchmarks/orders.py [--orders 100000] [--lines 10000]

Prints JSON. What counts are the ratios on one machine, not the seconds.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import statistics
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

os.environ.setdefault("PUNCTUAL_DATA", tempfile.mkdtemp(prefix="punctual-bench-"))
os.environ["DJANGO_SETTINGS_MODULE"] = "punctual.config.settings"

import django

django.setup()

from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from punctual.domain.catalog.models import Product  # noqa: E402
from punctual.domain.orders.models import Order, OrderLine, OrderState  # noqa: E402
from punctual.domain.orders.services.imports import evaluated, take_over_job, upload  # noqa: E402
from punctual.domain.orders.services.summary import document_of  # noqa: E402
from punctual.domain.parties.models import Customer  # noqa: E402
from punctual.flows.demo import build_company  # noqa: E402
from punctual.platform.accounts.models import User  # noqa: E402
from punctual.platform.first_tables import make_first_tables  # noqa: E402
from punctual.platform.jobs.models import Job  # noqa: E402
from punctual.platform.jobs.services import Progress  # noqa: E402
from punctual.platform.search.services import index  # noqa: E402
from punctual.platform.sheets.writer import write_xlsx  # noqa: E402

PAGES = {
    "first page": "/orders/",
    "by promise": "/orders/?sort=promised",
    "in hand": "/orders/?state=in_review,confirmed,in_progress,partially_delivered,on_hold&sort=promised",
    "late": "/orders/?health=late,overdue&sort=promised",
    "search": "/orders/?q=锂科",
}


def fill(up_to: int, today: dt.date) -> None:
    """Orders like those of ten years: nine in ten are closed."""
    customers = list(Customer.objects.all())
    owner = User.objects.get(username="order.manager")
    have = Order.objects.count()
    while have < up_to:
        batch = []
        for number in range(have, min(have + 5000, up_to)):
            running = number % 10 == 0
            due = today + dt.timedelta(days=number % 300 - (100 if running else 1500))
            batch.append(
                Order(
                    number=f"SO-2019-{number:06d}",
                    state=OrderState.IN_PROGRESS if running else OrderState.CLOSED,
                    customer=customers[number % len(customers)],
                    customer_po_number=f"PO-{number}",
                    owner=owner,
                    total_amount=Decimal(1000 + number % 9000),
                    line_count=1,
                    requested_date=due,
                    promised_date=due,
                    planned_date=due + dt.timedelta(days=number % 21 - 15),
                )
            )
        made = Order.objects.bulk_create(batch, batch_size=500)
        lines = [OrderLine(order=one, line_no=10, description="检测机", quantity=1) for one in made]
        OrderLine.objects.bulk_create(lines, batch_size=1000)
        index(document_of(order, [line]) for order, line in zip(made, lines, strict=True))
        have += len(made)


def timed(client: Client) -> dict[str, float]:
    """Median processor seconds of each page, warm; SQLite works in this process, so its part is in them."""
    result = {}
    for name, url in PAGES.items():
        client.get(url)
        seconds = []
        for _ in range(7):
            start = time.process_time()
            assert client.get(url).status_code == 200
            seconds.append(time.process_time() - start)
        result[name] = statistics.median(seconds)
    return result


def import_lines(count: int, today: dt.date) -> dict[str, Any]:
    """One file of ``count`` good lines: read, check, take over."""
    actor = User.objects.get(username="order.manager")
    products = list(Product.objects.filter(family__code="SV").prefetch_related("prices"))
    day = today + dt.timedelta(days=400)
    header = ["行号", "型号", "数量", "单位", "单价", "要求到货"]
    rows = []
    for number in range(count):
        product = products[number % len(products)]
        price = next(one.amount for one in product.prices.all() if one.currency == "CNY")
        rows.append([number, product.model, product.minimum_order_quantity * 20, product.unit, price, day])
    content = write_xlsx("PO", header, rows)
    start = time.perf_counter()
    customer = Customer.objects.first()
    item = upload(
        actor=actor, content=content, name="large.xlsx", today=today, customer_id=customer.pk if customer else None
    )
    read = time.perf_counter()
    errors = evaluated(item, today=today).error_count
    job = Job.objects.create(function="bench", label="bench")
    start_taking = time.perf_counter()
    take_over_job(Progress(job), import_id=item.pk, actor_id=actor.pk, only_good=True, today=today.isoformat())
    done = time.perf_counter()
    job.refresh_from_db()
    return {
        "lines": count,
        "errors": errors,
        "read_and_check_s": round(read - start, 2),
        "take_over_s": round(done - start_taking, 2),
        "progress": job.percent if job.total == 0 else 100 * job.done // job.total,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--lines", type=int, default=10_000)
    wish = parser.parse_args()
    make_first_tables()
    today = timezone.localdate()
    build_company(today)
    client = Client()
    client.force_login(User.objects.get(username="order.manager"))
    fill(1_000, today)
    small = timed(client)
    fill(wish.orders, today)
    large = timed(client)
    pages = {
        name: {"1,000": round(small[name], 4), f"{wish.orders:,}": round(large[name], 4),
               "ratio": round(large[name] / small[name], 2)}
        for name in PAGES
    }  # fmt: skip
    print(json.dumps({"list page of 50": pages, "import": import_lines(wish.lines, today)}, indent=2))
    print("database:", Path(os.environ["PUNCTUAL_DATA"]) / "punctual.db")


if __name__ == "__main__":
    main()
