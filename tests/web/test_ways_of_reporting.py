"""Progress by page, scanned code, sheet, board and API: what is impossible is refused and what is unlikely asked back,
whichever way it comes."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from planning import task
from punctual.domain.monitoring.models import ProgressReport
from punctual.domain.monitoring.my_tasks import reportable, with_details
from punctual.domain.plans.models import Plan, Task
from punctual.flows.progress_sheet import read_progress, sheet_of
from punctual.platform.accounts.models import User
from punctual.platform.attachments.services import attachments_of
from watching import give, running_plan

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]
SignedIn = Callable[[str], Client]
Said = dict[str, Any]
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


def _by_page(page: Client, found: Task, said: Said, user: User, *, source: str = "page") -> str:
    form = {
        name: value.strftime("%Y-%m-%dT%H:%M") if isinstance(value, dt.datetime) else value
        for name, value in said.items()
    }
    answer = page.post(f"/tasks/{found.pk}/report/", form | {"source": source})
    if answer.status_code == 302:
        return ""
    card = answer.context["card"]
    return " ".join(reason.code for reason in (*card["errors"], *card["questions"]))


def _by_code(page: Client, found: Task, said: Said, user: User) -> str:
    assert page.get(f"/tasks/{found.pk}/?qr").status_code == 200
    return _by_page(page, found, said, user, source="qr")


def _by_api(page: Client, found: Task, said: Said, user: User) -> str:
    body = {name: value.isoformat() if isinstance(value, dt.datetime) else value for name, value in said.items()}
    return page.post(f"/api/v1/tasks/{found.pk}/progress", body, "application/json").content.decode()


def _by_sheet(page: Client, found: Task, said: Said, user: User) -> str:
    book = openpyxl.load_workbook(io.BytesIO(sheet_of(with_details(reportable(user, "mine")))))
    rows = book.active
    names = [cell.value for cell in rows[1]]
    for name, value in said.items():
        rows.cell(2, names.index(name) + 1, value)
    buffer = io.BytesIO()
    book.save(buffer)
    told = read_progress(actor=user, content=buffer.getvalue(), name="p.xlsx", today=timezone.localdate())
    return " ".join(reason.code for reason in told.problems)


WAYS = {"page": _by_page, "qr": _by_code, "api": _by_api, "sheet": _by_sheet}


def _mine(person: Person) -> tuple[Plan, Task]:
    found = running_plan(person("order_manager"))
    mine = give(found, "方案", person("worker"))
    now = timezone.localtime().replace(tzinfo=None)
    Task.objects.filter(pk=mine.pk).update(
        percent=60, actual_start=timezone.make_aware(now - dt.timedelta(days=3)), remaining=400
    )
    return found, task(found, "方案")


@pytest.mark.parametrize("way", WAYS)
def test_every_way_refuses_the_impossible_and_asks_back_the_unlikely(
    way: str, signed_in: SignedIn, person: Person
) -> None:
    _found, mine = _mine(person)
    page, worker = signed_in("worker"), person("worker")
    now = timezone.localtime().replace(tzinfo=None, microsecond=0, second=0)
    begun = now - dt.timedelta(days=3)

    def asked(**said: Any) -> str:
        return WAYS[way](page, mine, said, worker)

    assert "progress.ends_before_start" in asked(percent=100, actual_finish=begun - dt.timedelta(days=2))
    assert "progress.future" in asked(percent=100, actual_finish=now + dt.timedelta(days=2))
    assert "progress.doubt.backwards" in asked(percent=30)
    assert "progress.doubt.hours" in asked(percent=70, hours=15)
    assert not ProgressReport.objects.exists()
    mine.refresh_from_db()
    assert mine.percent == 60
    asked(percent=70)
    assert ProgressReport.objects.get().percent == 70
    assert ProgressReport.objects.get().source == way


def test_one_of_the_team_reports_for_a_colleague_and_nobody_from_outside(signed_in: SignedIn, person: Person) -> None:
    found, mine = _mine(person)
    other = User.objects.create_user("zhou", email="z@x.example", password="x", role="worker")
    give(found, "图纸", other)
    page = signed_in("worker")
    page.force_login(other)
    assert mine.name in page.get("/tasks/?scope=team").content.decode()
    page.post(f"/tasks/{mine.pk}/report/", {"percent": "80"})
    assert ProgressReport.objects.get().by == other
    outside = User.objects.create_user("lin", email="l@x.example", password="x", role="worker")
    page.force_login(outside)
    assert page.post(f"/tasks/{mine.pk}/report/", {"percent": "90"}).status_code == 404


def test_a_photo_comes_with_the_page_and_by_api_and_must_be_a_picture(signed_in: SignedIn, person: Person) -> None:
    _found, mine = _mine(person)
    page = signed_in("worker")
    photo = SimpleUploadedFile("装配.png", PNG, "image/png")
    assert page.post(f"/tasks/{mine.pk}/report/", {"percent": "70", "photo": photo}).status_code == 302
    report = ProgressReport.objects.get()
    url = f"/api/v1/progress-reports/{report.pk}/photos"
    assert page.post(url, {"file": SimpleUploadedFile("x.png", b"<script>", "image/png")}).status_code == 422
    assert page.post(url, {"file": SimpleUploadedFile("二.png", PNG, "image/png")}).status_code == 200
    assert attachments_of(report).count() == 2
    assert signed_in("sales").post(url, {"file": SimpleUploadedFile("c.png", PNG)}).status_code == 404
