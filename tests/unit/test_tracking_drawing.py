"""The picture a customer sees of their order: every day at its place however late it is, and words that can be read."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from django.utils.translation import override

from punctual.web.rail import RailFacts, length, rail
from punctual.web.tracking.drawing import Days, draw

AGREED = dt.date(2027, 1, 20)


def late_by(days: int, *, wide: int = 5, tail: int = 3) -> Days:
    half = AGREED + dt.timedelta(days=days)
    eight = half + dt.timedelta(days=wide)
    few = eight + dt.timedelta(days=tail)
    return Days(agreed=AGREED, asked=AGREED - dt.timedelta(days=4), half=half, eight=eight, few=few)


def parsed(days: Days, width: int) -> ElementTree.Element:
    return ElementTree.fromstring(str(draw(days, width=width)))


def bars(root: ElementTree.Element) -> list[tuple[float, float, str]]:
    """Left, right and look of what is drawn on the axis, the flag aside."""
    found = []
    for one in root.iter("rect"):
        if one.get("y") != "4":
            left = float(one.attrib["x"])
            found.append((left, left + float(one.attrib["width"]), one.get("class") or one.attrib["fill"]))
    return found


def agreed_at(root: ElementTree.Element) -> float:
    return float(next(one for one in root.iter("line") if one.get("class") == "s-text w15").attrib["x1"])


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("width", [470, 358])
@pytest.mark.parametrize("days", [-40, -3, 0, 2, 15, 68, 200, 900, 20_000])
def test_no_word_leaves_the_picture_or_covers_another(days: int, width: int, language: str) -> None:
    with override(language):
        root = parsed(late_by(days), width)
    rows: dict[str, list[tuple[float, float]]] = {}
    for one in root.iter("text"):
        half = length(one.text or "", size=12.5) / 2
        middle = float(one.attrib["x"])
        rows.setdefault(one.attrib["y"], []).append((middle - half, middle + half))
    assert len(rows["51"]) == 2
    for row in rows.values():
        row.sort()
        assert row[0][0] >= 0
        assert row[-1][1] <= width
        for (_, before), (after, _) in pairwise(row):
            assert before < after


@pytest.mark.parametrize("width", [470, 358])
@pytest.mark.parametrize("days", [6, 68, 200, 900])
def test_a_late_range_stands_as_far_from_the_agreed_day_as_it_is(days: int, width: int) -> None:
    root = parsed(late_by(days, wide=20, tail=30), width)
    found = sorted(bars(root))
    agreed = agreed_at(root)
    assert [look for *_, look in found] == ["url(#hl)", "f-late"]
    (left, right, _), (_, end, _) = found
    assert 0 < agreed < left < right < end < width
    per_day = (left - agreed) / days
    assert (end - agreed) / (days + 50) == pytest.approx(per_day, abs=0.05)
    if days <= 200:
        assert (right - agreed) / (days + 20) == pytest.approx(per_day, rel=0.02)


def test_only_what_lies_behind_the_agreed_day_is_drawn_as_late() -> None:
    root = parsed(late_by(-5, wide=10), 470)
    bar = sorted(one for one in bars(root) if one[2] != "f-late")
    assert [look for *_, look in bar] == ["f-acc", "url(#hl)"]
    assert bar[0][1] == pytest.approx(agreed_at(root), abs=0.2)
    assert bar[1][0] == pytest.approx(agreed_at(root), abs=0.2)
    early = parsed(late_by(-15, wide=5, tail=4), 470)
    assert {look for *_, look in bars(early)} == {"f-acc", "url(#hb)"}


def test_one_day_is_no_range_and_a_delivered_order_has_no_expectation() -> None:
    day = AGREED - dt.timedelta(days=2)
    with override("en"):
        single = parsed(Days(agreed=AGREED, half=day, eight=day), 470)
        done = parsed(Days(agreed=AGREED, asked=AGREED, delivered=AGREED + dt.timedelta(days=1)), 470)
    words = [one.text or "" for one in single.iter("text")]
    assert any(word.startswith("Expected ") for word in words)
    assert not any("in 10" in word for word in words)
    assert len(bars(single)) == 1
    assert not bars(done)
    assert "f-late" in {one.get("class") for one in done.iter("circle")}
    assert any((one.text or "").startswith("Delivered ") for one in done.iter("text"))


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_who_does_not_see_it_reads_the_same(language: str) -> None:
    with override(language):
        root = parsed(late_by(68), 470)
    told = root.attrib["aria-label"]
    for one in root.iter("text"):
        if one.attrib["y"] != "96":
            assert (one.text or "") in told


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("days", [-60, -3, 0, 1, 4, 30, 300])
def test_the_rail_keeps_its_words_inside_and_off_the_promise(days: int, language: str) -> None:
    end = AGREED + dt.timedelta(days=days)
    facts = RailFacts(AGREED, AGREED - dt.timedelta(days=60), end, end - dt.timedelta(days=2))
    with override(language):
        root = ElementTree.fromstring(str(rail(facts, width=334, height=46, labels=True)))
    for one in root.iter("text"):
        if one.get("text-anchor") == "middle":
            half, x = length(one.text or "") / 2, float(one.attrib["x"])
            assert x - half > -0.1
            assert x + half < 334.1
            assert abs(x - 334 * 0.36) > half


def test_what_lies_beyond_the_rail_is_an_arrow_and_no_bar() -> None:
    def shapes(days: int) -> tuple[int, int]:
        end = AGREED + dt.timedelta(days=days)
        root = ElementTree.fromstring(str(rail(RailFacts(AGREED, None, end, end - dt.timedelta(days=6)))))
        return len(list(root.iter("rect"))), len(list(root.iter("path")))

    assert shapes(20) == (1, 0)
    assert shapes(60) == (0, 1)


@pytest.mark.parametrize("width", [470, 358])
def test_no_day_of_the_scale_stands_under_the_mark_of_the_day_that_was_asked_for(width: int) -> None:
    for back in range(0, 60):
        days = Days(agreed=AGREED, asked=AGREED - dt.timedelta(days=back), half=AGREED, eight=AGREED)
        root = parsed(days, width)
        mark = next(one for one in root.iter("path") if (one.get("d") or "").endswith("l-5 -8z"))
        middle = float(mark.attrib["d"].split()[0].removeprefix("M")) + 5
        for one in root.iter("text"):
            if one.get("y") == "96":
                assert abs(float(one.attrib["x"]) - middle) > length(one.text or "", size=12.5) / 2, back
