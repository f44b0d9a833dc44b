"""The robot that tells a person their own notices: a group's that an administrator lets people choose, or their own."""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from punctual.kernel.refusal import Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.audit.services import record
from punctual.platform.notifications.channels import against_robot, groups, queue_test
from punctual.platform.notifications.models import Delivery, DeliveryState, Robot, RobotChoice, RobotKind, Way
from punctual.platform.notifications.outgoing import send_again
from punctual.platform.notifications.services import own_robots
from punctual.platform.records import get_or_not_found

OWN_KINDS: Final = [RobotKind.WECOM, RobotKind.DINGTALK, RobotKind.FEISHU]
"""What a person may set up alone; whatever else Apprise reaches is for administrators."""


def offered(actor: User) -> QuerySet[Robot]:
    """Groups that people may choose for their own notices."""
    return groups().filter(personal=True)


def _mine(actor: User) -> QuerySet[Robot]:
    return Robot.objects.filter(owner=actor)


def own_robot(actor: User) -> Robot | None:
    return _mine(actor).first()


def chosen_robot(actor: User) -> Robot | None:
    """The one that tells this person, as long as it may."""
    return next((one.robot for one in own_robots([actor.pk])), None)


def sent_to(actor: User) -> QuerySet[Delivery]:
    """What robots were to tell this person, the latest first."""
    return Delivery.objects.filter(way=Way.ROBOT, user=actor)


@transaction.atomic
def choose_robot(*, actor: User, robot_id: int | None) -> None:
    """From now on this one tells me; without one none does."""
    if robot_id is None:
        RobotChoice.objects.filter(user=actor).delete()
        return
    robot = get_or_not_found(offered(actor) | _mine(actor).defer("address", "secret"), pk=robot_id)
    RobotChoice.objects.update_or_create(user=actor, defaults={"robot": robot})


@transaction.atomic
def keep_own_robot(*, actor: User, kind: str, address: str, secret: str = "") -> Robot:
    """My own robot, in the place of the one before; it tells me from now on."""
    refuse_if(against_robot(kind, address, OWN_KINDS))
    told = {"kind": kind, "address": address.strip()[:500], "secret": secret.strip()[:200], "active": True}
    robot, made = Robot.objects.update_or_create(owner=actor, defaults={"name": actor.name[:80], **told})
    RobotChoice.objects.update_or_create(user=actor, defaults={"robot": robot})
    record(actor=actor, verb="create" if made else "change", target=robot)
    return robot


@transaction.atomic
def drop_own_robot(*, actor: User) -> None:
    robot = get_or_not_found(_mine(actor), owner=actor.pk)
    record(actor=actor, verb="delete", target=robot, reason=robot.name)
    robot.delete()


@transaction.atomic
def test_chosen(*, actor: User) -> Delivery:
    """Send a word now by the robot that tells me."""
    robot = chosen_robot(actor)
    if robot is None:
        raise Refusal(Reason("channel.none", N_("Choose a robot first."), field="robot"))
    return queue_test(actor, robot, user=actor)


@transaction.atomic
def repeat_mine(*, actor: User, delivery_id: str) -> Delivery:
    """Try one that was given up once more, under its own id."""
    delivery = get_or_not_found(sent_to(actor).filter(state=DeliveryState.FAILED), pk=delivery_id)
    send_again(delivery)
    return delivery
