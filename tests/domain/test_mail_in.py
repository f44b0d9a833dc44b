"""Mail is fetched from a real IMAP server: threaded to request and order, a broken line done again, nothing lost."""

from __future__ import annotations

import imaplib
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import ordering
from punctual.domain.customer_relations.models import CustomerRequest, Incoming
from punctual.domain.customer_relations.services import mailbox
from punctual.domain.customer_relations.services.mailbox import fetch_mail
from punctual.domain.orders.models import OrderState
from punctual.domain.parties.models import Contact
from punctual.platform.accounts.models import User

pytest.importorskip("twisted.mail.imap4")
SERVER = Path(__file__).resolve().parents[1] / "imap_server.py"
Serve = Callable[..., None]


@pytest.fixture
def serve(tmp_path: Path, settings: Any, db: None) -> Iterator[Serve]:
    """``serve(2)`` starts a server whose line breaks once after two messages."""
    running: list[subprocess.Popen[str]] = []

    def start(*more: object) -> None:
        command = [sys.executable, str(SERVER), str(tmp_path), *map(str, more)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None
        settings.IMAP_HOST, settings.IMAP_PORT = "127.0.0.1", int(process.stdout.readline())
        settings.IMAP_USER, settings.IMAP_PASSWORD, settings.IMAP_FOLDER = "orders", "secret", "INBOX"

    yield start
    for process in running:
        process.terminate()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


def _letter(
    folder: Path, number: int, subject: str, text: str, *, sender: str = "zhang@c001.example", **more: str
) -> None:
    head = {"From": sender, "To": "orders@ours.example", "Subject": subject, "Message-ID": f"<{number}@theirs>", **more}
    head = {**head, "Content-Type": "text/plain; charset=utf-8", "Date": "Mon, 23 Nov 2026 09:00:00 +0800"}
    lines = "\r\n".join(f"{name.replace('_', '-')}: {value}" for name, value in head.items())
    (folder / f"{number:03d}.eml").write_bytes(f"{lines}\r\n\r\n{text}\r\n".encode())


def test_mail_finds_its_order_and_its_request_and_strangers_the_inbox(
    person: Callable[[str], User], serve: Serve, tmp_path: Path
) -> None:
    order = ordering.in_state(person("order_manager"), OrderState.CONFIRMED)
    Contact.objects.filter(customer=order.customer).update(email="zhang@c001.example")
    _letter(tmp_path, 1, f"{order.number} delivery", "When does it leave?")
    _letter(tmp_path, 2, "Re: delivery", "And the crane?", In_Reply_To="<1@theirs>")
    _letter(tmp_path, 3, "offer", "Buy our bearings", sender="nobody@else.example")
    serve()
    assert fetch_mail() == 3
    request = CustomerRequest.objects.get()
    assert request.order == order
    assert [one.text for one in request.messages.order_by("at", "pk")] == ["When does it leave?", "And the crane?"]
    assert Incoming.objects.get(request=None).sender == "nobody@else.example"
    assert fetch_mail() == 0


def test_a_line_that_breaks_loses_and_doubles_nothing(serve: Serve, tmp_path: Path) -> None:
    for number in range(1, 6):
        _letter(tmp_path, number, f"question {number}", "text", sender="somebody@else.example")
    serve(2)
    with pytest.raises((OSError, imaplib.IMAP4.abort)):
        fetch_mail()
    assert Incoming.objects.count() == 2
    assert fetch_mail() == 3
    assert Incoming.objects.count() == 5


def test_what_somebody_has_opened_in_the_mailbox_meanwhile_is_kept_all_the_same(serve: Serve, tmp_path: Path) -> None:
    _letter(tmp_path, 1, "question", "text", sender="somebody@else.example")
    (tmp_path / "flags.json").write_text('{"001.eml": ["\\\\Seen"]}')
    serve()
    assert fetch_mail() == 1
    assert fetch_mail() == 0
    assert Incoming.objects.count() == 1


def test_a_wrong_password_is_no_quiet_success(serve: Serve, settings: Any) -> None:
    serve()
    settings.IMAP_PASSWORD = "wrong"
    with pytest.raises(imaplib.IMAP4.error):
        fetch_mail()


def test_no_password_goes_over_an_open_line_to_another_machine(
    serve: Serve, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts = ("localhost", "::1", "mail.example", "10.0.0.1")
    assert [host for host in hosts if mailbox._is_here(host)] == ["localhost", "::1"]
    serve()
    monkeypatch.setattr(mailbox, "_is_here", lambda _host: False)
    with pytest.raises(imaplib.IMAP4.error, match="STARTTLS"):
        fetch_mail()


def test_an_encrypted_line_checks_who_answers(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}

    def line(_host: str, _port: int, **more: Any) -> None:
        given.update(more)
        raise ConnectionError

    monkeypatch.setattr(imaplib, "IMAP4_SSL", line)
    settings.IMAP_HOST, settings.IMAP_PORT = "mail.example", 993
    with pytest.raises(ConnectionError):
        fetch_mail()
    assert given["ssl_context"].verify_mode == ssl.CERT_REQUIRED
    assert given["ssl_context"].check_hostname


def test_a_message_that_is_too_big_or_breaks_keeps_no_other_from_being_taken(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _letter(tmp_path, 1, "big", "x" * 3000, sender="somebody@else.example")
    _letter(tmp_path, 2, "bad", "text", sender="somebody@else.example")
    _letter(tmp_path, 3, "good", "text", sender="somebody@else.example")
    monkeypatch.setattr(mailbox, "BIGGEST", 2000)
    parse = mailbox.parse

    def breaking(raw: bytes, **more: Any) -> Any:
        if b"bad" in raw:
            raise RecursionError
        return parse(raw, **more)

    monkeypatch.setattr(mailbox, "parse", breaking)
    serve()
    assert fetch_mail() == 1
    assert Incoming.objects.get().subject == "good"


def test_opened_messages_are_looked_through_in_one_go(
    serve: Serve, tmp_path: Path, django_assert_num_queries: Any
) -> None:
    for number in range(1, 6):
        _letter(tmp_path, number, "question", "text", sender="somebody@else.example")
    serve()
    assert fetch_mail() == 5
    with django_assert_num_queries(1):
        assert fetch_mail() == 0
