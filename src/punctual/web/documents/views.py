"""What is attached to orders, tasks and inspections, who approved it, and the customer's answer."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.delivery.services.documents import (
    answer_by_link,
    answer_by_paper,
    ask_customer,
    attach_document,
    decide,
    documents_of_order,
    held,
    request_behind,
)
from punctual.domain.orders.selectors import order_by_key
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.permissions import require
from punctual.platform.attachments.services import attachments_of, path_of
from punctual.platform.company.services import company
from punctual.platform.records import get_or_not_found
from punctual.web.documents.box import box_of
from punctual.web.master.pages import actor_of
from punctual.web.orders.actions import as_download, done
from punctual.web.shell.answers import agreed, way_back
from punctual.web.shell.middleware import status_of
from punctual.web.shell.reading import whole
from punctual.web.shell.views import safe_next


def documents(request: HttpRequest, key: str) -> HttpResponse:
    """Every document of an order, its tasks and its inspections, by kind, with its approval."""
    actor = actor_of(request)
    require(actor, "orders.view")
    order = order_by_key(actor, key)
    box = box_of(request, order, documents_of_order(actor, order))
    context = {"title": _("Documents"), "order": order, **box}
    return render(request, "documents/documents.html", context)


def _back(request: HttpRequest) -> str:
    return safe_next(request)


@require_POST
def attach(request: HttpRequest, holder: str, pk: int) -> HttpResponse:
    held(actor_of(request), holder, pk)
    file = request.FILES.get("file")
    if file is None:
        raise Refusal(Reason("attachment.missing", N_("Choose a file."), field="file"))
    attach_document(
        actor=actor_of(request),
        holder=holder,
        pk=pk,
        file=file,
        name=file.name or "file",
        kind=request.POST.get("kind", ""),
        needs_approval="needs_approval" in request.POST,
    )
    return done(request, _back(request), _("Attached."))


def download(request: HttpRequest, holder: str, pk: int, file_pk: int) -> HttpResponse:
    """The file as it came; always downloaded, never run."""
    found = get_or_not_found(attachments_of(held(actor_of(request), holder, pk)), pk=file_pk)
    return as_download(path_of(found.sha256).read_bytes(), found.name)


@require_POST
def decide_one(request: HttpRequest, holder: str, pk: int, file_pk: int) -> HttpResponse:
    decision = request.POST.get("decision", "")
    if decision not in ("approve", "reject"):
        raise Refusal(Reason("approval.decision", N_("Choose: approve or reject.")))
    decide(
        actor=actor_of(request),
        holder=holder,
        pk=pk,
        attachment_id=file_pk,
        approve=decision == "approve",
        note=request.POST.get("note", ""),
        today=timezone.localdate(),
    )
    return done(request, _back(request), _("Recorded."))


@require_POST
def ask(request: HttpRequest, holder: str, pk: int, file_pk: int) -> HttpResponse:
    """A link for the customer; it is shown once."""
    task = request.POST.get("task", "")
    found, token = ask_customer(
        actor=actor_of(request),
        holder=holder,
        pk=pk,
        attachment_id=file_pk,
        task_id=whole(task) if task else None,
        finishes="finishes" in request.POST,
    )
    request.session[f"document-{found.order_id}"] = request.build_absolute_uri(reverse("document_sign", args=[token]))
    page = reverse("order_documents", args=[found.order.key])
    return done(request, page, _("The link is ready; copy it now, it is shown once."))


@require_POST
def paper(request: HttpRequest, pk: int) -> HttpResponse:
    """The customer answered on paper or by mail."""
    decision, file = request.POST.get("decision", ""), request.FILES.get("file")
    if decision not in ("approve", "reject"):
        raise Refusal(Reason("approval.decision", N_("Choose: approve or reject.")))
    found = answer_by_paper(
        actor=actor_of(request),
        request_id=pk,
        approve=decision == "approve",
        name=request.POST.get("name", ""),
        note=request.POST.get("note", ""),
        today=timezone.localdate(),
        file=file,
        file_name=(file.name or "") if file else "",
    )
    return done(request, reverse("order_documents", args=[found.order.key]), _("Recorded."))


def sign_document(request: HttpRequest, token: str) -> HttpResponse:
    """The customer looks at the document and answers once."""
    try:
        link, found = request_behind(token)
    except Refusal as refusal:
        gone = {"reasons": refusal.reasons, "back": way_back(request)}
        return render(request, "changes/link_gone.html", gone, status=status_of(refusal))
    context = {
        "title": found.attachment.name,
        "file": found.attachment,
        "order": found.order,
        "seller": company().name,
        "expires": link.expires_at,
        "token": token,
        "back": way_back(request),
    }
    if request.method != "POST":
        return render(request, "documents/sign.html", context)
    name, note = request.POST.get("name", ""), request.POST.get("note", "")
    try:
        approve = agreed(request)
        answer_by_link(token=token, approve=approve, name=name, note=note, today=timezone.localdate())
    except Refusal as refusal:
        more = {"reasons": refusal.reasons, "name": name, "note": note}
        return render(request, "documents/sign.html", context | more, status=status_of(refusal))
    return render(request, "documents/signed.html", context | {"agreed": approve})


def document_of_link(request: HttpRequest, token: str) -> HttpResponse:
    """The document itself, while the link is good."""
    try:
        file = request_behind(token)[1].attachment
    except Refusal as refusal:
        return render(request, "changes/link_gone.html", {"reasons": refusal.reasons}, status=status_of(refusal))
    return as_download(path_of(file.sha256).read_bytes(), file.name)
