"""Reports that go out by themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from punctual.domain.monitoring.models import ReportFiles, ReportSchedule
from punctual.domain.monitoring.rules import next_report
from punctual.domain.monitoring.selectors import schedules_of
from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import order_by_key
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import LANGUAGES, N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.audit.services import differences, record
from punctual.platform.notifications.channels import groups
from punctual.platform.records import lock, save_next

MOST_RECEIVERS: Final = 50


@dataclass(frozen=True, slots=True)
class Wish:
    """``order`` its number, empty: all running orders. ``people`` and ``groups`` by id, ``recipients`` addresses."""

    weekday: int
    hour: int
    language: str
    order: str = ""
    people: Sequence[int] = ()
    groups: Sequence[int] = ()
    recipients: Sequence[str] = ()
    files: str = ReportFiles.PDF


def _addresses(wish: Wish) -> list[str]:
    return list(dict.fromkeys(one.strip() for one in wish.recipients if one.strip()))


def _people(wish: Wish) -> list[User]:
    return list(User.objects.filter(pk__in=wish.people, is_active=True).order_by("pk"))


def _against(wish: Wish) -> list[Reason]:
    reasons = []
    if not 1 <= wish.weekday <= 7 or not 0 <= wish.hour <= 23:
        reasons.append(Reason("schedule.time", N_("Choose a weekday and an hour of 0 to 23."), field="hour"))
    if wish.language not in LANGUAGES:
        reasons.append(Reason("schedule.language", N_("Choose Chinese or English."), field="language"))
    if wish.files not in ReportFiles.values:
        text = N_("Choose PDF, Excel or both.")
        reasons.append(Reason("schedule.files", text, field="files"))
    for one in _addresses(wish):
        try:
            validate_email(one)
        except ValidationError:
            text = N_("“%(address)s” is no mail address.")
            reasons.append(Reason("schedule.address", text, {"address": one[:80]}, field="recipients"))
    people = _people(wish)
    for user in people:
        if not may(user, "reports.view"):
            text = N_("%(name)s may not see reports; choose somebody who may.")
            reasons.append(Reason("schedule.person", text, {"name": user.name}, field="people"))
        elif not user.email:
            text = N_("%(name)s has no mail address; add one under Settings, people.")
            reasons.append(Reason("schedule.person_mail", text, {"name": user.name}, field="people"))
    if groups().filter(pk__in=wish.groups).count() < len(set(wish.groups)):
        text = N_("One of the chat groups is gone or not in use; choose among those offered.")
        reasons.append(Reason("schedule.group", text, field="groups"))
    if len(people) + len(set(wish.groups)) + len(_addresses(wish)) > MOST_RECEIVERS:
        text = N_("A report goes to at most %(most)d receivers; choose fewer, or a chat group.")
        reasons.append(Reason("schedule.most", text, {"most": MOST_RECEIVERS}, field="recipients"))
    if not people and not wish.groups and not _addresses(wish):
        text = N_("Name at least one person, chat group or mail address.")
        reasons.append(Reason("schedule.recipients", text, field="people"))
    return reasons


def facts_of(schedule: ReportSchedule) -> dict[str, object]:
    """As the story of changes compares it."""
    return {
        "order": str(schedule.order or ""),
        "weekday": schedule.weekday,
        "hour": schedule.hour,
        "language": schedule.language,
        "files": schedule.files,
        "people": ", ".join(one.name for one in schedule.people.order_by("pk")),
        "groups": ", ".join(one.name for one in schedule.groups.order_by("pk")),
        "recipients": ", ".join(schedule.recipients),
        "is_active": schedule.is_active,
    }


def _write(schedule: ReportSchedule, wish: Wish, order: Order | None, actor: User) -> None:
    schedule.order, schedule.owner = order, actor
    schedule.weekday, schedule.hour, schedule.language = wish.weekday, wish.hour, wish.language
    schedule.files, schedule.recipients = wish.files, _addresses(wish)
    schedule.next_at = next_report(timezone.now(), schedule.weekday, schedule.hour)


def _receivers(schedule: ReportSchedule, wish: Wish) -> None:
    schedule.people.set(_people(wish))
    schedule.groups.set(groups().filter(pk__in=wish.groups))


@transaction.atomic
def schedule_report(*, actor: User, wish: Wish) -> ReportSchedule:
    """Every week on a weekday (1 Monday) from an hour on. The actor answers for which orders are in it."""
    require(actor, "reports.schedule")
    order = order_by_key(actor, wish.order) if wish.order else None
    refuse_if(_against(wish))
    made = ReportSchedule()
    _write(made, wish, order, actor)
    made.save()
    _receivers(made, wish)
    record(actor=actor, verb="create", target=made)
    return made


@transaction.atomic
def change_schedule(*, actor: User, schedule_id: int, wish: Wish, expected_version: int | None) -> ReportSchedule:
    """Another time, other receivers; from now on the actor answers for it."""
    require(actor, "reports.schedule")
    found = lock(schedules_of(actor), expected_version=expected_version, pk=schedule_id)
    order = order_by_key(actor, wish.order) if wish.order else None
    refuse_if(_against(wish))
    before = facts_of(found)
    _write(found, wish, order, actor)
    save_next(found)
    _receivers(found, wish)
    record(actor=actor, verb="change", target=found, changes=differences(before, facts_of(found)))
    return found


@transaction.atomic
def switch_schedule(*, actor: User, schedule_id: int, on: bool) -> ReportSchedule:
    """Off: it stays as it is and nothing goes out. On again: from the next time on, nothing is made up for."""
    require(actor, "reports.schedule")
    found = lock(schedules_of(actor), expected_version=None, pk=schedule_id)
    if found.is_active == on:
        return found
    found.is_active = on
    found.next_at = next_report(timezone.now(), found.weekday, found.hour)
    save_next(found, fields=["is_active", "next_at"])
    record(actor=actor, verb="change", target=found, changes=differences({"is_active": not on}, {"is_active": on}))
    return found


@transaction.atomic
def drop_schedule(*, actor: User, schedule_id: int) -> None:
    require(actor, "reports.schedule")
    found = lock(schedules_of(actor), expected_version=None, pk=schedule_id)
    record(actor=actor, verb="delete", target=found)
    found.delete()


def moved_on(schedule: ReportSchedule, now: dt.datetime) -> None:
    """It went out, or there was nothing to send: the next time is a week on."""
    schedule.next_at = next_report(now, schedule.weekday, schedule.hour)
    schedule.save(update_fields=["next_at", "is_active", "last_sent_on"])
