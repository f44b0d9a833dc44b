"""Pictures of the documentation, and the proof that they still show what the pages show.

A picture is kept small, and beside all of them stand the labels that their pages had: headings, column heads, names of
fields, buttons, tabs and the menu; never a name, an amount, a day or a count. With ``PUNCTUAL_TOUR=1`` a walk takes
its pictures anew; without, it asks each page for its labels of today and compares.
"""

from __future__ import annotations

import io
import json
import os
import re
from functools import cache
from pathlib import Path

import polib
from PIL import Image
from playwright.sync_api import Page

from browser.conftest import Visit

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "user" / "images"
LABELS = IMAGES / "labels.json"
TAKING = bool(os.environ.get("PUNCTUAL_TOUR"))
COLOURS = 128
"""Enough for a page without photographs; text stays as sharp as on the screen."""
LABELS_OF = """(without) => {
  const kinds = "h1, h2, h3, th, label, legend, dt, summary, nav a, [role=tab], button, a.bt";
  const rows = `tbody, li, article, .toast2, [data-user-content], #notices, dialog:not([open])${without}`;
  const found = [];
  for (const one of document.querySelectorAll(kinds)) {
    if (!one.checkVisibility() || one.closest(rows)) continue;
    const walk = document.createTreeWalker(one, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const parent = walk.currentNode.parentElement;
      if (parent.closest("[data-user-content], kbd, option, .vh")) continue;
      found.push([walk.currentNode.textContent.trim(), one.closest("nav.side") ? "menu" : "page"]);
    }
  }
  return found;
}"""
"""What stands in rows and cards differs from day to day; the words round it don't."""


@cache
def _catalogue(language: str) -> frozenset[str]:
    """Every sentence of the product in a language: what is not among them is data."""
    folder = ROOT / "src" / "punctual" / "locale" / "zh_Hans"
    entries = [entry for file in sorted(folder.glob("*.po")) for entry in polib.pofile(str(file))]
    return frozenset(entry.msgid if language == "en" else entry.msgstr for entry in entries)


def labels_of(page: Page, language: str, without: str = "") -> dict[str, list[str]]:
    """``menu`` and ``page``: the words of the product there, each once; without digits, since those count something."""
    words = _catalogue(language)
    found: dict[str, set[str]] = {"menu": set(), "page": set()}
    for text, place in page.evaluate(LABELS_OF, f", {without}" if without else ""):
        plain = re.sub(r"\s+", " ", text)
        if plain in words:
            found[place].add(plain)
    return {place: sorted(texts) for place, texts in found.items()}


def _kept() -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads(LABELS.read_text(encoding="utf-8")) if LABELS.exists() else {}
    return found


def _keep(changed: dict[str, list[str]]) -> None:
    lines = [f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in sorted((_kept() | changed).items())]
    LABELS.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _save(page: Page, path: Path) -> None:
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    few = image.quantize(COLOURS, dither=Image.Dither.NONE).convert("RGB")
    few.save(path, "WEBP", lossless=True, quality=80, method=4)


def picture(one: Visit, name: str, *, user: str = "order.manager", at: str = "", without: str = "") -> None:
    """Of what the window shows; ``at`` is what is moved to its top, ``without`` what differs from day to day."""
    page = one.page
    page.wait_for_load_state("networkidle")
    own = labels_of(page, one.language, without)
    asked = {f"{name}-{one.language}": own["page"]}
    if own["menu"]:
        asked[f"menu of {user}-{one.language}"] = own["menu"]
    file = IMAGES / f"{name}-{one.language}.webp"
    if TAKING:
        if at:
            page.locator(at).first.evaluate("one => { one.scrollIntoView(); scrollBy(0, -64); }")
        _save(page, file)
        _keep(asked)
        return
    assert file.exists(), f"the documentation has no picture {file.name}: take it with PUNCTUAL_TOUR=1"
    kept = _kept()
    for key, words in asked.items():
        gone, come = set(kept.get(key, [])) - set(words), set(words) - set(kept.get(key, []))
        assert not gone | come, (
            f"picture {file.name} is out of date: take it anew with PUNCTUAL_TOUR=1"
            f" ({key}: no longer on the page {sorted(gone)}, new {sorted(come)})"
        )
