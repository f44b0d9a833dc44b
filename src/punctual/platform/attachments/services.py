"""Attach, read and remove files. Content decides nothing here: files are kept as they came and only ever downloaded."""

from __future__ import annotations

import hashlib
import mimetypes
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import models, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.attachments.models import Approval, Attachment
from punctual.platform.audit.services import Change, record, target_type

LARGEST = 50 * 1024 * 1024


def attachments_of(target: models.Model) -> QuerySet[Attachment]:
    """The files on a thing, newest first. The caller has fetched ``target`` for its actor."""
    return Attachment.objects.filter(
        target_type=target_type(target), target_id=target.pk, removed_at=None
    ).select_related("uploaded_by")


def attachments_of_many(targets: Sequence[models.Model]) -> dict[int, list[Attachment]]:
    """The same for several things of one kind at once, by their ids."""
    found: dict[int, list[Attachment]] = {}
    if targets:
        rows = Attachment.objects.filter(target_type=target_type(targets[0]), target_id__in=[one.pk for one in targets])
        for one in rows.filter(removed_at=None):
            found.setdefault(one.target_id, []).append(one)
    return found


PASTED = "pasted"
"""Kind of a picture in a comment: shown there, and no document of the thing."""


def documents_on(target: models.Model) -> QuerySet[Attachment]:
    """The same without what was pasted into comments."""
    return attachments_of(target).exclude(kind=PASTED)


def path_of(sha256: str) -> Path:
    return Path(settings.MEDIA_ROOT) / "files" / sha256[:2] / sha256


PICTURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}
"""How pictures that browsers may show begin; whatever else a file calls itself, it is only downloaded."""


def picture_type(content: bytes) -> str:
    """The type of a picture that may be shown in a page, empty for everything else."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for begin, kind in PICTURES.items() if content.startswith(begin)), "")


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(1 << 20):
        yield chunk


def store(file: IO[bytes]) -> tuple[str, int]:
    """Keep the bytes under their SHA-256; returns hash and size. A half-written file is never seen."""
    root = Path(settings.MEDIA_ROOT) / "files"
    root.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    handle, temporary = tempfile.mkstemp(dir=root)
    try:
        with os.fdopen(handle, "wb") as out:
            for chunk in _chunks(file):
                size += len(chunk)
                if size > LARGEST:
                    raise Refusal(
                        Reason(
                            code="attachment.too_large",
                            text=N_("The file is larger than %(limit)d MB."),
                            params={"limit": LARGEST >> 20},
                            field="file",
                        )
                    )
                digest.update(chunk)
                out.write(chunk)
        if not size:
            raise Refusal(Reason(code="attachment.empty", text=N_("The file is empty."), field="file"))
        final = path_of(digest.hexdigest())
        final.parent.mkdir(parents=True, exist_ok=True)
        Path(temporary).replace(final)
    finally:
        Path(temporary).unlink(missing_ok=True)
    return digest.hexdigest(), size


def named(given: str) -> str:
    """A file's own name without folders; where nothing of it can be seen, as a blank, ``file``."""
    name = Path(given.replace("\\", "/")).name.strip()[:255]
    return name if any(sign.isprintable() and sign != " " for sign in name) else "file"


@transaction.atomic
def attach(
    *,
    actor: User | None,
    target: models.Model,
    file: IO[bytes],
    name: str,
    kind: str = "",
    approval: str = Approval.NONE,
) -> Attachment:
    """Attach a file; one of the same name becomes the next version. ``approval``: whether it waits for a yes."""
    sha256, size = store(file)
    name = named(name)
    last = attachments_of(target).filter(name=name).aggregate(last=Max("version"))["last"] or 0
    attachment = Attachment.objects.create(
        target_type=target_type(target),
        target_id=target.pk,
        name=name,
        kind=kind,
        approval=approval,
        version=last + 1,
        sha256=sha256,
        size=size,
        content_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
        uploaded_by=actor,
    )
    record(actor=actor, verb="attach", target=target, changes=[Change(field="attachment", old=None, new=name)])
    return attachment


@transaction.atomic
def remove(*, actor: User, target: models.Model, attachment_id: int) -> None:
    """Take a file off a thing; the bytes stay for the history."""
    attachment = attachments_of(target).filter(pk=attachment_id).first()
    if attachment is None:
        raise Refusal(Reason(code="attachment.not_found", text=N_("This file is not attached any more.")))
    attachment.removed_at = timezone.now()
    attachment.save(update_fields=["removed_at"])
    record(
        actor=actor, verb="detach", target=target, changes=[Change(field="attachment", old=attachment.name, new=None)]
    )


@transaction.atomic
def decide_document(
    *, actor: User | None, target: models.Model, attachment_id: int, approve: bool, name: str, note: str = ""
) -> Attachment:
    """Somebody said yes or no to a file that waits; ``name`` is who, somebody of the customer too."""
    attachment = attachments_of(target).select_for_update(of=("self",)).filter(pk=attachment_id).first()
    reasons = []
    if attachment is None:
        reasons.append(Reason("attachment.not_found", N_("This file is not attached any more.")))
    elif attachment.approval != Approval.WAITING:
        reasons.append(Reason("attachment.not_waiting", N_("This file does not wait for approval.")))
    if not name.strip() or len(name) > 80:
        reasons.append(Reason("attachment.approver", N_("Write who approves or rejects."), field="name"))
    if not approve and not note.strip():
        reasons.append(Reason("attachment.note", N_("Say what is wrong with it."), field="note"))
    if reasons:
        raise Refusal(*reasons)
    assert attachment is not None
    attachment.approval = Approval.APPROVED if approve else Approval.REJECTED
    attachment.approved_name, attachment.approval_note = name.strip(), note.strip()
    attachment.approved_at = timezone.now()
    attachment.save(update_fields=["approval", "approved_name", "approval_note", "approved_at"])
    verb = "approve_document" if approve else "reject_document"
    change = Change(field="attachment", old=None, new=f"{attachment.name} v{attachment.version}")
    record(actor=actor, verb=verb, target=target, changes=[change], reason=f"{name} {note}".strip())
    return attachment
