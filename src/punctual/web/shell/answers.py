"""The yes or no of whoever answers on the page behind a link."""

from __future__ import annotations

import re
from typing import Final

from django.http import HttpRequest

from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_

ORDER_PAGE: Final = re.compile(r"/(?:portal/orders|track)/[\w.-]+/")


def agreed(request: HttpRequest) -> bool:
    """One of the two buttons; anything else is no answer, least of all a no."""
    answer = request.POST.get("answer", "")
    if answer not in ("agree", "refuse"):
        raise Refusal(Reason("sign.answer", N_("Say whether you agree.")))
    return answer == "agree"


def way_back(request: HttpRequest) -> str:
    """The customer's own page of the order from which they came to answer; nothing where the link came by mail."""
    wish = request.GET.get("back", "")
    return wish if ORDER_PAGE.fullmatch(wish) else ""
