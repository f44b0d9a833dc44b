"""Read the customer's purchase order, hold it beside ours, settle every difference by name."""

from __future__ import annotations

import datetime as dt
import io
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.utils import timezone

from punctual.domain.changes.comparing import (
    LINE_FIELDS,
    Pair,
    Past,
    differences,
    matched,
    unusual,
)
from punctual.domain.changes.items import text_of
from punctual.domain.changes.models import (
    ChangeOrder,
    ChangeSource,
    Comparison,
    ComparisonPoint,
    ItemKind,
    PointKind,
    PointState,
)
from punctual.domain.changes.services.raising import Item, raise_change
from punctual.domain.orders.facts import model_key
from punctual.domain.orders.guards import ImportedFile
from punctual.domain.orders.importing import (
    Evaluated,
    RowView,
    Source,
    above,
    evaluate,
    guess_mapping,
    known_headers,
    rows_of,
    split_total,
)
from punctual.domain.orders.inputs import LineInput, OrderInput, input_of, read_order
from punctual.domain.orders.life import LIFE
from punctual.domain.orders.models import ImportMapping, Order, OrderLine, OrderState
from punctual.domain.orders.selectors import orders_of
from punctual.domain.orders.services.drafts import change_order
from punctual.domain.orders.services.imports import guess_customer, remembered_mapping
from punctual.domain.orders.services.review import page_of
from punctual.kernel.refusal import Forbidden, Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role, User
from punctual.platform.accounts.permissions import require
from punctual.platform.attachments.services import attach
from punctual.platform.audit.services import Change, record
from punctual.platform.notifications.services import notify
from punctual.platform.records import get_or_not_found, lock, save_next
from punctual.platform.sheets.reader import find_table, loose, read_sheets

MOST_ASKED: Final = 20
MOST_KEPT: Final = 500
"""Lines that are kept beside each other; a larger file is looked at in the file."""
TAKEABLE: Final = frozenset({"quantity", "unit_price", "model", "revision", "requested_date", "delivery_place"})
HEADER_TAKEABLE: Final = frozenset({"customer_po_number", "payment_terms", "delivery_place"})


@transaction.atomic
def compare(*, actor: User, order_id: int, content: bytes, name: str, today: dt.date) -> Comparison:
    """Read an Excel, CSV or text PDF, attach it, and write down every difference. A PO of another customer is
    refused; what its columns mean is remembered for this customer."""
    require(actor, "orders.change")
    order = lock(orders_of(actor).select_related("customer"), expected_version=None, pk=order_id)
    if order.state in (OrderState.CANCELLED, OrderState.LOST, OrderState.CLOSED):
        raise Refusal(
            Reason("po.order_state", N_("The order has ended; there is nothing to compare with."), field="file")
        )
    found, header, mapping = _read(order, content, name, today)
    theirs = [(view.row, line) for view, line in _lines(found)]
    ours = input_of(order)
    pairs = matched(ours.lines, theirs)
    points = differences(ours, found.data, pairs)
    history, orders_before = _history(order)
    points += unusual(pairs, history, orders_before=orders_before)
    attached = attach(actor=actor, target=order, file=io.BytesIO(content), name=name, kind="customer_po")
    comparison = Comparison.objects.create(
        order=order,
        name=attached.name,
        sha256=attached.sha256,
        lines=[_beside(pair) for pair in pairs],
        first_count=sum(1 for one in points if one.kind != PointKind.UNUSUAL),
        made_by=actor,
    )
    ComparisonPoint.objects.bulk_create([ComparisonPoint(comparison=comparison, **asdict(one)) for one in points])
    _ask_for_eyes(order, actor, sum(1 for one in points if one.kind == PointKind.UNUSUAL))
    _remember(order, header, mapping)
    record(
        actor=actor, verb="compare_po", target=order,
        changes=[Change(field="differences", old=None, new=len(points))], reason=f"{name} {attached.sha256[:12]}",
    )  # fmt: skip
    return comparison


def note_import(order: Order, actor: User, file: ImportedFile) -> None:
    """An order made out of the customer's file has nothing to differ from it, yet what is unusual for this customer
    waits for a second pair of eyes all the same. Corrections by hand count as differences that were found."""
    lines = input_of(order).lines
    pairs = [Pair(line, line, file.rows.get(line.line_no)) for line in lines]
    history, orders_before = _history(order)
    points = unusual(pairs, history, orders_before=orders_before)
    comparison = Comparison.objects.create(
        order=order,
        name=file.name,
        sha256=file.sha256,
        lines=[_beside(pair) for pair in pairs[:MOST_KEPT]],
        first_count=file.corrected,
        made_by=actor,
    )
    ComparisonPoint.objects.bulk_create([ComparisonPoint(comparison=comparison, **asdict(one)) for one in points])
    _ask_for_eyes(order, actor, len(points))


def _ask_for_eyes(order: Order, actor: User, count: int) -> None:
    """Somebody else is asked to look: the order's owner, else the order managers."""
    if not count:
        return
    owner = order.owner if order.owner_id != actor.pk else None
    others = User.objects.filter(role=Role.ORDER_MANAGER, is_active=True).exclude(pk=actor.pk)
    notify(
        users=[owner] if owner is not None else list(others[:MOST_ASKED]),
        kind="order",
        text=N_("%(order)s has values that are unusual for %(customer)s; a second pair of eyes is asked for."),
        params={"order": order.label, "customer": str(order.customer or "")},
        url=f"{page_of(order)}po/",
    )


def _read(order: Order, content: bytes, name: str, today: dt.date) -> tuple[Evaluated, list[str], dict[str, str]]:
    sheets = read_sheets(content, name)
    table = find_table(sheets, known_headers(), name)
    sheet = next(one for one in sheets if one.name == table.sheet)
    values = above(sheet, table.first_row - 2)
    buyer = guess_customer(values, name)
    if buyer is not None and buyer != order.customer:
        text = N_("“%(name)s” is an order of %(theirs)s; %(number)s belongs to %(ours)s.")
        params = {"name": name, "theirs": str(buyer), "ours": str(order.customer), "number": order.label}
        raise Refusal(Reason("po.other_customer", text, params, field="file"))
    kept = remembered_mapping(order.customer)
    mapping = guess_mapping(table.header, kept.columns)
    lines, total = split_total(table, mapping)
    if total:
        values["stated_total"] = total
    rows = rows_of(sheet, lines, mapping)
    if not rows:
        text = N_("“%(name)s” names columns but has no lines under them.")
        raise Refusal(Reason("po.no_rows", text, {"name": name}, field="file"))
    source = Source(mapping, rows, dict(values), order.customer, kept.values)
    return evaluate(source, today=today), list(table.header), mapping


def _lines(found: Evaluated) -> list[tuple[RowView, LineInput]]:
    by_no = {line.line_no: line for line in found.data.lines}
    return [(view, by_no[view.line_no]) for view in found.rows if view.line_no in by_no]


def _beside(pair: Pair) -> dict[str, object]:
    def texts(line: LineInput | None) -> dict[str, str]:
        return {name: text_of(getattr(line, name)) for name in LINE_FIELDS} if line is not None else {}

    return {
        "line_no": pair.ours.line_no if pair.ours else None,
        "row": pair.row,
        "ours": texts(pair.ours),
        "theirs": texts(pair.theirs),
    }


def _history(order: Order) -> tuple[dict[str, Past], int]:
    """What this customer has ordered before, by model; how many orders that were."""
    before = (
        Order.objects.filter(customer=order.customer)
        .exclude(pk=order.pk)
        .exclude(state__in=(OrderState.DRAFT, OrderState.QUOTED, OrderState.CANCELLED, OrderState.LOST))
    )
    rows = OrderLine.objects.filter(order__in=before).order_by("order_id")
    quantities: dict[str, list[Decimal]] = defaultdict(list)
    prices: dict[str, Decimal] = {}
    for model, quantity, price, currency in rows.values_list("model_text", "quantity", "unit_price", "order__currency"):
        key = model_key(model)
        if quantity is not None:
            quantities[key].append(quantity)
        if price is not None and currency == order.currency:
            prices[key] = price
    return {key: Past(found, prices.get(key)) for key, found in quantities.items()}, before.count()


def _remember(order: Order, header: list[str], mapping: dict[str, str]) -> None:
    if order.customer is None:
        return
    kept, _fresh = ImportMapping.objects.get_or_create(customer=order.customer)
    kept.columns = {**kept.columns, **{loose(header[int(index)]): name for index, name in mapping.items()}}
    kept.save()


def open_points(order: Order) -> tuple[int, int]:
    """(differences, unusual values) of the last comparison that nobody has settled. The caller has fetched the order
    for its actor."""
    last = order.comparisons.order_by("-pk").first() if order.pk else None
    if last is None:
        return 0, 0
    kinds = list(last.points.filter(state=PointState.OPEN).order_by().values_list("kind", flat=True))
    strange = kinds.count(PointKind.UNUSUAL)
    return len(kinds) - strange, strange


# ------------------------------------------------------------------------------------------------------ settling


def _point(actor: User, point_id: int) -> ComparisonPoint:
    points = ComparisonPoint.objects.select_related("comparison__order").filter(comparison__order__in=orders_of(actor))
    point = get_or_not_found(points.select_for_update(of=("self",)), pk=point_id)
    if point.state != PointState.OPEN:
        raise Refusal(Reason("po.settled", N_("This is settled already; load the page again.")))
    return point


def _settle(point: ComparisonPoint, actor: User, state: str, reason: str) -> ComparisonPoint:
    point.state, point.by, point.at, point.reason = state, actor, timezone.now(), reason.strip()
    point.save()
    save_next(point.comparison, fields=[])
    where = f"{point.line_no}.{point.field}" if point.line_no else point.field
    change = Change(field=where, old=point.ours or None, new=point.theirs or None)
    record(actor=actor, verb=f"po_{state}", target=point.comparison.order, changes=[change], reason=point.reason)
    return point


@transaction.atomic
def waive_point(*, actor: User, point_id: int, reason: str) -> ComparisonPoint:
    """Ours stays although the customer wrote otherwise; by name with a reason."""
    require(actor, "orders.waive")
    point = _point(actor, point_id)
    reasons = []
    if point.kind == PointKind.UNUSUAL:
        reasons.append(Reason("po.unusual", N_("An unusual value is looked at by a second person, not waived.")))
    if not reason.strip():
        reasons.append(Reason("po.reason", N_("Say why ours stays."), field="reason"))
    refuse_if(reasons)
    return _settle(point, actor, PointState.WAIVED, reason)


@transaction.atomic
def see_point(*, actor: User, point_id: int, reason: str = "") -> ComparisonPoint:
    """A second person has looked at an unusual value; never who uploaded the file."""
    require(actor, "orders.review")
    point = _point(actor, point_id)
    if point.kind != PointKind.UNUSUAL:
        raise Refusal(Reason("po.not_unusual", N_("This is a difference; take the customer's value or waive it.")))
    if point.comparison.made_by_id == actor.pk:
        text = N_("Somebody else looks at it: the second pair of eyes can't be your own.")
        raise Forbidden(Reason("po.own_eyes", text))
    return _settle(point, actor, PointState.SEEN, reason)


@transaction.atomic
def see_points(*, actor: User, order_id: int, points: Sequence[int]) -> int:
    """The unusual values that were ticked one by one have been looked at; all of them or none."""
    ours = set(ComparisonPoint.objects.filter(comparison__order=order_id, pk__in=points).values_list("pk", flat=True))
    if not points or len(ours) != len(set(points)):
        raise Refusal(Reason("po.none_seen", N_("Tick what you have looked at.")))
    for pk in sorted(ours):
        see_point(actor=actor, point_id=pk)
    return len(ours)


@transaction.atomic
def take_point(*, actor: User, point_id: int, today: dt.date) -> ComparisonPoint:
    """The customer's value goes into a draft; a confirmed order is changed by a change order instead."""
    require(actor, "orders.change")
    point = _point(actor, point_id)
    order = point.comparison.order
    refuse_if(LIFE.reasons(order.state, "change") + _against_taking(point))
    data = input_of(order)
    if point.line_no is None:
        data, reasons = read_order({point.field: point.theirs}, before=data)
        refuse_if(reasons)
    else:
        _set(data, point)
    change_order(
        actor=actor, order_id=order.pk, data=data, expected_version=None, today=today, reason=point.comparison.name
    )
    return _settle(point, actor, PointState.TAKEN, "")


def _against_taking(point: ComparisonPoint) -> list[Reason]:
    allowed = TAKEABLE if point.line_no is not None else HEADER_TAKEABLE
    if point.kind == PointKind.DIFFERS and point.field in allowed:
        return []
    return [Reason("po.not_takeable", N_("This can't be taken by itself; edit the order, or waive it by name."))]


def _set(data: OrderInput, point: ComparisonPoint) -> None:
    line = next((one for one in data.lines if one.line_no == point.line_no), None)
    if line is None:
        raise Refusal(Reason("po.line_gone", N_("The order has no such line any more; compare again.")))
    value: object = point.theirs
    if point.field in ("quantity", "unit_price"):
        value = Decimal(point.theirs)
    elif point.field == "requested_date":
        value = dt.date.fromisoformat(point.theirs)
    setattr(line, point.field, value)


@transaction.atomic
def change_from(*, actor: User, comparison_id: int, today: dt.date) -> ChangeOrder:
    """A change order of everything that a confirmed order's customer wrote otherwise."""
    comparisons = Comparison.objects.filter(order__in=orders_of(actor)).select_related("order")
    comparison = get_or_not_found(comparisons, pk=comparison_id)
    order = comparison.order
    lines = dict(order.lines.values_list("line_no", "pk"))
    points = [one for one in comparison.points.filter(state=PointState.OPEN) if not _against_taking(one)]
    items: list[Item] = [
        {"kind": ItemKind.LINE, "line": lines.get(one.line_no), "field": one.field, "new": one.theirs}
        if one.line_no is not None
        else {"kind": ItemKind.HEADER, "field": one.field, "new": one.theirs}
        for one in points
    ]
    if not items:
        raise Refusal(Reason("po.no_change", N_("No open difference can become a change order.")))
    made = raise_change(
        actor=actor,
        order_id=order.pk,
        title=comparison.name[:120],
        source=ChangeSource.CUSTOMER,
        items=items,
        today=today,
    )
    for one in points:
        _settle(one, actor, PointState.TAKEN, made.number)
    return made


# ------------------------------------------------------------------------------------------------------ guards


def before_submit(order: Order, today: dt.date) -> list[Reason]:
    """Where the customer's PO was compared, every difference is settled before the order goes to review."""
    rest, unusual_ = open_points(order)
    reasons = []
    if rest:
        text = N_("Differences to the customer's order that are not settled: %(count)d.")
        reasons.append(Reason("order.po_open", text, {"count": rest}, field="po"))
    if unusual_:
        text = N_("Unusual values that no second person has looked at: %(count)d.")
        reasons.append(Reason("order.po_unusual", text, {"count": unusual_}, field="po"))
    return reasons
