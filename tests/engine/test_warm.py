"""Making everything compiled ready in a process of its own: one at a time, and never longer than who asked for it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from punctual.engine.capacity.compiled import cache_folder

COMMAND = [sys.executable, "-m", "punctual.engine.warm"]
STARTER = f"""
import os, subprocess, sys
child = subprocess.Popen([*{COMMAND!r}, str(os.getpid())])
print(child.pid, flush=True)
sys.stdin.read()
"""


def _environment(folder: Path) -> dict[str, str]:
    return os.environ | {"NUMBA_CACHE_DIR": str(folder)}


@pytest.mark.skipif(os.name == "nt", reason="a process there does not know when its parent has ended")
def test_it_ends_with_the_process_that_started_it(tmp_path):
    """Compiling anew takes a minute; without that rule it would go on alone."""
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=_environment(tmp_path),
    )
    assert starter.stdout is not None
    child = psutil.Process(int(starter.stdout.readline()))
    assert child.is_running()
    starter.communicate("")
    gone, alive = psutil.wait_procs([child], timeout=30)
    for one in alive:
        one.kill()
    assert gone == [child]


@pytest.mark.skipif(os.name == "nt", reason="there is no such lock there")
def test_while_one_makes_it_ready_the_others_wait(tmp_path):
    import fcntl

    place = tmp_path / cache_folder().name  # of the same sources, under the folder that is given
    place.mkdir()
    with (place / "compiling").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        waiting = subprocess.Popen([*COMMAND, str(os.getpid())], env=_environment(tmp_path))
        try:
            with pytest.raises(subprocess.TimeoutExpired):
                waiting.wait(timeout=6)
            assert not list(tmp_path.rglob("*.nbc"))
            fcntl.flock(held, fcntl.LOCK_UN)
            until = time.monotonic() + 120
            while not list(tmp_path.rglob("*.nbc")) and time.monotonic() < until:
                time.sleep(0.2)
            assert list(tmp_path.rglob("*.nbc"))
        finally:
            waiting.kill()
            waiting.wait()
