"""What a plan would say if something outside it came earlier or later; nothing is written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from punctual.domain.plans.engine_plan import Scheduled, scheduled
from punctual.domain.plans.models import Plan
from punctual.domain.plans.results import line_dates_of
from punctual.domain.plans.state import Dates
from punctual.domain.plans.store import Stored, calendars_of


@dataclass(frozen=True)
class Outcome:
    """Dates of every task by its id, of every order line, and of the whole."""

    dates: Mapping[int, Dates]
    line_dates: Mapping[int, dt.date]
    planned_date: dt.date


class Forecast:
    """One plan, read once, scheduled as often as asked."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.stored = Stored(plan)
        self.calendars = calendars_of(plan, self.stored.state)
        self._known: dict[frozenset[tuple[int, dt.datetime | None]], Outcome] = {}

    def outcome(self, earliest: Mapping[int, dt.datetime | None]) -> Outcome:
        """With these earliest starts (task id → moment on the site's clock, None: free) instead of the stored ones."""
        asked = frozenset(earliest.items())
        if asked not in self._known:
            self._known[asked] = self._with(earliest)
        return self._known[asked]

    def _with(self, earliest: Mapping[int, dt.datetime | None]) -> Outcome:
        state = self.stored.state
        kept = {task_id: state.tasks[task_id].not_before for task_id in earliest if task_id in state.tasks}
        try:
            for task_id in kept:
                state.tasks[task_id].not_before = earliest[task_id]
            return self._outcome(scheduled(state, self.calendars))
        finally:
            for task_id, moment in kept.items():
                state.tasks[task_id].not_before = moment

    def free(self) -> Outcome:
        """Without any of them: when everything could begin if nothing from outside were waited for."""
        return self.outcome(dict.fromkeys(self.stored.state.tasks))

    def _outcome(self, result: Scheduled) -> Outcome:
        line_dates = line_dates_of(self.stored.state, result)
        return Outcome(result.dates, line_dates, max(line_dates.values(), default=result.finish.date()))
