"""Whether the compiled schedulers already stand on disk (numba's cache), asked without loading the compiler."""

from __future__ import annotations

import os
from pathlib import Path


def is_compiled() -> bool:
    """True when a cache file of the schedulers is found where numba puts it; a guess that only decides about a
    message.
    """
    places = [Path(__file__).parent / "__pycache__"]
    if "NUMBA_CACHE_DIR" in os.environ:
        places.insert(0, Path(os.environ["NUMBA_CACHE_DIR"]))
    places.append(Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "numba")
    return any(place.is_dir() and next(place.rglob("timeline.*.nbc"), None) is not None for place in places)
