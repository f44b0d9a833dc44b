"""How progress of an order becomes earned value."""

from __future__ import annotations

from django.db import transaction

from punctual.domain.monitoring.models import EarningRule, ProgressRule
from punctual.domain.orders.selectors import order_by_id
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, record
from punctual.platform.outbox.services import emit


@transaction.atomic
def choose_rule(*, actor: User, order_id: int, rule: str) -> EarningRule:
    """Percent complete, 0/100, 50/50 or milestones."""
    require(actor, "plans.make")
    order = order_by_id(actor, order_id)
    if rule not in ProgressRule.values:
        raise Refusal(Reason("earning.rule", N_("Choose one of the progress rules."), field="rule"))
    found, _fresh = EarningRule.objects.select_for_update().get_or_create(order=order)
    if found.rule != rule:
        change = Change(field="earning_rule", old=found.rule, new=rule)
        found.rule = rule
        found.save(update_fields=["rule"])
        record(actor=actor, verb="change", target=order, changes=[change])
        emit("costs.changed", order_id=order.pk)
    return found
