"""Write the rows with the noun's own services, all good ones or nothing; a preview is the same run taken back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from punctual.flows.master_import.columns import MasterImport, Outcome
from punctual.flows.master_import.reading import ReadRow
from punctual.kernel.refusal import Reason, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require


@dataclass(frozen=True, slots=True)
class RowResult:
    row: ReadRow
    outcome: Outcome
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became (``written``) or would become of the rows."""

    rows: Sequence[RowResult]
    written: bool

    def count(self, *outcomes: Outcome) -> int:
        return sum(result.outcome in outcomes for result in self.rows)

    @property
    def refused(self) -> int:
        return self.count(Outcome.REFUSED)

    @property
    def good(self) -> int:
        return len(self.rows) - self.refused


def run(
    subject: MasterImport, *, actor: User, rows: Sequence[ReadRow], today: dt.date, write: bool, only_good: bool = False
) -> ImportResult:
    """Save every row; keep them when ``write`` is set and none is refused, or with ``only_good`` the good ones.

    Each row is saved in a savepoint of one transaction, so a preview knows exactly what the import will do, rows that
    build on earlier rows of the file included.
    """
    require(actor, subject.permission)
    with transaction.atomic():
        results = [_save(subject, actor, row, today) for row in rows]
        refused = any(result.outcome is Outcome.REFUSED for result in results)
        written = write and (only_good or not refused)
        if not written:
            transaction.set_rollback(True)
    return ImportResult(results, written)


def _save(subject: MasterImport, actor: User, row: ReadRow, today: dt.date) -> RowResult:
    if row.reasons:
        return RowResult(row, Outcome.REFUSED, tuple(row.reasons))
    try:
        with transaction.atomic():
            return RowResult(row, subject.save(actor, row.values, today))
    except Refusal as refusal:
        return RowResult(row, Outcome.REFUSED, refusal.reasons)
