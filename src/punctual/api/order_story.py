"""What is said and kept about an order: history, comments, files; and many orders out of one file."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.http import FileResponse, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from ninja import File, Form, Query, Router, Schema
from ninja.files import UploadedFile
from ninja.responses import Status

from punctual.api.authentication import actor_of
from punctual.api.comments import CommentIn, CommentOut, shown
from punctual.api.pages import Listing, Paging, listing
from punctual.domain.orders.selectors import order_by_key
from punctual.domain.orders.services.bulk_import import import_file
from punctual.domain.orders.services.remarks import attach_to_order, comment_on_order, detach_from_order
from punctual.platform.accounts.permissions import require
from punctual.platform.attachments.models import Attachment
from punctual.platform.attachments.services import attachments_of, documents_on, path_of
from punctual.platform.audit.models import AuditEntry
from punctual.platform.audit.services import story_of
from punctual.platform.comments.services import comments_on
from punctual.platform.records import get_or_not_found

router = Router()


class OrderStoryStepOut(Schema):
    """One step of the story; ``changes`` tell field, old and new."""

    at: dt.datetime
    by: str
    verb: str
    changes: list[dict[str, Any]]
    reason: str


class FileOut(Schema):
    """A file; ``version`` counts those of the same name."""

    id: int
    name: str
    size: int
    version: int
    uploaded_at: dt.datetime
    by: str


class ImportIn(Schema):
    """``customer``: where the file does not name it; ``all_or_nothing``: one bad row refuses all."""

    customer: str = ""
    dry_run: bool = False
    all_or_nothing: bool = False


class ProblemOut(Schema):
    """What is wrong in a row of the file."""

    row: int
    field: str
    code: str
    message: str


class ImportOut(Schema):
    """Rows of the file that were or would be taken over, and why the others were not."""

    created: int
    updated: int = 0
    refused: int
    orders: list[str]
    rows: list[ProblemOut]


def _step(entry: AuditEntry) -> dict[str, Any]:
    known = {"at": entry.at, "verb": entry.verb, "changes": entry.changes, "reason": entry.reason}
    return {**known, "by": str(entry.actor or "")}


def _file(one: Attachment) -> dict[str, Any]:
    known = {"id": one.pk, "name": one.name, "size": one.size, "version": one.version}
    return {**known, "uploaded_at": one.uploaded_at, "by": str(one.uploaded_by or "")}


@router.get("/orders/{key}/history", response=Listing[OrderStoryStepOut])
def history(request: HttpRequest, key: str, paging: Query[Paging]) -> Any:
    """Who did what when, what from, what to, why; the newest first."""
    order = order_by_key(actor_of(request), key)
    return listing(story_of(order), paging, sorts=["at"], shape=_step)


@router.get("/orders/{key}/comments", response=Listing[CommentOut])
def comments(request: HttpRequest, key: str, paging: Query[Paging]) -> Any:
    """What was written about the order, the newest first."""
    order = order_by_key(actor_of(request), key)
    return listing(comments_on(order), paging, sorts={"at": "created_at"}, shape=shown)


@router.post("/orders/{key}/comments", response={201: CommentOut})
def post_comment(request: HttpRequest, key: str, payload: CommentIn) -> Any:
    """Say something about the order."""
    actor = actor_of(request)
    order = order_by_key(actor, key)
    return Status(201, shown(comment_on_order(actor=actor, order_id=order.pk, text=payload.text)))


@router.get("/orders/{key}/attachments", response=list[FileOut])
def attachments(request: HttpRequest, key: str) -> Any:
    """The files of the order."""
    return [_file(one) for one in documents_on(order_by_key(actor_of(request), key))]


@router.post("/orders/{key}/attachments", response={201: FileOut})
def post_attachment(request: HttpRequest, key: str, file: File[UploadedFile]) -> Any:
    """Keep a file with the order (multipart, field ``file``)."""
    actor = actor_of(request)
    order = order_by_key(actor, key)
    return Status(201, _file(attach_to_order(actor=actor, order_id=order.pk, file=file, name=file.name or "file")))


BINARY: Final = {200: {"description": "OK", "content": {"application/octet-stream": {"schema": {"type": "string"}}}}}


@router.get("/orders/{key}/attachments/{attachment_id}", openapi_extra={"responses": BINARY})
def get_attachment(request: HttpRequest, key: str, attachment_id: int) -> Any:
    """The file as it came."""
    found = get_or_not_found(attachments_of(order_by_key(actor_of(request), key)), pk=attachment_id)
    return FileResponse(path_of(found.sha256).open("rb"), as_attachment=True, filename=found.name)


@router.delete("/orders/{key}/attachments/{attachment_id}", response={204: None})
def delete_attachment(request: HttpRequest, key: str, attachment_id: int) -> Any:
    """Take a file off the order."""
    actor = actor_of(request)
    order = order_by_key(actor, key)
    detach_from_order(actor=actor, order_id=order.pk, attachment_id=attachment_id)
    return Status(204, None)


@router.post("/orders/import", response=ImportOut)
def import_orders(request: HttpRequest, wish: Form[ImportIn], file: File[UploadedFile]) -> Any:
    """One draft for each customer and PO number of an .xlsx, .xls or .csv file (multipart, field ``file``)."""
    actor = actor_of(request)
    require(actor, "orders.change")
    taken = import_file(
        actor=actor,
        content=file.read(),
        name=file.name or "file",
        today=timezone.localdate(),
        customer=wish.customer,
        dry_run=wish.dry_run,
        all_or_nothing=wish.all_or_nothing,
    )
    rows = [
        {"row": row, "field": reason.field, "code": reason.code, "message": reason.worded(gettext)}
        for row, reason in taken.problems
    ]
    return {"created": taken.created, "refused": taken.refused, "orders": taken.orders, "rows": rows}
