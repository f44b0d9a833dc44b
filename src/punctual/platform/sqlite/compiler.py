"""SQL that is written once: a SELECT of the same shape as one before takes over its text and brings its own values.

Writing the text of a SELECT takes Django several times as long as SQLite needs to answer it. What the text depends on
is collected into a key: the model, joins, columns, conditions without their values, order, limits. Shapes that are not
understood entirely (annotations, subqueries, grouping, …) are left to Django, and a text is kept only when the values
found here are the ones that Django found.

With ``VERIFY_SQL`` (the tests set it) Django writes every text again and a difference is an error.

The backend names this module as its ``compiler_module``; INSERTs are written in ``inserts``, everything else by Django.
Rows are never locked on SQLite, so that ``select_for_update`` is no part of a text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakKeyDictionary

from django.conf import settings
from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db.models import lookups
from django.db.models.expressions import Col, Value
from django.db.models.fields import related_lookups
from django.db.models.functions import Upper
from django.db.models.sql import compiler
from django.db.models.sql.compiler import (  # noqa: F401  the module's contract with the backend
    SQLAggregateCompiler,
    SQLDeleteCompiler,
    SQLUpdateCompiler,
)
from django.db.models.sql.datastructures import BaseTable, Join
from django.db.models.sql.query import Query
from django.db.models.sql.where import WhereNode

from punctual.platform.sqlite.inserts import SQLInsertCompiler  # noqa: F401  the same contract

MOST_TEXTS: Final = 4096
MOST_VALUES: Final = 40
"""A longer list of values is written each time: there are as many texts as lengths."""

CONDITIONS: Final = frozenset(
    {
        lookups.Exact,
        lookups.In,
        lookups.IsNull,
        lookups.GreaterThan,
        lookups.GreaterThanOrEqual,
        lookups.LessThan,
        lookups.LessThanOrEqual,
        lookups.IntegerFieldExact,
        lookups.IntegerGreaterThan,
        lookups.IntegerGreaterThanOrEqual,
        lookups.IntegerLessThan,
        lookups.IntegerLessThanOrEqual,
        related_lookups.RelatedExact,
        related_lookups.RelatedIn,
        related_lookups.RelatedIsNull,
        lookups.IExact,
        lookups.Contains,
        lookups.IContains,
        lookups.StartsWith,
        lookups.IStartsWith,
    }
)
"""Whose text is the column's, the operator's and what ``process_rhs`` gives for the value."""


class _Unknown(Exception):
    """A shape whose text Django writes each time."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Written:
    """A text with what its compiler knows of its columns; ``named`` keeps alive what the key names by identity."""

    sql: str
    select: Any
    klass_info: Any
    annotation_col_map: Any
    col_count: int | None
    has_extra_select: bool
    named: list[object]


_TEXTS: Final[dict[object, Written | None]] = {}
"""None for a shape in which other values were found than Django's."""
_NEVER: Final = Written("", None, None, None, None, False, [])


class SQLCompiler(compiler.SQLCompiler):
    """Django's, but for the texts that it has written before."""

    query: Any
    written: Written | None = None

    def as_sql(self, with_limits: bool = True, with_col_aliases: bool = False) -> tuple[str, Any]:
        if with_col_aliases or not with_limits or type(self) is not SQLCompiler:
            return super().as_sql(with_limits, with_col_aliases)
        shape = _Shape(self)
        try:
            key = shape.key()
        except (_Unknown, EmptyResultSet, FullResultSet):
            return super().as_sql()
        written = _TEXTS.get(key, _NEVER)
        if written is _NEVER:
            return self._write(key, shape)
        if written is None:
            return super().as_sql()
        if settings.VERIFY_SQL:
            self._verify(written, shape)
        self.written = written
        self.select, self.klass_info = written.select, written.klass_info
        self.annotation_col_map = written.annotation_col_map
        self.col_count, self.has_extra_select = written.col_count, written.has_extra_select
        return written.sql, tuple(shape.values)

    def get_converters(self, expressions: Any) -> Any:
        """How the values of the columns are read; for a text written before, as this connection read them before."""
        if self.written is None:
            return super().get_converters(expressions)
        known = self.connection.ops.__dict__.setdefault("converters_of_texts", WeakKeyDictionary())
        if self.written not in known:
            known[self.written] = super().get_converters(expressions)
        return known[self.written]

    def _write(self, key: object, shape: _Shape) -> tuple[str, Any]:
        sql, values = super().as_sql()
        if len(_TEXTS) >= MOST_TEXTS:
            _TEXTS.clear()
        same = list(values) == shape.values
        _TEXTS[key] = (
            Written(
                sql,
                self.select,
                self.klass_info,
                self.annotation_col_map,
                self.col_count,
                self.has_extra_select,
                shape.named,
            )
            if same
            else None
        )
        return sql, values

    def _verify(self, written: Written, shape: _Shape) -> None:
        sql, values = super().as_sql()
        if (sql, list(values)) != (written.sql, shape.values):
            raise AssertionError(f"written before: {written.sql} {shape.values}; now: {sql} {values}")


class _Shape:
    """What the text of a query depends on, and its values in their order."""

    def __init__(self, owner: SQLCompiler) -> None:
        self.compiler = owner
        self.query: Any = owner.query
        self.values: list[Any] = []
        self.named: list[object] = []

    def key(self) -> object:
        query = self.query
        if (
            type(query) is not Query  # a subclass (aggregates, updates) writes otherwise
            or query.combinator
            or query.extra
            or query.extra_tables
            or query.extra_order_by
            or query.group_by is not None
            or query.explain_info
            or query.subquery
        ):
            raise _Unknown
        for name in query.order_by:
            if type(name) is not str:
                raise _Unknown
        return (
            query.model,
            self._annotations(),
            self.compiler.elide_empty,  # type: ignore[attr-defined]  # not in the stubs
            self._conditions(query.where),
            tuple([self._table(alias, table) for alias, table in query.alias_map.items()]),
            tuple([self._column(one) for one in query.select]),
            query.values_select,
            query.selected and tuple(query.selected.items()),
            query.default_cols,
            (frozenset(query.deferred_loading[0]), query.deferred_loading[1]),
            _nested(query.select_related),
            query.max_depth,
            query.order_by,
            query.default_ordering,
            query.standard_ordering,
            query.distinct,
            query.distinct_fields,
            query.low_mark,
            query.high_mark,
        )

    def _named(self, thing: object) -> int:
        self.named.append(thing)
        return id(thing)

    def _table(self, alias: str, table: Any) -> object:
        count = self.query.alias_refcount[alias]
        if type(table) is BaseTable:
            return alias, count, table.table_name
        if type(table) is Join and table.filtered_relation is None:
            return alias, count, table.table_name, table.join_type, table.parent_alias, self._named(table.join_field)
        raise _Unknown

    def _annotations(self) -> object:
        query = self.query
        if not query.annotations:
            return None
        mask = query.annotation_select_mask
        names = tuple([(name, self._annotation(one)) for name, one in query.annotations.items()])
        return names, None if mask is None else frozenset(mask)

    def _annotation(self, one: Any) -> object:
        if type(one) is Value and type(one.value) is int:  # what ``exists()`` selects, before any condition
            self.values.append(one.value)
            return Value
        return self._column(one)

    def _column(self, column: Any) -> object:
        if type(column) is Upper:
            return Upper, self._column(column.get_source_expressions()[0])
        if type(column) is not Col:
            raise _Unknown
        return column.alias, self._named(column.target), self._named(column.output_field)

    def _conditions(self, node: WhereNode) -> object:
        if type(node) is not WhereNode or node.resolved:
            raise _Unknown
        return node.connector, node.negated, tuple([self._condition(one) for one in node.children])

    def _condition(self, one: Any) -> object:
        kind = type(one)
        if kind is WhereNode:
            return self._conditions(one)
        if kind not in CONDITIONS or one.bilateral_transforms or not (one.rhs_is_direct_value() or _is_upper(one.rhs)):
            raise _Unknown
        column = self._column(one.lhs)
        if isinstance(one.rhs, bool):  # stands in the text itself: IS NULL, or the column alone and NOT before it
            return kind, column, one.rhs
        text, values = one.process_rhs(self.compiler, self.compiler.connection)
        self.values += values
        if len(self.values) > MOST_VALUES:
            raise _Unknown
        return kind, column, text


def _is_upper(value: Any) -> bool:
    """A text that the database itself is to write in capitals."""
    return type(value) is Upper and type(value.get_source_expressions()[0]) is Value


def _nested(related: Any) -> object:
    return tuple([(name, _nested(below)) for name, below in related.items()]) if isinstance(related, dict) else related
