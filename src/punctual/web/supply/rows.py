"""Rows of a form that is written like a sheet: one input a cell, empty rows at the end are left out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from django.http import QueryDict

from punctual.domain.supply.models import Material
from punctual.kernel.dates import NotADay, parse_day
from punctual.kernel.quantity import NotANumber, parse_decimal
from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_

MORE: Final = 5
MOST: Final = 500


class RowReader:
    """Reads posted columns ``name`` × rows; what can't be read is a reason at its row and field."""

    def __init__(self, post: QueryDict, names: Sequence[str]) -> None:
        columns = {name: post.getlist(name)[:MOST] for name in names}
        count = max((len(values) for values in columns.values()), default=0)
        cells = [
            {name: (values[at].strip() if at < len(values) else "") for name, values in columns.items()}
            for at in range(count)
        ]
        self.rows = [row for row in cells if any(row.values())]
        self.reasons: list[Reason] = []
        codes = {row.get("material", "").split(" ")[0].lower() for row in self.rows}
        self._materials = {one.code.lower(): one for one in Material.objects.filter(archived_at=None)} if codes else {}

    def material(self, row: int) -> int | None:
        """By its code; what stands behind the code is only for people."""
        text = self.rows[row].get("material", "")
        if not text:
            return None
        found = self._materials.get(text.split(" ")[0].lower())
        if found is None:
            sentence = N_("There is no material with the code “%(code)s”.")
            self._wrong("row.material.unknown", sentence, "material", row, code=text)
            return None
        return found.pk

    def number(self, row: int, name: str, default: Decimal | None = None) -> Decimal:
        text = self.rows[row].get(name, "")
        if not text and default is not None:
            return default
        try:
            return parse_decimal(text)
        except NotANumber:
            self._wrong("row.number", N_("“%(value)s” is no number; write it as 1234.5."), name, row, value=text)
            return Decimal(1)

    def day(self, row: int, name: str) -> dt.date | None:
        text = self.rows[row].get(name, "")
        if not text:
            return None
        try:
            return parse_day(text)
        except NotADay:
            self._wrong("row.day", N_("“%(value)s” is no date; write it as 2026-02-14."), name, row, value=text)
            return None

    def text(self, row: int, name: str) -> str:
        return self.rows[row].get(name, "")

    def _wrong(self, problem: str, sentence: str, field: str, row: int, **params: object) -> None:
        self.reasons.append(Reason(problem, sentence, params, field=field, row=row + 1))


def padded(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> list[dict[str, Any]]:
    """With empty rows to write into."""
    return [*rows, *(dict.fromkeys(names, "") for _ in range(MORE))]
