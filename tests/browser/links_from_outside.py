"""Prints, as JSON, a fresh address of every page that opens by a link alone. Runs beside a served company, with its
folder as PUNCTUAL_DATA."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import django

django.setup()

from django.utils import timezone  # noqa: E402 - after the set-up

from punctual.domain.customer_relations.models import PortalAccount  # noqa: E402
from punctual.domain.customer_relations.services import feedback, portal, tracking  # noqa: E402
from punctual.domain.delivery.services import documents  # noqa: E402
from punctual.domain.orders.models import Order  # noqa: E402
from punctual.domain.parties.models import Contact  # noqa: E402
from punctual.domain.quality.models import CorrectiveAction  # noqa: E402
from punctual.domain.quality.services import capas  # noqa: E402
from punctual.domain.supply.models import PurchaseOrder  # noqa: E402
from punctual.domain.supply.services.links import make_link  # noqa: E402
from punctual.platform.accounts.models import User  # noqa: E402
from punctual.platform.notifications.models import Delivery  # noqa: E402

ADMIN = User.objects.get(username="admin")
TODAY = timezone.localdate()


def links() -> Iterator[tuple[str, str]]:
    order = Order.objects.filter(state="in_progress", customer__contacts__isnull=False).order_by("pk").last()
    assert order is not None
    _link, address = tracking.give_link(actor=ADMIN, order=order, name="x")
    yield "track", "/" + address.split("/", 3)[3]
    _survey, token = feedback.ask(actor=ADMIN, customer=order.customer, order=order)
    yield "survey", f"/s/{token}/"
    paper = {"file": io.BytesIO(b"FAT 2026"), "name": "FAT.txt", "kind": "other", "needs_approval": True}
    file = documents.attach_document(actor=ADMIN, holder="order", pk=order.pk, **paper)
    _request, token = documents.ask_customer(actor=ADMIN, holder="order", pk=order.pk, attachment_id=file.pk)
    yield "document", f"/sign/document/{token}/"
    purchase = PurchaseOrder.objects.filter(state__in=("sent", "confirmed")).order_by("pk").last()
    assert purchase is not None
    _link, token = make_link(actor=ADMIN, purchase_id=purchase.pk, today=TODAY)
    yield "supplier", f"/supplier-link/{token}/"
    report = CorrectiveAction.objects.filter(supplier__isnull=False, closed_at=None).order_by("pk").last()
    assert report is not None
    yield "8d", f"/supplier/8d/{capas.token_of(capas.give_link(actor=ADMIN, capa_id=report.pk, today=TODAY))}/"
    invited = PortalAccount.objects.values_list("contact", flat=True)
    contact = Contact.objects.exclude(email="").filter(archived_at=None).exclude(pk__in=invited).order_by("pk").last()
    assert contact is not None
    portal.invite(actor=ADMIN, contact=contact)
    mail = Delivery.objects.filter(address=contact.email).latest("created_at")
    yield "welcome", f"/portal/welcome/{mail.body.split('/portal/welcome/')[1].split('/')[0]}/"


print(json.dumps(dict(links())))
