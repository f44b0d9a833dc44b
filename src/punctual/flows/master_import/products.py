"""Products in sheets: a row each, further rows of the same model for further revisions and list prices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, replace
from itertools import zip_longest

from punctual.domain.catalog.models import Product, ProductFamily
from punctual.domain.catalog.rules import PriceFacts, ProductFacts, RevisionFacts
from punctual.domain.catalog.selectors import families, known_revisions, product_facts, products
from punctual.domain.catalog.services.prices import set_price
from punctual.domain.catalog.services.products import change_product, create_product
from punctual.domain.catalog.services.revisions import add_revision, retire_revision
from punctual.flows.master_import.columns import (
    ImportColumn,
    MasterImport,
    Outcome,
    Shape,
    Values,
    fields_named,
    unknown,
)
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User


def _save(actor: User, values: Values, today: dt.date) -> Outcome:
    given = {name: values[name] for name in ProductFacts.__dataclass_fields__ if name in values}
    if "family" in values:
        given["family_id"] = _family(actor, values["family"]).pk
    found = products(actor, archived=True).filter(model__iexact=values["model"]).first()
    created = found is None
    if found is None:
        if "family" not in values:
            raise Refusal(Reason("import.family.missing", N_("A new product needs its family."), field="family"))
        found = create_product(actor=actor, facts=ProductFacts(**{"name": "", "unit": "", **given}))
    before = found.version
    if not created:
        facts = replace(product_facts(found), **{**given, "model": found.model})
        change_product(actor=actor, product_id=found.pk, facts=facts, expected_version=None)
    if "revision" in values:
        _save_revision(actor, found, values)
    if "list_price" in values:
        price = PriceFacts(
            str(values.get("currency", "CNY")).upper(), values["list_price"], values.get("valid_from", today)
        )
        with fields_named({"amount": "list_price"}):
            set_price(actor=actor, product_id=found.pk, facts=price, expected_version=None)
    if created:
        return Outcome.CREATED
    found.refresh_from_db(fields=["version"])
    return Outcome.CHANGED if found.version != before else Outcome.UNCHANGED


def _family(actor: User, text: str) -> ProductFamily:
    for family in families(actor):
        if text.lower() in {family.code.lower(), family.name.lower()}:
            return family
    raise unknown("family", N_("There is no product family “%(value)s”; make it first, or use its code or name."), text)


def _save_revision(actor: User, product: Product, values: Values) -> None:
    """Release the revision if it is new; retire it if the row says so and it is not yet."""
    code = values["revision"]
    known = {item.code.lower(): item for item in known_revisions(product)}
    with fields_named({"code": "revision"}):
        if code.lower() not in known:
            add_revision(
                actor=actor,
                product_id=product.pk,
                facts=RevisionFacts(code, values.get("released_on")),
                expected_version=None,
            )
            known = {item.code.lower(): item for item in known_revisions(product)}
        revision = known[code.lower()]
        if "retired_on" in values and revision.retired_on is None:
            successor = known.get(str(values.get("successor", "")).lower())
            if "successor" in values and successor is None:
                raise unknown(
                    "successor",
                    N_("The product has no revision “%(value)s” yet; put its row above this one."),
                    values["successor"],
                )
            retire_revision(
                actor=actor,
                product_id=product.pk,
                revision_id=revision.pk,
                retired_on=values["retired_on"],
                successor_id=successor.pk if successor else None,
                expected_version=None,
            )


def _records(found: Product) -> Iterable[Values]:
    """``found`` comes with ``all_revisions`` and ``known_prices``; newer revisions stand above those they replace."""
    own = asdict(product_facts(found))
    own["family"] = found.family.name
    revisions: list[dict[str, object]] = [
        {
            "revision": item.code,
            "released_on": item.released_on,
            "retired_on": item.retired_on,
            "successor": item.successor.code if item.successor else None,
        }
        for item in reversed(found.all_revisions)  # type: ignore[attr-defined]
    ]
    prices: list[dict[str, object]] = [
        {"list_price": item.amount, "currency": item.currency, "valid_from": item.valid_from}
        for item in found.known_prices  # type: ignore[attr-defined]
    ]
    rows: list[tuple[dict[str, object], dict[str, object]]] = list(zip_longest(revisions, prices, fillvalue={})) or [
        ({}, {})
    ]
    yield from ({**own, **revision, **price} for revision, price in rows)


PRODUCTS = MasterImport(
    name="products",
    label=N_("Products"),
    permission="catalog.change",
    key=("model", "revision", "currency", "valid_from"),
    columns=(
        ImportColumn("model", N_("Model"), ("产品型号", "型号规格", "规格型号", "料号", "part no"), required=True),
        ImportColumn("name", N_("Name"), ("产品", "产品名称", "品名", "product")),
        ImportColumn("family", N_("Family"), ("产品系列", "系列", "类别", "product family")),
        ImportColumn("unit", N_("Unit"), ("计量单位", "uom")),
        ImportColumn("minimum_order_quantity", N_("Minimum order quantity"), ("起订量", "MOQ"), Shape.NUMBER),
        ImportColumn("order_multiple", N_("Order multiple"), ("包装倍数", "倍数", "multiple"), Shape.NUMBER),
        ImportColumn(
            "lead_time_days", N_("Standard lead time, working days"), ("交货期", "标准交期", "lead time"), Shape.WHOLE
        ),
        ImportColumn("warranty_months", N_("Warranty, months"), ("质保月数", "质保期", "warranty"), Shape.WHOLE),
        ImportColumn("description", N_("Description"), ("描述", "备注", "notes")),
        ImportColumn("revision", N_("Revision"), ("版次", "版本号", "rev")),
        ImportColumn("released_on", N_("Released"), ("发布日期",), Shape.DAY),
        ImportColumn("retired_on", N_("Retired"), ("停用日期",), Shape.DAY),
        ImportColumn("successor", N_("Successor"), ("替代版本", "替代")),
        ImportColumn(
            "list_price",
            N_("List price"),
            ("单价", "未税单价", "价格", "price", "unit price"),
            Shape.NUMBER,
            permission="catalog.see_prices",
        ),
        ImportColumn("currency", N_("Currency"), ("货币",), permission="catalog.see_prices"),
        ImportColumn("valid_from", N_("Valid from"), ("生效日期",), Shape.DAY, permission="catalog.see_prices"),
    ),
    save=_save,
    records=_records,
)
