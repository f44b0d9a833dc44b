"""Chips and words that the pages of supply share."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from punctual.domain.supply.models import PurchaseLine, PurchaseOrder, PurchaseState, Shortage, ShortageState
from punctual.web.master.cells import chip

STATE_CHIPS: Final = {
    PurchaseState.DRAFT: ("", "pencil"),
    PurchaseState.SENT: ("warn", "hourglass"),
    PurchaseState.CONFIRMED: ("acc", "circle-check"),
    PurchaseState.PARTIALLY_RECEIVED: ("acc", "package-import"),
    PurchaseState.RECEIVED: ("ok", "package"),
    PurchaseState.CLOSED: ("", "lock"),
    PurchaseState.CANCELLED: ("", "ban"),
}
SHORTAGE_CHIPS: Final = {
    ShortageState.STOPS: ("late", "package-off"),
    ShortageState.HANGS: ("warn", "alert-triangle"),
    ShortageState.IN_TIME: ("ok", "circle-check"),
}


def purchase_chip(order: PurchaseOrder, *, today: dt.date) -> SafeString:
    """The state; what is past its day says so."""
    if order.arrives is not None and order.arrives < today and order.state != PurchaseState.DRAFT:
        return chip("late", "clock-exclamation", _("Overdue"))
    kind, icon = STATE_CHIPS[PurchaseState(order.state)]
    return chip(kind, icon, order.get_state_display())


def line_chip(line: PurchaseLine, *, today: dt.date) -> SafeString:
    """How one line stands."""
    if line.inspecting:
        return chip("warn", "clipboard-check", _("In inspection"))
    if line.received >= line.quantity:
        return chip("ok", "package", _("Received"))
    if line.purchase_order.state in (PurchaseState.DRAFT, PurchaseState.CANCELLED, PurchaseState.CLOSED):
        kind, icon = STATE_CHIPS[PurchaseState(line.purchase_order.state)]
        return chip(kind, icon, line.purchase_order.get_state_display())
    if line.expected_date is not None and line.expected_date < today:
        return chip("late", "clock-exclamation", _("Overdue"))
    if line.confirmed_date is None:
        return chip("warn", "hourglass", _("Not answered"))
    if line.expected_date is not None and line.expected_date > line.confirmed_date:
        return chip("late", "clock-exclamation", _("Postponed"))
    return chip("ok", "circle-check", _("Confirmed"))


def shortage_chip(shortage: Shortage) -> SafeString:
    kind, icon = SHORTAGE_CHIPS[ShortageState(shortage.state)]
    return chip(f"{kind} pl", icon, shortage.get_state_display())


def purchase_url(order: PurchaseOrder) -> str:
    return reverse("purchase_order", args=[order.number])


def purchase_link(order: PurchaseOrder) -> SafeString:
    return format_html('<a class="nw" href="{}" data-user-content>{}</a>', purchase_url(order), order.number)
