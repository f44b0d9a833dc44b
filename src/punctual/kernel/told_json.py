"""JSON that somebody sends: as RFC 8259 has it, with text that every database keeps."""

from __future__ import annotations

import json
from typing import Any


class NotJson(ValueError):
    """It is no JSON, or deeper than anything of ours."""


class NotKept(ValueError):
    """It holds NUL or half a surrogate pair, which no database keeps."""


def read_json(text: str | bytes) -> Any:
    """What the text holds. Raises :class:`NotJson` or :class:`NotKept`."""
    try:
        data = json.loads(text, parse_constant=_no_number)
        fits = _can_be_kept(data)
    except (ValueError, RecursionError) as error:
        raise NotJson("not JSON") from error
    if not fits:
        raise NotKept("NUL or half a surrogate pair")
    return data


def _no_number(name: str) -> None:
    raise ValueError(name)


def _can_be_kept(data: object) -> bool:
    if isinstance(data, str):
        return "\0" not in data and not any("\ud800" <= letter <= "\udfff" for letter in data)
    if isinstance(data, dict):
        return all(_can_be_kept(name) and _can_be_kept(value) for name, value in data.items())
    return all(map(_can_be_kept, data)) if isinstance(data, list) else True
