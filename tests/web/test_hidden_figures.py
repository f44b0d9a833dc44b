"""What a role may not see of money it finds nowhere: in no page, file, search, feed, story or API answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver

from api_document import api_document
from punctual.domain.catalog.rules import PriceFacts
from punctual.domain.catalog.services.prices import set_price
from punctual.domain.costs.services import book_expense
from punctual.domain.orders.models import Order
from punctual.domain.plans.models import Plan, PlanTemplate
from punctual.domain.plans.services.baselines import keep_baseline
from punctual.domain.plans.services.editing import edit_plan
from punctual.domain.plans.services.templates import change_template
from punctual.domain.plans.template_document import document_of, vocabulary
from punctual.domain.plans.template_rows import rows_of
from punctual.domain.resources.models import Resource
from punctual.domain.resources.rules import ResourceFacts
from punctual.domain.resources.services import change_resource
from punctual.platform.accounts.demo import DEMO_NAMES
from punctual.platform.accounts.models import Role, User
from punctual.platform.accounts.permissions import may
from punctual.platform.comments.following import follow
from punctual.web.channels.feeds import new_feed_token
from web.test_permission_matrix import _address, _routes, _samples

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

FIGURES = {
    "resources.see_cost": Decimal("643.97"),
    "catalog.see_prices": Decimal("7531986.43"),
    "costs.view": Decimal("5318642.79"),
    "plans.see_budget": Decimal("4196357.28"),
}
"""Permission → a figure that is found nowhere else, kept where the permission is asked for."""
PLAIN = ("customers", "products", "suppliers", "resources", "orders", "plans", "tasks/list", "changes", "time")
"""Lists that are written into files."""


@pytest.fixture(scope="module")
def world(demo_company: dt.date, django_db_blocker: Any) -> Iterator[dict[str, Any]]:
    with django_db_blocker.unblock():
        samples = _samples()
        _plant(samples, demo_company)
        yield samples


def _plant(samples: dict[str, Any], day: dt.date) -> None:
    """The figures, written by the services, so that they stand in the stories too; and everybody follows."""
    admin = User.objects.get(username="admin")
    resource = Resource.objects.get(pk=samples["resources/pk"])
    facts = ResourceFacts(
        resource.kind,
        resource.code,
        resource.name,
        resource.calendar_id,
        resource.team,
        frozenset(resource.skills.values_list("pk", flat=True)),
        resource.units,
        FIGURES["resources.see_cost"],
        resource.user_id,
        resource.supplier_id,
    )
    change_resource(actor=admin, resource_id=resource.pk, facts=facts, expected_version=None)
    price = PriceFacts("CNY", FIGURES["catalog.see_prices"], day)
    set_price(actor=admin, product_id=samples["products/pk"], facts=price, expected_version=None)
    order = Order.objects.get(pk=samples["follow/order/pk"])
    plan = Plan.objects.get(order=order)
    book_expense(
        actor=admin, plan=plan, kind="material", amount=FIGURES["costs.view"], day=day, subject="另购一台真空泵"
    )
    budget = {"verb": "budget", "kind": "material", "name": "真空泵", "amount": str(FIGURES["plans.see_budget"])}
    edit_plan(plan_id=plan.pk, actor=admin, today=day, expected_version=plan.version, command=budget)
    template = PlanTemplate.objects.get(code=samples["code"])
    document = document_of(rows_of([template])[template.pk], vocabulary())
    line = {"kind": "material", "name": "真空泵", "amount": str(FIGURES["plans.see_budget"])}
    wish = {**document, "code": template.code, "name": template.name, "budget": [*document["budget"], line]}
    change_template(actor=admin, template_id=template.pk, document=wish, expected_version=None)
    plan.refresh_from_db()
    keep_baseline(plan_id=plan.pk, actor=admin, name="B", reason="另购")
    for name in DEMO_NAMES.values():
        follow(actor=User.objects.get(username=name), target=order)


def _forms(figure: Decimal) -> set[str]:
    """As it may be written: plain, with commas, rounded."""
    return {f"{figure}", f"{figure:,}"} if figure < 1000 else {f"{figure}", f"{figure:,}", f"{figure:,.0f}"}


def _addresses(samples: dict[str, Any], figures: list[Decimal]) -> Iterator[str]:
    for route, _name in _routes(get_resolver()):
        yield _address(route, samples)
    for path in api_document()["paths"]:
        yield "/api/v1" + _address(path.removeprefix("/api/v1").lstrip("/"), samples)
    for noun in PLAIN:
        yield f"/{noun}/?export=csv"
        yield f"/{noun}/?sort=-hourly_cost&sort=-price&export=csv"
    for noun in ("products", "resources", "customers"):
        yield f"/{noun}/?peek={samples[f'{noun}/pk']}"
    for figure in figures:
        yield f"/palette/?q={figure}"
        yield f"/orders/?q={figure}&export=csv"


def _found(
    samples: dict[str, Any], user: User, figures: list[Decimal], *, once: bool = False
) -> dict[Decimal, list[str]]:
    """Figure → the addresses at which it stands; with ``once`` no more is asked when each was found somewhere."""
    client = Client(raise_request_exception=False)
    client.force_login(user)
    found: dict[Decimal, list[str]] = {figure: [] for figure in figures}
    addresses = [*_addresses(samples, figures), f"/feeds/{new_feed_token(user)}/calendar.ics"]
    for address in addresses:
        if once and all(found.values()):
            break
        answer = client.get(address)
        if answer.status_code != 200:
            continue
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        text = body.decode("utf-8", "replace")
        asked = address.partition("q=")[2]
        for figure in figures:
            told = text.replace(asked, "") if asked else text
            if any(form in told for form in _forms(figure)):
                found[figure].append(address)
    return found


def test_who_may_see_a_figure_finds_it(world: dict[str, Any]) -> None:
    """So that the other test looks at what is there."""
    found = _found(world, User.objects.get(username="admin"), list(FIGURES.values()), once=True)
    for permission, figure in FIGURES.items():
        assert found[figure], permission


@pytest.mark.parametrize("role", [Role.WORKER, Role.SALES, Role.SUPPLY_CHAIN, Role.QUALITY])
def test_who_may_not_see_a_figure_finds_it_nowhere(world: dict[str, Any], role: Role) -> None:
    user = User.objects.get(username=DEMO_NAMES[role])
    hidden = [figure for permission, figure in FIGURES.items() if not may(user, permission)]
    assert hidden
    assert _found(world, user, hidden) == {figure: [] for figure in hidden}
