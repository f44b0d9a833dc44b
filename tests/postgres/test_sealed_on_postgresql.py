"""Secrets on a real PostgreSQL server: its files hold none, and another signing secret seals everything anew."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

ADDRESS = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=4f1c09ad-typed-by-hand"
PLAIN = "https://oapi.dingtalk.com/robot/send?access_token=9e77-from-before-sealing"
HOOK = "https://erp.example.com/in/4b9f77aa-typed-by-hand"
SECRET = "SECtyped7f3a2be90c11"
FACTOR = "JBSWY3DPEHPK3PXPJBSWY3DP"
LINK = "https://orders.example.com/t/abcdefghijklmnopqrstuvwxyz/"

FILL = """
import json, sys
import django
django.setup()
from django.conf import settings
from django.db import connection
from django.db.models import TextField, Value
from django.test import Client
from allauth.mfa.totp.internal.auth import TOTP
from punctual.cli.setup import migrate
from punctual.platform.accounts.models import User
from punctual.platform.notifications import channels
from punctual.platform.notifications.models import Robot
from punctual.platform.notifications.outgoing import queue_mail

address, plain, hook, secret, factor, link = sys.argv[1:]
migrate()
admin = User.objects.create_user("admin", password="x", role="administrator")
channels.add_robot(actor=admin, name="group-of-the-project", kind="feishu", address=address, secret=secret)
made, signing = channels.add_webhook(actor=admin, url=hook)
channels.test_webhook(actor=admin, webhook_id=made.pk)
queue_mail(to="c@example.test", subject="s", body=link)
TOTP.activate(admin, factor)
before = Robot.objects.create(name="group-from-before", kind="dingtalk", address="x")
Robot.objects.filter(pk=before.pk).update(address=Value(plain, output_field=TextField()))
browser = Client()
browser.force_login(admin)
with connection.cursor() as cursor:
    cursor.execute("CHECKPOINT")
print(json.dumps([signing, browser.cookies[settings.SESSION_COOKIE_NAME].value]))
connection.close()
"""

READ = """
import json
import django
django.setup()
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.db import connection
from punctual.platform.notifications.models import Delivery, Robot, Webhook
robots = dict(Robot.objects.values_list("name", "address"))
print(json.dumps([
    robots["group-of-the-project"], robots["group-from-before"], Webhook.objects.get().url, Robot.objects.get(
    name="group-of-the-project").secret, get_adapter().decrypt(Authenticator.objects.get().data["secret"]),
    Delivery.objects.get(way="mail").body, Webhook.objects.get().secret,
]))
with connection.cursor() as cursor:
    cursor.execute("CHECKPOINT")
connection.close()
"""


def test_its_files_hold_no_secret_and_another_signing_secret_seals_everything_anew(
    postgres: Any, on_postgres: dict[str, str]
) -> None:
    typed = [ADDRESS, PLAIN, HOOK, SECRET, FACTOR, LINK]

    def said(*command: str, secret: str = "two", former: str = "", status: int = 0) -> str:
        environment = on_postgres | {"PUNCTUAL_SECRET": secret, "PUNCTUAL_OLD_SECRETS": former}
        run = subprocess.run(
            [sys.executable, *command], env=environment, capture_output=True, text=True, check=False, timeout=600
        )
        assert run.returncode == status, run.stdout + run.stderr[-3000:]
        return run.stdout

    def found(texts: list[str]) -> list[str]:
        """Which of them stand in the files of the tables."""
        files = [path.read_bytes() for path in Path(postgres.pgdata, "base").rglob("*") if path.is_file()]
        return [text for text in texts if any(text.encode() in content for content in files)]

    typed += json.loads(said("-c", FILL, *typed, secret="one").splitlines()[-1])
    session = typed.pop()
    assert found(["group-of-the-project", "erp.example.com", *typed, session]) == [
        "group-of-the-project",
        "erp.example.com",
        PLAIN,
    ]

    lost = said("-m", "punctual", "secrets", status=1)
    assert "notifications.robot.address: 0 present, 0 former, 1 unreadable, 1 plain" in lost
    known = said("-m", "punctual", "secrets", former="one")
    assert "notifications.robot.address: 0 present, 1 former, 0 unreadable, 1 plain" in known
    renewed = json.loads(said("-m", "punctual", "secrets", "--renew", "--json", former="one"))
    assert {place["place"]: place["present"] for place in renewed["places"]} == {
        "notifications.robot.address": 2,
        "notifications.robot.secret": 1,
        "notifications.webhook.url": 1,
        "notifications.webhook.secret": 1,
        "notifications.delivery.body": 1,
        "mfa.authenticator": 1,
    }
    assert json.loads(said("-c", READ)) == typed
    assert found(["group-from-before", *typed, session]) == ["group-from-before"]
