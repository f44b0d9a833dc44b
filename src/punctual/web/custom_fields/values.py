"""The values of custom fields on orders and tasks; those of customers stand in the customer's own form."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from punctual.domain.orders.selectors import order_by_key
from punctual.domain.orders.services.custom import set_order_fields
from punctual.domain.plans.models import Task
from punctual.domain.plans.selectors import plans_of
from punctual.domain.plans.services.custom import set_task_fields
from punctual.platform.accounts.permissions import require
from punctual.platform.custom_fields.selectors import fields_of, values_of
from punctual.platform.records import get_or_not_found
from punctual.web.custom_fields.forms import ValuesForm, initial_of, split
from punctual.web.master.pages import Crumb, actor_of, edit


def _form(request: HttpRequest, subject: str, pk: int, version: int) -> ValuesForm:
    fields = list(fields_of(subject))
    initial = {**initial_of(fields, values_of(fields, [pk])[pk] if fields else {}), "version": version}
    return ValuesForm(fields, request.POST or None, initial=initial)


def order_fields(request: HttpRequest, key: str) -> HttpResponse:
    """Fill in the fields that the company has added to orders."""
    actor = actor_of(request)
    order = order_by_key(actor, key)
    require(actor, "orders.change")
    page = reverse("order", args=[order.key])

    def save(facts: dict[str, Any], version: int | None) -> Model:
        given = split(facts)[1]
        return set_order_fields(actor=actor, order_id=order.pk, given=given, expected_version=version, complete=True)

    return edit(
        request,
        _form(request, "order", order.pk, order.version),
        save,
        title=_("Custom fields"),
        crumbs=[Crumb(reverse("orders"), _("Orders")), Crumb(page, order.label, is_data=True)],
        back=page,
        done=lambda saved: page,
    )


def task_fields(request: HttpRequest, pk: int) -> HttpResponse:
    """Fill in the fields that the company has added to tasks."""
    actor = actor_of(request)
    task = get_or_not_found(Task.objects.filter(plan__in=plans_of(actor)).select_related("plan"), pk=pk)
    require(actor, "plans.edit")
    page = reverse("task", args=[pk])

    def save(facts: dict[str, Any], version: int | None) -> Model:
        given = split(facts)[1]
        return set_task_fields(actor=actor, task_id=pk, given=given, expected_version=version, complete=True)

    return edit(
        request,
        _form(request, "task", pk, task.plan.version),
        save,
        title=_("Custom fields"),
        crumbs=[Crumb(reverse("tasks"), _("Tasks")), Crumb(page, task, is_data=True)],
        back=page,
        done=lambda saved: page,
    )
