"""When the demo company works: the office five days, assembly six, machines in two shifts around the year."""

from __future__ import annotations

import datetime as dt
from typing import Final

from punctual.domain.calendars.rules import CalendarFacts, ExceptionFacts
from punctual.domain.calendars.services import create_calendar, load_holidays, set_exceptions
from punctual.flows.demo.people import demo_user
from punctual.platform.accounts.models import Role

DAY_SHIFT: Final = (("08:00", "12:00"), ("13:00", "17:00"))
TWO_SHIFTS: Final = (("08:00", "16:00"), ("16:00", "24:00"))
CALENDARS: Final = (
    CalendarFacts("CO5", "公司 五天 8 h", "CN", dict.fromkeys("12345", DAY_SHIFT)),
    CalendarFacts("ASM6", "装配班 六天", "CN", dict.fromkeys("123456", DAY_SHIFT)),
    CalendarFacts("MC2", "机床 两班（全年）", "", dict.fromkeys("1234567", TWO_SHIFTS)),
)


def build_calendars(today: dt.date) -> None:
    """The three calendars with the holidays of last, this and next year and one day without power."""
    admin = demo_user(Role.ADMINISTRATOR)
    for facts in CALENDARS:
        found = create_calendar(actor=admin, facts=facts)
        if facts.region:
            for year in (today.year - 1, today.year, today.year + 1):
                load_holidays(actor=admin, calendar_id=found.pk, year=year)
        outage = _monday(dt.date(today.year + 1, 2, 1))
        day = ExceptionFacts(outage, is_working=False, name="停电检修")
        set_exceptions(actor=admin, calendar_id=found.pk, days=[day])


def _monday(day: dt.date) -> dt.date:
    """The day itself or the next Monday."""
    return day + dt.timedelta(days=-day.weekday() % 7)
