"""Calendar programs that people use read the feed, and what is moved stands there once, on its new day."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

import ordering
from punctual.domain.actions.models import ActionItem
from punctual.domain.actions.services import open_action
from punctual.domain.orders.models import OrderState
from punctual.platform.accounts.models import User
from punctual.web.channels.feeds import new_feed_token

CONFIG = """[calendars]
[[feed]]
path = {folder}/feed
[locale]
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
local_timezone = Asia/Shanghai
default_timezone = Asia/Shanghai
[default]
default_calendar = feed
[sqlite]
path = {folder}/khal.db
"""
DAY, LATER = dt.date(2026, 12, 1), dt.date(2026, 12, 9)


@pytest.fixture(autouse=True)
def _frozen_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *_a, **_k: dt.date(2026, 11, 23))


@pytest.fixture
def feed(person: Callable[[str], User]) -> Callable[[], str]:
    """The feed of an order manager with an order, its milestones and an action item due on :data:`DAY`."""
    manager = person("order_manager")
    ordering.in_state(manager, OrderState.CONFIRMED)
    open_action(actor=manager, title="Call the customer", owner=manager, due=DAY)
    token = new_feed_token(manager)
    return lambda: Client().get(f"/feeds/{token}/calendar.ics").content.decode()


def _move() -> None:
    item = ActionItem.objects.get(title="Call the customer")
    item.due, item.version = LATER, item.version + 1
    item.save()


def _run(*command: str, **env: str) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, env={**os.environ, "LANG": "C.UTF-8", **env}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_khal_reads_the_feed_and_a_move_makes_no_second_one(feed: Any, tmp_path: Path) -> None:
    pytest.importorskip("khal")
    (tmp_path / "feed").mkdir()
    config = tmp_path / "khal.conf"
    config.write_text(CONFIG.format(folder=tmp_path))

    def listed() -> str:
        (tmp_path / "got.ics").write_text(feed())
        khal = (sys.executable, "-c", "from khal.cli import main_khal; main_khal()", "-c", str(config))
        _run(*khal, "import", "--batch", str(tmp_path / "got.ics"))
        return _run(*khal, "list", "--format", "{start-date} {title}", "2026-11-01", "400d")

    before = listed()
    assert f"{DAY} Call the customer" in before
    number = before.count("\n")
    assert number >= 2
    _move()
    after = listed()
    assert after.count("Call the customer") == 1
    assert f"{LATER} Call the customer" in after
    assert after.count("SO-") == before.count("SO-")


def test_calcurse_reads_every_entry_on_its_day(feed: Any, tmp_path: Path) -> None:
    calcurse = shutil.which("calcurse")
    if calcurse is None:
        pytest.skip("calcurse is not installed here")
    text = feed()
    (tmp_path / "got.ics").write_text(text)
    told = _run(calcurse, "-D", str(tmp_path / "data"), "-i", str(tmp_path / "got.ics"))
    events = text.count("BEGIN:VEVENT")
    assert events >= 2
    kept = (tmp_path / "data" / "apts").read_text()
    assert kept.count("\n") == events, told
    assert f"{DAY:%m/%d/%Y} [1] Call the customer" in kept
