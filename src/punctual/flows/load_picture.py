"""Load of everybody in the current schedule, computed once a process, run and basis."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Final

from punctual.domain.scheduling.gathering import availability_of, scheduling_settings
from punctual.domain.scheduling.load import Basis, Loads, starts_of, uses_of
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
    return found, run
