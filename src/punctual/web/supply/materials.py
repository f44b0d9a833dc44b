"""Materials: list, card, entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import F, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from punctual.domain.parties.selectors import suppliers
from punctual.domain.supply.life import ON_THE_WAY
from punctual.domain.supply.models import BomLine, Material, MaterialKind, PurchaseLine, Requirement
from punctual.domain.supply.rules import MaterialFacts
from punctual.domain.supply.selectors import (
    listed_materials,
    material_by_id,
    material_facts,
    promisable,
    requirements_of,
    sees_costs,
)
from punctual.domain.supply.services import materials as services
from punctual.domain.supply.services.reservations import release, reserve
from punctual.kernel.refusal import Reason, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.audit.services import story_of
from punctual.web import formatting
from punctual.web.master.cells import state_column, two_lines
from punctual.web.master.history import story
from punctual.web.master.lists import MasterList
from punctual.web.master.pages import Crumb, actor_of, archive, edit
from punctual.web.orders.actions import done
from punctual.web.shell.columns import BuiltInView, Column, Filter
from punctual.web.shell.panels import Panels
from punctual.web.shell.reading import whole, wholes
from punctual.web.shell.views import safe_next
from punctual.web.supply import marks
from punctual.web.supply.forms import MaterialForm
from punctual.web.supply.posted import posted_id, posted_number
from punctual.web.supply.rows import RowReader, padded


def _url(found: Material) -> str:
    return reverse("material", args=[found.pk])


def _quantity(name: str) -> Any:
    return lambda one: format_html("{}", formatting.quantity_text(getattr(one, name), one.unit))


def _net(one: Any) -> Decimal:
    """What stock and purchases leave over all needs; negative: short."""
    usable: Decimal = one.on_hand - one.blocked + one.coming - one.needed
    return usable


def _by_standing(rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
    wanted = values[0]
    if wanted == "short":
        return rows.filter(needed__gt=F("on_hand") - F("blocked") + F("coming"))
    return rows.filter(on_hand__gt=0) if wanted == "stock" else rows.filter(needed__gt=0)


class MaterialList(MasterList):
    key = "materials"
    subject = "materials"
    permission = "supply.view"
    title = gettext_lazy("Materials")
    icon = "package"
    search_kind = "material"
    search_hint = gettext_lazy("Code, name, supplier, pinyin initials")
    create = ("material_new", gettext_lazy("New material"), "supply.change")
    import_url = ("materials_import", "supply.change")
    empty_text = gettext_lazy("What products are made of: enter a material, or import your list from Excel.")
    template_name = "supply/list.html"
    tabs = (
        BuiltInView(gettext_lazy("In use"), ""),
        BuiltInView(gettext_lazy("Short over all orders"), "standing=short"),
        BuiltInView(gettext_lazy("Needed"), "standing=needed"),
        BuiltInView(gettext_lazy("Archived"), "state=archived"),
    )
    filters = (
        *MasterList.filters,
        Filter(
            "kind",
            gettext_lazy("Kind"),
            lambda actor: MaterialKind.choices,
            lambda rows, values: rows.filter(kind__in=values),
        ),
        Filter(
            "standing",
            gettext_lazy("Standing"),
            lambda actor: [
                ("short", gettext_lazy("Short over all orders")),
                ("needed", gettext_lazy("Needed")),
                ("stock", gettext_lazy("In stock")),
            ],
            _by_standing,
            multiple=False,
        ),
        Filter(
            "supplier",
            gettext_lazy("Supplier"),
            lambda actor: [(str(one.pk), str(one)) for one in suppliers(actor)],
            lambda rows, values: rows.filter(supplier_id__in=wholes(values)),
        ),
    )
    columns = (
        Column(
            "name",
            gettext_lazy("Materials"),
            lambda one: one.name,
            lambda one: two_lines(_url(one), one.name, one.code),
            sort=("name",),
        ),
        Column("on_hand", gettext_lazy("In stock"), lambda one: one.on_hand, _quantity("on_hand"), ("on_hand",), True),
        Column(
            "reserved", gettext_lazy("Reserved"), lambda one: one.reserved, _quantity("reserved"), ("reserved",), True
        ),
        Column("coming", gettext_lazy("On the way"), lambda one: one.coming, _quantity("coming"), ("coming",), True),
        Column("needed", gettext_lazy("Still needed"), lambda one: one.needed, _quantity("needed"), ("needed",), True),
        Column(
            "net",
            gettext_lazy("Net"),
            _net,
            lambda one: format_html(
                '<span class="{}">{}</span>', "late b" if _net(one) < 0 else "", formatting.quantity_text(_net(one))
            ),
            number=True,
        ),
        Column(
            "lead_time_days",
            gettext_lazy("Lead time, working days"),
            lambda one: one.lead_time_days or None,
            sort=("lead_time_days",),
            number=True,
            fold=True,
        ),
        Column("supplier", gettext_lazy("Supplier"), lambda one: str(one.supplier or ""), fold=True),
        Column(
            "standard_cost",
            gettext_lazy("Standard cost"),
            lambda one: one.standard_cost,
            lambda one: format_html("{}", formatting.money_text(one.standard_cost)),
            sort=("standard_cost",),
            number=True,
            fold=True,
            permission="supply.see_costs",
        ),
        state_column(),
    )

    def everything(self, actor: User) -> QuerySet[Material]:
        return listed_materials(actor)

    def url_of(self, item: Any) -> str:
        return _url(item)

    def more(self, request: HttpRequest, rows: QuerySet[Any]) -> dict[str, Any]:
        links = [
            (reverse("stock_items"), "package-import", _("Stock")),
            (reverse("boms"), "list-details", _("Bills of material")),
        ]
        return {"side_links": links}


def material(request: HttpRequest, pk: int) -> HttpResponse:
    """The card: stock, what can be promised, who needs it, what comes, offers, alternatives, where it is used."""
    actor, today = actor_of(request), timezone.localdate()
    found = material_by_id(actor, pk)
    needs = requirements_of(actor).filter(material=found, issued__lt=F("quantity"))
    coming = (
        PurchaseLine.objects.filter(material=found, purchase_order__state__in=["draft", *ON_THE_WAY])
        .filter(received__lt=F("quantity"))
        .select_related("purchase_order__supplier", "material")
        .order_by("expected_date", "pk")
    )
    lines = [(line, marks.line_chip(line, today=today)) for line in coming[:40]]
    free = sum((item.free for item in found.stock.all()), Decimal(0))
    context = {
        "title": str(found),
        "panels": Panels([]),
        "found": found,
        "sub": f"{found.code} · {found.get_kind_display()}",
        "stock": found.stock.select_related("place"),
        "free": free,
        "promisable": promisable(found, today=today)[:12],
        "needs": _need_rows(needs),
        "coming": lines,
        "offers": found.offers.select_related("supplier"),
        "alternatives": found.alternatives.select_related("substitute"),
        "used_by": BomLine.objects.filter(material=found).select_related("bom__revision__product", "bom__material")[
            :40
        ],
        "bom": getattr(found, "bom", None),
        "sees_costs": sees_costs(actor),
        "may_change": may(actor, "supply.change"),
        "may_reserve": may(actor, "supply.reserve"),
        "edit_url": reverse("material_edit", args=[pk]),
        "archive_url": reverse("material_archive", args=[pk]),
        "story": story(
            story_of(found)[:50], [Material], hidden=() if sees_costs(actor) else ("standard_cost", "offer")
        ),
        "today": today,
    }
    return render(request, "supply/material.html", context)


def _need_rows(needs: QuerySet[Requirement]) -> list[tuple[Requirement, Any, Decimal]]:
    """Each with its active reservations and what is still open."""
    rows = []
    for need in needs.order_by("needed_by", "pk").prefetch_related(
        "reservations__stock_item__place", "reservations__purchase_line__purchase_order"
    )[:60]:
        held = [one for one in need.reservations.all() if one.state == "active"]
        left = need.quantity - need.issued - sum((one.quantity for one in held), Decimal(0))
        rows.append((need, held, left))
    return rows


def edit_material(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Make or change a material."""
    actor = actor_of(request)
    found = material_by_id(actor, pk) if pk else None
    require(actor, "supply.change")

    def save(facts: dict[str, Any], version: int | None) -> Model:
        wish = MaterialFacts(**{**facts, "standard_cost": Decimal(facts["standard_cost"])})
        if found is None:
            return services.create_material(actor=actor, facts=wish)
        return services.change_material(actor=actor, material_id=found.pk, facts=wish, expected_version=version)

    initial = {**asdict(material_facts(found)), "version": found.version} if found else None
    crumbs = [Crumb(reverse("materials"), _("Materials"))]
    if found:
        crumbs.append(Crumb(_url(found), found, is_data=True))
    return edit(
        request,
        MaterialForm(actor, request.POST or None, initial=initial),
        save,
        title=_("Edit material") if found else _("New material"),
        crumbs=crumbs,
        back=_url(found) if found else reverse("materials"),
        done=_url,
        wide={"name": "w2x", "notes": "w4x"},
    )


@require_POST
def archive_material(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    return archive(
        request,
        archive=lambda version: services.archive_material(actor=actor, material_id=pk, expected_version=version),
        restore=lambda version: services.restore_material(actor=actor, material_id=pk, expected_version=version),
        done=reverse("material", args=[pk]),
    )


OFFERS = ("supplier", "unit_price", "lead_time_days", "minimum_quantity")
ALTERNATIVES = ("material", "factor", "needs_consent", "note")


def edit_sources(request: HttpRequest, pk: int) -> HttpResponse:
    """Who offers it, and what may be taken instead."""
    actor = actor_of(request)
    found = material_by_id(actor, pk)
    require(actor, "supply.change")
    reasons: Sequence[Reason] = ()
    offers = [
        {
            "supplier": one.supplier_id,
            "unit_price": one.unit_price.normalize(),
            "lead_time_days": one.lead_time_days,
            "minimum_quantity": one.minimum_quantity.normalize(),
        }
        for one in found.offers.all()
    ]
    others = [
        {
            "material": one.substitute.code,
            "factor": one.factor.normalize(),
            "needs_consent": one.needs_consent,
            "note": one.note,
        }
        for one in found.alternatives.select_related("substitute")
    ]
    if request.method == "POST":
        try:
            _save_sources(request, actor, found)
        except Refusal as refusal:
            reasons = refusal.reasons
        else:
            messages.success(request, _("Saved."))
            return redirect(_url(found))
    context = {
        "title": _("Suppliers and alternatives"),
        "found": found,
        "offers": padded(offers, OFFERS)[: len(offers) + 3],
        "alternatives": padded(others, ALTERNATIVES)[: len(others) + 3],
        "suppliers": suppliers(actor),
        "materials": Material.objects.filter(archived_at=None).exclude(pk=found.pk).order_by("code"),
        "reasons": reasons,
    }
    return render(request, "supply/sources.html", context, status=422 if reasons else 200)


def _save_sources(request: HttpRequest, actor: User, found: Material) -> None:
    offers = RowReader(request.POST, OFFERS)
    facts = []
    for at in range(len(offers.rows)):
        supplier = offers.text(at, "supplier")
        if not whole(supplier):
            continue
        facts.append(
            services.OfferFacts(
                whole(supplier),
                offers.number(at, "unit_price"),
                int(offers.number(at, "lead_time_days")),
                offers.number(at, "minimum_quantity", Decimal(0)),
            )
        )
    others = RowReader(request.POST, ("material", "factor", "note"))
    consent = set(request.POST.getlist("needs_consent"))
    wishes = []
    for at in range(len(others.rows)):
        if not others.text(at, "material"):
            continue
        substitute = others.material(at)
        wishes.append(
            services.AlternativeFacts(
                substitute or 0,
                others.number(at, "factor", Decimal(1)),
                str(at) in consent,
                others.text(at, "note"),
            )
        )
    if offers.reasons or others.reasons:
        raise Refusal(*offers.reasons, *others.reasons)
    with transaction.atomic():
        for one in facts:
            services.set_offer(actor=actor, material_id=found.pk, facts=one)
        services.set_alternatives(actor=actor, material_id=found.pk, facts=wishes)


@require_POST
def reserve_material(request: HttpRequest, pk: int) -> HttpResponse:
    """Speak for stock: ``requirement`` and ``quantity``."""
    actor = actor_of(request)
    material_by_id(actor, pk)
    reserve(
        actor=actor,
        requirement_id=posted_id(request, "requirement"),
        quantity=posted_number(request, "quantity"),
    )
    return done(request, f"{reverse('material', args=[pk])}#needs", _("Reserved."))


@require_POST
def release_reservation(request: HttpRequest, pk: int) -> HttpResponse:
    """Give back what was spoken for."""
    actor = actor_of(request)
    found = release(actor=actor, reservation_id=pk, reason=request.POST.get("reason", ""))
    url = safe_next(request) if request.POST.get("next") else reverse("material", args=[found.requirement.material_id])
    return done(request, url, _("Released."))
