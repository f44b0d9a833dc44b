"""Messages on their way out: receivers that fail, stall and lie; nothing lost, nothing sent where it must not go."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import socket
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiosmtpd.controller import Controller
from django.db import transaction
from django.utils import timezone
from standardwebhooks import Webhook as Signer

from punctual.kernel.refusal import Forbidden, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.notifications import channels, outgoing, senders
from punctual.platform.notifications.models import (
    Delivery,
    DeliveryState,
    MailChoice,
    Mode,
    Notification,
    Robot,
    Webhook,
)
from punctual.platform.notifications.outgoing import File, deliver_due, queue_mail
from punctual.platform.notifications.safe_http import NotSent, post, refused_address
from punctual.platform.notifications.services import (
    Choice,
    after_quiet_hours,
    choose,
    inbox_of,
    mark_done,
    mark_read,
    notify,
    put_away,
    send_digests,
    snooze,
    unread_count,
)
from punctual.platform.outbox.services import emit
from receiving import Receiver

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]
TEXT = "“%(number)s” is no number."


def hook(receiver: Receiver, admin: User, **more: Any) -> Webhook:
    return channels.add_webhook(actor=admin, url=receiver.url, **more)[0]


# — who may —


@pytest.mark.parametrize("role", ["order_manager", "sales", "manager", "worker"])
def test_only_an_administrator_sets_up_channels_and_sees_the_log(person: Person, role: str) -> None:
    with pytest.raises(Forbidden):
        channels.add_webhook(actor=person(role), url="https://example.com/x")
    with pytest.raises(Forbidden):
        channels.add_robot(actor=person(role), name="x", kind="wecom", address="https://example.com/x")
    assert not channels.deliveries_of(person(role))
    assert not Webhook.objects.exists()


def test_a_bad_robot_is_refused_with_every_reason(person: Person) -> None:
    with pytest.raises(Refusal) as refused:
        channels.add_robot(actor=person("administrator"), name=" ", kind="wecom", address="ftp://x", kinds=["strange"])
    assert {reason.field for reason in refused.value.reasons} == {"kinds", "name", "address"}


# — where it must not go —


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "0.0.0.0",
        "224.0.0.1",
        "100.64.0.1",
        "::1",
        "fe80::1%eth0",
        "fc00::1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:a00:1::1",
        "fec0::1",
    ],
)
def test_private_addresses_are_refused(address: str) -> None:
    assert refused_address(address)


def test_public_addresses_are_not() -> None:
    assert not refused_address("1.1.1.1")
    assert not refused_address("2606:4700:4700::1111")
    assert not refused_address("64:ff9b::101:101")


@pytest.mark.parametrize("url", ["http://localhost:9/", "http://127.1:9/", "http://[::1]:9/", "http://0x7f000001:9/"])
def test_a_name_that_leads_inside_is_refused_when_it_is_connected_to(url: str, settings: Any) -> None:
    settings.OUTGOING_TIMEOUT = 0.5
    with pytest.raises(NotSent, match=r"private|no such host"):
        post(url, b"{}", {})


def test_the_address_that_was_checked_is_the_one_that_is_connected_to(
    receiver: Receiver, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = socket.getaddrinfo, []

    def twice(host: str, port: int, **more: Any) -> Any:
        calls.append(host)
        return real("127.0.0.1", port, **more)

    monkeypatch.setattr(socket, "getaddrinfo", twice)
    port = receiver.server_address[1]
    assert post(f"http://rebind.example:{port}/", b"{}", {}).status == 200
    assert calls == ["rebind.example"]
    settings.OUTGOING_LOOPBACK = False
    with pytest.raises(NotSent):
        post(f"http://rebind.example:{port}/", b"{}", {})


def test_redirects_are_not_followed(receiver: Receiver) -> None:
    receiver.answers = [(302, b"")]
    assert post(receiver.url, b"{}", {}).status == 302
    assert len(receiver.got) == 1


# — webhooks —


def deliver(now: dt.datetime | None = None) -> int:
    return deliver_due(now=now or timezone.now() + dt.timedelta(seconds=1))


def told(receiver: Receiver, person: Person, **more: Any) -> Webhook:
    webhook = hook(receiver, person("administrator"), **more)
    with transaction.atomic():
        event = emit("request.opened", request="REQ-1")
    outgoing.tell_webhooks(event)
    outgoing.tell_webhooks(event)
    return webhook


def test_a_webhook_is_signed_as_the_standard_says_and_told_once(receiver: Receiver, person: Person) -> None:
    webhook = told(receiver, person)
    assert Delivery.objects.count() == 1
    assert deliver() == 1
    headers, body = receiver.got[0]
    assert Signer(webhook.secret).verify(body, {name.lower(): value for name, value in headers.items()})
    assert json.loads(body)["type"] == "request.opened"
    assert deliver() == 0


def test_a_webhook_hears_only_the_kinds_it_wants(receiver: Receiver, person: Person) -> None:
    told(receiver, person, kinds=["meeting.minutes_sent"])
    assert not Delivery.objects.exists()


def test_failures_are_tried_for_days_under_the_same_id_and_then_given_up(receiver: Receiver, person: Person) -> None:
    told(receiver, person)
    receiver.answers = [(500, b"")] * 40
    now = timezone.now() + dt.timedelta(seconds=1)
    began = now
    for _ in range(40):
        deliver_due(now=now)
        found = Delivery.objects.get()
        if found.state == DeliveryState.FAILED:
            break
        now = found.next_try_at
    assert found.state == DeliveryState.FAILED
    assert now - began > dt.timedelta(days=3)
    assert len({headers["webhook-id"] for headers, _body in receiver.got}) == 1
    assert found.log[-1]["error"] == "answered 500"


def test_who_stalls_costs_only_so_long_and_is_tried_again(receiver: Receiver, person: Person) -> None:
    told(receiver, person)
    receiver.stall = 3
    began = time.monotonic()
    assert deliver() == 0
    assert time.monotonic() - began < 2
    assert Delivery.objects.get().state == DeliveryState.WAITING
    receiver.stall = 0
    assert deliver(timezone.now() + dt.timedelta(minutes=1)) == 1


def test_killed_between_sending_and_writing_it_down_sends_again_under_the_same_id(
    receiver: Receiver, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(receiver, person)
    real = senders.send

    def killed(delivery: Delivery) -> str:
        real(delivery)
        raise KeyboardInterrupt

    monkeypatch.setattr(outgoing, "send", killed)
    now = timezone.now() + dt.timedelta(seconds=1)
    with pytest.raises(KeyboardInterrupt):
        deliver_due(now=now)
    monkeypatch.setattr(outgoing, "send", real)
    assert deliver_due(now=now) == 0  # the dead worker's claim still stands
    assert deliver_due(now=now + outgoing.CLAIM + dt.timedelta(seconds=1)) == 1
    assert [headers["webhook-id"] for headers, _body in receiver.got] == [str(Delivery.objects.get().pk)] * 2


# — robots —


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu"])
def test_a_robot_that_answers_yes_and_means_no_is_found_out(receiver: Receiver, person: Person, kind: str) -> None:
    robot = channels.add_robot(
        actor=person("administrator"), name="群", kind=kind, address=receiver.url, secret="s3cret"
    )
    receiver.answers = [(200, b'{"errcode":310000,"code":19021,"errmsg":"sign not match"}'), (200, b"<html>")]
    channels.test_robot(actor=person("administrator"), robot_id=robot.pk)
    assert deliver() == 0
    assert "sign not match" in Delivery.objects.get().log[-1]["error"]
    assert deliver(timezone.now() + dt.timedelta(minutes=1)) == 0
    assert deliver(timezone.now() + dt.timedelta(minutes=10)) == 1
    body = json.loads(receiver.got[0][1])
    assert "测试" in json.dumps(body, ensure_ascii=False) or "test" in json.dumps(body)


def _said_to(receiver: Receiver, person: Person, kind: str, text: str, secret: str = "s3cret") -> tuple[str, Any]:
    """What a robot of that kind was sent: (address, body)."""
    robot = channels.add_robot(
        actor=person("administrator"), name="群", kind=kind, address=f"{receiver.url}?access_token=t", secret=secret
    )
    outgoing.queue_robot(robot=robot, subject="变更通知", body=text)
    assert deliver() == 1
    return receiver.asked[-1], json.loads(receiver.got[-1][1])


def test_dingtalk_gets_markdown_and_a_signature_of_the_hour_in_the_address(receiver: Receiver, person: Person) -> None:
    address, body = _said_to(receiver, person, "dingtalk", "交期变了\n\nhttps://x/orders/1/")
    asked = parse_qs(urlsplit(address).query)
    assert asked["access_token"] == ["t"]
    stamp = asked["timestamp"][0]
    assert abs(int(stamp) / 1000 - time.time()) < 60
    code = hmac.new(b"s3cret", f"{stamp}\ns3cret".encode(), hashlib.sha256).digest()
    assert asked["sign"] == [base64.b64encode(code).decode()]
    assert body == {"msgtype": "markdown", "markdown": {"title": "变更通知", "text": "交期变了\n\nhttps://x/orders/1/"}}


def test_feishu_gets_text_and_a_signature_of_the_hour_in_the_body(receiver: Receiver, person: Person) -> None:
    address, body = _said_to(receiver, person, "feishu", "交期变了")
    assert address == "/hook?access_token=t"
    stamp = body.pop("timestamp")
    assert abs(int(stamp) - time.time()) < 60
    code = hmac.new(f"{stamp}\ns3cret".encode(), b"", hashlib.sha256).digest()
    assert body.pop("sign") == base64.b64encode(code).decode()
    assert body == {"msg_type": "text", "content": {"text": "交期变了"}}


def test_wecom_gets_markdown_under_its_key_and_none_is_signed_without_a_secret(
    receiver: Receiver, person: Person
) -> None:
    assert _said_to(receiver, person, "wecom", "交期变了") == (
        "/hook?access_token=t",
        {"msgtype": "markdown", "markdown": {"content": "交期变了"}},
    )
    assert "sign" not in _said_to(receiver, person, "feishu", "x", secret="")[1]
    assert _said_to(receiver, person, "dingtalk", "x", secret="")[0] == "/hook?access_token=t"


@pytest.mark.parametrize(("kind", "most"), [("wecom", 4096), ("dingtalk", 20_000), ("feishu", 20_000)])
def test_what_is_too_long_for_a_robot_is_cut_and_keeps_its_link(
    receiver: Receiver, person: Person, kind: str, most: int
) -> None:
    _address, body = _said_to(receiver, person, kind, "延误" * 9000 + "\n\nhttps://x/orders/1/")
    content = body.get("markdown") or body["content"]
    said = content.get("content") or content["text"]
    assert len(said.encode()) <= most
    assert said.endswith("…\nhttps://x/orders/1/")
    assert said.startswith("延误延误")
    assert "\ufffd" not in said


def test_groups_hear_the_kinds_they_want_with_the_link(receiver: Receiver, person: Person) -> None:
    admin = person("administrator")
    channels.add_robot(actor=admin, name="质量群", kind="wecom", address=receiver.url, kinds=["mention"])
    notify(users=[person("sales")], kind="action", text=TEXT, params={"number": "1"}, url="/x/")
    notify(users=[person("sales")], kind="mention", text=TEXT, params={"number": "2"}, url="/requests/R/")
    from punctual.platform.outbox.services import deliver_pending

    deliver_pending()
    deliver_pending()
    deliver()
    assert len(receiver.got) == 1
    assert "/requests/R/" in json.loads(receiver.got[0][1])["markdown"]["content"]


def test_an_unknown_apprise_address_fails_visibly(person: Person) -> None:
    robot = Robot.objects.create(name="x", kind="apprise", address="nosuchscheme://x")
    channels.test_robot(actor=person("administrator"), robot_id=robot.pk)
    deliver()
    assert "Apprise does not know" in Delivery.objects.get().log[-1]["error"]


# — mail —


class Box:
    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.refuse = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refuse:
            self.refuse -= 1
            return "451 come back later"
        self.mails.append(envelope.content)
        return "250 OK"


@pytest.fixture
def smtp(settings: Any) -> Iterator[Box]:
    box = Box()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    controller = Controller(box, hostname="127.0.0.1", port=port, ready_timeout=20)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    yield box
    controller.stop()


def test_a_real_mail_server_gets_text_file_and_invitation_once_it_takes_them(smtp: Box) -> None:
    smtp.refuse = 1
    queue_mail(
        to="zhang@c001.example",
        subject="邀请\r\nBcc: evil@x",
        body="周一见",
        files=[File("纪要.pdf", b"%PDF", "application/pdf")],
        calendar=("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "REQUEST"),
        key="k",
    )
    assert queue_mail(to="zhang@c001.example", subject="x", body="x", key="k") is None
    assert deliver() == 0
    assert deliver(timezone.now() + dt.timedelta(minutes=1)) == 1
    mail = message_from_bytes(smtp.mails[0])
    assert mail["Bcc"] is None
    assert str(Delivery.objects.get().pk) in mail["Message-ID"]
    kinds = [part.get_content_type() for part in mail.walk()]
    assert {"text/plain", "application/pdf", "text/calendar"} <= set(kinds)
    part = next(part for part in mail.walk() if part.get_content_type() == "text/calendar")
    assert part.get_param("method") == "REQUEST"


def test_mail_comes_only_for_the_kinds_chosen_and_waits_out_the_quiet_hours(person: Person) -> None:
    sales = person("sales")
    choose(actor=sales, choices={"action": Choice("now")}, quiet_begin=dt.time(22), quiet_end=dt.time(7))
    night = dt.datetime.fromisoformat("2026-11-23T23:30+08:00")
    assert after_quiet_hours(sales, night) == dt.datetime.fromisoformat("2026-11-24T07:00+08:00")
    early = dt.datetime.fromisoformat("2026-11-24T06:59+08:00")
    assert after_quiet_hours(sales, early) == dt.datetime.fromisoformat("2026-11-24T07:00+08:00")
    noon = dt.datetime.fromisoformat("2026-11-24T12:00+08:00")
    assert after_quiet_hours(sales, noon) == noon
    notify(users=[sales], kind="action", text=TEXT, params={"number": "1"})
    notify(users=[sales], kind="mention", text=TEXT, params={"number": "2"})
    from punctual.platform.outbox.services import deliver_pending

    deliver_pending()
    assert Delivery.objects.filter(way="mail").count() == 1
    with pytest.raises(Refusal):
        choose(actor=sales, choices={"strange": Choice("now")}, quiet_begin=dt.time(22))
    assert MailChoice.objects.filter(user=sales, mode=Mode.NOW).count() == 1


def test_the_digest_comes_once_a_day_and_holds_what_is_unread(person: Person) -> None:
    sales = person("sales")
    choose(actor=sales, choices={"action": Choice("digest")})
    notify(users=[sales], kind="action", text=TEXT, params={"number": "1"})
    notify(users=[sales], kind="mention", text=TEXT, params={"number": "2"})
    assert send_digests() == 1
    send_digests()
    assert Delivery.objects.count() == 1
    assert "1" in Delivery.objects.get().body


def test_what_is_kept_out_of_the_inbox_stands_among_what_is_done_and_still_comes_by_mail(person: Person) -> None:
    sales = person("sales")
    for refused in ({"strange": Choice(inbox=False)}, {"action": Choice("sometimes", inbox=False)}):
        with pytest.raises(Refusal):
            choose(actor=sales, choices=refused)
    assert not MailChoice.objects.exists()
    choose(actor=sales, choices={"action": Choice("digest", inbox=False), "mention": Choice("digest")})
    notify(users=[sales], kind="action", text=TEXT, params={"number": "kept out"})
    notify(users=[sales], kind="mention", text=TEXT, params={"number": "read already"})
    notify(users=[sales], kind="owner", text=TEXT, params={"number": "no mail"})
    assert unread_count(sales) == 2
    assert [one.kind for one in put_away(sales, "done")] == ["action"]
    mark_read(actor=sales)
    assert send_digests() == 1
    body = Delivery.objects.get().body
    assert "kept out" in body
    assert "read already" not in body
    choose(actor=sales, choices={"action": Choice()})
    notify(users=[sales], kind="action", text=TEXT, params={"number": "back again"})
    assert unread_count(sales) == 1


def test_the_inbox_sleeps_and_is_done_with_and_belongs_to_one(person: Person) -> None:
    sales, other = person("sales"), person("planner")
    notify(users=[sales], kind="action", text=TEXT, params={"number": "1"})
    key = Notification.objects.get().pk
    assert mark_done(actor=other, ids=[key]) == 0
    with pytest.raises(Refusal):
        snooze(actor=sales, ids=[key], until=timezone.now() - dt.timedelta(hours=1))
    morning = timezone.now() + dt.timedelta(hours=9)
    snooze(actor=sales, ids=[key], until=morning)
    assert unread_count(sales) == 0
    assert inbox_of(sales, now=morning).count() == 1
    mark_done(actor=sales, ids=[key])
    assert not inbox_of(sales, now=morning)
