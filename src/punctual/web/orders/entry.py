"""Entering and editing an order: header form, line grid, checks that follow every keystroke."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any, Final, cast

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from punctual.domain.catalog.models import Product
from punctual.domain.orders.facts import Catalogue, catalogue_for, current_revision, findings_of
from punctual.domain.orders.inputs import (
    HEADER_FIELDS,
    LINE_FIELDS,
    LineInput,
    OrderInput,
    input_of,
    read_order,
    unreadable,
)
from punctual.domain.orders.life import LIFE
from punctual.domain.orders.models import CURRENCIES, Order, Priority, Waiver
from punctual.domain.orders.rules import Finding, passed
from punctual.domain.orders.selectors import Checked, order_by_key, sorted_out, waivers_of
from punctual.domain.orders.services.drafts import change_order, create_order
from punctual.domain.parties.models import Customer
from punctual.kernel.money import rounded
from punctual.kernel.quantity import plain
from punctual.kernel.refusal import Conflict, Reason, Refusal, refuse_if
from punctual.kernel.told_json import read_json
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.custom_fields.selectors import fields_of, values_of
from punctual.platform.records import get_or_not_found
from punctual.web.custom_fields.forms import add_inputs, initial_of, split
from punctual.web.formatting import moment_text
from punctual.web.orders import marks
from punctual.web.orders.actions import version_of
from punctual.web.orders.tables import possible_owners
from punctual.web.shell.changes import changed
from punctual.web.shell.refusals import worded

MOST_IN_GRID: Final = 1000
MOST_SUGGESTED: Final = 12

WORDS: Final = {
    "open": gettext_lazy("Type a model"),
    "unsaved": gettext_lazy("Not saved yet"),
    "autosaved": gettext_lazy("Saved as a draft by itself at {time}"),
    "kept": gettext_lazy("Not saved yet; kept in this browser"),
    "withdraw": gettext_lazy("Withdraw"),
    "failed": gettext_lazy("Not saved: the server did not answer. Try again."),
    "errors": gettext_lazy("Errors"),
    "warnings": gettext_lazy("Warnings"),
    "waived": gettext_lazy("Waived"),
    "passed": gettext_lazy("Passed"),
    "waive": gettext_lazy("Waive…"),
    "more": gettext_lazy("More about the line"),
    "remove": gettext_lazy("Remove the line"),
    "ready": gettext_lazy("Nothing speaks against submitting it for review."),
    "not_ready": gettext_lazy("Not ready for review:"),
    "fix_errors": gettext_lazy("put the errors right"),
    "fix_warnings": gettext_lazy("put the warnings right or waive them by name"),
    "conflict": gettext_lazy("Somebody else changed this order in the meantime."),
    "line": gettext_lazy("Line"),
}


def _actor(request: HttpRequest) -> User:
    return cast(User, request.user)


def _json(value: object) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    return "" if value is None else value


def _line_json(line: LineInput) -> dict[str, Any]:
    return {"id": line.id, "line_no": line.line_no, **{name: _json(getattr(line, name)) for name in LINE_FIELDS}}


def _header_json(data: OrderInput) -> dict[str, Any]:
    related = {"customer", "contact", "owner"}
    plain_fields = {name: _json(getattr(data, name)) for name in HEADER_FIELDS if name not in related}
    return plain_fields | {name: getattr(getattr(data, name), "pk", "") or "" for name in related}


def new_order(request: HttpRequest) -> HttpResponse:
    """An empty form, or with POST the new draft."""
    actor = _actor(request)
    require(actor, "orders.change")
    if request.method == "POST":
        return _save(request, None)
    data = OrderInput(owner=actor)
    customer = request.GET.get("customer", "")
    if customer.isdecimal() and len(customer) < 18:
        data.customer = Customer.objects.filter(pk=int(customer), archived_at=None).first()
    return _form(request, data, None)


def edit_order(request: HttpRequest, key: str) -> HttpResponse:
    """The form of a draft, or with POST its next version."""
    actor = _actor(request)
    require(actor, "orders.change")
    order = order_by_key(actor, key)
    if request.method == "POST":
        return _save(request, order)
    refuse_if(LIFE.reasons(order.state, "change"))
    if order.line_count > MOST_IN_GRID:
        text = N_("This order has %(lines)d lines; the grid takes up to %(most)d. Change it by import or API.")
        raise Refusal(Reason("order.grid", text, {"lines": order.line_count, "most": MOST_IN_GRID}))
    return _form(request, input_of(order), order)


def _form(request: HttpRequest, data: OrderInput, order: Order | None) -> HttpResponse:
    actor = _actor(request)
    lines = [_line_json(line) for line in data.lines]
    entry = {
        "id": order.pk if order else None,
        "version": order.version if order else None,
        "lines": lines,
        "words": {name: str(words) for name, words in WORDS.items()},
        "may_waive": may(actor, "orders.waive"),
        "keep": f"punctual-entry-{actor.pk}-{order.pk if order else 'new'}",
        "urls": {
            "save": request.path,
            "check": reverse("order_check"),
            "products": reverse("order_products"),
            "customer": reverse("order_customer", args=[0]),
            "promise": reverse("promise_entry"),
        },
    }
    contacts = data.customer.contacts.filter(archived_at=None) if data.customer else []
    owners = possible_owners()
    context = {
        "title": order.label if order else _("New order"),
        "order": order,
        "state_chip": marks.state_chip(order) if order else marks.chip("pencil", "", _("Draft")),
        "head": _header_json(data),
        "entry": entry,
        "customers": Customer.objects.filter(archived_at=None).order_by("name"),
        "contacts": contacts,
        "owners": owners,
        "currencies": CURRENCIES,
        "priorities": Priority.choices,
        "own": _own_inputs(order),
        "may_submit": may(actor, "orders.submit"),
        "may_promise": may(actor, "scheduling.view"),
    }
    return render(request, "orders/entry.html", context)


def _save(request: HttpRequest, order: Order | None) -> HttpResponse:
    actor, today = _actor(request), timezone.localdate()
    try:
        data, reasons = read_entry(request.POST.get("data", ""), input_of(order) if order else None)
        if order is None:
            order = create_order(actor=actor, data=data, today=today, reasons=reasons)
        else:
            order = change_order(
                actor=actor,
                order_id=order.pk,
                data=data,
                expected_version=version_of(request),
                today=today,
                reasons=reasons,
            )
    except Conflict as conflict:
        return _conflict(conflict)
    except Refusal as refusal:
        return JsonResponse({"reasons": [_reason_json(one) for one in refusal.reasons]}, status=422)
    return JsonResponse(
        {
            "id": order.pk,
            "version": order.version,
            "lines": dict(order.lines.values_list("line_no", "pk")),
            "url": reverse("order", args=[order.key]),
            "edit": reverse("order_edit", args=[order.key]),
            "submit": reverse("order_do", args=[order.key, "submit"]),
            "quote": reverse("order_do", args=[order.key, "quote"]),
            "waive": reverse("order_waive", args=[order.key]),
            "promise": reverse("promise_give", args=[order.key]),
            "withdraw": reverse("order_withdraw", args=[order.key, 0]),
        }
    )


def read_entry(text: str, before: OrderInput | None = None) -> tuple[OrderInput, list[Reason]]:
    """The JSON that the grid sends; what it leaves out of the header stays as ``before``."""
    try:
        raw = read_json(text)
    except ValueError as error:
        raise Refusal(Reason("order.entry", N_("The form did not arrive whole. Send it again."))) from error
    told, lines = (raw.get("header", {}), raw.get("lines", [])) if isinstance(raw, dict) else (None, None)
    if not isinstance(told, dict) or not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        raise Refusal(Reason("order.entry", N_("The form did not arrive whole. Send it again.")))
    header, custom = split(told)
    return read_order({**header, "custom": custom, "lines": lines}, before=before)


def _own_inputs(order: Order | None) -> forms.Form:
    """Inputs for the company's own fields, as they stand."""
    fields = list(fields_of("order"))
    values = values_of(fields, [order.pk])[order.pk] if order and fields else {}
    form = forms.Form(initial=initial_of(fields, values), auto_id="f-%s")
    add_inputs(form, fields)
    return form


def _conflict(conflict: Conflict) -> JsonResponse:
    changes = [asdict(one) for one in changed(conflict.changes)]
    reasons = [_reason_json(one) for one in conflict.reasons]
    return JsonResponse({"reasons": reasons, "changes": changes, "version": conflict.current_version}, status=409)


def _reason_json(reason: Reason) -> dict[str, Any]:
    return {"code": reason.code, "row": reason.row, "field": reason.field, "message": worded(reason)}


@require_POST
def check_entry(request: HttpRequest) -> JsonResponse:
    """Every finding of what is on the screen now; nothing is kept."""
    actor, today = _actor(request), timezone.localdate()
    require(actor, "orders.change")
    data, reasons = read_entry(request.body.decode("utf-8", "replace"))
    identity = request.GET.get("id", "")
    order = Order.objects.filter(pk=int(identity)).first() if identity.isdecimal() and len(identity) < 18 else None
    catalogue = catalogue_for(data, today)
    unread = [unreadable(reason, today) for reason in reasons]
    blind = {(one.reason.row, one.reason.field) for one in unread}
    order_id = order.pk if order else None
    found = findings_of(data, today=today, order_id=order_id, catalogue=catalogue)
    findings = [*unread, *(one for one in found if (one.reason.row, one.reason.field) not in blind)]
    checked = sorted_out(findings, waivers_of(order) if order else [])
    return JsonResponse(_checked_json(data, checked, findings, catalogue))


def _checked_json(
    data: OrderInput, checked: Checked, findings: Sequence[Finding], catalogue: Catalogue
) -> dict[str, Any]:
    total = listed = Decimal(0)
    lines = []
    for line in data.lines:
        facts = catalogue.facts(line.model)
        amount = None
        if line.quantity is not None and line.unit_price is not None:
            amount = rounded(line.quantity * line.unit_price, data.currency)
            total += amount
            price = facts.list_price if facts and facts.list_price is not None else line.unit_price
            listed += rounded(line.quantity * price, data.currency)
        lines.append({**_line_json(line), "amount": f"{amount:,f}" if amount is not None else ""})
    waived = [_finding_json(one, waiver) for one, waiver in checked.waived]
    return {
        "lines": lines,
        "total": f"{total:,f}",
        "listed": f"{listed:,f}",
        "difference": f"{total - listed:+,f}".replace("-", "−") if total != listed else "",
        "findings": [*(_finding_json(one) for one in (*checked.errors, *checked.warnings)), *waived],
        "errors": len(checked.errors),
        "warnings": len(checked.warnings),
        "waived": len(waived),
        "passed": [_(name) for name in passed(findings)],
    }


def _finding_json(finding: Finding, waiver: Waiver | None = None) -> dict[str, Any]:
    reason = finding.reason
    short = _(finding.short) % reason.params if reason.params else _(finding.short)
    return {
        **_reason_json(reason),
        "severity": reason.severity.value,
        "short": short,
        "fixes": [{"field": fix.field, "value": fix.value, "label": _(fix.text) % fix.params} for fix in finding.fixes],
        "waiver": waiver
        and {"id": waiver.pk, "by": str(waiver.by), "at": moment_text(waiver.at), "reason": waiver.reason},
    }


def products(request: HttpRequest) -> JsonResponse:
    """Models that begin with or contain what is typed, for the grid's suggestions."""
    require(_actor(request), "orders.change")
    text = request.GET.get("q", "").strip()
    rows = Product.objects.filter(archived_at=None)
    if text:
        rows = rows.filter(model__icontains=text) | rows.filter(name__icontains=text)
    today = timezone.localdate()
    currency = request.GET.get("currency", "CNY")
    found = []
    for product in rows.order_by("model").prefetch_related("prices", "revisions")[:MOST_SUGGESTED]:
        prices = [one for one in product.prices.all() if one.currency == currency and one.valid_from <= today]
        newest = max(prices, key=lambda one: one.valid_from, default=None)
        found.append(
            {
                "model": product.model,
                "name": product.name,
                "unit": product.unit,
                "revision": current_revision(product, today),
                "price": plain(newest.amount) if newest else "",
            }
        )
    return JsonResponse({"products": found})


def customer_terms(request: HttpRequest, pk: int) -> JsonResponse:
    """What is agreed with a customer, to fill the header."""
    require(_actor(request), "orders.change")
    customer = get_or_not_found(Customer.objects.all(), pk=pk)
    return JsonResponse(
        {
            "contacts": [
                {"id": one.pk, "name": f"{one.name} · {one.title}" if one.title else one.name}
                for one in customer.contacts.filter(archived_at=None)
            ],
            "currency": customer.currency,
            "payment_terms": customer.payment_terms,
            "delivery_place": customer.delivery_place,
        }
    )
