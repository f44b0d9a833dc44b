"""Tell people; read and clear one's inbox; choose how one is told."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext, override

from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.notifications.kinds import KINDS
from punctual.platform.notifications.models import MailChoice, Mode, Notification, QuietHours, Robot, RobotChoice
from punctual.platform.notifications.outgoing import absolute, queue_mail, queue_robot
from punctual.platform.outbox.models import OutboxEvent
from punctual.platform.outbox.services import emit


def notify(
    *,
    users: Iterable[User],
    kind: str,
    text: str,
    params: Mapping[str, object] | None = None,
    url: str = "",
    dedupe_key: str = "",
) -> None:
    """Put one notification in each person's inbox; with ``dedupe_key`` a second one of the same key is dropped.

    Who wants this kind by mail, and the group robots, are told after commit. Who keeps it out of the inbox finds it
    among what is done.
    """
    people = list({user.pk: user for user in users if user.is_active}.values())
    if dedupe_key:
        told = set(
            Notification.objects.filter(user__in=people, dedupe_key=dedupe_key).values_list("user_id", flat=True)
        )
        people = [user for user in people if user.pk not in told]
    if not people:
        return
    now = timezone.now()
    chosen = list(MailChoice.objects.filter(user__in=people, kind=kind))
    away = {one.user_id: now for one in chosen if one.muted}
    Notification.objects.bulk_create(
        [
            Notification(
                user=user,
                kind=kind,
                text=text,
                params=dict(params or {}),
                url=url,
                created_at=now,
                read_at=away.get(user.pk),
                done_at=away.get(user.pk),
                dedupe_key=dedupe_key,
            )
            for user in people
        ],
        ignore_conflicts=True,
    )
    by_mail = [one.user_id for one in chosen if one.mode == Mode.NOW]
    by_robot = [one.user_id for one in chosen if one.robot == Mode.NOW]
    company = Robot.objects.filter(active=True, owner=None)
    robots = [robot.pk for robot in company if not robot.kinds or kind in robot.kinds]
    if by_mail or by_robot or robots:
        with transaction.atomic():
            emit(
                "notification.told",
                users=by_mail,
                by_robot=by_robot,
                robots=robots,
                about=kind,
                text=text,
                params={name: str(value) for name, value in (params or {}).items()},
                url=url,
            )


def send_out(event: OutboxEvent) -> None:
    """Queue the mails and robot messages of one notification; their keys hang on the event, so none is doubled."""
    told = event.payload
    for user in User.objects.filter(pk__in=told["users"], is_active=True).exclude(email=""):
        with override(user.language or settings.LANGUAGE_CODE):
            text = _worded(told)
        queue_mail(
            to=user.email,
            subject=text[:120],
            body=_with_link(text, told["url"]),
            key=f"notice:{event.pk}:{user.pk}",
            not_before=after_quiet_hours(user, timezone.now()),
        )
    for one in own_robots(told.get("by_robot", [])):
        with override(one.user.language or settings.LANGUAGE_CODE):
            text = _for(one, _worded(told))
        queue_robot(
            robot=one.robot,
            subject=text[:60],
            body=_with_link(text, told["url"]),
            key=f"own:{event.pk}:{one.user_id}",
            user=one.user,
            not_before=after_quiet_hours(one.user, timezone.now()),
        )
    with override(settings.LANGUAGE_CODE):
        text = _worded(told)
    for robot in Robot.objects.filter(pk__in=told["robots"], active=True):
        queue_robot(
            robot=robot, subject=text[:60], body=_with_link(text, told["url"]), key=f"robot:{event.pk}:{robot.pk}"
        )


def own_robots(users: Iterable[int]) -> list[RobotChoice]:
    """Which robot tells whom of them: their own, or a group's as long as it may be chosen."""
    rows = RobotChoice.objects.filter(user__in=users, user__is_active=True, robot__active=True)
    return list(rows.filter(Q(robot__owner=F("user")) | Q(robot__owner=None, robot__personal=True)).select_related())


def _for(choice: RobotChoice, text: str) -> str:
    """In a group it says whose notice it is."""
    return text if choice.robot.owner_id else f"@{choice.user.name} {text}"


def _worded(told: Mapping[str, Any]) -> str:
    sentence = gettext(told["text"])
    return sentence % told["params"] if told["params"] else sentence


def _with_link(text: str, url: str) -> str:
    return f"{text}\n\n{absolute(url)}" if url else text


def zone_of(user: User) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(user.time_zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo(settings.TIME_ZONE)


def after_quiet_hours(user: User, moment: dt.datetime) -> dt.datetime:
    """``moment``, or the end of the person's quiet hours when it lies within them."""
    begin, end = quiet_hours_of(user)
    if begin is None or end is None or begin == end:
        return moment
    local = moment.astimezone(zone_of(user))
    now = local.time()
    inside = begin <= now < end if begin < end else now >= begin or now < end
    if not inside:
        return moment
    day = local.date() if now < end else local.date() + dt.timedelta(days=1)
    return dt.datetime.combine(day, end, tzinfo=local.tzinfo)


def send_digests(*, now: dt.datetime | None = None) -> int:
    """Once a day: each person's unread notifications of the kinds they want as a digest, in one mail, and in one
    message of their robot. Of what they keep out of the inbox all: it was never there to be read."""
    now = now or timezone.now()
    count = 0
    wishes = _digests(Q(mode=Mode.DIGEST), now)
    for user in User.objects.filter(pk__in=wishes, is_active=True).exclude(email=""):
        told = _digest(user, wishes[user.pk], now)
        if told is not None:
            day = now.astimezone(zone_of(user)).date()
            with transaction.atomic():
                queue_mail(to=user.email, subject=told[0], body=told[1], key=f"digest:{user.pk}:{day}")
            count += 1
    wishes = _digests(Q(robot=Mode.DIGEST), now)
    for one in own_robots(wishes):
        told = _digest(one.user, wishes[one.user_id], now)
        if told is not None:
            subject, day = _for(one, told[0]), now.astimezone(zone_of(one.user)).date()
            with transaction.atomic():
                queue_robot(
                    robot=one.robot,
                    subject=subject,
                    body=f"{subject}\n\n{told[1]}",
                    key=f"own-digest:{one.user_id}:{day}",
                    user=one.user,
                    not_before=after_quiet_hours(one.user, now),
                )
            count += 1
    return count


def _digests(chosen: Q, now: dt.datetime) -> dict[int, Q]:
    """Who wants a digest, and of which notifications."""
    wishes: dict[int, Q] = {}
    for one in MailChoice.objects.filter(chosen):
        standing = Q(done_at=F("created_at")) if one.muted else _awake(now) & Q(read_at=None, done_at=None)
        wishes[one.user_id] = wishes.get(one.user_id, Q()) | (Q(kind=one.kind) & standing)
    return wishes


def _digest(user: User, wish: Q, now: dt.datetime) -> tuple[str, str] | None:
    """Subject and body of a person's digest of the last day; nothing where nothing is new."""
    since = now - dt.timedelta(days=1)
    fresh = list(Notification.objects.filter(wish, user=user, created_at__gt=since).reverse())
    if not fresh:
        return None
    with override(user.language or settings.LANGUAGE_CODE):
        lines = [
            _with_link(_worded({"text": one.text, "params": one.params}), one.url).replace("\n\n", "\n")
            for one in fresh
        ]
        return gettext("Punctual: %(count)d new since yesterday") % {"count": len(fresh)}, "\n\n".join(lines)


def _awake(now: dt.datetime) -> Q:
    return Q(snoozed_until=None) | Q(snoozed_until__lte=now)


def inbox_of(actor: User, *, now: dt.datetime | None = None) -> QuerySet[Notification]:
    """What is not done and not asleep."""
    return Notification.objects.filter(_awake(now or timezone.now()), user=actor, done_at=None)


def put_away(actor: User, standing: str, *, now: dt.datetime | None = None) -> QuerySet[Notification]:
    """What is out of sight: ``later`` asleep, soonest first; ``done`` finished, the latest first."""
    mine = Notification.objects.filter(user=actor)
    if standing == "done":
        return mine.exclude(done_at=None).order_by("-done_at", "-id")
    return mine.filter(done_at=None, snoozed_until__gt=now or timezone.now()).order_by("snoozed_until", "id")


def bring_back(*, actor: User, ids: Iterable[int]) -> int:
    """Into the inbox again; only one's own."""
    mine = Notification.objects.filter(user=actor, pk__in=list(ids))
    return mine.update(done_at=None, snoozed_until=None)


def unread_count(actor: User) -> int:
    return inbox_of(actor).filter(read_at=None).count()


def mark_read(*, actor: User, ids: Iterable[int] | None = None) -> int:
    """Mark the given ones, or all, as read; only one's own."""
    mine = inbox_of(actor).filter(read_at=None)
    if ids is not None:
        mine = mine.filter(pk__in=list(ids))
    return mine.update(read_at=timezone.now())


def mark_done(*, actor: User, ids: Iterable[int]) -> int:
    """Put them away for good."""
    now = timezone.now()
    Notification.objects.filter(user=actor, pk__in=list(ids), read_at=None).update(read_at=now)
    return Notification.objects.filter(user=actor, pk__in=list(ids), done_at=None).update(done_at=now)


def snooze(*, actor: User, ids: Iterable[int], until: dt.datetime) -> int:
    """Out of sight until then; unread again afterwards."""
    if until <= timezone.now():
        raise Refusal(
            Reason("notification.snooze", N_("Choose a time that lies ahead."), field="until"),
        )
    mine = Notification.objects.filter(user=actor, pk__in=list(ids), done_at=None)
    return mine.update(snoozed_until=until, read_at=None)


@dataclass(frozen=True, slots=True)
class Choice:
    """How one kind of notification comes: ``mail`` and ``robot`` off, now or digest; ``inbox`` whether it stands
    there."""

    mail: str = Mode.OFF.value
    inbox: bool = True
    robot: str = Mode.OFF.value


def choices_of(actor: User) -> dict[str, Choice]:
    """Kind → how it comes, for every kind there is."""
    chosen = {one.kind: Choice(one.mode, not one.muted, one.robot) for one in MailChoice.objects.filter(user=actor)}
    return {kind: chosen.get(kind, Choice()) for kind in KINDS}


def _against(choices: Mapping[str, Choice]) -> list[Reason]:
    text = N_("There is no such choice: %(kind)s, %(mode)s.")
    return [
        Reason("notification.choice", text, {"kind": kind, "mode": f"{one.mail}, {one.robot}"})
        for kind, one in choices.items()
        if kind not in KINDS or one.mail not in Mode.values or one.robot not in Mode.values
    ]


@transaction.atomic
def choose(
    *, actor: User, choices: Mapping[str, Choice], quiet_begin: dt.time | None = None, quiet_end: dt.time | None = None
) -> None:
    """What stands in the inbox, what comes by mail and by robot as well, and when nothing does."""
    reasons = _against(choices)
    if (quiet_begin is None) != (quiet_end is None):
        reasons.append(Reason("notification.quiet", N_("Quiet hours need a beginning and an end."), field="quiet_end"))
    if reasons:
        raise Refusal(*reasons)
    for kind, one in choices.items():
        MailChoice.objects.update_or_create(
            user=actor, kind=kind, defaults={"mode": one.mail, "robot": one.robot, "muted": not one.inbox}
        )
    QuietHours.objects.update_or_create(user=actor, defaults={"begin": quiet_begin, "end": quiet_end})


def quiet_hours_of(actor: User) -> tuple[dt.time | None, dt.time | None]:
    """Their beginning and end; nothing where there are none."""
    quiet = QuietHours.objects.filter(user=actor).first()
    return (quiet.begin, quiet.end) if quiet is not None else (None, None)
