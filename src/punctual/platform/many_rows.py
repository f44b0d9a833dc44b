"""Thousands of rows of one table with one prepared statement: milliseconds where the ORM takes seconds.

For tables whose rows nobody listens to: no signals, no versions, no audit. Values go through the fields, so that what
is stored is what the ORM would store.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection, models


def update_rows(model: type[models.Model], columns: Sequence[str], rows: Sequence[tuple[Sequence[Any], int]]) -> None:
    """UPDATE each row (values of ``columns``, id) by its id."""
    if not rows:
        return
    fields = _fields(model, columns)
    quote = connection.ops.quote_name
    assignments = ", ".join(f"{quote(name)} = %s" for name in columns)
    key = quote(str(model._meta.pk.column))
    statement = f"UPDATE {quote(model._meta.db_table)} SET {assignments} WHERE {key} = %s"  # noqa: S608 names only
    prepare = _preparing()
    _send(statement, [[*map(prepare, fields, values), pk] for values, pk in rows])


def insert_rows(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """INSERT rows of which ``columns`` are all there is besides the key that the database gives."""
    if not rows:
        return
    fields = _fields(model, columns)
    quote = connection.ops.quote_name
    names = ", ".join(quote(name) for name in columns)
    places = ", ".join(["%s"] * len(columns))
    statement = f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES ({places})"  # noqa: S608 names only
    prepare = _preparing()
    _send(statement, [list(map(prepare, fields, values)) for values in rows])


def copy_rows(model: type[models.Model], columns: Sequence[str], rows: models.QuerySet[Any, Any]) -> None:
    """INSERT what a SELECT of as many columns says, within the database."""
    quote = connection.ops.quote_name
    names = ", ".join(quote(field.column) for field in _fields(model, columns))
    select, values = rows.query.sql_with_params()
    statement = f"INSERT INTO {quote(model._meta.db_table)} ({names}) {select}"
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _fields(model: type[models.Model], columns: Sequence[str]) -> list[Any]:
    by_column = {field.column: field for field in model._meta.concrete_fields}
    return [by_column[name] for name in columns]


def _preparing() -> Callable[[Any, Any], Any]:
    known: dict[tuple[Any, dt.date], Any] = {}

    def prepare(field: Any, value: Any) -> Any:
        if value is None or type(value) is int:  # keys and counts, as they are
            return value
        if not isinstance(value, dt.date):
            return field.get_db_prep_save(value, connection)
        if (field, value) not in known:  # a plan has the same few days and moments again and again
            known[field, value] = field.get_db_prep_save(value, connection)
        return known[field, value]

    return prepare


def _send(statement: str, rows: Sequence[Sequence[Any]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)
