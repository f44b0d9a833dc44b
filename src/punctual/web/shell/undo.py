"""A sentence about what was done, with the way back: a small form in the notice, good for eight seconds or Ctrl Z."""

from __future__ import annotations

import json
from typing import Any, Final

from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest

MOST_CHARACTERS: Final = 1500
"""A longer way back is not offered: notices travel in a cookie."""


def say_with_undo(request: HttpRequest, sentence: str, url: str, **fields: object) -> None:
    """Says ``sentence``; its undo posts ``fields`` to ``url``."""
    way_back = json.dumps({"url": url, "fields": {name: str(value) for name, value in fields.items()}})
    messages.success(request, sentence, extra_tags=way_back if len(way_back) <= MOST_CHARACTERS else "")


def undo_of(message: Message) -> dict[str, Any] | None:
    """Where the way back of a notice leads, None where there is none."""
    if not (message.extra_tags or "").startswith("{"):
        return None
    found: dict[str, Any] = json.loads(message.extra_tags or "{}")
    return found
