"""An empty database gets its tables at once; step by step they come out the same."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from migrated import SOURCE, migrated_database
from punctual.platform.first_tables import make_first_tables

ROWS = {
    "django_content_type": "SELECT app_label, model FROM django_content_type ORDER BY 1, 2",
    "auth_permission": "SELECT codename, name FROM auth_permission ORDER BY 1, 2",
    "django_migrations": "SELECT app, name FROM django_migrations ORDER BY 1, 2",
}


def _shape(file: Path) -> dict[str, object]:
    with sqlite3.connect(file) as database:
        sql = {
            f"{kind} {name}": text for kind, name, text in database.execute("SELECT type, name, sql FROM sqlite_master")
        }
        rows = {table: database.execute(query).fetchall() for table, query in ROWS.items()}
    return {**{name: _parts(text) for name, text in sql.items()}, **rows}


def _parts(text: str | None) -> object:
    """A table's columns and constraints in any order; anything else as it is."""
    if not text or not text.startswith("CREATE TABLE"):
        return text
    return sorted(part.strip(' ")') for part in text.partition("(")[2].replace(", CONSTRAINT", ', "').split(', "'))


def test_tables_that_stand_are_left_alone(db: None) -> None:
    tables = connection.introspection.table_names()
    assert make_first_tables() is False
    assert connection.introspection.table_names() == tables


@pytest.mark.own_database
def test_step_by_step_gives_the_same_tables(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "DJANGO_"))}
    environment = kept | {"PUNCTUAL_DATA": str(tmp_path), "PYTHONPATH": str(SOURCE)}
    # With a word more than the administrators' it goes through the whole history.
    command = [sys.executable, "-m", "punctual", "manage", "migrate", "--verbosity", "0"]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert _shape(tmp_path / "punctual.db") == _shape(migrated_database())


@pytest.mark.slow
@pytest.mark.own_database
def test_an_administrators_migrate_makes_the_tables_of_an_empty_database_at_once(tmp_path: Path) -> None:
    foreign = ("PYTEST_", "DJANGO_", "PUNCTUAL_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith((*foreign, "DATABASE_URL"))}
    run = subprocess.run(
        [sys.executable, "-m", "punctual", "manage", "migrate", "--noinput"],
        env=kept | {"PUNCTUAL_DATA": str(tmp_path), "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "No migrations to apply" in run.stdout
    assert "Applying" not in run.stdout
