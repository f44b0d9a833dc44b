"""Make, change, approve and revise quality plans; let a gate pass by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from punctual.domain.orders.models import Order, OrderLine
from punctual.domain.orders.selectors import families_of, lines_with_products
from punctual.domain.plans.models import DeliveryStandard, Task
from punctual.domain.quality import gates
from punctual.domain.quality.life import PLAN
from punctual.domain.quality.models import (
    Anchor,
    Concession,
    ControlPoint,
    PlanRevision,
    PlanState,
    PointCharacteristic,
    QualityPlan,
    QualityTemplate,
)
from punctual.domain.quality.models.plans import CHARACTERISTIC_FIELDS, POINT_FIELDS
from punctual.domain.quality.rules import (
    reasons_against_text,
)
from punctual.domain.quality.selectors import quality_plans_of
from punctual.domain.quality.services.points import (
    PointIn,
    Tools,
    point_of,
    reasons_against_point,
    reasons_against_room,
    write_point,
)
from punctual.kernel.refusal import NotFound, Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.approvals.models import ApprovalRequest
from punctual.platform.approvals.selectors import steps_for
from punctual.platform.approvals.services import request_approval
from punctual.platform.audit.services import Change, as_json, record
from punctual.platform.notifications.services import notify
from punctual.platform.outbox.services import emit
from punctual.platform.records import lock, save_next

CONCESSION = "concession"


# --------------------------------------------------------------------------------------------------------- making


@transaction.atomic
def make_quality_plan(*, order: Order, actor: User) -> QualityPlan:
    """The points of its products' templates, tied to the tasks and acceptance criteria of its plan; a draft.

    The caller has locked the order, or makes it; an order that has a quality plan keeps it.
    """
    found = QualityPlan.objects.filter(order=order).first()
    if found is not None:
        return found
    lines = lines_with_products(order)
    wishes = "\n".join(dict.fromkeys(line.acceptance_criteria.strip() for line in lines if line.acceptance_criteria))
    plan = QualityPlan.objects.create(order=order, requirements=wishes)
    add_points(plan, lines)
    record(actor=actor, verb="create", target=plan)
    emit("quality_plan.made", quality_plan_id=plan.pk, order_id=order.pk)
    return plan


def add_points(plan: QualityPlan, lines: Sequence[OrderLine]) -> list[ControlPoint]:
    """The points that the templates of these lines bring, behind those that are there."""
    order, chosen = plan.order, _templates(lines)
    if not chosen:
        return []
    tasks = list(Task.objects.filter(plan__order=order, is_summary=False).order_by("sequence"))
    standards = list(DeliveryStandard.objects.filter(plan__order=order))
    position, made = plan.points.count(), []
    for line, template in chosen:
        for source in template.points.all():
            values = {name: getattr(source, name) for name in POINT_FIELDS} | {"position": position}
            task = _task_of(source.task_words, line, tasks) if source.anchor == Anchor.TASK else None
            point = ControlPoint.objects.create(plan=plan, order_line=line, task=task, **values)
            PointCharacteristic.objects.bulk_create(
                PointCharacteristic(point=point, **{name: getattr(one, name) for name in CHARACTERISTIC_FIELDS})
                for one in source.characteristics.all()
            )
            point.standards.set(_standards_of(source.standard_words, line, standards))
            made.append(point)
            position += 1
    return made


def _templates(lines: Sequence[OrderLine]) -> list[tuple[OrderLine, QualityTemplate]]:
    """Line and its template: the product's own, else its family's, else the one for everything."""
    every = list(QualityTemplate.objects.prefetch_related("points__characteristics"))
    chosen = []
    for line in lines:
        family = line.product.family_id if line.product else None
        wanted = [
            next((one for one in every if one.product_id and one.product_id == line.product_id), None),
            next((one for one in every if one.family_id and one.family_id == family), None),
            next((one for one in every if one.product_id is None and one.family_id is None), None),
        ]
        found = next((one for one in wanted if one is not None), None)
        if found is not None:
            chosen.append((line, found))
    return chosen


def _holds(text: str, words: str) -> bool:
    return any(word.strip() and word.strip() in text for word in words.split("|"))


def _task_of(words: str, line: OrderLine, tasks: Sequence[Task]) -> Task | None:
    own = [task for task in tasks if task.order_line_id in (line.pk, None) and _holds(task.name, words)]
    return own[-1] if own else None


def _standards_of(words: str, line: OrderLine, standards: Sequence[DeliveryStandard]) -> list[DeliveryStandard]:
    return [
        one
        for one in standards
        if one.order_line_id in (line.pk, None) and _holds(f"{one.criterion} {one.method}", words)
    ]


# ------------------------------------------------------------------------------------------------------- changing


@transaction.atomic
def put_point(*, actor: User, plan_id: int, point: PointIn, expected_version: int | None = None) -> ControlPoint:
    """Add a control point to a draft, or change the one that ``point.id`` names."""
    require(actor, "quality.plan")
    plan = lock(quality_plans_of(actor), expected_version=expected_version, pk=plan_id)
    tools = Tools.known()
    target = point_of(plan, point.id) if point.id else ControlPoint(plan=plan, position=plan.points.count())
    tasks = Task.objects.filter(plan__order=plan.order_id, is_summary=False)
    task = tasks.filter(pk=point.task).first() if point.task else None
    line = OrderLine.objects.filter(order=plan.order_id, pk=point.line).first() if point.line else None
    standards = DeliveryStandard.objects.filter(plan__order=plan.order_id, pk__in=list(point.standards))
    reasons = [*PLAN.reasons(plan.state, "change"), *reasons_against_point(point, row=1, tools=tools)]
    reasons += reasons_against_room(target, plan)
    if (point.task and task is None) or (point.line and line is None) or len(standards) < len({*point.standards}):
        text = N_("A task, line or criterion that the point names does not belong to this order; choose one that does.")
        reasons.append(Reason("point.of_other_order", text, field="task"))
    refuse_if(reasons)
    target.task, target.order_line = task, line
    changes = write_point(target, point, tools)
    target.standards.set(standards)
    save_next(plan, fields=[])
    record(actor=actor, verb="change", target=plan, changes=changes)
    return target


@transaction.atomic
def remove_point(*, actor: User, plan_id: int, point_id: int, expected_version: int | None = None) -> None:
    """Take a point out of a draft; one that was inspected stays on record and can't go."""
    require(actor, "quality.plan")
    plan = lock(quality_plans_of(actor), expected_version=expected_version, pk=plan_id)
    point = point_of(plan, point_id)
    reasons = PLAN.reasons(plan.state, "change")
    if point.inspections.exists():
        text = N_("“%(name)s” has been inspected; it stays in the plan.")
        reasons.append(Reason("point.inspected", text, {"name": point.name}))
    refuse_if(reasons)
    name = point.name
    point.delete()
    save_next(plan, fields=[])
    record(actor=actor, verb="change", target=plan, changes=[Change(field="point", old=name, new=None)])


@transaction.atomic
def approve_quality_plan(*, actor: User, plan_id: int, expected_version: int | None = None) -> QualityPlan:
    """From now on it is inspected by; the revision is kept as it is."""
    require(actor, "quality.approve")
    plan = lock(quality_plans_of(actor), expected_version=expected_version, pk=plan_id)
    reasons = PLAN.reasons(plan.state, "approve")
    if not plan.points.exists():
        text = N_("The quality plan has no control point yet; add at least one.")
        reasons.append(Reason("quality_plan.empty", text))
    refuse_if(reasons)
    now = timezone.now()
    plan.state, plan.approved_by, plan.approved_at = PLAN.after(plan.state, "approve"), actor, now
    save_next(plan, fields=["state", "approved_by", "approved_at"])
    PlanRevision.objects.create(
        plan=plan, number=plan.revision, document=document_of(plan), approved_by=actor, approved_at=now
    )
    record(actor=actor, verb="approve", target=plan, changes=[Change(field="state", old="draft", new="approved")])
    emit("quality_plan.approved", quality_plan_id=plan.pk, order_id=plan.order_id)
    return plan


@transaction.atomic
def revise_quality_plan(*, actor: User, plan_id: int, reason: str, expected_version: int | None = None) -> QualityPlan:
    """Open the next revision as a draft, with the reason."""
    require(actor, "quality.plan")
    plan = lock(quality_plans_of(actor), expected_version=expected_version, pk=plan_id)
    refuse_if(
        [
            *PLAN.reasons(plan.state, "revise"),
            *reasons_against_text("quality_plan.reason", reason, N_("Say why it is revised."), field_name="reason"),
        ]
    )
    plan.state, plan.revision = PlanState.DRAFT, plan.revision + 1
    plan.approved_by, plan.approved_at = None, None
    save_next(plan, fields=["state", "revision", "approved_by", "approved_at"])
    changes = [Change(field="revision", old=plan.revision - 1, new=plan.revision)]
    record(actor=actor, verb="revise", target=plan, changes=changes, reason=reason.strip())
    return plan


def document_of(plan: QualityPlan) -> list[dict[str, Any]]:
    """The points as JSON data."""
    return [
        {name: as_json(getattr(point, name)) for name in POINT_FIELDS}
        | {
            "task": str(point.task) if point.task else None,
            "characteristics": [
                {name: as_json(getattr(one, name)) for name in CHARACTERISTIC_FIELDS if not name.endswith("_id")}
                | {"gauge": one.gauge.code if one.gauge else None}
                for one in point.characteristics.all()
            ],
        }
        for point in plan.points.select_related("task").prefetch_related("characteristics__gauge")
    ]


# -------------------------------------------------------------------------------------------------------- gates


@transaction.atomic
def concede(*, actor: User, order: Order, kind: str, target_id: int, reason: str) -> Concession | None:
    """Let one open gate of the order pass, by name and with a reason; ``kind`` and ``target_id`` say which. Where the
    company has set a chain for concessions, it is asked for first and None comes back."""
    require(actor, "quality.concede")
    order = Order.objects.select_for_update().get(pk=order.pk)
    refuse_if(reasons_against_text("concession.reason", reason, N_("Say why it may pass."), field_name="reason"))
    gate = next((one for one in gates.open_gates(order) if one.kind == kind and _key(one) == target_id), None)
    if gate is None:
        raise NotFound(Reason("concession.gate", N_("This gate is not open any more.")))
    amount, currency, families = order.total_amount, order.currency, families_of(order)
    if steps_for(CONCESSION, amount=amount, currency=currency, days=0, kinds=families):
        request_approval(
            actor=actor,
            subject=CONCESSION,
            target=order,
            title=N_("Let “%(gate)s” of %(order)s pass"),
            params={"gate": gate.label, "order": order.label, "kind": kind, "target": target_id},
            today=timezone.localdate(),
            detail=reason.strip(),
            url=f"/quality/plans/{order.key}/",
            amount=amount,
            currency=currency,
            kinds=families,
        )
        return None
    return _let_pass(order, gate, actor, reason.strip())


def decided(request: ApprovalRequest, actor: User, approved: bool, comment: str) -> None:
    """A concession that was asked for: with yes the gate passes in the name of who asked."""
    order = Order.objects.select_for_update().get(pk=request.target_id)
    kind, target = request.params["kind"], request.params["target"]
    gate = next((one for one in gates.open_gates(order) if one.kind == kind and _key(one) == target), None)
    if approved and gate is not None:
        _let_pass(order, gate, request.requested_by, request.detail)


def _let_pass(order: Order, gate: gates.Gate, actor: User, reason: str) -> Concession:
    made = Concession.objects.create(
        order=order, gate=gate.kind, point=gate.point, ncr=gate.ncr, reason=reason, by=actor
    )
    record(actor=actor, verb="concede", target=gate.ncr or gate.point or order, reason=reason)
    record(
        actor=actor, verb="concede", target=order, changes=[Change(field="gate", old=gate.label, new=None)],
        reason=reason,
    )  # fmt: skip
    if order.owner and order.owner != actor:
        notify(
            users=[order.owner],
            kind="quality",
            text=N_("%(who)s lets “%(gate)s” of %(order)s pass: %(reason)s"),
            params={"who": actor.name, "gate": gate.label, "order": order.label, "reason": reason[:200]},
            url=f"/orders/{order.key}/",
        )
    emit("quality_gate.conceded", order_id=order.pk, concession_id=made.pk)
    return made


def _key(gate: gates.Gate) -> int:
    return gate.point.pk if gate.point else gate.ncr.pk if gate.ncr else 0


@transaction.atomic
def withdraw_concession(*, actor: User, order: Order, concession_id: int) -> None:
    """The gate counts again."""
    require(actor, "quality.concede")
    found = Concession.objects.select_for_update().filter(order=order, pk=concession_id, withdrawn_at=None).first()
    if found is None:
        raise NotFound(Reason("concession.not_found", N_("This concession is withdrawn already.")))
    found.withdrawn_at = timezone.now()
    found.save(update_fields=["withdrawn_at"])
    record(actor=actor, verb="withdraw_concession", target=order, reason=found.reason)
