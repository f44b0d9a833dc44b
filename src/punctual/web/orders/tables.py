"""The order list: columns, filters, built-in views.

Rows carry two constants that :class:`views.OrderList` adds: ``at_risk_days`` of the company and ``me``, the reader.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from punctual.domain.catalog.selectors import products
from punctual.domain.changes.selectors import first_comparisons
from punctual.domain.orders.facts import check_settings
from punctual.domain.orders.life import RUNNING, Health
from punctual.domain.orders.models import Order, OrderLine, OrderState, Priority
from punctual.domain.orders.selectors import by_due, health_of, orders_with_product, with_health
from punctual.domain.orders.services.states import give_to
from punctual.domain.parties.models import Grade
from punctual.domain.parties.selectors import customers
from punctual.platform.accounts.models import Role, User
from punctual.platform.accounts.permissions import may
from punctual.platform.records import get_or_not_found
from punctual.web.formatting import UNKNOWN, YEARS
from punctual.web.orders import marks
from punctual.web.shell.columns import BuiltInView, Column, Filter
from punctual.web.shell.inline import Editor
from punctual.web.shell.navigation import Words
from punctual.web.shell.reading import wholes
from punctual.web.templatetags.punctual import avatar, day


def _date_cell(name: str, css: str) -> Any:
    def cell(order: Order) -> SafeString:
        return format_html('<span class="n {}">{}</span>', css, day(getattr(order, name)))

    return cell


def _health_cell(order: Any) -> SafeString:
    return marks.health_chip(order, today=timezone.localdate(), at_risk_days=order.at_risk_days)


def _health_word(order: Any) -> str:
    found = health_of(order, today=timezone.localdate(), at_risk_days=order.at_risk_days)
    return str(marks.HEALTH_MARKS[found][2]) if found else order.get_state_display()


def _customer_cell(order: Order) -> SafeString:
    return format_html('<span class="el w-t" title="{}">{}</span>', order.customer or "", order.customer or UNKNOWN)


OWNERS: Final = (Role.ORDER_MANAGER, Role.SALES)


def possible_owners() -> QuerySet[User]:
    """Who may be given an order."""
    return User.objects.filter(is_active=True, role__in=OWNERS).order_by("display_name")


def _hand_over(actor: User, order: Order, text: str, version: int) -> None:
    owner = get_or_not_found(possible_owners(), pk=int(text) if text.isdecimal() and len(text) < 18 else 0)
    give_to(actor=actor, order_ids=[order.pk], owner=owner, expected_version=version)


COLUMNS: Final = (
    Column("order", _("Order"), lambda o: o.label, marks.name_cell, sort=("number",)),
    Column("subject", _("Subject"), marks.subject, on_page=False),
    Column("customer", _("Customer"), lambda o: str(o.customer or ""), _customer_cell, ("customer__name",), fold=True),
    Column("lines", _("Lines"), lambda o: o.line_count, sort=("line_count",), number=True, fold=True),
    Column(
        "amount",
        _("Amount, thousand"),
        lambda o: o.total_amount,
        lambda o: format_html('<span class="n" title="{}">{}</span>', marks.full_amount(o), marks.short_amount(o)),
        sort=("total_amount",),
        number=True,
        fold=True,
    ),
    Column(
        "requested",
        _("Requested"),
        lambda o: o.requested_date,
        _date_cell("requested_date", ""),
        ("requested_date",),
        fold=True,
    ),
    Column("promised", _("Promised"), lambda o: o.promised_date, _date_cell("promised_date", "b"), ("promised_date",)),
    Column(
        "planned",
        _("Planned"),
        lambda o: o.planned_date,
        lambda o: marks.planned_cell(o, today=timezone.localdate()),
        ("planned_date",),
    ),
    Column("rail", _("Against the promise"), lambda o: "", marks.rail_of, exported=False),
    Column("health", _("Health"), _health_word, _health_cell),
    Column("progress", _("Progress"), lambda o: o.progress, marks.progress_cell, ("progress",)),
    Column(
        "owner",
        _("Owner"),
        lambda o: str(o.owner or ""),
        lambda o: avatar(o.owner),
        ("owner__display_name",),
        fold=True,
        editor=Editor(
            value=lambda o: str(o.owner_id or ""),
            may=lambda actor, o: may(actor, "orders.steer"),
            save=_hand_over,
            options=lambda actor: [(str(one.pk), one.name) for one in possible_owners()],
        ),
    ),
)


def _state_options(actor: User) -> Sequence[tuple[str, Words]]:
    return list(OrderState.choices)


def _owner_options(actor: User) -> Sequence[tuple[str, Words]]:
    # Whoever may own orders, not whoever does: that would mean reading every order.
    owners = User.objects.filter(role__in=OWNERS).order_by("display_name")
    return [("me", _("Me")), *((str(one.pk), one.name) for one in owners[:40])]


def _by_owner(rows: QuerySet[Order], values: Sequence[str]) -> QuerySet[Order]:
    wanted = Q(owner_id__in=wholes(values))
    return rows.filter(wanted | Q(owner_id=F("me")) if "me" in values else wanted)


def _by_health(rows: QuerySet[Order], values: Sequence[str]) -> QuerySet[Order]:
    return with_health(rows, values, today=timezone.localdate(), at_risk_days=check_settings().at_risk_days)


DUE_CHOICES: Final[tuple[tuple[str, Words], ...]] = (
    ("past", _("passed")),
    ("7", _("next 7 days")),
    ("30", _("next 30 days")),
    ("month", _("this month")),
    ("90", _("next 90 days")),
)


def _by_due(orders: QuerySet[Order], values: Sequence[str]) -> QuerySet[Any]:
    today = timezone.localdate()
    wish = values[0]
    rows = by_due(orders)
    if wish == "past":
        return rows.filter(due__lt=today)
    if wish == "month":
        after = (today.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
        return rows.filter(due__gte=today.replace(day=1), due__lt=after)
    if wish.isdecimal() and len(wish) < 4:
        return rows.filter(due__gte=today, due__lte=today + dt.timedelta(days=int(wish)))
    return rows


def _by_delivered(orders: QuerySet[Order], values: Sequence[str]) -> QuerySet[Any]:
    """``365``: in so many days until today; ``2026-11``: in that month."""
    today, wish = timezone.localdate(), values[0]
    if wish.isdecimal() and len(wish) < 5:
        return orders.filter(actual_date__gt=today - dt.timedelta(days=int(wish)), actual_date__lte=today)
    try:
        first = dt.date.fromisoformat(f"{wish}-01")
    except ValueError:
        return orders.none()
    if first.year not in YEARS:
        return orders.none()
    after = (first.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
    return orders.filter(actual_date__gte=first, actual_date__lt=after)


def _delivered_words(actor: User, value: str) -> str:
    return gettext("last %(days)s days") % {"days": value} if value.isdecimal() else value


def _by_kept(orders: QuerySet[Order], values: Sequence[str]) -> QuerySet[Any]:
    """Delivered by the promise, late, or ``full``: every line by the promise; ``any`` that had a promise."""
    rows = orders.filter(actual_date__isnull=False, promised_date__isnull=False)
    on_time = rows.filter(actual_date__lte=F("promised_date"))
    if values[0] == "full":
        late_lines = OrderLine.objects.filter(order=OuterRef("pk"), actual_date__gt=F("promised_date"))
        return on_time.exclude(Exists(late_lines))
    return {"yes": on_time, "no": rows.filter(actual_date__gt=F("promised_date"))}.get(values[0], rows)


def _kept_words(actor: User, value: str) -> str:
    words = {"yes": gettext("kept"), "no": gettext("missed"), "full": gettext("kept with every line")}
    return words.get(value, gettext("given"))


PO_CHOICES: Final = (
    ("right", _("right the first time")),
    ("differs", _("with differences at first")),
    ("any", _("compared")),
)


def _by_po(orders: QuerySet[Order], values: Sequence[str]) -> QuerySet[Any]:
    """By what the first comparison with the customer's own order found."""
    firsts = first_comparisons(Order.objects.all())
    if values[0] == "right":
        firsts = firsts.filter(first_count=0)
    elif values[0] == "differs":
        firsts = firsts.filter(first_count__gt=0)
    return orders.filter(pk__in=firsts.values("order"))


def _no_options(actor: User) -> Sequence[tuple[str, Words]]:
    return []


def _numbers(values: Sequence[str]) -> list[int]:
    return [int(value) for value in values if value.isdecimal() and len(value) < 18]


def _by_product(rows: QuerySet[Order], values: Sequence[str]) -> QuerySet[Order]:
    numbers = _numbers(values[:1])
    return orders_with_product(rows, numbers[0]) if numbers else rows.none()


def _customer_name(actor: User, value: str) -> str:
    found = customers(actor, archived=True).filter(pk__in=_numbers([value])).first()
    return str(found) if found else value


def _product_name(actor: User, value: str) -> str:
    found = products(actor, archived=True).filter(pk__in=_numbers([value])).first()
    return str(found) if found else value


FILTERS: Final = (
    Filter(
        "customer",
        _("Customer"),
        _no_options,
        lambda rows, values: rows.filter(customer_id__in=_numbers(values)),
        name_of=_customer_name,
    ),
    Filter("product", _("Product"), _no_options, _by_product, multiple=False, name_of=_product_name),
    Filter("state", _("State"), _state_options, lambda rows, values: rows.filter(state__in=values)),
    Filter(
        "health",
        _("Health"),
        lambda actor: [(name.value, words) for name, (_icon, _css, words) in marks.HEALTH_MARKS.items()],  # type: ignore[misc]
        _by_health,
    ),
    Filter("due", _("Delivery dates"), lambda actor: DUE_CHOICES, _by_due, multiple=False),
    Filter("delivered", _("Delivered"), _no_options, _by_delivered, multiple=False, name_of=_delivered_words),
    Filter("kept", _("Promise"), _no_options, _by_kept, multiple=False, name_of=_kept_words),
    Filter("po", _("Customer PO"), lambda actor: PO_CHOICES, _by_po, multiple=False),
    Filter("owner", _("Owner"), _owner_options, _by_owner),
    Filter(
        "grade",
        _("Customer grade"),
        lambda actor: Grade.choices,
        lambda rows, values: rows.filter(customer__grade__in=values),
    ),
    Filter(
        "priority",
        _("Priority"),
        lambda actor: [(str(value), words) for value, words in Priority.choices],
        lambda rows, values: rows.filter(Q(priority__in=wholes(values))),
    ),
)
IN_HAND_STATES: Final = "in_review,confirmed,in_progress,partially_delivered,on_hold"
TABS: Final = (
    BuiltInView(_("In hand"), f"state={IN_HAND_STATES}&sort=promised"),
    BuiltInView(_("Late and at risk"), f"health={Health.OVERDUE},{Health.LATE},{Health.AT_RISK}&sort=promised"),
    BuiltInView(_("Due this month"), f"due=month&state={','.join(RUNNING)}&sort=promised"),
    BuiltInView(_("In review"), "state=in_review"),
    BuiltInView(_("Drafts and quotations"), "state=draft,quoted&sort=-order"),
    BuiltInView(_("Mine"), f"owner=me&state={IN_HAND_STATES}&sort=promised"),
    BuiltInView(_("All"), ""),
)
