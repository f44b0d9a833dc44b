"""Customers and the people there."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from punctual.domain.parties import selectors
from punctual.domain.parties.models import Contact, Customer, Grade
from punctual.domain.parties.rules import ContactFacts, CustomerFacts
from punctual.domain.parties.services import contacts as contact_services
from punctual.domain.parties.services import customers as services
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.custom_fields.selectors import fields_of, values_of
from punctual.web.custom_fields.forms import add_inputs, initial_of, split
from punctual.web.master.cells import STATE_FILTER, grade_chip, state_column, two_lines
from punctual.web.master.history import story
from punctual.web.master.lists import MasterList
from punctual.web.master.pages import Crumb, actor_of, archive, edit
from punctual.web.parties.forms import ContactForm, CustomerForm
from punctual.web.shell.columns import Column, choice_filter
from punctual.web.shell.panels import panels_of

WIDE = {"name": "w2x", "payment_terms": "w2x", "delivery_place": "w2x", "address": "w2x", "notes": "w4x"}


def _url(found: Customer) -> str:
    return reverse("customer", args=[found.pk])


def _first(found: Any) -> Contact | None:
    return next(iter(found.current_contacts), None)


class CustomerList(MasterList):
    key = "customers"
    subject = "customers"
    permission = "customers.read"
    title = gettext_lazy("Customers")
    icon = "building"
    search_kind = "customer"
    custom_subject = "customer"
    search_hint = gettext_lazy("Name, code, contact, pinyin initials")
    create = ("customer_new", gettext_lazy("New customer"), "customers.change")
    import_url = ("customers_import", "customers.change")
    empty_text = gettext_lazy("Who orders from you: enter a customer, or import your list from Excel.")
    filters = (
        STATE_FILTER,
        choice_filter("grade", gettext_lazy("Grade"), Grade),
    )
    columns = (
        Column(
            "name",
            gettext_lazy("Customer"),
            str,
            lambda item: two_lines(_url(item), item, item.name if item.short_name else item.code),
            sort=("short_name", "name"),
        ),
        Column("code", gettext_lazy("Code"), lambda item: item.code, sort=("code",)),
        Column(
            "grade",
            gettext_lazy("Grade"),
            lambda item: item.grade,
            lambda item: grade_chip(item.grade),
            sort=("grade",),
        ),
        Column("contact", gettext_lazy("First contact"), lambda item: _first(item) or ""),
        Column("phone", gettext_lazy("Phone"), lambda item: getattr(_first(item), "phone", ""), fold=True),
        Column("delivery_place", gettext_lazy("Delivery place"), lambda item: item.delivery_place, fold=True),
        Column("currency", gettext_lazy("Currency"), lambda item: item.currency, sort=("currency",), fold=True),
        state_column(),
    )

    def everything(self, actor: User) -> QuerySet[Customer]:
        return selectors.customers_with_contacts(actor)

    def url_of(self, item: Any) -> str:
        return _url(item)


def customer(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about one customer."""
    actor = actor_of(request)
    found = selectors.get_customer(actor, pk)
    people = list(found.contacts.order_by("archived_at", "-is_primary", "name"))
    context = {
        "title": str(found),
        "found": found,
        "sub": found.code if not found.short_name else f"{found.code} · {found.name}",
        "contacts": people,
        "may_change": may(actor, "customers.change"),
        "edit_url": reverse("customer_edit", args=[pk]),
        "archive_url": reverse("customer_archive", args=[pk]),
        "story": story(selectors.story_of_customer(found)[:50], [Customer, Contact]),
        "panels": panels_of("customer", request, found),
    }
    return render(request, "parties/customer.html", context)


def edit_customer(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Make or change a customer."""
    actor = actor_of(request)
    found = selectors.get_customer(actor, pk) if pk else None
    require(actor, "customers.change")

    def save(facts: dict[str, Any], version: int | None) -> Model:
        own, custom = split(facts)
        told = CustomerFacts(**own)
        if found is None:
            return services.create_customer(actor=actor, facts=told, custom=custom, complete=True)
        return services.change_customer(
            actor=actor,
            customer_id=found.pk,
            facts=told,
            expected_version=version,
            custom=custom,
            complete=True,
        )

    fields = list(fields_of("customer"))
    initial: dict[str, Any] = {}
    if found:
        values = values_of(fields, [found.pk])[found.pk]
        initial = {**asdict(selectors.customer_facts(found)), **initial_of(fields, values), "version": found.version}
    form = CustomerForm(request.POST or None, initial=initial)
    add_inputs(form, fields)
    crumbs = [Crumb(reverse("customers"), _("Customers"))]
    if found:
        crumbs.append(Crumb(_url(found), found, is_data=True))
    return edit(
        request,
        form,
        save,
        title=_("Edit customer") if found else _("New customer"),
        crumbs=crumbs,
        back=_url(found) if found else reverse("customers"),
        done=_url,
        wide=WIDE,
    )


@require_POST
def archive_customer(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    return archive(
        request,
        archive=lambda version: services.archive_customer(actor=actor, customer_id=pk, expected_version=version),
        restore=lambda version: services.restore_customer(actor=actor, customer_id=pk, expected_version=version),
        done=reverse("customer", args=[pk]),
    )


def contact(request: HttpRequest, pk: int) -> HttpResponse:
    """A contact lives on its customer's page."""
    return redirect("customer", pk=selectors.get_contact(actor_of(request), pk).customer_id)


def edit_contact(request: HttpRequest, pk: int | None = None, customer_pk: int | None = None) -> HttpResponse:
    """Make or change somebody at a customer."""
    actor = actor_of(request)
    found = selectors.get_contact(actor, pk) if pk else None
    owner = found.customer if found else selectors.get_customer(actor, customer_pk or 0)
    require(actor, "customers.change")

    def save(facts: dict[str, Any], version: int | None) -> Model:
        if found is None:
            return contact_services.create_contact(actor=actor, customer_id=owner.pk, facts=ContactFacts(**facts))
        return contact_services.change_contact(
            actor=actor, contact_id=found.pk, facts=ContactFacts(**facts), expected_version=version
        )

    initial = {**asdict(selectors.contact_facts(found)), "version": found.version} if found else None
    return edit(
        request,
        ContactForm(request.POST or None, initial=initial),
        save,
        title=_("Edit contact") if found else _("New contact"),
        crumbs=[Crumb(reverse("customers"), _("Customers")), Crumb(_url(owner), owner, is_data=True)],
        back=_url(owner),
        done=lambda saved: _url(owner),
    )


@require_POST
def archive_contact(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    found = selectors.get_contact(actor, pk)
    return archive(
        request,
        archive=lambda version: contact_services.archive_contact(actor=actor, contact_id=pk, expected_version=version),
        restore=lambda version: contact_services.restore_contact(actor=actor, contact_id=pk, expected_version=version),
        done=_url(found.customer),
    )
