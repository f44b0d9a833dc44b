"""What the order checks tolerate and who signs which orders."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from punctual.domain.catalog.models import ProductFamily
from punctual.domain.orders.facts import check_settings
from punctual.domain.orders.models import ReviewRule
from punctual.domain.orders.services.review import SIGNERS
from punctual.domain.orders.services.settings import (
    FIELDS,
    RuleInput,
    change_check_settings,
    replace_review_rules,
)
from punctual.kernel.quantity import NotANumber, parse_decimal, plain
from punctual.kernel.refusal import Conflict, Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.web.orders.actions import version_of
from punctual.web.shell.reading import whole
from punctual.web.shell.refusals import show_in

EMPTY_ROWS = 2


class ChecksForm(forms.Form):
    """The tolerances."""

    price_tolerance_percent = forms.DecimalField(
        label=gettext_lazy("Tolerance around the list price, %"), max_digits=5, decimal_places=2
    )
    at_risk_days = forms.IntegerField(label=gettext_lazy("At risk when fewer days remain to the promise"))
    review_hours = forms.IntegerField(label=gettext_lazy("Hours to sign a review"))
    quote_days = forms.IntegerField(label=gettext_lazy("Days a quotation stays valid"))


def order_settings(request: HttpRequest) -> HttpResponse:
    """Two forms; only who may sees their buttons."""
    actor = cast(User, request.user)
    require(actor, "orders.view")
    found = check_settings()
    form = ChecksForm(initial={name: getattr(found, name) for name in FIELDS})
    reasons: tuple[Reason, ...] = ()
    if request.method == "POST":
        try:
            if request.POST.get("part") == "rules":
                replace_review_rules(actor=actor, rules=_rules(request.POST))
                messages.success(request, _("Saved."))
                return redirect("order_settings")
            form = ChecksForm(request.POST)
            if form.is_valid():
                change_check_settings(actor=actor, expected_version=version_of(request), **form.cleaned_data)
                messages.success(request, _("Saved."))
                return redirect("order_settings")
        except Conflict:
            raise
        except Refusal as refusal:
            show_in(form, refusal) if form.is_bound else None
            reasons = () if form.is_bound else refusal.reasons
    may_change = may(actor, "orders.rules")
    for field in form.fields.values():
        field.disabled = not may_change
    rules = [(rule.family_id, plain(rule.minimum_amount), rule.roles) for rule in ReviewRule.objects.all()]
    rules += [(None, "", [])] * (EMPTY_ROWS if may_change else 0)
    if reasons:
        rules = [(family, amount, list(roles)) for family, amount, roles in _typed(request.POST)]
    context = {
        "title": _("Order checks and review"),
        "form": form,
        "found": found,
        "may_change": may_change,
        "rules": rules,
        "families": ProductFamily.objects.all(),
        "signers": [(role.value, role.label) for role in SIGNERS],
        "reasons": reasons,
    }
    return render(request, "orders/settings.html", context, status=422 if reasons or form.errors else 200)


def _typed(data: QueryDict) -> list[tuple[int | None, str, list[str]]]:
    """Rows of the table as they were typed: family, amount, roles."""
    count = min(whole(data.get("rows", "0")), 200)
    families = [data.get(f"family-{row}", "") for row in range(count)]
    return [
        (
            whole(family) if family else None,
            data.get(f"amount-{row}", "").strip(),
            data.getlist(f"roles-{row}"),
        )
        for row, family in enumerate(families)
    ]


def _rules(data: QueryDict) -> list[RuleInput]:
    """The rules of the table; a row without any role is left out."""
    rules = []
    for row, (family, amount, roles) in enumerate(_typed(data), start=1):
        if not roles:
            continue
        try:
            minimum = parse_decimal(amount or "0", places=2)
        except NotANumber as error:
            text = N_("Rule %(row)d: “%(amount)s” is not an amount.")
            raise Refusal(Reason("order.review_rule.amount", text, {"row": row, "amount": amount})) from error
        rules.append(RuleInput(family, Decimal(minimum), tuple(roles)))
    return rules
