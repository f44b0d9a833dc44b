"""The cases. Each returns ``{"kept": bool, …}``; with ``control`` the thing that keeps the promise is taken away."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from faults import world

Answer = dict[str, Any]
KILLED: Final = -signal.SIGKILL


# — kill -9 of the web process while an order is confirmed —

CONFIRM = """
token, number, point, careless = sys.argv[1:5]
if careless == "1":
    # The control: the answer is noted in a transaction of its own, before the effect.
    from punctual.platform.idempotency.middleware import IdempotencyMiddleware
    from punctual.platform.idempotency.models import DoneRequest
    def noted_first(self, request, user, key, fingerprint):
        DoneRequest.objects.create(user=user, key=key, fingerprint=fingerprint, status=200, body=b"{}")
        world.kill_at(point)
        return self.get_response(request)
    IdempotencyMiddleware._attempt = noted_first
else:
    world.kill_at(point)
print(world.post(token, f"/api/v1/orders/{number}/confirm", "confirm-1"))
"""


def web_killed(control: bool) -> Answer:
    """Killed just before and just after the commit: the same key again has the order confirmed exactly once, with its
    plan, and gets the answer."""
    with world.folder():
        world.start()
        import ordering
        from punctual.domain.orders.models import Order
        from punctual.domain.plans.models import Plan
        from punctual.platform.accounts.models import User
        from punctual.platform.outbox.models import OutboxEvent

        token = world.token_of("order.manager")
        actor = User.objects.get(username="order.manager")
        seen = []
        for point in ("before", "after"):
            order = ordering.draft(actor, customer_po_number=f"PO-{point}")
            order = ordering.submit_for_review(actor=actor, order_id=order.pk, today=ordering.TODAY)
            ordering.ReviewSign.objects.update(state="signed")
            status, output = world.in_another_process(CONFIRM, token, order.number, point, str(int(control)))
            if status != KILLED:
                return {"kept": None, "why": output[-1500:]}
            answer = world.post(token, f"/api/v1/orders/{order.number}/confirm", "confirm-1")
            order.refresh_from_db()
            told = OutboxEvent.objects.filter(kind="order.confirmed", payload__order_id=order.pk).count()
            plans = Plan.objects.filter(order=order).count()
            seen.append((point, answer[0], order.state, plans, told, answer[2]))
            from punctual.platform.idempotency.models import DoneRequest

            DoneRequest.objects.all().delete()
        expected = [("before", 200, "confirmed", 1, 1, False), ("after", 200, "confirmed", 1, 1, True)]
        return {"kept": seen == expected, "seen": seen, "orders": Order.objects.count()}


# — kill -9 of a worker while it handles —

HANDLE = """
from punctual.platform.outbox import services
from faults import cases
services.subscribe("fault", cases.counting_handler)
if sys.argv[1] == "1":
    services._take = cases.careless_take
world.kill_at("before", let_pass=int(sys.argv[1]))
services.deliver_pending()
"""


def counting_handler(event: Any) -> None:
    """What a handler does: something that must happen once an event."""
    from django.db import transaction

    from punctual.platform.numbering.services import next_number

    with transaction.atomic():
        next_number(series="FT", year=2026)


def effects() -> int:
    """How often :func:`counting_handler` has taken effect."""
    from punctual.platform.numbering.models import NumberSeries

    return sum(NumberSeries.objects.filter(series="FT").values_list("last", flat=True))


def careless_take(event: Any, name: str, handler: Callable[[Any], None]) -> None:
    """The control: the effect first, by itself, and that it was handled afterwards."""
    from django.db import transaction

    from punctual.platform.outbox.models import HandledEvent

    handler(event)
    with transaction.atomic():
        HandledEvent.objects.create(event=event, handler=name)


def worker_killed(control: bool) -> Answer:
    """Killed while it handles an event: another worker handles it, and its effect is there once."""
    with world.folder():
        world.start()
        from punctual.platform.outbox import services
        from punctual.platform.outbox.models import OutboxEvent

        OutboxEvent.objects.create(kind="fault")
        status, output = world.in_another_process(HANDLE, str(int(control)))
        if status != KILLED:
            return {"kept": None, "why": output[-1500:]}
        services.subscribe("fault", counting_handler)
        services.deliver_pending()
        done = OutboxEvent.objects.filter(handled_at=None).count() == 0
        return {"kept": done and effects() == 1, "effects": effects()}


SOLVE = """
from punctual.platform.jobs import services
from faults import cases
services.run_job(sys.argv[1])
"""


def long_job(progress: Any, marker: str) -> dict[str, Any]:
    """Dies the first time, as under kill -9 in the middle of a solve; does its work the second time."""
    import os
    from pathlib import Path

    progress.tell(1, 2)
    if not Path(marker).exists():
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return {"done": True}


def solve_killed(control: bool) -> Answer:
    """A worker dies in the middle of a job: the queue gives it out again and it ends as done. (The control's worker
    takes a job that is running for one that is done.)"""
    with world.folder() as place:
        world.start()
        from django.db import transaction

        from punctual.platform.jobs import services
        from punctual.platform.jobs.models import Job

        with transaction.atomic():
            arguments = {"marker": str(place / "marker")}
            job = Job.objects.create(function="faults.cases.long_job", label="solve", arguments=arguments)
        status, output = world.in_another_process(SOLVE, str(job.pk))
        if status != KILLED:
            return {"kept": None, "why": output[-1500:]}
        job.refresh_from_db()
        if control and job.state != "queued":
            return {"kept": False, "state": job.state}
        services.run_job(str(job.pk))
        job.refresh_from_db()
        return {"kept": job.state == "done" and job.result == {"done": True}, "state": job.state}


GREEDY = """
from punctual.platform.jobs import services
from punctual.worker.limits import limit_memory
if sys.argv[1] == "limited":
    limit_memory(500)
for job in sys.argv[2:]:
    services.run_job(job)
"""


def greedy_job(progress: Any, megabytes: int) -> dict[str, Any]:
    """Takes memory and writes into it, as a plan far too large would."""
    taken = [bytearray(b"x" * (1 << 20)) for _ in range(megabytes)]
    return {"megabytes": len(taken)}


def solver_greedy(control: bool) -> Answer:
    """A job that wants more memory than a planning process may take fails with a sentence that says so, and the same
    process does the next job. (The control's process has no limit.)"""
    with world.folder():
        world.start()
        from punctual.platform.jobs.models import Job

        large, small = (
            Job.objects.create(function="faults.cases.greedy_job", label=f"{size} MB", arguments={"megabytes": size})
            for size in (900, 1)
        )
        limit = "none" if control else "limited"
        status, output = world.in_another_process(GREEDY, limit, str(large.pk), str(small.pk))
        if status != 0:
            return {"kept": None, "why": output[-1500:]}
        large.refresh_from_db()
        small.refresh_from_db()
        kept = (large.state, small.state) == ("failed", "done") and "PUNCTUAL_PLANNING_MB" in large.error
        return {"kept": kept, "states": [large.state, small.state], "error": large.error}


# — many at once —


def _at_once(people: int, work: Callable[[int], Any]) -> list[Any]:
    from django.db import connection

    barrier, answers = threading.Barrier(people), [None] * people

    def one(number: int) -> None:
        barrier.wait()
        try:
            answers[number] = work(number)
        except Exception as error:
            answers[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=[number]) for number in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def double_submit(control: bool) -> Answer:
    """The same order sent eight times at once under one key is one order. (The control sends without a key.)"""
    with world.folder():
        world.start()
        import ordering
        from punctual.domain.orders.models import Order

        token = world.token_of("order.manager")
        line = {**ordering.line(), "quantity": "2"}
        ordering.catalogue()
        body = {"customer": ordering.customer().code, "customer_po_number": "PO-1", "lines": [line]}
        key = "" if control else "once"
        answers = _at_once(8, lambda _: world.post(token, "/api/v1/orders", key, body))
        made = Order.objects.count()
        statuses = sorted({answer[0] if isinstance(answer, tuple) else repr(answer) for answer in answers}, key=str)
        return {"kept": made == 1 and statuses in ([200], [201]), "orders": made, "statuses": statuses}


def writers_32(control: bool) -> Answer:
    """32 processes write at once: nobody gives up, and the busiest gets no more than twice what the idlest gets. (The
    control is SQLite's own busy handler.)"""
    from benchmarks.writers import measure

    row = measure(32, 3, 0.002, queued=not control)
    return {"kept": row["gave_up"] == 0 and row["busiest_to_idlest"] <= 2, **row}


def over_allocation(control: bool) -> Answer:
    """Ten pieces, sixteen people who each take one at the same moment: ten get one. (The control reads the stock
    before it holds the lock.)"""
    with world.folder():
        world.start()
        from decimal import Decimal

        from django.db.models import F

        import planning
        import supplying
        from punctual.domain.orders.models import Order
        from punctual.domain.supply.models import Requirement, StockItem
        from punctual.domain.supply.services.reservations import reserve
        from punctual.platform.accounts.models import User

        actor = User.objects.create_user("admin", password="x", role="administrator")
        pump = supplying.material()
        planning.company_calendar()
        order = planning.order((planning.product(), 1))
        Order.objects.filter(pk=order.pk).update(state="draft")
        line = order.lines.get()
        wants = [
            Requirement.objects.create(material=pump, order=order, order_line=line, quantity=Decimal(1)).pk
            for _ in range(16)
        ]
        supplying.stock(actor, pump, "10")

        def take(number: int) -> None:
            if not control:
                reserve(actor=actor, requirement_id=wants[number], quantity=Decimal(1))
                return
            # The database's own CHECK is the second guard; it is taken away as well.
            from django.db import connection

            connection.cursor().execute("PRAGMA ignore_check_constraints = ON")
            seen = StockItem.objects.get(material=pump)
            time.sleep(0.3)
            if seen.on_hand > seen.reserved:
                StockItem.objects.filter(material=pump).update(reserved=F("reserved") + 1)

        _at_once(16, take)
        item = StockItem.objects.get(material=pump)
        return {"kept": item.reserved == 10, "reserved": str(item.reserved)}


# — the disk, the database —


def disk_full(control: bool) -> Answer:
    """While the database can't grow an order is refused with 503 and nothing of it is kept; afterwards the same
    request goes through. (The control answers as if all were well: its disk is not full.)"""
    with world.folder():
        world.start()
        from django.db import connection

        import ordering
        from punctual.domain.orders.models import Order

        token = world.token_of("order.manager")
        ordering.catalogue()
        lines = [{**ordering.line(), "acceptance_criteria": "x" * 500} for _ in range(60)]
        body = {"customer": ordering.customer().code, "customer_po_number": "PO-1", "lines": lines}
        pages = connection.cursor().execute("PRAGMA page_count").fetchone()[0]
        if not control:
            connection.cursor().execute(f"PRAGMA max_page_count = {pages + 1}")
        while_full = world.post(token, "/api/v1/orders", "k", body)[0]
        half = Order.objects.count()
        connection.cursor().execute("PRAGMA max_page_count = 1000000")
        after = world.post(token, "/api/v1/orders", "k", body)[0]
        whole = Order.objects.count()
        kept = (while_full, half, whole) == (503, 0, 1) and after in {200, 201}
        return {"kept": kept, "while_full": while_full, "half": half, "after": after, "orders": whole}


def postgres_stopped(control: bool) -> Answer:
    """PostgreSQL is stopped in the hardest way while acknowledged rows are written: the pages answer 503 meanwhile,
    and every acknowledged row is there afterwards. (The control acknowledges before the log is on the disk.)"""
    from faults.postgres import stopped

    return stopped(control)


def lying_receiver(control: bool) -> Answer:
    """A receiver that drips a byte a second holds nobody up beyond the limit. (The control has a limit for each read
    only, as most libraries do.)"""
    with world.folder():
        world.start()
        import socket

        from django.conf import settings

        from punctual.platform.notifications.safe_http import NotSent, post

        settings.OUTGOING_LOOPBACK = True
        server = socket.create_server(("127.0.0.1", 0))

        def drip() -> None:
            link, _ = server.accept()
            link.recv(4096)
            link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
            try:
                for _ in range(12):
                    link.sendall(b"x")
                    time.sleep(0.5)
            except OSError:
                pass
            link.close()

        threading.Thread(target=drip, daemon=True).start()
        address = f"http://127.0.0.1:{server.getsockname()[1]}/"
        began = time.monotonic()
        try:
            if control:
                import urllib.request

                with urllib.request.urlopen(address, data=b"{}", timeout=2) as answer:
                    answer.read()
            else:
                post(address, b"{}", {}, timeout=2)
        except (NotSent, OSError, ValueError):
            pass
        except Exception as error:
            if not control:
                return {"kept": None, "why": repr(error)}
        took = time.monotonic() - began
        return {"kept": took < 3.5, "seconds_held": round(took, 1)}


def clock_back(control: bool) -> Answer:
    """The clock jumps back an hour: events written before still reach their handlers, and who signed in before stays
    signed in. (The control delivers only what is older than now.)"""
    with world.folder():
        world.start()
        import datetime as dt

        from django.test import Client
        from django.utils import timezone

        from punctual.platform.accounts.models import User
        from punctual.platform.outbox import services
        from punctual.platform.outbox.models import OutboxEvent
        from punctual.web.account.sessions import BEGAN, USED

        ahead = timezone.now() + dt.timedelta(hours=1)
        browser = Client()
        browser.force_login(User.objects.create_user("sales", password="x", role="sales"))
        session = browser.session
        session[BEGAN] = session[USED] = int(ahead.timestamp())
        session.save()
        inside = browser.get("/me/settings/").status_code == 200
        OutboxEvent.objects.create(kind="fault", created_at=ahead)
        services.subscribe("fault", counting_handler)
        if control:
            waiting = OutboxEvent.objects.filter(handled_at=None, created_at__lte=timezone.now())
            for event in waiting:
                services._deliver(event)
        else:
            services.deliver_pending()
        return {"kept": effects() == 1 and inside, "effects": effects(), "signed_in": inside}


CASES: Final[dict[str, Callable[[bool], Answer]]] = {
    "web_killed": web_killed,
    "worker_killed": worker_killed,
    "solve_killed": solve_killed,
    "solver_greedy": solver_greedy,
    "double_submit": double_submit,
    "writers_32": writers_32,
    "over_allocation": over_allocation,
    "disk_full": disk_full,
    "postgres_stopped": postgres_stopped,
    "lying_receiver": lying_receiver,
    "clock_back": clock_back,
}
