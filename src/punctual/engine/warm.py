"""Everything compiled that pages and jobs need: loaded, or the first time on a machine compiled.

``python -m punctual.engine.warm`` does it in a process of its own, which leaves the others their time; with the number
of its parent it ends when that has ended. However many are started, one compiles and the others wait for what it leaves
on disk.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from punctual.engine.capacity import lines
from punctual.engine.capacity.arrays import network
from punctual.engine.capacity.compiled import cache_folder
from punctual.engine.capacity.runs import schedule_runs
from punctual.engine.cpm import prepare
from punctual.engine.optimise.warm import tiny, warm_tardiness
from punctual.engine.promise.warm import warm_promise


def warm_all() -> None:
    """Ready the planning passes, the schedulers, the promise and simulated runs: seconds where they stand on disk, else
    a minute or two."""
    with _one_at_a_time(cache_folder()):
        prepare()
        warm_tardiness()
        warm_promise()
        _warm_runs()


def _warm_runs() -> None:
    net, _ = network(tiny(), exact=True)
    line = lines.build(net, 64)
    count = net.fixed.size
    schedule_runs(
        line,
        net,
        line.planes.copy(),
        line.planes.copy(),
        net.topological,
        np.zeros(0, dtype=np.int32),
        np.ascontiguousarray(net.duration[None, :]),
        0,
        np.zeros(count, dtype=np.int64),
        np.zeros((3, count), dtype=np.int32),
        np.zeros((1, 1), dtype=np.int32),
    )


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:  # no such lock on Windows: two may compile the same
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "compiling").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        threading.Thread(target=_end_with, args=(int(sys.argv[1]),), daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(15)  # behind the jobs that plan, too: the first schedule comes first
    warm_all()
