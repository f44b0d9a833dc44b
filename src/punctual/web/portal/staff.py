"""Our side of the portal: invite a contact, take the way in back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from punctual.domain.customer_relations.services import portal
from punctual.domain.parties.selectors import get_customer
from punctual.kernel.refusal import NotFound, Reason
from punctual.kernel.wording import N_
from punctual.platform.accounts.permissions import require
from punctual.platform.records import get_or_not_found
from punctual.web.master.pages import actor_of


@require_POST
def act(request: HttpRequest, pk: int, contact_pk: int, verb: str) -> HttpResponse:
    """``invite`` (again: a new address) or ``revoke``."""
    actor = actor_of(request)
    customer = get_customer(actor, pk)
    require(actor, "tracking.change")
    contact = get_or_not_found(customer.contacts.all(), pk=contact_pk)
    if verb == "invite":
        account = portal.invite(actor=actor, contact=contact)
        messages.success(request, _("The invitation goes to %(email)s.") % {"email": account.email})
    elif verb == "revoke":
        portal.revoke(actor=actor, account=get_or_not_found(portal.accounts_of(actor, customer), contact_id=contact_pk))
        messages.success(request, _("The way in is taken back."))
    else:
        raise NotFound(Reason("portal.verb", N_("There is nothing like “%(verb)s” here."), {"verb": verb[:40]}))
    return redirect(f"{reverse('customer', args=[pk])}#portal")
