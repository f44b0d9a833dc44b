"""Prepare a delivery, pack it, ship it through the gates, record the customer's receipt."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import IO, Any, Final

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from punctual.domain.delivery.gates import against_shipping
from punctual.domain.delivery.life import DELIVERY
from punctual.domain.delivery.models import Box, Delivery, DeliveryItem, DeliveryState
from punctual.domain.delivery.rules import against_day, against_items, against_serials
from punctual.domain.delivery.selectors import (
    all_shipped,
    deliveries_of,
    line_facts,
    photos_of,
    serials_of,
    shipped_quantities,
)
from punctual.domain.delivery.services.payments import note_event
from punctual.domain.orders.life import LIFE
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.orders.selectors import orders_of
from punctual.domain.orders.services.states import take_step
from punctual.kernel.quantity import plain
from punctual.kernel.refusal import Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.attachments.models import Attachment, DocumentKind
from punctual.platform.attachments.services import attach, picture_type, remove
from punctual.platform.audit.services import Change, differences, record
from punctual.platform.notifications.services import notify
from punctual.platform.numbering.services import next_number
from punctual.platform.outbox.services import emit
from punctual.platform.records import get_or_not_found, lock, save_next
from punctual.platform.search.services import Document, index

DELIVERING: Final = (OrderState.CONFIRMED, OrderState.IN_PROGRESS, OrderState.PARTIALLY_DELIVERED)
MOST_BOXES: Final = 200
ENTERED_LATER: Final = dt.timedelta(days=366)
"""So long after something has left its order may be entered."""
PHOTOGRAPHED: Final = (DeliveryState.PREPARING, DeliveryState.SHIPPED)
"""While it stands so, a photo can be taken off again."""


def against_preparing(order: Order) -> list[Reason]:
    """An order that is being worked on can be delivered."""
    if order.state in DELIVERING:
        return []
    text = N_("Only an order that is confirmed or in progress is delivered.")
    return [Reason("delivery.order_state", text, field="order")]


@transaction.atomic
def prepare(
    *,
    actor: User,
    order_id: int,
    items: Mapping[int, Decimal],
    today: dt.date,
    serials: Mapping[int, Sequence[str]] | None = None,
    planned_on: dt.date | None = None,
    place: str = "",
) -> Delivery:
    """The next batch of an order: line id → quantity, never more than is left, and line id → serial numbers."""
    require(actor, "delivery.prepare")
    order = lock(orders_of(actor).select_related("customer"), expected_version=None, pk=order_id)
    serials, lines = _clean(serials or {}), line_facts(order)
    reasons = against_preparing(order) + against_items(items, lines)
    refuse_if(reasons + against_serials(serials, items, lines, serials_of(order)))
    last = order.deliveries.aggregate(last=Max("batch"))["last"] or 0
    delivery = Delivery.objects.create(
        number=next_number(series="DN", year=today.year),
        order=order,
        batch=last + 1,
        planned_on=planned_on or order.planned_date,
        place=(place.strip() or order.delivery_place)[:200],
        created_by=actor,
    )
    _write_items(delivery, items, serials)
    note_event(order, "before_shipping", delivery.planned_on or today)
    record(actor=actor, verb="create", target=delivery, changes=[Change(field="items", old=None, new=_told(items))])
    index(
        [
            Document(
                target=delivery,
                label=delivery.number,
                detail=f"{order.label} · {order.customer or ''}",
                texts=[delivery.number, order.label],
            )
        ]
    )
    return delivery


def _told(items: Mapping[int, Decimal]) -> str:
    return ", ".join(plain(quantity) for quantity in items.values() if quantity)


def _clean(serials: Mapping[int, Sequence[str]]) -> dict[int, list[str]]:
    """Without blanks about the numbers and between them."""
    return {line: [one for one in map(str.strip, numbers) if one] for line, numbers in serials.items()}


def _numbers(serials: Iterable[Sequence[str]]) -> str:
    return ", ".join(one for numbers in serials for one in numbers)


def _write_items(delivery: Delivery, items: Mapping[int, Decimal], serials: Mapping[int, Sequence[str]]) -> None:
    delivery.items.all().delete()
    DeliveryItem.objects.bulk_create(
        [
            DeliveryItem(delivery=delivery, line_id=line, quantity=n, serials=list(serials.get(line, ())))
            for line, n in items.items()
            if n > 0
        ]
    )


@transaction.atomic
def change_delivery(
    *,
    actor: User,
    delivery_id: int,
    expected_version: int | None,
    items: Mapping[int, Decimal],
    serials: Mapping[int, Sequence[str]] | None = None,
    boxes: Sequence[Mapping[str, Any]] = (),
    planned_on: dt.date | None = None,
    place: str = "",
    notes: str = "",
) -> Delivery:
    """Other quantities, serial numbers (line id → one a piece; None: as they are), boxes, day or place while it is
    being prepared."""
    require(actor, "delivery.prepare")
    delivery = lock(deliveries_of(actor).select_related("order"), expected_version=expected_version, pk=delivery_id)
    had = {one.line_id: one for one in delivery.items.all()}
    if serials is None:
        serials = {line: one.serials for line, one in had.items() if line in items}
    serials = _clean(serials)
    lines = line_facts(delivery.order, but=delivery)
    reasons = DELIVERY.reasons(delivery.state, "change")
    reasons += against_items(items, lines)
    reasons += against_serials(serials, items, lines, serials_of(delivery.order, but=delivery))
    if len(boxes) > MOST_BOXES:
        text = N_("A delivery has at most %(most)d boxes.")
        reasons.append(Reason("delivery.boxes", text, {"most": MOST_BOXES}, field="boxes"))
    refuse_if(reasons)
    before = {name: getattr(delivery, name) for name in ("planned_on", "place", "notes")}
    before["items"] = _told({line: one.quantity for line, one in had.items()})
    before["serials"] = _numbers([one.serials for one in had.values()])
    _write_items(delivery, items, serials)
    delivery.boxes.all().delete()
    Box.objects.bulk_create([_box(delivery, number, one) for number, one in enumerate(boxes, start=1)])
    delivery.planned_on, delivery.place, delivery.notes = planned_on, place.strip()[:200], notes.strip()
    save_next(delivery)
    after = {"planned_on": planned_on, "place": delivery.place, "notes": delivery.notes, "items": _told(items)}
    after["serials"] = _numbers(serials.values())
    record(actor=actor, verb="change", target=delivery, changes=differences(before, after))
    return delivery


@transaction.atomic
def add_photos(
    *, actor: User, delivery_id: int, photos: Sequence[tuple[IO[bytes], str]], box_number: int | None = None
) -> list[Attachment]:
    """Pictures (content, name) of what was packed, of one box or of the whole: all of them or none. A cancelled
    delivery takes none."""
    require(actor, "delivery.prepare")
    delivery = lock(deliveries_of(actor), expected_version=None, pk=delivery_id)
    box = delivery.boxes.filter(number=box_number).first() if box_number else None
    reasons = []
    if not photos:
        reasons.append(Reason("delivery.photo.none", N_("Choose or take a picture first."), field="photo"))
    if delivery.state == DeliveryState.CANCELLED:
        reasons.append(Reason("delivery.photo.cancelled", N_("The delivery is cancelled; it takes no photo.")))
    if box_number and box is None:
        reasons.append(Reason("delivery.photo.box", N_("There is no such box any more; choose another."), field="box"))
    reasons += [reason for file, name in photos for reason in _against_photo(file, name)]
    refuse_if(reasons)
    before = f"{box.number} {box.name} " if box is not None else ""
    return [
        attach(
            actor=actor,
            target=delivery,
            file=file,
            name=f"{before}{name}".replace("/", "-") if before else name,
            kind=DocumentKind.PHOTO,
        )
        for file, name in photos
    ]


@transaction.atomic
def remove_photo(*, actor: User, delivery_id: int, photo_id: int) -> None:
    """Take a picture off again, as long as the customer has not signed for what it shows; the trail names it."""
    require(actor, "delivery.prepare")
    delivery = lock(deliveries_of(actor), expected_version=None, pk=delivery_id)
    if delivery.state not in PHOTOGRAPHED:
        text = N_("The delivery is signed for or cancelled; its photos stay as they are.")
        raise Refusal(Reason("delivery.photo.settled", text))
    found = get_or_not_found(photos_of(delivery), pk=photo_id)
    remove(actor=actor, target=delivery, attachment_id=found.pk)


def _against_photo(file: IO[bytes], name: str) -> list[Reason]:
    begin = file.read(16)
    file.seek(0)
    if picture_type(begin):
        return []
    text = N_("“%(name)s” is no picture; send a PNG, JPEG, GIF or WebP.")
    return [Reason("delivery.photo", text, {"name": name[:80]}, field="file")]


def _box(delivery: Delivery, number: int, raw: Mapping[str, Any]) -> Box:
    return Box(
        delivery=delivery,
        number=number,
        name=str(raw.get("name", ""))[:80],
        size=str(raw.get("size", ""))[:60],
        weight=raw.get("weight"),
        contents=str(raw.get("contents", ""))[:400],
    )


@transaction.atomic
def release(*, actor: User, delivery_id: int, reason: str, expected_version: int | None = None) -> Delivery:
    """Let it go by name although documents or payment are missing. Quality, acceptance and open items can't be."""
    require(actor, "delivery.release")
    delivery = lock(deliveries_of(actor), expected_version=expected_version, pk=delivery_id)
    reasons = DELIVERY.reasons(delivery.state, "release")
    if not reason.strip():
        reasons.append(Reason("delivery.release_reason", N_("Say why it may go."), field="reason"))
    refuse_if(reasons)
    delivery.released_reason, delivery.released_by = reason.strip()[:1000], actor
    save_next(delivery, fields=["released_reason", "released_by"])
    record(actor=actor, verb="release", target=delivery, reason=delivery.released_reason)
    return delivery


@transaction.atomic
def ship(
    *,
    actor: User,
    delivery_id: int,
    shipped_on: dt.date | None,
    today: dt.date,
    carrier: str = "",
    waybill: str = "",
    vehicle: str = "",
    freight: Decimal | None = None,
    expected_version: int | None = None,
) -> Delivery:
    """It leaves the house: every gate is asked, lines that are complete get their actual date, the order moves."""
    require(actor, "delivery.ship")
    delivery = lock(deliveries_of(actor).select_related("order"), expected_version=expected_version, pk=delivery_id)
    order = lock(orders_of(actor).select_related("owner"), expected_version=None, pk=delivery.order_id)
    delivery.order = order
    items = {one.line_id: one.quantity for one in delivery.items.all()}
    refuse_if(
        [
            *DELIVERY.reasons(delivery.state, "ship"),
            *against_preparing(order),
            *against_items(items, line_facts(order, but=delivery)),
            *against_day(shipped_on, today=today, after=_first_day(order, today), field="shipped_on"),
            *against_shipping(delivery, today=today),
        ]
    )
    assert shipped_on is not None
    delivery.state, delivery.shipped_on = DELIVERY.after(delivery.state, "ship"), shipped_on
    delivery.carrier, delivery.waybill, delivery.vehicle = carrier.strip()[:80], waybill.strip()[:80], vehicle[:80]
    delivery.freight = freight
    save_next(delivery)
    _date_lines(order, shipped_on)
    _move_order(order, actor, shipped_on)
    changes = [Change(field="state", old=DeliveryState.PREPARING.value, new=delivery.state)]
    record(actor=actor, verb="ship", target=delivery, changes=changes, reason=delivery.released_reason)
    if order.owner is not None and order.owner != actor:
        notify(
            users=[order.owner],
            kind="delivery",
            text=N_("%(number)s of %(order)s has been shipped."),
            params={"number": delivery.number, "order": order.label},
            url=f"/deliveries/{delivery.number}/",
        )
    emit("delivery.shipped", delivery_id=delivery.pk, number=delivery.number, order_id=order.pk)
    return delivery


def _first_day(order: Order, today: dt.date) -> dt.date:
    """A year before the order was entered, or signed where that was earlier: an order of before is entered with what
    has left of it; what is said to have left sooner is a typing error."""
    made = timezone.localdate(order.created_at)
    return min(made, order.contract_date or made, today) - ENTERED_LATER


def _date_lines(order: Order, day: dt.date) -> None:
    """A line is delivered on the day its last piece left."""
    shipped = shipped_quantities(order)
    for line in order.lines.filter(actual_date=None):
        if shipped.get(line.pk, Decimal(0)) >= (line.quantity or Decimal(0)) and shipped.get(line.pk):
            line.actual_date = day
            line.save(update_fields=["actual_date"])


def _move_order(order: Order, actor: User, day: dt.date) -> None:
    if order.state == OrderState.CONFIRMED:
        take_step(order, "start", actor=actor, today=day)
    verb = "deliver" if all_shipped(order) else "deliver_part"
    if verb == "deliver_part" and order.state == OrderState.PARTIALLY_DELIVERED:
        return
    if LIFE.allows(order.state, verb):
        take_step(order, verb, actor=actor, today=day)
    if verb == "deliver":
        note_event(order, "delivered", day)


@transaction.atomic
def receive(
    *,
    actor: User,
    delivery_id: int,
    received_on: dt.date | None,
    received_by: str,
    today: dt.date,
    note: str = "",
    drawn: bytes = b"",
    file: IO[bytes] | None = None,
    file_name: str = "",
    expected_version: int | None = None,
) -> Delivery:
    """The customer has it: who took it on which day, signed on the screen (``drawn``, a PNG) or on paper."""
    require(actor, "delivery.ship")
    delivery = lock(deliveries_of(actor).select_related("order"), expected_version=expected_version, pk=delivery_id)
    reasons = DELIVERY.reasons(delivery.state, "receive")
    reasons += against_day(received_on, today=today, after=delivery.shipped_on, field="received_on")
    if not received_by.strip():
        reasons.append(Reason("delivery.received_by", N_("Write who took it."), field="received_by"))
    refuse_if(reasons)
    delivery.state = DELIVERY.after(delivery.state, "receive")
    delivery.received_on, delivery.received_by = received_on, received_by.strip()[:80]
    delivery.receipt_note = note.strip()[:2000]
    save_next(delivery)
    if drawn:
        name = f"{delivery.number}-signature.png"
        attach(actor=actor, target=delivery, file=io.BytesIO(drawn), name=name, kind="signature")
    if file is not None:
        attach(actor=actor, target=delivery, file=file, name=file_name or "receipt", kind="agreement")
    changes = [Change(field="state", old=DeliveryState.SHIPPED.value, new=delivery.state)]
    record(actor=actor, verb="receive", target=delivery, changes=changes, reason=received_by.strip())
    emit("delivery.received", delivery_id=delivery.pk, number=delivery.number, order_id=delivery.order_id)
    return delivery


@transaction.atomic
def cancel_delivery(*, actor: User, delivery_id: int, reason: str, expected_version: int | None = None) -> Delivery:
    """It does not go; its number stays."""
    require(actor, "delivery.prepare")
    delivery = lock(deliveries_of(actor), expected_version=expected_version, pk=delivery_id)
    reasons = DELIVERY.reasons(delivery.state, "cancel")
    if not reason.strip():
        reasons.append(Reason("delivery.cancel_reason", N_("Say why."), field="reason"))
    refuse_if(reasons)
    delivery.state = DELIVERY.after(delivery.state, "cancel")
    save_next(delivery, fields=["state"])
    changes = [Change(field="state", old=DeliveryState.PREPARING.value, new=delivery.state)]
    record(actor=actor, verb="cancel", target=delivery, changes=changes, reason=reason.strip())
    return delivery
