"""Addresses that stand in messages, warnings and rows as text lead to a page."""

from __future__ import annotations

import re
from pathlib import Path

from django.urls import Resolver404, resolve

SOURCE = Path(__file__).resolve().parents[2] / "src" / "punctual"
WRITTEN = re.compile(r'(?:\b(?:url|where)\s*=\s*|\breturn )f?"(/[a-z][^"?#]*)[^"]*"')


def test_every_address_that_is_written_out_leads_to_a_page() -> None:
    found, lost = 0, []
    for path in sorted(SOURCE.rglob("*.py")):
        for match in WRITTEN.finditer(path.read_text()):
            found += 1
            address = re.sub(r"\{[^}]*\}", "1", match.group(1))
            try:
                resolve(address)
            except Resolver404:
                lost.append(f"{path.relative_to(SOURCE)}: {match.group(1)}")
    assert found > 50
    assert not lost, "\n".join(lost)
