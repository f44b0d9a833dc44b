"""Follow orders, requests and nonconformities: who hears of what, once, and only what they may see."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

import inspecting
import planning
from ordering import catalogue, customer
from punctual.domain.customer_relations.services.requests import RequestInput, record_request, reply
from punctual.domain.orders.services.remarks import comment_on_order
from punctual.domain.quality.models import Nonconformity
from punctual.domain.quality.services.ncrs import contain
from punctual.platform.accounts.models import User
from punctual.platform.attachments.models import Attachment
from punctual.platform.comments.following import follow, follows, tell_of_changes, unfollow
from punctual.platform.comments.models import Comment, Follower
from punctual.platform.comments.services import add_comment
from punctual.platform.markup import as_html
from punctual.platform.notifications.models import Notification
from punctual.web.shell import following

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]
SignedIn = Callable[[str], Client]
MINUTE = dt.timedelta(minutes=1)


def told(user: User) -> list[str]:
    rows = Notification.objects.filter(user=user, kind="follow").order_by("created_at", "pk")
    return [str(one) for one in rows]


def looked_at(person: Person) -> Nonconformity:
    return inspecting.ncr(person("quality"), planning.plan(person("planner")))


def test_nobody_follows_or_comments_what_they_may_not_see(person: Person, signed_in: SignedIn) -> None:
    one = looked_at(person)
    client = signed_in("worker")
    assert client.post(f"/follow/nonconformity/{one.pk}/").status_code == 404
    assert client.post(f"/comments/nonconformity/{one.pk}/", {"text": "x"}).status_code == 404
    assert signed_in("sales").post(f"/follow/user/{one.pk}/").status_code == 404
    assert signed_in("sales").post(f"/comments/order/{one.order_id}/", {"text": "x"}).status_code == 404
    assert signed_in("sales").post(f"/comments/nonconformity/{one.pk}/", {"text": " "}).status_code == 422
    assert not Follower.objects.exists()
    assert not Comment.objects.exists()


def test_who_follows_hears_of_comments_once_and_the_mentioned_are_not_told_twice(person: Person) -> None:
    one = looked_at(person)
    sales, planner = person("sales"), person("planner")
    for user in (sales, planner):
        follow(actor=user, target=one)
        follow(actor=user, target=one)
    add_comment(actor=person("quality"), target=one, text=f"@{planner.username} 请看", url=f"/ncr/{one.pk}/")
    assert told(sales) == [f"{person('quality').name} on {one.number}: @{planner.username} 请看"]
    assert told(planner) == []
    assert Notification.objects.filter(user=planner, kind="mention").count() == 1
    assert told(person("quality")) == []
    assert follows(person("quality"), one)  # who says something follows
    unfollow(actor=sales, target=one)
    add_comment(actor=planner, target=one, text="已看", url="/")
    assert len(told(sales)) == 1
    assert len(told(person("quality"))) == 1


def test_what_others_do_is_told_once_and_not_what_one_does_oneself(person: Person) -> None:
    one = looked_at(person)
    sales, quality = person("sales"), person("quality")
    follow(actor=sales, target=one)
    follow(actor=quality, target=one)
    later = timezone.now() + MINUTE
    assert tell_of_changes(now=later) == 0
    Follower.objects.update(told_until=timezone.now())
    rows = [inspecting.ContainmentIn("仓库", "挂红牌", 2, done=True)]
    contain(actor=quality, ncr_id=one.pk, rows=rows)
    contain(actor=quality, ncr_id=one.pk, rows=rows)
    assert tell_of_changes(now=later) == 1
    assert told(sales) == [f"{quality.name} has worked on {one.number}."]
    assert Notification.objects.get(user=sales, kind="follow").url == f"/ncr/{one.pk}/"
    assert tell_of_changes(now=later + MINUTE) == 0
    assert told(quality) == []


def test_who_may_no_longer_see_it_hears_nothing(person: Person) -> None:
    one = looked_at(person)
    sales = person("sales")
    follow(actor=sales, target=one)
    User.objects.filter(pk=sales.pk).update(role="worker")
    add_comment(actor=person("quality"), target=one, text="内部", url="/")
    rows = [inspecting.ContainmentIn("仓库", "挂红牌", 2)]
    contain(actor=person("quality"), ncr_id=one.pk, rows=rows)
    assert tell_of_changes(now=timezone.now() + MINUTE) == 0
    assert told(sales) == []


def test_orders_and_requests_are_followed_on_their_pages(person: Person, signed_in: SignedIn) -> None:
    catalogue()
    plan = planning.plan(person("planner"))
    order = plan.order
    asked = record_request(actor=person("sales"), data=RequestInput(customer(), "哪天发货", owner=person("sales")))
    client, manager = signed_in("order_manager"), person("order_manager")
    for kind, pk, page in (
        ("order", order.pk, f"/orders/{order.key}/"),
        ("customerrequest", asked.pk, f"/requests/{asked.number}/"),
    ):
        assert f"/follow/{kind}/{pk}/" in client.get(page).content.decode()
        assert client.post(f"/follow/{kind}/{pk}/").status_code == 302
        assert 'aria-pressed="true"' in client.get(page).content.decode()
    comment_on_order(actor=person("planner"), order_id=order.pk, text="改了计划")
    reply(actor=person("sales"), request_id=asked.pk, text="周五")
    tell_of_changes(now=timezone.now() + MINUTE)
    assert len(told(manager)) == 2
    assert client.post(f"/follow/order/{order.pk}/").status_code == 302
    assert not follows(manager, order)


def test_a_nonconformity_is_discussed_on_its_page(person: Person, signed_in: SignedIn) -> None:
    one = looked_at(person)
    client = signed_in("planner")
    assert client.post(f"/comments/nonconformity/{one.pk}/", {"text": "**返工** 要两天"}).status_code == 302
    assert "<strong>返工</strong>" in client.get(f"/ncr/{one.pk}/").content.decode()
    assert follows(person("planner"), one)


PNG = b"\x89PNG\r\n\x1a\n" + b"drawn" * 20


def test_a_picture_is_pasted_into_a_comment_and_seen_only_with_its_thing(person: Person, signed_in: SignedIn) -> None:
    one = looked_at(person)
    url = f"/comments/nonconformity/{one.pk}/pictures/"
    good = SimpleUploadedFile("a b.png", PNG)
    assert signed_in("worker").post(url, {"file": good}).status_code == 404
    client = signed_in("planner")
    assert client.post(url, {"file": SimpleUploadedFile("a.png", b"<svg onload=x>")}).status_code == 422
    assert client.post(f"/comments/user/{one.pk}/pictures/", {"file": good}).status_code == 404
    markdown = client.post(url, {"file": SimpleUploadedFile("a b.png", PNG)}).json()["markdown"]
    client.post(f"/comments/nonconformity/{one.pk}/", {"text": markdown})
    page = client.get(f"/ncr/{one.pk}/").content.decode()
    found = re.search(r'<img class="pic" src="([^"]+)"', page)
    assert found
    answer = client.get(found[1])
    assert (answer.getvalue(), answer["Content-Type"]) == (PNG, "image/png")
    assert signed_in("worker").get(found[1]).status_code == 404
    assert "<img" not in as_html("![x](https://else.example/a.png) ![y](/comments/x/1/pictures/2/../../admin/)")


def test_pictures_are_limited_in_size_and_number_and_taken_from_who_may_comment(
    person: Person, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = looked_at(person)
    client, url = signed_in("planner"), f"/comments/nonconformity/{one.pk}/pictures/"

    def pasted() -> int:
        return client.post(url, {"file": SimpleUploadedFile("a.png", PNG)}).status_code

    monkeypatch.setattr(following, "LARGEST_PICTURE", len(PNG) - 1)
    assert pasted() == 422
    monkeypatch.setattr(following, "LARGEST_PICTURE", len(PNG))
    monkeypatch.setattr(following, "MOST_PICTURES", 1)
    assert (pasted(), pasted()) == (200, 422)
    catalogue()
    asked = record_request(actor=person("sales"), data=RequestInput(customer(), "哪天发货", owner=person("sales")))
    answer = signed_in("finance").post(
        f"/comments/customerrequest/{asked.pk}/pictures/", {"file": SimpleUploadedFile("a.png", PNG)}
    )
    assert answer.status_code == 403
    assert Attachment.objects.filter(kind="pasted").count() == 1
