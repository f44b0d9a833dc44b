"""A migrated, empty SQLite database: made once for all workers of the tests, and again when a migration changes."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "src"
WITH_SQL = """
import django
django.setup()
from django.core.management import call_command
from django.db import connection

def sql(text, *values):
    with connection.cursor() as cursor:
        cursor.execute(text, values)
        return cursor.fetchall() if cursor.description else []
"""
"""How a program begins that goes back in time: ``call_command`` and ``sql`` are its tools."""


def migrated_database() -> Path:
    """The file; copy it, don't open it."""
    import django

    digest = hashlib.sha256(django.__version__.encode())
    for path in sorted(SOURCE.rglob("migrations/*.py")):
        digest.update(f"{path.relative_to(SOURCE)}\n".encode() + path.read_bytes())
    made = Path(tempfile.gettempdir()) / f"punctual-migrated-{digest.hexdigest()[:16]}.db"
    with only_one(made.with_suffix(".lock")):
        if not made.exists():
            _migrate(made)
    return made


def _migrate(made: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="punctual-migrating-") as folder:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "DJANGO_"))}
        kept.pop("DATABASE_URL", None)
        environment = kept | {"PUNCTUAL_DATA": folder, "PYTHONPATH": str(SOURCE)}
        made_at_once = "from punctual.cli.setup import migrate, set_up; set_up(); migrate()"
        command = [sys.executable, "-c", made_at_once]
        subprocess.run(command, env=environment, check=True, capture_output=True)
        # Into one file: what still stands in the write-ahead log would be left behind.
        half = made.with_suffix(f".{os.getpid()}")
        with sqlite3.connect(Path(folder) / "punctual.db") as source, sqlite3.connect(half) as target:
            source.backup(target)
        half.rename(made)


def said_by(program: str, data: Path) -> str:
    """What a program says that runs with the product's own settings on a migrated database in this folder, and after it
    what it complains of."""
    shutil.copyfile(migrated_database(), data / "punctual.db")
    foreign = ("PYTEST_", "DJANGO_", "PUNCTUAL_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    given = {
        "PUNCTUAL_DATA": str(data),
        "PYTHONPATH": str(SOURCE),
        "DJANGO_SETTINGS_MODULE": "punctual.config.settings",
    }
    run = subprocess.run(
        [sys.executable, "-c", program], env=kept | given, capture_output=True, text=True, check=False, timeout=600
    )
    return run.stdout.strip() if run.returncode == 0 else run.stdout + run.stderr[-3000:]


def said_on(address: str, program: Path) -> str:
    """What a program of the tests says on the database at this address, and after it what it complains of."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "DJANGO_"))}
    command = [sys.executable, str(program)]
    run = subprocess.run(
        command, env=kept | {"DATABASE_URL": address}, capture_output=True, text=True, check=False, timeout=900
    )
    return run.stdout.strip() if run.returncode == 0 else run.stdout + run.stderr[-3000:]


@contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Nobody else on this machine is in here at the same time."""
    with lock.open("w") as held:
        with suppress(ImportError):  # Windows has none; the worst is that it is made twice.
            import fcntl

            fcntl.flock(held, fcntl.LOCK_EX)
        yield
