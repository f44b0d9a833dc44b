"""Public holidays and make-up days, and the commands ``workday`` and ``schedule``."""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from given_data import given_data
from punctual.cli.main import main
from punctual.engine.calendars import WorkCalendar
from punctual.engine.workdays import workdays
from punctual.kernel.refusal import Refusal


@pytest.mark.parametrize(("year", "region"), [(2026, "XX"), (2026, "C"), (2026, "__"), (1900, "CN"), (2200, "CN")])
def test_a_region_or_year_without_holidays_is_refused(year: int, region: str) -> None:
    with pytest.raises(Refusal):
        workdays(year, region)


def test_five_chinese_years_agree_with_the_published_days() -> None:
    path = given_data("cn_workdays", "special_days_2023_2027.csv")
    special = {row["date"]: row["holidays_is_working_day"] == "1" for row in csv.DictReader(path.open())}
    day = date(2023, 1, 1)
    wrong = []
    while day.year < 2028:
        if workdays(day.year).is_working(day) != special.get(day.isoformat(), day.weekday() < 5):
            wrong.append(day)
        day += timedelta(days=1)
    assert wrong == []


def test_a_year_without_notice_says_so() -> None:
    assert workdays(2026).published
    assert len(workdays(2026).make_up) == 6
    assert not workdays(2027).published
    assert workdays(2026, "DE").published


def test_the_year_becomes_exceptions_of_a_company_calendar() -> None:
    shifts = ((480, 720), (780, 1020))
    works = WorkCalendar.standard().with_exceptions(workdays(2026).exceptions(shifts))
    assert works.shifts_on(date(2026, 2, 14)) == shifts
    assert not works.is_working_day(date(2026, 2, 17))
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
    assert sum(works.is_working_day(day) for day in days) == 248


def test_names_come_in_the_wanted_language() -> None:
    assert workdays(2026, "CN", "zh_CN").holidays[date(2026, 10, 1)] == "国庆节"
    assert workdays(2026, "CN").holidays[date(2026, 10, 1)] == "National Day"


def _command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any, str]:
    status = main([*arguments, "--json"])
    captured = capsys.readouterr()
    return status, json.loads(captured.out) if captured.out else None, captured.err


def test_the_workday_command_tells_working_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    status, told, _ = _command(capsys, "workday", "2026-02-14")
    assert (status, told["working"], told["reason"]) == (0, True, "make-up day")
    _, told, _ = _command(capsys, "workday", "2026-10-01")
    assert (told["working"], told["reason"]) == (False, "holiday: National Day")
    _, told, _ = _command(capsys, "workday", "2027-02-20")
    assert not told["working"]
    assert "not published yet" in told["reason"]


@pytest.mark.parametrize("arguments", [("workday", "tomorrow"), ("workday", "2026-01-01", "--region", "ZZ")])
def test_a_bad_workday_question_is_answered_in_one_line(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    status, told, error = _command(capsys, *arguments)
    assert (status, told) == (2, None)
    assert error.count("\n") == 1


XML = """<Project xmlns="http://schemas.microsoft.com/project"><StartDate>2026-01-05T08:00:00</StartDate><Tasks>
<Task><UID>1</UID><Name>Mill</Name><OutlineLevel>1</OutlineLevel><Duration>PT16H0M0S</Duration></Task>
<Task><UID>2</UID><Name>Check</Name><OutlineLevel>1</OutlineLevel><Duration>PT8H0M0S</Duration>
<PredecessorLink><PredecessorUID>1</PredecessorUID><Type>1</Type><LinkLag>4800</LinkLag><LagFormat>7</LagFormat></PredecessorLink>
</Task></Tasks></Project>"""


def test_the_schedule_command_prints_the_dates_of_every_task(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "plan.xml"
    file.write_text(XML)
    status, told, _ = _command(capsys, "schedule", str(file))
    assert status == 0
    assert told["project"] == {"start": "2026-01-05T08:00:00", "finish": "2026-01-08T17:00:00"}
    assert told["tasks"][1] == {
        "uid": 2,
        "name": "Check",
        "summary": False,
        "start": "2026-01-08T08:00:00",
        "finish": "2026-01-08T17:00:00",
        "early_start": "2026-01-08T08:00:00",
        "early_finish": "2026-01-08T17:00:00",
        "late_start": "2026-01-08T08:00:00",
        "late_finish": "2026-01-08T17:00:00",
        "total_slack_minutes": 0,
        "free_slack_minutes": 0,
        "critical": True,
    }
    _, told, _ = _command(capsys, "schedule", str(file), "--status-date", "2026-01-12T08:00:00")
    assert told["tasks"][0]["start"] == "2026-01-12T08:00:00"


@pytest.mark.parametrize(
    ("content", "arguments"),
    [("<a/>", ()), (XML.replace("PT8H0M0S", "-PT8H0M0S"), ("--status-date", "soon")), (XML[:200], ())],
)
def test_a_bad_file_or_status_date_is_answered_in_one_line_and_status_2(
    content: str, arguments: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "plan.xml"
    file.write_text(content)
    status, told, error = _command(capsys, "schedule", str(file), *arguments)
    assert (status, told) == (2, None)
    assert error.count("\n") == 1
    assert "Traceback" not in error
