"""Purchase orders: list, page, entry, and every step of their life."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.contrib import messages
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from punctual.domain.parties.selectors import suppliers
from punctual.domain.supply.life import LIFE
from punctual.domain.supply.models import Material, PurchaseLine, PurchaseOrder, PurchaseState
from punctual.domain.supply.rules import PurchaseLineFacts
from punctual.domain.supply.selectors import (
    lines_of,
    listed_purchases,
    places,
    purchase_by_key,
    sees_costs,
)
from punctual.domain.supply.services import purchases
from punctual.flows.supplier_late import Effect
from punctual.kernel.quantity import plain
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, reasons_against, require
from punctual.platform.audit.services import story_of
from punctual.web import formatting
from punctual.web.formatting import comma, listed
from punctual.web.master.history import story
from punctual.web.master.pages import actor_of
from punctual.web.orders.actions import version_of
from punctual.web.shell.columns import BuiltInView, Column, Filter
from punctual.web.shell.lists import ListPage
from punctual.web.shell.middleware import status_of
from punctual.web.shell.reading import whole, wholes
from punctual.web.supply import marks
from punctual.web.supply.rows import RowReader, padded

COLUMNS: Final = ("material", "description", "quantity", "unit_price", "asked_date")


def _day_cell(day: dt.date | None, *, late: bool = False) -> SafeString:
    return format_html('<span class="nw{}">{}</span>', " late b" if late else "", formatting.day_text(day))


def _materials_cell(order: Any) -> SafeString:
    lines: Sequence[PurchaseLine] = order.first_lines
    words = [
        format_html(
            "{} ×{}", line.material.name if line.material else line.description, formatting.quantity_text(line.quantity)
        )
        for line in lines[:2]
    ]
    more = order.line_count - len(words)
    if more > 0:
        words.append(format_html("+{}", more))
    return format_html_join(comma(), "{}", ((one,) for one in words))


def _slip(order: Any) -> int | None:
    """The worst line: calendar days after its first confirmed date."""
    late = [
        (line.expected_date - line.confirmed_date).days
        for line in order.first_lines
        if line.expected_date and line.confirmed_date and line.received < line.quantity
    ]
    return max(late, default=None)


def _by_state(rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
    return rows.filter(state__in=values)


def _by_standing(rows: QuerySet[Any], values: Sequence[str]) -> QuerySet[Any]:
    today = timezone.localdate()
    running = rows.filter(state__in=["sent", "confirmed", "partially_received"])
    if values[0] == "overdue":
        return running.filter(arrives__lt=today)
    if values[0] == "postponed":
        return running.filter(lines__expected_date__gt=F("lines__confirmed_date")).distinct()
    if values[0] == "unanswered":
        return rows.filter(state="sent")
    return rows


class PurchaseList(ListPage):
    peeks = True
    peek_fields = ("notes",)
    key = "purchase-orders"
    title = gettext_lazy("Purchase orders")
    icon = "truck-delivery"
    search_kind = "purchaseorder"
    search_hint = gettext_lazy("Number, supplier, material, pinyin initials")
    create = ("purchase_order_new", gettext_lazy("New purchase order"), "supply.change")
    empty_text = gettext_lazy("What is ordered from suppliers. Orders begin with a purchase request, or here.")
    default_sort = "-number"
    template_name = "supply/list.html"
    tabs = (
        BuiltInView(gettext_lazy("Running"), "state=sent,confirmed,partially_received"),
        BuiltInView(gettext_lazy("Postponed"), "standing=postponed"),
        BuiltInView(gettext_lazy("Overdue"), "standing=overdue"),
        BuiltInView(gettext_lazy("Not answered"), "standing=unanswered"),
        BuiltInView(gettext_lazy("All"), ""),
    )
    filters = (
        Filter("state", gettext_lazy("State"), lambda actor: PurchaseState.choices, _by_state),
        Filter(
            "standing",
            gettext_lazy("Standing"),
            lambda actor: [
                ("overdue", gettext_lazy("Overdue")),
                ("postponed", gettext_lazy("Postponed")),
                ("unanswered", gettext_lazy("Not answered")),
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
        Column("number", gettext_lazy("Number"), lambda one: one.number, marks.purchase_link, sort=("number",)),
        Column("supplier", gettext_lazy("Supplier"), lambda one: str(one.supplier), sort=("supplier__name",)),
        Column(
            "materials",
            gettext_lazy("Materials"),
            lambda one: listed(line.description for line in one.first_lines),
            _materials_cell,
            fold=True,
        ),
        Column(
            "total_amount",
            gettext_lazy("Amount"),
            lambda one: one.total_amount,
            lambda one: format_html("{}", formatting.money_text(one.total_amount, one.currency)),
            sort=("total_amount",),
            number=True,
            permission="supply.see_costs",
        ),
        Column("sent_on", gettext_lazy("Sent"), lambda one: one.sent_on, lambda one: _day_cell(one.sent_on), fold=True),
        Column(
            "arrives",
            gettext_lazy("Arrives"),
            lambda one: one.arrives,
            lambda one: _day_cell(one.arrives, late=(_slip(one) or 0) > 0),
            sort=("arrives",),
        ),
        Column(
            "slip",
            gettext_lazy("Slip"),
            _slip,
            lambda one: format_html("{}", formatting.days_text(_slip(one)) if _slip(one) else "—"),
            number=True,
        ),
        Column(
            "state",
            gettext_lazy("State"),
            lambda one: one.get_state_display(),
            lambda one: marks.purchase_chip(one, today=timezone.localdate()),
            sort=("state",),
        ),
        Column("buyer", gettext_lazy("Buyer"), lambda one: str(one.buyer or ""), fold=True),
    )

    def rows(self, actor: User) -> QuerySet[PurchaseOrder]:
        return listed_purchases(actor)

    def url_of(self, item: Any) -> str:
        return marks.purchase_url(item)

    def get(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        require(actor_of(request), "supply.view")
        return super().get(request, *args, **kwargs)


@dataclass(frozen=True, slots=True)
class LineView:
    line: PurchaseLine
    chip: SafeString
    late: int | None


@dataclass(frozen=True, slots=True)
class Step:
    """A button; with ``reasons`` it stays visible, locked, and says why."""

    verb: str
    label: str
    icon: str
    primary: bool = False
    asks_reason: bool = False
    reasons: tuple[Reason, ...] = ()


def _steps(order: PurchaseOrder, actor: User) -> list[Step]:
    wanted = (
        ("send", "supply.change", "send", PurchaseState.DRAFT, False),
        ("close", "supply.change", "lock", PurchaseState.RECEIVED, order.state == PurchaseState.PARTIALLY_RECEIVED),
        ("cancel", "supply.change", "ban", None, True),
    )
    found = []
    for verb, permission, icon, primary_in, asks in wanted:
        if not LIFE.allows(order.state, verb) or not may(actor, permission):
            continue
        found.append(Step(verb, _(LIFE.verbs[verb]), icon, order.state == primary_in, asks))
    return found


def page(request: HttpRequest, number: str, *, effect: Effect | None = None, token_url: str = "") -> HttpResponse:
    """One purchase order: lines with every date that was given, receipts, for whom, story."""
    actor, today = actor_of(request), timezone.localdate()
    require(actor, "supply.view")
    order = purchase_by_key(actor, number)
    lines = list(lines_of(order))
    context = {
        "title": order.number,
        "order": order,
        "chip": marks.purchase_chip(order, today=today),
        "lines": [
            LineView(
                line,
                marks.line_chip(line, today=today),
                (line.expected_date - line.confirmed_date).days if line.expected_date and line.confirmed_date else None,
            )
            for line in lines
        ],
        "steps": _steps(order, actor),
        "sees_costs": sees_costs(actor),
        "may_edit": may(actor, "supply.change") and LIFE.allows(order.state, "change"),
        "may_confirm": may(actor, "supply.dates") and LIFE.allows(order.state, "confirm"),
        "may_revise": may(actor, "supply.dates") and LIFE.allows(order.state, "revise"),
        "may_receive": may(actor, "supply.change") and LIFE.allows(order.state, "receive"),
        "may_link": may(actor, "supply.dates") and LIFE.allows(order.state, "link"),
        "against_dates": reasons_against(actor, "supply.dates"),
        "places": places(),
        "today": today,
        "active_link": order.links.filter(withdrawn_at=None, used_at=None, expires_on__gte=today).first(),
        "token_url": token_url,
        "effect": effect,
        "story": story(story_of(order)[:60], [PurchaseOrder], hidden=() if sees_costs(actor) else ("total_amount",)),
    }
    return render(request, "supply/purchase.html", context)


# --------------------------------------------------------------------------------------------------------- entry


def edit_purchase(request: HttpRequest, number: str = "") -> HttpResponse:
    """Make a draft, or change one."""
    actor, today = actor_of(request), timezone.localdate()
    order = purchase_by_key(actor, number) if number else None
    require(actor, "supply.change")
    reasons: tuple[Reason, ...] = ()
    status = 200
    rows: list[dict[str, Any]] = _stored(order) if order else []
    head = {
        "supplier": str(order.supplier_id) if order else request.GET.get("supplier", ""),
        "payment_terms": order.payment_terms if order else "",
        "notes": order.notes if order else "",
    }
    if request.method == "POST":
        head = {name: request.POST.get(name, "").strip() for name in head}
        reader = RowReader(request.POST, COLUMNS)
        rows = list(reader.rows)
        try:
            saved = _save(request, actor, order, reader, head, today=today)
        except Refusal as refusal:
            reasons, status = refusal.reasons, status_of(refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect(marks.purchase_url(saved))
    context = {
        "title": order.number if order else _("New purchase order"),
        "order": order,
        "head": head,
        "rows": padded(rows, COLUMNS),
        "suppliers": suppliers(actor),
        "materials": Material.objects.filter(archived_at=None).exclude(kind="made").order_by("code"),
        "reasons": reasons,
    }
    return render(request, "supply/purchase_form.html", context, status=status)


def _stored(order: PurchaseOrder) -> list[dict[str, Any]]:
    return [
        {
            "material": str(line.material.code) if line.material else "",
            "description": line.description,
            "quantity": plain(line.quantity),
            "unit_price": plain(line.unit_price),
            "asked_date": line.asked_date.isoformat() if line.asked_date else "",
        }
        for line in order.lines.select_related("material")
    ]


def _save(
    request: HttpRequest,
    actor: User,
    order: PurchaseOrder | None,
    reader: RowReader,
    head: dict[str, str],
    *,
    today: dt.date,
) -> PurchaseOrder:
    facts = []
    kept = list(order.lines.order_by("line_no")) if order else []
    for at in range(len(reader.rows)):
        material = reader.material(at)
        same = kept[at] if at < len(kept) and kept[at].material_id == material else None
        facts.append(
            PurchaseLineFacts(
                quantity=reader.number(at, "quantity"),
                unit_price=reader.number(at, "unit_price", Decimal(0)),
                material_id=material,
                task_id=same.task_id if same else None,
                order_id=same.order_id if same else None,
                description=reader.text(at, "description"),
                unit=same.unit if same else "",
                asked_date=reader.day(at, "asked_date"),
            )
        )
    if reader.reasons:
        raise Refusal(*reader.reasons)
    if order is not None:
        return purchases.change_purchase(
            actor=actor,
            purchase_id=order.pk,
            lines=facts,
            payment_terms=head["payment_terms"],
            notes=head["notes"],
            expected_version=version_of(request),
        )
    if not whole(head["supplier"]):
        raise Refusal(Reason("purchase_order.supplier", N_("Choose a supplier."), field="supplier"))
    return purchases.create_purchase(
        actor=actor,
        supplier_id=whole(head["supplier"]),
        lines=facts,
        today=today,
        payment_terms=head["payment_terms"],
        notes=head["notes"],
    )
