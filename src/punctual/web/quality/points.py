"""The form of a control point, of an order's plan or of a template."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpRequest, QueryDict

from punctual.domain.quality.models import Anchor, DefectClass, Hold, Kind, Sampling, Stage
from punctual.domain.quality.models.plans import PointFacts
from punctual.domain.quality.selectors import charts_of, gauges_of
from punctual.domain.quality.services.points import CharacteristicIn, PointIn
from punctual.engine.sampling import AQLS, LEVELS
from punctual.platform.accounts.models import Role, User
from punctual.web.quality import reading

ROWS = 4


def choices(actor: User) -> dict[str, Any]:
    """What the form offers."""
    return {
        "choices": {
            "stage": Stage.choices,
            "anchor": Anchor.choices,
            "sampling": Sampling.choices,
            "hold": Hold.choices,
            "defect_class": DefectClass.choices,
            "role": [(Role.QUALITY.value, Role.QUALITY.label), (Role.WORKER.value, Role.WORKER.label)],
            "kind": Kind.choices,
        },
        "aqls": [f"{one:g}" for one in AQLS if one <= 10],
        "levels": LEVELS,
        "gauges": list(gauges_of(actor)),
        "charts": list(charts_of(actor).filter(type__in=["xbar-r", "xbar-s", "i-mr"]).order_by("code")),
    }


def shown(found: PointFacts | None) -> dict[str, Any]:
    if found is None:
        return {"stage": "fqc", "sampling": "all", "hold": "none", "defect_class": "major", "level": "II"}
    names = ("name", "stage", "anchor", "defect_class", "sampling", "level", "hold", "role", "evidence")
    return {name: getattr(found, name) for name in names} | {
        "sample_number": plain(found.sample_number),
        "aql": plain(found.aql),
        "needs_certificate": found.needs_certificate,
    }


def plain(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():f}"


CELLS = ("name", "kind", "defect_class", "unit", "nominal", "lower", "upper", "gauge", "chart")


def rows(request: HttpRequest, found: Any) -> list[dict[str, str]]:
    """Rows of the table of characteristics, with empty ones at the end."""
    if request.method == "POST":
        count = min(reading.key(request.POST, "rows"), 60)
        typed = [{cell: request.POST.get(f"{cell}-{place}", "") for cell in CELLS} for place in range(count)]
        return typed
    known = [
        {
            "name": one.name,
            "kind": one.kind,
            "defect_class": one.defect_class,
            "unit": one.unit,
            "nominal": plain(one.nominal),
            "lower": plain(one.lower),
            "upper": plain(one.upper),
            "gauge": one.gauge.code if one.gauge else "",
            "chart": one.chart.code if one.chart else "",
        }
        for one in (found.characteristics.all() if found else [])
    ]
    empty = dict.fromkeys(CELLS, "") | {"kind": "attribute", "defect_class": "major"}
    return [*known, *(dict(empty) for _place in range(max(2, ROWS - len(known))))]


def point_in(data: QueryDict, pk: int | None) -> PointIn:
    found = []
    for place in range(min(reading.key(data, "rows"), 60)):
        if reading.text(data, f"name-{place}"):
            found.append(
                CharacteristicIn(
                    reading.text(data, f"name-{place}"),
                    data.get(f"kind-{place}", ""),
                    data.get(f"defect_class-{place}", ""),
                    reading.text(data, f"unit-{place}"),
                    reading.number(data, f"nominal-{place}"),
                    reading.number(data, f"lower-{place}"),
                    reading.number(data, f"upper-{place}"),
                    data.get(f"gauge-{place}", ""),
                    data.get(f"chart-{place}", ""),
                )
            )
    return PointIn(
        reading.text(data, "name"),
        data.get("stage", ""),
        id=pk,
        anchor=data.get("anchor", ""),
        task=reading.key(data, "task") or None,
        line=reading.key(data, "line") or None,
        defect_class=data.get("defect_class", ""),
        sampling=data.get("sampling", ""),
        sample_number=reading.number(data, "sample_number"),
        aql=reading.number(data, "aql"),
        level=data.get("level", "II") or "II",
        hold=data.get("hold", ""),
        role=data.get("role", "") or Role.QUALITY.value,
        evidence=reading.text(data, "evidence")[:200],
        needs_certificate=bool(data.get("needs_certificate")),
        standards=[int(one) for one in data.getlist("standards") if one.isdecimal() and len(one) < 18],
        characteristics=found,
    )
