"""Pages of changes, deliveries, payments and approvals: who opens them, what they do, how many queries they take."""

from __future__ import annotations

import re

import pytest
from django.utils.translation import override

from changing import SIGNED, approved, line_of, planned, quantity, raised
from planning import TODAY
from punctual.domain.changes.models import ChangeOrder
from punctual.domain.changes.services.customer import ask_customer
from punctual.platform.approvals.models import ApprovalRequest
from punctual.platform.audit.services import story_of
from punctual.web.changes import words

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _frozen_day(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *_a, **_k: TODAY)


@pytest.mark.parametrize("url", ["/changes/", "/deliveries/", "/approvals/", "/orders/{key}/revisions/"])
def test_pages_are_closed_to_the_shop_floor(signed_in, person, url):
    plan = planned(person)
    address = url.format(key=plan.order.key)
    assert signed_in("worker").get(address).status_code in (403, 404)
    assert signed_in("quality").get(address).status_code == 200


@pytest.mark.parametrize(("role", "status"), [("quality", 403), ("sales", 200), ("finance", 200), ("worker", 403)])
def test_payments_open_for_those_who_see_money(signed_in, person, role, status):
    planned(person)
    assert signed_in(role).get("/payments/").status_code == status


def test_the_form_makes_items_of_what_differs_and_shows_the_impact(signed_in, person):
    plan = planned(person)
    client = signed_in("order_manager")
    line = line_of(plan)
    page = client.get(f"/orders/{plan.order.key}/change/")
    assert page.status_code == 200
    form = {
        "title": "加三台", "source": "customer", f"line-{line.pk}-quantity": "5", "new-0-model": "", "task-0-name": "",
        "cost-0-amount": "", "analyse": "1",
    }  # fmt: skip
    answer = client.post(f"/orders/{plan.order.key}/change/", form)
    change = ChangeOrder.objects.get()
    assert answer.headers["Location"] == f"/changes/{change.number}/"
    assert [(one.field, one.old, one.new) for one in change.items.all()] == [("quantity", "2", "5")]
    assert change.impact["days"] == 5
    text = client.get(f"/changes/{change.number}/").content.decode()
    assert "+5" in text
    assert client.get(f"/changes/{change.number}/edit/").status_code == 200


def test_on_a_narrow_screen_a_list_among_the_facts_is_broken_and_a_figure_is_not(signed_in, person):
    plan = planned(person)
    approved(person, plan, quantity(plan, 5))
    asked = ApprovalRequest.objects.get()
    asked.facts = [
        {"label": "Other orders touched", "now": None, "then": ["SO-1", "SO-2"], "kind": "list"},
        {"label": "Cost", "now": None, "then": "29200", "kind": "money"},
    ]
    asked.save()
    page = signed_in("manager").get(f"/approvals/{asked.pk}/").content.decode()
    told = re.findall(r'<td class="r b ([^"]*)">([^<]*)</td>', page)
    assert [(css.strip(), text) for css, text in told] == [("", "SO-1、SO-2"), ("n", "¥29,200")], (
        "parted as Chinese parts them"
    )


def test_a_refused_form_keeps_what_was_written(signed_in, person):
    plan = planned(person)
    line = line_of(plan)
    form = {"title": "x", "source": "us", f"line-{line.pk}-quantity": "viele", "task-0-name": ""}
    answer = signed_in("sales").post(f"/orders/{plan.order.key}/change/", form)
    assert answer.status_code == 422
    assert "viele" in answer.content.decode()
    assert not ChangeOrder.objects.exists()


def test_what_a_customer_drew_stays_when_the_answer_is_refused(client, person):
    plan = planned(person)
    change = approved(person, plan, quantity(plan, 3), needs_customer=True)
    _change, token = ask_customer(actor=person("order_manager"), change_id=change.pk)
    answer = client.post(f"/sign/change/{token}/", {"name": "", "answer": "agree", "signature": SIGNED})
    assert answer.status_code == 422
    assert f'name="signature" value="{SIGNED}"' in answer.content.decode()


def test_a_form_whose_analysis_is_refused_can_be_mended_and_sent_again(signed_in, person):
    """The refused page names the change and version that stand, though the edit is taken back with the refusal."""
    plan = planned(person)
    change = raised(person, plan, quantity(plan, 5))
    client, address = signed_in("order_manager"), f"/changes/{change.number}/edit/"
    form = {"title": "改数量", "source": "customer", "task-0-name": "", "analyse": "1"}
    refused = client.post(address, {**form, "version": str(change.version), "form_key": "first"})
    assert refused.status_code == 422
    assert f'name="version" value="{change.version}"' in refused.content.decode()
    new = client.post(f"/orders/{plan.order.key}/change/", {**form, "form_key": "second"})
    assert new.status_code == 422
    assert ChangeOrder.objects.count() == 1
    assert new.context["change"] is None
    form[f"line-{line_of(plan).pk}-quantity"] = "6"
    again = client.post(address, {**form, "version": str(change.version), "form_key": "third"})
    assert again.status_code == 302
    assert change.items.get().new == "6"


def test_the_history_tells_states_and_money_as_the_page_does(signed_in, person):
    plan = planned(person)
    change = approved(person, plan, quantity(plan, 5))
    with override("en"):
        told = [one for step in words.story(story_of(change)) for one in step.changes]
    assert ("State", "Waiting for approval", "Approved") in [(one.label, one.old, one.new) for one in told]
    value = next(one.new for one in told if one.label == "Contract value")
    assert "," in value
    assert "." not in value.rstrip("0").removesuffix(".")


def test_the_list_takes_the_same_queries_for_few_and_many(signed_in, person, django_assert_max_num_queries):
    plan = planned(person)
    client = signed_in("order_manager")
    raised(person, plan, quantity(plan, 3))
    client.get("/changes/")
    for count in (2, 8):
        while ChangeOrder.objects.count() < count:
            raised(person, plan, quantity(plan, 3))
        with django_assert_max_num_queries(22):
            assert client.get("/changes/").status_code == 200
