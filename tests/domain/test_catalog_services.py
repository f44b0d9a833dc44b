"""Products, revisions and list prices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from punctual.domain.catalog import selectors
from punctual.domain.catalog.models import ListPrice, Product, ProductFamily
from punctual.domain.catalog.rules import PriceFacts, ProductFacts, RevisionFacts
from punctual.domain.catalog.services import prices, products, revisions
from punctual.kernel.refusal import Forbidden, NotFound, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.audit.services import story_of

Person = Callable[[str], User]
DAY = dt.date(2026, 11, 23)


@pytest.fixture
def facts(db: None) -> ProductFacts:
    family = ProductFamily.objects.create(code="LI", name="锂电装备")
    return ProductFacts("HC-X1", "测试机", family.pk, "台")


@pytest.fixture
def product(person: Person, facts: ProductFacts) -> Product:
    return products.create_product(actor=person("order_manager"), facts=facts)


@pytest.mark.parametrize("role", ["sales", "supply_chain", "quality", "finance", "worker", "manager"])
def test_only_order_managers_and_planners_make_products(person: Person, facts: ProductFacts, role: str) -> None:
    with pytest.raises(Forbidden):
        products.create_product(actor=person(role), facts=facts)
    assert not Product.objects.exists()


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"model": "HC 1"}, "product.model.form"),
        ({"unit": ""}, "product.unit.missing"),
        ({"minimum_order_quantity": Decimal(0)}, "product.minimum_order_quantity.range"),
        ({"order_multiple": Decimal("NaN")}, "product.order_multiple.range"),
        ({"minimum_order_quantity": Decimal("1e308")}, "product.minimum_order_quantity.range"),
        ({"minimum_order_quantity": Decimal("0.0000001")}, "product.minimum_order_quantity.places"),
        (
            {"minimum_order_quantity": Decimal(50), "order_multiple": Decimal(20)},
            "product.minimum_order_quantity.off_multiple",
        ),
        ({"lead_time_days": 1000}, "product.lead_time_days.range"),
        ({"warranty_months": 241}, "product.warranty_months.range"),
        ({"warranty_months": -1}, "product.warranty_months.range"),
        ({"family_id": 999}, "product.family.unknown"),
    ],
)
def test_a_product_that_makes_no_sense_is_refused(
    person: Person, facts: ProductFacts, wish: dict[str, object], code: str
) -> None:
    with pytest.raises(Refusal) as refusal:
        products.create_product(actor=person("planner"), facts=replace(facts, **wish))  # type: ignore[arg-type]
    assert code in refusal.value.codes
    assert not Product.objects.exists()


def test_the_family_of_a_product_can_change_and_is_told(person: Person, facts: ProductFacts, product: Product) -> None:
    other = ProductFamily.objects.create(code="VI", name="视觉检测")
    products.change_product(
        actor=person("planner"), product_id=product.pk, facts=replace(facts, family_id=other.pk), expected_version=1
    )
    entry = story_of(product).first()
    assert entry is not None
    assert entry.changes == [{"field": "family", "old": "锂电装备", "new": "视觉检测"}]


def test_a_retired_revision_names_its_successor_and_older_ones_follow(person: Person, product: Product) -> None:
    planner = person("planner")
    made = {}
    for version, code in enumerate("ABC", start=1):
        made[code] = revisions.add_revision(
            actor=planner, product_id=product.pk, facts=RevisionFacts(code), expected_version=version
        )
    revisions.retire_revision(
        actor=planner,
        product_id=product.pk,
        revision_id=made["A"].pk,
        retired_on=DAY,
        successor_id=made["B"].pk,
        expected_version=None,
    )
    revisions.retire_revision(
        actor=planner,
        product_id=product.pk,
        revision_id=made["B"].pk,
        retired_on=DAY,
        successor_id=made["C"].pk,
        expected_version=None,
    )
    known = {item.code: item for item in selectors.known_revisions(product)}
    assert known["A"].successor_id == known["B"].successor_id == made["C"].pk
    revisions.reinstate_revision(actor=planner, product_id=product.pk, revision_id=made["B"].pk, expected_version=None)
    assert {item.code: item.retired_on for item in selectors.known_revisions(product)}["B"] is None


def test_a_revision_can_not_follow_itself_nor_a_retired_one(person: Person, product: Product) -> None:
    planner = person("planner")
    a, b = (
        revisions.add_revision(actor=planner, product_id=product.pk, facts=RevisionFacts(code), expected_version=None)
        for code in "AB"
    )

    def retire(revision: int, successor: int | None) -> None:
        revisions.retire_revision(
            actor=planner,
            product_id=product.pk,
            revision_id=revision,
            retired_on=DAY,
            successor_id=successor,
            expected_version=None,
        )

    with pytest.raises(Refusal) as itself:
        retire(a.pk, a.pk)
    assert itself.value.codes == {"product_revision.successor.unknown"}
    retire(a.pk, None)
    with pytest.raises(Refusal) as retired:
        retire(b.pk, a.pk)
    assert retired.value.codes == {"product_revision.successor.retired"}
    with pytest.raises(Refusal) as twice:
        retire(a.pk, b.pk)
    assert twice.value.codes == {"product_revision.retired_on.retired"}
    with pytest.raises(NotFound):
        retire(10**9, None)


def test_the_same_revision_twice_is_refused(person: Person, product: Product) -> None:
    planner = person("planner")
    revisions.add_revision(actor=planner, product_id=product.pk, facts=RevisionFacts("A"), expected_version=None)
    with pytest.raises(Refusal):
        revisions.add_revision(actor=planner, product_id=product.pk, facts=RevisionFacts("a"), expected_version=None)


def test_the_price_in_force_is_the_latest_that_has_begun(person: Person, product: Product) -> None:
    finance = person("finance")
    for amount, day in ((100, dt.date(2026, 1, 1)), (120, dt.date(2026, 6, 1)), (150, dt.date(2027, 1, 1))):
        prices.set_price(
            actor=finance, product_id=product.pk, facts=PriceFacts("CNY", Decimal(amount), day), expected_version=None
        )
    assert selectors.price_on(finance, product, "CNY", DAY) == 120
    assert selectors.price_on(finance, product, "USD", DAY) is None
    assert selectors.prices_on(finance, [product.pk], dt.date(2026, 3, 1)) == {(product.pk, "CNY"): Decimal(100)}
    prices.remove_price(
        actor=finance, product_id=product.pk, currency="CNY", valid_from=dt.date(2026, 6, 1), expected_version=None
    )
    assert selectors.price_on(finance, product, "CNY", DAY) == 100


def test_workers_never_read_a_price(person: Person, product: Product) -> None:
    ListPrice.objects.create(product=product, amount=Decimal(100), valid_from=dt.date(2026, 1, 1))
    worker = person("worker")
    assert not selectors.prices(worker).exists()
    assert selectors.price_on(worker, product, "CNY", DAY) is None
    assert selectors.products(worker).exists()


@pytest.mark.parametrize("amount", [Decimal(-1), Decimal("NaN"), Decimal("Infinity"), Decimal("1.00001")])
def test_an_impossible_price_is_refused(person: Person, product: Product, amount: Decimal) -> None:
    with pytest.raises(Refusal):
        prices.set_price(
            actor=person("sales"), product_id=product.pk, facts=PriceFacts("CNY", amount, DAY), expected_version=None
        )
    assert not ListPrice.objects.exists()
