"""Documents of orders, tasks and inspections: with kind, version and approval; the customer's yes to a drawing."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from django.http import FileResponse, HttpRequest
from django.utils import timezone
from ninja import File, Form, Router, Schema
from ninja.files import UploadedFile
from ninja.responses import Status
from pydantic import ConfigDict

from punctual.api.authentication import actor_of
from punctual.api.order_story import BINARY
from punctual.domain.delivery.services.documents import ask_customer, attach_document, decide, held
from punctual.platform.attachments.models import Attachment, DocumentKind
from punctual.platform.attachments.services import attachments_of, documents_on, path_of
from punctual.platform.records import get_or_not_found

router = Router()
Holding = Literal["order", "task", "inspection"]


class DocumentOut(Schema):
    """``approval``: empty (not needed), waiting, approved, rejected."""

    id: int
    name: str
    kind: str
    version: int
    approval: str
    approved_name: str
    approved_at: dt.datetime | None
    sha256: str
    size: int
    uploaded_by: str
    uploaded_at: dt.datetime


class DocumentIn(Schema):
    kind: DocumentKind
    needs_approval: bool = False


class DocumentDecisionIn(Schema):
    """``approve`` false needs a note."""

    model_config = ConfigDict(extra="forbid")
    approve: bool
    note: str = ""


class CustomerApprovalIn(Schema):
    """``task`` waits for the answer, blocked; with ``finishes`` it is done with the yes, else it goes on."""

    model_config = ConfigDict(extra="forbid")
    task: int | None = None
    finishes: bool = True


class TokenOut(Schema):
    """Shown once; the address is ``/sign/document/<token>/``."""

    token: str


def _shape(one: Attachment) -> dict[str, Any]:
    return {
        "id": one.pk,
        "name": one.name,
        "kind": one.kind,
        "version": one.version,
        "approval": one.approval,
        "approved_name": one.approved_name,
        "approved_at": one.approved_at,
        "sha256": one.sha256,
        "size": one.size,
        "uploaded_by": str(one.uploaded_by) if one.uploaded_by else "",
        "uploaded_at": one.uploaded_at,
    }


@router.get("/documents/{holder}/{pk}", response=list[DocumentOut])
def documents(request: HttpRequest, holder: Holding, pk: int) -> Any:
    """What hangs on an order, a task or an inspection, newest first; older versions too."""
    return [_shape(one) for one in documents_on(held(actor_of(request), holder, pk))]


@router.post("/documents/{holder}/{pk}", response={201: DocumentOut})
def document_attach(
    request: HttpRequest, holder: Holding, pk: int, wish: Form[DocumentIn], file: File[UploadedFile]
) -> Any:
    """Keep a document (multipart, field ``file``); one of the same name becomes the next version."""
    made = attach_document(
        actor=actor_of(request),
        holder=holder,
        pk=pk,
        file=file,
        name=file.name or "file",
        kind=wish.kind.value,
        needs_approval=wish.needs_approval,
    )
    return Status(201, _shape(made))


@router.get("/documents/{holder}/{pk}/{document}", openapi_extra={"responses": BINARY})
def document_get(request: HttpRequest, holder: Holding, pk: int, document: int) -> Any:
    """The file as it came."""
    found = get_or_not_found(attachments_of(held(actor_of(request), holder, pk)), pk=document)
    return FileResponse(path_of(found.sha256).open("rb"), as_attachment=True, filename=found.name)


@router.post("/documents/{holder}/{pk}/{document}/decide", response=DocumentOut)
def document_decide(request: HttpRequest, holder: Holding, pk: int, document: int, payload: DocumentDecisionIn) -> Any:
    """Approve or reject; never a document of one's own."""
    made = decide(
        actor=actor_of(request),
        holder=holder,
        pk=pk,
        attachment_id=document,
        approve=payload.approve,
        note=payload.note,
        today=timezone.localdate(),
    )
    return _shape(made)


@router.post("/documents/{holder}/{pk}/{document}/ask-customer", response={201: TokenOut})
def document_ask(request: HttpRequest, holder: Holding, pk: int, document: int, payload: CustomerApprovalIn) -> Any:
    """A link by which the customer answers once; earlier ones end."""
    _request, token = ask_customer(
        actor=actor_of(request),
        holder=holder,
        pk=pk,
        attachment_id=document,
        task_id=payload.task,
        finishes=payload.finishes,
    )
    return Status(201, {"token": token})
