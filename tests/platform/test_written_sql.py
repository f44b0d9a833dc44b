"""The text of a SELECT is taken over from one of the same shape, and never from another's."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, F, Q, QuerySet, Value
from django.db.models.functions import Upper
from django.db.models.sql import compiler as written_by_django
from django.test.utils import CaptureQueriesContext

from punctual.domain.orders.models import Order, OrderLine
from punctual.domain.parties.models import Customer
from punctual.platform.accounts.models import User
from punctual.platform.sqlite import compiler, inserts

pytestmark = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL has Django's own compiler")


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, settings: Any) -> list[str]:
    """The texts that Django has written since; none is known at the beginning."""
    settings.VERIFY_SQL = False
    monkeypatch.setattr(compiler, "_TEXTS", {})
    texts: list[str] = []
    before = written_by_django.SQLCompiler.as_sql

    def as_sql(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = before(self, *args, **kwargs)
        texts.append(result[0])
        return result

    monkeypatch.setattr(written_by_django.SQLCompiler, "as_sql", as_sql)
    return texts


@pytest.fixture
def customers(db: None) -> list[Customer]:
    return [Customer.objects.create(code=f"C{n}", name=f"Customer {n}") for n in range(3)]


def test_other_values_of_the_same_shape_take_the_text_over(customers: list[Customer], written: list[str]) -> None:
    found = [Customer.objects.get(pk=one.pk) for one in customers]
    assert found == customers
    assert len(written) == 1
    assert [Customer.objects.filter(code=one.code).values_list("name", flat=True)[0] for one in customers] == [
        one.name for one in customers
    ]
    assert len(written) == 2


SHAPES: dict[str, Any] = {
    "other condition": lambda: Customer.objects.filter(code="C1"),
    "two conditions": lambda: Customer.objects.filter(code="C1", name="Customer 1"),
    "negated": lambda: Customer.objects.exclude(code="C1"),
    "either": lambda: Customer.objects.filter(Q(code="C1") | Q(name="Customer 1")),
    "more than": lambda: Customer.objects.filter(code__gt="C1"),
    "at least": lambda: Customer.objects.filter(code__gte="C1"),
    "null": lambda: Customer.objects.filter(archived_at=None),
    "not null": lambda: Customer.objects.filter(archived_at__isnull=False),
    "two of a list": lambda: Customer.objects.filter(code__in=["C1", "C2"]),
    "three of a list": lambda: Customer.objects.filter(code__in=["C0", "C1", "C2"]),
    "order": lambda: Customer.objects.filter(code="C1").order_by("name"),
    "other order": lambda: Customer.objects.filter(code="C1").order_by("-name"),
    "first": lambda: Customer.objects.filter(code="C1")[:1],
    "second": lambda: Customer.objects.filter(code="C1")[1:2],
    "distinct": lambda: Customer.objects.filter(code="C1").distinct(),
    "some columns": lambda: Customer.objects.filter(code="C1").only("code"),
    "other columns": lambda: Customer.objects.filter(code="C1").defer("name"),
    "values": lambda: Customer.objects.filter(code="C1").values_list("code"),
    "other values": lambda: Customer.objects.filter(code="C1").values_list("name"),
    "two values": lambda: Customer.objects.filter(code="C1").values_list("code", "name"),
    "the other way round": lambda: Customer.objects.filter(code="C1").values_list("name", "code"),
    "yes": lambda: User.objects.filter(is_active=True),
    "no": lambda: User.objects.filter(is_active=False),
    "joined": lambda: Order.objects.filter(customer__code="C1"),
    "with customer": lambda: Order.objects.filter(pk=1).select_related("customer"),
    "with owner": lambda: Order.objects.filter(pk=1).select_related("owner"),
    "alone": lambda: Order.objects.filter(pk=1),
    "through": lambda: OrderLine.objects.filter(order__customer__code="C1").order_by("order__number"),
    "day": lambda: Order.objects.filter(promised_date__lte=dt.date(2026, 11, 23)),
    "counted": lambda: Customer.objects.annotate(held=Count("orders")).filter(held__gt=0),
    "computed": lambda: Customer.objects.annotate(upper=Upper("code")).filter(upper="C1"),
    "otherwise computed": lambda: Customer.objects.annotate(upper=Upper("name")).filter(upper="C1"),
    "computed for the condition": lambda: Customer.objects.alias(upper=Upper("code")).filter(upper__in=["C1"]),
    "computed twice": lambda: Customer.objects.alias(upper=Upper("code")).filter(upper=Upper(Value("c1"))),
    "like": lambda: Customer.objects.filter(code__iexact="c1"),
    "holds": lambda: Customer.objects.filter(code__contains="1"),
    "begins": lambda: Customer.objects.filter(code__startswith="C"),
    "by another column": lambda: Customer.objects.filter(code=F("name")),
    "of a query": lambda: Customer.objects.filter(pk__in=Order.objects.values("customer_id")),
}


def test_no_shape_takes_over_the_text_of_another(customers: list[Customer], written: list[str], settings: Any) -> None:
    shapes: list[QuerySet[Any]] = [make() for make in SHAPES.values()]
    for rows in shapes:
        list(rows.all())
    assert len(written) >= len(shapes)
    first = list(dict.fromkeys(written))
    settings.VERIFY_SQL = True  # raises where what was taken over is not what Django would write
    for make in SHAPES.values():
        list(make())
    assert list(dict.fromkeys(written)) == first


def test_rows_and_what_belongs_to_them_are_the_same_the_second_time(
    customers: list[Customer], written: list[str]
) -> None:
    for one in customers:
        Order.objects.create(customer=one, currency="CNY")
    for one in customers:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            order = Order.objects.select_related("customer", "owner").get(customer=one)
            assert order.customer == one
            assert order.created_at.tzinfo is not None
        assert len(asked) == 1
    assert len(written) == 1


def test_whether_there_is_one_is_asked_with_the_same_text(customers: list[Customer], written: list[str]) -> None:
    assert [Customer.objects.filter(code=code).exists() for code in ("C1", "C2", "none")] == [True, True, False]
    assert len(written) == 1


def test_an_empty_list_of_values_asks_nobody(customers: list[Customer], written: list[str]) -> None:
    assert list(Customer.objects.filter(code__in=["C1"])) == [customers[1]]
    with CaptureQueriesContext(connection) as asked:
        assert list(Customer.objects.filter(code__in=[])) == []
    assert not asked.captured_queries


def test_a_long_list_of_values_is_written_each_time(customers: list[Customer], written: list[str]) -> None:
    many = [f"C{n}" for n in range(compiler.MOST_VALUES + 1)]
    for _ in range(2):
        assert len(Customer.objects.filter(code__in=many)) == len(customers)
    assert len(written) == 2
    assert not compiler._TEXTS


def test_texts_are_not_kept_without_end(
    customers: list[Customer], written: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiler, "MOST_TEXTS", 4)
    for start in range(10):
        list(Customer.objects.all()[start : start + 1])
    assert 0 < len(compiler._TEXTS) <= 4


def test_a_wrong_text_is_an_error_in_the_tests(customers: list[Customer], written: list[str], settings: Any) -> None:
    Customer.objects.get(pk=customers[0].pk)
    for key, text in compiler._TEXTS.items():
        assert text is not None
        compiler._TEXTS[key] = dataclasses.replace(text, sql=text.sql.replace("WHERE", "WHERE NOT"))
    settings.VERIFY_SQL = True
    with pytest.raises(AssertionError, match="written before"):
        Customer.objects.get(pk=customers[1].pk)


def test_an_insert_takes_over_the_text_and_values_arrive_as_django_would_write_them(
    db: None, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.VERIFY_SQL = False
    monkeypatch.setattr(inserts, "_TEXTS", {})
    written = []
    before = written_by_django.SQLInsertCompiler.as_sql
    monkeypatch.setattr(
        written_by_django.SQLInsertCompiler, "as_sql", lambda self: written.append(self.query.model) or before(self)
    )
    kept = [Customer.objects.create(code=f"C{n}", name=f"客户 {n} 🏭 %s", archived_at=None) for n in range(2)]
    many = Customer.objects.bulk_create([Customer(code=f"D{n}", name="'; --") for n in range(60)])
    many += Customer.objects.bulk_create([Customer(code=f"E{n}", name="") for n in range(7)])
    assert written == [Customer]
    assert len({one.pk for one in [*kept, *many]}) == 69
    for one in [kept[1], many[0], many[-1]]:
        found = Customer.objects.get(pk=one.pk)
        assert {f.attname: getattr(found, f.attname) for f in Customer._meta.concrete_fields} == {
            f.attname: getattr(one, f.attname) for f in Customer._meta.concrete_fields
        }


def test_an_expression_as_a_value_is_left_to_django(db: None) -> None:
    Customer.objects.create(code="C1", name="a")
    made = Customer.objects.create(code=Upper(Value("c2")), name="b")
    assert Customer.objects.get(pk=made.pk).code == "C2"


def test_a_wrong_value_is_noticed_in_the_tests(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inserts, "_moment", lambda value, zone: "2000-01-01 00:00:00")
    with pytest.raises(AssertionError, match="by Django"):
        Customer.objects.create(code="C1", name="a")
