"""The lists of deliveries and of payment milestones, with punctuality and the cash forecast above them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from typing import Any, Final

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from punctual.domain.delivery.models import OPEN_MILESTONES, DeliveryState, MilestoneKind, PaymentMilestone
from punctual.domain.delivery.rules import on_time
from punctual.domain.delivery.selectors import (
    NOTHING_COMES,
    Expected,
    delivered_lines,
    event_days,
    expected,
    listed_deliveries,
    listed_milestones,
    open_milestones,
)
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.company.rates import rates
from punctual.web.delivery.words import delivery_chip, payment_chip
from punctual.web.formatting import is_chinese, listed, money_text, quantity_text
from punctual.web.master.pages import actor_of
from punctual.web.relations.filters import customer_filter
from punctual.web.shell.columns import BuiltInView, Column, Filter
from punctual.web.shell.lists import ListPage
from punctual.web.templatetags.charts import Picture
from punctual.web.templatetags.punctual import day

YEAR: Final = dt.timedelta(days=365)
MOST_MILESTONES: Final = 5_000


def _what(delivery: Any) -> str:
    return listed(f"{item.line.model_text} ×{quantity_text(item.quantity)}" for item in list(delivery.items.all())[:3])


DELIVERY_COLUMNS: Final = (
    Column(
        "number",
        gettext_lazy("Number"),
        lambda one: one.number,
        lambda one: format_html('<a class="ono n" href="/deliveries/{}/">{}</a>', one.number, one.number),
        ("number",),
    ),
    Column(
        "order",
        gettext_lazy("Order"),
        lambda one: one.order.label,
        lambda one: format_html('<a class="n" href="/orders/{}/">{}</a>', one.order.key, one.order.label),
        ("order__number",),
    ),
    Column("batch", gettext_lazy("Batch"), lambda one: one.batch, number=True),
    Column("customer", gettext_lazy("Customer"), lambda one: str(one.order.customer or ""), fold=True),
    Column("what", gettext_lazy("What"), _what, fold=True),
    Column(
        "planned",
        gettext_lazy("Planned for"),
        lambda one: one.planned_on,
        lambda one: day(one.planned_on),
        ("planned_on",),
    ),
    Column(
        "shipped",
        gettext_lazy("Shipped on"),
        lambda one: one.shipped_on,
        lambda one: day(one.shipped_on),
        ("shipped_on",),
    ),
    Column(
        "received",
        gettext_lazy("Signed for on"),
        lambda one: one.received_on,
        lambda one: day(one.received_on),
        ("received_on",),
        fold=True,
    ),
    Column("carrier", gettext_lazy("Carrier"), lambda one: one.carrier, fold=True),
    Column("state", gettext_lazy("State"), lambda one: one.get_state_display(), delivery_chip, ("state",)),
)


class DeliveryList(ListPage):
    """Every delivery the reader may see, with how punctual the last year was."""

    peeks = True
    peek_fields = ("notes",)
    key = "deliveries"
    title = gettext_lazy("Deliveries and acceptance")
    icon = "truck-delivery"
    columns = DELIVERY_COLUMNS
    filters = (
        Filter(
            "state",
            gettext_lazy("State"),
            lambda actor: DeliveryState.choices,
            lambda rows, values: rows.filter(state__in=values),
        ),
    )
    tabs = (
        BuiltInView(gettext_lazy("Being packed"), f"state={DeliveryState.PREPARING}&sort=planned"),
        BuiltInView(gettext_lazy("On the way"), f"state={DeliveryState.SHIPPED}&sort=-shipped"),
        BuiltInView(gettext_lazy("All"), ""),
    )
    search_kind = "delivery"
    search_hint = gettext_lazy("Number, order")
    default_sort = "-number"
    template_name = "delivery/list.html"
    empty_text = gettext_lazy("A delivery is prepared on the order's page, with its lines and quantities.")
    from_orders = True

    def rows(self, actor: User) -> QuerySet[Any]:
        require(actor, "delivery.view")
        return listed_deliveries(actor)

    def url_of(self, item: Any) -> str:
        return f"/deliveries/{item.number}/"

    def more(self, request: HttpRequest, rows: QuerySet[Any]) -> dict[str, Any]:
        return {"punctuality": punctuality(actor_of(request), timezone.localdate())}


def punctuality(actor: User, today: dt.date) -> list[dict[str, Any]]:
    """OTD and OTIF of the last twelve months by each date a line can be measured by."""
    rows = [facts for _line, facts in delivered_lines(actor, today - YEAR, today)]
    measures = (
        ("requested", _("by the customer's request")),
        ("first_promise", _("by the first promise")),
        ("last_promise", _("by the last promise")),
    )
    found = []
    for name, label in measures:
        kept, in_full, counted = on_time(rows, name)
        if counted:
            found.append(
                {
                    "label": label,
                    "otd": round(100 * kept / counted),
                    "otif": round(100 * in_full / counted),
                    "counted": counted,
                    "kept": kept,
                }
            )
    return found


# ------------------------------------------------------------------------------------------------------ payments


def _money(row: PaymentMilestone, amount: Decimal) -> Any:
    return format_html("{}", money_text(amount, row.order.currency))


PAYMENT_COLUMNS: Final = (
    Column(
        "order",
        gettext_lazy("Order"),
        lambda one: one.order.label,
        lambda one: format_html('<a class="ono n" href="/orders/{}/payments/">{}</a>', one.order.key, one.order.label),
        ("order__number",),
    ),
    Column("customer", gettext_lazy("Customer"), lambda one: str(one.order.customer or "")),
    Column("name", gettext_lazy("Payment milestone"), lambda one: one.label),
    Column("event", gettext_lazy("Due with"), lambda one: one.get_event_display(), fold=True),
    Column(
        "amount",
        gettext_lazy("Amount"),
        lambda one: one.amount,
        lambda one: _money(one, one.amount),
        ("amount",),
        number=True,
    ),
    Column(
        "invoiced",
        gettext_lazy("Invoiced"),
        lambda one: one.invoiced,
        lambda one: _money(one, one.invoiced),
        number=True,
        fold=True,
    ),
    Column(
        "received",
        gettext_lazy("Money received"),
        lambda one: one.received,
        lambda one: _money(one, one.received),
        number=True,
    ),
    Column("due", gettext_lazy("Due"), lambda one: one.due_on, lambda one: day(one.due_on), ("due_next",)),
    Column(
        "state",
        gettext_lazy("State"),
        lambda one: "",
        lambda one: payment_chip(one, today=timezone.localdate()),
        exported=False,
    ),
)


def _by_standing(rows: QuerySet[Any], values: Any) -> QuerySet[Any]:
    today = timezone.localdate()
    if values[0] == "overdue":
        return rows.filter(OPEN_MILESTONES, due_on__lt=today)
    if values[0] == "due":
        return rows.filter(OPEN_MILESTONES, due_on__lte=today + dt.timedelta(days=30))
    if values[0] == "received":
        return rows.exclude(OPEN_MILESTONES)
    return rows.filter(OPEN_MILESTONES)


def _by_month(rows: QuerySet[Any], values: Any) -> QuerySet[Any]:
    """``2026-11`` by the plan, ``2026-11-p80`` as the forecasts have it: what is open and expected then."""
    month, likely = values[0][:7], values[0].endswith("-p80")
    found = list(rows.filter(OPEN_MILESTONES).exclude(order__state__in=NOTHING_COMES)[:MOST_MILESTONES])
    days = event_days(found)
    return rows.filter(
        pk__in=[
            one.pk
            for one in found
            if (when := expected(one, days).month(timezone.localdate(), likely=likely)) and f"{when:%Y-%m}" == month
        ]
    )


def _month_words(actor: User, value: str) -> str:
    return _("%(month)s with 80 %% certainty") % {"month": value[:7]} if value.endswith("-p80") else value


class PaymentList(ListPage):
    """Every payment milestone with the cash to be expected."""

    key = "payments"
    title = gettext_lazy("Payments")
    icon = "coin"
    columns = PAYMENT_COLUMNS
    filters = (
        Filter(
            "standing",
            gettext_lazy("State"),
            lambda actor: (
                ("open", gettext_lazy("Open")),
                ("due", gettext_lazy("Due within 30 days")),
                ("overdue", gettext_lazy("Overdue")),
                ("received", gettext_lazy("Money received")),
            ),
            _by_standing,
            multiple=False,
        ),
        customer_filter("order__customer"),
        Filter("month", gettext_lazy("Expected in"), lambda actor: (), _by_month, multiple=False, name_of=_month_words),
        Filter(
            "kind",
            gettext_lazy("Kind"),
            lambda actor: MilestoneKind.choices,
            lambda rows, values: rows.filter(kind__in=values),
        ),
    )
    tabs = (
        BuiltInView(gettext_lazy("Open"), "standing=open&sort=due"),
        BuiltInView(gettext_lazy("Overdue"), "standing=overdue&sort=due"),
        BuiltInView(gettext_lazy("All"), ""),
    )
    default_sort = "due"
    template_name = "delivery/payments.html"
    empty_text = gettext_lazy("Milestones are made from an order's payment terms when it is confirmed.")
    from_orders = True

    def rows(self, actor: User) -> QuerySet[Any]:
        require(actor, "payments.view")
        waiting = When(OPEN_MILESTONES & Q(due_on__isnull=False), then=F("due_on"))
        return listed_milestones(actor).annotate(due_next=Case(waiting, default=Value(dt.date.max)))

    def url_of(self, item: Any) -> str:
        return f"/orders/{item.order.key}/payments/"

    def more(self, request: HttpRequest, rows: QuerySet[Any]) -> dict[str, Any]:
        actor = actor_of(request)
        return {"cash": cash_picture(actor, timezone.localdate()), "may_set": may(actor, "delivery.settings")}


MONTHS: Final = 9


def _cash_words(total: Decimal, missing: list[str]) -> str:
    words = _("Open money by the month in which it is expected, %(total)s in all.") % {"total": money_text(total)}
    if missing:
        left_out = _("Left out, as no exchange rate is kept: %(currencies)s.") % {"currencies": listed(missing)}
        words = f"{words} {left_out}"
    return words


def cash_by_month(actor: User, today: dt.date) -> dict[str, dict[str, Decimal]]:
    """Month → {"p50", "p80"}: open money in the company's currency by the day expected with 50 and 80 percent; what is
    overdue counts this month. Currencies without a rate are left out (``unrated``)."""
    rows = list(open_milestones(actor))
    kept = rates()
    days = event_days(rows)
    months: dict[str, dict[str, Decimal]] = defaultdict(lambda: {"p50": Decimal(0), "p80": Decimal(0)})
    for row in rows:
        amount = kept.in_base(row.open_amount, row.order.currency, today)
        when: Expected = expected(row, days)
        if amount is None:
            continue
        for name, found in (("p50", when.p50), ("p80", when.p80)):
            if found is not None:
                months[f"{max(found, today):%Y-%m}"][name] += amount
    return dict(sorted(months.items()))


def unrated(actor: User, today: dt.date) -> list[str]:
    """Currencies with open money for which no exchange rate is kept."""
    kept = rates()
    used = open_milestones(actor).order_by().values_list("order__currency", flat=True).distinct()
    return sorted(one for one in set(used) if kept.rate(one, today) is None)


def cash_picture(actor: User, today: dt.date) -> Picture | None:
    """Bars by month; the table behind it has the same figures."""
    months = cash_by_month(actor, today)
    if not months:
        return None
    shown = list(months.items())[:MONTHS]
    step = 10_000 if is_chinese() else 1_000
    series = [
        {"name": label, "type": "bar", "data": [round(float(values[name]) / step, 1) for _month, values in shown]}
        for name, label in (("p50", _("expected with 50 %")), ("p80", _("expected with 80 %")))
    ]
    option = {
        "xAxis": {"type": "category", "data": [month for month, _values in shown]},
        "yAxis": {"type": "value", "name": _("¥ thousand")},
        "legend": {"top": 0, "right": 0},
        "tooltip": {"trigger": "axis"},
        "series": series,
    }
    total = sum((values["p50"] for values in months.values()), Decimal(0))
    return Picture(
        option=option,
        summary=_cash_words(total, unrated(actor, today)),
        head=[_("Month"), "P50", "P80"],
        rows=[[month, money_text(values["p50"]), money_text(values["p80"])] for month, values in months.items()],
        size="s",
    )
