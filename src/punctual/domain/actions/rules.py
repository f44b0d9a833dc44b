"""What is wrong with an action item before it is written."""

from __future__ import annotations

import datetime as dt
from typing import Final

from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_

LONGEST_TITLE = 200
LONG_AGO: Final = dt.timedelta(days=90)
"""What was due before that is a slip of the year: nobody gives a day that passed a season ago."""


def reasons_against(*, title: str, has_owner: bool, due: dt.date | None, today: dt.date) -> list[Reason]:
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
    if due is None:
        reasons.append(Reason("action_item.due", N_("Say by when it is done."), field="due"))
    elif due < today - LONG_AGO:
        text = N_("%(due)s passed long ago; is the year right?")
        reasons.append(Reason("action_item.due_long_ago", text, {"due": due.isoformat()}, field="due"))
    return reasons
