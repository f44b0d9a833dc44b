"""Programs of the product on a PostgreSQL server of the test's own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest


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
