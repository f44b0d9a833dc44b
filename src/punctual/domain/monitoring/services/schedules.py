"""Reports that go out by themselves."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from punctual.domain.monitoring.models import ReportSchedule
from punctual.domain.monitoring.selectors import schedules_of
from punctual.domain.orders.models import Order
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import LANGUAGES, N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import record
from punctual.platform.records import lock


@transaction.atomic
def schedule_report(
    *, actor: User, order: Order | None, weekday: int, hour: int, language: str, recipients: Sequence[str]
) -> ReportSchedule:
    """Every week on ``weekday`` (1 Monday) from ``hour`` on, to these addresses, with what the actor may see."""
    require(actor, "reports.schedule")
    reasons = []
    if not 1 <= weekday <= 7 or not 0 <= hour <= 23:
        reasons.append(Reason("schedule.time", N_("Choose a weekday and an hour of 0 to 23."), field="hour"))
    if language not in LANGUAGES:
        reasons.append(Reason("schedule.language", N_("Choose Chinese or English."), field="language"))
    addresses = [one.strip() for one in recipients if one.strip()]
    if not addresses:
        reasons.append(Reason("schedule.recipients", N_("Name at least one mail address."), field="recipients"))
    for one in addresses:
        try:
            validate_email(one)
        except ValidationError:
            text = N_("“%(address)s” is no mail address.")
            reasons.append(Reason("schedule.address", text, {"address": one[:80]}, field="recipients"))
    refuse_if(reasons)
    made = ReportSchedule.objects.create(
        order=order, weekday=weekday, hour=hour, language=language, recipients=addresses, owner=actor
    )
    record(actor=actor, verb="create", target=made)
    return made


@transaction.atomic
def drop_schedule(*, actor: User, schedule_id: int) -> None:
    require(actor, "reports.schedule")
    found = lock(schedules_of(actor), expected_version=None, pk=schedule_id)
    record(actor=actor, verb="delete", target=found)
    found.delete()
