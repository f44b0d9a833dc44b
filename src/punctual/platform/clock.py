"""What the work is called that runs by the clock (punctual/worker/schedule.py), in the reader's language."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CLOCK: Final[dict[str, Promise]] = {
    "deliver events": _("Deliver events"),
    "seal the audit trail": _("Seal the audit trail"),
    "back up": _("Back up"),
    "remind of reviews": _("Remind of reviews"),
    "remind of payments": _("Remind of payments"),
    "remind of approvals": _("Remind of approvals"),
    "plan everything again": _("Plan everything again"),
    "resume stopped schedule runs": _("Resume stopped schedule runs"),
    "send messages": _("Send messages"),
    "tell followers": _("Tell followers"),
    "send digests": _("Send digests"),
    "watch response times": _("Watch response times"),
    "remind of meetings": _("Remind of meetings"),
    "remind of visits": _("Remind of visits"),
    "fetch mail": _("Fetch mail"),
    "refresh shortages": _("Refresh shortages"),
    "count what is on order": _("Count what is on order"),
    "forget old answers": _("Forget old answers"),
    "forget ended sign-ins": _("Forget ended sign-ins"),
    "look at marked orders": _("Look at marked orders"),
    "check effects": _("Check the effect of ways out"),
    "escalate action items": _("Escalate action items"),
    "send reports": _("Send reports"),
    "look at every order": _("Look at every order"),
}


def clock_words(name: str) -> str:
    """What runs by the clock, in the reader's language; one that is not named here keeps its own name."""
    return str(CLOCK.get(name, name))
