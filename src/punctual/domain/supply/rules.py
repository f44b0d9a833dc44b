"""What is wrong with a material, a bill of material, a purchase or a movement. Pure; every rule returns all reasons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from punctual.domain.supply.models.materials import MaterialKind
from punctual.kernel.checks import Checker
from punctual.kernel.quantity import LARGEST, plain
from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_

LONGEST_LEAD_TIME = 3660


@dataclass(frozen=True, slots=True)
class MaterialFacts:
    """What somebody enters about a material."""

    code: str
    name: str
    unit: str
    kind: str = MaterialKind.BOUGHT.value
    is_whole: bool = True
    lead_time_days: int = 0
    standard_cost: Decimal = Decimal(0)
    supplier_id: int | None = None
    notes: str = ""


def reasons_against_material(facts: MaterialFacts) -> list[Reason]:
    check = Checker("material")
    check.code("code", N_("Code"), facts.code, longest=40)
    check.text("name", N_("Name"), facts.name, longest=120, required=True)
    check.text("unit", N_("Unit"), facts.unit, longest=20, required=True)
    check.one_of("kind", N_("Kind"), facts.kind, MaterialKind.values)
    check.whole("lead_time_days", N_("Lead time, working days"), facts.lead_time_days, least=0, most=LONGEST_LEAD_TIME)
    check.number("standard_cost", N_("Standard cost"), facts.standard_cost, most=LARGEST, places=4)
    check.text("notes", N_("Notes"), facts.notes, longest=4000)
    return check.reasons


@dataclass(frozen=True, slots=True)
class BomLineFacts:
    """One line as it is entered. ``row`` is its place, from 1."""

    material_id: int
    quantity: Decimal
    scrap_percent: Decimal = Decimal(0)
    used_in: str = ""
    row: int | None = None


def reasons_against_bom_lines(lines: Sequence[BomLineFacts]) -> list[Reason]:
    reasons: list[Reason] = []
    for number, line in enumerate(lines, start=1):
        check = Checker("bom_line")
        check.number("quantity", N_("Quantity"), line.quantity, most=LARGEST, places=6, positive=True)
        check.number("scrap_percent", N_("Scrap, %"), line.scrap_percent, most=Decimal("99.999"), places=3)
        check.text("used_in", N_("Used in task"), line.used_in, longest=120)
        reasons += [reason.at(row=line.row or number) for reason in check.reasons]
    seen: set[tuple[int, str]] = set()
    for number, line in enumerate(lines, start=1):
        key = (line.material_id, line.used_in.strip())
        if key in seen:
            text = N_("The material stands in two lines for the same task; add the quantities.")
            reasons.append(Reason("bom_line.twice", text, field="material", row=line.row or number))
        seen.add(key)
    return reasons


@dataclass(frozen=True, slots=True)
class PurchaseLineFacts:
    """A line of a purchase order as it is entered: a material, or work on a task (``task_id``)."""

    quantity: Decimal
    unit_price: Decimal = Decimal(0)
    material_id: int | None = None
    task_id: int | None = None
    order_id: int | None = None
    description: str = ""
    unit: str = ""
    asked_date: dt.date | None = None


def reasons_against_purchase_lines(lines: Sequence[PurchaseLineFacts]) -> list[Reason]:
    if not lines:
        return [Reason("purchase_order.no_lines", N_("A purchase order needs at least one line."), field="lines")]
    reasons: list[Reason] = []
    for number, line in enumerate(lines, start=1):
        check = Checker("purchase_line")
        check.number("quantity", N_("Quantity"), line.quantity, most=LARGEST, places=6, positive=True)
        check.number("unit_price", N_("Unit price"), line.unit_price, most=LARGEST, places=4)
        check.day("asked_date", N_("Asked for"), line.asked_date)
        check.text("description", N_("Description"), line.description, longest=200)
        if line.material_id is None and not line.description.strip():
            check.add("material", "missing", N_("Name the material, or say what work is ordered."))
        reasons += [reason.at(row=number) for reason in check.reasons]
    return reasons


def reasons_against_quantity(noun: str, quantity: Decimal) -> list[Reason]:
    """A quantity that moves: above zero, at most six decimals."""
    check = Checker(noun)
    check.number("quantity", N_("Quantity"), quantity, most=LARGEST, places=6, positive=True)
    return check.reasons


def not_enough(code: str, *, wanted: Decimal, free: Decimal, material: object, unit: str) -> Reason:
    """More is wanted than is free."""
    return Reason(
        code,
        N_("Only %(free)s %(unit)s of %(material)s are free; %(wanted)s are asked for."),
        {"free": plain(free), "wanted": plain(wanted), "material": str(material), "unit": unit},
        field="quantity",
    )


def over_received(*, line: object, quantity: Decimal, left: Decimal, unit: str) -> Reason:
    """More came than was ordered."""
    return Reason(
        "receipt.over",
        N_(
            "%(line)s: %(quantity)s %(unit)s are more than the %(left)s still to come. Receive what was ordered, and"
            " send the rest back or order it."
        ),
        {"line": str(line), "quantity": plain(quantity), "left": plain(left), "unit": unit},
        field="quantity",
    )


def reasons_against_date(day: dt.date | None, *, today: dt.date, field: str = "date") -> list[Reason]:
    """A day on which something can still arrive."""
    if day is None:
        return [Reason("purchase_line.date.missing", N_("Say on which day it comes."), field=field)]
    check = Checker("purchase_line")
    check.day(field, N_("Arrives"), day)
    if day < today and not check.reasons:
        text = N_("%(day)s has passed; something that is not here yet comes today at the earliest.")
        check.reasons.append(Reason("purchase_line.date.past", text, {"day": day.isoformat()}, field=field))
    return check.reasons
