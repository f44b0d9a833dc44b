"""Fifty reservations, then fifty bills taken apart at the same moment, on a SQLite file and on a PostgreSQL server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from migrated import said_on

PROGRAM = Path(__file__).parents[1] / "concurrent_reservations.py"


@pytest.mark.own_database
def test_fifty_reservations_or_confirmations_at_once_never_take_more_than_there_is_on_sqlite(tmp_path: Path) -> None:
    assert said_on(f"sqlite:///{tmp_path / 'stock.db'}", PROGRAM) == "ok"


@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.own_database
def test_fifty_reservations_or_confirmations_at_once_never_take_more_than_there_is_on_postgresql(postgres: Any) -> None:
    assert said_on(postgres.get_uri(), PROGRAM) == "ok"
