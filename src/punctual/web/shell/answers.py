"""The yes or no of whoever answers on the page behind a link."""

from __future__ import annotations

from django.http import HttpRequest

from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_


def agreed(request: HttpRequest) -> bool:
    """One of the two buttons; anything else is no answer, least of all a no."""
    answer = request.POST.get("answer", "")
    if answer not in ("agree", "refuse"):
        raise Refusal(Reason("sign.answer", N_("Say whether you agree.")))
    return answer == "agree"
