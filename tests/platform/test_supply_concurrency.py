"""Fifty reservations, then fifty bills taken apart at the same moment, on a SQLite file and on a PostgreSQL server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).parents[1] / "concurrent_reservations.py"


def _run(address: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "DJANGO_"))}
    environment["DATABASE_URL"] = address
    run = subprocess.run(
        [sys.executable, str(PROGRAM)], env=environment, capture_output=True, text=True, check=False, timeout=900
    )
    assert run.stdout.strip() == "ok", run.stdout + run.stderr[-3000:]


@pytest.mark.own_database
def test_fifty_reservations_or_confirmations_at_once_never_take_more_than_there_is_on_sqlite(tmp_path: Path) -> None:
    _run(f"sqlite:///{tmp_path / 'stock.db'}")


@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.own_database
def test_fifty_reservations_or_confirmations_at_once_never_take_more_than_there_is_on_postgresql(postgres: Any) -> None:
    _run(postgres.get_uri())
