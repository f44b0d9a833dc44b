"""Each figure of the dashboard opens the rows that it was made of."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable

import pytest
from django.test import Client

from punctual.platform.accounts.models import User

pytestmark = pytest.mark.django_db
SignedIn = Callable[[str], Client]


@pytest.fixture
def manager(demo_company: dt.date, client: Client) -> Client:
    client.force_login(User.objects.get(username="manager"))
    return client


def total(page: Client, url: str) -> int:
    answer = page.get(html.unescape(url))
    assert answer.status_code == 200, url
    return int(answer.context["page"].paginator.count)


def test_each_figure_and_each_bar_opens_as_many_rows_as_it_counts(manager: Client) -> None:
    answer = manager.get("/dashboard/")
    figures = {str(one["label"]): one for one in answer.context["figures"]}
    good, count = (int(part) for part in figures["OTD"]["more"].split(" / "))
    assert 0 < good <= count == total(manager, figures["OTD"]["url"])
    full = int(figures["OTIF"]["more"].split(" / ")[0])
    assert full == total(manager, figures["OTIF"]["url"])
    _otd, _otif, entered, running, late, damage = figures.values()
    right, compared = (int(part) for part in entered["more"].split(" / "))
    assert 0 < right < compared == total(manager, entered["url"])
    assert right == total(manager, entered["url"].replace("any", "right"))
    assert running["value"] == total(manager, running["url"])
    assert late["value"] == total(manager, late["url"])
    assert total(manager, damage["url"]) > 0
    otd = answer.context["otd"]
    for row, bar in zip(otd.rows, otd.option["series"][0]["data"], strict=True):
        if bar["value"] is not None:
            assert total(manager, bar["url"]) == int(row[1].split(" / ")[1])
    slip = answer.context["slip"].option["series"][0]["data"]
    assert all(total(manager, bar["url"]) > 0 for bar in (slip[0], slip[-1]))
    cash = answer.context["cash"]["picture"].option["series"]
    for series in cash:
        for bar in series["data"]:
            assert (total(manager, bar["url"]) > 0) == (bar["value"] > 0)
    load = answer.context["load"].option["series"][0]["data"]
    assert manager.get(load[0]["url"]).context["picked"] is not None
    links = re.findall(r'href="(/performance/[^"]+)"', manager.get("/dashboard/earned/").content.decode())
    assert links
    assert manager.get(links[0]).status_code == 200


def test_what_was_forecast_in_a_week_is_for_those_who_see_reports(signed_in: SignedIn) -> None:
    assert signed_in("worker").get("/dashboard/slip/").status_code == 403
    page = signed_in("manager")
    assert page.get("/dashboard/slip/?week=2026-99").status_code == 200
    assert page.get("/orders/?delivered=nonsense&kept=what").status_code == 200
    assert page.get("/payments/?month=x").status_code == 200
