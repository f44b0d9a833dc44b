"""Django's SQLite connection; whoever begins to write takes a place in the queue first and leaves it at the end."""

from __future__ import annotations

import datetime as dt
import logging
import sqlite3
import time
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

from django.conf import settings
from django.db.backends.sqlite3 import base
from django.db.backends.sqlite3.base import SQLiteCursorWrapper
from django.db.backends.sqlite3.operations import DatabaseOperations
from django.utils.dateparse import parse_date, parse_datetime

from punctual.platform.sqlite.queue import WriteQueue, queue_of

logger = logging.getLogger(__name__)

LONG: Final = 2.0
"""Seconds that one writer may keep others waiting before the log says which one it was."""
WRITES: Final = frozenset({"INSERT", "UPDATE", "DELETE", "REPLAC"})


class QueuedCursor(SQLiteCursorWrapper):
    """A single write outside a transaction stands in the queue too."""

    def __init__(self, connection: sqlite3.Connection, wrapper: DatabaseWrapper) -> None:
        super().__init__(connection)
        self._wrapper = wrapper

    def execute(self, query: str, params: Any = None) -> Any:
        self._wrapper.let_writer_first()
        if not self._alone(query):
            return super().execute(query, params)
        self._wrapper.take_turn()
        try:
            return super().execute(query, params)
        finally:
            self._wrapper.end_turn()

    def executemany(self, query: str, param_list: Iterable[Any]) -> Any:
        if not self._alone(query):
            return super().executemany(query, param_list)
        self._wrapper.take_turn()
        try:
            return super().executemany(query, param_list)
        finally:
            self._wrapper.end_turn()

    def _alone(self, query: str) -> bool:
        return not self.connection.in_transaction and query.lstrip()[:6].upper() in WRITES


MOMENTS: Final = 1 << 16
"""Different moments and days that are kept read: plans have many, but most begin or end a shift."""


@lru_cache(MOMENTS)
def _moment(text: bytes) -> dt.datetime | None:
    """As Django reads it, in the zone in which Django writes moments to SQLite."""
    found = parse_datetime(text.decode())
    return found if found is None or found.tzinfo is not None else found.replace(tzinfo=dt.UTC)


@lru_cache(MOMENTS)
def _day(text: bytes) -> dt.date | None:
    return parse_date(text.decode())


# A page of many plans reads ten thousand moments; Django parses each and asks for its type and zone time and again.
for kind in ("datetime", "timestamp"):
    sqlite3.register_converter(kind, _moment)
sqlite3.register_converter("date", _day)


class QuickOperations(DatabaseOperations):
    """What :func:`_moment` has read stays as it is; the text of a SELECT is written once."""

    compiler_module = "punctual.platform.sqlite.compiler"

    def convert_datetimefield_value(self, value: Any, expression: Any, connection: Any) -> Any:
        if type(value) is dt.datetime and value.tzinfo is not None:
            return value
        return super().convert_datetimefield_value(value, expression, connection)


def _writer() -> str:
    """Whoever of the programme writes just now, as ``file:line function`` from the inside out."""
    frames = [frame for frame in reversed(traceback.extract_stack()) if "/punctual/" in frame.filename]
    outside = [frame for frame in frames if frame.filename != __file__]
    return ", ".join(f"{frame.filename.rsplit('/', 1)[1]}:{frame.lineno} {frame.name}" for frame in outside[:3])


class DatabaseWrapper(base.DatabaseWrapper):
    """``in_turn`` says whether this connection holds the queue, ``turn_began`` since when (monotonic)."""

    ops_class = QuickOperations
    transaction_mode: str | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.in_turn = False
        self.turn_began = 0.0
        self.reads_only = False
        self._let = 0

    def _queue(self) -> WriteQueue | None:
        name = str(self.settings_dict["NAME"])
        if not settings.WRITE_QUEUE or not name or ":memory:" in name or "mode=memory" in name:
            return None
        return queue_of(name)

    def let_writer_first(self) -> None:
        """Between two statements of one who has no turn; see the queue's own."""
        if not self.in_turn and (queue := self._queue()) is not None:
            self._let = queue.let_writer_first(self._let)

    def take_turn(self) -> None:
        queue = self._queue()
        if queue is not None and not self.in_turn:
            queue.enter(settings.WRITE_WAIT)
            self.in_turn, self.turn_began = True, time.monotonic()

    def end_turn(self) -> None:
        if self.in_turn:
            self.in_turn = False
            held = time.monotonic() - self.turn_began
            queue = self._queue()
            if queue is None:
                return
            awaited = held > LONG and queue.is_wanted()
            queue.leave()
            if awaited:
                logger.warning("other writers waited, of %.1f s, for %s", held, _writer())

    def create_cursor(self, name: Any = None) -> Any:
        return self.connection.cursor(factory=lambda connection: QueuedCursor(connection, self))

    @contextmanager
    def only_reading(self) -> Iterator[None]:
        """The transactions begun inside take no turn and no lock: they see the database as it stood at their first
        look."""
        self.ensure_connection()  # which reads the mode out of the settings
        before = self.transaction_mode
        self.transaction_mode = None
        self.reads_only = True
        try:
            yield
        finally:
            self.transaction_mode, self.reads_only = before, False

    def _start_transaction_under_autocommit(self) -> None:
        if not self.reads_only:
            self.take_turn()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # not in the stubs
        except BaseException:
            self.end_turn()
            raise

    def _commit(self) -> Any:
        # A commit that fails is followed by a rollback, which ends the turn.
        result = super()._commit()  # type: ignore[misc]  # not in the stubs
        self.end_turn()
        return result

    def _rollback(self) -> Any:
        try:
            return super()._rollback()  # type: ignore[misc]  # not in the stubs
        finally:
            self.end_turn()

    def _close(self) -> Any:
        try:
            return super()._close()  # type: ignore[misc]  # not in the stubs
        finally:
            self.end_turn()
