"""Builds the documentation site out of docs/: plain pages in Chinese and English that need no server.

    python tools/docs_site.py [TARGET]       default build/docs

The user's guide has pages by role, by journey and by subject, each group in a folder of its own. It and the
administrator's guide exist in both languages; algorithms, architecture, decisions, security and the API are in English
and stand in both trees. A link that leads nowhere stops the build.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
LANGUAGES = {"zh": ("zh-CN", "准交文档"), "en": ("en", "Punctual documentation")}
OTHER = {"en": "English", "zh": "中文"}
CONTENTS = {"en": "Contents", "zh": "目录"}
SECTIONS = {
    "tour": {"en": "Begin here", "zh": "从这里开始"},
    "roles": {"en": "By role", "zh": "按角色"},
    "journeys": {"en": "By journey", "zh": "按旅程"},
    "user": {"en": "By subject", "zh": "按主题"},
    "admin": {"en": "Administrator guide", "zh": "管理员指南"},
    "api": {"en": "API", "zh": "API 参考"},
    "algorithms": {"en": "Algorithms", "zh": "算法"},
    "architecture": {"en": "Architecture", "zh": "架构"},
    "adr": {"en": "Decisions", "zh": "设计决策"},
    "security": {"en": "Security", "zh": "安全"},
}
BEGINNING = ("start", "tour")
"""The pages of docs/user that stand before all others."""
FIRST = (
    "order-manager", "sales", "supply-chain", "planner", "quality", "finance", "worker", "manager", "administrator",
    "contact", "install",
)  # fmt: skip
"""What doesn't stand in the order of its name, in the order in which it stands."""
GUIDES = {
    "roles": DOCS / "user" / "roles",
    "journeys": DOCS / "user" / "journeys",
    "user": DOCS / "user",
    "admin": DOCS / "admin",
}
"""What is written in both languages."""
CHINESE = "[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
"""Between two of these a new line in the source is no space on the page."""
STYLE = """
:root{color-scheme:light dark;--b:#fff;--f:#1b2430;--m:#5b6675;--l:#dde3ea;--a:#0b5fbf;--c:#f4f6f9}
@media(prefers-color-scheme:dark){:root{--b:#12171e;--f:#e3e8ee;--m:#9aa6b4;--l:#2b3541;--a:#6fb1ff;--c:#1a212a}}
*{box-sizing:border-box}body{margin:0;background:var(--b);color:var(--f);
font:16px/1.65 system-ui,"Noto Sans SC",sans-serif}
a{color:var(--a)}header{display:flex;gap:16px;align-items:center;padding:12px 24px;border-bottom:1px solid var(--l)}
header b{flex:1}header .toc{display:none}
.page{display:grid;grid-template-columns:260px minmax(0,1080px);gap:40px;padding:24px}
main p:not(:has(img)),main ul,main pre{max-width:820px}
nav{font-size:14px}nav h2{font-size:13px;color:var(--m);margin:16px 0 4px}
nav a{display:block;padding:3px 0;text-decoration:none}
nav a[aria-current]{font-weight:600;color:var(--f)}main img{max-width:100%;border:1px solid var(--l);border-radius:6px}
table{border-collapse:collapse;display:block;overflow-x:auto}
td,th{border:1px solid var(--l);padding:6px 10px;vertical-align:top}
pre,code{background:var(--c);border-radius:4px;font-size:.9em}pre{padding:12px;overflow-x:auto}code{padding:1px 4px}
@media(max-width:760px){.page{grid-template-columns:1fr;padding:16px}nav{order:2}header{padding:12px 16px}
header .toc{display:inline}main ol,main ul{padding-left:20px}}
"""


@dataclass(frozen=True, slots=True)
class Page:
    """``source`` is the file it was written in; ``path`` where it stands in a language's tree."""

    section: str
    path: str
    title: str
    text: str
    source: Path


def _title(text: str, otherwise: str) -> str:
    found = re.search(r"^#\s+(.+)$", text, flags=re.M)
    return found[1].strip() if found else otherwise


def _page(section: str, name: str, source: Path) -> Page:
    text = source.read_text(encoding="utf-8")
    text = re.sub(rf"(?<={CHINESE})\n *(?={CHINESE})", "", text)
    return Page(section, f"{section}/{name}.html", _title(text, name), text, source)


def pages_of(language: str) -> Iterator[Page]:
    """Every page of a language, in the order of the navigation."""
    for name in BEGINNING:
        yield _page("tour", name, DOCS / "user" / f"{name}.{language}.md")
    for section, folder in GUIDES.items():
        found = folder.glob(f"*.{language}.md")
        named = {source.name.removesuffix(f".{language}.md"): source for source in sorted(found)}
        for name in [*(one for one in FIRST if one in named), *(one for one in named if one not in FIRST)]:
            if section != "user" or name not in BEGINNING:
                yield _page(section, name, named[name])
    yield Page("api", "api/index.html", "API v1", api_text(), DOCS / "openapi.json")
    for source in sorted((DOCS / "algorithms").glob("*.md")):
        yield _page("algorithms", source.stem, source)
    yield _page("architecture", "house", ROOT / "ARCHITECTURE.md")
    yield _page("architecture", "contributing", ROOT / "CONTRIBUTING.md")
    yield _page("architecture", "changes", ROOT / "CHANGELOG.md")
    for section in ("adr", "security"):
        for source in sorted((DOCS / section).glob("*.md")):
            yield _page(section, source.stem, source)


def api_text() -> str:
    """The operations out of the committed schema, by tag."""
    schema: dict[str, Any] = json.loads((DOCS / "openapi.json").read_text(encoding="utf-8"))
    by_tag: dict[str, list[str]] = {}
    for path, operations in schema["paths"].items():
        for verb, operation in operations.items():
            says = (operation.get("description") or operation.get("summary") or "").strip().split("\n")[0]
            row = f"| {verb.upper()} | `{path}` | {says.replace('|', '/')} |"
            by_tag.setdefault((operation.get("tags") or ["other"])[0], []).append(row)
    parts = [f"# API v1\n\n{schema['info'].get('description', '')}\n"]
    for tag, rows in by_tag.items():
        parts.append(f"\n## {tag}\n\n| | address | |\n|---|---|---|\n" + "\n".join(rows) + "\n")
    return "".join(parts)


def _anchor(text: str) -> str:
    return re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-")


def _rendered(page: Page, by_source: dict[Path, Page], language: str, wrong: list[str], used: set[Path]) -> str:
    """The page as HTML; its links lead to pages of the same language, its pictures are noted in ``used``."""
    tokens = (renderer := MarkdownIt("commonmark").enable("table")).parse(page.text)

    def follow(address: str) -> str:
        target, _, anchor = address.partition("#")
        if re.match(r"[a-z]+:", address) or not target:
            return address
        source = (page.source.parent / target).resolve()
        found = by_source.get(source)
        if found is None:
            found = by_source.get(source.parent / f"{source.name.split('.')[0]}.{language}.md")
        if found is not None:
            return f"../{found.path}" + (f"#{anchor}" if anchor else "")
        if source.is_file():
            used.add(source)
            return f"../../files/{source.relative_to(ROOT).as_posix()}"
        if source.is_dir():
            return "../index.html"
        wrong.append(f"{page.source.relative_to(ROOT)}: {address}")
        return address

    for token in tokens:
        for part in token.children or []:
            for name in ("href", "src"):
                if part.attrGet(name):
                    part.attrSet(name, follow(str(part.attrGet(name))))
    for position, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", _anchor(tokens[position + 1].content))
    shown = str(renderer.renderer.render(tokens, renderer.options, {}))
    return re.sub(r'(<img src="([^"]+)"[^>]*>)', r'<a href="\2">\1</a>', shown)  # a touch shows it in full


def _frame(page: Page, body: str, pages: list[Page], language: str, translated: set[str]) -> str:
    code, name = LANGUAGES[language]
    other = "en" if language == "zh" else "zh"
    away = f"../../{other}/{page.path if page.path in translated else 'index.html'}"
    lines = []
    for section, words in SECTIONS.items():
        lines.append(f"<h2>{words[language]}</h2>")
        for one in pages:
            if one.section == section:
                here = ' aria-current="page"' if one == page else ""
                lines.append(f'<a href="../{one.path}"{here}>{html.escape(one.title)}</a>')
    return (
        f'<!doctype html><html lang="{code}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f'<title>{html.escape(page.title)} · {name}</title><link rel="stylesheet" href="../../style.css"></head><body>'
        f'<header><b>{name}</b><a class="toc" href="#contents">{CONTENTS[language]}</a>'
        f'<a href="{away}" lang="{LANGUAGES[other][0]}">{OTHER[other]}</a></header>'
        f'<div class="page"><nav id="contents">{"".join(lines)}</nav><main>{body}</main></div></body></html>'
    )


def build(target: Path) -> list[str]:
    """Write the site into ``target``, which is emptied first; returns the links that lead nowhere."""
    shutil.rmtree(target, ignore_errors=True)
    wrong: list[str] = []
    used: set[Path] = set()
    everything = {language: list(pages_of(language)) for language in LANGUAGES}
    for language, pages in everything.items():
        by_source = {page.source.resolve(): page for page in pages}
        other = {page.path for page in everything["en" if language == "zh" else "zh"]}
        for page in pages:
            body = _rendered(page, by_source, language, wrong, used)
            file = target / language / page.path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(_frame(page, body, pages, language, other), encoding="utf-8")
        _forward(target / language / "index.html", pages[0].path)
    _forward(target / "index.html", f"zh/{everything['zh'][0].path}")
    (target / "style.css").write_text(STYLE.strip() + "\n", encoding="utf-8")
    for source in used:
        copy = target / "files" / source.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
    return wrong


def _forward(file: Path, to: str) -> None:
    text = f'<!doctype html><meta http-equiv="refresh" content="0;url={to}"><a href="{to}">{to}</a>'
    file.write_text(text, encoding="utf-8")


def main() -> int:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "docs"
    wrong = build(target)
    for line in wrong:
        sys.stderr.write(f"leads nowhere: {line}\n")
    sys.stdout.write(f"{sum(1 for _ in target.rglob('*.html'))} pages in {target}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
