"""The committed schema is what the API offers; a change of it is seen in review (PUNCTUAL_ACCEPT=1 writes it)."""

from __future__ import annotations

import json
import os
from pathlib import Path

from api_document import api_document
from punctual.api.v1 import api

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"


def test_the_committed_schema_is_the_one_that_is_served() -> None:
    schema = json.dumps(api.get_openapi_schema(), indent=1, ensure_ascii=False, sort_keys=True, default=str) + "\n"
    if os.environ.get("PUNCTUAL_ACCEPT"):
        SCHEMA.write_text(schema)
    assert SCHEMA.read_text() == schema


def test_every_operation_has_a_sentence_and_a_subject() -> None:
    for path, methods in api_document()["paths"].items():
        for method, told in methods.items():
            assert told.get("description"), f"{method} {path} says nothing of itself"
            assert told.get("tags"), f"{method} {path} belongs to no subject"
