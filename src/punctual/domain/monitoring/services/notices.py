"""Change notices: what moved, why, for whom; the people concerned acknowledge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from punctual.domain.monitoring.models import Acknowledgement, ChangeNotice, MessageDraft, NoticeState
from punctual.domain.monitoring.selectors import drafts_of, notices_of
from punctual.domain.orders.models import Order
from punctual.domain.plans.models import Task
from punctual.kernel.refusal import NotFound, Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import record, target_type
from punctual.platform.notifications.services import notify
from punctual.platform.outbox.services import emit
from punctual.platform.records import lock, save_next


@transaction.atomic
def draft_notice(
    *,
    actor: User,
    order: Order,
    title: str,
    why: str = "",
    moves: Sequence[dict[str, Any]] = (),
    source: models.Model | None = None,
) -> ChangeNotice:
    """A notice that nobody has seen yet. The caller has fetched the order for the actor."""
    require(actor, "notices.send")
    if not title.strip() or len(title) > 200:
        raise Refusal(Reason("notice.title", N_("Say in 1 to 200 characters what changes."), field="title"))
    made = ChangeNotice.objects.create(
        order=order,
        title=title.strip(),
        why=why.strip(),
        moves=list(moves),
        source_type=target_type(source) if source is not None else "",
        source_id=source.pk if source is not None else None,
        created_by=actor,
    )
    record(actor=actor, verb="draft", target=made)
    return made


def concerned_by(order: Order, tasks: Iterable[Task]) -> list[User]:
    """Who does these tasks, who owns the orders they belong to, and the order's own owner."""
    rows = list(tasks)
    ids = [task.pk for task in rows]
    doing = User.objects.filter(resource__in=Task.objects.filter(pk__in=ids).values("needs__resource"))
    owners = Order.objects.filter(plan__tasks__in=ids).values_list("owner_id", flat=True)
    found = User.objects.filter(is_active=True).filter(
        models.Q(pk__in=doing.values("pk")) | models.Q(pk__in=[pk for pk in (*owners, order.owner_id) if pk])
    )
    return list(found.distinct())


@transaction.atomic
def send_notice(
    *, actor: User, notice_id: int, people: Iterable[User], expected_version: int | None = None
) -> ChangeNotice:
    """Ask these people to acknowledge; who sends has seen it."""
    require(actor, "notices.send")
    notice = lock(notices_of(actor), expected_version=expected_version, pk=notice_id)
    chosen = {user.pk: user for user in people if user.is_active}
    if not chosen:
        raise Refusal(Reason("notice.people", N_("Name at least one person whom it concerns."), field="people"))
    if notice.state == NoticeState.WITHDRAWN:
        raise Refusal(Reason("notice.withdrawn", N_("The notice is withdrawn.")))
    now = timezone.now()
    Acknowledgement.objects.bulk_create(
        [
            Acknowledgement(notice=notice, user=user, at=now if user.pk == actor.pk else None)
            for user in chosen.values()
        ],
        ignore_conflicts=True,
    )
    notice.state, notice.sent_at = NoticeState.SENT, notice.sent_at or now
    save_next(notice)
    record(actor=actor, verb="send", target=notice)
    notify(
        users=[user for user in chosen.values() if user.pk != actor.pk],
        kind="notice",
        text=N_("Change notice for %(order)s: %(title)s. Please acknowledge."),
        params={"order": notice.order.label, "title": notice.title},
        url=f"/notices/{notice.pk}/",
        dedupe_key=f"notice:{notice.pk}",
    )
    emit("notice.sent", notice_id=notice.pk, order_id=notice.order_id)
    return notice


@transaction.atomic
def acknowledge(*, actor: User, notice_id: int) -> Acknowledgement:
    """I have read it."""
    require(actor, "notices.view")
    found = (
        Acknowledgement.objects.select_for_update(of=("self",))
        .select_related("notice")
        .filter(notice=notice_id, user=actor, notice__state=NoticeState.SENT)
        .first()
    )
    if found is None:
        raise NotFound(Reason("notice.not_asked", N_("Nobody asked you to acknowledge this notice.")))
    if found.at is None:
        found.at = timezone.now()
        found.save(update_fields=["at"])
        record(actor=actor, verb="acknowledge", target=found.notice)
    return found


@transaction.atomic
def withdraw_notice(*, actor: User, notice_id: int) -> ChangeNotice:
    """It holds no more; who was asked is told."""
    require(actor, "notices.send")
    notice = lock(notices_of(actor), expected_version=None, pk=notice_id)
    if notice.state == NoticeState.WITHDRAWN:
        return notice
    was_sent = notice.state == NoticeState.SENT
    notice.state = NoticeState.WITHDRAWN
    save_next(notice)
    record(actor=actor, verb="withdraw", target=notice)
    if was_sent:
        people = User.objects.filter(pk__in=notice.acknowledgements.values("user")).exclude(pk=actor.pk)
        notify(
            users=people,
            kind="notice",
            text=N_("The change notice for %(order)s is withdrawn: %(title)s"),
            params={"order": notice.order.label, "title": notice.title},
            url=f"/notices/{notice.pk}/",
        )
    return notice


@transaction.atomic
def settle_draft(*, actor: User, draft_id: int, sent: bool, text: str | None = None) -> MessageDraft:
    """The message to the customer was sent (outside), or is thrown away; with ``text`` it is reworded first."""
    require(actor, "notices.send")
    draft = lock(drafts_of(actor), expected_version=None, pk=draft_id)
    if draft.state != NoticeState.DRAFT:
        raise Refusal(Reason("draft.settled", N_("This message is settled already.")))
    if text is not None:
        draft.text = text.strip()[:8000]
    draft.state = NoticeState.SENT if sent else NoticeState.WITHDRAWN
    draft.sent_at = timezone.now() if sent else None
    save_next(draft)
    record(actor=actor, verb="send" if sent else "withdraw", target=draft)
    return draft
