"""What an actor may see of requests, meetings and feedback."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import F, Prefetch, Q, QuerySet
from django.db.models.functions import Coalesce

from punctual.domain.calendars.models import WorkingCalendar
from punctual.domain.calendars.selectors import engine_calendar
from punctual.domain.customer_relations.clock import Clock, Reading, read
from punctual.domain.customer_relations.life import RUNNING
from punctual.domain.customer_relations.models import (
    CustomerRequest,
    Incoming,
    Meeting,
    MeetingSeries,
    Pause,
    RequestState,
    Survey,
)
from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import orders_of
from punctual.domain.orders.workdays import MONDAY_TO_FRIDAY
from punctual.domain.parties.models import Customer
from punctual.engine.calendars import WorkCalendar
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.platform.attachments.models import Attachment
from punctual.platform.attachments.services import attachments_of_many
from punctual.platform.records import get_or_not_found

# — the clock —


def company_zone() -> ZoneInfo:
    """The zone of the company calendar's wall clock."""
    return ZoneInfo(settings.TIME_ZONE)


def sla_calendar(first: dt.date, last: dt.date) -> WorkCalendar:
    """The company calendar; before there is one, Monday to Friday without holidays."""
    found = WorkingCalendar.objects.filter(is_default=True, archived_at=None).first()
    if found is None:
        found = WorkingCalendar(pk=0, name="", region="", weekly=MONDAY_TO_FRIDAY)
    return engine_calendar(found, first, last)


def calendar_for(request: CustomerRequest, now: dt.datetime) -> WorkCalendar:
    zone = company_zone()
    first = request.received_at.astimezone(zone).date()
    return sla_calendar(first, max(first, now.astimezone(zone).date()) + dt.timedelta(days=365))


def clocks_of(request: CustomerRequest) -> dict[str, Clock]:
    """``response`` and ``resolution``, as they were agreed when the request came in."""
    pauses = tuple((pause.since, pause.until) for pause in request.pauses.all())
    closed = request.resolved_at if request.state not in RUNNING else None
    return {
        "response": Clock(request.response_minutes, request.received_at, pauses, request.responded_at or closed),
        "resolution": Clock(request.resolution_minutes, request.received_at, pauses, closed),
    }


def shared_calendar(now: dt.datetime) -> WorkCalendar:
    """For many requests at once: the calendar of the last ten years and the next."""
    today = now.astimezone(company_zone()).date()
    return sla_calendar(today.replace(year=today.year - 10, day=1), today + dt.timedelta(days=366))


def readings_of(
    request: CustomerRequest, *, now: dt.datetime, calendar: WorkCalendar | None = None
) -> dict[str, Reading]:
    """What both clocks show now. Where many are read, ``pauses`` are prefetched and the calendar is shared."""
    calendar, zone = calendar or calendar_for(request, now), company_zone()
    return {name: read(calendar, clock, now=now, zone=zone) for name, clock in clocks_of(request).items()}


# — requests —


def requests_of(actor: User) -> QuerySet[CustomerRequest]:
    """Every request the actor may see."""
    return CustomerRequest.objects.all() if may(actor, "requests.view") else CustomerRequest.objects.none()


def listed_requests(actor: User) -> QuerySet[CustomerRequest]:
    """The same with what a list shows; the next clock to run out first."""
    waiting = Prefetch("pauses", queryset=Pause.objects.order_by("since"))
    return (
        requests_of(actor)
        .select_related("customer", "contact", "order", "owner")
        .prefetch_related(waiting)
        .annotate(next_due=Coalesce("response_due", "resolution_due"))
        .order_by(F("next_due").asc(nulls_last=True), "-received_at")
    )


def files_from_customer(requests: Sequence[CustomerRequest]) -> dict[int, list[Attachment]]:
    """What the customer has sent with each, by its id, the oldest first; nothing that one of us has attached."""
    every = attachments_of_many(requests)
    return {pk: [one for one in reversed(files) if one.uploaded_by_id is None] for pk, files in every.items()}


def request_by_key(actor: User, key: str) -> CustomerRequest:
    """By number or id; raises NotFound."""
    visible = requests_of(actor).select_related("customer", "contact", "order", "order_line", "owner", "merged_into")
    if key.isdecimal() and len(key) < 18:
        return get_or_not_found(visible, pk=int(key))
    return get_or_not_found(visible, number__iexact=key)


def request_by_id(actor: User, pk: int) -> CustomerRequest:
    return get_or_not_found(requests_of(actor), pk=pk)


def running_requests(actor: User) -> QuerySet[CustomerRequest]:
    return requests_of(actor).filter(state__in=RUNNING)


def breached(rows: QuerySet[CustomerRequest], now: dt.datetime) -> QuerySet[CustomerRequest]:
    """Requests one of whose running clocks has run out."""
    late = Q(response_due__lt=now) | Q(resolution_due__lt=now)
    return rows.filter(late, state=RequestState.OPEN)


def inbox_messages(actor: User) -> QuerySet[Incoming]:
    """What came in and hangs on nothing yet."""
    if not may(actor, "requests.change"):
        return Incoming.objects.none()
    return Incoming.objects.filter(request=None, set_aside_by=None).select_related("customer")


# — meetings —


def series_of(actor: User) -> QuerySet[MeetingSeries]:
    rows = MeetingSeries.objects.all() if may(actor, "meetings.view") else MeetingSeries.objects.none()
    return rows.select_related("customer", "order", "owner")


def meetings_of(actor: User) -> QuerySet[Meeting]:
    rows = Meeting.objects.all() if may(actor, "meetings.view") else Meeting.objects.none()
    return rows.select_related("series__customer", "series__order", "series__owner")


def meeting_by_id(actor: User, pk: int) -> Meeting:
    return get_or_not_found(meetings_of(actor), pk=pk)


def orders_of_meeting(actor: User, meeting: Meeting) -> list[Order]:
    """The series' order, or the customer's orders in hand."""
    from punctual.domain.orders.life import IN_HAND

    rows = orders_of(actor).filter(customer=meeting.series.customer).select_related("customer", "owner")
    if meeting.series.order_id:
        return list(rows.filter(pk=meeting.series.order_id))
    return list(rows.filter(state__in=IN_HAND).order_by("promised_date", "pk")[:20])


# — feedback —


def surveys_of(actor: User) -> QuerySet[Survey]:
    rows = Survey.objects.all() if may(actor, "feedback.view") else Survey.objects.none()
    return rows.select_related("customer", "order", "contact", "request")


def satisfaction_of(actor: User, customer: Customer) -> float | None:
    """Mean of the last twelve months' CSAT answers, None without any."""
    scores = list(
        surveys_of(actor)
        .filter(customer=customer, kind="csat", score__isnull=False)
        .order_by("-answered_at")
        .values_list("score", flat=True)[:12]
    )
    known = [score for score in scores if score is not None]
    return sum(known) / len(known) if known else None
