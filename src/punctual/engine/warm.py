"""Compile the critical path's kernels before anybody waits for them: ``python -m punctual.engine.warm``.

Numba keeps the result beside the sources (or in the user's cache folder), so this takes its seconds once a machine.
"""

from __future__ import annotations

from datetime import datetime

from punctual.engine.calendars import WorkCalendar
from punctual.engine.cpm import schedule
from punctual.engine.network import Link, Plan, Task


def warm_up() -> None:
    """Schedule a plan of two tasks."""
    works = WorkCalendar.from_data({"name": "warm", "week": {"mon": ["08:00-16:00"]}})
    tasks = [Task(uid=1, name="a", duration=60), Task(uid=2, name="b", duration=60)]
    schedule(Plan(start=datetime(2026, 2, 9, 8), calendar=works, tasks=tasks, links=[Link(1, 2)]))


if __name__ == "__main__":
    warm_up()
