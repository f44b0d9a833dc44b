"""The company's own fields as columns and filters of a list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from punctual.platform.custom_fields.models import CustomField, Kind
from punctual.platform.custom_fields.selectors import name_in_rows, narrowed, shown, value_in_row
from punctual.web.shell.columns import Column, Filter
from punctual.web.shell.navigation import Words


def custom_columns(fields: Sequence[CustomField]) -> list[Column]:
    """A column each; those that are no column of the page stand in the file at least."""
    return [
        Column(
            f"custom_{field.key}",
            field.label,
            partial(_custom_value, field),
            partial(_custom_cell, field),
            sort=(name_in_rows(field),),
            number=field.kind == Kind.NUMBER,
            fold=True,
            on_page=field.in_list,
        )
        for field in fields
    ]


def _custom_value(field: CustomField, item: Any) -> object:
    value = value_in_row(field, item)
    return value if isinstance(value, Decimal | dt.date) else shown(field, value)


def _custom_cell(field: CustomField, item: Any) -> SafeString:
    return format_html('<span class="el w-t">{}</span>', shown(field, value_in_row(field, item)) or "—")


def custom_filters(fields: Sequence[CustomField]) -> list[Filter]:
    """Choices and yes/no are ticked; texts, numbers and days are typed."""
    hints = {
        Kind.TEXT: _("part of the text; - for empty"),
        Kind.NUMBER: _("10 or 10..20; - for empty"),
        Kind.DAY: _("2026-03-01..2026-03-31; - for empty"),
    }
    found = []
    for field in fields:
        chosen: list[tuple[str, Words]] = list(field.choices)
        if field.kind == Kind.YES_NO:
            chosen = [("yes", _("Yes")), ("no", _("No"))]
        if chosen:
            chosen.append(("-", _("empty")))
        found.append(
            Filter(
                f"custom_{field.key}",
                field.label,
                lambda actor, chosen=chosen: chosen,  # type: ignore[misc]
                lambda rows, values, field=field: narrowed(rows, field, values),  # type: ignore[misc]
                typed=hints.get(Kind(field.kind), ""),
            )
        )
    return found
