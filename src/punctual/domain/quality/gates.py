"""Quality gates: what stops the next task or the delivery of an order until it is settled or let pass by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from punctual.domain.orders.models import Order
from punctual.domain.plans.models import Plan
from punctual.domain.plans.state import PlanState
from punctual.domain.quality.life import STOPPING
from punctual.domain.quality.models import Concession, ControlPoint, Hold, Nonconformity, PointState, Stage
from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_, Word

AFTER_DELIVERY: Final = (Stage.SAT.value,)
"""Stages that lie behind the delivery and can't stop it."""


@dataclass(frozen=True, slots=True)
class Gate:
    """``kind`` hold, certificate or ncr; ``concession`` None = it stops."""

    kind: str
    reason: Reason
    point: ControlPoint | None = None
    ncr: Nonconformity | None = None
    concession: Concession | None = None

    @property
    def label(self) -> str:
        return self.point.name if self.point else f"{self.ncr} {self.ncr.title}" if self.ncr else ""

    @property
    def is_open(self) -> bool:
        return self.concession is None


def all_gates(order: Order) -> list[Gate]:
    """Every gate that stands before the delivery: open ones first, then those let pass by name."""
    let_pass = {
        (one.gate, one.point_id, one.ncr_id): one
        for one in Concession.objects.filter(order=order, withdrawn_at=None).select_related("by")
    }
    points = ControlPoint.objects.filter(plan__order=order).exclude(stage__in=AFTER_DELIVERY)
    gates = [gate for point in points for gate in _of_point(point)]
    ncrs = Nonconformity.objects.filter(order=order, state__in=STOPPING).order_by("id")
    gates += [Gate("ncr", _ncr_reason(one), ncr=one) for one in ncrs]
    found = [
        Gate(
            one.kind,
            one.reason,
            one.point,
            one.ncr,
            let_pass.get((one.kind, one.point.pk if one.point else None, one.ncr.pk if one.ncr else None)),
        )
        for one in gates
    ]
    return sorted(found, key=lambda one: not one.is_open)


def _of_point(point: ControlPoint) -> Iterable[Gate]:
    if point.hold != Hold.NONE and point.state != PointState.PASSED:
        text = (
            N_("Hold point “%(name)s” has failed.")
            if point.state == PointState.FAILED
            else N_("Hold point “%(name)s” is not passed yet.")
        )
        if point.hold == Hold.WITNESS and point.state != PointState.FAILED:
            text = N_("Witness point “%(name)s” is not passed yet; the customer has to be present.")
        yield Gate("hold", Reason("quality.gate.hold", text, {"name": point.name}), point=point)
    if point.needs_certificate and not point.has_certificate:
        text = N_("The certificate of “%(name)s” is missing.")
        yield Gate("certificate", Reason("quality.gate.certificate", text, {"name": point.name}), point=point)


def _ncr_reason(ncr: Nonconformity) -> Reason:
    text = N_("Nonconformity %(number)s “%(title)s” is not settled (%(state)s).")
    params = {"number": ncr.number, "title": ncr.title, "state": Word(ncr.get_state_display())}
    return Reason("quality.gate.ncr", text, params)


def open_gates(order: Order) -> list[Gate]:
    """What stops the delivery now."""
    return [gate for gate in all_gates(order) if gate.is_open]


def against_delivery(order: Order) -> list[Reason]:
    """The reasons that the delivery's own rules ask for."""
    return [gate.reason for gate in open_gates(order)]


def against_starting(plan: Plan, state: PlanState, task_id: int) -> list[Reason]:
    """What stops a task from being begun: an open gate at one of the tasks that it waits for. The rework of a
    nonconformity and its re-inspection are not stopped by it."""
    before = _waits_for(state, task_id)
    if not before:
        return []
    reasons = []
    for gate in open_gates(plan.order):
        at = gate.point.task_id if gate.point else gate.ncr.task_id if gate.ncr else None
        own = {gate.ncr.rework_task_id, gate.ncr.recheck_task_id} if gate.ncr else set()
        if at in before and task_id not in own:
            reasons.append(gate.reason)
    return reasons


def _waits_for(state: PlanState, task_id: int) -> set[int]:
    """Tasks that have to end before this one begins, links of its summaries included."""
    ends = {task_id, *state.above(task_id)}
    before: set[int] = set()
    for link in state.links.values():
        if link.successor in ends and link.type == "FS":
            before |= {link.predecessor, *state.below(link.predecessor)}
    return before
