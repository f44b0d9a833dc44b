"""Pages of requests, meetings, feedback, service, channels: each opens, its forms work, its lists stay cheap."""

from __future__ import annotations

import base64
import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ordering import confirmed, customer
from punctual.domain.aftersales.models import ServiceCase
from punctual.domain.customer_relations.models import CustomerRequest, Meeting, ReplyTemplate, SlaRule
from punctual.domain.customer_relations.services import feedback, meetings, requests
from punctual.domain.customer_relations.services.requests import RequestInput
from punctual.domain.orders.models import Order
from punctual.domain.parties.models import Contact
from punctual.platform.accounts.models import User
from punctual.platform.company.models import ExchangeRate

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]
SignedIn = Callable[[str], Client]


def recorded(person: Person, count: int = 1) -> CustomerRequest:
    order = confirmed(person("order_manager"))
    for number in range(count):
        data = RequestInput(customer(), f"问题 {number}", order=order, owner=person("order_manager"))
        found = requests.record_request(actor=person("order_manager"), data=data)
    return found


def queries(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.parametrize("address", ["/requests/", "/requests/table/", "/meetings/", "/feedback/", "/service-cases/"])
def test_a_list_asks_no_more_for_thirty_rows_than_for_three(person: Person, signed_in: SignedIn, address: str) -> None:
    client = signed_in("order_manager")
    recorded(person, 3)
    few = queries(client, address)
    recorded(person, 27)
    assert queries(client, address) <= few + 1


def test_a_request_is_recorded_answered_and_settled_on_its_page(person: Person, signed_in: SignedIn) -> None:
    client = signed_in("order_manager")
    order = confirmed(person("order_manager"))
    wrong = client.post("/requests/new/", {"customer": customer().pk, "title": "x", "order": "SO-none"})
    assert wrong.status_code == 422
    assert not CustomerRequest.objects.exists()
    told = {
        "customer": customer().pk,
        "title": "哪天发货",
        "order": order.number,
        "contact": "张海涛",
        "channel": "phone",
        "kind": "question",
        "urgency": "high",
    }
    assert client.post("/requests/new/", told).status_code == 302
    found = CustomerRequest.objects.get()
    page = f"/requests/{found.number}/"
    assert found.contact is not None
    assert "哪天发货" in client.get(page).content.decode()
    assert client.post(f"{page}say/", {"verb": "note", "text": "库存够"}).status_code == 302
    assert client.post(f"{page}say/", {"verb": "reply_wait", "text": "请给地址"}).status_code == 302
    assert client.post(f"{page}say/", {"verb": "hear", "text": "地址如下"}).status_code == 302
    assert client.post(f"{page}say/", {"verb": "reply_resolve", "text": "周五发"}).status_code == 302
    found.refresh_from_db()
    assert (found.state, found.messages.count()) == ("resolved", 5)
    assert client.post(f"{page}do/close/").status_code == 302
    assert client.post(f"{page}do/strange/").status_code == 404


def test_a_meeting_is_called_held_and_sent_on_its_pages(person: Person, signed_in: SignedIn) -> None:
    client = signed_in("order_manager")
    start = (timezone.localtime() + dt.timedelta(days=7)).strftime("%Y-%m-%dT14:00")
    told = {"title": "例会", "customer": customer().pk, "rhythm": "weekly", "starts_at": start, "minutes": 60}
    assert client.post("/meetings/new/", {**told, "minutes": 1}).status_code == 422
    assert client.post("/meetings/new/", told).status_code == 302
    found = Meeting.objects.get()
    page = f"/meetings/{found.pk}/"
    for verb in ("invite", "start"):
        assert client.post(f"{page}do/{verb}/").status_code == 302
    assert client.post(f"{page}write/", {"text": "主线体先发", "kind": "decision"}).status_code == 302
    assert client.post(f"{page}write/", {"text": "内部的事", "kind": "internal"}).status_code == 302
    assert "内部的事" in client.get(page).content.decode()
    assert "内部的事" not in client.get(f"{page}?view=customer").content.decode()
    for what in ("pack", "minutes"):
        assert client.get(f"{page}paper/{what}/").content.startswith(b"%PDF")
    assert b"BEGIN:VCALENDAR" in client.get(f"{page}paper/invitation/").content
    for verb in ("end", "approve", "send"):
        assert client.post(f"{page}do/{verb}/").status_code == 302
    found.refresh_from_db()
    assert (found.state, Meeting.objects.count()) == ("sent", 2)


def test_two_who_write_the_minutes_at_once_see_each_other_and_lose_nothing(person: Person, signed_in: SignedIn) -> None:
    chair, colleague = person("order_manager"), person("sales")
    found = meetings.call_series(
        actor=chair,
        customer=customer(),
        title="例会",
        rhythm="weekly",
        starts_at=timezone.now() + dt.timedelta(hours=1),
        minutes=60,
        users=[chair, colleague],
    )
    meetings.start(actor=chair, meeting_id=found.pk, today=timezone.localdate())
    page, part = f"/meetings/{found.pk}/", {"HX-Request": "true"}
    seen = signed_in("order_manager").get(page).context["seen"]
    assert signed_in("planner").post(f"{page}write/", {"text": "插话"}, headers=part).status_code == 403
    client = signed_in("sales")
    no_day = {"text": "寄图纸", "kind": "action", "due": "2026-02-31", "owner": colleague.pk}
    assert client.post(f"{page}write/", no_day, headers=part).status_code == 422
    answer = client.post(f"{page}write/", {"text": "客户同意", "kind": "decision", "seen": seen}, headers=part)
    assert chair.name in answer.content.decode()
    signed_in("order_manager").post(f"{page}write/", {"text": "发货地改苏州", "seen": seen}, headers=part)
    asked = signed_in("order_manager").get(f"{page}?lines={seen}").content.decode()
    for words in ("客户同意", "发货地改苏州", colleague.name):
        assert words in asked
    assert "<html" not in asked
    assert "看现在的样子" not in asked
    # Each ticked somebody else on a page that both had opened before.
    ours = list(found.attendees.filter(user__in=[chair, colleague]))
    for role, one in zip(("sales", "order_manager"), ours, strict=True):
        signed_in(role).post(f"{page}write/", {"attendance": "1", "present": [one.pk]})
    assert found.attendees.filter(present=True).count() == 2
    meetings.end(actor=chair, meeting_id=found.pk)
    meetings.approve(actor=chair, meeting_id=found.pk)
    assert "看现在的样子" in signed_in("sales").get(f"{page}?lines={seen}").content.decode()
    late = signed_in("sales").post(f"{page}write/", {"text": "太晚", "seen": seen}, headers=part)
    assert (late.status_code, late["HX-Retarget"]) == (422, "#notices")
    assert found.lines.count() == 2


def test_a_case_goes_from_report_to_a_planned_visit(person: Person, signed_in: SignedIn) -> None:
    client = signed_in("order_manager")
    told = {"customer": customer().pk, "title": "漏气", "kind": "fault", "urgency": "urgent"}
    assert client.post("/service-cases/new/", told).status_code == 302
    found = ServiceCase.objects.get()
    page = f"/service-cases/{found.number}/"
    day = (timezone.localdate() + dt.timedelta(days=1)).isoformat()
    assert client.post(f"{page}do/plan/", {"engineer": person("worker").pk, "day": day}).status_code == 302
    assert "漏气" in client.get(page).content.decode()
    engineer = Client()
    engineer.force_login(person("worker"))
    visit = found.visits.get()
    assert "canvas" in engineer.get(f"/visits/{visit.pk}/").content.decode()
    drawn = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"drawn" * 20).decode()
    refused = engineer.post(f"/visits/{visit.pk}/", {"report": "x", "signature": drawn})
    assert refused.status_code == 422
    assert f'name="signature" value="{drawn}"' in refused.content.decode(), "the customer does not sign twice"
    told = {"report": "换泵油", "signed_by": "张工", "signature": drawn, "solved": "1", "cause": "缺油"}
    assert engineer.get(f"/visits/{visit.pk}/paper/?part=signature").status_code == 404, "nothing is signed yet"
    assert engineer.post(f"/visits/{visit.pk}/", {**told, "version": visit.version}).status_code == 302
    signed = engineer.get(f"/visits/{visit.pk}/").content.decode()
    assert "缺油" in signed
    assert f'src="/visits/{visit.pk}/paper/?part=signature"' in signed
    assert engineer.get(f"/visits/{visit.pk}/paper/?part=signature").content.startswith(b"\x89PNG")


def test_response_times_are_set_by_order_managers_only(person: Person, signed_in: SignedIn) -> None:
    told = {"verb": "set_rule", "grade": "A", "response": "2", "resolution": "1"}
    client = signed_in("order_manager")
    assert client.post("/settings/response-times/", told).status_code == 422
    assert client.post("/settings/response-times/", {**told, "resolution": "16"}).status_code == 302
    assert SlaRule.objects.get().resolution_minutes == 960
    client = signed_in("finance")
    client.post("/settings/response-times/", {**told, "resolution": "20"})
    assert SlaRule.objects.get().resolution_minutes == 960


def test_a_reply_template_needs_a_name_and_a_text_and_keeps_what_was_typed(person: Person, signed_in: SignedIn) -> None:
    told = {"verb": "set_template", "name": "已收到", "text": "{contact}您好，{order} 已收到。"}
    signed_in("finance").post("/settings/response-times/", told)
    assert not ReplyTemplate.objects.exists()
    client = signed_in("order_manager")
    refused = client.post("/settings/response-times/", {**told, "name": " ", "text_en": "About {order}"})
    assert refused.status_code == 422
    assert "About {order}" in refused.content.decode()
    assert client.post("/settings/response-times/", told).status_code == 302
    assert client.post("/settings/response-times/", told).status_code == 422
    made = ReplyTemplate.objects.get()
    changed = {**told, "pk": made.pk, "text_en": "Dear {contact}, {order} has arrived."}
    assert client.post("/settings/response-times/", changed).status_code == 302
    assert ReplyTemplate.objects.get().text_en == "Dear {contact}, {order} has arrived."


@pytest.mark.parametrize(
    ("language", "text"), [("zh-hans", "张海涛您好，"), ("en", "Dear 张海涛, "), ("", "张海涛您好，")]
)
def test_a_reply_template_is_filled_in_the_contacts_language(
    person: Person, signed_in: SignedIn, language: str, text: str
) -> None:
    order = confirmed(person("order_manager"))
    ReplyTemplate.objects.create(
        name="已收到", text="{contact}您好，{order} {other}。", text_en="Dear {contact}, {order} {other}."
    )
    client = signed_in("order_manager")
    contact = customer().contacts.get()
    Contact.objects.filter(pk=contact.pk).update(language=language)
    told = {"customer": customer().pk, "title": "x", "order": order.number, "contact": contact.name}
    client.post("/requests/new/", {**told, "channel": "phone", "kind": "question", "urgency": "high"})
    page = client.get(f"/requests/{CustomerRequest.objects.get().number}/").content.decode()
    offered = re.search(r'data-insert="say-text" data-text="([^"]*)"', page)
    assert offered
    assert offered[1].startswith(f"{text}{order.label} {{other}}")


def test_the_order_and_the_customer_show_what_was_asked(person: Person, signed_in: SignedIn) -> None:
    found = recorded(person)
    meetings.call_series(
        actor=person("order_manager"),
        title="例会",
        customer=customer(),
        starts_at=timezone.now() + dt.timedelta(days=3),
    )
    client = signed_in("order_manager")
    assert found.order is not None
    for address in (f"/orders/{found.order.number}/later/", f"/customers/{found.customer_id}/"):
        text = client.get(address).content.decode()
        assert found.title in text, address


def test_the_api_records_answers_and_merges(person: Person, signed_in: SignedIn) -> None:
    client = signed_in("order_manager")
    customer()

    def post(address: str, **told: Any) -> Any:
        return client.post(f"/api/v1{address}", told, content_type="application/json")

    assert post("/requests", customer="C001", title=" ").status_code == 422
    assert post("/requests", customer="none", title="x").status_code == 404
    one = post("/requests", customer="C001", title="哪天发货").json()
    two = post("/requests", customer="C001", title="同一件事").json()
    assert one["response"]["running"]
    assert post(f"/requests/{two['number']}/merge", into=one["number"]).json()["merged_into"] == one["number"]
    answered = post(f"/requests/{one['number']}/reply", text="周五", and_wait=True).json()
    assert (answered["state"], answered["resolution"]["due"]) == ("waiting", None)
    assert post(f"/requests/{one['number']}/strange").status_code == 404
    listed = client.get("/api/v1/requests?state=waiting").json()
    assert [item["number"] for item in listed["items"]] == [one["number"]]
    made = post("/meetings", customer="C001", title="例会", starts_at="2030-01-07T14:00:00").json()
    assert post(f"/meetings/{made['id']}/start").json()["state"] == "running"
    assert post(f"/meetings/{made['id']}/lines", text="一条", kind="decision").status_code == 201
    assert post("/webhooks", url="https://example.com/x").status_code == 403
    worker = signed_in("worker")
    assert worker.get("/api/v1/requests").status_code == 403
    assert worker.get(f"/api/v1/requests/{one['number']}").status_code == 404


def test_the_turnover_of_a_customer_is_counted_at_the_rate_of_each_day_and_names_what_has_none(
    person: Person, signed_in: SignedIn
) -> None:
    day = timezone.localdate()
    ExchangeRate.objects.create(currency="USD", valid_from=day - dt.timedelta(days=100), rate=7)
    ExchangeRate.objects.create(currency="USD", valid_from=day, rate=9)
    past = timezone.now() - dt.timedelta(days=30)
    for value, currency, moment in ((1000, "CNY", past), (100, "USD", past), (50, "EUR", past), (9, "CNY", None)):
        order = confirmed(person("order_manager"))
        values = {"total_amount": value, "currency": currency, "confirmed_at": moment}
        Order.objects.filter(pk=order.pk).update(**values)
    shown = signed_in("order_manager").get(f"/customers/{customer().pk}/").content.decode()
    assert "¥1,700" in shown
    assert "EUR" in shown.split("¥1,700")[1][:300]


def test_the_trend_of_one_customer_and_what_drives_low_scores(person: Person, signed_in: SignedIn) -> None:
    manager = person("order_manager")
    ours, other = customer(), customer("C002", "苏州恒拓电子股份有限公司")
    for whose, month, kind, score, why in (
        (ours, 9, "csat", 5, []),
        (ours, 10, "csat", 2, ["on_time", "response"]),
        (ours, 10, "csat", 1, ["on_time"]),
        (ours, 10, "nps", 9, []),
        (other, 10, "csat", 1, ["quality"]),
    ):
        at = dt.datetime(2026, month, 5, 9, tzinfo=dt.UTC)
        survey, _token = feedback.ask(actor=manager, customer=whose, kind=kind, at=at)
        feedback.answer(survey=survey, score=score, drivers=why, at=at)
    assert signed_in("worker").get("/feedback/").status_code == 403
    page = signed_in("order_manager").get(f"/feedback/?customer={ours.code}")
    assert list(page.context["trend"].rows) == [("2026-09", 5, 1), ("2026-10", 1.5, 2)]
    assert [count for _words, count in page.context["low_drivers"]] == [2, 1]
    assert page.context["nps"] == 100
    assert len(signed_in("order_manager").get("/feedback/").context["low_drivers"]) == 3
