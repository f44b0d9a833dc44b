"""Working days of the company's calendars."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punctual.domain.calendars import selectors, services
from punctual.domain.calendars.rules import CalendarFacts, CalendarTable, DayException, DayKind, ExceptionFacts
from punctual.kernel.refusal import Conflict, Forbidden, Refusal
from punctual.platform.accounts.models import User

OFFICE = [["08:00", "12:00"], ["13:00", "17:00"]]
FIVE_DAYS = dict.fromkeys("12345", OFFICE)
SHIFTS = ((480, 720), (780, 1020))
CHINA = CalendarTable((SHIFTS,) * 5 + ((), ()), region="CN")
DAYS = st.dates(dt.date(2019, 1, 1), dt.date(2032, 12, 31))


def facts(**given: object) -> CalendarFacts:
    return CalendarFacts(**{"code": "CO5", "name": "公司五天", "weekly": FIVE_DAYS, **given})  # type: ignore[arg-type]


def test_a_chinese_make_up_saturday_is_worked_as_a_normal_day() -> None:
    day = CHINA.day(dt.date(2026, 10, 10))
    assert (day.kind, day.shifts, day.minutes) == (DayKind.MAKE_UP, SHIFTS, 480)


def test_national_day_is_free_and_named() -> None:
    day = CHINA.day(dt.date(2026, 10, 1))
    assert (day.kind, day.is_working, day.name) == (DayKind.HOLIDAY, False, "国庆节")


def test_days_of_a_year_without_notice_are_estimated() -> None:
    assert CHINA.day(dt.date(2027, 2, 9)).estimated
    assert not CHINA.day(dt.date(2026, 2, 17)).estimated


def test_a_company_day_wins_over_the_public_one() -> None:
    day = dt.date(2026, 10, 7)
    table = CalendarTable(CHINA.week, {day: DayException(True, ((480, 720),), "赶工")}, "CN")
    assert (table.day(day).kind, table.day(day).minutes) == (DayKind.COMPANY_WORK, 240)


def test_counting_over_the_spring_festival_skips_it() -> None:
    # 2026-02-14 (Saturday) is worked; the festival is free from the 15th to the 23rd.
    assert CHINA.add(dt.date(2026, 2, 13), 1) == dt.date(2026, 2, 14)
    assert CHINA.add(dt.date(2026, 2, 14), 1) == dt.date(2026, 2, 24)
    assert CHINA.add(dt.date(2026, 2, 24), -1) == dt.date(2026, 2, 14)
    assert CHINA.between(dt.date(2026, 2, 13), dt.date(2026, 2, 24)) == 2


@given(DAYS, st.integers(-700, 700))
def test_adding_days_and_counting_them_agree(start: dt.date, days: int) -> None:
    end = CHINA.add(start, days)
    assert end is not None
    assert CHINA.is_working_day(end)
    if days > 0 or (days < 0 and CHINA.is_working_day(start)):
        assert CHINA.between(start, end) == days


@given(DAYS, DAYS)
def test_counting_agrees_with_looking_at_every_day(first: dt.date, last: dt.date) -> None:
    low, high = min(first, last), min(max(first, last), min(first, last) + dt.timedelta(days=400))
    looked = sum(CHINA.day(low + dt.timedelta(days=n)).is_working for n in range(1, (high - low).days + 1))
    assert CHINA.between(low, high) == looked
    assert CHINA.between(high, low) == -looked


def test_a_calendar_without_working_day_ends_the_search() -> None:
    assert CalendarTable(((),) * 7).add(dt.date(2026, 1, 1), 5) is None


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"code": ""}, "calendar.code.missing"),
        ({"code": "A B"}, "calendar.code.form"),
        ({"name": "x" * 81}, "calendar.name.too_long"),
        ({"region": "ZZ"}, "calendar.region.unknown"),
        ({"weekly": {}}, "calendar.weekly.missing"),
        ({"weekly": {"8": OFFICE}}, "calendar.weekly.weekday"),
        ({"weekly": {"1": [["8 Uhr", "12:00"]]}}, "calendar.shift.form"),
        ({"weekly": {"1": [["08:00", "12:00"], ["11:00", "13:00"]]}}, "calendar.shift.overlap"),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused(
    person: Callable[[str], User], wish: dict[str, object], code: str
) -> None:
    with pytest.raises(Refusal) as refusal:
        services.create_calendar(actor=person("planner"), facts=facts(**wish))
    assert code in refusal.value.codes
    assert not selectors.calendars(person("planner")).exists()


def test_sales_may_not_change_a_calendar(person: Callable[[str], User]) -> None:
    with pytest.raises(Forbidden):
        services.create_calendar(actor=person("sales"), facts=facts())


def test_the_first_calendar_is_the_company_calendar_until_another_is_made_it(person: Callable[[str], User]) -> None:
    planner = person("planner")
    first = services.create_calendar(actor=planner, facts=facts())
    second = services.create_calendar(actor=planner, facts=facts(code="CO6"))
    assert selectors.company_calendar() == first
    with pytest.raises(Refusal):
        services.archive_calendar(actor=planner, calendar_id=first.pk, expected_version=1)
    services.make_company_calendar(actor=planner, calendar_id=second.pk, expected_version=1)
    assert selectors.company_calendar() == second


def test_a_stale_version_is_a_conflict_and_changes_nothing(person: Callable[[str], User]) -> None:
    planner = person("planner")
    found = services.create_calendar(actor=planner, facts=facts())
    services.change_calendar(actor=planner, calendar_id=found.pk, facts=facts(name="五天"), expected_version=1)
    with pytest.raises(Conflict) as conflict:
        services.change_calendar(actor=planner, calendar_id=found.pk, facts=facts(name="六天"), expected_version=1)
    assert conflict.value.current_version == 2
    assert selectors.get_calendar(planner, found.pk).name == "五天"


def test_a_changed_day_counts_at_once(person: Callable[[str], User]) -> None:
    planner = person("planner")
    found = services.create_calendar(actor=planner, facts=facts())
    monday = dt.date(2026, 11, 23)
    assert selectors.is_working_day(found, monday)
    found = services.set_exceptions(
        actor=planner, calendar_id=found.pk, days=[ExceptionFacts(monday, False, name="停电")]
    )
    assert not selectors.is_working_day(found, monday)
    found = services.remove_exception(actor=planner, calendar_id=found.pk, date=monday)
    assert selectors.is_working_day(found, monday)


def test_loading_a_year_keeps_the_company_days(person: Callable[[str], User]) -> None:
    planner = person("planner")
    found = services.create_calendar(actor=planner, facts=facts())
    services.set_exceptions(
        actor=planner, calendar_id=found.pk, days=[ExceptionFacts(dt.date(2026, 10, 1), True, name="抢装")]
    )
    found = services.load_holidays(actor=planner, calendar_id=found.pk, year=2026)
    found = services.load_holidays(actor=planner, calendar_id=found.pk, year=2026)
    assert selectors.is_working_day(found, dt.date(2026, 10, 1))
    assert not selectors.is_working_day(found, dt.date(2026, 10, 2))
    assert selectors.is_working_day(found, dt.date(2026, 10, 10))


def test_next_year_without_notice_is_told(person: Callable[[str], User]) -> None:
    planner = person("planner")
    found = services.create_calendar(actor=planner, facts=facts())
    assert selectors.unpublished_years(found, dt.date(2026, 11, 23)) == [2027]
    found = services.load_holidays(actor=planner, calendar_id=found.pk, year=2027)
    assert selectors.unpublished_years(found, dt.date(2026, 11, 23)) == [2027]


def test_the_engine_counts_the_same_days(person: Callable[[str], User]) -> None:
    found = services.create_calendar(actor=person("planner"), facts=facts())
    first, last = dt.date(2026, 1, 1), dt.date(2027, 12, 31)
    ours = selectors.engine_calendar(found, first, last)
    assert ours is selectors.engine_calendar(found, first, last)
    minutes = ours.work_between(dt.datetime(2026, 1, 1), dt.datetime(2028, 1, 1))  # noqa: DTZ001
    intervals = selectors.working_intervals(found, first, last)
    assert minutes == sum(end - start for start, end in intervals)
