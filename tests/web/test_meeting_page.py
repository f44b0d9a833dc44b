"""The page of a meeting: which order a line is about, what the customer is to do, who comes, what moves with a move."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from ordering import confirmed, customer
from punctual.domain.actions.models import ActionItem
from punctual.domain.changes.models import ChangeOrder
from punctual.domain.customer_relations.models import Meeting, TrackingTask
from punctual.domain.customer_relations.services import meetings
from punctual.domain.customer_relations.services.tracking import set_rule, settle_want, want
from punctual.platform.accounts.models import User

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]
SignedIn = Callable[[str], Client]


def called(person: Person, *, begun: bool = True) -> Meeting:
    manager = person("order_manager")
    found = meetings.call_series(
        actor=manager, title="例会", customer=customer(), starts_at=timezone.now() + dt.timedelta(days=7)
    )
    return meetings.start(actor=manager, meeting_id=found.pk, today=timezone.localdate()) if begun else found


def test_with_several_orders_the_page_asks_which_one_a_change_is_for(person: Person, signed_in: SignedIn) -> None:
    client, manager = signed_in("order_manager"), person("order_manager")
    found, first, second = called(person), confirmed(manager), confirmed(manager)
    page = f"/meetings/{found.pk}/"
    assert 'id="line-order"' in client.get(page).content.decode()
    refused = client.post(f"{page}write/", {"text": "改", "kind": "change"}, headers={"HX-Request": "true"})
    assert refused.status_code == 422
    assert not found.lines.exists()
    told = {"text": "改", "kind": "change", "order": second.pk}
    assert client.post(f"{page}write/", told, headers={"HX-Request": "true"}).status_code == 200
    assert ChangeOrder.objects.get().order == second
    body = client.get(page).content.decode()
    assert body.count(first.label) < body.count(second.label)


def test_with_one_order_nothing_is_asked(person: Person, signed_in: SignedIn) -> None:
    client, found, order = signed_in("order_manager"), called(person), confirmed(person("order_manager"))
    page = f"/meetings/{found.pk}/"
    assert 'id="line-order"' not in client.get(page).content.decode()
    client.post(f"{page}write/", {"text": "改", "kind": "change"})
    assert ChangeOrder.objects.get().order == order


def test_a_note_becomes_an_action_and_an_unchanged_page_is_left_alone(person: Person, signed_in: SignedIn) -> None:
    client, found = signed_in("order_manager"), called(person)
    confirmed(person("order_manager"))
    page = f"/meetings/{found.pk}/"
    client.post(f"{page}write/", {"text": "谁去问一下", "kind": "note"})
    body = client.get(page).content.decode()
    asked = re.search(r'hx-get="(/meetings/[^"]*had=[^"]*)"', body)
    assert asked is not None
    again = asked[1].replace("&amp;", "&")
    assert client.get(again).status_code == 204
    refused = client.post(
        f"{page}write/", {"turn": found.lines.get().pk, "kind": "note"}, headers={"HX-Request": "true"}
    )
    assert refused.status_code == 422
    assert f'name="turn" value="{found.lines.get().pk}"' in body
    told = {"turn": found.lines.get().pk, "kind": "action", "who": f"u{person('quality').pk}"}
    assert client.post(f"{page}write/", told, headers={"HX-Request": "true"}).status_code == 200
    assert ActionItem.objects.get().owner == person("quality")
    fresh = client.get(again)
    assert fresh.status_code == 200
    assert 'name="turn"' not in fresh.content.decode()


def test_an_action_of_the_customers_leads_to_the_tracking_page(person: Person, signed_in: SignedIn) -> None:
    found, order, theirs = called(person), confirmed(person("order_manager")), customer().contacts.get()
    page = f"/meetings/{found.pk}/"
    told = {"text": "寄样件", "kind": "action", "who": f"c{theirs.pk}", "due": "2099-12-04"}
    assert signed_in("quality").post(f"{page}write/", told).status_code == 403
    assert f'value="c{theirs.pk}"' not in signed_in("quality").get(page).content.decode()
    client = signed_in("order_manager")
    assert f'value="c{theirs.pk}"' in client.get(page).content.decode()
    client.post(f"{page}write/", told)
    assert TrackingTask.objects.get().due == dt.date(2099, 12, 4)
    body = client.get(page).content.decode()
    assert f'href="/orders/{order.key}/#tracking"' in body
    assert theirs.name in client.get(f"{page}?view=customer").content.decode()


def test_who_was_asked_by_mistake_is_taken_out_until_the_minutes_are_settled(
    person: Person, signed_in: SignedIn
) -> None:
    found = called(person, begun=False)
    theirs = found.attendees.get(contact__isnull=False)
    page, told = f"/meetings/{found.pk}/", {"attendee": theirs.pk}
    assert f"{page}do/take_out/" not in signed_in("finance").get(page).content.decode()
    assert signed_in("finance").post(f"{page}do/take_out/", told).status_code == 403
    client = signed_in("order_manager")
    assert f"{page}do/take_out/" in client.get(page).content.decode()
    assert client.post(f"{page}do/take_out/", told).status_code == 302
    assert not found.attendees.filter(pk=theirs.pk)
    assert client.post(f"{page}do/take_out/", told).status_code == 404
    Meeting.objects.filter(pk=found.pk).update(state="sent")
    assert f"{page}do/take_out/" not in client.get(page).content.decode()


def test_a_move_can_take_the_later_ones_with_it(person: Person, signed_in: SignedIn) -> None:
    found, client = called(person, begun=False), signed_in("order_manager")
    told = {"starts_at": "2099-01-06T15:00", "minutes": 60, "version": found.version}
    assert client.post(f"/meetings/{found.pk}/move/", told).status_code == 302
    found.refresh_from_db()
    assert found.slot is not None
    told |= {"starts_at": "2099-01-07T15:00", "version": found.version, "following": "on"}
    assert client.post(f"/meetings/{found.pk}/move/", told).status_code == 302
    found.refresh_from_db()
    assert found.slot is None


def test_the_story_of_a_customer_says_what_the_tracking_page_shows_in_words(
    person: Person, signed_in: SignedIn
) -> None:
    set_rule(actor=person("order_manager"), customer=customer(), shown={"show_contact": True})
    body = signed_in("order_manager").get(f"/customers/{customer().pk}/").content.decode()
    assert "show_contact" not in body
    assert "姓名、电话" in body


def test_the_series_is_changed_ended_and_taken_up_again_from_the_meetings_menu(
    person: Person, signed_in: SignedIn
) -> None:
    found = called(person, begun=False)
    page = f"/meetings/{found.pk}/"
    assert f"{page}series/" not in signed_in("finance").get(page).content.decode()
    assert signed_in("finance").get(f"{page}series/").status_code == 403
    client = signed_in("order_manager")
    assert f"{page}series/" in client.get(page).content.decode()
    assert str(found.series.owner.pk) in client.get(f"{page}series/").content.decode()
    told = {"title": " ", "rhythm": "weekly", "minutes": 45, "owner": found.series.owner_id, "version": 1}
    refused = client.post(f"{page}series/", told)
    assert refused.status_code == 422
    assert client.post(f"{page}series/", told | {"title": "周会"}).status_code == 302
    assert "周会" in client.get(page).content.decode()
    client.post(f"{page}do/end_series/")
    assert f"{page}do/resume_series/" in client.get(page).content.decode()
    assert client.post(f"{page}do/resume_series/").status_code == 302
    assert f"{page}do/end_series/" in client.get(page).content.decode()


def test_programs_change_a_series_too(person: Person, signed_in: SignedIn) -> None:
    found = called(person, begun=False)
    address, told = f"/api/v1/meetings/{found.pk}/series", {"version": 1, "rhythm": "monthly", "chair": "sales"}
    person("sales")
    refused = signed_in("finance").patch(address, told, content_type="application/json")
    assert refused.status_code == 403
    client = signed_in("order_manager")
    answer = client.patch(address, told, content_type="application/json").json()
    assert (answer["rhythm"], answer["chair"], answer["title"]) == ("monthly", "sales", "例会")
    assert client.patch(address, told, content_type="application/json").status_code == 409
    assert client.get(address).json()["version"] == 2
    assert (
        client.post(f"/api/v1/meetings/{found.pk}/end_series", {}, content_type="application/json").status_code == 200
    )
    assert client.get(address).json()["ended_at"]


def test_what_the_customer_decides_is_settled_from_beside_it(person: Person, signed_in: SignedIn) -> None:
    manager = person("order_manager")
    task = want(actor=manager, order=confirmed(manager), title="图纸哪天给", due=dt.date(2099, 12, 4))
    found, key = called(person), f"trackingtask:{task.pk}"
    page = f"/meetings/{found.pk}/"
    assert f'data-settle="{key}"' not in signed_in("quality").get(page).content.decode()
    assert f'name="settles" value="{key}"' not in signed_in("quality").get(f"{page}?settle={key}").content.decode()
    client = signed_in("order_manager")
    assert f'data-settle="{key}"' in client.get(page).content.decode()
    assert f'data-settle="{key}"' not in client.get(f"{page}?view=customer").content.decode()
    assert f'name="settles" value="{key}"' in client.get(f"{page}?settle={key}").content.decode()
    assert client.get(f"{page}?settle=trackingtask:x").status_code == 200
    told = {"text": "图纸哪天给：周五", "kind": "note", "settles": key}
    part = client.post(f"{page}write/", told, headers={"HX-Request": "true"}).content.decode()
    assert found.lines.get().kind == "decision"
    assert 'hx-swap-oob="true"' in part
    assert "已定" in part
    body = client.get(page).content.decode()
    assert f'data-settle="{key}"' not in body
    assert "→ 周五" in body, "the question is not told a second time"
    assert client.post(f"{page}write/", told, headers={"HX-Request": "true"}).status_code == 422
    client.post(f"{page}write/", {"remove": found.lines.get().pk})
    assert f'data-settle="{key}"' in client.get(page).content.decode()


def test_what_the_customer_did_meanwhile_is_not_asked_in_the_meeting(person: Person, signed_in: SignedIn) -> None:
    manager = person("order_manager")
    task = want(actor=manager, order=confirmed(manager), title="图纸哪天给", due=dt.date(2099, 12, 4))
    found = called(person)
    settle_want(task=task, by="客户")
    body = signed_in("order_manager").get(f"/meetings/{found.pk}/").content.decode()
    assert "data-settle=" not in body
    assert "会前后已办" in body


def test_who_comes_is_chosen_when_a_meeting_is_called(person: Person, signed_in: SignedIn) -> None:
    theirs, other = customer(), customer("C002", "苏州恒拓电子")
    first, second = theirs.contacts.get(), theirs.contacts.create(name="李工")
    stranger = other.contacts.first() or other.contacts.create(name="别家")
    sales, client = person("sales"), signed_in("order_manager")
    page = client.get(f"/meetings/new/?customer={theirs.pk}").content.decode()
    assert page.count('name="contacts"') == 2
    assert f'value="{first.pk}" checked' in page
    assert f'name="users" value="{sales.pk}"' in page
    assert f'name="users" value="{person("order_manager").pk}"' not in page
    told = {"title": "例会", "customer": theirs.pk, "rhythm": "once", "starts_at": "2099-01-05T14:00", "minutes": 60}
    refused = client.post("/meetings/new/", told | {"guests_of": theirs.pk, "contacts": [stranger.pk]})
    assert refused.status_code == 422
    assert not Meeting.objects.exists()

    def come(**more: object) -> set[str]:
        client.post("/meetings/new/", told | more)
        return {one.name for one in Meeting.objects.latest("pk").attendees.all()}

    me = person("order_manager").name
    chosen = come(guests_of=theirs.pk, contacts=[second.pk], users=[sales.pk])
    assert chosen == {second.name, sales.name, me}
    assert come(guests_of=theirs.pk) == {me}  # nobody ticked: only ours
    assert come(guests_of=other.pk, contacts=[stranger.pk]) == {first.name, second.name, me}  # another customer's list
    assert come() == {first.name, second.name, me}


def test_programs_say_who_comes(person: Person, signed_in: SignedIn) -> None:
    theirs, sales = customer(), person("sales")
    told = {"title": "例会", "customer": theirs.code, "starts_at": "2099-01-05T14:00:00+08:00"}
    client = signed_in("order_manager")

    def call(**more: object) -> int:
        return client.post("/api/v1/meetings", told | more, content_type="application/json").status_code

    assert call(contacts=[0]) == 404
    assert not Meeting.objects.exists()
    assert call(contacts=[], users=[sales.username]) == 201
    assert {one.name for one in Meeting.objects.get().attendees.all()} == {sales.name, person("order_manager").name}


def test_what_the_customer_is_not_shown_is_not_offered_as_a_quote(person: Person, signed_in: SignedIn) -> None:
    found = called(person)
    line = {
        "params": {},
        "is_data": True,
        "order": "",
        "url": "",
        "mark": "",
        "tone": "",
        "percent": None,
        "reason": "",
    }
    lines = [{**line, "text": "赶工没批", "internal": True}, {**line, "text": "主线体先发", "internal": False}]
    found.pack = [{"name": "risks", "label": "Risks", "icon": "target", "lines": lines, "empty": ""}]
    found.save()
    body = signed_in("order_manager").get(f"/meetings/{found.pk}/").content.decode()
    assert re.search(r"data-quote=[^>]*>\s*主线体先发", body)
    assert not re.search(r"data-quote=[^>]*>\s*赶工没批", body)
