"""How one message goes out by each way. Each raises :class:`NotSent` with the reason when it did not arrive."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from email.mime.base import MIMEBase
from email.mime.text import MIMEText
from typing import Any, Final

from django.conf import settings
from django.core.mail import EmailMessage

from punctual.platform.notifications.models import Delivery, Robot, RobotKind, Way
from punctual.platform.notifications.safe_http import NotSent, post
from punctual.platform.sealing import UNREADABLE, Locked


def send(delivery: Delivery) -> str:
    """What the receiver answered, for the log."""
    told_by = [one for one in (delivery.robot, delivery.webhook) if one is not None]
    if isinstance(delivery.body, Locked) or not all(one.is_readable for one in told_by):
        raise NotSent(UNREADABLE)
    if delivery.way == Way.MAIL:
        return _mail(delivery)
    if delivery.way == Way.WEBHOOK:
        return _webhook(delivery)
    return _robot(delivery)


def message_id(delivery: Delivery) -> str:
    """The same for every attempt."""
    return f"<{delivery.pk}@{settings.MAIL_DOMAIN}>"


def _mail(delivery: Delivery) -> str:
    headers = {"Message-ID": message_id(delivery), **delivery.data.get("headers", {})}
    mail = EmailMessage(delivery.subject, delivery.body, to=[delivery.address], headers=headers)
    for file in delivery.data.get("files", []):
        mail.attach(file["name"], base64.b64decode(file["content"]), file["type"])
    calendar = delivery.data.get("calendar")
    if calendar:
        part: MIMEBase = MIMEText(calendar["text"], "calendar", "utf-8")
        part.set_param("method", calendar["method"])
        part.add_header("Content-Disposition", "attachment", filename="invite.ics")
        mail.attach(part)
    try:
        if not mail.send():
            raise NotSent("the mail server took no recipient")
    except OSError as error:  # smtplib's errors are OSErrors too
        raise NotSent(f"{type(error).__name__}: {error}"[:300]) from error
    return "accepted by the mail server"


def _webhook(delivery: Delivery) -> str:
    from standardwebhooks import Webhook as Signer

    webhook = delivery.webhook
    if webhook is None:
        raise NotSent("the webhook is gone")
    import datetime as dt

    now = dt.datetime.now(dt.UTC)
    body = json.dumps(delivery.data["body"], ensure_ascii=False, separators=(",", ":"))
    signature = Signer(webhook.secret).sign(str(delivery.pk), now, body)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Punctual",
        "webhook-id": str(delivery.pk),
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }
    answer = post(webhook.url, body.encode(), headers)
    if not 200 <= answer.status < 300:
        raise NotSent(f"answered {answer.status}")
    return f"answered {answer.status}"


def _robot(delivery: Delivery) -> str:
    robot = delivery.robot
    if robot is None:
        raise NotSent("the robot is gone")
    if robot.kind == RobotKind.APPRISE:
        return _apprise(robot, delivery)
    url, body = _robot_request(robot, delivery.subject, delivery.body)
    answer = post(url, json.dumps(body, ensure_ascii=False).encode(), {"Content-Type": "application/json"})
    if answer.status != 200:
        raise NotSent(f"answered {answer.status}")
    return _robot_verdict(answer.body)


LONGEST: Final = {RobotKind.WECOM: 4096, RobotKind.DINGTALK: 16_000, RobotKind.FEISHU: 16_000}
"""Bytes that a robot takes: what is longer it would refuse, however often it is tried."""


def _fitting(text: str, most: int) -> str:
    """The text cut to so many bytes; the last line, which is the link, stays."""
    if len(text.encode()) <= most:
        return text
    body, line, last = text.rpartition("\n")
    tail = f"…{line}{last}" if line and len(last.encode()) < most // 2 else "…"
    head = text if tail == "…" else body
    return head.encode()[: most - len(tail.encode())].decode(errors="ignore") + tail


def _robot_request(robot: Robot, title: str, text: str) -> tuple[str, dict[str, Any]]:
    text = _fitting(text, LONGEST[RobotKind(robot.kind)])
    if robot.kind == RobotKind.FEISHU:
        body: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
        if robot.secret:
            stamp = str(int(time.time()))
            code = hmac.new(f"{stamp}\n{robot.secret}".encode(), b"", hashlib.sha256).digest()
            body |= {"timestamp": stamp, "sign": base64.b64encode(code).decode()}
        return robot.address, body
    if robot.kind == RobotKind.DINGTALK:
        url = robot.address
        if robot.secret:
            from urllib.parse import quote_plus

            stamp = str(int(time.time() * 1000))
            code = hmac.new(robot.secret.encode(), f"{stamp}\n{robot.secret}".encode(), hashlib.sha256).digest()
            sign = quote_plus(base64.b64encode(code))
            url += f"{'&' if '?' in url else '?'}timestamp={stamp}&sign={sign}"
        return url, {"msgtype": "markdown", "markdown": {"title": title, "text": text}}
    return robot.address, {"msgtype": "markdown", "markdown": {"content": text}}


def _robot_verdict(body: bytes) -> str:
    """A robot answers 200 also when it refuses; its own code tells."""
    try:
        told = json.loads(body)
    except ValueError as error:
        raise NotSent("answered something that is not JSON") from error
    code = told.get("errcode", told.get("code", told.get("StatusCode"))) if isinstance(told, dict) else None
    if code != 0:
        words = str(told.get("errmsg") or told.get("msg") or told)[:200] if isinstance(told, dict) else str(told)[:200]
        raise NotSent(f"refused: {words}")
    return "accepted by the robot"


def _apprise(robot: Robot, delivery: Delivery) -> str:
    import apprise

    target = apprise.Apprise()
    if not target.add(robot.address):
        raise NotSent("Apprise does not know this kind of address")
    if not target.notify(title=delivery.subject, body=delivery.body):
        raise NotSent("Apprise could not deliver it")
    return "accepted by Apprise"
