"""Keep warnings in step with their causes: one warning a cause, resolved when the cause is gone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from punctual.domain.monitoring.models import HealthOverride, Thresholds, Warning, WarningState
from punctual.domain.monitoring.selectors import warnings_of
from punctual.domain.monitoring.sources import Found
from punctual.domain.orders.life import Health
from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import orders_of
from punctual.kernel.refusal import Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, differences, record
from punctual.platform.notifications.services import notify
from punctual.platform.outbox.services import emit
from punctual.platform.records import lock, save_next

SHORTEST_REASON = 2


@transaction.atomic
def settle(
    found: Sequence[Found],
    *,
    source: str,
    order_ids: Collection[int] | None,
    owners: Mapping[int, int | None] | None = None,
) -> tuple[int, int]:
    """Bring the warnings of one source for these orders (None: everything of the source) to what is found now.

    Returns how many are new and how many are gone. Doing it again changes nothing.
    """
    now = timezone.now()
    scope = Q(source=source)
    if order_ids is not None:
        scope &= Q(order__in=list(order_ids))
    live = Warning.objects.filter(scope).exclude(state=WarningState.RESOLVED).select_for_update(of=("self",))
    have = {warning.key: warning for warning in live}
    wanted = {one.key: one for one in found}
    fresh = [
        _made(one, source, (owners or {}).get(one.order_id or 0), now) for key, one in wanted.items() if key not in have
    ]
    Warning.objects.bulk_create(fresh, batch_size=500, ignore_conflicts=True)
    changed = [have[key] for key, one in wanted.items() if key in have and _update(have[key], one, owners or {})]
    for warning in changed:
        warning.version += 1
    Warning.objects.bulk_update(
        changed,
        ["kind", "facts", "probability", "cost", "damage", "url", "task", "owner", "version", "state"],
        batch_size=500,
    )
    kept = [warning.pk for key, warning in have.items() if key in wanted]
    Warning.objects.filter(pk__in=kept).update(last_seen=now)
    gone = [warning.pk for key, warning in have.items() if key not in wanted]
    Warning.objects.filter(pk__in=gone).update(state=WarningState.RESOLVED, resolved_at=now)
    if fresh or gone:
        emit("warnings.changed", order_ids=sorted({one.order_id for one in fresh if one.order_id}))
    return len(fresh), len(gone)


def _made(one: Found, source: str, owner_id: int | None, now: dt.datetime) -> Warning:
    return Warning(
        key=one.key,
        kind=one.kind,
        source=source,
        order_id=one.order_id,
        task_id=one.task_id,
        subject_type=one.subject[0] if one.subject else "",
        subject_id=one.subject[1] if one.subject else None,
        url=one.url,
        facts=dict(one.facts),
        probability=one.probability,
        cost=one.cost,
        damage=one.damage,
        owner_id=one.owner_id or owner_id,
        first_seen=now,
        last_seen=now,
    )


def _update(warning: Warning, one: Found, owners: Mapping[int, int | None]) -> bool:
    """Whether anything differs now. A warning that was put off and got twice as dear comes back."""
    owner_id = warning.owner_id
    if not warning.owner_is_set:
        owner_id = one.owner_id or owners.get(one.order_id or 0) or warning.owner_id
    values = {
        "kind": one.kind,
        "facts": dict(one.facts),
        "probability": one.probability,
        "cost": one.cost,
        "damage": one.damage,
        "url": one.url,
        "task_id": one.task_id,
        "owner_id": owner_id,
        "state": warning.state,
    }
    before, after = warning.damage or Decimal(0), one.damage or Decimal(0)
    if warning.state == WarningState.SNOOZED and after > 2 * before and after > 1000:
        values["state"] = WarningState.OPEN
    differing = {name: value for name, value in values.items() if getattr(warning, name) != value}
    for name, value in differing.items():
        setattr(warning, name, value)
    return bool(differing)


def _lock(actor: User, warning_id: int, expected_version: int | None) -> Warning:
    require(actor, "warnings.handle")
    found = lock(warnings_of(actor), expected_version=expected_version, pk=warning_id)
    if found.state == WarningState.RESOLVED:
        raise Refusal(Reason("warning.gone", N_("The cause is gone; nothing is left to do.")))
    return found


@transaction.atomic
def snooze(
    *,
    actor: User,
    warning_id: int,
    until: dt.date | None,
    reason: str,
    today: dt.date,
    expected_version: int | None = None,
) -> Warning:
    """Put it off until a day, with the reason; it comes back then, or when it gets twice as dear."""
    reasons = []
    if until is None or until <= today or until > today + dt.timedelta(days=60):
        text = N_("Choose a day after today, at most 60 days away.")
        reasons.append(Reason("warning.until", text, field="until"))
    if len(reason.strip()) < SHORTEST_REASON or len(reason) > 200:
        reasons.append(Reason("warning.reason", N_("Say why it can wait."), field="reason"))
    found = _lock(actor, warning_id, expected_version)
    refuse_if(reasons)
    before = {"state": found.state, "snoozed_until": found.snoozed_until}
    found.state, found.snoozed_until = WarningState.SNOOZED, until
    found.snooze_reason, found.snoozed_by = reason.strip(), actor
    save_next(found)
    after = {"state": found.state, "snoozed_until": until}
    record(actor=actor, verb="snooze", target=found, changes=differences(before, after), reason=reason.strip())
    return found


@transaction.atomic
def wake(*, actor: User, warning_id: int, expected_version: int | None = None) -> Warning:
    """It does not wait any longer."""
    found = _lock(actor, warning_id, expected_version)
    found.state, found.snoozed_until = WarningState.OPEN, None
    save_next(found)
    record(actor=actor, verb="wake", target=found)
    return found


@transaction.atomic
def hand_on(*, actor: User, warning_id: int, owner: User, expected_version: int | None = None) -> Warning:
    """Somebody else sees to it; they are told."""
    found = _lock(actor, warning_id, expected_version)
    if found.owner_id == owner.pk:
        return found
    change = Change(field="owner", old=str(found.owner) if found.owner else None, new=str(owner))
    found.owner, found.owner_is_set = owner, True
    save_next(found)
    record(actor=actor, verb="hand_on", target=found, changes=[change])
    if owner != actor:
        notify(
            users=[owner],
            kind="warning",
            text=N_("%(who)s handed you a warning about %(order)s."),
            params={"who": actor.name, "order": found.order.label if found.order else found.key},
            url=f"/warnings/{found.pk}/",
        )
    return found


@transaction.atomic
def set_thresholds(*, actor: User, grade: str, values: dict[str, object], expected_version: int | None) -> Thresholds:
    """From where on something is a warning, for the company or for customers of one grade."""
    require(actor, "warnings.rules")
    row, _fresh = Thresholds.objects.select_for_update().get_or_create(grade=grade)
    row = lock(Thresholds.objects.all(), expected_version=expected_version, pk=row.pk)
    before = {name: getattr(row, name) for name in values}
    for name, value in values.items():
        setattr(row, name, value)
    changes = differences(before, values)
    if changes:
        save_next(row)
        record(actor=actor, verb="change", target=row, changes=changes)
    return row


@transaction.atomic
def override_health(
    *, actor: User, order_id: int, health: str, reason: str, until: dt.date | None, today: dt.date
) -> HealthOverride:
    """Answer by name for another health than the rules give, until a day."""
    require(actor, "health.override")
    order = lock(orders_of(actor), expected_version=None, pk=order_id)
    reasons = []
    if health not in (Health.ON_TIME, Health.AT_RISK, Health.LATE):
        reasons.append(Reason("health.value", N_("Choose on time, at risk or late."), field="health"))
    if len(reason.strip()) < SHORTEST_REASON or len(reason) > 300:
        reasons.append(Reason("health.reason", N_("Say what you know that the rules don't."), field="reason"))
    if until is None or not today <= until <= today + dt.timedelta(days=60):
        reasons.append(Reason("health.until", N_("Say until when it holds, at most 60 days."), field="until"))
    refuse_if(reasons)
    assert until is not None
    HealthOverride.objects.filter(order=order, withdrawn_at=None).update(withdrawn_at=timezone.now())
    made = HealthOverride.objects.create(order=order, health=health, reason=reason.strip(), by=actor, until=until)
    Order.objects.filter(pk=order.pk).update(
        said_health=health, said_until=until, said_by=actor.name[:150], said_why=reason.strip()
    )
    record(
        actor=actor,
        verb="override_health",
        target=order,
        changes=[Change(field="health", old=None, new=health)],
        reason=reason.strip(),
    )
    return made


@transaction.atomic
def withdraw_override(*, actor: User, order_id: int) -> int:
    """The rules speak again."""
    require(actor, "health.override")
    order = lock(orders_of(actor), expected_version=None, pk=order_id)
    rows = HealthOverride.objects.filter(order=order, withdrawn_at=None)
    count = rows.update(withdrawn_at=timezone.now())
    Order.objects.filter(pk=order.pk).update(said_health="", said_until=None, said_by="", said_why="")
    if count:
        record(actor=actor, verb="withdraw_health", target=order)
    return count
