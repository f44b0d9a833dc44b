"""After-sales: warranties, cases with the clock of a request, signed visits, returned parts, return visits."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from ordering import confirmed, customer
from punctual.domain.actions.models import ActionItem
from punctual.domain.aftersales import selectors
from punctual.domain.aftersales.life import CASE_LIFE, RMA_LIFE
from punctual.domain.aftersales.models import CaseState, RmaState, ServiceCase, Visit, Warranty
from punctual.domain.aftersales.services import cases as services
from punctual.domain.aftersales.services.cases import CaseInput
from punctual.domain.aftersales.services.spares import issue_spare, return_spare, spares_of
from punctual.domain.aftersales.services.warranties import begin_with_acceptance, end_of, start_warranty
from punctual.domain.catalog.models import Product
from punctual.domain.orders.models import Order
from punctual.domain.quality.models import Nonconformity
from punctual.domain.supply.models import StockItem
from punctual.domain.supply.services.stock import enter_stock
from punctual.flows.recurring_faults import open_for, take_up
from punctual.kernel.refusal import Conflict, Forbidden, NotFound, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.audit.models import AuditEntry
from supplying import material

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]
TODAY = dt.date(2026, 11, 23)
PNG = b"\x89PNG\r\n\x1a\n" + b"drawn" * 20
SIGNED = "data:image/png;base64," + base64.b64encode(PNG).decode()


def delivered(person: Person, state: str = "accepted") -> Order:
    order = confirmed(person("order_manager"))
    Order.objects.filter(pk=order.pk).update(state=state)
    order.refresh_from_db()
    return order


def opened(person: Person, **more: Any) -> ServiceCase:
    data = CaseInput(customer(), "真空泵异响", engineer=person("worker"), **more)
    return services.open_case(actor=person("order_manager"), data=data, today=TODAY)


def planned(person: Person, case: ServiceCase | None = None) -> Visit:
    found = case or opened(person)
    return services.plan_visit(
        actor=person("order_manager"), case_id=found.pk, engineer=person("worker"), day=TODAY, today=TODAY
    )


def test_who_may_not_serve_opens_nothing_and_an_engineer_sees_the_own_cases_only(person: Person) -> None:
    for role in ("worker", "planner", "finance"):
        with pytest.raises(Forbidden):
            services.open_case(actor=person(role), data=CaseInput(customer(), "x"), today=TODAY)
    mine = opened(person)
    other = services.open_case(actor=person("sales"), data=CaseInput(customer(), "别人的"), today=TODAY)
    assert list(selectors.cases_of(person("worker"))) == [mine]
    with pytest.raises(NotFound):
        selectors.case_by_key(person("worker"), other.number)


def test_a_warranty_needs_a_delivery_a_day_and_a_length(person: Person) -> None:
    order = confirmed(person("order_manager"))
    with pytest.raises(Refusal) as refused:
        start_warranty(actor=person("order_manager"), order=order, line_no=10, begins=None, months=0)
    assert refused.value.codes == {"warranty.begins", "warranty.months", "warranty.state"}
    assert not Warranty.objects.exists()


def test_a_serial_number_finds_its_warranty_and_after_the_last_day_it_is_charged(person: Person) -> None:
    order = delivered(person)
    line = order.lines.get()
    manager = person("order_manager")
    start_warranty(
        actor=manager, order=order, line_no=line.line_no, begins=dt.date(2026, 1, 15), months=12, serials=["A1", "A2"]
    )
    one = selectors.covering(line, "A1", day=dt.date(2027, 1, 14))
    assert one is not None
    assert one.serial == "A1"
    assert selectors.covering(line, "A1", day=dt.date(2027, 1, 15)) is None
    data = CaseInput(customer(), "漏气", order=order, order_line=line, serial="A2")
    assert services.open_case(actor=manager, data=data, today=TODAY).under_warranty
    late = services.open_case(actor=manager, data=data, today=dt.date(2027, 2, 1))
    assert not late.under_warranty


def test_acceptance_begins_the_clock_of_every_line_that_has_none_and_only_once(person: Person) -> None:
    order = delivered(person)
    line = order.lines.get()
    begin_with_acceptance(order_id=order.pk, begins=dt.date(2026, 3, 31))
    begin_with_acceptance(order_id=order.pk, begins=dt.date(2026, 5, 1))
    (one,) = Warranty.objects.all()
    assert (one.order_line, one.serial, one.begins, one.ends) == (line, "", dt.date(2026, 3, 31), dt.date(2027, 3, 30))
    start_warranty(
        actor=person("order_manager"),
        order=order,
        line_no=line.line_no,
        begins=dt.date(2026, 4, 1),
        months=24,
        serials=["A1", "A2"],
    )
    assert sorted(Warranty.objects.values_list("serial", "ends")) == [
        ("A1", dt.date(2028, 3, 31)),
        ("A2", dt.date(2028, 3, 31)),
    ]


def test_begun_by_hand_without_months_it_runs_as_long_as_the_product_says(
    person: Person, signed_in: Callable[[str], Client]
) -> None:
    order = delivered(person)
    line = order.lines.get()
    Product.objects.filter(pk=line.product_id).update(warranty_months=18)
    client = signed_in("order_manager")
    page = client.get(f"/orders/{order.key}/later/").content.decode()
    assert "· 18 " in page
    assert 'name="months" value=' not in page
    given = {"line": line.line_no, "begins": "2026-04-01", "months": ""}
    client.post(f"/orders/{order.key}/warranty/", given)
    assert Warranty.objects.get().ends == dt.date(2027, 9, 30)
    client.post(f"/orders/{order.key}/warranty/", given | {"months": "6"})
    assert Warranty.objects.get().ends == dt.date(2026, 9, 30)
    assert client.post(f"/orders/{order.key}/warranty/", given | {"months": "0"}).status_code == 422
    Product.objects.filter(pk=line.product_id).update(warranty_months=0)
    assert client.post(f"/orders/{order.key}/warranty/", given).status_code == 422
    assert Warranty.objects.get().ends == dt.date(2026, 9, 30)


def test_what_has_no_warranty_gets_no_clock_and_other_goods_the_months_of_their_product(person: Person) -> None:
    order = delivered(person)
    machine = order.lines.get()
    product = machine.product
    assert product is not None
    Product.objects.filter(pk=product.pk).update(warranty_months=18)
    service = Product.objects.create(
        model="SVC-INST", name="安装调试", family=product.family, unit="人日", warranty_months=0
    )
    order.lines.create(line_no=20, product=service, model_text="SVC-INST", quantity=Decimal(5), unit="人日")
    free = order.lines.create(line_no=30, model_text="自制工装", quantity=Decimal(1), unit="套")
    begin_with_acceptance(order_id=order.pk, begins=dt.date(2026, 3, 31))
    assert list(Warranty.objects.order_by("order_line").values_list("order_line", "ends")) == [
        (machine.pk, dt.date(2027, 9, 30)),
        (free.pk, dt.date(2027, 3, 30)),
    ]
    told = AuditEntry.objects.get(verb="start_warranty").changes
    assert [one["field"] for one in told] == ["10.warranty", "30.warranty"]


@given(st.dates(dt.date(2000, 1, 1), dt.date(2090, 1, 1)), st.integers(1, 240))
@settings(max_examples=150, deadline=None)
def test_a_warranty_runs_whole_months_and_joins_without_a_gap(begins: dt.date, months: int) -> None:
    end = end_of(begins, months)
    whole = (end.year - begins.year) * 12 + end.month - begins.month
    assert months - 1 <= whole <= months
    if begins.day <= 28:
        assert end_of(end + dt.timedelta(days=1), months) > end
        assert (end + dt.timedelta(days=1)).day == begins.day


def test_the_case_runs_on_its_requests_clock_and_solving_stops_it(person: Person) -> None:
    found = opened(person)
    assert (found.request.kind, found.request.state) == ("service", "open")
    with pytest.raises(Refusal):
        services.solve_case(actor=person("order_manager"), case_id=found.pk, measure=" ")
    services.solve_case(actor=person("order_manager"), case_id=found.pk, cause="轴承", measure="换轴承")
    found.refresh_from_db()
    found.request.refresh_from_db()
    assert (found.state, found.request.state) == (CaseState.DONE, "resolved")
    assert found.request.response_used is not None
    services.move_case(actor=person("order_manager"), case_id=found.pk, verb="reopen", reason="又响")
    found.request.refresh_from_db()
    assert found.request.state == "open"


def test_a_stale_copy_moves_nothing(person: Person) -> None:
    found = opened(person)
    planned(person, found)
    with pytest.raises(Conflict):
        services.move_case(actor=person("order_manager"), case_id=found.pk, verb="work", expected_version=1)


def test_a_visit_is_reported_by_who_was_there_and_signed_with_a_real_signature(person: Person) -> None:
    visit = planned(person)
    told: dict[str, Any] = {"visit_id": visit.pk, "report": "换泵油", "signed_by": "张工", "signature": SIGNED}
    with pytest.raises(NotFound):
        services.report_visit(actor=person("finance").__class__.objects.create(username="x", role="worker"), **told)
    for wrong in ("", "data:image/png;base64,AAAA", "data:text/html;base64," + SIGNED.split(",")[1], "x" * 100):
        with pytest.raises(Refusal):
            services.report_visit(actor=person("worker"), **{**told, "signature": wrong})
    with pytest.raises(Refusal) as refused:
        services.report_visit(actor=person("worker"), visit_id=visit.pk, report="", hours=Decimal(-1))
    assert {reason.field for reason in refused.value.reasons} == {"report", "signed_by", "hours"}
    visit.refresh_from_db()
    assert visit.done_at is None
    services.report_visit(actor=person("worker"), **told, hours=Decimal("3.5"), solved=True, cause="缺油")
    visit.refresh_from_db()
    case = ServiceCase.objects.get()
    assert (visit.signed_by, case.state, case.cause) == ("张工", CaseState.DONE, "缺油")
    assert case.request.messages.filter(author="reply").get().user == person("worker")
    with pytest.raises(Refusal):
        services.report_visit(actor=person("worker"), **told)


def test_a_returned_part_goes_its_way_and_says_why(person: Person) -> None:
    found, manager = opened(person), person("order_manager")
    with pytest.raises(Refusal):
        services.authorise_return(actor=manager, case_id=found.pk, part=" ", quantity=Decimal(0))
    rma = services.authorise_return(actor=manager, case_id=found.pk, part="泵头", serial="P7")
    for verb, told in (
        ("receive", {}),
        ("inspect", {"finding": "叶片裂"}),
        ("decide", {"outcome": "replace"}),
        ("settle", {"note": "整机更换"}),
    ):
        if told:
            with pytest.raises(Refusal):
                services.move_return(actor=manager, rma_id=rma.pk, verb="cancel" if verb == "settle" else verb)
        services.move_return(actor=manager, rma_id=rma.pk, verb=verb, **told)
    rma.refresh_from_db()
    assert (rma.state, rma.finding, rma.outcome, rma.note) == (RmaState.RETURNED, "叶片裂", "replace", "整机更换")


def test_a_settled_return_keeps_the_waybill_and_the_credit_note_also_when_they_come_later(person: Person) -> None:
    found, manager = opened(person), person("order_manager")
    rma = services.authorise_return(actor=manager, case_id=found.pk, part="泵头", serial="P7")
    services.move_return(actor=manager, rma_id=rma.pk, verb="receive", waybill="SF-too-early")
    with pytest.raises(Refusal) as refused:
        services.move_return(actor=manager, rma_id=rma.pk, verb="note_papers", waybill="SF1")
    assert refused.value.codes == {"rma.state.note_papers"}
    services.move_return(actor=manager, rma_id=rma.pk, verb="inspect", finding="叶片裂")
    services.move_return(actor=manager, rma_id=rma.pk, verb="decide", outcome="replace")
    services.move_return(actor=manager, rma_id=rma.pk, verb="settle", outcome="nonsense", waybill=" SF1 ")
    rma.refresh_from_db()
    assert (rma.outcome, rma.waybill, rma.credit_note) == ("replace", "SF1", "")
    with pytest.raises(Refusal) as refused:
        services.move_return(actor=manager, rma_id=rma.pk, verb="note_papers")
    assert refused.value.codes == {"rma.papers"}
    services.move_return(actor=manager, rma_id=rma.pk, verb="note_papers", credit_note="CN-7")
    rma.refresh_from_db()
    assert (rma.state, rma.waybill, rma.credit_note) == (RmaState.RETURNED, "SF1", "CN-7")
    last = AuditEntry.objects.filter(verb="note_papers").get()
    assert [(one["field"], one["old"], one["new"]) for one in last.changes] == [("credit_note", "", "CN-7")]


@pytest.mark.parametrize("state", list(RmaState))
@pytest.mark.parametrize("verb", list(RMA_LIFE.verbs))
def test_every_state_and_verb_of_a_return(person: Person, state: RmaState, verb: str) -> None:
    manager, told = person("order_manager"), {"finding": "x", "outcome": "credit", "waybill": "SF1"}
    rma = services.authorise_return(actor=manager, case_id=opened(person).pk, part="泵头")
    type(rma).objects.filter(pk=rma.pk).update(state=state)
    if RMA_LIFE.allows(state, verb):
        services.move_return(actor=manager, rma_id=rma.pk, verb=verb, **told)
    else:
        with pytest.raises(Refusal):
            services.move_return(actor=manager, rma_id=rma.pk, verb=verb, **told)


@pytest.mark.parametrize("state", list(CaseState))
@pytest.mark.parametrize("verb", ["work", "close", "reopen", "cancel", "solve", "plan", "take_back"])
def test_every_state_and_verb_of_a_case(person: Person, state: CaseState, verb: str) -> None:
    found, manager = opened(person), person("order_manager")
    ServiceCase.objects.filter(pk=found.pk).update(state=state)
    calls: dict[str, Callable[[], object]] = {
        "solve": lambda: services.solve_case(actor=manager, case_id=found.pk, measure="x"),
        "plan": lambda: planned(person, found),
        "take_back": lambda: services.authorise_return(actor=manager, case_id=found.pk, part="x"),
    }
    call = calls.get(verb) or (lambda: services.move_case(actor=manager, case_id=found.pk, verb=verb, reason="x"))
    if CASE_LIFE.allows(state, verb):
        call()
    else:
        with pytest.raises(Refusal):
            call()


def test_return_visits_are_planned_once_after_acceptance_on_worked_days(person: Person) -> None:
    manager, engineer = person("order_manager"), person("worker")
    early = delivered(person, "delivered")
    with pytest.raises(Refusal):
        services.plan_return_visits(actor=manager, order=early, engineer=engineer, accepted_on=TODAY)
    order = delivered(person)
    visits = services.plan_return_visits(actor=manager, order=order, engineer=engineer, accepted_on=TODAY)
    assert [(visit.day - TODAY).days // 30 for visit in visits] == [1, 6, 12]
    assert all(visit.day.weekday() < 5 for visit in visits)
    with pytest.raises(Refusal):
        services.plan_return_visits(actor=manager, order=order, engineer=engineer, accepted_on=TODAY)
    assert list(selectors.visits_ahead(engineer)) == visits


def test_causes_that_come_back_are_counted(person: Person) -> None:
    for number in range(3):
        found = opened(person)
        cause = "轴承" if number else "油封"
        services.solve_case(actor=person("order_manager"), case_id=found.pk, cause=cause, measure="换")
    (one,) = selectors.recurring(person("quality"), since=TODAY - dt.timedelta(days=400))
    assert (one.model, one.cause, one.times, one.serials) == ("—", "轴承", 2, 0)


def test_a_fault_that_comes_back_says_of_which_product_and_whether_always_of_one_machine(
    person: Person, client: Client
) -> None:
    line = delivered(person).lines.get()
    for serial, cause in (("A1", "缺油"), ("A1", "缺油"), ("A1", "程序"), ("B2", "程序")):
        found = opened(person, order=line.order, order_line=line, serial=serial)
        services.solve_case(actor=person("order_manager"), case_id=found.pk, cause=cause, measure="修好")
    known = {one.cause: one for one in selectors.recurring(person("quality"), since=TODAY - dt.timedelta(days=400))}
    assert (known["缺油"].model, known["缺油"].serial, known["程序"].serials) == (line.model_text, "A1", 2)
    client.force_login(person("quality"))
    other = Product.objects.create(model="HC-Z9", name="清洗机", family=line.product.family, unit="台")
    second = line.order.lines.create(line_no=20, product=other, model_text="HC-Z9", quantity=Decimal(1), unit="台")
    for one, serial in ((line, "A1"), (second, "Z1")):
        found = opened(person, order=line.order, order_line=one, serial=serial)
        services.solve_case(actor=person("order_manager"), case_id=found.pk, cause="密封圈老化", measure="换圈")
    known = {one.cause: one for one in selectors.recurring(person("quality"), since=TODAY - dt.timedelta(days=400))}
    assert (known["密封圈老化"].model, known["密封圈老化"].products, known["密封圈老化"].times) == ("—", 2, 2)
    page = client.get("/service-cases/").content.decode()
    assert "2 个产品" in page
    assert ">密封圈老化<" in page  # of several products, so without a dash for one
    assert f">{line.model_text} · 缺油<" in page
    assert "都是 A1" in page
    assert "2 个序列号" in page


# — spare parts out of stock, and faults that come back —


def test_who_may_not_and_what_is_not_there_takes_no_spare_part(person: Person) -> None:
    case, pump = opened(person), material()
    enter_stock(
        actor=person("supply_chain"), material_id=pump.pk, place_id=None, quantity=Decimal(3), reason="first stock"
    )
    for role in ("sales", "planner"):
        with pytest.raises(Forbidden):
            issue_spare(actor=person(role), case_id=case.pk, material=pump, quantity=Decimal(1))
    for wish, code in ((Decimal(4), "spare.too_much"), (Decimal(0), ""), (Decimal(-1), "")):
        with pytest.raises(Refusal) as refused:
            issue_spare(actor=person("order_manager"), case_id=case.pk, material=pump, quantity=wish)
        assert not code or refused.value.codes == {code}
    with pytest.raises(Refusal) as refused:
        issue_spare(actor=person("order_manager"), case_id=case.pk, material=None, quantity=Decimal(1))
    assert refused.value.codes == {"spare.material"}
    with pytest.raises(Conflict):
        issue_spare(
            actor=person("order_manager"), case_id=case.pk, material=pump, quantity=Decimal(1), expected_version=99
        )
    assert StockItem.objects.get().on_hand == 3


def test_a_spare_part_is_a_movement_of_the_case_and_goes_back_up_to_what_was_taken(
    person: Person, signed_in: Callable[[str], Any]
) -> None:
    case, pump, manager = opened(person), material(), person("order_manager")
    enter_stock(
        actor=person("supply_chain"), material_id=pump.pk, place_id=None, quantity=Decimal(5), reason="first stock"
    )
    client = signed_in("order_manager")
    client.post(f"/service-cases/{case.number}/parts/", {"material": "np-25", "quantity": "2"})
    item = StockItem.objects.get()
    assert (item.on_hand, item.movements.get(kind="issue").cause_text) == (3, str(case))
    assert "NP-25" in client.get(f"/service-cases/{case.number}/").content.decode()
    with pytest.raises(Refusal):
        return_spare(actor=manager, case_id=case.pk, item_id=item.pk, quantity=Decimal(3))
    return_spare(actor=manager, case_id=case.pk, item_id=item.pk, quantity=Decimal(1))
    assert [one.quantity for one in spares_of(case)] == [1]
    services.solve_case(actor=manager, case_id=case.pk, measure="换泵")
    with pytest.raises(Refusal) as refused:
        issue_spare(actor=manager, case_id=case.pk, material=pump, quantity=Decimal(1))
    assert refused.value.codes == {"spare.state"}


def test_a_fault_that_comes_back_goes_to_quality_and_to_the_template_once(
    person: Person, signed_in: Callable[[str], Any]
) -> None:
    manager, day = person("order_manager"), timezone.localdate()
    with pytest.raises(NotFound):
        take_up(actor=manager, model="—", cause="轴承", today=day)
    for _ in range(2):
        services.solve_case(actor=manager, case_id=opened(person).pk, cause="轴承", measure="更换")
    with pytest.raises(Forbidden):
        take_up(actor=person("planner"), model="—", cause="轴承", today=day)
    client = signed_in("order_manager")
    assert client.post("/recurring-faults/take-up/", {"model": "—", "cause": "轴承"}).status_code == 302
    ncr = Nonconformity.objects.get()
    assert ncr.nonconforming == 2
    assert ActionItem.objects.get(cause_id=ncr.pk).owner.role in ("planner", "order_manager")
    with pytest.raises(Refusal) as refused:
        take_up(actor=manager, model="—", cause="轴承", today=day)
    assert refused.value.codes == {"recurring.open"}
    assert ncr.number in client.get("/service-cases/").content.decode()


def test_spare_parts_read_the_stock_in_the_order_in_which_everybody_locks_it(person: Person) -> None:
    case, pump = opened(person), material()
    enter_stock(
        actor=person("supply_chain"), material_id=pump.pk, place_id=None, quantity=Decimal(3), reason="first stock"
    )
    with CaptureQueriesContext(connection) as ran:
        issue_spare(actor=person("order_manager"), case_id=case.pk, material=pump, quantity=Decimal(1))
    read = [one["sql"] for one in ran if 'FROM "supply_stockitem"' in one["sql"]]
    assert 'ORDER BY "supply_stockitem"."id"' in read[-1]


def test_two_long_causes_that_begin_alike_are_two_faults(person: Person) -> None:
    manager, day = person("order_manager"), timezone.localdate()
    causes = [f"{'轴承润滑不足' * 15}，{end}" for end in ("油封老化", "油路堵塞")]
    for cause in causes * 2:
        services.solve_case(actor=manager, case_id=opened(person).pk, cause=cause, measure="更换")
    first = take_up(actor=manager, model="—", cause=causes[0], today=day)
    assert open_for("—", causes[1]) is None
    second = take_up(actor=manager, model="—", cause=causes[1], today=day)
    assert [open_for("—", cause) for cause in causes] == [first, second]
    with pytest.raises(Refusal):
        take_up(actor=manager, model="—", cause=causes[0], today=day)


def test_a_case_does_not_close_over_a_visit_ahead_or_a_part_on_its_way(person: Person) -> None:
    manager = person("order_manager")
    visit = planned(person)
    assert visit.case is not None
    part = services.authorise_return(actor=manager, case_id=visit.case.pk, part="传感器", quantity=Decimal(1))
    services.solve_case(actor=manager, case_id=visit.case.pk, measure="换件")
    with pytest.raises(Refusal) as refused:
        services.move_case(actor=manager, case_id=visit.case.pk, verb="close")
    assert refused.value.codes == {"service_case.visit", "service_case.return"}
    services.change_visit(actor=manager, visit_id=visit.pk, cancel=True)
    services.move_return(actor=manager, rma_id=part.pk, verb="cancel")
    services.move_case(actor=manager, case_id=visit.case.pk, verb="close")
    assert ServiceCase.objects.get().state == CaseState.CLOSED


def test_a_service_visit_does_not_stand_for_the_return_visits(person: Person) -> None:
    order = delivered(person)
    planned(person, opened(person, order=order, order_line=order.lines.order_by("line_no")[0]))
    assert not selectors.has_return_visits(order)
    services.plan_return_visits(
        actor=person("order_manager"), order=order, engineer=person("worker"), accepted_on=TODAY
    )
    assert selectors.has_return_visits(order)
