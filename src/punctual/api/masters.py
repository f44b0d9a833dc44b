"""What the API of every master-data noun shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from ninja import Schema
from pydantic import Field

from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.search.services import ids

M = TypeVar("M", bound=Model)


class Versioned(Schema):
    """Body of a verb on one record: the version its caller saw."""

    version: int = Field(..., ge=1)


class MasterFilters(Schema):
    """Filters of every list of master data."""

    q: str = ""
    archived: bool = False
    """True: the archived ones instead of those in use."""


def narrowed(rows: QuerySet[M], filters: MasterFilters, kind: str, /, **equal: object) -> QuerySet[M]:
    """The rows that match: archived or not, the search, and each given ``equal`` (None and "" do not narrow)."""
    rows = rows.exclude(archived_at=None) if filters.archived else rows.filter(archived_at=None)
    if filters.q:
        rows = rows.filter(pk__in=ids(filters.q, kind))
    if any("\0" in str(value) for value in equal.values()):
        return rows.none()  # nothing holds it, and PostgreSQL would refuse to look
    return rows.filter(**{name: value for name, value in equal.items() if value not in (None, "")})


def given(payload: Schema) -> dict[str, Any]:
    """What a PATCH body tells, without the version; a field told as null is refused, since none may be null."""
    values = payload.model_dump(exclude_unset=True)
    values.pop("version", None)
    nulls = [name for name, value in values.items() if value is None and name not in _NULLABLE]
    if nulls:
        raise Refusal(
            *(
                Reason(
                    "input.null", N_("“%(name)s” can't be null; leave it out to keep it."), {"name": name}, field=name
                )
                for name in nulls
            )
        )
    return values


_NULLABLE = frozenset({"user_id", "supplier_id", "released_on"})


def fields(record: object, names: Sequence[str] | Mapping[str, object]) -> dict[str, Any]:
    """The record's values under the same names."""
    return {name: getattr(record, name) for name in names}
