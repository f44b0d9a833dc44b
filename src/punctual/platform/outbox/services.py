"""``emit`` inside the transaction; handlers run after commit, in order, each once an event, again after a failure."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Final

from django.db import connection, transaction
from django.utils import timezone

from punctual.platform.outbox.models import HandledEvent, OutboxEvent
from punctual.platform.trouble import retrying

logger = logging.getLogger(__name__)

Handler = Callable[[OutboxEvent], None]
_HANDLERS: Final[dict[str, dict[str, Handler]]] = defaultdict(dict)
MAX_ATTEMPTS: Final = 10


def subscribe(kind: str, handler: Handler) -> None:
    """Let ``handler`` take every event of ``kind``; subscribing twice is harmless."""
    _HANDLERS[kind][f"{handler.__module__}.{handler.__qualname__}"] = handler


def emit(kind: str, **payload: object) -> OutboxEvent:
    """Write the event with the change it tells of; whoever listens hears it only after commit."""
    if not connection.in_atomic_block:
        raise RuntimeError("emit needs the caller's transaction")
    event = OutboxEvent.objects.create(kind=kind, payload=payload)
    if not any(hook[1] is _wake for hook in connection.run_on_commit):  # one call for all that a command tells
        transaction.on_commit(_wake)
    return event


def _wake() -> None:
    """Ask the worker to deliver now; it also looks by itself every minute."""
    from punctual.platform.jobs.services import call_soon

    call_soon("punctual.platform.outbox.services.deliver_pending")


def deliver_pending(limit: int = 500) -> int:
    """Give the waiting events to their handlers; returns how many were finished."""
    finished = 0
    waiting = OutboxEvent.objects.filter(handled_at=None, attempts__lt=MAX_ATTEMPTS).order_by("created_at")
    for event in waiting[:limit]:
        if _deliver(event):
            finished += 1
    return finished


def try_again() -> int:
    """Wait for the handlers once more: the events that were given up; returns how many."""
    count: int = OutboxEvent.objects.filter(handled_at=None, attempts__gte=MAX_ATTEMPTS).update(attempts=0)
    if count:
        _wake()
    return count


@transaction.atomic
def _take(event: OutboxEvent, name: str, handler: Handler) -> None:
    # The row comes first: a second worker at the same event waits here, then finds it taken.
    _, fresh = HandledEvent.objects.get_or_create(event=event, handler=name)
    if fresh:
        handler(event)


def _deliver(event: OutboxEvent) -> bool:
    taken = set(HandledEvent.objects.filter(event=event).values_list("handler", flat=True))
    for name, handler in _HANDLERS.get(event.kind, {}).items():
        if name in taken:
            continue
        try:
            retrying(partial(_take, event, name, handler))
        except Exception as error:
            logger.exception("handler %s failed on event %s", name, event.pk)
            event.attempts += 1
            event.error = f"{name}: {error}"[:2000]
            event.save(update_fields=["attempts", "error"])
            return False
    event.handled_at = timezone.now()
    event.save(update_fields=["handled_at"])
    return True
