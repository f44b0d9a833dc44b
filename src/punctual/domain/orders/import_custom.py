"""The company's own fields of an order in a customer's sheet: a column or a label above the table of their name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from punctual.domain.orders.rules import Finding, Fix, fingerprint
from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_
from punctual.platform.custom_fields.models import CustomField
from punctual.platform.custom_fields.rules import read_value
from punctual.platform.custom_fields.selectors import facts_of, fields_of
from punctual.platform.sheets.reader import loose

BEGIN: Final = "custom_"
"""Before the key, where a column, a cell or a reason names the field."""


class Row(Protocol):
    """What is looked at in a row of the sheet."""

    line_no: int
    texts: dict[str, str]
    skip: bool
    findings: list[Finding]


@dataclass(frozen=True, slots=True)
class OwnFields:
    """The fields in use, read once for a sheet."""

    fields: tuple[CustomField, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"{BEGIN}{field.key}" for field in self.fields)

    @property
    def by_label(self) -> dict[str, str]:
        """Loosened name in either language → ``custom_<key>``."""
        found: dict[str, str] = {}
        for field in self.fields:
            for label in (field.label_zh, field.label_en):
                if label:
                    found.setdefault(loose(label), f"{BEGIN}{field.key}")
        return found


def own_fields() -> OwnFields:
    return OwnFields(tuple(fields_of("order")))


def take(own: OwnFields, rows: Sequence[Row], above: Mapping[str, str]) -> tuple[dict[str, Any] | None, list[Finding]]:
    """The values of the order, by key, and what is wrong with those that stand above the table. What is wrong in a row
    is added to the row. An order has one value of a field: rows that tell another are refused."""
    given: dict[str, Any] = {}
    general: list[Finding] = []
    for field in own.fields:
        name = f"{BEGIN}{field.key}"
        told = [(row, text) for row in rows if not row.skip and (text := row.texts.get(name, "").strip())]
        first, text = told[0] if told else (None, above.get(name, "").strip())
        if not text:
            continue
        given[field.key] = text
        _value, reason = read_value(facts_of(field), text, label=field.label)
        if reason is not None:
            _add(reason, N_("can't be read"), first, general)
        for row, other in told[1:]:
            if loose(other) != loose(text):
                _add(_differs(field, name, text), N_("one value an order"), row, general, _take(name, text))
    return given or None, general


def _take(name: str, text: str) -> Fix:
    return Fix(name, text, N_("Take %(value)s"), {"value": text[:60]})


def _differs(field: CustomField, name: str, text: str) -> Reason:
    words = N_("An order has one “%(name)s”, and the first row says %(first)s. Put it right, or make two orders.")
    return Reason("order.import.custom_differs", words, {"name": field.label, "first": text[:60]}, field=name)


def _add(reason: Reason, short: str, row: Row | None, general: list[Finding], *fixes: Fix) -> None:
    mark = fingerprint(reason.code, *(str(value) for value in reason.params.values()))
    if row is None:
        general.append(Finding(reason, short, mark, fixes))
    else:
        row.findings.append(Finding(replace(reason, row=row.line_no), short, mark, fixes))
