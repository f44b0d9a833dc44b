"""The company calendar as the order checks need it."""

from __future__ import annotations

import datetime as dt

from punctual.domain.calendars.models import WorkingCalendar


class CompanyWorkdays:
    """The default calendar's weekdays with its exceptions; without any calendar Monday to Friday."""

    def __init__(self) -> None:
        calendar = WorkingCalendar.objects.filter(is_default=True, archived_at=None).first()
        self._weekly = {int(day) for day, shifts in calendar.weekly.items() if shifts} if calendar else {1, 2, 3, 4, 5}
        self._exceptions = dict(calendar.exceptions.values_list("date", "is_working")) if calendar else {}
        if not self._weekly:
            self._weekly = {1, 2, 3, 4, 5}

    def is_working(self, day: dt.date) -> bool:
        return bool(self._exceptions.get(day, day.isoweekday() in self._weekly))

    def after(self, day: dt.date, working_days: int) -> dt.date:
        """The day that is ``working_days`` working days later; 0 gives ``day`` or the next working day."""
        if working_days == 0:
            while not self.is_working(day):
                day += dt.timedelta(days=1)
            return day
        for _ in range(working_days):
            day += dt.timedelta(days=1)
            while not self.is_working(day):
                day += dt.timedelta(days=1)
        return day
