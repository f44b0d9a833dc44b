"""Make, open, use and revoke signed links."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Final

from django.db import models, transaction
from django.db.models import QuerySet
from django.utils import timezone

from punctual.kernel.refusal import NotFound, Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.audit.services import record, target_type
from punctual.platform.links.models import SignedLink

DAYS: Final = 7


def links_on(target: models.Model, purpose: str) -> QuerySet[SignedLink]:
    """The links to a thing, newest first. The caller has fetched ``target`` for its actor."""
    return SignedLink.objects.filter(purpose=purpose, target_type=target_type(target), target_id=target.pk)


@transaction.atomic
def issue(*, actor: User | None, purpose: str, target: models.Model, days: int = DAYS) -> tuple[SignedLink, str]:
    """A new link; earlier ones of the same purpose that were not used are revoked. Returns it with its token, which
    can't be read again. ``actor`` None: the customer opened it from the tracking page."""
    now = timezone.now()
    links_on(target, purpose).filter(used_at=None, revoked_at=None).update(revoked_at=now)
    token = secrets.token_urlsafe(24)
    link = SignedLink.objects.create(
        purpose=purpose,
        target_type=target_type(target),
        target_id=target.pk,
        digest=SignedLink.digest_of(token),
        created_by=actor,
        expires_at=now + dt.timedelta(days=days),
    )
    record(actor=actor, verb="issue_link", target=target, reason=purpose)
    return link, token


def revoke_all(target: models.Model, purpose: str) -> int:
    """The question is not asked any more."""
    return links_on(target, purpose).filter(used_at=None, revoked_at=None).update(revoked_at=timezone.now())


def withdrawn() -> Refusal:
    return Refusal(Reason("link.revoked", N_("This link has been replaced or withdrawn. Ask for a new one.")))


def opened(*, purpose: str, token: str, for_use: bool = False) -> SignedLink:
    """The link of a token, if it is good: refused as unknown, used, revoked or expired.

    ``for_use`` locks it, inside the caller's transaction, so that two clicks answer once.
    """
    rows = SignedLink.objects.select_for_update() if for_use else SignedLink.objects.all()
    link = rows.filter(purpose=purpose, digest=SignedLink.digest_of(token)).first()
    if link is None:
        raise NotFound(Reason("link.unknown", N_("This link leads nowhere. Ask for a new one.")))
    if link.used_at is not None:
        raise Refusal(Reason("link.used", N_("This link was used already; an answer is given once.")))
    if link.revoked_at is not None:
        raise withdrawn()
    if link.expires_at <= timezone.now():
        raise Refusal(Reason("link.expired", N_("This link has expired. Ask for a new one.")))
    return link


def mark_used(link: SignedLink) -> None:
    link.used_at = timezone.now()
    link.save(update_fields=["used_at"])
