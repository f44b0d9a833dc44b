"""Orders out of one file in one go, for scripts: every good row is taken over, or with ``all_or_nothing`` none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction

from punctual.domain.orders.import_custom import own_fields
from punctual.domain.orders.importing import (
    Evaluated,
    Source,
    above,
    evaluate,
    guess_mapping,
    known_headers,
    rows_of,
    split_total,
)
from punctual.domain.orders.inputs import find_customer
from punctual.domain.orders.models import ImportMapping
from punctual.domain.orders.services.drafts import create_order
from punctual.domain.parties.models import Customer
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.sheets.reader import find_table, read_sheets


@dataclass(slots=True)
class Taken:
    """``created`` and ``refused`` count rows of the file; ``problems`` (sheet row, reason), errors only."""

    created: int = 0
    refused: int = 0
    orders: list[str] = field(default_factory=list)
    problems: list[tuple[int, Reason]] = field(default_factory=list)


def import_file(
    *,
    actor: User,
    content: bytes,
    name: str,
    today: dt.date,
    customer: str = "",
    dry_run: bool = False,
    all_or_nothing: bool = False,
) -> Taken:
    """One draft order for each customer and PO number of the file. Raises Refusal for a file that can't be read."""
    require(actor, "orders.change")
    taken = Taken()
    with transaction.atomic():
        checked = [(source, evaluate(source, today=today)) for source in _sources(content, name, customer)]
        for _source, result in checked:
            _tell(result, taken)
        if dry_run or (all_or_nothing and taken.problems):
            taken.refused += taken.created if all_or_nothing and taken.problems else 0
            taken.created = 0 if all_or_nothing and taken.problems else taken.created
            return taken
        for _source, result in checked:
            good = {row.line_no for row in result.good}
            if good and not result.header_errors:
                result.data.lines = [line for line in result.data.lines if line.line_no in good]
                order = create_order(actor=actor, data=result.data, today=today, source=name)
                taken.orders.append(order.key)
    return taken


def _tell(result: Evaluated, taken: Taken) -> None:
    first = result.rows[0].row
    if result.header_errors:
        taken.refused += len(result.rows)
        taken.problems += [(first, one.reason) for one in result.header_errors]
    else:
        taken.created += len(result.good)
        taken.refused += len(result.rows) - len(result.good)
    taken.problems += [(row.row, one.reason) for row in result.rows for one in row.errors]


def _sources(content: bytes, name: str, customer: str) -> list[Source]:
    sheets = read_sheets(content, name)
    own = own_fields()
    table = find_table(sheets, known_headers(own), name)
    sheet = next(one for one in sheets if one.name == table.sheet)
    header = above(sheet, table.first_row - 2, own)
    given = _customer(customer or header.get("customer", ""), given=bool(customer))
    remembered = ImportMapping.objects.filter(customer=given).first() if given else None
    mapping = guess_mapping(table.header, remembered.columns if remembered else {}, own)
    lines, total = split_total(table, mapping)
    if total:
        header["stated_total"] = total
    rows = rows_of(sheet, lines, mapping)
    if not rows:
        text = N_("“%(name)s” names columns in row %(row)d but has no lines under them.")
        raise Refusal(Reason("order.import.no_rows", text, {"name": name, "row": table.first_row - 1}, field="file"))
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((_cell(row, mapping, "customer"), _cell(row, mapping, "customer_po_number")), []).append(row)
    values = remembered.values if remembered else {}
    sources = [_source(rows, mapping, header, given, key, values) for key, rows in groups.items()]
    return [replace(source, own=own) for source in sources]


def _source(
    rows: list[dict[str, Any]],
    mapping: dict[str, str],
    header: Mapping[str, str],
    given: Customer | None,
    key: tuple[str, str],
    values: dict[str, dict[str, str]],
) -> Source:
    who, number = key
    told = dict(header)
    if number:
        told["customer_po_number"] = number
        told.pop("stated_total", None)
    customer = find_customer(who)[0] if who else given
    if customer is None and who:
        told["customer"] = who
    return Source(mapping=mapping, rows=rows, header_values=told, customer=customer, values=values)


def _cell(row: Mapping[str, Any], mapping: Mapping[str, str], name: str) -> str:
    column = next((index for index, meant in mapping.items() if meant == name), None)
    return str(row["cells"].get(column, "")) if column is not None else ""


def _customer(text: str, *, given: bool) -> Customer | None:
    found, unknown = find_customer(text)
    if unknown and given:
        wanted = N_("There is no customer “%(name)s”. Choose one, or enter it under Customers first.")
        raise Refusal(Reason("order.customer_unknown", wanted, {"name": unknown}, field="customer"))
    return found
