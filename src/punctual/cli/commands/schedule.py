"""``punctual schedule FILE [--status-date D]``: the critical path of a Microsoft Project XML file, computed afresh."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from punctual.engine.cpm import TaskDates, schedule
from punctual.engine.formats.mspdi.plan import plan_of
from punctual.engine.formats.mspdi.read import read_mspdi
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="Microsoft Project XML")
    parser.add_argument("--status-date", metavar="D", help="unfinished work lies after it, as 2026-02-14T17:00:00")


def run(arguments: argparse.Namespace) -> Mapping[str, Any]:
    plan = plan_of(read_mspdi(Path(arguments.file)), _moment(arguments.status_date))
    result = schedule(plan)
    return {
        "project": {"start": result.start.isoformat(), "finish": result.finish.isoformat()},
        "tasks": [_task(task) for task in result.tasks],
    }


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError as error:
        raise Refusal(
            Reason(
                code="schedule.status_date",
                text=N_("'%(value)s' is no status date; write it as 2026-02-14 or 2026-02-14T17:00:00"),
                params={"value": text},
                field="status-date",
            )
        ) from error


def _task(task: TaskDates) -> dict[str, Any]:
    return {
        "uid": task.uid,
        "name": task.name,
        "summary": task.summary,
        "start": task.start.isoformat(),
        "finish": task.finish.isoformat(),
        "early_start": task.early_start.isoformat(),
        "early_finish": task.early_finish.isoformat(),
        "late_start": task.late_start.isoformat(),
        "late_finish": task.late_finish.isoformat(),
        "total_slack_minutes": task.total_slack_minutes,
        "free_slack_minutes": task.free_slack_minutes,
        "critical": task.critical,
    }
