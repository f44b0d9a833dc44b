"""Load of everybody in the current schedule, computed once a process, run and basis."""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from dataclasses import replace
from threading import Lock
from typing import Final

from punctual.domain.resources.models import Resource
from punctual.domain.scheduling.book import Book
from punctual.domain.scheduling.gathering import availability_of, scheduling_settings
from punctual.domain.scheduling.load import Basis, LoadRow, Loads, periods_of, starts_of, uses_of
from punctual.domain.scheduling.models import ScheduleRun
from punctual.domain.scheduling.selectors import axis_of, book_of, current_run, stamp_of
from punctual.flows.promise_at_entry import no_schedule
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require

_LOCK: Final = Lock()
_KEPT: Final[OrderedDict[tuple[str, str, int], Loads]] = OrderedDict()


def loads_of(actor: User, basis: Basis) -> tuple[Loads, ScheduleRun]:
    """Raises Refusal before the first run."""
    require(actor, "scheduling.view")
    run = current_run(actor)
    book = book_of(run) if run else None
    if run is None or book is None:
        raise no_schedule()
    return _loads(run, book, basis), run


def week_of(actor: User, today: dt.date) -> LoadRow | None:
    """Hours that the schedule gives the person on the days until this day next week, days off without work left out;
    None for whoever is no resource, and before the first run."""
    run = ScheduleRun.objects.filter(is_current=True).first()
    book = book_of(run) if run else None
    own = Resource.objects.filter(user=actor, archived_at=None).first()
    if run is None or book is None or own is None:
        return None
    loads = _loads(run, book, "scheduled")
    if own.pk not in loads.availability.staff:  # entered after the run
        return None
    periods = periods_of(loads.availability, today, 7, "day")
    row = loads.row(f"r:{own.pk}", own.name, own.kind, [own.pk], periods)
    return replace(row, cells=[cell for cell in row.cells if cell.capacity or cell.firm or cell.away])


def _loads(run: ScheduleRun, book: Book, basis: Basis) -> Loads:
    kept = scheduling_settings()
    key = (stamp_of(run), basis, kept.version)
    with _LOCK:
        found = _KEPT.get(key)
    if found is None:
        availability = availability_of(axis_of(book))
        uses = uses_of(book, availability, starts_of(book, basis))
        found = Loads(book, availability, uses, win=kept.win_percent / 100)
        with _LOCK:
            _KEPT[key] = found
            while len(_KEPT) > 4:
                _KEPT.popitem(last=False)
    return found
