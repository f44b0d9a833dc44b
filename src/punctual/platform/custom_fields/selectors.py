"""Read definitions and values; narrow and order rows by them. Who may see the thing may see its fields."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from django.db.models import Model, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from punctual.kernel.dates import NotADay, NoYear, parse_day
from punctual.kernel.quantity import NotANumber, parse_decimal, plain
from punctual.platform.custom_fields.models import CustomField, CustomValue, Kind
from punctual.platform.custom_fields.rules import NO, YES, FieldFacts, Value

COLUMN: Final[Mapping[str, str]] = {Kind.NUMBER: "number", Kind.DAY: "day"}
"""Where a kind's values stand; all others in ``text``."""
PREFIX: Final = "custom:"
"""Before the key where a story or a change names the field."""


def fields_of(subject: str, *, archived: bool = False) -> QuerySet[CustomField]:
    """The fields in use, or with ``archived`` all of them."""
    rows = CustomField.objects.filter(subject=subject)
    return rows if archived else rows.filter(archived_at=None)


def facts_of(field: CustomField) -> FieldFacts:
    return FieldFacts(
        field.subject,
        field.key,
        field.label_zh,
        field.label_en,
        field.kind,
        tuple((one["key"], one.get("en", "")) for one in field.options),
        field.required,
        field.in_list,
        field.position,
    )


def column_of(field: CustomField) -> str:
    return COLUMN.get(field.kind, "text")


def kept(field: CustomField, raw: Any) -> Value:
    """What a column holds, as a value: yes/no as truth, nothing as None."""
    if raw in (None, ""):
        return None
    if field.kind == Kind.YES_NO:
        return str(raw) == "yes"
    return raw  # type: ignore[no-any-return]


def shown(field: CustomField, value: Value) -> str:
    """The value in the reader's words."""
    if value is None:
        return ""
    if field.kind == Kind.YES_NO:
        return _("Yes") if value else _("No")
    if field.kind == Kind.CHOICE:
        return dict(field.choices).get(str(value), str(value))
    if isinstance(value, Decimal):
        return plain(value)
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def as_data(field: CustomField, value: Value) -> Any:
    """The value as JSON says it: numbers as plain text, so that none is rounded."""
    if isinstance(value, Decimal):
        return plain(value)
    return value.isoformat() if isinstance(value, dt.date) else value


def values_of(fields: Collection[CustomField], ids: Iterable[int]) -> dict[int, dict[str, Value]]:
    """Target → key → value, in one statement; empty fields are absent."""
    found: dict[int, dict[str, Value]] = defaultdict(dict)
    if not fields:
        return found
    by_id = {field.pk: field for field in fields}
    for row in CustomValue.objects.filter(field__in=list(by_id), target_id__in=list(ids)):
        field = by_id[row.field_id]
        value = kept(field, getattr(row, column_of(field)))
        if value is not None:
            found[row.target_id][field.key] = value
    return found


def data_of(subject: str, target_id: int) -> dict[str, Any]:
    """Every field of one thing as JSON, empty ones as null."""
    fields = list(fields_of(subject))
    values = values_of(fields, [target_id])[target_id] if fields else {}
    return {field.key: as_data(field, values.get(field.key)) for field in fields}


def lines_of(subject: str, target_id: int) -> list[tuple[CustomField, str]]:
    """The fields of one thing with their values in the reader's words, for its page."""
    fields = list(fields_of(subject))
    values = values_of(fields, [target_id])[target_id] if fields else {}
    return [(field, shown(field, values.get(field.key))) for field in fields]


# ------------------------------------------------------------------------------------------------ rows of a list


def name_in_rows(field: CustomField) -> str:
    """The attribute that :func:`with_values` gives each row."""
    return f"custom_{field.pk}"


def with_values(rows: QuerySet[Any], fields: Iterable[CustomField]) -> QuerySet[Any]:
    """Each row with its values, so that a page needs no further statement and can be ordered by them."""
    for field in fields:
        values = CustomValue.objects.filter(field=field, target_id=OuterRef("pk")).values(column_of(field))[:1]
        rows = rows.annotate(**{name_in_rows(field): Subquery(values)})
    return rows


def value_in_row(field: CustomField, row: Model) -> Value:
    return kept(field, getattr(row, name_in_rows(field)))


MOST_WISHES: Final = 50
"""So many values of one field an address may name; databases take no expression of any depth."""


def narrowed(rows: QuerySet[Any], field: CustomField, wishes: Sequence[str]) -> QuerySet[Any]:
    """The rows whose field is one of ``wishes``: a choice, yes or no, a part of a text, a number or day, or a range
    ``from..to`` with either end left open; ``-`` are the rows that have nothing there."""
    values = CustomValue.objects.filter(field=field)
    wanted = Q(pk__in=[])
    for given in list(dict.fromkeys(wishes))[:MOST_WISHES]:
        wish = given.replace("\0", "")
        if wish == "-":
            wanted |= ~Q(pk__in=values.exclude(**_nothing(field)).values("target_id"))
        else:
            wanted |= Q(pk__in=values.filter(_matching(field, wish)).values("target_id"))
    return rows.filter(wanted)


def _nothing(field: CustomField) -> dict[str, Any]:
    column = column_of(field)
    return {column: ""} if column == "text" else {f"{column}__isnull": True}


def _matching(field: CustomField, wish: str) -> Q:
    if field.kind == Kind.CHOICE:
        return Q(text=wish)
    if field.kind == Kind.YES_NO:
        word = wish.lower()
        return Q(text="yes") if word in YES else Q(text="no") if word in NO else Q(pk__in=[])
    if field.kind == Kind.TEXT:
        return Q(text__icontains=wish)
    first, is_range, last = wish.partition("..")
    try:
        ends = [_end(field, end) if end.strip() else None for end in ((first, last) if is_range else (first, first))]
    except (NotADay, NoYear, NotANumber):
        return Q(pk__in=[])
    column, found = column_of(field), Q()
    if ends[0] is not None:
        found &= Q(**{f"{column}__gte": ends[0]})
    if ends[1] is not None:
        found &= Q(**{f"{column}__lte": ends[1]})
    return found & Q(**{f"{column}__isnull": False})


def _end(field: CustomField, text: str) -> Decimal | dt.date:
    return parse_day(text.strip()) if field.kind == Kind.DAY else parse_decimal(text.strip())


def words_of_change(subject: str, name: str, value: Any) -> tuple[str, Any]:
    """Label and value of a change that names ``custom:key``, in the reader's words."""
    field = fields_of(subject, archived=True).filter(key=name.removeprefix(PREFIX)).first()
    if field is None:
        return name.removeprefix(PREFIX), value
    return field.label, shown(field, value) if value is not None else value
