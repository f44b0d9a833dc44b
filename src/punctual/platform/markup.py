"""Markdown of comments and notes as safe HTML: paragraphs, emphasis, lists, code, tables, links to other pages.

Raw HTML is shown as it was typed; pictures that were pasted into a comment stand in it, others are not loaded.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

import nh3
from markdown_it import MarkdownIt

TAGS: Final = {
    "p", "br", "strong", "em", "s", "code", "pre", "ul", "ol", "li", "blockquote", "a", "hr", "h3", "h4", "h5", "h6",
    "table", "thead", "tbody", "tr", "th", "td", "img",
}  # fmt: skip
ATTRIBUTES: Final = {"a": {"href"}, "img": {"class", "src", "alt", "loading"}}
SCHEMES: Final = {"http", "https", "mailto"}
_PICTURE = re.compile(r'!<a href="(/comments/[a-z]{1,40}/[0-9]{1,18}/pictures/[0-9]{1,18}/)"[^>]*>([^<]*)</a>')
"""A picture that was pasted into a comment here, as it comes out where pictures are read as links."""
_MENTION = re.compile(r"(?<![\w/.@])@([\w.\-]{1,60})")


@cache
def _reader() -> MarkdownIt:
    found = MarkdownIt("commonmark", {"html": False, "breaks": True})
    return found.enable(["table", "strikethrough"]).disable(["image", "html_block", "html_inline"])


def as_html(text: str) -> str:
    """The text as HTML that is safe to show; headings begin at the third level, below those of the page."""
    made = re.sub(r"(</?)h[12]>", r"\1h3>", _reader().render(text))
    # Before the cleaning, so that it judges the picture's attributes too: its text was typed by somebody.
    made = _PICTURE.sub(r'<a href="\1"><img class="pic" src="\1" alt="\2" loading="lazy"></a>', made)
    clean = nh3.clean(
        made, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel="nofollow noopener noreferrer"
    )
    return _marked(clean)


def _marked(html: str) -> str:
    """Names that were mentioned stand out; not within tags."""
    parts = re.split(r"(<[^>]*>)", html)
    return "".join(one if one.startswith("<") else _MENTION.sub(r"<strong>@\1</strong>", one) for one in parts)
