"""What tests of supply stand on: an order of two machines whose plan needs pumps, and purchase orders for them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import planning
from punctual.domain.catalog.models import ProductRevision
from punctual.domain.orders.models import Order, OrderLine, OrderState
from punctual.domain.parties.models import Supplier
from punctual.domain.plans.models import Plan
from punctual.domain.plans.services.making import make_plan
from punctual.domain.supply.models import Bom, BomLine, Material, PurchaseOrder, Requirement
from punctual.domain.supply.rules import PurchaseLineFacts
from punctual.domain.supply.services.dates import confirm
from punctual.domain.supply.services.purchases import create_purchase, send
from punctual.domain.supply.services.stock import enter_stock
from punctual.flows.material_needs import take_apart
from punctual.platform.accounts.models import User

TODAY = planning.TODAY


def supplier(code: str = "S02", name: str = "常州泵科") -> Supplier:
    return Supplier.objects.get_or_create(code=code, defaults={"name": name})[0]


def material(code: str = "NP-25", name: str = "注液泵", **more: Any) -> Material:
    facts = {"name": name, "unit": "台", "lead_time_days": 30, "standard_cost": Decimal(1000), **more}
    return Material.objects.get_or_create(code=code, defaults=facts)[0]


def bom(pump: Material, each: str = "3", used_in: str = "装配", **more: Any) -> ProductRevision:
    """The usual machine takes ``each`` pumps in the assembly."""
    revision = ProductRevision.objects.get_or_create(product=planning.product(), code="A")[0]
    found = Bom.objects.get_or_create(revision=revision)[0]
    BomLine.objects.create(
        bom=found, position=found.lines.count() + 1, material=pump, quantity=Decimal(each), used_in=used_in, **more
    )
    return revision


def order(
    actor: User, quantity: int = 2, *, number: str = "SO-2026-00001", promised: dt.date | None = None, **more: Any
) -> Order:
    """A confirmed order with its plan (装配 from 11-30 on, delivered 12-02 for two), taken apart."""
    planning.company_calendar()
    product = planning.product()
    if not planning.PlanTemplate.objects.filter(code="T-1").exists():
        planning.template("T-1", product)
    made = planning.order((product, quantity), requested=dt.date(2026, 12, 18), number=number)
    revision = ProductRevision.objects.filter(product=product).first()
    OrderLine.objects.filter(order=made).update(revision=revision, unit_price=Decimal(100000))
    facts = {
        "promised_date": promised,
        "total_amount": Decimal(100000) * quantity,
        "damages_percent_per_day": Decimal("0.5"),
        "damages_cap_percent": Decimal(5),
        "owner": actor,
        "state": OrderState.CONFIRMED,
        **more,
    }
    Order.objects.filter(pk=made.pk).update(**facts)
    made.refresh_from_db()
    make_plan(order=made, actor=actor, today=TODAY)
    take_apart(order=made, actor=actor, today=TODAY)
    made.refresh_from_db()
    return made


def plan(found: Order) -> Plan:
    return Plan.objects.get(order=found)


def need(found: Order, pump: Material) -> Requirement:
    return Requirement.objects.get(order=found, material=pump)


def stock(actor: User, pump: Material, quantity: str) -> Any:
    return enter_stock(actor=actor, material_id=pump.pk, place_id=None, quantity=Decimal(quantity), reason="期初")


def purchase(
    actor: User, pump: Material, quantity: str, day: dt.date, *, confirmed: bool = True, price: str = "1000"
) -> PurchaseOrder:
    """Sent, and (unless told otherwise) confirmed for ``day``."""
    made = create_purchase(
        actor=actor,
        supplier_id=supplier().pk,
        lines=[
            PurchaseLineFacts(
                quantity=Decimal(quantity), unit_price=Decimal(price), material_id=pump.pk, asked_date=day
            )
        ],
        today=TODAY,
    )
    send(actor=actor, purchase_id=made.pk, today=TODAY)
    if confirmed:
        confirm(actor=actor, purchase_id=made.pk, days={made.lines.get().pk: day}, today=TODAY)
    made.refresh_from_db()
    return made
