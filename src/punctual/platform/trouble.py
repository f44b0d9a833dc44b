"""What is wrong with the database when it fails under a request: try again, wait, or call somebody.

Only troubles that pass are named here; anything else is a mistake of the program and stays an error.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from enum import Enum
from typing import Final, TypeVar

from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _

logger = logging.getLogger(__name__)

T = TypeVar("T")
ATTEMPTS: Final = 4
RETRY_AFTER: Final = 5


class Trouble(Enum):
    """``CLASH`` is over when it is done again; ``BUSY`` and ``AWAY`` pass by themselves; ``FULL`` needs somebody."""

    CLASH = "database.clash"
    BUSY = "database.busy"
    AWAY = "database.away"
    FULL = "database.full"


_SQLITE: Final = (
    ("others have been writing", Trouble.BUSY),
    ("database is locked", Trouble.BUSY),
    ("database table is locked", Trouble.BUSY),
    ("disk is full", Trouble.FULL),
    ("disk I/O error", Trouble.FULL),
    ("unable to open database file", Trouble.AWAY),
)
_POSTGRES: Final = {"40001": Trouble.CLASH, "40P01": Trouble.CLASH, "55P03": Trouble.BUSY, "53100": Trouble.FULL}
_AWAY_CLASSES: Final = ("08", "57P", "53")


def trouble_of(error: BaseException | None) -> Trouble | None:
    """Which passing trouble this error is, or None."""
    if not isinstance(error, DatabaseError | InterfaceError):
        return None
    if connection.vendor == "sqlite":
        return next((kind for words, kind in _SQLITE if words in str(error)), None)
    state = getattr(error.__cause__, "sqlstate", None) or ""
    if state in _POSTGRES:
        return _POSTGRES[state]
    if state.startswith(_AWAY_CLASSES) or (not state and isinstance(error, OperationalError | InterfaceError)):
        return Trouble.AWAY
    return None


def pause(attempt: int) -> None:
    """A little longer after each attempt, and never the same for two who clashed."""
    time.sleep(random.uniform(0.01, 0.05) * 2**attempt)  # noqa: S311 - spreads retries, guards nothing


def retrying(work: Callable[[], T]) -> T:
    """Do ``work``, which is one transaction, again while it only clashed with another; outside of transactions only."""
    if connection.in_atomic_block:
        return work()
    for attempt in range(ATTEMPTS - 1):
        try:
            return work()
        except (DatabaseError, InterfaceError) as error:
            if trouble_of(error) is not Trouble.CLASH:
                raise
            logger.info("clashed with another transaction, attempt %d", attempt + 1)
            pause(attempt)
    return work()


def words_of(trouble: Trouble) -> str:
    """What happened and what to do, in the reader's language."""
    if trouble in {Trouble.BUSY, Trouble.CLASH}:
        return _("Many people are saving at this moment and your turn did not come. Nothing was saved; send it again.")
    if trouble is Trouble.FULL:
        return _("The disk is full, so nothing can be saved. Tell your administrator, then send it again.")
    return _("The database can't be reached at the moment. Nothing was saved; send it again in a few seconds.")


def problem(request: HttpRequest, trouble: Trouble) -> JsonResponse:
    """503 for programs, with when to come again; the request keeps what it was, for whoever may do it again."""
    request.trouble = trouble  # type: ignore[attr-defined]
    body = {"type": "about:blank", "title": words_of(trouble), "status": 503, "code": trouble.value}
    return JsonResponse(
        body,
        status=503,
        content_type="application/problem+json; charset=utf-8",
        headers={"Retry-After": str(RETRY_AFTER)},
        json_dumps_params={"ensure_ascii": False},
    )
