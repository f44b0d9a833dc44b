"""The list of change orders: columns, filters, built-in views."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from punctual.domain.changes.life import OPEN
from punctual.domain.changes.models import ChangeOrder, ChangeSource, ChangeState
from punctual.web.changes.words import signed_money, state_chip
from punctual.web.formatting import UNKNOWN, days_text
from punctual.web.shell.columns import BuiltInView, Column, Filter
from punctual.web.templatetags.punctual import avatar, day


def _amount(change: ChangeOrder, new: str, old: str | None = None) -> Decimal | None:
    if not change.impact:
        return None
    return Decimal(change.impact[new]) - (Decimal(change.impact[old]) if old else 0)


def _money(change: ChangeOrder, new: str, old: str | None = None) -> str:
    found = _amount(change, new, old)
    return UNKNOWN if found is None else signed_money(found, change.order.currency)


def _days(change: ChangeOrder) -> Any:
    days = int(change.impact["days"]) if change.impact else None
    css = "late" if days and days > 0 else "ok" if days else ""
    return format_html('<span class="n {}">{}</span>', css, days_text(days))


COLUMNS: Final = (
    Column(
        "number",
        _("Number"),
        lambda one: one.number,
        lambda one: format_html(
            '<a class="ono n" href="/changes/{}/">{}</a><div class="t2 sm el w-t">{}</div>',
            one.number,
            one.number,
            one.title,
        ),
        ("number",),
    ),
    Column("title", _("What changes"), lambda one: one.title, on_page=False),
    Column(
        "order",
        _("Order"),
        lambda one: one.order.label,
        lambda one: format_html('<a class="n" href="/orders/{}/">{}</a>', one.order.key, one.order.label),
        ("order__number",),
    ),
    Column("customer", _("Customer"), lambda one: str(one.order.customer or ""), fold=True),
    Column("source", _("Raised by"), lambda one: one.get_source_display(), fold=True),
    Column("days", _("Planned"), lambda one: one.impact["days"] if one.impact else None, _days, number=True),
    Column(
        "cost",
        _("Cost"),
        lambda one: _amount(one, "cost"),
        lambda one: format_html("{}", _money(one, "cost")),
        number=True,
        permission="changes.cost",
    ),
    Column(
        "value",
        _("Contract value"),
        lambda one: _amount(one, "value", "value_before"),
        lambda one: format_html("{}", _money(one, "value", "value_before")),
        number=True,
    ),
    Column("state", _("State"), lambda one: one.get_state_display(), state_chip, ("state",)),
    Column("owner", _("Owner"), lambda one: one.owner.name, lambda one: avatar(one.owner), fold=True),
    Column(
        "created",
        _("Raised on"),
        lambda one: one.created_at,
        lambda one: day(one.created_at),
        ("created_at",),
        fold=True,
    ),
)
FILTERS: Final = (
    Filter("state", _("State"), lambda actor: ChangeState.choices, lambda rows, v: rows.filter(state__in=v)),
    Filter("source", _("Raised by"), lambda actor: ChangeSource.choices, lambda rows, v: rows.filter(source__in=v)),
    Filter(
        "order",
        _("Order"),
        lambda actor: (),
        lambda rows, v: rows.filter(order__number__in=v),
    ),
)
TABS: Final = (
    BuiltInView(_("Open"), f"state={','.join(OPEN)}"),
    BuiltInView(_("Applied"), f"state={ChangeState.APPLIED}"),
    BuiltInView(_("All"), ""),
)
