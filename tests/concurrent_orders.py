"""Fifty people at once, on whatever database ``DATABASE_URL`` names: run as a program, prints what went wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

os.environ["DJANGO_SETTINGS_MODULE"] = "suite_settings"
os.environ["PUNCTUAL_SYNC_JOBS"] = "0"  # as it is in earnest: what follows from a confirmation is the worker's
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "src")]

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

import ordering  # noqa: E402
from punctual.domain.orders.models import Order  # noqa: E402
from punctual.domain.orders.services.review import submit_for_review  # noqa: E402
from punctual.flows.confirm_order import confirm_order  # noqa: E402
from punctual.kernel.refusal import Refusal  # noqa: E402
from punctual.platform.accounts.models import User  # noqa: E402
from punctual.platform.first_tables import make_first_tables  # noqa: E402
from punctual.platform.one_picture import one_picture  # noqa: E402

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


def main() -> None:
    if connection.vendor == "sqlite":
        # On a busy machine fifty in a row may take longer than anybody would wait; it is the numbers that are tried.
        settings.WRITE_WAIT = 240
    make_first_tables()
    actor = User.objects.create_user("order.manager", password="x", role="order_manager")
    pks = [ordering.draft(actor, customer_po_number=f"PO-{number}").pk for number in range(PEOPLE)]
    made = at_once(lambda n: submit_for_review(actor=actor, order_id=pks[n], today=ordering.TODAY).number)
    assert sorted(map(str, made)) == [f"SO-2026-{n:05d}" for n in range(1, PEOPLE + 1)], made

    ordering.ReviewSign.objects.update(state="signed")
    done = at_once(lambda n: confirm_order(order_id=pks[n], actor=actor, today=ordering.TODAY).number)
    assert len({str(number) for number in done}) == PEOPLE, done
    assert Order.objects.filter(state="confirmed").count() == PEOPLE

    one = ordering.draft(actor, customer_po_number="PO-once").pk
    tried = at_once(lambda n: submit_for_review(actor=actor, order_id=one, today=ordering.TODAY).number)
    assert sum(isinstance(answer, Refusal) for answer in tried) == PEOPLE - 1, tried
    after = submit_for_review(actor=actor, order_id=ordering.draft(actor).pk, today=ordering.TODAY)
    assert after.number == f"SO-2026-{PEOPLE + 2:05d}", after.number
    _a_picture_stays_as_it_was(actor)


def _a_picture_stays_as_it_was(actor: User) -> None:
    """While it is read others write, and it does not change."""

    def enter() -> None:
        ordering.draft(actor, customer_po_number="PO-meanwhile")
        connection.close()

    with one_picture(), ThreadPoolExecutor(1) as other:
        before = Order.objects.count()
        other.submit(enter).result()
        assert Order.objects.count() == before
    assert Order.objects.count() == before + 1
    sys.stdout.write("ok\n")


if __name__ == "__main__":
    main()
