"""Which steps a request takes, and who may decide one of them: pure, over plain facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_

LONGEST_COMMENT: Final = 2000


@dataclass(frozen=True, slots=True)
class Level:
    """``role`` decides at ``level``, always or from one of the limits on; ``kind`` empty = any."""

    role: str
    level: int = 1
    minimum_amount: Decimal = Decimal(0)
    minimum_days: int = 0
    kind: str = ""

    def applies(self, *, amount: Decimal, days: int, kinds: Collection[str]) -> bool:
        if self.kind and self.kind not in kinds:
            return False
        if not self.minimum_amount and not self.minimum_days:
            return True
        by_amount = bool(self.minimum_amount) and amount >= self.minimum_amount
        by_days = bool(self.minimum_days) and days >= self.minimum_days
        return by_amount or by_days


def steps_of(chain: Iterable[Level], *, amount: Decimal, days: int, kinds: Collection[str]) -> list[tuple[int, str]]:
    """(level, role) of the steps in order; a role is asked once, at its lowest level."""
    lowest: dict[str, int] = {}
    for one in chain:
        if one.applies(amount=amount, days=days, kinds=kinds):
            lowest[one.role] = min(lowest.get(one.role, one.level), one.level)
    return sorted((level, role) for role, level in lowest.items())


def against_deciding(
    *,
    state: str,
    is_own: bool,
    has_step: bool,
    only_for_requester: bool,
    is_second: bool,
    approve: bool,
    comment: str,
) -> list[Reason]:
    """Every reason why this person can't say yes or no now. ``is_own``: they asked for it or wrote it.
    ``only_for_requester``: every step they are asked at is in the place of somebody who did. ``is_second``: they would
    decide a second level, one of both as a stand-in."""
    if state != "waiting":
        return [Reason("approval.decided", N_("This is decided already; load the page again."))]
    reasons = []
    if is_own or only_for_requester:
        text = N_(
            "Nobody approves what they wrote or asked for themselves; somebody else of the role or an administrator "
            "must decide."
        )
        reasons.append(Reason("approval.own", text))
    elif is_second:
        text = N_(
            "You have decided another level of this already, and a stand-in decides one; the person you stand in for, "
            "somebody else of the role or an administrator must decide."
        )
        reasons.append(Reason("approval.second", text))
    elif not has_step:
        reasons.append(Reason("approval.not_asked", N_("You are not asked at this step.")))
    if not approve and not comment.strip():
        reasons.append(Reason("approval.comment", N_("Say why it is rejected."), field="comment"))
    if len(comment) > LONGEST_COMMENT:
        text = N_("The comment has %(length)d characters; at most %(longest)d fit.")
        params = {"length": len(comment), "longest": LONGEST_COMMENT}
        reasons.append(Reason("approval.comment", text, params, field="comment"))
    return reasons


def against_delegation(
    *, person: int, delegate: int | None, first: dt.date | None, last: dt.date | None, today: dt.date
) -> list[Reason]:
    """Every reason against this stand-in."""
    reasons = []
    if delegate is None:
        reasons.append(Reason("delegation.delegate", N_("Name who stands in."), field="delegate"))
    elif delegate == person:
        reasons.append(Reason("delegation.self", N_("Somebody else must stand in for you."), field="delegate"))
    if first is None or last is None:
        reasons.append(Reason("delegation.days", N_("Say from when until when."), field="first"))
    elif last < first or last < today:
        text = N_("The last day must not lie before the first day or before today.")
        reasons.append(Reason("delegation.days", text, field="last"))
    return reasons
