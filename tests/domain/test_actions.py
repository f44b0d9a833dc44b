"""Action items: who may change what, and what each verb does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from punctual.domain.actions import services
from punctual.domain.actions.life import LIFE
from punctual.domain.actions.models import ActionItem, ActionState, Effect
from punctual.domain.actions.selectors import actions_of, effect_to_check, overdue
from punctual.kernel.refusal import Conflict, Forbidden, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.notifications.models import Notification

TODAY = dt.date(2026, 11, 23)
pytestmark = pytest.mark.django_db
Person = Callable[[str], User]


@pytest.fixture(autouse=True)
def _frozen_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *_a, **_k: TODAY)


def opened(
    person: Person, *, by: str = "order_manager", to: str = "planner", check: dt.date | None = None
) -> ActionItem:
    return services.open_action(actor=person(by), title="催供应商", owner=person(to), due=TODAY, check_effect_on=check)


def test_a_worker_gives_nobody_an_action_item(person: Person) -> None:
    with pytest.raises(Forbidden):
        opened(person, by="worker")
    assert not ActionItem.objects.exists()
    assert not Notification.objects.exists()


def test_every_reason_against_an_empty_one_is_told_at_once(person: Person) -> None:
    with pytest.raises(Refusal) as refused:
        services.open_action(actor=person("order_manager"), title=" ", owner=None, due=None)
    assert [reason.field for reason in refused.value.reasons] == ["title", "owner", "due"]


def test_a_day_of_another_year_is_asked_about_and_one_that_stands_so_is_not(person: Person) -> None:
    long_ago = TODAY - dt.timedelta(days=400)
    with pytest.raises(Refusal) as refused:
        services.open_action(actor=person("order_manager"), title="x", owner=person("planner"), due=long_ago)
    assert refused.value.codes == {"action_item.due_long_ago"}
    item = opened(person)
    facts = {"action_id": item.pk, "expected_version": None, "title": "催", "owner": person("planner")}
    with pytest.raises(Refusal):
        services.change_action(actor=person("planner"), due=long_ago, **facts)
    overdue_since = TODAY - dt.timedelta(days=60)
    assert services.change_action(actor=person("planner"), due=overdue_since, **facts).due == overdue_since
    ActionItem.objects.update(due=long_ago)
    assert services.change_action(actor=person("planner"), due=long_ago, **facts).title == "催"


def test_a_stranger_can_neither_finish_nor_change_it(person: Person) -> None:
    item = opened(person)
    with pytest.raises(Forbidden):
        services.complete_action(actor=person("sales"), action_id=item.pk)
    item.refresh_from_db()
    assert item.state == ActionState.OPEN


def test_a_worker_sees_only_their_own(person: Person) -> None:
    opened(person)
    mine = opened(person, to="worker")
    assert list(actions_of(person("worker"))) == [mine]


def test_a_stale_copy_is_not_written_over(person: Person) -> None:
    item = opened(person)
    services.complete_action(actor=person("planner"), action_id=item.pk, expected_version=item.version)
    with pytest.raises(Conflict):
        services.cancel_action(actor=person("planner"), action_id=item.pk, expected_version=item.version, note="不用了")


def test_the_owner_is_told_and_the_giver_hears_of_the_end(person: Person) -> None:
    item = opened(person)
    services.complete_action(actor=person("planner"), action_id=item.pk, note="已发函")
    told = Notification.objects.order_by("id")
    assert [one.user for one in told] == [person("planner"), person("order_manager")]
    item.refresh_from_db()
    assert (item.state, item.done_note) == (ActionState.DONE, "已发函")


def test_what_did_not_help_is_open_again(person: Person) -> None:
    item = opened(person, check=TODAY)
    services.complete_action(actor=person("planner"), action_id=item.pk)
    assert list(effect_to_check(person("planner"), today=TODAY)) == [item]
    with pytest.raises(Refusal):
        services.check_effect(actor=person("planner"), action_id=item.pk, effective=False)
    services.check_effect(actor=person("planner"), action_id=item.pk, effective=False, note="又晚了")
    item.refresh_from_db()
    assert (item.state, item.effect) == (ActionState.OPEN, Effect.INEFFECTIVE)


def test_overdue_counts_open_ones_only(person: Person) -> None:
    item = opened(person)
    later = TODAY + dt.timedelta(days=1)
    assert list(overdue(person("planner"), today=later)) == [item]
    services.cancel_action(actor=person("planner"), action_id=item.pk, note="订单取消")
    assert not overdue(person("planner"), today=later)


@pytest.mark.parametrize("state", list(ActionState))
@pytest.mark.parametrize("verb", list(LIFE.verbs))
def test_every_state_and_verb(person: Person, state: ActionState, verb: str) -> None:
    item = opened(person)
    ActionItem.objects.filter(pk=item.pk).update(state=state)
    calls: dict[str, Callable[[], object]] = {
        "change": lambda: services.change_action(
            actor=person("planner"),
            action_id=item.pk,
            expected_version=None,
            title="x",
            owner=person("planner"),
            due=TODAY,
        ),
        "complete": lambda: services.complete_action(actor=person("planner"), action_id=item.pk),
        "cancel": lambda: services.cancel_action(actor=person("planner"), action_id=item.pk, note="x"),
        "reopen": lambda: services.reopen_action(actor=person("planner"), action_id=item.pk),
        "check": lambda: services.check_effect(actor=person("planner"), action_id=item.pk, effective=True),
    }
    if LIFE.allows(state, verb):
        calls[verb]()
    else:
        with pytest.raises(Refusal):
            calls[verb]()
