"""The common clock of all orders: working time of the company's calendar, in whole slots from the morning of a day.

A slot is an hour of the company's working time; slot 0 is the first one of ``today``. Nights and days off do not exist
on it, so that a task of three days is three days' slots wherever it lies. Only this module maps it to dates.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from punctual.engine.calendars import WorkCalendar

SLOT: Final = 60
"""Working minutes of a slot."""
HORIZON_DAYS: Final = 800
"""Days ahead for which availability is known day by day; after them it stays as on a usual day."""

Ordinals = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Axis:
    """``calendar`` is the company's; ``today`` the day at whose morning slot 0 begins."""

    calendar: WorkCalendar
    today: dt.date

    @cached_property
    def origin(self) -> int:
        """Working minutes of the calendar at slot 0."""
        return self.calendar.to_minutes(dt.datetime.combine(self.today, dt.time()))

    def minutes_between(self, first: dt.datetime, last: dt.datetime) -> int:
        return self.calendar.work_between(first, last)

    def slot(self, moment: dt.datetime) -> int:
        """The first slot that begins no earlier than ``moment``; 0 for anything before today."""
        minutes = self.calendar.to_minutes(moment) - self.origin
        return max(0, -(-minutes // SLOT))

    def end_of(self, day: dt.date) -> int:
        """The slot at which ``day`` is over: what ends by it ends on that day or before (0: before today)."""
        following = dt.datetime.combine(day + dt.timedelta(days=1), dt.time())
        return max(0, (self.calendar.to_minutes(following) - self.origin) // SLOT)

    def start_of(self, slot: int) -> dt.datetime:
        """When a task that starts in ``slot`` begins."""
        return self.calendar.to_datetime_start(self.origin + slot * SLOT)

    def finish_of(self, slot: int) -> dt.datetime:
        """When a task is done that ends with the slot before ``slot``; slot 0 is this morning."""
        if slot <= 0:
            return dt.datetime.combine(self.today, dt.time())
        return self.calendar.to_datetime_finish(self.origin + slot * SLOT)

    def span(self, slot: int, duration: int) -> tuple[dt.datetime, dt.datetime]:
        """When a task of ``duration`` slots begins and ends; a milestone lies where what is before it ends."""
        begins = self.start_of(slot) if duration > 0 or slot == 0 else self.finish_of(slot)
        return begins, max(begins, self.finish_of(slot + duration)) if duration else begins

    def day_of(self, slot: int) -> dt.date:
        """The day on which something is done that ends at ``slot``."""
        return self.finish_of(slot).date()

    def days_of(self, slots: npt.NDArray[np.int64]) -> Ordinals:
        """:meth:`day_of` for an array of ends, as proleptic ordinals (``date.toordinal``)."""
        minutes = self.origin + np.maximum(slots, 1) * SLOT
        days = self.calendar.to_datetime_finish_array(minutes).astype("datetime64[D]").astype(np.int64)
        ordinals = days + dt.date(1970, 1, 1).toordinal()
        return np.asarray(np.where(slots <= 0, self.today.toordinal(), ordinals))

    @cached_property
    def days(self) -> list[tuple[dt.date, int, int]]:
        """(day, first slot, slot after its last) of each worked day within the horizon."""
        found = []
        for number in range(HORIZON_DAYS):
            day = self.today + dt.timedelta(days=number)
            first = self.calendar.to_minutes(dt.datetime.combine(day, dt.time())) - self.origin
            last = self.calendar.to_minutes(dt.datetime.combine(day + dt.timedelta(days=1), dt.time())) - self.origin
            if last > first:
                found.append((day, first // SLOT, -(-last // SLOT)))
        return found
