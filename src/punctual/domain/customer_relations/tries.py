"""How often something was tried that anybody may try, within some minutes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from django.core.cache import cache

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
        cache.add(self.key, 0, WAIT)
        try:
            cache.incr(self.key)
        except ValueError:  # thrown out of a full cache between the two steps
            cache.set(self.key, 1, WAIT)

    def forget(self) -> None:
        cache.delete(self.key)
