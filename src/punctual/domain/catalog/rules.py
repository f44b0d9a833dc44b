"""What a product, a revision and a list price must be: pure checks that return every reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from punctual.kernel.checks import Checker
from punctual.kernel.money import MINOR_UNITS
from punctual.kernel.quantity import LARGEST, is_multiple, plain
from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_

QUANTITY_PLACES: Final = 6
PRICE_PLACES: Final = 4
LONGEST_LEAD_TIME: Final = 999
USUAL_WARRANTY: Final = 12
"""Months a warranty runs where nobody has said otherwise."""

LONGEST_WARRANTY: Final = 240


@dataclass(frozen=True, slots=True)
class FamilyFacts:
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """What a person tells of a product. Quantities in ``unit``; the lead time in working days; no
    ``warranty_months`` for what is no goods."""

    model: str
    name: str
    family_id: int
    unit: str
    minimum_order_quantity: Decimal = Decimal(1)
    order_multiple: Decimal = Decimal(1)
    lead_time_days: int = 0
    warranty_months: int = USUAL_WARRANTY
    description: str = ""


@dataclass(frozen=True, slots=True)
class RevisionFacts:
    code: str
    released_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class PriceFacts:
    """Without tax, for one unit."""

    currency: str
    amount: Decimal
    valid_from: dt.date


@dataclass(frozen=True, slots=True)
class KnownRevision:
    """A revision as the rules need it."""

    pk: int
    code: str
    retired_on: dt.date | None
    successor_id: int | None


def reasons_against_family(facts: FamilyFacts) -> list[Reason]:
    check = Checker("product_family")
    check.code("code", N_("Code"), facts.code, longest=20)
    check.text("name", N_("Name"), facts.name, longest=80, required=True)
    return check.reasons


def reasons_against_product(facts: ProductFacts) -> list[Reason]:
    check = Checker("product")
    check.code("model", N_("Model"), facts.model, longest=40)
    check.text("name", N_("Name"), facts.name, longest=120, required=True)
    check.text("unit", N_("Unit"), facts.unit, longest=20, required=True)
    check.text("description", N_("Description"), facts.description, longest=5000)
    check.whole(
        "lead_time_days", N_("Standard lead time, working days"), facts.lead_time_days, least=0, most=LONGEST_LEAD_TIME
    )
    check.whole("warranty_months", N_("Warranty, months"), facts.warranty_months, least=0, most=LONGEST_WARRANTY)
    minimum, multiple = facts.minimum_order_quantity, facts.order_multiple
    check.number(
        "minimum_order_quantity",
        N_("Minimum order quantity"),
        minimum,
        most=LARGEST,
        places=QUANTITY_PLACES,
        positive=True,
    )
    check.number("order_multiple", N_("Order multiple"), multiple, most=LARGEST, places=QUANTITY_PLACES, positive=True)
    if not check.reasons and not is_multiple(minimum, multiple):
        check.add(
            "minimum_order_quantity",
            "off_multiple",
            N_("The minimum order quantity %(minimum)s is no whole number of the order multiple %(multiple)s."),
            minimum=plain(minimum),
            multiple=plain(multiple),
        )
    return check.reasons


def reasons_against_revision(facts: RevisionFacts, known: Iterable[KnownRevision]) -> list[Reason]:
    check = Checker("product_revision")
    check.code("code", N_("Revision"), facts.code, longest=20)
    check.day("released_on", N_("Released"), facts.released_on)
    if any(item.code.lower() == facts.code.lower() for item in known):
        check.add(
            "code", "taken", N_("The product already has a revision “%(code)s”; choose another."), code=facts.code
        )
    return check.reasons


def reasons_against_retiring(
    revision: KnownRevision, successor_id: int | None, retired_on: dt.date, known: Iterable[KnownRevision]
) -> list[Reason]:
    """A retired revision's successor is another one of the same product that is not retired."""
    check = Checker("product_revision")
    check.day("retired_on", N_("Retired"), retired_on)
    if revision.retired_on is not None:
        check.add(
            "retired_on",
            "retired",
            N_("Revision %(code)s was already retired on %(day)s."),
            code=revision.code,
            day=revision.retired_on.isoformat(),
        )
    if successor_id is not None:
        successor = next((item for item in known if item.pk == successor_id), None)
        if successor is None or successor.pk == revision.pk:
            check.add("successor", "unknown", N_("The successor is another revision of the same product."))
        elif successor.retired_on is not None:
            check.add(
                "successor",
                "retired",
                N_("Revision %(code)s is retired itself; choose one that can be ordered."),
                code=successor.code,
            )
    return check.reasons


def reasons_against_price(facts: PriceFacts) -> list[Reason]:
    check = Checker("list_price")
    check.one_of("currency", N_("Currency"), facts.currency, MINOR_UNITS)
    check.number("amount", N_("List price"), facts.amount, most=LARGEST, places=PRICE_PLACES)
    check.day("valid_from", N_("Valid from"), facts.valid_from)
    return check.reasons
