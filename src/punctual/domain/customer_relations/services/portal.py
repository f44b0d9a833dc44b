"""Let contacts of a customer sign in to the portal: invite, choose a password, sign in and out, take it back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import cache
from typing import Final

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from punctual.domain.customer_relations import tokens
from punctual.domain.customer_relations.models import Channel, CustomerRequest, PortalAccount, PortalSession
from punctual.domain.customer_relations.rules import against_more, against_words
from punctual.domain.customer_relations.services import sent_files
from punctual.domain.customer_relations.services.requests import RequestInput, take_in
from punctual.domain.customer_relations.services.sent_files import SentFile
from punctual.domain.customer_relations.services.tracking import hear_more, quiet
from punctual.domain.customer_relations.tries import Tries
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.parties.models import Contact, Customer
from punctual.kernel.refusal import Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.audit.services import record
from punctual.platform.notifications.outgoing import absolute, queue_mail

INVITED_DAYS: Final = 14
RESET_HOURS: Final = 2
SESSION_DAYS: Final = 14
MOST_TRIES: Final = 5
"""After so many wrong tries nobody is let in with that address for a while."""
OURS: Final = (OrderState.DRAFT, OrderState.QUOTED, OrderState.LOST)
"""States in which an order is not the customer's to see."""


# — our side —


def accounts_of(actor: User, customer: Customer) -> QuerySet[PortalAccount]:
    rows = PortalAccount.objects.filter(contact__customer=customer).select_related("contact")
    return rows if may(actor, "tracking.change") else rows.none()


@transaction.atomic
def invite(*, actor: User, contact: Contact) -> PortalAccount:
    """Mail a contact the address by which they choose a password; again: a new address, the old one ends."""
    require(actor, "tracking.change")
    email = contact.email.strip().lower()
    reasons = []
    if not email:
        text = N_("Enter this contact's mail address first; the invitation goes there.")
        reasons.append(Reason("portal.mail", text, field="contact"))
    if contact.archived_at is not None or contact.customer.archived_at is not None:
        reasons.append(Reason("portal.archived", N_("An archived contact is not invited."), field="contact"))
    if email and PortalAccount.objects.filter(email=email).exclude(contact=contact).exists():
        text = N_("Somebody else signs in with %(email)s already; every contact needs a mail address of their own.")
        reasons.append(Reason("portal.taken", text, {"email": email}, field="contact"))
    refuse_if(reasons)
    account, _fresh = PortalAccount.objects.get_or_create(contact=contact, defaults={"email": email})
    account = PortalAccount.objects.select_for_update().get(pk=account.pk)
    if account.revoked_at is not None or account.email != email:
        account.password, account.activated_at, account.revoked_at = "", None, None
        account.sessions.all().delete()
    account.email, account.invited_by, account.invited_at = email, actor, timezone.now()
    _mail_address(account, dt.timedelta(days=INVITED_DAYS))
    record(actor=actor, verb="invite", target=contact, reason=email)
    return account


def _mail_address(account: PortalAccount, valid: dt.timedelta) -> None:
    text, account.invite_hash = tokens.make()
    account.invite_until = timezone.now() + valid
    account.save()
    address = absolute(f"/portal/welcome/{text}/")
    queue_mail(
        to=account.email,
        subject="订单门户 · Your orders online",
        body=f"{account.contact.name}，您好！\n请在这里设置密码，随时查看订单：\n"
        f"Choose your password here and follow your orders:\n\n{address}",
        key=f"portal:{account.invite_hash[:40]}",
    )


@transaction.atomic
def revoke(*, actor: User, account: PortalAccount) -> PortalAccount:
    """From now on nobody signs in with it, and every browser is signed out."""
    require(actor, "tracking.change")
    account = PortalAccount.objects.select_for_update().get(pk=account.pk)
    account.revoked_at = account.revoked_at or timezone.now()
    account.invite_hash = account.invite_until = None
    account.password = ""
    account.save()
    account.sessions.all().delete()
    record(actor=actor, verb="revoke_portal", target=account.contact, reason=account.email)
    return account


# — the contact's side —


def _open_accounts() -> QuerySet[PortalAccount]:
    """Those that may be used: not taken back, of a contact and a customer that are still there."""
    return PortalAccount.objects.filter(
        revoked_at=None, contact__archived_at=None, contact__customer__archived_at=None
    ).select_related("contact__customer")


def account_by_invitation(text: str) -> PortalAccount:
    """Whom a mailed address is for; raises the one quiet answer otherwise."""
    rows = _open_accounts().filter(invite_hash=tokens.digest(text), invite_until__gt=timezone.now())
    found = rows.first()
    if found is None:
        raise quiet()
    return found


def reasons_against_password(password: str, again: str, email: str) -> list[Reason]:
    """Long enough, not known to everybody, not the mail address, and typed twice the same."""
    reasons = []
    if password != again:
        reasons.append(Reason("portal.again", N_("The two passwords differ."), field="again"))
    if password.strip().lower() in (email, email.split("@")[0]):
        reasons.append(Reason("portal.same", N_("The password is too much like the mail address."), field="password"))
    try:
        validate_password(password)
    except ValidationError:
        text = N_("Choose a password of at least 10 characters that is not among the common ones.")
        reasons.append(Reason("portal.weak", text, field="password"))
    return reasons


@transaction.atomic
def choose_password(*, text: str, password: str, again: str) -> str:
    """The password is theirs from now on; the mailed address has done its work. Returns the browser's token."""
    account = account_by_invitation(text)
    account = _open_accounts().select_for_update(of=("self",)).get(pk=account.pk)
    if account.invite_hash != tokens.digest(text):
        raise quiet()
    refuse_if(reasons_against_password(password, again, account.email))
    account.password = make_password(password)
    account.invite_hash = account.invite_until = None
    account.activated_at = account.activated_at or timezone.now()
    account.save()
    account.sessions.all().delete()
    record(actor=None, verb="choose_password", target=account.contact, reason=account.email)
    return _begin(account)


def _begin(account: PortalAccount) -> str:
    session, hashed = tokens.make()
    until = timezone.now() + dt.timedelta(days=SESSION_DAYS)
    PortalSession.objects.create(account=account, session_hash=hashed, expires_at=until)
    PortalSession.objects.filter(expires_at__lt=timezone.now()).delete()
    PortalAccount.objects.filter(pk=account.pk).update(last_seen_at=timezone.now())
    return session


@cache
def _of_nobody() -> str:
    """What is compared where there is no account; made once, as making it takes as long as comparing."""
    return make_password("-")


def sign_in(*, email: str, password: str, place: str, known_browser: str = "") -> str:
    """The browser's token. One answer for an unknown address, a wrong password and an account taken back. Wrong tries
    are counted by address; a browser in which its owner has signed in before has a count of its own."""
    email = email.strip().lower()[:254]
    tries = (
        Tries(f"mail {email} {known_browser}".strip(), MOST_TRIES),
        Tries(f"place {place}", 10 * MOST_TRIES),
    )
    if any(one.used_up for one in tries):
        text = N_("Too many wrong tries. Wait five minutes, or ask for a new password.")
        raise Refusal(Reason("portal.wait", text))
    account = _open_accounts().filter(email=email, activated_at__isnull=False).first()
    # A password is compared in any case, so that the time taken tells nothing.
    right = check_password(password[:200], account.password if account else _of_nobody())
    if account is None or not right:
        for one in tries:
            one.count()
        raise Refusal(Reason("portal.wrong", N_("Mail address or password is wrong."), field="password"))
    tries[0].forget()
    with transaction.atomic():
        session = _begin(account)
        record(actor=None, verb="portal_sign_in", target=account.contact, reason=account.email)
    return session


@transaction.atomic
def forget_password(*, email: str, place: str) -> None:
    """Mail a new address to choose a password, if there is such an account; nothing tells whether there is."""
    asked = Tries(f"forgot {email.strip().lower()} {place}", 3)
    if asked.used_up:
        return
    asked.count()
    account = _open_accounts().select_for_update(of=("self",)).filter(email=email.strip().lower()[:254]).first()
    if account is not None:
        valid = dt.timedelta(hours=RESET_HOURS) if account.activated_at else dt.timedelta(days=INVITED_DAYS)
        _mail_address(account, valid)


def account_of_session(session: str) -> PortalAccount | None:
    """Who sits at the browser with this token."""
    if not session:
        return None
    rows = _open_accounts().filter(sessions__session_hash=tokens.digest(session))
    return rows.filter(sessions__expires_at__gt=timezone.now()).first()


def sign_out(session: str) -> None:
    PortalSession.objects.filter(session_hash=tokens.digest(session)).delete()


# — what they see and say —


def orders_for(account: PortalAccount) -> QuerySet[Order]:
    """The customer's own orders, from the moment they were given to us for checking."""
    rows = Order.objects.filter(customer=account.contact.customer_id, number__isnull=False).exclude(state__in=OURS)
    return rows.select_related("customer", "owner").order_by("-pk")


def order_for(account: PortalAccount, number: str) -> Order:
    found = orders_for(account).filter(number=number).first()
    if found is None:
        raise quiet()
    return found


def requests_for(account: PortalAccount) -> QuerySet[CustomerRequest]:
    """What this customer has asked, about whatever order."""
    return CustomerRequest.objects.filter(customer=account.contact.customer_id).exclude(state="merged")


@transaction.atomic
def ask_us(
    *,
    account: PortalAccount,
    text: str,
    order: Order | None = None,
    kind: str = "question",
    files: Sequence[SentFile] = (),
) -> CustomerRequest:
    """A question, a complaint or a wish from the portal; ``order`` is one of their own."""
    text = text.strip()
    reasons = against_words(text)
    if kind not in KINDS:
        reasons.append(Reason("portal.kind", N_("Choose what it is about."), field="kind"))
    reasons += against_more(requests_for(account).filter(channel=Channel.PORTAL, state="open").count())
    refuse_if([*reasons, *sent_files.reasons_against(files)])
    data = RequestInput(
        customer=account.contact.customer,
        title=text.splitlines()[0][:120],
        text=text,
        kind=kind,
        channel=Channel.PORTAL,
        contact=account.contact,
        order=order,
    )
    found = take_in(actor=None, data=data)
    sent_files.keep(files, found)
    return found


KINDS: Final = ("question", "document", "schedule", "change", "complaint", "suggestion", "service")


@transaction.atomic
def say_more(*, account: PortalAccount, number: str, text: str, files: Sequence[SentFile] = ()) -> CustomerRequest:
    """More to one of the customer's own requests."""
    found = requests_for(account).filter(number=number).first()
    if found is None:
        raise quiet()
    return hear_more(found, text=text, name=account.contact.name, files=files)
