"""Enter, change, assess, review, close risks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import transaction

from punctual.domain.orders.models import Order
from punctual.domain.parties.models import Supplier
from punctual.domain.plans.models import Task
from punctual.domain.resources.models import Resource
from punctual.domain.risks.facts import points_of, risk_settings
from punctual.domain.risks.life import LIFE
from punctual.domain.risks.models import Category, Risk
from punctual.domain.risks.rules import Points, assess_reasons, points_reasons, scale_reasons, title_reasons
from punctual.domain.risks.selectors import risks_of
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, differences, record
from punctual.platform.notifications.services import notify
from punctual.platform.numbering.services import next_number
from punctual.platform.outbox.services import emit
from punctual.platform.records import lock, save_next
from punctual.platform.search.services import Document, index

TEXTS = ("title", "cause", "category", "trigger", "contingency", "basis")


@dataclass(frozen=True, slots=True)
class RiskFacts:
    """What a person tells of a risk. ``tasks``, ``resources``, ``suppliers`` are ids."""

    title: str
    category: str
    cause: str = ""
    trigger: str = ""
    contingency: str = ""
    basis: str = ""
    points: Points = field(default_factory=Points)
    quality: int | None = None
    safety: int | None = None
    owner: User | None = None
    review_on: dt.date | None = None
    tasks: Sequence[int] = ()
    resources: Sequence[int] = ()
    suppliers: Sequence[int] = ()


def _reasons(facts: RiskFacts, order: Order | None) -> list[Reason]:
    reasons = [*title_reasons(facts.title), *points_reasons(facts.points), *scale_reasons(facts.quality, facts.safety)]
    if facts.category not in Category.values:
        reasons.append(Reason("risk.category", N_("Choose a category from the list."), field="category"))
    if facts.owner is None:
        reasons.append(Reason("risk.owner", N_("Name who watches it."), field="owner"))
    wanted = set(facts.tasks)
    found = set(Task.objects.filter(pk__in=wanted, plan__order=order, is_summary=False).values_list("pk", flat=True))
    if wanted - found:
        reasons.append(
            Reason("risk.foreign_task", N_("A risk acts on tasks of its own order, no summaries."), field="tasks")
        )
    for name, model in (("resources", Resource), ("suppliers", Supplier)):
        ids = set(getattr(facts, name))
        if ids and model.objects.filter(pk__in=ids).count() != len(ids):
            reasons.append(Reason(f"risk.{name}", N_("One of these does not exist; choose from the list."), field=name))
    return reasons


def _values(facts: RiskFacts) -> dict[str, Any]:
    texts = {name: getattr(facts, name).strip() for name in TEXTS}
    return {
        **texts,
        **asdict(facts.points),
        "quality": facts.quality,
        "safety": facts.safety,
        "owner": facts.owner,
        "review_on": facts.review_on,
    }


def _links(risk: Risk) -> dict[str, str]:
    return {
        name: " · ".join(str(one) for one in getattr(risk, name).all()) for name in ("tasks", "resources", "suppliers")
    }


def _set_links(risk: Risk, facts: RiskFacts) -> None:
    risk.tasks.set(facts.tasks)
    risk.resources.set(facts.resources)
    risk.suppliers.set(facts.suppliers)


def _page(risk: Risk) -> str:
    return f"/risks/{risk.pk}/"


def after_change(risk: Risk) -> None:
    """Findable as it is now; whoever computes with risks hears of it."""
    index([Document(risk, f"{risk.number} {risk.title}", risk.cause, [risk.number, risk.title, risk.cause])])
    emit("risk.changed", risk_id=risk.pk, order_id=risk.order_id)


@transaction.atomic
def identify_risk(*, actor: User, facts: RiskFacts, order: Order | None, today: dt.date) -> Risk:
    """Enter a risk of ``order`` (fetched for the actor) or of the company; its owner is told."""
    require(actor, "risks.write")
    refuse_if(_reasons(facts, order))
    values = _values(facts)
    if values["review_on"] is None:
        values["review_on"] = today + dt.timedelta(days=risk_settings().review_days)
    risk = Risk.objects.create(order=order, number=next_number(series="R", year=today.year), **values)
    _set_links(risk, facts)
    record(actor=actor, verb="identify", target=risk)
    if risk.owner != actor:
        notify(
            users=[risk.owner],
            kind="risk",
            text=N_("%(who)s gave you the risk “%(title)s” to watch."),
            params={"who": actor.name, "title": risk.title},
            url=_page(risk),
        )
    after_change(risk)
    return risk


@transaction.atomic
def change_risk(*, actor: User, risk_id: int, facts: RiskFacts, expected_version: int | None) -> Risk:
    """Change what is told of it."""
    require(actor, "risks.write")
    risk = lock(risks_of(actor), expected_version=expected_version, pk=risk_id)
    refuse_if([*LIFE.reasons(risk.state, "change"), *_reasons(facts, risk.order)])
    wanted = _values(facts)
    before: Mapping[str, Any] = {**{name: getattr(risk, name) for name in wanted}, **_links(risk)}
    for name, value in wanted.items():
        setattr(risk, name, value)
    _set_links(risk, facts)
    changes = differences(before, {**wanted, **_links(risk)})
    if changes:
        save_next(risk)
        record(actor=actor, verb="change", target=risk, changes=changes)
        after_change(risk)
    return risk


@transaction.atomic
def assess_risk(*, actor: User, risk_id: int, expected_version: int | None) -> Risk:
    """Say that probability and effect are known; refused while they are not."""
    require(actor, "risks.write")
    risk = lock(risks_of(actor), expected_version=expected_version, pk=risk_id)
    reasons = LIFE.reasons(risk.state, "assess")
    refuse_if(
        [
            *reasons,
            *assess_reasons(points_of(risk), acts_on_order=risk.order_id is not None, task_count=risk.tasks.count()),
        ]
    )
    return _move(risk, actor, "assess")


def _move(risk: Risk, actor: User, verb: str, *, reason: str = "", fields: Sequence[str] = ()) -> Risk:
    old, risk.state = risk.state, LIFE.after(risk.state, verb)
    save_next(risk, fields=["state", *fields])
    changes = [Change(field="state", old=old, new=risk.state)] if risk.state != old else []
    record(actor=actor, verb=verb, target=risk, changes=changes, reason=reason)
    after_change(risk)
    return risk


@transaction.atomic
def review_risk(
    *, actor: User, risk_id: int, today: dt.date, next_on: dt.date | None, note: str, expected_version: int | None
) -> Risk:
    """Record that it was looked at, and when it is looked at again."""
    require(actor, "risks.write")
    risk = lock(risks_of(actor), expected_version=expected_version, pk=risk_id)
    chosen = next_on or today + dt.timedelta(days=risk_settings().review_days)
    reasons = LIFE.reasons(risk.state, "review")
    if chosen <= today:
        reasons.append(Reason("risk.review_on", N_("The next review lies after today."), field="review_on"))
    refuse_if(reasons)
    risk.review_on = chosen
    return _move(risk, actor, "review", reason=note.strip(), fields=["review_on"])


@transaction.atomic
def occur_risk(*, actor: User, risk_id: int, today: dt.date, note: str, expected_version: int | None) -> Risk:
    """It has happened. What that does to plan and people is the flow's part (``flows/risk_occurs.py``)."""
    require(actor, "risks.decide")
    risk = lock(risks_of(actor), expected_version=expected_version, pk=risk_id)
    refuse_if(LIFE.reasons(risk.state, "occur"))
    risk.occurred_on = today
    return _move(risk, actor, "occur", reason=note.strip(), fields=["occurred_on"])


@transaction.atomic
def close_risk(*, actor: User, risk_id: int, note: str, expected_version: int | None) -> Risk:
    """It can't happen any more, or it is dealt with; the reason is kept."""
    require(actor, "risks.decide")
    risk = lock(risks_of(actor), expected_version=expected_version, pk=risk_id)
    reasons = LIFE.reasons(risk.state, "close")
    if not note.strip():
        reasons.append(Reason("risk.close_note", N_("Say why it is over."), field="note"))
    refuse_if(reasons)
    risk.closed_note = note.strip()[:300]
    return _move(risk, actor, "close", reason=note.strip(), fields=["closed_note"])


@transaction.atomic
def reopen_risk(*, actor: User, risk_id: int, expected_version: int | None) -> Risk:
    """It threatens again."""
    require(actor, "risks.decide")
    risk = lock(risks_of(actor), expected_version=expected_version, pk=risk_id)
    refuse_if(LIFE.reasons(risk.state, "reopen"))
    risk.occurred_on, risk.closed_note = None, ""
    return _move(risk, actor, "reopen", fields=["occurred_on", "closed_note"])
