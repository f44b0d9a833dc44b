"""What is wrong with a request, a meeting or an answer before it is written; which response time counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from punctual.domain.customer_relations.models import Channel, Phase, RequestKind, SurveyKind, Urgency
from punctual.domain.orders.models import OrderState
from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_

LONGEST_TITLE: Final = 200
LONGEST_TEXT: Final = 20_000
DEFAULT_RESPONSE: Final = 8 * 60
DEFAULT_RESOLUTION: Final = 40 * 60
"""Working minutes where no rule fits."""

HURRY: Final = {Urgency.NORMAL: 1, Urgency.HIGH: 2, Urgency.URGENT: 4}
"""By how much urgency shortens both times."""

_PHASES: Final = {
    OrderState.DRAFT: Phase.TAKING,
    OrderState.QUOTED: Phase.TAKING,
    OrderState.IN_REVIEW: Phase.TAKING,
    OrderState.CONFIRMED: Phase.MAKING,
    OrderState.IN_PROGRESS: Phase.MAKING,
    OrderState.ON_HOLD: Phase.MAKING,
    OrderState.PARTIALLY_DELIVERED: Phase.DELIVERING,
    OrderState.DELIVERED: Phase.DELIVERING,
    OrderState.ACCEPTED: Phase.SERVICE,
    OrderState.CLOSED: Phase.SERVICE,
}


def phase_of(order_state: str | None) -> str:
    """The delivery phase that an order's state stands for; empty without one."""
    return str(_PHASES.get(OrderState(order_state), "")) if order_state else ""


@dataclass(frozen=True, slots=True)
class Terms:
    """One rule: empty = any."""

    grade: str
    kind: str
    phase: str
    response: int
    resolution: int

    def fits(self, grade: str, kind: str, phase: str) -> bool:
        return self.grade in ("", grade) and self.kind in ("", kind) and self.phase in ("", phase)

    @property
    def precision(self) -> tuple[int, bool, bool, bool]:
        named = (bool(self.kind), bool(self.grade), bool(self.phase))
        return (sum(named), *named)


def times(rules: Iterable[Terms], *, grade: str, kind: str, phase: str, urgency: str) -> tuple[int, int]:
    """Working minutes to the first response and to the resolution: the rule that names most counts; where two name as
    many, the one that names the kind, then the grade."""
    fitting = [rule for rule in rules if rule.fits(grade, kind, phase)]
    best = max(fitting, key=lambda rule: rule.precision, default=None)
    response, resolution = (best.response, best.resolution) if best else (DEFAULT_RESPONSE, DEFAULT_RESOLUTION)
    hurry = HURRY.get(Urgency(urgency), 1)
    return max(1, response // hurry), max(1, resolution // hurry)


def against_request(
    *, title: str, kind: str, urgency: str, channel: str, fits_customer: bool, line_fits: bool
) -> list[Reason]:
    """Every reason against recording a request so."""
    reasons = []
    if not title.strip() or len(title.strip()) > LONGEST_TITLE:
        reasons.append(
            Reason(
                "request.title",
                N_("Say in 1 to %(limit)d characters what the customer wants."),
                {"limit": LONGEST_TITLE},
                field="title",
            )
        )
    for field, value, known in (
        ("kind", kind, RequestKind.values),
        ("urgency", urgency, Urgency.values),
        ("channel", channel, Channel.values),
    ):
        if value not in known:
            reasons.append(
                Reason(
                    f"request.{field}",
                    N_("“%(value)s” is not offered here; choose one of %(known)s."),
                    {"value": value, "known": ", ".join(known)},
                    field=field,
                )
            )
    if not fits_customer:
        reasons.append(Reason("request.order", N_("This order or contact belongs to another customer."), field="order"))
    if not line_fits:
        reasons.append(Reason("request.line", N_("This line belongs to another order."), field="order_line"))
    return reasons


def against_resolving(*, answered: bool) -> list[Reason]:
    """Nothing is settled that the customer was never answered."""
    if answered:
        return []
    text = N_("Answer the customer first; then it can be resolved.")
    return [Reason("request.unanswered", text, field="text")]


def against_reopening(reason: str) -> list[Reason]:
    return [] if reason.strip() else [Reason("request.reason", N_("Say why it is open again."), field="reason")]


def against_text(text: str) -> list[Reason]:
    """Every reason against a message."""
    if not text.strip():
        return [Reason("request.text", N_("Write something first."), field="text")]
    if len(text) > LONGEST_TEXT:
        return [
            Reason(
                "request.text_long",
                N_("The text has %(length)d characters; at most %(longest)d fit."),
                {"length": len(text), "longest": LONGEST_TEXT},
                field="text",
            )
        ]
    return []


def against_rule(*, response: int, resolution: int) -> list[Reason]:
    """A first response takes time, and a resolution at least as much."""
    reasons = []
    if not 1 <= response <= 100_000:
        reasons.append(Reason("sla.response", N_("The first response takes at least a minute."), field="response"))
    if resolution < response:
        reasons.append(
            Reason("sla.resolution", N_("The resolution can't be due before the first response."), field="resolution")
        )
    return reasons


def against_meeting(*, starts_at: dt.datetime | None, minutes: int, now: dt.datetime) -> list[Reason]:
    """Every reason against a meeting at that time."""
    reasons = []
    if starts_at is None:
        reasons.append(Reason("meeting.start", N_("Say when it begins."), field="starts_at"))
    elif starts_at < now:
        reasons.append(Reason("meeting.past", N_("A meeting begins in the future."), field="starts_at"))
    if not 5 <= minutes <= 12 * 60:
        reasons.append(Reason("meeting.minutes", N_("A meeting takes 5 minutes to 12 hours."), field="minutes"))
    return reasons


SCALE: Final = {SurveyKind.CSAT: (1, 5), SurveyKind.NPS: (0, 10)}
LOW: Final = {SurveyKind.CSAT: 2, SurveyKind.NPS: 6}
"""A score up to this is a request of its own."""


def against_score(kind: str, score: int) -> list[Reason]:
    low, high = SCALE[SurveyKind(kind)]
    if low <= score <= high:
        return []
    return [
        Reason(
            "feedback.score", N_("The score lies between %(low)d and %(high)d."), {"low": low, "high": high}, "score"
        )
    ]


def is_low(kind: str, score: int) -> bool:
    return score <= LOW[SurveyKind(kind)]
