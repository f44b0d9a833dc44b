"""Gauges and their calibration."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from punctual.domain.quality.models import Gauge
from punctual.domain.quality.selectors import gauges_of
from punctual.kernel.checks import Checker
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import differences, record
from punctual.platform.records import lock, save_next


@dataclass(frozen=True, slots=True)
class GaugeIn:
    code: str
    name: str
    unit: str
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    resolution: Decimal | None = None
    calibrated_on: dt.date | None = None
    calibration_due: dt.date | None = None
    place: str = ""


FIELDS = (
    "code", "name", "unit", "minimum", "maximum", "resolution", "calibrated_on", "calibration_due", "place",
)  # fmt: skip


def reasons_against_gauge(given: GaugeIn, *, taken: bool) -> list[Reason]:
    """Everything that is wrong with a gauge's record."""
    check = Checker("gauge")
    check.code("code", N_("Code"), given.code, longest=20)
    check.text("name", N_("Name"), given.name, longest=80, required=True)
    check.text("unit", N_("Unit"), given.unit, longest=20, required=True)
    check.text("place", N_("Where"), given.place, longest=80)
    check.day("calibrated_on", N_("Calibrated"), given.calibrated_on)
    check.day("calibration_due", N_("Next calibration"), given.calibration_due)
    reasons = list(check.reasons)
    if taken:
        text = N_("Gauge “%(code)s” exists already.")
        reasons.append(Reason("gauge.code.taken", text, {"code": given.code}, field="code"))
    if given.minimum is not None and given.maximum is not None and given.minimum >= given.maximum:
        text = N_("The range begins below its end.")
        reasons.append(Reason("gauge.range", text, field="minimum"))
    if given.calibrated_on and given.calibration_due and given.calibration_due <= given.calibrated_on:
        text = N_("The next calibration lies after the last one.")
        reasons.append(Reason("gauge.calibration", text, field="calibration_due"))
    return reasons


@transaction.atomic
def put_gauge(
    *, actor: User, given: GaugeIn, gauge_id: int | None = None, expected_version: int | None = None
) -> Gauge:
    """Make a gauge, or change the one named."""
    require(actor, "quality.handle")
    found = lock(gauges_of(actor), expected_version=expected_version, pk=gauge_id) if gauge_id else Gauge()
    taken = Gauge.objects.filter(code=given.code).exclude(pk=found.pk).exists()
    refuse_if(reasons_against_gauge(given, taken=taken))
    before = {name: getattr(found, name) for name in FIELDS} if found.pk else {}
    for name in FIELDS:
        setattr(found, name, getattr(given, name))
    if found.pk:
        save_next(found)
    else:
        found.save()
    after = {name: getattr(given, name) for name in FIELDS}
    record(actor=actor, verb="change" if before else "create", target=found, changes=differences(before, after))
    return found
