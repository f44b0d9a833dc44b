"""Quality templates: made, changed and read; their control points."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from punctual.domain.catalog.models import Product, ProductFamily
from punctual.domain.quality.models import QualityTemplate
from punctual.domain.quality.selectors import template_by_id
from punctual.domain.quality.services.templates import (
    TemplateIn,
    put_template,
    put_template_point,
    remove_template_point,
)
from punctual.kernel.refusal import NotFound, Refusal
from punctual.platform.accounts.permissions import may, require
from punctual.platform.records import get_or_not_found
from punctual.web.orders.actions import done
from punctual.web.quality import marks, points, reading
from punctual.web.quality.inspections import actor_of
from punctual.web.quality.story import story
from punctual.web.shell.middleware import status_of


def _url(found: QualityTemplate) -> str:
    return reverse("quality_template", args=[found.pk])


def template(request: HttpRequest, pk: int) -> HttpResponseBase:
    """How a product or family is inspected."""
    actor = actor_of(request)
    found = template_by_id(actor, pk)
    context = {
        "title": found.name,
        "found": found,
        "rooms": marks.tabs(actor, "quality_templates"),
        "points": found.points.prefetch_related("characteristics__gauge"),
        "may_change": may(actor, "quality.handle"),
        "story": story(found),
    }
    return render(request, "quality/template.html", context)


def edit_template(request: HttpRequest, pk: int | None = None) -> HttpResponseBase:
    """A new template, or what an old one is for."""
    actor = actor_of(request)
    require(actor, "quality.handle")
    found = template_by_id(actor, pk) if pk else None
    refusal: Refusal | None = None
    if request.method == "POST":
        given = TemplateIn(
            reading.text(request.POST, "code"),
            reading.text(request.POST, "name"),
            reading.key(request.POST, "family") or None,
            reading.key(request.POST, "product") or None,
        )
        try:
            made = put_template(actor=actor, given=given, template_id=pk, expected_version=reading.version(request))
            return done(request, _url(made), _("Saved."))
        except NotFound:
            raise
        except Refusal as caught:
            refusal = caught
    context = {
        "title": found.name if found else _("New quality template"),
        "found": found,
        "rooms": marks.tabs(actor, "quality_templates"),
        "typed": request.POST.dict() if request.method == "POST" else _shown(found),
        "families": [(str(one.pk), str(one)) for one in ProductFamily.objects.order_by("code")],
        "products": [(str(one.pk), str(one)) for one in Product.objects.filter(archived_at=None).order_by("model")],
        "refusal": refusal,
    }
    return render(request, "quality/template_edit.html", context, status=status_of(refusal) if refusal else 200)


def _shown(found: QualityTemplate | None) -> dict[str, Any]:
    if found is None:
        return {}
    return {
        "code": found.code,
        "name": found.name,
        "family": str(found.family_id or ""),
        "product": str(found.product_id or ""),
    }


def template_point(request: HttpRequest, pk: int, point_pk: int | None = None) -> HttpResponseBase:
    """Add or change a control point of a template."""
    actor = actor_of(request)
    require(actor, "quality.handle")
    template = template_by_id(actor, pk)
    rows = template.points.prefetch_related("characteristics__gauge", "characteristics__chart")
    found = get_or_not_found(rows, pk=point_pk) if point_pk else None
    refusal: Refusal | None = None
    if request.method == "POST":
        version = reading.version(request)
        try:
            if request.POST.get("remove") and found is not None:
                remove_template_point(actor=actor, template_id=pk, point_id=found.pk, expected_version=version)
                return done(request, _url(template), _("The control point is taken out."))
            put_template_point(
                actor=actor,
                template_id=pk,
                point=points.point_in(request.POST, point_pk),
                task_words=reading.text(request.POST, "task_words"),
                standard_words=reading.text(request.POST, "standard_words"),
                expected_version=version,
            )
            return done(request, _url(template), _("Saved."))
        except NotFound:
            raise
        except Refusal as caught:
            refusal = caught
    words = {"task_words": found.task_words, "standard_words": found.standard_words} if found else {}
    context = {
        "title": found.name if found else _("New control point"),
        "template": template,
        "plan": template,
        "found": found,
        "typed": request.POST.dict() if request.method == "POST" else points.shown(found) | words,
        "rows": points.rows(request, found),
        **points.choices(actor),
        "refusal": refusal,
        "rooms": marks.tabs(actor, "quality_templates"),
    }
    return render(request, "quality/point.html", context, status=status_of(refusal) if refusal else 200)
