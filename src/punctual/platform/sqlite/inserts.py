"""INSERTs whose text is written once for a table and its columns. Values that are what the column holds already go in
as they are; Django prepares all others.

With ``VERIFY_SQL`` (the tests set it) Django writes every text again and a difference is an error.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

from django.conf import settings
from django.db import models
from django.db.models.sql import compiler
from django.utils.timezone import make_naive

MOST_TEXTS: Final = 2048
MOST_MOMENTS: Final = 1 << 14

_NUMBERS: Final = (
    models.AutoField,
    models.BigAutoField,
    models.IntegerField,
    models.BigIntegerField,
    models.SmallIntegerField,
    models.PositiveIntegerField,
    models.PositiveBigIntegerField,
    models.PositiveSmallIntegerField,
)
_WORDS: Final = (
    models.CharField,
    models.TextField,
    models.SlugField,
    models.EmailField,
    models.URLField,
)
AS_IT_IS: Final[dict[type, frozenset[type]]] = {
    **dict.fromkeys(_NUMBERS, frozenset({int, type(None)})),
    **dict.fromkeys(_WORDS, frozenset({str, type(None)})),
    models.BooleanField: frozenset({bool, type(None)}),
}
"""Column → types of Python whose values Django would give to SQLite unchanged."""


@dataclass(frozen=True, slots=True)
class Text:
    """Of how many rows ever: ``head``, the places of a row's values for each of them, ``tail``."""

    head: str
    row: str
    tail: str
    returning: tuple[Any, ...]

    def of(self, rows: int) -> str:
        return f"{self.head}{', '.join([self.row] * rows)}{self.tail}"


_TEXTS: Final[dict[object, Text]] = {}

Prepare = Callable[[Any, Any], Any]
"""(row, compiler) → the value of one column as SQLite gets it."""


class _Expression(Exception):
    """A value that is itself written as SQL."""


class SQLInsertCompiler(compiler.SQLInsertCompiler):
    """Django's, but for texts that it has written before."""

    query: Any
    connection: Any
    returning_fields: Any
    returning_params: Any

    def as_sql(self) -> Any:  # type: ignore[override]  # as Django's own does
        query, fields = self.query, tuple(self.query.fields)
        if query.raw or not fields:
            return super().as_sql()
        prepared = _prepared(fields)
        try:
            values = [prepare(row, self) for row in query.objs for prepare in prepared]
        except _Expression:
            return super().as_sql()
        key = (
            fields,
            tuple(self.returning_fields or ()),
            query.on_conflict,
            tuple(query.update_fields),
            tuple(query.unique_fields),
        )
        text = _TEXTS.get(key)
        if text is None or settings.VERIFY_SQL:
            return self._write(key, text, values)
        self.returning_params = text.returning
        return [(text.of(len(query.objs)), (*values, *text.returning))]

    def _write(self, key: object, text: Text | None, values: list[Any]) -> Any:
        """Django's statements; what their text consists of is kept."""
        statements: Any = super().as_sql()
        if len(statements) > 1:  # as many statements as rows
            return statements
        (sql, written), returning = statements[0], tuple(self.returning_params)
        row, count = f"({', '.join(['%s'] * len(self.query.fields))})", len(self.query.objs)
        head, _, tail = sql.partition(", ".join([row] * count))
        now = Text(head, row, tail, returning)
        is_understood = now.of(count) == sql and len(written) == len(values) + len(returning)
        if settings.VERIFY_SQL:
            if not is_understood or text not in (None, now):
                raise AssertionError(f"written before: {text}; now: {sql}")
            self._verify(values, written)
        if not is_understood:  # a column whose place is no plain one
            return statements
        if len(_TEXTS) >= MOST_TEXTS:
            _TEXTS.clear()
        _TEXTS[key] = now
        return statements

    def _verify(self, values: list[Any], written: Any) -> None:
        """What Django itself has prepared, here too, is another value where it is sealed or the time of day."""
        ours = [type(_holds(field)) in AS_IT_IS or _is_told_moment(field) for field in self.query.fields]
        for index, (value, theirs) in enumerate(zip(values, written, strict=False)):
            if value != theirs and ours[index % len(ours)]:
                raise AssertionError(f"{self.query.fields[index % len(ours)]}: {theirs!r} by Django, {value!r} here")


def _holds(field: Any) -> models.Field[Any, Any]:
    """The field itself, or of a foreign key the one that it points to."""
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    return field  # type: ignore[no-any-return]


def _is_told_moment(field: Any) -> bool:
    return type(field) is models.DateTimeField and not (field.auto_now or field.auto_now_add)


@cache
def _prepared(fields: tuple[models.Field[Any, Any], ...]) -> list[Prepare]:
    return [_preparing(field) for field in fields]


def _preparing(field: models.Field[Any, Any]) -> Prepare:
    """How a row's value of this column is prepared."""
    holds = _holds(field)
    name = field.attname
    of_the_row = type(field).pre_save is models.Field.pre_save
    unchanged = AS_IT_IS.get(type(holds), frozenset()) if of_the_row else frozenset()
    is_moment = type(holds) is models.DateTimeField

    def by_django(owner: Any, value: Any) -> Any:
        value = owner.prepare_value(field, value)
        if hasattr(value, "as_sql"):
            raise _Expression
        return value

    def plain(row: Any, owner: Any) -> Any:
        value = getattr(row, name)
        return value if type(value) in unchanged else by_django(owner, owner.pre_save_val(field, row))

    def moment(row: Any, owner: Any) -> Any:
        value = owner.pre_save_val(field, row)
        if type(value) is dt.datetime and value.tzinfo is not None:
            return _moment(value, owner.connection.timezone)
        return by_django(owner, value)

    return moment if is_moment else plain


@lru_cache(MOST_MOMENTS)
def _moment(value: dt.datetime, zone: dt.tzinfo) -> str:
    """As Django writes it: a plan has the same few moments again and again."""
    return str(make_naive(value, zone))
