"""One queue of writers a database file: who came first writes first, and nobody waits without bound.

SQLite lets one connection write at a time and gives the others a busy handler that sleeps and tries again; who tries
at the right moment wins, so under load somebody loses for seconds. Here everybody takes a ticket instead: the threads
of a process stand in line in memory, and the first of each process stands in a line of processes kept by locks on a
file beside the database. Locks end with their process, so a killed writer holds nobody up.
"""

from __future__ import annotations

import os
import struct
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

from django.db.utils import OperationalError

_FLOCK: Final = "hhqqi4x"
_MUTEX: Final = 0
_SHORTEST, _LONGEST = 0.0003, 0.0015
_COURTESY: Final = 0.05
"""Seconds that a thread lets a writer of its own process go first: about what a confirmation takes."""


class WriteQueueFull(OperationalError):
    """The turn did not come in time; nothing has been written."""


class Line:
    """First in, first out, for the threads of one process."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._busy = False

    def enter(self, deadline: float) -> bool:
        """Wait for one's turn; False when it did not come before ``deadline`` (monotonic)."""
        with self._guard:
            if not self._busy:
                self._busy = True
                return True
            turn = threading.Event()
            self._waiting.append(turn)
        if turn.wait(max(0.0, deadline - time.monotonic())):
            return True
        with self._guard:
            if turn.is_set():
                return True
            self._waiting.remove(turn)
        return False

    def is_wanted(self) -> bool:
        """Whether somebody waits for the turn."""
        return bool(self._waiting)

    def leave(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._busy = False


class Tickets:
    """First come, first served, for processes: ticket *n* is a lock on byte *n* of the file.

    A writer's turn has come when no byte below its own is locked. Linux' locks of open file descriptions are used;
    elsewhere the whole file is locked by whoever is quickest, and where files can't be locked SQLite decides alone.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._ticket = 0

    def close(self) -> None:
        os.close(self._file)

    def enter(self, deadline: float) -> bool:
        if not _numbered():
            return _patiently(lambda: _lock_whole(self._file), deadline)
        if not _patiently(lambda: _lock(self._file, _MUTEX), deadline):
            return False
        try:
            last = int.from_bytes(os.pread(self._file, 8, 0), "little")
            ticket = last + 1
            os.pwrite(self._file, ticket.to_bytes(8, "little"), 0)
            _lock(self._file, ticket)
        finally:
            _unlock(self._file, _MUTEX)
        if not _patiently(lambda: not _anybody_before(self._file, ticket), deadline):
            _unlock(self._file, ticket)
            return False
        self._ticket = ticket
        return True

    def is_wanted(self) -> bool:
        """Whether another process waits for the turn, as far as that can be known."""
        return _numbered() and _anybody(self._file, self._ticket + 1, 0)

    def leave(self) -> None:
        if _numbered():
            _unlock(self._file, self._ticket)
        else:
            _unlock_whole(self._file)


def _numbered() -> bool:
    return sys.platform == "linux" and struct.calcsize("P") == 8


def _patiently(try_once: Callable[[], bool], deadline: float) -> bool:
    """Try until it works or the time is up; the sleeps are short, since the one before writes for milliseconds."""
    pause = _SHORTEST
    while not try_once():
        if time.monotonic() >= deadline:
            return False
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST)
    return True


if sys.platform == "win32":

    def _lock_whole(file: int) -> bool:
        return True

    def _unlock_whole(file: int) -> None:
        return None

else:
    import fcntl

    def _lock_whole(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _unlock_whole(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


if sys.platform == "linux":

    def _lock(file: int, byte: int) -> bool:
        wish = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, byte, 1, 0)
        try:
            fcntl.fcntl(file, fcntl.F_OFD_SETLK, wish)
        except OSError:
            return False
        return True

    def _unlock(file: int, byte: int) -> None:
        fcntl.fcntl(file, fcntl.F_OFD_SETLK, struct.pack(_FLOCK, fcntl.F_UNLCK, os.SEEK_SET, byte, 1, 0))

    def _anybody_before(file: int, ticket: int) -> bool:
        return ticket > 1 and _anybody(file, 1, ticket - 1)

    def _anybody(file: int, first: int, count: int) -> bool:
        """Whether somebody else has locked one of so many bytes (0: all that follow)."""
        wish = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, first, count, 0)
        found = fcntl.fcntl(file, fcntl.F_OFD_GETLK, wish)
        return bool(struct.unpack(_FLOCK, found)[0] != fcntl.F_UNLCK)


class WriteQueue:
    """The line of threads and the tickets of processes together."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._line = Line()
        self._tickets: Tickets | None = None
        self._turn = 0
        self._over = threading.Event()
        self._over.set()

    def enter(self, patience: float) -> None:
        """Wait at most ``patience`` seconds for one's turn; else :class:`WriteQueueFull`."""
        deadline = time.monotonic() + patience
        if self._line.enter(deadline):
            try:
                self._tickets = self._tickets or Tickets(self.path)
                if self._tickets.enter(deadline):
                    self._turn += 1
                    self._over.clear()
                    return
            except BaseException:
                self._line.leave()
                raise
            self._line.leave()
        raise WriteQueueFull(f"others have been writing for {patience:g} s; try again")

    def is_wanted(self) -> bool:
        """Whether others wait while one has the turn."""
        return self._line.is_wanted() or (self._tickets is not None and self._tickets.is_wanted())

    def let_writer_first(self, let: int) -> int:
        """Wait a moment for the thread of this process that writes, unless its turn is ``let``, for which this one has
        waited before; returns the turn.

        One thread runs at a time, and takes the interpreter from the writer at each of its statements, while all other
        writers, those of other processes too, wait for that writer.
        """
        turn = self._turn
        if turn != let and not self._over.is_set():
            self._over.wait(_COURTESY)
        return turn

    def leave(self) -> None:
        if self._tickets is not None:
            self._tickets.leave()
        self._over.set()
        self._line.leave()

    def forget(self) -> None:
        """In a forked child: its parent's place in the line and its parent's locks are not its own."""
        self._line = Line()
        self._over = threading.Event()
        self._over.set()
        if self._tickets is not None:
            self._tickets.close()
            self._tickets = None


_QUEUES: Final[dict[str, WriteQueue]] = {}
_QUEUES_GUARD = threading.Lock()


def queue_of(database: str) -> WriteQueue:
    """The queue of that database file, one a process."""
    with _QUEUES_GUARD:
        if database not in _QUEUES:
            _QUEUES[database] = WriteQueue(Path(f"{database}-queue"))
        return _QUEUES[database]


def _after_fork() -> None:
    global _QUEUES_GUARD
    _QUEUES_GUARD = threading.Lock()
    for queue in _QUEUES.values():
        queue.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
