"""What runs by the clock."""

from __future__ import annotations

from django_q.models import Schedule

SCHEDULES = {
    "deliver events": ("punctual.platform.outbox.services.deliver_pending", Schedule.MINUTES, 1),
    "seal the audit trail": ("punctual.platform.audit.chain.seal", Schedule.MINUTES, 1),
    "back up": ("punctual.platform.backup.scheduled", Schedule.DAILY, None),
    "remind of payments": ("punctual.domain.delivery.services.payments.remind_due", Schedule.DAILY, None),
    "remind of reviews": ("punctual.domain.orders.services.review.remind_signers", Schedule.HOURLY, None),
    "remind of approvals": ("punctual.platform.approvals.services.remind_late", Schedule.HOURLY, None),
    "plan everything again": ("punctual.flows.replan.daily", Schedule.DAILY, None),
    "resume stopped schedule runs": ("punctual.flows.replan.resume_stuck", Schedule.MINUTES, 10),
    "send messages": ("punctual.platform.notifications.outgoing.deliver_due", Schedule.MINUTES, 1),
    "tell followers": ("punctual.platform.comments.following.tell_of_changes", Schedule.MINUTES, 1),
    "send digests": ("punctual.platform.notifications.services.send_digests", Schedule.DAILY, None),
    "watch response times": (
        "punctual.domain.customer_relations.services.watching.watch_clocks",
        Schedule.MINUTES,
        5,
    ),
    "remind of meetings": ("punctual.domain.customer_relations.services.meetings.remind", Schedule.HOURLY, None),
    "remind of visits": (
        "punctual.domain.aftersales.services.cases.remind_of_visits",
        Schedule.DAILY,
        None,
    ),
    "fetch mail": ("punctual.domain.customer_relations.services.mailbox.fetch_mail", Schedule.MINUTES, 2),
    "refresh shortages": ("punctual.flows.material_needs.refresh_all", Schedule.DAILY, None),
    "count what is on order": ("punctual.flows.purchase_costs.follow_all", Schedule.DAILY, None),
    "forget old answers": ("punctual.platform.idempotency.services.forget_old", Schedule.DAILY, None),
    "forget ended sign-ins": ("punctual.platform.sealed_sessions.forget_ended", Schedule.DAILY, None),
    "look at marked orders": ("punctual.flows.early_warning.look_at_marked", Schedule.MINUTES, 1),
    "check effects": ("punctual.flows.recovery_apply.check_effects_today", Schedule.HOURLY, None),
    "escalate action items": ("punctual.flows.escalation.escalate", Schedule.HOURLY, None),
    "send reports": ("punctual.web.monitoring.scheduled.send_reports", Schedule.MINUTES, 30),
    "look at every order": ("punctual.flows.early_warning.nightly", Schedule.MINUTES, 30),
}
"""Name → (function, kind, minutes). The nightly look asks twice an hour whether today's is done, so that a killed one
goes on."""


def ensure_schedules() -> None:
    """Write the schedules; a name that is there already keeps its next run."""
    for name, (function, kind, minutes) in SCHEDULES.items():
        Schedule.objects.update_or_create(
            name=name, defaults={"func": function, "schedule_type": kind, "minutes": minutes, "repeats": -1}
        )
