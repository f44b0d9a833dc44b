"""A customer's complaint → nonconformity and 8D report, tied both ways, until the answer is offered."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable

import pytest
from django.test import Client

import inspecting
from ordering import catalogue, confirmed, customer
from punctual.domain.customer_relations.models import CustomerRequest
from punctual.domain.customer_relations.services import requests
from punctual.domain.customer_relations.services.requests import RequestInput
from punctual.domain.quality.models import CorrectiveAction, Nonconformity
from punctual.domain.quality.services.capas import ask_why, check_effect, finish_capa, write_step
from punctual.flows.complaints import ComplaintIn, complaint_of, draft_answer, open_report, reported_for
from punctual.kernel.refusal import Conflict, Forbidden, NotFound, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.notifications.models import Notification
from punctual.platform.outbox.services import deliver_pending

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]
SignedIn = Callable[[str], Client]
TODAY = inspecting.TODAY


def complaint(person: Person, kind: str = "complaint", title: str = "气缸漏气停线") -> CustomerRequest:
    person("quality")
    catalogue()
    order = confirmed(person("order_manager"))
    data = RequestInput(customer(), title, text="二工位气缸漏气", kind=kind, order=order, owner=person("sales"))
    return requests.record_request(actor=person("order_manager"), data=data)


def opened(person: Person, found: CustomerRequest, **more: object) -> CorrectiveAction:
    given = ComplaintIn(**more)  # type: ignore[arg-type]
    return open_report(actor=person("order_manager"), request_id=found.pk, given=given, today=TODAY)


def test_those_who_answer_no_requests_open_none(person: Person) -> None:
    found = complaint(person)
    for role, error in (("finance", Forbidden), ("worker", Forbidden), ("manager", Forbidden)):
        with pytest.raises(error):
            open_report(actor=person(role), request_id=found.pk, given=ComplaintIn(), today=TODAY)
    with pytest.raises(NotFound):
        open_report(actor=person("sales"), request_id=found.pk + 1, given=ComplaintIn(), today=TODAY)
    assert not Nonconformity.objects.exists()


def test_a_question_a_stale_copy_and_wrong_counts_open_none(person: Person) -> None:
    question = complaint(person, "question")
    with pytest.raises(Refusal) as refused:
        opened(person, question)
    assert refused.value.codes == {"complaint.kind"}
    found = complaint(person)
    with pytest.raises(Conflict):
        open_report(actor=person("sales"), request_id=found.pk, given=ComplaintIn(), today=TODAY, expected_version=99)
    for given, code in (
        (ComplaintIn(quantity=2, nonconforming=3), "ncr.more_than_all"),
        (ComplaintIn(defect_class="bad"), "ncr.class"),
    ):
        with pytest.raises(Refusal) as refused:
            open_report(actor=person("sales"), request_id=found.pk, given=given, today=TODAY)
        assert code in refused.value.codes
    assert not CorrectiveAction.objects.exists()
    assert not found.links.exists()


def test_one_complaint_opens_one_report_tied_both_ways(person: Person) -> None:
    found = complaint(person)
    capa = opened(person, found, defect_class="critical", quantity=4, nonconforming=1)
    ncr = capa.ncr
    assert ncr is not None
    assert (ncr.origin, ncr.order, ncr.defect_class, ncr.title) == ("complaint", found.order, "critical", found.title)
    assert ncr.owner == capa.owner == person("quality")
    assert "二工位气缸漏气" in capa.disciplines.get(number=2).text
    assert complaint_of(person("quality"), ncr) == found
    assert [(one.ncr, one.capas) for one in reported_for(person("sales"), found)] == [(ncr, [capa])]
    assert {(one.target_type, one.label) for one in found.links.all()} == {
        ("nonconformity", ncr.number),
        ("correctiveaction", capa.number),
    }
    with pytest.raises(Refusal) as refused:
        opened(person, found)
    assert refused.value.codes == {"complaint.open"}
    assert reported_for(person("worker"), found) == []


def test_what_is_merged_takes_its_report_along(person: Person) -> None:
    first, second = complaint(person), complaint(person, title="气缸还在漏")
    capa = opened(person, first)
    requests.merge(actor=person("sales"), request_id=first.pk, into=second)
    assert complaint_of(person("sales"), capa.ncr) == second
    assert [one.ncr for one in reported_for(person("sales"), second)] == [capa.ncr]
    assert second.links.count() == 2
    with pytest.raises(Refusal) as refused:
        opened(person, second)
    assert refused.value.codes == {"complaint.open"}
    first.refresh_from_db()
    with pytest.raises(Refusal) as refused:
        opened(person, first)
    assert "complaint.merged" in refused.value.codes


def test_a_finished_report_offers_its_answer_to_whoever_has_the_request(person: Person) -> None:
    found = complaint(person)
    capa, quality = opened(person, found), person("quality")
    ask_why(actor=quality, capa_id=capa.pk, text="密封圈装反", is_root=True)
    said = {3: "同批气缸停用", 5: "装配加防错", 7: "作业指导书改版"}
    for number in range(9):
        write_step(actor=quality, capa_id=capa.pk, number=number, text=said.get(number, "有"), done=True)
    Notification.objects.all().delete()
    finish_capa(actor=quality, capa_id=capa.pk, check_on=TODAY + dt.timedelta(days=30), today=TODAY)
    deliver_pending()
    told = Notification.objects.get(user=person("sales"))
    assert told.url == f"/requests/{found.number}/?draft={capa.pk}#say"
    capa.refresh_from_db()
    answer = draft_answer(capa, found)
    for text in (found.number, "密封圈装反", *said.values()):
        assert text in answer
    assert "NCR-" not in answer
    check_effect(actor=quality, capa_id=capa.pk, effective=True, note="未再发生")
    deliver_pending()
    assert Notification.objects.filter(user=person("sales")).count() == 2


def test_it_is_opened_on_the_requests_page_and_seen_from_all_three(person: Person, signed_in: SignedIn) -> None:
    found = complaint(person)
    sales = signed_in("sales")
    page = sales.get(f"/requests/{found.number}/").content.decode()
    assert f"/requests/{found.number}/8d/" in page
    refused = sales.post(f"/requests/{found.number}/8d/", {"defect_class": "major", "quantity": "viel"})
    assert refused.status_code == 422
    sales.post(f"/requests/{found.number}/8d/", {"defect_class": "major", "quantity": "4", "nonconforming": "1"})
    capa = CorrectiveAction.objects.get()
    assert capa.ncr is not None
    page = sales.get(f"/requests/{found.number}/").content.decode()
    assert capa.number in page
    assert capa.ncr.number in page
    assert f"/requests/{found.number}/8d/" not in page
    for address in (f"/ncr/{capa.ncr_id}/", f"/8d/{capa.pk}/"):
        shown = sales.get(address).content.decode()
        assert f"/requests/{found.number}/" in shown
        assert str(found.customer) in shown
    CorrectiveAction.objects.update(state="checking")
    assert f"?draft={capa.pk}#say" in sales.get(f"/8d/{capa.pk}/").content.decode()
    drafted = sales.get(f"/requests/{found.number}/?draft={capa.pk}").content.decode()
    assert f"{found.number} “{found.title}”" in drafted or f"{found.number}“{found.title}”" in drafted


def test_the_api_opens_it_and_names_the_request(person: Person, signed_in: SignedIn) -> None:
    found = complaint(person)
    address = f"/api/v1/requests/{found.number}/8d"
    answer = signed_in("finance").post(address, json.dumps({}), content_type="application/json")
    assert answer.status_code == 403
    answer = signed_in("sales").post(address, json.dumps({"quantity": 4}), content_type="application/json")
    assert (answer.status_code, answer.json()["request"]) == (201, found.number)
    assert answer.json()["nonconformity"].startswith("NCR-")
    links = signed_in("sales").get(f"/api/v1/requests/{found.number}").json()["links"]
    assert {one["type"] for one in links} == {"nonconformity", "correctiveaction"}
