"""My settings, inbox, people and roles, company."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.kernel.refusal import Conflict, Forbidden, Refusal
from punctual.platform.accounts.models import Role, TokenScope, User
from punctual.platform.accounts.permissions import LABELS, ROLES_BY_PERMISSION, may, require
from punctual.platform.accounts.services import (
    all_people,
    change_my_settings,
    change_person,
    create_person,
    issue_token,
    people,
    revoke_token,
    sign_out_everywhere,
)
from punctual.platform.audit.models import AuditEntry
from punctual.platform.company.services import change_company, company
from punctual.platform.notifications.kinds import KINDS
from punctual.platform.notifications.services import inbox_of, mark_read, put_away
from punctual.platform.records import get_or_not_found
from punctual.web.account.api_reference import operations_by_subject
from punctual.web.account.forms import MySettingsForm, PersonForm
from punctual.web.shell.middleware import status_of
from punctual.web.shell.reading import whole, wholes
from punctual.web.shell.refusals import show_in


def _actor(request: HttpRequest) -> User:
    return cast(User, request.user)


def my_settings(request: HttpRequest) -> HttpResponse:
    """Language, theme, time zone, API tokens, second factor."""
    actor = _actor(request)
    initial = {name: getattr(actor, name) for name in ("display_name", "language", "theme", "time_zone")}
    form = MySettingsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            change_my_settings(actor=actor, **form.cleaned_data)
        except Refusal as refusal:
            show_in(form, refusal)
        else:
            messages.success(request, _("Saved."))
            response = redirect("my_settings")
            _remember(response, actor)
            return response
    tokens = actor.api_tokens.filter(revoked_at=None)
    new_token = request.session.pop("new_token", "")
    context = {
        "title": _("My settings"),
        "form": form,
        "tokens": tokens,
        "new_token": new_token,
        "scopes": TokenScope.choices,
    }
    return render(request, "account/my_settings.html", context)


def _remember(response: HttpResponse, actor: User) -> None:
    """The setting counts in this browser from now on."""
    response.set_cookie("theme", actor.theme, max_age=365 * 24 * 3600, samesite="Lax")
    if actor.language:
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, actor.language, max_age=365 * 24 * 3600, samesite="Lax")
    else:
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)


@require_POST
def new_token(request: HttpRequest) -> HttpResponse:
    """Make a token and show its text once."""
    actor = _actor(request)
    days = request.POST.get("days", "")
    request.session["new_token"] = issue_token(
        actor=actor,
        user=actor,
        name=request.POST.get("name", ""),
        scope=request.POST.get("scope") or TokenScope.WRITE,
        days=whole(days) if days else None,
    )
    return redirect("my_settings")


@require_POST
def drop_token(request: HttpRequest, pk: int) -> HttpResponse:
    revoke_token(actor=_actor(request), token_id=pk)
    messages.success(request, _("The token is revoked."))
    return redirect("my_settings")


@require_POST
def sign_out_of_all(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """End every other session of mine, or every session of somebody else."""
    actor = _actor(request)
    user = sign_out_everywhere(actor=actor, user_id=pk or actor.pk)
    if user.pk == actor.pk:
        # This very browser stays signed in, under a new session.
        update_session_auth_hash(request, user)
    messages.success(request, _("Signed out everywhere else.") if pk is None else _("Signed out everywhere."))
    return redirect("my_settings") if pk is None else redirect("person", pk=pk)


def api_documentation(request: HttpRequest) -> HttpResponse:
    """Every operation of the API, read out of its schema."""
    context = {"title": _("API documentation"), "subjects": operations_by_subject()}
    return render(request, "account/api.html", context)


def inbox(request: HttpRequest) -> HttpResponse:
    """What I was told, unread first in colour."""
    actor = _actor(request)
    if request.method == "POST":
        wanted = wholes(request.POST.getlist("id"))
        mark_read(actor=actor, ids=wanted if "id" in request.POST else None)
        return redirect("inbox")
    standing = request.GET.get("standing", "")
    standing = standing if standing in ("later", "done") else ""
    kind = request.GET.get("kind", "")
    everything = put_away(actor, standing) if standing else inbox_of(actor)
    there = set(everything.order_by().values_list("kind", flat=True).distinct())
    rows = everything.filter(kind=kind) if kind in there else everything
    context = {
        "title": _("Inbox"),
        "page": Paginator(rows, 50).get_page(request.GET.get("page")),
        "standing": standing,
        "kind": kind if kind in there else "",
        "kinds": [(name, _(words)) for name, words in KINDS.items() if name in there],
        "asleep": put_away(actor, "later").count(),
        "keep": {name: value for name, value in (("standing", standing), ("kind", kind)) if value},
    }
    return render(request, "account/inbox.html", context)


def people_and_roles(request: HttpRequest) -> HttpResponse:
    """Who is here, and what each role may do."""
    actor = _actor(request)
    matrix = [
        (label, [role.value in ROLES_BY_PERMISSION[permission] for role in Role])
        for permission, label in LABELS.items()
    ]
    context = {
        "title": _("People and roles"),
        "people": all_people(actor),
        "roles": [role.label for role in Role],
        "matrix": matrix,
        "may_manage": may(actor, "accounts.manage"),
        "count": people(actor).count(),
    }
    return render(request, "account/people.html", context)


def person(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Make or change one person."""
    actor = _actor(request)
    require(actor, "accounts.manage")
    found = get_or_not_found(all_people(actor), pk=pk) if pk else None
    names = ("username", "display_name", "role", "department", "email", "is_active")
    initial = {name: getattr(found, name) for name in names} if found else None
    form = PersonForm(request.POST or None, existing=found is not None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            if found:
                form.cleaned_data.pop("username")
                change_person(actor=actor, user_id=found.pk, **form.cleaned_data)
            else:
                create_person(actor=actor, **form.cleaned_data)
        except Refusal as refusal:
            show_in(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("people")
    title = found.name if found else _("New person")
    return render(request, "account/person.html", {"title": title, "form": form, "person": found})


def company_settings(request: HttpRequest) -> HttpResponse:
    """The company's name and the last changes of settings."""
    actor = _actor(request)
    found = company()
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            change_company(
                actor=actor, name=request.POST.get("name", ""), expected_version=whole(request.POST.get("version", ""))
            )
            messages.success(request, _("Saved."))
            return redirect("company_settings")
        except (Conflict, Forbidden):
            raise
        except Refusal as refused:
            refusal = refused
    recent = AuditEntry.objects.filter(target_type__in=["company", "user"]).select_related("actor")[:20]
    context = {
        "title": _("Settings"),
        "found": found,
        "name": request.POST.get("name", found.name),
        "reasons": refusal.reasons if refusal else (),
        "may_change": may(actor, "settings.manage"),
        "recent": recent if may(actor, "accounts.manage") else [],
    }
    return render(request, "account/company.html", context, status=status_of(refusal) if refusal else 200)
