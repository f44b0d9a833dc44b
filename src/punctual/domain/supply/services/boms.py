"""Write bills of material, take orders apart by them, and tie what they need to the tasks that use it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterable, Sequence
from decimal import Decimal

from django.db import transaction

from punctual.domain.catalog.models import ProductRevision
from punctual.domain.orders.models import Order, OrderLine
from punctual.domain.plans.models import Task
from punctual.domain.supply.explosion import Bills, Need, Part, explode
from punctual.domain.supply.models import Bom, BomLine, Material, MaterialKind, Requirement
from punctual.domain.supply.rules import BomLineFacts, reasons_against_bom_lines
from punctual.domain.supply.selectors import boms_of, material_by_id, materials
from punctual.domain.supply.services.reservations import cover
from punctual.kernel.quantity import plain
from punctual.kernel.refusal import NotFound, Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, record
from punctual.platform.outbox.services import emit
from punctual.platform.records import lock, save_next

Root = tuple[str, int]
"""("revision", id) or ("material", id): what a bill belongs to."""


@transaction.atomic
def set_bom(
    *,
    actor: User,
    revision_id: int | None = None,
    material_id: int | None = None,
    lines: Sequence[BomLineFacts],
    notes: str = "",
    expected_version: int | None = None,
) -> Bom:
    """What one unit consists of, all lines at once. Refused when it would contain itself, with the chain."""
    require(actor, "supply.change")
    bom = _bom_for(actor, revision_id, material_id, expected_version)
    wanted = {line.material_id for line in lines}
    known = set(materials(actor, archived=True).filter(pk__in=wanted).values_list("pk", flat=True))
    reasons = reasons_against_bom_lines(lines)
    for number, line in enumerate(lines, start=1):
        if line.material_id not in known:
            text = N_("There is no such material.")
            reasons.append(Reason("bom_line.material.unknown", text, field="material", row=line.row or number))
    refuse_if(reasons)
    before = [_told(line) for line in bom.lines.select_related("material")]
    bom.lines.all().delete()
    made = BomLine.objects.bulk_create(
        BomLine(
            bom=bom,
            position=number,
            material_id=line.material_id,
            quantity=line.quantity,
            scrap_percent=line.scrap_percent,
            used_in=line.used_in.strip(),
        )
        for number, line in enumerate(lines, start=1)
    )
    refuse_circles(bom)
    bom.notes = notes.strip()
    save_next(bom)
    after = [_told(line) for line in BomLine.objects.filter(pk__in=[one.pk for one in made]).select_related("material")]
    changes = [
        *(Change(field="line", old=text, new=None) for text in before if text not in after),
        *(Change(field="line", old=None, new=text) for text in after if text not in before),
    ]
    record(actor=actor, verb="change", target=bom, changes=changes[:40])
    return bom


@transaction.atomic
def put_line(
    *, actor: User, revision_id: int | None = None, material_id: int | None = None, line: BomLineFacts
) -> tuple[BomLine, bool, bool]:
    """Add one line, or change the one of the same material and task; returns it, whether it is new, whether it
    changed. For imports, which bring line after line."""
    require(actor, "supply.change")
    bom = _bom_for(actor, revision_id, material_id, None)
    part = material_by_id(actor, line.material_id)
    refuse_if(reason.at(row=None) for reason in reasons_against_bom_lines([line]))
    used_in = line.used_in.strip()
    found = bom.lines.filter(material=part, used_in=used_in).first()
    is_new = found is None
    if found is None:
        found = BomLine(bom=bom, material=part, used_in=used_in, position=bom.lines.count() + 1)
    before = (found.quantity, found.scrap_percent)
    if not is_new and before == (line.quantity, line.scrap_percent):
        return found, False, False
    found.quantity, found.scrap_percent = line.quantity, line.scrap_percent
    found.save()
    if is_new and part.kind == MaterialKind.MADE:
        refuse_circles(bom)
    save_next(bom, fields=[])
    record(actor=actor, verb="change", target=bom, changes=[Change(field="line", old=None, new=_told(found))])
    return found, is_new, True


def _bom_for(actor: User, revision_id: int | None, material_id: int | None, version: int | None) -> Bom:
    if (revision_id is None) == (material_id is None):
        text = N_("A bill of material belongs to one product revision or to one material that is made here.")
        raise Refusal(Reason("bom.of_one", text))
    if material_id is not None:
        material = material_by_id(actor, material_id)
        if material.kind != MaterialKind.MADE:
            text = N_("%(material)s is bought; only what is made here has a bill of material.")
            raise Refusal(Reason("bom.bought", text, {"material": str(material)}, field="material"))
        found, _new = Bom.objects.get_or_create(material=material)
    else:
        revision = ProductRevision.objects.filter(pk=revision_id or 0).first()
        if revision is None:
            raise NotFound(Reason("revision.not_found", N_("There is no such product revision."), field="revision"))
        found, _new = Bom.objects.get_or_create(revision=revision)
    return lock(boms_of(actor), expected_version=version, pk=found.pk)


def _told(line: BomLine) -> str:
    scrap = f" +{plain(line.scrap_percent)} %" if line.scrap_percent else ""
    return f"{line.material} ×{plain(line.quantity)}{scrap}"


def refuse_circles(bom: Bom) -> None:
    """Refuse a bill that contains itself, naming the chain."""
    root: Root | int = ("revision", bom.revision_id) if bom.revision_id else (bom.material_id or 0)
    try:
        explode(root, Decimal(1), bills_below([bom]))
    except Refusal as refusal:
        chain = str(refusal.reasons[0].params.get("chain", ""))
        ids = [int(part) for part in chain.split(" → ") if part.isdecimal()]
        names = {found.pk: str(found) for found in Material.objects.filter(pk__in=ids)}
        told = " → ".join(names.get(pk, str(pk)) for pk in ids)
        raise Refusal(
            Reason(refusal.reasons[0].code, refusal.reasons[0].text, {"chain": told}, field="lines")
        ) from refusal


def bills_below(boms: Iterable[Bom]) -> Bills:
    """The given bills and all below them, one query a level."""
    found: dict[Hashable, list[Part]] = {}
    waiting = {bom.pk: (("revision", bom.revision_id) if bom.revision_id else bom.material_id) for bom in boms}
    while waiting:
        for key in waiting.values():
            found[key] = []
        parts: set[int] = set()
        rows = BomLine.objects.filter(bom_id__in=waiting).order_by("bom_id", "position", "pk")
        for bom_id, material, quantity, scrap, used_in in rows.values_list(
            "bom_id", "material_id", "quantity", "scrap_percent", "used_in"
        ):
            found[waiting[bom_id]].append(Part(material, quantity, scrap, used_in))
            parts.add(material)
        below = Bom.objects.filter(material_id__in=parts - {key for key in found if isinstance(key, int)})
        waiting = dict(below.values_list("pk", "material_id"))
    return found


# ----------------------------------------------------------------------------------------------------- explosion


def needs_of_lines(lines: Sequence[OrderLine]) -> list[list[Need]]:
    """What each line takes; a product without a bill of material takes nothing that is known."""
    revisions = {line.revision_id for line in lines if line.revision_id is not None}
    bills = bills_below(Bom.objects.filter(revision__in=revisions)) if revisions else {}
    ids = {part.material for parts in bills.values() for part in parts}
    whole = dict(Material.objects.filter(pk__in=ids).values_list("pk", "is_whole")) if ids else {}
    return [
        explode(key, line.quantity, bills, whole=whole)
        if (key := ("revision", line.revision_id)) in bills and line.quantity
        else []
        for line in lines
    ]


@transaction.atomic
def explode_order(*, order: Order, actor: User | None, today: dt.date) -> list[Requirement]:
    """Everything the order's lines take, as requirements of its tasks; what is free in stock or on order is spoken for.

    Part of the confirmation, which has asked for permission. An order that has requirements already keeps them.
    """
    if Requirement.objects.filter(order=order).exists():
        return []
    made: list[Requirement] = []
    lines = list(order.lines.all())
    taken = needs_of_lines(lines)
    leaves = leaves_of(order) if any(taken) else []
    for line, needs in zip(lines, taken, strict=True):
        tasks = serving(leaves, line)
        for need in needs:
            made.append(
                Requirement(
                    material_id=need.material,
                    order=order,
                    order_line=line,
                    task=task_for(tasks, need.used_in),
                    quantity=need.quantity,
                    used_in=need.used_in,
                    level=need.level,
                )
            )
    if not made:
        return []
    for one in made:
        one.needed_by = one.task.start.date() if one.task is not None and one.task.start else None
    Requirement.objects.bulk_create(made, batch_size=500)
    rows = list(Requirement.objects.filter(order=order).select_related("order", "material", "task"))
    cover(rows, actor=actor)
    record(actor=actor, verb="explode", target=order, changes=[Change(field="requirements", old=None, new=len(rows))])
    emit("supply.exploded", order_id=order.pk, by=actor.pk if actor else None)
    return rows


def leaves_of(order: Order) -> list[Task]:
    """The leaf tasks of an order's plan in their order."""
    return list(Task.objects.filter(plan__order=order, is_summary=False).order_by("sequence"))


def serving(leaves: Sequence[Task], line: OrderLine) -> list[Task]:
    """Those of a line; tasks of no line serve every line."""
    return [task for task in leaves if task.order_line_id in (None, line.pk)]


def task_for(tasks: Sequence[Task], used_in: str) -> Task | None:
    """The task of that name, else the first whose name holds it, else the last before the delivery."""
    name = used_in.strip()
    if name:
        for task in tasks:
            if task.name == name:
                return task
        for task in tasks:
            if name in task.name:
                return task
    working = [task for task in tasks if not task.is_milestone]
    ends = next((at for at, task in enumerate(working) if task.is_delivery), len(working))
    return working[ends - 1] if ends else (working[0] if working else None)


def tied_again(order: Order) -> int:
    """Give requirements whose task is gone the task of the same name; returns how many."""
    lost = list(Requirement.objects.filter(order=order, task=None).select_related("order_line"))
    leaves = leaves_of(order) if lost else []
    for need in lost:
        need.task = task_for(serving(leaves, need.order_line) if need.order_line else [], need.used_in)
    found = [need for need in lost if need.task is not None]
    Requirement.objects.bulk_update(found, ["task"], batch_size=500)
    return len(found)
