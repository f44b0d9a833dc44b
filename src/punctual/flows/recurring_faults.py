"""A fault that comes back at customers: quality takes it up, and whoever keeps the plan templates of that product is
asked to build the cure in."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Final

from django.db import transaction
from django.db.models import Exists, Q

from punctual.domain.actions.services import open_action
from punctual.domain.aftersales.models import ServiceCase
from punctual.domain.aftersales.selectors import recurring
from punctual.domain.catalog.models import Product
from punctual.domain.plans.models import PlanTemplate
from punctual.domain.quality.models import DefectClass, NcrState, Nonconformity, Origin
from punctual.domain.quality.services.ncrs import NcrIn, open_ncr
from punctual.kernel.refusal import NotFound, Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role, User
from punctual.platform.accounts.permissions import require

YEAR: Final = dt.timedelta(days=365)
WEEKS: Final = 2
SOURCE: Final = "recurring_fault"
LONGEST_LABEL: Final = 60


def open_for(model: str, cause: str) -> Nonconformity | None:
    """The nonconformity that stands for this fault already."""
    rows = Nonconformity.objects.filter(source_type=SOURCE, source_label=_label(model, cause))
    products = Product.objects.filter(model=model)
    rows = rows.filter(Q(source_id__in=products.values("pk")) | Q(source_id=None) & ~Exists(products))
    return rows.exclude(state__in=[NcrState.CLOSED, NcrState.CANCELLED]).first()


def _label(model: str, cause: str) -> str:
    """The whole cause counts: what is too long for the field ends in a sum over all of it."""
    whole = f"{model}: {cause}"
    if len(whole) <= LONGEST_LABEL:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()[:10]
    return f"{whole[: LONGEST_LABEL - len(digest) - 2]}… {digest}"


@transaction.atomic
def take_up(*, actor: User, model: str, cause: str, today: dt.date) -> Nonconformity:
    """Open the nonconformity, and an action item for a planner that names the templates to change. The cases
    are locked, so that two at once open one."""
    require(actor, "service.change")
    list(ServiceCase.objects.select_for_update(of=("self",)).filter(cause=cause).order_by("pk").values_list("pk"))
    known = recurring(actor, since=today - YEAR)
    times = next((one.times for one in known if (one.model, one.cause) == (model, cause)), 0)
    if not times:
        text = N_("This fault has not come back within a year; load the page again.")
        raise NotFound(Reason("recurring.none", text))
    there = open_for(model, cause)
    if there is not None:
        text = N_("%(number)s stands for this fault already; go on there.")
        refuse_if([Reason("recurring.open", text, {"number": there.number})])
    product = Product.objects.filter(model=model).first()
    ncr = open_ncr(
        actor=actor,
        given=NcrIn(
            title=f"{model} {cause} ×{times}"[:160],
            origin=Origin.COMPLAINT.value,
            defect_class=DefectClass.MAJOR.value,
            product_id=product.pk if product else None,
            source=(SOURCE, product.pk if product else 0, _label(model, cause)),
            item_key=product.model if product else "",
            item_name=product.name if product else "",
            quantity=times,
            nonconforming=times,
            unit=product.unit if product else "",
        ),
        today=today,
    )
    templates = list(PlanTemplate.objects.filter(product_links__product=product)) if product else []
    planner = User.objects.filter(role=Role.PLANNER, is_active=True).order_by("pk").first() or actor
    names = " · ".join(f"{one.code} {one.name}" for one in templates) or "—"
    open_action(
        actor=actor,
        title=f"{model}: {cause} → {names}"[:200],
        detail=f"{ncr.number} {ncr.title}",
        owner=planner,
        due=today + dt.timedelta(weeks=WEEKS),
        cause=ncr,
    )
    return ncr
