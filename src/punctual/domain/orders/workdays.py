"""The company calendar as the order checks need it."""

from __future__ import annotations

import datetime as dt

from punctual.domain.calendars.models import WorkingCalendar
from punctual.domain.calendars.selectors import add_working_days, is_working_day

MONDAY_TO_FRIDAY = {str(day): [["08:00", "12:00"], ["13:00", "17:00"]] for day in range(1, 6)}


class CompanyWorkdays:
    """The default calendar's own answers; before a company has one, Monday to Friday without holidays."""

    def __init__(self) -> None:
        found = WorkingCalendar.objects.filter(is_default=True, archived_at=None).first()
        self._calendar = found or WorkingCalendar(pk=0, name="", region="", weekly=MONDAY_TO_FRIDAY)

    def is_working(self, day: dt.date) -> bool:
        return is_working_day(self._calendar, day)

    def after(self, day: dt.date, working_days: int) -> dt.date:
        """The day that is ``working_days`` working days later; 0 gives ``day`` or the next working day."""
        return add_working_days(self._calendar, day, working_days)
