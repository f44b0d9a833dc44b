"""The platform and domain tests once more, on a real PostgreSQL server of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


def test_platform_and_domain_behave_the_same_on_postgresql(postgres: Any) -> None:
    folders = [f"tests/{name}" for name in ("platform", "domain") if (ROOT / "tests" / name).exists()]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment |= {"DATABASE_URL": postgres.get_uri()}
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            *folders,
            "-m",
            "not own_database",
            "-q",
            "-x",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
        ],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=3000,
    )
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
