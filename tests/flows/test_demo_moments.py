"""The demo company's past lies in the past, on whatever day somebody builds it."""

from __future__ import annotations

import datetime as dt

import pytest

import planning
from punctual.flows.demo.customers import Clockwork

SUNDAY = dt.date(2026, 11, 29)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("day", "found"),
    [
        (dt.date(2026, 11, 28), dt.date(2026, 11, 27)),  # the Saturday before: Monday is still to come
        (dt.date(2026, 11, 21), dt.date(2026, 11, 23)),
        (dt.date(2026, 11, 26), dt.date(2026, 11, 26)),
        (dt.date(2026, 12, 5), dt.date(2026, 12, 7)),
    ],
)
def test_a_day_off_becomes_the_next_working_day_unless_that_is_still_to_come(day: dt.date, found: dt.date) -> None:
    planning.company_calendar()
    assert Clockwork(SUNDAY).moment(day, 15).date() == found
