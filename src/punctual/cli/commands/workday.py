"""``punctual workday DATE [--region CN]``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from datetime import date
from typing import Any

from punctual.engine.workdays import workdays
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("date", metavar="DATE", help="as 2026-02-14")
    parser.add_argument("--region", default="CN", help="country code (default: CN)")


def run(arguments: argparse.Namespace) -> Mapping[str, Any]:
    try:
        day = date.fromisoformat(arguments.date)
    except ValueError as error:
        raise Refusal(
            Reason(
                code="workday.date",
                text=N_("'%(value)s' is no date; write it as 2026-02-14"),
                params={"value": arguments.date},
                field="date",
            )
        ) from error
    year = workdays(day.year, arguments.region)
    result: dict[str, Any] = {"working": year.is_working(day), "reason": year.reason(day), "published": year.published}
    if not year.published:
        result["reason"] += f" (make-up days of {day.year} not published yet)"
    return result
