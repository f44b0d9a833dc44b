"""Reviews of the audit plan: plan them, hold them, let findings become action items."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

from django.db import transaction

from punctual.domain.actions.services import open_action
from punctual.domain.orders.models import Order
from punctual.domain.parties.models import Supplier
from punctual.domain.quality.life import REVIEW
from punctual.domain.quality.models import DefectClass, Finding, QualityReview, ReviewCheck, ReviewKind
from punctual.domain.quality.rules import reasons_against_text
from punctual.domain.quality.selectors import reviews_of
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, record
from punctual.platform.numbering.services import next_number
from punctual.platform.records import lock, save_next

CHECKLISTS: Final[Mapping[str, Sequence[str]]] = {
    ReviewKind.PROJECT.value: (
        N_("Every acceptance criterion is covered by a control point"),
        N_("Control points that were due are inspected"),
        N_("Nonconformities are contained and decided in time"),
        N_("Corrective actions are on time"),
        N_("Open risks of quality have an owner"),
        N_("Records and certificates are complete"),
    ),
    ReviewKind.PROCESS.value: (
        N_("Work instructions are at the place of work and current"),
        N_("Gauges are calibrated"),
        N_("Nonconforming parts are marked and kept apart"),
        N_("People are trained for what they do"),
    ),
    ReviewKind.SUPPLIER.value: (
        N_("Incoming results of the last 12 months are known and discussed"),
        N_("Corrective actions are carried out"),
        N_("Changes of process or material are announced"),
        N_("Certificates come with the goods"),
    ),
}
"""What is looked at unless something else is entered."""


LONGEST_REPEAT: Final = 60
"""Months after which a review comes again at the latest."""


@transaction.atomic
def plan_review(
    *,
    actor: User,
    kind: str,
    title: str,
    planned_on: dt.date | None,
    today: dt.date,
    checks: Sequence[str] = (),
    order: Order | None = None,
    supplier: Supplier | None = None,
    lead: User | None = None,
    every_months: int | None = None,
) -> QualityReview:
    """Put a review into the audit plan with its checklist; with ``every_months`` it comes again by itself."""
    require(actor, "quality.handle")
    reasons = reasons_against_text("review.title", title[:160], N_("Say what is reviewed."), field_name="title")
    if kind not in ReviewKind.values:
        reasons.append(Reason("review.kind", N_("Choose the kind of review."), field="kind"))
    if planned_on is None:
        reasons.append(Reason("review.planned_on", N_("Say when it is held."), field="planned_on"))
    if every_months is not None and not 1 <= every_months <= LONGEST_REPEAT:
        text = N_("A review comes again every 1 to %(most)s months; leave it empty for once.")
        reasons.append(Reason("review.every_months", text, {"most": LONGEST_REPEAT}, field="every_months"))
    refuse_if(reasons)
    assert planned_on is not None
    made = QualityReview.objects.create(
        number=next_number(series="QR", year=today.year, digits=4),
        kind=kind,
        title=title.strip()[:160],
        planned_on=planned_on,
        order=order,
        supplier=supplier,
        lead=lead or actor,
        every_months=every_months,
    )
    ReviewCheck.objects.bulk_create(
        ReviewCheck(review=made, position=position, text=text[:200]) for position, text in enumerate(checks)
    )
    record(actor=actor, verb="create", target=made)
    return made


@transaction.atomic
def hold_review(
    *,
    actor: User,
    review_id: int,
    answers: Mapping[int, bool | None],
    notes: Mapping[int, str],
    summary: str,
    held_on: dt.date,
    today: dt.date,
    expected_version: int | None = None,
) -> QualityReview:
    """Record what the checklist gave. What is not fulfilled needs a finding with an action."""
    require(actor, "quality.handle")
    found = lock(reviews_of(actor), expected_version=expected_version, pk=review_id)
    reasons = REVIEW.reasons(found.state, "hold")
    if held_on > today:
        reasons.append(Reason("review.future", N_("Only a review that has been held is recorded."), field="held_on"))
    checks = list(found.checks.all())
    failed = [one for one in checks if answers.get(one.pk) is False]
    if len(failed) > found.findings.count():
        text = N_(
            "%(failed)s points are not fulfilled, but there are %(findings)s findings; add the action for each first."
        )
        params = {"failed": len(failed), "findings": found.findings.count()}
        reasons.append(Reason("review.findings", text, params))
    refuse_if(reasons)
    for one in checks:
        one.passed, one.note = answers.get(one.pk), notes.get(one.pk, "")[:300]
    ReviewCheck.objects.bulk_update(checks, ["passed", "note"])
    found.state, found.held_on, found.summary = REVIEW.after(found.state, "hold"), held_on, summary.strip()
    save_next(found, fields=["state", "held_on", "summary"])
    record(actor=actor, verb="hold", target=found, changes=[Change(field="state", old="planned", new=found.state)])
    if found.every_months:
        _plan_next(found, actor=actor, today=today)
    return found


def _plan_next(held: QualityReview, *, actor: User, today: dt.date) -> None:
    """The same review so many months after it was planned, never in the past."""
    assert held.every_months is not None
    day = months_later(held.planned_on, held.every_months)
    while day <= today:
        day = months_later(day, held.every_months)
    plan_review(
        actor=actor,
        kind=held.kind,
        title=held.title,
        planned_on=day,
        today=today,
        checks=[one.text for one in held.checks.all()],
        order=held.order,
        supplier=held.supplier,
        lead=held.lead,
        every_months=held.every_months,
    )


def months_later(day: dt.date, months: int) -> dt.date:
    """The same day so many months on, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(day.day, last))


@transaction.atomic
def add_finding(
    *,
    actor: User,
    review_id: int,
    text: str,
    defect_class: str,
    owner: User | None,
    due: dt.date | None,
    expected_version: int | None = None,
) -> Finding:
    """A finding with the action item that answers it."""
    require(actor, "quality.handle")
    found = lock(reviews_of(actor), expected_version=expected_version, pk=review_id)
    reasons = REVIEW.reasons(found.state, "find")
    if not text.strip() or len(text) > 200:
        reasons.append(Reason("review.finding", N_("Say in 1 to 200 characters what was found."), field="text"))
    if defect_class not in DefectClass.values:
        reasons.append(Reason("ncr.class", N_("Choose the class: critical, major or minor."), field="defect_class"))
    refuse_if(reasons)
    action = open_action(actor=actor, title=text.strip(), owner=owner, due=due, order=found.order, cause=found)
    made = Finding.objects.create(review=found, text=text.strip(), defect_class=defect_class, action=action)
    save_next(found, fields=[])
    record(actor=actor, verb="find", target=found, changes=[Change(field="finding", old=None, new=made.text)])
    return made


@transaction.atomic
def cancel_review(*, actor: User, review_id: int, reason: str, expected_version: int | None = None) -> QualityReview:
    """It is not held, with the reason."""
    require(actor, "quality.handle")
    found = lock(reviews_of(actor), expected_version=expected_version, pk=review_id)
    refuse_if(
        [
            *REVIEW.reasons(found.state, "cancel"),
            *reasons_against_text("review.reason", reason, N_("Say why."), field_name="reason"),
        ]
    )
    found.state = REVIEW.after(found.state, "cancel")
    save_next(found, fields=["state"])
    record(actor=actor, verb="cancel", target=found, reason=reason.strip())
    return found
