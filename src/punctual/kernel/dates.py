"""Days as people write them: 2026-03-19, 2026/3/19, 2026.3.19, 20260319, 2026年3月19日."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from typing import Final

EARLIEST: Final = dt.date(1990, 1, 1)
LATEST: Final = dt.date(2099, 12, 31)
"""Beyond these a date is a typing error, not business."""

_SERIAL_ZERO: Final = dt.date(1899, 12, 30)
"""Day 0 of a spreadsheet's date numbers (ISO/IEC 29500-1, 18.17.4.1, 1900 date base)."""

_FULL = re.compile(r"^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?$")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_NO_YEAR = re.compile(r"^(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?$")
_TIME_OF_DAY = re.compile(r"[ T]\d{1,2}:\d{2}(:\d{2})?$")


class NotADay(ValueError):
    """The text is not one day of the calendar."""


class NoYear(NotADay):
    """Month and day are there, the year is not: ``month`` and ``day`` say which."""

    def __init__(self, text: str, month: int, day: int) -> None:
        super().__init__(text)
        self.month, self.day = month, day


def parse_day(value: object) -> dt.date:
    """Read a day from a cell or a form field.

    Accepts date, datetime (its day), a spreadsheet's date number (as text too), and text in year-month-day order
    with full-width digits. Refuses day-first orders, since 03/04/2026 means two days. Raises :class:`NotADay` or
    :class:`NoYear`.
    """
    if isinstance(value, dt.datetime):
        return _usual(value.date())
    if isinstance(value, dt.date):
        return _usual(value)
    if isinstance(value, bool):
        raise NotADay(str(value))
    if isinstance(value, str) and re.fullmatch(r"\s*[3-7]\d{4}\s*", value):
        value = int(value)
    if isinstance(value, float) and value == value and abs(value) < 1e9:
        value = int(value)
    if isinstance(value, int):
        if 30_000 <= value <= 73_050:
            return _usual(_SERIAL_ZERO + dt.timedelta(days=value))
        value = str(value)
    text = _TIME_OF_DAY.sub("", unicodedata.normalize("NFKC", str(value)).strip())
    match = _FULL.match(text) or _COMPACT.match(text)
    if match:
        return _usual(_day(text, *map(int, match.groups())))
    short = _NO_YEAR.match(text)
    if short:
        month, day = int(short[1]), int(short[2])
        _day(text, 2024, month, day)
        raise NoYear(text, month, day)
    raise NotADay(text)


def _day(text: str, year: int, month: int, day: int) -> dt.date:
    try:
        return dt.date(year, month, day)
    except ValueError as error:
        raise NotADay(text) from error


def _usual(day: dt.date) -> dt.date:
    if not EARLIEST <= day <= LATEST:
        raise NotADay(day.isoformat())
    return day


def coming(month: int, day: int, today: dt.date) -> dt.date | None:
    """The next such day from ``today`` on; None for 29 February within the next year without one."""
    for year in (today.year, today.year + 1):
        try:
            found = dt.date(year, month, day)
        except ValueError:
            continue
        if found >= today:
            return found
    return None
