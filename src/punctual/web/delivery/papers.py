"""The delivery note, the packing list and the acceptance certificate as PDF."""

from __future__ import annotations

import io
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from punctual.domain.delivery.models import Acceptance, Delivery, DeliveryItem
from punctual.domain.delivery.selectors import acceptance_by_id, delivery_by_number, photos_of
from punctual.platform.accounts.permissions import require
from punctual.platform.attachments.services import attachments_of, path_of
from punctual.platform.company.services import company
from punctual.platform.papers import Block, Facts, Grid, Heading, Picture, Text, paper
from punctual.web.formatting import colon, day_text, listed, quantity_text
from punctual.web.master.pages import actor_of
from punctual.web.orders.actions import as_download


def _facts(delivery: Delivery) -> Facts:
    order = delivery.order
    return Facts(
        [
            (_("Customer"), order.customer.name if order.customer else ""),
            (_("Customer PO number"), order.customer_po_number),
            (_("Order"), order.label),
            (_("Batch"), delivery.batch),
            (_("Delivery place"), delivery.place),
            (_("Shipped on"), delivery.shipped_on.isoformat() if delivery.shipped_on else ""),
            (_("Carrier"), delivery.carrier),
            (_("Waybill"), delivery.waybill),
        ]
    )


def _drawn(target: Delivery | Acceptance) -> list[Block]:
    """The signature as it was drawn on the screen."""
    drawn = attachments_of(target).filter(kind="signature").order_by("-pk").first()
    return [] if drawn is None else [Picture(path_of(drawn.sha256).read_bytes(), 22)]


PHOTOS: Final = 12
"""So many stand in a delivery note; all are on the page."""
LARGEST: Final = (1200, 900)
MOST_PIXELS: Final = 50_000_000
"""A picture of more is on the page only: it would take gigabytes to make it smaller."""


def _photos(delivery: Delivery) -> list[Block]:
    """What the packed boxes looked like, small enough to be mailed."""
    found = photos_of(delivery)[:PHOTOS]
    blocks: list[Block] = [Heading(_("Photos of the boxes"))] if found else []
    for one in found:
        blocks.append(Text(one.name, small=True))
        try:
            with Image.open(path_of(one.sha256)) as read:
                read.draft("RGB", LARGEST)  # a JPEG is read no larger than it is shown
                if read.width * read.height > MOST_PIXELS:
                    continue
                image = ImageOps.exif_transpose(read).convert("RGB")
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            continue  # a picture that nobody can read spoils no paper
        image.thumbnail(LARGEST)
        out = io.BytesIO()
        image.save(out, "JPEG", quality=80)
        blocks.append(Picture(out.getvalue(), min(70.0, 160 * image.height / image.width)))
    return blocks


def _described(item: DeliveryItem) -> str:
    """What it is, and the numbers on its plates."""
    if not item.serials:
        return item.line.description
    numbers = f"{_('Serial numbers')}{colon()}{listed(item.serials)}"
    return f"{item.line.description}\n{numbers}" if item.line.description else numbers


def _numbered(delivery: Delivery) -> list[Block]:
    """The serial numbers of what is packed, for whoever opens the boxes."""
    rows = [
        (item.line.line_no, item.line.model_text, listed(item.serials))
        for item in delivery.items.select_related("line")
        if item.serials
    ]
    head = (_("Line"), _("Model"), _("Serial numbers"))
    return [Heading(_("Serial numbers")), Grid(head, rows, widths=(1, 3, 8))] if rows else []


def delivery_note(request: HttpRequest, number: str) -> HttpResponse:
    """What goes, for the customer to sign for."""
    actor = actor_of(request)
    require(actor, "delivery.view")
    delivery = delivery_by_number(actor, number)
    rows = [
        (
            item.line.line_no,
            item.line.model_text,
            item.line.revision_text,
            _described(item),
            quantity_text(item.quantity, item.line.unit),
        )
        for item in delivery.items.select_related("line")
    ]
    head = (_("Line"), _("Model"), _("Revision"), _("Description"), _("Quantity"))
    signed = (
        f"{delivery.received_by} {day_text(delivery.received_on)}" if delivery.received_on else "______________________"
    )
    blocks: list[Block] = [
        _facts(delivery),
        Heading(_("What is delivered")),
        Grid(head, rows, widths=(1, 3, 1.4, 5, 2), right=(4,)),
        Text(delivery.notes) if delivery.notes else Text(""),
        Heading(_("Received in full and undamaged")),
        *_drawn(delivery),
        Text(f"{_('Signature, date')}: {signed}"),
        *_photos(delivery),
    ]
    content = paper(
        title=f"{_('Delivery note')} {delivery.number}", subtitle=company().name, blocks=blocks, footer=delivery.number
    )
    return as_download(content, f"{delivery.number}.pdf", "application/pdf")


def packing_list(request: HttpRequest, number: str) -> HttpResponse:
    """What is in which box."""
    actor = actor_of(request)
    require(actor, "delivery.view")
    delivery = delivery_by_number(actor, number)
    boxes = list(delivery.boxes.all())
    rows = [(f"{box.number}/{len(boxes)}", box.name, box.size, box.weight or "", box.contents) for box in boxes]
    head = (_("Box"), _("Name"), _("Size"), _("Weight, kg"), _("Contents"))
    weight = sum((box.weight or 0 for box in boxes), 0)
    blocks: list[Block] = [
        _facts(delivery),
        Heading(_("Packing list")),
        Grid(head, rows, widths=(1, 2, 2, 1.3, 5), right=(3,)),
        *_numbered(delivery),
        Text(f"{_('Boxes')}: {len(boxes)} · {_('Weight, kg')}: {weight}"),
    ]
    content = paper(
        title=f"{_('Packing list')} {delivery.number}", subtitle=company().name, blocks=blocks, footer=delivery.number
    )
    return as_download(content, f"{delivery.number}-packing.pdf", "application/pdf")


def acceptance_certificate(request: HttpRequest, pk: int) -> HttpResponse:
    """What was found at an acceptance, what is open, and the signature as it was drawn."""
    actor = actor_of(request)
    require(actor, "delivery.view")
    acceptance = acceptance_by_id(actor, pk)
    order = acceptance.order
    title = f"{acceptance.get_kind_display()} {order.label}"
    facts = Facts(
        [
            (_("Customer"), order.customer.name if order.customer else ""),
            (_("Customer PO number"), order.customer_po_number),
            (_("Order"), order.label),
            (_("Batch"), acceptance.delivery.batch if acceptance.delivery else ""),
            (_("Held on"), acceptance.held_on.isoformat() if acceptance.held_on else ""),
            (_("State"), acceptance.get_state_display()),
        ]
    )
    results = [(one.criterion, one.method, one.value, one.get_verdict_display()) for one in acceptance.results.all()]
    head = (_("Criterion"), _("Shown by"), _("As found"), _("Verdict"))
    punch = [
        (one.grade, one.action.title, str(one.action.owner or ""), one.action.due, one.action.get_state_display())
        for one in acceptance.punch.select_related("action__owner")
    ]
    blocks: list[Block] = [facts, Heading(_("Acceptance criteria")), Grid(head, results, widths=(5, 3, 2, 2))]
    if punch:
        names = (_("Grade"), _("What"), _("Who"), _("Due"), _("State"))
        blocks += [Heading(_("Open items")), Grid(names, punch, widths=(1, 5, 2, 2, 2))]
    if acceptance.note:
        blocks.append(Text(acceptance.note))
    blocks.append(Heading(_("Signature")))
    blocks += _drawn(acceptance)
    signed = f"{acceptance.signer} {day_text(acceptance.held_on)}" if acceptance.signer else "______________________"
    blocks.append(Text(signed))
    content = paper(title=title, subtitle=company().name, blocks=blocks, footer=title)
    return as_download(content, f"{order.label}-{acceptance.kind}.pdf", "application/pdf")
