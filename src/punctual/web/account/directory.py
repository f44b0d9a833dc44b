"""Sign-in through the company's directory where allauth's own pages would fail: a directory that does not answer, and
an answer that nobody asked for and that is too long to be kept until it is read."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path

logger = logging.getLogger(__name__)
View = Callable[..., HttpResponseBase]

LONGEST_ANSWER: Final = 200_000
"""Bytes of a form that brings a directory's answer; real ones have some thousands."""


def explained(request: HttpRequest, why: str, status: int) -> HttpResponse:
    """Nobody is signed in, and the page says why: ``away``, ``ended`` or, otherwise, not to be trusted."""
    return render(request, "socialaccount/authentication_error.html", {"why": why}, status=status)


def _explaining(view: View, errors: tuple[type[Exception], ...], log: str, why: str, status: int) -> View:
    """What the view fails with is logged and told as what it is."""

    @wraps(view)
    def asked(request: HttpRequest, **names: Any) -> HttpResponseBase:
        try:
            return view(request, **names)
        except errors as error:
            logger.error(log, error)
            return explained(request, why, status)

    return asked


def patient(view: View) -> View:
    """A directory that is away (no connection, no answer in time, or one with an error) is named as what is away."""
    away = HTTPStatus.SERVICE_UNAVAILABLE
    return _explaining(view, (OSError,), "The directory does not answer: %s", "away", away)


def readable(view: View) -> View:
    """What is no XML (a SyntaxError), or XML that declares entities, is as untrusted as a wrong signature."""
    from onelogin.saml2.xmlparser import DTDForbidden, EntitiesForbidden, NotSupportedError

    errors = (SyntaxError, DTDForbidden, EntitiesForbidden, NotSupportedError)
    log = "What came from the directory can't be read: %s"
    return _explaining(view, errors, log, "untrusted", HTTPStatus.UNAUTHORIZED)


def short(view: View) -> View:
    """Whoever is not signed in may post here, and what is posted is kept for a moment."""

    @wraps(view)
    def taken(request: HttpRequest, **names: Any) -> HttpResponseBase:
        if int(request.META.get("CONTENT_LENGTH") or 0) > LONGEST_ANSWER:
            return explained(request, "untrusted", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return view(request, **names)

    return taken


def signed(view: View) -> View:
    """Signed out by the directory alone: python3-saml checks a signature where there is one, and asks for none."""

    @wraps(view)
    def told(request: HttpRequest, **names: Any) -> HttpResponseBase:
        if not request.GET.get("Signature"):
            return explained(request, "untrusted", HTTPStatus.UNAUTHORIZED)
        return view(request, **names)

    return told


def addresses() -> list[URLPattern]:
    """They stand before allauth's, which they wrap; only where a directory is configured."""
    found: list[URLPattern] = []
    if "allauth.socialaccount.providers.openid_connect" in settings.INSTALLED_APPS:
        from allauth.socialaccount.providers.openid_connect import views as oidc

        found.append(path("accounts/oidc/<slug:provider_id>/login/", patient(oidc.login)))
    if "allauth.socialaccount.providers.saml" in settings.INSTALLED_APPS:
        from allauth.socialaccount.providers.saml import views as saml

        place = "accounts/saml/<slug:organization_slug>/"
        found += [
            path(f"{place}login/", patient(saml.login)),
            path(f"{place}acs/", short(saml.acs)),
            path(f"{place}acs/finish/", patient(readable(saml.finish_acs))),
            path(f"{place}sls/", patient(readable(signed(saml.sls)))),
            path(f"{place}metadata/", patient(saml.metadata)),
        ]
    return found
