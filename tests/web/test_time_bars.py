"""The months above bars over time."""

from __future__ import annotations

import datetime as dt
import re
from itertools import pairwise

from django.utils.translation import override

from punctual.web.shell.bars import Span, bars, month_axis


def _at(day: tuple[int, int, int], hour: int = 0) -> dt.datetime:
    return dt.datetime.combine(dt.date(*day), dt.time(hour))


def _span(first: tuple[int, int, int], last: tuple[int, int, int]) -> Span:
    return Span(_at(first, 8), _at(last, 17), 40, "words")


def _marks(spans: list[Span | None]) -> list[tuple[float, str]]:
    found = re.findall(r'<text x="([0-9.]+)%" y="12">([^<]+)</text>', str(month_axis(spans)))
    return [(float(share), words) for share, words in found]


def test_each_month_stands_where_its_first_day_is() -> None:
    spans = [_span((2026, 11, 1), (2026, 11, 20)), None, _span((2026, 12, 5), (2027, 2, 28))]
    with override("zh-hans"):
        assert [words for _share, words in _marks(spans)] == ["12月", "2027 1月", "2月"]
    with override("en"):
        marks = _marks(spans)
    assert [words for _share, words in marks] == ["Dec", "2027 Jan", "Feb"]
    length = _at((2027, 2, 28), 17) - _at((2026, 11, 1), 8)
    for (share, _words), day in zip(marks, [(2026, 12, 1), (2027, 1, 1), (2027, 2, 1)], strict=True):
        assert abs(share - 100 * ((_at(day) - _at((2026, 11, 1), 8)) / length)) < 0.06


def test_names_of_months_do_not_stand_on_each_other() -> None:
    shares = [share for share, _words in _marks([_span((2024, 1, 3), (2027, 12, 20))])]
    assert 8 <= len(shares) <= 12
    assert all(second - first >= 8.9 for first, second in pairwise(shares))
    assert shares[-1] <= 91


def test_without_dates_there_is_neither_axis_nor_bar() -> None:
    assert (str(month_axis([None])), [str(bar) for bar in bars([None])]) == ("", [""])
