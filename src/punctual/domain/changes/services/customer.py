"""The customer's yes or no: by a link without a sign-in, or by a paper that somebody here attaches."""

from __future__ import annotations

import base64
import binascii
import io
from typing import IO, Final

from django.db import transaction
from django.utils import timezone

from punctual.domain.changes.life import LIFE
from punctual.domain.changes.models import ChangeOrder, CustomerAnswer
from punctual.domain.changes.selectors import changes_of
from punctual.domain.changes.services.raising import LINK, page_of
from punctual.domain.changes.signing import seal_of
from punctual.kernel.refusal import Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.attachments.services import attach
from punctual.platform.audit.services import Change, record
from punctual.platform.links.services import issue, mark_used, opened, revoke_all
from punctual.platform.notifications.services import notify
from punctual.platform.outbox.services import emit
from punctual.platform.records import lock, save_next

PNG: Final = "data:image/png;base64,"
LARGEST_SIGNATURE: Final = 400_000


def signature_of(data_url: str) -> bytes:
    """The PNG that was drawn; empty when there is none. Raises Refusal for anything else."""
    if not data_url.strip():
        return b""
    try:
        content = base64.b64decode(data_url.removeprefix(PNG), validate=True)
    except (binascii.Error, ValueError):
        content = b""
    if not data_url.startswith(PNG) or not content.startswith(b"\x89PNG") or len(content) > LARGEST_SIGNATURE:
        raise Refusal(Reason("signature.unreadable", N_("The signature can't be read; sign again."), field="signature"))
    return content


@transaction.atomic
def ask_customer(*, actor: User, change_id: int, expected_version: int | None = None) -> tuple[ChangeOrder, str]:
    """A link that is good for seven days and one answer; an earlier one is revoked. Returns the token."""
    require(actor, "changes.raise")
    change = lock(changes_of(actor).select_related("order"), expected_version=expected_version, pk=change_id)
    reasons = LIFE.reasons(change.state, "ask_customer")
    if not reasons and change.customer_answer == CustomerAnswer.AGREED:
        reasons = [Reason("change.customer_agreed", N_("The customer has agreed already."))]
    refuse_if(reasons)
    change.customer_answer = CustomerAnswer.OPEN
    save_next(change, fields=["customer_answer"])
    _link, token = issue(actor=actor, purpose=LINK, target=change)
    return change, token


@transaction.atomic
def answer_by_link(
    *, token: str, seal: str, agree: bool, name: str, note: str = "", signature: str = ""
) -> ChangeOrder:
    """The customer answers to what was shown, which ``seal`` says; the link is used up."""
    link = opened(purpose=LINK, token=token, for_use=True)
    change = lock(ChangeOrder.objects.select_related("order__owner", "owner"), expected_version=None, pk=link.target_id)
    reasons = LIFE.reasons(change.state, "answer") + _against_answer(agree=agree, name=name, note=note)
    if seal != seal_of(change):
        text = N_("The change is not the one you were shown any more; read it again, then answer.")
        reasons.append(Reason("change.other", text))
    drawn = signature_of(signature)
    if agree and not drawn:
        reasons.append(Reason("signature.missing", N_("Please sign in the field."), field="signature"))
    refuse_if(reasons)
    mark_used(link)
    _write(change, None, agree=agree, name=name, note=note, proof="link", seal=seal)
    if drawn:
        attach(
            actor=None, target=change, file=io.BytesIO(drawn), name=f"{change.number}-signature.png", kind="signature"
        )
    return change


@transaction.atomic
def answer_by_paper(
    *,
    actor: User,
    change_id: int,
    agree: bool,
    name: str,
    file: IO[bytes] | None,
    file_name: str = "",
    note: str = "",
    expected_version: int | None = None,
) -> ChangeOrder:
    """Somebody here records what the customer has signed on paper; the paper is attached."""
    require(actor, "changes.raise")
    change = lock(
        changes_of(actor).select_related("order__owner", "owner"), expected_version=expected_version, pk=change_id
    )
    reasons = LIFE.reasons(change.state, "answer") + _against_answer(agree=agree, name=name, note=note)
    if agree and file is None:
        text = N_("Attach the paper that the customer has signed.")
        reasons.append(Reason("change.paper_missing", text, field="file"))
    refuse_if(reasons)
    revoke_all(change, LINK)
    _write(change, actor, agree=agree, name=name, note=note, proof="paper")
    if file is not None:
        attach(actor=actor, target=change, file=file, name=file_name or "document", kind="agreement")
    return change


def _against_answer(*, agree: bool, name: str, note: str) -> list[Reason]:
    reasons = []
    if not name.strip() or len(name) > 80:
        reasons.append(Reason("change.customer_name", N_("Write the name of who answers."), field="name"))
    if not agree and not note.strip():
        reasons.append(Reason("change.customer_note", N_("Say what is not agreed."), field="note"))
    if len(note) > 2000:
        reasons.append(Reason("change.customer_note", N_("The note has at most 2000 characters."), field="note"))
    return reasons


def _write(
    change: ChangeOrder, actor: User | None, *, agree: bool, name: str, note: str, proof: str, seal: str = ""
) -> None:
    old = change.customer_answer
    change.customer_answer = CustomerAnswer.AGREED if agree else CustomerAnswer.REFUSED
    change.customer_name, change.customer_note, change.customer_proof = name.strip(), note.strip(), proof
    change.customer_at = timezone.now()
    save_next(change)
    changes = [Change(field="customer_answer", old=old, new=change.customer_answer)]
    if seal:
        changes.append(Change(field="seal", old=None, new=seal))
    record(actor=actor, verb="customer_answer", target=change, changes=changes, reason=f"{name} {note}".strip())
    text = N_("%(who)s agreed to %(number)s.") if agree else N_("%(who)s refused %(number)s: %(text)s")
    people = {user.pk: user for user in (change.owner, change.order.owner) if user is not None}
    notify(
        users=[user for user in people.values() if actor is None or user.pk != actor.pk],
        kind="change",
        text=text,
        params={"who": name.strip(), "number": change.number, "text": note.strip()[:160]},
        url=page_of(change),
    )
    emit("change_order.answered", change_id=change.pk, number=change.number, agreed=agree)
