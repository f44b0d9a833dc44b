"""An acceptance is held in one go: what stands in the table is signed with it, and what blocks it is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from changing import SIGNED
from delivering import PNG, running, shipped, signed, with_criteria
from ordering import TODAY
from punctual.domain.delivery.models import Acceptance, AcceptanceState
from punctual.domain.delivery.services.acceptance import add_punch, plan_acceptance

pytestmark = pytest.mark.django_db
Enter = Callable[[str], Client]


def planned_acceptance(person: Any, kind: str = "fat") -> Acceptance:
    return plan_acceptance(actor=person("quality"), order_id=with_criteria(running(person)).pk, kind=kind)


def filled(acceptance: Acceptance, verdict: str, **more: Any) -> dict[str, Any]:
    rows = {f"verdict-{row.pk}": verdict for row in acceptance.results.all()}
    values = {f"value-{row.pk}": "11.8 s" for row in acceptance.results.all()}
    return {**rows, **values, "note": "一次通过", "version": acceptance.version, **more}


def test_a_refused_signature_loses_neither_drawing_nor_verdict_and_enters_none(person: Any, signed_in: Enter) -> None:
    acceptance = planned_acceptance(person)
    data = filled(acceptance, "met", signer="", held_on=TODAY.isoformat(), signature=SIGNED)
    answer = signed_in("order_manager").post(f"/acceptances/{acceptance.pk}/do/pass/", data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "请写客户签字人" in page
    assert "还没有结论的标准" not in page.split('id="sign"')[0], "the verdicts were sent along"
    assert page.count('value="met" selected') == 2
    assert page.count('value="11.8 s"') == 2
    assert "一次通过" in page
    assert f'name="signature" value="{SIGNED}"' in page, "nobody signs twice"
    assert {row.verdict for row in acceptance.results.all()} == {"open"}


def test_what_stands_in_the_table_is_signed_with_it(person: Any, signed_in: Enter) -> None:
    acceptance = planned_acceptance(person)
    file = SimpleUploadedFile("signed.png", PNG)
    data = filled(acceptance, "met", signer="周建平", held_on=TODAY.isoformat(), file=file)
    assert signed_in("order_manager").post(f"/acceptances/{acceptance.pk}/do/pass/", data).status_code == 302
    acceptance = Acceptance.objects.get(pk=acceptance.pk)
    assert acceptance.state == AcceptanceState.PASSED
    assert acceptance.note == "一次通过"
    assert {(row.value, row.verdict) for row in acceptance.results.all()} == {("11.8 s", "met")}


def test_what_was_not_met_stays_with_the_failure(person: Any, signed_in: Enter) -> None:
    acceptance = planned_acceptance(person)
    refused = signed_in("order_manager").post(
        f"/acceptances/{acceptance.pk}/do/fail/", filled(acceptance, "not_met", failed_on=TODAY.isoformat())
    )
    assert refused.status_code == 422
    assert {row.verdict for row in acceptance.results.all()} == {"open"}
    data = filled(acceptance, "not_met", failed_on=TODAY.isoformat(), reason="节拍超了")
    assert signed_in("order_manager").post(f"/acceptances/{acceptance.pk}/do/fail/", data).status_code == 302
    acceptance = Acceptance.objects.get(pk=acceptance.pk)
    assert acceptance.state == AcceptanceState.FAILED
    assert {row.verdict for row in acceptance.results.all()} == {"not_met"}


def test_the_final_acceptance_names_the_open_items_of_the_ones_before(person: Any, signed_in: Enter) -> None:
    order = running(person)
    fat = plan_acceptance(actor=person("quality"), order_id=order.pk, kind="fat")
    add_punch(
        actor=person("quality"), acceptance_id=fat.pk, title="急停标牌", grade="B", owner=person("worker"), due=TODAY
    )
    fat.refresh_from_db()
    signed(person, fat, with_punch=True)
    shipped(person, order, 2)
    final = plan_acceptance(actor=person("quality"), order_id=order.pk, kind="final")
    page = signed_in("order_manager").get(f"/acceptances/{final.pk}/").content.decode()
    assert "急停标牌" in page
    assert f'href="/acceptances/{fat.pk}/"' in page
