"""The company calendar as the order checks need it."""

from __future__ import annotations

import datetime as dt

from punctual.domain.calendars.models import WorkingCalendar
from punctual.domain.calendars.selectors import add_working_days, is_working_day


class CompanyWorkdays:
    """The company calendar; Monday to Friday while the company has none yet."""

    def __init__(self) -> None:
        self._calendar = WorkingCalendar.objects.filter(is_default=True, archived_at=None).first()

    def is_working(self, day: dt.date) -> bool:
        if self._calendar is None:
            return day.weekday() < 5
        return is_working_day(self._calendar, day)

    def after(self, day: dt.date, working_days: int) -> dt.date:
        """The day that is ``working_days`` working days later; 0 gives ``day`` or the next working day."""
        if self._calendar is not None:
            return add_working_days(self._calendar, day, working_days)
        left = working_days if working_days else (0 if self.is_working(day) else 1)
        while left:
            day += dt.timedelta(days=1)
            left -= self.is_working(day)
        return day
