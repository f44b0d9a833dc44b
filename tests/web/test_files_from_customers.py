"""Files with what a customer asks, by a link and in the portal: refused in a sentence, kept with the request, and
never fetched or named to another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ordering import customer
from punctual.domain.customer_relations.models import CustomerRequest
from punctual.domain.customer_relations.rules import MOST_AT_ONCE
from punctual.domain.customer_relations.services import portal, tracking
from punctual.domain.orders.models import Order
from punctual.platform.accounts.models import User
from punctual.platform.attachments.models import Attachment
from punctual.platform.attachments.services import attach, attachments_of
from punctual.platform.notifications.models import Delivery
from two_customers import two_customers
from web.test_tracking_isolation import opened

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]
PHOTO, PDF = b"\xff\xd8\xff\xe0photo", b"%PDF-1.7 drawing"


@pytest.fixture
def world(person: Person) -> dict[str, Any]:
    """Two customers, each with a link to the own order."""
    found: dict[str, Any] = {}
    for name, order in zip("ab", two_customers(person), strict=True):
        _link, address = tracking.give_link(actor=person("order_manager"), order=order, name=name)
        found[name] = {"order": order, "client": opened("/" + address.split("/", 3)[3])}
        found[name]["page"] = f"/track/{order.number}/"
    return found


def portal_client(person: Person, order: Order) -> Client:
    contact = customer("C001").contacts.get()
    assert contact.customer_id == order.customer_id
    contact.email = "zhang@a.example"
    contact.save()
    portal.invite(actor=person("sales"), contact=contact)
    token = Delivery.objects.get(address=contact.email).body.split("/portal/welcome/")[1].split("/")[0]
    client = Client()
    words = "wir-folgen-der-bestellung"
    assert client.post(f"/portal/welcome/{token}/", {"password": words, "again": words}).status_code == 302
    return client


def file(name: str, content: bytes = PHOTO) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def ask(**more: object) -> dict[str, object]:
    return {"verb": "ask", "kind": "question", "text": "这里在漏 <b>", **more}


WRONG = [
    ([("tool.exe", b"MZ")], "这类文件这里不收", "is of a kind that is not taken here"),
    ([("photo.jpg", b"MZ not a picture")], "内容和文件名后缀不符", "is not the kind of file that its name says"),
    ([("photo.jpg", b"")], "是空文件", "is empty"),
    ([(f"{n}.jpg", PHOTO) for n in range(MOST_AT_ONCE + 1)], "一次最多发 5 个文件", "At most 5 files fit"),
]


@pytest.mark.parametrize("where", ["link", "portal order", "portal requests"])
@pytest.mark.parametrize(("files", "chinese", "english"), WRONG)
def test_what_is_not_taken_is_said_in_one_sentence_and_the_typed_text_stays(
    person: Person, world: dict[str, Any], where: str, files: list[tuple[str, bytes]], chinese: str, english: str
) -> None:
    order = world["a"]["order"]
    client = world["a"]["client"] if where == "link" else portal_client(person, order)
    page = {
        "link": world["a"]["page"],
        "portal order": f"/portal/orders/{order.number}/",
        "portal requests": "/portal/requests/",
    }[where]
    before = CustomerRequest.objects.count()
    for language, sentence in (("zh-hans", chinese), ("en", english)):
        client.cookies["django_language"] = language
        answer = client.post(page, ask(file=[file(*one) for one in files]))
        text = answer.content.decode()
        assert answer.status_code == 422
        assert text.count(sentence) == 1
        assert "这里在漏 &lt;b&gt;</textarea>" in text
        assert ("请重新选择文件" if language == "zh-hans" else "choose the files again") in text
    assert CustomerRequest.objects.count() == before
    assert not Attachment.objects.exists()


def test_too_large_a_file_is_refused(world: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("punctual.domain.customer_relations.rules.LARGEST_FILE", 1 << 20)
    big = file("photo.jpg", PHOTO + b"x" * (1 << 20))
    answer = world["a"]["client"].post(world["a"]["page"], ask(file=big))
    assert answer.status_code == 422
    assert "“photo.jpg”超过 1 MB。" in answer.content.decode()
    assert not Attachment.objects.exists()


def test_a_file_to_anothers_request_is_refused_and_nothing_is_kept(world: dict[str, Any]) -> None:
    theirs = CustomerRequest.objects.get(order=world["b"]["order"])
    said = {"verb": "say", "request": theirs.number, "text": "x", "file": file("photo.jpg")}
    assert world["a"]["client"].post(world["a"]["page"], said).status_code == 404
    assert world["a"]["client"].post(world["b"]["page"], ask(file=file("photo.jpg"))).status_code == 404
    assert Client().post(world["a"]["page"], ask(file=file("photo.jpg"))).status_code == 404
    assert not Attachment.objects.exists()


def test_files_go_with_the_request_and_staff_download_them(
    world: dict[str, Any], signed_in: Callable[[str], Client]
) -> None:
    client, page = world["a"]["client"], world["a"]["page"]
    sent = [file("../../泵 漏.jpg"), file("图\u202egpj.pdf", PDF)]
    assert client.post(page, ask(file=sent)).status_code == 302
    found = CustomerRequest.objects.get(order=world["a"]["order"], channel="portal")
    assert [one.name for one in attachments_of(found)] == ["图gpj.pdf", "泵 漏.jpg"]
    assert {one.uploaded_by for one in attachments_of(found)} == {None}
    more = {"verb": "say", "request": found.number, "text": "还有一张", "file": file("more.jpg")}
    assert client.post(page, more).status_code == 302
    staff = signed_in("order_manager")
    text = staff.get(f"/requests/{found.number}/").content.decode()
    for one in attachments_of(found):
        assert one.name in text
        answer = staff.get(f"/requests/{found.number}/files/{one.pk}/")
        assert answer.status_code == 200
        assert answer["Content-Disposition"].startswith("attachment")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Type"] == "application/octet-stream"
    assert "客户发来" in text


def test_a_refused_word_more_stays_in_its_own_field(world: dict[str, Any]) -> None:
    client, page = world["a"]["client"], world["a"]["page"]
    mine = CustomerRequest.objects.get(order=world["a"]["order"])
    said = {"verb": "say", "request": mine.number, "text": "看照片", "file": file("tool.exe", b"MZ")}
    answer = client.post(page, said)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert 'value="看照片"' in text
    assert "看照片</textarea>" not in text
    assert mine.messages.filter(text="看照片").count() == 0


def test_the_names_are_shown_to_who_sent_them_by_the_rule_and_never_to_another(
    person: Person, world: dict[str, Any]
) -> None:
    client, page = world["a"]["client"], world["a"]["page"]
    assert client.post(page, ask(file=file("unser-fehler.jpg"))).status_code == 302
    order = world["a"]["order"]
    found = CustomerRequest.objects.get(order=order, channel="portal")
    ours = SimpleUploadedFile("kalkulation-intern.pdf", PDF)
    attach(actor=person("sales"), target=found, file=ours, name=ours.name or "")
    text = client.get(page).content.decode()
    assert "unser-fehler.jpg" in text
    assert "kalkulation-intern" not in text, "what we attach is ours"
    kept = Attachment.objects.get(name="unser-fehler.jpg")
    for other in (world["b"]["client"], Client()):
        for address in (world["b"]["page"], page, f"/requests/{found.number}/files/{kept.pk}/"):
            answer = other.get(address)
            assert "unser-fehler" not in answer.content.decode()
            assert PHOTO not in answer.content
    assert client.get(f"/requests/{found.number}/files/{kept.pk}/").status_code == 302, "a link is no sign-in"
    tracking.set_rule(actor=person("sales"), customer=order.customer, shown={"show_contact": True})
    assert "unser-fehler" not in client.get(page).content.decode()


def test_the_portal_takes_files_too_and_lists_them(person: Person, world: dict[str, Any]) -> None:
    order = world["a"]["order"]
    client = portal_client(person, order)
    assert client.post("/portal/requests/", ask(order=order.number, file=file("leck.jpg"))).status_code == 302
    found = CustomerRequest.objects.get(channel="portal")
    said = {"verb": "say", "request": found.number, "text": "noch eins", "file": file("zeichnung.pdf", PDF)}
    assert client.post("/portal/requests/", said).status_code == 302
    assert [one.name for one in attachments_of(found)] == ["zeichnung.pdf", "leck.jpg"]
    for page in ("/portal/requests/", f"/portal/orders/{order.number}/"):
        text = client.get(page).content.decode()
        assert "leck.jpg" in text
        assert "zeichnung.pdf" in text
