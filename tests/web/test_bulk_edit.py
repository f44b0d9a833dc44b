"""Several rows changed at once: a preview that knows each refusal, one transaction, and the way back."""

from __future__ import annotations

import dataclasses
import datetime as dt
import inspect
import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext

import ordering
import planning
from punctual.domain.actions.models import ActionItem
from punctual.domain.actions.selectors import actions_of
from punctual.domain.actions.services import open_action
from punctual.domain.customer_relations.models import CustomerRequest, RequestState
from punctual.domain.customer_relations.selectors import listed_requests
from punctual.domain.customer_relations.services.requests import RequestInput, record_request
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.orders.services.priority import set_priority
from punctual.domain.plans.models import PlanTemplate, Task
from punctual.kernel.refusal import Conflict
from punctual.platform.accounts.models import User
from punctual.platform.audit.services import story_of
from punctual.platform.bulk.models import BulkChange
from punctual.platform.bulk.services import run
from punctual.platform.company.services import change_company
from punctual.platform.custom_fields.models import CustomValue
from punctual.platform.custom_fields.rules import FieldFacts
from punctual.platform.custom_fields.selectors import fields_of
from punctual.platform.custom_fields.services import define_field
from punctual.web.monitoring.bulk import action_edits, task_edits
from punctual.web.orders.bulk import order_edits
from punctual.web.relations.bulk import request_edits
from punctual.web.shell.bulk import BulkEdit

Person = Callable[[str], User]
Enter = Callable[[str], Client]


@pytest.fixture(autouse=True)
def _frozen_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *_a, **_k: dt.date(2026, 11, 23))


@pytest.fixture
def orders(person: Person) -> list[Order]:
    """Two drafts and a confirmed one."""
    return [
        ordering.draft(person("sales")),
        ordering.draft(person("sales")),
        ordering.in_state(person("order_manager"), OrderState.CONFIRMED),
    ]


def _ids(rows: list) -> str:
    return ",".join(str(one.pk) for one in rows)


def test_who_may_not_change_is_offered_nothing_and_changes_nothing(signed_in: Enter, orders: list[Order]) -> None:
    wish = {"bulk": "priority", "value": "1", "ids": _ids(orders), "apply": "1"}
    assert signed_in("sales").post("/orders/", wish).status_code == 404
    assert signed_in("planner").post("/orders/", wish).status_code in (404, 405)
    assert set(Order.objects.values_list("priority", flat=True)) == {3}


def test_a_preview_names_what_changes_and_what_is_refused_and_writes_nothing(
    signed_in: Enter, orders: list[Order]
) -> None:
    wish = {"bulk": "state", "value": "on_hold", "reason": "客户暂停付款", "ids": _ids(orders)}
    page = signed_in("order_manager").post("/orders/", wish).content.decode()
    assert page.count('class="late"') >= 2
    assert "原因 <b data-user-content>客户暂停付款</b>" in page
    assert orders[0].label in page
    assert set(Order.objects.values_list("state", flat=True)) == {"draft", "confirmed"}
    assert not BulkChange.objects.exists()


def _told(outcome: Any) -> tuple[str, str, str, tuple[str, ...]]:
    return str(outcome.item), outcome.before, outcome.after, tuple(one.code for one in outcome.reasons)


def _foresees(
    rows: QuerySet[Any], edits: Sequence[BulkEdit], actor: User, wishes: Sequence[tuple[str, str, str]]
) -> list[set[str]]:
    """The rules asked for all rows at once say what the change itself, row by row and taken back, would come to; the
    codes of what they said to each wish are returned."""
    fields = {edit.key: edit.field for edit in edits}
    codes = []
    for key, wish, reason in wishes:
        assert fields[key].foresee is not None, key
        told = []
        for one in (fields[key], dataclasses.replace(fields[key], foresee=None)):
            found, _change = run(rows.all(), one, actor=actor, wish=wish, reason=reason, page="p", write=False)
            told.append([_told(row) for row in found])
        assert told[0] == told[1], (key, wish, reason)
        codes.append({code for *_row, said in told[0] for code in said})
    return codes


def _statements(client: Client, url: str, wish: dict[str, str], rows: list[Any]) -> int:
    with CaptureQueriesContext(connection) as caught:
        page = client.post(url, {**wish, "ids": _ids(rows)}).content.decode()
    assert page.count("data-user-content") >= len(rows)
    return len(caught)


def test_a_preview_of_orders_foresees_in_every_state_what_the_change_would_do(person: Person) -> None:
    """The rules asked for all rows at once say what the change itself, row by row and taken back, would come to."""
    actor = person("order_manager")
    for state in OrderState.values:
        ordering.in_state(actor, state)
    for key, options in (("mode", (("海运", ""), ("空运", ""))), ("must", (("甲", ""), ("乙", "")))):
        facts = FieldFacts("order", key, key, kind="choice", options=options, required=key == "must")
        define_field(actor=person("administrator"), facts=facts)
    wishes = (
        ("priority", "1", ""),
        ("priority", "9", ""),
        ("state", "on_hold", "客户暂停付款"),
        ("state", "on_hold", ""),
        ("state", "resume", ""),
        ("state", "resume", "x" * 1001),
        ("custom_mode", "海运", ""),
        ("custom_mode", "铁路", ""),
        ("custom_must", "", ""),
    )
    codes = _foresees(Order.objects.all(), order_edits(list(fields_of("order"))), actor, wishes)
    assert codes[1] == {"order.priority"}
    assert [code & {"order.state.hold", "order.hold.reason"} for code in codes[2:4]] == [
        {"order.state.hold"},
        {"order.state.hold", "order.hold.reason"},
    ]
    assert codes[5] == {"order.state.resume", "order.resume.reason"}
    assert codes[7] == {"order.custom.over", "custom.mode"}


def test_a_preview_of_action_items_foresees_what_the_change_would_do(person: Person) -> None:
    actor, other, day = person("planner"), person("quality"), dt.date(2026, 12, 1)
    made = [open_action(actor=owner, title=name, owner=owner, due=day) for owner in (actor, other) for name in "甲乙丙"]
    for item, state in zip(made, ("open", "done", "cancelled") * 2, strict=True):
        ActionItem.objects.filter(pk=item.pk).update(state=state)
    wishes = (
        ("owner", str(actor.pk), ""),
        ("owner", "123456", ""),
        ("owner", "", ""),
        ("due", "2026-12-09", ""),
        ("due", "", ""),
        ("due_shift", "3", ""),
        ("due_shift", "soon", ""),
        ("state", "done", ""),
        ("state", "cancelled", ""),
        ("state", "cancelled", "不再需要"),
        ("state", "open", ""),
        ("state", "nothing", ""),
    )
    codes = _foresees(actions_of(actor), action_edits(), actor, wishes)
    assert "action_item.not_yours" in codes[0]
    assert codes[1] >= {"action_item.owner", "action_item.state.change"}
    assert codes[8] == {"action_item.reason"}


def test_a_preview_of_requests_foresees_what_the_change_would_do(person: Person) -> None:
    actor = person("sales")
    for state in RequestState.values:
        for title in ("没答复", "答复过"):
            found = record_request(actor=actor, data=RequestInput(ordering.customer(), title))
            answered = found.received_at if title == "答复过" else None
            CustomerRequest.objects.filter(pk=found.pk).update(state=state, responded_at=answered)
    wishes = (
        ("owner", str(person("planner").pk), ""),
        ("owner", "123456", ""),
        ("owner", "", ""),
        ("urgency", "urgent", ""),
        ("urgency", "whenever", ""),
        ("state", "waiting", "等图纸"),
        ("state", "open", ""),
        ("state", "open", "没解决"),
        ("state", "resolved", ""),
    )
    codes = _foresees(listed_requests(actor), request_edits(), actor, wishes)
    assert codes[1] == {"request.owner"}
    assert codes[4] >= {"request.urgency", "customer_request.state.change"}
    assert codes[6] >= {"request.reason"}
    assert codes[8] >= {"request.unanswered", "customer_request.state.resolve"}


def test_a_preview_of_orders_asks_no_more_for_nine_than_for_three(
    person: Person, signed_in: Enter, orders: list[Order]
) -> None:
    field = FieldFacts("order", "mode", "运输方式", kind="choice", options=(("海运", ""), ("空运", "")))
    define_field(actor=person("administrator"), facts=field)
    more = [*orders, *(ordering.in_state(person("order_manager"), OrderState.CONFIRMED) for _more in range(6))]
    client = signed_in("order_manager")

    for wish in (
        {"bulk": "priority", "value": "1"},
        {"bulk": "state", "value": "on_hold", "reason": "停"},
        {"bulk": "custom_mode", "value": "海运"},
    ):
        _statements(client, "/orders/", wish, orders)
        few, many = (_statements(client, "/orders/", wish, rows) for rows in (orders, more))
        assert few == many < 35


def test_good_rows_change_together_refused_ones_stay_and_all_is_taken_back(
    signed_in: Enter, orders: list[Order]
) -> None:
    client = signed_in("order_manager")
    wish = {"bulk": "state", "value": "on_hold", "reason": "客户暂停付款", "ids": _ids(orders), "apply": "1"}
    page = client.post("/orders/", {**wish, "next": "/orders/"}, follow=True).content.decode()
    assert sorted(Order.objects.values_list("state", flat=True)) == ["draft", "draft", "on_hold"]
    found = re.search(r'name="bulk_undo" value="(\d+)"', page)
    assert found
    # The notice goes, the line above the list stays until somebody else looks or a day is over.
    later = client.get("/orders/").content.decode()
    assert f'name="bulk_undo" value="{found[1]}"' in later
    assert "您修改了 1 行的状态。" in later
    assert "bulk_undo" not in signed_in("administrator").get("/orders/").content.decode()
    client = signed_in("order_manager")
    client.post("/orders/", {"bulk_undo": found[1]})
    assert "bulk_undo" not in client.get("/orders/?x").content.decode().replace("data-undo", "")
    assert sorted(Order.objects.values_list("state", flat=True)) == ["confirmed", "draft", "draft"]
    assert [one.verb for one in story_of(orders[2])[:2]] == ["resume", "hold"]
    assert client.post("/orders/", {"bulk_undo": found[1]}).status_code == 404


def test_what_was_changed_since_is_left_alone_when_it_is_taken_back(
    person: Person, signed_in: Enter, orders: list[Order]
) -> None:
    client = signed_in("order_manager")
    client.post("/orders/", {"bulk": "priority", "value": "1", "ids": _ids(orders), "apply": "1"})
    set_priority(actor=person("order_manager"), order_id=orders[0].pk, priority=2)
    page = client.post("/orders/", {"bulk_undo": BulkChange.objects.get().pk}, follow=True).content.decode()
    assert orders[0].label in page
    assert [Order.objects.get(pk=one.pk).priority for one in orders] == [2, 3, 3]


def test_nobody_takes_back_what_somebody_else_has_done(person: Person, signed_in: Enter, orders: list[Order]) -> None:
    signed_in("order_manager").post("/orders/", {"bulk": "priority", "value": "1", "ids": _ids(orders), "apply": "1"})
    assert signed_in("administrator").post("/orders/", {"bulk_undo": BulkChange.objects.get().pk}).status_code == 404


def test_all_that_match_are_taken_over_the_pages(person: Person, signed_in: Enter, orders: list[Order]) -> None:
    field = FieldFacts("order", "mode", "运输方式", kind="choice", options=(("海运", ""), ("空运", "")))
    define_field(actor=person("administrator"), facts=field)
    client = signed_in("order_manager")
    client.post("/orders/", {"bulk": "custom_mode", "value": "海运", "matching": "?state=draft", "apply": "1"})
    assert set(CustomValue.objects.values_list("target_id", flat=True)) == {one.pk for one in orders[:2]}
    client.post("/orders/", {"bulk_undo": BulkChange.objects.get().pk})
    assert not CustomValue.objects.exists()


def test_action_items_are_moved_by_days_handed_over_and_finished(person: Person, signed_in: Enter) -> None:
    mine, other = person("planner"), person("quality")
    day = dt.date(2026, 12, 1)
    items = [open_action(actor=mine, title=name, owner=mine, due=day) for name in ("甲", "乙")]
    items.append(open_action(actor=other, title="丙", owner=other, due=day))
    client = signed_in("planner")
    client.post("/actions/", {"bulk": "due_shift", "value": "-3", "ids": _ids(items), "apply": "1"})
    assert [ActionItem.objects.get(pk=one.pk).due.day for one in items] == [28, 28, 1]
    client.post("/actions/", {"bulk_undo": BulkChange.objects.get().pk})
    assert {one.due for one in ActionItem.objects.all()} == {day}
    wrong = client.post("/actions/", {"bulk": "due_shift", "value": "soon", "ids": _ids(items)})
    assert wrong.content.decode().count("soon") >= 3
    assert client.post("/actions/", {"bulk": "due", "value": "2026-13-01", "ids": _ids(items)}).status_code == 422
    client.post("/actions/", {"bulk": "state", "value": "done", "reason": "ok", "ids": _ids(items), "apply": "1"})
    assert [ActionItem.objects.get(pk=one.pk).state for one in items] == ["done", "done", "open"]


def test_requests_wait_together_and_run_again(person: Person, signed_in: Enter) -> None:
    actor = person("sales")
    made = [record_request(actor=actor, data=RequestInput(ordering.customer(), title)) for title in ("急件", "报价")]
    ordering.catalogue()
    client = signed_in("sales")
    wish = {"bulk": "state", "value": "waiting", "reason": "等客户图纸", "ids": _ids(made), "apply": "1"}
    client.post("/requests/table/", wish)
    assert set(CustomerRequest.objects.values_list("state", flat=True)) == {"waiting"}
    client.post("/requests/table/", {"bulk_undo": BulkChange.objects.get().pk})
    assert set(CustomerRequest.objects.values_list("state", flat=True)) == {"open"}
    client.post("/requests/table/", {"bulk": "urgency", "value": "urgent", "ids": _ids(made), "apply": "1"})
    assert "urgent" in set(CustomerRequest.objects.values_list("urgency", flat=True))


def test_first_steps_stand_on_the_first_page_until_all_are_done(person: Person, signed_in: Enter) -> None:
    ordering.draft(person("sales"))
    page = signed_in("order_manager").get("/").content.decode()
    assert "开始使用" in page
    planning.plan(person("planner"))
    PlanTemplate.objects.get_or_create(code="T", defaults={"name": "模板"})
    change_company(actor=person("administrator"), name="华辰", expected_version=None)
    assert "开始使用" not in signed_in("order_manager").get("/").content.decode()


def test_a_view_is_kept_for_oneself_or_for_everybody(signed_in: Enter) -> None:
    client = signed_in("order_manager")
    client.post("/views/", {"page": "orders", "name": "我的视图", "query": "state=draft"})
    client.post("/views/", {"page": "orders", "name": "大家的视图", "query": "state=draft", "shared": "1"})
    page = signed_in("sales").get("/orders/").content.decode()
    assert "大家的视图" in page
    assert "我的视图" not in page


def test_deadlines_of_tasks_move_over_several_plans(signed_in: Enter, demo_company: dt.date, db: None) -> None:
    client = signed_in("order_manager")
    page = client.get("/tasks/list/?standing=waiting")
    chosen = [row.item for row in page.context["page_rows"]][:6]
    assert len({one.plan_id for one in chosen}) > 1
    client.post("/tasks/list/", {"bulk": "deadline", "value": "2027-03-01", "ids": _ids(chosen), "apply": "1"})
    client.post("/tasks/list/", {"bulk": "deadline_shift", "value": "4", "ids": _ids(chosen), "apply": "1"})
    days = {one.deadline.date() for one in Task.objects.filter(pk__in=[one.pk for one in chosen])}
    assert days == {dt.date(2027, 3, 5)}
    for change in BulkChange.objects.order_by("-pk"):
        client.post("/tasks/list/", {"bulk_undo": change.pk})
    assert {one.deadline for one in Task.objects.filter(pk__in=[one.pk for one in chosen])} == {None}
    assert client.get("/tasks/list/?export=csv").status_code == 200
    assert client.get("/tasks/list/?custom_customer_present=yes").status_code == 200


def test_the_same_tasks_are_a_list_a_month_and_bars(signed_in: Enter, demo_company: dt.date, db: None) -> None:
    client = signed_in("order_manager")
    task = Task.objects.filter(is_summary=False, percent=0, plan__order__state="in_progress").order_by("finish").last()
    assert task is not None
    assert task.finish is not None
    month = client.get(f"/tasks/list/?view=calendar&month={task.finish:%Y-%m}")
    shown = [one.pk for week in month.context["month"]["weeks"] for day in week for one in day.items]
    assert task.pk in shown
    assert len(shown) == len(set(shown))
    narrowed = client.get(f"/tasks/list/?view=calendar&month={task.finish:%Y-%m}&standing=done")
    assert task.pk not in [one.pk for week in narrowed.context["month"]["weeks"] for day in week for one in day.items]
    bars = client.get("/tasks/list/?view=timeline&standing=waiting")
    assert len(bars.context["bars"]) == len(bars.context["page_rows"])
    assert client.get("/tasks/list/?view=calendar&month=nonsense").status_code == 200
    theirs = signed_in("worker").get("/tasks/list/?view=timeline").content.decode()
    assert "SO-2026-" in theirs
    assert 'href="/orders/' not in theirs


def _ways_from(page: Any) -> list[str]:
    """To the list, the board, the bars, the month."""
    return [address for _words, address, _on in page.context["ways"]]


def test_a_filter_of_tasks_goes_along_to_board_bars_and_month(
    signed_in: Enter, demo_company: dt.date, db: None
) -> None:
    client = signed_in("order_manager")
    listed = client.get("/tasks/list/?standing=begun,late&critical=yes&page=1")
    wanted = {row.item.pk for row in listed.context["page_rows"] if not row.item.is_milestone}
    assert wanted
    assert listed.context["page"].paginator.num_pages == 1
    for address in _ways_from(listed):
        assert "standing=begun,late&critical=yes" in address, address
        assert "page=" not in address
    board = client.get("/tasks/board/?standing=begun,late&critical=yes&whole=1")
    cards = [card["task"].pk for lane in board.context["lanes"] for _key, cell in lane["cells"] for card in cell]
    assert set(cards) == wanted
    without = [chip.remove for chip in board.context["chips"]]
    assert without == ["?critical=yes&whole=1", "?standing=begun%2Clate&whole=1"]
    assert _ways_from(board)[0] == "/tasks/list/?standing=begun,late&critical=yes"
    assert client.get("/tasks/board/?standing=nonsense").context["task_count"] == 0
    from_all = _ways_from(client.get("/tasks/list/"))[1]
    assert from_all == "/tasks/board/?standing=late,begun,waiting,done"
    few = client.get("/tasks/board/").context["task_count"]
    assert client.get(from_all).context["of"] > few


def test_a_filter_does_not_lose_the_way_of_looking(signed_in: Enter, orders: list[Order]) -> None:
    page = signed_in("order_manager").get("/orders/?view=board&sort=promised").content.decode()
    form = page.split("data-filter>")[1].split("</form>")[0]
    assert '<input type="hidden" name="view" value="board">' in form
    assert '<input type="hidden" name="sort" value="promised">' in form


def test_all_that_match_under_mine_are_ones_own_alone(person: Person, signed_in: Enter) -> None:
    day = dt.date(2026, 12, 1)
    mine, other = person("order_manager"), person("quality")
    ours = [open_action(actor=mine, title="甲", owner=mine, due=day)]
    theirs = [open_action(actor=other, title=name, owner=other, due=day) for name in ("乙", "丙")]
    client = signed_in("order_manager")
    client.post("/actions/", {"bulk": "due", "value": "2026-12-09", "matching": "?mine=yes", "apply": "1"})
    assert [ActionItem.objects.get(pk=one.pk).due.day for one in [*ours, *theirs]] == [9, 1, 1]
    wish = {"bulk": "due", "value": "2026-12-10", "matching": f"?ids={theirs[0].pk}", "apply": "1"}
    client.post("/actions/", wish)
    assert [ActionItem.objects.get(pk=one.pk).due.day for one in [*ours, *theirs]] == [9, 10, 1]


def test_no_list_reads_the_address_where_it_fetches_its_rows() -> None:
    from punctual.web.shell.lists import ListPage

    def every(kind: type) -> list[type]:
        return [one for sub in kind.__subclasses__() for one in (sub, *every(sub))]

    assert len(every(ListPage)) > 20
    for page in every(ListPage):
        assert "request.GET" not in inspect.getsource(page.rows), page  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ["action", "request"])
def test_what_somebody_writes_meanwhile_is_not_written_over(person: Person, kind: str) -> None:
    actor = person("order_manager")
    if kind == "action":
        found: Any = open_action(actor=actor, title="甲", owner=actor, due=dt.date(2026, 12, 1))
        save = next(one for one in action_edits() if one.key == "due").save
        value = "2026-12-09"
    else:
        found = record_request(actor=actor, data=RequestInput(ordering.customer(), "急件"))
        save = next(one for one in request_edits() if one.key == "urgency").save
        value = "urgent"
    kind_of = type(found)
    held = kind_of.objects.get(pk=found.pk)
    kind_of.objects.filter(pk=found.pk).update(title="另一个", version=held.version + 1)
    with pytest.raises(Conflict):
        save(actor, held, value, "")
    assert kind_of.objects.get(pk=found.pk).title == "另一个"


def test_a_preview_of_tasks_foresees_what_the_change_would_do(person: Person, demo_company: dt.date, db: None) -> None:
    """Those of closed orders and those that hold others included, which no list offers."""
    closed = Task.objects.filter(plan__order__state="closed").values_list("pk", flat=True)[:3]
    group = Task.objects.filter(plan__order__state="in_progress", is_summary=True).values_list("pk", flat=True)[:2]
    done = Task.objects.filter(plan__order__state="in_progress", percent=100).values_list("pk", flat=True)[:2]
    rest = Task.objects.filter(plan__order__state="in_progress", percent=0).values_list("pk", flat=True)[:3]
    chosen = [*closed, *group, *done, *rest]
    Task.objects.filter(pk=chosen[-1]).update(deadline=dt.datetime(2027, 1, 4, 12, tzinfo=dt.UTC))
    rows = Task.objects.filter(pk__in=chosen).select_related("plan__order").order_by("pk")
    wishes = (
        ("deadline", "2027-03-01", ""),
        ("deadline", "1926-03-01", ""),
        ("deadline", "", ""),
        ("deadline_shift", "4", ""),
        ("custom_customer_present", "yes", ""),
    )
    codes = _foresees(rows, task_edits(list(fields_of("task"))), person("order_manager"), wishes)
    assert codes[0] == {"plan.frozen", "plan.summary"}
    assert codes[1] == {"plan.frozen", "plan.summary", "plan.moment_range"}
    assert "bulk.no_day" in codes[3]
    assert codes[4] == {"plan.frozen"}


def test_previews_of_tasks_actions_and_requests_ask_no_more_for_nine_than_for_three(
    person: Person, signed_in: Enter, demo_company: dt.date, db: None
) -> None:
    client, owner = signed_in("order_manager"), str(person("quality").pk)
    tasks = list(Task.objects.filter(plan__order__state="in_progress", is_summary=False, percent=0)[:9])
    actions = list(ActionItem.objects.filter(state="open")[:9])
    requests = list(CustomerRequest.objects.filter(state__in=("open", "waiting"))[:9])
    for url, rows, wishes in (
        ("/tasks/list/", tasks, (("deadline", "2027-03-01"), ("custom_customer_present", "yes"))),
        ("/actions/", actions, (("owner", owner), ("due", "2027-03-01"), ("due_shift", "2"), ("state", "done"))),
        ("/requests/table/", requests, (("owner", owner), ("urgency", "urgent"), ("state", "waiting"))),
    ):
        assert len(rows) > 6, url
        for key, value in wishes:
            wish = {"bulk": key, "value": value, "reason": "试"}
            _statements(client, url, wish, rows[:3])
            few, many = (_statements(client, url, wish, some) for some in (rows[:3], rows))
            assert few == many < 35, (url, key)
