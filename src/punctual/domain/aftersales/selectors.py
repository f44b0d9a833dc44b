"""What an actor may see of service."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, Min, Q, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf

from punctual.domain.aftersales.life import OPEN_CASES
from punctual.domain.aftersales.models import Rma, RmaState, ServiceCase, Visit, VisitKind, Warranty
from punctual.domain.orders.models import Order, OrderLine
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.platform.records import get_or_not_found


def cases_of(actor: User) -> QuerySet[ServiceCase]:
    """Everybody's for the office; an engineer sees the own ones."""
    rows = ServiceCase.objects.select_related("customer", "order", "engineer", "request__order_line", "warranty")
    if may(actor, "service.view"):
        return rows
    return rows.filter(Q(engineer=actor) | Q(visits__engineer=actor)).distinct()


def case_by_key(actor: User, key: str) -> ServiceCase:
    if key.isdecimal() and len(key) < 18:
        return get_or_not_found(cases_of(actor), pk=int(key))
    return get_or_not_found(cases_of(actor), number__iexact=key)


def case_by_id(actor: User, pk: int) -> ServiceCase:
    return get_or_not_found(cases_of(actor), pk=pk)


def open_cases(actor: User) -> QuerySet[ServiceCase]:
    return cases_of(actor).filter(state__in=OPEN_CASES)


def visits_of(actor: User) -> QuerySet[Visit]:
    rows = Visit.objects.select_related("customer", "order", "engineer", "case")
    return rows if may(actor, "service.view") else rows.filter(engineer=actor)


def visits_ahead(actor: User) -> QuerySet[Visit]:
    return visits_of(actor).filter(done_at=None, cancelled_at=None)


def warranties_of(actor: User) -> QuerySet[Warranty]:
    rows = Warranty.objects.all() if may(actor, "service.view") else Warranty.objects.none()
    return rows.select_related("order_line__order__customer", "order_line__product")


def rmas_of(actor: User) -> QuerySet[Rma]:
    return Rma.objects.filter(case__in=cases_of(actor)).select_related("case")


def returns_of_requests(request_ids: Sequence[int]) -> QuerySet[Rma]:
    """What customers are told of the parts they sent back with these requests; the caller has read those for them."""
    rows = Rma.objects.filter(case__request__in=request_ids).exclude(state=RmaState.CANCELLED)
    return rows.select_related("case").order_by("pk")


def covering(line: OrderLine, serial: str, *, day: dt.date) -> Warranty | None:
    """The warranty that covers this line or serial number on that day."""
    rows = Warranty.objects.filter(order_line=line, begins__lte=day, ends__gte=day)
    return rows.filter(serial=serial).first() or rows.first() if serial else rows.first()


def has_return_visits(order: Order) -> bool:
    """Whether the return visits after acceptance are planned."""
    return Visit.objects.filter(order=order, kind=VisitKind.RETURN, cancelled_at=None).exists()


NO_ONE_PRODUCT: Final = "—"


@dataclass(frozen=True, slots=True)
class Recurring:
    """A cause that came back at a product, or at several ``products`` once each: then ``model`` is none of them.
    ``serials`` counts the numbers that were told with it; ``serial`` is the only one."""

    model: str
    cause: str
    times: int
    products: int
    serials: int
    serial: str

    def __str__(self) -> str:
        return self.cause if self.model == NO_ONE_PRODUCT else f"{self.model} · {self.cause}"


def recurring(actor: User, *, since: dt.date, at_least: int = 2) -> list[Recurring]:
    """Causes that came back, most often first. The product is that of the warranty, else of the line it was told of."""
    product = Coalesce(
        "warranty__order_line__product__model", "request__order_line__product__model", Value(NO_ONE_PRODUCT)
    )
    serial = Coalesce(NullIf("serial", Value("")), NullIf("warranty__serial", Value("")))
    known = cases_of(actor).filter(created_at__date__gte=since).exclude(cause="").order_by()
    told = known.annotate(product=product, told=serial)
    found = [_recurring(one, one["product"]) for one in _counted(told.values("cause", "product"), at_least)]
    anywhere = told.exclude(cause__in=[one.cause for one in found]).values("cause")
    found += [_recurring(one, NO_ONE_PRODUCT) for one in _counted(anywhere, at_least)]
    return sorted(found, key=lambda one: (-one.times, one.model, one.cause))[:10]


def _counted(groups: Any, at_least: int) -> list[dict[str, Any]]:
    """Groups of cases that are large enough; ``told`` and ``product`` are annotated."""
    counted = groups.annotate(
        times=Count("pk", distinct=True),
        products=Count("product", distinct=True),
        serials=Count("told", distinct=True),
        first=Min("told"),
    )
    return list(counted.filter(times__gte=at_least))


def _recurring(row: dict[str, Any], model: str) -> Recurring:
    serial = row["first"] if row["serials"] == 1 else ""
    return Recurring(model, row["cause"], row["times"], row["products"], row["serials"], serial)
