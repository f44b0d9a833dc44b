"""Ask customers how they find us, keep the answer, act on a low one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, override

from punctual.domain.customer_relations import tokens
from punctual.domain.customer_relations.models import Channel, CustomerRequest, RequestKind, Survey, SurveyKind, Urgency
from punctual.domain.customer_relations.rules import against_score, against_text, is_low
from punctual.domain.customer_relations.selectors import surveys_of
from punctual.domain.customer_relations.services.requests import RequestInput, take_in
from punctual.domain.orders.models import Order
from punctual.domain.parties.models import Contact, Customer, Language
from punctual.kernel.refusal import NotFound, Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import record
from punctual.platform.notifications.outgoing import absolute, queue_mail
from punctual.platform.notifications.services import notify
from punctual.platform.outbox.services import emit
from punctual.platform.records import get_or_not_found

DRIVERS = ("on_time", "quality", "response", "price", "service")
"""What moves the score; the customer ticks them."""


@transaction.atomic
def ask(
    *,
    actor: User,
    customer: Customer,
    order: Order | None = None,
    contact: Contact | None = None,
    kind: str = SurveyKind.CSAT,
    occasion: str = "",
    at: dt.datetime | None = None,
) -> tuple[Survey, str]:
    """Send one question; returns it and the token of its page. Without an address it is only shown for tracking."""
    require(actor, "feedback.change")
    reasons = []
    if kind not in SurveyKind.values:
        reasons.append(Reason("feedback.kind", N_("Choose one of the questions offered."), field="kind"))
    if order is not None and order.customer_id != customer.pk:
        reasons.append(Reason("feedback.order", N_("This order belongs to another customer."), field="order"))
    if contact is not None and contact.customer_id != customer.pk:
        reasons.append(Reason("feedback.contact", N_("A contact belongs to another customer."), field="contact"))
    refuse_if(reasons)
    survey = Survey(kind=kind, customer=customer, order=order, contact=contact, occasion=occasion.strip()[:120])
    return survey, _send(survey, actor, at)


def _send(survey: Survey, actor: User | None, at: dt.datetime | None) -> str:
    """Keep the question and mail its page, in the contact's language or in both; returns the token of the page."""
    text, survey.token_hash = tokens.make()
    survey.asked_at = at or timezone.now()
    survey.save(force_insert=True)
    record(actor=actor, verb="ask", target=survey)
    contact = survey.contact
    if contact is not None and contact.email:
        subjects, bodies = [], []
        for language in [contact.language] if contact.language else Language.values:
            with override(language):
                subjects.append(gettext("How did we do?"))
                bodies.append(
                    gettext("Dear %(name)s, one click is enough to tell us how we did.") % {"name": contact.name}
                )
        about = [survey.order.label] if survey.order is not None else []
        queue_mail(
            to=contact.email,
            subject=" · ".join([*subjects, *about]),
            body="\n".join([*bodies, "", absolute(f"/s/{text}/")]),
            key=f"survey:{survey.pk}",
        )
    return text


@transaction.atomic
def ask_by_itself(*, order: Order, after: str, at: dt.datetime | None = None) -> Survey | None:
    """Ask the customer of an order, once an occasion; None when that was done before or nobody is behind the order.

    It goes to the order's contact, else to the first at the customer who can be reached by mail; where there is none
    the question waits on the tracking page alone.
    """
    order = Order.objects.select_for_update(of=("self",)).select_related("customer", "contact").get(pk=order.pk)
    if order.customer is None or Survey.objects.filter(order=order, asked_after=after).exists():
        return None
    contact = order.contact
    if contact is None or not contact.email or contact.archived_at is not None:
        contact = order.customer.contacts.filter(archived_at=None).exclude(email="").first()
    survey = Survey(customer=order.customer, order=order, contact=contact, asked_after=after)
    _send(survey, None, at)
    return survey


def survey_by_token(text: str) -> Survey:
    """For who holds the link; asked more than 120 days ago it is over."""
    found = (
        Survey.objects.filter(token_hash=tokens.digest(text), asked_at__gte=timezone.now() - dt.timedelta(days=120))
        .select_related("customer", "order", "contact")
        .first()
    )
    if found is None:
        raise NotFound(Reason("feedback.link", N_("This link leads nowhere, or is not valid any more.")))
    return found


@transaction.atomic
def answer(
    *,
    survey: Survey,
    score: int,
    comment: str = "",
    drivers: Sequence[str] = (),
    language: str = "",
    at: dt.datetime | None = None,
) -> Survey:
    """Keep what the customer says; saying it again changes it. A low score opens a request, once."""
    survey = Survey.objects.select_for_update(of=("self",)).select_related("customer", "order").get(pk=survey.pk)
    refuse_if(against_score(survey.kind, score))
    if len(comment) > 5000:
        raise Refusal(Reason("feedback.long", N_("At most 5,000 characters fit."), field="comment"))
    first = survey.answered_at is None
    survey.score, survey.comment = score, comment.strip() or survey.comment
    survey.drivers = [one for one in drivers if one in DRIVERS] or survey.drivers
    survey.language, survey.answered_at = language[:10], at or timezone.now()
    if is_low(survey.kind, score) and survey.request is None:
        survey.request = _complaint(survey, at)
    survey.save()
    record(actor=None, verb="answer", target=survey, at=at)
    if first:
        owner = survey.order.owner if survey.order else None
        if owner is not None:
            notify(
                users=[owner],
                kind="feedback",
                text=N_("%(customer)s gave %(score)d points."),
                params={"customer": str(survey.customer), "score": score},
                url=f"/requests/{survey.request.number}/" if survey.request is not None else "/feedback/",
            )
        emit("feedback.given", customer=survey.customer.code, question=survey.kind, score=score)
    return survey


def _complaint(survey: Survey, at: dt.datetime | None) -> CustomerRequest:
    """Somebody talks to the customer, within the time agreed for complaints."""
    with override(settings.LANGUAGE_CODE):
        title = f"{survey.get_kind_display()} {survey.score}"
    order = survey.order if survey.order and survey.order.customer_id == survey.customer_id else None
    data = RequestInput(
        customer=survey.customer,
        title=title,
        text=survey.comment or title,
        kind=RequestKind.COMPLAINT,
        urgency=Urgency.HIGH,
        channel=Channel.SURVEY,
        contact=survey.contact,
        order=order,
    )
    return take_in(actor=None, data=data, at=at)


@transaction.atomic
def reply_to_feedback(*, actor: User, survey_id: int, text: str) -> Survey:
    """What we say to it; the customer reads it on the tracking page."""
    require(actor, "feedback.change")
    survey = get_or_not_found(surveys_of(actor).select_for_update(of=("self",)), pk=survey_id)
    refuse_if(against_text(text))
    survey.answer = text.strip()
    survey.save(update_fields=["answer"])
    record(actor=actor, verb="reply", target=survey)
    return survey
