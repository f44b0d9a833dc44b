"""How often something was tried that anybody may try, within some minutes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from django.core.cache import cache

from punctual.platform.counters import count

WAIT: Final = 300
"""After so many tries nothing is tried any more for so many seconds."""


@dataclass(frozen=True, slots=True)
class Tries:
    """Tries with an address, or from one place; counted whether or not there is such a thing."""

    name: str
    most: int

    @property
    def key(self) -> str:
        return f"tries:{hashlib.sha256(self.name.encode()).hexdigest()}"

    @property
    def used_up(self) -> bool:
        return int(cache.get(self.key, 0)) >= self.most

    def count(self) -> None:
        count(self.key, WAIT)

    def forget(self) -> None:
        cache.delete(self.key)
