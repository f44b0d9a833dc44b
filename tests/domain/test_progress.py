"""Progress: who may report what, what is impossible, what is asked back, and what follows from a report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest

from planning import DAY, TODAY, snapshot, task
from punctual.domain.costs.models import TimeEntry
from punctual.domain.monitoring.models import Block, ProgressReport
from punctual.domain.monitoring.my_tasks import reportable
from punctual.domain.monitoring.services.progress import (
    Progress,
    clear_block,
    effect_of,
    report_progress,
    take_back,
)
from punctual.domain.plans.services.editing import roll_status_date
from punctual.kernel.refusal import NotFound, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.notifications.models import Notification
from watching import give, running_plan, worker_resource

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]
MOMENT = dt.datetime.fromisoformat
LATER = TODAY + dt.timedelta(days=4)


def test_somebody_elses_task_is_not_found_by_a_worker(person: Person) -> None:
    found = running_plan(person("order_manager"))
    before = snapshot(found)
    with pytest.raises(NotFound):
        report_progress(actor=person("worker"), task_id=task(found, "方案").pk, said=Progress(percent=50), today=TODAY)
    assert snapshot(found) == before
    assert not ProgressReport.objects.exists()


def test_every_impossible_fact_is_told_at_once_and_nothing_changes(person: Person) -> None:
    found = running_plan(person("order_manager"))
    mine = give(found, "方案", person("worker"))
    before = snapshot(found)
    wrong = Progress(
        percent=60, actual_start=MOMENT("2026-11-25T00:00"), actual_finish=MOMENT("2026-11-20T00:00"), hours=Decimal(2)
    )
    with pytest.raises(Refusal) as refused:
        report_progress(actor=person("worker"), task_id=mine.pk, said=wrong, today=TODAY)
    assert refused.value.codes == {"progress.future", "progress.ends_before_start", "progress.end_without_all"}
    assert snapshot(found) == before
    assert not TimeEntry.objects.exists()


@pytest.mark.parametrize(
    ("name", "said", "code"),
    [
        ("方案", Progress(percent=20), "progress.doubt.backwards"),
        ("方案", Progress(percent=60, hours=Decimal(11)), "progress.doubt.hours"),
        ("图纸", Progress(percent=30), "progress.doubt.order"),
        ("方案", Progress(percent=60, remaining=30 * DAY), "progress.doubt.remaining"),
    ],
)
def test_the_unlikely_is_asked_back_and_taken_when_it_is_said_to_be_right(
    person: Person, name: str, said: Progress, code: str
) -> None:
    found = running_plan(person("order_manager"))
    worker = person("worker")
    for one in ("方案", "图纸"):
        give(found, one, worker)
    report_progress(actor=worker, task_id=task(found, "方案").pk, said=Progress(percent=50), today=TODAY)
    before = snapshot(found)
    with pytest.raises(Refusal) as refused:
        report_progress(actor=worker, task_id=task(found, name).pk, said=said, today=TODAY)
    assert refused.value.codes == {code}
    assert snapshot(found) == before
    report = report_progress(actor=worker, task_id=task(found, name).pk, said=said, today=TODAY, confirmed=[code])
    assert report.percent == said.percent
    assert report.doubts == [code]


def test_the_effect_is_seen_before_it_is_sent_and_is_what_then_happens(person: Person) -> None:
    found = running_plan(person("order_manager"))
    mine = give(found, "方案", person("worker"))
    said = Progress(percent=25, remaining=4 * DAY)
    seen = effect_of(actor=person("worker"), task_id=mine.pk, said=said, today=TODAY)
    found.refresh_from_db()
    assert (seen.order_before, seen.order_after) == (dt.date(2026, 12, 2), dt.date(2026, 12, 4))
    assert seen.order_days == 2
    assert found.planned_date == dt.date(2026, 12, 2)
    report_progress(actor=person("worker"), task_id=mine.pk, said=said, today=TODAY)
    found.refresh_from_db()
    assert found.planned_date == seen.order_after


def test_work_that_ends_early_brings_everything_forward(person: Person) -> None:
    found = running_plan(person("order_manager"))
    mine = give(found, "方案", person("worker"))
    done = Progress(percent=100, actual_start=MOMENT("2026-11-23T08:00"), actual_finish=MOMENT("2026-11-23T12:00"))
    report = report_progress(actor=person("worker"), task_id=mine.pk, said=done, today=TODAY)
    found.refresh_from_db()
    assert (report.finish_before, report.finish_after) == (dt.date(2026, 12, 2), dt.date(2026, 12, 1))
    found.order.refresh_from_db()
    assert found.order.planned_date == found.planned_date == dt.date(2026, 12, 1)


def test_unfinished_work_moves_to_today_and_moves_what_follows(person: Person) -> None:
    found = running_plan(person("order_manager"))
    mine = give(found, "方案", person("worker"))
    report_progress(actor=person("worker"), task_id=mine.pk, said=Progress(percent=50), today=TODAY)
    assert roll_status_date(plan_id=found.pk, today=LATER)
    assert not roll_status_date(plan_id=found.pk, today=LATER)
    found.refresh_from_db()
    assert found.planned_date == dt.date(2026, 12, 7)


def test_hours_are_booked_with_what_they_cost(person: Person) -> None:
    found = running_plan(person("order_manager"))
    mine = give(found, "方案", person("worker"))
    report_progress(
        actor=person("worker"), task_id=mine.pk, said=Progress(percent=50, hours=Decimal("6.5")), today=TODAY
    )
    entry = TimeEntry.objects.get()
    assert (entry.hours, entry.cost, entry.task) == (Decimal("6.50"), Decimal("585.00"), mine)


def test_blocked_tells_the_owner_and_is_cleared_by_going_on(person: Person) -> None:
    manager, worker = person("order_manager"), person("worker")
    found = running_plan(manager)
    mine = give(found, "方案", worker)
    report_progress(actor=worker, task_id=mine.pk, said=Progress(blocked="缺图纸"), today=TODAY)
    block = Block.objects.get(task=mine)
    assert (block.reason, block.waits_for) == ("缺图纸", manager)
    assert Notification.objects.get(user=manager).kind == "blocked"
    clear_block(actor=manager, task_id=mine.pk)
    assert Notification.objects.get(user=worker).kind == "unblocked"
    with pytest.raises(Refusal):
        clear_block(actor=manager, task_id=mine.pk)
    report_progress(actor=worker, task_id=mine.pk, said=Progress(blocked="又缺"), today=TODAY)
    report_progress(actor=worker, task_id=mine.pk, said=Progress(percent=100), today=TODAY)
    assert not Block.objects.filter(task=mine, cleared_at=None).exists()


def test_a_report_is_taken_back_by_who_made_it_on_the_same_day_only(person: Person) -> None:
    found = running_plan(person("order_manager"))
    worker = person("worker")
    mine = give(found, "方案", worker)
    first = report_progress(actor=worker, task_id=mine.pk, said=Progress(percent=25), today=TODAY)
    second = report_progress(actor=worker, task_id=mine.pk, said=Progress(percent=75), today=TODAY)
    for actor, report, day in (
        (person("sales"), second, TODAY),
        (worker, first, TODAY),
        (worker, second, LATER),
    ):
        with pytest.raises(Refusal):
            take_back(actor=actor, report_id=report.pk, today=day)
    take_back(actor=worker, report_id=second.pk, today=TODAY)
    mine.refresh_from_db()
    assert mine.percent == 25
    take_back(actor=worker, report_id=first.pk, today=TODAY)
    mine.refresh_from_db()
    assert (mine.percent, mine.actual_start) == (0, None)
    assert ProgressReport.objects.filter(taken_back_at=None).count() == 0


def test_a_worker_sees_own_tasks_and_the_teams(person: Person) -> None:
    found = running_plan(person("order_manager"))
    worker = person("worker")
    worker_resource(worker)
    mate = User.objects.create_user(username="mate", email="m@example.test", password="x", role="worker")
    give(found, "图纸", mate)
    give(found, "方案", worker)
    names = {scope: set(reportable(worker, scope).values_list("name", flat=True)) for scope in ("mine", "team")}
    assert names["mine"] == {"方案"}
    assert names["team"] == {"方案", "图纸", "装配"}  # 装配 asks for the skill and nobody is named yet
    assert set(reportable(person("order_manager")).values_list("name", flat=True)) == {"方案", "图纸", "装配", "FAT"}
