"""Speak for material: out of stock first, then out of what is on order; never more than there is."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db import transaction
from django.db.models import Model

from punctual.domain.orders.models import Priority
from punctual.domain.supply.life import ON_THE_WAY, OPEN
from punctual.domain.supply.models import (
    PurchaseLine,
    Requirement,
    Reservation,
    ReservationState,
    StockItem,
)
from punctual.domain.supply.rules import not_enough, reasons_against_quantity
from punctual.domain.supply.selectors import requirements_of, reservations_of
from punctual.domain.supply.services.stock import locked_items, shrink
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, record, record_all, step
from punctual.platform.outbox.services import emit
from punctual.platform.records import get_or_not_found, lock, save_next

ZERO = Decimal(0)


def locked_lines(material_ids: Iterable[int]) -> list[PurchaseLine]:
    """Open purchase lines of some materials, locked in one order."""
    rows = PurchaseLine.objects.select_for_update(of=("self",)).filter(
        material_id__in=set(material_ids), purchase_order__state__in=OPEN
    )
    return list(rows.select_related("purchase_order").order_by("pk"))


def lock_sources(material_ids: Iterable[int]) -> tuple[list[StockItem], list[PurchaseLine]]:
    """Stock, then purchase lines; reservations are locked after both, so that nobody waits in a circle."""
    ids = set(material_ids)
    return locked_items(ids), locked_lines(ids)


def open_need(need: Requirement) -> Decimal:
    """What is neither given out nor spoken for."""
    held = need.reservations.filter(state=ReservationState.ACTIVE).values_list("quantity", flat=True)
    return need.quantity - need.issued - sum(held, ZERO)


def add(
    need: Requirement,
    quantity: Decimal,
    *,
    actor: User | None,
    item: StockItem | None = None,
    line: PurchaseLine | None = None,
    priority: int | None = None,
    reason: str = "",
) -> Reservation:
    """Speak for ``quantity`` of a locked source that has as much free; one row a requirement and source."""
    source = item if item is not None else line
    assert source is not None
    source.reserved += quantity
    if item is not None:
        save_next(item, fields=["reserved"])
    elif line is not None:
        line.save(update_fields=["reserved"])
    have = need.reservations.filter(stock_item=item, purchase_line=line, state=ReservationState.ACTIVE).first()
    if have is None:
        have = Reservation(requirement=need, stock_item=item, purchase_line=line, quantity=ZERO, made_by=actor)
        have.priority = need.order.priority if priority is None else priority
    before = have.quantity
    have.quantity += quantity
    if reason:
        have.reason = reason[:200]
    if have.pk:
        save_next(have)
    else:
        have.save()
    changes = [Change(field="quantity", old=str(before.normalize()), new=str(have.quantity.normalize()))]
    record(actor=actor, verb="reserve", target=have, changes=changes, reason=reason)
    return have


def take_off(one: Reservation, less: Decimal, *, actor: User | None, reason: str, state: ReservationState) -> None:
    """Give back ``less`` of a locked reservation to its locked source."""
    if one.stock_item_id is not None:
        item = StockItem.objects.select_for_update(of=("self",)).get(pk=one.stock_item_id)
        item.reserved -= less
        save_next(item, fields=["reserved"])
    else:
        # Not in the database: SQLite would subtract binary fractions, and end a hair below nothing.
        line = PurchaseLine.objects.select_for_update(of=("self",)).get(pk=one.purchase_line_id or 0)
        line.reserved -= less
        line.save(update_fields=["reserved"])
    shrink(one, less, actor=actor, reason=reason, state=state)


def cover(needs: Sequence[Requirement], *, actor: User | None) -> set[int]:
    """Speak for what is free, for the most urgent and earliest needed first; returns the orders that got something.

    Part of the caller's transaction: no permission is asked, no event is told.
    """
    materials = {need.material_id for need in needs}
    items, lines = defaultdict(list), defaultdict(list)
    stock, coming = lock_sources(materials)
    for item in stock:
        items[item.material_id].append(item)
    for line in coming:
        if line.purchase_order.state in ON_THE_WAY and line.material_id is not None:
            lines[line.material_id].append(line)
    for found in lines.values():
        found.sort(key=lambda line: (line.expected_date or line.asked_date or dt.date.max, line.pk))
    book = Book(needs, actor)
    for need in sorted(needs, key=lambda need: (need.order.priority, need.needed_by or dt.date.max, need.pk)):
        left = book.open(need)
        for item in items[need.material_id]:
            left -= book.take(need, min(left, item.free), item)
        for line in lines[need.material_id]:
            left -= book.take(need, min(left, line.free_quantity), line)
    book.write()
    return book.got


class Book:
    """What a whole order speaks for at once, out of locked sources: worked out in memory, written in few statements."""

    def __init__(self, needs: Sequence[Requirement], actor: User | None) -> None:
        self._actor = actor
        self._held: dict[int, Decimal] = defaultdict(Decimal)
        self._rows: dict[tuple[int, str, int], Reservation] = {}
        self._before: dict[tuple[int, str, int], Decimal] = {}
        self._sources: dict[tuple[str, int], StockItem | PurchaseLine] = {}
        self.got: set[int] = set()
        by_id = {need.pk: need for need in needs}
        for one in Reservation.objects.filter(requirement__in=by_id, state=ReservationState.ACTIVE):
            one.requirement = by_id[one.requirement_id]
            self._held[one.requirement_id] += one.quantity
            kind, pk = ("line", one.purchase_line_id) if one.purchase_line_id else ("item", one.stock_item_id)
            self._rows[one.requirement_id, kind, pk or 0] = one

    def open(self, need: Requirement) -> Decimal:
        """What is neither given out nor spoken for."""
        return need.quantity - need.issued - self._held[need.pk]

    def take(self, need: Requirement, quantity: Decimal, source: StockItem | PurchaseLine) -> Decimal:
        """Speak for ``quantity`` of a source that has as much free; returns what was taken."""
        if quantity <= 0:
            return ZERO
        kind = "item" if isinstance(source, StockItem) else "line"
        key = (need.pk, kind, source.pk)
        row = self._rows.get(key)
        if row is None:
            row = Reservation(requirement=need, quantity=ZERO, made_by=self._actor, priority=need.order.priority)
            row.stock_item, row.purchase_line = (source, None) if isinstance(source, StockItem) else (None, source)
            self._rows[key] = row
        self._before.setdefault(key, row.quantity)
        row.quantity += quantity
        source.reserved += quantity
        self._held[need.pk] += quantity
        self._sources[kind, source.pk] = source
        self.got.add(need.order_id)
        return quantity

    def write(self) -> None:
        """Sources, reservations and their story; a row that was there is written as its next version."""
        items = [one for one in self._sources.values() if isinstance(one, StockItem)]
        for item in items:
            item.version += 1
        _write_over(items, ["reserved", "version", "updated_at"])
        _write_over([one for one in self._sources.values() if isinstance(one, PurchaseLine)], ["reserved"])
        touched = [self._rows[key] for key in self._before]
        grown = [one for one in touched if one.pk]
        for one in grown:
            one.version += 1
        _write_over(grown, ["quantity", "version", "updated_at"])
        Reservation.objects.bulk_create([one for one in touched if not one.pk], batch_size=500)
        record_all(
            step(
                actor=self._actor,
                verb="reserve",
                target=self._rows[key],
                changes=[
                    Change(
                        field="quantity",
                        old=str(before.normalize()),
                        new=str(self._rows[key].quantity.normalize()),
                    )
                ],
            )
            for key, before in self._before.items()
        )


def _write_over(rows: Sequence[Model], fields: list[str]) -> None:
    """Some fields of locked rows that are there; a CASE for each row would take longer than all the rest."""
    if rows:
        type(rows[0])._default_manager.bulk_create(
            rows, batch_size=500, update_conflicts=True, unique_fields=["pk"], update_fields=fields
        )


@transaction.atomic
def reserve(
    *,
    actor: User,
    requirement_id: int,
    quantity: Decimal,
    stock_item_id: int | None = None,
    priority: int | None = None,
    reason: str = "",
) -> Requirement:
    """Speak for ``quantity`` in stock (in one place, or wherever it lies). Refused when less is free, or when it is
    more than the task still needs."""
    require(actor, "supply.reserve")
    need = lock(requirements_of(actor), expected_version=None, pk=requirement_id)
    sources, _lines = lock_sources([need.material_id])
    items = [item for item in sources if stock_item_id is None or item.pk == stock_item_id]
    reasons = reasons_against_quantity("reservation", quantity)
    free = sum((item.free for item in items), ZERO)
    wanted = open_need(need)
    coming = _coming(need)
    if priority is not None and priority not in Priority.values:
        reasons.append(Reason("reservation.priority", N_("The priority is 1 to 4; 1 goes first."), field="priority"))
    if not reasons and quantity > free:
        reasons.append(
            not_enough(
                "reservation.not_free", wanted=quantity, free=free, material=need.material, unit=need.material.unit
            )
        )
    if not reasons and quantity > wanted + sum((one.quantity for one in coming), ZERO):
        text = N_("The task needs only %(left)s more; %(wanted)s can't be reserved for it.")
        told = {"left": wanted.normalize(), "wanted": quantity.normalize()}
        reasons.append(Reason("reservation.not_needed", text, told, field="quantity"))
    refuse_if(reasons)
    _swap_from_coming(coming, quantity - wanted, actor=actor)
    left = quantity
    for item in items:
        part = min(left, item.free)
        if part > 0:
            add(need, part, actor=actor, item=item, priority=priority, reason=reason.strip())
            left -= part
    emit("supply.changed", order_ids=[need.order_id], by=actor.pk)
    return need


def _coming(need: Requirement) -> list[Reservation]:
    rows = need.reservations.select_for_update(of=("self",)).filter(
        state=ReservationState.ACTIVE, purchase_line__isnull=False
    )
    return list(rows.select_related("purchase_line").order_by("-purchase_line__expected_date", "-pk"))


def _swap_from_coming(coming: Sequence[Reservation], excess: Decimal, *, actor: User) -> None:
    """What is now taken from stock need not be taken from what comes later."""
    for one in coming:
        if excess <= 0:
            return
        part = min(excess, one.quantity)
        take_off(one, part, actor=actor, reason="", state=ReservationState.RELEASED)
        excess -= part


@transaction.atomic
def release(*, actor: User, reservation_id: int, reason: str = "", expected_version: int | None = None) -> Reservation:
    """Give back what was spoken for; others may have it."""
    require(actor, "supply.reserve")
    seen = get_or_not_found(reservations_of(actor), pk=reservation_id)
    lock_sources([seen.requirement.material_id])
    found = lock(reservations_of(actor), expected_version=expected_version, pk=reservation_id)
    if found.state != ReservationState.ACTIVE:
        refuse_if([Reason("reservation.ended", N_("This reservation has ended already; nothing is held by it."))])
    take_off(found, found.quantity, actor=actor, reason=reason.strip(), state=ReservationState.RELEASED)
    emit("supply.changed", order_ids=[found.requirement.order_id], by=actor.pk)
    return found


@transaction.atomic
def change_priority(
    *, actor: User, reservation_id: int, priority: int, expected_version: int | None = None
) -> Reservation:
    """Who keeps it when less is there than was spoken for."""
    require(actor, "supply.reserve")
    found = lock(reservations_of(actor), expected_version=expected_version, pk=reservation_id)
    if priority not in Priority.values:
        refuse_if([Reason("reservation.priority", N_("The priority is 1 to 4; 1 goes first."), field="priority")])
    old, found.priority = found.priority, priority
    save_next(found, fields=["priority"])
    changes = [Change(field="priority", old=old, new=priority)]
    record(actor=actor, verb="change", target=found, changes=changes)
    return found


def end_all(need: Requirement, *, actor: User | None, reason: str) -> None:
    """Release everything that is spoken for a requirement; part of the caller's transaction."""
    lock_sources([need.material_id])
    rows = need.reservations.select_for_update(of=("self",)).filter(state=ReservationState.ACTIVE).order_by("pk")
    for one in rows:
        take_off(one, one.quantity, actor=actor, reason=reason, state=ReservationState.RELEASED)
