"""What the schedule's typed data are called."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from punctual.domain.scheduling.promising import Hold, Pull
from punctual.web.formatting import day_text, money_text

WHY: Final[dict[str, str | Lazy]] = {
    "plan.made": gettext_lazy("a plan was made"),
    "plan.changed": gettext_lazy("a plan was changed"),
    "order.confirmed": gettext_lazy("an order was confirmed"),
    "order.held": gettext_lazy("an order was put on hold"),
    "order.resumed": gettext_lazy("an order was resumed"),
    "order.cancelled": gettext_lazy("an order was cancelled"),
    "order.quoted": gettext_lazy("an order was quoted"),
    "order.reopened": gettext_lazy("an order became a draft again"),
    "order.lost": gettext_lazy("a quotation was lost"),
    "order.submitted": gettext_lazy("an order went into review"),
    "order.delivered": gettext_lazy("an order was delivered"),
    "order.changed": gettext_lazy("an order was edited"),
    "resource.changed": gettext_lazy("a resource was changed"),
    "absence.changed": gettext_lazy("an absence was entered or taken back"),
    "calendar.changed": gettext_lazy("a calendar was changed"),
    "promise.given": gettext_lazy("a promise was given"),
    "scheduling.changed": gettext_lazy("the scheduling settings were changed"),
    "scenario.applied": gettext_lazy("a scenario was applied"),
    "levelling.applied": gettext_lazy("a levelling proposal was accepted"),
    "changed_meanwhile": gettext_lazy("something had changed meanwhile"),
    "by_hand": gettext_lazy("asked for by hand"),
    "daily": gettext_lazy("daily run"),
    "resumed": gettext_lazy("a run had been stopped"),
    "first": gettext_lazy("first run"),
}


def why_words(why: list[Mapping[str, str]]) -> list[str]:
    """Each reason of a run: ``a plan was changed: SO-2026-00031``."""
    told = []
    for one in why:
        text = str(WHY.get(one["kind"], one["kind"]))
        told.append(f"{text}: {one['label']}" if one.get("label") else text)
    return told


def hold_words(hold: Hold) -> str:
    """One thing that holds a date back, without its days."""
    until = day_text(hold.until)
    if hold.kind == "resource":
        text = _("%(task)s waits for %(what)s until %(day)s")
    elif hold.kind == "availability":
        text = _("%(task)s: %(what)s is not there before %(day)s")
    elif hold.kind == "supplier":
        text = _("%(task)s arrives on %(day)s at the earliest")
    else:
        text = _("%(task)s is worked on until %(day)s")
    return text % {"task": hold.task, "what": hold.what, "day": until}


def pull_words(pull: Pull) -> str:
    money = money_text(Decimal(round(pull.price)))
    if pull.kind == "overtime":
        text = ngettext(
            "%(what)s: %(days)d day of overtime, %(money)s",
            "%(what)s: %(days)d days of overtime, %(money)s",
            pull.days,
        )
    else:
        text = ngettext(
            "%(what)s: expedited by %(days)d day, %(money)s",
            "%(what)s: expedited by %(days)d days, %(money)s",
            pull.days,
        )
    return text % {"what": pull.what, "days": pull.days, "money": money}


def hours_text(hours: float) -> str:
    return f"{hours:,.0f} h"


def range_text(first: dt.date, last: dt.date) -> str:
    return day_text(first) if first == last else f"{day_text(first)} – {day_text(last)}"
