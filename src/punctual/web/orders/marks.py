"""How an order's state, health, dates and people look; used by lists, pages and the peek."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import lru_cache
from typing import Final

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from punctual.domain.orders.life import Health
from punctual.domain.orders.models import Order, OrderState, Priority
from punctual.domain.orders.selectors import health_of, standing
from punctual.web.formatting import UNKNOWN, day_text, is_chinese, money_text, quantity_text
from punctual.web.rail import RailFacts, rail
from punctual.web.templatetags.punctual import day, icon

STATE_MARKS: Final[dict[str, tuple[str, str]]] = {
    OrderState.DRAFT: ("pencil", ""),
    OrderState.QUOTED: ("file-text", "acc"),
    OrderState.IN_REVIEW: ("writing-sign", "acc"),
    OrderState.CONFIRMED: ("checks", "acc"),
    OrderState.IN_PROGRESS: ("player-play", "acc"),
    OrderState.PARTIALLY_DELIVERED: ("truck-delivery", "acc"),
    OrderState.DELIVERED: ("package", ""),
    OrderState.ACCEPTED: ("clipboard-check", ""),
    OrderState.CLOSED: ("lock", ""),
    OrderState.ON_HOLD: ("player-pause", ""),
    OrderState.CANCELLED: ("ban", ""),
    OrderState.LOST: ("circle-x", ""),
}
HEALTH_MARKS: Final[dict[Health, tuple[str, str, object]]] = {
    Health.ON_TIME: ("circle-check", "ok", gettext_lazy("On time")),
    Health.AT_RISK: ("alert-triangle", "warn", gettext_lazy("At risk")),
    Health.LATE: ("clock-exclamation", "late", gettext_lazy("Will be late")),
    Health.OVERDUE: ("alarm", "over", gettext_lazy("Overdue")),
    Health.UNPLANNED: ("circle-dashed", "", gettext_lazy("Not planned")),
}


def chip(icon_name: str, css: str, text: object) -> SafeString:
    return _chip(icon_name, css, str(text))


@lru_cache(1024)
def _chip(icon_name: str, css: str, text: str) -> SafeString:
    return format_html('<span class="st {}">{}{}</span>', css, icon(icon_name), text)


def state_chip(order: Order) -> SafeString:
    name, css = STATE_MARKS[order.state]
    # Its own display method would translate every state first.
    return chip(name, css, OrderState(order.state).label)


def health_chip(order: Order, *, today: dt.date, at_risk_days: int) -> SafeString:
    """Health where the order is running, else its state."""
    found = health_of(order, today=today, at_risk_days=at_risk_days)
    if found is None:
        return state_chip(order)
    name, css, words = HEALTH_MARKS[found]
    shown = chip(name, css, words)
    if not standing(order).by_hand(today):
        return shown
    until = _("by %(name)s until %(day)s") % {"name": order.said_by, "day": day_text(order.said_until)}
    mark = icon("hand-stop", "s")
    return format_html(
        '{} <span class="t3 sm" title="{}" data-user-content>{} {}</span>', shown, order.said_why, mark, until
    )


def rail_of(order: Order, *, width: int = 140, height: int = 22, labels: bool = False) -> SafeString:
    """With the range of the schedule's forecast where there is one, else the plan's day."""
    facts = RailFacts(
        promised=order.promised_date,
        requested=order.requested_date,
        planned=order.forecast_p80 or order.planned_date,
        planned_from=order.forecast_p50,
        tail=order.forecast_p95,
        actual=order.actual_date,
    )
    return rail(facts, width=width, height=height, labels=labels)


def subject(order: Order) -> str:
    """What the order is about: its first line, with the quantity where it is more than one."""
    lines = getattr(order, "first_lines", None)
    if not lines:
        return ""
    first = lines[0]
    text = str(first.description or first.model_text)
    if first.quantity is not None and first.quantity != 1:
        text = f"{text} ×{quantity_text(first.quantity)}"
    return text


def name_cell(order: Order) -> SafeString:
    flag = icon("bolt", "s", "late") if order.priority == Priority.URGENT else ""
    return format_html(
        '<a class="ono n" href="/orders/{}/">{}</a> {}<div class="t2 sm el w-t">{}</div>',
        order.key,
        order.label,
        flag,
        subject(order) or UNKNOWN,
    )


def short_amount(order: Order) -> str:
    """In ten thousands on Chinese pages (万元 stands in the head), in thousands on English ones."""
    step = Decimal(10_000) if is_chinese() else Decimal(1_000)
    mark = "" if order.currency == "CNY" else f"{order.currency} "
    return f"{mark}{order.total_amount / step:,.1f}"


def full_amount(order: Order) -> str:
    return money_text(order.total_amount, order.currency)


def planned_cell(order: Order, *, today: dt.date) -> SafeString:
    if order.actual_date:
        return format_html('<span class="n">{} <span class="t3">{}</span></span>', day(order.actual_date), _("actual"))
    due = order.promised_date or order.requested_date
    if order.forecast_p80 is not None:
        css = "late" if due and order.forecast_p80 > due else ""
        percent = "" if order.confidence is None else f" {order.confidence}%"
        text = '<span class="n {}" title="P50–P80">{}–{}<span class="t3">{}</span></span>'
        return format_html(text, css, day(order.forecast_p50), day(order.forecast_p80), percent)
    css = "late" if order.planned_date and due and order.planned_date > due else ""
    return format_html('<span class="n {}">{}</span>', css, day(order.planned_date))


def progress_cell(order: Order) -> SafeString:
    return progress_bar(order.progress)


@lru_cache(256)
def progress_bar(percent: int) -> SafeString:
    """A bar of 46 pixels and the percentage."""
    bar = (
        '<span class="nw"><svg class="pg" width="46" height="5" aria-hidden="true">'
        '<rect width="46" height="5" rx="2.5" class="f-soft"/>'
        '<rect width="{}" height="5" rx="2.5" class="f-acc"/></svg>'
        ' <span class="n sm">{}%</span></span>'
    )
    return format_html(bar, f"{0.46 * percent:.1f}", percent)
