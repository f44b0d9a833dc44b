"""Who is not there: sick, on leave, broken down. Entered once; everything is planned again."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from punctual.domain.resources.selectors import resources
from punctual.domain.scheduling.models import Absence, AbsenceKind
from punctual.domain.scheduling.rules import reasons_against_absence
from punctual.domain.scheduling.selectors import absences
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import record
from punctual.platform.outbox.services import emit
from punctual.platform.records import get_or_not_found, lock, save_next


@transaction.atomic
def enter_absence(
    *, actor: User, resource_id: int, kind: str, first: dt.date, last: dt.date, note: str = ""
) -> Absence:
    """From ``first`` to ``last``, both included. Refused where it overlaps one that is already known."""
    require(actor, "scheduling.absence")
    resource = get_or_not_found(resources(actor), pk=resource_id)
    known = Absence.objects.filter(resource=resource, cancelled_at=None, first__lte=last, last__gte=first).first()
    reasons = reasons_against_absence(kind=kind, kinds=tuple(AbsenceKind.values), first=first, last=last, note=note)
    if known is not None:
        text = N_("%(name)s is already entered as absent from %(first)s to %(last)s.")
        params = {"name": resource.name, "first": known.first.isoformat(), "last": known.last.isoformat()}
        reasons.append(Reason("absence.overlap", text, params, field="first"))
    refuse_if(reasons)
    made = Absence.objects.create(
        resource=resource, kind=kind, first=first, last=last, note=note.strip(), created_by=actor
    )
    record(actor=actor, verb="create", target=made)
    _tell(made, actor)
    return made


@transaction.atomic
def cancel_absence(*, actor: User, absence_id: int, expected_version: int | None) -> Absence:
    """It does not happen, or is over earlier than entered. Doing it twice changes nothing."""
    require(actor, "scheduling.absence")
    found = lock(absences(actor), expected_version=expected_version, pk=absence_id)
    if found.cancelled_at is None:
        found.cancelled_at = timezone.now()
        save_next(found, fields=["cancelled_at"])
        record(actor=actor, verb="cancel", target=found)
        _tell(found, actor)
    return found


def _tell(found: Absence, actor: User) -> None:
    emit("absence.changed", absence_id=found.pk, label=found.resource.name, by=actor.pk)
