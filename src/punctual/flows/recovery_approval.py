"""A way out of a delay is applied at once; where the company's chain asks for a yes from its cost on, that comes first
and until then nothing has changed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from punctual.domain.monitoring.models import RecoveryRun
from punctual.domain.monitoring.selectors import recoveries_of
from punctual.domain.orders.selectors import families_of
from punctual.flows.recovery_apply import apply_option, option_of, title_of, unchanged_plans
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role, User
from punctual.platform.accounts.permissions import require
from punctual.platform.approvals.models import ApprovalRequest, ApprovalState
from punctual.platform.approvals.rules import Level
from punctual.platform.approvals.selectors import steps_for
from punctual.platform.approvals.services import request_approval
from punctual.platform.approvals.subjects import Subject, register
from punctual.platform.audit.services import target_type
from punctual.platform.records import lock

SUBJECT: Final = "recovery"
STANDARD: Final = (
    Level(Role.FINANCE.value, 1, minimum_amount=Decimal(20_000)),
    Level(Role.MANAGER.value, 2, minimum_amount=Decimal(50_000)),
)


def waiting_of(run: RecoveryRun) -> ApprovalRequest | None:
    """The request about one of these ways out that nobody has decided yet."""
    rows = ApprovalRequest.objects.filter(
        subject=SUBJECT, target_type=target_type(run), target_id=run.pk, state=ApprovalState.WAITING
    )
    return rows.first()


@transaction.atomic
def choose_option(
    *, actor: User, run_id: int, number: int, today: dt.date, expected_version: int | None = None
) -> tuple[RecoveryRun, ApprovalRequest | None]:
    """Apply one way out, or ask for the yes that its cost needs. Which of both is seen from the request: None once it
    is applied."""
    require(actor, "recovery.apply")
    run = lock(recoveries_of(actor).select_related("order"), expected_version=expected_version, pk=run_id)
    waits = waiting_of(run)
    if waits is not None:
        text = N_("A way out of %(order)s waits for approval already; it is decided or withdrawn first.")
        refuse_if([Reason("recovery.waits", text, {"order": run.order.label})])
    option = option_of(run, number)
    cost, families = Decimal(str(option["cost"])), families_of(run.order)
    if not steps_for(SUBJECT, amount=cost, days=0, kinds=families):
        return apply_option(actor=actor, run_id=run_id, number=number, today=today), None
    unchanged_plans(run, option)
    asked = request_approval(
        actor=actor,
        subject=SUBJECT,
        target=run,
        title=N_("Way out of %(order)s: %(what)s"),
        params={"order": run.order.label, "what": title_of(option), "number": number},
        today=today,
        amount=cost,
        kinds=families,
        facts=_facts(run, option),
        money=[{"label": title_of({"titles": [one["title"]]}), "amount": str(one["cost"])} for one in option["uses"]],
        url=f"/recover/{run.order.key}/?option={number}",
    )
    return run, asked


def _facts(run: RecoveryRun, option: dict[str, Any]) -> list[dict[str, Any]]:
    due = run.order.promised_date or run.order.requested_date
    late = due is not None and option["p80"] > due.isoformat()
    return [
        {"label": N_("Promised"), "now": due.isoformat() if due else None, "then": None, "kind": "date"},
        {"label": "P50", "now": run.before["p50"], "then": option["p50"], "kind": "date"},
        {
            "label": "P80",
            "now": run.before["p80"],
            "then": option["p80"],
            "kind": "date",
            "tone": "late" if late else "",
        },
        {
            "label": N_("Expected damage"),
            "now": str(run.before["damage"]),
            "then": str(option["damage"]),
            "kind": "money",
        },
        {"label": N_("Cost"), "now": None, "then": str(option["cost"]), "kind": "money"},
        {
            "label": N_("Other orders touched"),
            "now": None,
            "then": [one["label"] for one in option["touched"]] or "0",
            "kind": "list",
        },
    ]


def decided(request: ApprovalRequest, actor: User, approved: bool, comment: str) -> None:
    """A yes applies it in the name of who asked, if nothing has moved since; a no leaves everything as it is."""
    if approved:
        apply_option(
            actor=request.requested_by,
            run_id=request.target_id,
            number=int(request.params["number"]),
            today=timezone.localdate(),
        )


def listen() -> None:
    """Called once when the programme starts."""
    register(Subject(SUBJECT, N_("Recovery over a cost limit"), "bolt", STANDARD, decided))
