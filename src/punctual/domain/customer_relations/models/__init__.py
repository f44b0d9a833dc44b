"""Requests with a clock, meetings, feedback, tracking links."""

from punctual.domain.customer_relations.models.feedback import AskedAfter, Survey, SurveyKind
from punctual.domain.customer_relations.models.meetings import (
    Attendee,
    LineKind,
    Meeting,
    MeetingSeries,
    MeetingState,
    MinuteLine,
)
from punctual.domain.customer_relations.models.portal import PortalAccount, PortalSession
from punctual.domain.customer_relations.models.requests import (
    Author,
    Channel,
    ClockNotice,
    CustomerRequest,
    Incoming,
    Pause,
    Phase,
    ReplyTemplate,
    RequestKind,
    RequestLink,
    RequestMessage,
    RequestState,
    SlaRule,
    Urgency,
)
from punctual.domain.customer_relations.models.tracking import TrackingLink, TrackingRule, TrackingTask

__all__ = [
    "AskedAfter",
    "Attendee",
    "Author",
    "Channel",
    "ClockNotice",
    "CustomerRequest",
    "Incoming",
    "LineKind",
    "Meeting",
    "MeetingSeries",
    "MeetingState",
    "MinuteLine",
    "Pause",
    "Phase",
    "PortalAccount",
    "PortalSession",
    "ReplyTemplate",
    "RequestKind",
    "RequestLink",
    "RequestMessage",
    "RequestState",
    "SlaRule",
    "Survey",
    "SurveyKind",
    "TrackingLink",
    "TrackingRule",
    "TrackingTask",
    "Urgency",
]
