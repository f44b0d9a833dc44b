"""Programs of the product on a PostgreSQL server of the test's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from postgres_server import program_environment


@pytest.fixture
def on_postgres(postgres: Any, tmp_path: Path) -> dict[str, str]:
    """The environment of a program of the product on that server."""
    return program_environment(tmp_path, DATABASE_URL=postgres.get_uri())
