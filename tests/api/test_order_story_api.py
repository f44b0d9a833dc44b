"""History, comments, files and imports of orders over the API."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

import ordering
from ordering import GOOD_ROW, TODAY, workbook
from punctual.domain.orders.models import Order
from punctual.platform.attachments.models import Attachment
from punctual.platform.comments.models import Comment

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _frozen_day(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *_a, **_k: TODAY)


@pytest.mark.parametrize("what", ["history", "comments", "attachments"])
def test_the_shop_floor_finds_nothing_of_an_order(signed_in, person, what):
    order = ordering.draft(person("sales"))
    client = signed_in("worker")
    assert client.get(f"/api/v1/orders/{order.key}/{what}").status_code == 404
    assert client.post(f"/api/v1/orders/{order.key}/comments", {"text": "x"}, "application/json").status_code == 404


def test_an_empty_comment_is_refused(signed_in, person):
    order = ordering.draft(person("sales"))
    answer = signed_in("sales").post(f"/api/v1/orders/{order.key}/comments", {"text": " "}, "application/json")
    assert answer.status_code == 422
    assert not Comment.objects.exists()


def test_a_comment_is_written_and_read(signed_in, person):
    order = ordering.draft(person("sales"))
    client = signed_in("sales")
    made = client.post(f"/api/v1/orders/{order.key}/comments", {"text": "现场多留一天"}, "application/json")
    assert made.status_code == 201
    listed = client.get(f"/api/v1/orders/{order.key}/comments").json()
    assert (listed["total"], listed["items"][0]["text"]) == (1, "现场多留一天")


def test_the_history_tells_who_did_what(signed_in, person):
    order = ordering.confirmed(person("order_manager"))
    steps = signed_in("manager").get(f"/api/v1/orders/{order.key}/history").json()
    assert {"create", "submit", "confirm"} <= {one["verb"] for one in steps["items"]}
    assert all(one["by"] for one in steps["items"])


def test_a_file_is_kept_fetched_and_taken_off(signed_in, person):
    order = ordering.draft(person("sales"))
    client, url = signed_in("sales"), f"/api/v1/orders/{order.key}/attachments"
    made = client.post(url, {"file": SimpleUploadedFile("协议.txt", b"hello")})
    assert made.status_code == 201
    assert [one["name"] for one in client.get(url).json()] == ["协议.txt"]
    fetched = client.get(f"{url}/{made.json()['id']}")
    assert b"".join(fetched.streaming_content) == b"hello"
    assert fetched.headers["Content-Disposition"].startswith("attachment")
    assert signed_in("finance").delete(f"{url}/{made.json()['id']}").status_code == 403
    assert Attachment.objects.exists()
    assert signed_in("sales").delete(f"{url}/{made.json()['id']}").status_code == 204
    assert client.get(url).json() == []


def test_who_may_not_enter_orders_imports_none(signed_in):
    ordering.catalogue()
    file = SimpleUploadedFile("po.xlsx", workbook([GOOD_ROW]))
    assert signed_in("finance").post("/api/v1/orders/import", {"file": file}).status_code == 403
    assert not Order.objects.exists()


@pytest.mark.parametrize(("more", "made"), [({}, 1), ({"dry_run": "true"}, 0), ({"all_or_nothing": "true"}, 0)])
def test_a_file_is_imported_as_wished_and_every_bad_row_told(signed_in, more, made):
    ordering.catalogue()
    ordering.customer()
    bad = (20, "HC-VI3O", *GOOD_ROW[2:])
    file = SimpleUploadedFile("po.xlsx", workbook([GOOD_ROW, bad]))
    answer = signed_in("sales").post("/api/v1/orders/import", {"file": file, "customer": "C001", **more})
    assert answer.status_code == 200
    told = answer.json()
    assert told["rows"][0]["code"] == "order.line.product_unknown"
    assert Order.objects.count() == made
    assert len(told["orders"]) == made


def test_a_file_that_is_none_is_a_problem(signed_in):
    answer = signed_in("sales").post("/api/v1/orders/import", {"file": SimpleUploadedFile("po.xlsx", b"x")})
    assert answer.status_code == 422
    assert answer.json()["code"] == "sheet.unreadable"
