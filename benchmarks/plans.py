"""A drag on the Gantt in one request: lock, load, change, schedule, write what moved, answer; and how it grows.

    PYTHONPATH=src python benchmarks/plans.py [--sizes 250,500,1000,2000,4000] [--repeat 9]

A plan of n tasks in chains of twenty with cross links, a fifth of it under summaries, on a calendar with holidays, in a
database of its own (SQLite in a temporary folder). Each request moves the first task of the plan by a day through the
HTTP API, so that nearly everything moves. Median of the repetitions; ``moved`` rows are in the answer. Prints JSON.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import statistics
import tempfile
import time
from itertools import pairwise
from typing import Any


def set_up() -> None:
    os.environ["PUNCTUAL_DATA"] = tempfile.mkdtemp()
    os.environ.setdefault("PUNCTUAL_SYNC_JOBS", "1")
    os.environ.setdefault("PUNCTUAL_LOG", "ERROR")
    os.environ["DJANGO_SETTINGS_MODULE"] = "punctual.config.settings"
    import django

    django.setup()
    from django.conf import settings

    from punctual.platform.first_tables import make_first_tables

    settings.ALLOWED_HOSTS = ["*"]
    make_first_tables()


def build(size: int, actor: Any) -> Any:
    """A plan of ``size`` tasks, made through the plan's own rows."""
    from punctual.domain.calendars.models import CalendarException, WorkingCalendar
    from punctual.domain.orders.models import Order
    from punctual.domain.plans.models import Plan
    from punctual.domain.plans.results import reschedule
    from punctual.domain.plans.state import PlanFacts, PlanState, condensed
    from punctual.domain.plans.store import Stored, write_rows

    week = {str(day): [["08:00", "12:00"], ["13:00", "17:00"]] for day in range(1, 6)}
    calendar, made = WorkingCalendar.objects.get_or_create(
        code="CO", defaults={"name": "company", "weekly": week, "is_default": True}
    )
    if made:
        days = [dt.date(2026, 10, 1) + dt.timedelta(days=n) for n in range(7)]
        CalendarException.objects.bulk_create(CalendarException(calendar=calendar, date=day) for day in days)
    order = Order.objects.create(number=f"SO-{size}")
    plan = Plan.objects.create(order=order, calendar=calendar, start=dt.date(2026, 9, 1))
    state = PlanState(PlanFacts(plan.start))
    ids: list[int] = []
    group = None
    for number in range(size):
        if number % 100 == 0:
            group = state.new_id()
            state.put("task", group, {"name": f"group {number}", "position": number})
        task = state.new_id()
        values = {"name": f"task {number}", "duration": 240 + number % 5 * 240, "position": number, "parent": group}
        state.put("task", task, values)
        for before in {number - 1 if number % 20 else number - 20, number - 37}:
            if before >= 0:
                state.put("link", state.new_id(), {"predecessor": ids[before], "successor": task})
        ids.append(task)
    changes = condensed(state.journal)
    state.replace_ids(write_rows(plan, state, changes))
    reschedule(plan, Stored(plan))
    plan.save()
    return plan


def measure(plan: Any, client: Any, repeat: int) -> dict[str, Any]:
    first = plan.tasks.filter(is_summary=False).order_by("sequence").first()
    times, moved = [], 0
    for turn in range(repeat + 2):
        plan.refresh_from_db()
        day = dt.date(2026, 9, 8) + dt.timedelta(days=turn % 2)
        body = {"version": plan.version, "command": {"verb": "move", "task": first.pk, "start": day.isoformat()}}
        began = time.perf_counter()
        answer = client.post(
            f"/api/v1/plans/{plan.order.number}/edits", json.dumps(body), content_type="application/json"
        )
        times.append(time.perf_counter() - began)
        assert answer.status_code == 200, answer.content
        moved = len(answer.json()["tasks"])
    return {"tasks": plan.task_count, "moved": moved, "seconds": round(statistics.median(times[2:]), 3)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="250,500,1000,2000,4000")
    parser.add_argument("--repeat", type=int, default=9)
    arguments = parser.parse_args()
    set_up()
    from django.test import Client

    from punctual.platform.accounts.models import User

    actor = User.objects.create_user(username="bench", password="x", role="planner")
    client = Client()
    client.force_login(actor)
    rows = [measure(build(int(size), actor), client, arguments.repeat) for size in arguments.sizes.split(",")]
    print(
        json.dumps(
            {
                "drag": rows,
                "growth": [round(b["seconds"] / a["seconds"], 2) for a, b in pairwise(rows)],
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
