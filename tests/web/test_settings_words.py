"""What an administrator reads in the settings is written for people and in one language."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client

from punctual.domain.scheduling.gathering import scheduling_settings

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
