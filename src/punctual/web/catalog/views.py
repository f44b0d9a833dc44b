"""Products and their families."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from punctual.domain.catalog import selectors
from punctual.domain.catalog.models import Product
from punctual.domain.catalog.rules import FamilyFacts, ProductFacts
from punctual.domain.catalog.services import products as services
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.audit.services import story_of
from punctual.web.catalog.forms import ProductForm
from punctual.web.formatting import listed, money_text, quantity_text
from punctual.web.master.cells import STATE_FILTER, state_column, two_lines
from punctual.web.master.history import story
from punctual.web.master.lists import MasterList
from punctual.web.master.pages import Crumb, actor_of, archive, edit
from punctual.web.master.words import words_page
from punctual.web.shell.columns import Column, Filter
from punctual.web.shell.panels import panels_of


def _url(found: Product) -> str:
    return reverse("product", args=[found.pk])


def _current_revisions(item: Any) -> str:
    return listed(revision.code for revision in item.all_revisions if revision.retired_on is None)


def _price_text(item: Any) -> str:
    """The price in force in the first currency there is, CNY before others."""
    today = timezone.localdate()
    known = [price for price in item.known_prices if price.valid_from <= today]
    known.sort(key=lambda price: price.currency != "CNY")
    return money_text(known[0].amount, known[0].currency) if known else ""


class ProductList(MasterList):
    key = "products"
    subject = "products"
    permission = "catalog.read"
    title = gettext_lazy("Products")
    icon = "package"
    search_kind = "product"
    search_hint = gettext_lazy("Model, name, pinyin initials")
    create = ("product_new", gettext_lazy("New product"), "catalog.change")
    import_url = ("products_import", "catalog.change")
    empty_text = gettext_lazy("What you build and sell: enter a product, or import your catalogue from Excel.")
    filters = (
        STATE_FILTER,
        Filter(
            "family",
            gettext_lazy("Family"),
            lambda actor: list(selectors.families(actor).values_list("code", "name")),
            lambda rows, values: rows.filter(family__code__in=values),
        ),
    )
    columns = (
        Column(
            "model",
            gettext_lazy("Product"),
            str,
            lambda item: two_lines(_url(item), item.model, item.name),
            sort=("model",),
        ),
        Column("family", gettext_lazy("Family"), lambda item: item.family, sort=("family__code", "model")),
        Column("revision", gettext_lazy("Revision"), _current_revisions),
        Column("unit", gettext_lazy("Unit"), lambda item: item.unit, fold=True),
        Column(
            "minimum",
            gettext_lazy("Minimum, multiple"),
            lambda item: f"{quantity_text(item.minimum_order_quantity)}, {quantity_text(item.order_multiple)}",
            number=True,
            fold=True,
        ),
        Column(
            "lead_time_days",
            gettext_lazy("Lead time, working days"),
            lambda item: item.lead_time_days or None,
            sort=("lead_time_days",),
            number=True,
        ),
        Column("price", gettext_lazy("List price"), _price_text, number=True, permission="catalog.see_prices"),
        state_column(),
    )

    def everything(self, actor: User) -> QuerySet[Product]:
        return selectors.products_with_details(actor)

    def url_of(self, item: Any) -> str:
        return _url(item)

    def more(self, request: HttpRequest, rows: QuerySet[Any]) -> dict[str, Any]:
        return {"side_links": [(reverse("product_families"), "layout-grid", _("Families"))]}


def product(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about one product."""
    actor = actor_of(request)
    found = selectors.get_product(actor, pk)
    today = timezone.localdate()
    prices = list(selectors.prices(actor).filter(product=found))
    in_force: dict[str, int] = {}
    for price in prices:
        if price.valid_from <= today:
            in_force.setdefault(price.currency, price.pk)
    sees_prices = may(actor, "catalog.see_prices")
    context = {
        "title": found.model,
        "found": found,
        "sub": f"{found.name} · {found.family}",
        "revisions": found.revisions.select_related("successor").order_by("-code"),
        "prices": prices,
        "in_force": set(in_force.values()),
        "sees_prices": sees_prices,
        "may_change": may(actor, "catalog.change"),
        "may_price": may(actor, "catalog.change_prices"),
        "edit_url": reverse("product_edit", args=[pk]),
        "archive_url": reverse("product_archive", args=[pk]),
        "story": story(story_of(found)[:50], [Product], hidden=() if sees_prices else ("list_price",)),
        "panels": panels_of("product", request, found),
    }
    return render(request, "catalog/product.html", context)


def edit_product(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Make or change a product."""
    actor = actor_of(request)
    found = selectors.get_product(actor, pk) if pk else None
    require(actor, "catalog.change")

    def save(facts: dict[str, Any], version: int | None) -> Model:
        if found is None:
            return services.create_product(actor=actor, facts=ProductFacts(**facts))
        return services.change_product(
            actor=actor, product_id=found.pk, facts=ProductFacts(**facts), expected_version=version
        )

    initial = None
    crumbs = [Crumb(reverse("products"), _("Products"))]
    if found:
        facts = asdict(selectors.product_facts(found))
        initial = {**facts, "family": str(facts["family_id"]), "version": found.version}
        crumbs.append(Crumb(_url(found), found, is_data=True))
    return edit(
        request,
        ProductForm(request.POST or None, initial=initial, actor=actor),
        save,
        title=_("Edit product") if found else _("New product"),
        crumbs=crumbs,
        back=_url(found) if found else reverse("products"),
        done=_url,
        wide={"name": "w2x", "lead_time_days": "w2x", "description": "w4x"},
    )


@require_POST
def archive_product(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    return archive(
        request,
        archive=lambda version: services.archive_product(actor=actor, product_id=pk, expected_version=version),
        restore=lambda version: services.restore_product(actor=actor, product_id=pk, expected_version=version),
        done=reverse("product", args=[pk]),
    )


def families(request: HttpRequest) -> HttpResponse:
    """The product families; reviews and plan templates go by them."""
    actor = actor_of(request)
    require(actor, "catalog.read")
    return words_page(
        request,
        selectors.families(actor).annotate(uses=Count("products")),
        permission="catalog.change",
        create=lambda code, name: services.create_family(actor=actor, facts=FamilyFacts(code, name)),
        change=lambda pk, code, name: services.change_family(actor=actor, family_id=pk, facts=FamilyFacts(code, name)),
        context={
            "title": _("Product families"),
            "back": reverse("products"),
            "back_text": _("Products"),
            "count_label": _("Products"),
        },
    )
