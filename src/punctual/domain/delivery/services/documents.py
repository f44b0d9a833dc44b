"""Documents of an order: attach with a kind, approve, let the customer approve by a link while a task waits."""

from __future__ import annotations

import datetime as dt
from typing import IO, Final

from django.db import transaction
from django.utils import timezone

from punctual.domain.delivery.models import DocumentRequest
from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import order_by_id
from punctual.domain.orders.services.review import page_of
from punctual.domain.plans.models import Task
from punctual.domain.plans.services.editing import edit_plan
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.attachments.models import Approval, Attachment, DocumentKind
from punctual.platform.attachments.services import attach, attachments_of, decide_document
from punctual.platform.links.services import issue, mark_used, opened
from punctual.platform.notifications.services import notify
from punctual.platform.outbox.services import emit

LINK: Final = "document"


@transaction.atomic
def attach_document(
    *, actor: User, order_id: int, file: IO[bytes], name: str, kind: str, needs_approval: bool = False
) -> Attachment:
    """Keep a document with the order; with ``needs_approval`` it does not count before somebody has said yes."""
    require(actor, "orders.comment")
    order = order_by_id(actor, order_id)
    if kind not in DocumentKind.values:
        raise Refusal(Reason("document.kind", N_("Choose what kind of document it is."), field="kind"))
    approval = Approval.WAITING if needs_approval else Approval.NONE
    return attach(actor=actor, target=order, file=file, name=name, kind=kind, approval=approval)


@transaction.atomic
def decide(*, actor: User, order_id: int, attachment_id: int, approve: bool, note: str = "") -> Attachment:
    """Somebody here approves or rejects; never a document of one's own."""
    require(actor, "delivery.accept")
    order = order_by_id(actor, order_id)
    found = attachments_of(order).filter(pk=attachment_id).first()
    if found is not None and found.uploaded_by_id == actor.pk:
        text = N_("Nobody approves a document of their own; ask a colleague or the customer.")
        raise Refusal(Reason("document.own", text))
    return decide_document(
        actor=actor, target=order, attachment_id=attachment_id, approve=approve, name=actor.name, note=note
    )


@transaction.atomic
def ask_customer(
    *, actor: User, order_id: int, attachment_id: int, task_id: int | None = None
) -> tuple[DocumentRequest, str]:
    """A link by which the customer approves a document once; ``task_id`` is the task that waits for it."""
    require(actor, "delivery.accept")
    order = order_by_id(actor, order_id)
    found = attachments_of(order).filter(pk=attachment_id).first()
    reasons = []
    if found is None:
        reasons.append(Reason("attachment.not_found", N_("This file is not attached any more.")))
    elif found.approval != Approval.WAITING:
        reasons.append(Reason("attachment.not_waiting", N_("This file does not wait for approval.")))
    task = Task.objects.filter(pk=task_id, plan__order=order, is_summary=False).first() if task_id else None
    if task_id and task is None:
        reasons.append(
            Reason("document.task", N_("The plan has no such task any more; choose it again."), field="task")
        )
    if task is not None and not may(actor, "plans.report"):
        reasons.append(Reason("document.report", N_("Only who may report progress ties a task to it."), field="task"))
    if reasons:
        raise Refusal(*reasons)
    assert found is not None
    request = DocumentRequest.objects.create(order=order, attachment=found, task=task, asked_by=actor)
    _link, token = issue(actor=actor, purpose=LINK, target=request)
    return request, token


@transaction.atomic
def answer_by_link(*, token: str, approve: bool, name: str, note: str, today: dt.date) -> DocumentRequest:
    """The customer answers; with a yes the waiting task is done."""
    link = opened(purpose=LINK, token=token, for_use=True)
    request = DocumentRequest.objects.select_related("order__owner", "attachment", "asked_by", "task").get(
        pk=link.target_id
    )
    decide_document(
        actor=None,
        target=request.order,
        attachment_id=request.attachment_id,
        approve=approve,
        name=name,
        note=note,
    )
    mark_used(link)
    request.answered_at = timezone.now()
    request.save(update_fields=["answered_at"])
    if approve:
        _finish_task(request, today)
    _tell(request, name, approve=approve)
    emit("document.answered", order_id=request.order_id, attachment_id=request.attachment_id, approved=approve)
    return request


def _finish_task(request: DocumentRequest, today: dt.date) -> None:
    task = request.task
    if task is None or task.percent >= 100:
        return
    command = {"verb": "progress", "task": task.pk, "percent": 100}
    edit_plan(plan_id=task.plan_id, actor=request.asked_by, today=today, expected_version=None, command=command)


def _tell(request: DocumentRequest, name: str, *, approve: bool) -> None:
    order: Order = request.order
    people = {one.pk: one for one in (order.owner, request.asked_by) if one is not None}
    text = N_("%(who)s approved %(file)s of %(order)s.") if approve else N_("%(who)s rejected %(file)s of %(order)s.")
    notify(
        users=people.values(),
        kind="document",
        text=text,
        params={"who": name.strip(), "file": request.attachment.name, "order": order.label},
        url=f"{page_of(order)}documents/",
    )
