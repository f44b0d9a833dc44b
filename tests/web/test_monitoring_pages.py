"""Pages of progress, warnings, action items, figures and reports: what each role may open, and the way through."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable
from decimal import Decimal

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from planning import DAY, edit, task
from punctual.domain.actions.models import ActionItem
from punctual.domain.actions.services import open_action
from punctual.domain.costs.services import book_expense
from punctual.domain.monitoring.models import ProgressReport, Warning
from punctual.domain.monitoring.my_tasks import reportable, with_details
from punctual.domain.monitoring.services.notices import draft_notice, send_notice
from punctual.flows.early_warning import look_at
from punctual.flows.escalation import escalate
from punctual.flows.progress_sheet import read_progress, sheet_of
from punctual.kernel.refusal import Refusal
from punctual.platform.accounts.models import User
from punctual.platform.notifications.models import Notification
from watching import another_plan, give, running_plan

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]
SignedIn = Callable[[str], Client]


def test_a_worker_begins_the_day_with_own_tasks_and_reports_one(signed_in: SignedIn, person: Person) -> None:
    found = running_plan(person("order_manager"))
    mine = give(found, "方案", person("worker"))
    page = signed_in("worker")
    assert "方案" in page.get("/").content.decode()
    seen = page.post(f"/tasks/{mine.pk}/effect/", {"percent": "50", "remaining_days": "9"})
    assert seen.status_code == 200
    assert re.search(r"承诺 <time[^>]*>[^<]+</time>。", seen.content.decode()), "its sentences end as Chinese ones do"
    assert not ProgressReport.objects.exists()
    answer = page.post(f"/tasks/{mine.pk}/report/", {"percent": "50", "hours": "4", "next": "/tasks/"})
    assert answer.status_code == 302
    report = ProgressReport.objects.get()
    assert (report.percent, report.hours) == (50, Decimal(4))
    assert page.post(f"/progress/{report.pk}/undo/", {}).status_code == 302
    mine.refresh_from_db()
    assert mine.percent == 0
    other = task(found, "图纸")
    assert page.get(f"/tasks/{other.pk}/").status_code == 404


def test_the_unlikely_comes_back_as_a_question_that_one_answers(signed_in: SignedIn, person: Person) -> None:
    found = running_plan(person("order_manager"))
    mine = give(found, "图纸", person("worker"))
    page = signed_in("worker")
    answer = page.post(f"/tasks/{mine.pk}/report/", {"percent": "50"})
    assert answer.status_code == 422
    assert "progress.doubt.order" in answer.content.decode()
    assert not ProgressReport.objects.exists()
    again = page.post(f"/tasks/{mine.pk}/report/", {"percent": "50", "confirmed": ["progress.doubt.order"]})
    assert again.status_code == 302
    assert ProgressReport.objects.get().doubts == ["progress.doubt.order"]


def test_a_sheet_is_taken_whole_or_not_at_all(person: Person) -> None:
    found = running_plan(person("order_manager"))
    worker = person("worker")
    first, second = give(found, "方案", worker), give(found, "图纸", worker)
    today = timezone.localdate()
    content = sheet_of(with_details(reportable(worker, "mine").order_by("sequence")))
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book.active
    sheet["E2"], sheet["E3"] = 100, "viel"
    buffer = io.BytesIO()
    book.save(buffer)
    bad = read_progress(actor=worker, content=buffer.getvalue(), name="p.xlsx", today=today)
    assert [(one.row, one.code) for one in bad.problems] == [(3, "progress.number")]
    first.refresh_from_db()
    assert first.percent == 0
    sheet["E3"] = 25
    buffer = io.BytesIO()
    book.save(buffer)
    good = read_progress(actor=worker, content=buffer.getvalue(), name="p.xlsx", today=today)
    assert (good.count, list(good.problems)) == (2, [])
    second.refresh_from_db()
    assert second.percent == 25
    with pytest.raises(Refusal):
        read_progress(actor=worker, content=b"a,b\n1,2\n", name="p.csv", today=today)


def test_the_task_sheet_is_a_paper_with_codes(signed_in: SignedIn, person: Person) -> None:
    found = running_plan(person("order_manager"))
    answer = signed_in("order_manager").get(f"/tasks/sheet/{found.order.key}/")
    assert answer.content.startswith(b"%PDF")
    assert signed_in("sales").get(f"/tasks/sheet/{found.order.key}/").status_code == 404


def late_order(person: Person) -> Warning:
    manager = person("order_manager")
    found = running_plan(manager)
    edit(found, manager, "resize", task=task(found, "装配").pk, duration=60 * DAY)
    look_at([found.order_id], today=timezone.localdate())
    return Warning.objects.filter(kind__in=["promise", "overdue"]).get()


def test_the_morning_list_names_the_order_its_damage_and_the_next_step(signed_in: SignedIn, person: Person) -> None:
    warning = late_order(person)
    page = signed_in("order_manager")
    text = page.get("/").content.decode()
    assert "SO-2026-00001" in text
    assert f"/recover/{warning.order.key}/" in text  # type: ignore[union-attr]
    later = page.post(
        f"/warnings/{warning.pk}/later/",
        {"until": (timezone.localdate() + dt.timedelta(days=3)).isoformat(), "reason": "等客户回复", "next": "/"},
    )
    assert later.status_code == 302
    assert page.get(f"/warnings/{warning.pk}/").status_code == 200
    warning.refresh_from_db()
    assert warning.state == "snoozed"


def test_causes_alike_of_an_order_that_are_gone_are_told_in_one_line(signed_in: SignedIn, person: Person) -> None:
    warning = late_order(person)
    for number in range(3):
        Warning.objects.create(
            key=f"gone-{number}", kind=warning.kind, facts=warning.facts, order=warning.order, owner=warning.owner,
            state="resolved", resolved_at=timezone.now(),
        )  # fmt: skip
    text = signed_in("order_manager").get("/").content.decode()
    assert text.count("已消除：") == 1
    assert "×3" in text


def test_the_morning_list_asks_the_database_no_more_for_more_orders(signed_in: SignedIn, person: Person) -> None:
    manager = person("order_manager")
    late_order(person)
    page = signed_in("order_manager")
    page.get("/")

    def statements() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert page.get("/").status_code == 200
        return len(seen)

    few = statements()
    more = [another_plan(manager, f"SO-2026-0030{n}") for n in range(5)]
    for one in more:
        edit(one, manager, "resize", task=task(one, "装配").pk, duration=60 * DAY)
    look_at([one.order_id for one in more], today=timezone.localdate())
    assert statements() <= few + 4


PAGES = (
    "/tasks/", "/tasks/board/", "/tasks/import/", "/warnings/", "/notices/", "/actions/", "/actions/board/", "/time/",
    "/dashboard/", "/reports/", "/performance/",
)  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_opens_in_both_languages(signed_in: SignedIn, person: Person, path: str, language: str) -> None:
    late_order(person)
    page = signed_in("order_manager")
    page.cookies["django_language"] = language
    assert page.get(path).status_code == 200


def test_costs_are_not_in_pages_and_files_of_those_who_may_not_see_them(signed_in: SignedIn, person: Person) -> None:
    manager = person("order_manager")
    found = running_plan(manager)
    book_expense(
        actor=manager, plan=found, kind="material", amount=Decimal(77777), day=timezone.localdate(), subject="丝杠"
    )
    key = found.order.key
    sales = signed_in("sales")
    assert sales.get(f"/costs/{key}/").status_code == 403
    for path in (f"/performance/{key}/", "/performance/", f"/reports/orders/{key}/", "/reports/", f"/orders/{key}/"):
        text = sales.get(path).content.decode()
        assert "77,777" not in text
        assert "CPI" not in text or path == "/performance/"
    for words in ("77777", "丝杠"):
        assert "77,777" not in sales.get("/palette/", {"q": words}).content.decode()
    book = openpyxl.load_workbook(io.BytesIO(sales.get(f"/performance/{key}/?export=xlsx").content))
    assert "AC" not in [cell.value for cell in book.active[1]]
    assert "CPI" in [
        cell.value
        for cell in openpyxl.load_workbook(
            io.BytesIO(signed_in("finance").get(f"/performance/{key}/?export=xlsx").content)
        ).active[1]
    ]


def test_an_action_item_goes_its_way_on_its_page(signed_in: SignedIn, person: Person) -> None:
    manager = person("order_manager")
    today = timezone.localdate()
    item = open_action(actor=manager, title="催供应商", owner=person("worker"), due=today, check_effect_on=today)
    assert signed_in("sales").get(f"/actions/{item.pk}/").status_code == 200
    assert signed_in("sales").post(f"/actions/{item.pk}/complete/", {}).status_code == 403
    worker = signed_in("worker")
    assert worker.post(f"/actions/{item.pk}/complete/", {"note": "已到货"}).status_code == 302
    assert signed_in("order_manager").post(f"/actions/{item.pk}/ineffective/", {"note": "又晚了"}).status_code == 302
    item.refresh_from_db()
    assert item.state == "open"
    assert signed_in("order_manager").post(f"/actions/{item.pk}/fly/", {}).status_code == 404


def test_overdue_items_climb_one_step_after_another_and_tell_once(person: Person) -> None:
    today = timezone.localdate()
    manager, worker, boss = person("order_manager"), person("worker"), person("manager")
    ActionItem.objects.create(title="催货", owner=worker, created_by=manager, due=today - dt.timedelta(days=8))
    alone = person("planner")  # who gave it to themselves hears of it once
    ActionItem.objects.create(title="排期", owner=alone, created_by=alone, due=today - dt.timedelta(days=5))
    escalate(today)
    escalate(today)
    assert Notification.objects.filter(user=alone, kind="overdue").count() == 1
    for user in (worker, manager, boss):
        assert Notification.objects.filter(user=user, kind="overdue").count() == 1


def test_a_notice_waits_for_those_it_concerns(signed_in: SignedIn, person: Person) -> None:
    manager = person("order_manager")
    found = running_plan(manager)
    notice = draft_notice(actor=manager, order=found.order, title="装配提前到 12-01")
    send_notice(actor=manager, notice_id=notice.pk, people=[person("worker")])
    assert signed_in("worker").get(f"/notices/{notice.pk}/").status_code == 200
    assert signed_in("worker").post(f"/notices/{notice.pk}/acknowledge/").status_code == 302
    assert notice.acknowledgements.get().at is not None
    assert signed_in("sales").post(f"/notices/{notice.pk}/acknowledge/").status_code == 404


@pytest.mark.parametrize("export", ["pdf", "xlsx"])
def test_reports_come_as_files_in_the_readers_language(signed_in: SignedIn, person: Person, export: str) -> None:
    warning = late_order(person)
    page = signed_in("manager")
    for path in ("/reports/", f"/reports/orders/{warning.order.key}/"):  # type: ignore[union-attr]
        content = page.get(f"{path}?export={export}").content
        assert content.startswith(b"%PDF" if export == "pdf" else b"PK")
    assert signed_in("worker").get("/reports/").status_code == 403
