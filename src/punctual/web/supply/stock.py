"""Stock: list, one item with every movement, counts and blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django.contrib import messages
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from punctual.domain.supply.models import Material, Place, StockItem
from punctual.domain.supply.selectors import movements_of, places, stock_item_by_id, stock_of
from punctual.domain.supply.services import stock as services
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.search.services import ids
from punctual.web import formatting
from punctual.web.master.cells import two_lines
from punctual.web.master.lists import MasterList
from punctual.web.master.pages import Crumb, actor_of, edit
from punctual.web.orders.actions import done, version_of
from punctual.web.shell.columns import BuiltInView, Column, Filter
from punctual.web.shell.reading import wholes
from punctual.web.supply.forms import StockForm
from punctual.web.supply.posted import posted_number


def _url(item: StockItem) -> str:
    return reverse("stock_item", args=[item.pk])


def _by_standing(rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
    if values[0] == "blocked":
        return rows.filter(blocked__gt=0)
    if values[0] == "free":
        return rows.filter(on_hand__gt=F("blocked") + F("reserved"))
    return rows.filter(on_hand=0)


class StockList(MasterList):
    key = "stock-items"
    subject = "stock-counts"
    permission = "supply.view"
    title = gettext_lazy("Stock")
    icon = "package-import"
    search_kind = "material"
    search_hint = gettext_lazy("Code, name, supplier, pinyin initials")
    create = ("stock_new", gettext_lazy("Enter stock"), "supply.change")
    import_url = ("stock_counts_import", "supply.change")
    empty_text = gettext_lazy("What lies where: receive a purchase order, or import a count.")
    template_name = "supply/list.html"
    filters = (
        Filter(
            "place",
            gettext_lazy("Place"),
            lambda actor: [(str(one.pk), str(one)) for one in places()],
            lambda rows, values: rows.filter(place_id__in=wholes(values)),
        ),
        Filter(
            "standing",
            gettext_lazy("Standing"),
            lambda actor: [
                ("free", gettext_lazy("Free")),
                ("blocked", gettext_lazy("Blocked")),
                ("empty", gettext_lazy("Empty")),
            ],
            _by_standing,
            multiple=False,
        ),
    )
    tabs = (
        BuiltInView(gettext_lazy("All"), ""),
        BuiltInView(gettext_lazy("Free"), "standing=free"),
        BuiltInView(gettext_lazy("Blocked"), "standing=blocked"),
    )
    columns = (
        Column(
            "material",
            gettext_lazy("Materials"),
            lambda one: one.material.name,
            lambda one: two_lines(_url(one), one.material.name, one.material.code),
            sort=("material__name",),
        ),
        Column("place", gettext_lazy("Place"), lambda one: str(one.place), sort=("place__code",)),
        Column(
            "on_hand",
            gettext_lazy("In stock"),
            lambda one: one.on_hand,
            lambda one: format_html("{}", formatting.quantity_text(one.on_hand, one.material.unit)),
            ("on_hand",),
            True,
        ),
        Column(
            "blocked",
            gettext_lazy("Blocked"),
            lambda one: one.blocked,
            lambda one: format_html("{}", formatting.quantity_text(one.blocked) if one.blocked else "—"),
            ("blocked",),
            True,
        ),
        Column(
            "reserved",
            gettext_lazy("Reserved"),
            lambda one: one.reserved,
            lambda one: format_html("{}", formatting.quantity_text(one.reserved) if one.reserved else "—"),
            ("reserved",),
            True,
        ),
        Column(
            "free",
            gettext_lazy("Free"),
            lambda one: one.free,
            lambda one: format_html("{}", formatting.quantity_text(one.free, one.material.unit)),
            number=True,
        ),
        Column(
            "counted_at",
            gettext_lazy("Counted"),
            lambda one: one.counted_at,
            lambda one: format_html("{}", formatting.day_text(one.counted_at)),
            sort=("counted_at",),
            fold=True,
        ),
    )

    def everything(self, actor: User) -> QuerySet[StockItem]:
        return stock_of(actor)

    def rows_under(self, actor: User, query: QueryDict) -> QuerySet[Any]:
        return stock_of(actor)

    def _filtered(self, query: Any, rows: QuerySet[Any]) -> QuerySet[Any]:
        """A search finds the materials, the list shows where they lie."""
        text = query.get("q", "").strip()
        if not text:
            return super()._filtered(query, rows)
        without = query.copy()
        without["q"] = ""
        return super()._filtered(without, rows).filter(material_id__in=ids(text, "material"))

    def url_of(self, item: Any) -> str:
        return _url(cast(StockItem, item))

    def edit_url_of(self, item: Any) -> str:
        """Stock is counted, not edited."""
        return ""

    def more(self, request: HttpRequest, rows: QuerySet[Any]) -> dict[str, Any]:
        return {"side_links": [(reverse("materials"), "package", _("Materials"))]}


def stock_item(request: HttpRequest, pk: int) -> HttpResponse:
    """One material in one place: every movement, and whom it is reserved for."""
    actor = actor_of(request)
    item = stock_item_by_id(actor, pk)
    held = item.reservations.filter(state="active").select_related("requirement__order", "requirement__task")
    context = {
        "title": str(item.material),
        "item": item,
        "movements": movements_of(item)[:200],
        "held": held.order_by("priority", "requirement__needed_by", "pk"),
        "may_change": may(actor, "supply.change"),
        "may_reserve": may(actor, "supply.reserve"),
    }
    return render(request, "supply/stock_item.html", context)


@require_POST
def move_stock(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Count, block or unblock."""
    actor, version = actor_of(request), version_of(request)
    quantity, reason = posted_number(request, "quantity"), request.POST.get("reason", "")
    if verb == "count":
        services.count(actor=actor, item_id=pk, counted=quantity, reason=reason, expected_version=version)
    elif verb == "block":
        services.block(actor=actor, item_id=pk, quantity=quantity, reason=reason, expected_version=version)
    else:
        services.unblock(actor=actor, item_id=pk, quantity=quantity, reason=reason, expected_version=version)
    return done(request, reverse("stock_item", args=[pk]), _("Saved."))


def enter(request: HttpRequest) -> HttpResponse:
    """Something is there that no purchase brought."""
    actor = actor_of(request)
    require(actor, "supply.change")
    services.default_place()

    def save(facts: dict[str, Any], version: int | None) -> StockItem:
        code = facts["material"].split(" ")[0]
        found = Material.objects.filter(code__iexact=code).first()
        if found is None:
            text = N_("There is no material with the code “%(code)s”.")
            raise Refusal(Reason("stock_item.material", text, {"code": code}, field="material"))
        return services.enter_stock(
            actor=actor,
            material_id=found.pk,
            place_id=int(facts["place"]) if facts["place"] else None,
            quantity=facts["quantity"],
            reason=facts["reason"],
        )

    return edit(
        request,
        StockForm(request.POST or None, initial={"material": request.GET.get("material", "")}),
        save,
        title=_("Enter stock"),
        crumbs=[Crumb(reverse("stock_items"), _("Stock"))],
        back=reverse("stock_items"),
        done=_url,
        wide={"material": "w2x", "reason": "w2x"},
    )


@require_POST
def add_place(request: HttpRequest) -> HttpResponse:
    """Another place where things lie."""
    actor = actor_of(request)
    require(actor, "supply.change")
    code, name = request.POST.get("code", "").strip()[:20], request.POST.get("name", "").strip()[:80]
    if not code or not name:
        raise Refusal(Reason("place.missing", N_("A place needs a code and a name."), field="code"))
    Place.objects.get_or_create(code=code, defaults={"name": name})
    messages.success(request, _("Saved."))
    return redirect("stock_items")
