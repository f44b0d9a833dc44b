"""What the company tolerates, and who signs what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from punctual.domain.catalog.models import ProductFamily
from punctual.domain.orders.facts import check_settings
from punctual.domain.orders.models import CheckSettings, ReviewRule
from punctual.domain.orders.services.review import SIGNERS
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, differences, record
from punctual.platform.records import lock, save_next

FIELDS = ("price_tolerance_percent", "review_hours", "at_risk_days", "quote_days")


@transaction.atomic
def change_check_settings(
    *,
    actor: User,
    price_tolerance_percent: Decimal,
    review_hours: int,
    at_risk_days: int,
    quote_days: int,
    expected_version: int | None,
) -> CheckSettings:
    """Set the tolerances; they hold for every check from now on."""
    require(actor, "orders.rules")
    wanted: dict[str, Decimal | int] = {
        "price_tolerance_percent": price_tolerance_percent,
        "review_hours": review_hours,
        "at_risk_days": at_risk_days,
        "quote_days": quote_days,
    }
    limits = {"price_tolerance_percent": 100, "review_hours": 720, "at_risk_days": 365, "quote_days": 365}
    refuse_if(
        Reason(f"order.settings.{name}", N_("Choose a value from 0 to %(most)d."), {"most": limits[name]}, field=name)
        for name, value in wanted.items()
        if not 0 <= value <= limits[name]
    )
    check_settings()
    found = lock(CheckSettings.objects.all(), expected_version=expected_version, pk=1)
    changes = differences({name: getattr(found, name) for name in FIELDS}, wanted)
    if changes:
        for name, value in wanted.items():
            setattr(found, name, value)
        save_next(found)
        record(actor=actor, verb="change", target=found, changes=changes)
    return found


@dataclass(frozen=True, slots=True)
class RuleInput:
    """``family_id`` None: any family."""

    family_id: int | None
    minimum_amount: Decimal
    roles: tuple[str, ...]


@transaction.atomic
def replace_review_rules(*, actor: User, rules: Sequence[RuleInput]) -> list[ReviewRule]:
    """Set the whole table of who signs what."""
    require(actor, "orders.rules")
    signers = {role.value for role in SIGNERS}
    families = set(ProductFamily.objects.values_list("pk", flat=True))
    reasons = []
    for row, rule in enumerate(rules, start=1):
        if not rule.roles or set(rule.roles) - signers:
            text = N_("Rule %(row)d: choose at least one role that signs.")
            reasons.append(Reason("order.review_rule.roles", text, {"row": row}, field="roles", row=row))
        if rule.family_id is not None and rule.family_id not in families:
            text = N_("Rule %(row)d: this family does not exist any more.")
            reasons.append(Reason("order.review_rule.family", text, {"row": row}, field="family", row=row))
        if rule.minimum_amount < 0:
            text = N_("Rule %(row)d: the amount must not be negative.")
            reasons.append(Reason("order.review_rule.amount", text, {"row": row}, field="minimum_amount", row=row))
    refuse_if(reasons)
    before = ReviewRule.objects.count()
    ReviewRule.objects.all().delete()
    made = ReviewRule.objects.bulk_create(
        [
            ReviewRule(family_id=rule.family_id, minimum_amount=rule.minimum_amount, roles=sorted(set(rule.roles)))
            for rule in rules
        ]
    )
    settings = check_settings()
    changes = [Change(field="review_rules", old=before, new=len(made))]
    record(actor=actor, verb="change", target=settings, changes=changes)
    return made
