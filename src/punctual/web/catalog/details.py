"""Revisions and list prices of a product."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.catalog import selectors
from punctual.domain.catalog.models import Product
from punctual.domain.catalog.rules import PriceFacts, RevisionFacts
from punctual.domain.catalog.services import prices, revisions
from punctual.platform.accounts.permissions import require
from punctual.platform.records import get_or_not_found
from punctual.web.catalog.forms import PriceForm, RetireForm, RevisionForm
from punctual.web.master.pages import Crumb, actor_of, edit, number


def _crumbs(found: Product) -> list[Crumb]:
    return [Crumb(reverse("products"), _("Products")), Crumb(_url(found), found, is_data=True)]


def _url(found: Product) -> str:
    return reverse("product", args=[found.pk])


def new_revision(request: HttpRequest, pk: int) -> HttpResponse:
    """Release a revision."""
    actor = actor_of(request)
    found = selectors.get_product(actor, pk)
    require(actor, "catalog.change")

    def save(facts: dict[str, Any], version: int | None) -> Model:
        return revisions.add_revision(
            actor=actor, product_id=pk, facts=RevisionFacts(**facts), expected_version=version
        )

    form = RevisionForm(request.POST or None, initial={"version": found.version})
    return edit(
        request,
        form,
        save,
        title=_("Release a revision"),
        crumbs=_crumbs(found),
        back=_url(found),
        done=lambda saved: _url(found),
    )


def retire_revision(request: HttpRequest, pk: int, revision_pk: int) -> HttpResponse:
    """Retire a revision and say what to take instead."""
    actor = actor_of(request)
    found = selectors.get_product(actor, pk)
    revision = get_or_not_found(found.revisions.all(), pk=revision_pk)
    require(actor, "catalog.change")

    def save(facts: dict[str, Any], version: int | None) -> Model:
        return revisions.retire_revision(
            actor=actor, product_id=pk, revision_id=revision_pk, expected_version=version, **facts
        )

    form = RetireForm(request.POST or None, initial={"version": found.version}, product=found, revision_id=revision_pk)
    return edit(
        request,
        form,
        save,
        title=_("Retire revision %(code)s") % {"code": revision.code},
        crumbs=_crumbs(found),
        back=_url(found),
        done=lambda saved: _url(found),
    )


@require_POST
def reinstate_revision(request: HttpRequest, pk: int, revision_pk: int) -> HttpResponse:
    """Bring a retired revision back."""
    revisions.reinstate_revision(
        actor=actor_of(request),
        product_id=pk,
        revision_id=revision_pk,
        expected_version=number(request, "version"),
    )
    messages.success(request, _("Saved."))
    return redirect("product", pk=pk)


def new_price(request: HttpRequest, pk: int) -> HttpResponse:
    """Set a list price from a day on."""
    actor = actor_of(request)
    found = selectors.get_product(actor, pk)
    require(actor, "catalog.change_prices")

    def save(facts: dict[str, Any], version: int | None) -> Model:
        return prices.set_price(actor=actor, product_id=pk, facts=PriceFacts(**facts), expected_version=version)

    return edit(
        request,
        PriceForm(request.POST or None, initial={"version": found.version}),
        save,
        title=_("Set a list price"),
        crumbs=_crumbs(found),
        back=_url(found),
        done=lambda saved: _url(found),
    )


@require_POST
def remove_price(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a list price back."""
    day = parse_date(request.POST.get("valid_from", ""))
    if day is None:
        raise BadRequest("valid_from")
    prices.remove_price(
        actor=actor_of(request),
        product_id=pk,
        currency=request.POST.get("currency", ""),
        valid_from=day,
        expected_version=number(request, "version"),
    )
    messages.success(request, _("The price is taken back."))
    return redirect("product", pk=pk)
