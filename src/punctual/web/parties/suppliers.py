"""Suppliers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from punctual.domain.parties import selectors
from punctual.domain.parties.models import Supplier
from punctual.domain.parties.rules import SupplierFacts
from punctual.domain.parties.services import suppliers as services
from punctual.domain.resources.selectors import resources
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.audit.services import story_of
from punctual.web.master.cells import state_column, two_lines
from punctual.web.master.history import story
from punctual.web.master.lists import MasterList
from punctual.web.master.pages import Crumb, actor_of, archive, edit
from punctual.web.parties.forms import SupplierForm
from punctual.web.shell.columns import Column
from punctual.web.shell.panels import panels_of


def _url(found: Supplier) -> str:
    return reverse("supplier", args=[found.pk])


class SupplierList(MasterList):
    key = "suppliers"
    subject = "suppliers"
    permission = "suppliers.read"
    title = gettext_lazy("Suppliers")
    icon = "truck-delivery"
    search_kind = "supplier"
    search_hint = gettext_lazy("Name, code, contact, pinyin initials")
    create = ("supplier_new", gettext_lazy("New supplier"), "suppliers.change")
    import_url = ("suppliers_import", "suppliers.change")
    empty_text = gettext_lazy("Who delivers to you: enter a supplier, or import your list from Excel.")
    columns = (
        Column(
            "name",
            gettext_lazy("Supplier"),
            str,
            lambda item: two_lines(_url(item), item, item.name if item.short_name else item.code),
            sort=("short_name", "name"),
        ),
        Column("code", gettext_lazy("Code"), lambda item: item.code, sort=("code",)),
        Column("contact", gettext_lazy("Contact"), lambda item: item.contact_name),
        Column("phone", gettext_lazy("Phone"), lambda item: item.phone, fold=True),
        Column(
            "lead_time_days",
            gettext_lazy("Usual lead time, days"),
            lambda item: item.lead_time_days or None,
            sort=("lead_time_days",),
            number=True,
        ),
        Column("notes", gettext_lazy("Notes"), lambda item: item.notes, fold=True),
        state_column(),
    )

    def everything(self, actor: User) -> QuerySet[Supplier]:
        return selectors.suppliers(actor, archived=True)

    def url_of(self, item: Any) -> str:
        return _url(item)


def supplier(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about one supplier."""
    actor = actor_of(request)
    found = selectors.get_supplier(actor, pk)
    context = {
        "title": str(found),
        "found": found,
        "sub": found.code if not found.short_name else f"{found.code} · {found.name}",
        "resources": resources(actor).filter(supplier=found).prefetch_related("skills"),
        "may_change": may(actor, "suppliers.change"),
        "edit_url": reverse("supplier_edit", args=[pk]),
        "archive_url": reverse("supplier_archive", args=[pk]),
        "story": story(story_of(found)[:50], [Supplier]),
        "panels": panels_of("supplier", request, found),
    }
    return render(request, "parties/supplier.html", context)


def edit_supplier(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Make or change a supplier."""
    actor = actor_of(request)
    found = selectors.get_supplier(actor, pk) if pk else None
    require(actor, "suppliers.change")

    def save(facts: dict[str, Any], version: int | None) -> Model:
        if found is None:
            return services.create_supplier(actor=actor, facts=SupplierFacts(**facts))
        return services.change_supplier(
            actor=actor, supplier_id=found.pk, facts=SupplierFacts(**facts), expected_version=version
        )

    initial = {**asdict(selectors.supplier_facts(found)), "version": found.version} if found else None
    crumbs = [Crumb(reverse("suppliers"), _("Suppliers"))]
    if found:
        crumbs.append(Crumb(_url(found), found, is_data=True))
    return edit(
        request,
        SupplierForm(request.POST or None, initial=initial),
        save,
        title=_("Edit supplier") if found else _("New supplier"),
        crumbs=crumbs,
        back=_url(found) if found else reverse("suppliers"),
        done=_url,
        wide={"name": "w2x", "notes": "w4x"},
    )


@require_POST
def archive_supplier(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    return archive(
        request,
        archive=lambda version: services.archive_supplier(actor=actor, supplier_id=pk, expected_version=version),
        restore=lambda version: services.restore_supplier(actor=actor, supplier_id=pk, expected_version=version),
        done=reverse("supplier", args=[pk]),
    )
