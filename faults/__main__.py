"""Make every fault, and every control.

    python -m faults [NAME …] [--json]      from the checkout, with the product's packages

Each case makes one fault for real and looks whether the promise was kept. Its control takes away what keeps the
promise and must be caught: a case whose control passes proves nothing and counts as failed.
Exit status 0 when every promise was kept and every control was caught.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests"), str(ROOT)]

LONGEST = 600


def run_one(name: str, *, control: bool) -> dict[str, Any]:
    """One case in a process of its own, since each has its own database and settings."""
    command = [sys.executable, "-m", "faults", "--one", name, *(["--control"] if control else [])]
    began = time.monotonic()
    foreign = ("PYTEST_", "DJANGO_", "PUNCTUAL_", "DATABASE_URL")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
    run = subprocess.run(command, cwd=ROOT, env=kept, capture_output=True, text=True, check=False, timeout=LONGEST)
    try:
        answer: dict[str, Any] = json.loads(run.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        answer = {"kept": None, "why": (run.stdout + run.stderr)[-2000:]}
    return {"case": name, "control": control, "seconds": round(time.monotonic() - began, 1), **answer}


def main() -> int:
    from faults.cases import CASES

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *CASES], metavar="NAME", help=", ".join(CASES))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--control", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        sys.stdout.write(json.dumps(CASES[given.one](given.control)) + "\n")
        return 0
    good = True
    rows = []
    for name in given.names or CASES:
        for control in (False, True):
            row = run_one(name, control=control)
            fine = row["kept"] is (not control)
            good &= fine
            rows.append({**row, "fine": fine})
            if not given.json:
                what = "control caught" if control else "promise kept"
                sys.stdout.write(f"{'ok ' if fine else 'BAD'}  {name:<22} {what if fine else 'NOT ' + what}  {row}\n")
                sys.stdout.flush()
    if given.json:
        sys.stdout.write(json.dumps({"fine": good, "cases": rows}) + "\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
