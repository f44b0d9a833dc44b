"""The company's matrix and its library of typical risks; seeding an order's register from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import lines_with_products
from punctual.domain.plans.models import Task
from punctual.domain.risks.facts import points_of, risk_settings
from punctual.domain.risks.models import Category, Risk, RiskResponse, RiskSettings, TypicalRisk
from punctual.domain.risks.rules import Points, bounds_reasons, points_reasons, title_reasons
from punctual.domain.risks.services.register import RiskFacts, identify_risk
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import differences, record
from punctual.platform.records import lock, save_next

SETTINGS = ("probability_bounds", "impact_bounds", "watch_from", "act_from", "stop_from", "review_days")


@transaction.atomic
def change_risk_settings(
    *,
    actor: User,
    probability_bounds: Sequence[Decimal],
    impact_bounds: Sequence[Decimal],
    watch_from: int,
    act_from: int,
    stop_from: int,
    review_days: int,
    expected_version: int | None,
) -> RiskSettings:
    """Set the matrix; it holds for every risk at once."""
    require(actor, "risks.settings")
    reasons = [
        *bounds_reasons(probability_bounds, "probability_bounds", Decimal(100)),
        *bounds_reasons(impact_bounds, "impact_bounds", Decimal(1000)),
    ]
    if not 1 <= watch_from < act_from < stop_from <= 25:
        reasons.append(Reason("risk.levels", N_("The three levels rise, from 1 to 25."), field="watch_from"))
    if not 1 <= review_days <= 365:
        reasons.append(Reason("risk.review_days", N_("Reviews are 1 to 365 days apart."), field="review_days"))
    refuse_if(reasons)
    risk_settings()
    found = lock(RiskSettings.objects.all(), expected_version=expected_version, pk=1)
    wanted: dict[str, object] = {
        "probability_bounds": [float(one) for one in probability_bounds],
        "impact_bounds": [float(one) for one in impact_bounds],
        "watch_from": watch_from,
        "act_from": act_from,
        "stop_from": stop_from,
        "review_days": review_days,
    }
    changes = differences({name: getattr(found, name) for name in SETTINGS}, wanted)
    if changes:
        for name, value in wanted.items():
            setattr(found, name, value)
        save_next(found)
        record(actor=actor, verb="change", target=found, changes=changes)
    return found


@transaction.atomic
def keep_typical_risk(*, actor: User, typical: TypicalRisk) -> TypicalRisk:
    """Save a new or changed entry of the library."""
    require(actor, "risks.settings")
    reasons = [*title_reasons(typical.title), *points_reasons(points_of(typical))]
    if typical.category not in Category.values:
        reasons.append(Reason("risk.category", N_("Choose a category from the list."), field="category"))
    if typical.response_kind and not typical.response_title.strip():
        reasons.append(
            Reason("risk.response_title", N_("Say in 1 to 160 characters what is done."), field="response_title")
        )
    if typical.response_probability > typical.probability:
        reasons.append(
            Reason(
                "risk.response_worse",
                N_("Afterwards it would be more probable (%(after)d %%) than now (%(before)d %%)."),
                params={"after": typical.response_probability, "before": typical.probability},
                field="response_probability",
            )
        )
    refuse_if(reasons)
    verb = "change" if typical.pk else "create"
    typical.save()
    record(actor=actor, verb=verb, target=typical)
    return typical


@transaction.atomic
def archive_typical_risk(*, actor: User, typical: TypicalRisk, archived: bool) -> TypicalRisk:
    """Take it out of the library for new orders, or back in."""
    require(actor, "risks.settings")
    typical.archived_at = timezone.now() if archived else None
    typical.save(update_fields=["archived_at"])
    record(actor=actor, verb="archive" if archived else "restore", target=typical)
    return typical


def _words(typical: TypicalRisk) -> list[str]:
    return [line.strip() for line in typical.task_words.splitlines() if line.strip()]


@transaction.atomic
def seed_register(*, actor: User, order: Order, today: dt.date) -> list[Risk]:
    """Give a new order the typical risks of its products' families; those already there are left out."""
    families = {line.product.family_id for line in lines_with_products(order) if line.product} - {None}
    library = list(TypicalRisk.objects.filter(Q(family=None) | Q(family_id__in=families), archived_at=None))
    if not library:
        return []
    known = set(Risk.objects.filter(order=order).values_list("typical_id", flat=True))
    tasks = list(Task.objects.filter(plan__order=order, is_summary=False, is_milestone=False).only("id", "name"))
    made = []
    for typical in library:
        words = _words(typical)
        acts_on = [task.pk for task in tasks if any(word in task.name for word in words)]
        if typical.pk in known or (words and not acts_on):
            continue
        facts = RiskFacts(
            title=typical.title,
            category=typical.category,
            cause=typical.cause,
            trigger=typical.trigger,
            contingency=typical.contingency,
            points=points_of(typical),
            owner=order.owner or actor,
            tasks=acts_on,
        )
        risk = identify_risk(actor=actor, facts=facts, order=order, today=today)
        Risk.objects.filter(pk=risk.pk).update(typical=typical)
        if typical.response_kind:
            _propose(risk, typical)
        made.append(risk)
    return made


def _propose(risk: Risk, typical: TypicalRisk) -> None:
    now = points_of(typical)
    share = Decimal(typical.response_probability) / Decimal(typical.probability or 1)
    after = Points(
        probability=typical.response_probability,
        days_low=now.days_low,
        days_mode=now.days_mode,
        days_high=now.days_high,
        cost_low=(now.cost_low * share).quantize(Decimal("0.01")),
        cost_mode=(now.cost_mode * share).quantize(Decimal("0.01")),
        cost_high=(now.cost_high * share).quantize(Decimal("0.01")),
    )
    RiskResponse.objects.create(
        risk=risk,
        kind=typical.response_kind,
        title=typical.response_title,
        cost=typical.response_cost,
        owner=risk.owner,
        **asdict(after),
    )
