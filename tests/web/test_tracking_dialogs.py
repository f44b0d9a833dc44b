"""The dialogs of the customer's page on the order's: what is refused comes back beside what was typed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from ordering import confirmed, customer
from punctual.domain.customer_relations.models import TrackingLink, TrackingTask
from punctual.platform.accounts.models import User

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]
SignedIn = Callable[[str], Client]
HX = {"HX-Request": "true"}


def test_a_refused_dialog_gets_the_sentence_alone_and_a_good_one_has_the_page_come_anew(
    person: Person, signed_in: SignedIn
) -> None:
    order = confirmed(person("order_manager"))
    customer().contacts.update(email="")
    client, page = signed_in("order_manager"), f"/orders/{order.key}/tracking/"
    refused = client.post(f"{page}link/", {"send": "on", "days": 0}, headers=HX)
    assert (refused.status_code, refused["HX-Retarget"]) == (422, "#notices")
    assert "<html" not in refused.content.decode()
    assert client.post(f"{page}want/", {"title": "图纸"}, headers=HX).status_code == 422
    assert not TrackingLink.objects.exists()
    assert not TrackingTask.objects.exists()
    given = client.post(f"{page}link/", {"name": "张工", "days": 30}, headers=HX)
    assert (given.status_code, given["HX-Refresh"]) == (204, "true")
    asked = client.post(f"{page}want/", {"title": "图纸", "due": "2099-12-04"}, headers=HX)
    assert (asked.status_code, asked["HX-Refresh"]) == (204, "true")
    assert client.post(f"{page}link/", {"name": "李工"}).status_code == 302


def test_the_dialogs_of_the_page_ask_for_the_sentence_alone(person: Person, signed_in: SignedIn) -> None:
    order = confirmed(person("order_manager"))
    body = signed_in("order_manager").get(f"/orders/{order.key}/later/").content.decode()
    assert f'hx-post="/orders/{order.key}/tracking/link/"' in body
    assert f'hx-post="/orders/{order.key}/tracking/want/"' in body
