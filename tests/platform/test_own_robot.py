"""A person's own notices by robot: their own, or a group's that may be chosen; at once or once a day."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from punctual.kernel.refusal import Forbidden, NotFound, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.audit.models import AuditEntry
from punctual.platform.notifications import channels, own_robot
from punctual.platform.notifications.models import Delivery, MailChoice, Robot, RobotChoice
from punctual.platform.notifications.outgoing import deliver_due
from punctual.platform.notifications.services import Choice, choose, notify, send_digests, send_out
from punctual.platform.outbox.models import OutboxEvent

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]
SignedIn = Callable[[str], Client]
HOOK = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k"


def group(person: Person, *, personal: bool, address: str = HOOK) -> Robot:
    return channels.add_robot(
        actor=person("administrator"), name="项目群", kind="wecom", address=address, kinds=["sla"], personal=personal
    )


def told(user: User, mode: str, *, kind: str = "mention") -> None:
    choose(actor=user, choices={kind: Choice(robot=mode)})


def sent_out(user: User, *, text: str = "有人提到您") -> list[Delivery]:
    """What one notice of theirs queues for robots."""
    notify(users=[user], kind="mention", text=text)
    for event in OutboxEvent.objects.filter(kind="notification.told"):
        send_out(event)
    return list(Delivery.objects.filter(way="robot"))


def test_a_group_is_chosen_only_where_an_administrator_lets_people(person: Person) -> None:
    robot, sales = group(person, personal=False), person("sales")
    with pytest.raises(NotFound):
        own_robot.choose_robot(actor=sales, robot_id=robot.pk)
    with pytest.raises(Forbidden):
        channels.allow_robot(actor=sales, robot_id=robot.pk, personal=True)
    channels.allow_robot(actor=person("administrator"), robot_id=robot.pk, personal=True)
    own_robot.choose_robot(actor=sales, robot_id=robot.pk)
    assert own_robot.chosen_robot(sales) == robot
    told(sales, "now")
    channels.allow_robot(actor=person("administrator"), robot_id=robot.pk, personal=False)
    assert own_robot.chosen_robot(sales) is None
    assert not sent_out(sales)


def test_nobody_chooses_another_ones_robot(person: Person) -> None:
    theirs = own_robot.keep_own_robot(actor=person("planner"), kind="feishu", address=HOOK)
    with pytest.raises(NotFound):
        own_robot.choose_robot(actor=person("sales"), robot_id=theirs.pk)
    with pytest.raises(NotFound):
        own_robot.drop_own_robot(actor=person("sales"))
    assert theirs not in channels.robots_of(person("administrator"))
    assert theirs not in channels.groups()


@pytest.mark.parametrize(
    ("kind", "address", "field"),
    [("apprise", "tgram://x/y", "kind"), ("wecom", "qyapi", "address"), ("wecom", "https://a@b.example/", "address")],
)
def test_an_own_robot_that_can_not_be_is_refused(person: Person, kind: str, address: str, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        own_robot.keep_own_robot(actor=person("sales"), kind=kind, address=address)
    assert [one.field for one in refused.value.reasons] == [field]
    with pytest.raises(Refusal):
        own_robot.test_chosen(actor=person("sales"))
    assert not Robot.objects.exists()


def test_an_own_robot_inside_the_private_network_is_never_written_to(person: Person) -> None:
    sales = person("sales")
    own_robot.keep_own_robot(actor=sales, kind="wecom", address="http://127.0.0.1:9/hook")
    own_robot.test_chosen(actor=sales)
    deliver_due()
    last = own_robot.sent_to(sales).get()
    assert last.state == "waiting"
    assert "private network" in last.log[-1]["error"]


def test_an_own_robot_tells_its_owner_and_nobody_else_anything(person: Person, receiver: Any) -> None:
    sales, planner = person("sales"), person("planner")
    first = own_robot.keep_own_robot(actor=sales, kind="feishu", address=HOOK)
    second = own_robot.keep_own_robot(actor=sales, kind="wecom", address=receiver.url, secret="s")
    assert first.pk == second.pk
    assert [one.verb for one in AuditEntry.objects.filter(target_type="robot").order_by("id")] == ["create", "change"]
    told(planner, "now")
    assert not sent_out(planner)
    assert not sent_out(sales)  # no kind chosen yet
    told(sales, "now")
    (one,) = sent_out(sales)
    assert one.user == sales
    deliver_due()
    assert "有人提到您" in receiver.got[0][1].decode()
    assert own_robot.sent_to(sales).get().state == "sent"
    assert not own_robot.sent_to(planner).exists()


def test_in_a_group_the_name_stands_before_it_and_a_repetition_is_dropped(person: Person) -> None:
    robot, sales = group(person, personal=True), person("sales")
    own_robot.choose_robot(actor=sales, robot_id=robot.pk)
    told(sales, "now")
    (one,) = sent_out(sales)
    assert one.body.startswith(f"@{sales.name} ")
    for event in OutboxEvent.objects.filter(kind="notification.told"):
        send_out(event)
    assert Delivery.objects.filter(way="robot").count() == 1


def test_what_falls_into_the_quiet_hours_waits(person: Person) -> None:
    sales = person("sales")
    own_robot.keep_own_robot(actor=sales, kind="wecom", address=HOOK)
    now = timezone.localtime()
    begin, end = (now - dt.timedelta(hours=1)).time(), (now + dt.timedelta(hours=1)).time()
    choose(actor=sales, choices={"mention": Choice(robot="now")}, quiet_begin=begin, quiet_end=end)
    (one,) = sent_out(sales)
    assert one.next_try_at > timezone.now() + dt.timedelta(minutes=50)


def test_once_a_day_the_robot_tells_what_is_new(person: Person) -> None:
    sales = person("sales")
    own_robot.keep_own_robot(actor=sales, kind="wecom", address=HOOK)
    told(sales, "digest")
    assert not sent_out(sales, text="第一件")
    sent_out(sales, text="第二件")
    assert send_digests() == 1
    send_digests()
    one = Delivery.objects.get(way="robot")
    assert one.body.index("第一件") < one.body.index("第二件")
    assert one.user == sales


def test_an_event_from_before_people_had_robots_is_still_sent(person: Person) -> None:
    notify(users=[person("sales")], kind="mention", text="…")
    payload = {"users": [], "robots": [], "about": "mention", "text": "…", "params": {}, "url": ""}
    send_out(OutboxEvent(pk=1, kind="notification.told", payload=payload))
    assert not Delivery.objects.exists()


def test_the_page_sets_up_tests_and_drops_a_robot(signed_in: SignedIn, person: Person) -> None:
    client, sales = signed_in("sales"), person("sales")
    page = client.get("/me/notifications/").content.decode()
    assert 'name="robot-mention"' not in page
    assert "/me/robot/test/" not in page
    refused = client.post("/me/robot/keep/", {"kind": "wecom", "address": "x"}, headers={"HX-Request": "true"})
    assert (refused.status_code, refused["HX-Retarget"]) == (422, "#notices")
    assert client.post("/me/robot/test/").status_code == 422
    assert client.post("/me/robot/strange/").status_code == 404
    assert client.post("/me/robot/keep/", {"kind": "wecom", "address": HOOK, "secret": "geheim"}).status_code == 302
    page = client.get("/me/notifications/").content.decode()
    assert "geheim" not in page
    assert HOOK not in page
    assert 'name="robot-mention"' in page
    client.post("/me/notifications/", {"mode-mention": "off", "robot-mention": "digest"})
    assert MailChoice.objects.get(user=sales, kind="mention").robot == "digest"
    assert client.post("/me/robot/test/").status_code == 302
    delivery = own_robot.sent_to(sales).get()
    Delivery.objects.filter(pk=delivery.pk).update(state="failed")
    assert "/me/robot/again/" in client.get("/me/notifications/").content.decode()
    assert client.post("/me/robot/again/", {"delivery": str(delivery.pk)}).status_code == 302
    assert own_robot.sent_to(sales).get().state == "waiting"
    client.post("/me/robot/choose/", {"robot": ""})
    assert not RobotChoice.objects.exists()
    assert client.post("/me/robot/drop/").status_code == 302
    assert not Robot.objects.exists()


def test_an_administrator_lets_people_choose_a_group_on_the_page(signed_in: SignedIn, person: Person) -> None:
    robot = group(person, personal=False)
    assert signed_in("sales").post("/settings/channels/allow-robot/", {"pk": robot.pk}).status_code == 403
    client = signed_in("administrator")
    client.post("/settings/channels/allow-robot/", {"pk": robot.pk, "personal": "1"})
    robot.refresh_from_db()
    assert robot.personal
    page = signed_in("sales").get("/me/notifications/").content.decode()
    assert robot.name in page


def test_programs_choose_and_set_up_a_robot(signed_in: SignedIn, person: Person) -> None:
    client, api = signed_in("sales"), "/api/v1/notifications/robot"

    def put(address: str, body: dict[str, object]) -> Any:
        return client.put(address, json.dumps(body), content_type="application/json")

    assert put(f"{api}/own", {"kind": "apprise", "address": "tgram://x"}).status_code == 422
    assert put(api, {"robot": 99}).status_code == 404
    assert client.post(f"{api}/test").status_code == 422
    made = put(f"{api}/own", {"kind": "dingtalk", "address": HOOK}).json()
    assert made["chosen"] == made["offered"][0]["id"]
    assert HOOK not in json.dumps(made)
    assert client.post(f"{api}/test").json()["state"] == "waiting"
    assert client.get(f"{api}/deliveries").json()["total"] == 1
    assert put(api, {"robot": None}).json()["chosen"] is None
    assert client.delete(f"{api}/own").status_code == 204
    assert client.get(api).json() == {"chosen": None, "offered": []}
