"""Secrets that must be used again are sealed in the database; another signing secret is said, not stumbled over."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, hotp_value, yield_hotp_counters_from_time
from django.contrib.sessions.backends.db import SessionStore as PlainStore
from django.contrib.sessions.models import Session
from django.core.exceptions import FieldError
from django.core.serializers import deserialize, serialize
from django.db import connection
from django.test import Client
from django.utils.translation import gettext, override

from migrated import SOURCE, WITH_SQL, migrated_database, said_by
from punctual.platform.accounts.models import ApiToken, User
from punctual.platform.accounts.services import issue_token
from punctual.platform.audit.models import AuditEntry
from punctual.platform.doctor import examine
from punctual.platform.everything import export_everything
from punctual.platform.notifications import channels, own_robot
from punctual.platform.notifications.models import Delivery, Robot, Webhook
from punctual.platform.notifications.outgoing import deliver_due, queue_mail
from punctual.platform.notifications.safe_http import NotSent, post
from punctual.platform.resealing import forget_second_factors, renew, survey, unreadable_count
from punctual.platform.sealing import MARK, UNREADABLE, Locked, Unreadable, seal, unseal
from receiving import Receiver

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]
SignedIn = Callable[[str], Client]
ADDRESS = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=4f1c09ad-typed-by-hand"
SECRET = "SECtyped7f3a2be90c11"
HOOK = "https://erp.example.com/in/4b9f77aa-typed-by-hand"
FACTOR = "JBSWY3DPEHPK3PXPJBSWY3DP"


def raw(model: type[Any], column: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT "{column}" FROM "{model._meta.db_table}" ORDER BY 1')
        return [row[0] for row in cursor.fetchall()]


def everything_kept() -> bytes:
    """The bytes of SQLite's database, or every row that PostgreSQL has, as text."""
    if connection.vendor == "sqlite":
        whole: bytes = connection.connection.serialize()
        return whole
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT one::text FROM "{table}" one')
            found += [row[0] for row in cursor.fetchall()]
    return "\n".join(found).encode()


def robot(person: Person, *, address: str = ADDRESS, kind: str = "feishu") -> Robot:
    return channels.add_robot(
        actor=person("administrator"), name="项目群", kind=kind, address=address, secret=SECRET, personal=True
    )


@pytest.fixture
def restored(settings: Any) -> Callable[[], None]:
    """As after a restore under another signing secret."""

    def change() -> None:
        settings.SECRET_KEY = "of-another-installation"

    return change


def finding(name: str) -> tuple[bool, str]:
    with override("en"):  # as the command line says it
        return next((one["ok"], one["finding"]) for one in examine() if one["check"] == name)


# — what is refused —


@pytest.mark.parametrize("kept", [MARK, MARK + "x", f"{MARK}{'A' * 120}"])
def test_what_was_altered_is_not_read(kept: str) -> None:
    with pytest.raises(Unreadable):
        unseal(kept)


def test_every_altered_place_is_noticed() -> None:
    kept = seal(SECRET)
    assert unseal(kept) == SECRET
    for place in range(len(MARK) + 8, len(kept) - 3, 9):
        other = "A" if kept[place] != "A" else "B"
        with pytest.raises(Unreadable):
            unseal(kept[:place] + other + kept[place + 1 :])


def test_nobody_can_search_for_a_secret(person: Person) -> None:
    robot(person)
    with pytest.raises(FieldError):
        Robot.objects.filter(secret=SECRET)
    with pytest.raises(FieldError):
        Robot.objects.filter(address__contains="key=")


def test_an_address_that_can_not_be_asked_is_not_repeated_in_the_reason() -> None:
    with pytest.raises(NotSent) as failed:
        post(f"https://example.com/hook?key={SECRET} x", b"", {})
    assert SECRET not in str(failed.value)


# — at rest —


def test_the_database_holds_no_secret_that_was_typed_or_given(
    person: Person, signed_in: SignedIn, receiver: Receiver, tmp_path: Path, settings: Any
) -> None:
    """By page, by API with a repeatable request, in a mail, in the session before it was shown, as a second factor."""
    settings.MEDIA_ROOT = tmp_path / "files"
    admin, typed = person("administrator"), [ADDRESS, SECRET, FACTOR, HOOK]
    browser = signed_in("administrator")
    kept = {"name": "项目群", "kind": "feishu", "address": ADDRESS, "secret": SECRET, "form_key": "one"}
    assert browser.post("/settings/channels/add-robot/", kept).status_code in (200, 302)
    own_robot.keep_own_robot(actor=person("sales"), kind="dingtalk", address=ADDRESS, secret=SECRET)
    told = browser.post("/settings/channels/add-webhook/", {"url": HOOK, "description": "ERP", "form_key": "two"})
    assert told.status_code in (200, 302)
    typed += [one.secret for one in Webhook.objects.all()]
    headers = {"Authorization": f"Bearer {issue_token(actor=admin, user=admin, name='x')}", "Idempotency-Key": "a"}
    made = Client(headers=headers).post(
        "/api/v1/webhooks", {"url": "https://example.com/i"}, content_type="application/json"
    )
    again = Client(headers=headers).post(
        "/api/v1/webhooks", {"url": "https://example.com/i"}, content_type="application/json"
    )
    assert (made.status_code, again.json(), again["Idempotent-Replay"]) == (201, made.json(), "true")
    typed += [made.json()["secret"], headers["Authorization"].partition(" ")[2]]
    browser.post("/me/notifications/", {"new_feed": "1"})
    typed.append(browser.session["feed_token"])
    link = "https://orders.example.com/t/abcdefghijklmnopqrstuvwxyz/"
    queue_mail(to="c@example.test", subject="进度", body=f"您的订单：\n{link}")
    typed.append(link)
    TOTP.activate(admin, FACTOR)
    typed.append(unseal(RecoveryCodes.activate(admin).instance.data["seed"]))
    channels.test_robot(actor=admin, robot_id=Robot.objects.get(owner=None).pk)
    hook = Webhook.objects.get(description="ERP")
    channels.test_webhook(actor=admin, webhook_id=hook.pk)
    typed.append(browser.cookies["sessionid"].value)

    file = everything_kept()
    assert "项目群".encode() in file
    assert b"erp.example.com" in file
    assert not [secret for secret in typed if secret.encode() in file]
    export_everything(tmp_path / "all.zip")
    with ZipFile(tmp_path / "all.zip") as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist() if name.startswith("tables/")}
        assert "您的订单" in texts["tables/notifications.delivery.jsonl"]
        assert "项目群" in texts["tables/notifications.robot.csv"]
        assert not [(name, one) for name, text in texts.items() for one in (*typed, MARK) if one in text]
    assert not [secret for secret in typed if secret in repr(list(AuditEntry.objects.values()))]
    page = browser.get("/settings/channels/").content.decode()
    assert HOOK in page
    channels.drop_webhook(actor=admin, webhook_id=hook.pk)
    assert HOOK not in repr(list(AuditEntry.objects.values()))
    assert made.json()["secret"] not in page
    assert ADDRESS not in page


def test_a_dump_of_the_tables_keeps_it_sealed_and_reads_it_back(person: Person) -> None:
    kept = robot(person)
    dump = serialize("json", [kept])
    assert ADDRESS not in dump
    assert SECRET not in dump
    (read,) = deserialize("json", dump)
    assert (read.object.address, read.object.secret) == (ADDRESS, SECRET)


def test_what_was_sealed_is_used(person: Person, receiver: Receiver) -> None:
    made = robot(person, address=receiver.url)
    channels.test_robot(actor=person("administrator"), robot_id=made.pk)
    deliver_due()
    assert Delivery.objects.get().state == "sent"
    assert "sign" in json.loads(receiver.got[0][1])
    assert all(text.startswith(MARK) for text in (*raw(Robot, "address"), *raw(Robot, "secret")))


# — under another signing secret —


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_robot_of_another_signing_secret_is_said_on_the_page_and_in_the_log(
    person: Person, signed_in: SignedIn, restored: Callable[[], None], language: str, settings: Any
) -> None:
    admin = person("administrator")
    admin.language = language
    admin.save()
    made = robot(person)
    hook, _secret = channels.add_webhook(actor=admin, url="https://example.com/h")
    queue_mail(to="c@example.test", subject="x", body="y")
    restored()
    channels.test_robot(actor=admin, robot_id=made.pk)
    channels.test_webhook(actor=admin, webhook_id=hook.pk)
    deliver_due()
    with override(language):
        sentence = gettext(UNREADABLE)
    assert (language == "en") == (sentence == UNREADABLE)
    browser = signed_in("administrator")
    page = browser.get("/settings/channels/")
    assert page.status_code == 200
    assert page.content.decode().count(sentence) == 5  # robot, webhook; what waits for each, and the mail
    assert {one.state for one in Delivery.objects.all()} == {"waiting"}
    assert {one.log[-1]["error"] for one in Delivery.objects.all()} == {UNREADABLE}
    own_robot.choose_robot(actor=admin, robot_id=made.pk)
    told = browser.post("/api/v1/notifications/robot/test", headers={"X-CSRFToken": "x"})
    assert told.status_code == 200, told.content
    deliver_due()
    errors = [one["error"] for one in browser.get("/api/v1/notifications/robot/deliveries").json()["items"]]
    assert errors == [sentence]


def test_my_own_robot_of_another_signing_secret_is_said_to_me_and_can_be_set_up_again(
    person: Person, signed_in: SignedIn, restored: Callable[[], None]
) -> None:
    sales = person("sales")
    own_robot.keep_own_robot(actor=sales, kind="feishu", address=ADDRESS)
    restored()
    browser = signed_in("sales")
    page = browser.get("/me/notifications/").content.decode()
    with override("zh-hans"):
        assert gettext(UNREADABLE) in page
    own_robot.keep_own_robot(actor=sales, kind="feishu", address=ADDRESS)
    with override("zh-hans"):
        assert gettext(UNREADABLE) not in browser.get("/me/notifications/").content.decode()


def test_what_can_not_be_read_is_written_back_as_it_was_found(person: Person, restored: Callable[[], None]) -> None:
    made = robot(person)
    before = raw(Robot, "address"), raw(Robot, "secret")
    restored()
    found = Robot.objects.get(pk=made.pk)
    assert isinstance(found.address, Locked)
    assert not found.is_readable
    found.name = "另一个群"
    found.save()
    assert (raw(Robot, "address"), raw(Robot, "secret")) == before


def test_a_former_signing_secret_is_read_until_everything_is_sealed_anew(
    person: Person, restored: Callable[[], None], settings: Any
) -> None:
    admin, former = person("administrator"), settings.SECRET_KEY
    robot(person)
    TOTP.activate(admin, FACTOR)
    Robot.objects.bulk_create([Robot(name="没有密钥的群", kind="wecom", address=ADDRESS)])
    assert finding("secrets") == (True, "4 readable")
    restored()
    ok, said = finding("secrets")
    assert not ok
    assert "notifications.robot.address × 2" in said
    assert "PUNCTUAL_OLD_SECRETS" in said
    assert (unreadable_count(), renew()) == (4, 0)
    settings.SECRET_KEY_FALLBACKS = [former]
    assert finding("secrets") == (True, "4 readable, 4 of them to be sealed anew: punctual secrets --renew")
    assert Robot.objects.get(name="项目群").secret == SECRET
    assert (renew(), renew()) == (4, 0)
    settings.SECRET_KEY_FALLBACKS = []
    assert finding("secrets") == (True, "4 readable")
    assert Robot.objects.get(name="项目群").secret == SECRET
    assert {kept["place"]: kept["present"] for kept in survey()} == {
        "notifications.robot.address": 2,
        "notifications.robot.secret": 1,
        "mfa.authenticator": 1,
    }


def _code() -> str:
    return f"{hotp_value(FACTOR, next(yield_hotp_counters_from_time())):06}"


def test_a_second_factor_lets_in_and_of_another_signing_secret_says_why_not(
    person: Person, restored: Callable[[], None]
) -> None:
    admin = person("administrator")
    TOTP.activate(admin, FACTOR)
    RecoveryCodes.activate(admin)
    assert not [row for row in raw(Authenticator, "data") if FACTOR in row]

    def enter() -> tuple[bool, str]:
        browser = Client()
        browser.post("/accounts/login/", {"login": "administrator", "password": "punctual-demo"})
        answer = browser.post("/accounts/2fa/authenticate/", {"code": _code()})
        return browser.get("/me/settings/").status_code == 200, answer.content.decode()

    assert enter()[0]
    restored()
    inside, page = enter()
    assert not inside
    assert "第二重验证在这里已读不出来" in page
    assert forget_second_factors() == 1
    assert "second factor" in AuditEntry.objects.filter(target_type="user").latest("id").reason
    browser = Client()
    browser.post("/accounts/login/", {"login": "administrator", "password": "punctual-demo"})
    assert browser.get("/me/settings/").status_code == 200


def test_a_second_factor_that_can_be_read_is_never_forgotten(person: Person) -> None:
    TOTP.activate(person("administrator"), FACTOR)
    assert forget_second_factors() == 0
    assert Authenticator.objects.count() == 1


def test_a_session_is_sealed_and_ends_with_its_signing_secret(
    signed_in: SignedIn, restored: Callable[[], None]
) -> None:
    browser = signed_in("sales")
    assert browser.get("/me/settings/").status_code == 200
    assert all(text.startswith(MARK) for text in raw(Session, "session_data"))
    restored()
    assert browser.get("/me/settings/").status_code == 302


def test_a_session_from_before_sealing_goes_on(signed_in: SignedIn) -> None:
    browser = signed_in("sales")
    plain = PlainStore().encode(dict(browser.session.items()))
    Session.objects.update(session_data=plain)
    assert browser.get("/me/settings/").status_code == 200


def test_a_repeated_request_whose_answer_can_not_be_read_is_not_done_again(
    person: Person, restored: Callable[[], None]
) -> None:
    admin = person("administrator")
    text = issue_token(actor=admin, user=admin, name="x")
    program = Client(headers={"Authorization": f"Bearer {text}", "Idempotency-Key": "a"})
    told = {"url": "https://example.com/i"}
    assert program.post("/api/v1/webhooks", told, content_type="application/json").status_code == 201
    restored()
    again = program.post("/api/v1/webhooks", told, content_type="application/json")
    assert (again.status_code, again.json()["code"]) == (409, "idempotency.unreadable")
    assert Webhook.objects.count() == 1
    assert ApiToken.objects.count() == 1


# — what stood plain before —

PROGRAM = """
import json
from django.conf import settings

def plain():
    return [text for text in TYPED if any(text.encode() in path.read_bytes() for path in settings.DATA.glob("*.db*"))]

TYPED = ["SECtypedbyhand", "https://example.com/send?key=4f1c", "whsec_dHlwZWQ=", "JBSWY3DPEHPK", "4d7eed",
         "/t/abcdefghijklmnopqrstuvwx/", "https://erp.example.com/in/4b9f"]
call_command("migrate", "notifications", "0003", verbosity=0)
call_command("migrate", "accounts", "0003", verbosity=0)
sql("INSERT INTO accounts_user (password, is_superuser, username, first_name, last_name, email, is_staff, is_active,"
    " date_joined, display_name, role, department, phone, language, theme, time_zone, session_round) VALUES ('x', 0,"
    " 'old', '', '', 'old@example.test', 0, 1, '2026-01-01', 'x', 'sales', '', '', '', 'light', 'Asia/Shanghai', 0)")
sql("INSERT INTO notifications_robot (name, kind, address, secret, kinds, active, personal, created_at) VALUES"
    " ('g', 'feishu', %s, %s, '[]', 1, 0, '2026-01-01'), ('h', 'wecom', %s, '', '[]', 1, 0, '2026-01-01')",
    TYPED[1], TYPED[0], TYPED[1])
sql("INSERT INTO notifications_webhook (url, description, secret, kinds, active, created_at) VALUES"
    " (%s, '', %s, '[]', 1, '2026-01-01')", TYPED[6], TYPED[2])
sql("INSERT INTO notifications_delivery (id, way, address, subject, body, data, state, attempts, next_try_at,"
    " created_at, log) VALUES ('0123456789abcdef0123456789abcdef', 'mail', 'a@b', 's', %s, '{}', 'sent', 1,"
    " '2026-01-01', '2026-01-01', '[]')", "see " + TYPED[5])
sql("INSERT INTO notifications_delivery (id, way, address, subject, body, data, state, attempts, next_try_at,"
    " created_at, log, webhook_id) VALUES ('1123456789abcdef0123456789abcdef', 'webhook', %s, 's', '', '{}', 'sent', 1,"
    " '2026-01-01', '2026-01-01', '[]', (SELECT id FROM notifications_webhook))", TYPED[6])
for kind, data in (("totp", {"secret": TYPED[3]}), ("recovery_codes", {"seed": TYPED[4], "used_mask": 5})):
    sql("INSERT INTO mfa_authenticator (type, data, user_id, created_at) VALUES (%s, %s,"
        " (SELECT id FROM accounts_user), '2026-01-01')", kind, json.dumps(data))
def kept():
    return [sql("SELECT address, secret FROM notifications_robot ORDER BY id"),
            sql("SELECT body, address FROM notifications_delivery ORDER BY id"),
            sql("SELECT secret, url FROM notifications_webhook"),
            [json.loads(row[0]) for row in sql("SELECT data FROM mfa_authenticator ORDER BY id")]]

before = kept()
assert plain() == TYPED, plain()

call_command("migrate", verbosity=0)
assert plain() == [], plain()
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from punctual.platform.notifications.models import Delivery, Robot, Webhook
assert [(r.address, r.secret) for r in Robot.objects.order_by("id")] == [(TYPED[1], TYPED[0]), (TYPED[1], "")]
assert (Webhook.objects.get().secret, Webhook.objects.get().url) == (TYPED[2], TYPED[6])
assert Delivery.objects.get(way="mail").body == "see " + TYPED[5]
assert Delivery.objects.get(way="webhook").address == "erp.example.com"
factors = [one.data for one in Authenticator.objects.order_by("id")]
assert get_adapter().decrypt(factors[0]["secret"]) == TYPED[3]
assert get_adapter().decrypt(factors[1]["seed"]) == TYPED[4] and factors[1]["used_mask"] == 5

key = settings.SECRET_KEY
settings.SECRET_KEY = "another"
try:
    call_command("migrate", "notifications", "0003", verbosity=0)
except RuntimeError as error:
    assert "PUNCTUAL_OLD_SECRETS" in str(error)
else:
    raise AssertionError("went back over what it can't read")
settings.SECRET_KEY = key
call_command("migrate", "notifications", "0003", verbosity=0)
call_command("migrate", "accounts", "0003", verbosity=0)
assert kept() == before, (before, kept())
print("ok")
"""


@pytest.mark.slow
@pytest.mark.own_database
def test_what_stood_plain_is_sealed_once_and_nothing_of_it_stays_in_the_file(tmp_path: Path) -> None:
    assert said_by(WITH_SQL + PROGRAM, tmp_path) == "ok"


@pytest.mark.slow
@pytest.mark.own_database
def test_a_backup_restored_under_another_signing_secret_says_so(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "DJANGO_"))}
    shutil.copyfile(migrated_database(), tmp_path / "punctual.db")

    def punctual(*words: str, secret: str) -> subprocess.CompletedProcess[str]:
        given = {"PUNCTUAL_DATA": str(tmp_path), "PYTHONPATH": str(SOURCE), "PUNCTUAL_SECRET": secret}
        command = [sys.executable, "-m", "punctual", *words]
        return subprocess.run(command, env=kept | given, capture_output=True, text=True, check=False, timeout=300)

    program = (
        "from punctual.platform.notifications.models import Robot; "
        f"Robot.objects.create(name='g', kind='wecom', address='{ADDRESS}')"
    )
    assert punctual("manage", "shell", "-c", program, secret="one").returncode == 0
    assert punctual("backup", str(tmp_path / "b.tar.gz"), secret="one").returncode == 0
    told = json.loads(punctual("restore", "--json", "--force", str(tmp_path / "b.tar.gz"), secret="two").stdout)
    assert told["unreadable_secrets"] == 1
    lost = punctual("secrets", secret="two")
    assert (lost.returncode, lost.stdout) == (
        1,
        "notifications.robot.address: 0 present, 0 former, 1 unreadable, 0 plain\n",
    )
    assert "BAD  secrets: " in punctual("doctor", secret="two").stdout
    kept["PUNCTUAL_OLD_SECRETS"] = "one"
    assert "renewed: 1\n" in punctual("secrets", "--renew", secret="two").stdout
    del kept["PUNCTUAL_OLD_SECRETS"]
    assert punctual("secrets", secret="two").returncode == 0
