"""Ways out as data that a page can show: titles as catalogue sentences, days gained, money, who else moves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from punctual.domain.monitoring.facts import Gathered, running
from punctual.domain.monitoring.forecast import outlook_of_quantiles
from punctual.domain.orders.models import Order
from punctual.domain.resources.models import Resource
from punctual.domain.scheduling.axis import Axis
from punctual.domain.scheduling.book import Book, Group
from punctual.engine.recovery import (
    AlternativeResource,
    BorrowFloat,
    Crash,
    Expedite,
    ExtraCapacity,
    Forecast,
    Lever,
    Option,
    Outsourcing,
    Split,
)
from punctual.flows.promise_at_entry import names
from punctual.kernel.wording import N_


def worded_title(title: Mapping[str, Any]) -> str:
    """One lever in the language that is active."""
    params = dict(title["params"])
    return str(_(title["text"]) % params if params else _(title["text"]))


class Words:
    """Levers as titles: a catalogue sentence and its values, worded when shown."""

    def __init__(self, book: Book, axis: Axis, levers: Sequence[Lever]) -> None:
        self.book, self.axis, self.called = book, axis, names()
        self.levers = {lever.id: lever for lever in levers}
        self.pieces = {piece.id: piece for piece in book.pieces}

    def title(self, name: str) -> dict[str, Any]:
        lever = self.levers[name]
        values: dict[str, str] = {}
        task = getattr(lever, "task", None)
        if task is not None:
            values["task"] = self.pieces[task].name
        if isinstance(lever, Crash):
            text = N_("Overtime on “%(task)s”")
        elif isinstance(lever, ExtraCapacity):
            text, values = N_("One more person for %(pool)s"), {"pool": self.called.pool(lever.resource)}
        elif isinstance(lever, Expedite):
            text = N_("Expedite the material for “%(task)s”")
        elif isinstance(lever, AlternativeResource):
            text, values["who"] = N_("“%(task)s” by %(who)s"), self.called.pool(next(iter(lever.demands)))
        elif isinstance(lever, Outsourcing):
            who = Resource.objects.filter(pk=int(name.rsplit(":", 1)[1])).first()
            text, values["who"] = N_("“%(task)s” outsourced to %(who)s"), str(who)
        elif isinstance(lever, Split):
            text = N_("Deliver in two parts")
        elif isinstance(lever, BorrowFloat):
            text = N_("Borrow room from orders that have float")
        else:
            text = N_("Put this order first")
        return {"text": text, "params": values, "kind": lever.kind}

    def detail(self, name: str, amounts: Mapping[str, int]) -> str:
        hours = sum(amounts.values())
        return str(hours) if hours else ""


class Money:
    """Expected damage of a forecast, with the order's own stakes."""

    def __init__(self, order: Order, today: dt.date, axis: Axis, group: Group) -> None:
        seen = Gathered(running([order.pk]), today)
        self.stakes = seen.stakes(seen.orders[0]) if seen.orders else None
        self.due = order.promised_date or order.requested_date
        self.key = order.key
        self.told = None if order.confidence is None else order.confidence / 100

    def damage(self, forecast: Mapping[str, str]) -> Decimal:
        if self.stakes is None or self.due is None:
            return Decimal(0)
        out = outlook_of_quantiles(dt.date.fromisoformat(forecast["p50"]), dt.date.fromisoformat(forecast["p80"]))
        return self.stakes.cost(out.days_late(self.due))

    def kept_now(self, forecast: Mapping[str, str]) -> float | None:
        """The chance as it stands on the order's page, else reckoned."""
        return self.kept(forecast) if self.told is None or self.due is None else self.told

    def kept(self, forecast: Mapping[str, str]) -> float | None:
        return None if self.due is None else self.kept_by(self.due, forecast)

    def kept_by(self, day: dt.date, forecast: Mapping[str, str]) -> float:
        out = outlook_of_quantiles(dt.date.fromisoformat(forecast["p50"]), dt.date.fromisoformat(forecast["p80"]))
        return round(out.kept(day), 3)


class Days:
    """The slots of the search as days.

    The search simulates less often than the schedule does, so its dates alone would be other ones than the order's page
    tells. What stands is therefore told as it stands there (``told``: P50 and P80), and a way out by what it gains.
    """

    def __init__(self, axis: Axis, now: Forecast, told: tuple[dt.date, dt.date] | None) -> None:
        self.axis = axis
        self.told = told or (axis.day_of(round(now.p50)), axis.day_of(round(now.p80)))
        own = (round(now.p50), round(now.p80))
        self.moved = tuple(
            0 if day == axis.day_of(slot) else axis.end_of(day) - axis.end_of(axis.day_of(slot))
            for day, slot in zip(self.told, own, strict=True)
        )

    def of(self, found: Forecast) -> dict[str, str]:
        slots = (round(found.planned), round(found.p50) + self.moved[0], round(found.p80) + self.moved[1])
        planned, p50, p80 = (self.axis.day_of(max(0, slot)) for slot in slots)
        return {"planned": planned.isoformat(), "p50": p50.isoformat(), "p80": max(p50, p80).isoformat()}


def _between(before: Mapping[str, str], after: Mapping[str, str], name: str) -> int:
    """Calendar days by which it comes earlier."""
    return (dt.date.fromisoformat(before[name]) - dt.date.fromisoformat(after[name])).days


def option_data(option: Option, words: Words, days: Days, money: Money, before: Mapping[str, str]) -> dict[str, Any]:
    after = days.of(option.forecast)
    cost = Decimal(round(option.cost))
    damage, base = money.damage(after), money.damage(before)
    touched = [row for row in _touched(option, words.book) if row["key"] != money.key]
    return {
        **after,
        "kind": option.uses[0].kind if option.uses else "resequence",
        "titles": [words.title(use.lever) for use in option.uses],
        "uses": [
            {
                "lever": use.lever,
                "kind": use.kind,
                "title": words.title(use.lever),
                "hours": words.detail(use.lever, use.amounts),
                "cost": round(use.cost),
            }
            for use in option.uses
        ],
        "gain_p50": _between(before, after, "p50"),
        "gain_p80": _between(before, after, "p80"),
        "cost": str(cost),
        "damage": str(damage),
        "saved": float(base - damage - cost),
        "kept": money.kept(after),
        "touched": touched,
        "keeps": option.keeps_deadline,
        "needs_customer": any(use.kind == "split" for use in option.uses),
        "patch": option.patch.as_data(),
    }


def _touched(option: Option, book: Book) -> list[dict[str, Any]]:
    """Other orders that move, one row each: tasks, and days by which its last delivery moves (positive: later)."""
    found: dict[int, dict[str, Any]] = {}
    orders = {group.id: group.order for group in book.groups}
    for name, one in option.touched.items():
        entry = book.entries.get(orders.get(name, 0))
        if entry is None:
            continue
        row = found.setdefault(entry.id, {"label": entry.label, "key": entry.key, "tasks": 0, "days": 0.0})
        row["tasks"] += one.tasks
        row["days"] = max(row["days"], round(one.end / 8, 1))
    return list(found.values())


def new_promise(order: Order, before: Mapping[str, str], money: Money) -> list[dict[str, Any]]:
    """To tell the customer a date that is kept with 80 percent."""
    if order.promised_date is None or dt.date.fromisoformat(before["p80"]) <= order.promised_date:
        return []
    return [
        {
            **before,
            "kind": "new_promise",
            "titles": [
                {"text": N_("Agree on a new date: %(day)s"), "params": {"day": before["p80"]}, "kind": "promise"}
            ],
            "uses": [],
            "gain_p50": 0,
            "gain_p80": 0,
            "cost": "0",
            "damage": str(money.damage(before)),
            "saved": 0.0,
            "kept": money.kept_by(dt.date.fromisoformat(before["p80"]), before),
            "touched": [],
            "keeps": False,
            "needs_customer": True,
            "patch": {"capacity": {}, "modes": {}, "releases": {}, "delivery": [], "starts": {}},
        }
    ]
