"""A customer's file on its way to become a draft order: upload, settle, take over."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from django.db import transaction

from punctual.domain.orders import guards
from punctual.domain.orders.import_custom import own_fields
from punctual.domain.orders.importing import (
    IMPORT_FIELDS,
    LINE_CELLS,
    Evaluated,
    Source,
    above,
    evaluate,
    guess_mapping,
    known_headers,
    remembered_key,
    rows_of,
    split_total,
)
from punctual.domain.orders.inputs import find_customer
from punctual.domain.orders.models import ImportMapping, ImportState, Order, OrderImport
from punctual.domain.orders.services.drafts import create_order
from punctual.domain.parties.models import Customer
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.attachments.models import Attachment
from punctual.platform.attachments.services import path_of, store
from punctual.platform.jobs.models import Job
from punctual.platform.jobs.services import Progress, start_job
from punctual.platform.records import lock, save_next
from punctual.platform.sheets.reader import Sheet, find_table, loose, read_sheets, table_at

LARGE: Final = 2000
"""From so many rows on taking over is a job that somebody can watch."""

HEADER_VALUES: Final = (
    "customer_po_number",
    "contract_date",
    "currency",
    "payment_terms",
    "delivery_place",
    "requested_date",
    "stated_total",
)


@transaction.atomic
def upload(*, actor: User, content: bytes, name: str, today: dt.date, customer_id: int | None = None) -> OrderImport:
    """Read the file and keep it with its first reading. What can't be read is refused and nothing is kept."""
    require(actor, "orders.change")
    sheets = read_sheets(content, name)
    table = find_table(sheets, known_headers(own_fields()), name)
    sha256, _ = store(io.BytesIO(content))
    sheet = next(one for one in sheets if one.name == table.sheet)
    item = OrderImport(name=name[:255], sha256=sha256, sheets=[one.name for one in sheets], created_by=actor)
    if customer_id is not None:
        item.customer = Customer.objects.filter(pk=customer_id, archived_at=None).first()
    _read_sheet(item, sheet, table.first_row - 2)
    _count(item, today)
    item.save()
    return item


def _read_sheet(item: OrderImport, sheet: Sheet, header_index: int, mapping: Mapping[str, str] | None = None) -> None:
    table = table_at(sheet, header_index)
    own = own_fields()
    values = above(sheet, header_index, own)
    item.customer = item.customer or guess_customer(values, item.name)
    remembered = remembered_mapping(item.customer)
    item.sheet, item.header_row, item.header = sheet.name, header_index + 1, list(table.header)
    item.mapping = dict(mapping) if mapping is not None else guess_mapping(table.header, remembered.columns, own)
    lines, total = split_total(table, item.mapping)
    if total:
        values["stated_total"] = total
    item.rows = rows_of(sheet, lines, item.mapping)
    kept = {*HEADER_VALUES, *own.names, "customer"}
    item.header_values = {name: text for name, text in values.items() if name in kept}
    if not item.rows:
        raise Refusal(
            Reason(
                "order.import.no_rows",
                N_("“%(name)s” names columns in row %(row)d but has no lines under them."),
                {"name": item.name, "row": item.header_row},
                field="file",
            )
        )


def guess_customer(values: Mapping[str, str], name: str) -> Customer | None:
    """Whom the sheet names, by code, name or a name that holds it."""
    text = values.get("customer", "").strip()
    found, _ = find_customer(text)
    if found is None and len(text) >= 2:
        near = list(Customer.objects.filter(archived_at=None, name__icontains=text)[:2])
        near = (
            near
            or [
                one
                for one in Customer.objects.filter(archived_at=None)
                if one.name in text or (one.short_name and one.short_name in text)
            ][:2]
        )
        found = near[0] if len(near) == 1 else None
    return found


def remembered_mapping(customer: Customer | None) -> ImportMapping:
    found = ImportMapping.objects.filter(customer=customer).first() if customer else None
    return found or ImportMapping(customer=customer)


def source_of(item: OrderImport) -> Source:
    return Source(
        mapping=item.mapping,
        rows=item.rows,
        header_values=item.header_values,
        customer=item.customer,
        values=remembered_mapping(item.customer).values,
        own=own_fields(),
    )


def evaluated(item: OrderImport, *, today: dt.date, tell: Callable[[int], None] | None = None) -> Evaluated:
    """The import as it stands now."""
    return evaluate(source_of(item), today=today, tell=tell)


def _count(item: OrderImport, today: dt.date) -> Evaluated:
    result = evaluated(item, today=today)
    item.problem_count = result.error_count
    item.row_count = len(item.rows)
    return result


def _open(actor: User, import_id: int, expected_version: int | None) -> OrderImport:
    require(actor, "orders.change")
    item = lock(OrderImport.objects.all(), expected_version=expected_version, pk=import_id)
    if item.state != ImportState.OPEN:
        raise Refusal(Reason("order.import.closed", N_("“%(name)s” has already been taken over."), {"name": item.name}))
    return item


def _row(item: OrderImport, index: int) -> dict[str, Any]:
    if not 0 <= index < len(item.rows):
        raise Refusal(Reason("order.import.row", N_("This row is not in the file.")))
    row: dict[str, Any] = item.rows[index]
    return row


@transaction.atomic
def set_cell(
    *,
    actor: User,
    import_id: int,
    index: int,
    field: str,
    value: str,
    today: dt.date,
    remember: bool = False,
    expected_version: int | None = None,
) -> OrderImport:
    """Put one cell right; ``remember`` does the same with this customer's word from now on."""
    item = _open(actor, import_id, expected_version)
    row = _row(item, index)
    if field not in {*LINE_CELLS, *own_fields().names}:
        raise Refusal(Reason("order.import.field", N_("This column can't be changed.")))
    value = value.strip()[:5000]
    column = next((key for key, name in item.mapping.items() if name == field), None)
    read = row["cells"].get(column, "") if column is not None else ""
    fixed = {**row.get("fixed", {}), field: value}
    if value == read:
        fixed.pop(field)
    row["fixed"] = fixed
    if remember and item.customer is not None and read and value:
        _remember_value(item, field, read, value, row)
    _count(item, today)
    save_next(item)
    return item


def _remember_value(item: OrderImport, field: str, read: str, value: str, row: Mapping[str, Any]) -> None:
    mapping = ImportMapping.objects.get_or_create(customer=item.customer)[0]
    model_column = next((key for key, name in item.mapping.items() if name == "model"), "")
    key = remembered_key(field, read, row["cells"].get(model_column, ""))
    mapping.values = {**mapping.values, field: {**mapping.values.get(field, {}), key: value}}
    mapping.save()


@transaction.atomic
def leave_out(
    *, actor: User, import_id: int, index: int, skip: bool, today: dt.date, expected_version: int | None = None
) -> OrderImport:
    """Leave a row out of the order, or take it in again."""
    item = _open(actor, import_id, expected_version)
    _row(item, index)["skip"] = skip
    _count(item, today)
    save_next(item)
    return item


@transaction.atomic
def set_header(
    *, actor: User, import_id: int, values: Mapping[str, str], today: dt.date, expected_version: int | None = None
) -> OrderImport:
    """Put right what stands above the table; ``customer`` is a customer's id."""
    item = _open(actor, import_id, expected_version)
    if "customer" in values:
        item.customer, text = find_customer(values["customer"])
        if text:
            raise Refusal(Reason("order.import.customer", N_("Choose a customer of the list."), field="customer"))
        remembered = remembered_mapping(item.customer)
        if remembered.columns:
            item.mapping = guess_mapping(item.header, remembered.columns, own_fields())
    known = {*HEADER_VALUES, *own_fields().names}
    kept = {name: str(text).strip()[:400] for name, text in values.items() if name in known}
    item.header_values = {**item.header_values, **kept}
    _count(item, today)
    save_next(item)
    return item


@transaction.atomic
def set_mapping(
    *, actor: User, import_id: int, mapping: Mapping[str, str], today: dt.date, expected_version: int | None = None
) -> OrderImport:
    """Say what each column means; remembered for the customer when the order is taken over."""
    item = _open(actor, import_id, expected_version)
    known = {*IMPORT_FIELDS, *own_fields().names}
    clean = {index: name for index, name in mapping.items() if name in known and index.isdecimal()}
    if len(set(clean.values())) < len(clean):
        raise Refusal(Reason("order.import.mapping_twice", N_("Two columns can't mean the same.")))
    item.mapping = clean
    _count(item, today)
    save_next(item)
    return item


@transaction.atomic
def choose_sheet(
    *,
    actor: User,
    import_id: int,
    sheet: str,
    header_row: int | None,
    today: dt.date,
    expected_version: int | None = None,
) -> OrderImport:
    """Read another sheet, or the same one with another header row (1-based)."""
    item = _open(actor, import_id, expected_version)
    sheets = read_sheets(original(item), item.name)
    found = next((one for one in sheets if one.name == sheet), None)
    if found is None or not found.rows:
        raise Refusal(Reason("order.import.sheet", N_("The sheet “%(name)s” is empty or not there."), {"name": sheet}))
    if header_row is None:
        header_row = find_table([found], known_headers(own_fields()), item.name).first_row - 1
    if not 1 <= header_row < len(found.rows):
        raise Refusal(Reason("order.import.header_row", N_("There is no such row with lines under it.")))
    _read_sheet(item, found, header_row - 1)
    _count(item, today)
    save_next(item)
    return item


def original(item: OrderImport) -> bytes:
    """The file as it came."""
    return path_of(item.sha256).read_bytes()


@transaction.atomic
def drop_import(*, actor: User, import_id: int, expected_version: int | None = None) -> None:
    """Give the file up; nothing of it was taken over."""
    _open(actor, import_id, expected_version).delete()


@transaction.atomic
def take_over(
    *, actor: User, import_id: int, today: dt.date, only_good: bool = False, expected_version: int | None = None
) -> Order | Job:
    """Make a draft order of the rows: all of them, or with ``only_good`` those without an error; else nothing.

    A large file is taken over by a job, which is returned instead.
    """
    item = _open(actor, import_id, expected_version)
    result = evaluated(item, today=today)
    _refuse_bad(result, only_good=only_good)
    if len(item.rows) < LARGE:
        return _make(actor, item, result, today)
    job = start_job(
        function="punctual.domain.orders.services.imports.take_over_job",
        label=item.name,
        actor=actor,
        arguments={"import_id": item.pk, "actor_id": actor.pk, "only_good": only_good, "today": today.isoformat()},
    )
    item.job_id = job.pk
    save_next(item, fields=["job_id"])
    return job


def _refuse_bad(result: Evaluated, *, only_good: bool) -> None:
    reasons = [one.reason for one in result.header_errors]
    if not result.good:
        reasons.append(Reason("order.import.nothing_good", N_("There is no row without an error.")))
    elif not only_good:
        reasons += [one.reason for row in result.rows if not row.skip for one in row.errors][:200]
    if reasons:
        raise Refusal(*reasons)


def _make(actor: User, item: OrderImport, result: Evaluated, today: dt.date) -> Order:
    good = {row.line_no for row in result.good}
    data = result.data
    data.lines = [line for line in data.lines if line.line_no in good]
    order = create_order(actor=actor, data=data, today=today, source=item.name)
    _remember_columns(item)
    Attachment.objects.create(
        target_type="order",
        target_id=order.pk,
        name=item.name,
        kind="customer_po",
        sha256=item.sha256,
        size=path_of(item.sha256).stat().st_size,
        uploaded_by=actor,
    )
    item.order, item.state = order, ImportState.DONE
    save_next(item)
    corrected = sum(len(row.get("fixed", {})) + bool(row.get("skip")) for row in item.rows)
    rows = {row.line_no: row.row for row in result.good}
    guards.imported(order, actor, guards.ImportedFile(item.name, item.sha256, corrected, rows))
    return order


def _remember_columns(item: OrderImport) -> None:
    if item.customer is not None:
        columns = {loose(item.header[int(index)]): name for index, name in item.mapping.items()}
        ImportMapping.objects.update_or_create(customer=item.customer, defaults={"columns": columns})


WRITING_SHARE: Final = 3
"""Writing is one step, since all rows or none are written; it takes about a third of what reading them takes."""


def take_over_job(
    progress: Progress, *, import_id: int, actor_id: int, only_good: bool, today: str
) -> Mapping[str, Any]:
    """The same in the background; run twice it finds its work done."""
    item = OrderImport.objects.get(pk=import_id)
    if item.state == ImportState.DONE:
        return {"order_id": item.order_id}
    rows = len(item.rows)
    total = rows + rows // WRITING_SHARE + 1
    actor = User.objects.get(pk=actor_id)
    day = dt.date.fromisoformat(today)
    result = evaluated(item, today=day, tell=lambda done: progress.tell(done, total))
    with transaction.atomic():
        item = _open(actor, import_id, None)
        _refuse_bad(result, only_good=only_good)
        order = _make(actor, item, result, day)
    progress.tell(total, total)
    return {"order_id": order.pk}


def error_rows(item: OrderImport, result: Evaluated) -> tuple[list[str], list[Sequence[object]]]:
    """The rows that were not or would not be taken over, as they came, with what is wrong at the end."""
    header = ["#", *item.header, "!"]
    rows: list[Sequence[object]] = []
    for view in result.rows:
        if not view.findings and not view.skip:
            continue
        cells = item.rows[view.index]["cells"]
        told = [one.reason for one in view.findings]
        rows.append([view.row, *(cells.get(str(index), "") for index in range(len(item.header))), told])
    return header, rows
