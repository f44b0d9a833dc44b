"""The list of orders."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, cast

from django.core.paginator import Paginator
from django.db.models import QuerySet, Value
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from punctual.domain.orders.facts import check_settings
from punctual.domain.orders.life import LIFE
from punctual.domain.orders.selectors import listed
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.web.orders.bulk import order_edits
from punctual.web.orders.pictures import as_bars, board, month
from punctual.web.orders.tables import COLUMNS, FILTERS, TABS, possible_owners
from punctual.web.shell.bulk import BulkEdit
from punctual.web.shell.lists import ListPage
from punctual.web.shell.months import month_of


class OrderList(ListPage):
    """Every order the reader may see; late and at-risk ones are marked by rule."""

    key = "orders"
    title = _("Orders")
    icon = "file-text"
    columns = COLUMNS
    filters = FILTERS
    tabs = TABS
    search_kind = "order"
    search_hint = _("Number, PO number, customer, product")
    default_sort = "-order"
    template_name = "orders/list.html"
    custom_subject = "order"
    always_chosen = True
    create = ("order_new", _("New order"), "orders.change")
    import_url = ("imports", "orders.change")
    empty_text = _("Orders arrive here by form, by a customer's Excel file or by the API.")

    def rows(self, actor: User) -> QuerySet[Any]:
        require(actor, "orders.view")
        return listed(actor).annotate(at_risk_days=Value(check_settings().at_risk_days), me=Value(actor.pk))

    def url_of(self, item: Any) -> str:
        return f"/orders/{item.key}/"

    def edit_url_of(self, item: Any) -> str:
        allowed = may(self.request.user, "orders.change") and LIFE.allows(item.state, "change")
        return f"{self.url_of(item)}edit/" if allowed else ""

    def row_data(self, item: Any) -> dict[str, object]:
        return {"amount": item.total_amount.quantize(Decimal(1), ROUND_HALF_UP), "currency": item.currency}

    def name_of(self, item: Any) -> str:
        return str(item.label)

    def bulk(self, actor: User) -> Sequence[BulkEdit]:
        return order_edits(self.custom_fields)

    def more(self, request: HttpRequest, rows: QuerySet[Any]) -> dict[str, Any]:
        actor = request.user
        owners = possible_owners()
        way = request.GET.get("view", "")
        pictures: dict[str, Any] = {"way": "list"}
        if way == "board":
            pictures = {"way": way, "board": board(rows)}
        elif way == "calendar":
            pictures = {"way": way, "month": month(rows, month_of(request.GET.get("month", "")))}
        elif way == "timeline":
            page = Paginator(rows, self.per_page).get_page(request.GET.get("page"))
            pictures = {"way": way, **as_bars(cast(User, actor), list(page))}
        return {
            **pictures,
            "bulk_extra": "orders/owner_button.html",
            "may_steer": may(actor, "orders.steer"),
            "owners": owners if may(actor, "orders.steer") else [],
        }
