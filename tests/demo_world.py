"""The demo company for tests: built once for all workers of a run, then copied into each test database in a moment.

Other databases than SQLite have no copy of a whole database, so they build it where it is asked for.
"""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection, transaction

from migrated import only_one

DAY = dt.date(2026, 11, 23)
"""The demo company's today."""


@contextmanager
def demo_company() -> Iterator[None]:
    """Fills the test database with the demo company of :data:`DAY`, and leaves it as it was."""
    from punctual.flows.demo import build_company

    if connection.vendor != "sqlite":
        with transaction.atomic():
            build_company(DAY)
            yield
            transaction.set_rollback(True)
        return
    connection.ensure_connection()
    here: sqlite3.Connection = connection.connection
    before = sqlite3.connect(":memory:")
    here.backup(before)
    try:
        with _alone() as built:
            if built.exists():
                with sqlite3.connect(built) as source:
                    source.backup(here)
            else:
                build_company(DAY)
                with sqlite3.connect(built) as target:
                    here.backup(target)
        yield
    finally:
        before.backup(here)
        before.close()


@contextmanager
def _alone() -> Iterator[Path]:
    """The file of this run, while no other worker of the run has it."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or str(os.getpid())
    built = Path(tempfile.gettempdir()) / f"punctual-demo-{run}.db"
    with only_one(built.with_suffix(".lock")):
        yield built
