"""Calendars: what is refused, what a working minute is, and the tables against plain counting."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from punctual.engine.calendars import ALL_DAY, CalendarException, OtherWeek, WorkCalendar
from punctual.kernel.refusal import Refusal

MONDAY = datetime(2026, 1, 5)
STANDARD = WorkCalendar.standard()


def test_every_fault_of_a_calendar_is_told_at_once() -> None:
    with pytest.raises(Refusal) as refused:
        WorkCalendar.from_data(
            {
                "name": "Works",
                "week": {"mon": ["8-3"], "tue": ["08:00-12:00", "11:00-13:00"], "someday": []},
                "exceptions": [{"from": "2026-13-01"}, {"from": "2026-02-02", "to": "2026-02-01"}],
            }
        )
    assert refused.value.codes == {
        "calendar.unreadable_shift",
        "calendar.shifts_overlap",
        "calendar.unknown_weekday",
        "calendar.exception_dates",
    }
    assert len(refused.value.reasons) == 5


@pytest.mark.parametrize("moment", [datetime(1983, 12, 31, 12), datetime(2200, 1, 1), datetime(2026, 1, 5, tzinfo=UTC)])
def test_a_time_outside_the_horizon_or_with_a_zone_is_refused(moment: datetime) -> None:
    with pytest.raises(Refusal):
        STANDARD.to_minutes(moment)


def test_more_work_than_two_centuries_hold_is_refused() -> None:
    with pytest.raises(Refusal):
        STANDARD.add_work(MONDAY, 60_000_000)


def test_a_calendar_without_any_work_is_refused_when_work_is_asked_of_it() -> None:
    with pytest.raises(Refusal):
        WorkCalendar("never", week=((),) * 7).add_work(MONDAY, 1)


def test_the_evening_and_the_next_morning_are_the_same_working_instant() -> None:
    friday, monday = datetime(2026, 1, 9, 17), datetime(2026, 1, 12, 8)
    minutes = STANDARD.to_minutes(friday)
    assert STANDARD.to_minutes(monday) == minutes == STANDARD.to_minutes(datetime(2026, 1, 10, 13, 7))
    assert STANDARD.to_datetime_finish(minutes) == friday
    assert STANDARD.to_datetime_start(minutes) == monday


def test_work_added_ends_in_the_evening_and_taken_away_begins_in_the_morning() -> None:
    assert STANDARD.add_work(MONDAY.replace(hour=8), 480) == MONDAY.replace(hour=17)
    assert STANDARD.add_work(datetime(2026, 1, 6, 8), -480) == MONDAY.replace(hour=8)
    assert STANDARD.add_work(datetime(2026, 1, 10), 0) == datetime(2026, 1, 12, 8)


def test_holidays_and_make_up_days_win_over_the_week_and_the_first_exception_over_the_next() -> None:
    works = WorkCalendar.from_data(
        {
            "week": {day: ["08:00-12:00", "13:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")},
            "exceptions": [
                {"from": "2026-02-18", "shifts": ["09:00-10:00"]},
                {"from": "2026-02-16", "to": "2026-02-23"},
                {"from": date(2026, 2, 14), "shifts": ["08:00-17:00"], "name": "make-up day"},
            ],
        }
    )
    assert works.is_working_day(date(2026, 2, 14))
    assert not works.is_working_day(date(2026, 2, 23))
    assert works.shifts_on(date(2026, 2, 18)) == ((540, 600),)
    assert works.work_between(datetime(2026, 2, 14), datetime(2026, 2, 24)) == 540 + 60


def test_a_night_shift_belongs_to_the_day_it_begins_and_is_worked_on_the_next() -> None:
    nights = WorkCalendar.from_data({"week": {"fri": ["22:00-06:00"]}})
    assert nights.shifts_on(date(2026, 1, 9)) == ((1320, 1440),)
    assert nights.shifts_on(date(2026, 1, 10)) == ((0, 360),)
    assert nights.add_work(datetime(2026, 1, 9, 12), 480) == datetime(2026, 1, 10, 6)


def test_other_weeks_hold_for_their_time_only() -> None:
    summer = OtherWeek(date(2026, 7, 1), date(2026, 8, 31), (((420, 900),),) * 5 + (None, None))
    works = WorkCalendar("works", weeks=(summer,))
    assert works.shifts_on(date(2026, 7, 1)) == ((420, 900),)
    assert works.shifts_on(date(2026, 7, 4)) == ()
    assert works.shifts_on(date(2026, 9, 1)) == ((480, 720), (780, 1020))


def test_task_and_resource_calendar_work_together_only_where_both_do() -> None:
    late = WorkCalendar("late", week=(((840, 1320),),) * 7)
    both = STANDARD.intersect(late)
    assert both.shifts_on(date(2026, 1, 5)) == ((840, 1020),)
    assert not both.is_working_day(date(2026, 1, 10))
    assert STANDARD.unite(late).shifts_on(date(2026, 1, 5)) == ((480, 720), (780, 1320))


def test_minutes_that_the_clock_skips_are_no_working_time_where_a_zone_is_given() -> None:
    berlin = WorkCalendar("berlin", week=(ALL_DAY,) * 7, zone="Europe/Berlin")
    assert berlin.shifts_on(date(2026, 3, 29)) == ((0, 120), (180, 1440))
    assert berlin.shifts_on(date(2026, 10, 25)) == ALL_DAY
    assert WorkCalendar.around_the_clock().shifts_on(date(2026, 3, 29)) == ALL_DAY


shift_lists = st.lists(st.integers(0, 1440), min_size=0, max_size=6, unique=True).map(
    lambda marks: tuple(zip(sorted(marks)[::2], sorted(marks)[1::2], strict=False))
)
calendars = st.builds(
    lambda week, days: WorkCalendar(
        "c", week=tuple(week), exceptions=tuple(CalendarException(d, d, s) for d, s in days.items())
    ),
    st.lists(shift_lists, min_size=7, max_size=7),
    st.dictionaries(st.dates(date(2026, 1, 1), date(2026, 1, 20)), shift_lists, max_size=4),
)


def _counted(calendar: WorkCalendar, first: datetime, last: datetime) -> int:
    """Plain counting: a minute is worked when one of its day's shifts holds it."""
    count = 0
    while first < last:
        minute = first.hour * 60 + first.minute
        count += any(start <= minute < end for start, end in calendar.shifts_on(first.date()))
        first += timedelta(minutes=1)
    return count


@settings(max_examples=25, deadline=None)
@given(calendars, st.integers(0, 7200), st.integers(0, 5000))
def test_the_tables_agree_with_counting_minutes(calendar: WorkCalendar, offset: int, length: int) -> None:
    first = datetime(2026, 1, 2) + timedelta(minutes=offset)
    last = first + timedelta(minutes=length)
    assert calendar.work_between(first, last) == _counted(calendar, first, last)


@settings(max_examples=60, deadline=None)
@given(calendars, st.integers(0, 20_000), st.integers(-3000, 3000))
def test_start_and_finish_are_the_two_inverses_of_working_time(calendar: WorkCalendar, offset: int, shift: int) -> None:
    moment = datetime(2026, 1, 2) + timedelta(minutes=offset)
    work = calendar.to_minutes(moment) + shift
    if not any(calendar.week):
        return
    start, finish = calendar.to_datetime_start(work), calendar.to_datetime_finish(work)
    assert calendar.to_minutes(start) == calendar.to_minutes(finish) == work
    assert finish <= start
    assert (finish <= moment) == (work <= calendar.to_minutes(moment))
    assert (moment <= start) == (calendar.to_minutes(moment) <= work)


@settings(max_examples=25, deadline=None)
@given(calendars, st.lists(st.integers(0, 100_000), min_size=1, max_size=20))
def test_arrays_give_what_single_times_give(calendar: WorkCalendar, offsets: list[int]) -> None:
    if not any(calendar.week):
        return
    moments = [datetime(2026, 1, 2) + timedelta(minutes=offset) for offset in offsets]
    minutes = calendar.to_minutes_array(np.array(moments, dtype="datetime64[m]"))
    assert minutes.tolist() == [calendar.to_minutes(moment) for moment in moments]
    assert calendar.to_datetime_start_array(minutes).tolist() == [calendar.to_datetime_start(m) for m in minutes]
    assert calendar.to_datetime_finish_array(minutes).tolist() == [calendar.to_datetime_finish(m) for m in minutes]
