"""Which fields the company has added to orders, tasks and customers; their values stand in the things themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from ninja import Query, Router, Schema
from ninja.responses import Status
from pydantic import ConfigDict, Field

from punctual.api.authentication import actor_of
from punctual.api.masters import Versioned
from punctual.api.pages import Listing, Paging, listing
from punctual.platform.accounts.permissions import require
from punctual.platform.custom_fields.models import CustomField
from punctual.platform.custom_fields.rules import FieldFacts
from punctual.platform.custom_fields.selectors import as_data, fields_of, narrowed, value_in_row, with_values
from punctual.platform.custom_fields.services import archive_field, change_field, define_field

router = Router()


class CustomIn(Schema):
    """``values``: key → value; null clears. ``version`` is the one that was read."""

    model_config = ConfigDict(extra="forbid")
    version: int | None = None
    values: dict[str, str | int | float | bool | None]


class OptionIn(Schema):
    """``key`` is kept as the value; ``en`` is how English readers see it, empty: the same."""

    key: str
    en: str = ""


class FieldIn(Schema):
    """``subject``: order, task, customer; ``kind``: text, number, day, choice, yes_no."""

    model_config = ConfigDict(extra="forbid")
    subject: str
    key: str
    label_zh: str = ""
    label_en: str = ""
    kind: str = "text"
    options: list[OptionIn] = Field(default_factory=list)
    required: bool = False
    in_list: bool = True
    position: int = 0


class FieldChange(FieldIn):
    version: int


class FieldOut(FieldIn):
    id: int
    version: int
    archived_at: dt.datetime | None


class FieldFilter(Schema):
    subject: str = ""
    archived: bool = False


def _facts(payload: FieldIn) -> FieldFacts:
    told = payload.model_dump(exclude={"version", "options"})
    return FieldFacts(**told, options=tuple((one.key, one.en) for one in payload.options))


def _field(found: CustomField) -> dict[str, Any]:
    return {name: getattr(found, name) for name in FieldOut.model_fields}


def with_custom(
    request: HttpRequest, subject: str, rows: QuerySet[Any]
) -> tuple[QuerySet[Any], Callable[[Model], dict[str, Any]]]:
    """Rows narrowed by every ``custom_<key>`` of the address and read with their values, and what shapes those."""
    fields = list(fields_of(subject))
    for field in fields:
        wish = str(request.GET.get(f"custom_{field.key}", ""))
        if wish:
            rows = narrowed(rows, field, [part for part in wish.split(",") if part])

    def values(row: Model) -> dict[str, Any]:
        return {field.key: as_data(field, value_in_row(field, row)) for field in fields}

    return (with_values(rows, fields) if fields else rows), values


@router.get("/custom-fields", response=Listing[FieldOut])
def custom_fields(request: HttpRequest, paging: Query[Paging], wish: Query[FieldFilter]) -> Any:
    """The fields in use, or with ``archived`` those that were put aside."""
    require(actor_of(request), "orders.view")
    rows = (
        CustomField.objects.exclude(archived_at=None) if wish.archived else CustomField.objects.filter(archived_at=None)
    )
    if wish.subject:
        rows = rows.filter(subject=wish.subject.replace("\0", ""))
    return listing(rows, paging, sorts=["key", "position"], shape=_field)


@router.post("/custom-fields", response={201: FieldOut})
def create_field(request: HttpRequest, payload: FieldIn) -> Any:
    """Define a field; administrators only."""
    return Status(201, _field(define_field(actor=actor_of(request), facts=_facts(payload))))


@router.put("/custom-fields/{int:pk}", response=FieldOut)
def put_field(request: HttpRequest, pk: int, payload: FieldChange) -> Any:
    """Other names, choices or place; subject, key and kind stay as they are."""
    return _field(
        change_field(actor=actor_of(request), field_id=pk, facts=_facts(payload), expected_version=payload.version)
    )


@router.post("/custom-fields/{int:pk}/archive", response=FieldOut)
def archive(request: HttpRequest, pk: int, payload: Versioned) -> Any:
    """Take it off forms, lists, files and this API; its values are kept."""
    return _field(archive_field(actor=actor_of(request), field_id=pk, archived=True, expected_version=payload.version))


@router.post("/custom-fields/{int:pk}/restore", response=FieldOut)
def restore(request: HttpRequest, pk: int, payload: Versioned) -> Any:
    """Take it into use again, with the values it had."""
    return _field(archive_field(actor=actor_of(request), field_id=pk, archived=False, expected_version=payload.version))
