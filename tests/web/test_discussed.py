"""Everything that has a page is discussed there, by who may see it and by nobody else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.apps import apps
from django.db.models import Model
from django.test import Client

from punctual.domain.customer_relations.models import Meeting
from punctual.domain.monitoring.models import ChangeNotice
from punctual.domain.orders.models import Order
from punctual.domain.plans.models import Task
from punctual.domain.supply.models import PurchaseOrder
from punctual.kernel.refusal import NotFound
from punctual.platform import targets
from punctual.platform.accounts.models import User
from punctual.platform.comments.kinds import DISCUSSED
from punctual.platform.comments.models import Comment, Follower
from punctual.platform.notifications.models import Notification
from punctual.web.monitoring.tasks import my_tasks

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
