"""The inspection on phone and desk: what to look at, count and values, the verdict, what follows."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final, cast

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.orders.selectors import order_by_key
from punctual.domain.parties.models import Supplier
from punctual.domain.quality.life import INSPECTION, WAITING
from punctual.domain.quality.models import Inspection, InspectionItem, Kind, Sampling, Stage
from punctual.domain.quality.rules import SamplingRule
from punctual.domain.quality.selectors import gauges_of, inspection_by_id, is_verified, items_of
from punctual.domain.quality.services.inspections import (
    LotIn,
    accept_by_deviation,
    attach_to_inspection,
    cancel_inspection,
    open_inspection,
    split_lot,
)
from punctual.domain.quality.services.results import (
    ResultsIn,
    ValueGiven,
    enter_results,
    names_of_defects,
    verdict_now,
)
from punctual.domain.quality.services.switching import severity_for
from punctual.engine.sampling import AQLS, LEVELS
from punctual.flows.failed_inspection import Judged, submit_inspection
from punctual.kernel.refusal import Conflict, NotFound, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.attachments.models import DocumentKind
from punctual.platform.attachments.services import attachments_of, documents_on
from punctual.platform.records import get_or_not_found
from punctual.web.documents.box import box_of
from punctual.web.orders.actions import done
from punctual.web.quality import marks, reading
from punctual.web.quality.files import answer_with
from punctual.web.quality.story import in_words, story
from punctual.web.shell.middleware import status_of

ANSWERS: Final = {"yes": True, "no": False}
"""What the form says of a check; anything else is no answer."""


def actor_of(request: HttpRequest) -> User:
    return cast(User, request.user)


def _unit(data: QueryDict, sample: int) -> int:
    """Which unit of the sample is on the page."""
    wish = reading.key(data, "unit")
    return min(max(1, wish), max(1, sample))


def inspection(request: HttpRequest, pk: int) -> HttpResponse:
    """One lot: facts and sampling, count, measured values unit by unit, photos, verdict."""
    found = inspection_by_id(actor_of(request), pk)
    return _page(request, found)


def _page(
    request: HttpRequest,
    found: Inspection,
    *,
    refusal: Refusal | None = None,
    typed: QueryDict | None = None,
) -> HttpResponse:
    actor = actor_of(request)
    items = list(items_of(found))
    _answers_as_typed(items, typed)
    unit = _unit(typed or request.GET, found.sample_size)
    verdict, against = verdict_now(found)
    if not found.inspected:  # the form begins with the whole sample
        against = [reason for reason in against if reason.code != "inspection.incomplete"]
    waiting = found.state in WAITING
    mine = waiting and may(actor, "quality.inspect")
    files = list(documents_on(found))
    context = {
        "title": found.number,
        "found": found,
        "chip": marks.inspection_chip(found),
        "severity": marks.severity_chip(found.severity),
        "rooms": marks.tabs(actor, "inspections"),
        "order": found.order,
        "items": items,
        "measured": [_value_row(item, unit, typed) for item in items if item.kind == Kind.MEASURED],
        "checks": [item for item in items if item.kind != Kind.MEASURED],
        "bad_units": _bad_units(items, unit),
        "unit": unit,
        "units": found.sample_size,
        "gauges": list(gauges_of(actor)) if mine else [],
        "defects": _defects(found, typed),
        "shown": _shown(found, typed),
        "verdict": verdict,
        # What the page says while it is typed; the count is put in there.
        "within": _("%(count)s nonconforming is within Ac %(ac)s.") % {"count": "%(count)s", "ac": found.ac},
        "reached": _("%(count)s nonconforming reaches Re %(re)s.") % {"count": "%(count)s", "re": found.re},
        "against": [] if not verdict.accepted and not against else against,
        "may_enter": mine,
        "may_submit": mine and not against,
        "may_deviate": INSPECTION.allows(found.state, "deviate") and may(actor, "quality.concede"),
        "may_split": INSPECTION.allows(found.state, "split") and may(actor, "quality.inspect") and found.lot_size > 1,
        "folded": not found.needs_certificate,
        "files": [one for one in files if one.kind == DocumentKind.PHOTO],
        "ncrs": list(found.nonconformities.all()),
        "switching": severity_for(found.supplier, found.item_key),
        "refusal": refusal,
        "story": story(found),
        "verified": is_verified(found),
        "why": _why(found),
    }
    context |= box_of(request, found, [(found, one) for one in files if one.kind != DocumentKind.PHOTO])
    status = status_of(refusal) if refusal else 200
    return render(request, "quality/inspection.html", context, status=status)


def _value_row(item: InspectionItem, unit: int, typed: QueryDict | None) -> dict[str, Any]:
    """A characteristic with the value of the unit on the page; what was typed stays when it is refused."""
    known = {one.unit_no: one for one in item.measurements.all()}
    one = known.get(unit)
    text = f"{one.value.normalize():f}" if one else ""
    if typed is not None:
        text = typed.get(f"value-{item.pk}", text)
    return {"item": item, "text": text, "ok": one.is_ok if one else None, "serial": one.serial if one else ""}


def _bad_units(items: list[InspectionItem], unit: int) -> int:
    """Units beyond their limits besides the one on the page; the page adds that one while it is typed."""
    return len({one.unit_no for item in items for one in item.measurements.all() if not one.is_ok} - {unit})


def _answers_as_typed(items: list[InspectionItem], typed: QueryDict | None) -> None:
    """What was answered stays on the page when the form is refused; nothing of it is kept."""
    for item in items:
        if typed is not None and f"check-{item.pk}" in typed:
            item.passed = ANSWERS.get(str(typed[f"check-{item.pk}"]))


def _shown(found: Inspection, typed: QueryDict | None) -> dict[str, str]:
    """Count and remarks: as they were typed, else as they are kept; an untouched lot begins with the whole sample."""
    kept = {
        "inspected": str(found.inspected or found.sample_size),
        "nonconforming": str(found.nonconforming),
        "note": found.note,
        "witness": found.witness,
    }
    return kept if typed is None else {name: typed.get(name, value) for name, value in kept.items()}


def _defects(found: Inspection, typed: QueryDict | None) -> list[tuple[str, int]]:
    counted = {one.name: one.quantity for one in found.defects.all()}
    if typed is not None:
        names = typed.getlist("defect-name")[:30]
        counted |= {name: reading.key(typed, f"defect-count-{place}") for place, name in enumerate(names)}
    names = [*counted, *(name for name in names_of_defects(found) if name not in counted)]
    return [(name, counted.get(name, 0)) for name in names[:8]]


def _why(found: Inspection) -> str:
    """Why so many are looked at, in a sentence."""
    words = {"lot": found.lot_size, "letter": found.code_letter, "n": found.sample_size, "ac": found.ac}
    if found.sampling == Sampling.AQL:
        words |= {"level": found.level, "aql": f"{(found.aql or 0):f}".rstrip("0").rstrip(".")}
        words |= {"severity": found.get_severity_display()}
        return (
            _(
                "Table 1 of GB/T 2828.1 gives a lot of %(lot)s at level %(level)s its code letter; with AQL %(aql)s and %(severity)s inspection the master table leads to %(letter)s: %(n)s are looked at, %(ac)s may be bad."  # noqa: E501
            )
            % words
        )
    if found.sampling == Sampling.ALL:
        return _("Every unit of the lot is looked at; none may be bad.")
    return _("The quality plan asks for %(n)s of %(lot)s; none may be bad.") % words


# ----------------------------------------------------------------------------------------------------------- posts


def _results(request: HttpRequest, found: Inspection) -> ResultsIn:
    """What the form says, with the buttons that count up and down where no script does."""
    data = request.POST
    bad = reading.whole(data, "nonconforming", default=found.nonconforming) or 0
    step = data.get("step", "")
    if step in ("+1", "-1"):
        bad = max(0, bad + int(step))
    names = data.getlist("defect-name")[:30]
    defects = {name: reading.key(data, f"defect-count-{place}") for place, name in enumerate(names)}
    extra = reading.text(data, "defect-new")[:60]
    bump = data.get("bump", "")
    for name in (extra, bump):
        if name:
            defects[name] = defects.get(name, 0) + 1
    if bump:
        bad += 1
    unit = _unit(data, found.sample_size)
    values = []
    for item in items_of(found):
        if item.kind == Kind.MEASURED and f"value-{item.pk}" in data:
            values.append(
                ValueGiven(
                    item.pk,
                    unit,
                    reading.number(data, f"value-{item.pk}"),
                    gauge=data.get("gauge", ""),
                    serial=reading.text(data, "serial"),
                )
            )
    answers: dict[int, bool | None] = {}
    for item in items_of(found):
        if item.kind != Kind.MEASURED and f"check-{item.pk}" in data:
            answers[item.pk] = ANSWERS.get(data[f"check-{item.pk}"])
    return ResultsIn(
        inspected=reading.whole(data, "inspected", default=found.inspected),
        nonconforming=bad,
        defects=defects,
        values=[one for one in values if one.value is not None or _is_known(one)],
        answers=answers,
        note=data.get("note"),
        witness=data.get("witness"),
    )


def _is_known(given: ValueGiven) -> bool:
    """An empty field takes back a value that is there; otherwise it says nothing."""
    return InspectionItem.objects.filter(pk=given.item, measurements__unit_no=given.unit_no).exists()


def _enter(request: HttpRequest, found: Inspection, actor: User, today: dt.date) -> Judged | None:
    """Results and photos; the verdict where it is asked for."""
    enter_results(
        actor=actor,
        inspection_id=found.pk,
        results=_results(request, found),
        today=today,
        expected_version=reading.version(request),
        take_over=bool(request.POST.get("take_over")),
    )
    for file in request.FILES.getlist("photo"):
        attach_to_inspection(actor=actor, inspection_id=found.pk, file=file, name=file.name or "photo")
    return submit_inspection(actor=actor, inspection_id=found.pk, today=today) if request.POST.get("submit") else None


def _told(request: HttpRequest, judged: Judged, actor: User) -> HttpResponse:
    if judged.ncr is None:
        words = _("%(number)s is accepted.") % {"number": judged.inspection.number}
        return done(request, _url(judged.inspection.pk), words)
    there = reverse("ncr", args=[judged.ncr.pk]) if may(actor, "quality.view") else _url(judged.inspection.pk)
    named = {"number": judged.inspection.number, "ncr": judged.ncr.number}
    return done(request, there, _("%(number)s is rejected; %(ncr)s is open.") % named)


@require_POST
def save(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what is entered; ``go`` leads to another unit, ``submit`` gives the verdict."""
    actor, today = actor_of(request), timezone.localdate()
    found = inspection_by_id(actor, pk)
    try:
        # What is refused is taken back before the page is drawn anew: it must name the version that stands.
        with transaction.atomic():
            judged = _enter(request, found, actor, today)
    except Conflict as conflict:
        conflict.changes = tuple(in_words(Inspection, change) for change in conflict.changes)
        return _page(request, inspection_by_id(actor, pk), refusal=conflict, typed=request.POST)
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(request, inspection_by_id(actor, pk), refusal=refusal, typed=request.POST)
    if judged is not None:
        return _told(request, judged, actor)
    go = reading.key(request.POST, "go") or reading.key(request.POST, "unit")
    return done(request, f"{_url(pk)}?unit={go}" if go > 1 else _url(pk), "" if request.POST.get("go") else _("Saved."))


def _url(pk: int) -> str:
    return reverse("inspection", args=[pk])


def download(request: HttpRequest, pk: int, file_pk: int) -> HttpResponseBase:
    """A photo or certificate as it came."""
    found = inspection_by_id(actor_of(request), pk)
    file = get_or_not_found(attachments_of(found), pk=file_pk)
    return answer_with(request, file)


@require_POST
def deviate(request: HttpRequest, pk: int) -> HttpResponse:
    accept_by_deviation(
        actor=actor_of(request),
        inspection_id=pk,
        reason=reading.text(request.POST, "reason"),
        expected_version=reading.version(request),
    )
    return done(request, _url(pk), _("Accepted by deviation, in your name."))


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    cancel_inspection(
        actor=actor_of(request),
        inspection_id=pk,
        reason=reading.text(request.POST, "reason"),
        expected_version=reading.version(request),
    )
    return done(request, _url(pk), _("The inspection is cancelled."))


@require_POST
def split(request: HttpRequest, pk: int) -> HttpResponse:
    rest = split_lot(
        actor=actor_of(request),
        inspection_id=pk,
        part=reading.whole(request.POST, "part", default=0) or 0,
        today=timezone.localdate(),
        expected_version=reading.version(request),
    )
    return done(request, _url(pk), _("The rest of the lot waits as %(number)s.") % {"number": rest.number})


# -------------------------------------------------------------------------------------------------------------- new


def new(request: HttpRequest) -> HttpResponse:
    """An inspection that no plan and no receipt asks for."""
    actor = actor_of(request)
    require(actor, "quality.inspect")
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            made = open_inspection(actor=actor, lot=_lot(actor, request.POST), today=timezone.localdate())
            return done(request, _url(made.pk), _("%(number)s is open.") % {"number": made.number})
        except Refusal as caught:
            refusal = caught
    context = {
        "title": _("Record an inspection"),
        "rooms": marks.tabs(actor, "inspections"),
        "stages": Stage.choices,
        "samplings": Sampling.choices,
        "aqls": [f"{one:g}" for one in AQLS if one <= 10],
        "levels": LEVELS,
        "suppliers": Supplier.objects.filter(archived_at=None),
        "typed": request.POST if request.method == "POST" else {},
        "refusal": refusal,
    }
    return render(request, "quality/inspection_new.html", context, status=status_of(refusal) if refusal else 200)


def _lot(actor: User, data: QueryDict) -> LotIn:
    order_key = reading.text(data, "order")
    return LotIn(
        stage=data.get("stage", ""),
        item_name=reading.text(data, "item_name"),
        item_key=reading.text(data, "item_key")[:60],
        lot_size=reading.whole(data, "lot_size", default=0) or 0,
        rule=SamplingRule(
            data.get("sampling", ""),
            reading.number(data, "sample_number"),
            reading.number(data, "aql"),
            data.get("level", "II") or "II",
        ),
        unit=reading.text(data, "unit")[:20],
        lot_no=reading.text(data, "lot_no"),
        order=order_by_key(actor, order_key) if order_key else None,
        supplier=reading.record(Supplier.objects.filter(archived_at=None), data, "supplier"),
        role=actor.role if actor.role == "worker" else "quality",
        due=reading.day(data, "due"),
    )
