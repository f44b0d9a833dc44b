"""Reports by schedule: to people, chat groups and addresses; each once, what each may see, nothing lost."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from planning import TODAY
from punctual.domain.monitoring.models import ReportSchedule, ReportSending
from punctual.domain.monitoring.rules import next_report
from punctual.domain.monitoring.services.schedules import Wish, change_schedule, schedule_report, switch_schedule
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.plans.work_calendars import SITE
from punctual.flows import report_sending
from punctual.flows.early_warning import look_at
from punctual.flows.report_sending import ask_to_send, send_asked, send_due
from punctual.kernel.refusal import Conflict, Forbidden, NotFound, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.notifications.models import Delivery, DeliveryState, Robot
from punctual.platform.notifications.outgoing import deliver_due
from punctual.web.monitoring.scheduled import send_reports
from punctual.web.monitoring.wording import sentence
from receiving import Receiver
from watching import running_plan

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]
SignedIn = Callable[[str], Client]


def wish(**more: object) -> Wish:
    said: dict[str, object] = {"weekday": 5, "hour": 16, "language": "en", "recipients": ["a@b.example"]}
    return Wish(**(said | more))  # type: ignore[arg-type]


def late_order(person: Person) -> Order:
    found = running_plan(person("order_manager"), promise=dt.date(2026, 11, 25)).order
    look_at([found.pk], today=TODAY)
    return found


def group(name: str, kind: str, address: str, **more: object) -> Robot:
    return Robot.objects.create(name=name, kind=kind, address=address, **more)


def due(schedule: ReportSchedule) -> dt.datetime:
    found = ReportSchedule.objects.get(pk=schedule.pk).next_at
    assert found is not None
    return found


def test_who_may_not_has_no_report_sent_and_sees_none(person: Person, signed_in: SignedIn) -> None:
    made = schedule_report(actor=person("manager"), wish=wish())
    for role in ("worker", "sales", "planner"):
        with pytest.raises(Forbidden):
            schedule_report(actor=person(role), wish=wish())
        with pytest.raises(Forbidden):
            ask_to_send(actor=person(role), schedule_id=made.pk)
    page = signed_in("sales")
    assert page.get("/reports/schedules/").status_code == 403
    assert page.get("/reports/schedules/new/").status_code == 403
    assert page.get(f"/reports/schedules/{made.pk}/").status_code == 404
    assert page.post(f"/reports/schedules/{made.pk}/off/").status_code == 404
    assert page.get("/api/v1/report-schedules").status_code == 403
    assert page.post(f"/api/v1/report-schedules/{made.pk}/send").status_code == 403
    assert ReportSchedule.objects.get().is_active


def test_everything_that_is_wrong_is_told_at_once_and_nothing_is_kept(person: Person) -> None:
    worker, nobody = person("worker"), person("quality")
    User.objects.filter(pk=nobody.pk).update(email="")
    gone = group("旧群", "wecom", "https://a.example/x", active=False)
    bad = wish(
        weekday=9,
        hour=24,
        language="de",
        files="odt",
        people=[worker.pk, nobody.pk],
        groups=[gone.pk],
        recipients=["x", " "],
    )
    with pytest.raises(Refusal) as refused:
        schedule_report(actor=person("manager"), wish=bad)
    assert refused.value.codes == {
        "schedule.time",
        "schedule.language",
        "schedule.files",
        "schedule.person",
        "schedule.person_mail",
        "schedule.group",
        "schedule.address",
    }
    with pytest.raises(Refusal, match="at least one"):
        schedule_report(actor=person("manager"), wish=wish(recipients=[]))
    with pytest.raises(Refusal, match="at most 50"):
        schedule_report(
            actor=person("manager"), wish=wish(recipients=[f"a{number}@example.test" for number in range(51)])
        )
    with pytest.raises(NotFound):
        schedule_report(actor=person("manager"), wish=wish(order="SO-NONE"))
    assert not ReportSchedule.objects.exists()


def test_two_who_edit_at_once_do_not_overwrite_each_other(person: Person) -> None:
    made = schedule_report(actor=person("manager"), wish=wish())
    changed = change_schedule(
        actor=person("order_manager"), schedule_id=made.pk, wish=wish(hour=9), expected_version=made.version
    )
    assert (changed.owner, changed.hour) == (person("order_manager"), 9)
    with pytest.raises(Conflict):
        change_schedule(actor=person("manager"), schedule_id=made.pk, wish=wish(hour=11), expected_version=made.version)
    assert ReportSchedule.objects.get().hour == 9


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("2026-11-25T10:00", "2026-11-27T16:00"),
        ("2026-11-27T15:59", "2026-11-27T16:00"),
        ("2026-11-27T16:00", "2026-12-04T16:00"),
        ("2026-11-28T00:00", "2026-12-04T16:00"),
    ],
)
def test_the_next_time_is_the_next_friday_at_four(after: str, expected: str) -> None:
    moment = dt.datetime.fromisoformat(after).replace(tzinfo=SITE)
    assert next_report(moment, 5, 16) == dt.datetime.fromisoformat(expected).replace(tzinfo=SITE)


def test_groups_of_all_three_kinds_people_and_addresses_get_it_once(receiver: Receiver, person: Person) -> None:
    order = late_order(person)
    groups = [
        group("交付群", "wecom", f"{receiver.url}?key=1"),
        group("钉钉群", "dingtalk", f"{receiver.url}?access_token=1", secret="SEC1"),
        group("飞书群", "feishu", f"{receiver.url}/hook", secret="s"),
    ]
    made = schedule_report(
        actor=person("manager"),
        wish=wish(order=order.key, people=[person("sales").pk], groups=[one.pk for one in groups]),
    )
    at = due(made)
    assert send_due(sentence, now=at - dt.timedelta(minutes=1)) == 0
    assert send_due(sentence, now=at) == 1
    assert send_due(sentence, now=at + dt.timedelta(hours=1)) == 0
    assert due(made) == at + dt.timedelta(days=7)
    deliver_due(now=timezone.now() + dt.timedelta(minutes=1))
    assert [one.to for one in mail.outbox] in (
        [["a@b.example"], ["sales@example.test"]],
        [["sales@example.test"], ["a@b.example"]],
    )
    assert all(one.attachments[0][1].startswith(b"%PDF") for one in mail.outbox)
    told = [json.loads(body) for _headers, body in receiver.got]
    texts = [
        one.get("markdown", {}).get("content") or one.get("markdown", {}).get("text") or one["content"]["text"]
        for one in told
    ]
    assert {one.get("msgtype") or one["msg_type"] for one in told} == {"markdown", "text"}
    for text in texts:
        assert order.label in text
        assert f"/reports/orders/{order.key}/" in text
        assert "The promise of" in text
        assert len(text.encode()) <= 4096
    (sending,) = ReportSending.objects.all()
    assert sending.by is None
    assert {one.state for one in sending.deliveries.all()} == {DeliveryState.SENT}
    assert sending.deliveries.count() == 5


@pytest.mark.parametrize(
    ("files", "kinds"), [("pdf", [b"%PDF"]), ("xlsx", [b"PK\x03\x04"]), ("both", [b"%PDF", b"PK\x03\x04"])]
)
def test_it_comes_as_pdf_as_excel_or_as_both(person: Person, files: str, kinds: list[bytes]) -> None:
    made = schedule_report(actor=person("manager"), wish=wish(files=files))
    ask_to_send(actor=person("manager"), schedule_id=made.pk)
    deliver_due(now=timezone.now() + dt.timedelta(minutes=1))
    assert [content[:4] for _name, content, _media in mail.outbox[0].attachments] == kinds


def test_what_was_asked_for_goes_out_once_however_often_the_worker_begins(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = schedule_report(actor=person("manager"), wish=wish())
    with monkeypatch.context() as patch:
        patch.setattr(report_sending, "call_soon", lambda *a: None)
        sending = ask_to_send(actor=person("manager"), schedule_id=made.pk)
    for _ in range(2):
        send_asked(sending.pk, sentence)
    assert Delivery.objects.count() == 1
    assert ReportSending.objects.get().title


def test_one_that_is_changed_while_it_is_written_waits_for_the_next_look(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = schedule_report(actor=person("manager"), wish=wish())
    at, real = due(made), report_sending.portfolio_report

    def meanwhile(*args: object, **kwargs: object) -> object:
        change_schedule(
            actor=person("manager"), schedule_id=made.pk, wish=wish(recipients=["new@b.example"]), expected_version=1
        )
        monkeypatch.setattr(report_sending, "portfolio_report", real)
        return real(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(report_sending, "portfolio_report", meanwhile)
    assert send_due(sentence, now=at) == 0
    assert not Delivery.objects.exists()
    ReportSchedule.objects.update(next_at=at)
    assert send_due(sentence, now=at) == 1
    assert Delivery.objects.get().address == "new@b.example"


def test_a_group_that_does_not_answer_is_tried_again_and_holds_nobody_up(receiver: Receiver, person: Person) -> None:
    late_order(person)
    receiver.answers = [(500, b"no"), (200, b'{"errcode":0}')]
    robot = group("交付群", "wecom", receiver.url)
    made = schedule_report(actor=person("manager"), wish=wish(groups=[robot.pk]))
    ask_to_send(actor=person("manager"), schedule_id=made.pk)
    now = timezone.now() + dt.timedelta(minutes=1)
    assert deliver_due(now=now) == 1
    assert len(mail.outbox) == 1
    assert deliver_due(now=now + dt.timedelta(minutes=10)) == 1
    assert Delivery.objects.filter(state=DeliveryState.SENT).count() == 2


def test_costs_reach_only_those_who_may_see_them(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    order = late_order(person)
    seen: list[tuple[str, bool]] = []
    real = report_sending.order_report

    def watched(reader: User, *args: object, costs: bool, **kwargs: object) -> object:
        report = real(reader, *args, costs=costs, **kwargs)  # type: ignore[arg-type]
        figures = [name for section in report.sections for name in section.head]
        seen.append((reader.username, "EAC" in figures and "PV" in figures))
        assert costs == ("Expected damage" in figures or "预期损失" in figures), (
            "readers outside are not told our damage"
        )
        return report

    monkeypatch.setattr(report_sending, "order_report", watched)
    people = [person(role).pk for role in ("finance", "quality")]
    made = schedule_report(actor=person("manager"), wish=wish(order=order.key, people=people))
    ask_to_send(actor=person("manager"), schedule_id=made.pk)
    assert sorted(seen) == [("finance", True), ("manager", False), ("quality", False)]


def test_one_that_cannot_be_written_does_not_stop_the_others_and_comes_later(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = late_order(person)
    bad = schedule_report(actor=person("manager"), wish=wish(order=order.key))
    good = schedule_report(actor=person("manager"), wish=wish(recipients=["c@d.example"]))
    at = due(bad)
    with monkeypatch.context() as patch:
        patch.setattr(report_sending, "order_report", lambda *a, **k: 1 / 0)
        assert send_due(sentence, now=at) == 1
    assert due(bad) == at
    assert due(good) > at
    assert ReportSending.objects.count() == 1
    assert send_due(sentence, now=at + dt.timedelta(minutes=30)) == 1


def test_what_was_missed_while_the_worker_was_away_goes_out_once(person: Person) -> None:
    made = schedule_report(actor=person("manager"), wish=wish())
    later = due(made) + dt.timedelta(days=16)
    assert send_due(sentence, now=later) == 1
    assert due(made) > later


def test_switched_off_nothing_goes_out_and_on_again_nothing_is_made_up_for(person: Person) -> None:
    made = schedule_report(actor=person("manager"), wish=wish())
    ReportSchedule.objects.update(next_at=timezone.now() - dt.timedelta(days=8))
    switch_schedule(actor=person("manager"), schedule_id=made.pk, on=False)
    assert send_reports() == 0
    switch_schedule(actor=person("manager"), schedule_id=made.pk, on=True)
    assert send_reports() == 0
    assert due(made) > timezone.now()


def test_an_order_that_has_ended_and_an_owner_who_left_send_nothing_and_say_so(person: Person) -> None:
    order = late_order(person)
    made = schedule_report(actor=person("manager"), wish=wish(order=order.key))
    other = schedule_report(actor=person("order_manager"), wish=wish())
    User.objects.filter(username="order.manager").update(is_active=False)
    Order.objects.update(state=OrderState.CLOSED)
    assert send_due(sentence, now=due(made)) == 0
    assert not ReportSchedule.objects.get(pk=made.pk).is_active
    assert list(ReportSending.objects.order_by("schedule").values_list("schedule", "left_out")) == [
        (made.pk, "ended"),
        (other.pk, "owner"),
    ]
    assert not Delivery.objects.exists()


def test_it_is_set_up_sent_and_switched_off_on_its_pages(signed_in: SignedIn, person: Person) -> None:
    order = late_order(person)
    robot = group("交付群", "wecom", "https://qyapi.example/x?key=secret-key")
    page = signed_in("order_manager")
    form = page.get(f"/reports/schedules/new/?order={order.key}").content.decode()
    assert "交付群" in form
    assert "secret-key" not in form
    said = {
        "order": order.key,
        "weekday": "1",
        "hour": "8",
        "language": "zh-hans",
        "attached": "pdf",
        "groups": [robot.pk],
    }
    answer = page.post("/reports/schedules/new/", said)
    made = ReportSchedule.objects.get()
    assert answer["Location"] == f"/reports/schedules/{made.pk}/"
    assert page.post(f"/reports/schedules/{made.pk}/send/").status_code == 302
    shown = page.get(f"/reports/schedules/{made.pk}/").content.decode()
    assert shown.count("交付群") >= 2
    assert "交付群" in page.get("/reports/schedules/").content.decode()
    assert page.get("/reports/schedules/?export=xlsx").content.startswith(b"PK")
    page.post(f"/reports/schedules/{made.pk}/off/")
    assert not ReportSchedule.objects.get().is_active
    again = said | {"hour": "9", "version": str(made.version), "groups": []}
    assert page.post(f"/reports/schedules/{made.pk}/edit/", again).status_code == 409
    again["version"] = str(ReportSchedule.objects.get().version)
    assert page.post(f"/reports/schedules/{made.pk}/edit/", again).status_code == 422
    again["people"] = [person("sales").pk]
    assert page.post(f"/reports/schedules/{made.pk}/edit/", again).status_code == 302
    assert page.post(f"/reports/schedules/{made.pk}/drop/").status_code == 302
    assert not ReportSchedule.objects.exists()


def test_a_program_sets_it_up_sends_it_and_reads_what_went_out(signed_in: SignedIn, person: Person) -> None:
    late_order(person)
    page = signed_in("manager")
    kind = "application/json"
    said = {"weekday": 5, "hour": 16, "language": "en", "people": [person("sales").username]}
    made = page.post("/api/v1/report-schedules", said, kind)
    assert made.status_code == 201
    url = f"/api/v1/report-schedules/{made.json()['id']}"
    assert page.put(url, said | {"hour": 30, "version": 1}, kind).status_code == 422
    assert page.put(url, said | {"hour": 7, "version": 1}, kind).json()["hour"] == 7
    assert page.put(url, said | {"version": 1}, kind).status_code == 409
    assert page.post(f"{url}/send").status_code == 202
    (sent,) = page.get(f"{url}/sendings").json()["items"]
    assert (sent["by"], [one["address"] for one in sent["deliveries"]]) == ("manager", ["sales@example.test"])
    assert page.post(f"{url}/off").json()["is_active"] is False
    assert page.post(f"{url}/on").json()["is_active"] is True
    assert page.delete(url).status_code == 204
    assert page.get("/api/v1/report-schedules").json()["total"] == 0
    assert page.get("/api/v1/report-groups").json()["total"] == 0
