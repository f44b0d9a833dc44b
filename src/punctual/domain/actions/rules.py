"""What is wrong with an action item before it is written."""

from __future__ import annotations

from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_

LONGEST_TITLE = 200


def reasons_against(*, title: str, has_owner: bool, has_due: bool) -> list[Reason]:
    """Every reason against opening or changing it so."""
    reasons = []
    if not title.strip() or len(title.strip()) > LONGEST_TITLE:
        reasons.append(
            Reason(
                "action_item.title",
                N_("Say in 1 to %(limit)d characters what is to be done."),
                params={"limit": LONGEST_TITLE},
                field="title",
            )
        )
    if not has_owner:
        reasons.append(Reason("action_item.owner", N_("Name who does it."), field="owner"))
    if not has_due:
        reasons.append(Reason("action_item.due", N_("Say by when it is done."), field="due"))
    return reasons
