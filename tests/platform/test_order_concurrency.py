"""Fifty submissions and confirmations at the same moment, on a SQLite file and on a real PostgreSQL server."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from migrated import migrated_database, said_on

PROGRAM = Path(__file__).parents[1] / "concurrent_orders.py"


@pytest.mark.own_database
def test_fifty_at_once_get_fifty_gap_free_numbers_on_sqlite(tmp_path: Path) -> None:
    shutil.copyfile(migrated_database(), tmp_path / "orders.db")
    assert said_on(f"sqlite:///{tmp_path / 'orders.db'}", PROGRAM) == "ok"


@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.own_database
def test_fifty_at_once_get_fifty_gap_free_numbers_on_postgresql(postgres: Any) -> None:
    assert said_on(postgres.get_uri(), PROGRAM) == "ok"
