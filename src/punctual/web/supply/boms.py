"""Bills of material: list, tree of all levels, entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from punctual.domain.catalog.models import ProductRevision
from punctual.domain.supply.models import Bom, Material, MaterialKind, StockItem
from punctual.domain.supply.rules import BomLineFacts
from punctual.domain.supply.selectors import bom_by_id, listed_boms, sees_costs
from punctual.domain.supply.services.boms import bills_below, set_bom
from punctual.kernel.quantity import plain
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.audit.services import story_of
from punctual.platform.search.services import ids
from punctual.web.master.cells import two_lines
from punctual.web.master.history import story
from punctual.web.master.lists import MasterList
from punctual.web.master.pages import actor_of
from punctual.web.orders.actions import version_of
from punctual.web.shell import reading
from punctual.web.shell.columns import BuiltInView, Column
from punctual.web.shell.middleware import status_of
from punctual.web.supply.rows import RowReader, padded

COLUMNS: Final = ("material", "quantity", "scrap_percent", "used_in")
MOST_ROWS: Final = 400
DEEPEST: Final = 12


def _name(bom: Bom) -> str:
    return bom.revision.product.name if bom.revision is not None else bom.material.name if bom.material else ""


def _code(bom: Bom) -> str:
    if bom.revision is not None:
        return f"{bom.revision.product.model} {bom.revision.code}"
    return bom.material.code if bom.material else ""


class BomList(MasterList):
    key = "boms"
    subject = "boms"
    permission = "supply.view"
    title = gettext_lazy("Bills of material")
    icon = "list-details"
    search_kind = "product"
    search_hint = gettext_lazy("Product, material, pinyin initials")
    create = ("bom_new", gettext_lazy("New bill of material"), "supply.change")
    import_url = ("boms_import", "supply.change")
    empty_text = gettext_lazy(
        "What each product revision is made of: write a bill of material, or import it from Excel."
    )
    template_name = "supply/list.html"
    filters = ()
    tabs = (BuiltInView(gettext_lazy("All"), ""),)
    columns = (
        Column(
            "name",
            gettext_lazy("Of"),
            _name,
            lambda one: two_lines(reverse("bom", args=[one.pk]), _name(one), _code(one)),
            sort=("revision__product__model", "material__code"),
        ),
        Column("kind", gettext_lazy("Kind"), lambda one: _("Product") if one.revision_id else _("Made here")),
        Column(
            "line_count",
            gettext_lazy("Lines"),
            lambda one: one.line_count,
            sort=("line_count",),
            number=True,
        ),
        Column("notes", gettext_lazy("Notes"), lambda one: one.notes, fold=True),
    )

    def everything(self, actor: User) -> QuerySet[Bom]:
        return listed_boms(actor)

    def rows_under(self, actor: User, query: QueryDict) -> QuerySet[Any]:
        return listed_boms(actor)

    def _filtered(self, query: Any, rows: QuerySet[Any]) -> QuerySet[Any]:
        text = query.get("q", "").strip()
        if not text:
            return super()._filtered(query, rows)
        return rows.filter(
            Q(revision__product_id__in=ids(text, "product"))
            | Q(material_id__in=ids(text, "material"))
            | Q(lines__material_id__in=ids(text, "material"))
        ).distinct()

    def url_of(self, item: Any) -> str:
        return reverse("bom", args=[item.pk])


@dataclass(frozen=True, slots=True)
class TreeRow:
    """A part at its level; ``total`` for one unit of the whole, scrap included."""

    material: Material
    level: int
    quantity: Decimal
    total: Decimal
    scrap: Decimal
    used_in: str
    is_made: bool
    free: Decimal

    @property
    def indent(self) -> str:
        return "　" * (self.level - 1)


def _tree(bom: Bom) -> list[TreeRow]:
    bills = bills_below([bom])
    parts = {part.material for lines in bills.values() for part in lines}
    found = Material.objects.in_bulk(parts)
    free: dict[int, Decimal] = {}
    for item in StockItem.objects.filter(material_id__in=parts):
        free[item.material_id] = free.get(item.material_id, Decimal(0)) + item.free
    rows: list[TreeRow] = []

    def walk(key: Any, amount: Decimal, level: int, used_in: str) -> None:
        for part in bills.get(key, ()):
            if len(rows) >= MOST_ROWS:
                return
            total = amount * part.quantity * (1 + part.scrap_percent / 100)
            made = part.material in bills
            task = part.used_in or used_in
            rows.append(
                TreeRow(
                    found[part.material],
                    level,
                    part.quantity,
                    total.quantize(Decimal("0.0001")).normalize() + 0,
                    part.scrap_percent,
                    task,
                    made,
                    free.get(part.material, Decimal(0)),
                )
            )
            if made and level < DEEPEST:
                walk(part.material, total, level + 1, task)

    walk(("revision", bom.revision_id) if bom.revision_id else bom.material_id, Decimal(1), 1, "")
    return rows


def bom(request: HttpRequest, pk: int) -> HttpResponse:
    """All levels, with what one unit takes of each part."""
    actor = actor_of(request)
    found = bom_by_id(actor, pk)
    rows = _tree(found)
    cost = sum((row.total * row.material.standard_cost for row in rows if not row.is_made), Decimal(0))
    context = {
        "title": str(found),
        "found": found,
        "rows": rows,
        "is_cut": len(rows) >= MOST_ROWS,
        "cost": cost.quantize(Decimal("0.01")),
        "levels": max((row.level for row in rows), default=0),
        "sees_costs": sees_costs(actor),
        "may_change": may(actor, "supply.change"),
        "story": story(story_of(found)[:40], [Bom]),
    }
    return render(request, "supply/bom.html", context)


def edit_bom(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Write the lines of one level."""
    actor = actor_of(request)
    found = bom_by_id(actor, pk) if pk else None
    require(actor, "supply.change")
    reasons: Sequence[Reason] = ()
    status = 200
    rows = [
        {
            "material": line.material.code,
            "quantity": plain(line.quantity),
            "scrap_percent": plain(line.scrap_percent) if line.scrap_percent else "",
            "used_in": line.used_in,
        }
        for line in (found.lines.all() if found else [])
    ]
    whole = request.POST.get("whole", request.GET.get("whole", ""))
    if request.method == "POST":
        reader = RowReader(request.POST, COLUMNS)
        rows = list(reader.rows)
        try:
            saved = _save(request, actor, found, whole, reader)
        except Refusal as refusal:
            reasons, status = refusal.reasons, status_of(refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("bom", pk=saved.pk)
    context = {
        "title": str(found) if found else _("New bill of material"),
        "found": found,
        "whole": whole,
        "rows": padded(rows, COLUMNS),
        "revisions": ProductRevision.objects.filter(bom=None)
        .select_related("product")
        .order_by("product__model", "code")
        if not found
        else [],
        "made": Material.objects.filter(kind=MaterialKind.MADE, bom=None, archived_at=None) if not found else [],
        "materials": Material.objects.filter(archived_at=None).order_by("code"),
        "reasons": reasons,
    }
    return render(request, "supply/bom_form.html", context, status=status)


def _save(request: HttpRequest, actor: User, found: Bom | None, whole: str, reader: RowReader) -> Bom:
    lines = [
        BomLineFacts(
            reader.material(at) or 0,
            reader.number(at, "quantity"),
            reader.number(at, "scrap_percent", Decimal(0)),
            reader.text(at, "used_in"),
            row=at + 1,
        )
        for at in range(len(reader.rows))
    ]
    if reader.reasons:
        raise Refusal(*reader.reasons)
    notes = request.POST.get("notes", "")
    if found is not None:
        return set_bom(
            actor=actor,
            revision_id=found.revision_id,
            material_id=found.material_id,
            lines=lines,
            notes=notes,
            expected_version=version_of(request),
        )
    kind, _colon, key = whole.partition(":")
    if kind not in ("revision", "material") or not (number := reading.whole(key)):
        raise Refusal(Reason("bom.whole", N_("Say what the bill of material is for."), field="whole"))
    if kind == "revision":
        return set_bom(actor=actor, revision_id=number, lines=lines, notes=notes)
    return set_bom(actor=actor, material_id=number, lines=lines, notes=notes)
