"""Money, quantity, lifecycle, refusal."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punctual.kernel.lifecycle import Lifecycle
from punctual.kernel.money import Money
from punctual.kernel.quantity import NotANumber, is_multiple, parse_decimal, plain
from punctual.kernel.refusal import Reason, Refusal, Severity, refuse_if
from punctual.kernel.wording import Word

LIFE = Lifecycle(
    "order",
    states={"draft": "Draft", "open": "Open", "closed": "Closed"},
    verbs={"open": "open", "close": "close", "edit": "edit"},
    transitions=[("open", ["draft"], "open"), ("close", ["open"], "closed"), ("edit", ["draft", "open"], None)],
)


@pytest.mark.parametrize(
    "text", ["", "abc", "1e308", "NaN", "inf", "1,2,3", "--1", "１２a", float("nan"), float("inf")]
)
def test_what_is_no_plain_number_is_refused(text: object) -> None:
    with pytest.raises(NotANumber):
        parse_decimal(text)


def test_a_number_beyond_twelve_digits_is_refused() -> None:
    with pytest.raises(NotANumber):
        parse_decimal("1000000000000")


@pytest.mark.parametrize(
    ("text", "number"),
    [("１２．５", "12.5"), (" 1,234.50 ", "1234.5"), (3, "3"), (0.1, "0.1"), ("−4", "-4"), ("0", "0")],
)
def test_numbers_are_read_as_people_write_them(text: object, number: str) -> None:
    assert parse_decimal(text) == Decimal(number)


def test_plain_writes_no_exponent_and_no_trailing_zero() -> None:
    assert [plain(Decimal(text)) for text in ("1200", "1.50", "1E+3", "0.000")] == ["1200", "1.5", "1000", "0"]


def test_multiples_are_exact_in_decimals() -> None:
    assert is_multiple(Decimal("0.3"), Decimal("0.1"))
    assert not is_multiple(Decimal("50"), Decimal("20"))


@given(
    st.integers(-(10**9), 10**9),
    st.lists(st.integers(0, 1000), min_size=1, max_size=12).filter(lambda weights: sum(weights) > 0),
)
def test_allocated_parts_add_up_to_the_last_cent(cents: int, weights: list[int]) -> None:
    whole = Money(Decimal(cents) / 100)
    parts = whole.allocate(weights)
    assert sum((part.amount for part in parts), Decimal(0)) == whole.amount
    assert all(part.amount == 0 for part, weight in zip(parts, weights, strict=True) if weight == 0)


def test_money_of_two_currencies_is_never_added() -> None:
    with pytest.raises(ValueError, match="cannot add"):
        Money(Decimal(1), "CNY") + Money(Decimal(1), "USD")


def test_nothing_can_be_allocated_to_nobody() -> None:
    with pytest.raises(ValueError, match="weights"):
        Money(Decimal(1)).allocate([0, 0])


@pytest.mark.parametrize("state", list(LIFE.states))
@pytest.mark.parametrize("verb", list(LIFE.verbs))
def test_every_state_and_verb_is_decided_by_the_table(state: str, verb: str) -> None:
    allowed = {("draft", "open"), ("open", "close"), ("draft", "edit"), ("open", "edit")}
    if (state, verb) in allowed:
        assert LIFE.reasons(state, verb) == []
        assert LIFE.after(state, verb) == {"open": "open", "close": "closed", "edit": state}[verb]
    else:
        with pytest.raises(Refusal) as refused:
            LIFE.after(state, verb)
        assert refused.value.codes == {f"order.state.{verb}"}


def test_a_table_with_an_unknown_state_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="unknown states"):
        Lifecycle("x", states={"a": "A"}, verbs={"go": "go"}, transitions=[("go", ["a"], "b")])


def test_a_reason_translates_its_words_and_keeps_its_data() -> None:
    words = {"“%(verb)s” is off": "不能“%(verb)s”", "confirm": "确认"}
    reason = Reason("x", "“%(verb)s” is off", {"verb": Word("confirm")})
    assert reason.worded(lambda text: words.get(text, text)) == "不能“确认”"
    assert Reason("x", "%(name)s", {"name": "confirm"}).worded(lambda text: words.get(text, text)) == "confirm"


def test_warnings_alone_do_not_refuse() -> None:
    refuse_if([Reason("w", "careful", severity=Severity.WARNING)])
    with pytest.raises(Refusal):
        refuse_if([Reason("w", "careful", severity=Severity.WARNING), Reason("e", "no")])
