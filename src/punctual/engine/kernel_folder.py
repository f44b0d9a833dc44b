"""Where what numba has compiled is kept."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

ENGINE: Final = Path(__file__).parent
NAMED: Final = "NUMBA_CACHE_DIR"


def kernel_folder() -> Path:
    """``NUMBA_CACHE_DIR``; else the package's own ``__pycache__``; else the user's cache. Where none of them can be
    written, as with a system account that has no home, a folder of that account's own beside other temporary ones."""
    if NAMED in os.environ:
        return Path(os.environ[NAMED])
    beside = ENGINE / "__pycache__"
    if os.access(beside if beside.is_dir() else ENGINE, os.W_OK):
        return beside
    users = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))
    return users / "punctual" if users.is_absolute() and _can_be_made(users) else _temporary()


def name_kernel_folder() -> None:
    """numba looks beside the package and into the user's cache by itself, and gives up with an error where it can write
    to neither; then it has to be told. To be called before numba is loaded."""
    folder = kernel_folder()
    if folder.parent == Path(tempfile.gettempdir()):
        os.environ[NAMED] = str(folder)


def _can_be_made(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def _temporary() -> Path:
    """Nobody else can have put code there: it is this account's, and only it may write."""
    account = os.getuid() if hasattr(os, "getuid") else 0
    folder = Path(tempfile.gettempdir()) / f"punctual-kernels-{account}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return Path(tempfile.mkdtemp(prefix="punctual-kernels-"))
    ours = found.st_uid == account and not found.st_mode & 0o077 and not folder.is_symlink()
    return folder if ours else Path(tempfile.mkdtemp(prefix="punctual-kernels-"))
