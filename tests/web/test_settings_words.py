"""What an administrator reads in the settings is written for people and in one language."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client

from punctual.domain.scheduling.gathering import scheduling_settings
from punctual.platform.approvals.subjects import SUBJECTS
from punctual.platform.company.services import company

pytestmark = pytest.mark.django_db
Enter = Callable[[str], Client]


def test_a_price_of_the_schedule_is_a_number_as_people_write_it(signed_in: Enter) -> None:
    found = scheduling_settings()
    found.expedite_per_day = Decimal("1500.00")
    found.save()
    page = signed_in("administrator").get("/settings/scheduling/").content.decode()
    assert re.search(r'name="expedite_per_day"[^>]*value="1500"', page) or 'value="1500"' in page
    assert "E+3" not in page


def test_a_box_to_tick_is_reached_by_its_words(signed_in: Enter) -> None:
    page = signed_in("administrator").get("/settings/scheduling/").content.decode()
    assert re.search(r'<label class="row-f"[^>]*><input[^>]*name="use_calibration"', page)


def test_the_state_of_the_installation_is_told_in_the_readers_language(signed_in: Enter) -> None:
    page = signed_in("administrator").get("/settings/system/").content.decode()
    assert "全部已执行" in page
    for english in ("all applied", "answers", "MB free", "waiting, oldest"):
        assert english not in page


def test_a_refused_chain_of_approvals_keeps_what_was_typed_and_names_its_row(signed_in: Enter) -> None:
    told = {"level-0": "1", "role-0": "quality", "kind-0": "", "amount-0": "很多", "days-0": ""}
    subject = next(iter(SUBJECTS))
    answer = signed_in("administrator").post("/settings/approvals/", {**told, "subject": subject})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="很多"' in page
    assert "第 1 行" in page


def test_a_refused_review_rule_keeps_what_was_typed(signed_in: Enter) -> None:
    told = {"part": "rules", "rows": "1", "family-0": "", "amount-0": "abc", "roles-0": ["sales", "quality"]}
    page = signed_in("administrator").post("/settings/orders/", told).content.decode()
    assert 'value="abc"' in page
    assert page.count("checked") == 2


def test_a_refused_name_of_the_company_stands_beside_its_field(signed_in: Enter) -> None:
    answer = signed_in("administrator").post("/settings/", {"name": "   ", "version": company().version})
    assert answer.status_code == 422
    assert "请填写公司名称" in answer.content.decode().split('id="company-name"')[1].split("</div>")[0]
