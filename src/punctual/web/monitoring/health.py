"""Another health than the rules give: by name, with a reason and an end date."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.monitoring.services.warnings import override_health, withdraw_override
from punctual.domain.orders.selectors import order_by_key
from punctual.web.monitoring.tasks import actor_of


@require_POST
def override(request: HttpRequest, key: str) -> HttpResponse:
    """Set it, or with ``verb=withdraw`` let the rules speak again."""
    actor = actor_of(request)
    order = order_by_key(actor, key)
    if request.POST.get("verb") == "withdraw":
        withdraw_override(actor=actor, order_id=order.pk)
        messages.success(request, _("The rules speak again."))
        return redirect("order", key=order.key)
    text = request.POST.get("until", "")
    try:
        until = dt.date.fromisoformat(text) if text else None
    except ValueError:
        until = None
    override_health(
        actor=actor,
        order_id=order.pk,
        health=request.POST.get("health", ""),
        reason=request.POST.get("reason", ""),
        until=until,
        today=timezone.localdate(),
    )
    messages.success(request, _("Saved."))
    return redirect("order", key=order.key)
