"""The administrator's page and the metrics: what runs, what waits, what is wrong."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_q.models import Schedule

from punctual.platform.clock import CLOCK
from punctual.platform.jobs.models import Job
from punctual.platform.outbox.models import OutboxEvent
from punctual.web.shell import metrics
from punctual.worker.schedule import SCHEDULES, ensure_schedules


@pytest.mark.parametrize("address", ["/settings/system/", "/settings/system/backup/", "/settings/system/events/"])
def test_only_administrators_see_and_do_it(signed_in: Callable[[str], Client], address: str) -> None:
    browser = signed_in("order_manager")
    assert (browser.get if address.endswith("system/") else browser.post)(address).status_code == 403


def test_what_is_wrong_stands_there(signed_in: Callable[[str], Client]) -> None:
    ensure_schedules()
    Schedule.objects.filter(name="send messages").update(next_run=timezone.now() - dt.timedelta(hours=2))
    OutboxEvent.objects.create(kind="order.confirmed", attempts=10, error="handler x: boom")
    Job.objects.create(function="x", label="排程", state="failed", error="ValueError: no")
    page = signed_in("administrator").get("/settings/system/").content.decode()
    for text in ("handler x: boom", "ValueError: no", "迟了：发送消息", "PUNCTUAL_BACKUP_DIR"):
        assert text in page


def test_events_that_were_given_up_are_tried_again_on_request(signed_in: Callable[[str], Client]) -> None:
    event = OutboxEvent.objects.create(kind="nobody.listens", attempts=10)
    assert signed_in("administrator").post("/settings/system/events/").status_code == 302
    event.refresh_from_db()
    assert event.attempts == 0


def test_a_backup_on_request_is_a_job(
    signed_in: Callable[[str], Client], settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in("administrator")
    assert browser.post("/settings/system/backup/").status_code == 302
    assert not Job.objects.exists()
    settings.BACKUP_DIR = str(tmp_path)
    browser.post("/settings/system/backup/")
    assert Job.objects.get().function == "punctual.platform.backup.backup_job"


def test_metrics_tell_what_waits_and_for_how_long(client: Client, db: None) -> None:
    OutboxEvent.objects.create(kind="x", created_at=timezone.now() - dt.timedelta(minutes=5))
    OutboxEvent.objects.create(kind="x", attempts=10, created_at=timezone.now() - dt.timedelta(days=5))
    text = client.get("/metrics").content.decode()
    figures = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert 299 < float(figures["punctual_event_oldest_seconds"]) < 400
    assert figures["punctual_events_given_up"] == "1.0"
    for name in ("punctual_job_oldest_seconds", "punctual_slow_queries_total", "punctual_messages_waiting"):
        assert name in figures


def test_a_slow_statement_is_counted_and_logged_without_its_values(
    db: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(metrics, "SLOW_SECONDS", 0.0)
    before = metrics.SLOW._value.get()
    with caplog.at_level(logging.WARNING), connection.execute_wrapper(metrics._timed), connection.cursor() as cursor:
        cursor.execute("SELECT %s", ["a customer's secret"])
    assert metrics.SLOW._value.get() == before + 1
    assert "SELECT %s" in caplog.text
    assert "a customer's secret" not in caplog.text


def test_all_that_runs_by_the_clock_has_a_name_that_people_read() -> None:
    assert set(SCHEDULES) - set(CLOCK) == set()
