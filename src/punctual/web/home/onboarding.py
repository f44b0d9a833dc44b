"""The first steps of a new installation: a list on today's page until each of them is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from punctual.domain.calendars.models import WorkingCalendar
from punctual.domain.catalog.models import Product
from punctual.domain.orders.models import Order
from punctual.domain.parties.models import Customer
from punctual.domain.plans.models import Plan, PlanTemplate
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.platform.company.models import Company
from punctual.web.shell.navigation import Words

DONE: Final = "onboarding:done"
"""Kept for a day, so that a company in full swing pays nothing for it."""


@dataclass(frozen=True, slots=True)
class FirstStep:
    label: Words
    url_name: str
    permission: str
    is_done: Callable[[], bool]


STEPS: Final = (
    FirstStep(
        _("Name your company"),
        "company_settings",
        "settings.manage",
        lambda: Company.objects.exclude(name="").exists(),
    ),
    FirstStep(
        _("Bring your colleagues in"),
        "people",
        "accounts.manage",
        lambda: User.objects.filter(is_active=True).count() > 1,
    ),
    FirstStep(_("Set the company calendar"), "calendars", "calendars.change", lambda: WorkingCalendar.objects.exists()),
    FirstStep(_("Enter products"), "products", "catalog.change", lambda: Product.objects.exists()),
    FirstStep(_("Enter customers"), "customers", "customers.change", lambda: Customer.objects.exists()),
    FirstStep(_("Make a plan template"), "plan_templates", "templates.edit", lambda: PlanTemplate.objects.exists()),
    FirstStep(_("Take the first order"), "order_new", "orders.change", lambda: Order.objects.exists()),
    FirstStep(_("Confirm it and get its plan"), "orders", "orders.confirm", lambda: Plan.objects.exists()),
)


def first_steps(request: HttpRequest, subject: Any = None) -> dict[str, Any] | None:
    """The steps with what is done; nothing once all are."""
    if cache.get(DONE):
        return None
    steps = [(one, one.is_done()) for one in STEPS]
    if all(done for _one, done in steps):
        cache.set(DONE, True, 24 * 3600)
        return None
    return {
        "first_steps": [
            (one.label, reverse(one.url_name) if may(request.user, one.permission) else "", done) for one, done in steps
        ]
    }
