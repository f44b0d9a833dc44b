"""By which days tasks, phases and lines end, run by run."""

from __future__ import annotations

import numpy as np
import pytest

import scheduling
from punctual.domain.scheduling.axis import Axis
from punctual.domain.scheduling.gathering import company_axis
from punctual.domain.scheduling.task_ends import Branch, line_days, task_days

pytestmark = pytest.mark.django_db
TOP, PHASE, FIRST, SECOND, COMMON = 1, 2, 3, 4, 5
BRANCHES = {
    TOP: Branch(None, None, 7),
    PHASE: Branch(TOP, None, 7),
    FIRST: Branch(PHASE, 10, 7),
    SECOND: Branch(PHASE, 20, 7),
    COMMON: Branch(TOP, None, 7),
}


def slots(axis: Axis, *days: int) -> np.ndarray:
    """Ends on the ``days``-th worked days from today."""
    return np.array([axis.days[day][2] for day in days], dtype=np.int64)


def test_a_phase_ends_with_its_last_task_in_each_run_which_is_later_than_each_of_them_alone() -> None:
    axis = company_axis(scheduling.TODAY)
    days = [day for day, _first, _after in axis.days]
    ends = {
        FIRST: slots(axis, 2, 8, 2, 8, 2, 8, 2, 8, 2, 8),
        SECOND: slots(axis, 8, 2, 8, 2, 8, 2, 8, 2, 8, 2),
        COMMON: slots(axis, *([1] * 10)),
    }
    found = task_days(ends, BRANCHES, axis)
    assert found[FIRST] == found[SECOND] == (days[2], days[8])
    assert found[PHASE] == (days[8], days[8]), "one of the two is late in every run"
    assert found[TOP] == found[PHASE]
    assert found[COMMON] == (days[1], days[1])


def test_a_line_is_delivered_by_what_delivers_it_and_what_delivers_every_line() -> None:
    """Installing and accepting follow the delivery; they are not the line's days, as they are not the order's."""
    axis = company_axis(scheduling.TODAY)
    days = [day for day, _first, _after in axis.days]
    installs = 6
    ends = {FIRST: slots(axis, *range(10)), COMMON: slots(axis, *([6] * 10)), installs: slots(axis, *([9] * 10))}
    branches = BRANCHES | {installs: Branch(PHASE, 10, 7), 7: Branch(None, 30, 8)}
    assert line_days(ends, branches, axis) == {7: {10: (days[9], days[9])}}, "nothing is marked: the last of all"
    branches |= {FIRST: Branch(PHASE, 10, 7, delivers=True)}
    assert line_days(ends, branches, axis) == {7: {10: (days[4], days[7])}}
    branches |= {COMMON: Branch(TOP, None, 7, delivers=True)}
    assert line_days(ends, branches, axis) == {7: {10: (days[6], days[7]), 20: (days[6], days[6])}}
    del ends[FIRST], ends[COMMON]
    assert line_days(ends, branches, axis) == {}, "delivered; only the installation is open"
    assert task_days({}, BRANCHES, axis) == {}
