"""What a customer answers to a change: to exactly what was shown, once, in time, by link or on paper."""

from __future__ import annotations

import datetime as dt
import io

import pytest

from changing import SIGNED, approved, planned, quantity
from planning import TODAY
from punctual.domain.changes.models import ChangeState, CustomerAnswer
from punctual.domain.changes.services.applying import apply
from punctual.domain.changes.services.customer import answer_by_link, answer_by_paper, ask_customer
from punctual.domain.changes.signing import seal_of
from punctual.kernel.refusal import NotFound, Refusal
from punctual.platform.audit.models import AuditEntry
from punctual.platform.links.models import SignedLink

pytestmark = pytest.mark.django_db


def test_an_approved_change_waits_for_the_customer(person):
    plan = planned(person)
    change = approved(person, plan, quantity(plan, 3), needs_customer=True)
    with pytest.raises(Refusal) as refused:
        apply(actor=person("order_manager"), change_id=change.pk, today=TODAY)
    assert refused.value.codes == {"change.customer_open"}


def test_the_customers_link_answers_once_and_not_after_its_day(person):
    plan = planned(person)
    change = approved(person, plan, quantity(plan, 3), needs_customer=True)
    with pytest.raises(NotFound):
        answer_by_link(token="guess", seal="", agree=True, name="李工", signature=SIGNED)
    _change, first = ask_customer(actor=person("order_manager"), change_id=change.pk)
    _change, token = ask_customer(actor=person("order_manager"), change_id=change.pk)
    with pytest.raises(Refusal) as refused:
        answer_by_link(token=first, seal=seal_of(change), agree=True, name="李工", signature=SIGNED)
    assert refused.value.codes == {"link.revoked"}
    with pytest.raises(Refusal) as refused:
        answer_by_link(token=token, seal=seal_of(change), agree=True, name="", signature="")
    assert refused.value.codes == {"change.customer_name", "signature.missing"}
    answer_by_link(token=token, seal=seal_of(change), agree=True, name="李工", signature=SIGNED)
    with pytest.raises(Refusal) as refused:
        answer_by_link(token=token, seal=seal_of(change), agree=False, name="李工", note="不")
    assert refused.value.codes == {"link.used"}
    change.refresh_from_db()
    assert (change.customer_answer, change.customer_name) == (CustomerAnswer.AGREED, "李工")


def test_what_is_signed_is_what_was_shown(person):
    plan = planned(person)
    change = approved(person, plan, quantity(plan, 3), needs_customer=True)
    _change, token = ask_customer(actor=person("order_manager"), change_id=change.pk)
    shown = seal_of(change)
    change.items.update(new="30")
    for seal in ("", shown):
        with pytest.raises(Refusal) as refused:
            answer_by_link(token=token, seal=seal, agree=True, name="李工", signature=SIGNED)
        assert refused.value.codes == {"change.other"}
    change.items.update(new="3")
    answer_by_link(token=token, seal=shown, agree=True, name="李工", signature=SIGNED)
    entry = AuditEntry.objects.get(verb="customer_answer")
    assert {one["field"]: one["new"] for one in entry.changes}["seal"] == shown


def test_the_seal_covers_every_word_price_and_day_shown_and_nothing_of_ours(person):
    plan = planned(person)
    change = approved(person, plan, quantity(plan, 3), needs_customer=True)
    first = seal_of(change)
    for name in ("value", "value_before", "promised", "promised_before"):
        kept = change.impact[name]
        change.impact[name] = "2031-01-01"
        assert seal_of(change) != first, name
        change.impact[name] = kept
    change.impact["cost"] = "1"
    change.items.create(position=8, kind="cost", data={"kind": "labour", "name": "内部", "amount": "9"})
    change.items.create(position=9, kind="header", field="notes", old="a", new="毛利 31%")
    assert seal_of(change) == first
    change.items.create(position=10, kind="header", field="payment_terms", old="30", new="60")
    assert seal_of(change) != first


def test_an_expired_link_is_refused(person):
    plan = planned(person)
    change = approved(person, plan, quantity(plan, 3), needs_customer=True)
    _change, token = ask_customer(actor=person("order_manager"), change_id=change.pk)
    SignedLink.objects.update(expires_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    with pytest.raises(Refusal) as refused:
        answer_by_link(token=token, seal=seal_of(change), agree=True, name="李工", signature=SIGNED)
    assert refused.value.codes == {"link.expired"}


def test_a_customer_who_refuses_stops_the_change(person):
    plan = planned(person)
    change = approved(person, plan, quantity(plan, 3), needs_customer=True)
    answer_by_paper(actor=person("sales"), change_id=change.pk, agree=False, name="李工", note="太贵", file=None)
    with pytest.raises(Refusal) as refused:
        apply(actor=person("order_manager"), change_id=change.pk, today=TODAY)
    assert refused.value.codes == {"change.customer_refused"}


def test_the_customers_paper_must_be_attached(person):
    plan = planned(person)
    change = approved(person, plan, quantity(plan, 3), needs_customer=True)
    wish = {"actor": person("sales"), "change_id": change.pk, "agree": True, "name": "李工"}
    with pytest.raises(Refusal) as refused:
        answer_by_paper(**wish, file=None)
    assert refused.value.codes == {"change.paper_missing"}
    answer_by_paper(**wish, file=io.BytesIO(b"%PDF"), file_name="变更确认.pdf")
    assert apply(actor=person("order_manager"), change_id=change.pk, today=TODAY).state == ChangeState.APPLIED
