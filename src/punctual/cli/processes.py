"""The processes behind ``punctual serve`` and ``punctual worker``: started together, stopped together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from threading import Event
from types import FrameType

from punctual.kernel.queues import QUEUES


def say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def spawn(command: Sequence[str], **told: str) -> subprocess.Popen[bytes]:
    """In a session of its own, so that it can be ended with everything it has started; ``told`` are variables for it.

    glibc gives each thread memory of its own and hands little of it back; two such arenas do for four threads.
    """
    environment = {"MALLOC_ARENA_MAX": "2"} | os.environ | told
    return subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: S603 - our own words


def workers() -> list[subprocess.Popen[bytes]]:
    """One worker for each queue, so that a long computation keeps no message waiting."""
    return [spawn([sys.executable, "-m", "punctual", "worker", "--queue", queue]) for queue in QUEUES]


def heed_stop() -> Event:
    """Set once somebody says stop. Ask for it before the first process is started: a stop that came earlier would end
    this one alone and leave the others."""
    told = Event()

    def stop(number: int, frame: FrameType | None) -> None:
        told.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    return told


def wait(
    processes: list[subprocess.Popen[bytes]], told: Event, *, passing: Sequence[subprocess.Popen[bytes]] = ()
) -> int:
    """Until one ends or somebody says stop; then all end, gently first. Whatever goes wrong, none is left behind.
    ``passing`` do their work and end by themselves: that is asked for, else what is ended stays in the list of the
    system's processes as long as this one lives."""
    try:
        while not told.is_set() and all(process.poll() is None for process in processes):
            for process in passing:
                process.poll()
            time.sleep(0.2)
    finally:
        _end(processes)
    failed = not told.is_set()
    say("Punctual: stopped" + (" because a part of it ended" if failed else ""))
    return 1 if failed else 0


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    """Each with everything it has started, also where it has ended itself and left that behind.

    One that lives is told alone: it lets those it has started end their work, which they would drop if they heard of it
    themselves, and of a worker's processes the first would then wait for the others in vain."""
    for process in processes:
        if process.poll() is None:
            process.terminate()
        else:
            _tell(process, signal.SIGTERM)
    deadline = time.monotonic() + 10
    for process in processes:
        while (process.poll() is None or _tell(process, 0)) and time.monotonic() < deadline:
            time.sleep(0.02)
        _tell(process, signal.SIGKILL)
        process.wait()


def _tell(process: subprocess.Popen[bytes], number: int) -> bool:
    """To all of its session; False where nobody is left in it."""
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):  # some systems say the latter of those that only wait to be asked
        return False
    return True
