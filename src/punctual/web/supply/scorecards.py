"""How suppliers keep their dates."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from punctual.domain.parties.selectors import suppliers
from punctual.domain.supply.scorecard import Scorecard, scorecards
from punctual.platform.accounts.permissions import require
from punctual.web.master.pages import actor_of


def scorecard_page(request: HttpRequest) -> HttpResponse:
    """Every supplier, the latest first."""
    actor = actor_of(request)
    require(actor, "supply.view")
    found = {one.pk: one for one in suppliers(actor)}
    cards = scorecards(list(found), today=timezone.localdate())
    rows: list[tuple[Any, Scorecard]] = [(found[pk], card) for pk, card in cards.items()]
    rows.sort(key=lambda row: (-(row[1].lateness.mean if row[1].lateness.mean is not None else -99), row[0].code))
    context = {"title": _("Supplier scorecard"), "rows": rows}
    return render(request, "supply/scorecards.html", context)
