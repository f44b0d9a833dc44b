"""Writes THIRD_PARTY_NOTICES.md: every package that is installed with the product, its version and its licence.

python tools/notices.py            write it
python tools/notices.py --check    fail when a locked package is missing or the version differs
"""

from __future__ import annotations

import json
import re
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements" / "runtime.lock"
TARGET = ROOT / "THIRD_PARTY_NOTICES.md"
VENDORED = ("@tabler/core", "@tabler/icons", "echarts", "htmx.org", "idiomorph")
LICENCES_VENDORED = {
    "@tabler/core": "MIT",
    "@tabler/icons": "MIT",
    "echarts": "Apache-2.0",
    "htmx.org": "0BSD",
    "idiomorph": "0BSD",
}
OPENINGS = (
    ("BSD License", "BSD"),
    ("MIT License", "MIT"),
    ("Apache Software License", "Apache-2.0"),
    ("GNU Lesser General Public License v3 or later (LGPLv3+)", "LGPL-3.0-or-later"),
    ("GNU Lesser General Public License v3 (LGPLv3)", "LGPL-3.0-only"),
    ("Python Software Foundation License", "PSF-2.0"),
    ("Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"),
    ("ISC License (ISCL)", "ISC"),
)


def locked() -> dict[str, str]:
    """Name → version, as the lock says."""
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", LOCK.read_text(), flags=re.M))


def licence_of(name: str) -> str:
    """What the package says of itself: the expression, else its classifiers, else the first line of its field."""
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return "of another platform; see its own notice"
    given = about.get("License-Expression")
    if given:
        return str(given)
    kinds = [value.rpartition(" :: ")[2] for value in about.get_all("Classifier") or [] if "License ::" in value]
    short = [next((code for words, code in OPENINGS if words == kind), kind) for kind in kinds]
    first = (about.get("License") or "").strip().split("\n")[0][:60]
    return " and ".join(sorted(set(short))) or first or "see its own notice"


def document() -> str:
    """The notices as text."""
    packages = json.loads((ROOT / "frontend" / "package.json").read_text())["dependencies"]
    rows = [f"| {name} | {version} | {licence_of(name)} |" for name, version in sorted(locked().items())]
    front = [f"| {name} | {packages[name]} | {LICENCES_VENDORED[name]} |" for name in VENDORED]
    return (
        "# Third-party notices\n\n"
        "Punctual itself is under the Apache License 2.0 (LICENSE). It is installed together with the packages below,\n"
        "unmodified, each under its own licence; the licence texts stand in each package's own folder beside it.\n\n"
        "## Python packages\n\n| package | version | licence |\n|---|---|---|\n" + "\n".join(rows) + "\n\n"
        "## In the browser bundle\n\n| package | version | licence |\n|---|---|---|\n" + "\n".join(front) + "\n"
    )


def main() -> int:
    if sys.argv[1:] == ["--check"]:
        text = TARGET.read_text()
        wrong = [f"{name} {version}" for name, version in locked().items() if f"| {name} | {version} |" not in text]
        if wrong:
            sys.stderr.write(f"THIRD_PARTY_NOTICES.md lacks {', '.join(wrong)}; run tools/notices.py\n")
        return 1 if wrong else 0
    TARGET.write_text(document())
    return 0


if __name__ == "__main__":
    sys.exit(main())
