"""What an order needs follows its lines when a change order alters them, and comes back when it is taken back.

Part of the caller's transaction: permission was asked there. What lines take is compared before and after, so that what
people have entered or replaced by hand stays. Released is what comes latest first; what is missing is asked for.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from django.db.models import F

from punctual.domain.orders.models import Order, OrderLine
from punctual.domain.orders.workdays import CompanyWorkdays
from punctual.domain.parties.models import Supplier
from punctual.domain.plans.models import Task
from punctual.domain.supply.explosion import Need
from punctual.domain.supply.models import (
    Material,
    PurchaseLine,
    PurchaseRequest,
    RequestState,
    Requirement,
    RequirementSource,
    Reservation,
    ReservationState,
    StockItem,
)
from punctual.domain.supply.services.boms import leaves_of, needs_of_lines, serving, task_for
from punctual.domain.supply.services.requests import best_offer
from punctual.domain.supply.services.reservations import add, cover, end_all, lock_sources, open_need, take_off
from punctual.platform.accounts.models import User
from punctual.platform.audit.services import Change, record
from punctual.platform.records import save_next

ZERO: Final = Decimal(0)
Key = tuple[int, str, int]
"""Material, what it is used in, level."""


@dataclass(frozen=True)
class Taken:
    """What the lines of an order took: line → key → quantity; and every requirement as it stood."""

    lines: Mapping[int, Mapping[Key, Decimal]]
    rows: Mapping[int, dict[str, Any]]


@dataclass
class Followed:
    """For the change's journal, and for those who buy. ``freed``: purchase line → what it need not bring any more."""

    journal: list[dict[str, Any]] = field(default_factory=list)
    freed: dict[int, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    asked: list[PurchaseRequest] = field(default_factory=list)
    withdrawn: int = 0


def taken_by(order: Order) -> Taken:
    """As it stands."""
    rows = {row.pk: _snapshot(row) for row in Requirement.objects.filter(order=order).order_by("pk")}
    return Taken(lines_take(order.lines.all()), rows)


def lines_take(lines: Iterable[OrderLine]) -> dict[int, dict[Key, Decimal]]:
    """What each line takes; the lines need not be stored."""
    listed = list(lines)
    return {line.pk: _sums(needs) for line, needs in zip(listed, needs_of_lines(listed), strict=True)}


def _sums(needs: Iterable[Need]) -> dict[Key, Decimal]:
    sums: dict[Key, Decimal] = defaultdict(lambda: ZERO)
    for need in needs:
        sums[need.material, need.used_in, need.level] += need.quantity
    return dict(sums)


@dataclass(frozen=True, slots=True)
class Effect:
    """``more`` of a material (less than 0: not needed any more); ``free`` lies in stock unspoken for, ``buy`` has to be
    bought from ``supplier`` for ``amount`` and comes on ``arrives`` at the earliest."""

    material: Material
    more: Decimal
    free: Decimal
    buy: Decimal
    supplier: str
    amount: Decimal
    arrives: dt.date | None


def effects_of(before: Iterable[OrderLine], after: Iterable[OrderLine], *, today: dt.date) -> list[Effect]:
    """What lines would take beyond what they take now, material by material; nothing is written."""
    sums: dict[int, Decimal] = defaultdict(lambda: ZERO)
    for sign, lines in ((1, lines_take(after)), (-1, lines_take(before))):
        for needs in lines.values():
            for (key, _used_in, _level), quantity in needs.items():
                sums[key] += sign * quantity
    changed = {key: quantity for key, quantity in sums.items() if quantity}
    free: dict[int, Decimal] = defaultdict(lambda: ZERO)
    for item in StockItem.objects.filter(material__in=changed):
        free[item.material_id] += item.free
    workdays = CompanyWorkdays()
    names = dict(Supplier.objects.filter(archived_at=None).values_list("pk", "name"))
    found = []
    for material in Material.objects.filter(pk__in=changed).order_by("code"):
        more = changed[material.pk]
        buy = max(ZERO, more - free[material.pk])
        supplier, price = best_offer(material)
        arrives = workdays.after(today, material.lead_time_days) if buy else None
        found.append(Effect(material, more, free[material.pk], buy, names.get(supplier or 0, ""), buy * price, arrives))
    return found


def _snapshot(row: Requirement) -> dict[str, Any]:
    """One requirement with what is spoken for and asked for, as JSON data."""
    held = row.reservations.filter(state=ReservationState.ACTIVE).order_by("pk")
    return {
        "id": row.pk,
        "material": row.material_id,
        "line": row.order_line_id,
        "task": row.task_id,
        "quantity": str(row.quantity),
        "issued": str(row.issued),
        "used_in": row.used_in,
        "level": row.level,
        "source": row.source,
        "instead_of": row.instead_of_id,
        "note": row.note,
        "held": [
            {"item": one.stock_item_id, "line": one.purchase_line_id, "quantity": str(one.quantity)} for one in held
        ],
        "requests": list(row.requests.filter(state=RequestState.OPEN).order_by("pk").values_list("pk", flat=True)),
    }


# ------------------------------------------------------------------------------------------------------ following


def follow_lines(*, order: Order, before: Taken, actor: User, reason: str) -> Followed:
    """The lines are written anew: requirements, reservations and requests become what they take now."""
    found = Followed()
    lines = list(order.lines.all())
    lock_sources(Requirement.objects.filter(order=order).values_list("material_id", flat=True))
    for row in before.rows.values():
        if row["line"] is not None and row["line"] not in {line.pk for line in lines}:
            _reduce(_stored(row), Decimal(row["quantity"]), found, actor, reason)
    takes = lines_take(lines)
    for line in lines:
        now, was = takes[line.pk], before.lines.get(line.pk, {})
        for key in sorted({*now, *was}):
            more = now.get(key, ZERO) - was.get(key, ZERO)
            if more < 0:
                _less(order, line, key, -more, found, actor, reason)
    grown = [
        _more(order, line, key, more, before)
        for line in lines
        for key, more in _growth(takes[line.pk], before.lines.get(line.pk, {}))
    ]
    cover(grown, actor=actor)
    for need in grown:
        _ask_for_rest(need, before.rows.get(need.pk), found, actor, reason)
    after = taken_by(order).rows
    for pk in sorted({*before.rows, *after}):
        old, new = before.rows.get(pk), after.get(pk)
        if old != new:
            found.journal.append({"old": old, "new": new})
    if found.journal:
        record(
            actor=actor, verb="needs_follow", target=order, reason=reason,
            changes=[Change(field="requirements", old=len(before.rows), new=len(after))],
        )  # fmt: skip
    return found


def _growth(now: Mapping[Key, Decimal], was: Mapping[Key, Decimal]) -> list[tuple[Key, Decimal]]:
    return [(key, now[key] - was.get(key, ZERO)) for key in sorted(now) if now[key] > was.get(key, ZERO)]


def _stored(row: Mapping[str, Any]) -> Requirement:
    return Requirement.objects.select_related("order", "material", "task").get(pk=row["id"])


def _less(order: Order, line: OrderLine, key: Key, less: Decimal, found: Followed, actor: User, reason: str) -> None:
    """Off the requirement itself, then off what stands for it."""
    material, used_in, level = key
    rows = Requirement.objects.filter(
        order=order, order_line=line, material_id=material, used_in=used_in, level=level,
        source=RequirementSource.BOM,
    )  # fmt: skip
    own = list(rows.order_by("pk"))
    for need in [*own, *Requirement.objects.filter(instead_of__in=own).order_by("-pk")]:
        if less > 0:
            less -= _reduce(need, less, found, actor, reason)


def _reduce(need: Requirement, less: Decimal, found: Followed, actor: User, reason: str) -> Decimal:
    """Needed less; returns by how much. What was issued stays on record."""
    part = min(less, need.quantity - need.issued)
    need.quantity -= part
    save_next(need, fields=["quantity"])
    excess = -open_need(need)
    for one in _latest_first(need):
        if excess <= 0:
            break
        back = min(excess, one.quantity)
        if one.purchase_line_id is not None:
            found.freed[one.purchase_line_id] += back
        take_off(one, back, actor=actor, reason=reason, state=ReservationState.RELEASED)
        excess -= back
    _withdraw_requests(need, found)
    if need.quantity == 0:
        need.delete()
    return part


def _latest_first(need: Requirement) -> list[Reservation]:
    """What still has to come, the last of it first; then what lies in stock."""
    rows = need.reservations.filter(state=ReservationState.ACTIVE).select_related("purchase_line")
    return list(rows.order_by(F("purchase_line__expected_date").desc(nulls_last=True), "-purchase_line_id", "-pk"))


def _withdraw_requests(need: Requirement, found: Followed) -> None:
    """Open requests beyond what is still missing."""
    missing = open_need(need)
    rows = list(need.requests.select_for_update(of=("self",)).filter(state=RequestState.OPEN).order_by("pk"))
    wanted = sum((one.quantity for one in rows), ZERO)
    for one in reversed(rows):
        if wanted <= missing:
            return
        wanted -= one.quantity
        one.state = RequestState.CANCELLED
        save_next(one, fields=["state"])
        found.withdrawn += 1


def _more(order: Order, line: OrderLine, key: Key, more: Decimal, before: Taken) -> Requirement:
    material, used_in, level = key
    rows = Requirement.objects.filter(
        pk__in=before.rows, order=order, order_line=line, material_id=material, used_in=used_in, level=level,
        source=RequirementSource.BOM,
    )  # fmt: skip
    need = rows.select_related("order", "material", "task").order_by("pk").first()
    if need is None:
        task = task_for(serving(leaves_of(order), line), used_in)
        need = Requirement.objects.create(
            order=order, order_line=line, material_id=material, task=task, quantity=more, used_in=used_in,
            level=level, needed_by=task.start.date() if task and task.start else None,
        )  # fmt: skip
        return need
    need.quantity += more
    save_next(need, fields=["quantity"])
    return need


def _ask_for_rest(
    need: Requirement, before: Mapping[str, Any] | None, found: Followed, actor: User, reason: str
) -> None:
    """A request for what the growth leaves uncovered; what was missing before stays as it was decided."""
    grown = need.quantity - (Decimal(before["quantity"]) if before else ZERO)
    missing = min(grown, open_need(need))
    if missing <= 0:
        return
    supplier, price = best_offer(need.material)
    found.asked.append(
        PurchaseRequest.objects.create(
            material=need.material,
            description=str(need.material),
            quantity=missing,
            unit=need.material.unit,
            needed_by=need.needed_by,
            requirement=need,
            order=need.order,
            task=need.task,
            supplier_id=supplier,
            unit_price=price,
            asked_by=actor,
            reason=reason[:200],
        )
    )


# ------------------------------------------------------------------------------------------------------- taking back


def follow_back(*, order: Order, journal: Sequence[Mapping[str, Any]], actor: User, reason: str) -> None:
    """Requirements, reservations and requests as they were before, as far as nobody else has taken what was free."""
    steps = [step for step in journal if step["old"] != step["new"]]
    lock_sources({(step["old"] or step["new"])["material"] for step in steps})
    for step in steps:
        if step["old"] is None:
            _undo_made(step["new"], actor, reason)
    back = [_undo_changed(order, step["old"], step["new"]) for step in steps if step["old"] is not None]
    for need, old in back:
        _hold_again(need, old["held"], actor, reason)
    cover([need for need, _old in back], actor=actor)


def _undo_made(new: Mapping[str, Any], actor: User, reason: str) -> None:
    need = Requirement.objects.filter(pk=new["id"]).first()
    if need is None:
        return
    end_all(need, actor=actor, reason=reason)
    PurchaseRequest.objects.filter(pk__in=new["requests"], state=RequestState.OPEN).update(state=RequestState.CANCELLED)
    if need.issued:
        need.quantity = need.issued
        save_next(need, fields=["quantity"])
    else:
        need.delete()


def _undo_changed(order: Order, old: Mapping[str, Any], new: Mapping[str, Any] | None) -> tuple[Requirement, Any]:
    need = Requirement.objects.filter(pk=old["id"]).first() or Requirement(pk=old["id"], order=order)
    need.material_id, need.order_line_id = old["material"], old["line"]
    need.task = Task.objects.filter(pk=old["task"] or 0).first()
    need.used_in, need.level, need.source, need.note = old["used_in"], old["level"], old["source"], old["note"]
    need.instead_of_id = old["instead_of"]
    need.quantity = max(Decimal(old["quantity"]), need.issued)
    save_next(need)
    made = set(new["requests"] if new else ()) - set(old["requests"])
    PurchaseRequest.objects.filter(pk__in=made, state=RequestState.OPEN).update(state=RequestState.CANCELLED)
    gone = PurchaseRequest.objects.filter(pk__in=old["requests"], state=RequestState.CANCELLED)
    gone.update(state=RequestState.OPEN, requirement=need)
    return Requirement.objects.select_related("order", "material", "task").get(pk=need.pk), old


def _hold_again(need: Requirement, held: Sequence[Mapping[str, Any]], actor: User, reason: str) -> None:
    """The same sources as before: too much goes back first, then what is free there is spoken for again."""
    wanted = {(one["item"], one["line"]): Decimal(one["quantity"]) for one in held}
    for one in need.reservations.filter(state=ReservationState.ACTIVE).order_by("pk"):
        excess = one.quantity - wanted.get((one.stock_item_id, one.purchase_line_id), ZERO)
        if excess > 0:
            take_off(one, excess, actor=actor, reason=reason, state=ReservationState.RELEASED)
    for (item_id, line_id), quantity in wanted.items():
        have = need.reservations.filter(
            stock_item=item_id, purchase_line=line_id, state=ReservationState.ACTIVE
        ).first()
        item = StockItem.objects.filter(pk=item_id or 0).first()
        line = PurchaseLine.objects.filter(pk=line_id or 0).first()
        free = item.free if item else line.free_quantity if line else ZERO
        part = min(quantity - (have.quantity if have else ZERO), free, open_need(need))
        if part > 0:
            add(need, part, actor=actor, item=item, line=line, reason=reason)
