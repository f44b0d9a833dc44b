"""More capacity for a time: overtime, an extra shift, a hired machine."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from punctual.domain.resources.selectors import resources, skills
from punctual.domain.scheduling.models import ExtraShift
from punctual.domain.scheduling.rules import reasons_against_extra
from punctual.domain.scheduling.selectors import extras
from punctual.kernel.refusal import refuse_if
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import record
from punctual.platform.outbox.services import emit
from punctual.platform.records import get_or_not_found, lock, save_next


@transaction.atomic
def enter_extra(
    *,
    actor: User,
    resource_id: int | None = None,
    skill_id: int | None = None,
    units: int,
    first: dt.date,
    last: dt.date,
    note: str = "",
) -> ExtraShift:
    """``units`` more of one resource or skill."""
    require(actor, "scheduling.absence")
    refuse_if(reasons_against_extra(one=bool(resource_id) != bool(skill_id), units=units, first=first, last=last))
    made = ExtraShift.objects.create(
        resource=get_or_not_found(resources(actor), pk=resource_id) if resource_id else None,
        skill=get_or_not_found(skills(actor), pk=skill_id) if skill_id else None,
        units=units,
        first=first,
        last=last,
        note=note.strip()[:200],
        created_by=actor,
    )
    record(actor=actor, verb="create", target=made)
    emit("resource.changed", label=str(made), by=actor.pk)
    return made


@transaction.atomic
def cancel_extra(*, actor: User, extra_id: int, expected_version: int | None) -> ExtraShift:
    """It does not take place. Doing it twice changes nothing."""
    require(actor, "scheduling.absence")
    found = lock(extras(actor), expected_version=expected_version, pk=extra_id)
    if found.cancelled_at is None:
        found.cancelled_at = timezone.now()
        save_next(found, fields=["cancelled_at"])
        record(actor=actor, verb="cancel", target=found)
        emit("resource.changed", label=str(found), by=actor.pk)
    return found
