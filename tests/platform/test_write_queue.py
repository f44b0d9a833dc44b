"""One fair queue of writers in front of SQLite: bounded waiting, first come first served, nobody killed holds it up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db.backends.sqlite3.base import DatabaseWrapper as Bare
from django.db.utils import OperationalError

from punctual.platform.sqlite.base import DatabaseWrapper
from punctual.platform.sqlite.queue import WriteQueue, WriteQueueFull, queue_of

HOLDER = """
import sys, time
from pathlib import Path
from punctual.platform.sqlite.queue import WriteQueue
queue = WriteQueue(Path(sys.argv[1]))
queue.enter(5)
print("in", flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def _own_files(django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """These tests open databases of their own; a browser that an earlier test of this process drives is no danger."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with django_db_blocker.unblock():
        yield


def _connection(path: Path, kind: type[Any] = DatabaseWrapper, timeout: float = 5) -> Any:
    settings = {
        "ENGINE": "punctual.platform.sqlite",
        "NAME": str(path),
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": timeout},
        "TIME_ZONE": None,
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": False,
        "AUTOCOMMIT": True,
        "ATOMIC_REQUESTS": False,
    }
    return kind(settings, "queued")


def _holder(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "in\n"
    return process


def test_a_turn_that_does_not_come_is_refused_in_bounded_time(tmp_path: Path) -> None:
    queue = WriteQueue(tmp_path / "q")
    queue.enter(1)
    began = time.monotonic()
    with pytest.raises(WriteQueueFull):
        queue.enter(0.1)
    assert time.monotonic() - began < 1
    queue.leave()
    queue.enter(0.1)
    queue.leave()


def test_another_process_keeps_one_out_and_its_death_lets_one_in(tmp_path: Path) -> None:
    queue, other = WriteQueue(tmp_path / "q"), _holder(tmp_path / "q")
    try:
        with pytest.raises(WriteQueueFull):
            queue.enter(0.1)
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
        queue.enter(1)
        queue.leave()
    finally:
        other.kill()
        other.wait()


def test_who_gave_up_lets_those_behind_pass_but_not_overtake(tmp_path: Path) -> None:
    holder, impatient, patient = (WriteQueue(tmp_path / "q") for _ in range(3))
    holder.enter(1)
    with pytest.raises(WriteQueueFull):
        impatient.enter(0.05)
    with pytest.raises(WriteQueueFull):
        patient.enter(0.05)
    holder.leave()
    patient.enter(0.5)
    patient.leave()


def test_threads_are_served_in_the_order_they_came(tmp_path: Path) -> None:
    queue, served = WriteQueue(tmp_path / "q"), list[int]()
    queue.enter(1)

    def wait(number: int) -> None:
        queue.enter(5)
        served.append(number)
        queue.leave()

    threads = [threading.Thread(target=wait, args=[number]) for number in range(8)]
    for number, thread in enumerate(threads):
        thread.start()
        while len(queue._line._waiting) <= number:
            time.sleep(0.001)
    queue.leave()
    for thread in threads:
        thread.join()
    assert served == list(range(8))


@pytest.mark.parametrize(("kind", "shut_out"), [(DatabaseWrapper, False), (Bare, True)])
def test_a_late_writer_is_not_starved_by_a_busy_one(tmp_path: Path, kind: type[Bare], shut_out: bool) -> None:
    """The busy one writes without a pause. The control: with SQLite's own handler, set as impatient as
    the queue, the late one does not get in; on a slow machine it takes more tries to see it."""
    path = tmp_path / "db"
    with _connection(path).cursor() as cursor:
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("CREATE TABLE t (n INTEGER)")
    stop, started = threading.Event(), threading.Event()

    def busy() -> None:
        mine = _connection(path, kind, 0.3)
        while not stop.is_set():
            mine.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
            mine.cursor().execute("INSERT INTO t VALUES (1)")
            started.set()
            time.sleep(0.02)
            mine.commit()
            mine.set_autocommit(True)
        mine.close()

    writer = threading.Thread(target=busy)
    writer.start()
    started.wait(5)
    late, failed = _connection(path, kind, 0.3), 0
    for _ in range(60 if shut_out else 4):
        if failed:
            break
        try:
            late.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
            late.commit()
            late.set_autocommit(True)
        except OperationalError:
            failed += 1
    stop.set()
    writer.join()
    late.close()
    assert bool(failed) is shut_out


def test_a_write_outside_a_transaction_waits_its_turn_and_a_read_does_not(tmp_path: Path, settings: object) -> None:
    settings.WRITE_WAIT = 0.1  # type: ignore[attr-defined]
    path = tmp_path / "db"
    one, two = _connection(path), _connection(path)
    one.cursor().execute("CREATE TABLE t (n INTEGER)")
    one.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    try:
        two.cursor().execute("SELECT * FROM t")
        with pytest.raises(WriteQueueFull):
            two.cursor().execute("INSERT INTO t VALUES (1)")
        with pytest.raises(WriteQueueFull):
            two.cursor().executemany("INSERT INTO t VALUES (%s)", [[1], [2]])
    finally:
        one.rollback()
        one.set_autocommit(True)
    two.cursor().execute("INSERT INTO t VALUES (1)")
    assert one.cursor().execute("SELECT count(*) FROM t").fetchone() == (1,)


def test_who_only_reads_keeps_nobody_waiting_and_sees_one_moment(tmp_path: Path, settings: Any) -> None:
    settings.WRITE_WAIT = 0.1
    one, two = _connection(tmp_path / "db"), _connection(tmp_path / "db")
    one.cursor().execute("PRAGMA journal_mode=WAL")
    one.cursor().execute("CREATE TABLE t (n INTEGER)")
    count = "SELECT count(*) FROM t"
    with two.only_reading():
        two.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
        assert two.cursor().execute(count).fetchone() == (0,)
        one.cursor().execute("INSERT INTO t VALUES (1)")
        assert two.cursor().execute(count).fetchone() == (0,)
        two.commit()
        two.set_autocommit(True)
    assert two.cursor().execute(count).fetchone() == (1,)
    two.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    try:
        with pytest.raises(WriteQueueFull):
            one.cursor().execute("INSERT INTO t VALUES (2)")
    finally:
        two.rollback()


def test_the_log_names_a_writer_for_whom_others_waited_long_and_none_for_whom_nobody_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("punctual.platform.sqlite.base.LONG", 0.0)
    one = _connection(tmp_path / "db")
    one.cursor().execute("CREATE TABLE t (n INTEGER)")
    assert not caplog.records, "nobody waited"

    def write() -> None:
        two = _connection(tmp_path / "db")
        two.cursor().execute("INSERT INTO t VALUES (2)")
        two.close()

    one.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    one.cursor().execute("INSERT INTO t VALUES (1)")
    other = threading.Thread(target=write)
    other.start()
    queue = queue_of(str(tmp_path / "db"))
    while not queue.is_wanted():
        time.sleep(0.01)
    one.commit()
    one.set_autocommit(True)
    other.join(10)
    assert [record.getMessage() for record in caplog.records if "other writers waited" in record.getMessage()]


@pytest.mark.skipif(sys.platform != "linux", reason="tickets are counted on Linux only")
def test_another_process_that_waits_is_seen(tmp_path: Path) -> None:
    mine, theirs = WriteQueue(tmp_path / "q"), WriteQueue(tmp_path / "q")
    mine.enter(1)
    assert not mine.is_wanted()
    other = threading.Thread(target=theirs.enter, args=[10])
    other.start()
    while not mine.is_wanted():
        time.sleep(0.01)
    mine.leave()
    other.join(10)
    assert not theirs.is_wanted()
    theirs.leave()


def test_a_connection_that_closes_in_the_middle_leaves_the_queue(tmp_path: Path) -> None:
    one, two = _connection(tmp_path / "db"), _connection(tmp_path / "db")
    one.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    one.close()
    assert not one.in_turn
    two.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    assert two.in_turn
    two.rollback()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_does_not_hold_its_parents_turn(tmp_path: Path) -> None:
    program = (
        "import os, sys\nfrom punctual.platform.sqlite.queue import WriteQueueFull, queue_of\n"
        "queue = queue_of(sys.argv[1])\nqueue.enter(1)\nchild = os.fork()\n"
        "try:\n    queue.enter(0.2)\n    code = 1\nexcept WriteQueueFull:\n    code = 7\n"
        "if child == 0:\n    os._exit(code)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "db")], capture_output=True, text=True, check=False, timeout=20
    )
    assert run.stdout == "7\n", run.stderr


def test_what_is_committed_is_on_the_disk(settings: Any) -> None:
    """The product's own settings: a write-ahead log that is synced at every commit, and IMMEDIATE transactions."""
    options = settings.DATABASES["default"].get("OPTIONS", {})
    if "init_command" not in options:
        pytest.skip("PostgreSQL syncs at every commit by default")
    assert "PRAGMA journal_mode=WAL" in options["init_command"]
    assert "PRAGMA synchronous=FULL" in options["init_command"]
    assert options["transaction_mode"] == "IMMEDIATE"


def test_a_thread_lets_the_writer_of_its_process_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("punctual.platform.sqlite.queue._COURTESY", 30)
    path = tmp_path / "company.db"
    reader = _connection(path)
    with reader.cursor() as cursor:
        cursor.execute("CREATE TABLE told (what TEXT)")
    began, reading = threading.Event(), threading.Event()

    def write() -> None:
        mine = _connection(path)
        mine.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
        began.set()
        reading.wait(10)
        with mine.cursor() as cursor:
            cursor.execute("INSERT INTO told VALUES ('first')")
        mine.commit()
        mine.close()

    thread = threading.Thread(target=write)
    thread.start()
    assert began.wait(10)
    reading.set()
    with reader.cursor() as cursor:
        assert cursor.execute("SELECT what FROM told").fetchall() == [("first",)]
    thread.join(10)
    reader.close()


def test_it_waits_for_a_turn_once_and_not_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    queue = WriteQueue(tmp_path / "queue")
    assert queue.let_writer_first(0) == 0, "nobody writes"
    queue.enter(5)
    turn = queue.let_writer_first(0)  # ends although the writer goes on
    assert turn == 1
    monkeypatch.setattr("punctual.platform.sqlite.queue._COURTESY", 3600)
    assert queue.let_writer_first(turn) == turn
    queue.leave()
    assert queue.let_writer_first(0) == turn, "nobody writes any more"
