"""Materials with their offers and alternatives, and the bills of material of the demo company's machines."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from punctual.domain.catalog.models import ListPrice, ProductRevision
from punctual.domain.parties.models import Supplier
from punctual.domain.plans.models import ProductTemplate
from punctual.domain.supply.models import Alternative, Bom, BomLine, Material, MaterialKind, Offer
from punctual.domain.supply.services.materials import document_of as material_document
from punctual.flows.demo import supply_lists as lists
from punctual.flows.demo.people import demo_user
from punctual.flows.demo.records import begin_stories, make_findable
from punctual.platform.accounts.models import Role

ZERO: Final = Decimal(0)
_PART: Final = re.compile(r"(?P<code>[^*%>]+)\*(?P<quantity>[\d.]+)(%(?P<scrap>\d+))?(>(?P<task>.+))?")


def build_materials() -> None:
    """Two hundred bought and made materials, with offers and alternatives."""
    suppliers = {one.code: one for one in Supplier.objects.all()}
    rows = [
        Material(
            code=code,
            name=name,
            unit=unit,
            is_whole=unit not in lists.LENGTHS_AND_LIQUIDS,
            lead_time_days=days,
            standard_cost=Decimal(cost),
            supplier=suppliers[supplier],
        )
        for supplier, unit, days, name, kinds in lists.BOUGHT
        for code, cost in kinds
    ]
    rows += [
        Material(code=code, name=name, unit="套", kind=MaterialKind.MADE, lead_time_days=5)
        for code, name, _parts in lists.MADE
    ]
    made = Material.objects.bulk_create(rows)
    known = {one.code: one for one in made}
    Offer.objects.bulk_create(
        Offer(
            material=known[code],
            supplier=suppliers[supplier],
            unit_price=(known[code].standard_cost * Decimal(share)).quantize(Decimal("0.01")),
            lead_time_days=days,
        )
        for code, supplier, share, days in lists.OFFERS
    )
    Alternative.objects.bulk_create(
        Alternative(material=known[code], substitute=known[other], needs_consent=consent, note=note)
        for code, other, consent, note in lists.ALTERNATIVES
    )
    begin_stories(made, demo_user(Role.SUPPLY_CHAIN))
    make_findable(made, material_document)


def _parts(text: str | Sequence[str]) -> Iterable[tuple[str, Decimal, Decimal, str]]:
    """code, quantity, scrap, task of each entry."""
    for entry in text.split() if isinstance(text, str) else text:
        found = _PART.fullmatch(entry)
        assert found is not None, entry
        yield found["code"], Decimal(found["quantity"]), Decimal(found["scrap"] or 0), found["task"] or ""


def build_boms() -> None:
    """Modules, and the newest revision of every machine: two to four levels; spares are themselves."""
    known = {one.code: one for one in Material.objects.all()}
    boms = [Bom(material=known[code]) for code, _name, _parts_ in lists.MADE]
    lines: list[BomLine] = []
    for bom, (_code, _name, parts) in zip(boms, lists.MADE, strict=True):
        lines += [
            BomLine(bom=bom, position=at, material=known[code], quantity=quantity, scrap_percent=scrap)
            for at, (code, quantity, scrap, _task) in enumerate(_parts(parts), start=1)
        ]
    prices = {row.product_id: row.amount for row in ListPrice.objects.filter(currency="CNY").order_by("valid_from")}
    steps: dict[int, list[str]] = defaultdict(list)
    links = ProductTemplate.objects.values_list("product_id", "template__tasks__name")
    for product_id, step in links.order_by("template__tasks__position"):
        steps[product_id].append(step)
    revisions = ProductRevision.objects.filter(retired_on=None).select_related("product__family")
    for revision in revisions.order_by("product_id"):
        parts_of = lists.FAMILY_PARTS.get(revision.product.family.code)
        if parts_of is None:
            continue
        price = prices.get(revision.product_id, ZERO)
        size = "S" if price < 400_000 else "M" if price < 1_600_000 else "L"
        bom = Bom(revision=revision)
        boms.append(bom)
        few = parts_of[:2] + parts_of[2:4] if size == "S" else parts_of
        for at, (code, quantity, scrap, task) in enumerate(_parts([one.format(f=size) for one in few]), start=1):
            line = BomLine(bom=bom, position=at, material=known[code], quantity=quantity, scrap_percent=scrap)
            line.used_in = _step(steps[revision.product_id], task)
            lines.append(line)
    Bom.objects.bulk_create(boms)
    for line in lines:
        line.bom_id = line.bom.pk
    BomLine.objects.bulk_create(lines, batch_size=500)
    begin_stories(boms, demo_user(Role.SUPPLY_CHAIN))


def _step(steps: Sequence[str], word: str) -> str:
    """The last step in the works whose name holds the word (or one of several, ``|`` between them)."""
    words = word.split("|")
    inside = [
        one
        for one in steps
        if any(part in one for part in words) and not any(other in one for other in lists.NOT_INSIDE)
    ]
    return inside[-1] if inside else ""
