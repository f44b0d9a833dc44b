"""Dates, money and quantities as the design language writes them, in the reader's language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import Final

from django.utils import timezone
from django.utils.translation import get_language

from punctual.kernel.money import written
from punctual.kernel.quantity import plain

UNKNOWN = "—"
_WEEKDAYS_ZH = "一二三四五六日"
_WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


YEARS: Final = range(1990, 2200)
"""What an address may name: dates outside of it are nobody's, and reckoning with them leaves the calendar."""


def is_count(text: str) -> bool:
    """Whether an address gives a number of days that can be reckoned with."""
    return text.isdecimal() and len(text) < 5


def is_chinese() -> bool:
    return (get_language() or "zh").startswith("zh")


def comma() -> str:
    """What parts the words of a list."""
    return "、" if is_chinese() else ", "


def pause() -> str:
    """What parts the clauses of a sentence that a page puts together."""
    return "，" if is_chinese() else ", "


def colon() -> str:
    """Between a name and what it stands for."""
    return "：" if is_chinese() else ": "


def listed(words: Iterable[object]) -> str:
    """Words in a row, parted as the reader's language parts them."""
    return comma().join(map(str, words))


def local_date(value: dt.date | dt.datetime) -> dt.date:
    """The day on the reader's calendar."""
    if isinstance(value, dt.datetime):
        return timezone.localtime(value).date() if timezone.is_aware(value) else value.date()
    return value


def _far(day: dt.date, today: dt.date) -> bool:
    """Beyond half a year the year is said."""
    return abs((day - today).days) > 183


def day_text(value: dt.date | dt.datetime | None, *, weekday: bool = False, today: dt.date | None = None) -> str:
    """``12-22`` / ``22 Dec``, with the weekday ``12-22 周二`` / ``Tue 22 Dec``; the year where it is far away."""
    if value is None:
        return UNKNOWN
    return _day_words(local_date(value), weekday, today or timezone.localdate(), is_chinese())


@lru_cache(4096)
def _day_words(day: dt.date, weekday: bool, today: dt.date, chinese: bool) -> str:
    """Kept, as a page says the same days many times over."""
    far = _far(day, today)
    if chinese:
        text = f"{day:%Y-%m-%d}" if far else f"{day:%m-%d}"
        return f"{text} 周{_WEEKDAYS_ZH[day.weekday()]}" if weekday else text
    text = f"{day.day} {_MONTHS_EN[day.month - 1]}" + (f" {day.year}" if far else "")
    return f"{_WEEKDAYS_EN[day.weekday()]} {text}" if weekday else text


def month_text(day: dt.date) -> str:
    """``12月`` / ``Dec``; a year begins with its number."""
    name = f"{day.month}月" if is_chinese() else _MONTHS_EN[day.month - 1]
    return name if day.month > 1 else f"{day.year} {name}"


def moment_text(value: dt.datetime | None) -> str:
    """Day and time of day in the reader's zone: ``11-23 08:12``."""
    if value is None:
        return UNKNOWN
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    return f"{day_text(local)} {local:%H:%M}"


def money_text(amount: Decimal | None, currency: str = "CNY", *, whole: bool = True) -> str:
    """``¥95,100``; cents are written only where there are any (or always with ``whole=False``)."""
    return UNKNOWN if amount is None else written(amount, currency, whole=whole)


def quantity_text(quantity: Decimal | None, unit: str = "") -> str:
    """``480 个``; the unit always when there is one."""
    if quantity is None:
        return UNKNOWN
    text = f"{quantity:,f}" if quantity == quantity.to_integral_value() else plain(quantity)
    if "." in text and quantity == quantity.to_integral_value():
        text = text.split(".")[0]
    return f"{text} {unit}".strip()


def days_text(days: int | None) -> str:
    """A change in days with its sign: ``+9 天`` / ``−2 days``."""
    if days is None:
        return UNKNOWN
    sign = "+" if days > 0 else "−" if days < 0 else ""
    if is_chinese():
        return f"{sign}{abs(days)} 天"
    return f"{sign}{abs(days)} day" + ("" if abs(days) == 1 else "s")
