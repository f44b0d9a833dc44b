"""Enter, change, copy and drop a draft order: header and lines in one command."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from django.db import transaction

from punctual.domain.orders.facts import Catalogue, catalogue_for, complete
from punctual.domain.orders.inputs import HEADER_FIELDS, LINE_FIELDS, LineInput, OrderInput, input_of
from punctual.domain.orders.life import LIFE
from punctual.domain.orders.models import Order, OrderLine
from punctual.domain.orders.selectors import orders_of
from punctual.domain.orders.services.summary import index_order, summarise
from punctual.kernel.refusal import Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, differences, record
from punctual.platform.custom_fields.selectors import data_of
from punctual.platform.custom_fields.services import write_values
from punctual.platform.outbox.services import emit
from punctual.platform.records import lock, save_next
from punctual.platform.search.services import forget

MOST_CHANGES: Final = 300
"""A change of more cells than this is told by its number, not cell by cell."""

_TEMPORARY: Final = 100_000_000


def create_order(
    *, actor: User, data: OrderInput, today: dt.date, reasons: Sequence[Reason] = (), source: str = ""
) -> Order:
    """Keep a new draft. ``reasons`` are the cells that could not be read: any of them refuses the whole."""
    require(actor, "orders.change")
    refuse_if([*reasons, *_without_customer(data)])
    # Read before it is anybody's turn to write.
    return _create(data, catalogue_for(data, today), actor=actor, today=today, source=source)


@transaction.atomic
def _create(data: OrderInput, catalogue: Catalogue, *, actor: User, today: dt.date, source: str) -> Order:
    order = Order(**{name: getattr(data, name) for name in HEADER_FIELDS})
    order.owner = data.owner or actor
    _take_from_customer(order)
    lines = [_line(order, one, catalogue, today) for one in data.lines]
    summarise(order, lines)
    order.save()
    OrderLine.objects.bulk_create(lines, batch_size=500)
    changes = [*_created(order, lines), *_write_custom(order, data)]
    record(actor=actor, verb="create", target=order, changes=changes, reason=source)
    index_order(order, lines)
    return order


def _write_custom(order: Order, data: OrderInput) -> list[Change]:
    """The company's own fields, where any are handed in. One that is empty and was empty is no refusal for a draft: the
    review asks for what must be filled in."""
    if not data.custom:
        return []
    before = data_of("order", order.pk)
    given = {key: value for key, value in data.custom.items() if value not in (None, "") or before.get(key) is not None}
    return write_values(subject="order", target_id=order.pk, given=given)


def _without_customer(data: OrderInput) -> list[Reason]:
    if data.customer is not None:
        return []
    if data.customer_text:
        text = N_("There is no customer “%(name)s”. Choose one, or enter it under Customers first.")
        return [Reason("order.customer_unknown", text, {"name": data.customer_text}, field="customer")]
    return [Reason("order.customer_missing", N_("Choose the customer."), field="customer")]


def _take_from_customer(order: Order) -> None:
    """What is agreed with the customer and was left empty."""
    customer = order.customer
    if customer is not None:
        order.payment_terms = order.payment_terms or customer.payment_terms
        order.delivery_place = order.delivery_place or customer.delivery_place


def _created(order: Order, lines: Sequence[OrderLine]) -> list[Change]:
    facts = {
        "customer": order.customer,
        "customer_po_number": order.customer_po_number or None,
        "total_amount": order.total_amount,
        "line_count": len(lines),
    }
    return differences({}, facts)


def _line(order: Order, data: LineInput, catalogue: Catalogue, today: dt.date) -> OrderLine:
    complete(data, catalogue, today)
    line = OrderLine(order=order, line_no=data.line_no, pk=data.id)
    _write(line, data, catalogue)
    return line


def _write(line: OrderLine, data: LineInput, catalogue: Catalogue) -> None:
    line.product = catalogue.product(data.model)
    line.revision = catalogue.revision(data.model, data.revision)
    line.model_text, line.revision_text = data.model, data.revision
    for name in LINE_FIELDS:
        if name not in {"model", "revision"}:
            setattr(line, name, getattr(data, name))


@transaction.atomic
def change_order(
    *,
    actor: User,
    order_id: int,
    data: OrderInput,
    expected_version: int | None,
    today: dt.date,
    reasons: Sequence[Reason] = (),
    reason: str = "",
) -> Order:
    """Replace header and lines by ``data``; lines are known by their id, missing ones are removed.

    Refused once the order is in review or confirmed; a :class:`Conflict` carries what others changed meanwhile.
    """
    require(actor, "orders.change")
    order = lock(orders_of(actor), expected_version=expected_version, pk=order_id)
    refuse_if([*LIFE.reasons(order.state, "change"), *reasons, *_without_customer(data)])
    before = input_of(order)
    catalogue = catalogue_for(data, today)
    changes = differences(header_of(before), header_of(data))
    for name in HEADER_FIELDS:
        setattr(order, name, getattr(data, name))
    order.owner = data.owner or order.owner or actor
    lines, line_changes = merge_lines(order, before.lines, data.lines, catalogue, today)
    changes += line_changes
    changes += _write_custom(order, data)
    if not changes:
        return order
    summarise(order, lines)
    save_next(order)
    if len(changes) > MOST_CHANGES:
        changes = [Change(field="cells", old=None, new=len(changes))]
    record(actor=actor, verb="change", target=order, changes=changes, reason=reason)
    index_order(order, lines)
    emit("order.changed", order_id=order.pk, number=order.number, by=actor.pk)
    return order


def header_of(data: OrderInput) -> dict[str, object]:
    return {name: getattr(data, name) for name in HEADER_FIELDS}


def merge_lines(
    order: Order,
    before: Sequence[LineInput],
    wanted: Sequence[LineInput],
    catalogue: Catalogue,
    today: dt.date,
    *,
    completing: bool = True,
) -> tuple[list[OrderLine], list[Change]]:
    """Write the lines and tell each cell that differs as ``<line>.<field>``; ``completing`` fills from the catalogue
    what nobody wrote."""
    known = {line.id: line for line in before}
    kept = {line.pk: line for line in order.lines.all()}
    changes: list[Change] = []
    result: list[OrderLine] = []
    for data in wanted:
        if completing:
            complete(data, catalogue, today)
        line = kept.get(data.id) if data.id else None
        old = known.get(data.id) if line is not None else None
        line = line or OrderLine(order=order)
        line.line_no = data.line_no
        _write(line, data, catalogue)
        changes += _line_changes(old, data)
        result.append(line)
    gone = set(kept) - {line.pk for line in result}
    changes += [Change(field=f"{kept[pk].line_no}", old=kept[pk].model_text or "·", new=None) for pk in sorted(gone)]
    if not changes:
        return result, []
    order.lines.filter(pk__in=gone).delete()
    _renumber_safely(order, [line for line in result if line.pk], known)
    fields = ["line_no", "product", "revision", "model_text", "revision_text"]
    fields += [name for name in LINE_FIELDS if name not in {"model", "revision"}]
    OrderLine.objects.bulk_update([line for line in result if line.pk], fields, batch_size=200)
    OrderLine.objects.bulk_create([line for line in result if not line.pk], batch_size=500)
    return result, changes


def _renumber_safely(order: Order, lines: Sequence[OrderLine], known: dict[int | None, LineInput]) -> None:
    """Two lines that swap numbers would collide half-way; so moved ones step aside first."""
    moved = [line.pk for line in lines if line.pk in known and known[line.pk].line_no != line.line_no]
    for step, pk in enumerate(moved):
        order.lines.filter(pk=pk).update(line_no=_TEMPORARY + step)


def _line_changes(old: LineInput | None, new: LineInput) -> list[Change]:
    if old is None:
        return [Change(field=f"{new.line_no}", old=None, new=new.model or new.description or "·")]
    before = {name: getattr(old, name) for name in LINE_FIELDS}
    after = {name: getattr(new, name) for name in LINE_FIELDS}
    changes = differences(before, after)
    if old.line_no != new.line_no:
        changes.append(Change(field="line_no", old=old.line_no, new=new.line_no))
    return [Change(field=f"{new.line_no}.{one['field']}", old=one["old"], new=one["new"]) for one in changes]


@transaction.atomic
def copy_order(*, actor: User, order_id: int, today: dt.date) -> Order:
    """A new draft with the same customer, terms and lines; PO number, dates and promises start empty."""
    require(actor, "orders.change")
    source = lock(orders_of(actor), expected_version=None, pk=order_id)
    data = input_of(source)
    data.customer_po_number, data.contract_date, data.stated_total, data.owner = "", None, None, actor
    data.lines = [replace(line, id=None, requested_date=None, promised_date=None) for line in data.lines]
    return create_order(actor=actor, data=data, today=today, source=source.label)


@transaction.atomic
def delete_draft(*, actor: User, order_id: int, expected_version: int | None) -> None:
    """Drop a draft that never got a number; a numbered one is cancelled, since its number must not vanish."""
    require(actor, "orders.change")
    order = lock(orders_of(actor), expected_version=expected_version, pk=order_id)
    refuse_if(LIFE.reasons(order.state, "delete"))
    if order.number:
        raise Refusal(
            Reason(
                "order.delete_numbered",
                N_("%(number)s already has its number and stays on record. Cancel it instead."),
                {"number": order.number},
            )
        )
    record(actor=actor, verb="delete", target=order)
    forget(order)
    order.delete()
