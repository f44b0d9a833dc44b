"""Backup and restore on PostgreSQL, and moving there from SQLite: everything or nothing."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from migrated import migrated_database
from postgres_server import postgres_server, program_environment

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
Told = tuple[int, str, str]
PEOPLE = "import django; django.setup(); from punctual.platform.accounts.models import User; {}"


def _punctual(environment: dict[str, str], *arguments: str) -> Told:
    command = [sys.executable, "-m", "punctual", *arguments]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=600)
    return run.returncode, run.stdout, run.stderr


def _python(environment: dict[str, str], program: str) -> str:
    command = [sys.executable, "-c", PEOPLE.format(program)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=600)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def _names(environment: dict[str, str]) -> list[str]:
    return sorted(_python(environment, "print(*User.objects.values_list('username', flat=True))").split())


def _add(environment: dict[str, str], name: str) -> None:
    _python(environment, f"User.objects.create_user('{name}', password='x', role='sales')")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("moving")


@pytest.fixture(scope="module")
def on_sqlite(folder: Path) -> dict[str, str]:
    """A company of one person and one file, on SQLite."""
    data = folder / "sqlite"
    (data / "files" / "ab").mkdir(parents=True)
    (data / "files" / "ab" / "cd").write_bytes(b"drawing")
    shutil.copyfile(migrated_database(), data / "punctual.db")
    environment = program_environment(data, PUNCTUAL_SECRET="s" * 50)
    _add(environment, "李雷")
    return environment


@pytest.fixture(scope="module")
def moved(on_sqlite: dict[str, str], folder: Path) -> Iterator[dict[str, str]]:
    """The same company after moving to PostgreSQL, in another data folder."""
    kept = folder / "lite.tar.gz"
    assert _punctual(on_sqlite, "backup", str(kept))[0] == 0
    with postgres_server() as server:
        environment = on_sqlite | {"DATABASE_URL": server.get_uri(), "PUNCTUAL_DATA": str(folder / "pg")}
        status, out, why = _punctual(environment, "restore", "--json", str(kept))
        assert status == 0, why
        assert json.loads(out)["moved_rows"] > 100
        yield environment


def test_who_moved_goes_on_and_what_comes_next_gets_the_next_number(moved: dict[str, str]) -> None:
    assert (Path(moved["PUNCTUAL_DATA"]) / "files" / "ab" / "cd").read_bytes() == b"drawing"
    before = _names(moved)
    assert "李雷" in before
    _add(moved, "王芳")
    assert _names(moved) == sorted([*before, "王芳"])


def test_a_backup_brings_everything_back_and_a_filled_database_is_not_replaced_unasked(
    moved: dict[str, str], on_sqlite: dict[str, str], tmp_path: Path
) -> None:
    kept = str(tmp_path / "pg.tar.gz")
    status, out, why = _punctual(moved, "backup", "--json", kept)
    assert status == 0, why
    assert (json.loads(out)["database"], json.loads(out)["verified"]) == ("postgresql", True)
    before = _names(moved)
    _add(moved, "韩梅梅")
    status, _, why = _punctual(moved, "restore", kept)
    assert (status, "--force" in why) == (2, True), why
    assert _names(moved) == sorted([*before, "韩梅梅"])
    status, _, why = _punctual(moved, "restore", kept, "--force")
    assert status == 0, why
    assert _names(moved) == before
    status, _, why = _punctual(on_sqlite, "restore", kept, "--force")
    assert (status, "postgresql" in why) == (2, True), why
    assert _names(on_sqlite) == ["李雷"]


def test_what_postgresql_refuses_changes_nothing(
    moved: dict[str, str], on_sqlite: dict[str, str], tmp_path: Path
) -> None:
    """SQLite holds no text to its length."""
    too_long = on_sqlite | {"PUNCTUAL_DATA": str(tmp_path / "long")}
    shutil.copytree(on_sqlite["PUNCTUAL_DATA"], too_long["PUNCTUAL_DATA"])
    with closing(sqlite3.connect(Path(too_long["PUNCTUAL_DATA"]) / "punctual.db")) as database, database:
        database.execute("UPDATE accounts_user SET first_name = ?", ("长" * 500,))
    kept = str(tmp_path / "long.tar.gz")
    assert _punctual(too_long, "backup", kept)[0] == 0
    before = _names(moved)
    status, _, why = _punctual(moved, "restore", kept, "--force")
    assert (status, len(why.splitlines()), "accounts_user" in why) == (2, 1, True), why
    assert _names(moved) == before
