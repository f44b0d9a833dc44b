"""Working calendars: a year of days, the weekly shifts, public holidays."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.calendars import selectors, services
from punctual.domain.calendars.models import CalendarException, WorkingCalendar
from punctual.domain.calendars.rules import FIRST_YEAR, LAST_YEAR, WEEKDAYS, CalendarFacts, ExceptionFacts
from punctual.domain.resources.selectors import resources
from punctual.flows.master_import import SUBJECTS
from punctual.flows.master_import.calendar_days import shifts_text
from punctual.flows.master_import.columns import exported
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.audit.services import story_of
from punctual.platform.sheets.writer import write_xlsx
from punctual.web.calendars.forms import DAY_NAMES, CalendarForm, DayForm
from punctual.web.calendars.grid import year_grid
from punctual.web.master.history import story
from punctual.web.master.pages import Crumb, actor_of, archive, edit, number


def _url(found: WorkingCalendar) -> str:
    return reverse("calendar", args=[found.pk])


def _year(request: HttpRequest) -> int:
    text = request.GET.get("year", "")
    year = int(text) if text.isascii() and text.isdecimal() else timezone.localdate().year
    return min(max(year, FIRST_YEAR), LAST_YEAR)


def calendar(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """A year of one calendar; without ``pk`` the company's."""
    actor = actor_of(request)
    require(actor, "calendars.read")
    every = list(selectors.calendars(actor, archived=True))
    chosen = selectors.get_calendar(actor, pk) if pk else next(iter(every), None)
    context = {
        "title": _("Calendars"),
        "calendars": [item for item in every if item.archived_at is None or item == chosen],
        "may_change": may(actor, "calendars.change"),
        "found": chosen,
    }
    if chosen is not None:
        context |= _about(request, actor, chosen)
    return render(request, "calendars/calendar.html", context)


def _about(request: HttpRequest, actor: User, found: WorkingCalendar) -> dict[str, Any]:
    year, today = _year(request), timezone.localdate()
    grid = year_grid(found, year)
    official = found.exceptions.filter(date__year=year, source="official").exists()
    chosen = parse_date(request.GET.get("day", "")) if _is_day(request.GET.get("day", "")) else None
    day = selectors.day(found, chosen) if chosen else None
    return {
        "year": year,
        "years": (year - 1, year + 1),
        "grid": grid,
        "today": today,
        "working_days": sum(month.working_days for month in grid),
        "weekday_names": DAY_NAMES,
        "week": [(name, shifts_text(found.weekly.get(key, ()))) for key, name in zip(WEEKDAYS, DAY_NAMES, strict=True)],
        "unpublished": selectors.unpublished_years(found, today),
        "is_official": official,
        "can_load": bool(found.region),
        "now_published": bool(found.region) and selectors.published(found.region, year) and not official,
        "day_form": _day_form(day),
        "chosen": chosen,
        "is_stored": day is not None and day.stored,
        "own_days": found.exceptions.filter(date__year=year, source="company"),
        "used_by": resources(actor).filter(calendar=found).count(),
        "story": story(story_of(found)[:30], [WorkingCalendar]),
        "archive_url": reverse("calendar_archive", args=[found.pk]),
        "edit_url": reverse("calendar_edit", args=[found.pk]),
    }


def _is_day(text: str) -> bool:
    try:
        return parse_date(text) is not None
    except ValueError:
        return False


def _day_form(day: Any) -> DayForm:
    if day is None:
        return DayForm(initial={"is_working": "0"})
    clock = [[f"{start // 60:02d}:{start % 60:02d}", f"{end // 60:02d}:{end % 60:02d}"] for start, end in day.shifts]
    return DayForm(
        initial={
            "date": day.date,
            "is_working": "1" if day.is_working else "0",
            "shifts": shifts_text(clock),
            "name": day.name,
        }
    )


@require_POST
def set_day(request: HttpRequest, pk: int) -> HttpResponse:
    """Let one day differ, or with ``normal`` follow the pattern again."""
    actor = actor_of(request)
    found = selectors.get_calendar(actor, pk)
    version = number(request, "version")
    if request.POST.get("normal"):
        day = parse_date(request.POST["date"]) if _is_day(request.POST.get("date", "")) else None
        if day is None:
            raise BadRequest("date")
        services.remove_exception(actor=actor, calendar_id=pk, date=day, expected_version=version)
    else:
        form = DayForm(request.POST)
        if not form.is_valid():
            messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
            return redirect(_url(found))
        facts = ExceptionFacts(**form.facts())
        day = facts.date
        services.set_exceptions(actor=actor, calendar_id=pk, days=[facts], expected_version=version)
    messages.success(request, _("Saved. Plans count with it from their next calculation."))
    return redirect(f"{_url(found)}?year={day.year}&day={day.isoformat()}")


@require_POST
def load_holidays(request: HttpRequest, pk: int) -> HttpResponse:
    """Store a year's public holidays."""
    year = number(request, "year")
    if year is None:
        raise BadRequest("year")
    services.load_holidays(
        actor=actor_of(request), calendar_id=pk, year=year, expected_version=number(request, "version")
    )
    messages.success(request, _("The public holidays of %(year)d are loaded.") % {"year": year})
    return redirect(f"{reverse('calendar', args=[pk])}?year={year}")


@require_POST
def make_default(request: HttpRequest, pk: int) -> HttpResponse:
    """Make it the company calendar."""
    services.make_company_calendar(actor=actor_of(request), calendar_id=pk, expected_version=number(request, "version"))
    messages.success(request, _("Saved."))
    return redirect("calendar", pk=pk)


def edit_calendar(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Make or change a calendar's name, region and weekly shifts."""
    actor = actor_of(request)
    found = selectors.get_calendar(actor, pk) if pk else None
    require(actor, "calendars.change")

    def save(facts: dict[str, Any], version: int | None) -> Model:
        if found is None:
            return services.create_calendar(actor=actor, facts=CalendarFacts(**facts))
        return services.change_calendar(
            actor=actor, calendar_id=found.pk, facts=CalendarFacts(**facts), expected_version=version
        )

    crumbs = [Crumb(reverse("calendars"), _("Calendars"))]
    if found:
        crumbs.append(Crumb(_url(found), found, is_data=True))
    day = ["08:00-12:00 13:00-17:00"] * 5 + ["", ""]
    fresh = {"region": "CN", **{f"day{key}": text for key, text in zip(WEEKDAYS, day, strict=True)}}
    return edit(
        request,
        CalendarForm(request.POST or None, initial=CalendarForm.initial_of(found) if found else fresh),
        save,
        title=_("Edit calendar") if found else _("New calendar"),
        crumbs=crumbs,
        back=_url(found) if found else reverse("calendars"),
        done=_url,
        wide={"name": "w2x", **{f"day{key}": "w2x" for key in WEEKDAYS}},
    )


@require_POST
def archive_calendar(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    return archive(
        request,
        archive=lambda version: services.archive_calendar(actor=actor, calendar_id=pk, expected_version=version),
        restore=lambda version: services.restore_calendar(actor=actor, calendar_id=pk, expected_version=version),
        done=reverse("calendar", args=[pk]),
    )


def export_days(request: HttpRequest) -> HttpResponse:
    """Every stored day of every calendar, as the import reads it back."""
    actor = actor_of(request)
    require(actor, "calendars.read")
    rows = CalendarException.objects.filter(calendar__in=selectors.calendars(actor)).select_related("calendar")
    columns, lines = exported(SUBJECTS["calendar-days"], actor, rows)
    content = write_xlsx(_("Days of calendars"), [_(column.label) for column in columns], lines)
    response = HttpResponse(content, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    stamp: dt.date = timezone.localdate()
    response["Content-Disposition"] = f'attachment; filename="calendar-days-{stamp.isoformat()}.xlsx"'
    return response
