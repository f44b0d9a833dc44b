"""Tables that turn wall-clock minutes into working minutes and back without stepping through days.

Wall-clock time is an integer: minutes since 1984-01-01 00:00, local, every day 1,440 long. Working time of a
calendar is the number of working minutes since then. With ``cumulative[d]`` the working minutes before day ``d`` and
``pattern[d]`` the kind of day it is, both directions are look-ups:

    W(t)      = cumulative[t // 1440] + worked_by[pattern[t // 1440], t % 1440]
    start(w)  = 1440 · d + minute_of[pattern[d], w - cumulative[d]]      with cumulative[d] ≤ w < cumulative[d + 1]
    finish(w) = start(w - 1) + 1

``start(w)`` is where working minute ``w`` begins (next morning 08:00), ``finish(w)`` where ``w`` minutes are done
(evening 17:00): the same working instant, two places on the clock. They are adjoint to W:
``finish(w) ≤ t ⇔ w ≤ W(t)`` and ``W(t) ≤ w ⇔ t ≤ start(w)``; on that the backward pass rests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from punctual.engine.daypattern import DAY, Shifts, worked
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_

EPOCH: Final = datetime(1984, 1, 1)  # noqa: DTZ001 - wall-clock time of the plan has no zone
"""Minute 0 of wall-clock and working time; a Sunday."""

FIRST_HORIZON: Final = 66 * 365 + 17
"""Days covered at first: to the end of 2049. Grows once to LAST_HORIZON where a plan needs it."""

LAST_HORIZON: Final = (date(2200, 1, 1) - EPOCH.date()).days
"""Days covered at most: to the end of 2199."""

BUCKET: Final = 512
"""Working minutes a step of the inverse index."""

MAX_PATTERNS: Final = 4000

Minutes = NDArray[np.int64]


def wall_minutes(moment: datetime) -> int:
    """Wall-clock minutes of a naive local time since 1984-01-01; seconds are dropped.

    Raises Refusal when it carries a zone or lies outside 1984…2199.
    """
    if moment.tzinfo is not None:
        raise Refusal(
            Reason(
                code="calendar.zone",
                text=N_("%(moment)s carries a time zone; planning times are local to the plan: leave the zone away"),
                params={"moment": moment.isoformat()},
            )
        )
    delta = moment - EPOCH
    if not 0 <= delta.days < LAST_HORIZON:
        raise outside(moment.isoformat(timespec="minutes"))
    return delta.days * DAY + delta.seconds // 60


def moment_of(wall: int) -> datetime:
    """The naive local time of wall-clock minutes."""
    return EPOCH + timedelta(minutes=int(wall))


def outside(what: str) -> Refusal:
    """The refusal for a time the engine does not plan in."""
    return Refusal(
        Reason(
            code="calendar.outside_horizon",
            text=N_("%(what)s lies outside the years 1984 to 2199 that can be planned; check the date or the duration"),
            params={"what": what},
        )
    )


@dataclass(frozen=True, eq=False)
class DayTables:
    """One calendar over ``days`` days from 1984-01-01 on.

    ``patterns``    the different kinds of day that occur (shifts within 0…1440).
    ``pattern``     int32[days], which kind each day is.
    ``cumulative``  int64[days + 1], working minutes before each day.
    """

    patterns: tuple[Shifts, ...]
    pattern: NDArray[np.int32]
    cumulative: Minutes

    @staticmethod
    def build(patterns: Sequence[Shifts], pattern: Minutes) -> DayTables:
        """From kinds of day and a kind a day; kinds that do not occur are dropped."""
        used, inverse = np.unique(pattern, return_inverse=True)
        if len(used) > MAX_PATTERNS:
            raise Refusal(
                Reason(
                    code="calendar.too_many_patterns",
                    text=N_("a calendar with %(count)s different kinds of day is not usable; at most %(most)s are"),
                    params={"count": len(used), "most": MAX_PATTERNS},
                )
            )
        kinds = tuple(patterns[i] for i in used)
        index: NDArray[np.int32] = inverse.astype(np.int32)
        minutes = np.array([worked(kind) for kind in kinds], dtype=np.int64)
        cumulative = np.zeros(len(index) + 1, dtype=np.int64)
        np.cumsum(minutes[index], out=cumulative[1:])
        return DayTables(kinds, index, cumulative)

    @property
    def days(self) -> int:
        return len(self.pattern)

    @cached_property
    def total(self) -> int:
        """Working minutes of the whole horizon."""
        return int(self.cumulative[-1])

    @cached_property
    def worked_by(self) -> NDArray[np.int16]:
        """int16[kinds, 1441]: minutes worked from midnight to the minute of the day."""
        return worked_by_table(self.patterns)

    @cached_property
    def minute_of(self) -> NDArray[np.int16]:
        """int16[kinds, 1440]: minute of the day at which the k-th working minute begins."""
        return minute_of_table(self.patterns)

    def working(self, wall: Minutes) -> Minutes:
        """W(t) for wall-clock minutes within the horizon (any shape)."""
        day, minute = np.divmod(wall, DAY)
        result: Minutes = self.cumulative[day] + self.worked_by[self.pattern[day], minute]
        return result

    def working_at(self, wall: int) -> int:
        """W(t) of one moment: numpy's way through arrays of one element takes five times as long."""
        day, minute = divmod(wall, DAY)
        return int(self.cumulative[day]) + int(self.worked_by[self.pattern[day], minute])

    def start_at(self, working: int) -> int:
        """:meth:`start` of one working minute."""
        day = int(self.cumulative.searchsorted(working, side="right")) - 1
        return day * DAY + int(self.minute_of[self.pattern[day], working - int(self.cumulative[day])])

    def start(self, working: Minutes) -> Minutes:
        """Wall-clock minutes at which the working minutes begin; 0 ≤ working < total."""
        day = np.searchsorted(self.cumulative, working, side="right") - 1
        result: Minutes = day * DAY + self.minute_of[self.pattern[day], working - self.cumulative[day]]
        return result

    def finish(self, working: Minutes) -> Minutes:
        """Wall-clock minutes at which so many working minutes are done; 0 < working ≤ total."""
        return self.start(working - 1) + 1

    @cached_property
    def working_days(self) -> Minutes:
        """int64[working days + 1, 3]: working minutes before the day, wall-clock minutes before it, kind of day.

        Closed by a row of ``total`` and the end of the horizon."""
        day = np.flatnonzero(np.diff(self.cumulative))
        rows = np.column_stack([self.cumulative[day], day * DAY, self.pattern[day]])
        return np.concatenate([rows, [[self.total, self.days * DAY, 0]]]).astype(np.int64)

    @cached_property
    def bucket(self) -> NDArray[np.int32]:
        """int32[total // 512 + 2]: a row of ``working_days`` at or before the one that holds working minute 512·i."""
        marks = np.arange(self.total // BUCKET + 2, dtype=np.int64) * BUCKET
        day = np.searchsorted(self.working_days[:, 0], marks, side="right") - 1
        return np.maximum(day, 0).astype(np.int32)


def worked_by_table(patterns: Sequence[Shifts]) -> NDArray[np.int16]:
    """See :attr:`DayTables.worked_by`."""
    table = np.zeros((max(1, len(patterns)), DAY + 1), dtype=np.int16)
    for row, shifts in enumerate(patterns):
        for start, end in shifts:
            table[row, start + 1 : end + 1] = 1
    return np.cumsum(table, axis=1, dtype=np.int16)


def minute_of_table(patterns: Sequence[Shifts]) -> NDArray[np.int16]:
    """See :attr:`DayTables.minute_of`; unused places hold 0."""
    table = np.zeros((max(1, len(patterns)), DAY), dtype=np.int16)
    for row, shifts in enumerate(patterns):
        if shifts:
            minutes = np.concatenate([np.arange(start, end) for start, end in shifts])
            table[row, : len(minutes)] = minutes
    return table
