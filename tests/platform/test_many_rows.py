"""Rows written by the thousand are the rows that the ORM would have written."""

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.forms import model_to_dict
from django.utils import timezone

from punctual.platform.company.models import ExchangeRate
from punctual.platform.many_rows import insert_rows, update_rows
from punctual.platform.outbox.models import OutboxEvent

pytestmark = pytest.mark.django_db
RATE = ("currency", "valid_from", "rate", "source", "set_by_id", "set_at")
EVENT = ("id", "kind", "payload", "created_at", "handled_at", "attempts", "error")
AT = dt.datetime(2026, 3, 29, 1, 30, tzinfo=dt.UTC)


def test_days_moments_money_and_nothing_are_stored_as_the_orm_stores_them():
    known = {"valid_from": dt.date(2026, 2, 14), "rate": Decimal("7.1234"), "source": "央行 '\"%s", "set_at": AT}
    ExchangeRate.objects.create(currency="USD", **known)
    insert_rows(ExchangeRate, RATE, [("EUR", known["valid_from"], known["rate"], known["source"], None, AT)])
    mine, theirs = (ExchangeRate.objects.get(currency=name) for name in ("EUR", "USD"))
    fields = [name for name in model_to_dict(theirs) if name not in ("id", "currency")]
    assert len(fields) > 3
    assert [getattr(mine, name) for name in fields] == [getattr(theirs, name) for name in fields]


def test_what_is_structured_comes_back_as_it_was():
    payload = {"zh": "准交", "list": [1, 2.5, None, True], "empty": {}}
    rows = [(uuid.uuid4(), "test.many", payload, AT, None, number, "") for number in range(1500)]
    insert_rows(OutboxEvent, EVENT, rows)
    found = OutboxEvent.objects.filter(kind="test.many").order_by("attempts")
    assert [one.attempts for one in found] == list(range(1500))
    assert all(one.payload == payload and one.created_at == AT and one.handled_at is None for one in found)


def test_only_the_rows_that_are_named_change():
    for name in ("AUD", "CAD", "CHF"):
        ExchangeRate.objects.create(currency=name, valid_from=dt.date(2026, 1, 1), rate=1, set_at=timezone.now())
    key = {one.currency: one.pk for one in ExchangeRate.objects.all()}
    update_rows(
        ExchangeRate, ("rate", "source"), [((Decimal("4.7"), "a"), key["AUD"]), ((Decimal("8.1"), "b"), key["CHF"])]
    )
    update_rows(ExchangeRate, ("rate",), [])
    insert_rows(ExchangeRate, RATE, [])
    found = {one.currency: (one.rate, one.source) for one in ExchangeRate.objects.all()}
    assert found["AUD"] == (Decimal("4.7"), "a")
    assert found["CHF"] == (Decimal("8.1"), "b")
    assert found["CAD"][0] == 1


def test_one_refused_row_leaves_none_of_them():
    rows = [("SEK", dt.date(2026, 1, day), Decimal(1), "", None, AT) for day in (1, 2, 1)]
    with pytest.raises(DatabaseError), transaction.atomic():
        insert_rows(ExchangeRate, RATE, rows)
    assert not ExchangeRate.objects.filter(currency="SEK").exists()
    with pytest.raises(KeyError):
        update_rows(ExchangeRate, ("no_such",), [((1,), 1)])
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
