"""Everything that has a page is discussed there and seen at the side of its list, by who may see it and nobody else."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db.models import Model
from django.test import Client
from django.urls import get_resolver
from django.utils.html import escape

from punctual.domain.customer_relations.models import CustomerRequest, Meeting
from punctual.domain.monitoring.models import ChangeNotice
from punctual.domain.orders.models import Order
from punctual.domain.plans.models import Task
from punctual.domain.supply.models import PurchaseOrder
from punctual.kernel.refusal import NotFound
from punctual.platform import targets
from punctual.platform.accounts.models import User
from punctual.platform.audit.services import Change, record
from punctual.platform.comments.kinds import DISCUSSED
from punctual.platform.comments.models import Comment, Follower
from punctual.platform.notifications.models import Notification
from punctual.web.monitoring.tasks import my_tasks
from punctual.web.shell.lists import ListPage

pytestmark = pytest.mark.django_db
Enter = Callable[[str], Client]


def _one(kind: str) -> Model:
    domain = (one for one in apps.get_models() if one.__module__.startswith("punctual.domain."))
    model = next(one for one in domain if one._meta.model_name == kind)
    found = model._default_manager.order_by("-pk").first()
    if found is None and kind == "changenotice":
        found = ChangeNotice.objects.create(order=Order.objects.filter(state="in_progress")[0], title="改期")
    assert found is not None, f"the demo company has no {kind}"
    return found


def _user(role: str) -> User:
    return User.objects.filter(role=role, is_active=True).order_by("pk")[0]


def _sees(user: User, kind: str, pk: int) -> bool:
    try:
        targets.fetch(user, kind, pk)
    except NotFound:
        return False
    return True


def test_who_does_not_see_a_thing_neither_comments_nor_follows_nor_reads(demo_company: dt.date) -> None:
    worker, client = _user("worker"), Client()
    client.force_login(worker)
    hidden = [(kind, _one(kind).pk) for kind in DISCUSSED]
    hidden = [(kind, pk) for kind, pk in hidden if not _sees(worker, kind, pk)]
    assert len(hidden) > len(DISCUSSED) / 2
    before = Comment.objects.count()
    for kind, pk in hidden:
        assert client.post(f"/comments/{kind}/{pk}/", {"text": "x"}).status_code == 404, kind
        assert client.post(f"/follow/{kind}/{pk}/").status_code == 404, kind
        assert client.get(f"/api/v1/comments/{kind}/{pk}").status_code == 404, kind
        assert client.post(f"/api/v1/comments/{kind}/{pk}", {"text": "x"}, "application/json").status_code == 404, kind
    assert client.get(f"/api/v1/comments/user/{worker.pk}").status_code == 404
    assert Comment.objects.count() == before
    assert not Follower.objects.filter(user=worker).exists()


def test_the_page_of_everything_shows_what_is_said_and_takes_more(demo_company: dt.date) -> None:
    roles = [_user(role) for role in ("order_manager", "quality", "supply_chain", "planner")]
    for kind in DISCUSSED:
        target = _one(kind)
        reader = next((one for one in roles if _sees(one, kind, target.pk)), None)
        assert reader is not None, kind
        client = Client()
        client.force_login(reader)
        assert client.post(f"/comments/{kind}/{target.pk}/", {"text": f"**{kind}** 说明"}).status_code == 302
        page = client.get(targets.url_of(kind, target)).content.decode()
        assert f"<strong>{kind}</strong> 说明" in page, kind
        assert page.count(f'action="/comments/{kind}/{target.pk}/"') == 1, kind
        assert page.count(f'action="/follow/{kind}/{target.pk}/"') == 1, kind


def test_who_is_mentioned_but_may_not_see_it_is_not_told_and_the_writer_learns_of_it(demo_company: dt.date) -> None:
    order, buyer, worker = _one("purchaseorder"), _user("supply_chain"), _user("worker")
    assert isinstance(order, PurchaseOrder)
    manager = _user("order_manager")
    client = Client()
    client.force_login(buyer)
    text = f"@{worker.username} @{manager.username} 到货日再确认"
    page = client.post(f"/comments/purchaseorder/{order.pk}/", {"text": text}, follow=True).content.decode()
    assert f"未通知（无权查看）：{worker.name}。" in page
    told = Notification.objects.filter(kind="mention", text__contains="mentioned").filter(params__what=order.number)
    assert [one.user for one in told] == [manager]
    assert told[0].url == f"/purchase-orders/{order.number}/"


def test_the_customers_version_of_a_meeting_shows_no_comment(demo_company: dt.date) -> None:
    meeting, client = Meeting.objects.order_by("-pk")[0], Client()
    client.force_login(_user("order_manager"))
    client.post(f"/comments/meeting/{meeting.pk}/", {"text": "底价不能松"})
    assert "底价不能松" in client.get(f"/meetings/{meeting.pk}/").content.decode()
    outside = client.get(f"/meetings/{meeting.pk}/?view=customer").content.decode()
    assert "底价不能松" not in outside
    assert "/comments/" not in outside


def test_who_sees_the_plan_but_reports_nothing_reads_the_task(demo_company: dt.date) -> None:
    sales, client = _user("sales"), Client()
    task = Task.objects.filter(percent__gt=0, is_summary=False).order_by("-pk")[0]
    assert not my_tasks.reportable(sales).filter(pk=task.pk).exists()
    client.force_login(sales)
    page = client.get(f"/tasks/{task.pk}/").content.decode()
    assert f'action="/comments/task/{task.pk}/"' in page
    assert f"/tasks/{task.pk}/report/" not in page
    assert client.post(f"/tasks/{task.pk}/report/", {"percent": "90"}).status_code == 404


# — at the side of a list —


def _lists(resolver: Any, before: str = "/") -> Iterator[tuple[str, type[ListPage]]]:
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from _lists(pattern, route)
        elif getattr(getattr(pattern.callback, "view_class", None), "peeks", False):
            yield route, pattern.callback.view_class


LISTS = [(route, view) for route, view in _lists(get_resolver()) if "<" not in route]
STATEMENTS = 18
"""One row at the side, with sign-in and settings."""


def test_a_row_that_is_not_in_the_list_is_not_at_its_side(demo_company: dt.date) -> None:
    worker, client = _user("worker"), Client()
    client.force_login(worker)
    for route, view in LISTS:
        there = view().rows(_user("administrator")).model._default_manager.order_by("-pk").first()
        assert client.get(f"{route}?peek=99999999").status_code in (403, 404), route
        answer = client.get(f"{route}?peek={there.pk}") if there else None
        if answer and answer.status_code == 200:
            assert view().rows(worker).filter(pk=there.pk).exists(), route
    sales = Client()
    sales.force_login(_user("sales"))
    ncr = _one("nonconformity")
    assert "¥" not in sales.get(f"/ncr/?peek={ncr.pk}").content.decode()


def test_a_row_opens_at_the_side_of_every_list(
    demo_company: dt.date, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    assert len(LISTS) > 15
    empty = set()
    for route, view in LISTS:
        client = Client()
        client.force_login(_user("supply_chain" if route.startswith(("/stock", "/bom", "/mat")) else "order_manager"))
        page = client.get(f"{route}?state=").content.decode()
        found = re.search(r'data-href="([^"]+)"[^>]*data-peek-url="([^"]+)" data-id', page)
        if found is None:
            empty.add(view.key)
            continue
        with django_assert_max_num_queries(STATEMENTS):
            answer = client.get(route + found[2])
        side = answer.content.decode()
        assert answer.status_code == 200, route
        assert f'href="{found[1]}"' in side, route
        assert "<html" not in side
    assert empty <= {"notices"}


def test_the_side_tells_what_happened_last_without_amounts(demo_company: dt.date) -> None:
    manager = _user("order_manager")
    client = Client()
    client.force_login(manager)
    asked = CustomerRequest.objects.filter(state="waiting").order_by("-pk")[0]
    side = client.get(f"/requests/table/?peek={asked.pk}").content.decode()
    assert "设为等客户" in side
    assert "历史" in side
    states = Change(field="state", old="waiting", new="open")
    record(actor=manager, verb="reopen", target=asked, changes=[states])
    side = client.get(f"/requests/table/?peek={asked.pk}").content.decode()
    assert "重新打开" in side
    assert f"<ins>{CustomerRequest(state='open').get_state_display()}</ins>" in side
    bought = PurchaseOrder.objects.order_by("-pk")[0]
    record(actor=manager, verb="change", target=bought, changes=[Change(field="total_amount", old=98765, new=98766)])
    side = client.get(f"/purchase-orders/?peek={bought.pk}").content.decode()
    assert "修改" in side
    assert "98765" not in side


def test_the_side_shows_longer_words_and_what_was_said_and_sends_back_to_the_list(demo_company: dt.date) -> None:
    client = Client()
    client.force_login(_user("order_manager"))
    asked = CustomerRequest.objects.filter(messages__author="customer").order_by("-pk")[0]
    side = client.get(f"/requests/table/?peek={asked.pk}").content.decode()
    assert str(escape(asked.messages.order_by("-at", "-pk")[0].text))[:20] in side
    change = _one("changeorder")
    told = {"text": "等客户 **确认**", "next": "/changes/"}
    assert client.post(f"/comments/changeorder/{change.pk}/", told)["Location"] == "/changes/"
    assert "<strong>确认</strong>" in client.get(f"/changes/?peek={change.pk}").content.decode()
    assert "data-peek-url" not in client.get("/plan-templates/").content.decode()
