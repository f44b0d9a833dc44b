"""Pictures of the documentation, and the proof that they still show what the pages show.

A picture is kept small, and beside all of them stand the labels that their pages had: headings, column heads, names of
fields, buttons, tabs and the menu; never a name, an amount, a day or a count. With ``PUNCTUAL_TOUR=1`` a walk takes
its pictures anew; without, it asks each page for its labels of today and compares.

What a page shows depends a little on the day and on who was there before: a card without rows is left out. So a label
of a picture must still be one of the product's sentences, whichever day it is, and page and picture must have most of
their labels in common.
"""

from __future__ import annotations

import io
import json
import os
import re
import time
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
LABELS_OF = """({ subject, without }) => {
  const heads = "h1, h2, h3, th, label, legend, dt, .lb, .kfig .l, .cmp2 small";
  const kinds = `${heads}, summary, nav a, [role=tab], button, a.bt`;
  const rows = `tbody, li, article, .toast2, [data-user-content], #notices, dialog:not([open]), .pager${without}`;
  const found = [];
  for (const one of document.querySelectorAll(kinds)) {
    if (!one.checkVisibility() || one.querySelector("time")) continue;
    const meant = subject && one.closest(subject);
    if (one.closest(rows) && !(meant && meant === document.querySelector(subject))) continue;
    const walk = document.createTreeWalker(one, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const parent = walk.currentNode.parentElement;
      if (parent.closest("[data-user-content], kbd, option, .vh")) continue;
      found.push([walk.currentNode.textContent.trim(), one.closest("nav.side") ? "menu" : "page"]);
    }
  }
  return found;
}"""
"""What stands in rows and cards differs from day to day, and so does a button that names a day; the words round them
don't, nor do those of the one row or card that is the picture's subject."""
DATES_AS_READ = """(language) => {
  for (const one of document.querySelectorAll("input[type=date]")) {
    if (!one.checkVisibility()) continue;
    const empty = language === "zh" ? "年-月-日" : "yyyy-mm-dd";
    const [year, month, day] = (one.value || empty).split("-");
    one.dataset.day = one.value;
    one.type = "text";
    one.value = language === "zh" ? `${year}/${month}/${day}` : `${day}/${month}/${year}`;
  }
}"""
DATES_AGAIN = """() => {
  for (const one of document.querySelectorAll("input[data-day]")) {
    one.type = "date";
    one.value = one.dataset.day;
    delete one.dataset.day;
  }
}"""
"""A browser writes days in its own language; the one that takes the pictures may know only one."""
BUSY = """() => Boolean(document.querySelector(".htmx-request, [aria-busy=true]"))"""
ALIKE = 0.5
"""Labels that page and picture have in common, of those that either has."""
PATIENCE = 15.0
"""Seconds in which a page has fetched what it fetches by itself."""


@cache
def _catalogue(language: str) -> frozenset[str]:
    """Every sentence of the product in a language: what is not among them is data."""
    folder = ROOT / "src" / "punctual" / "locale" / "zh_Hans"
    entries = [entry for file in sorted(folder.glob("*.po")) for entry in polib.pofile(str(file))]
    return frozenset(entry.msgid if language == "en" else entry.msgstr for entry in entries)


def labels_of(page: Page, language: str, subject: str = "", without: str = "") -> dict[str, list[str]]:
    """``menu`` and ``page``: the words of the product there, each once; without digits, since those count something."""
    words = _catalogue(language)
    found: dict[str, set[str]] = {"menu": set(), "page": set()}
    for text, place in page.evaluate(LABELS_OF, {"subject": subject, "without": f", {without}" if without else ""}):
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


def _save(page: Page, path: Path, language: str) -> None:
    page.evaluate(DATES_AS_READ, language)
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    page.evaluate(DATES_AGAIN)
    few = image.quantize(COLOURS, dither=Image.Dither.NONE).convert("RGB")
    few.save(path, "WEBP", lossless=True, quality=80, method=4)


def picture(
    one: Visit, name: str, *, user: str = "order.manager", at: str = "", of: str = "", without: str = ""
) -> None:
    """Of what the window shows; ``at`` is what is moved to its top, ``of`` the row or card that it is about,
    ``without`` what is only there while there is something to say."""
    file = IMAGES / f"{name}-{one.language}.webp"
    keys = {"page": f"{name}-{one.language}", "menu": f"menu of {user}-{one.language}"}
    if TAKING:
        one.page.wait_for_load_state("networkidle")
        one.page.wait_for_function(f"() => !({BUSY})()")
        found = labels_of(one.page, one.language, of, without)
        if at:
            one.page.locator(at).first.evaluate("one => { one.scrollIntoView(); scrollBy(0, -64); }")
        _save(one.page, file, one.language)
        _keep({key: found[place] for place, key in keys.items() if found[place] or place == "page"})
        return
    assert file.exists(), f"the documentation has no picture {file.name}: take it with PUNCTUAL_TOUR=1"
    kept = _kept()
    until = time.monotonic() + PATIENCE
    while differences := _differences(one, kept, keys, of, without):
        assert time.monotonic() < until, (
            f"picture {file.name} is out of date: take it anew with PUNCTUAL_TOUR=1 ({'; '.join(differences)})"
        )
        one.page.wait_for_timeout(200)


def _differences(one: Visit, kept: dict[str, list[str]], keys: dict[str, str], of: str, without: str) -> list[str]:
    """What a page says otherwise than its picture; on the phone the menu isn't seen."""
    if one.page.evaluate(BUSY):
        return ["the page is still at work"]
    differences = []
    for place, words in labels_of(one.page, one.language, of, without).items():
        pictured, seen = set(kept.get(keys[place], [])), set(words)
        if reworded := pictured - _catalogue(one.language):
            differences.append(f"{keys[place]}: the product no longer says {sorted(reworded)}")
        alike = len(pictured & seen) / max(1, len(pictured | seen))
        if alike < ALIKE and (seen or place == "page"):
            gone, come = sorted(pictured - seen), sorted(seen - pictured)
            differences.append(f"{keys[place]}: no longer there {gone}, new {come}")
    return differences
