"""Where the compiled schedulers stand on disk, and whether they are there; asked without loading the compiler.

numba keeps compiled functions beside a stamp of their own file only: a change in a function that is compiled *into*
another file's would go unseen. So the folder carries a fingerprint of all files that call each other.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

from punctual.engine.kernel_folder import kernel_folder

PACKAGES = ("capacity", "optimise", "promise")
"""Packages of the engine whose compiled functions call each other."""

MARKS = (b"@kernel\n", b"@inlined\n", b"@allocating\n")
"""Decorators of compiled functions; only files that have one are part of the fingerprint."""


@cache
def cache_folder() -> Path:
    """In the :func:`kernel_folder`, with the sources' fingerprint in its name."""
    engine = Path(__file__).parents[1]
    digest = sha256()
    for package in PACKAGES:
        for path in sorted((engine / package).glob("*.py")):
            text = path.read_bytes()
            if path.name == "words.py" or any(mark in text for mark in MARKS):
                digest.update(path.name.encode() + b"\0" + text)
    return kernel_folder() / f"kernels-{digest.hexdigest()[:16]}"


def is_compiled() -> bool:
    """True when a cache file of the schedulers is found; a guess that only decides about a message."""
    place = cache_folder()
    return place.is_dir() and next(place.rglob("timeline.*.nbc"), None) is not None
