"""Cost of the promise and of a re-plan on the demo's portfolio, through the services; ratios to one simulated run.

``replan`` is the search alone; ``replan_kept`` the whole of it over as many orders in the database: read, scheduled,
simulated, verified and written, from the wish to when every page shows it.

    PUNCTUAL_DATA=/tmp/bench python benchmarks/portfolio_services.py [copies]

``copies`` multiplies the running orders of the demo (5 gives about 200 orders with plans); in the database they are
there nearly twice as often, which gives 5,000 tasks.
"""

from __future__ import annotations

import gc
import json
import sys
import tempfile
import time
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))


def main(copies: int) -> None:
    from punctual.cli.setup import migrate, set_up

    set_up(tempfile.mkdtemp(prefix="punctual-bench-"))
    migrate()
    from django.utils import timezone

    from punctual.domain.orders.models import Order
    from punctual.domain.scheduling.book import Book
    from punctual.domain.scheduling.desk import Desk
    from punctual.domain.scheduling.gathering import availability_of
    from punctual.domain.scheduling.models import ScheduleRun
    from punctual.domain.scheduling.promising import Care, answer
    from punctual.domain.scheduling.selectors import axis_of, book_of
    from punctual.domain.scheduling.simulation import Ratios, simulate_book
    from punctual.domain.scheduling.solving import Effort, schedule_book
    from punctual.flows.demo import build_company
    from punctual.flows.promise_at_entry import known_of, names, prices, reserves_of, wish_of

    build_company(timezone.localdate())
    run = ScheduleRun.objects.get(is_current=True)
    book = book_of(run)
    assert book is not None
    axis = axis_of(book)
    big = _multiplied(book, copies)
    availability = availability_of(axis)
    planned = schedule_book(big, Effort(moves=100))
    simulate_book(planned, Ratios(), runs=1, seed=1)
    one = _timed(lambda: simulate_book(planned, Ratios(), runs=10, seed=1)) / 10
    replan = _timed(lambda: schedule_book(big, Effort(moves=4_000)))
    done = schedule_book(big, Effort(moves=1_000))
    desk = Desk(done, axis, availability, Ratios(), reserves_of(run))
    order = Order.objects.filter(state="draft").order_by("pk").first()
    assert order is not None
    wish = wish_of(order, list(order.lines.select_related("product")), desk)
    ask = {"requested": order.requested_date, "prices": prices(), "names": names(), "care": Care()}
    first = _timed(lambda: answer(desk, wish, known_of(run), **ask))  # type: ignore[arg-type]
    times = sorted(_timed(lambda: answer(desk, wish, known_of(run), **ask)) for _ in range(10))  # type: ignore[arg-type]
    told = {
        "orders": len(big.orders),
        "tasks": len(big.pieces),
        "run_seconds": round(one, 5),
        "replan": {"seconds": round(replan, 2), "ratio": round(replan / one)},
        "promise_first": {"seconds": round(first, 2), "ratio": round(first / one)},
        "promise_slowest": {"seconds": round(times[-1], 2), "ratio": round(times[-1] / one)},
        "promise_page": _through_the_page(desk, run, one),
        "replan_kept": _through_the_database(2 * copies - 1, one),
    }
    assert isinstance(done, Book)
    print(json.dumps(told, indent=1))


def _through_the_page(desk, run, one):  # type: ignore[no-untyped-def]
    """The panel beside the order form for forty different orders of one to three lines, request by request: none of
    them was asked before, so nothing is kept."""
    from django.test import Client

    from punctual.domain.catalog.models import Product
    from punctual.domain.parties.models import Customer
    from punctual.flows import promise_at_entry
    from punctual.platform.accounts.models import User

    client = Client(HTTP_HOST="localhost")
    client.force_login(User.objects.get(username="sales"))
    models = list(Product.objects.filter(archived_at=None).order_by("pk").values_list("model", flat=True))
    customers = list(Customer.objects.filter(archived_at=None).order_by("pk").values_list("pk", flat=True))
    times = []
    with patch.object(promise_at_entry, "desk_of", lambda actor, without=0: (desk, run)):
        for number in range(42):
            lines = [
                {"line_no": 10 * (k + 1), "model": models[(number + 7 * k) % len(models)], "quantity": str(1 + k)}
                for k in range(1 + number % 3)
            ]
            day = date.today() + timedelta(days=60 + 3 * number)
            header = {"customer": str(customers[number % len(customers)]), "currency": "CNY"}
            body = {"header": header, "lines": [{**line, "requested_date": day.isoformat()} for line in lines]}
            began = time.monotonic()
            answer = client.post("/promise/entry/", json.dumps(body), content_type="application/json")
            times.append(time.monotonic() - began)
            assert answer.status_code == 200, answer.status_code
            assert b"data-offer" in answer.content, body
    times = sorted(times[2:])  # the first two read and compile what the process keeps
    found = {"p50": times[len(times) // 2], "p95": times[int(0.95 * len(times))]}
    return {name: {"seconds": round(one_time, 2), "ratio": round(one_time / one)} for name, one_time in found.items()}


def _through_the_database(copies, one):  # type: ignore[no-untyped-def]
    """The running orders of the demo are there ``copies`` times, with as much more of every resource; one of them
    changes and everything is planned again."""
    from django.db.models import F
    from django.utils import timezone

    from punctual.domain.orders.models import Order
    from punctual.domain.plans.models import Task
    from punctual.domain.resources.models import Resource
    from punctual.domain.scheduling.models import ScheduleRun
    from punctual.domain.scheduling.services.runs import perform_run

    Resource.objects.update(units=F("units") * copies)
    running = list(Order.objects.filter(plan__isnull=False, state__in=("confirmed", "in_progress")))
    for copy in range(1, copies):
        for order in running:
            _copied(order, copy)
    today = timezone.localdate()
    perform_run(ScheduleRun.objects.create(why=[]).pk, today=today)
    gc.collect()
    gc.freeze()  # as a worker does before its first job
    times = []
    for task in Task.objects.filter(plan__order__in=running, is_summary=False, percent=0).order_by("pk")[:3]:
        task.remaining = (task.remaining or task.duration) + 480
        task.save()
        task.plan.version += 1
        task.plan.save()
        wish = ScheduleRun.objects.create(why=[])
        times.append(_timed(lambda run=wish: perform_run(run.pk, today=today)))
        wish.refresh_from_db()
        assert wish.is_current, wish.state
        assert wish.verified
    found = sorted(times)[1]
    return {
        "orders": wish.inputs["orders"],
        "tasks": wish.inputs["tasks"],
        "seconds": round(found, 2),
        "ratio": round(found / one),
    }


def _copied(order, copy):  # type: ignore[no-untyped-def]
    """An order with its lines and its plan once more, under another number."""
    from punctual.domain.orders.models import Order
    from punctual.domain.plans.models import Assignment, Dependency, Plan, Task

    lines, plan = list(order.lines.all()), order.plan
    tasks = list(Task.objects.filter(plan=plan).order_by("sequence"))
    links = list(Dependency.objects.filter(plan=plan))
    needs = list(Assignment.objects.filter(task__plan=plan))
    made = Order.objects.get(pk=order.pk)
    made.pk, made.number = None, f"{order.number}x{copy}"
    made.save()
    line_of, task_of = {}, {}
    for line in lines:
        old, line.pk, line.order = line.pk, None, made
        line.save()
        line_of[old] = line
    new_plan = Plan.objects.get(pk=plan.pk)
    new_plan.pk, new_plan.order = None, made
    new_plan.save()
    for task in tasks:
        old, task.pk, task.plan = task.pk, None, new_plan
        task.parent = task_of.get(task.parent_id)
        task.order_line = line_of.get(task.order_line_id)
        task.save()
        task_of[old] = task
    for link in links:
        link.pk, link.plan = None, new_plan
        link.predecessor, link.successor = task_of[link.predecessor_id], task_of[link.successor_id]
    Dependency.objects.bulk_create(links)
    for need in needs:
        need.pk, need.task = None, task_of[need.task_id]
    Assignment.objects.bulk_create(needs)


def _multiplied(book, copies):  # type: ignore[no-untyped-def]
    """The book's orders ``copies`` times, with as much more of every resource."""
    pieces, groups, orders = list(book.pieces), list(book.groups), list(book.orders)
    for copy in range(1, copies):
        shift = copy * 1_000_000
        names = {piece.id: f"{piece.id}x{copy}" for piece in book.pieces}
        pieces += [
            replace(
                piece,
                id=names[piece.id],
                order=piece.order + shift,
                group=f"{piece.order + shift}.{piece.group.split('.')[1]}",
                after=tuple((names[before], lag) for before, lag in piece.after),
            )
            for piece in book.pieces
        ]
        groups += [
            replace(one, id=f"{one.order + shift}.{one.id.split('.')[1]}", order=one.order + shift)
            for one in book.groups
        ]
        orders += [replace(one, id=one.id + shift) for one in book.orders]
    resources = {name: tuple((at, units * copies) for at, units in steps) for name, steps in book.resources.items()}
    return replace(
        book, pieces=tuple(pieces), groups=tuple(groups), orders=tuple(orders), resources=resources, starts=()
    )


def _timed(work) -> float:  # type: ignore[no-untyped-def]
    began = time.monotonic()
    work()
    return time.monotonic() - began


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
