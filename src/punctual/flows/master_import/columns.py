"""How a noun declares what its sheets hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from punctual.kernel.refusal import Reason, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may

Values = Mapping[str, Any]
"""Field → value of one row; a field whose cell is empty is not there, so what stands in the record stays."""


class Shape(StrEnum):
    """What a cell holds."""

    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole"
    DAY = "day"
    YES_NO = "yes_no"
    LIST = "list"


class Outcome(StrEnum):
    """What a row did."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ImportColumn:
    """``label`` is the English word (a catalogue key); ``headers`` are further ways in which files call the column."""

    field: str
    label: str
    headers: tuple[str, ...] = ()
    shape: Shape = Shape.TEXT
    required: bool = False
    permission: str = ""
    """Who lacks it neither gets the column in an export nor has it read from a file."""


@dataclass(frozen=True)
class MasterImport:
    """``save`` writes one row with the noun's services; ``records`` gives the rows that a record is exported as."""

    name: str
    label: str
    permission: str
    key: tuple[str, ...]
    """Fields that tell two rows apart; the same in two rows is refused."""
    columns: tuple[ImportColumn, ...]
    save: Callable[[User, Values, dt.date], Outcome]
    records: Callable[[Any], Iterable[Values]]

    more: Callable[[], Sequence[ImportColumn]] | None = None
    """Further columns that the company has added."""

    def every_column(self) -> list[ImportColumn]:
        return [*self.columns, *(self.more() if self.more else ())]

    def columns_for(self, actor: User) -> list[ImportColumn]:
        return [column for column in self.every_column() if not column.permission or may(actor, column.permission)]


def exported(
    subject: MasterImport, actor: User, items: Iterable[Any], also: Callable[[Any], Values] = lambda item: {}
) -> tuple[list[ImportColumn], Iterator[list[object]]]:
    """Columns and rows of an export that the import reads back; ``also`` gives what the company keeps besides."""
    columns = subject.columns_for(actor)
    rows = (
        [record.get(column.field) for column in columns]
        for item in items
        for record in ({**one, **also(item)} for one in subject.records(item))
    )
    return columns, rows


@contextmanager
def fields_named(names: Mapping[str, str]) -> Iterator[None]:
    """Reasons inside get the names that the sheet's columns have."""
    try:
        yield
    except Refusal as refusal:
        raise Refusal(*(item.at(field=names.get(item.field, item.field)) for item in refusal.reasons)) from refusal


def unknown(field: str, text: str, value: object) -> Refusal:
    """The refusal of a cell that names something there is not. ``text`` has a place ``%(value)s``."""
    return Refusal(Reason(code=f"import.{field}.unknown", text=text, params={"value": value}, field=field))
