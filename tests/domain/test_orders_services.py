"""Entering, changing, waiving, reviewing and moving orders."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from django.utils import timezone

import ordering
from ordering import FAR, TODAY
from punctual.domain.catalog.models import ProductFamily
from punctual.domain.orders import guards
from punctual.domain.orders.facts import check_settings
from punctual.domain.orders.inputs import input_of, read_order
from punctual.domain.orders.life import LIFE, Health
from punctual.domain.orders.models import Order, OrderState, ReviewRule, ReviewSign, Waiver
from punctual.domain.orders.selectors import check, health_of, order_by_key, orders_of, signs_waiting_for, with_health
from punctual.domain.orders.services.drafts import change_order, copy_order, create_order, delete_draft
from punctual.domain.orders.services.remarks import attach_to_order, comment_on_order
from punctual.domain.orders.services.review import (
    ask_in_review,
    remind_signers,
    return_order,
    roles_for,
    sign_review,
    submit_for_review,
)
from punctual.domain.orders.services.settings import RuleInput, change_check_settings, replace_review_rules
from punctual.domain.orders.services.states import PERMISSION, give_to, move
from punctual.domain.orders.services.summary import record_plan
from punctual.domain.orders.services.waivers import waive, withdraw_waiver
from punctual.flows.confirm_order import confirm_order
from punctual.kernel.refusal import Conflict, Forbidden, NotFound, Refusal
from punctual.platform.approvals.services import delegate
from punctual.platform.audit.models import AuditEntry
from punctual.platform.notifications.models import Notification
from punctual.platform.outbox.models import OutboxEvent
from punctual.platform.search.services import ids

pytestmark = pytest.mark.django_db

ROLES = (
    "order_manager",
    "sales",
    "supply_chain",
    "planner",
    "quality",
    "finance",
    "worker",
    "manager",
    "administrator",
)


def change(actor, order, version=None, **raw):
    data, reasons = read_order(raw, before=input_of(Order.objects.get(pk=order.pk)))
    return change_order(
        actor=actor,
        order_id=order.pk,
        data=data,
        expected_version=order.version if version is None else version,
        today=TODAY,
        reasons=reasons,
    )


# — entering and changing —


def test_who_may_not_enter_orders_enters_none(person):
    data, _ = read_order(ordering.raw())
    for role in ("supply_chain", "planner", "quality", "finance", "worker", "manager"):
        with pytest.raises(Forbidden):
            create_order(actor=person(role), data=data, today=TODAY)
    assert not Order.objects.exists()


def test_cells_that_can_not_be_read_are_told_all_at_once_and_nothing_is_kept(person):
    bad = ordering.line(quantity="zwei", unit_price="1e308", requested_date="3/19")
    with pytest.raises(Refusal) as refused:
        ordering.draft(person("sales"), bad, stated_total="NaN", contract_date="31.12.2026")
    assert {(one.field, one.row) for one in refused.value.reasons} == {
        ("quantity", 10),
        ("unit_price", 10),
        ("requested_date", 10),
        ("stated_total", None),
        ("contract_date", None),
    }
    assert not Order.objects.exists()


def test_a_draft_takes_from_catalogue_and_customer_what_nobody_wrote(person):
    order = ordering.draft(person("sales"), ordering.line(model="hc-vi30", quantity="２"))
    (line,) = order.lines.all()
    assert (line.model_text, line.unit, line.revision_text, line.description) == ("HC-VI30", "台", "B", "视觉检测机")
    assert line.quantity == 2
    assert order.payment_terms == "30/60/10"
    assert (order.total_amount, order.line_count, order.requested_date) == (1_420_000, 1, FAR)
    assert order.number is None
    assert order.label.endswith(str(order.pk))


def test_a_draft_may_hold_what_the_checks_refuse(person):
    order = ordering.draft(person("sales"), ordering.line(model="HC-VI3O", quantity="-1", unit="个"))
    codes = {one.reason.code for one in check(order, today=TODAY).errors}
    assert codes == {"order.line.product_unknown", "order.line.quantity_not_positive"}


def test_a_change_is_told_field_by_field(person):
    actor = person("sales")
    order = ordering.draft(actor)
    (line,) = order.lines.all()
    changed = change(actor, order, lines=[ordering.line(id=line.pk, line_no=10, quantity="3")], notes="加急")
    entry = AuditEntry.objects.filter(target_type="order", verb="change").get()
    assert {(one["field"], one["old"], one["new"]) for one in entry.changes} == {
        ("notes", "", "加急"),
        ("10.quantity", "2", "3"),
    }
    assert changed.version == 2
    assert changed.total_amount == 2_130_000


def test_a_change_that_changes_nothing_keeps_the_version(person):
    actor = person("sales")
    order = ordering.draft(actor)
    assert change(actor, order).version == 1
    assert not AuditEntry.objects.filter(verb="change").exists()


def test_the_second_of_two_editors_sees_the_difference_and_loses_nothing(person):
    actor = person("sales")
    order = ordering.draft(actor)
    change(person("order_manager"), order, notes="甲")
    with pytest.raises(Conflict) as conflict:
        change(actor, order, version=1, notes="乙")
    assert conflict.value.current_version == 2
    assert [(one["field"], one["new"], one["by"]) for one in conflict.value.changes] == [
        ("notes", "甲", "order.manager")
    ]
    assert Order.objects.get().notes == "甲"


def test_lines_are_added_removed_and_may_swap_their_numbers(person):
    actor = person("sales")
    order = ordering.draft(actor, ordering.line(), ordering.line(model="FKM-62X3", quantity="100", unit_price="12.5"))
    first, second = order.lines.all()
    lines = [ordering.line(id=first.pk, line_no=20), ordering.line(id=second.pk, line_no=10)]
    change(actor, order, lines=lines)
    assert list(order.lines.values_list("pk", "line_no")) == [(second.pk, 10), (first.pk, 20)]
    order.refresh_from_db()
    change(actor, order, lines=[ordering.line(id=first.pk, line_no=20), ordering.line()])
    assert list(order.lines.values_list("line_no", flat=True)) == [20, 30]


@pytest.mark.parametrize("state", [state for state in OrderState.values if not LIFE.allows(state, "change")])
def test_an_order_can_not_be_edited_from_its_review_on(person, state):
    actor = person("order_manager")
    order = ordering.in_state(actor, state)
    with pytest.raises(Refusal) as refused:
        change(actor, order, notes="x")
    assert "order.state.change" in refused.value.codes


def test_a_copy_starts_without_number_po_and_dates(person):
    actor = person("order_manager")
    copy = copy_order(actor=actor, order_id=ordering.confirmed(actor).pk, today=TODAY)
    assert (copy.number, copy.customer_po_number, copy.state) == (None, "", OrderState.DRAFT)
    assert copy.lines.get().requested_date is None
    assert copy.lines.get().quantity == 2


def test_only_a_draft_without_a_number_is_deleted(person):
    actor = person("order_manager")
    order = submit_for_review(actor=actor, order_id=ordering.draft(actor).pk, today=TODAY)
    return_order(actor=person("finance"), order_id=order.pk, comment="付款条件不符")
    with pytest.raises(Refusal) as refused:
        delete_draft(actor=actor, order_id=order.pk, expected_version=None)
    assert refused.value.codes == {"order.delete_numbered"}
    other = ordering.draft(actor)
    delete_draft(actor=actor, order_id=other.pk, expected_version=other.version)
    assert not Order.objects.filter(pk=other.pk).exists()


def test_an_order_is_found_by_two_han_characters_po_number_and_pinyin(person):
    order = ordering.draft(person("sales"), customer_po_number="LK-PO-260917")
    for text in ("锂科", "nhlk", "LK-PO-26", "视觉", "HC-VI"):
        assert order.pk in set(ids(text, "order")), text


# — waivers —


def cheap(actor):
    return ordering.draft(actor, ordering.line(unit_price="600000"))


def test_an_error_can_not_be_waived(person):
    actor = person("sales")
    order = ordering.draft(actor, ordering.line(unit="个"))
    with pytest.raises(Refusal) as refused:
        waive(actor=actor, order_id=order.pk, code="order.line.unit_wrong", line_no=10, reason="x", today=TODAY)
    assert refused.value.codes == {"order.waive.error"}


def test_a_waiver_needs_a_reason_and_an_open_warning(person):
    actor = person("sales")
    order = cheap(actor)
    for code, reason in (("order.line.price_off_list", "  "), ("order.line.requested_non_working", "说定")):
        with pytest.raises(Refusal):
            waive(actor=actor, order_id=order.pk, code=code, line_no=10, reason=reason, today=TODAY)
    assert not Waiver.objects.exists()


def test_a_waiver_counts_only_while_its_value_is_unchanged(person):
    actor = person("sales")
    order = cheap(actor)
    waive(actor=actor, order_id=order.pk, code="order.line.price_off_list", line_no=10, reason="框架价", today=TODAY)
    assert check(order, today=TODAY).open_count == 0
    order.refresh_from_db()
    line = order.lines.get()
    order = change(actor, order, lines=[ordering.line(id=line.pk, line_no=10, unit_price="500000")])
    assert len(check(order, today=TODAY).warnings) == 1
    change(actor, order, lines=[ordering.line(id=line.pk, line_no=10, unit_price="600000")])
    assert len(check(order, today=TODAY).waived) == 1


def test_a_withdrawn_waiver_no_longer_counts(person):
    actor = person("sales")
    order = cheap(actor)
    found = waive(
        actor=actor, order_id=order.pk, code="order.line.price_off_list", line_no=10, reason="框架价", today=TODAY
    )
    withdraw_waiver(actor=actor, order_id=order.pk, waiver_id=found.pk)
    assert len(check(order, today=TODAY).warnings) == 1
    with pytest.raises(NotFound):
        withdraw_waiver(actor=actor, order_id=order.pk, waiver_id=found.pk)


# — review —


def test_an_order_with_errors_or_open_warnings_is_not_submitted_and_takes_no_number(person):
    actor = person("order_manager")
    for bad, code in (
        (ordering.line(unit="个"), "order.line.unit_wrong"),
        (ordering.line(unit_price="1"), "order.warnings_open"),
    ):
        order = ordering.draft(actor, bad)
        with pytest.raises(Refusal) as refused:
            submit_for_review(actor=actor, order_id=order.pk, today=TODAY)
        assert code in refused.value.codes
    good = submit_for_review(actor=actor, order_id=ordering.draft(actor).pk, today=TODAY)
    assert good.number == "SO-2026-00001"


def test_the_number_stays_when_a_returned_order_is_submitted_again(person):
    actor = person("order_manager")
    order = submit_for_review(actor=actor, order_id=ordering.draft(actor).pk, today=TODAY)
    returned = return_order(actor=person("finance"), order_id=order.pk, comment="付款条件不符")
    assert (returned.state, returned.number) == (OrderState.DRAFT, "SO-2026-00001")
    again = submit_for_review(actor=actor, order_id=order.pk, today=TODAY)
    assert again.number == "SO-2026-00001"
    assert [review.round for review in again.reviews.all()] == [2, 1]
    assert again.reviews.get(round=2).signs.filter(state="waiting").count() == 5


def test_the_same_order_submitted_twice_takes_one_number(person):
    actor = person("order_manager")
    order = ordering.draft(actor)
    submit_for_review(actor=actor, order_id=order.pk, today=TODAY)
    with pytest.raises(Refusal):
        submit_for_review(actor=actor, order_id=order.pk, today=TODAY)
    other = submit_for_review(actor=actor, order_id=ordering.draft(actor).pk, today=TODAY)
    assert other.number == "SO-2026-00002"


def test_rules_by_family_and_value_name_the_roles_that_sign(person):
    actor = person("order_manager")
    order = ordering.draft(actor)
    family = ProductFamily.objects.get()
    other = ProductFamily.objects.create(code="ZZ", name="其他")
    replace_review_rules(
        actor=actor,
        rules=[
            RuleInput(family.pk, 0, ("sales", "quality")),
            RuleInput(other.pk, 0, ("planner",)),
            RuleInput(None, 1_000_000, ("finance",)),
            RuleInput(None, 9_000_000, ("order_manager",)),
        ],
    )
    assert roles_for(order) == ["sales", "quality", "finance"]
    assert ReviewRule.objects.count() == 4


def test_confirmation_is_impossible_while_one_signature_is_open(person):
    actor = person("order_manager")
    order = submit_for_review(actor=actor, order_id=ordering.draft(actor).pk, today=TODAY)
    roles = list(ReviewSign.objects.values_list("role", flat=True))
    for role in roles:
        with pytest.raises(Refusal) as refused:
            confirm_order(order_id=order.pk, actor=actor, today=TODAY)
        assert refused.value.codes == {"order.review.open"}
        sign_review(actor=person(role), order_id=order.pk)
    assert confirm_order(order_id=order.pk, actor=actor, today=TODAY).state == OrderState.CONFIRMED
    assert OutboxEvent.objects.filter(kind="order.confirmed").count() == 1


def test_a_role_signs_once_and_only_for_itself(person):
    actor = person("order_manager")
    order = submit_for_review(actor=actor, order_id=ordering.draft(actor).pk, today=TODAY)
    sign_review(actor=person("finance"), order_id=order.pk)
    with pytest.raises(Refusal) as again:
        sign_review(actor=person("finance"), order_id=order.pk)
    assert again.value.codes == {"order.review.already_signed"}
    with pytest.raises(Forbidden):
        sign_review(actor=person("finance"), order_id=order.pk, role="quality")
    with pytest.raises(Refusal) as not_asked:
        sign_review(actor=actor, order_id=order.pk)
    assert not_asked.value.codes == {"order.review.not_asked"}
    sign_review(actor=person("administrator"), order_id=order.pk, role="quality")


def test_a_stand_in_signs_for_an_absent_colleague_and_both_names_are_kept(person):
    actor, stand_in = person("order_manager"), person("planner")
    first = submit_for_review(actor=actor, order_id=ordering.draft(actor).pk, today=TODAY)
    with pytest.raises(Forbidden):
        sign_review(actor=stand_in, order_id=first.pk, role="quality")
    day = timezone.localdate()
    delegate(actor=person("quality"), delegate=stand_in, first=day, last=day, today=day)
    assert {one.role for one in signs_waiting_for(stand_in)} == {"planner", "quality"}
    sign_review(actor=stand_in, order_id=first.pk)
    sign_review(actor=stand_in, order_id=first.pk, comment="代")  # one's own is given, so it is the colleague's
    with pytest.raises(Refusal) as refused:
        sign_review(actor=stand_in, order_id=first.pk)
    assert refused.value.codes == {"order.review.already_signed"}
    signs = {one.role: (one.user, one.on_behalf_of) for one in ReviewSign.objects.filter(user=stand_in)}
    assert signs == {"planner": (stand_in, None), "quality": (stand_in, person("quality"))}
    told = Notification.objects.filter(user=stand_in, kind="review").count()
    submit_for_review(actor=actor, order_id=ordering.draft(actor).pk, today=TODAY)
    assert Notification.objects.filter(user=stand_in, kind="review").count() > told


def test_whose_time_to_sign_has_passed_is_reminded_once_a_day(person):
    actor = person("order_manager")
    order = submit_for_review(actor=actor, order_id=ordering.draft(actor).pk, today=TODAY)
    sign_review(actor=person("finance"), order_id=order.pk)
    assert remind_signers() == 0
    order.reviews.update(due_at=timezone.now() - dt.timedelta(hours=1))
    told = {role: Notification.objects.filter(user=person(role)).count() for role in ("quality", "finance")}
    assert (remind_signers(), remind_signers()) == (1, 0)
    more = {role: Notification.objects.filter(user=person(role)).count() - told[role] for role in told}
    assert more == {"quality": 1, "finance": 0}


def test_returning_and_asking_need_words_and_tell_the_owner(person):
    owner = person("sales")
    order = submit_for_review(actor=person("order_manager"), order_id=ordering.draft(owner).pk, today=TODAY)
    for verb in (ask_in_review, return_order):
        with pytest.raises(Refusal):
            verb(actor=person("quality"), order_id=order.pk, comment=" ")
    ask_in_review(actor=person("quality"), order_id=order.pk, comment="验收标准在哪？")
    assert signs_waiting_for(person("quality")).count() == 1
    return_order(actor=person("quality"), order_id=order.pk, comment="缺验收标准")
    assert Notification.objects.filter(user=owner, kind="review").count() >= 2
    assert not signs_waiting_for(person("finance")).exists()


# — the life —


@pytest.mark.parametrize(("verb", "state"), list(itertools.product(PERMISSION, OrderState.values)))
def test_every_step_in_every_state_moves_or_is_refused_and_changes_nothing(person, monkeypatch, verb, state):
    monkeypatch.setattr(guards, "_GUARDS", {})  # what other apps have to say is tested there
    actor = person("administrator")
    order = ordering.in_state(actor, state)
    told = AuditEntry.objects.count()
    if LIFE.allows(state, verb):
        moved = move(actor=actor, order_id=order.pk, verb=verb, today=TODAY, reason="因为")
        expected = OrderState.IN_PROGRESS if verb == "resume" else LIFE.after(state, verb)
        assert moved.state == expected
        assert AuditEntry.objects.count() == told + 1
    else:
        with pytest.raises(Refusal) as refused:
            move(actor=actor, order_id=order.pk, verb=verb, today=TODAY, reason="因为")
        assert f"order.state.{verb}" in refused.value.codes
        assert Order.objects.get(pk=order.pk).state == state
        assert AuditEntry.objects.count() == told


@pytest.mark.parametrize("verb", PERMISSION)
def test_every_step_is_refused_to_roles_without_its_permission(person, verb):
    order = ordering.draft(person("sales"))
    allowed = {"orders.change": {"order_manager", "sales", "administrator"}}.get(
        PERMISSION[verb], {"order_manager", "administrator"}
    )
    for role in ROLES:
        if role not in allowed:
            with pytest.raises(Forbidden):
                move(actor=person(role), order_id=order.pk, verb=verb, today=TODAY, reason="x")


@pytest.mark.parametrize("verb", ["hold", "cancel"])
def test_holding_and_cancelling_need_a_reason(person, verb):
    actor = person("order_manager")
    order = ordering.confirmed(actor)
    with pytest.raises(Refusal) as refused:
        move(actor=actor, order_id=order.pk, verb=verb, today=TODAY, reason=" ")
    assert refused.value.codes == {f"order.{verb}.reason"}


def test_an_order_on_hold_resumes_where_it_was(person):
    actor = person("order_manager")
    order = ordering.confirmed(actor)
    move(actor=actor, order_id=order.pk, verb="hold", today=TODAY, reason="客户厂房延期")
    assert move(actor=actor, order_id=order.pk, verb="resume", today=TODAY).state == OrderState.CONFIRMED


def test_an_order_that_does_not_know_where_it_was_held_resumes_as_confirmed(person):
    actor = person("order_manager")
    order = ordering.confirmed(actor)
    Order.objects.filter(pk=order.pk).update(state=OrderState.ON_HOLD, state_before_hold="")
    assert move(actor=actor, order_id=order.pk, verb="resume", today=TODAY).state == OrderState.CONFIRMED


def test_a_quotation_says_until_when_it_stands(person):
    actor = person("sales")
    quoted = move(actor=actor, order_id=ordering.draft(actor).pk, verb="quote", today=TODAY)
    assert quoted.quote_valid_until == TODAY + dt.timedelta(days=30)


def test_owners_are_changed_together_and_told(person):
    actor, owner = person("order_manager"), person("sales")
    orders = [ordering.draft(actor) for _ in range(3)]
    assert len(give_to(actor=actor, order_ids=[order.pk for order in orders], owner=owner)) == 3
    assert Order.objects.filter(owner=owner).count() == 3
    assert Notification.objects.filter(user=owner, kind="owner").count() == 1


# — what others see —


def test_the_shop_floor_sees_no_orders(person):
    order = ordering.confirmed(person("order_manager"))
    assert not orders_of(person("worker")).exists()
    for key in (order.number, str(order.pk)):
        with pytest.raises(NotFound):
            order_by_key(person("worker"), key)
        assert order_by_key(person("manager"), key) == order


def test_comments_and_files_hang_on_the_order(person, tmp_path):
    import io

    actor = person("quality")
    order = ordering.draft(person("sales"))
    comment_on_order(actor=actor, order_id=order.pk, text="@sales 请补验收标准")
    attach_to_order(actor=actor, order_id=order.pk, file=io.BytesIO(b"abc"), name="协议.pdf")
    assert Notification.objects.filter(user=person("sales"), kind="mention").exists()
    with pytest.raises(Forbidden):
        comment_on_order(actor=person("worker"), order_id=order.pk, text="x")


def test_the_filter_by_health_agrees_with_the_rule(person):
    actor = person("order_manager")
    base = ordering.confirmed(actor)
    offsets = [None, -3, 0, 3, 5, 20]
    for state, promised, planned, latest in itertools.product(
        ("confirmed", "in_progress", "delivered"), offsets, offsets, (None, -1, 4)
    ):
        days = [None if one is None else TODAY + dt.timedelta(days=one) for one in (promised, planned, latest)]
        order = Order(state=state, customer=base.customer, owner=actor)
        order.promised_date, order.planned_date, order.latest_start = days
        order.save()
    for name in Health:
        found = set(with_health(orders_of(actor), [name], today=TODAY, at_risk_days=5).values_list("pk", flat=True))
        expected = {one.pk for one in Order.objects.all() if health_of(one, today=TODAY, at_risk_days=5) == name}
        assert found == expected, name


def test_the_plan_writes_its_dates_without_a_new_version(person):
    actor = person("order_manager")
    order = ordering.confirmed(actor)
    line = order.lines.get()
    record_plan(
        order_id=order.pk,
        planned_start=TODAY,
        planned_date=FAR,
        latest_start=TODAY,
        progress=130,
        line_dates={line.pk: FAR},
    )
    fresh = Order.objects.get(pk=order.pk)
    assert (fresh.planned_date, fresh.progress, fresh.version) == (FAR, 100, order.version)
    assert fresh.lines.get().planned_date == FAR


def test_only_order_managers_set_the_tolerances(person):
    values = {"price_tolerance_percent": 10, "review_hours": 8, "at_risk_days": 3, "quote_days": 14}
    with pytest.raises(Forbidden):
        change_check_settings(actor=person("sales"), expected_version=None, **values)
    with pytest.raises(Refusal):
        change_check_settings(actor=person("order_manager"), expected_version=None, **{**values, "quote_days": 999})
    change_check_settings(actor=person("order_manager"), expected_version=1, **values)
    assert check_settings().price_tolerance_percent == 10
