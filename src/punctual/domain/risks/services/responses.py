"""Propose responses, choose one, take it back, say that it is done."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from decimal import Decimal

from django.db import transaction

from punctual.domain.actions.models import ActionState
from punctual.domain.actions.services import cancel_action, open_action
from punctual.domain.risks.facts import points_of
from punctual.domain.risks.life import LIFE
from punctual.domain.risks.models import ResponseKind, ResponseState, Risk, RiskResponse
from punctual.domain.risks.rules import Points, response_reasons
from punctual.domain.risks.selectors import risks_of
from punctual.domain.risks.services.register import after_change
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, record
from punctual.platform.records import get_or_not_found, lock, save_next


@transaction.atomic
def propose_response(
    *,
    actor: User,
    risk_id: int,
    kind: str,
    title: str,
    cost: Decimal,
    after: Points,
    owner: User | None,
    due: dt.date | None,
    expected_version: int | None,
) -> RiskResponse:
    """One more way to meet the risk, with what it would leave of it."""
    require(actor, "risks.write")
    risk = lock(risks_of(actor), expected_version=expected_version, pk=risk_id)
    reasons = [
        *LIFE.reasons(risk.state, "propose"),
        *response_reasons(points_of(risk), after, cost=cost, title=title),
    ]
    if kind not in ResponseKind.values:
        reasons.append(Reason("risk.response_kind", N_("Choose avoid, transfer, mitigate or accept."), field="kind"))
    refuse_if(reasons)
    found = RiskResponse.objects.create(
        risk=risk, kind=kind, title=title.strip(), cost=cost, owner=owner, due=due, **asdict(after)
    )
    save_next(risk, fields=[])
    record(actor=actor, verb="propose", target=risk, changes=[Change(field="response", old=None, new=found.title)])
    after_change(risk)
    return found


def _response(risk: Risk, response_id: int) -> RiskResponse:
    return get_or_not_found(risk.responses.select_related("action", "owner"), pk=response_id)


@transaction.atomic
def remove_response(*, actor: User, risk_id: int, response_id: int, expected_version: int | None) -> Risk:
    """Strike a proposal; a chosen one is first replaced."""
    require(actor, "risks.write")
    risk = lock(risks_of(actor), expected_version=expected_version, pk=risk_id)
    found = _response(risk, response_id)
    reasons = LIFE.reasons(risk.state, "propose")
    if found.state != ResponseState.PROPOSED:
        reasons.append(Reason("risk.response_chosen", N_("This response was chosen; choose another one first.")))
    refuse_if(reasons)
    title = found.title
    found.delete()
    save_next(risk, fields=[])
    record(actor=actor, verb="strike", target=risk, changes=[Change(field="response", old=title, new=None)])
    after_change(risk)
    return risk


@transaction.atomic
def choose_response(
    *, actor: User, risk_id: int, response_id: int, today: dt.date, expected_version: int | None
) -> Risk:
    """Make it the response: the one before is taken back with its action item, a new action item is opened
    (accepting a risk needs none)."""
    require(actor, "risks.decide")
    risk = lock(risks_of(actor).select_related("order"), expected_version=expected_version, pk=risk_id)
    found = _response(risk, response_id)
    reasons = LIFE.reasons(risk.state, "respond")
    acts = found.kind != ResponseKind.ACCEPT
    if acts and found.due is not None and found.due < today:
        reasons.append(
            Reason("risk.response_past", N_("Its date %(due)s is past; give it another one."), {"due": str(found.due)})
        )
    refuse_if(reasons)
    old = _take_back(risk, actor, keep=found.pk)
    if acts:
        found.action = open_action(
            actor=actor,
            title=found.title,
            owner=found.owner or risk.owner,
            due=found.due or risk.review_on or today + dt.timedelta(days=7),
            order=risk.order,
            cause=risk,
        )
    found.state = ResponseState.CHOSEN
    found.save()
    before, risk.state = risk.state, LIFE.after(risk.state, "respond")
    save_next(risk, fields=["state"])
    changes = [Change(field="response", old=old, new=found.title)]
    if before != risk.state:
        changes.append(Change(field="state", old=before, new=risk.state))
    record(actor=actor, verb="respond", target=risk, changes=changes)
    after_change(risk)
    return risk


def _take_back(risk: Risk, actor: User, *, keep: int) -> str | None:
    """Back to a proposal what was chosen before; returns its title."""
    title = None
    for other in risk.responses.exclude(pk=keep).exclude(state=ResponseState.PROPOSED).select_related("action"):
        if other.action and other.action.state == ActionState.OPEN:
            cancel_action(actor=actor, action_id=other.action.pk, note=f"{risk.number}: {other.title} → ✕")
        other.state, other.action, title = ResponseState.PROPOSED, None, other.title
        other.save(update_fields=["state", "action"])
    return title


@transaction.atomic
def response_done(*, action_id: int) -> Risk | None:
    """The action item of a chosen response is finished: from now on the risk stands as after it. None where the
    action item belongs to no response."""
    found = RiskResponse.objects.filter(action_id=action_id, state=ResponseState.CHOSEN).first()
    if found is None:
        return None
    risk = lock(Risk.objects.all(), expected_version=None, pk=found.risk_id)
    found.state = ResponseState.DONE
    found.save(update_fields=["state"])
    save_next(risk, fields=[])
    record(actor=None, verb="response_done", target=risk, changes=[Change(field="response", old=None, new=found.title)])
    after_change(risk)
    return risk
