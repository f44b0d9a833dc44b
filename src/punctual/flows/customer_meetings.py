"""Meetings with customers look into the other subjects: the pack shows their risks, nonconformities and change orders,
and a line of the minutes becomes a change order or a risk."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from punctual.domain.changes.models import ChangeSource, ChangeState
from punctual.domain.changes.selectors import changes_of
from punctual.domain.changes.services.raising import raise_change
from punctual.domain.customer_relations import pack
from punctual.domain.customer_relations.models import LineKind, Meeting
from punctual.domain.customer_relations.pack import Asked, PackLine
from punctual.domain.customer_relations.services.minutes import Line, needed_order, order_of_line, register_maker
from punctual.domain.quality.selectors import ncrs_of
from punctual.domain.risks.models import Category, RiskState
from punctual.domain.risks.selectors import risks_of
from punctual.domain.risks.services.register import RiskFacts, identify_risk
from punctual.domain.scheduling.models import OrderForecast
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User

MOST = 12


def listen() -> None:
    """Add the parts and the makers; called once when the programme starts."""
    empty = N_("Nothing new since the last meeting.")
    pack.register(
        "forecast", _forecasts, label=N_("Expected"), icon="calendar-time", empty=N_("Nothing is computed yet.")
    )
    pack.register("risks", _risks, label=N_("Risks"), icon="target-arrow", empty=N_("No risk is open."))
    pack.register("nonconformities", _nonconformities, label=N_("Nonconformities"), icon="circle-x", empty=empty)
    pack.register(
        "changes", _changes, label=N_("Change orders"), icon="git-pull-request", empty=N_("No change is open.")
    )
    register_maker(LineKind.CHANGE, _change_order)
    register_maker(LineKind.RISK, _risk)


def _forecasts(asked: Asked) -> list[PackLine]:
    """The honest range of every order, and whether the promise lies beyond it."""
    rows = OrderForecast.objects.filter(run__is_current=True, order__in=[order.pk for order in asked.orders])
    lines = []
    for one in rows.select_related("order").order_by("p80")[:MOST]:
        late = one.order.promised_date is not None and one.p80 > one.order.promised_date
        lines.append(
            PackLine(
                N_("5 in 10 by %(half)s, 8 in 10 by %(eight)s"),
                {"half": one.p50.isoformat(), "eight": one.p80.isoformat()},
                order=one.order.label,
                tone="late" if late else "ok",
            )
        )
    return lines


def _risks(asked: Asked) -> list[PackLine]:
    """Ours only: what customers hear of a risk is said by people."""
    rows = risks_of(asked.actor).filter(order__in=[order.pk for order in asked.orders])
    return [
        PackLine(
            N_("%(number)s %(title)s, probability %(share)s %%"),
            {"number": one.number, "title": one.title, "share": str(one.probability)},
            order=one.order.label if one.order else "",
            url=f"/risks/{one.pk}/",
            tone="late" if one.state == RiskState.OCCURRED else "warn",
            internal=True,
        )
        for one in rows.exclude(state=RiskState.CLOSED).select_related("order").order_by("-probability")[:MOST]
    ]


def _nonconformities(asked: Asked) -> list[PackLine]:
    rows = ncrs_of(asked.actor).filter(order__in=[order.pk for order in asked.orders], found_at__gte=asked.since)
    return [
        PackLine(
            f"{one.number} {one.title}",
            is_data=True,
            order=one.order.label if one.order else "",
            url=f"/ncr/{one.pk}/",
            tone="warn",
            internal=True,
        )
        for one in rows.select_related("order")[:MOST]
    ]


def _changes(asked: Asked) -> list[PackLine]:
    settled = [ChangeState.APPLIED, ChangeState.REVERSED, ChangeState.WITHDRAWN, ChangeState.REJECTED]
    rows = changes_of(asked.actor).filter(order__in=[order.pk for order in asked.orders]).exclude(state__in=settled)
    return [
        PackLine(
            f"{one.number} {one.title}",
            is_data=True,
            order=one.order.label,
            url=f"/changes/{one.number}/",
            tone="warn",
        )
        for one in rows.select_related("order")[:MOST]
    ]


def _change_order(actor: User, meeting: Meeting, line: Line) -> models.Model:
    """A draft in the customer's words; its impact is analysed before anybody says yes."""
    order = needed_order(actor, meeting, line)
    return raise_change(
        actor=actor,
        order_id=order.pk,
        title=line.text[:120],
        source=ChangeSource.CUSTOMER,
        today=timezone.localdate(),
        reason=line.text,
        words=line.text,
        cause=meeting,
    )


def _risk(actor: User, meeting: Meeting, line: Line) -> models.Model:
    order = order_of_line(actor, meeting, line)
    facts = RiskFacts(title=line.text[:120], category=Category.CUSTOMER, owner=line.owner or meeting.series.owner)
    return identify_risk(actor=actor, facts=facts, order=order, today=timezone.localdate())
