"""Lists: ``limit`` and ``offset`` with a total, sort named as the fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet
from ninja import Schema
from pydantic import Field

from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_

T = TypeVar("T")
M = TypeVar("M", bound=Model)


class Paging(Schema):
    """Query of every list."""

    limit: int = Field(50, ge=1, le=500)
    offset: int = Field(0, ge=0, le=2_000_000_000)
    sort: str = ""


class Listing(Schema, Generic[T]):
    """Answer of every list."""

    total: int
    limit: int
    offset: int
    items: list[T]


def listing(
    rows: QuerySet[M], paging: Paging, *, sorts: Mapping[str, str] | Sequence[str], shape: Callable[[M], Any]
) -> dict[str, Any]:
    """One page of ``rows``. ``sorts``: allowed names (→ ORM names); a leading minus sorts downwards."""
    allowed = dict(sorts) if isinstance(sorts, Mapping) else {name: name for name in sorts}
    if paging.sort:
        name = paging.sort.lstrip("-")
        if name not in allowed:
            raise Refusal(
                Reason(
                    "list.sort",
                    N_("This list can't be sorted by “%(name)s”; it can by %(names)s."),
                    {"name": name, "names": ", ".join(allowed)},
                    field="sort",
                )
            )
        rows = rows.order_by(f"{'-' if paging.sort.startswith('-') else ''}{allowed[name]}", "pk")
    return {
        "total": rows.count(),
        "limit": paging.limit,
        "offset": paging.offset,
        "items": [shape(row) for row in rows[paging.offset : paging.offset + paging.limit]],
    }
