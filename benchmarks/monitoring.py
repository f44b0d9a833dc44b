"""The nightly look at every order: unfinished work moves to today, forecasts, earned value and warnings follow.

    PYTHONPATH=src python benchmarks/monitoring.py [--orders 60,120,250]

Orders of the demo company's kinds with plans of 25 tasks on average, confirmed over the last weeks, in a database of its
own (SQLite in a temporary folder). Each size is looked at twice: on the first day every warning is new and all open work
moves, on the next one little changes. Seconds on the clock and of the processor, with the machine's load; what counts is
the processor's time a task, and that it does not grow. Prints JSON.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import tempfile
import time
from typing import Any


def set_up() -> None:
    os.environ["PUNCTUAL_DATA"] = tempfile.mkdtemp()
    os.environ["PUNCTUAL_SYNC_JOBS"] = "0"
    os.environ.setdefault("PUNCTUAL_LOG", "ERROR")
    os.environ["DJANGO_SETTINGS_MODULE"] = "punctual.config.settings"
    import django

    django.setup()
    from punctual.platform.first_tables import make_first_tables

    make_first_tables()


def add_orders(count: int, known: int, today: dt.date, actor: Any) -> None:
    """Running orders with a plan and a baseline each, begun within the last eight weeks, a third of them in trouble."""
    from decimal import Decimal

    from django.utils import timezone

    from punctual.domain.catalog.models import Product
    from punctual.domain.orders.models import Order, OrderLine, OrderState
    from punctual.domain.parties.models import Customer
    from punctual.domain.plans.services.baselines import write_baseline
    from punctual.domain.plans.services.making import make_plan
    from punctual.platform.outbox.models import OutboxEvent

    products = list(Product.objects.filter(archived_at=None).order_by("pk"))
    customers = list(Customer.objects.order_by("pk"))
    for number in range(known, known + count):
        begun = today - dt.timedelta(days=1 + number * 7 % 56)
        due = begun + dt.timedelta(days=70 + number % 3 * 20)
        order = Order.objects.create(
            number=f"B-{number}",
            customer=customers[number % len(customers)],
            state=OrderState.IN_PROGRESS,
            owner=actor,
            requested_date=due,
            promised_date=due,
            total_amount=Decimal(400_000),
            damages_percent_per_day=Decimal("0.5"),
        )
        OrderLine.objects.create(
            order=order, line_no=1, product=products[number % len(products)], quantity=1, promised_date=due
        )
        plan = make_plan(order=order, actor=actor, today=begun, start=begun)
        write_baseline(plan, actor=actor, name="1")
    OutboxEvent.objects.filter(handled_at=None).update(handled_at=timezone.now())


def measured(today: dt.date) -> dict[str, Any]:
    from django.utils import timezone

    from punctual.domain.monitoring.models import Warning, WarningState
    from punctual.domain.plans.models import Task
    from punctual.flows.early_warning import nightly

    clock, processor = time.monotonic(), time.process_time()
    looked = nightly(today)
    clock, processor = time.monotonic() - clock, time.process_time() - processor
    rows = Task.objects.filter(is_summary=False)
    tasks = rows.count()
    assert not rows.filter(
        percent__lt=100, finish__lt=timezone.make_aware(dt.datetime.combine(today, dt.time()))
    ).exists()
    return {
        "orders": looked,
        "tasks": tasks,
        "seconds": round(clock, 1),
        "processor": round(processor, 1),
        "ms_a_task": round(1000 * processor / tasks, 2),
        "warnings": Warning.objects.exclude(state=WarningState.RESOLVED).count(),
        "load": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", default="60,120,250")
    sizes = [int(size) for size in parser.parse_args().orders.split(",")]
    set_up()
    from django.db import transaction

    from punctual.flows.demo import build_master_data
    from punctual.flows.demo.people import demo_user
    from punctual.flows.demo.templates import build_templates
    from punctual.platform.accounts.models import Role

    today = dt.date(2026, 11, 23)
    build_master_data(today)
    build_templates()
    known, told = 0, []
    for size in sizes:
        with transaction.atomic():
            add_orders(size - known, known, today, demo_user(Role.ORDER_MANAGER))
        known = size
        told.append({"first": measured(today), "next": measured(today + dt.timedelta(days=1))})
        today += dt.timedelta(days=2)
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
