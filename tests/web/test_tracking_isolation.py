"""The customer's page: what it shows, and that nothing else comes through any address, cookie, form or error."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from api_document import api_document
from changing import SIGNED
from ordering import TODAY, catalogue, customer, draft
from punctual.domain.changes.models import ChangeOrder
from punctual.domain.changes.services.raising import raise_change
from punctual.domain.changes.signing import seal_of
from punctual.domain.customer_relations import rules
from punctual.domain.customer_relations.models import CustomerRequest, Survey, TrackingLink
from punctual.domain.customer_relations.services import feedback, tracking
from punctual.domain.customer_relations.services.requests import reply
from punctual.domain.delivery.services.documents import ask_customer, attach_document
from punctual.domain.orders.inputs import input_of
from punctual.domain.orders.models import Order
from punctual.domain.orders.services.drafts import change_order
from punctual.domain.orders.services.review import return_order, submit_for_review
from punctual.domain.plans.models import Task
from punctual.domain.scheduling.models import OrderForecast, RunState, ScheduleRun, TaskForecast
from punctual.kernel.refusal import Forbidden, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.links.models import SignedLink
from two_customers import SECRETS, two_customers

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]


@pytest.fixture
def world(person: Person) -> dict[str, Any]:
    """Two customers with an order each; on A's order everything that must not be seen by A, or by B."""
    a, b = two_customers(person)
    links = {}
    for name, order in (("a", a), ("b", b)):
        link, address = tracking.give_link(actor=person("order_manager"), order=order, name=name)
        links[name] = {"order": order, "link": link, "path": "/" + address.split("/", 3)[3]}
    return links


def opened(path: str) -> Client:
    client = Client()
    answer = client.post(path)
    assert answer.status_code == 302, answer.content.decode()[-400:]
    return client


# — the link —


@pytest.mark.parametrize("role", ["worker", "planner", "quality", "finance", "supply_chain", "manager"])
def test_who_may_not_gives_no_link(person: Person, world: dict[str, Any], role: str) -> None:
    with pytest.raises(Forbidden):
        tracking.give_link(actor=person(role), order=world["a"]["order"])
    with pytest.raises(Forbidden):
        tracking.revoke_link(actor=person(role), link_id=world["a"]["link"].pk)


def test_a_link_for_the_contact_of_another_customer_is_refused(person: Person, world: dict[str, Any]) -> None:
    stranger = customer("C002").contacts.get()
    with pytest.raises(Refusal) as refused:
        tracking.give_link(actor=person("sales"), order=world["a"]["order"], contact=stranger, days=0, send=True)
    assert refused.value.codes == {"tracking.days", "tracking.contact", "tracking.mail"}


def test_looking_at_the_address_does_not_use_it_up_but_opening_does(world: dict[str, Any]) -> None:
    path = world["a"]["path"]
    for _ in range(3):
        assert Client().get(path).status_code == 200
    mine = opened(path)
    assert Client().post(path).status_code == 404
    assert mine.get(path).status_code == 302
    assert mine.get(f"/track/{world['a']['order'].number}/").status_code == 200


def test_a_link_opens_nothing_when_the_order_becomes_another_customers(person: Person) -> None:
    sales = person("sales")
    order = submit_for_review(actor=sales, order_id=draft(sales).pk, today=TODAY)
    paths = ["/" + tracking.give_link(actor=sales, order=order)[1].split("/", 3)[3] for _ in range(2)]
    mine = opened(paths[0])
    assert mine.get(f"/track/{order.number}/").status_code == 200
    return_order(actor=person("administrator"), order_id=order.pk, role="sales", comment="客户选错了")
    order.refresh_from_db()
    wish, version = input_of(order), order.version
    wish.customer = customer("C002", "苏州恒拓电子股份有限公司")
    change_order(actor=sales, order_id=order.pk, data=wish, expected_version=version, today=TODAY)
    order = submit_for_review(actor=sales, order_id=order.pk, today=TODAY)
    assert mine.get(f"/track/{order.number}/").status_code == 404
    assert Client().post(paths[1]).status_code == 404
    assert not tracking.links_of(sales, order).exists()
    new = "/" + tracking.give_link(actor=sales, order=order)[1].split("/", 3)[3]
    assert opened(new).get(f"/track/{order.number}/").status_code == 200


def test_nothing_meant_for_a_former_customer_is_shown_to_the_next(person: Person) -> None:
    manager = person("order_manager")
    order = submit_for_review(actor=manager, order_id=draft(manager).pk, today=TODAY)
    assert order.customer is not None
    former = order.customer
    done, wanted = (
        tracking.want(actor=manager, order=order, title=title, due=TODAY) for title in ("旧客户的图纸", "旧客户的料号")
    )
    tracking.settle_want(task=done, by="王工")
    survey, _question = feedback.ask(actor=manager, customer=former, order=order)
    first = opened("/" + tracking.give_link(actor=manager, order=order)[1].split("/", 3)[3])
    page = f"/track/{order.number}/"
    assert first.post(page, {"verb": "ask", "text": "旧客户的问题"}).status_code == 302
    asked = CustomerRequest.objects.get(order=order)
    kept = attach_document(
        actor=manager,
        holder="order",
        pk=order.pk,
        file=BytesIO(b"x"),
        name="旧客户.txt",
        kind="drawing",
        needs_approval=True,
    )
    question, token = ask_customer(actor=manager, holder="order", pk=order.pk, attachment_id=kept.pk)
    assert "旧客户的料号" in first.get(page).content.decode()
    assert Client().get(f"/sign/document/{token}/").status_code == 200

    return_order(actor=person("administrator"), order_id=order.pk, role="sales", comment="客户选错了")
    order.refresh_from_db()
    wish, version = input_of(order), order.version
    wish.customer = customer("C002", "苏州恒拓电子股份有限公司")
    change_order(actor=manager, order_id=order.pk, data=wish, expected_version=version, today=TODAY)
    order = submit_for_review(actor=manager, order_id=order.pk, today=TODAY)
    second = opened("/" + tracking.give_link(actor=manager, order=order)[1].split("/", 3)[3])
    shown = second.get(page).content.decode()
    assert "旧客户" not in shown
    assert 'value="rate"' not in shown
    for verb in (
        {"verb": "done", "task": wanted.pk},
        {"verb": "say", "request": asked.number, "text": "x"},
        {"verb": "rate", "score": "1"},
        {"verb": "sign", "what": "document", "key": question.pk},
    ):
        assert second.post(page, verb).status_code == 404, verb
    assert Client().get(f"/sign/document/{token}/").status_code == 422
    assert Client().get(f"/sign/document/{token}/file/").status_code == 422
    assert Client().post(f"/sign/document/{token}/", {"decision": "agree", "name": "王工"}).status_code == 422
    feedback.answer(survey=survey, score=1)
    survey.refresh_from_db()
    assert survey.request is not None
    assert (survey.request.customer, survey.request.order) == (former, None)


def test_every_link_that_does_not_work_gets_the_same_quiet_page(world: dict[str, Any]) -> None:
    used, path = opened(world["a"]["path"]), world["b"]["path"]
    altered = path[:-3] + ("AA/" if not path.endswith("AA/") else "BB/")
    answers = [Client().post(world["a"]["path"]), Client().post(altered), Client().post("/t/x/")]
    TrackingLink.objects.filter(pk=world["b"]["link"].pk).update(expires_at=timezone.now() - dt.timedelta(minutes=1))
    answers.append(Client().post(path))
    number = world["a"]["order"].number
    TrackingLink.objects.filter(pk=world["a"]["link"].pk).update(revoked_at=timezone.now())
    answers += [used.get(f"/track/{number}/"), Client().get(f"/track/{number}/"), Client().get("/track/")]
    bodies = set()
    for answer in answers:
        assert answer.status_code == 404
        text = answer.content.decode()
        assert number not in text
        bodies.add(text.split("<main")[1].split("</main>")[0])
    assert len(bodies) == 1


def test_only_hashes_are_kept(world: dict[str, Any]) -> None:
    token = world["a"]["path"].split("/")[2]
    client = opened(world["a"]["path"])
    link = TrackingLink.objects.get(pk=world["a"]["link"].pk)
    kept = f"{link.link_hash}{link.session_hash}"
    assert token not in kept
    assert client.cookies["track"].value not in kept
    assert client.cookies["track"]["httponly"]


# — what is seen —


def test_the_page_shows_this_order_and_none_of_our_secrets(world: dict[str, Any]) -> None:
    text = opened(world["a"]["path"]).get(f"/track/{world['a']['order'].number}/").content.decode()
    assert world["a"]["order"].number in text
    assert "什么时候发货" in text
    for secret in (*SECRETS, world["b"]["order"].number, "恒拓的秘密问题"):
        assert secret not in text, secret


def test_the_rule_of_the_customer_hides_what_it_says(person: Person, world: dict[str, Any]) -> None:
    order: Order = world["a"]["order"]
    client = opened(world["a"]["path"])
    tracking.set_rule(actor=person("sales"), customer=order.customer, shown={"show_contact": True})  # type: ignore[arg-type]
    text = client.get(f"/track/{order.number}/").content.decode()
    assert "经理林某" in text
    for hidden in ("什么时候发货", "里程碑", "stars"):
        assert hidden not in text


OURS = ("经理林某", "order_manager", "0512-6288-9931", "lin@ours.example")
"""Of the order's owner: what a customer reads only where the rule releases it."""


@pytest.fixture
def owned(person: Person, world: dict[str, Any]) -> dict[str, Any]:
    """The same, and the owner has a phone and a mail address; a late forecast stands beside the plan."""
    manager = person("order_manager")
    User.objects.filter(pk=manager.pk).update(phone=OURS[2], email=OURS[3], username=OURS[1])
    order: Order = world["a"]["order"]
    assert order.owner_id == manager.pk
    Order.objects.filter(pk=order.pk).update(promised_date=dt.date(2027, 2, 1))
    run = ScheduleRun.objects.create(is_current=True, state=RunState.DONE)
    days = [dt.date(2027, 9, day) for day in (3, 17, 28)]
    OrderForecast.objects.create(run=run, order=order, planned=days[0], p50=days[0], p80=days[1], p95=days[2])
    milestone = Task.objects.filter(plan__order=order, is_summary=False).latest("sequence")
    Task.objects.filter(pk=milestone.pk).update(is_milestone=True)
    TaskForecast.objects.create(run=run, task=milestone, p50=dt.date(2027, 8, 6), p80=dt.date(2027, 8, 19))
    return world


def both_languages(client: Client, path: str) -> str:
    """All that comes back, headers and all."""
    found = []
    for language in ("zh-hans", "en"):
        client.cookies["django_language"] = language
        answer = client.get(path, headers={"accept-language": language})
        assert answer.status_code == 200, path
        found.append(answer.content.decode() + str(answer.headers))
    assert found[0] != found[1]
    return "".join(found)


def release(person: Person, order: Order, **shown: bool) -> None:
    rule = {name: shown.get(name, True) for name in tracking.SHOWN}
    tracking.set_rule(actor=person("sales"), customer=order.customer, shown=rule)  # type: ignore[arg-type]


def test_a_name_that_is_not_released_is_nowhere_and_no_way_to_reach_its_owner(
    person: Person, owned: dict[str, Any]
) -> None:
    order: Order = owned["a"]["order"]
    client = opened(owned["a"]["path"])
    for rule in ("none", "decided"):
        if rule == "decided":
            release(person, order, show_contact=False)
        text = both_languages(client, f"/track/{order.number}/")
        assert "周五" in text, "the answer is there, its writer is not named"
        for hidden in (*OURS, "tel:", "mailto:", "ctc", "您的联系人", "Your contact"):
            assert hidden not in text, (rule, hidden)


def test_a_released_name_comes_with_phone_and_mail_for_that_customer_alone(
    person: Person, owned: dict[str, Any]
) -> None:
    order: Order = owned["a"]["order"]
    release(person, order)
    text = both_languages(opened(owned["a"]["path"]), f"/track/{order.number}/")
    for shown in ("您的联系人", "Your contact", OURS[0], f"tel:{OURS[2]}", f"mailto:{OURS[3]}?subject={order.number}"):
        assert shown in text, shown
    assert OURS[1] not in text, "what they sign in with is nobody's business"
    theirs = both_languages(opened(owned["b"]["path"]), f"/track/{owned['b']['order'].number}/")
    for hidden in OURS:
        assert hidden not in theirs


def test_who_has_left_is_nobodys_contact_and_without_phone_none_is_offered(
    person: Person, owned: dict[str, Any]
) -> None:
    order: Order = owned["a"]["order"]
    release(person, order, show_requests=False)
    client, page = opened(owned["a"]["path"]), f"/track/{order.number}/"
    User.objects.filter(pk=order.owner_id).update(phone="")
    text = both_languages(client, page)
    assert OURS[0] in text
    assert "tel:" not in text
    User.objects.filter(pk=order.owner_id).update(is_active=False)
    text = both_languages(client, page)
    for hidden in (*OURS, "mailto:", "您的联系人"):
        assert hidden not in text


def test_what_is_late_is_said_with_both_ends_and_the_milestones_agree_with_it(
    person: Person, owned: dict[str, Any]
) -> None:
    order: Order = owned["a"]["order"]
    least, most = ((dt.date(2027, 9, day) - dt.date(2027, 2, 1)).days for day in (3, 17))
    client, page = opened(owned["a"]["path"]), f"/track/{order.number}/"
    text = both_languages(client, page)
    assert f"晚 {least} 到 {most} 天" in text
    assert f"{least} to {most} days after" in text
    for shown in ("2027-09-03", "2027-09-17", "2027-09-28", "2027-08-06", "2027-08-19", "trk-x"):
        assert shown in text, shown
    release(person, order, show_range=False)
    text = both_languages(client, page)
    for hidden in ("2027-09", "Sep 2027", "2027-08-06", "2027-08-19", "19 Aug 2027", f"晚 {least}", "trk-x"):
        assert hidden not in text, hidden
    assert "里程碑" in text


def _routes(resolver: Any, before: str = "") -> list[str]:
    found = []
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        found += _routes(pattern, route) if hasattr(pattern, "url_patterns") else [route]
    return found


def _address(route: str, order: Order) -> str:
    parts = []
    for part in route.split("/"):
        if "<" in part or "{" in part:
            number = "number" in part or "key" in part or part == "{order}"
            parts.append(str(order.number) if number else str(order.pk) if "int" in part or "id" in part else "x")
        else:
            parts.append(part)
    return "/" + "/".join(parts)


def crawl(readers: dict[str, Client], orders: dict[str, Order]) -> None:
    """Every address and every API operation, with the keys of each order, as each reader."""
    routes = [route for route in _routes(get_resolver()) if not route.startswith(("api/", "accounts/"))]
    operations = [path.removeprefix("/") for path in api_document()["paths"]]
    for name, client in readers.items():
        client.raise_request_exception = False
        others = [order for one, order in orders.items() if one != name]
        for route in [*routes, *operations]:
            for address in {_address(route, order) for order in orders.values()}:
                answer = client.get(address)
                body = b"".join(answer.streaming_content) if answer.streaming else answer.content
                text = body.decode("utf-8", "replace") + str(answer.headers)
                assert answer.status_code < 500, address
                if answer.status_code == 200:
                    for secret in SECRETS[:2]:
                        assert secret not in text, (name, address)
                    for other in others:
                        leaked = other.number in text and not answer.request["PATH_INFO"].endswith(f"{other.number}/")
                        assert not leaked, (name, address)


def test_a_customer_writes_only_into_the_own_order(world: dict[str, Any]) -> None:
    a, b = world["a"]["order"], world["b"]["order"]
    client = opened(world["a"]["path"])
    theirs = CustomerRequest.objects.get(order=b)
    before = theirs.messages.count()
    page = f"/track/{a.number}/"
    assert client.post(page, {"verb": "say", "request": theirs.number, "text": "x"}).status_code == 404
    task = b.customer_tasks.get()
    assert client.post(page, {"verb": "done", "task": task.pk, "text": "x"}).status_code == 404
    assert client.post(f"/track/{b.number}/", {"verb": "ask", "text": "x"}).status_code == 404
    assert client.post(page, {"verb": "strange"}).status_code == 404
    task.refresh_from_db()
    assert task.done_at is None
    assert theirs.messages.count() == before
    assert client.post(page, {"verb": "ask", "text": " "}).status_code == 422
    assert client.post(page, {"verb": "ask", "text": "能提前吗？"}).status_code == 302
    assert CustomerRequest.objects.filter(order=a, channel="portal").get().title == "能提前吗？"
    mine = a.customer_tasks.get()
    assert client.post(page, {"verb": "done", "task": mine.pk, "text": "SF123"}).status_code == 302
    mine.refresh_from_db()
    assert (mine.done_by, mine.answer) == ("a", "SF123")


@pytest.mark.parametrize("sign", ["²", "①", "٣", "9" * 5000, "-1", "1e3", ""])
def test_what_only_looks_like_a_number_is_refused_quietly(person: Person, world: dict[str, Any], sign: str) -> None:
    order: Order = world["a"]["order"]
    client, page = opened(world["a"]["path"]), f"/track/{order.number}/"
    assert order.customer is not None
    survey, token = feedback.ask(actor=person("sales"), customer=order.customer, order=order)
    assert client.post(page, {"verb": "done", "task": sign, "text": "x"}).status_code == 404
    assert client.post(page, {"verb": "sign", "what": "change", "key": sign}).status_code == 404
    if sign != "٣":  # three is three in every script
        assert client.post(page, {"verb": "rate", "score": sign}).status_code == 422
        assert client.post(f"/s/{token}/", {"score": sign}).status_code == 422
        survey.refresh_from_db()
        assert survey.score is None


def test_who_writes_on_without_an_answer_is_asked_to_wait(
    person: Person, world: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST_OPEN", 3)
    order = world["a"]["order"]
    client, page = opened(world["a"]["path"]), f"/track/{order.number}/"
    mine = CustomerRequest.objects.get(order=order)
    said = {"verb": "say", "request": mine.number, "text": "在吗？"}
    before = mine.messages.count()
    assert [client.post(page, said).status_code for _ in range(4)] == [302, 302, 302, 422]
    assert "还有问题没答复您" in client.post(page, said).content.decode()
    assert mine.messages.count() == before + 3
    reply(actor=person("order_manager"), request_id=mine.pk, text="在。")
    assert client.post(page, said).status_code == 302, "an answer begins anew"


@pytest.mark.parametrize(("language", "words"), [("zh-hans", "读不了"), ("en", "Not readable")])
def test_what_no_text_holds_and_too_many_files_are_refused_on_a_page(
    world: dict[str, Any], language: str, words: str
) -> None:
    client, page = opened(world["a"]["path"]), f"/track/{world['a']['order'].number}/"
    client.cookies["django_language"] = language
    before = CustomerRequest.objects.count()
    many = [SimpleUploadedFile(f"{n}.jpg", b"x") for n in range(120)]
    for sent in ({"verb": "ask", "text": "a\0b"}, {"verb": "ask", "text": "x", "file": many}):
        answer = client.post(page, sent)
        assert answer.status_code == 400
        assert words in answer.content.decode()
    assert CustomerRequest.objects.count() == before


# — the survey —


def test_one_click_answers_a_low_score_opens_one_request_and_scanners_answer_nothing(
    person: Person, world: dict[str, Any]
) -> None:
    order: Order = world["a"]["order"]
    assert order.customer is not None
    with pytest.raises(Forbidden):
        feedback.ask(actor=person("worker"), customer=order.customer)
    survey, token = feedback.ask(actor=person("sales"), customer=order.customer, order=order)
    client = Client()
    assert client.get(f"/s/{token}/?score=1").status_code == 200
    assert Survey.objects.get(pk=survey.pk).score is None
    assert client.post(f"/s/{token}/", {"score": "9"}).status_code == 422
    assert client.post(f"/s/{token}/", {"score": "2"}).status_code == 302
    again = {"score": "1", "comment": "晚了一周", "drivers": ["on_time", "x"]}
    assert client.post(f"/s/{token}/", again).status_code == 302
    survey.refresh_from_db()
    assert (survey.score, survey.drivers, survey.comment) == (1, ["on_time"], "晚了一周")
    assert CustomerRequest.objects.filter(channel="survey").count() == 1
    assert Client().get("/s/none/").status_code == 404
    Survey.objects.filter(pk=survey.pk).update(asked_at=timezone.now() - dt.timedelta(days=121))
    assert client.get(f"/s/{token}/").status_code == 404


def test_a_feed_needs_its_token_and_holds_only_what_its_owner_may_see(person: Person, world: dict[str, Any]) -> None:
    from punctual.web.channels.feeds import new_feed_token

    catalogue()
    old = new_feed_token(person("order_manager"))
    token = new_feed_token(person("order_manager"))
    assert Client().get(f"/feeds/{old}/calendar.ics").status_code == 404
    text = Client().get(f"/feeds/{token}/calendar.ics").content.decode()
    assert text.startswith("BEGIN:VCALENDAR")
    assert world["a"]["order"].number in text
    theirs = Client().get(f"/feeds/{new_feed_token(person('worker'))}/calendar.ics").content.decode()
    assert world["a"]["order"].number not in theirs
    person("order_manager").__class__.objects.filter(username="order.manager").update(is_active=False)
    assert Client().get(f"/feeds/{token}/calendar.ics").status_code == 404


def test_a_change_that_waits_for_the_customer_is_signed_from_the_page_and_never_by_another(
    world: dict[str, Any], person: Person
) -> None:
    order = world["a"]["order"]
    change = raise_change(
        actor=person("order_manager"), order_id=order.pk, title="改地址", source="customer", today=TODAY,
        reason="内部底价",
        items=[
            {"kind": "header", "field": "delivery_place", "new": "二期"},
            {"kind": "header", "field": "notes", "new": "只给自己看的备注"},
            {"kind": "line", "line": order.lines.first().pk, "field": "promised_date", "new": "2027-03-01"},
            {"kind": "line_add", "data": {"model": "P-100", "quantity": "2", "unit_price": "1234"}},
            {"kind": "cost", "data": {"kind": "labour", "name": "内部加班", "amount": "4321"}},
        ],
    )  # fmt: skip
    impact = {"value": "710000", "value_before": "700000", "promised": "2027-03-01", "promised_before": "2027-02-01"}
    ChangeOrder.objects.filter(pk=change.pk).update(state="approved", impact=impact)
    theirs, others = opened(world["a"]["path"]), opened(world["b"]["path"])
    page = theirs.get(f"/track/{order.number}/").content.decode()
    assert change.number in page
    seen = ("二期", "2027-03-01", "P-100", "¥1,234", "¥700,000", "¥710,000", "+¥10,000", "2027-02-01")
    hidden = ("内部底价", "内部加班", "4,321", "4321", "只给自己看的备注")
    assert [word for word in seen if word not in page] == []
    assert [word for word in hidden if word in page] == []
    other = world["b"]["order"]
    assert change.number not in others.get(f"/track/{other.number}/").content.decode()
    wish = {"verb": "sign", "what": "change", "key": str(change.pk)}
    assert others.post(f"/track/{other.number}/", wish).status_code == 404
    assert others.post(f"/track/{order.number}/", wish).status_code == 404
    answer = theirs.post(f"/track/{order.number}/", wish)
    signing = theirs.get(answer.headers["Location"])
    assert signing.status_code == 200
    text = signing.content.decode()
    change.refresh_from_db()
    assert [word for word in ("改地址", *seen, seal_of(change)) if word not in text] == []
    assert [word for word in hidden if word in text] == []
    assert SignedLink.objects.get(target_id=change.pk).created_by is None
    unsure = {"answer": "maybe", "name": "a", "note": "?", "seal": seal_of(change)}
    assert theirs.post(answer.headers["Location"], unsure).status_code == 422
    change.refresh_from_db()
    assert change.customer_answer == "open", "what is neither yes nor no answers nothing"
    home = f'href="/track/{order.number}/"'
    assert home in text, "who came from the order's page finds back to it"
    astray = answer.headers["Location"].split("?")[0]
    for wrong in ("", "?back=https://elsewhere.example/", "?back=//elsewhere.example/track/x/", "?back=/orders/"):
        assert "回到您的订单" not in theirs.get(astray + wrong).content.decode()
    yes = {"answer": "agree", "name": "李工", "signature": SIGNED, "seal": seal_of(change)}
    for _again in range(2):
        assert home in theirs.post(answer.headers["Location"], yes).content.decode()
    change.refresh_from_db()
    assert change.customer_answer == "agreed"
