"""Materials, bills of material and stock counts in sheets: a row a material, a line, a place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, replace

from django.db.models import QuerySet

from punctual.domain.catalog.models import ProductRevision
from punctual.domain.parties.selectors import suppliers
from punctual.domain.supply.models import Bom, Material, MaterialKind, Place, StockItem
from punctual.domain.supply.rules import BomLineFacts, MaterialFacts
from punctual.domain.supply.selectors import material_facts, materials
from punctual.domain.supply.services.boms import put_line
from punctual.domain.supply.services.materials import change_material, create_material
from punctual.domain.supply.services.stock import count, default_place, locked_item
from punctual.flows.master_import.columns import (
    ImportColumn,
    MasterImport,
    Outcome,
    Shape,
    Values,
    unknown,
)
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User


def _kind(text: str) -> str:
    for kind in MaterialKind:
        if text.strip().lower() in {kind.value, str(kind.label).lower(), _CHINESE[kind]}:
            return kind.value
    raise unknown("kind", N_("“%(value)s” is no kind of material: bought, made or service."), text)


_CHINESE = {MaterialKind.BOUGHT: "外购", MaterialKind.MADE: "自制", MaterialKind.SERVICE: "外协服务"}


def _save_material(actor: User, values: Values, today: dt.date) -> Outcome:
    given = {name: values[name] for name in MaterialFacts.__dataclass_fields__ if name in values}
    if "kind" in given:
        given["kind"] = _kind(given["kind"])
    if "supplier" in values:
        text = values["supplier"].lower()
        known = [
            one for one in suppliers(actor) if text in {one.code.lower(), one.name.lower(), one.short_name.lower()}
        ]
        if not known:
            raise unknown("supplier", N_("There is no supplier “%(value)s”."), values["supplier"])
        given["supplier_id"] = known[0].pk
    found = materials(actor, archived=True).filter(code__iexact=values["code"]).first()
    if found is None:
        create_material(actor=actor, facts=MaterialFacts(**{"name": "", "unit": "", **given}))
        return Outcome.CREATED
    facts = replace(material_facts(found), **{**given, "code": found.code})
    after = change_material(actor=actor, material_id=found.pk, facts=facts, expected_version=None)
    return Outcome.CHANGED if after.version != found.version else Outcome.UNCHANGED


def _material_records(found: Material) -> Iterable[Values]:
    yield {**asdict(material_facts(found)), "supplier": found.supplier.code if found.supplier else None}


MATERIALS = MasterImport(
    name="materials",
    label=N_("Materials"),
    permission="supply.change",
    key=("code",),
    columns=(
        ImportColumn("code", N_("Code"), ("物料编号", "物料编码", "料号", "编码", "part number"), required=True),
        ImportColumn("name", N_("Name"), ("物料名称", "品名", "名称规格", "part name")),
        ImportColumn("kind", N_("Kind"), ("物料类型", "来源")),
        ImportColumn("unit", N_("Unit"), ("计量单位", "uom")),
        ImportColumn("is_whole", N_("Whole pieces only"), ("整数",), Shape.YES_NO),
        ImportColumn("lead_time_days", N_("Lead time, working days"), ("采购周期", "提前期", "lead time"), Shape.WHOLE),
        ImportColumn(
            "standard_cost",
            N_("Standard cost"),
            ("标准成本", "单位成本", "unit cost"),
            Shape.NUMBER,
            permission="supply.see_costs",
        ),
        ImportColumn("supplier", N_("Usual supplier"), ("默认供应商", "供应商", "supplier")),
        ImportColumn("notes", N_("Notes"), ("备注说明", "remarks")),
    ),
    save=_save_material,
    records=_material_records,
)


# ------------------------------------------------------------------------------------------------ bills of material


def _part(actor: User, code: str, field: str) -> Material:
    found = materials(actor).filter(code__iexact=code).first()
    if found is None:
        raise unknown(field, N_("There is no material with the code “%(value)s”."), code)
    return found


def _save_line(actor: User, values: Values, today: dt.date) -> Outcome:
    part = _part(actor, values["material"], "material")
    revision_id, material_id = _whole(actor, values)
    facts = BomLineFacts(
        part.pk, values["quantity"], values.get("scrap_percent", 0 * values["quantity"]), values.get("used_in", "")
    )
    _line, is_new, changed = put_line(actor=actor, revision_id=revision_id, material_id=material_id, line=facts)
    return Outcome.CREATED if is_new else Outcome.CHANGED if changed else Outcome.UNCHANGED


def _whole(actor: User, values: Values) -> tuple[int | None, int | None]:
    """The product's revision (the newest where none is named), else the material that is made here."""
    revisions: QuerySet[ProductRevision] = ProductRevision.objects.filter(product__model__iexact=values["whole"])
    if "revision" in values:
        revisions = revisions.filter(code__iexact=values["revision"])
    found = revisions.order_by("-released_on", "-code").first()
    if found is not None:
        return found.pk, None
    if "revision" in values:
        told = {"model": values["whole"], "revision": values["revision"]}
        text = N_("There is no product “%(model)s” with the revision “%(revision)s”.")
        raise Refusal(Reason("import.whole.unknown", text, told, field="whole"))
    return None, _part(actor, values["whole"], "whole").pk


def _bom_records(found: Bom) -> Iterable[Values]:
    for line in found.lines.select_related("material"):
        yield {
            "whole": found.revision.product.model if found.revision else found.material.code if found.material else "",
            "revision": found.revision.code if found.revision else None,
            "material": line.material.code,
            "name": line.material.name,
            "quantity": line.quantity,
            "scrap_percent": line.scrap_percent or None,
            "used_in": line.used_in,
        }


BOMS = MasterImport(
    name="boms",
    label=N_("Bills of material"),
    permission="supply.change",
    key=("whole", "revision", "material", "used_in"),
    columns=(
        ImportColumn("whole", N_("Product or part made here"), ("产品型号", "父件", "母件", "parent"), required=True),
        ImportColumn("revision", N_("Revision"), ("产品版本", "版次", "rev")),
        ImportColumn("material", N_("Material code"), ("物料编码", "子件", "料号", "component"), required=True),
        ImportColumn("name", N_("Name"), ("物料名称", "品名")),
        ImportColumn("quantity", N_("Quantity"), ("用量", "单台用量", "qty"), Shape.NUMBER, required=True),
        ImportColumn("scrap_percent", N_("Scrap, %"), ("损耗率", "损耗", "scrap"), Shape.NUMBER),
        ImportColumn("used_in", N_("Used in task"), ("使用任务", "工序", "operation")),
    ),
    save=_save_line,
    records=_bom_records,
)


# ---------------------------------------------------------------------------------------------------- stock counts


def _save_count(actor: User, values: Values, today: dt.date) -> Outcome:
    part = _part(actor, values["material"], "material")
    place = default_place()
    if "place" in values:
        text = values["place"].lower()
        known = [one for one in Place.objects.all() if text in {one.code.lower(), one.name.lower()}]
        if not known:
            raise unknown("place", N_("There is no place “%(value)s”; make it first."), values["place"])
        place = known[0]
    found = StockItem.objects.filter(material=part, place=place).first()
    item = found or locked_item(part.pk, place)
    if found is not None and found.on_hand == values["quantity"]:
        return Outcome.UNCHANGED
    count(actor=actor, item_id=item.pk, counted=values["quantity"], reason=values.get("reason", ""))
    return Outcome.CHANGED if found is not None else Outcome.CREATED


def _count_records(found: StockItem) -> Iterable[Values]:
    yield {
        "material": found.material.code,
        "name": found.material.name,
        "place": found.place.code,
        "quantity": found.on_hand,
        "unit": found.material.unit,
    }


STOCK_COUNTS = MasterImport(
    name="stock-counts",
    label=N_("Stock counts"),
    permission="supply.change",
    key=("material", "place"),
    columns=(
        ImportColumn("material", N_("Material code"), ("物料编码", "料号", "part number"), required=True),
        ImportColumn("name", N_("Name"), ("物料名称", "品名")),
        ImportColumn("place", N_("Place"), ("仓库", "库位", "warehouse")),
        ImportColumn(
            "quantity", N_("Counted quantity"), ("盘点数量", "实盘数", "库存", "counted"), Shape.NUMBER, required=True
        ),
        ImportColumn("unit", N_("Unit"), ("计量单位", "uom")),
        ImportColumn("reason", N_("Reason"), ("盘点说明",)),
    ),
    save=_save_count,
    records=_count_records,
)
