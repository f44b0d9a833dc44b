"""Days of calendars in sheets: holidays, make-up days and other exceptions, one row each."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable

from punctual.domain.calendars.models import CalendarException
from punctual.domain.calendars.rules import ExceptionFacts
from punctual.domain.calendars.selectors import calendars, company_calendar
from punctual.domain.calendars.services import set_exceptions
from punctual.flows.master_import.columns import ImportColumn, MasterImport, Outcome, Shape, Values, unknown
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User

_GAP = re.compile(r"[\s,;，；、]+")


def shifts_in(text: str) -> list[tuple[str, ...]]:
    """``08:00-12:00 13:00-17:00`` → pairs; what is no shift comes through for the rules to name."""
    return [tuple(part.replace("–", "-").split("-")) for part in _GAP.split(text.strip()) if part]


def shifts_text(shifts: Iterable[Iterable[str]]) -> str:
    return " ".join("-".join(shift) for shift in shifts)


def _save(actor: User, values: Values, today: dt.date) -> Outcome:
    text = str(values.get("calendar", "")).lower()
    found = company_calendar() if not text else None
    for calendar in calendars(actor) if text else ():
        if text in {calendar.code.lower(), calendar.name.lower()}:
            found = calendar
    if found is None:
        raise unknown("calendar", N_("There is no calendar “%(value)s”; use its code or name."), values["calendar"])
    day = ExceptionFacts(
        values["date"], values["is_working"], shifts_in(values.get("shifts", "")), values.get("name", "")
    )
    kept = found.exceptions.filter(date=day.date).first()
    same = kept is not None and (kept.is_working, kept.name, [tuple(shift) for shift in kept.shifts]) == (
        day.is_working,
        day.name,
        list(day.shifts),
    )
    if same:
        return Outcome.UNCHANGED
    set_exceptions(actor=actor, calendar_id=found.pk, days=[day])
    return Outcome.CHANGED if kept else Outcome.CREATED


def _records(found: CalendarException) -> Iterable[Values]:
    """``found`` comes with its calendar."""
    yield {
        "calendar": found.calendar.code,
        "date": found.date,
        "is_working": int(found.is_working),
        "shifts": shifts_text(found.shifts),
        "name": found.name,
    }


CALENDAR_DAYS = MasterImport(
    name="calendar-days",
    label=N_("Days of calendars"),
    permission="calendars.change",
    key=("date", "calendar"),
    columns=(
        ImportColumn("calendar", N_("Calendar"), ("日历", "日历编号")),
        ImportColumn("date", N_("Date"), ("日子", "day"), Shape.DAY, required=True),
        ImportColumn("is_working", N_("Working day"), ("上班", "是否上班", "working"), Shape.YES_NO, required=True),
        ImportColumn("shifts", N_("Shifts"), ("时间", "班次时间")),
        ImportColumn("name", N_("Name"), ("假日", "说明", "holiday")),
    ),
    save=_save,
    records=_records,
)
