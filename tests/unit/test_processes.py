"""What ``punctual serve`` starts is looked after: what ends by itself is taken off the system's list, what goes on is
ended with it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from punctual.cli.processes import spawn, wait

LONG = [sys.executable, "-c", "import time; time.sleep(60)"]
SHORT = [sys.executable, "-c", ""]


def is_listed(pid: int) -> bool:
    """Also while it is ended and nobody has asked how."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def pages() -> Iterator[subprocess.Popen[bytes]]:
    process = spawn(LONG)
    yield process
    process.kill()
    process.wait()


def watched(pages: subprocess.Popen[bytes], passing: list[subprocess.Popen[bytes]]) -> tuple[Thread, Event, list[int]]:
    told, codes = Event(), []

    def watch() -> None:
        codes.append(wait([pages], told, passing=passing))

    thread = Thread(target=watch)
    thread.start()
    return thread, told, codes


def test_what_has_done_its_work_is_off_the_list_while_the_rest_goes_on(pages: subprocess.Popen[bytes]) -> None:
    passing = spawn(SHORT)
    thread, told, codes = watched(pages, [passing])
    deadline = time.monotonic() + 20
    while is_listed(passing.pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    try:
        assert not is_listed(passing.pid)
        assert pages.poll() is None, "its end ends nothing else"
        assert thread.is_alive()
    finally:
        told.set()
        thread.join(20)
    assert codes == [0]
    assert pages.poll() is not None


def test_a_failed_one_that_only_passes_ends_nothing(pages: subprocess.Popen[bytes]) -> None:
    failed = spawn([sys.executable, "-c", "raise SystemExit(3)"])
    failed_code = failed.wait(20)
    thread, told, codes = watched(pages, [failed])
    thread.join(0.5)
    assert thread.is_alive()
    told.set()
    thread.join(20)
    assert (failed_code, codes) == (3, [0])


POOL = """
import signal, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "print(input(), flush=True)"], stdin=subprocess.PIPE)
def stop(number, frame):
    child.communicate(b"the work is done")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print("ready", flush=True)
signal.pause()
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no such signal there")
def test_what_a_process_has_started_ends_its_work_before_the_process_ends(tmp_path: Path) -> None:
    said = tmp_path / "said"
    with said.open("w") as out:
        pool = subprocess.Popen([sys.executable, "-c", POOL], stdout=out, start_new_session=True)
    deadline = time.monotonic() + 20
    while "ready" not in said.read_text() and time.monotonic() < deadline:
        time.sleep(0.02)
    thread, told, codes = watched(pool, [])
    told.set()
    thread.join(20)
    assert (codes, pool.returncode) == ([0], 0)
    assert said.read_text().split("\n")[:2] == ["ready", "the work is done"]
