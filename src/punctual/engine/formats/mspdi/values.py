"""The value forms of Microsoft Project XML: durations, dates, clock times, flags, and the faults in them."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, timedelta
from typing import Final
from xml.etree.ElementTree import Element

from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_

ELAPSED_FORMATS: Final = frozenset({4, 6, 8, 10, 12, 20, 36, 38, 40, 42, 44, 52})
"""DurationFormat and LagFormat numbers that count time on the clock."""

PERCENT_FORMATS: Final = frozenset({19, 20, 51, 52})
"""LagFormat numbers under which LinkLag is a percentage of the predecessor's duration."""

MOST_FAULTS: Final = 20

_DURATION: Final = re.compile(
    r"(?P<sign>-?)P(?:(?P<days>[\d.]+)D)?(?:T(?:(?P<hours>[\d.]+)H)?(?:(?P<minutes>[\d.]+)M)?(?:(?P<seconds>[\d.]+)S)?)?"
)


def duration_minutes(text: str) -> float | None:
    """``PT8H30M0S`` → 510.0 minutes (a day is 24 hours); None where it is no duration."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or text.strip().lstrip("-") in ("P", "PT"):
        return None
    try:
        days, hours, minutes, seconds = (float(match[part] or 0) for part in ("days", "hours", "minutes", "seconds"))
    except ValueError:
        return None
    value = days * 1440 + hours * 60 + minutes + seconds / 60
    return (-value if match["sign"] else value) if math.isfinite(value) else None


def duration_text(minutes: float) -> str:
    """510 → ``PT8H30M0S``."""
    seconds = round(abs(minutes) * 60)
    return f"{'-' if minutes < 0 else ''}PT{seconds // 3600}H{seconds // 60 % 60}M{seconds % 60}S"


class Fields:
    """Reads the children of one element; what cannot be read goes to ``faults`` and counts as absent."""

    def __init__(self, element: Element, where: str, row: int | None, faults: list[Reason]) -> None:
        self._text = {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in element if len(child) == 0}
        self.where = where
        self.row = row
        self.faults = faults

    def text(self, name: str, default: str = "") -> str:
        return self._text.get(name, default)

    def number(self, name: str, default: float = 0.0) -> float:
        raw = self._text.get(name, "")
        if not raw:
            return default
        try:
            value = float(raw)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            self._fault(name, raw, N_("%(where)s: %(field)s is '%(value)s'; it has to be a number"))
            return default
        return value

    def whole(self, name: str, default: int = 0) -> int:
        value = self.number(name, default)
        if value != int(value):
            self._fault(name, str(value), N_("%(where)s: %(field)s is '%(value)s'; it has to be a whole number"))
            return default
        return int(value)

    def flag(self, name: str, default: bool = False) -> bool:
        raw = self._text.get(name, "").lower()
        return default if not raw else raw in ("1", "true", "-1")

    def minutes(self, name: str) -> int | None:
        """A duration rounded to minutes; None when absent."""
        raw = self._text.get(name, "")
        if not raw:
            return None
        value = duration_minutes(raw)
        if value is None:
            self._fault(name, raw, N_("%(where)s: %(field)s is '%(value)s'; a duration reads as PT8H0M0S"))
            return None
        return round(value)

    def moment(self, name: str) -> datetime | None:
        """A local time rounded to the minute; None when absent. A zone is dropped: the clock counts."""
        raw = self._text.get(name, "")
        if not raw or raw.upper() == "NA":
            return None
        try:
            value = datetime.fromisoformat(raw).replace(tzinfo=None)
        except ValueError:
            self._fault(name, raw, N_("%(where)s: %(field)s is '%(value)s'; a time reads as 2026-02-14T08:00:00"))
            return None
        return (value + timedelta(seconds=30)).replace(second=0, microsecond=0) if value.year < 9999 else value

    def day(self, name: str) -> date | None:
        """The date of a time, without rounding up (an end at 23:59:59 is that day)."""
        raw = self._text.get(name, "")
        if not raw:
            return None
        try:
            return datetime.fromisoformat(raw).date()
        except ValueError:
            self._fault(name, raw, N_("%(where)s: %(field)s is '%(value)s'; a time reads as 2026-02-14T08:00:00"))
            return None

    def clock(self, name: str) -> int | None:
        """Minutes after midnight of ``08:00:00`` or of a whole time; None when absent."""
        raw = self._text.get(name, "")
        if not raw:
            return None
        match = re.search(r"(\d{1,2}):(\d{2})(?::\d{2}(?:\.\d+)?)?$", raw.rpartition("T")[2])
        if match is None or int(match[1]) > 24 or int(match[2]) > 59:
            self._fault(name, raw, N_("%(where)s: %(field)s is '%(value)s'; a clock time reads as 08:00:00"))
            return None
        return int(match[1]) * 60 + int(match[2])

    def _fault(self, name: str, raw: str, text: str) -> None:
        if len(self.faults) < MOST_FAULTS:
            params = {"where": self.where, "field": name, "value": raw[:60]}
            self.faults.append(Reason(code="mspdi.unreadable", text=text, params=params, field=name, row=self.row))
