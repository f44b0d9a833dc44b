"""The document that the API gives of itself, written once for all tests of a process: it takes seconds each time."""

from __future__ import annotations

import json
from functools import cache
from typing import Any


@cache
def api_document() -> dict[str, Any]:
    """As it is served, in any language; read it, don't change it."""
    from punctual.api.v1 import api

    document: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(), default=str))
    return document
