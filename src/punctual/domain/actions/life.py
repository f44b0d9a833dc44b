"""The life of an action item."""

from __future__ import annotations

from typing import Final

from punctual.domain.actions.models import ActionState as S
from punctual.kernel.lifecycle import Lifecycle
from punctual.kernel.wording import N_

LIFE: Final = Lifecycle(
    "action_item",
    states={S.OPEN: N_("Open"), S.DONE: N_("Done"), S.CANCELLED: N_("Cancelled")},
    verbs={
        "change": N_("Change the action item"),
        "complete": N_("Finish the action item"),
        "cancel": N_("Cancel the action item"),
        "reopen": N_("Reopen the action item"),
        "check": N_("Check the effect"),
    },
    transitions=[
        ("change", [S.OPEN], None),
        ("complete", [S.OPEN], S.DONE),
        ("cancel", [S.OPEN], S.CANCELLED),
        ("reopen", [S.DONE, S.CANCELLED], S.OPEN),
        ("check", [S.DONE], None),
    ],
)
