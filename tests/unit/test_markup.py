"""Markdown of comments: what is laid out, and that nothing dangerous comes through."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punctual.platform.markup import as_html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**交期** 不变", "<p><strong>交期</strong> 不变</p>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("一\n二", "<p>一<br>\n二</p>"),
        ("# 题", "<h3>题</h3>"),
        ("@林晓岚 看", "<p><strong>@林晓岚</strong> 看</p>"),
        ("a@b.com", "<p>a@b.com</p>"),
        ("[页](https://x.cn)", '<p><a href="https://x.cn" rel="nofollow noopener noreferrer">页</a></p>'),
    ],
)
def test_what_people_write_is_laid_out(text: str, html: str) -> None:
    assert as_html(text).strip() == html


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "[x](javascript:alert(1))", "<img src=x onerror=alert(1)>", "![](http://x/y.png)"],
)
def test_nothing_that_runs_or_loads_comes_through(text: str) -> None:
    html = as_html(text).lower()
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html


@given(st.text(max_size=200))
def test_any_text_gives_only_known_tags(text: str) -> None:
    assert "<script" not in as_html(text).lower()


@pytest.mark.parametrize(
    "words",
    [
        'x" hx-post="/people/7/" hx-trigger="load',
        "x' onerror='alert(1)",
        "x&quot; onload=&quot;alert(1)",
        "x> <b onclick=y>",
        'x\\" style=\\"a',
    ],
)
def test_what_is_written_beside_a_pasted_picture_stays_its_text(words: str) -> None:
    html = as_html(f"![{words}](/comments/order/1/pictures/1/)")
    seen: list[tuple[str, set[str]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            seen.append((tag, {name for name, _ in attrs}))

    Reader().feed(html)
    allowed = {"p": set(), "a": {"href", "rel"}, "img": {"class", "src", "alt", "loading"}}
    assert [tag for tag, names in seen if tag not in allowed or names - allowed[tag]] == []


def test_a_pasted_picture_is_shown_with_its_text() -> None:
    html = as_html("![before & after](/comments/order/1/pictures/2/)")
    assert '<img class="pic" src="/comments/order/1/pictures/2/" alt="before &amp; after" loading="lazy">' in html
