"""What the customer decides in a meeting: the wish on their tracking page is done, the request that waited goes on."""

from __future__ import annotations

from typing import Final

from django.db.models import Q
from django.utils.translation import gettext as _

from punctual.domain.customer_relations.models import (
    CustomerRequest,
    Meeting,
    MinuteLine,
    RequestState,
    TrackingTask,
)
from punctual.domain.customer_relations.selectors import requests_of
from punctual.domain.customer_relations.services.requests import add_note, resume, wait_for_customer
from punctual.domain.customer_relations.services.tracking import reopen_want, settle_want
from punctual.domain.parties.models import Customer
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.platform.records import get_or_not_found

NEEDS: Final = {"trackingtask": "tracking.change", "customerrequest": "requests.change"}
"""Kind of what is wanted → who may say that it is decided."""

Wanted = TrackingTask | CustomerRequest


def may_settle(actor: User, key: str) -> bool:
    permission = NEEDS.get(key.partition(":")[0])
    return permission is not None and may(actor, permission)


def _theirs(customer: Customer) -> Q:
    """Of an order that is still this customer's, and meant for them."""
    return Q(customer=customer, order__customer=customer)


def wanted_of(actor: User, meeting: Meeting, key: str) -> Wanted | None:
    """What the key of a line of the pack stands for, when it is this customer's."""
    kind, _colon, pk = key.partition(":")
    if not pk.isdecimal() or len(pk) > 17:
        return None
    customer = meeting.series.customer
    if kind == "trackingtask":
        return TrackingTask.objects.filter(_theirs(customer), pk=int(pk)).select_related("order").first()
    if kind == "customerrequest":
        return requests_of(actor).filter(customer=customer, pk=int(pk)).select_related("order").first()
    return None


def is_open(wanted: Wanted) -> bool:
    if isinstance(wanted, TrackingTask):
        return wanted.done_at is None
    return wanted.state == RequestState.WAITING


def name_of(wanted: Wanted) -> str:
    return wanted.title if isinstance(wanted, TrackingTask) else f"{wanted.number} {wanted.title}"


def settle(actor: User, meeting: Meeting, wanted: Wanted, text: str) -> None:
    """Carries the decision to where it was asked for."""
    if isinstance(wanted, TrackingTask):
        settle_want(task=wanted, by=actor.name, answer=text, actor=actor)
        return
    resume(actor=actor, request_id=wanted.pk)
    told = _("Decided in the meeting “%(title)s”: %(text)s") % {"title": meeting.series.title, "text": text}
    add_note(actor=actor, request_id=wanted.pk, text=told)


def take_back(actor: User, line: MinuteLine) -> None:
    """The decision is asked for again, unless something else has come of it since."""
    kind, _colon, pk = line.settles.partition(":")
    if kind == "trackingtask":
        task = TrackingTask.objects.filter(pk=int(pk), answer=line.text[:400]).exclude(done_at=None).first()
        if task is not None:
            reopen_want(actor=actor, task=task)
        return
    found = get_or_not_found(requests_of(actor), pk=int(pk))
    if found.state == RequestState.OPEN:
        wait_for_customer(actor=actor, request_id=found.pk)
        add_note(actor=actor, request_id=found.pk, text=_("Taken back: %(text)s") % {"text": line.text})
