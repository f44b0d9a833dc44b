"""Papers of quality: inspection report, certificate of conformity, 8D report, debit note; in the reader's language, or
in the one that ``?language=`` names, since they go to customers and suppliers."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from punctual.domain.customer_relations.models import CustomerRequest
from punctual.domain.quality.models import (
    CorrectiveAction,
    DebitNote,
    Inspection,
    InspectionState,
    Kind,
    Nonconformity,
)
from punctual.domain.quality.selectors import capa_by_id, inspection_by_id, is_verified, items_of, ncr_by_id
from punctual.domain.quality.services.results import verdict_now
from punctual.flows.complaints import complaint_of
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.permissions import require
from punctual.platform.company.services import company
from punctual.platform.papers import Block, Facts, Grid, Heading, Text, paper
from punctual.platform.records import get_or_not_found
from punctual.web.formatting import day_text, local_date, moment_text
from punctual.web.orders.actions import as_download
from punctual.web.quality.capas import NAMES, whys_of
from punctual.web.quality.inspections import actor_of
from punctual.web.shell.refusals import worded

MOST_VALUES = 60
"""Units whose values stand on the paper; the rest is in the record."""

View = Callable[..., HttpResponse]


def in_chosen_language(view: View) -> View:
    @wraps(view)
    def speaking(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        wish = request.GET.get("language", "")
        with override(wish if wish in dict(settings.LANGUAGES) else get_language()):
            return view(request, *args, **kwargs)

    return speaking


@in_chosen_language
def inspection_report(request: HttpRequest, pk: int) -> HttpResponse:
    """What was inspected and found; of an accepted lot it is the certificate of conformity too."""
    found = inspection_by_id(actor_of(request), pk)
    if found.judged_at is None:
        text = N_("%(number)s is not judged yet; there is nothing to certify.")
        raise Refusal(Reason("inspection.not_judged", text, {"number": found.number}))
    good = found.state in (InspectionState.ACCEPTED, InspectionState.DEVIATED)
    title = _("Inspection report and certificate of conformity") if good else _("Inspection report")
    content = paper(
        title=f"{title} {found.number}",
        subtitle=company().name,
        blocks=[*_facts(found), *_results(found), *_signs(found)],
        footer=found.number,
    )
    return as_download(content, f"{found.number}.pdf", "application/pdf")


def _facts(found: Inspection) -> list[Block]:
    sampling = f"{found.get_sampling_display()}"
    if found.aql:
        sampling = (
            f"GB/T 2828.1 / ISO 2859-1 · {found.level} · AQL {found.aql.normalize()} · {found.get_severity_display()}"
        )
        if not is_verified(found):
            sampling += " · " + _("this cell of the table is not confirmed by a published source")
    return [
        Facts(
            [
                (_("Item"), f"{found.item_key} {found.item_name}".strip()),
                (_("Stage"), found.get_stage_display()),
                (_("Order"), found.order.label if found.order else None),
                (_("Supplier"), found.supplier),
                (_("Lot"), found.lot_no),
                (_("Source"), found.source_label),
                (_("Lot size"), f"{found.lot_size} {found.unit}"),
                (
                    _("Sample n"),
                    f"{found.sample_size} ({found.code_letter})" if found.code_letter else found.sample_size,
                ),
                (_("Sampling"), sampling),
                ("Ac / Re", f"{found.ac} / {found.re}"),
                (_("Inspected"), found.inspected),
                (_("Nonconforming"), found.nonconforming),
                (_("Judged"), moment_text(found.judged_at)),
                (_("Inspector"), found.inspector),
            ]
        )
    ]


def _results(found: Inspection) -> list[Block]:
    blocks: list[Block] = []
    items = list(items_of(found))
    values: list[list[Any]] = [
        [
            one.unit_no,
            one.serial,
            item.name,
            f"{_plain(item.lower)} – {_plain(item.upper)}",
            f"{one.value.normalize():f} {item.unit}",
            one.gauge.code if one.gauge else "",
            _("fits") if one.is_ok else _("beyond"),
        ]
        for item in items
        for one in item.measurements.all()
    ]
    values.sort(key=lambda row: row[0])
    if values:
        head = [
            _("Unit no."),
            _("Serial number"),
            _("Characteristic"),
            _("Limits"),
            _("Reading"),
            _("Gauge"),
            _("Result"),
        ]
        blocks += [Heading(_("Measured values")), Grid(head, values[:MOST_VALUES], (0.6, 1.2, 1.6, 1.6, 1.3, 1, 0.9))]
        if len(values) > MOST_VALUES:
            words = {"n": len(values) - MOST_VALUES}
            blocks.append(Text(_("%(n)s more values are kept in the record.") % words, small=True))
    answers = {True: _("Yes"), False: _("No"), None: "—"}
    checks = [
        [item.name, item.get_kind_display(), answers[item.passed]] for item in items if item.kind != Kind.MEASURED
    ]
    if checks:
        blocks += [Heading(_("Check points")), Grid([_("Characteristic"), _("Kind"), _("Result")], checks, (3, 1.5, 1))]
    defects = [[one.name, one.quantity] for one in found.defects.all()]
    if defects:
        blocks += [Heading(_("Defects")), Grid([_("Defect"), _("Quantity")], defects, (4, 1), (1,))]
    if found.note:
        blocks += [Heading(_("Remarks")), Text(found.note)]
    return blocks


def _plain(value: Any) -> str:
    return "…" if value is None else f"{value.normalize():f}"


def _signs(found: Inspection) -> list[Block]:
    verdict, _against = verdict_now(found)
    lines = [f"{found.get_state_display()}. {worded(verdict.why)}"]
    if found.deviated_by:
        lines.append(f"{_('Accepted by deviation by')} {found.deviated_by}: {found.deviation_reason}")
    return [
        Heading(_("Verdict")),
        Text("\n".join(lines)),
        Facts(
            [
                (_("Inspector"), found.inspector),
                (_("Present for the customer"), found.witness or None),
                (_("Date"), day_text(found.judged_at)),
                (_("Signature"), " "),
                ("", " "),
            ]
        ),
    ]


@in_chosen_language
def capa_report(request: HttpRequest, pk: int) -> HttpResponse:
    """The 8D report as it stands."""
    actor = actor_of(request)
    found = capa_by_id(actor, pk)
    content = paper(
        title=f"{_('8D report')} {found.number}",
        subtitle=company().name,
        blocks=[_capa_facts(found, complaint_of(actor, found.ncr)), *_steps(found)],
        footer=f"{found.number} · {timezone.localdate().isoformat()}",
    )
    return as_download(content, f"{found.number}.pdf", "application/pdf")


def _capa_facts(found: CorrectiveAction, complaint: CustomerRequest | None) -> Facts:
    ncr = found.ncr
    return Facts(
        [
            (_("Problem"), found.title),
            (_("State"), found.get_state_display()),
            (_("Nonconformity"), ncr.number if ncr else None),
            (_("Complaint"), f"{complaint.number} {complaint.title}" if complaint else None),
            (_("Customer"), complaint.customer if complaint else None),
            (_("Order"), found.order.label if found.order else None),
            (_("Supplier"), found.supplier),
            (_("Item"), f"{found.item_key} {ncr.item_name if ncr else ''}".strip()),
            (_("Opened"), day_text(found.opened_on)),
            (_("Owner"), found.owner),
            (_("Cause"), found.get_cause_display() if found.cause else None),
            (_("Opened again"), found.reopened or None),
        ]
    )


def _steps(found: CorrectiveAction) -> list[Block]:
    blocks: list[Block] = []
    for step in found.disciplines.select_related("done_by"):
        blocks.append(Heading(f"D{step.number} {NAMES[step.number]}"))
        if step.number == 4 and (tree := whys_of(found)):
            rows = [
                [depth, f"{'　' * (depth - 1)}{why.text}", _("Root cause") if why.is_root else ""]
                for depth, why in tree
            ]
            blocks.append(Grid([_("Why"), _("Answer"), ""], rows, (0.5, 4, 1)))
        blocks.append(Text(step.text or "—"))
        if step.done_at:
            who = step.done_by or found.supplier or ""
            blocks.append(Text(f"{_('Done')} {day_text(step.done_at)} {who}", small=True))
        elif step.due:
            blocks.append(Text(f"{_('Due')} {day_text(step.due)}", small=True))
    if found.effect_note:
        blocks += [Heading(_("Effect")), Text(found.effect_note)]
    return blocks


# ------------------------------------------------------------------------------------------------------- debit note


@in_chosen_language
def debit_note(request: HttpRequest, pk: int, note_pk: int) -> HttpResponse:
    """What the supplier is asked to bear, with what was found; a draft that finance sends."""
    actor = actor_of(request)
    require(actor, "quality.see_cost")
    ncr = ncr_by_id(actor, pk)
    note = get_or_not_found(ncr.debit_notes.select_related("supplier", "created_by"), pk=note_pk)
    content = paper(
        title=f"{_('Debit note (draft)')} {note.number}",
        subtitle=company().name,
        blocks=[*_debit_facts(ncr, note), *_debit_money(note)],
        footer=f"{note.number} · {ncr.number}",
    )
    return as_download(content, f"{note.number}.pdf", "application/pdf")


def _debit_facts(ncr: Nonconformity, note: DebitNote) -> list[Block]:
    supplier, lot = note.supplier, ncr.inspection
    sampling = f"n {lot.sample_size} · Ac {lot.ac} / Re {lot.re}" if lot else None
    head = Facts(
        [
            (_("To"), f"{supplier.code} {supplier.name}"),
            (_("Contact"), " ".join(one for one in (supplier.contact_name, supplier.email, supplier.phone) if one)),
            (_("Date"), local_date(note.created_at).isoformat()),
            (_("Drafted by"), note.created_by),
        ]
    )
    found = Facts(
        [
            (_("Nonconformity"), ncr.number),
            (_("Found"), moment_text(ncr.found_at)),
            (_("Item"), f"{ncr.item_key} {ncr.item_name}".strip()),
            (_("Lot"), " ".join(one for one in (ncr.source_label, ncr.lot_no) if one)),
            (_("Quantity concerned"), f"{ncr.quantity} {ncr.unit}"),
            (_("Nonconforming"), ncr.nonconforming),
            (_("Inspection"), lot.number if lot else None),
            (_("Sampling"), sampling),
            (_("Order"), ncr.order.label if ncr.order else None),
            (_("Disposition"), ncr.get_disposition_display()),
        ]
    )
    return [head, Heading(_("What was found")), Text(f"{ncr.title}\n{ncr.detail}".strip()), found]


def _debit_money(note: DebitNote) -> list[Block]:
    currency = company().currency
    amount = f"{note.amount:,.2f} {currency}"
    return [
        Heading(_("What we ask you to bear")),
        Grid([_("Reason"), _("Amount")], [[note.reason, amount], [_("Total"), amount]], (4, 1.4), (1,)),
        Text(_("This is a draft. It is valid when it is signed and sent by our finance department."), small=True),
        Facts([(_("Signature"), " "), (_("Date"), " ")]),
    ]
