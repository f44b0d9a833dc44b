"""What quality's lists have in common: tabs above them, cells, a filter of the last so many days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, ClassVar

from django.db.models import DateTimeField, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from punctual.domain.parties.models import Supplier
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.web.formatting import is_count, money_text
from punctual.web.master.cells import two_lines
from punctual.web.master.pages import actor_of
from punctual.web.quality import marks
from punctual.web.shell.columns import Column, Filter
from punctual.web.shell.lists import ListPage
from punctual.web.templatetags.punctual import avatar, day

NOTHING = escape("—")


def suppliers(actor: User) -> Sequence[tuple[str, Any]]:
    return [(str(one.pk), str(one)) for one in Supplier.objects.filter(archived_at=None)]


def one_of(key: str, label: Any, options: Callable[[User], Sequence[tuple[str, Any]]]) -> Filter:
    """Rows whose ``key`` is one of the chosen values."""
    return Filter(key, label, options, lambda rows, values: rows.filter(**{f"{key}__in": values}))


def by_supplier() -> Filter:
    return Filter(
        "supplier",
        gettext_lazy("Supplier"),
        suppliers,
        lambda rows, values: rows.filter(supplier_id__in=[one for one in values if one.isdecimal() and len(one) < 18]),
    )


def since(field: str) -> Filter:
    """The last so many days; ``field`` names a moment or a day."""

    def apply(rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
        first = timezone.localdate() - dt.timedelta(days=int(values[0]) - 1) if is_count(values[0]) else None
        is_moment = isinstance(rows.model._meta.get_field(field), DateTimeField)
        return rows.filter(**{f"{field}__date__gte" if is_moment else f"{field}__gte": first}) if first else rows

    options = [("30", gettext_lazy("30 days")), ("90", gettext_lazy("90 days")), ("365", gettext_lazy("A year"))]
    return Filter("days", gettext_lazy("Period"), lambda actor: options, apply, multiple=False)


class QualityList(ListPage):
    """A list with the tabs of quality above it."""

    template_name = "quality/list.html"
    permission: ClassVar[str] = "quality.view"
    room: ClassVar[str]

    def get(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        require(request.user, self.permission)
        return super().get(request, *args, **kwargs)

    def more(self, request: HttpRequest, rows: QuerySet[Any]) -> dict[str, Any]:
        return {"rooms": marks.tabs(actor_of(request), self.room)}


def number_cell(name: str) -> Any:
    return lambda item: two_lines(reverse(name, args=[item.pk]), item.number, getattr(item, "title", "") or "")


def titled(key: str, label: Any, url_name: str, attribute: str, code: str, *, sort: str) -> Column:
    """The first column of a list: what the record is called, with its code below, leading to its page."""
    return Column(
        key,
        label,
        attrgetter(attribute),
        lambda item: two_lines(
            reverse(url_name, args=[item.pk]), getattr(item, attribute), str(getattr(item, code) or "")
        ),
        sort=(sort,),
    )


def order_cell(item: Any) -> SafeString:
    return marks.order_link(item.order.key, item.order.label) if item.order else NOTHING


def order_column(*, fold: bool = False) -> Column:
    return Column("order", gettext_lazy("Order"), lambda item: item.order and item.order.label, order_cell, fold=fold)


def supplier_column(*, sort: Sequence[str] = ("supplier__code",)) -> Column:
    return Column("supplier", gettext_lazy("Supplier"), attrgetter("supplier"), sort=tuple(sort), fold=True)


def cause_column() -> Column:
    return Column("cause", gettext_lazy("Cause"), lambda item: item.get_cause_display(), sort=("cause",), fold=True)


def owner_column() -> Column:
    return Column("owner", gettext_lazy("Owner"), attrgetter("owner"), lambda item: avatar(item.owner), fold=True)


def day_column(key: str, label: Any, field: str, *, fold: bool = False) -> Column:
    get = attrgetter(field)
    return Column(key, label, get, lambda item: day(get(item)), sort=(field,), fold=fold)


def money_column(key: str, label: Any, *, permission: str = "") -> Column:
    get = attrgetter(key)

    def shown(item: Any) -> SafeString:
        return format_html("{}", money_text(get(item)))

    return Column(key, label, get, shown, sort=(key,), number=True, permission=permission)
