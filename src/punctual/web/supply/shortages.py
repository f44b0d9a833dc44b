"""Shortages over all orders, ranked by what they cost, with the ways out of each."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.orders.models import Order
from punctual.domain.plans.models import Dependency
from punctual.domain.supply.life import ON_THE_WAY
from punctual.domain.supply.models import (
    PurchaseLine,
    Requirement,
    Reservation,
    ReservationState,
    Shortage,
    ShortageState,
    StockItem,
)
from punctual.domain.supply.scorecard import NOTHING, Lateness, lateness
from punctual.domain.supply.selectors import purchase_lines_of, sees_costs, shortage_by_id, shortages_of
from punctual.domain.supply.services.deciding import choose
from punctual.domain.supply.ways import WaysOut
from punctual.kernel.refusal import NotFound
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.search.services import ids
from punctual.platform.sheets.writer import write_xlsx
from punctual.web.formatting import day_text
from punctual.web.master.pages import actor_of
from punctual.web.orders.actions import done
from punctual.web.shell.refusals import worded
from punctual.web.shell.views import safe_next
from punctual.web.supply import marks
from punctual.web.supply.picture import material_picture

PER_PAGE: Final = 15
LINES_SHOWN: Final = 30
ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Row:
    """One shortage as the list shows it."""

    shortage: Shortage
    chip: SafeString
    currency: str
    words: str
    selected: bool


@dataclass(frozen=True, slots=True)
class LineRow:
    """One purchase line that is on its way."""

    line: PurchaseLine
    chip: SafeString
    late: int | None
    record: Lateness
    orders: list[Order]


def _filtered(rows: QuerySet[Shortage], request: HttpRequest) -> QuerySet[Shortage]:
    state = request.GET.get("state", "")
    if state in ShortageState.values:
        rows = rows.filter(state=state)
    order = request.GET.get("order", "")
    if order:
        rows = rows.filter(Q(requirement__order__number=order))
    material = request.GET.get("material", "")
    if material.isdecimal() and len(material) < 18:
        rows = rows.filter(requirement__material_id=int(material))
    text = request.GET.get("q", "").strip()
    if text:
        rows = rows.filter(
            Q(requirement__material_id__in=ids(text, "material")) | Q(requirement__order_id__in=ids(text, "order"))
        )
    return rows


def words_of(shortage: Shortage) -> str:
    """When it comes and when it is needed."""
    need = shortage.requirement
    told = {"arrives": day_text(shortage.arrives), "needed": day_text(need.needed_by)}
    if shortage.uncovered:
        if shortage.days_late > 0:
            return _("not ordered; %(arrives)s at the earliest, needed %(needed)s") % told
        return _("not ordered, needed %(needed)s") % told
    if shortage.state == ShortageState.IN_TIME and shortage.days_late > 0:
        return _("comes %(arrives)s, within the float") % told
    if not shortage.is_confirmed:
        return _("supplier has not answered; asked for %(arrives)s, needed %(needed)s") % told
    return _("comes %(arrives)s, needed %(needed)s") % told


def _selected(actor: User, wish: str) -> Shortage | None:
    """The one that was asked for; one that is gone meanwhile gives way to the first of the list."""
    if not (wish.isdecimal() and len(wish) < 18):
        return None
    try:
        return shortage_by_id(actor, int(wish))
    except NotFound:
        return None


def shortages(request: HttpRequest) -> HttpResponse:
    """The list on the left, one of them on the right; its ways out and the purchase lines below come by themselves."""
    actor, today = actor_of(request), timezone.localdate()
    require(actor, "supply.view")
    everything = shortages_of(actor)
    rows = _filtered(everything, request)
    if request.GET.get("export") == "xlsx":
        return _export(rows)
    # The list shows little of each; the one that is selected is read with everything that its ways out ask for.
    listed = rows.select_related(None).select_related("requirement__material", "requirement__order")
    page = Paginator(listed, PER_PAGE).get_page(request.GET.get("page"))
    found = list(page)
    selected = _selected(actor, request.GET.get("show", "")) or (shortage_by_id(actor, found[0].pk) if found else None)
    counted = everything.aggregate(
        stops=Count("pk", filter=Q(state=ShortageState.STOPS)),
        hangs=Count("pk", filter=Q(state=ShortageState.HANGS)),
        all=Count("pk"),
        orders=Count("requirement__order", distinct=True, filter=Q(state=ShortageState.STOPS)),
        damages=Sum("damages"),
    )
    context = {
        "title": _("Shortages and purchases"),
        "page": page,
        "rows": [
            Row(
                one,
                marks.shortage_chip(one),
                one.requirement.order.currency,
                words_of(one),
                selected is not None and one.pk == selected.pk,
            )
            for one in found
        ],
        "counted": counted,
        "state": request.GET.get("state", ""),
        "q": request.GET.get("q", ""),
        "order_filter": request.GET.get("order", ""),
        "may_change": may(actor, "supply.change"),
    }
    if selected is not None:
        context |= detail(selected, today=today)
    return render(request, "supply/shortages.html", context)


def lines_part(request: HttpRequest) -> HttpResponse:
    """The purchase lines below the shortages."""
    actor = actor_of(request)
    require(actor, "supply.view")
    return render(request, "supply/shortage_lines.html", _lines(actor, request, today=timezone.localdate()))


def ways_part(request: HttpRequest, pk: int) -> HttpResponse:
    """The ways out of one shortage: each is a schedule of its own, and some of other orders' plans too."""
    actor = actor_of(request)
    require(actor, "supply.view")
    shortage = shortage_by_id(actor, pk)
    order = shortage.requirement.order
    ways = WaysOut(shortage, today=timezone.localdate())
    due = order.promised_date or order.requested_date
    context = {
        "selected": shortage,
        "order": order,
        "ways": ways.all(),
        "now": ways.now,
        "due": due,
        "due_text": day_text(due),
        "sees_costs": sees_costs(actor),
        "may_decide": may(actor, "supply.decide"),
    }
    return render(request, "supply/shortage_ways.html", context)


def detail(shortage: Shortage, *, today: dt.date) -> dict[str, Any]:
    """Facts and picture of one shortage."""
    need = shortage.requirement
    items = list(StockItem.objects.filter(material=need.material))
    others = list(
        Reservation.objects.filter(state=ReservationState.ACTIVE, stock_item__material=need.material)
        .exclude(requirement=need)
        .select_related("requirement__order")
        .order_by("requirement__needed_by")
    )
    coming = PurchaseLine.objects.filter(material=need.material, purchase_order__state__in=ON_THE_WAY).aggregate(
        sum=Sum(F("quantity") - F("received"))
    )["sum"]
    return {
        "selected": shortage,
        "need": need,
        "selected_chip": marks.shortage_chip(shortage),
        "on_hand": sum((item.on_hand for item in items), ZERO),
        "for_others": sum((one.quantity for one in others), ZERO),
        "coming": coming or ZERO,
        "picture": material_picture(shortage, today=today, others=others),
        "waiting": _waiting(need),
    }


def _waiting(need: Requirement) -> int:
    """How many tasks wait behind the one that needs it, itself included."""
    if need.task is None:
        return 0
    after: dict[int, list[int]] = {}
    links = Dependency.objects.filter(plan=need.task.plan_id).order_by()
    for before, behind in links.values_list("predecessor_id", "successor_id"):
        after.setdefault(before, []).append(behind)
    seen, waiting = {need.task.pk}, [need.task.pk]
    while waiting:
        for task_id in after.get(waiting.pop(), ()):
            if task_id not in seen:
                seen.add(task_id)
                waiting.append(task_id)
    return len(seen)


def _lines(actor: User, request: HttpRequest, *, today: dt.date) -> dict[str, Any]:
    """Purchase lines that are on their way: those that hold an order back, or all."""
    every = request.GET.get("lines") == "all"
    known = purchase_lines_of(actor).select_related(None).select_related("purchase_order__supplier", "material")
    rows = known.filter(purchase_order__state__in=ON_THE_WAY, received__lt=F("quantity"))
    holding = Reservation.objects.filter(
        state=ReservationState.ACTIVE,
        purchase_line=OuterRef("pk"),
        requirement__shortage__state__in=[ShortageState.STOPS, ShortageState.HANGS],
    )
    harmful = rows.filter(Exists(holding.order_by()))
    chosen = list((rows if every else harmful).order_by("expected_date", "pk")[:LINES_SHOWN])
    records = lateness({line.purchase_order.supplier_id for line in chosen}, today=today)
    held: dict[int, dict[int, Order]] = {}
    spoken = Reservation.objects.filter(purchase_line__in=chosen, state=ReservationState.ACTIVE)
    for one in spoken.select_related("requirement__order").only("purchase_line_id", "requirement__order__number"):
        held.setdefault(one.purchase_line_id or 0, {})[one.requirement.order_id] = one.requirement.order
    return {
        "lines": [
            LineRow(
                line,
                marks.line_chip(line, today=today),
                (line.expected_date - line.confirmed_date).days if line.expected_date and line.confirmed_date else None,
                records.get(line.purchase_order.supplier_id, NOTHING),
                list(held.get(line.pk, {}).values()),
            )
            for line in chosen
        ],
        "lines_all": every,
        "harmful_count": harmful.count() if every or len(chosen) == LINES_SHOWN else len(chosen),
        "line_count": rows.count() if not every or len(chosen) == LINES_SHOWN else len(chosen),
    }


def _export(rows: QuerySet[Shortage]) -> HttpResponse:
    header = [
        _("Materials"), _("Name"), _("Order"), _("Task"), _("Short"), _("Unit"), _("Needed by"), _("Arrives"),
        _("State"), _("Expected damage"), _("Purchase order"),
    ]  # fmt: skip
    lines = (
        [
            one.requirement.material.code,
            one.requirement.material.name,
            one.requirement.order.label,
            str(one.requirement.task or ""),
            one.short,
            one.requirement.material.unit,
            one.requirement.needed_by,
            one.arrives,
            one.get_state_display(),
            one.damages,
            one.purchase_line.purchase_order.number if one.purchase_line else "",
        ]
        for one in rows[:20_000]
    )
    response = HttpResponse(
        write_xlsx(_("Shortages"), header, lines),
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )
    response["Content-Disposition"] = f'attachment; filename="shortages-{timezone.localdate().isoformat()}.xlsx"'
    return response


@require_POST
def choose_way(request: HttpRequest, pk: int) -> HttpResponse:
    """Carry out the way that was chosen."""
    actor = actor_of(request)
    try:
        decided = choose(actor=actor, shortage_id=pk, key=request.POST.get("way", ""), today=timezone.localdate())
    except NotFound:
        messages.warning(
            request, _("This shortage is gone: stock, purchases or plans have changed meanwhile. Nothing was done.")
        )
        return redirect("shortages")
    words = worded(decided.way.title)
    count = sum(len(move.tasks) for move in decided.moves)
    if count:
        sentence = _("Done: %(what)s. %(count)d tasks moved.") % {"what": words, "count": count}
    else:
        sentence = _("Done: %(what)s.") % {"what": words}
    return done(request, safe_next(request) if request.POST.get("next") else reverse("shortages"), sentence)
