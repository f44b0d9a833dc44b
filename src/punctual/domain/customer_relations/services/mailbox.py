"""Mail that customers write: kept as it came, hung on its request, or laid into the inbox to be assigned.

A mail goes to a request by itself only when it comes from a contact of the request's own customer: a number in a
subject, which anybody can write, opens nothing.
"""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import imaplib
import io
import ipaddress
import logging
import re
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from punctual.domain.customer_relations.models import (
    Channel,
    CustomerRequest,
    Incoming,
    RequestState,
)
from punctual.domain.customer_relations.rules import LONGEST_TEXT
from punctual.domain.customer_relations.selectors import inbox_messages
from punctual.domain.customer_relations.services.requests import RequestInput, hear, take_in
from punctual.domain.orders.models import Order
from punctual.domain.parties.models import Contact, Customer
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.attachments.services import attach
from punctual.platform.audit.services import record
from punctual.platform.notifications.models import Delivery
from punctual.platform.records import get_or_not_found

logger = logging.getLogger(__name__)
READ_AT_MOST: Final = 20 * LONGEST_TEXT
"""So much of a body is looked at; HTML carries a good deal that is no text."""
BIGGEST: Final = 40 << 20
"""Bytes of a message that is taken; a bigger one stays in the mailbox."""
_AT_ONCE: Final = 400
"""Messages named in one command: servers refuse very long lines."""
LOOK_BACK: Final = dt.timedelta(days=3)
"""How far opened messages are looked through for those that are not kept here."""
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""As IMAP writes them, whatever the language of this process."""
MOST_FILES: Final = 20
_REQUEST = re.compile(r"\bREQ-\d{4}-\d{5}\b")
_ORDER = re.compile(r"\bSO-\d{4}-\d{5}\b")
_OURS = re.compile(r"<([0-9a-f]{8}-[0-9a-f-]{27})@")
_TAG = re.compile(r"<[^<>]+>")
_BREAK = re.compile(r"<(br|/p|/div)[^<>]*>", re.I)
_QUOTED = re.compile(r"^(>|-{3,}\s*(Original|原始)|On .+ wrote:$|在.+写道[:：]$|发件人[:：]|From: )", re.M)


@dataclass(frozen=True, slots=True)
class Mail:
    """What was read out of a raw message."""

    message_id: str
    sender: str
    name: str
    subject: str
    text: str
    references: tuple[str, ...]
    at: dt.datetime
    files: tuple[tuple[str, bytes], ...]


def parse(raw: bytes, *, now: dt.datetime | None = None) -> Mail:
    """Read a raw message, whatever it is; broken headers and charsets never raise."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    name, sender = parseaddr(_header(message, "From"))
    text = _text(message)
    identity = _header(message, "Message-ID").strip()
    if not identity:
        import hashlib

        identity = f"<{hashlib.sha256(raw).hexdigest()[:40]}@none>"
    references = re.findall(r"<[^<>\s]+>", f"{_header(message, 'In-Reply-To')} {_header(message, 'References')}")
    return Mail(
        message_id=identity[:200],
        sender=sender.lower()[:200],
        name=_clean(name)[:120],
        subject=_clean(_header(message, "Subject"))[:300],
        text=text[:LONGEST_TEXT],
        references=tuple(references[:40]),
        at=_date(message) or now or timezone.now(),
        files=tuple(_files(message))[:MOST_FILES],
    )


def _clean(text: str) -> str:
    return " ".join(text.replace("\0", "").split())


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message.get(name, ""))
    except (ValueError, TypeError, IndexError, AttributeError):
        return ""


def _date(message: EmailMessage) -> dt.datetime | None:
    try:
        found = parsedate_to_datetime(_header(message, "Date"))
    except (ValueError, TypeError, IndexError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def _content(part: EmailMessage) -> str:
    try:
        return str(part.get_content())
    except (LookupError, ValueError, KeyError, TypeError):
        payload = part.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _text(message: EmailMessage) -> str:
    body = message.get_body(preferencelist=("plain", "html"))
    if body is None:
        return ""
    text = _content(body)[:READ_AT_MOST]  # type: ignore[arg-type]
    if body.get_content_type() == "text/html":
        text = _TAG.sub("", _BREAK.sub("\n", text))
    text = text.replace("\0", "").replace("\r\n", "\n")
    quoted = _QUOTED.search(text)
    fresh = text[: quoted.start()] if quoted and text[: quoted.start()].strip() else text
    return fresh.strip()


def _files(message: EmailMessage) -> Sequence[tuple[str, bytes]]:
    found = []
    for part in message.iter_attachments():
        content = part.get_payload(decode=True)
        if isinstance(content, bytes) and content:
            found.append((part.get_filename() or "file", content))
    return found


def receive(raw: bytes, *, now: dt.datetime | None = None) -> Incoming:
    """Keep one message; the same Message-ID is kept once. In its own transaction, so none is lost to another."""
    mail = parse(raw, now=now)
    with transaction.atomic():
        contact = Contact.objects.filter(email__iexact=mail.sender, archived_at=None).select_related("customer").first()
        incoming, fresh = Incoming.objects.get_or_create(
            message_id=mail.message_id,
            defaults={
                "sender": mail.sender,
                "subject": mail.subject,
                "text": mail.text,
                "received_at": mail.at,
                "customer": contact.customer if contact else None,
            },
        )
        if not fresh:
            return incoming
        if raw:
            attach(actor=None, target=incoming, file=io.BytesIO(raw), name="message.eml", kind="mail")
        if contact is not None:
            try:
                with transaction.atomic():
                    _place(incoming, mail, contact)
            except Refusal as refusal:
                logger.warning("a message waits in the inbox to be assigned: %s", refusal)
                incoming.request = None
    return incoming


def _place(incoming: Incoming, mail: Mail, contact: Contact) -> None:
    """On the request it answers, or as a new one."""
    found = _thread_of(mail, contact.customer)
    text = mail.text or mail.subject or "—"
    if found is not None:
        hear(found=found, text=text, name=contact.name, message_id=mail.message_id)
    else:
        order = _order_of(mail, contact.customer)
        data = RequestInput(
            customer=contact.customer,
            title=(mail.subject or text)[:200],
            text=text,
            channel=Channel.MAIL,
            contact=contact,
            order=order,
            message_id=mail.message_id,
        )
        found = take_in(actor=None, data=data)
    incoming.request = found
    incoming.save(update_fields=["request"])
    for name, content in mail.files:
        attach(actor=None, target=found, file=io.BytesIO(content), name=name)


def _thread_of(mail: Mail, customer: Customer) -> CustomerRequest | None:
    """By our own Message-ID, by the customer's earlier one, by the number in the subject; of this customer only."""
    theirs = CustomerRequest.objects.filter(customer=customer)
    ours = [match for reference in mail.references for match in _OURS.findall(reference)]
    keys = Delivery.objects.filter(pk__in=ours).values_list("dedupe_key", flat=True)
    messages = [int(key.partition(":")[2]) for key in keys if key and key.startswith("reply:")]
    number = _REQUEST.search(mail.subject)
    found = (
        theirs.filter(messages__pk__in=messages).first()
        or theirs.filter(messages__message_id__in=mail.references).first()
        or (theirs.filter(number=number[0]).first() if number else None)
    )
    return _last(found) if found else None


def _last(found: CustomerRequest) -> CustomerRequest:
    """Where a merged request went."""
    seen = set()
    while found.state == RequestState.MERGED and found.merged_into is not None and found.pk not in seen:
        seen.add(found.pk)
        found = found.merged_into
    return found


def _order_of(mail: Mail, customer: Customer) -> Order | None:
    match = _ORDER.search(f"{mail.subject} {mail.text[:2000]}")
    return Order.objects.filter(number=match[0], customer=customer).first() if match else None


@transaction.atomic
def assign(
    *, actor: User, incoming_id: int, to: CustomerRequest | None = None, customer: Customer | None = None
) -> CustomerRequest:
    """Hang a message on a request, or make a new one of ``customer`` out of it."""
    require(actor, "requests.change")
    incoming = get_or_not_found(inbox_messages(actor).select_for_update(of=("self",)), pk=incoming_id)
    text = (incoming.text or incoming.subject or "—")[:LONGEST_TEXT]
    if to is not None:
        found = hear(found=_last(to), text=text, name=incoming.sender, message_id=incoming.message_id, actor=actor)
    elif customer is not None:
        data = RequestInput(
            customer=customer,
            title=(incoming.subject or text)[:200],
            text=text,
            channel=Channel.MAIL,
            name=incoming.sender,
            owner=actor,
            message_id=incoming.message_id,
        )
        found = take_in(actor=actor, data=data)
    else:
        raise Refusal(Reason("incoming.to", N_("Choose a request or a customer."), field="request"))
    incoming.request = found
    incoming.save(update_fields=["request"])
    record(actor=actor, verb="assign", target=found, reason=incoming.sender)
    return found


@transaction.atomic
def set_aside(*, actor: User, incoming_id: int) -> Incoming:
    """It is nothing for us; it stays kept, with the name of who said so."""
    require(actor, "requests.change")
    incoming = get_or_not_found(inbox_messages(actor).select_for_update(of=("self",)), pk=incoming_id)
    incoming.set_aside_by = actor
    incoming.save(update_fields=["set_aside_by"])
    record(actor=actor, verb="set_aside", target=incoming)
    return incoming


def fetch_mail() -> int:
    """Take the new messages of the mailbox; returns how many. A message is marked as seen once it is kept; one that
    somebody has opened there meanwhile is taken as well. When the line breaks, the next run goes on where it was."""
    if not settings.IMAP_HOST:
        return 0
    with _connected() as box:
        box.login(settings.IMAP_USER, settings.IMAP_PASSWORD)
        box.select(settings.IMAP_FOLDER)
        count = _take(box, _numbers(box, "UNSEEN"))
        return count + _take(box, _opened(box))


def _connected() -> imaplib.IMAP4:
    """A line that nobody reads or answers in the server's place; without encryption only within this machine."""
    host, port, context = settings.IMAP_HOST, settings.IMAP_PORT, ssl.create_default_context()
    if port == 993:
        return imaplib.IMAP4_SSL(host, port, ssl_context=context, timeout=30)
    box = imaplib.IMAP4(host, port, timeout=30)
    if "STARTTLS" in box.capabilities:
        box.starttls(context)
    elif not _is_here(host):
        box.shutdown()
        raise imaplib.IMAP4.error(f"{host} offers no encryption (STARTTLS); the password is not sent. Use port 993.")
    return box


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _take(box: imaplib.IMAP4, numbers: Sequence[str]) -> int:
    """Keep these messages. One that can't be kept stays as it is, and the next ones are taken all the same."""
    count = 0
    sizes = _sizes(box, numbers)
    for number in numbers:
        if sizes.get(number, 0) > BIGGEST:
            logger.warning("a message of %d bytes is too big to be taken; it stays in the mailbox", sizes[number])
            continue
        raw = _body(box, number)
        if raw is None:
            continue
        try:
            receive(raw)
        except Exception:
            logger.exception("a message could not be kept; it stays unseen in the mailbox")
            continue
        box.store(number, "+FLAGS", r"(\Seen)")
        count += 1
    return count


def _opened(box: imaplib.IMAP4) -> list[str]:
    """The recent messages that are seen and not kept here. One without a Message-ID can't be told apart and is left
    to its flag."""
    day = timezone.now() - LOOK_BACK
    since = f"{day.day:02d}-{_MONTHS[day.month - 1]}-{day.year}"
    named: dict[str, str] = {}
    for line, head in _fetched(box, _numbers(box, "SEEN", "SINCE", since), "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])"):
        identity = _identity(head)
        if identity:
            named[line.split()[0].decode()] = identity
    kept = set(Incoming.objects.filter(message_id__in=named.values()).values_list("message_id", flat=True))
    return [number for number, identity in named.items() if identity not in kept]


def _identity(head: bytes) -> str:
    try:
        message = email.message_from_bytes(head, policy=email.policy.default)
        return str(message.get("Message-ID", "")).strip()[:200]
    except Exception:
        logger.exception("the head of a message could not be read; it is passed over")
        return ""


def _numbers(box: imaplib.IMAP4, *wish: str) -> list[str]:
    _status, found = box.search(None, *wish)
    return [number.decode() for number in (found[0] or b"").split()]


def _sizes(box: imaplib.IMAP4, numbers: Sequence[str]) -> dict[str, int]:
    found = (re.match(rb"(\d+) .*RFC822\.SIZE (\d+)", line) for line, _more in _fetched(box, numbers, "(RFC822.SIZE)"))
    return {match[1].decode(): int(match[2]) for match in found if match}


def _body(box: imaplib.IMAP4, number: str) -> bytes | None:
    try:
        return next((content for _line, content in _fetched(box, [number], "(BODY.PEEK[])") if content), None)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:
        logger.exception("the mailbox does not hand out a message; the next ones are taken all the same")
        return None


def _fetched(box: imaplib.IMAP4, numbers: Sequence[str], wish: str) -> Iterator[tuple[bytes, bytes]]:
    """(the answer's line, the content that came with it), as few commands as it takes."""
    for start in range(0, len(numbers), _AT_ONCE):
        _status, parts = box.fetch(",".join(numbers[start : start + _AT_ONCE]), wish)
        for part in parts:
            if isinstance(part, tuple):
                yield part[0], part[1]
            elif isinstance(part, bytes) and part[:1].isdigit():
                yield part, b""
