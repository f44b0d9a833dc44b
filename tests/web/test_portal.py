"""The portal of customers' contacts: who invites, one answer to each wrong way in, nothing of another's anywhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from ordering import customer, draft
from punctual.domain.aftersales.services import cases
from punctual.domain.aftersales.services.cases import CaseInput
from punctual.domain.customer_relations.models import CustomerRequest, PortalAccount, PortalSession
from punctual.domain.customer_relations.services import portal, tracking
from punctual.domain.parties.models import Contact, Customer
from punctual.kernel.refusal import Forbidden, NotFound, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.notifications.models import Delivery
from two_customers import SECRETS, two_customers
from web.test_tracking_isolation import crawl

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]
PASSWORD = "wir-folgen-der-bestellung"


@pytest.fixture(autouse=True)
def _no_tries_left_over() -> None:
    cache.clear()


def contact_of(code: str, email: str) -> Contact:
    found = customer(code).contacts.get()
    found.email = email
    found.save()
    return found


def mailed(email: str) -> str:
    """The token out of the newest mail to an address."""
    body = Delivery.objects.filter(address=email).latest("created_at").body
    return str(body.split("/portal/welcome/")[1].split("/")[0])


def let_in(person: Person, contact: Contact) -> Client:
    portal.invite(actor=person("sales"), contact=contact)
    client = Client()
    answer = client.post(f"/portal/welcome/{mailed(contact.email)}/", {"password": PASSWORD, "again": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()[-600:]
    return client


@pytest.fixture
def world(person: Person) -> dict[str, Any]:
    """Two customers with an order and a request each, and a contact who may come in."""
    a, b = two_customers(person)
    return {
        "a": {"order": a, "contact": contact_of("C001", "zhang@a.example")},
        "b": {"order": b, "contact": contact_of("C002", "li@b.example")},
    }


# — the way in —


@pytest.mark.parametrize("role", ["worker", "planner", "quality", "finance", "supply_chain", "manager"])
def test_who_may_not_invites_nobody(person: Person, world: dict[str, Any], role: str) -> None:
    contact = world["a"]["contact"]
    with pytest.raises(Forbidden):
        portal.invite(actor=person(role), contact=contact)
    assert not portal.accounts_of(person(role), contact.customer)
    assert not PortalAccount.objects.exists()


def test_a_contact_without_mail_an_archived_one_and_a_mail_taken_are_refused(
    person: Person, world: dict[str, Any]
) -> None:
    first, second = world["a"]["contact"], world["b"]["contact"]
    portal.invite(actor=person("sales"), contact=first)
    second.email, second.archived_at = first.email.upper(), timezone.now()
    with pytest.raises(Refusal) as refused:
        portal.invite(actor=person("sales"), contact=second)
    assert refused.value.codes == {"portal.archived", "portal.taken"}
    second.email = ""
    with pytest.raises(Refusal) as refused:
        portal.invite(actor=person("sales"), contact=second)
    assert "portal.mail" in refused.value.codes
    assert PortalAccount.objects.get().contact == first


def test_the_mailed_address_chooses_a_password_once_and_weak_ones_are_refused(
    person: Person, world: dict[str, Any]
) -> None:
    contact = world["a"]["contact"]
    portal.invite(actor=person("sales"), contact=contact)
    path = f"/portal/welcome/{mailed(contact.email)}/"
    for _ in range(2):
        assert Client().get(path).status_code == 200
    for password, again in (("kurz", "kurz"), (PASSWORD, "anders"), ("password123", "password123"), ("", "")):
        assert Client().post(path, {"password": password, "again": again}).status_code == 422
    same = {"password": contact.email, "again": contact.email}
    assert Client().post(path, same).status_code == 422
    assert PortalAccount.objects.get().password == ""
    client = Client()
    assert client.post(path, {"password": PASSWORD, "again": PASSWORD}).status_code == 302
    assert client.get("/portal/").status_code == 200
    for method in (Client().get, Client().post):
        assert method(path).status_code == 404
    account = PortalAccount.objects.get()
    assert PASSWORD not in account.password
    assert client.cookies["portal"].value not in PortalSession.objects.get().session_hash
    assert client.cookies["portal"]["httponly"]


def test_unknown_wrong_and_taken_back_get_the_same_answer_until_the_tries_are_used_up(
    person: Person, world: dict[str, Any]
) -> None:
    let_in(person, world["a"]["contact"])
    let_in(person, world["b"]["contact"])
    portal.revoke(actor=person("sales"), account=PortalAccount.objects.get(contact=world["b"]["contact"]))
    bodies = set()
    for email, password in (
        ("nobody@x.example", PASSWORD),
        (world["a"]["contact"].email, "falsch-falsch"),
        (world["b"]["contact"].email, PASSWORD),
    ):
        answer = Client().post("/portal/sign-in/", {"email": email, "password": password})
        assert answer.status_code == 422
        bodies.add(answer.content.decode().split('role="alert"')[1].split("</div></div>")[0])
    assert len(bodies) == 1
    for email in ("nobody@x.example", world["a"]["contact"].email):
        for _ in range(portal.MOST_TRIES):
            Client().post("/portal/sign-in/", {"email": email, "password": "falsch-falsch"})
        right = {"email": email, "password": PASSWORD}
        assert Client().post("/portal/sign-in/", right).status_code == 422
    cache.clear()
    assert Client().post("/portal/sign-in/", right).status_code == 302


def test_guessing_keeps_nobody_out_of_a_browser_in_which_they_were_before(
    person: Person, world: dict[str, Any]
) -> None:
    contact = world["a"]["contact"]
    mine, strangers = let_in(person, contact), let_in(person, world["b"]["contact"])
    for browser in (mine, strangers):
        browser.post("/portal/sign-out/")
    right = {"email": contact.email, "password": PASSWORD}
    wrong = {**right, "password": "falsch-falsch"}
    for _ in range(portal.MOST_TRIES):
        Client().post("/portal/sign-in/", wrong)
    forged = Client()
    forged.cookies["portal-known"] = "x:y:z"
    for browser in (Client(), strangers, forged):
        assert browser.post("/portal/sign-in/", right).status_code == 422
    assert mine.post("/portal/sign-in/", right).status_code == 302
    for _ in range(portal.MOST_TRIES):
        mine.post("/portal/sign-in/", wrong)
    assert mine.post("/portal/sign-in/", right).status_code == 422, "its own count holds"


def test_taken_back_archived_and_signed_out_means_out_at_once(person: Person, world: dict[str, Any]) -> None:
    contact = world["a"]["contact"]
    client = let_in(person, contact)
    other = Client()
    other.post("/portal/sign-in/", {"email": contact.email, "password": PASSWORD})
    assert other.post("/portal/sign-out/").status_code == 302
    assert other.get("/portal/").status_code == 302
    Contact.objects.filter(pk=contact.pk).update(archived_at=timezone.now())
    assert client.get("/portal/").status_code == 302
    Contact.objects.filter(pk=contact.pk).update(archived_at=None)
    assert client.get("/portal/").status_code == 200
    PortalSession.objects.update(expires_at=timezone.now() - dt.timedelta(minutes=1))
    assert client.get("/portal/").status_code == 302
    client = let_in(person, contact)
    portal.revoke(actor=person("sales"), account=PortalAccount.objects.get())
    assert client.get("/portal/").status_code == 302
    with pytest.raises(NotFound):
        portal.account_by_invitation("x")


def test_a_forgotten_password_is_mailed_to_who_has_one_and_nothing_tells(person: Person, world: dict[str, Any]) -> None:
    contact = world["a"]["contact"]
    old = let_in(person, contact)
    bodies = {
        Client().post("/portal/forgot/", {"email": email}).content.decode().split("<main")[1].split("</main>")[0]
        for email in ("nobody@x.example", contact.email)
    }
    assert len(bodies) == 1
    assert not Delivery.objects.filter(address="nobody@x.example").exists()
    assert old.get("/portal/").status_code == 200
    fresh = {"password": PASSWORD + "-neu", "again": PASSWORD + "-neu"}
    assert Client().post(f"/portal/welcome/{mailed(contact.email)}/", fresh).status_code == 302
    assert old.get("/portal/").status_code == 302
    PortalAccount.objects.update(invite_hash="x" * 64, invite_until=timezone.now() - dt.timedelta(seconds=1))


# — what is seen —


def test_the_own_orders_and_requests_are_shown_and_none_of_our_secrets(person: Person, world: dict[str, Any]) -> None:
    a, b = world["a"]["order"], world["b"]["order"]
    manager = person("order_manager")
    ours = ("经理林某", "0512-6288-9931", "lin@ours.example")
    User.objects.filter(pk=manager.pk).update(phone=ours[1], email=ours[2])
    hidden = draft(manager, customer=a.customer.pk)
    client = let_in(person, world["a"]["contact"])
    pages = {path: client.get(path) for path in ("/portal/", "/portal/requests/", f"/portal/orders/{a.number}/")}
    for path, answer in pages.items():
        text = answer.content.decode()
        assert answer.status_code == 200, path
        for secret in (*SECRETS, *ours, str(b.number), "恒拓的秘密问题"):
            assert secret not in text, (path, secret)
        assert answer["X-Robots-Tag"].startswith("noindex")
    assert str(a.number) in pages["/portal/"].content.decode()
    assert "什么时候发货" in pages["/portal/requests/"].content.decode()
    assert hidden.number is None or str(hidden.number) not in pages["/portal/"].content.decode()
    tracking.set_rule(actor=person("sales"), customer=a.customer, shown={"show_contact": True})
    released = client.get(f"/portal/orders/{a.number}/").content.decode()
    for shown in ours:
        assert shown in released, shown
    tracking.set_rule(actor=person("sales"), customer=a.customer, shown={})
    assert "什么时候发货" not in client.get("/portal/requests/").content.decode()
    assert ours[0] not in client.get(f"/portal/orders/{a.number}/").content.decode()
    for address in (f"/portal/orders/{b.number}/", "/portal/orders/SO-0000-00000/"):
        assert client.get(address).status_code == 404
    assert Client().get(f"/portal/orders/{a.number}/").status_code == 302


def test_a_contact_writes_only_into_the_own_customers_things(person: Person, world: dict[str, Any]) -> None:
    a, b = world["a"]["order"], world["b"]["order"]
    client = let_in(person, world["a"]["contact"])
    theirs = CustomerRequest.objects.get(order=b)
    before = theirs.messages.count()
    ask = {"verb": "ask", "kind": "question", "text": "能提前吗？"}
    assert client.post("/portal/requests/", {"verb": "say", "request": theirs.number, "text": "x"}).status_code == 404
    assert client.post("/portal/requests/", {**ask, "order": b.number}).status_code == 404
    assert client.post(f"/portal/orders/{b.number}/", {"verb": "ask", "text": "x"}).status_code == 404
    assert client.post(f"/portal/orders/{a.number}/", {"verb": "sign", "what": "change", "key": "1"}).status_code == 404
    assert client.post("/portal/requests/", {**ask, "text": " "}).status_code == 422
    assert client.post("/portal/requests/", {**ask, "kind": "x"}).status_code == 422
    assert theirs.messages.count() == before
    assert CustomerRequest.objects.filter(channel="portal").count() == 0
    assert client.post("/portal/requests/", {**ask, "kind": "complaint", "order": a.number}).status_code == 302
    made = CustomerRequest.objects.get(channel="portal")
    assert (made.order, made.kind, made.contact, made.customer) == (
        a, "complaint", world["a"]["contact"], a.customer,
    )  # fmt: skip
    task = a.customer_tasks.get()
    done = {"verb": "done", "task": task.pk, "text": "SF123"}
    assert client.post(f"/portal/orders/{a.number}/", done).status_code == 302
    task.refresh_from_db()
    assert task.done_by == world["a"]["contact"].name


def test_the_list_takes_no_more_sql_for_more_orders(
    person: Person, world: dict[str, Any], django_assert_max_num_queries: Any
) -> None:
    client = let_in(person, world["a"]["contact"])
    with django_assert_max_num_queries(16):
        client.get("/portal/")


def test_we_invite_and_take_back_on_the_customers_page(
    person: Person, world: dict[str, Any], signed_in: Callable[[str], Client]
) -> None:
    contact = world["a"]["contact"]
    base = f"/customers/{contact.customer_id}/portal/{contact.pk}"
    assert signed_in("finance").post(f"{base}/invite/").status_code == 403
    client = signed_in("sales")
    assert client.post(f"{base}/strange/").status_code == 404
    wrong = f"/customers/{contact.customer_id}/portal/{world['b']['contact'].pk}/invite/"
    assert client.post(wrong).status_code == 404
    assert client.post(f"{base}/invite/").status_code == 302
    assert f"{base}/invite/" in client.get(f"/customers/{contact.customer_id}/").content.decode()
    Customer.objects.update(archived_at=timezone.now())
    page = client.get(f"/customers/{contact.customer_id}/").content.decode()
    assert contact.name in page
    assert f"{base}/invite/" not in page, "that would be refused"
    Customer.objects.update(archived_at=None)
    Client().post(f"/portal/welcome/{mailed(contact.email)}/", {"password": PASSWORD, "again": PASSWORD})
    assert f"{base}/revoke/" in client.get(f"/customers/{contact.customer_id}/").content.decode()
    assert client.post(f"{base}/revoke/").status_code == 302
    assert PortalAccount.objects.get().revoked_at is not None


@pytest.mark.slow
def test_a_crawl_of_every_address_as_a_b_and_nobody_finds_nothing_of_another(
    person: Person, world: dict[str, Any]
) -> None:
    """A and B are signed in to the portal and hold a tracking link of their own order."""
    readers = {"nobody": Client()}
    for name in ("a", "b"):
        readers[name] = let_in(person, world[name]["contact"])
        _link, address = tracking.give_link(actor=person("sales"), order=world[name]["order"], name=name)
        assert readers[name].post("/" + address.split("/", 3)[3]).status_code == 302
    crawl(readers, {name: world[name]["order"] for name in ("a", "b")})


def test_what_became_of_a_part_sent_back_is_told_with_its_numbers_to_its_customer_alone(
    person: Person, world: dict[str, Any]
) -> None:
    order, manager = world["a"]["order"], person("order_manager")
    data = CaseInput(order.customer, "压力漂移", order=order, order_line=order.lines.first())
    case = cases.open_case(actor=manager, data=data, today=timezone.localdate())
    part = cases.authorise_return(actor=manager, case_id=case.pk, part="传感器", serial="S-77")
    mine, other = let_in(person, world["a"]["contact"]), let_in(person, world["b"]["contact"])
    page = "/portal/requests/"
    assert "等您寄回" in mine.get(page).content.decode()
    steps: list[tuple[str, dict[str, str]]] = [
        ("receive", {}),
        ("inspect", {"finding": "客户自己摔的"}),
        ("decide", {"outcome": "repair"}),
        ("settle", {"waybill": "SF1420087331542"}),
    ]
    for verb, told in steps:
        cases.move_return(actor=manager, rma_id=part.pk, verb=verb, **told)
    shown = mine.get(page).content.decode()
    assert [words in shown for words in (part.number, "S-77", "已修好寄回", "SF1420087331542")] == [True] * 4
    assert "客户自己摔的" not in shown
    assert part.number not in other.get(page).content.decode()
    tracking.set_rule(actor=person("sales"), customer=order.customer, shown={"show_requests": False})
    assert "SF1420087331542" not in mine.get(page).content.decode()
