"""Quality templates: how a product, or a family of products, is inspected."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from punctual.domain.catalog.models import Product, ProductFamily
from punctual.domain.quality.models import QualityTemplate, TemplatePoint
from punctual.domain.quality.services.points import (
    PointIn,
    Tools,
    point_of,
    reasons_against_point,
    reasons_against_room,
    write_point,
)
from punctual.kernel.checks import Checker
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, differences, record
from punctual.platform.records import get_or_not_found, lock, save_next


@dataclass(frozen=True, slots=True)
class TemplateIn:
    """For one product, else for a family, else for everything that has none of its own."""

    code: str
    name: str
    family: int | None = None
    product: int | None = None


FIELDS = ("code", "name", "family_id", "product_id")


def reasons_against_template(given: TemplateIn, *, code_taken: bool, place_taken: str) -> list[Reason]:
    """``place_taken``: the template that stands for the same product or family already."""
    check = Checker("quality_template")
    check.code("code", N_("Code"), given.code, longest=20)
    check.text("name", N_("Name"), given.name, longest=80, required=True)
    reasons = list(check.reasons)
    if code_taken:
        text = N_("Quality template “%(code)s” exists already.")
        reasons.append(Reason("quality_template.code.taken", text, {"code": given.code}, field="code"))
    if given.family and given.product:
        text = N_("A template is for one product or for a family, not for both.")
        reasons.append(Reason("quality_template.both", text, field="product"))
    if place_taken:
        text = N_("“%(other)s” is for the same product or family already; change that one.")
        reasons.append(Reason("quality_template.place", text, {"other": place_taken}, field="product"))
    return reasons


@transaction.atomic
def put_template(
    *, actor: User, given: TemplateIn, template_id: int | None = None, expected_version: int | None = None
) -> QualityTemplate:
    """Make a template, or change the one named. Plans that are there stay as they are."""
    require(actor, "quality.handle")
    every = QualityTemplate.objects.all()
    found = lock(every, expected_version=expected_version, pk=template_id) if template_id else QualityTemplate()
    others = every.exclude(pk=found.pk)
    family = get_or_not_found(ProductFamily.objects.all(), pk=given.family) if given.family else None
    product = get_or_not_found(Product.objects.all(), pk=given.product) if given.product else None
    same = others.filter(family=family, product=product).first()
    refuse_if(
        reasons_against_template(
            given, code_taken=others.filter(code=given.code).exists(), place_taken=str(same) if same else ""
        )
    )
    before = {name: getattr(found, name) for name in FIELDS} if found.pk else {}
    found.code, found.name, found.family, found.product = given.code, given.name.strip(), family, product
    if found.pk:
        save_next(found, fields=["code", "name", "family", "product"])
    else:
        found.save()
    after = {name: getattr(found, name) for name in FIELDS}
    record(actor=actor, verb="change" if before else "create", target=found, changes=differences(before, after))
    return found


@transaction.atomic
def put_template_point(
    *,
    actor: User,
    template_id: int,
    point: PointIn,
    task_words: str = "",
    standard_words: str = "",
    expected_version: int | None = None,
) -> TemplatePoint:
    """Add a control point to a template, or change the one that ``point.id`` names. Words find the task and the
    acceptance criteria of an order; several are parted by ``|``."""
    require(actor, "quality.handle")
    found = lock(QualityTemplate.objects.all(), expected_version=expected_version, pk=template_id)
    tools = Tools.known()
    check = Checker("point")
    check.text("task_words", N_("Words in the task's name"), task_words, longest=120)
    check.text("standard_words", N_("Words in the acceptance criterion"), standard_words, longest=120)
    target = point_of(found, point.id) if point.id else TemplatePoint(template=found, position=found.points.count())
    reasons = [*reasons_against_point(point, row=1, tools=tools), *check.reasons]
    refuse_if([*reasons, *reasons_against_room(target, found)])
    target.task_words, target.standard_words = task_words.strip(), standard_words.strip()
    changes = write_point(target, point, tools)
    save_next(found, fields=[])
    record(actor=actor, verb="change", target=found, changes=changes)
    return target


@transaction.atomic
def remove_template_point(*, actor: User, template_id: int, point_id: int, expected_version: int | None = None) -> None:
    """Take a point out; plans that are there keep theirs."""
    require(actor, "quality.handle")
    found = lock(QualityTemplate.objects.all(), expected_version=expected_version, pk=template_id)
    point = point_of(found, point_id)
    name = point.name
    point.delete()
    save_next(found, fields=[])
    record(actor=actor, verb="change", target=found, changes=[Change(field="point", old=name, new=None)])
