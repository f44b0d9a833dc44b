"""8D reports: the steps, the tree of causes, the check whether it helped, the supplier's own link."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping
from typing import Final

from django.core import signing
from django.db import transaction
from django.utils import timezone

from punctual.domain.parties.models import Supplier
from punctual.domain.quality.life import CAPA
from punctual.domain.quality.models import (
    CapaState,
    Cause,
    CorrectiveAction,
    Discipline,
    Nonconformity,
    Why,
)
from punctual.domain.quality.rules import reasons_against_text
from punctual.domain.quality.selectors import capas_of
from punctual.kernel.refusal import NotFound, Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import Listed, require
from punctual.platform.audit.services import Change, record
from punctual.platform.notifications.services import notify
from punctual.platform.numbering.services import next_number
from punctual.platform.outbox.services import emit
from punctual.platform.records import lock, save_next
from punctual.platform.search.services import Document, index

DAYS: Final[Mapping[int, int]] = {0: 1, 1: 1, 2: 2, 3: 2, 4: 7, 5: 14, 6: 30, 7: 40, 8: 45}
"""Step → calendar days after opening by which it is due."""
BY_SUPPLIER: Final = frozenset({2, 3, 4, 5, 6, 7})
"""Steps that a supplier writes through the link."""
SALT: Final = "quality.supplier-8d"
LINK_DAYS: Final = 60
LONGEST: Final = 4000


@transaction.atomic
def open_capa(
    *,
    actor: User,
    title: str,
    today: dt.date,
    ncr: Nonconformity | None = None,
    supplier: Supplier | None = None,
    owner: User | None = None,
) -> CorrectiveAction:
    """A report with its nine steps and their due dates; what the nonconformity already says is filled in."""
    require(actor, "quality.handle")
    return begin_capa(actor=actor, title=title, today=today, ncr=ncr, supplier=supplier, owner=owner)


def begin_capa(
    *,
    actor: User,
    title: str,
    today: dt.date,
    ncr: Nonconformity | None = None,
    supplier: Supplier | None = None,
    owner: User | None = None,
) -> CorrectiveAction:
    """The same for callers that have decided (a complaint); part of their transaction."""
    reasons = reasons_against_text("capa.title", title, N_("Say which problem is to be solved."), field_name="title")
    if len(title) > 160:
        text = N_("Say in 1 to 160 characters what is wrong.")
        reasons.append(Reason("capa.title", text, field="title"))
    refuse_if(reasons)
    made = CorrectiveAction.objects.create(
        number=next_number(series="8D", year=today.year, digits=4),
        title=title.strip(),
        ncr=ncr,
        order=ncr.order if ncr else None,
        supplier=supplier or (ncr.supplier if ncr else None),
        item_key=ncr.item_key if ncr else "",
        cause=ncr.cause if ncr else "",
        owner=owner or actor,
        opened_on=today,
    )
    texts = _known(ncr) if ncr else {}
    now = timezone.now()
    Discipline.objects.bulk_create(
        Discipline(
            capa=made,
            number=number,
            due=today + dt.timedelta(days=days),
            text=texts.get(number, ""),
            done_at=now if texts.get(number) else None,
            done_by=actor if texts.get(number) else None,
        )
        for number, days in DAYS.items()
    )
    record(actor=actor, verb="create", target=made)
    index([Document(made, made.number, made.title, [made.number, made.title, str(made.supplier or "")])])
    if made.owner != actor:
        notify(
            users=[made.owner],
            kind="quality",
            text=N_("%(who)s gave you the 8D report %(number)s: %(title)s."),
            params={"who": actor.name, "number": made.number, "title": made.title},
            url=f"/8d/{made.pk}/",
        )
    emit("capa.opened", capa_id=made.pk)
    return made


def _known(ncr: Nonconformity) -> dict[int, str]:
    """What a nonconformity already says: the problem (D2) and where it was contained (D3)."""
    problem = f"{ncr.number} {ncr.title}"
    if ncr.quantity:
        problem += f" · {ncr.nonconforming}/{ncr.quantity} {ncr.unit}".rstrip()
    contained = "\n".join(f"{one.place} {one.quantity}: {one.action}" for one in ncr.containments.all())
    return {2: "\n".join(part for part in (problem, ncr.detail) if part), 3: contained}


def _step(capa: CorrectiveAction, number: int) -> Discipline:
    found = capa.disciplines.filter(number=number).first()
    if found is None:
        raise NotFound(Reason("capa.step", N_("An 8D report has the steps D0 to D8.")))
    return found


def _against_writing(capa: CorrectiveAction, step: Discipline, text: str, *, done: bool) -> list[Reason]:
    reasons = CAPA.reasons(capa.state, "write")
    if len(text) > LONGEST:
        sentence = N_("This has %(length)s characters; at most %(longest)s fit.")
        reasons.append(Reason("capa.text", sentence, {"length": len(text), "longest": LONGEST}, field="text"))
    if done and not text.strip():
        sentence = N_("D%(number)s: write what was done before it is ticked off.")
        reasons.append(Reason("capa.empty", sentence, {"number": step.number}, field="text"))
    if done and step.number == 4 and not capa.whys.filter(is_root=True).exists():
        sentence = N_("D4 needs a root cause: ask why until one can be marked.")
        reasons.append(Reason("capa.no_root", sentence, field="text"))
    if done and step.number == 8:
        open_steps = [f"D{one.number}" for one in capa.disciplines.all() if one.number < 8 and one.done_at is None]
        if open_steps:
            sentence = N_("D8 closes the report; still open: %(steps)s.")
            reasons.append(Reason("capa.steps_open", sentence, {"steps": Listed(open_steps)}, field="text"))
    return reasons


@transaction.atomic
def write_step(
    *,
    actor: User,
    capa_id: int,
    number: int,
    text: str,
    done: bool,
    due: dt.date | None = None,
    cause: str = "",
    expected_version: int | None = None,
) -> CorrectiveAction:
    """Write a step, tick it off or take the tick back; the cause category belongs to D4."""
    require(actor, "quality.handle")
    capa = lock(capas_of(actor), expected_version=expected_version, pk=capa_id)
    step = _step(capa, number)
    reasons = _against_writing(capa, step, text, done=done)
    if cause and cause not in Cause.values:
        reasons.append(Reason("ncr.cause", N_("Choose one of the causes, or none yet."), field="cause"))
    refuse_if(reasons)
    _write(capa, step, text, done=done, by=actor)
    if due is not None:
        step.due = due
        step.save(update_fields=["due"])
    if cause:
        capa.cause = cause
    save_next(capa)
    record(
        actor=actor, verb="write", target=capa, changes=[Change(field=f"D{number}", old=None, new=text.strip()[:400])]
    )
    return capa


def _write(capa: CorrectiveAction, step: Discipline, text: str, *, done: bool, by: User | None) -> None:
    step.text, step.by_supplier = text.strip(), by is None
    step.done_at = (step.done_at or timezone.now()) if done else None
    step.done_by = by if done else None
    step.save()


@transaction.atomic
def ask_why(
    *,
    actor: User,
    capa_id: int,
    text: str,
    parent: int | None = None,
    is_root: bool = False,
    expected_version: int | None = None,
) -> Why:
    """One more answer to "why", below its parent."""
    require(actor, "quality.handle")
    capa = lock(capas_of(actor), expected_version=expected_version, pk=capa_id)
    refuse_if(_against_why(capa, text))
    made = _add_why(capa, text, parent, is_root=is_root, by_supplier=False)
    save_next(capa, fields=[])
    record(actor=actor, verb="write", target=capa, changes=[Change(field="why", old=None, new=made.text)])
    return made


def _against_why(capa: CorrectiveAction, text: str) -> list[Reason]:
    reasons = CAPA.reasons(capa.state, "write")
    if not text.strip() or len(text) > 300:
        reasons.append(Reason("capa.why", N_("Answer why in 1 to 300 characters."), field="why"))
    return reasons


def _add_why(capa: CorrectiveAction, text: str, parent: int | None, *, is_root: bool, by_supplier: bool) -> Why:
    above = capa.whys.filter(pk=parent).first() if parent else None
    return Why.objects.create(capa=capa, parent=above, text=text.strip(), is_root=is_root, by_supplier=by_supplier)


@transaction.atomic
def mark_root(*, actor: User, capa_id: int, why_id: int, is_root: bool, expected_version: int | None = None) -> None:
    """This answer is a root cause, or is not after all."""
    require(actor, "quality.handle")
    capa = lock(capas_of(actor), expected_version=expected_version, pk=capa_id)
    refuse_if(CAPA.reasons(capa.state, "write"))
    why = capa.whys.filter(pk=why_id).first()
    if why is None:
        raise NotFound(Reason("capa.why_unknown", N_("This report has no such answer.")))
    why.is_root = is_root
    why.save(update_fields=["is_root"])
    save_next(capa, fields=[])
    record(actor=actor, verb="write", target=capa, changes=[Change(field="root_cause", old=None, new=why.text)])


@transaction.atomic
def finish_capa(
    *, actor: User, capa_id: int, check_on: dt.date | None, today: dt.date, expected_version: int | None = None
) -> CorrectiveAction:
    """All steps are done; on ``check_on`` somebody looks whether it helped."""
    require(actor, "quality.handle")
    capa = lock(capas_of(actor), expected_version=expected_version, pk=capa_id)
    reasons = CAPA.reasons(capa.state, "finish")
    open_steps = [f"D{one.number}" for one in capa.disciplines.all() if one.done_at is None]
    if open_steps:
        text = N_("The report is not complete; still open: %(steps)s.")
        reasons.append(Reason("capa.incomplete", text, {"steps": Listed(open_steps)}))
    if check_on is None or check_on <= today:
        text = N_("Say on which later day somebody looks whether it helped.")
        reasons.append(Reason("capa.check_on", text, field="check_on"))
    refuse_if(reasons)
    _move(capa, actor, "finish", check_on=check_on)
    return capa


def _move(capa: CorrectiveAction, actor: User | None, verb: str, note: str = "", **values: object) -> None:
    old, capa.state = capa.state, CAPA.after(capa.state, verb)
    for name, value in values.items():
        setattr(capa, name, value)
    save_next(capa, fields=["state", *values])
    changes = [Change(field="state", old=old, new=capa.state)]
    record(actor=actor, verb=verb, target=capa, changes=changes, reason=note.strip())
    emit(f"capa.{capa.state}", capa_id=capa.pk)


@transaction.atomic
def check_effect(
    *, actor: User, capa_id: int, effective: bool, note: str, expected_version: int | None = None
) -> CorrectiveAction:
    """It helped: closed. It did not: the report is under way again, D4 to D8 open."""
    require(actor, "quality.handle")
    capa = lock(capas_of(actor), expected_version=expected_version, pk=capa_id)
    verb = "confirm" if effective else "fail"
    refuse_if(
        [
            *CAPA.reasons(capa.state, verb),
            *reasons_against_text("capa.finding", note, N_("Say what was seen."), field_name="note"),
        ]
    )
    if effective:
        _move(capa, actor, verb, note, effect_note=note.strip(), closed_at=timezone.now())
    else:
        _reopen_steps(capa)
        _move(capa, actor, verb, note, effect_note=note.strip(), reopened=capa.reopened + 1)
    return capa


def _reopen_steps(capa: CorrectiveAction) -> None:
    capa.disciplines.filter(number__gte=4).update(done_at=None, done_by=None)


def reopen_for_same_cause(ncr: Nonconformity, *, actor: User) -> list[CorrectiveAction]:
    """The same cause came back after what was done against it: finished reports on it are under way again. Part of the
    caller's transaction."""
    if not ncr.cause or not ncr.item_key:
        return []
    finished = CorrectiveAction.objects.select_for_update(of=("self",)).filter(
        state__in=[CapaState.CHECKING, CapaState.CLOSED],
        cause=ncr.cause,
        item_key=ncr.item_key,
        supplier=ncr.supplier,
        disciplines__number=8,
        disciplines__done_at__lt=ncr.found_at,
    )
    reopened = []
    for capa in finished.exclude(ncr=ncr):
        _reopen_steps(capa)
        _move(capa, actor, "reopen", ncr.number, reopened=capa.reopened + 1, closed_at=None, check_on=None)
        notify(
            users=[capa.owner],
            kind="quality",
            text=N_("%(number)s is open again: %(ncr)s has the same cause."),
            params={"number": capa.number, "ncr": ncr.number},
            url=f"/8d/{capa.pk}/",
        )
        reopened.append(capa)
    return reopened


@transaction.atomic
def cancel_capa(*, actor: User, capa_id: int, reason: str, expected_version: int | None = None) -> CorrectiveAction:
    """It is not pursued, with the reason."""
    require(actor, "quality.handle")
    capa = lock(capas_of(actor), expected_version=expected_version, pk=capa_id)
    refuse_if(
        [
            *CAPA.reasons(capa.state, "cancel"),
            *reasons_against_text("capa.reason", reason, N_("Say why."), field_name="reason"),
        ]
    )
    _move(capa, actor, "cancel", reason)
    return capa


# ---------------------------------------------------------------------------------------------- the supplier's link


@transaction.atomic
def give_link(*, actor: User, capa_id: int, today: dt.date, expected_version: int | None = None) -> CorrectiveAction:
    """A signed link by which the supplier writes its steps; a new one ends the old one."""
    require(actor, "quality.handle")
    capa = lock(capas_of(actor), expected_version=expected_version, pk=capa_id)
    reasons = CAPA.reasons(capa.state, "write")
    if capa.supplier is None:
        reasons.append(
            Reason("capa.no_supplier", N_("This report concerns no supplier; there is nobody to give a link."))
        )
    refuse_if(reasons)
    capa.link_key = secrets.token_urlsafe(12)
    capa.link_until = today + dt.timedelta(days=LINK_DAYS)
    save_next(capa, fields=["link_key", "link_until"])
    record(actor=actor, verb="give_link", target=capa)
    return capa


@transaction.atomic
def end_link(*, actor: User, capa_id: int, expected_version: int | None = None) -> CorrectiveAction:
    """The link opens nothing any more."""
    require(actor, "quality.handle")
    capa = lock(capas_of(actor), expected_version=expected_version, pk=capa_id)
    capa.link_key, capa.link_until = "", None
    save_next(capa, fields=["link_key", "link_until"])
    record(actor=actor, verb="end_link", target=capa)
    return capa


def token_of(capa: CorrectiveAction) -> str:
    """What stands in the supplier's address; empty without a link."""
    return signing.dumps([capa.pk, capa.link_key], salt=SALT) if capa.link_key else ""


def capa_by_token(token: str, *, today: dt.date) -> CorrectiveAction:
    """The one report that a supplier's link opens. A forged, ended or old link opens nothing."""
    gone = NotFound(Reason("capa.link", N_("This link is not valid any more; ask your customer for a new one.")))
    try:
        pk, key = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        raise gone from None
    found = CorrectiveAction.objects.filter(pk=pk).select_related("supplier", "ncr", "owner").first()
    if found is None or not key or found.link_key != key or found.link_until is None or found.link_until < today:
        raise gone
    return found


@transaction.atomic
def supplier_writes(
    *, token: str, today: dt.date, number: int, text: str, done: bool, why: str = ""
) -> CorrectiveAction:
    """The supplier writes one of its own steps, at D4 also an answer to "why"."""
    capa = capa_by_token(token, today=today)
    capa = CorrectiveAction.objects.select_for_update(of=("self",)).get(pk=capa.pk)
    if number not in BY_SUPPLIER:
        refuse_if([Reason("capa.not_supplier", N_("This step is written by your customer."))])
    step = _step(capa, number)
    reasons = _against_why(capa, why) if why.strip() else []
    refuse_if([*reasons, *CAPA.reasons(capa.state, "write")])
    if why.strip():
        last = capa.whys.order_by("-id").first()
        _add_why(capa, why, last.pk if last else None, is_root=done, by_supplier=True)
    refuse_if(_against_writing(capa, step, text, done=done))
    _write(capa, step, text, done=done, by=None)
    save_next(capa, fields=[])
    changes = [Change(field=f"D{number}", old=None, new=text.strip()[:400])]
    record(actor=None, verb="supplier_writes", target=capa, changes=changes)
    notify(
        users=[capa.owner],
        kind="quality",
        text=N_("%(supplier)s wrote D%(step)s of %(number)s."),
        params={"supplier": str(capa.supplier), "step": number, "number": capa.number},
        url=f"/8d/{capa.pk}/",
    )
    return capa
