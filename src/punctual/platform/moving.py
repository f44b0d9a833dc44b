"""A company that began on SQLite goes on with PostgreSQL: every row of its database file, as it stands.

Values pass as the database holds them, below the fields of the models, so that what is sealed stays sealed and no time
of change is written anew. All tables are filled in one transaction; PostgreSQL checks every link of theirs at its end.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import DatabaseError, connection, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.first_tables import make_first_tables

BATCH: Final = 2000


def move_in(database: Path) -> int:
    """Replace every row of this installation's PostgreSQL by those of the SQLite file; all of them or none.

    Returns how many they are. The file, which is the caller's to throw away, may be of an older version: it is brought
    up to date first.
    """
    _bring_up_to_date(database)
    make_first_tables()
    call_command("migrate", interactive=False, verbosity=0)
    source = ConnectionHandler({"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(database)}})["default"]
    try:
        return _fill(source)
    except DatabaseError as error:
        raise database_refused(str(error)) from error
    finally:
        source.close()


def database_refused(why: str) -> Refusal:
    return Refusal(Reason("backup.database", N_("The database refused: %(why)s"), {"why": why.strip()[:500]}))


def _bring_up_to_date(database: Path) -> None:
    """In a program of its own: this one's models speak to PostgreSQL."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE_URL")}
    own = {
        "DATABASE_URL": f"sqlite:///{database}",
        "PUNCTUAL_DATA": str(database.parent),
        "PUNCTUAL_SECRET": settings.SECRET_KEY,
    }
    command = [sys.executable, "-m", "punctual", "manage", "migrate", "--verbosity=0"]
    run = subprocess.run(command, env=kept | own, capture_output=True, text=True, check=False)  # noqa: S603
    if run.returncode:
        raise database_refused(run.stderr[-500:])


def _tables() -> list[type[models.Model]]:
    return [one for one in apps.get_models(include_auto_created=True) if one._meta.managed and not one._meta.proxy]


@transaction.atomic
def _fill(source: BaseDatabaseWrapper) -> int:
    tables = _tables()
    style = no_style()
    with connection.cursor() as cursor:
        # Truncated: rows that no one may change or delete, such as the trail's, may be replaced as a whole.
        for statement in connection.ops.sql_flush(style, [one._meta.db_table for one in tables]):
            cursor.execute(statement)
        moved = sum(_copy(source, cursor, one) for one in tables)
        for statement in connection.ops.sequence_reset_sql(style, tables):
            cursor.execute(statement)
    return moved


def _copy(source: BaseDatabaseWrapper, cursor: Any, model: type[models.Model]) -> int:
    fields = model._meta.local_concrete_fields
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    table = connection.ops.quote_name(model._meta.db_table)
    count = 0
    query = f"SELECT {columns} FROM {table}"  # noqa: S608  # names of our own tables and columns
    with connection.wrap_database_errors, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for row in _rows(source, query, fields):
            copy.write_row(row)
            count += 1
    return count


def _rows(source: BaseDatabaseWrapper, query: str, fields: Sequence[Any]) -> Iterator[list[object]]:
    """As Python has them where SQLite has no type of its own: decimals, times, truth."""
    columns = [(field.cached_col, source.ops.get_db_converters(field.cached_col)) for field in fields]
    with source.cursor() as cursor:
        cursor.execute(query)
        while rows := cursor.fetchmany(BATCH):
            for row in rows:
                yield [_converted(value, *column, source) for value, column in zip(row, columns, strict=True)]


def _converted(value: object, column: Any, converters: Sequence[Any], source: BaseDatabaseWrapper) -> object:
    for converter in converters:
        value = converter(value, column, source)
    return value
