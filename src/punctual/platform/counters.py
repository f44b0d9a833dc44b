"""Counts and short notes that all processes of one machine share: a Django cache on an SQLite file of its own.

Limits of requests and of tries, who writes the same minutes, counts on pages. Each step is one statement and thus whole
also between processes; nothing is synced and nothing waits for the writers of the database. Values are JSON: what JSON
does not know is refused, and the keys of a mapping are text. Losing the file loses the counts and nothing else: it is
made anew, also while everything runs. While it can't be used, everything is as in an empty cache.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from django.core.cache import cache
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache

logger = logging.getLogger(__name__)

PATIENCE: Final = 1.0
"""Seconds that a step waits for those of other processes, each of which takes some microseconds."""
SWEEP: Final = 30.0
"""Seconds after which a process drops again what has expired."""
TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, value TEXT NOT NULL, until REAL NOT NULL) WITHOUT ROWID"
)
_INHERITED: Final[list[sqlite3.Connection]] = []
"""Of the process that this one was forked from: neither used nor closed here, which would touch that one's locks."""


class CountersFile:
    """The file, opened once a process and used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._guard = threading.Lock()
        self._opened: sqlite3.Connection | None = None
        self._is: tuple[int, int] | None = None
        self._swept = 0.0

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]] | None:
        """What the statement gives; None while the file can't be used. One that is damaged is thrown away."""
        with self._guard:
            try:
                return self._file().execute(statement, values).fetchall()
            except sqlite3.OperationalError as error:  # full, read-only, or others had it for too long
                logger.warning("%s can't be used: %s", self.path, error)
                self._close()
            except sqlite3.DatabaseError as error:
                logger.warning("%s is damaged and begun anew: %s", self.path, error)
                self._close()
                for name in ("", "-wal", "-shm"):
                    Path(f"{self.path}{name}").unlink(missing_ok=True)
                with suppress(sqlite3.Error):
                    return self._file().execute(statement, values).fetchall()
            return None

    def forked(self) -> None:
        """In the child: begins anew."""
        self._guard = threading.Lock()
        if self._opened is not None:
            _INHERITED.append(self._opened)
            self._opened = None

    def _file(self) -> sqlite3.Connection:
        """The one that stands under this name now."""
        if self._opened is None or self._is != self._stands():
            self._close()
            self._opened = self._open()
            self._is = self._stands()
        if time.monotonic() - self._swept > SWEEP:
            self._swept = time.monotonic()
            self._opened.execute("DELETE FROM kept WHERE until <= ?", [time.time()])
        return self._opened

    def _stands(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self.path)
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL, 0o600))
        made = sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        try:
            made.execute("PRAGMA journal_mode=WAL")
            made.execute("PRAGMA synchronous=OFF")
            made.execute(TABLE)
        except BaseException:
            made.close()
            raise
        return made

    def _close(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None


_FILES: Final[dict[str, CountersFile]] = {}


def file_of(path: str) -> CountersFile:
    """One a path, whichever thread asks: Django makes a cache for each of them."""
    return _FILES.setdefault(path, CountersFile(Path(path)))


def _forked() -> None:
    for file in _FILES.values():
        file.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


class CountersCache(BaseCache):
    """Django's cache; ``LOCATION`` is the file."""

    def __init__(self, location: str, params: Mapping[str, Any]) -> None:
        super().__init__(dict(params))
        self._kept = file_of(str(location))

    def _until(self, timeout: Any) -> float:
        until = self.get_backend_timeout(timeout)
        return float("inf") if until is None else until

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        name = self.make_and_validate_key(key, version=version)
        statement = (
            "INSERT INTO kept VALUES (?1, ?2, ?3) ON CONFLICT (key) DO UPDATE SET value = ?2, until = ?3 "
            "WHERE kept.until <= ?4 RETURNING 1"
        )
        return self._kept.rows(statement, [name, json.dumps(value), self._until(timeout), time.time()]) != []

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        name = self.make_and_validate_key(key, version=version)
        rows = self._kept.rows("SELECT value FROM kept WHERE key = ? AND until > ?", [name, time.time()])
        return json.loads(rows[0][0]) if rows else default

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        name = self.make_and_validate_key(key, version=version)
        values = [name, json.dumps(value), self._until(timeout)]
        self._kept.rows("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", values)

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        name = self.make_and_validate_key(key, version=version)
        statement = "UPDATE kept SET until = ? WHERE key = ? AND until > ? RETURNING 1"
        return bool(self._kept.rows(statement, [self._until(timeout), name, time.time()]))

    def delete(self, key: str, version: int | None = None) -> bool:
        name = self.make_and_validate_key(key, version=version)
        rows = self._kept.rows("DELETE FROM kept WHERE key = ? RETURNING until > ?", [name, time.time()])
        return bool(rows and rows[0][0])

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """One more than any other process was told; ValueError where there is nothing to count on."""
        name = self.make_and_validate_key(key, version=version)
        statement = "UPDATE kept SET value = CAST(value AS INTEGER) + ? WHERE key = ? AND until > ? RETURNING value"
        rows = self._kept.rows(statement, [delta, name, time.time()])
        if not rows:
            raise ValueError(f"Key '{key}' not found")
        return int(rows[0][0])

    def clear(self) -> None:
        self._kept.rows("DELETE FROM kept")


def count(key: str, seconds: int) -> int:
    """How often this was counted within so many seconds after the first time, whoever counted; this time included."""
    try:
        return cache.incr(key)
    except ValueError:  # the first time
        cache.add(key, 0, seconds)
    try:
        return cache.incr(key)
    except ValueError:  # thrown out of a full cache between the two steps, or there is no cache just now
        return 1
