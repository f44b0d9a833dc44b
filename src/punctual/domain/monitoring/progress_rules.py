"""What is impossible in a progress report, and what is asked back before it is taken."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from punctual.kernel.refusal import Reason, Severity
from punctual.kernel.wording import N_
from punctual.platform.accounts.permissions import Listed


@dataclass(frozen=True, slots=True)
class Claim:
    """What is reported, beside what is known. Moments are on the site's clock, ``remaining`` is working minutes.

    ``capacity`` hours of the reporter's usual day; ``booked`` hours that are booked on that day already.
    ``waiting_for`` names of unfinished tasks that this one follows (finish to start).
    """

    task: str
    now: dt.datetime
    percent: int
    percent_before: int = 0
    duration: int = 480
    remaining: int | None = None
    actual_start: dt.datetime | None = None
    actual_finish: dt.datetime | None = None
    started_before: dt.datetime | None = None
    hours: Decimal | None = None
    booked: Decimal = Decimal(0)
    capacity: Decimal = Decimal(8)
    waiting_for: Sequence[str] = field(default_factory=tuple)


def reasons_against(claim: Claim) -> list[Reason]:
    """What can't be: nothing of it can be answered with yes."""
    reasons = []
    if not 0 <= claim.percent <= 100:
        reasons.append(
            Reason("progress.percent", N_("“%(task)s”: give 0 to 100 percent."), {"task": claim.task}, field="percent")
        )
    for name, moment in (("actual_start", claim.actual_start), ("actual_finish", claim.actual_finish)):
        if moment is not None and moment > claim.now:
            reasons.append(
                Reason(
                    "progress.future",
                    N_("“%(task)s”: %(day)s has not come yet; only what has happened is reported."),
                    {"task": claim.task, "day": moment.date().isoformat()},
                    field=name,
                )
            )
    begun = claim.actual_start or claim.started_before
    if begun is not None and claim.actual_finish is not None and claim.actual_finish < begun:
        reasons.append(
            Reason(
                "progress.ends_before_start",
                N_("“%(task)s” can't end before it began (%(start)s)."),
                {"task": claim.task, "start": begun.date().isoformat()},
                field="actual_finish",
            )
        )
    if claim.actual_finish is not None and claim.percent < 100:
        reasons.append(
            Reason(
                "progress.end_without_all",
                N_("“%(task)s” has an end but only %(percent)d %%; report 100 %%, or leave the end open."),
                {"task": claim.task, "percent": claim.percent},
                field="actual_finish",
            )
        )
    return reasons


def _doubt(code: str, text: str, params: dict[str, object], name: str) -> Reason:
    return Reason(f"progress.doubt.{code}", text, params, field=name, severity=Severity.WARNING)


def doubts(claim: Claim) -> list[Reason]:
    """What is possible but unlikely: asked back, taken when somebody says that it is right."""
    asked = []
    if claim.percent < claim.percent_before:
        asked.append(
            _doubt(
                "backwards",
                N_("“%(task)s” was at %(before)d %% and goes back to %(percent)d %%. Is that right?"),
                {"task": claim.task, "before": claim.percent_before, "percent": claim.percent},
                "percent",
            )
        )
    if claim.hours is not None and claim.booked + claim.hours > claim.capacity:
        asked.append(
            _doubt(
                "hours",
                N_("%(hours)s hours on one day are more than the usual %(capacity)s. Is that right?"),
                {"hours": f"{claim.booked + claim.hours:g}", "capacity": f"{claim.capacity:g}"},
                "hours",
            )
        )
    if claim.percent > claim.percent_before and claim.waiting_for:
        asked.append(
            _doubt(
                "order",
                N_("“%(task)s” follows “%(other)s”, which is not done. Has it really gone on?"),
                {"task": claim.task, "other": Listed(claim.waiting_for[:3])},
                "percent",
            )
        )
    if claim.remaining is not None and claim.remaining > 3 * max(claim.duration, 480):
        asked.append(
            _doubt(
                "remaining",
                N_("“%(task)s” would still take more than three times its planned duration. Is that right?"),
                {"task": claim.task},
                "remaining",
            )
        )
    return asked
