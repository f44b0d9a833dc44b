"""A PostgreSQL database of before sealing, with data in it, is brought up to date, and back."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

PROGRAM = """
import django
django.setup()
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as PlainStore
from django.core.management import call_command
from django.db import connection
from django.test import Client
from punctual.cli.setup import migrate
from punctual.platform.accounts.models import User
from punctual.platform.notifications import channels
from punctual.platform.notifications.models import Delivery, Robot, Webhook
from punctual.platform.notifications.outgoing import queue_mail

ROBOT, HOOK, FACTOR = "https://x.example.com/r?k=typed", "https://erp.example.com/in/typed", "JBSWY3DPEHPK3PXP"

def rows(table, columns):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {table} ORDER BY 1")
        return cursor.fetchall()

def kept():
    return [rows("notifications_webhook", "url"), rows("notifications_delivery", "way, address, body"),
            rows("notifications_robot", "address, secret"), rows("mfa_authenticator", "data::text")]

migrate()
admin = User.objects.create_user("admin", password="x", role="administrator")
channels.add_robot(actor=admin, name="g", kind="feishu", address=ROBOT, secret="SECtyped")
made, signing = channels.add_webhook(actor=admin, url=HOOK)
channels.test_webhook(actor=admin, webhook_id=made.pk)
queue_mail(to="c@example.test", subject="s", body="see")
TOTP.activate(admin, FACTOR)

def back():
    for app in ("notifications", "accounts"):
        call_command("migrate", app, "0003", verbosity=0)

back()
before = kept()
assert before == [[(HOOK,)], [("mail", "c@example.test", "see"), ("webhook", HOOK, "")], [(ROBOT, "SECtyped")],
                  [('{"secret": "%s"}' % FACTOR,)]], before
session = PlainStore()
session.update({SESSION_KEY: str(admin.pk), BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
                HASH_SESSION_KEY: admin.get_session_auth_hash()})
session.save()

call_command("migrate", verbosity=0)
after = repr([kept(), rows("django_session", "session_key")])
assert not [text for text in (HOOK, ROBOT, "SECtyped", FACTOR, "see", session.session_key) if text in after], after
assert (Webhook.objects.get().url, Robot.objects.get().address, Webhook.objects.get().secret) == (HOOK, ROBOT, signing)
assert Delivery.objects.get(way="webhook").address == "erp.example.com"
browser = Client()
browser.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
assert browser.get("/me/settings/").status_code == 200
back()
assert kept() == before
connection.close()
print("ok")
"""


def test_what_stood_plain_is_sealed_and_who_was_signed_in_stays_so(on_postgres: dict[str, str]) -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=on_postgres, capture_output=True, text=True, check=False, timeout=600
    )
    assert run.stdout.strip().endswith("ok"), run.stdout + run.stderr[-3000:]
