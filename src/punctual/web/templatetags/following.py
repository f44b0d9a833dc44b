"""The button to follow a thing, and what is said about it."""

from __future__ import annotations

from typing import Any

from django import template
from django.db.models import Model

from punctual.platform.audit.services import target_type
from punctual.platform.comments.following import follows
from punctual.platform.comments.services import comments_on

register = template.Library()


@register.inclusion_tag("shell/follow.html", takes_context=True)
def follow_button(context: dict[str, Any], target: Model, css: str = "bt") -> dict[str, Any]:
    """Follow, or follow no more."""
    request = context["request"]
    return {
        "request": request,
        "csrf_token": context.get("csrf_token"),
        "kind": target_type(target),
        "pk": target.pk,
        "on": follows(request.user, target),
        "css": css,
    }


@register.inclusion_tag("shell/comments.html", takes_context=True)
def comments(context: dict[str, Any], target: Model, follow: object = None) -> dict[str, Any]:
    """Newest first, with the form; the reader has been shown ``target``. ``follow`` puts the button to follow it here,
    where the page has it nowhere else."""
    return {
        "request": context["request"],
        "csrf_token": context.get("csrf_token"),
        "kind": target_type(target),
        "pk": target.pk,
        "target": target,
        "follow": follow,
        "said": list(comments_on(target)[:50]),
    }
