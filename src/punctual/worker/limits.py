"""How much memory a planning process may take, and that pages go first."""

from __future__ import annotations

import os
import sys
from typing import Final

PATIENCE: Final = 10
"""Added to the niceness: where cores are scarce, whoever waits for a page gets about nine tenths of them."""


def limit_memory(megabytes: int) -> None:
    """What this process and those it forks may each take for data (``RLIMIT_DATA``; Linux counts private memory, not
    what is merely reserved). Beyond it the job fails with MemoryError and the machine goes on; 0 means no limit, and
    systems without this limit keep to the service manager's."""
    if not megabytes or sys.platform == "win32":
        return
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = megabytes << 20
    if most != resource.RLIM_INFINITY:
        wanted = min(wanted, most)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, most))


def let_others_go_first() -> None:
    """Lower this process's priority, and that of those it forks, where the system has one."""
    if hasattr(os, "nice"):
        os.nice(PATIENCE)
