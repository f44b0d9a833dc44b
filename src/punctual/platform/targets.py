"""What comments, files, history and search results hang on: each noun registers how it is fetched, where it lives.

Fetching is authorising: ``fetch`` takes the actor and raises ``NotFound`` for what it may not see.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.db import models
from django.urls import reverse

from punctual.kernel.refusal import NotFound, Reason
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User


@dataclass(frozen=True, slots=True)
class Target:
    """``name`` is the model name; ``label`` its English noun; ``url_name`` the page that takes the record's ``key``."""

    name: str
    label: str
    fetch: Callable[[User, int], models.Model]
    url_name: str
    url_key: str = "pk"
    icon: str = "file-text"


TARGETS: Final[dict[str, Target]] = {}


def register(target: Target) -> None:
    if target.name in TARGETS:
        raise ValueError(f"target {target.name} is registered twice")
    TARGETS[target.name] = target


def url_of(name: str, target: models.Model) -> str:
    """The page of a thing."""
    found = TARGETS[name]
    return reverse(found.url_name, args=[getattr(target, found.url_key)])


def fetch(actor: User, name: str, pk: int) -> models.Model:
    """The thing, if there is such a noun and the actor may see it."""
    if name not in TARGETS:
        raise NotFound(
            Reason(code="target.unknown", text=N_("There is no kind of thing named “%(name)s”."), params={"name": name})
        )
    return TARGETS[name].fetch(actor, pk)
