"""What is attached to an order, who approved it, and the customer's answer."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.delivery.models import DocumentRequest
from punctual.domain.delivery.services.documents import LINK, answer_by_link, ask_customer, attach_document, decide
from punctual.domain.orders.selectors import order_by_key
from punctual.domain.plans.models import Task
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.permissions import may, require
from punctual.platform.attachments.models import DocumentKind
from punctual.platform.attachments.services import attachments_of, path_of
from punctual.platform.company.services import company
from punctual.platform.links.services import opened
from punctual.web.master.pages import actor_of
from punctual.web.orders.actions import as_download, done
from punctual.web.shell.middleware import status_of
from punctual.web.shell.views import safe_next


def documents(request: HttpRequest, key: str) -> HttpResponse:
    """Every file of an order by kind, with its approval."""
    actor = actor_of(request)
    require(actor, "orders.view")
    order = order_by_key(actor, key)
    files = list(attachments_of(order))
    asked = {
        one.attachment_id: one
        for one in DocumentRequest.objects.filter(order=order).select_related("task").order_by("pk")
    }
    open_tasks = Task.objects.filter(plan__order=order, is_summary=False, percent__lt=100).order_by("sequence")
    context = {
        "title": _("Documents"),
        "order": order,
        "files": [{"file": one, "asked": asked.get(one.pk)} for one in files],
        "kinds": DocumentKind.choices,
        "may_attach": may(actor, "orders.comment"),
        "may_decide": may(actor, "delivery.accept"),
        "tasks": open_tasks,
        "link": request.session.pop(f"document-{order.pk}", ""),
        "me": actor,
    }
    return render(request, "documents/documents.html", context)


@require_POST
def attach(request: HttpRequest, key: str) -> HttpResponse:
    order = order_by_key(actor_of(request), key)
    file = request.FILES.get("file")
    if file is None:
        raise Refusal(Reason("attachment.missing", N_("Choose a file."), field="file"))
    attach_document(
        actor=actor_of(request),
        order_id=order.pk,
        file=file,
        name=file.name or "file",
        kind=request.POST.get("kind", ""),
        needs_approval="needs_approval" in request.POST,
    )
    back = safe_next(request) if request.POST.get("next") else reverse("order_documents", args=[order.key])
    return done(request, back, _("Attached."))


@require_POST
def decide_one(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    order = order_by_key(actor_of(request), key)
    decide(
        actor=actor_of(request),
        order_id=order.pk,
        attachment_id=pk,
        approve=request.POST.get("decision") == "approve",
        note=request.POST.get("note", ""),
    )
    return done(request, reverse("order_documents", args=[order.key]), _("Recorded."))


@require_POST
def ask(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """A link for the customer; it is shown once."""
    order = order_by_key(actor_of(request), key)
    task = request.POST.get("task", "")
    _found, token = ask_customer(
        actor=actor_of(request), order_id=order.pk, attachment_id=pk, task_id=int(task) if task.isdigit() else None
    )
    request.session[f"document-{order.pk}"] = request.build_absolute_uri(reverse("document_sign", args=[token]))
    page = reverse("order_documents", args=[order.key])
    return done(request, page, _("The link is ready; copy it now, it is shown once."))


def sign_document(request: HttpRequest, token: str) -> HttpResponse:
    """The customer looks at the document and answers once."""
    try:
        link = opened(purpose=LINK, token=token)
    except Refusal as refusal:
        return render(request, "changes/link_gone.html", {"reasons": refusal.reasons}, status=status_of(refusal))
    found = DocumentRequest.objects.select_related("order__customer", "attachment").get(pk=link.target_id)
    context = {
        "title": found.attachment.name,
        "file": found.attachment,
        "order": found.order,
        "seller": company().name,
        "expires": link.expires_at,
        "token": token,
    }
    if request.method != "POST":
        return render(request, "documents/sign.html", context)
    approve = request.POST.get("answer") == "agree"
    name, note = request.POST.get("name", ""), request.POST.get("note", "")
    try:
        answer_by_link(token=token, approve=approve, name=name, note=note, today=timezone.localdate())
    except Refusal as refusal:
        more = {"reasons": refusal.reasons, "name": name, "note": note}
        return render(request, "documents/sign.html", context | more, status=status_of(refusal))
    return render(request, "documents/signed.html", context | {"agreed": approve})


def document_of_link(request: HttpRequest, token: str) -> HttpResponse:
    """The document itself, while the link is good."""
    try:
        link = opened(purpose=LINK, token=token)
    except Refusal as refusal:
        return render(request, "changes/link_gone.html", {"reasons": refusal.reasons}, status=status_of(refusal))
    found = DocumentRequest.objects.select_related("attachment").get(pk=link.target_id).attachment
    return as_download(path_of(found.sha256).read_bytes(), found.name)
