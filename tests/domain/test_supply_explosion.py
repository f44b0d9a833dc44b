"""Bills of material taken apart: quantities, levels, scrap, tasks, circles; and what can be promised by date."""

from __future__ import annotations

import datetime as dt
import time
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from punctual.domain.supply.explosion import Part, explode
from punctual.domain.supply.life import LIFE
from punctual.domain.supply.models import PurchaseState
from punctual.domain.supply.selectors import cumulated
from punctual.kernel.refusal import Refusal

D = Decimal


def needs(
    root: object, quantity: str, bills: dict[object, list[Part]], **more: object
) -> dict[tuple[int, str], Decimal]:
    return {(one.material, one.used_in): one.quantity for one in explode(root, D(quantity), bills, **more)}  # type: ignore[arg-type]


def test_quantities_multiply_through_every_level() -> None:
    bills = {"P": [Part(1, D(2)), Part(9, D(1))], 1: [Part(2, D(3))], 2: [Part(8, D("0.5")), Part(9, D(4))]}
    assert needs("P", "10", bills) == {(9, ""): D(10 + 10 * 2 * 3 * 4), (8, ""): D(30)}


def test_scrap_is_taken_on_top_and_whole_pieces_are_rounded_up_once_at_the_end() -> None:
    bills = {"P": [Part(1, D(3), D(10)), Part(2, D("1.5"), D(10))]}
    assert needs("P", "1", bills, whole={1: True}) == {(1, ""): D(4), (2, ""): D("1.65")}
    assert needs("P", "10", bills, whole={1: True})[1, ""] == D(33)


def test_a_part_goes_to_the_task_of_its_line_or_of_the_line_above() -> None:
    bills = {"P": [Part(1, D(1), used_in="装配"), Part(3, D(2))], 1: [Part(3, D(1)), Part(4, D(1), used_in="接线")]}
    assert needs("P", "1", bills) == {(3, ""): D(2), (3, "装配"): D(1), (4, "接线"): D(1)}


def test_the_level_is_the_deepest_at_which_a_part_is_found() -> None:
    bills = {"P": [Part(1, D(1)), Part(5, D(1))], 1: [Part(2, D(1))], 2: [Part(5, D(1))]}
    assert {one.material: one.level for one in explode("P", D(1), bills)} == {5: 3}


@pytest.mark.parametrize("ring", [{1: [Part(1, D(1))]}, {1: [Part(2, D(1))], 2: [Part(3, D(1))], 3: [Part(1, D(1))]}])
def test_a_bill_that_contains_itself_is_refused_with_the_chain(ring: dict[object, list[Part]]) -> None:
    with pytest.raises(Refusal) as caught:
        explode("P", D(1), {"P": [Part(1, D(1))], **ring})
    assert caught.value.codes == {"bom.circle"}
    assert "1 →" in str(caught.value)


def test_what_has_no_bill_takes_nothing() -> None:
    assert explode("P", D(1), {}) == []


def test_a_part_used_in_a_million_ways_is_taken_apart_once_a_level() -> None:
    bills: dict[object, list[Part]] = {"P": [Part(1, D(1)), Part(1, D(1), used_in="")]}
    for level in range(1, 25):
        bills[level] = [Part(level + 1, D(1)), Part(level + 1, D(1))]
    begun = time.perf_counter()
    assert needs("P", "1", bills) == {(25, ""): D(2) ** 25}
    assert time.perf_counter() - begun < 1


@st.composite
def _bills(draw: st.DrawFn) -> dict[object, list[Part]]:
    """Bills without circles: a part only contains parts with a higher number."""
    count = draw(st.integers(2, 9))
    bills: dict[object, list[Part]] = {}
    for whole in range(count - 1):
        below = st.integers(whole + 1, count)
        parts = draw(st.lists(st.tuples(below, st.integers(1, 4)), max_size=4))
        if parts:
            bills[whole] = [Part(part, D(number)) for part, number in parts]
    return bills


def _by_hand(key: object, bills: dict[object, list[Part]]) -> dict[int, Decimal]:
    """Every way one by one."""
    found: dict[int, Decimal] = {}
    for part in bills.get(key, []):
        below = _by_hand(part.material, bills) if part.material in bills else {part.material: D(1)}
        for material, amount in below.items():
            found[material] = found.get(material, D(0)) + amount * part.quantity
    return found


@given(_bills(), st.integers(1, 20))
@settings(max_examples=150, deadline=None)
def test_it_agrees_with_walking_every_way_one_by_one(bills: dict[object, list[Part]], quantity: int) -> None:
    expected = {material: amount * quantity for material, amount in _by_hand(0, bills).items()}
    assert {one.material: one.quantity for one in explode(0, D(quantity), bills)} == expected


DAYS = st.integers(0, 20).map(lambda n: dt.date(2026, 11, 23) + dt.timedelta(days=n))


@given(st.lists(st.tuples(DAYS, st.integers(-20, 20).map(D)), min_size=1, max_size=15))
@settings(max_examples=150, deadline=None)
def test_what_can_be_promised_never_makes_a_later_day_short(changes: list[tuple[dt.date, Decimal]]) -> None:
    found = cumulated(changes)
    assert [one.day for one in found] == sorted({day for day, _ in changes})
    assert all(a.quantity <= b.quantity for a, b in pairwise(found))
    for one in found:
        assert one.quantity >= 0
        later = [sum(n for d, n in changes if d <= day) for day in {d for d, _ in changes if d >= one.day}]
        assert one.quantity == max(D(0), min(later))


@pytest.mark.parametrize("state", list(PurchaseState))
@pytest.mark.parametrize("verb", list(LIFE.verbs))
def test_every_verb_in_every_state_is_allowed_or_refused_by_the_table(state: str, verb: str) -> None:
    allowed = {
        "change": {"draft"},
        "send": {"draft"},
        "confirm": {"sent"},
        "revise": {"sent", "confirmed", "partially_received"},
        "expedite": {"sent", "confirmed", "partially_received"},
        "receive": {"sent", "confirmed", "partially_received"},
        "close": {"received", "partially_received"},
        "cancel": {"draft", "sent", "confirmed"},
        "link": {"sent", "confirmed", "partially_received"},
    }
    assert LIFE.allows(state, verb) == (state in allowed[verb])
    assert bool(LIFE.reasons(state, verb)) != LIFE.allows(state, verb)
