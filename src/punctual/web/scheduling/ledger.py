"""The promise ledger: every date that was told, and how well dates are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from punctual.domain.scheduling.ledger import churn_by, kept
from punctual.domain.scheduling.models import Channel, Promise, PromiseCause
from punctual.domain.scheduling.selectors import promises
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.web.formatting import UNKNOWN, day_text, days_text, moment_text
from punctual.web.scheduling.promise import tone
from punctual.web.shell.columns import BuiltInView, Column, Filter
from punctual.web.shell.lists import ListPage
from punctual.web.shell.navigation import Words
from punctual.web.templatetags.punctual import avatar, day


def _order_cell(item: Promise) -> SafeString:
    return format_html(
        '<a class="ono n" href="{}" data-user-content>{}</a> <span class="t3">{}</span>',
        reverse("order", args=[item.order.key]),
        item.order.label,
        item.line_no,
    )


def _date_cell(item: Promise) -> SafeString:
    return format_html('<b class="n">{}</b>', day(item.date))


def _change(item: Promise) -> int | None:
    return (item.date - item.before).days if item.before else None


def _change_cell(item: Promise) -> SafeString:
    days = _change(item)
    if days is None:
        return format_html('<span class="t3">{}</span>', item.get_cause_display())
    css = "late" if days > 0 else "ok"
    return format_html('<del class="t3 n">{}</del> <b class="{}">{}</b>', day(item.before), css, days_text(days))


def _percent_cell(item: Promise) -> SafeString:
    if item.probability is None:
        return format_html("{}", UNKNOWN)
    return format_html('<b class="n {}">{}%</b>', tone(item.probability), item.probability)


def _reason_cell(item: Promise) -> SafeString:
    words = " · ".join(part for part in (item.reason, item.exception_reason) if part)
    return format_html('<span class="el w-t" title="{}" data-user-content>{}</span>', words, words or UNKNOWN)


def _at_cell(item: Promise) -> SafeString:
    return format_html('<span class="n">{}</span>', moment_text(item.at))


COLUMNS = (
    Column("order", _("Order"), lambda p: f"{p.order.label} {p.line_no}", _order_cell, ("order__number", "line_no")),
    Column(
        "customer", _("Customer"), lambda p: str(p.order.customer or ""), sort=("order__customer__name",), fold=True
    ),
    Column("date", _("Promised"), lambda p: p.date, _date_cell, ("date",)),
    Column("change", _("Change"), _change, _change_cell),
    Column("percent", _("Probability, %"), lambda p: p.probability, _percent_cell, ("probability",), number=True),
    Column("cause", _("Kind of change"), lambda p: p.get_cause_display(), sort=("cause",), fold=True),
    Column("reason", _("Reason"), lambda p: p.reason or p.exception_reason, _reason_cell, fold=True),
    Column("channel", _("Channel"), lambda p: p.get_channel_display(), sort=("channel",), fold=True),
    Column("by", _("Told by"), lambda p: str(p.by or ""), lambda p: avatar(p.by), ("by__display_name",), fold=True),
    Column(
        "at", _("When"), lambda p: p.at, lambda p: format_html('<span class="n">{}</span>', moment_text(p.at)), ("at",)
    ),
    Column("run", _("Schedule run"), lambda p: str(p.run or ""), exported=True, fold=True),
)


def _causes(actor: User) -> Sequence[tuple[str, Words]]:
    return list(PromiseCause.choices)


def _channels(actor: User) -> Sequence[tuple[str, Words]]:
    return list(Channel.choices)


FILTERS = (
    Filter("cause", _("Cause"), _causes, lambda rows, values: rows.filter(cause__in=values)),
    Filter("channel", _("Channel"), _channels, lambda rows, values: rows.filter(channel__in=values)),
    Filter(
        "exception",
        _("Below the floor"),
        lambda actor: [("yes", _("as an exception"))],
        lambda rows, values: rows.exclude(exception_reason=""),
        multiple=False,
    ),
    Filter(
        "order",
        _("Order"),
        lambda actor: [],
        lambda rows, values: (
            rows.filter(order__number__in=values)
            | rows.filter(order_id__in=[one for one in values if one.isdecimal() and len(one) < 18])
        ),
    ),
)


class Ledger(ListPage):
    """Every promise, newest first, with how well they are kept above."""

    key = "promises"
    title = _("Promises")
    icon = "calendar-check"
    columns = COLUMNS
    filters = FILTERS
    tabs = (
        BuiltInView(_("All"), ""),
        BuiltInView(_("Changed"), "cause=customer,change,material,capacity,quality,estimate,other"),
        BuiltInView(_("Exceptions"), "exception=yes"),
    )
    default_sort = "-at"
    template_name = "scheduling/ledger.html"
    empty_text = _("A date that is told to a customer stands here: from the order form, the order's page or the API.")
    from_orders = True

    def rows(self, actor: User) -> QuerySet[Promise]:
        require(actor, "promises.view")
        return promises(actor)

    def more(self, request: HttpRequest, rows: QuerySet[Any]) -> dict[str, Any]:
        today = timezone.localdate()
        return {
            "kept": kept(today),
            "by_customer": churn_by("order__customer__name", rows)[:5],
            "by_cause": [(str(PromiseCause(name).label), n, mean) for name, n, mean in churn_by("cause", rows)[:5]],
            "today": day_text(today),
        }
