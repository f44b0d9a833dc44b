"""Photos of what is packed: kept, shown, taken off again, and asked for at the gate."""

from __future__ import annotations

import io

import pdfplumber
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from delivering import prepared, running
from ordering import TODAY
from punctual.domain.delivery.models import Delivery, DeliveryState
from punctual.domain.delivery.services.company import change_settings
from punctual.domain.delivery.services.shipping import add_photos, cancel_delivery, receive, remove_photo, ship
from punctual.kernel.refusal import Refusal
from punctual.platform.attachments.services import attach, attachments_of
from punctual.platform.audit.models import AuditEntry

pytestmark = pytest.mark.django_db


def test_photos_of_the_boxes_are_kept_with_the_delivery_and_stand_in_its_note(person, signed_in):
    delivery = prepared(person, running(person), 1)
    url = f"/deliveries/{delivery.number}/"

    def sent(role: str, content: bytes, **more: str):
        photo = SimpleUploadedFile("IMG_1.jpg", content)
        return signed_in(role).post(f"{url}photos/", {"photo": photo, **more}).status_code

    drawn = io.BytesIO()
    Image.new("RGB", (4000, 300), "teal").save(drawn, "JPEG")
    assert sent("quality", drawn.getvalue()) == 403
    assert sent("supply_chain", b"<svg onload='alert(1)'>") == 422
    assert sent("supply_chain", drawn.getvalue(), box="7") == 422
    assert signed_in("supply_chain").post(f"{url}photos/").status_code == 422
    assert not attachments_of(delivery).exists()
    delivery.boxes.create(number=1, name="主机/A")
    assert sent("supply_chain", drawn.getvalue(), box="1") == 302
    assert sent("sales", b"\xff\xd8\xff broken") == 302
    kept = attachments_of(delivery).get(name="1 主机-A IMG_1.jpg")
    assert kept.kind == "photo"
    shown = signed_in("quality").get(f"{url}files/{kept.pk}/?show=1")
    assert (shown.headers["Content-Type"], shown.content) == ("image/jpeg", drawn.getvalue())
    client = signed_in("quality")
    assert kept.name in client.get(url).content.decode()
    with pdfplumber.open(io.BytesIO(client.get(f"{url}note.pdf").content)) as paper:
        assert sum(len(page.images) for page in paper.pages) == 1
    cancel_delivery(actor=person("sales"), delivery_id=delivery.pk, reason="改期")
    assert sent("supply_chain", drawn.getvalue()) == 422


def photographed(person, delivery: Delivery, name: str = "box.jpg"):
    drawn = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(drawn, "JPEG")
    drawn.seek(0)
    return add_photos(actor=person("supply_chain"), delivery_id=delivery.pk, photos=[(drawn, name)])[0]


def test_a_photo_is_taken_off_until_the_customer_has_signed_and_stays_in_the_trail(person, signed_in):
    delivery = prepared(person, running(person), 1)
    photo, kept = photographed(person, delivery), photographed(person, delivery, "2.jpg")
    note = attach(actor=person("sales"), target=delivery, file=io.BytesIO(b"x"), name="n.txt", kind="other")
    url = f"/deliveries/{delivery.number}/"

    def off(role: str, pk: int) -> int:
        return signed_in(role).post(f"{url}photos/{pk}/remove/").status_code

    assert off("quality", photo.pk) == 403
    assert off("sales", note.pk) == off("sales", 999_999) == 404, "only photos of this delivery"
    assert attachments_of(delivery).count() == 3
    assert f"photos/{photo.pk}/remove/" not in signed_in("quality").get(url).content.decode()
    assert f"photos/{photo.pk}/remove/" in signed_in("sales").get(url).content.decode()
    assert off("sales", photo.pk) == 302
    assert off("sales", photo.pk) == 404
    entry = AuditEntry.objects.get(verb="detach", target_type="delivery", target_id=delivery.pk)
    assert (entry.actor, entry.changes[0]["old"]) == (person("sales"), "box.jpg")
    ship(actor=person("supply_chain"), delivery_id=delivery.pk, shipped_on=TODAY, today=TODAY)
    again = photographed(person, delivery, "3.jpg")
    assert off("supply_chain", again.pk) == 302, "shipped, not signed for yet"
    receive(actor=person("supply_chain"), delivery_id=delivery.pk, received_on=TODAY, received_by="李", today=TODAY)
    assert off("supply_chain", kept.pk) == 422
    assert f"photos/{kept.pk}/remove/" not in signed_in("supply_chain").get(url).content.decode()
    assert attachments_of(delivery).filter(pk=kept.pk).exists()


@pytest.mark.parametrize("who", ["company", "customer"])
def test_without_the_photo_that_is_wanted_nothing_leaves_and_the_gate_says_who_wants_it(person, signed_in, who):
    order = running(person)
    if who == "company":
        change_settings(
            actor=person("order_manager"), required_documents=["photo"], hold_for_payment=True, remind_days=5,
            ask_after=[],
        )  # fmt: skip
        words = "A photo of what is packed is needed"
    else:
        order.customer.wants_photos = True
        order.customer.save()
        words = f"{order.customer} wants a photo of what is packed"
    # A picture on the order shows something else.
    attach(actor=person("sales"), target=order, file=io.BytesIO(b"\xff\xd8\xff"), name="order.jpg", kind="photo")
    first, delivery = prepared(person, order, 1), prepared(person, order, 1)
    photographed(person, first)
    client = signed_in("supply_chain")
    client.cookies["django_language"] = "en"
    url = f"/deliveries/{delivery.number}/"
    page = client.get(url).content.decode()
    assert words in page
    assert 'href="#photos"' in page
    wish = {"actor": person("supply_chain"), "delivery_id": delivery.pk, "shipped_on": TODAY, "today": TODAY}
    with pytest.raises(Refusal) as refused:
        ship(**wish)
    assert refused.value.codes == {"delivery.no_photo"}
    assert Delivery.objects.get(pk=delivery.pk).state == DeliveryState.PREPARING
    photo = photographed(person, delivery)
    assert words not in client.get(url).content.decode()
    remove_photo(actor=person("supply_chain"), delivery_id=delivery.pk, photo_id=photo.pk)
    with pytest.raises(Refusal):
        ship(**wish)
    photographed(person, delivery)
    assert ship(**wish).state == DeliveryState.SHIPPED


def test_the_api_keeps_shows_and_takes_off_photos(person, signed_in):
    delivery = prepared(person, running(person), 1)
    url = f"/api/v1/deliveries/{delivery.number}/photos"

    def call(role: str, method: str, address: str = url, **more):
        return getattr(signed_in(role), method)(address, **more)

    def sent(role: str, content: bytes, **more: str) -> int:
        return call(role, "post", data={"file": SimpleUploadedFile("a.jpg", content), **more}).status_code

    assert sent("quality", b"\xff\xd8\xff") == 403
    assert sent("sales", b"no picture") == sent("sales", b"\xff\xd8\xff", box="4") == 422
    assert call("sales", "get").json() == []
    assert sent("sales", b"\xff\xd8\xff") == 201
    (photo,) = call("quality", "get").json()
    one = f"{url}/{photo['id']}"
    assert b"".join(call("quality", "get", one).streaming_content) == b"\xff\xd8\xff"
    assert call("worker", "get", one).status_code == 403
    assert call("quality", "delete", one).status_code == 403
    assert call("sales", "delete", one).status_code == 204
    assert call("sales", "get", one).status_code == call("sales", "delete", one).status_code == 404


def test_a_photo_that_unfolds_into_gigabytes_is_left_out_of_the_note(person, signed_in):
    delivery = prepared(person, running(person), 1)
    for kind, name in (("PNG", "box.png"), ("JPEG", "box.jpg")):
        drawn = io.BytesIO()
        Image.new("RGB", (9600, 7200), "teal").save(drawn, kind)
        drawn.seek(0)
        add_photos(actor=person("supply_chain"), delivery_id=delivery.pk, photos=[(drawn, name)])
    note = signed_in("quality").get(f"/deliveries/{delivery.number}/note.pdf")
    with pdfplumber.open(io.BytesIO(note.content)) as paper:
        assert "box.png" in "".join(page.extract_text() for page in paper.pages)
        assert sum(len(page.images) for page in paper.pages) == 1, "of the JPEG no more is read than is shown"
