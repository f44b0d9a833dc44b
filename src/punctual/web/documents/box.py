"""The list of documents with its forms, as the pages of orders, tasks and inspections show it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.http import HttpRequest

from punctual.domain.delivery.models import DocumentRequest
from punctual.domain.delivery.services.documents import DECIDE, HOLDERS, order_behind
from punctual.domain.orders.models import Order
from punctual.domain.plans.models import Task
from punctual.platform.accounts.permissions import may
from punctual.platform.attachments.models import Attachment, DocumentKind
from punctual.platform.attachments.services import documents_on
from punctual.platform.audit.services import target_type
from punctual.web.master.pages import actor_of

Row = tuple[models.Model, Attachment]


def box_of(request: HttpRequest, target: models.Model, rows: Sequence[Row] | None = None) -> dict[str, Any]:
    """What the template needs. ``target`` takes new files; ``rows`` (holder, document) where more than its own are
    shown. The caller has fetched them for the actor."""
    actor, name = actor_of(request), target_type(target)
    shown = [(target, one) for one in documents_on(target)] if rows is None else list(rows)
    order = order_behind(target)
    asked = {
        one.attachment_id: one
        for one in DocumentRequest.objects.filter(attachment__in=[file.pk for _holder, file in shown])
        .select_related("task")
        .order_by("pk")
    }
    may_decide = may(actor, DECIDE)
    tasks = Task.objects.filter(plan__order=order, is_summary=False, percent__lt=100) if order else Task.objects.none()
    return {
        "documents": [
            {"file": file, "asked": asked.get(file.pk), "holder": holder if holder != target else None}
            for holder, file in shown
        ],
        "holder": name,
        "target": target,
        "kinds": DocumentKind.choices,
        "kind_now": DocumentKind.CERTIFICATE if name == "inspection" else DocumentKind.DRAWING,
        "may_attach": may(actor, HOLDERS[name].attach),
        "may_decide": may_decide,
        "may_ask": may_decide and order is not None,
        "waiting_tasks": list(tasks.order_by("sequence")) if may_decide and any(f.approval for _h, f in shown) else [],
        "task_now": target.pk if isinstance(target, Task) else None,
        "link": request.session.pop(f"document-{order.pk}", "") if isinstance(target, Order) and order else "",
        "page": request.get_full_path(),
        "me": actor,
    }
