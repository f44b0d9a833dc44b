"""How one is told, kind by kind: in the inbox, by mail; on the page and through the API."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.test import Client

from punctual.platform.accounts.models import User
from punctual.platform.notifications.kinds import KINDS
from punctual.platform.notifications.models import MailChoice
from punctual.platform.notifications.services import Choice, choices_of, notify, unread_count

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]
SignedIn = Callable[[str], Client]
API = "/api/v1/notifications/choices"


def put(client: Client, **chosen: object) -> tuple[int, str]:
    answer = client.put(API, json.dumps(chosen), content_type="application/json")
    return answer.status_code, answer.content.decode()


def test_what_cannot_be_is_refused_and_nothing_changes(signed_in: SignedIn) -> None:
    client = signed_in("sales")
    refused = client.post("/me/notifications/", {"mode-mention": "now", "inbox-mention": "1", "quiet_begin": "22:00"})
    assert refused.status_code == 422
    assert 'role="alert"' in refused.content.decode()
    for kinds, hours in (
        ({"strange": {"mail": "now"}}, {}),
        ({"mention": {"mail": "hourly"}}, {}),
        ({"mention": {"robot": "hourly"}}, {}),
        ({"mention": {"mail": "now"}}, {"quiet_end": "07:00"}),
    ):
        status, _said = put(client, kinds=kinds, **hours)
        assert status == 422
    assert not MailChoice.objects.exists()


def test_a_kind_unticked_stays_out_of_the_inbox(person: Person, signed_in: SignedIn) -> None:
    sales, client = person("sales"), signed_in("sales")
    ticked = {f"inbox-{kind}": "1" for kind in KINDS if kind != "follow"}
    saved = client.post("/me/notifications/", {**ticked, "mode-action": "digest"})
    assert saved.status_code == 302
    assert choices_of(sales)["follow"] == Choice("off", inbox=False)
    assert choices_of(sales)["action"] == Choice("digest", inbox=True)
    page = client.get("/me/notifications/").content.decode()
    assert page.count(" checked") == len(KINDS) - 1
    for kind in ("follow", "action"):
        notify(users=[sales], kind=kind, text="…")
    assert unread_count(sales) == 1


def test_the_api_changes_the_named_kinds_alone(person: Person, signed_in: SignedIn) -> None:
    sales, client = person("sales"), signed_in("sales")
    put(client, kinds={"mention": {"mail": "digest", "robot": "now"}})
    put(client, kinds={"mention": {"mail": "now"}})
    status, said = put(client, kinds={"follow": {"inbox": False}}, quiet_begin="22:00", quiet_end="07:00")
    assert status == 200
    told = json.loads(said)
    assert told == client.get(API).json()
    assert told["kinds"]["mention"] == {"mail": "now", "inbox": True, "robot": "now"}
    assert told["kinds"]["follow"] == {"mail": "off", "inbox": False, "robot": "off"}
    assert set(told["kinds"]) == set(KINDS)
    assert (told["quiet_begin"], told["quiet_end"]) == ("22:00:00", "07:00:00")
    assert choices_of(person("planner"))["follow"] == Choice()
    assert choices_of(sales)["follow"] == Choice("off", inbox=False)
