"""Documents of an order, a task or an inspection: attach with a kind, approve, let the customer approve while a task
waits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Final

from django.db import models, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from punctual.domain.delivery.models import DocumentRequest
from punctual.domain.monitoring.my_tasks import task_seen
from punctual.domain.monitoring.services.progress import hold_task, let_go
from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import order_by_id, orders_of
from punctual.domain.orders.services.review import page_of
from punctual.domain.plans.models import Task
from punctual.domain.plans.selectors import plans_of
from punctual.domain.plans.services.editing import edit_plan
from punctual.domain.quality.models import Inspection
from punctual.domain.quality.selectors import inspection_by_id, inspections_of
from punctual.domain.quality.services.inspections import certificate_has_come
from punctual.kernel.refusal import NotFound, Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.attachments.models import Approval, Attachment, DocumentKind
from punctual.platform.attachments.services import PASTED, attach, attachments_of, decide_document
from punctual.platform.audit.services import target_type
from punctual.platform.links.models import SignedLink
from punctual.platform.links.services import issue, mark_used, opened, revoke_all, withdrawn
from punctual.platform.notifications.services import notify
from punctual.platform.outbox.services import emit
from punctual.platform.records import get_or_not_found

LINK: Final = "document"


@dataclass(frozen=True, slots=True)
class Holder:
    """A kind of thing that documents hang on: fetching is authorising; ``attach`` is who adds one."""

    fetch: Callable[[User, int], models.Model]
    attach: str


HOLDERS: Final[dict[str, Holder]] = {
    "order": Holder(order_by_id, "orders.comment"),
    "task": Holder(task_seen, "progress.own"),
    "inspection": Holder(inspection_by_id, "quality.inspect"),
}
"""By model name, which is the attachment's ``target_type``."""

DECIDE: Final = "delivery.accept"


def held(actor: User, holder: str, pk: int) -> models.Model:
    """The thing, for who may see it."""
    if holder not in HOLDERS:
        raise NotFound(Reason("document.holder", N_("Documents hang on orders, tasks and inspections.")))
    return HOLDERS[holder].fetch(actor, pk)


def order_behind(target: models.Model) -> Order | None:
    """The order that a document's holder belongs to; None for a lot that no order is behind."""
    if isinstance(target, Order):
        return target
    if isinstance(target, Task):
        return target.plan.order
    assert isinstance(target, Inspection)
    return target.order


def documents_of_order(actor: User, order: Order) -> list[tuple[models.Model, Attachment]]:
    """Every document of an order, of its tasks and of its inspections that the actor may see, with its holder; photos
    stay where they were taken."""
    holders: dict[tuple[str, int], models.Model] = {("order", order.pk): order}
    tasks = Task.objects.filter(plan__order=order, plan__in=plans_of(actor)).select_related("plan__order")
    holders |= {("task", one.pk): one for one in tasks}
    holders |= {("inspection", one.pk): one for one in inspections_of(actor).filter(order=order)}
    found = models.Q()
    for name in HOLDERS:
        found |= models.Q(target_type=name, target_id__in=[pk for kind, pk in holders if kind == name])
    rows = Attachment.objects.filter(found, removed_at=None).select_related("uploaded_by")
    return [
        (holders[one.target_type, one.target_id], one)
        for one in rows
        if one.kind != PASTED and (one.target_type == "order" or one.kind != DocumentKind.PHOTO)
    ]


@transaction.atomic
def attach_document(
    *, actor: User, holder: str, pk: int, file: IO[bytes], name: str, kind: str, needs_approval: bool = False
) -> Attachment:
    """Keep a document; with ``needs_approval`` it does not count before somebody has said yes."""
    target = held(actor, holder, pk)
    require(actor, HOLDERS[holder].attach)
    if kind not in DocumentKind.values:
        raise Refusal(Reason("document.kind", N_("Choose what kind of document it is."), field="kind"))
    approval = Approval.WAITING if needs_approval else Approval.NONE
    made = attach(actor=actor, target=target, file=file, name=name, kind=kind, approval=approval)
    _certificate(target, made)
    return made


def _certificate(target: models.Model, document: Attachment) -> None:
    good = document.approval in (Approval.NONE, Approval.APPROVED)
    if isinstance(target, Inspection) and document.kind == DocumentKind.CERTIFICATE and good:
        certificate_has_come(target)


@transaction.atomic
def decide(
    *, actor: User, holder: str, pk: int, attachment_id: int, approve: bool, note: str = "", today: dt.date
) -> Attachment:
    """Somebody here approves or rejects; never a document of one's own."""
    target = held(actor, holder, pk)
    require(actor, DECIDE)
    found = attachments_of(target).filter(pk=attachment_id).first()
    if found is not None and found.uploaded_by_id == actor.pk:
        text = N_("Nobody approves a document of their own; ask a colleague or the customer.")
        raise Refusal(Reason("document.own", text))
    made = decide_document(
        actor=actor, target=target, attachment_id=attachment_id, approve=approve, name=actor.name, note=note
    )
    _certificate(target, made)
    for request in _open_requests(made):
        _settle(request, actor, actor.name, approve=approve, today=today)
    return made


def _open_requests(document: Attachment) -> list[DocumentRequest]:
    rows = DocumentRequest.objects.filter(attachment=document, answered_at=None)
    return list(rows.select_related("order__owner", "attachment", "asked_by", "task__plan__order__owner"))


# ------------------------------------------------------------------------------------------------- the customer


@transaction.atomic
def ask_customer(
    *,
    actor: User,
    holder: str,
    pk: int,
    attachment_id: int,
    task_id: int | None = None,
    finishes: bool = True,
) -> tuple[DocumentRequest, str]:
    """A link by which the customer approves a document once. ``task_id`` waits for it: it is blocked until the yes;
    with ``finishes`` the task is the approval itself and done with the yes, else it may go on then."""
    target = held(actor, holder, pk)
    require(actor, DECIDE)
    order = order_behind(target)
    found = attachments_of(target).filter(pk=attachment_id).first()
    reasons = []
    if order is None:
        reasons.append(Reason("document.order", N_("No order is behind it; there is no customer to ask.")))
    if found is None:
        reasons.append(Reason("attachment.not_found", N_("This file is not attached any more.")))
    elif found.approval != Approval.WAITING:
        reasons.append(Reason("attachment.not_waiting", N_("This file does not wait for approval.")))
    tasks = Task.objects.filter(plan__order=order, is_summary=False, percent__lt=100)
    task = tasks.select_related("plan__order__owner").filter(pk=task_id).first() if task_id else None
    if task_id and task is None:
        reasons.append(
            Reason("document.task", N_("The plan has no such open task any more; choose it again."), field="task")
        )
    if task is not None and not may(actor, "plans.report"):
        reasons.append(Reason("document.report", N_("Only who may report progress ties a task to it."), field="task"))
    refuse_if(reasons)
    assert found is not None
    assert order is not None
    _replace_earlier(order, found)
    request = DocumentRequest.objects.create(
        order=order, customer=order.customer, attachment=found, task=task, finishes_task=finishes, asked_by=actor
    )
    if task is not None:
        with translation.override((order.owner or actor).language or translation.get_language()):
            reason = _("The customer has not approved %(file)s yet.") % {"file": f"{found.name} v{found.version}"}
        hold_task(actor=actor, task=task, reason=reason)
    _link, token = issue(actor=actor, purpose=LINK, target=request)
    return request, token


def _replace_earlier(order: Order, document: Attachment) -> None:
    """One question at a time: an earlier version of the same file is not asked about any more."""
    same = DocumentRequest.objects.filter(
        order=order,
        answered_at=None,
        attachment__name=document.name,
        attachment__target_type=document.target_type,
        attachment__target_id=document.target_id,
    )
    for earlier in same:
        revoke_all(earlier, LINK)
    same.update(answered_at=timezone.now())


def request_behind(token: str, *, for_use: bool = False) -> tuple[SignedLink, DocumentRequest]:
    """What a link asks about; when the order has become another customer's, it asks nothing any more."""
    link = opened(purpose=LINK, token=token, for_use=for_use)
    rows = DocumentRequest.objects.select_related(
        "order__owner", "order__customer", "attachment", "asked_by", "task__plan__order__owner"
    )
    found = rows.get(pk=link.target_id)
    if found.customer_id != found.order.customer_id:
        raise withdrawn()
    return link, found


@transaction.atomic
def answer_by_link(*, token: str, approve: bool, name: str, note: str, today: dt.date) -> DocumentRequest:
    """The customer answers; with a yes the waiting task goes on, or is done."""
    link, request = request_behind(token, for_use=True)
    _answered(request, None, approve, name, note, today)
    mark_used(link)
    return request


@transaction.atomic
def answer_by_paper(
    *,
    actor: User,
    request_id: int,
    approve: bool,
    name: str,
    note: str,
    today: dt.date,
    file: IO[bytes] | None,
    file_name: str = "",
) -> DocumentRequest:
    """The customer has answered by letter or mail: the same, with the paper as proof; the link ends."""
    require(actor, DECIDE)
    rows = DocumentRequest.objects.select_related("order__owner", "attachment", "asked_by", "task__plan__order__owner")
    request = get_or_not_found(rows.filter(order__in=orders_of(actor)), pk=request_id)
    reasons = []
    if request.answered_at is not None:
        reasons.append(Reason("document.answered", N_("This is answered already; load the page again.")))
    if file is None:
        text = N_("Attach what the customer has signed or written.")
        reasons.append(Reason("document.paper", text, field="file"))
    refuse_if(reasons)
    assert file is not None
    attach(
        actor=actor, target=request.order, file=file, name=file_name or "agreement", kind=DocumentKind.AGREEMENT.value
    )
    _answered(request, actor, approve, name, note, today)
    revoke_all(request, LINK)
    return request


def _answered(
    request: DocumentRequest, actor: User | None, approve: bool, name: str, note: str, today: dt.date
) -> None:
    target = _holder_of(request)
    made = decide_document(
        actor=actor, target=target, attachment_id=request.attachment_id, approve=approve, name=name, note=note
    )
    _certificate(target, made)
    _settle(request, actor, name, approve=approve, today=today)


def _holder_of(request: DocumentRequest) -> models.Model:
    """What the document hangs on; the question was put by somebody who could see it."""
    document = request.attachment
    for model in (Order, Task, Inspection):
        if target_type(model) == document.target_type:
            found: models.Model = model._default_manager.get(pk=document.target_id)
            return found
    raise NotFound(Reason("attachment.not_found", N_("This file is not attached any more.")))


def _settle(request: DocumentRequest, actor: User | None, name: str, *, approve: bool, today: dt.date) -> None:
    request.answered_at = timezone.now()
    request.save(update_fields=["answered_at"])
    task, by = request.task, actor or request.asked_by
    if task is not None and approve:
        let_go(actor=by, task=task)
        if request.finishes_task and task.percent < 100:
            command = {"verb": "progress", "task": task.pk, "percent": 100}
            edit_plan(plan_id=task.plan_id, actor=request.asked_by, today=today, expected_version=None, command=command)
    elif task is not None:
        with translation.override((request.order.owner or by).language or translation.get_language()):
            file = f"{request.attachment.name} v{request.attachment.version}"
            reason = _("The customer rejected %(file)s; it waits for the next version.") % {"file": file}
        hold_task(actor=by, task=task, reason=reason)
    _tell(request, name, approve=approve)
    emit("document.answered", order_id=request.order_id, attachment_id=request.attachment_id, approved=approve)


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
