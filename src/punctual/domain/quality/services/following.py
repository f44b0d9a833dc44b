"""The quality plan follows the order's lines when a change order alters them, and comes back when it is taken back.

Part of the caller's transaction: permission was asked there. Points of a line that goes leave the plan unless they were
inspected; a new line, or another product, brings the points of its template. An approved plan becomes a draft again,
since somebody has to agree to the new points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from punctual.domain.orders.models import Order, OrderLine
from punctual.domain.quality.models import ControlPoint, PlanState, PointCharacteristic, QualityPlan
from punctual.domain.quality.models.plans import CHARACTERISTIC_FIELDS, POINT_FIELDS
from punctual.domain.quality.services.plans import add_points
from punctual.platform.accounts.models import User
from punctual.platform.audit.services import Change, record
from punctual.platform.records import save_next

Products = Mapping[int, int | None]
"""Order line → its product."""


def products_of(order: Order) -> Products:
    return dict(OrderLine.objects.filter(order=order).values_list("pk", "product_id"))


def points_of(order: Order) -> list[dict[str, Any]]:
    """The points of the order's lines as they stand; asked before lines and plan are written."""
    rows = ControlPoint.objects.filter(plan__order=order).exclude(order_line=None).order_by("pk")
    return [_as_data(one) for one in rows.prefetch_related("characteristics", "standards")]


def follow_lines(
    *, order: Order, before: Products, points: Sequence[dict[str, Any]], actor: User, reason: str
) -> dict[str, Any]:
    """Returns the journal; empty where nothing had to follow."""
    plan = QualityPlan.objects.select_for_update(of=("self",)).filter(order=order).first()
    if plan is None:
        return {}
    now = products_of(order)
    gone = [line for line in before if line not in now or now[line] != before[line]]
    fresh = [line for line in now if line not in before or now[line] != before[line]]
    if not gone and not fresh:
        return {}
    leaving = [one for one in points if one["values"]["order_line_id"] in gone]
    untouched = ControlPoint.objects.filter(pk__in=[one["id"] for one in leaving], inspections=None)
    ids = set(untouched.values_list("pk", flat=True))
    dropped, left = [one for one in leaving if one["id"] in ids], [one for one in leaving if one["id"] not in ids]
    ControlPoint.objects.filter(pk__in=ids).delete()
    made = add_points(plan, list(order.lines.filter(pk__in=fresh).select_related("product").order_by("line_no")))
    if not leaving and not made:
        return {}
    kept = {"state": plan.state, "revision": plan.revision, "by": plan.approved_by_id, "at": _text(plan)}
    if plan.state == PlanState.APPROVED:
        plan.state, plan.revision, plan.approved_by, plan.approved_at = PlanState.DRAFT, plan.revision + 1, None, None
    save_next(plan)
    changes = [
        Change(field="points", old=len(dropped), new=None) if dropped else None,
        Change(field="points", old=None, new=len(made)) if made else None,
    ]
    record(actor=actor, verb="follow", target=plan, changes=[one for one in changes if one], reason=reason)
    return {"dropped": dropped, "left": left, "made": [one.pk for one in made], "plan": kept}


def _text(plan: QualityPlan) -> str | None:
    return plan.approved_at.isoformat() if plan.approved_at else None


def _as_data(point: ControlPoint) -> dict[str, Any]:
    """A point so that it can be made again; values as text, read back by the model's fields."""
    own = {name: _plain(getattr(point, name)) for name in POINT_FIELDS}
    return {
        "id": point.pk,
        "values": own
        | {
            "order_line_id": point.order_line_id,
            "task_id": point.task_id,
            "state": point.state,
            "has_certificate": point.has_certificate,
        },
        "standards": [one.pk for one in point.standards.all()],
        "characteristics": [
            {name: _plain(getattr(one, name)) for name in CHARACTERISTIC_FIELDS} for one in point.characteristics.all()
        ],
    }


def _plain(value: object) -> Any:
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


def follow_back(*, order: Order, journal: Mapping[str, Any], actor: User, reason: str) -> None:
    """The points as they were; what was inspected of the new ones in the meantime stays on record."""
    plan = QualityPlan.objects.select_for_update(of=("self",)).filter(order=order).first()
    if plan is None or not journal:
        return
    ControlPoint.objects.filter(pk__in=journal["made"], inspections=None).delete()
    for one in journal["dropped"]:
        point = ControlPoint.objects.create(pk=one["id"], plan=plan, **one["values"])
        PointCharacteristic.objects.bulk_create(
            PointCharacteristic(point=point, **values) for values in one["characteristics"]
        )
        point.standards.set(one["standards"])
    for one in journal["left"]:
        where = {name: one["values"][name] for name in ("order_line_id", "task_id")}
        ControlPoint.objects.filter(pk=one["id"]).update(**where)
    kept = journal["plan"]
    plan.state, plan.revision, plan.approved_by_id = kept["state"], kept["revision"], kept["by"]
    plan.approved_at = kept["at"]
    save_next(plan)
    record(actor=actor, verb="follow_back", target=plan, reason=reason)
