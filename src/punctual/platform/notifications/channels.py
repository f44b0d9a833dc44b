"""Robots and webhooks: who may set them up, and the log of everything that was sent."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from punctual.kernel.refusal import Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import grant, may, require
from punctual.platform.audit.services import differences, record
from punctual.platform.notifications.kinds import EVENTS, KINDS
from punctual.platform.notifications.models import Delivery, Robot, RobotKind, Way, Webhook
from punctual.platform.notifications.outgoing import queue_robot, queue_webhook, send_again
from punctual.platform.records import get_or_not_found

grant("channels.manage", N_("set up group robots and webhooks and see what was sent"), [])


def robots_of(actor: User) -> QuerySet[Robot]:
    """The company's; a person's own is their own matter."""
    return Robot.objects.filter(owner=None) if may(actor, "channels.manage") else Robot.objects.none()


def groups() -> QuerySet[Robot]:
    """Groups in use, for who chooses where something goes; their addresses and secrets are for administrators."""
    return Robot.objects.filter(active=True, owner=None).defer("address", "secret")


def webhooks_of(actor: User) -> QuerySet[Webhook]:
    return Webhook.objects.all() if may(actor, "channels.manage") else Webhook.objects.none()


def deliveries_of(actor: User) -> QuerySet[Delivery]:
    rows = Delivery.objects.all() if may(actor, "channels.manage") else Delivery.objects.none()
    return rows.select_related("robot", "webhook")


def _against_address(address: str, *, field: str) -> list[Reason]:
    parts = urlsplit(address)
    if parts.scheme in ("http", "https") and parts.hostname and not parts.username:
        return []
    return [Reason("channel.address", N_("Write the full address, beginning with https://."), field=field)]


def _against_kinds(kinds: Sequence[str], known: Sequence[str]) -> list[Reason]:
    strange = [kind for kind in kinds if kind not in known]
    if not strange:
        return []
    text = N_("There is no kind “%(kind)s”.")
    return [Reason("channel.kind", text, {"kind": strange[0]}, field="kinds")]


def against_robot(kind: str, address: str, offered: Sequence[str]) -> list[Reason]:
    """Every reason against a robot of this kind at this address."""
    if kind not in offered:
        return [Reason("channel.robot", N_("Choose one of the robots offered."), field="kind")]
    if kind != RobotKind.APPRISE:
        return _against_address(address.strip(), field="address")
    if "://" not in address:
        return [Reason("channel.apprise", N_("Write the Apprise address, as tgram://…"), field="address")]
    return []


@transaction.atomic
def add_robot(
    *,
    actor: User,
    name: str,
    kind: str,
    address: str,
    secret: str = "",
    kinds: Sequence[str] = (),
    personal: bool = False,
) -> Robot:
    """A group that is told from now on; ``personal``: people may have their own notices sent there."""
    require(actor, "channels.manage")
    reasons = _against_kinds(kinds, list(KINDS))
    if not name.strip():
        reasons.append(Reason("channel.name", N_("Give it a name."), field="name"))
    refuse_if([*reasons, *against_robot(kind, address, RobotKind.values)])
    made = Robot.objects.create(
        name=name.strip()[:80],
        kind=kind,
        address=address.strip(),
        secret=secret.strip(),
        kinds=list(kinds),
        personal=personal,
    )
    record(actor=actor, verb="create", target=made)
    return made


@transaction.atomic
def allow_robot(*, actor: User, robot_id: int, personal: bool) -> Robot:
    """Whether people may have their own notices sent to this group; when not, it tells nobody theirs any more."""
    require(actor, "channels.manage")
    robot = get_or_not_found(robots_of(actor).select_for_update(of=("self",)), pk=robot_id)
    changes = differences({"personal": robot.personal}, {"personal": personal})
    robot.personal = personal
    robot.save(update_fields=["personal"])
    record(actor=actor, verb="change", target=robot, changes=changes)
    return robot


@transaction.atomic
def drop_robot(*, actor: User, robot_id: int) -> None:
    require(actor, "channels.manage")
    robot = get_or_not_found(robots_of(actor), pk=robot_id)
    record(actor=actor, verb="delete", target=robot, reason=robot.name)
    robot.delete()


@transaction.atomic
def test_robot(*, actor: User, robot_id: int) -> Delivery:
    """Send a word now; the log tells what came of it."""
    require(actor, "channels.manage")
    robot = get_or_not_found(robots_of(actor), pk=robot_id)
    return queue_test(actor, robot)


def queue_test(actor: User, robot: Robot, *, user: User | None = None) -> Delivery:
    text = _("This is a test by %(who)s at %(when)s.") % {
        "who": actor.name,
        "when": timezone.localtime().strftime("%H:%M:%S"),
    }
    delivery = queue_robot(robot=robot, subject="Punctual 准交", body=text, user=user)
    assert delivery is not None
    return delivery


@transaction.atomic
def add_webhook(*, actor: User, url: str, description: str = "", kinds: Sequence[str] = ()) -> tuple[Webhook, str]:
    """A program that is told from now on; returns it and its secret, which is shown this once."""
    require(actor, "channels.manage")
    refuse_if([*_against_address(url.strip(), field="url"), *_against_kinds(kinds, list(EVENTS))])
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    made = Webhook.objects.create(
        url=url.strip(), description=description.strip()[:120], secret=secret, kinds=list(kinds), created_by=actor
    )
    record(actor=actor, verb="create", target=made)
    return made, secret


@transaction.atomic
def change_webhook(
    *,
    actor: User,
    webhook_id: int,
    url: str | None = None,
    description: str | None = None,
    kinds: Sequence[str] | None = None,
    active: bool | None = None,
) -> Webhook:
    """Change what is told."""
    require(actor, "channels.manage")
    found = get_or_not_found(webhooks_of(actor).select_for_update(of=("self",)), pk=webhook_id)
    reasons = _against_address(url.strip(), field="url") if url is not None else []
    reasons += _against_kinds(kinds, list(EVENTS)) if kinds is not None else []
    refuse_if(reasons)
    found.url = found.url if url is None else url.strip()
    found.description = found.description if description is None else description.strip()[:120]
    found.kinds = found.kinds if kinds is None else list(kinds)
    found.active = found.active if active is None else active
    found.save()
    record(actor=actor, verb="change", target=found)
    return found


@transaction.atomic
def drop_webhook(*, actor: User, webhook_id: int) -> None:
    require(actor, "channels.manage")
    found = get_or_not_found(webhooks_of(actor), pk=webhook_id)
    record(actor=actor, verb="delete", target=found, reason=found.receiver)
    found.delete()


@transaction.atomic
def test_webhook(*, actor: User, webhook_id: int) -> Delivery:
    """Send an event named ``test`` now."""
    require(actor, "channels.manage")
    webhook = get_or_not_found(webhooks_of(actor), pk=webhook_id)
    body = {"type": "test", "timestamp": timezone.now().isoformat(), "data": {"by": actor.username}}
    delivery = queue_webhook(webhook=webhook, kind="test", body=body)
    assert delivery is not None
    return delivery


def repeat(*, actor: User, delivery_id: str) -> Delivery:
    """Try one that was given up once more, under its own id."""
    require(actor, "channels.manage")
    delivery = get_or_not_found(deliveries_of(actor), pk=delivery_id)
    if delivery.state == "sent" and delivery.way != Way.WEBHOOK:
        raise Refusal(Reason("delivery.sent", N_("This has arrived; it is not sent twice.")))
    send_again(delivery)
    return delivery
