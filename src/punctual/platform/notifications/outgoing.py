"""Messages on their way out: queued in the transaction of what they tell of, sent after it, again after a failure."""

from __future__ import annotations

import base64
import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from punctual.platform.accounts.models import User
from punctual.platform.notifications.models import Delivery, DeliveryState, Robot, Way, Webhook
from punctual.platform.notifications.safe_http import NotSent
from punctual.platform.notifications.senders import send
from punctual.platform.outbox.models import OutboxEvent

PAUSES: Final = (0.1, 5, 30, 120, 300, 600, 840, 1200, 1440, 1440)
"""Minutes until the next attempt; after the last one (about four days) it is given up."""

CLAIM: Final = dt.timedelta(minutes=3)
"""So long a worker has a message for itself; a killed one's goes to the next afterwards."""


@dataclass(frozen=True, slots=True)
class File:
    name: str
    content: bytes
    type: str = "application/octet-stream"

    def as_data(self) -> dict[str, str]:
        return {"name": self.name, "content": base64.b64encode(self.content).decode(), "type": self.type}


def absolute(path: str) -> str:
    """The full address of a page, for who reads it elsewhere."""
    return path if path.startswith("http") else f"{settings.SITE_URL.rstrip('/')}{path}"


def queue_mail(
    *,
    to: str,
    subject: str,
    body: str,
    key: str | None = None,
    files: Sequence[File] = (),
    calendar: tuple[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    not_before: dt.datetime | None = None,
) -> Delivery | None:
    """Send a mail after commit. ``calendar`` (text, method) is an invitation. None: ``key`` was queued before."""
    data: dict[str, Any] = {"files": [file.as_data() for file in files], "headers": dict(headers or {})}
    if calendar:
        data["calendar"] = {"text": calendar[0], "method": calendar[1]}
    # A line break in a subject would be a header of its own.
    clean = " ".join(subject.split())[:300]
    return _queue(
        Delivery(way=Way.MAIL, address=to, subject=clean, body=body, data=data, dedupe_key=key),
        not_before=not_before,
    )


def queue_robot(
    *,
    robot: Robot,
    subject: str,
    body: str,
    key: str | None = None,
    user: User | None = None,
    not_before: dt.datetime | None = None,
) -> Delivery | None:
    """To a group; with ``user`` it is that person's notice, which they see among what was sent to them."""
    return _queue(
        Delivery(
            way=Way.ROBOT, address=robot.name, subject=subject[:300], body=body, robot=robot, user=user, dedupe_key=key
        ),
        not_before=not_before,
    )


def _queue(delivery: Delivery, *, not_before: dt.datetime | None = None) -> Delivery | None:
    if delivery.dedupe_key and Delivery.objects.filter(dedupe_key=delivery.dedupe_key).exists():
        return None
    if not_before is not None:
        delivery.next_try_at = not_before
    delivery.save(force_insert=True)
    transaction.on_commit(_wake)
    return delivery


def _wake() -> None:
    from punctual.platform.jobs.services import call_soon

    call_soon("punctual.platform.notifications.outgoing.deliver_due")


def tell_webhooks(event: OutboxEvent) -> None:
    """Every webhook that wants this kind of event gets it; the body's id is the event's, the same at a repetition."""
    for webhook in Webhook.objects.filter(active=True):
        if webhook.kinds and event.kind not in webhook.kinds:
            continue
        body = {"type": event.kind, "timestamp": event.created_at.isoformat(), "data": event.payload}
        key = f"webhook:{webhook.pk}:{event.pk}"
        queue_webhook(webhook=webhook, kind=event.kind, body=body, key=key)


def queue_webhook(*, webhook: Webhook, kind: str, body: Mapping[str, Any], key: str | None = None) -> Delivery | None:
    """One event to one program, after commit."""
    return _queue(
        Delivery(
            way=Way.WEBHOOK,
            address=webhook.receiver[:500],
            subject=kind,
            webhook=webhook,
            data={"body": dict(body)},
            dedupe_key=key,
        )
    )


def deliver_due(limit: int = 100, *, now: dt.datetime | None = None) -> int:
    """Try everything that is due; returns how many were sent."""
    now = now or timezone.now()
    waiting = Delivery.objects.filter(state=DeliveryState.WAITING, next_try_at__lte=now)
    free = waiting.filter(Q(claimed_until=None) | Q(claimed_until__lt=now))
    sent = 0
    for pk in list(free.order_by("next_try_at").values_list("pk", flat=True)[:limit]):
        # Whoever changes the row first has it.
        if free.filter(pk=pk).update(claimed_until=now + CLAIM):
            sent += _try(pk, now)
    return sent


def _try(pk: uuid.UUID, now: dt.datetime) -> bool:
    delivery = Delivery.objects.select_related("robot", "webhook").get(pk=pk)
    try:
        told, error = send(delivery), ""
    except NotSent as failure:
        told, error = "", str(failure)
    delivery.attempts += 1
    delivery.log = [*delivery.log, {"at": now.isoformat(), "status": told, "error": error}][-20:]
    delivery.claimed_until = None
    if not error:
        delivery.state, delivery.sent_at = DeliveryState.SENT, now
    elif delivery.attempts > len(PAUSES):
        delivery.state = DeliveryState.FAILED
    else:
        delivery.next_try_at = now + dt.timedelta(minutes=PAUSES[delivery.attempts - 1])
    delivery.save(update_fields=["attempts", "log", "claimed_until", "state", "sent_at", "next_try_at"])
    return not error


@transaction.atomic
def send_again(delivery: Delivery) -> None:
    """Somebody asks for one more round of attempts."""
    delivery.state, delivery.attempts, delivery.next_try_at = DeliveryState.WAITING, 0, timezone.now()
    delivery.save(update_fields=["state", "attempts", "next_try_at"])
    transaction.on_commit(_wake)
