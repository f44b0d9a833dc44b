"""Where the test data of others stands; a test that needs it and does not find it skips, saying so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_PLACES = (os.environ.get("PUNCTUAL_TESTDATA", ""), str(Path(__file__).parents[2] / "shared" / "testdata"))


def given_data_or_none(*parts: str) -> Path | None:
    """The file or folder, or None where the data is absent (for parametrising at collection)."""
    return next((Path(place, *parts) for place in _PLACES if place and Path(place, *parts).exists()), None)


def given_data(*parts: str) -> Path:
    """The file or folder; skips the test loudly where the data is absent."""
    found = given_data_or_none(*parts)
    if found is None:
        pytest.skip(f"TEST DATA ABSENT: {'/'.join(parts)}; set PUNCTUAL_TESTDATA to its folder")
    return found
