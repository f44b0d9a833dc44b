"""What working time made nothing: waiting, rework, work beyond its estimate; each in working hours of its calendar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.test import Client

import scheduling
from punctual.domain.costs.models import TimeEntry
from punctual.domain.monitoring.lost_time import lost_time
from punctual.domain.monitoring.models import Block
from punctual.domain.plans.models import Task
from punctual.domain.quality.models import Nonconformity
from punctual.domain.scheduling.models import DurationRatio
from punctual.platform.accounts.models import User

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo(settings.TIME_ZONE)
MONDAY = dt.date(2026, 10, 12)
FIRST, LAST = MONDAY, MONDAY + dt.timedelta(days=6)
NOW = dt.datetime(2026, 10, 16, 12, 0, tzinfo=ZONE)


def at(day: int, hour: int) -> dt.datetime:
    return dt.datetime.combine(MONDAY + dt.timedelta(days=day), dt.time(hour), ZONE)


@pytest.fixture
def manager(person: Callable[[str], User]) -> User:
    return person("order_manager")


@pytest.fixture
def task(manager: User) -> Task:
    (order,) = scheduling.workshop(manager, 1)
    return Task.objects.filter(plan__order=order, is_summary=False).first() or pytest.fail("no task")


def test_waiting_counts_working_hours_inside_the_time_asked_for(task: Task, manager: User) -> None:
    Block.objects.create(task=task, reason="图纸未到", since=at(0, 10), cleared_at=at(1, 10))
    found = lost_time(manager, first=FIRST, last=LAST, now=NOW)
    assert [(one.reason, one.hours) for one in found.waits] == [("图纸未到", 8.0)]
    later = lost_time(manager, first=MONDAY + dt.timedelta(days=1), last=LAST, now=NOW)
    assert 0 < later.hours_waited < 8
    assert lost_time(manager, first=LAST, last=LAST, now=NOW).waits == []


def test_what_still_waits_counts_up_to_now_and_nights_do_not(task: Task, manager: User) -> None:
    Block.objects.create(task=task, reason="缺料", since=at(3, 20))
    (one,) = lost_time(manager, first=FIRST, last=LAST, now=NOW).waits
    assert one.until is None
    assert 0 < one.hours <= 4


def test_rework_counts_booked_hours_and_before_anybody_books_its_progress(task: Task, manager: User) -> None:
    task.duration, task.percent, task.actual_start = 960, 50, at(1, 8)
    task.save()
    ncr = Nonconformity.objects.create(number="NCR-1", title="焊缝", owner=manager, found_by=manager, rework_task=task)
    (one,) = lost_time(manager, first=FIRST, last=LAST, now=NOW).redone
    assert (one.ncr, one.hours, one.booked) == (ncr, 8.0, False)
    TimeEntry.objects.create(user=manager, plan=task.plan, task=task, day=MONDAY, hours=Decimal("3.5"))
    (one,) = lost_time(manager, first=FIRST, last=LAST, now=NOW).redone
    assert (one.hours, one.booked) == (3.5, True)


def test_the_estimate_is_overrun_by_what_took_longer_alone(manager: User) -> None:
    for actual, estimated, day in ((600, 480, 0), (420, 480, 1), (960, 480, 30)):
        DurationRatio.objects.create(
            type_key="s1",
            type_name="装配",
            actual=actual,
            estimated=estimated,
            finished_on=MONDAY + dt.timedelta(days=day),
        )
    (one,) = lost_time(manager, first=FIRST, last=LAST, now=NOW).overruns
    assert (one.name, one.count, one.over, one.hours) == ("装配", 2, 1, 2.0)
    assert one.ratio == pytest.approx(1020 / 960)


def test_what_a_supplier_or_the_clock_takes_longer_is_no_working_time(task: Task, manager: User) -> None:
    Task.objects.filter(pk=task.pk).update(is_elapsed=True)
    made = {"type_key": "s2", "type_name": "采购", "actual": 9000, "estimated": 480, "finished_on": MONDAY}
    DurationRatio.objects.create(task=task, **made)
    DurationRatio.objects.create(supplier="恒达", **made)
    Block.objects.create(task=task, reason="缺料", since=at(0, 10), cleared_at=at(1, 10))
    found = lost_time(manager, first=FIRST, last=LAST, now=NOW)
    assert found.overruns == []
    assert found.hours_waited == 8.0


def test_nobody_sees_waits_of_orders_that_he_may_not_see(task: Task, person: Callable[[str], User]) -> None:
    Block.objects.create(task=task, reason="图纸未到", since=at(0, 10), cleared_at=at(1, 10))
    assert lost_time(person("worker"), first=FIRST, last=LAST, now=NOW).waits == []


def test_the_page_shows_it_and_hands_it_out(task: Task, manager: User, client: Client) -> None:
    scheduling.run(manager)
    Block.objects.create(task=task, reason="图纸未到", since=dt.datetime.now(ZONE) - dt.timedelta(days=20))
    client.force_login(manager)
    page = client.get("/capacity/utilisation/?days=30")
    assert page.status_code == 200
    assert "图纸未到" in page.content.decode()
    sheet = client.get("/capacity/utilisation/?days=30&export=lost")
    assert sheet.headers["Content-Disposition"].startswith('attachment; filename="lost-time-')
    told = client.get("/api/v1/lost-time?days=30").json()
    assert [one["reason"] for one in told["waiting"]] == ["图纸未到"]
    assert told["waiting"][0]["until"] is None


def test_lost_time_is_told_before_the_first_schedule_too(task: Task, manager: User, client: Client) -> None:
    Block.objects.create(task=task, reason="图纸未到", since=dt.datetime.now(ZONE) - dt.timedelta(days=20))
    client.force_login(manager)
    assert "图纸未到" in client.get("/capacity/utilisation/?days=30").content.decode()
    assert client.get("/capacity/utilisation/?days=30&export=lost").status_code == 200
    home = client.get("/").content.decode()
    assert "首次排程算完后" in home
    assert "订单都在正常推进" not in home
