"""The arithmetic of response times: working time only, standing while we wait, over holidays, make-up days, DST."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from punctual.domain.customer_relations.clock import Clock, Level, by_day, due, read, used, wall
from punctual.domain.customer_relations.rules import Terms, times
from punctual.engine.calendars import CalendarException, WorkCalendar

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
SIX_DAYS = WorkCalendar.from_data(
    {
        "name": "works",
        "week": {
            **{day: ["08:00-12:00", "13:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri")},
            "sat": ["08:00-12:00"],
        },
    }
)
AROUND = WorkCalendar.around_the_clock()
NIGHTS = WorkCalendar.from_data(
    {"name": "nights", "week": {day: ["22:00-06:00"] for day in ("mon", "wed", "fri", "sat")}}
)
HOLIDAYS = SIX_DAYS.with_exceptions(
    [
        CalendarException(dt.date(2026, 10, 1), dt.date(2026, 10, 7), (), "National Day"),
        CalendarException(dt.date(2026, 10, 11), dt.date(2026, 10, 11), ((480, 1020),), "make-up day"),
    ]
)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone)


def test_a_weekend_does_not_count_but_a_worked_saturday_morning_does() -> None:
    clock = Clock(240, at("2026-11-20T16:10"))  # a Friday
    now = at("2026-11-23T08:10")
    assert used(SIX_DAYS, clock, now=now, zone=SHANGHAI) == 110 + 240 + 10
    assert [minutes for _day, minutes in by_day(SIX_DAYS, clock, now=now, zone=SHANGHAI)] == [110, 240, 10]
    assert read(SIX_DAYS, clock, now=now, zone=SHANGHAI).level is Level.ESCALATED


def test_a_holiday_week_stands_still_and_the_make_up_day_counts() -> None:
    clock = Clock(24 * 60, at("2026-09-30T17:00"))
    # 60 minutes on 30 September, nothing until 8 October; 9 h each on Thu and Fri, 4 h on Sat, then the make-up Sunday
    assert due(HOLIDAYS, clock, now=at("2026-09-30T17:00"), zone=SHANGHAI) == at("2026-10-11T09:00")
    assert used(HOLIDAYS, clock, now=at("2026-10-08T07:59"), zone=SHANGHAI) == 60


def test_while_we_wait_for_the_customer_nothing_runs_and_there_is_no_due_day() -> None:
    clock = Clock(240, at("2026-11-23T08:00"), ((at("2026-11-23T09:00"), None),))
    later = at("2026-12-01T17:00")
    assert used(SIX_DAYS, clock, now=later, zone=SHANGHAI) == 60
    assert due(SIX_DAYS, clock, now=later, zone=SHANGHAI) is None
    assert read(SIX_DAYS, clock, now=later, zone=SHANGHAI).paused


def test_a_pause_moves_the_due_day_by_the_working_time_it_took() -> None:
    clock = Clock(240, at("2026-11-23T08:00"), ((at("2026-11-23T09:00"), at("2026-11-24T09:00")),))
    assert due(SIX_DAYS, clock, now=at("2026-11-24T09:00"), zone=SHANGHAI) == at("2026-11-24T12:00")


def test_a_pause_after_the_limit_moves_nothing() -> None:
    clock = Clock(60, at("2026-11-23T08:00"), ((at("2026-11-23T10:00"), at("2026-11-23T11:00")),))
    assert due(SIX_DAYS, clock, now=at("2026-11-23T11:00"), zone=SHANGHAI) == at("2026-11-23T09:00")


def test_an_answer_stops_the_clock() -> None:
    clock = Clock(240, at("2026-11-23T08:00"), stopped=at("2026-11-23T10:00"))
    reading = read(SIX_DAYS, clock, now=at("2026-12-23T10:00"), zone=SHANGHAI)
    assert (reading.used, reading.due, reading.running, reading.breached) == (120, None, False, False)


def test_the_hour_that_is_shown_twice_counts_once() -> None:
    # 25 October 2026, 03:00 → 02:00 in Berlin: 24 h pass on the clock of the wall, 25 h in truth.
    clock = Clock(10_000, at("2026-10-25T00:00", BERLIN))
    assert used(AROUND, clock, now=at("2026-10-26T00:00", BERLIN), zone=BERLIN) == 24 * 60
    second = dt.datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1)
    assert wall(second, BERLIN) == dt.datetime.fromisoformat("2026-10-25T03:00")


moments = st.integers(0, 60 * 24 * 500).map(lambda m: dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=m))
calendars = st.sampled_from([SIX_DAYS, HOLIDAYS, NIGHTS, AROUND])
zones = st.sampled_from([SHANGHAI, BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")])


@st.composite
def clocks(draw: st.DrawFn) -> Clock:
    start = draw(moments)
    cuts = sorted(draw(st.lists(st.integers(0, 60 * 24 * 20), max_size=6, unique=True)))
    marks = [start + dt.timedelta(minutes=cut) for cut in cuts]
    pauses = tuple(zip(marks[::2], marks[1::2], strict=False))
    return Clock(draw(st.integers(1, 60 * 60)), start, pauses)


@given(calendars, zones, clocks(), st.integers(0, 60 * 24 * 40), st.integers(0, 60 * 24 * 10))
@settings(max_examples=250, deadline=None)
def test_time_used_never_falls_and_never_exceeds_what_has_passed(
    calendar: WorkCalendar, zone: ZoneInfo, clock: Clock, first: int, more: int
) -> None:
    a, b = clock.started + dt.timedelta(minutes=first), clock.started + dt.timedelta(minutes=first + more)
    one, two = (used(calendar, clock, now=moment, zone=zone) for moment in (a, b))
    assert 0 <= one <= two
    # In the night the clocks go on, an hour passes on the wall that never was.
    assert two - one <= more + 60


@given(calendars, zones, clocks())
@settings(max_examples=250, deadline=None)
def test_exactly_the_limit_has_run_when_it_is_due(calendar: WorkCalendar, zone: ZoneInfo, clock: Clock) -> None:
    later = clock.started + dt.timedelta(days=200)
    moment = due(calendar, clock, now=later, zone=zone)
    assert moment is not None
    ran = used(calendar, clock, now=moment, zone=zone)
    # An hour that the clocks skip or repeat lies on no minute of its own; else it is exact.
    assert abs(ran - clock.limit) <= 60
    offsets = {(clock.started + dt.timedelta(days=day)).astimezone(zone).utcoffset() for day in range(201)}
    if len(offsets) == 1:
        assert ran == clock.limit
        assert used(calendar, clock, now=moment - dt.timedelta(minutes=1), zone=zone) < clock.limit


@given(calendars, clocks(), st.integers(1, 60 * 24 * 5))
@settings(max_examples=150, deadline=None)
def test_a_longer_pause_never_makes_it_due_earlier(calendar: WorkCalendar, clock: Clock, longer: int) -> None:
    if not clock.pauses:
        return
    since, until = clock.pauses[-1]
    assert until is not None
    stretched = Clock(clock.limit, clock.started, (*clock.pauses[:-1], (since, until + dt.timedelta(minutes=longer))))
    now = clock.started + dt.timedelta(days=300)
    before, after = (due(calendar, one, now=now, zone=SHANGHAI) for one in (clock, stretched))
    assert before is not None
    assert after is not None
    assert before <= after


RULES = [
    Terms("", "", "", 480, 2400),
    Terms("A", "", "", 240, 1440),
    Terms("", "complaint", "", 120, 2400),
    Terms("A", "complaint", "", 60, 1440),
    Terms("A", "service", "delivering", 90, 960),
]


def test_the_rule_that_names_most_counts_and_hurry_shortens_it() -> None:
    def agreed(grade: str, kind: str, phase: str = "", urgency: str = "normal") -> tuple[int, int]:
        return times(RULES, grade=grade, kind=kind, phase=phase, urgency=urgency)

    assert agreed("C", "question") == (480, 2400)
    assert agreed("A", "question") == (240, 1440)
    assert agreed("B", "complaint") == (120, 2400)
    assert agreed("A", "complaint", urgency="urgent") == (15, 360)
    assert agreed("A", "service", "delivering") == (90, 960)
    assert times([], grade="A", kind="question", phase="", urgency="high") == (240, 1200)
