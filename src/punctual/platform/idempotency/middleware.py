"""``Idempotency-Key`` (API) and the hidden field ``form_key`` (pages): a repeated POST gets the first one's answer.

After draft-ietf-httpapi-idempotency-key-header. Only answers below 400 are kept: a refused request may be
corrected and sent again under the same key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

from django.db import IntegrityError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from punctual.platform.accounts.models import User
from punctual.platform.idempotency.models import DoneRequest
from punctual.platform.sealing import Unreadable, seal_bytes, unseal_bytes
from punctual.platform.trouble import ATTEMPTS, Trouble, pause, problem, trouble_of

LONGEST_KEY = 180


class _Undo(Exception):
    """Leaves the transaction without its effects; carries the answer."""

    def __init__(self, response: HttpResponse) -> None:
        self.response = response


class IdempotencyMiddleware:
    """Needs the user, so it stands behind authentication; API tokens are read by ``ApiTokenMiddleware`` before it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = self._key(request)
        user = request.user
        if not key or not user.is_authenticated:
            return self.get_response(request)
        if len(key) > LONGEST_KEY:
            return _problem(422, "idempotency.key_too_long", _("The Idempotency-Key is longer than 180 characters."))
        return self._once(request, user, key)

    @staticmethod
    def _key(request: HttpRequest) -> str:
        if request.method != "POST":
            return ""
        if request.path.startswith("/api/"):
            return request.headers.get("Idempotency-Key", "")
        if request.content_type in {"application/x-www-form-urlencoded", "multipart/form-data"}:
            return str(request.POST.get("form_key", "")).replace("\0", "")  # the form is refused later for it
        return ""

    def _once(self, request: HttpRequest, user: User, key: str) -> HttpResponse:
        """Again, from the beginning, while it only clashed with another transaction: nothing of it was kept."""
        fingerprint = _fingerprint(request)
        for attempt in range(ATTEMPTS):
            response = self._attempt(request, user, key, fingerprint)
            if getattr(request, "trouble", None) is not Trouble.CLASH or attempt == ATTEMPTS - 1:
                break
            pause(attempt)
            _rewind(request)
        return response

    def _attempt(self, request: HttpRequest, user: User, key: str, fingerprint: str) -> HttpResponse:
        try:
            with transaction.atomic():
                done, fresh = DoneRequest.objects.get_or_create(
                    user=user, key=key, defaults={"fingerprint": fingerprint}
                )
                if not fresh:
                    return _replay(done, fingerprint)
                response = self.get_response(request)
                if response.status_code >= 400 or response.streaming:
                    raise _Undo(response)
                done.status = response.status_code
                done.content_type = response.get("Content-Type", "")
                done.location = response.get("Location", "")
                done.body = seal_bytes(response.content)  # a new token or signing secret may stand in it
                done.save()
                return response
        except _Undo as undo:
            return undo.response
        except IntegrityError:
            # Two at once: the other one won and has committed by now.
            found = DoneRequest.objects.filter(user=user, key=key).first()
            if found is None:
                raise
            return _replay(found, fingerprint)
        except OperationalError as error:
            # The transaction could not even begin, or its commit clashed.
            trouble = trouble_of(error)
            if trouble is not Trouble.CLASH:
                raise
            return problem(request, trouble)


def _rewind(request: HttpRequest) -> None:
    """As if nobody had read the request yet."""
    del request.trouble  # type: ignore[attr-defined]
    for name in request.FILES:
        for file in request.FILES.getlist(name):
            file.seek(0)


def _fingerprint(request: HttpRequest) -> str:
    """What tells a request from another under the same key: of a page its address, of a program all that it sends."""
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if not request.path.startswith("/api/"):
        return digest.hexdigest()
    if request.content_type != "multipart/form-data":
        digest.update(request.body)
        return digest.hexdigest()
    # Between the parts stands what is chosen anew each time; what counts is told without it.
    for name, values in sorted(request.POST.lists()):
        digest.update(json.dumps([name, values]).encode())
    for name, files in sorted(request.FILES.lists()):
        for file in files:
            digest.update(json.dumps([name, file.name, file.size]).encode())
            for chunk in file.chunks():
                digest.update(chunk)
            file.seek(0)
    return digest.hexdigest()


def _replay(done: DoneRequest, fingerprint: str) -> HttpResponse:
    if done.fingerprint != fingerprint:
        return _problem(
            422, "idempotency.key_reused", _("This Idempotency-Key was used for a different request; take a new one.")
        )
    try:
        body = unseal_bytes(bytes(done.body))
    except Unreadable:
        text = _("This was done before, and what it answered can’t be read any more; it is not done again.")
        return _problem(409, "idempotency.unreadable", text)
    response = HttpResponse(body, status=done.status, content_type=done.content_type or None)
    if done.location:
        response["Location"] = done.location
    response["Idempotent-Replay"] = "true"
    return response


def _problem(status: int, code: str, message: str) -> HttpResponse:
    body = {"type": "about:blank", "title": message, "status": status, "code": code}
    return HttpResponse(
        json.dumps(body, ensure_ascii=False), status=status, content_type="application/problem+json; charset=utf-8"
    )
